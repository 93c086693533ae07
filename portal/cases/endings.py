"""A case that has come to an end: from then on its buyer may say how content they are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert

from portal.extensions import db
from portal.flow import State
from portal.models import Case, Rating

ASKED_ABOUT = (State.COMPLETED, State.CLOSED)  # withdrawn: nothing was done; converted: another case goes on


def note_end(case: Case, source: str, at: datetime) -> None:
    """Put the question that is asked about a case, once it has ended."""
    if case.state not in ASKED_ABOUT or source in ASKED_ABOUT:
        return
    row = {"shop_id": case.shop_id, "case_id": case.id, "buyer_id": case.buyer_id, "ended_at": at, "next_ask_at": at}
    db.session.execute(insert(Rating), row)
