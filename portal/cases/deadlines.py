"""Whose turn a case is, since when its clock runs, and the row lock every step begins with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal import flow
from portal.cases.mediation_rows import find_mediation, forget_read
from portal.extensions import db
from portal.flow import Actor, Stage, State, StepRefused
from portal.models import (
    Case,
)


def find_clock_start(case: Case) -> datetime:
    """Since when the present deadline runs: since its stage began, while the platform is in it."""
    if (began := find_mediation(case).stage_at) is not None:
        return began
    start: datetime = case.claimed_at if case.claimed_at and case.state == State.REFUNDING else case.entered_at
    return start


def list_who_must_act(case: Case) -> list[Actor]:
    """Whose turn it is; in a round of evidence each side that hasn't handed in any, then who may decide already."""
    if case.escalated and case.stage == Stage.EVIDENCE:
        heard = find_mediation(case).heard.split(",")
        return [side for side in (Actor.BUYER, Actor.SELLER) if side not in heard] or [Actor.MEDIATOR]
    actor = find_who_must_act(case)
    return [] if actor is None else [actor]


def find_who_must_act(case: Case) -> Actor | None:
    """Who must act on this case now."""
    if case.due_rule == "return_place" and not case.escalated:
        return Actor.SELLER  # nothing else runs until it is known where everything goes
    return flow.waits_for(
        case.state,
        escalated=case.escalated,
        unfulfilled=case.stage == Stage.UNFULFILLED,
        problem_open=case.problem_open,
        countered=case.countered,
        shown=case.payment_claim in ("shown", "denied"),
    )


def lock_case(case_id: int) -> Case:
    """The case, locked until the transaction ends. Raises StepRefused when there is none."""
    case = db.session.scalars(
        select(Case).where(Case.id == case_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if case is None:
        raise StepRefused("没有找到这张售后单")
    forget_read(case)
    return case


def next_reminder(start: datetime, due_at: datetime | None, at: datetime) -> datetime | None:
    if due_at is None:
        return None
    return next((moment for moment in flow.reminders(start, due_at) if moment > at), None)
