"""质量 at the desk: the board, one fault's page with photos, and who sees money."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import Evidence, FaultLine, SoldLine
from tests.cast import Cast, sign_in


def test_an_empty_board_says_what_to_do(app: Flask, cast: Cast) -> None:
    shown = sign_in(app, "seller2").get("/seller/quality").text
    assert "没有质量问题" in shown and 'href="/seller/products"' in shown


def test_a_number_leads_to_its_cases_and_photos(app: Flask, cast: Cast) -> None:
    case = cast.open_case()
    cast.employ(cast.shop, "buyer2", "warehouse")
    seller = sign_in(app, "seller")
    board = seller.get("/seller/quality").text
    assert "样本不足 n=1" in board and "近期变多的问题" in board and "已付款项" in board
    place = db.session.execute(
        select(SoldLine.product_id, SoldLine.spec, FaultLine.fault)
        .join(FaultLine, FaultLine.order_line_id == SoldLine.order_line_id)
        .where(FaultLine.case_id == case.id)
    ).one()
    address = f"/seller/quality/{place.product_id}/{place.fault}"
    assert address in board
    cell = seller.get(address, query_string={"spec": place.spec}).text
    assert f"/seller/cases/{case.case_no}" in cell and "¥0.00" in cell
    for photo in db.session.scalars(select(Evidence.public_id).where(Evidence.case_id == case.id)):
        assert f"/f/{photo}" in cell
    assert "这些周卖出的商品没有这个问题" in seller.get(address, query_string={"spec": "别的"}).text
    assert "后面没有了" in seller.get(address, query_string={"before": "1"}).text
    assert sign_in(app, "seller2").get(address).status_code == 404
    for wrong in (f"/seller/quality/{place.product_id}/none", f"/seller/quality/{place.product_id}/nonsense"):
        assert seller.get(wrong).status_code == 404
    assert seller.get("/seller/quality?from=x").status_code == 200
    assert "从头看" in seller.get("/seller/quality?from=300").text


def test_the_warehouse_sees_no_money(app: Flask, cast: Cast) -> None:
    cast.open_case()
    cast.employ(cast.shop, "buyer2", "warehouse")
    seller = sign_in(app, "buyer2")
    shown = seller.get("/seller/quality").text
    assert "样本不足" in shown and "¥" not in shown and "已付款项" not in shown
