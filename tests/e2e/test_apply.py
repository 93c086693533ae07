"""What happened leads to the right type: the surplus goes back for its money, what was never sent is sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import World, ways
from tests.e2e.pages import Buyer, Seller
from tests.pictures import photo

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def begin(world: World, visit: Any, kind: str, reason: str) -> tuple[Buyer, Seller]:
    """A buyer who has chosen why, and the seller signed in."""
    order_no, seller_name = world.exchangeable()
    buyer, seller = Buyer(visit(kind)), Seller(visit("desk"))
    buyer.signs_in("haijiao_xm", f"/orders/{order_no}")
    buyer.press("申请换货")
    if "line=" not in buyer.page.url and buyer.page.locator('a.row[href*="line="]').count():
        buyer.page.locator('a.row[href*="line="]').first.click()
    buyer.chooses(reason)
    seller.signs_in(seller_name, "/seller")
    return buyer, seller


def number_of(buyer: Buyer) -> str:
    found = re.search(r"/cases/([^/?#]+)", buyer.page.url)
    assert found is not None
    return found[1]


@ways("kind", by_day="script")
def test_the_surplus_goes_back_until_it_is_to_be_refunded(world: World, visit: Any, kind: str) -> None:
    buyer, seller = begin(world, visit, kind, "数量过多")
    buyer.asks_back("1", "多拍了一件,没有拆封")
    buyer.page.get_by_text("退回运费由您承担").first.wait_for()
    buyer.submits()
    assert buyer.case.get_attribute("data-type") == "return_refund"
    case_no = number_of(buyer)
    seller.opens_case(case_no)
    seller.agrees()
    buyer.page.goto(f"/cases/{case_no}")
    buyer.sends_back("75484863576596")
    seller.opens_case(case_no)
    seller.accepts_goods("refunding")
    buyer.page.goto(f"/cases/{case_no}")
    assert buyer.state() == "refunding"


@ways("kind", by_day="plain")
def test_what_was_never_sent_is_sent(world: World, visit: Any, tmp_path: Path, kind: str) -> None:
    picture = tmp_path / "少件.jpg"
    picture.write_bytes(photo((800, 600)))
    buyer, seller = begin(world, visit, kind, "漏发商品")
    buyer.is_missing(picture, "1", "箱子里少了一件")
    buyer.submits()
    assert buyer.case.get_attribute("data-type") == "reissue"
    case_no = number_of(buyer)
    seller.opens_case(case_no)
    seller.agrees("reshipping")
    seller.ships("73610555582883", "发出补发商品")
    buyer.page.goto(f"/cases/{case_no}")
    buyer.confirms()
    buyer.page.get_by_text("补发完成").first.wait_for()
