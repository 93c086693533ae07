"""A step held back: tried out at once, taken once when its time has come, taken back in time, never half."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal.cases import clock as case_clock
from portal.cases import held, places, taking
from portal.cases.effects.hand_ins import Approval, HandIn, PlacedLines
from portal.extensions import db, writing
from portal.flow import Actor, Stale, StepRefused
from portal.models import Case, CaseEvent, CaseLine, HeldStep
from tests.cast import Cast
from tests.conftest import Clock

ELEVEN = timedelta(seconds=11)


def hold(cast: Cast, case: Case, now: Clock, step: str = "agree", handed: HandIn | None = None, **how: Any) -> int:
    with writing():
        held.hold(case, step, by=cast.by(Actor.SELLER), now=now.at, version=how.get("version"), handed=handed)
    return int(db.session.scalars(db.select(HeldStep.id).order_by(HeldStep.id.desc())).first() or 0)


def stands(case_id: int) -> tuple[str, int]:
    """Its state, and how many events its history has."""
    db.session.rollback()
    events = db.session.scalar(db.select(db.func.count(CaseEvent.id)).where(CaseEvent.case_id == case_id))
    return db.session.get_one(Case, case_id).state, int(events or 0)


def test_it_waits_ten_seconds_and_is_then_taken_once(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.open_case()
    hold(cast_both, case, now, handed=Approval())
    assert stands(case.id) == ("applied", 1) and held.is_held(cast_both.shop, case.id)
    assert held.carry_out_due(now.at) == 0
    now.forward(seconds=11)
    assert (held.carry_out_due(now.at), held.carry_out_due(now.at)) == (1, 0)
    assert stands(case.id) == ("returning", 2)
    assert db.session.scalars(db.select(HeldStep)).one().handed == {}  # what it said is in the case now


def test_taken_back_in_time_it_never_happened(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.open_case()
    row = hold(cast_both, case, now)
    with writing():
        assert held.undo(cast_both.shop, row, cast_both.seller2, now.at) is None  # somebody else's
        assert held.undo(cast_both.shop2, row, cast_both.seller, now.at) is None  # from another shop
        assert held.undo(cast_both.shop, row, cast_both.seller, now.at) == case.case_no
    now.forward(seconds=11)
    assert held.carry_out_due(now.at) == 0 and stands(case.id) == ("applied", 1)
    again = hold(cast_both, db.session.get_one(Case, case.id), now)
    now.forward(seconds=11)
    with writing():
        assert held.undo(cast_both.shop, again, cast_both.seller, now.at) is None  # too late
    assert held.carry_out_due(now.at) == 1


def test_what_is_wrong_is_said_when_it_is_handed_in(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.open_case()
    with pytest.raises(StepRefused):
        hold(cast_both, case, now, "reject", hand_in_of("reject"))
    with pytest.raises(Stale):
        hold(cast_both, db.session.get_one(Case, case.id), now, version=99)
    assert stands(case.id) == ("applied", 1)
    assert db.session.scalars(db.select(HeldStep)).all() == []


def hand_in_of(step: str) -> HandIn:
    from portal.cases.effects.step_context import hand_in_type

    return hand_in_type(step)()


def test_only_one_step_of_a_case_waits(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.open_case()
    hold(cast_both, case, now)
    with pytest.raises(StepRefused, match="您已同意，"):
        hold(cast_both, db.session.get_one(Case, case.id), now, "ask_evidence", HandIn(note="请补拍"))


def test_what_changed_meanwhile_is_reported_and_nothing_is_half_done(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.open_case()
    hold(cast_both, case, now)
    cast_both.take(case, "withdraw", Actor.BUYER, now.at)
    now.forward(seconds=11)
    assert held.carry_out_due(now.at) == 0 and stands(case.id) == ("withdrawn", 2)
    [row] = held.list_recent(cast_both.shop, cast_both.seller, now.at)
    assert row.state == "failed" and row.problem and row.case_no == case.case_no
    now.forward(minutes=11)
    assert held.list_recent(cast_both.shop, cast_both.seller, now.at) == []


def test_killed_in_the_middle_it_is_taken_once_afterwards(
    both: Flask, cast_both: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = cast_both.open_case()
    hold(cast_both, case, now)
    now.forward(seconds=11)

    def killed(*_args: Any, **_how: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("portal.cases.taking.update_counters", killed)  # the last thing a step does
        with pytest.raises(KeyboardInterrupt):
            held.carry_out_due(now.at)
    assert stands(case.id) == ("applied", 1)
    assert held.carry_out_due(now.at) == 1 and stands(case.id) == ("returning", 2)


def test_a_portal_that_was_down_over_the_deadline_keeps_the_sellers_word(
    both: Flask, cast_both: Cast, now: Clock
) -> None:
    case = cast_both.open_case()
    with writing():
        due = now.at + timedelta(minutes=30)
        db.session.execute(db.update(Case).where(Case.id == case.id).values(due_at=due))
    hold(cast_both, db.session.get_one(Case, case.id), now, "ask_evidence", HandIn(note="请补拍外包装"))
    now.forward(hours=2)
    assert held.carry_out_due(now.at) == 1
    case_clock.sweep(now.at)
    assert stands(case.id)[0] == "revising"


def test_what_has_parts_is_carried_out_as_it_was_handed_in(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.open_case(cast_both.order(lines=2), lines=2)
    query = db.select(CaseLine.id).where(CaseLine.case_id == case.id).order_by(CaseLine.id)
    lines = db.session.scalars(query).all()
    mill = ("围巾仓", "13900139000", "浙江省桐乡市濮院镇9号", "")
    hold(cast_both, case, now, handed=Approval(placed=[PlacedLines(mill, (lines[1],))]))
    now.forward(seconds=11)
    assert held.carry_out_due(now.at) == 1
    placed = places.list_places(db.session.get_one(Case, case.id, populate_existing=True))
    assert [place.line_ids for place in placed] == [(lines[0],), (lines[1],)] and placed[1].where == mill[:3]


def test_near_its_deadline_a_step_does_not_wait(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.open_case()
    assert held.may_hold(case, "agree", now.at) and not held.may_hold(case, "settle_entry", now.at)
    assert case.due_at and not held.may_hold(case, "agree", case.due_at - ELEVEN)


def test_every_step_that_may_wait_is_a_decision_without_money() -> None:
    from portal.people import roles

    assert not any(roles.moves_money(step) for step in held.HOLDABLE)
    assert taking.take is not held.hold  # type: ignore[comparison-overlap]
