"""待我处理: every case in which a buyer must act, the most urgent first, with what is to be done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, select, text, true

from portal.extensions import Moment, db
from portal.flow import Stage, State
from portal.models import BankAccount, Case, MoneyEntry
from portal.models.cases import ASKS_BUYER, WAITS_FOR_BUYER

MOST = 10_000  # counted
PAGE = 50

_case, _entry, _account = (table.__table__.c for table in (Case, MoneyEntry, BankAccount))
COLUMNS = (  # of a row
    _case.id,
    _case.case_no,
    _case.type,
    _case.state,
    _case.stage,
    _case.due_at,
    _case.due_rule,
    _case.late,
    _case.goods,
    _case.spec,
    _case.quantity_milli,
    _case.unit,
)
# A payment that came back and for which the buyer was asked for an account that they haven't given or declined.
_ACCOUNT_ASKED = (
    select(_entry.id)
    .where(
        _entry.case_id == _case.id,
        _entry.shop_id == _case.shop_id,
        _entry.state == "failed",
        _entry.route == "bank",
        ~select(_account.id)
        .where(_account.entry_id == _entry.id, _account.shop_id == _entry.shop_id, _account.erased_at.is_(None))
        .exists(),
    )
    .exists()
)
_UNHEARD = (_case.stage == Stage.EVIDENCE) & ~_case.heard.contains("buyer")
_OF_BUYER = _case.buyer_id == bindparam("buyer_id")
# What still lacks its address has no deadline: the shop is waited for, whatever can be sent already.
_ACTS = select(*COLUMNS).where(_OF_BUYER, text(WAITS_FOR_BUYER), _case.due_rule != "return_place")
_ASKED = select(*COLUMNS).where(
    _OF_BUYER,
    text(ASKS_BUYER),
    _UNHEARD | ((_case.state == State.REFUND_FAILED) & ~_case.escalated & _ACCOUNT_ASKED),
)


# Each from its own index, that has them by deadline; what is first of both is picked from these few.
def _list(*after: ColumnElement[bool]) -> Any:
    parts: list[Select[Any]] = [
        select(query.where(*after).order_by(_case.due_at.nulls_last()).limit(bindparam("most")).subquery())
        for query in (_ACTS, _ASKED)
    ]
    return parts[0].union_all(parts[1])


_AT = bindparam("at", type_=Moment())
_LIST = _list()
_NEXT = _list(func.coalesce(_case.due_at > _AT, true()))  # no OR: it would be looked up twice and sorted
_TIED = _ACTS.where(_case.due_at == _AT).union_all(_ASKED.where(_case.due_at == _AT))
_UNDATED = _ACTS.where(_case.due_at.is_(None)).union_all(_ASKED.where(_case.due_at.is_(None)))
_COUNT = select(func.count()).select_from(
    select(literal_column("1")).select_from(_ACTS.union_all(_ASKED).subquery("waits")).limit(MOST).subquery()
)


def count_waiting(buyer_id: int) -> int:
    """In how many cases this buyer must act, counted up to ``MOST``."""
    return int(db.session.scalar(_COUNT, {"buyer_id": buyer_id}) or 0)


def list_waiting(buyer_id: int, most: int = 3) -> Sequence[Any]:
    """Cases in which this buyer must act, the most urgent first."""
    found = db.session.execute(_LIST, {"buyer_id": buyer_id, "most": most}).all()
    return sorted(found, key=_urgency)[:most]


def list_page(buyer_id: int, after: datetime | None = None) -> tuple[Sequence[Any], datetime | None]:
    """One page of them, the most urgent first, and the deadline after which the next one begins.

    What falls due at the same moment, or has no deadline, is never divided: the page is longer by it.
    """
    values: dict[str, Any] = {"buyer_id": buyer_id, "most": PAGE + 1}
    query = _LIST if after is None else _NEXT
    found = sorted(db.session.execute(query, values | ({} if after is None else {"at": after})).all(), key=_urgency)
    if len(found) <= PAGE:
        return found, None
    last = found[PAGE - 1].due_at
    rest = (
        db.session.execute(_UNDATED, {"buyer_id": buyer_id})
        if last is None
        else db.session.execute(_TIED, {"buyer_id": buyer_id, "at": last})
    )
    before = [row for row in found if row.due_at is not None and (last is None or row.due_at < last)]
    return [*before, *sorted(rest, key=_urgency)], last


def find_waiting(buyer_id: int, case_ids: Sequence[int]) -> frozenset[int]:
    """Those of these cases in which this buyer must act."""
    among = _case.id.in_(case_ids)
    found = _ACTS.where(among).with_only_columns(_case.id).union_all(_ASKED.where(among).with_only_columns(_case.id))
    return frozenset(db.session.scalars(found, {"buyer_id": buyer_id}))


def _urgency(case: Any) -> tuple[bool, float, int]:
    """What orders cases: the earliest deadline first, those without one last."""
    return case.due_at is None, case.due_at.timestamp() if case.due_at else 0.0, case.id


# What is done first in each state, and in which words; "" for the step: it is answered on the case's own page.
DOES: dict[str, tuple[str, str]] = {
    State.PROPOSED: ("看方案", ""),
    State.REVISING: ("去补充", "modify"),
    State.RETURNING: ("去寄回", "ship_return"),
    State.DISPUTED: ("看验货结果", ""),
    State.PAYING: ("去补差价", "pay"),
    State.CONFIRMING: ("确认收货", "confirm"),
    State.REFUND_FAILED: ("填写账户", "give_account"),
}


def find_action(case: Any) -> tuple[str, str]:
    """What the row of a case offers to its buyer, and where that is done."""
    button, step = ("提交证据", "submit_evidence") if case.stage else DOES[case.state]
    return button, f"/cases/{case.case_no}" + (f"/{step}" if step else "")
