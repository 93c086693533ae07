"""商品 at the desk: a picture, and what isn't exchanged without the shop's fault."""

from __future__ import annotations

import io

from flask import Flask

from portal.extensions import db
from portal.models import Evidence, Product
from tests.cast import Cast, post, sign_in
from tests.pictures import photo


def test_a_picture_is_seen_in_the_order_and_can_be_taken_away(app: Flask, cast: Cast) -> None:
    order = cast.order()
    product = db.session.scalars(db.select(Product)).one()
    seller, buyer = sign_in(app, "seller"), sign_in(app, "buyer")
    address = f"/seller/products/{product.id}"
    assert address in seller.get("/seller/products").text
    done = post(
        seller,
        address,
        {"photos": (io.BytesIO(photo((300, 200))), "a.jpg"), "exchangeable": "y"},
        content_type="multipart/form-data",
    )
    assert done.status_code == 303
    db.session.rollback()
    picture = db.session.scalars(db.select(Evidence.public_id)).one()
    assert db.session.scalar(db.select(Product.picture)) == picture
    assert f"/f/{picture}/thumb" in buyer.get(f"/orders/{order.order_no}").text
    assert f"/f/{picture}/thumb" in buyer.get("/orders").text
    assert buyer.get(f"/f/{picture}/thumb").status_code == 200

    assert post(seller, address, {"remove_picture": "y", "exchangeable": "y"}).status_code == 303
    assert f"/f/{picture}/thumb" not in buyer.get(f"/orders/{order.order_no}").text


def test_what_is_not_exchanged_is_refused_for_special_reasons_only(app: Flask, cast: Cast) -> None:
    order = cast.order()
    product = db.session.scalars(db.select(Product)).one()
    seller, buyer = sign_in(app, "seller"), sign_in(app, "buyer")
    assert post(seller, f"/seller/products/{product.id}", {}).status_code == 303
    db.session.rollback()
    assert not db.session.scalar(db.select(Product.exchangeable))
    page = buyer.get(f"/orders/{order.order_no}/apply").text
    assert "破损" in page


def test_search_pages_and_strangers(app: Flask, cast: Cast) -> None:
    for number in range(45):
        cast.order(title=f"第{number:02d}款袜子")
    seller = sign_in(app, "seller")
    first = seller.get("/seller/products").text
    assert "第00款袜子" in first and "第41款袜子" not in first and "下一页" in first
    assert "第44款袜子" in seller.get("/seller/products?q=第44款").text
    assert "没有找到商品" in seller.get("/seller/products?q=手套").text
    assert seller.get("/seller/products?q=%00").status_code == 200
    product = db.session.scalars(db.select(Product.id)).first()
    assert sign_in(app, "seller2").get(f"/seller/products/{product}").status_code == 404
    assert "还没有商品" in sign_in(app, "seller2").get("/seller/products").text
    assert seller.get(f"/seller/products/{10**30}").status_code == 404
