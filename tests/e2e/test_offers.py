"""While the platform is in a case the buyer offers another application and the shop accepts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import World, ways
from tests.e2e.pages import Buyer, Seller
from tests.e2e.test_mediation import calls_for_the_platform, picture, refused

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
__all__ = ["picture", "refused"]


@ways("kind", by_day="plain")
def test_an_offer_is_accepted(
    world: World, visit: Any, refused: tuple[str, str, str], picture: Path, kind: str
) -> None:
    case_no, buyer_name, seller_name = refused
    buyer = Buyer(visit(kind))
    seller = Seller(visit("desk", java_script_enabled=kind == "phone"))
    buyer.signs_in(buyer_name)
    calls_for_the_platform(buyer, case_no, picture)
    buyer.press("提议：修改申请")
    buyer.page.locator("[name=description]").fill("外包装照片补上了,只换破的")
    buyer.page.get_by_role("button", name="提议：修改申请").click()
    offer = buyer.page.locator("#offer")
    expect(offer).to_contain_text("外包装照片补上了")
    seller.signs_in(seller_name, "/seller")
    seller.page.goto(f"/seller/cases/{case_no}")
    expect(seller.page.locator("#offer")).to_contain_text("等您答复")
    seller.press("同意对方的提议")
    seller.page.get_by_role("button", name="同意对方的提议").click()
    expect(seller.page.locator("#decision")).to_contain_text("平台介入已结束")
