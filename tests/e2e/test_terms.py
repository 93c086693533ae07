"""协商, 差价 and 再次售后 in a browser, both sides, with and without script."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.calendar import clock
from portal.extensions import db
from portal.flow import CaseType
from portal.models import Case
from tests.cast import Cast
from tests.e2e.conftest import World, ways
from tests.e2e.pages import Buyer, Seller
from tests.pictures import photo

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def case_in(world: World, state: str, **opening: Any) -> str:
    """The number of a case in this state, of buyer and seller of the fixed cast."""
    with world.app.app_context():
        cast = Cast.of_app(world.app)
        cast.now = clock.now()
        number = cast.until(state, **opening).case_no
        db.session.remove()
    return number


def child_of(world: World, number: str) -> str:
    with world.app.app_context():
        parent = db.session.scalars(db.select(Case.id).where(Case.case_no == number)).one()
        found = db.session.scalars(db.select(Case.case_no).where(Case.parent_id == parent)).one()
        db.session.remove()
    return found


@ways("phone,desk", by_day="script")
def test_a_disputed_inspection_is_settled_by_terms(world: World, visit: Any, phone: str, desk: str) -> None:
    number = case_in(world, "inspecting", case_type=CaseType.RETURN_REFUND)
    seller, buyer = Seller(visit(desk)), Buyer(visit(phone))
    seller.signs_in("seller")
    seller.opens_case(number)
    seller.press("协商方案")
    seller.page.get_by_label("退款金额").fill("20")
    seller.page.get_by_label("说明", exact=True).fill("有使用痕迹,按八成退款")
    seller.press("提交方案")
    seller.waits_for_state("proposed")
    buyer.signs_in("buyer", at=f"/cases/{number}")
    buyer.press("提出我的方案")
    buyer.page.get_by_label("退款金额").fill("22.50")
    buyer.press("提交方案")
    buyer.page.wait_for_url(f"**/cases/{number}?v=*")
    seller.opens_case(number)
    expect(seller.page.locator("#page")).to_contain_text("退款 22.50 元")
    seller.press("接受方案")
    seller.press("接受方案")
    seller.waits_for_state("refunding")
    buyer.page.goto(f"/cases/{number}/agreement")
    expect(buyer.page.locator("#page")).to_contain_text("退款 22.50 元")


@ways("phone,desk", by_day="plain")
def test_another_specification_that_costs_more(world: World, visit: Any, phone: str, desk: str) -> None:
    number = case_in(world, "inspecting", dearer=300)
    seller, buyer = Seller(visit(desk)), Buyer(visit(phone))
    seller.signs_in("seller")
    seller.opens_case(number)
    seller.accepts_goods(then="paying")
    buyer.signs_in("buyer", at=f"/cases/{number}")
    buyer.press("去补差价")
    expect(buyer.page.locator("#page")).to_contain_text("6.00")
    buyer.page.get_by_label("流水号").fill("2026112366001")
    buyer.press("我已付款")
    buyer.waits_for_state("reshipping")
    seller.opens_case(number)
    seller.press("确认收到差价")
    expect(seller.page.locator("#page")).to_contain_text("2026112366001")
    seller.press("确认收到差价")
    seller.waits_for_state("reshipping")
    seller.ships("73610555582883")
    buyer.page.goto(f"/cases/{number}")
    buyer.confirms()


@ways("phone,desk", by_day="script")
def test_another_specification_that_costs_less(world: World, visit: Any, phone: str, desk: str) -> None:
    number = case_in(world, "inspecting", dearer=-300)
    seller, buyer = Seller(visit(desk)), Buyer(visit(phone))
    seller.signs_in("seller")
    seller.opens_case(number)
    seller.accepts_goods()
    seller.ships("73610555582883")
    buyer.signs_in("buyer", at=f"/cases/{number}")
    expect(buyer.page.locator("#payments")).to_contain_text("退差价")
    buyer.confirms(then="refunding")
    seller.opens_case(number)
    seller.press("登记已退款")
    seller.page.get_by_label("流水号").fill("2026112377001")
    seller.press("登记已退款")
    seller.waits_for_state("completed")


@ways("phone,desk", by_day="plain")
def test_a_defective_replacement_ends_in_a_refund(
    world: World, visit: Any, tmp_path: Path, phone: str, desk: str
) -> None:
    number = case_in(world, "confirming")
    picture = tmp_path / "defect.jpg"
    picture.write_bytes(photo((600, 400)))
    seller, buyer = Seller(visit(desk)), Buyer(visit(phone))
    buyer.signs_in("buyer", at=f"/cases/{number}")
    buyer.press("再次售后")
    buyer.page.get_by_label("仍有质量问题").check(force=True)
    buyer.page.get_by_label("退货退款", exact=True).check(force=True)
    buyer.page.get_by_label("说明", exact=True).fill("换来的还是破的")
    buyer.page.get_by_label("凭证").set_input_files(str(picture))
    buyer.press("提交新的申请")
    buyer.page.wait_for_url(re.compile(r"/cases/HH\d+\?v=1"))
    child = child_of(world, number)
    assert child in buyer.page.url
    buyer.waits_for_state("applied")
    expect(buyer.page.locator("#page")).to_contain_text(number)  # where it came from
    seller.signs_in("seller")
    seller.opens_case(child)
    seller.press("同意退款，无需寄回")
    seller.press("同意退款，无需寄回")
    seller.waits_for_state("refunding")
    seller.press("登记已退款")
    seller.page.get_by_label("流水号").fill("2026112388001")
    seller.press("登记已退款")
    seller.waits_for_state("completed")
    seller.opens_case(number)
    expect(seller.page.locator("#page")).to_contain_text(child)
