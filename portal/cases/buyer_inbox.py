"""待我处理: every case in which a buyer must act, the most urgent first, with what is to be done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, literal_column, select, text, tuple_

from portal import told
from portal.columns import CaseListed
from portal.extensions import Moment, db
from portal.flow import Stage, State
from portal.models import BankAccount, Case, Mediation, MoneyEntry
from portal.models.cases import ASKS_BUYER, WAITS_FOR_BUYER

PAGE = 50
MOST_COUNTED = 1_000
Key = tuple[datetime | None, int]  # the deadline and the case that a page ended with

_case, _entry, _account, _mediation = (table.__table__.c for table in (Case, MoneyEntry, BankAccount, Mediation))
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
_UNHEARD = (_case.stage == Stage.EVIDENCE) & (
    select(_mediation.case_id)
    .where(_mediation.case_id == _case.id, _mediation.shop_id == _case.shop_id, ~_mediation.heard.contains("buyer"))
    .exists()
)
_OF_BUYER = _case.buyer_id == bindparam("buyer_id")
# What still lacks its address has no deadline: the shop is waited for, whatever can be sent already.
# A refusal asks nothing of the buyer: it is told as one, with what they may do about it and until when.
_THEIRS = select(*COLUMNS).where(_OF_BUYER, text(WAITS_FOR_BUYER))
_ACTS = _THEIRS.where(_case.due_rule.not_in(("return_place", "refusal_answer")))
_REFUSED = _THEIRS.where(_case.due_rule == "refusal_answer")
_ASKED = select(*COLUMNS).where(
    _OF_BUYER,
    text(ASKS_BUYER),
    _UNHEARD | ((_case.state == State.REFUND_FAILED) & ~_case.escalated & _ACCOUNT_ASKED),
)
_BY_DEADLINE = (_case.due_at, _case.id)  # as the indexes have them
_DATED, _UNDATED = _case.due_at.is_not(None), _case.due_at.is_(None)
_LATER = tuple_(*_BY_DEADLINE) > tuple_(bindparam("at", type_=Moment()), bindparam("id"))


def _first_of(queries: Sequence[Any], *wheres: Any) -> Any:
    """The first few of each query under each condition, from its own index; what is first of all is among them."""
    few, *more = (
        select(query.where(where).order_by(*_BY_DEADLINE).limit(bindparam("most")).subquery())
        for query in queries
        for where in wheres
    )
    return few.union_all(*more) if more else few


_BOTH = _first_of((_ACTS, _ASKED, _REFUSED), _DATED, _UNDATED)
_QUERIES = {"waiting": (_ACTS, _ASKED), "refused": (_REFUSED,)}
_FIRST = {which: _first_of(queries, _DATED, _UNDATED) for which, queries in _QUERIES.items()}
_AFTER_DATED = {which: _first_of(queries, _LATER, _UNDATED) for which, queries in _QUERIES.items()}
_AFTER_UNDATED = {
    which: _first_of(queries, _UNDATED & (_case.id > bindparam("id"))) for which, queries in _QUERIES.items()
}
_COUNT = select(func.count()).select_from(
    select(literal_column("1")).select_from(_ACTS.union_all(_ASKED).subquery("waits")).limit(MOST_COUNTED).subquery()
)


def count_waiting(buyer_id: int) -> int:
    """In how many cases this buyer must act, counted up to ``MOST_COUNTED``."""
    return int(db.session.scalar(_COUNT, {"buyer_id": buyer_id}) or 0)


class Inbox(NamedTuple):
    """Cases in which a buyer must act, and those that the shop has refused; of each the most urgent first."""

    waiting: Sequence[Any]
    refused: Sequence[Any]
    more_refused: bool


NOTHING = Inbox((), (), more_refused=False)


def read_inbox(buyer_id: int, most: int = 3) -> Inbox:
    """Both lists of this buyer, each no longer than ``most``."""
    found = sorted(db.session.execute(_BOTH, {"buyer_id": buyer_id, "most": most + 1}).all(), key=_urgency)
    refused = [case for case in found if told.is_refused(case)]
    waiting = [case for case in found if not told.is_refused(case)]
    return Inbox(waiting[:most], refused[:most], len(refused) > most)


def list_page(
    buyer_id: int, which: str = "waiting", after: Key | None = None, size: int = PAGE
) -> tuple[Sequence[Any], Key | None]:
    """One page of those ``waiting`` or ``refused``, the earliest deadline first, none last; the key of the next one."""
    values: dict[str, object] = {"buyer_id": buyer_id, "most": size + 1}
    query = _FIRST[which]
    if after is not None:
        values["at"], values["id"] = after
        query = (_AFTER_UNDATED if after[0] is None else _AFTER_DATED)[which]
    found = sorted(db.session.execute(query, values).all(), key=_urgency)[: size + 1]
    return found[:size], (found[size - 1].due_at, found[size - 1].id) if len(found) > size else None


def find_waiting(buyer_id: int, case_ids: Sequence[int]) -> frozenset[int]:
    """Those of these cases in which this buyer must act."""
    among = _case.id.in_(case_ids)
    found = _ACTS.where(among).with_only_columns(_case.id).union_all(_ASKED.where(among).with_only_columns(_case.id))
    return frozenset(db.session.scalars(found, {"buyer_id": buyer_id}))


def _urgency(case: CaseListed) -> tuple[bool, float, int]:
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


def find_action(case: CaseListed) -> tuple[str, str]:
    """What the row of a case offers to its buyer, and where that is done."""
    button, step = ("提交证据", "submit_evidence") if case.stage else DOES[case.state]
    return button, f"/cases/{case.case_no}" + (f"/{step}" if step else "")
