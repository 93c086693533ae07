"""Before and after the case in a browser: asking, the guide, what can be tried first, faults, words, the rating."""

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


@KINDS
def test_what_can_be_tried_first_solves_it_or_leads_on(lively: World, visit: Any, kind: str) -> None:
    row = find(lively, Order.order_no, OrderLine.product_id, OrderLine.id, status="completed", case_count=0)
    steps = f"换一根数据线再充（{kind}）"
    seller = Person(visit("desk", base_url=lively.url))
    seller.signs_in("seller", f"/seller/products/{row.product_id}/remedies")
    seller.page.get_by_label("问题", exact=True).select_option("defect")
    seller.page.get_by_label("怎么做").fill(steps)
    seller.press("保存")
    seller.press("核对无误，展示")
    seller.page.get_by_text("已展示，买家申请前可以先试试").wait_for()

    buyer = Person(visit(kind, base_url=lively.url))
    buyer.signs_in("buyer", f"/orders/{row.order_no}/apply?line={row.id}")
    page = buyer.page
    page.get_by_label("其他质量问题").check()
    if not page.url.endswith("/details"):
        buyer.press("下一步")
    page.wait_for_url("**/apply/details")
    card = page.locator("details", has_text=steps)
    card.locator("summary").click()
    page.get_by_label("换货原因描述").fill("充不进电")
    card.get_by_role("button", name="没解决，继续申请").click()
    page.wait_for_url("**/apply/details?said=tried-not")
    assert page.get_by_label("换货原因描述").input_value() == "充不进电"
    assert "没解决" in page.locator("details", has_text=steps).text_content()  # type: ignore[operator]


def test_a_fault_becomes_a_task_and_a_text_is_looked_at(lively: World, visit: Any) -> None:
    seller = Person(visit("desk", java_script_enabled=False, base_url=lively.url))
    seller.signs_in("seller", "/seller/quality")
    page = seller.page
    page.locator("#rows .open").first.click()
    page.get_by_role("link", name="安排整改").click()
    page.get_by_label("怎么改").select_option("packing")
    page.get_by_label("具体做什么").fill("外箱加两层气泡膜")
    seller.press("安排")
    page.get_by_text("整改已安排").wait_for()
    page.get_by_label("做了什么").fill("换了五层箱")
    seller.press("登记完成")
    page.get_by_role("heading", name="效果").wait_for()
    page.get_by_role("link", name="全部整改").click()
    page.get_by_role("link", name="修改提醒线").click()
    page.get_by_label("近 30 天至少几张").fill("20")
    seller.press("保存")
    page.get_by_text("至少 20 张").wait_for()
