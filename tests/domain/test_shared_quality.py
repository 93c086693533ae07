"""A supplier sees their own goods at a distributor, if shared, and nothing else; on both databases."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import insert, select

from portal.calendar.weeks import number_week
from portal.extensions import db, writing
from portal.models import FaultWeek, OrderLine, OrderLink, Product, QualityShare, SoldWeek
from portal.orders.sold import RESOLD
from portal.service import shared_quality
from tests.cast import Cast, post, sign_in


def resell(cast: Cast) -> None:
    """The second shop resells a product of the first one's and sells one of its own; both are faulty."""
    upstream, downstream = cast.order(), cast.order(shop=cast.shop2, buyer=cast.buyer2)
    of = db.session.scalars(select(OrderLine.product_id).where(OrderLine.order_id == upstream.id)).first()
    ids, week = (upstream.id, downstream.id), number_week(cast.now)
    with writing():
        db.session.add(
            OrderLink(
                downstream_id=ids[1],
                shop_id=cast.shop2,
                upstream_id=ids[0],
                upstream_shop_id=cast.shop,
                created_by=cast.seller2,
                created_at=cast.now,
            )
        )
        theirs = Product(shop_id=cast.shop2, product_key=f"{RESOLD}{of}", title="改了名的袜子")
        own = Product(shop_id=cast.shop2, product_key="own", title="别家的帽子")
        strange = Product(shop_id=cast.shop2, product_key=f"{RESOLD}1", title="别家供应商的鞋")
        db.session.add_all([theirs, own, strange])
        db.session.flush()
        for number, product in enumerate((theirs, own, strange)):
            place = {"shop_id": cast.shop2, "product_id": product.id, "spec": "黑色;L", "batch_id": 0, "week": week}
            db.session.execute(insert(SoldWeek), [{**place, "lines": 50, "milli": 50_000}])
            fault = {**place, "fault": "broken", "cases": 7 + number, "milli": 7_000}
            db.session.execute(insert(FaultWeek), [fault, {**fault, "week": week - 15, "fault": "size"}])


def test_only_their_own_goods_only_if_shared_and_only_as_long(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    resell(cast)
    supplier, distributor = sign_in(both, "seller"), sign_in(both, "seller2")
    board, switch = "/seller/quality/resold", "/seller/chains/shares"
    assert "还没有分销商让您看到" in supplier.get(board).text
    assert shared_quality.build_boards(cast.shop, cast.now) == []
    db.session.rollback()
    assert "没有开启" in distributor.get(switch).text
    assert post(distributor, switch, {"supplier": str(cast.shop2), "shares": "on"}).status_code == 422
    assert post(distributor, switch, {"supplier": str(cast.shop), "shares": "on"}).status_code == 303
    assert post(distributor, switch, {"supplier": str(cast.shop), "shares": "on"}).status_code == 303  # twice is once
    found = shared_quality.build_boards(cast.shop, cast.now)
    db.session.rollback()
    assert [(row.title, row.fault, row.share.part, row.share.number) for row in found[0].rows] == [
        ("纯棉中筒袜 男女同款", "broken", 7, 50)
    ]
    assert found[0].sold == 50
    shown = supplier.get(board).text
    assert "7／50" in shown and "14.0（" in shown
    for hidden in ("李雯", "13425059650", "别家", "改了名", "一环路", "¥"):
        assert hidden not in shown, hidden
    assert board in supplier.get("/seller/quality").text
    assert "还没有分销商" in distributor.get(board).text  # it goes one way
    assert post(distributor, switch, {"supplier": str(cast.shop), "shares": "off"}).status_code == 303
    assert "还没有分销商让您看到" in supplier.get(board).text
    assert db.session.scalars(select(QualityShare.shop_id)).first() is None


def test_a_shop_without_suppliers_is_told_what_to_do(both: Flask, cast_both: Cast) -> None:
    shown = sign_in(both, "seller").get("/seller/chains/shares").text
    assert "还没有供应商" in shown and "登记下游订单" in shown
