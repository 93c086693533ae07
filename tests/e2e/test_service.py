"""Before and after the case in a browser: asking about a product and pinning a promise, the guide, the rating."""

from __future__ import annotations

import re
from typing import Any

import pytest

from portal.extensions import db
from portal.models import Case, Order, OrderLine, Rating, User
from tests.e2e.conftest import World
from tests.e2e.pages import Person

KINDS = pytest.mark.parametrize("kind", ["phone", "phone-without-script"])


def find(lively: World, *columns: Any, **states: Any) -> Any:
    """Columns of the newest order of ``buyer`` that suits."""
    with lively.app.app_context():
        query = (
            db.select(*columns)
            .select_from(Order)
            .join(OrderLine, OrderLine.order_id == Order.id)
            .join(User, User.id == Order.buyer_id)
            .where(User.member_name == "buyer", *(getattr(Order, name) == value for name, value in states.items()))
        )
        found = db.session.execute(query.order_by(Order.received_at.desc())).first()
        db.session.remove()
    assert found is not None
    return found


@KINDS
def test_a_question_is_answered_and_the_answer_stands(lively: World, visit: Any, kind: str) -> None:
    row = find(lively, Order.order_no, status="completed", case_count=0)
    buyer = Person(visit(kind, base_url=lively.url))
    page, words = buyer.page, f"可以换颜色吗（{kind}）"
    buyer.signs_in("buyer", f"/orders/{row.order_no}")
    page.get_by_role("link", name="商品详情与咨询").first.click()
    page.get_by_label("您想问什么？").fill(words)
    buyer.press("咨询商家")
    page.wait_for_url("**/ask?q=*")
    thread = page.url.partition("?")[0]
    buyer.press("发送")
    page.locator(".msg.mine", has_text=words).wait_for()

    seller = Person(visit("desk", base_url=lively.url))
    seller.signs_in("seller", "/seller/enquiries")
    seller.page.get_by_role("link", name=words).click()
    seller.page.get_by_label("回复", exact=True).fill(f"没有拆封的可以换色，{kind}")
    seller.press("发送")
    seller.page.locator(".msg.mine", has_text=f"可以换色，{kind}").wait_for()

    page.goto(thread)
    page.get_by_role("button", name="置顶为承诺").first.click()
    page.get_by_text("已置顶为售前承诺，以后").wait_for()


@KINDS
def test_the_guide_ends_in_the_application(lively: World, visit: Any, kind: str) -> None:
    row = find(lively, Order.order_no, status="completed", case_count=0)
    buyer = Person(visit(kind, base_url=lively.url))
    buyer.signs_in("buyer", f"/orders/{row.order_no}")
    buyer.page.get_by_role("link", name="这件能换吗？").first.click()
    buyer.page.get_by_role("link", name=re.compile("破损")).click()
    buyer.page.get_by_role("heading", name="可以换货").wait_for()
    buyer.press("申请换货")
    buyer.page.wait_for_url("**/apply/details")


@KINDS
def test_a_bad_rating_is_answered_and_followed_up(lively: World, visit: Any, kind: str) -> None:
    with lively.app.app_context():
        query = db.select(Case.case_no).join(Rating, Rating.case_id == Case.id).join(User, User.id == Case.buyer_id)
        case_no = db.session.scalars(query.where(User.member_name == "buyer", Rating.stars.is_(None))).first()
        db.session.remove()
    buyer = Person(visit(kind, base_url=lively.url))
    buyer.signs_in("buyer", f"/cases/{case_no}")
    buyer.press("2 分 不满意")
    buyer.page.get_by_label("想说的话").fill("等了太久")
    buyer.press("提交评价")
    buyer.page.get_by_text("等了太久").wait_for()

    seller = Person(visit("desk", base_url=lively.url))
    seller.signs_in("seller", f"/seller/cases/{case_no}/rating")
    seller.page.get_by_label("公开回复").fill("抱歉，已调整发货")
    seller.press("公开回复")
    seller.page.get_by_text("抱歉，已调整发货").wait_for()
    seller.page.get_by_label("跟进结果").fill("已电话道歉")
    seller.press("完成跟进")
    seller.page.get_by_text("已跟进", exact=True).wait_for()
    buyer.page.goto(f"/cases/{case_no}")
    buyer.page.get_by_text("抱歉，已调整发货").wait_for()
