"""Who has no business with money reads of none: a case's page as the warehouse sees it, with steps that name sums."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import OrderLine
from tests.cast import PARCELS, Cast, shows_money, sign_in
from tests.conftest import Clock


@pytest.mark.parametrize("case_type", [CaseType.EXCHANGE, CaseType.RETURN_REFUND])
def test_the_warehouse_reads_no_sums_in_a_case(app: Flask, cast: Cast, now: Clock, case_type: CaseType) -> None:
    """Freight that was advanced and answered, and an inspection that changes the sums; in each state it works in."""
    cast.employ(cast.shop, "buyer2", "warehouse")
    case = cast.open_case(case_type=case_type, reason="damaged", dearer=500 if case_type is CaseType.EXCHANGE else None)
    case = cast.take(case, "agree", Actor.SELLER)
    seen = [case.state]
    warehouse, owner = sign_in(app, "buyer2"), sign_in(app, "seller")
    pages = [warehouse.get(f"/seller/cases/{case.case_no}").text]
    case = cast.take(case, "ship_return", Actor.BUYER, parcels=PARCELS)
    case = cast.take(case, "claim_freight", Actor.BUYER, freight_fen=1_234, photos=cast.photos(1, cast.buyer))
    pages.append(warehouse.get(f"/seller/cases/{case.case_no}").text)
    case = cast.take(case, "decline_freight", Actor.SELLER, note="没有凭证")
    seen.append(case.state)
    pages.append(warehouse.get(f"/seller/cases/{case.case_no}").text)
    case = cast.take(case, "dispute_goods", Actor.SELLER, **cast._facts_of(case, {"dispute": 1_000}, cast.now))
    seen.append(case.state)
    pages.append(warehouse.get(f"/seller/cases/{case.case_no}").text)
    assert seen == ["returning", "inspecting", "disputed"]
    for page in pages:
        assert "处理记录" in page
        assert not re.findall(r".{30}¥.{12}|.{30}12\.34.{5}|.{30}[0-9] 元.{5}", page), case_type
    assert shows_money(owner.get(f"/seller/cases/{case.case_no}").text)  # who has, reads them


def test_the_warehouse_reads_no_sums_among_the_orders(app: Flask, cast: Cast, now: Clock) -> None:
    cast.employ(cast.shop, "buyer2", "warehouse")
    cast.order(status="unshipped", paid_fen=20_000, goods_total_fen=12_500)
    said = "实付款 200.00 元比货品、运费和改价合计多"
    assert said in sign_in(app, "seller").get("/seller/orders").text
    page = sign_in(app, "buyer2").get("/seller/orders").text
    assert "纯棉中筒袜" in page and not shows_money(page) and "/contact" not in page and "/seller/import" not in page


def test_the_warehouse_reads_no_price_in_the_snapshot(app: Flask, cast: Cast, now: Clock) -> None:
    cast.employ(cast.shop, "buyer2", "warehouse")
    case = cast.until("inspecting")
    told = {"货品标题": "短袜", "单价(元)": "38.17", "成交金额": "76.34", "单位": "双"}
    with writing():
        mine = (OrderLine.order_id == case.order_id, OrderLine.shop_id == cast.shop)
        db.session.execute(db.update(OrderLine).where(*mine).values(snapshot=told))
    url = f"/seller/cases/{case.case_no}"
    assert "38.17" in sign_in(app, "seller").get(url).text
    page = sign_in(app, "buyer2").get(url).text
    assert "交易快照" in page and "38.17" not in page and "76.34" not in page and "成交金额" not in page
    assert "pack.zip" not in page
    refused = sign_in(app, "buyer2").get(f"{url}/pack.zip")  # it holds prices and payments
    assert refused.status_code == 403 and "没有这一项权限" in refused.text
    assert sign_in(app, "seller").get(f"{url}/pack.zip").status_code == 200
