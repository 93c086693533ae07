"""The machine's clock jumps: no deadline fires before its time, none twice, and nobody is signed out by it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import doctor, sweeping
from portal.extensions import db
from portal.models import Case, CaseEvent, Notice
from tests.cast import Cast, post, sign_in
from tests.conftest import NOW, Clock


@pytest.fixture
def cast(cast_both: Cast, both: Flask) -> Iterator[Cast]:
    yield cast_both
    db.session.rollback()
    assert not any(doctor.findings())


def clocked() -> dict[tuple[int, int], datetime]:
    """What the clock did: (case, version) and when it says that it was."""
    db.session.rollback()
    rows = db.session.execute(
        select(CaseEvent.case_id, CaseEvent.version, CaseEvent.at).where(CaseEvent.actor == "clock")
    )
    return {(row.case_id, row.version): row.at for row in rows}


def test_no_deadline_fires_early_or_twice(both: Flask, cast: Cast, now: Clock) -> None:
    """The clock goes forth and back for ten days. Whatever it does, it does at a moment that has been reached."""
    order = cast.order(milli=400_000)
    for state in ("applied", "revising", "returning", "disputed", "reshipping", "applied", "returning"):
        cast.until(state, order=order)
    due = {case.id: case.due_at for case in db.session.scalars(select(Case))}
    chance = random.Random(7)
    latest = NOW
    seen: dict[Any, Any] = {}
    for turn in range(60):
        now.at = NOW + timedelta(hours=4 * turn + chance.choice((-30, -10, -1, 0, 1, 9, 30)))
        latest = max(latest, now.at)
        sweeping.sweep()
        done = clocked()
        assert seen.items() <= done.items()  # never taken back, never done again under another date
        assert all(at <= latest for at in done.values())
        for (case_id, version), at in done.items():
            if (case_id, version) not in seen:
                assert at <= now.at  # at the moment it was done, its time had come
            if version == min(v for c, v in done if c == case_id):
                assert at == due[case_id]  # dated when it fell due, not when the clock came round
        seen = done
    assert seen
    twice = db.session.execute(select(Notice.dedupe_key).group_by(Notice.dedupe_key).having(func.count() > 1)).all()
    assert not twice


@pytest.mark.parametrize("back", [timedelta(minutes=11), timedelta(hours=1), timedelta(days=1), timedelta(days=400)])
def test_back_does_nothing(both: Flask, cast: Cast, now: Clock, back: timedelta) -> None:
    due_at = cast.open_case().due_at
    assert due_at is not None
    now.at = NOW - back
    assert sweeping.sweep() == 0
    assert clocked() == {}
    now.at = due_at - timedelta(seconds=1)
    assert sweeping.sweep() == 0
    now.at = due_at
    assert sweeping.sweep() == 1
    now.at = due_at - back
    assert sweeping.sweep() == 0


def test_a_person_acts_while_the_clock_is_behind(both: Flask, cast: Cast, now: Clock) -> None:
    """Versions, not moments, order what happened."""
    case = cast.until("applied")
    case_id, case_no = case.id, case.case_no
    now.at = NOW - timedelta(hours=1)
    assert post(sign_in(both, "seller"), f"/seller/cases/{case_no}/ask_evidence", {"note": "请补拍"}).status_code == 303
    now.at = NOW + timedelta(minutes=1)
    buyer = sign_in(both, "buyer")
    assert post(buyer, f"/cases/{case_no}/withdraw").status_code == 303
    assert buyer.get(f"/cases/{case_no}").status_code == 200
    db.session.rollback()
    versions = db.session.scalars(select(CaseEvent.version).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id))
    assert list(versions) == [1, 2, 3]


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(hours=-1), timedelta(hours=1)])
def test_sessions_outlive_a_jump(both: Flask, cast: Cast, now: Clock, jump: timedelta) -> None:
    clients = {"buyer": sign_in(both, "buyer"), "seller": sign_in(both, "seller")}
    pages = {"buyer": "/orders", "seller": "/seller"}
    for step in (timedelta(0), jump, timedelta(0)):
        now.at = NOW + step
        sweeping.sweep()
        for name, client in clients.items():
            assert client.get(pages[name]).status_code == 200, (name, step)


def test_a_day_ahead_by_mistake_signs_nobody_out_for_good(both: Flask, cast: Cast, now: Clock) -> None:
    """A seller's session rests while the clock is wrong and goes on when it is right again."""
    buyer, seller = sign_in(both, "buyer"), sign_in(both, "seller")
    now.at = NOW + timedelta(days=1)
    sweeping.tidy(both.extensions["portal_store"], sweeping.imports_of(both.extensions["portal_settings"]))
    assert buyer.get("/orders").status_code == 200
    assert seller.get("/seller").status_code == 303
    now.at = NOW + timedelta(minutes=5)
    assert buyer.get("/orders").status_code == 200
    assert seller.get("/seller").status_code == 200


def test_reminders_are_sent_once(both: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case()
    due_at = case.due_at
    assert due_at is not None
    now.at = due_at - timedelta(hours=1)
    sweeping.sweep()
    db.session.rollback()
    sent = db.session.scalars(select(Notice.dedupe_key).where(Notice.kind == "reminder")).all()
    assert sent
    now.at = NOW
    sweeping.sweep()
    now.at = due_at - timedelta(minutes=50)
    sweeping.sweep()
    db.session.rollback()
    assert db.session.scalars(select(Notice.dedupe_key).where(Notice.kind == "reminder")).all() == sent
