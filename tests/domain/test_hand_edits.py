"""What is put right by hand beside an agreement takes nothing from the other side: no term, no sum, no way."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import doctor, words
from portal.applications import unsent
from portal.cases import clock as case_clock
from portal.cases import event_details
from portal.cases.effects.hand_ins import InspectedLine
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case, CaseEvent, CaseLine, Notice, Order, Parcel, Shipment
from portal.orders import to_send, versions
from portal.parcels import keeping, parcel_view
from portal.parcels.scans import Scan
from portal.rights.addresses import Shown
from portal.tracking import corrections, polling
from portal.tracking import scans as case_scans
from tests.cast import Cast
from tests.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BUYER, SELLER = Actor.BUYER, Actor.SELLER
COUNTS = [(received, accepted) for received in (0, 1_000, 2_000) for accepted in (0, 1_000, 2_000)]


def fresh(case_id: int) -> Case:
    db.session.expire_all()
    return db.session.get_one(Case, case_id)


def due_of(case_id: int) -> datetime:
    due_at = fresh(case_id).due_at
    assert due_at is not None
    return due_at


def newest_parcel() -> int:
    query = select(Parcel.id).where(Parcel.voided_at.is_(None)).order_by(Parcel.id.desc())
    return db.session.scalars(query).first() or 0


def sign(at: datetime, *, known: datetime) -> None:
    """A carrier says that the newest parcel was signed for at one moment; that becomes known at another."""
    with writing():
        case_scans.record_scans(newest_parcel(), [Scan(at, "signed", "已签收")], now=known, origin="kuaidi100")


def take_back(cast: Cast, now: datetime) -> None:
    shipment_id = db.session.scalars(select(Shipment.id).order_by(Shipment.id.desc())).first() or 0
    with writing():
        by = ActedBy(SELLER, cast.seller, "店主")
        corrections.take_back(parcel_view.find_of_shop(shipment_id, cast.shop), reason="误操作", by=by, now=now)


# ---------------------------------------------------------------- 签收 of a case's parcel


@pytest.mark.parametrize("state", ["confirming", "inspecting"])
@pytest.mark.parametrize("seed", range(8))
def test_no_term_of_a_case_that_was_told_ends_earlier(cast_both: Cast, state: str, seed: int) -> None:
    """Signed for, taken back, another carrier's word of an earlier moment: in any order, each known at some time."""
    cast, chance = cast_both, random.Random(f"{state} {seed}")
    case_id = cast.until(state).id
    now, known, longest = NOW, False, NOW
    for _ in range(7):
        now += chance.choice([2 * HOUR, 9 * HOUR, 20 * HOUR])
        if due_of(case_id) <= now + DAY:
            break
        if known and chance.random() < 0.4:
            take_back(cast, now)
            known = False
        else:
            sign(NOW + timedelta(hours=chance.randrange(1, int((now - NOW) / HOUR))), known=now)
            known = db.session.get_one(Parcel, (newest_parcel(), cast.shop)).signed_at is not None
            assert due_of(case_id) >= now + DAY
        assert fresh(case_id).state == state and due_of(case_id) >= longest
        longest = due_of(case_id) if known else longest  # a receipt that is taken back gives all the time there was
    assert not any(doctor.findings())


@pytest.mark.parametrize(("state", "signed", "learnt"), [("confirming", 1, 9), ("inspecting", 1, 9)])
def test_a_receipt_that_becomes_known_late_leaves_a_day(cast_both: Cast, state: str, signed: int, learnt: int) -> None:
    """The term counted from 签收 is over when that becomes known: nobody's silence was a yes before they could know."""
    case_id = cast_both.until(state).id
    sign(NOW + signed * DAY, known=NOW + learnt * DAY)
    assert due_of(case_id) == NOW + (learnt + 1) * DAY
    assert case_clock.sweep(NOW + learnt * DAY + 23 * HOUR) == 0
    assert case_clock.sweep(NOW + (learnt + 1) * DAY) == 1


def test_a_receipt_that_is_known_in_time_counts_as_ever(cast_both: Cast) -> None:
    case_id = cast_both.until("confirming").id
    sign(NOW + DAY, known=NOW + DAY)
    assert due_of(case_id) == NOW + 8 * DAY


