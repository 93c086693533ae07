"""The seller's queue: tabs with counts, the least time left first, search; as columns, by key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, tuple_

from portal import flow
from portal.extensions import db
from portal.flow import State
from portal.models import Case, CaseTally, Order, User
from portal.orders import like

PAGE = 40
SHOWN = 100
SOON = timedelta(hours=24)  # from here on the time left is shown in another colour
RISK = timedelta(hours=4)  # a case with less than this left is at risk

TABS: dict[str, tuple[str, tuple[State, ...]]] = {
    "open": ("全部待办", tuple(state for state in State if state not in flow.FINAL)),
    "applied": ("待审核", (State.APPLIED,)),
    "revising": ("待买家修改", (State.REVISING,)),
    "returning": ("待买家寄回", (State.RETURNING,)),
    "inspecting": ("待验货", (State.INSPECTING,)),
    "disputed": ("验货有异议", (State.DISPUTED,)),
    "reshipping": ("待发货", (State.RESHIPPING,)),
    "confirming": ("待买家收货", (State.CONFIRMING,)),
    "risk": ("超时风险", ()),
    "completed": ("已完成", (State.COMPLETED,)),
    "closed": ("已关闭", (State.CLOSED, State.WITHDRAWN)),
}
DONE = frozenset({"completed", "closed"})
_FAR = datetime(9999, 1, 1, tzinfo=UTC)
_COLUMNS = (
    Case.id, Case.case_no, Case.state, Case.due_at, Case.escalated, Case.late, Case.goods, Case.spec, Case.wanted_spec,
    Case.unit, Case.quantity_milli, Case.line_count, Case.reason, Case.photo_count, Case.opened_at, Case.updated_at,
    Order.order_no, User.member_name.label("buyer"),
)  # fmt: skip
_FIRST = func.coalesce(Case.due_at, _FAR)


def page_of(
    shop_id: int,
    tab: str,
    now: datetime,
    *,
    words: str = "",
    reason: str = "",
    after: tuple[datetime, int] | None = None,
) -> tuple[Sequence[Any], tuple[datetime, int] | None]:
    """One page of the queue, and the key the next one begins after."""
    query = (
        select(*_COLUMNS)
        .join(Order, Order.id == Case.order_id)
        .join(User, User.id == Case.buyer_id)
        .where(Case.shop_id == shop_id, *_of_tab(tab, now))
        .limit(PAGE + 1)
    )
    if words:
        query = query.where(
            or_(
                Case.case_no.like(like(words)[1:], escape="\\"),
                Order.order_no == words,
                Case.goods.like(like(words), escape="\\"),
            )
        )
    if reason:
        query = query.where(Case.reason == reason)
    if tab in DONE:
        query = query.order_by(Case.updated_at.desc(), Case.id.desc())
        if after is not None:
            query = query.where(tuple_(Case.updated_at, Case.id) < tuple_(*after))
    else:
        query = query.order_by(_FIRST, Case.id)
        if after is not None:
            query = query.where(tuple_(_FIRST, Case.id) > tuple_(*after))
    rows = db.session.execute(query).all()
    if len(rows) <= PAGE:
        return rows, None
    last = rows[PAGE - 1]
    return rows[:PAGE], ((last.updated_at if tab in DONE else last.due_at or _FAR), last.id)


def _of_tab(tab: str, now: datetime) -> list[Any]:
    if tab == "risk":
        return [
            Case.state.in_(TABS["open"][1]),
            or_(Case.escalated, and_(Case.due_at.is_not(None), Case.due_at < now + RISK)),
        ]
    return [Case.state.in_(TABS[tab][1])]


def counts(shop_id: int, now: datetime) -> dict[str, int]:
    """The number on each tab: counters kept with the cases; 超时风险 counts at most SHOWN."""
    rows = db.session.execute(select(CaseTally.state, CaseTally.number).where(CaseTally.shop_id == shop_id)).all()
    numbers = {row.state: row.number for row in rows}
    found = {tab: sum(numbers.get(str(state), 0) for state in states) for tab, (_, states) in TABS.items()}
    at_risk = select(Case.id).where(Case.shop_id == shop_id, *_of_tab("risk", now)).limit(SHOWN).subquery()
    found["risk"] = int(db.session.scalar(select(func.count()).select_from(at_risk)) or 0)
    return found


def history_of(shop_id: int, buyer_id: int, now: datetime) -> tuple[int, int]:
    """Facts about a buyer in this shop in 90 days: how many applications, how many of them withdrawn."""
    row = db.session.execute(
        select(func.count(), func.coalesce(func.sum((Case.state == "withdrawn").cast(db.Integer)), 0)).where(
            Case.shop_id == shop_id, Case.buyer_id == buyer_id, Case.opened_at > now - timedelta(days=90)
        )
    ).one()
    return int(row[0]), int(row[1])
