"""质量 at the desk: the board, one fault's page with photos, and who sees money."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert, select

from portal.calendar.weeks import number_week
from portal.extensions import db, writing
from portal.models import Evidence, FaultLine, FaultWeek, Product, SoldLine, SoldWeek
from portal.service import batches
from tests.cast import Cast, shows_money, sign_in


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
    assert f"/seller/cases/{case.case_no}" in cell and "已经付给买家 0.00 元" in cell
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
    assert "样本不足" in shown and not shows_money(shown) and "已付款项" not in shown


def test_every_number_opens_its_cases(app: Flask, cast: Cast) -> None:
    """A batch's, a supplier's, a week's, those before and after a measure: each link lists just its own."""
    order = cast.order()
    case, other = cast.open_case(order), cast.open_case(order, reason="colour")
    of_case = select(SoldLine.product_id).join(FaultLine, FaultLine.order_line_id == SoldLine.order_line_id)
    product_id, now = db.session.scalars(of_case.where(FaultLine.case_id == case.id)).first(), cast.now
    with writing():
        product = db.session.get_one(Product, (product_id, cast.shop))
        plan: dict[str, Any] = {
            "spec": "",
            "supplier": "甲 & 乙",
            "size": 100,
            "from_at": now - timedelta(days=90),
            "aql": "2.5",
        }
        batch = batches.make_batch(product, **plan, by=cast.seller, now=now)
    seller = sign_in(app, "seller")

    def follow(page: str, *said: str) -> str:
        """The page that the first link on this page with all of these in its address leads to."""
        for href in re.findall(r'href="(/seller/quality/cases\?[^"]*)"', seller.get(page).text):
            if all(each in href for each in said):
                return seller.get(html.unescape(href)).text
        raise AssertionError(f"{page} leads to no such cases")

    cell = f"/seller/quality/{product_id}/broken"
    for shown in (
        follow(f"/seller/batches/{batch.id}", f"batch={batch.id}", "fault=broken"),
        follow(cell, f"batch={batch.id}", "fault=broken"),
        follow(cell, "since=", "fault=broken"),
    ):
        assert f"/seller/cases/{case.case_no}" in shown and "1 行订单商品" in shown
    for shown in (follow("/seller/quality", "supplier="), follow(f"/seller/batches/{batch.id}", f"batch={batch.id}")):
        assert f"/seller/cases/{case.case_no}" in shown and "2 行订单商品" in shown
    assert f"/seller/cases/{other.case_no}" not in follow(cell, "fault=broken")
    nobody = seller.get("/seller/quality/cases?since=1&until=2").text
    assert "没有这样的售后单" in nobody and "0 行订单商品" in nobody
    wrongs = (
        "batch=999999",
        "product=0",
        "product=x",
        "fault=none",
        "since=5",
        "since=9&until=8",
        "since=0&until=999999",
    )
    for wrong in wrongs:
        assert seller.get(f"/seller/quality/cases?{wrong}").status_code == 404, wrong
    stranger = sign_in(app, "seller2")
    assert stranger.get(f"/seller/quality/cases?batch={batch.id}").status_code == 404
    assert case.case_no not in stranger.get("/seller/quality/cases").text


def test_what_is_worth_preventing_leads_only_where_it_can_be_prevented(app: Flask, cast: Cast) -> None:
    """Nobody can try at home what was never sent; and the batches are those of the product."""
    order = cast.order()
    product_id = db.session.scalars(select(SoldLine.product_id)).first()
    week = number_week(order.ordered_at)
    place = {"shop_id": cast.shop, "product_id": product_id, "spec": "黑色", "batch_id": 0, "week": week, "milli": 0}
    with writing():
        db.session.execute(insert(SoldWeek), [place | {"lines": 30}])
        db.session.execute(
            insert(FaultWeek),
            [place | {"fault": fault, "cases": cases} for fault, cases in (("missing", 5), ("size", 4))],
        )
    seller = sign_in(app, "seller")
    missing, size = re.findall(r"<li><div class=\"row\">.*?</li>", seller.get("/seller/quality").text, re.DOTALL)
    assert "少发" in missing and "安排整改" in missing and "写先试试" not in missing and "检查商品描述" not in missing
    assert "尺寸" in size and "写先试试" in size and "检查商品描述" in size
    assert "少付" not in missing  # nothing was paid: nothing is said of money
    assert f"/seller/batches?product={product_id}" in missing
    with writing():
        product = db.session.get_one(Product, (product_id, cast.shop))
        plan: dict[str, Any] = {"spec": "", "size": 100, "from_at": cast.now, "aql": "2.5", "by": cast.seller}
        batches.make_batch(product, supplier="甲厂", now=cast.now, **plan)
    other = db.session.scalars(select(Product.id).where(Product.id != product_id, Product.shop_id == cast.shop)).first()
    assert other is None or "甲厂" not in seller.get(f"/seller/batches?product={other}").text
    assert "甲厂" in seller.get(f"/seller/batches?product={product_id}").text
    for wrong in ("0", "x"):
        assert seller.get(f"/seller/batches?product={wrong}").status_code == 404
