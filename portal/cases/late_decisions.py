"""Mediations whose decision is late: each has somebody to make it, another one once it passed on, and a clock."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from portal.cases.mediation_rows import find_mediation
from portal.extensions import db
from portal.flow import Stage
from portal.models import Case
from portal.people import mediators


def find_broken() -> Iterator[str]:
    """What doesn't hold: no clock, nobody to decide though somebody could, the one who was late, one of a side."""
    query = select(Case).where(Case.escalated, Case.stage == Stage.OVERDUE).order_by(Case.id)
    for case in db.session.scalars(query):
        standing = find_mediation(case)
        able = mediators.deciders(case.buyer_id, case.shop_id)
        rule = "mediation_second" if standing.passed_at is None else "mediation_rule"
        if case.due_at is None or case.due_rule != rule:
            yield f"case {case.case_no}: its decision is late and no clock runs"
        elif standing.passed_at is not None and able and standing.mediator_id is None:
            yield f"case {case.case_no}: its decision is late and nobody has it"
        elif standing.mediator_id is not None and standing.mediator_id == standing.first_mediator_id:
            yield f"case {case.case_no}: the one who was late has it still"
        elif standing.mediator_id is not None and not mediators.may_decide(
            standing.mediator_id, case.buyer_id, case.shop_id
        ):
            yield f"case {case.case_no}: who has it is one of a side"
