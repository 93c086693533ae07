"""The clock's steps: settling one case now, the sweep over all, reminders, working a deadline out again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import select

from portal import flow
from portal.calendar import clock
from portal.calendar.lengths import get_deadline, get_deadlines
from portal.cases.case_facts import collect_facts, tell_late
from portal.cases.deadlines import find_clock_start, list_who_must_act, lock_case, next_reminder
from portal.cases.taking import log, settle
from portal.extensions import Busy, db, writing
from portal.flow import Actor, Stage, Stale, State, StepRefused
from portal.models import (
    Case,
)
from portal.notices import notices
from portal.system import notes

SWEEP_BATCH = 50


def settle_now(case_id: int, now: datetime) -> None:
    """Settle one case in a transaction of its own, so that a page shows the true state."""
    with writing():
        settle(lock_case(case_id), now)


def sweep(now: datetime, most: int = 1000) -> int:
    """Settle overdue cases and send due reminders; returns how many cases moved. Safe to run twice at once.

    A case that can't be settled, for whatever reason, holds up nobody: it is left for the next round, and an alarm
    stands until it can.
    """
    moved = 0
    stuck: dict[int, str] = {}
    while moved < most:
        query = select(Case.id).where(Case.due_at.is_not(None), Case.due_at <= now).order_by(Case.due_at)
        if stuck:
            query = query.where(Case.id.not_in(stuck))
        due = db.session.scalars(query.limit(SWEEP_BATCH)).all()
        db.session.rollback()
        if not due:
            break
        settled = settle_batch(due, now, stuck)
        if not settled and stuck.keys().isdisjoint(due):
            break  # another sweep has them
        moved += settled
    send_reminders(now, stuck)
    _raise_alarms(stuck)
    return moved


def _raise_alarms(stuck: dict[int, str]) -> None:
    """An alarm for each case that is stuck, none for the others."""
    for case_id, said in stuck.items():
        notes.raise_alarm(notes.STUCK_CASE, str(case_id), said, clock.now() - clock.get_shift())
    notes.end_alarms(notes.STUCK_CASE, [str(case_id) for case_id in stuck])


def _give_up(case_id: int, problem: Exception, stuck: dict[int, str]) -> None:
    said = problem.sentence if isinstance(problem, StepRefused) else f"{type(problem).__name__}: {problem}"
    log.error("case %d can't be settled: %s", case_id, said, exc_info=not isinstance(problem, StepRefused))
    stuck[case_id] = said


def settle_batch(case_ids: Sequence[int], now: datetime, stuck: dict[int, str]) -> int:
    """One transaction for many; when it fails, one for each. What fails alone is added to ``stuck``."""
    try:
        with writing():
            overdue = db.session.scalars(
                select(Case).where(Case.id.in_(case_ids), Case.due_at <= now).with_for_update(skip_locked=True)
            ).all()
            for case in overdue:
                settle(case, now)
        return len(overdue)
    except Busy:
        raise
    except Exception:  # whatever one case does to us, the others are not to wait for it
        db.session.rollback()
    for case_id in case_ids:
        try:
            settle_now(case_id, now)
        except Stale:
            continue
        except Busy:
            raise
        except Exception as problem:
            db.session.rollback()
            _give_up(case_id, problem, stuck)
    return len(set(case_ids) - stuck.keys())


def send_reminders(now: datetime, stuck: dict[int, str]) -> None:
    while True:
        due = (Case.remind_at.is_not(None), Case.remind_at <= now, Case.id.not_in(stuck))
        query = select(Case.id).where(*due).order_by(Case.remind_at).limit(SWEEP_BATCH)
        case_ids = db.session.scalars(query).all()
        db.session.rollback()
        if not case_ids or not _remind_of(case_ids, now, stuck):
            return


def _remind_of(case_ids: Sequence[int], now: datetime, stuck: dict[int, str]) -> int:
    """One transaction for many; when it fails, one for each. Returns how many were looked at, or gave up."""
    try:
        with writing():
            return _remind_each(case_ids, now)
    except Busy:
        raise
    except Exception:
        db.session.rollback()
    for case_id in case_ids:
        try:
            with writing():
                _remind_each([case_id], now)
        except Busy:
            raise
        except Exception as problem:
            db.session.rollback()
            _give_up(case_id, problem, stuck)
    return len(case_ids)


def _remind_each(case_ids: Sequence[int], now: datetime) -> int:
    cases = db.session.scalars(
        select(Case)
        .where(Case.id.in_(case_ids), Case.remind_at <= now)
        .order_by(Case.remind_at)
        .with_for_update(skip_locked=True)
    ).all()
    for case in cases:
        for actor in list_who_must_act(case):
            early = actor is Actor.MEDIATOR and case.stage == Stage.EVIDENCE  # they may decide, their time hasn't begun
            if case.due_at is not None and case.due_at > now and not early:
                notices.send_reminder(case, actor, now, tell_late(case, actor, partial(collect_facts, case, now)))
                for user_id in notices.list_reminded(case, actor):
                    notices.bump_unread(user_id)
        case.remind_at = next_reminder(find_clock_start(case), case.due_at, now)
    db.session.flush()
    return len(cases)


_BY_SILENCE = ("seller_receive", "buyer_confirm")  # what follows when these run out is taken for a yes


def reschedule_by_word(case: Case, now: datetime, *, keep: bool) -> None:
    """Work the deadline out again after a carrier's word, which takes away no term that was told.

    ``keep``: a 签收 was known before, and all of the term it gave is kept. Else one that becomes known late leaves a
    day at least where silence is a yes. What is left so stays, whatever is said of the parcel afterwards.
    """
    before, rule = case.due_at, case.due_rule
    reschedule(case, now)
    if before is None or case.due_at is None or case.due_rule != rule or (not keep and rule not in _BY_SILENCE):
        return
    least = before if keep else min(before, now + get_deadline("least_left"))
    if case.due_at < least:
        case.not_before = least
        reschedule(case, now)


def reschedule_as_taken_back(case: Case, now: datetime) -> None:
    """The same after a 签收 was taken back: no other one, however early, gives less time than that one gave."""
    if case.due_at is not None and not case.escalated:
        case.not_before = max(case.due_at, case.not_before or case.due_at)
    reschedule(case, now)


def reschedule(case: Case, now: datetime) -> None:
    """Work the deadline out again after a carrier's word, without a step. A mediation's clock hangs on no parcel."""
    facts = collect_facts(case, now)
    due_at, rule = flow.due(case.state, facts, get_deadlines())
    case.due_at, case.due_rule = due_at, rule
    case.arrived_at = facts.back_signed_at if case.state == State.INSPECTING else None
    case.remind_at = next_reminder(find_clock_start(case), due_at, now)
    db.session.flush()
