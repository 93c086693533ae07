"""An exchange from 我的 to 换货完成, on the sample's orders, in each kind of browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import World
from tests.e2e.pages import Buyer, Seller
from tests.pictures import photo

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A photo as a phone would take it."""
    made = tmp_path / "破损.jpg"
    made.write_bytes(photo((1200, 900)))
    return made


def finish(buyer: Buyer, seller: Seller) -> None:
    """From applied to completed, both sides in turn."""
    found = re.search(r"/cases/([^/?#]+)", buyer.page.url)
    assert found is not None
    case_no = found[1]
    seller.opens_case(case_no)
    assert seller.state() == "applied"
    seller.agrees()
    buyer.page.goto(f"/cases/{case_no}")
    buyer.sends_back("75484863576596")
    seller.opens_case(case_no)
    seller.accepts_goods()
    seller.ships("73610555582883")
    buyer.page.goto(f"/cases/{case_no}")
    buyer.confirms()
    buyer.page.get_by_text("换货完成").first.wait_for()


@pytest.mark.parametrize("kind", ["phone", "phone-without-script", "desk"])
def test_from_my_orders_to_the_end(world: World, visit: Any, picture: Path, kind: str) -> None:
    order_no, seller_name = world.exchangeable()
    buyer, seller = Buyer(visit(kind)), Seller(visit("desk"))
    buyer.signs_in("haijiao_xm")
    buyer.opens_order(order_no)
    buyer.press("申请换货")
    buyer.chooses("破损")
    buyer.fills_details(picture, "外箱压扁，里面破损")
    buyer.submits()
    seller.signs_in(seller_name, "/seller")
    finish(buyer, seller)


def test_five_taps_and_a_photo(world: World, visit: Any, picture: Path) -> None:
    """From the order to the submitted application."""
    order_no, _ = world.exchangeable("zybaihuo")
    buyer = Buyer(visit("phone"))
    buyer.signs_in("zybaihuo", f"/orders/{order_no}")
    page, taps = buyer.page, 0
    for role, name in (
        ("link", "申请换货"),
        ("radio", "破损"),
        ("button", "下一步"),
        ("button", "下一步"),
        ("button", "提交申请"),
    ):
        if taps == 3:
            page.get_by_label("凭证").set_input_files(str(picture))
        page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]
        taps += 1
        page.wait_for_load_state()
        if name == "下一步":
            page.wait_for_url("**/details" if taps == 3 else "**/check")
    buyer.waits_for_state("applied")
    assert taps == 5


def test_from_the_conversation(world: World, visit: Any, picture: Path) -> None:
    order_no, seller_name = world.exchangeable("zybaihuo")
    buyer, seller = Buyer(visit("phone")), Seller(visit("desk"))
    buyer.signs_in("zybaihuo")
    buyer.opens_order(order_no)
    buyer.press("立即联系")
    buyer.page.get_by_role("button", name="调换商品").click()
    buyer.page.locator(f'a[href*="/orders/{order_no}/apply"]').last.click()
    buyer.chooses("色差")
    buyer.fills_details(picture, "颜色和详情页不一样")
    buyer.submits()
    seller.signs_in(seller_name, "/seller")
    finish(buyer, seller)
