"""An order that goes in several parcels: each with its own carrier, on every page that names them."""

from __future__ import annotations

import random

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import Notice, Shipment
from portal.orders.export_format import parcels_of
from portal.parcels import carriers, of_orders
from portal.tracking import polling
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.domain.test_fulfilment import fresh, unsent

SF, SF2, YT, ZTO = "SF1385628716739", "SF1385628716740", "YT7512345678901", "75484863576597"


def test_three_parcels_of_two_carriers_stay_with_their_carriers(both: Flask, cast_both: Cast, now: Clock) -> None:
    order_id, number = (order := unsent(cast_both)).id, order.order_no
    desk, url = sign_in(both, "seller"), f"/seller/orders/{order.order_no}/ship"
    assert "不止一个包裹" in desk.get(url).text
    assert post(desk, url, {"number": SF, "others": f"{YT}\n\n{SF2}\n{SF}"}).location == "/seller/orders?said=shipped"
    polling.follow_orders(now.at)
    rows = select(Shipment.carrier, Shipment.tracking_no).where(Shipment.order_id == order_id)
    parcels = [("顺丰速运", SF), ("圆通速递", YT), ("顺丰速运", SF2)]
    assert [tuple(row) for row in db.session.execute(rows.order_by(Shipment.id))] == [
        ("SF", SF),
        ("YTO", YT),
        ("SF", SF2),
    ]
    listed = desk.get(f"/seller/orders?q={number}").text
    assert all(f"{carrier} {each}" in listed for carrier, each in parcels)
    page = sign_in(both, "buyer").get(f"/orders/{number}").text
    assert all(f"<strong>{carrier}</strong> {each}" in page for carrier, each in parcels)
    told = db.session.scalars(select(Notice.body).where(Notice.kind == "order_shipped")).one()
    assert "顺丰速运 " + SF + "、圆通速递 " + YT + "、顺丰速运 " + SF2 in told


def test_each_number_says_its_own_carrier(app: Flask, cast: Cast, now: Clock) -> None:
    """The carrier chosen is that of the first; a further one has it only where its number doesn't say another."""
    order = unsent(cast)
    desk, url = sign_in(app, "seller"), f"/seller/orders/{order.order_no}/ship"
    post(desk, url, {"number": "75484863576596", "carrier": "ZTO", "others": f"{ZTO}\n{SF}"})
    assert parcels_of(fresh(order.id).carrier_text, fresh(order.id).tracking_text) == [
        ("ZTO", "中通快递", "75484863576596"),
        ("ZTO", "中通快递", ZTO),
        ("SF", "顺丰速运", SF),
    ]


@pytest.mark.parametrize("wrong", ["13800138000", "HH20261123000001", "顺丰快递", "1"])
def test_what_is_wrong_with_a_further_one_stands_there(app: Flask, cast: Cast, now: Clock, wrong: str) -> None:
    order = unsent(cast)
    url = f"/seller/orders/{order.order_no}/ship"
    refused = post(sign_in(app, "seller"), url, {"number": SF, "others": f"{YT}\n{wrong}"})
    assert refused.status_code == 422 and 'id="others-err"' in refused.text
    assert wrong in refused.text and YT in refused.text and SF in refused.text
    assert fresh(order.id).status == "unshipped"


def test_the_shipping_desk_opens_an_order_that_is_to_be_sent(app: Flask, cast: Cast, now: Clock) -> None:
    order, desk = unsent(cast), sign_in(app, "seller")
    opened = desk.get("/seller/shipping", query_string={"number": f"订单编号：{order.order_no}"})
    assert opened.location == f"/seller/orders/{order.order_no}/ship"
    sent = cast.order(status="in_transit")
    for number, reader in ((sent.order_no, desk), (order.order_no, sign_in(app, "seller2"))):
        assert "没有找到" in reader.get("/seller/shipping", query_string={"number": number}).text


def test_what_is_written_is_read_again() -> None:
    dice = random.Random(12)
    known = [carrier for carrier in carriers.choices() if carriers.traced(carrier.code)]
    for _ in range(300):
        parcels = [(dice.choice(known), f"{dice.randrange(10**13, 10**14)}") for _ in range(dice.randrange(1, 9))]
        texts = of_orders.write_parcels(parcels)
        assert texts is not None
        assert parcels_of(*texts) == [(carrier.code, carrier.name, number) for carrier, number in parcels]
    assert of_orders.write_parcels([(known[0], f"{each:040}") for each in range(20)]) is None