def test_an_extension_adds_all_its_days_to_what_was_kept(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until("confirming")
    sign(NOW + DAY, known=NOW + 9 * DAY)
    before = due_of(case.id)
    cast.take(case, "extend", BUYER, NOW + 9 * DAY + HOUR)
    assert due_of(case.id) == before + 7 * DAY


# ---------------------------------------------------------------- the number of a parcel that goes back


@pytest.mark.parametrize("after", [timedelta(days=day, hours=5) for day in (0, 3, 8, 9)])
def test_another_number_leaves_the_shop_the_time_it_has_after_a_receipt(cast_both: Cast, after: timedelta) -> None:
    """Corrected to a parcel that was signed for long ago: the shop couldn't know by the wrong number."""
    cast = cast_both
    case = cast.until("inspecting")
    before, at = due_of(case.id), NOW + after
    cast.take(case, "edit_parcel", BUYER, at, parcel_id=newest_parcel(), carrier="YTO", number="YT8962646785389")
    sign(NOW + HOUR, known=at + HOUR)
    assert fresh(case.id).state == "inspecting"
    assert due_of(case.id) >= min(before, at + 3 * DAY)


def test_a_slow_carrier_that_was_none_takes_no_weeks_away_at_once(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until("returning")
    case = cast.take(case, "ship_return", BUYER, NOW, parcels=[("FREIGHT_OTHER", "20261123001")])
    at = NOW + 12 * DAY
    assert due_of(case.id) > at + 3 * DAY
    cast.take(case, "edit_parcel", BUYER, at, parcel_id=newest_parcel(), carrier="YTO", number="YT8962646785389")
    assert due_of(case.id) == at + 3 * DAY


# ---------------------------------------------------------------- counting again


def count(case: Case, received: int, accepted: int) -> list[InspectedLine]:
    lines = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id))
    return [InspectedLine(line.id, received, accepted, "not_resellable", "旧") for line in lines]


@pytest.mark.parametrize("stage", ["evidence", "deciding", "overdue"])
@pytest.mark.parametrize(("received", "accepted"), [pair for pair in COUNTS if pair[1] <= pair[0]])
def test_a_shop_alone_counts_nothing_away_while_the_platform_is_in_it(
    cast: Cast, stage: str, received: int, accepted: int
) -> None:
    """The rule decides by what came: with nothing received it closes, and the shop would have said so by itself."""
    case = cast.mediated(cast.until("disputed"), stage)
    counted = count(case, received, accepted)
    if received < 2_000 or accepted < 1_000:
        with pytest.raises(StepRefused, match="改少"):
            cast.take(case, "revise_inspection", SELLER, NOW + HOUR, counted=counted, note="重新数过")
        db.session.rollback()
        line = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).one()
        assert (line.received_milli, line.accepted_milli) == (2_000, 1_000)
        return
    cast.take(case, "revise_inspection", SELLER, NOW + HOUR, counted=counted, note="重新数过")
    assert fresh(case.id).escalated


