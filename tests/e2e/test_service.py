"""Before and after the case in a browser: asking, the guide, what can be tried first, faults, words, the rating."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from portal.calendar import clock
from portal.calendar.officehours import BEIJING
from portal.extensions import db, writing
from portal.models import Case, Notice, Order, OrderLine, Rating, User
from portal.service import asking
from tests.e2e.conftest import World, ways
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


def ask(lively: World, case_no: str, at: datetime) -> list[str]:
    """A round of the question at this moment; what the buyer was ever told of this case's, the oldest first."""
    with lively.app.app_context():
        asking.ask_due(at)
        told = db.select(Notice.body).where(Notice.kind == "satisfied", Notice.href == f"/cases/{case_no}/satisfied")
        found = list(db.session.scalars(told.order_by(Notice.id)))
        db.session.remove()
    return found


def open_question(lively: World) -> str:
    """A case of ``buyer`` that is to be asked about for the first time."""
    with lively.app.app_context(), writing():
        asked = db.select(Rating.id, Case.case_no).join(Case, Rating.case_id == Case.id)
        asked = asked.join(User, User.id == Case.buyer_id).where(User.member_name == "buyer", Rating.stars.is_(None))
        row = db.session.execute(asked.order_by(Rating.asks, Rating.id.desc())).first()
        assert row is not None
        due = (
            db.update(Rating).where(Rating.id == row.id).values(asks=0, next_ask_at=clock.now() - timedelta(minutes=1))
        )
        others = db.update(Rating).where(Rating.id != row.id, Rating.stars.is_(None)).values(next_ask_at=None)
        for goes in (due, others):
            db.session.execute(goes.execution_options(synchronize_session=False))
        db.session.execute(db.delete(Notice).where(Notice.href == f"/cases/{row.case_no}/satisfied"))
    return row.case_no


@ways("kind", "script")
def test_who_does_not_answer_is_asked_once_more_and_not_at_night(lively: World, visit: Any, kind: str) -> None:
    case_no = open_question(lively)
    noon = (clock.now().astimezone(BEIJING) + timedelta(days=1)).replace(hour=12, minute=0)
    assert ask(lively, case_no, noon.replace(hour=23)) == []
    first = ask(lively, case_no, noon)
    assert len(first) == 1
    assert "最后一次" not in first[0]
    again = noon + timedelta(days=3)
    assert ask(lively, case_no, again - timedelta(minutes=1)) == first
    assert ask(lively, case_no, again.replace(hour=23)) == first
    second = ask(lively, case_no, again)
    assert len(second) == 2
    assert "这是最后一次询问" in second[1]
    buyer = Person(visit(kind, base_url=lively.url))
    buyer.signs_in("buyer", "/notices")
    buyer.page.get_by_role("link", name=re.compile("这次售后您满意吗")).first.click()
    buyer.page.wait_for_url(f"**/cases/{case_no}/satisfied*")
    buyer.page.get_by_label("4 分 满意").check()
    buyer.press("提交评价")
    buyer.page.get_by_text("谢谢您的评价，商家可以看到").first.wait_for()
    assert ask(lively, case_no, again + timedelta(days=4)) == second


@ways("kind", "plain")
def test_who_does_not_want_to_be_asked_is_left_alone(lively: World, visit: Any, kind: str) -> None:
    case_no = open_question(lively)
    noon = (clock.now().astimezone(BEIJING) + timedelta(days=1)).replace(hour=12, minute=0)
    buyer = Person(visit(kind, base_url=lively.url))
    buyer.signs_in("buyer", f"/cases/{case_no}/satisfied")
    buyer.press("以后不再询问我")
    buyer.page.get_by_text("以后不再询问您是否满意").first.wait_for()
    for days in range(5):
        assert ask(lively, case_no, noon + timedelta(days=days)) == []
    buyer.page.goto("/me/privacy")
    buyer.press("可以询问我")
    buyer.page.get_by_text("以后售后结束时会询问您是否满意").first.wait_for()
    assert ask(lively, case_no, noon + timedelta(days=9)) == []  # what was left is left
