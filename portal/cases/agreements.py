"""What both sides agreed to last, and the event that did it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from portal.cases import proposals as cases_proposals
from portal.extensions import db
from portal.models import Case, CaseEvent


def build_agreement(case: Case) -> tuple[Any, Any] | None:
    """The terms that were agreed to last, and the event that did it with its hash; None when nothing was."""
    accepted = next((made for made in cases_proposals.list_of_case(case) if made.state == "accepted"), None)
    if accepted is None:
        return None
    events = db.session.execute(
        select(CaseEvent.version, CaseEvent.at, CaseEvent.author, CaseEvent.actor, CaseEvent.hash, CaseEvent.data)
        .where(CaseEvent.case_id == case.id, CaseEvent.shop_id == case.shop_id, CaseEvent.step.startswith("accept"))
        .order_by(CaseEvent.version)
    ).all()
    event = next((each for each in events if each.data.get("proposal") == accepted.version), None)
    return (accepted, event) if event is not None else None
