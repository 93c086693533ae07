"""A carrier is suggested where a replacement is sent, with its numbers; and the routes stand on 物流监控."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import insert, update

from portal.extensions import db, writing
from portal.models import Case, Shipment
from portal.models.keys import make_id
from tests.cast import Cast, sign_in


def test_a_carrier_is_suggested_with_its_numbers(app: Flask, cast: Cast) -> None:
    case = cast.until("reshipping")
    seller = sign_in(app, "seller")
    address = f"/seller/cases/{case.case_no}/ship_replacement"
    assert "建议：" not in seller.get(address).text.split("物流公司")[0]
    with writing():
        db.session.execute(
            update(Case).where(Case.id == case.id, Case.shop_id == cast.shop).values(receiver_address="浙江省 杭州市")
        )
        cast.order()
        other = cast.order(receiver_address="浙江省 宁波市").id
    with writing():
        rows = [
            {
                "id": make_id(),
                "shop_id": cast.shop,
                "order_id": other,
                "carrier": carrier,
                "carrier_name": "",
                "tracking_no": f"{number:014d}",
                "since_at": cast.now - timedelta(days=3),
                "faulty": faulty,
            }
            for number, (carrier, faulty) in enumerate(
                [("ZTO", False)] * 120 + [("YTO", True)] * 12 + [("YTO", False)] * 88
            )
        ]
        db.session.execute(insert(Shipment), rows)
    shown = seller.get(address).text
    assert "建议：中通快递。" in shown and "120 件里 0 件出过问题" in shown and "100 件里 12 件" in shown
    listed = seller.get("/seller/logistics?tab=rates").text
    assert "寄往各省的异常率" in listed and "12.0（7.0–19.8）" in listed
    assert "中通快递" not in sign_in(app, "seller2").get("/seller/logistics?tab=rates").text
