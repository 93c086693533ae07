"""签收 reported by who sent the parcel: 48 hours to object, then it counts; the clocks run from there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import doctor
from portal.applications import unsent
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db, writing
from portal.flow import Actor, StepRefused
from portal.models import Case, CaseEvent, Notice, Order, Parcel, ReceiptClaim, Shipment
from portal.parcels import parcel_view
from portal.parcels.scans import Scan
from portal.rights import resale
from portal.tracking import claims, polling, unopposed
from portal.tracking import scans as case_scans
from tests.cast import Cast
from tests.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RECEIPT = "已签收,签收人:本人"


def newest(cast: Cast) -> Any:
    db.session.expire_all()
    shipment_id = db.session.scalars(select(Shipment.id).order_by(Shipment.id.desc())).first()
    return parcel_view.find_of_shop(shipment_id or 0, cast.shop)


def report(cast: Cast, side: str, at: timedelta, said_at: timedelta | None = None, words: str = RECEIPT) -> None:
    with writing():
        scan = Scan(NOW + (at if said_at is None else said_at), "signed", words)
        case_scans.record_typed(newest(cast), [scan], side=side, now=NOW + at)


def signed_at() -> datetime | None:
    db.session.expire_all()
    return db.session.scalars(select(Shipment.signed_at).order_by(Shipment.id.desc())).first()


def told(user_id: int) -> list[str]:
    found = db.session.scalars(select(Notice.title).where(Notice.user_id == user_id, Notice.kind == "receipt_claim"))
    return list(found)


def test_a_reported_receipt_counts_after_48_hours_without_objection(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    case_id = cast.until("confirming").id
    before = db.session.get_one(Case, case_id).due_at
    report(cast, "seller", DAY, said_at=2 * HOUR)
    assert signed_at() is None and db.session.get_one(Case, case_id).due_at == before
    assert told(cast.buyer) == ["商家录入了您的签收，请核对"]
    assert unopposed.settle_due(NOW + 3 * DAY - timedelta(seconds=1)) == 0
    assert unopposed.settle_due(NOW + 3 * DAY) == 1 and unopposed.settle_due(NOW + 9 * DAY) == 0
    assert signed_at() == NOW + 3 * DAY  # not from the day that the sender says
    case = db.session.get_one(Case, case_id)
    assert case.due_at is not None and before is not None and NOW + 3 * DAY < case.due_at <= before
    steps = db.session.scalars(select(CaseEvent.step).order_by(CaseEvent.version.desc()).limit(2)).all()
    assert steps == ["receipt_stands", "claim_receipt"]
    assert not any(doctor.findings())


def test_an_objection_keeps_it_from_counting(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    case_id = cast.until("confirming").id
    before = db.session.get_one(Case, case_id).due_at
    report(cast, "seller", DAY)
    with writing():
        by = ActedBy(Actor.BUYER, cast.buyer, "买家")
        claims.object_to(newest(cast), side="buyer", why="门口没有", by=by, now=NOW + 2 * DAY)
    assert unopposed.settle_due(NOW + 9 * DAY) == 0
    assert signed_at() is None and db.session.get_one(Case, case_id).due_at == before
    assert told(cast.seller) == ["对方对签收提出了异议"]
    report(cast, "seller", 3 * DAY, said_at=DAY)  # the same again: nothing new
    assert len(db.session.scalars(select(ReceiptClaim.id)).all()) == 1
    report(cast, "seller", 4 * DAY, words="已签收")  # another one has its own 48 hours
    assert unopposed.settle_due(NOW + 6 * DAY) == 1
    assert signed_at() == NOW + 6 * DAY and not any(doctor.findings())


def test_who_objects_and_until_when(cast: Cast) -> None:
    cast.until("confirming")
    report(cast, "seller", DAY)
    for side, at in (("seller", 2 * DAY), ("buyer", 3 * DAY)):
        with pytest.raises(StepRefused), writing():
            by = ActedBy(Actor(side), cast.buyer)
            claims.object_to(newest(cast), side=side, why="", by=by, now=NOW + at)


def test_the_shop_has_its_time_for_a_return(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    case_id = cast.until("inspecting").id
    before = db.session.get_one(Case, case_id).due_at
    report(cast, "buyer", HOUR)
    assert told(cast.seller) == ["买家录入了您的签收，请核对"] and signed_at() is None
    assert unopposed.settle_due(NOW + 2 * DAY + HOUR) == 1
    due = db.session.get_one(Case, case_id).due_at
    assert due is not None and before is not None and NOW + 2 * DAY + HOUR < due <= before


def test_what_the_waiting_side_says_counts_at_once_and_no_claim_is_made(cast: Cast) -> None:
    cast.until("confirming")
    report(cast, "buyer", HOUR)
    assert signed_at() == NOW + HOUR and db.session.scalars(select(ReceiptClaim.id)).all() == []


def test_a_carriers_word_in_between_ends_it(cast: Cast) -> None:
    cast.until("confirming")
    report(cast, "seller", DAY)
    parcel = db.session.scalars(select(Parcel.id).order_by(Parcel.id.desc())).first() or 0
    with writing():
        case_scans.record_scans(parcel, [Scan(NOW + 2 * DAY, "signed", "已签收")], now=NOW + 2 * DAY, origin="kdniao")
    assert claims.find_latest(newest(cast)) is None and unopposed.settle_due(NOW + 3 * DAY) == 0
    assert signed_at() == NOW + 2 * DAY


def test_an_order_without_a_carrier_is_received_all_the_same(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    order_id = cast.order(status="unshipped", downstream_order_no="TB-1").id
    with writing():
        unsent.ship_order(
            order_id, cast.shop, [("ZTO", "73610555582883")], by=ActedBy(Actor.SELLER, cast.seller), now=NOW
        )
    polling.follow_orders(NOW)
    report(cast, "seller", 3 * DAY)
    assert unopposed.settle_due(NOW + 5 * DAY) == 1
    resale.promise_terms(NOW + 5 * DAY)
    db.session.expire_all()
    order = db.session.get_one(Order, order_id)
    assert order.received_at == NOW + 5 * DAY == order.apply_from and order.status == "delivered"
