"""Where the payments of a case stand, for who pays and for who is paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from portal.calendar.lengths import get_deadline
from portal.extensions import db
from portal.flow import is_proof_left
from portal.models import CaseEvent, MoneyEntry
from portal.money.entries import OPEN
from portal.prepared import among

_STANDING = select(
    MoneyEntry.kind,
    MoneyEntry.state,
    MoneyEntry.amount_fen,
    MoneyEntry.reference,
    MoneyEntry.settled_at,
    MoneyEntry.arrival,
    MoneyEntry.arrival_at,
).where(MoneyEntry.case_id == bindparam("case_id"), MoneyEntry.shop_id == bindparam("shop_id"))

DOUBT = "doubt_payment"
_DOUBTS = select(CaseEvent.data).where(
    CaseEvent.case_id == bindparam("case_id"),
    CaseEvent.shop_id == bindparam("shop_id"),
    CaseEvent.step == DOUBT,
)


def count_doubts(entry: Any, said: Sequence[Mapping[str, Any]]) -> int:
    """How often proof of this payment was doubted, by what the events keep; one made again has a number of its own."""
    return sum(data.get("money") == [entry.kind, entry.amount_fen, entry.reference] for data in said)


def list_doubts(case_id: int, shop_id: int) -> Sequence[Mapping[str, Any]]:
    """What the doubts of a case's payments keep of them."""
    return db.session.scalars(_DOUBTS, {"case_id": case_id, "shop_id": shop_id}).all()


def list_proved(shop_id: int, entries: Sequence[Any]) -> set[int]:
    """Of which of these payments, by id, the buyer has doubted as much proof as they have to look at."""
    if not entries:
        return set()
    doubts = select(CaseEvent.case_id, CaseEvent.data).where(
        among(CaseEvent.case_id, "cases"), CaseEvent.shop_id == bindparam("shop_id"), CaseEvent.step == DOUBT
    )
    said: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    cases = sorted({entry.case_id for entry in entries})
    for case_id, data in db.session.execute(doubts, {"cases": cases, "shop_id": shop_id}):
        said[case_id].append(data)
    return {
        entry.id for entry in entries if not is_proof_left(count_doubts(entry, said[entry.case_id]), escalated=False)
    }


def may_object(entry: Any, now: datetime) -> bool:
    """Whether the buyer can still say that this payment, recorded as made, hasn't arrived."""
    return bool(
        entry.state == "settled"
        and entry.kind != "difference"
        and entry.amount_fen
        and not entry.arrival
        and now < entry.settled_at + get_deadline("arrival_objection")
    )


def may_doubt(entry: Any, now: datetime) -> bool:
    """Whether the buyer can still say that this payment hasn't come, though the shop has shown proof of it."""
    return bool(is_shown(entry) and not stands(entry, now))


def is_shown(entry: MoneyEntry) -> bool:
    """Whether the shop has shown proof of this payment, and the buyer hasn't said anything since."""
    return bool(entry.state == "contested" and entry.arrival == "shown")


def stands(entry: Any, now: datetime) -> bool:
    """Whether proof of this payment was shown and the buyer let the whole term to doubt it pass."""
    return is_shown(entry) and bool(entry.arrival_at + get_deadline("arrival_objection") <= now)


def describe_standing(
    case_id: int, shop_id: int, now: datetime, entries: Sequence[Any] | None = None
) -> dict[str, int]:
    """What conditions ask: how many entries are open, wait for a second person, are contested or still can be;
    whether a payment is declared.

    ``entries``: those of the case, for a caller that has them already.
    """
    if entries is None:
        entries = db.session.execute(_STANDING, {"case_id": case_id, "shop_id": shop_id}).all()
    states = [entry.state for entry in entries]
    awaited = [entry for entry in entries if entry.state == "contested" and entry.arrival == "missing"]
    said = list_doubts(case_id, shop_id) if awaited else ()
    return {
        "doubts": min((count_doubts(entry, said) for entry in awaited), default=0),
        "open_entries": sum(state in OPEN for state in states),
        "waiting_entries": states.count("waiting"),
        "payment_declared": "declared" in states,
        "contested_entries": states.count("contested"),
        "objectable_entries": sum(may_object(entry, now) for entry in entries),
        "doubtable_entries": sum(may_doubt(entry, now) for entry in entries),
    }
