"""Asking a tracking service where parcels are: when, how often, and what its answer moves.

A number is asked about every half hour while anything hangs on it that is under way, more rarely while the service
doesn't answer, and no longer than 30 days. A question is claimed by putting the next one off, so no two processes ask
the same; an asker that is killed leaves a claim that runs out, and the next answer brings again what it had not kept:
scans are kept once each.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import Moment, db, writing
from portal.flow import FINAL, StepRefused
from portal.models import AskingSlot, Case, Order, Parcel, Shipment, Track
from portal.parcels import carriers, following, keeping, parcel_view
from portal.parcels.couriers import AskFailed, Courier, Problem
from portal.parcels.scans import Scan
from portal.tracking import scans as case_scans

log = logging.getLogger("portal.polling")

EVERY = timedelta(minutes=30)
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (30, 60, 120, 240, 360))  # after failures in a row
TAKEN_FOR = timedelta(minutes=5)  # an asker that has said nothing for so long is gone
AT_ONCE = 5  # claimed together: answered well within TAKEN_FOR
MOST_FAILURES = 5  # in a row of one round, then the service is left alone until the next
MINUTE = timedelta(minutes=1)


def poll_carriers(courier: Courier, per_minute: int, clock_now: Callable[[], datetime]) -> int:
    """Ask about what is due, at most so often a minute; returns how many answers came. Outside ``writing()``."""
    answers = failures = 0
    while failures < MOST_FAILURES and (claimed := _claim(per_minute, clock_now())):
        for place, track in enumerate(claimed):
            problem = _ask(courier, track, clock_now)
            if problem is None:
                answers, failures = answers + 1, 0
            elif problem is Problem.LIMIT or (failures := failures + 1) >= MOST_FAILURES:
                _give_back(claimed[place + 1 :], clock_now() + MINUTE)
                return answers
    return answers


def follow_orders(now: datetime) -> int:
    """Follow the parcels of orders that are newly on their way; returns how many orders. Outside ``writing()``."""
    done = 0
    while following.orders_wait():
        with writing():
            many = following.follow_orders(now)
        done += many
        if not many:
            break  # another sweep has them
    db.session.rollback()
    return done


def _claim(per_minute: int, now: datetime) -> list[Any]:
    """Numbers that are due, put off for TAKEN_FOR so that nobody else asks about them meanwhile."""
    due = Track.next_at <= now
    waits = db.session.scalar(select(Track.id).where(due).limit(1)) is not None
    db.session.rollback()
    if not waits:
        return []
    _lay_slots(per_minute, now)
    with writing():
        slots = _take_slots(per_minute, now)
        if not slots:
            return []
        until = now + TAKEN_FOR
        rows = db.session.execute(
            select(
                Track.id,
                Track.carrier,
                Track.tracking_no,
                Track.phone_tail,
                Track.since_at,
                Track.failures,
                literal(until, Moment()).label("taken_until"),
            )
            .where(due)
            .order_by(Track.next_at)
            .limit(len(slots))
            .with_for_update(skip_locked=True)
        ).all()
        _mark([row.id for row in rows], next_at=until, tried_at=now)
        _free_slots_at(slots[: len(rows)], now + MINUTE)
    return list(rows)


def _lay_slots(per_minute: int, now: datetime) -> None:
    """As many as there are questions a minute; lowered later, those above are taken no more."""
    laid = db.session.scalar(select(func.coalesce(func.max(AskingSlot.number), 0))) or 0
    db.session.rollback()
    if laid < per_minute:
        make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
        rows = [{"number": number, "free_at": now} for number in range(laid + 1, per_minute + 1)]
        with writing():
            db.session.execute(make(AskingSlot).on_conflict_do_nothing(), rows)


def _take_slots(per_minute: int, now: datetime) -> Sequence[int]:
    """Up to AT_ONCE questions that may be asked now. Who holds some makes nobody wait: others pass over them."""
    free = or_(AskingSlot.free_at <= now, AskingSlot.free_at > now + MINUTE)  # the second: the clock was set back
    return db.session.scalars(
        select(AskingSlot.number)
        .where(AskingSlot.number <= per_minute, free)
        .order_by(AskingSlot.number)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()


def _free_slots_at(slots: Sequence[int], at: datetime) -> None:
    db.session.execute(
        update(AskingSlot)
        .where(AskingSlot.number.in_(slots))
        .values(free_at=at)
        .execution_options(synchronize_session=False)
    )


def _mark(track_ids: list[int], **columns: object) -> None:
    db.session.execute(
        update(Track).where(Track.id.in_(track_ids)).values(**columns).execution_options(synchronize_session=False)
    )


def _next(track: Any, next_at: datetime | None, now: datetime) -> None:
    """When to ask again, unless somebody has registered the number anew or wished for an answer meanwhile."""
    db.session.execute(
        update(Track)
        .where(Track.id == track.id, Track.next_at == track.taken_until)
        .values(next_at=next_at, ended_at=now if next_at is None else None)
        .execution_options(synchronize_session=False)
    )


def _give_back(tracks: list[Any], next_at: datetime) -> None:
    """Claimed and not asked about after all."""
    if tracks:
        with writing():
            _mark([track.id for track in tracks], next_at=next_at, tried_at=None)


def _ask(courier: Courier, track: Track, clock_now: Callable[[], datetime]) -> Problem | None:
    """Ask about one number and keep what is said; returns why there was no answer."""
    now = clock_now()
    carrier = carriers.by_code(track.carrier)
    hanging = _hanging(track.id, now)
    old = track.since_at < now - following.ASKED_FOR
    if carrier is None or not courier.knows(carrier) or not hanging or old:
        with writing():
            _mark([track.id], next_at=None, ended_at=now, tried_at=None)
        return None
    try:
        said = courier.ask(carrier, track.tracking_no, track.phone_tail)
    except AskFailed as failed:
        if failed.problem is not Problem.NOT_FOUND:
            log.warning("no answer about a parcel of %s (try %d): %s", track.carrier, track.failures + 1, failed)
            _failed(track, failed.problem, clock_now())
            return failed.problem
        said = []
    now = clock_now()
    for shipment in hanging:
        _keep(shipment, said, now, courier.name)
    with writing():
        still = any(row.ended_at is None for row in _shipments(track.id))
        _mark([track.id], checked_at=now, failures=0, error="" if said else str(Problem.NOT_FOUND))
        _next(track, now + EVERY if still else None, now)
        _mark_failing(track.id, False)
    return None


def _shipments(track_id: int) -> list[Any]:
    return list(
        db.session.execute(
            select(
                Shipment.id,
                Shipment.parcel_id,
                Shipment.ended_at,
                Shipment.signed_at,
                Case.state,
                Parcel.leg,
                Parcel.voided_at,
                Order.status,
                Order.received_at,
            )
            .join(Order, and_(Order.id == Shipment.order_id, Order.shop_id == Shipment.shop_id))
            .outerjoin(Case, and_(Case.id == Shipment.case_id, Case.shop_id == Shipment.shop_id))
            .outerjoin(Parcel, and_(Parcel.id == Shipment.parcel_id, Parcel.shop_id == Shipment.shop_id))
            .where(Shipment.track_id == track_id)
            .order_by(Shipment.id)
        )
    )


def _hanging(track_id: int, now: datetime) -> list[Any]:
    """What of a number's shipments is still of interest: nothing that was corrected, closed or is long over."""
    rows = _shipments(track_id)
    db.session.rollback()
    over: list[Any] = []
    found: list[Any] = []
    for row in rows:
        if row.parcel_id is None:
            gone = row.status == "cancelled" or (row.status == "completed" and row.received_at and not row.signed_at)
        else:
            gone = row.voided_at is not None or (row.state in FINAL and row.leg != "refused")
        (over if gone else found).append(row)
    wrong = [row.id for row in over if row.ended_at is None]
    if wrong:
        with writing():
            db.session.execute(
                update(Shipment)
                .where(Shipment.id.in_(wrong))
                .values(ended_at=now)
                .execution_options(synchronize_session=False)
            )
    return [row for row in found if row.ended_at is None or row.signed_at is not None]


def _keep(shipment: Shipment, said: list[Scan], now: datetime, origin: str) -> None:
    """In a transaction for each parcel; a case that can't be settled holds up nobody else."""
    if not said:
        return
    try:
        with writing():
            if shipment.parcel_id is None:
                keeping.keep_scans_of_order(shipment.id, said, now=now, origin=origin)
            else:
                case_scans.record_scans(shipment.parcel_id, said, now=now, origin=origin)
    except StepRefused as problem:
        log.error("scans of parcel %d can't be kept: %s", shipment.parcel_id, problem.sentence)


def _failed(track: Track, problem: Problem, now: datetime) -> None:
    counts = problem is not Problem.LIMIT
    failures = track.failures + counts
    with writing():
        pause = PAUSES[min(failures, len(PAUSES)) - 1] if counts else EVERY
        _mark([track.id], failures=failures, error=str(problem))
        _next(track, now + pause, now)
        if failures == parcel_view.FAILING_AFTER:
            _mark_failing(track.id, True)


def _mark_failing(track_id: int, failing: bool) -> None:
    db.session.execute(
        update(Shipment)
        .where(Shipment.track_id == track_id, Shipment.failing != failing)
        .values(failing=failing)
        .execution_options(synchronize_session=False)
    )
