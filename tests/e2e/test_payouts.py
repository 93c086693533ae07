"""Money in a browser: refunded the way it was paid, failed and tried again, two clerks at once; also without script."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from portal.calendar import clock
from portal.extensions import db, writing
from portal.flow import CaseType
from portal.models import MoneyEntry, User
from portal.people import accounts
from tests.cast import PASSWORD, Cast
from tests.e2e.conftest import World, ways
from tests.e2e.pages import Buyer, Seller

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
NUMBER = "2026112300001"


def refunding(world: World, kind: CaseType) -> tuple[str, int]:
    """(number of a case that owes a refund, the payment's id), of buyer and seller of the fixed cast."""
    with world.app.app_context():
        cast = Cast.of_app(world.app)
        cast.now = clock.now()
        case = cast.until("refunding", case_type=kind)
        number = case.case_no
        entry = db.session.scalars(db.select(MoneyEntry.id).where(MoneyEntry.case_id == case.id)).one()
        if db.session.scalar(db.select(User.id).where(User.member_name == "clerk")) is None:
            with writing():
                accounts.create_user("clerk", now=cast.now, password=PASSWORD, weak_ok=True)
                cast.employ(cast.shop, "clerk", "finance")
        db.session.remove()
    return number, entry


def pays_from_the_list(page: Page, number: str, reference: str) -> None:
    page.goto("/seller/payouts?tab=due")
    row = page.locator("tr", has_text=number)
    row.get_by_label(f"{number} 退款的流水号").fill(reference)
    row.get_by_role("button", name="登记已付款").click()


@ways("phone,desk", by_day="script")
def test_a_refund_goes_back_the_way_it_was_paid(world: World, visit: Any, phone: str, desk: str) -> None:
    number, _ = refunding(world, CaseType.RETURN_REFUND)
    seller, buyer = Seller(visit(desk)), Buyer(visit(phone))
    seller.signs_in("seller")
    pays_from_the_list(seller.page, number, NUMBER)
    seller.page.get_by_text("已登记付款，买家会收到通知").first.wait_for()
    buyer.signs_in("buyer", at=f"/cases/{number}")
    buyer.waits_for_state("completed")
    buyer.case.get_by_role("heading", name="退款完成").wait_for()
    paid = buyer.page.locator("#payments")
    assert NUMBER in paid.inner_text() and "原路退回" in paid.inner_text()
    paid.get_by_text("怎么核对是否到账").click()
    paid.get_by_text("按流水号查询").wait_for()


def test_a_refund_that_failed_is_tried_again(world: World, visit: Any) -> None:
    number, entry = refunding(world, CaseType.REFUND_ONLY)
    seller = Seller(visit("desk"))
    page = seller.page
    seller.signs_in("seller")
    page.goto(f"/seller/payouts/{entry}")
    page.get_by_text("没有付成", exact=True).click()
    page.get_by_label("失败原因").fill("原支付账户已注销")
    seller.press("登记付款失败")
    page.get_by_text("已登记付款失败").first.wait_for()
    buyer = Buyer(visit("phone"))
    buyer.signs_in("buyer", at=f"/cases/{number}")
    buyer.waits_for_state("refund_failed")
    expect(buyer.page.locator("#payments")).to_contain_text("原支付账户已注销，商家会重新付款")
    seller.opens_case(number)
    seller.press("重新退款")
    seller.press("重新退款")
    seller.waits_for_state("refunding")
    seller.press("登记已退款")
    page.get_by_label("流水号").fill("2026112300002")
    seller.press("登记已退款")
    seller.waits_for_state("completed")


def test_of_two_clerks_one_pays_and_the_other_sees_it(world: World, visit: Any) -> None:
    """Both press at once: which request comes first is the machine's affair, that one pays alone isn't."""
    _, entry = refunding(world, CaseType.REFUND_ONLY)
    pages: dict[str, Page] = {}
    for member in ("seller", "clerk"):
        clerk = Seller(visit("desk"))
        clerk.signs_in(member)
        clerk.page.goto(f"/seller/payouts/{entry}")
        clerk.page.get_by_label("流水号").fill(f"{member}-20261123")
        pages[member] = clerk.page
    for page in pages.values():
        page.get_by_role("button", name="登记已付款").click()
    for page in pages.values():
        page.get_by_text("已登记付款，买家会收到通知").or_(page.get_by_text("没有重复登记")).first.wait_for()
    (paid,) = [member for member, page in pages.items() if page.get_by_text("已登记付款，买家会收到通知").count()]
    (late,) = pages.keys() - {paid}
    second = pages[late]
    second.get_by_text("没有重复登记").first.wait_for()
    expect(second.locator("#page")).to_contain_text(f"{late}-20261123")  # what was typed is not lost
    second.locator('[data-state="settled"]').wait_for()
    second.reload()
    expect(second.locator("#page")).to_contain_text(f"{paid}-20261123")