def test_a_count_that_was_changed_is_told_with_what_it_was(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until("disputed")
    cast.take(case, "revise_inspection", SELLER, NOW + HOUR, counted=count(case, 1_000, 0), note="重新数过")
    event = db.session.scalars(select(CaseEvent).order_by(CaseEvent.version.desc()).limit(1)).one()
    said = event_details.describe_event(event, [], case_type="exchange")
    assert any("收到 2 → 1，通过 1 → 0" in sentence for sentence in said), said


# ---------------------------------------------------------------- a receipt beside an open case


def ship_and_sign(cast: Cast) -> Order:
    """An order that was sent here, whose only parcel a carrier says was signed for two days later."""
    order_id = cast.order(status="unshipped", received_at=None).id
    with writing():
        by = ActedBy(SELLER, cast.seller)
        unsent.ship_order(order_id, cast.shop, [("ZTO", "73610555582883")], by=by, now=NOW)
    polling.follow_orders(NOW)
    with writing():
        said = [Scan(NOW + 2 * DAY, "signed", "已签收")]
        shipment_id = db.session.scalars(select(Shipment.id)).one()
        keeping.keep_scans_of_order(shipment_id, said, now=NOW + 2 * DAY, origin="kuaidi100")
    return db.session.get_one(Order, (order_id, cast.shop), populate_existing=True)


def told(case: Case) -> list[Notice]:
    query = select(Notice).where(Notice.case_id == case.id, Notice.kind == "order_changed").order_by(Notice.id)
    return list(db.session.scalars(query))


@pytest.mark.parametrize("escalated", [False, True])
def test_a_receipt_that_is_corrected_beside_an_open_case_is_told_to_all(cast_both: Cast, escalated: bool) -> None:
    cast = cast_both
    order = ship_and_sign(cast)
    case = cast.open_case(order, now=NOW + 3 * DAY)
    case = cast.mediated(case, opened_at=case.opened_at) if escalated else case
    frozen = dict(case.opened_on)
    take_back(cast, NOW + 3 * DAY + HOUR)
    assert fresh(case.id).opened_on == frozen and frozen["received_at"]
    was = words.moment(NOW + 2 * DAY)
    people = [cast.buyer, cast.mediator] if escalated else [cast.buyer]
    assert [each.user_id for each in told(case)] == people
    assert all(f"签收时间 {was} → 无" in each.body and "误操作" in each.body for each in told(case))
    assert [each for each in doctor.findings() if each] == []
    [kept] = versions.list_since(order.id, order.shop_id, case.opened_at, Shown.MASKED)
    assert (kept.reason, kept.changes) == ("误操作", [["签收时间", was, ""]])
    assert not any(doctor.findings())


def test_the_mediator_learns_of_a_corrected_receipt_of_the_case(cast_both: Cast) -> None:
    cast = cast_both
    case_id = cast.until("confirming").id
    sign(NOW + DAY, known=NOW + DAY)
    case = cast.mediated(fresh(case_id))
    due_at = case.due_at
    take_back(cast, NOW + 2 * DAY)
    assert fresh(case_id).due_at == due_at  # a mediation's clock hangs on no parcel
    [notice] = told(case)
    assert notice.user_id == cast.mediator and words.moment(NOW + DAY) in notice.body
    event = db.session.scalars(select(CaseEvent).order_by(CaseEvent.version.desc()).limit(1)).one()
    said = event_details.describe_event(event, [], case_type="exchange")
    assert any(words.moment(NOW + DAY) in sentence for sentence in said)


# ---------------------------------------------------------------- sending what is given back


def send(cast: Cast, order_id: int, at: datetime) -> None:
    with writing():
        by = ActedBy(SELLER, cast.seller)
        unsent.ship_order(order_id, cast.shop, [("ZTO", "73610555582883")], by=by, now=at)


def unsent_order(cast: Cast) -> Order:
    return cast.order(status="unshipped", received_at=None, milli=2_000)


@pytest.mark.parametrize("state", ["refunding", "refund_failed", "completed"])
def test_goods_whose_refund_is_agreed_are_not_sent_by_hand(cast_both: Cast, state: str) -> None:
    cast = cast_both
    order = unsent_order(cast)
    cast.until(state, order=order, case_type=CaseType.REFUND_ONLY, reason="not_wanted")
    with pytest.raises(StepRefused, match="都已同意退款"):
        send(cast, order.id, NOW + HOUR)
    db.session.rollback()
    assert db.session.get_one(Order, (order.id, order.shop_id), populate_existing=True).status == "unshipped"


@pytest.mark.parametrize("state", ["refunding", "completed"])
def test_the_rest_of_an_order_is_sent_still(cast_both: Cast, state: str) -> None:
    cast = cast_both
    order = unsent_order(cast)
    cast.until(state, order=order, case_type=CaseType.REFUND_ONLY, reason="not_wanted", milli=1_000)
    assert list(to_send.count_given_back(order.shop_id, [order.id]).values()) == [1_000]
    send(cast, order.id, NOW + HOUR)
    assert db.session.get_one(Order, (order.id, order.shop_id), populate_existing=True).status == "in_transit"


def test_the_mediator_hears_that_goods_were_sent_after_all(cast_both: Cast) -> None:
    cast = cast_both
    order = unsent_order(cast)
    case = cast.mediated(cast.open_case(order, case_type=CaseType.REFUND_ONLY, reason="not_wanted"))
    send(cast, order.id, NOW + HOUR)
    [notice] = told(case)
    assert notice.user_id == cast.mediator and "待发货 → 已由 中通快递 73610555582883 发出" in notice.body
