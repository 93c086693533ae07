"""商品 at the desk: a picture, and what isn't exchanged without the shop's fault."""

from __future__ import annotations

import io

from flask import Flask

from portal.extensions import db, writing
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


def named(*names: str) -> dict[str, list[tuple[io.BytesIO, str]]]:
    return {"pictures": [(io.BytesIO(photo((200 + 10 * place, 150))), name) for place, name in enumerate(names)]}


def test_many_pictures_find_their_products_by_their_names(app: Flask, cast: Cast) -> None:
    for cargo in ("A1203", "b-7", "双针", "SAME", "SAME"):
        cast.order(title=f"{cargo}款袜子{len(db.session.scalars(db.select(Product.id)).all())}")
        with writing():
            newest = db.session.scalars(db.select(Product).order_by(Product.id.desc())).first()
            assert newest is not None
            newest.cargo_no = cargo
    seller, url = sign_in(app, "seller"), "/seller/products/pictures"
    assert url in seller.get("/seller/products").text
    files = named("a1203.jpg", "B-7_1.JPG", "双针 (2).jpg", "A1203-2.jpg", "same.jpg", "没有.jpg")
    answer = post(seller, url, {**files}, content_type="multipart/form-data")
    assert answer.status_code == 200 and "3 张已换上，3 张没有用上" in answer.text
    assert "没有这个货号的商品" in answer.text and "有 2 件商品" in answer.text and "前面已有一张" in answer.text
    db.session.rollback()
    with_picture = db.session.scalars(db.select(Product.cargo_no).where(Product.picture.is_not(None))).all()
    assert sorted(with_picture) == ["A1203", "b-7", "双针"]
    assert db.session.scalar(db.select(db.func.count()).select_from(Evidence)) == 3  # nothing is kept of the others
    again = post(seller, url, named("a1203.png"), content_type="multipart/form-data")
    assert "1 张已换上" in again.text


def test_pictures_that_are_none_or_too_many_say_so(app: Flask, cast: Cast) -> None:
    cast.order()
    with writing():
        db.session.execute(db.update(Product).values(cargo_no="A1"))
    seller, url = sign_in(app, "seller"), "/seller/products/pictures"
    assert "请选择图片" in post(seller, url, {}).text
    bad = post(seller, url, {"pictures": [(io.BytesIO(b"no"), "A1.jpg")]}, content_type="multipart/form-data")
    assert "没有用上" in bad.text and "已换上</b>" not in bad.text
    many = {"pictures": [(io.BytesIO(b"x"), f"{number}.jpg") for number in range(31)]}
    assert "一次最多 30 张" in post(seller, url, many, content_type="multipart/form-data").text


def test_another_shops_products_are_no_match(app: Flask, cast: Cast) -> None:
    cast.order()
    with writing():
        db.session.execute(db.update(Product).values(cargo_no="A1"))
    answer = post(
        sign_in(app, "seller2"), "/seller/products/pictures", named("A1.jpg"), content_type="multipart/form-data"
    )
    assert "没有这个货号的商品" in answer.text


def test_an_address_inside_is_never_asked(app: Flask, cast: Cast) -> None:
    cast.order()
    product = db.session.scalars(db.select(Product.id)).one()
    seller, url = sign_in(app, "seller"), f"/seller/products/{product}/fetch"
    for address in ("https://127.0.0.1/a.jpg", "http://a.example/a.jpg", "https://localhost/a", "没有"):
        answer = post(seller, url, {"address": address})
        assert answer.status_code == 422 and 'id="address-err"' in answer.text and address in answer.text
    assert sign_in(app, "seller2").get(url).status_code == 404
