"""What a shop writes about an order reaches nobody who doesn't know the shop, whichever way it goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import doctor
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Notice, Order, ReceiptClaim, Shipment, User
from portal.orders import known_shops
from portal.parcels import keeping, parcel_view, telling
from portal.parcels.scans import Scan
from portal.tracking import corrections, polling, scans, unopposed
from tests.cast import Cast
from tests.conftest import NOW

WORDS = "快件已签收，加微信 12345 领红包"
DAY = timedelta(days=1)


def followed(cast: Cast) -> Any:
    db.session.expire_all()
    return parcel_view.find_of_shop(db.session.scalar(select(Shipment.id)) or 0, cast.shop)


def type_receipt(cast: Cast, at: timedelta = timedelta()) -> None:
    """录入物流: the shop says that its own parcel was signed for."""
    with writing():
        said = Scan(NOW - timedelta(hours=1), "signed", WORDS)
        scans.record_typed(followed(cast), [said], side="seller", now=NOW + at)


def correct(cast: Cast) -> None:
    """更正签收, of what the carrier said."""
    with writing():
        said = Scan(NOW - timedelta(hours=1), "signed", "已签收,签收人:本人")
        keeping.keep_scans_of_order(followed(cast).id, [said], now=NOW, origin="kuaidi100")
    with writing():
        corrections.correct_receipt(followed(cast), reason=WORDS, by=cast.by(Actor.SELLER), now=NOW)


def told(user_id: int) -> list[tuple[str, str]]:
    db.session.rollback()
    rows = db.session.execute(select(Notice.body, Notice.href).where(Notice.user_id == user_id))
    return [(row.body, row.href) for row in rows]


@pytest.mark.parametrize("way", [type_receipt, correct])
@pytest.mark.parametrize("said", [None, False, True])
def test_words_about_a_parcel_reach_who_knows_the_shop(
    both: Flask, cast_both: Cast, way: Callable[[Cast], None], *, said: bool | None
) -> None:
    cast = cast_both
    cast.order(status="in_transit", shown=False)
    assert polling.follow_orders(NOW) == 1
    if said is not None:
        with writing():
            known_shops.answer(cast.buyer, cast.shop, accepts=said, now=NOW)
    way(cast)
    bodies = [body for body, _href in told(cast.buyer)]
    assert [WORDS in body for body in bodies] == ([True] if said else [])
    assert not any(doctor.findings())


def test_time_to_object_runs_for_nobody_who_can_not(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    order = cast.order(status="in_transit", shown=False)
    polling.follow_orders(NOW)
    type_receipt(cast)
    assert db.session.scalars(select(ReceiptClaim)).all() == []
    with writing():
        known_shops.answer(cast.buyer, cast.shop, accepts=True, now=NOW)
    type_receipt(cast, DAY)  # said again, and now somebody can answer
    assert [href for _body, href in told(cast.buyer)] == [f"/parcels/{followed(cast).id}"]
    with writing():  # who says 不是我的 meanwhile can't object any more either
        known_shops.answer(cast.buyer, cast.shop, accepts=False, now=NOW + DAY)
    assert unopposed.settle_due(NOW + 9 * DAY) == 0
    assert db.session.get_one(Order, order.id, populate_existing=True).received_at is None
    assert unopposed.settle_due(NOW + 10 * DAY) == 0


def test_who_has_no_account_is_given_time_to_object(both: Flask, cast_both: Cast) -> None:
    """Their order is behind a link, whatever nobody has said of the shop."""
    cast = cast_both
    cast.order(status="in_transit", shown=False)
    with writing():
        db.session.execute(update(User).where(User.id == cast.buyer).values(password_hash=None))
    polling.follow_orders(NOW)
    type_receipt(cast)
    assert [claim.until_at for claim in db.session.scalars(select(ReceiptClaim))] == [NOW + 2 * DAY]


def test_a_notice_leads_to_the_order_of_its_own_shop(both: Flask, cast_both: Cast) -> None:
    """Where two shops claim one number the address says which, also in what is told of a parcel."""
    cast = cast_both
    order = cast.order(status="in_transit", contested=True)
    address = f"/orders/{order.order_no}~{cast.shop}"
    polling.follow_orders(NOW)
    with writing():
        telling.set_watch(cast.shop, order.id, cast.buyer, True, NOW)
    correct(cast)
    assert [href for _body, href in told(cast.buyer)] == [address, address]
