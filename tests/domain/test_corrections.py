"""A wrong 签收 is taken back by hand: the clocks go on from where they were, and everybody sees why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import doctor
from portal.applications import unsent
from portal.cases import clock as case_clock
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db, writing
from portal.flow import Actor, StepRefused
from portal.models import Case, CaseEvent, Notice, Order, Parcel, ParcelTrace, Shipment
from portal.parcels import keeping, parcel_view
from portal.parcels.scans import Scan
from portal.rights import resale
from portal.tracking import corrections, polling
from portal.tracking import scans as case_scans
from tests.cast import Cast
from tests.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHY = "物流公司误操作,货还在网点"


def shipment_of(shop: int) -> object:
    db.session.expire_all()
    shipment_id = db.session.scalars(select(Shipment.id).order_by(Shipment.id.desc())).first()
    return parcel_view.find_of_shop(shipment_id or 0, shop)


def correct(cast: Cast, at: object) -> None:
    with writing():
        by = ActedBy(Actor.SELLER, cast.seller, "店主")
        corrections.correct_receipt(shipment_of(cast.shop), reason=WHY, by=by, now=at)  # type: ignore[arg-type]
    db.session.expire_all()


def say(cast: Cast, at: timedelta, words: str = "已签收", origin: str = "kuaidi100") -> None:
    parcel = db.session.scalars(select(Parcel.id).order_by(Parcel.id.desc())).first() or 0
    with writing():
        case_scans.record_scans(parcel, [Scan(NOW + at, "signed", words)], now=NOW + at, origin=origin)


def test_the_clocks_of_a_case_go_back_to_where_they_were(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    case_id = cast.until("confirming").id
    before = db.session.get_one(Case, case_id).due_at
    say(cast, DAY)
    db.session.expire_all()
    signed = db.session.get_one(Case, case_id)
    assert before is not None and signed.due_at is not None and signed.due_at < before
    version = signed.version
    correct(cast, NOW + 2 * DAY)
    case = db.session.get_one(Case, case_id)
    assert case.due_at == before and case.state == "confirming"
    assert db.session.scalars(select(Parcel.signed_at).order_by(Parcel.id.desc())).first() is None
    followed = db.session.scalars(select(Shipment).order_by(Shipment.id.desc())).first()
    assert followed is not None and followed.signed_at is followed.ended_at is None  # followed again
    event = db.session.scalars(select(CaseEvent).order_by(CaseEvent.version.desc())).first()
    assert event is not None and (event.step, event.note, event.version) == ("correct_receipt", WHY, version + 1)
    told = db.session.scalars(select(Notice).where(Notice.kind == "receipt_corrected")).one()
    assert told.user_id == cast.buyer and WHY in told.body
    doubts = db.session.execute(select(ParcelTrace.status, ParcelTrace.doubt).order_by(ParcelTrace.id)).all()
    assert [tuple(row) for row in doubts] == [("signed", "corrected"), ("transit", "")]
    say(cast, DAY)  # the service says the same again: it stays taken back
    assert db.session.scalars(select(Parcel.signed_at).order_by(Parcel.id.desc())).first() is None
    say(cast, 3 * DAY)  # and a receipt of another moment counts
    assert db.session.scalars(select(Parcel.signed_at).order_by(Parcel.id.desc())).first() == NOW + 3 * DAY
    assert not any(doctor.findings())


def test_the_term_of_a_resold_order_stops_and_is_never_shorter(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    order_id = cast.order(status="unshipped", downstream_order_no="TB-1").id
    with writing():
        unsent.ship_order(
            order_id, cast.shop, [("ZTO", "73610555582883")], by=ActedBy(Actor.SELLER, cast.seller), now=NOW
        )
    polling.follow_orders(NOW)

    def sign(at: timedelta) -> None:
        with writing():
            shipment_id = db.session.scalars(select(Shipment.id)).one()
            said = [Scan(NOW + at, "signed", "已签收")]
            keeping.keep_scans_of_order(shipment_id, said, now=NOW + at, origin="kuaidi100")

    sign(5 * DAY)
    resale.promise_terms(NOW + 5 * DAY)
    db.session.expire_all()
    order = db.session.get_one(Order, order_id)
    promised = order.apply_by
    assert promised is not None and order.status == "delivered"
    correct(cast, NOW + 6 * DAY)
    order = db.session.get_one(Order, order_id)
    assert order.received_at is None and order.status == "in_transit" and resale.find_apply_by(order) is None
    sign(4 * DAY)  # really signed for a day before
    resale.promise_terms(NOW + 6 * DAY)
    db.session.expire_all()
    order = db.session.get_one(Order, order_id)
    assert order.received_at == NOW + 4 * DAY and order.apply_by == promised


def test_a_shop_takes_back_no_carriers_word_about_a_return(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    cast.until("inspecting")
    with pytest.raises(StepRefused, match="没有签收记录"):
        correct(cast, NOW + HOUR)
    say(cast, HOUR)
    with pytest.raises(StepRefused, match="不是店铺录入的"):
        correct(cast, NOW + 2 * HOUR)
    db.session.rollback()
    assert db.session.scalars(select(Parcel.signed_at).order_by(Parcel.id.desc())).first() == NOW + HOUR


def test_a_shop_takes_back_what_it_said_itself(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    case_id = cast.until("inspecting").id
    before = db.session.get_one(Case, case_id).due_at
    with writing():
        said = [Scan(NOW + HOUR, "signed", "已签收")]
        case_scans.record_typed(shipment_of(cast.shop), said, side="seller", now=NOW + HOUR)
    correct(cast, NOW + 2 * HOUR)
    assert db.session.get_one(Case, case_id).due_at == before
    assert case_clock.sweep(NOW + 2 * HOUR) == 0
