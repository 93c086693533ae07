"""The clock's steps: settling one case now, the sweep over all, reminders, working a deadline out again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal import flow
from portal.cases.case_facts import collect_facts
from portal.cases.deadlines import find_clock_start, get_deadlines, list_who_must_act, lock_case, next_reminder
from portal.cases.taking import log, settle
from portal.extensions import db, writing
from portal.flow import Stale, StepRefused
from portal.models import (
    Case,
)
from portal.notices import notices

SWEEP_BATCH = 50


def settle_now(case_id: int, now: datetime) -> None:
    """Settle one case in a transaction of its own, so that a page shows the true state."""
    with writing():
        settle(lock_case(case_id), now)


def sweep(now: datetime, most: int = 1000) -> int:
    """Settle overdue cases and send due reminders; returns how many cases moved. Safe to run twice at once.

    A case that can't be settled is logged and left for the next round; it holds up nobody.
    """
    moved = 0
    stuck: set[int] = set()
    while moved < most:
        query = select(Case.id).where(Case.due_at.is_not(None), Case.due_at <= now).order_by(Case.due_at)
        if stuck:
            query = query.where(Case.id.not_in(stuck))
        due = db.session.scalars(query.limit(SWEEP_BATCH)).all()
        db.session.rollback()
        if not due:
            break
        settled = settle_batch(due, now, stuck)
        if not settled and stuck.isdisjoint(due):
            break  # another sweep has them
        moved += settled
    send_reminders(now)
    return moved


def settle_batch(case_ids: Sequence[int], now: datetime, stuck: set[int]) -> int:
    """One transaction for many; when it fails, one for each. What fails alone is added to ``stuck``."""
    try:
        with writing():
            overdue = db.session.scalars(
                select(Case).where(Case.id.in_(case_ids), Case.due_at <= now).with_for_update(skip_locked=True)
            ).all()
            for case in overdue:
                settle(case, now)
        return len(overdue)
    except StepRefused:
        for case_id in case_ids:
            try:
                settle_now(case_id, now)
            except Stale:
                continue
            except StepRefused as problem:
                log.error("case %d can't be settled: %s", case_id, problem.sentence)
                stuck.add(case_id)
        return len(set(case_ids) - stuck)


def send_reminders(now: datetime) -> None:
    while True:
        with writing():
            cases = db.session.scalars(
                select(Case)
                .where(Case.remind_at.is_not(None), Case.remind_at <= now)
                .order_by(Case.remind_at)
                .limit(SWEEP_BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            if not cases:
                return
            for case in cases:
                for actor in list_who_must_act(case):
                    if case.due_at is not None and case.due_at > now:
                        notices.send_reminder(case, actor, now)
                        for user_id in notices.list_readers(case, actor):
                            notices.bump_unread(user_id)
                case.remind_at = next_reminder(find_clock_start(case), case.due_at, now)
            db.session.flush()


def reschedule(case: Case, now: datetime) -> None:
    """Work the deadline out again after a carrier's word, without a step. A mediation's clock hangs on no parcel."""
    due_at, rule = flow.due(case.state, collect_facts(case, now), get_deadlines())
    case.due_at, case.due_rule = due_at, rule
    case.remind_at = next_reminder(find_clock_start(case), due_at, now)
    db.session.flush()
