"""包装 at the desk: recorded for the shop and for one product, and counted from then on."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import insert

from portal.calendar import clock
from portal.extensions import db, writing
from portal.models import Product, Shipment
from portal.models.keys import make_id
from tests.cast import Cast, post, sign_in

RATES = "/seller/logistics?tab=rates"
USUAL = "/seller/logistics/packing"


def _ship(cast: Cast, order_id: int, number: int, *, faulty: int) -> None:
    row = {
        "shop_id": cast.shop,
        "order_id": order_id,
        "carrier": "ZTO",
        "carrier_name": "",
        "since_at": clock.now(),
    }
    with writing():
        db.session.execute(
            insert(Shipment),
            [
                {**row, "id": (made := make_id()), "tracking_no": f"{made:020d}", "faulty": each < faulty}
                for each in range(number)
            ],
        )


def test_packings_are_recorded_and_compared(app: Flask, cast: Cast) -> None:
    order = cast.order(ordered_at=cast.now - timedelta(days=1))
    order_id = order.id
    seller = sign_in(app, "seller")
    assert "登记怎么包装后，这里会比较各种包装的异常率" in seller.get(RATES).text
    assert post(seller, USUAL, {"way": "paper"}, at=RATES).status_code == 422
    assert post(seller, USUAL, {"way": "bag"}, at=RATES).status_code == 303
    _ship(cast, order_id, 40, faulty=12)
    listed = seller.get(RATES).text
    assert "快递袋</th>" in listed and "30.0（" in listed

    product = db.session.scalars(db.select(Product.id).where(Product.shop_id == cast.shop)).first()
    address = f"/seller/products/{product}"
    assert post(seller, address, {"exchangeable": "y", "packing": "padded"}).status_code == 303
    page = seller.get(address).text
    assert 'value="padded" selected' in page or 'selected value="padded"' in page
    assert "包装记录" in page and "纸箱加缓冲" in page
    assert post(seller, address, {"exchangeable": "y", "packing": ""}).status_code == 303
    assert "按店铺通常的包装</td>" in seller.get(address).text

    only = seller.get(f"{RATES}&packing=快递袋&to=四川").text
    assert only.count('data-label="物流公司"') >= 1
    assert "没有这样的包裹" in seller.get(f"{RATES}&packing=纸箱&to=四川").text
    assert "快递袋</th>" not in sign_in(app, "seller2").get(RATES).text
