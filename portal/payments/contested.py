"""Contested payments looked at as a whole: what their cases say of them, and none that waits longer than it may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import or_, select

from portal.calendar.lengths import get_deadline
from portal.extensions import db
from portal.flow import State
from portal.models import Case, MoneyEntry
from portal.money import arrivals
from portal.money import entries as money_entries


def find_broken() -> Iterator[str]:
    """What doesn't hold: a case that says something else than its payments, a claim without its deadline."""
    query = select(Case).where(
        or_(
            Case.payment_claim.in_(("missing", "shown")),
            Case.id.in_(select(MoneyEntry.case_id).where(MoneyEntry.state == "contested")),
        )
    )
    for case in db.session.scalars(query.order_by(Case.id)):
        claim, since = arrivals.work_out_claim(case)
        if claim != case.payment_claim:
            yield f"case {case.case_no}: says {case.payment_claim or 'nothing'}, its payments say {claim or 'nothing'}"
            continue
        if since is None or case.escalated or case.state != State.REFUNDING or _owes_more(case):
            continue
        until = since + get_deadline("arrival_objection" if claim == "shown" else "arrival_answer")
        until = max(until + timedelta(seconds=case.paused_seconds), case.not_before or until)
        if case.due_at is None or case.due_at > until:
            yield f"case {case.case_no}: a payment that hasn't arrived waits longer than until {until:%Y-%m-%d}"


def _owes_more(case: Case) -> bool:
    return any(entry.state in money_entries.TO_PAY for entry in money_entries.list_of_case(case))
