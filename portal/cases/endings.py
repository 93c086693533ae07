"""A case that has come to an end: from then on its buyer may say how content they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case as case_when
from sqlalchemy import insert, select, update

from portal.extensions import db
from portal.flow import FINAL, CaseType, State
from portal.models import Case, MoneyEntry, Rating
from portal.money import arrivals

MOST_ASKS = 2
ASKED_ABOUT = (State.COMPLETED, State.CLOSED)  # withdrawn: nothing was done; converted: another case goes on

_ENDS_WITH_MONEY = (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY)


def find_end(case: Case, entries: Sequence[MoneyEntry], now: datetime) -> str:
    """How the six steps end: ``done``, ``stop`` where the case ended early, "" while the last of them goes on.

    A refund that was recorded as paid has arrived when the buyer says so or lets the time for objecting pass.
    """
    if case.state != State.COMPLETED:
        return "stop" if case.state in FINAL else ""
    return "" if case.type in _ENDS_WITH_MONEY and arrivals.list_objectable(entries, now) else "done"


def note_end(case: Case, source: str, at: datetime) -> None:
    """Put the question that is asked about a case once it has ended; while it is open again, nobody is asked."""
    ended, had_ended = case.state in ASKED_ABOUT, source in ASKED_ABOUT
    if ended == had_ended:
        return
    again = case_when((Rating.asks < MOST_ASKS, at), else_=None)
    kept = db.session.execute(
        update(Rating)
        .where(Rating.case_id == case.id, Rating.shop_id == case.shop_id, Rating.stars.is_(None))
        .values(ended_at=at if ended else Rating.ended_at, next_ask_at=again if ended else None)
        .execution_options(synchronize_session=False)
    )
    if had_ended or kept.rowcount or _is_answered(case):  # type: ignore[attr-defined]
        return
    row = {"shop_id": case.shop_id, "case_id": case.id, "buyer_id": case.buyer_id, "ended_at": at, "next_ask_at": at}
    db.session.execute(insert(Rating), row)


def _is_answered(case: Case) -> bool:
    where = (Rating.case_id == case.id, Rating.shop_id == case.shop_id)
    return db.session.scalar(select(Rating.id).where(*where)) is not None
