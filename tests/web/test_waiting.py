"""待我处理 counts everything that waits for a buyer; an order that was never paid promises no refund."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import update

from portal.extensions import db, writing
from portal.models import Order
from tests.cast import Cast, sign_in
from tests.conftest import Clock


def test_everything_that_waits_is_counted_and_listed(app: Flask, cast: Cast, now: Clock) -> None:
    numbers = {cast.until("returning").case_no for _ in range(5)}
    buyer = sign_in(app, "buyer")
    for page in ("/", "/me"):
        text = buyer.get(page).text
        assert "5 件，查看全部" in text and len(re.findall(r'href="/cases/HH[0-9]+"', text)) == 3
    listed = buyer.get("/cases?tab=waiting").text
    assert numbers <= set(re.findall(r"HH[0-9]+", listed)) and "5 件需要您处理" in listed
    assert "现在没有需要您处理的售后" in sign_in(app, "buyer2").get("/cases?tab=waiting").text


def test_an_unpaid_order_is_called_off_without_a_word_of_refunds(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order()
    with writing():
        db.session.execute(
            update(Order)
            .where(Order.id == order.id)
            .values(status="unpaid", paid_at=None, shipped_at=None, received_at=None, tracking_text="")
        )
    number = order.order_no
    buyer = sign_in(app, "buyer")
    asked = buyer.get(f"/orders/{number}/cancel").text
    assert "没有需要退回的款项" in asked and "由商家退回" not in asked and "未付款" in asked and "取消订单" in asked
    assert "应付款" in buyer.get(f"/orders/{number}").text and "实付款" not in buyer.get(f"/orders/{number}").text
    assert "应付 ¥" in buyer.get("/orders?tab=unpaid").text
