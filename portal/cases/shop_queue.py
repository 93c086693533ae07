"""The seller's queue: tabs with counts, the least time left first, search; as columns, by key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, or_, select, text, tuple_

from portal import flow
from portal.extensions import Moment, db
from portal.flow import State
from portal.models import Case, CaseEvent, CaseTally, Order, User
from portal.models.cases import CLOSED, COMPLETED, MEDIATED, OPEN
from portal.orders.order_lists import escape_like

PAGE = 40
SHOWN = 100
SOON = timedelta(hours=24)  # from here on the time left is shown in another colour
RISK = timedelta(hours=4)  # a case with less than this left, or past its last deadline, is at risk

TABS: dict[str, tuple[str, tuple[State, ...]]] = {
    "open": ("全部待办", tuple(state for state in State if state not in flow.FINAL)),
    "applied": ("待审核", (State.APPLIED,)),
    "proposed": ("待买家确认方案", (State.PROPOSED,)),
    "revising": ("待买家修改", (State.REVISING,)),
    "returning": ("待买家寄回", (State.RETURNING,)),
    "inspecting": ("待验货", (State.INSPECTING,)),
    "disputed": ("验货有异议", (State.DISPUTED,)),
    "paying": ("待补差价", (State.PAYING,)),
    "reshipping": ("待发货", (State.RESHIPPING,)),
    "confirming": ("待买家收货", (State.CONFIRMING,)),
    "refunding": ("待退款", (State.REFUNDING,)),
    "refund_failed": ("退款失败", (State.REFUND_FAILED,)),
    "mediation": ("平台介入", ()),
    "risk": ("超时风险", ()),
    "completed": ("已完成", (State.COMPLETED,)),
    "closed": ("已关闭", (State.CLOSED, State.WITHDRAWN, State.CONVERTED)),
}
DONE = frozenset({"completed", "closed"})
# Tables' own columns, not the entities' attributes: the same rows, without the work of the ORM on each.
_case, _order, _user, _tally = (table.__table__.c for table in (Case, Order, User, CaseTally))
_COLUMNS = (
    _case.id,
    _case.case_no,
    _case.type,
    _case.state,
    _case.due_at,
    _case.queue_at,
    _case.escalated,
    _case.stage,
    _case.late,
    _case.overdue_at,
    _case.goods,
    _case.spec,
    _case.wanted_spec,
    _case.unit,
    _case.quantity_milli,
    _case.line_count,
    _case.reason,
    _case.photo_count,
    _case.updated_at,
    _order.order_no,
    _user.member_name.label("buyer"),
)

# Each tab is a range of one index, in that index's own words; tests/guards/test_plans.py looks at the plans.
_OF_TAB: dict[str, tuple[Any, ...]] = {tab: (_case.state == states[0],) for tab, (_, states) in TABS.items() if states}
_OF_TAB |= {
    "open": (text(OPEN),),
    "mediation": (text(MEDIATED),),
    "risk": (text(OPEN), _case.queue_at < bindparam("soon")),
    "completed": (text(COMPLETED),),
    "closed": (text(CLOSED),),
}
_KEY = tuple_(bindparam("at", type_=Moment()), bindparam("id"))


def build_statement(tab: str, *, next_page: bool) -> Any:
    query = (
        select(*_COLUMNS)
        .join(Order.__table__, _order.id == _case.order_id)
        .join(User.__table__, _user.id == _case.buyer_id)
        .where(_case.shop_id == bindparam("shop_id"), *_OF_TAB[tab])
        .limit(PAGE + 1)
    )
    if tab in DONE:
        query = query.order_by(_case.updated_at.desc(), _case.id.desc())
        return query.where(tuple_(_case.updated_at, _case.id) < _KEY) if next_page else query
    query = query.order_by(_case.queue_at, _case.id)
    return query.where(tuple_(_case.queue_at, _case.id) > _KEY) if next_page else query


_LIST = {(tab, next_page): build_statement(tab, next_page=next_page) for tab in TABS for next_page in (False, True)}
_TALLIES = select(_tally.state, _tally.number).where(_tally.shop_id == bindparam("shop_id"))
_BOUNDED = {
    tab: select(func.count()).select_from(
        select(_case.id)
        .where(_case.shop_id == bindparam("shop_id"), *_OF_TAB[tab])
        .order_by(_case.queue_at)  # or PostgreSQL would rather look for the first hundred in the table
        .limit(SHOWN)
        .subquery()
    )
    for tab in ("mediation", "risk")
}
_AT_RISK, _MEDIATED = (_BOUNDED[tab].scalar_subquery() for tab in ("risk", "mediation"))
_COUNTED = select(_AT_RISK.label("risk"), _MEDIATED.label("mediation"))


def list_page(
    shop_id: int,
    tab: str,
    now: datetime,
    *,
    words: str = "",
    reason: str = "",
    after: tuple[datetime, int] | None = None,
) -> tuple[Sequence[Any], tuple[datetime, int] | None]:
    """One page of the queue, and the key the next one begins after. Past its last deadline comes first."""
    query = _LIST[tab, after is not None]
    if words:
        query = query.where(
            or_(
                _case.case_no.like(escape_like(words)[1:], escape="\\"),
                _order.order_no == words,
                _case.goods.like(escape_like(words), escape="\\"),
            )
        )
    if reason:
        query = query.where(_case.reason == reason)
    values: dict[str, Any] = {"shop_id": shop_id}
    if tab == "risk":
        values["soon"] = now + RISK
    if after is not None:
        values["at"], values["id"] = after
    rows = db.session.execute(query, values).all()
    if len(rows) <= PAGE:
        return rows, None
    last = rows[PAGE - 1]
    return rows[:PAGE], (last.updated_at if tab in DONE else last.queue_at, last.id)


def count_tabs(shop_id: int, now: datetime) -> dict[str, int]:
    """The number on each tab: counters kept with the cases; 平台介入 and 超时风险 count at most SHOWN."""
    numbers = {row.state: row.number for row in db.session.execute(_TALLIES, {"shop_id": shop_id})}
    found = {tab: sum(numbers.get(state, 0) for state in states) for tab, (_, states) in TABS.items()}
    found |= db.session.execute(_COUNTED, {"shop_id": shop_id, "soon": now + RISK}).mappings().one()
    return found


_HISTORY = select(func.count(), func.coalesce(func.sum((_case.state == "withdrawn").cast(db.Integer)), 0)).where(
    _case.shop_id == bindparam("shop_id"),
    _case.buyer_id == bindparam("buyer_id"),
    _case.opened_at > bindparam("since"),
    # an order called off before it was sent is no application
    ~select(CaseEvent.id)
    .where(CaseEvent.case_id == _case.id, CaseEvent.version == 1, CaseEvent.step == "cancel_order")
    .exists(),
)


def count_history(shop_id: int, buyer_id: int, now: datetime) -> tuple[int, int]:
    """Facts about a buyer in this shop in 90 days: how many applications, how many of them withdrawn."""
    values = {"shop_id": shop_id, "buyer_id": buyer_id, "since": now - timedelta(days=90)}
    row = db.session.execute(_HISTORY, values).one()
    return int(row[0]), int(row[1])
