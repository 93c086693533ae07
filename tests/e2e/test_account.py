"""A refund that can't go back the way it came: the shop asks for an account, the buyer gives it, finance pays."""

from __future__ import annotations

from typing import Any

import pytest

from portal.calendar import clock
from portal.extensions import db
from portal.flow import Actor, CaseType
from portal.models import BankAccount, Case
from tests.cast import Cast
from tests.e2e.conftest import World, ways
from tests.e2e.pages import Buyer, Seller

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

NUMBER, GROUPED = "6225880112345678", "6225 8801 1234 5678"


def _failed(lively: World) -> str:
    """A refund that has just failed."""
    with lively.app.app_context():
        case = Cast.of_app(lively.app).until("refund_failed", case_type=CaseType.REFUND_ONLY, now=clock.now())
        found = case.case_no
        db.session.remove()
    return found


def _paid(lively: World, case_no: str) -> None:
    with lively.app.app_context():
        case = db.session.scalars(db.select(Case).where(Case.case_no == case_no)).one()
        Cast.of_app(lively.app).take(case, "refund_ok", Actor.SELLER, clock.now(), reference="20261124")
        db.session.remove()


@ways("kind", by_day="plain")
def test_from_the_failed_refund_to_the_money(lively: World, visit: Any, kind: str) -> None:
    case_no = _failed(lively)
    buyer, seller = Buyer(visit(kind, base_url=lively.url)), Seller(visit("desk", base_url=lively.url))
    seller.signs_in("seller", "/seller")
    seller.opens_case(case_no)
    seller.press("请买家填写收款账户")
    seller.page.get_by_role("button", name="请买家填写收款账户").click()
    seller.waits_for_state("refund_failed")
    buyer.signs_in("buyer", f"/cases/{case_no}")
    buyer.page.get_by_role("heading", name="请填写收款账户").wait_for()
    buyer.press("填写收款账户")
    page = buyer.page
    assert not page.get_by_label("我已阅读以上说明").is_checked()
    page.get_by_label("收款人").fill("李雯")
    page.get_by_label("开户行").fill("招商银行成都分行")
    page.get_by_label("账号", exact=True).fill(GROUPED)
    page.get_by_label("我已阅读以上说明").check()
    page.get_by_role("button", name="同意并提交").click()
    page.get_by_text("尾号 5678").wait_for()
    assert NUMBER not in page.content() and GROUPED not in page.content()

    seller.opens_case(case_no)
    seller.press("查看完整账号")
    seller.page.get_by_label("查看原因").fill("核对后转账")
    seller.page.get_by_role("button", name="查看完整账号").click()
    seller.page.get_by_text(GROUPED).wait_for()
    seller.opens_case(case_no)
    assert GROUPED not in seller.page.content()
    seller.press("重新退款")
    seller.page.get_by_role("button", name="重新退款").click()
    seller.waits_for_state("refunding")

    buyer.page.goto(f"/cases/{case_no}")
    buyer.page.get_by_text("核对后转账").wait_for()
    buyer.page.get_by_role("link", name="撤回收款账户").wait_for()
    _paid(lively, case_no)
    buyer.page.goto(f"/cases/{case_no}")
    buyer.waits_for_state("completed")
    buyer.page.get_by_role("heading", name="退款完成").wait_for()


def test_the_number_goes_after_its_minute(lively: World, visit: Any) -> None:
    with lively.app.app_context():
        case_no = db.session.scalars(
            db.select(Case.case_no).join(BankAccount, BankAccount.case_id == Case.id).where(BankAccount.last4 == "0128")
        ).first()
        db.session.remove()
    page = visit("desk", base_url=lively.url)
    page.clock.install()
    Seller(page).signs_in("seller", "/seller")
    page.goto(f"/seller/cases/{case_no}/account")
    page.get_by_label("查看原因").fill("核对后转账")
    page.get_by_role("button", name="查看完整账号").click()
    page.get_by_text("6222 0212 3456 7890 128").wait_for()
    page.clock.run_for(61_000)
    page.get_by_text("账号已隐藏").first.wait_for()
    assert "6222 0212 3456 7890 128" not in page.content() and "6222021234567890128" not in page.content()
