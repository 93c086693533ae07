"""A buyer's orders, as columns: the list by key, one order, the numbers on tabs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, tuple_

from portal import flow
from portal.extensions import db
from portal.models import Case, Order, OrderLine, Product, Shop

PAGE = 20
SHOWN = 100  # numbers on tabs are bounded: more is 99+

# tab: (its name, the statuses it shows; None: every order with an after-sales case)
TABS: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "all": ("全部", ()),
    "unpaid": ("待付款", ("unpaid",)),
    "unshipped": ("待发货", ("unshipped",)),
    "receiving": ("待收货", ("in_transit", "delivered")),
    "done": ("已完成", ("completed",)),
    "aftersale": ("售后", None),
}
_COLUMNS = (
    Order.id, Order.order_no, Order.status, Order.status_text, Order.ordered_at, Order.received_at, Order.paid_fen,
    Order.case_count, Shop.name.label("shop"),
)  # fmt: skip


def _tab(query: Any, tab: str) -> Any:
    statuses = TABS[tab][1]
    if statuses is None:
        return query.where(Order.case_count > 0)
    return query.where(Order.status.in_(statuses)) if statuses else query


_LIST = {
    tab: _tab(
        select(*_COLUMNS)
        .join(Shop, Shop.id == Order.shop_id)
        .where(Order.buyer_id == bindparam("buyer_id"))
        .order_by(Order.ordered_at.desc(), Order.id.desc())
        .limit(PAGE + 1),
        tab,
    )
    for tab in TABS
}
_COUNT = {
    tab: select(func.count()).select_from(
        _tab(select(Order.id).where(Order.buyer_id == bindparam("buyer_id")), tab).limit(SHOWN).subquery()
    )
    for tab in TABS
}
_LINES = (
    select(
        OrderLine.order_id, OrderLine.id, OrderLine.title, OrderLine.spec, OrderLine.unit, OrderLine.unit_price_fen,
        OrderLine.quantity_milli, OrderLine.claimed_milli, OrderLine.cargo_no, Product.picture,
    )
    .outerjoin(Product, Product.id == OrderLine.product_id)
    .where(OrderLine.order_id.in_(bindparam("order_ids", expanding=True)))
    .order_by(OrderLine.order_id, OrderLine.position)
)  # fmt: skip
_CASES = (
    select(Case.order_id, Case.case_no, Case.state, Case.due_at, Case.goods)
    .where(Case.order_id.in_(bindparam("order_ids", expanding=True)))
    .order_by(Case.id.desc())
)


def like(words: str) -> str:
    """A pattern that finds ``words`` anywhere, with its own wildcards taken literally."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def page_of(
    buyer_id: int, tab: str, *, words: str = "", after: tuple[datetime, int] | None = None
) -> tuple[list[dict[str, Any]], tuple[datetime, int] | None]:
    """One page of orders with their lines and cases, newest first; and the key the next page begins after."""
    query = _LIST[tab]
    if words:
        goods = select(OrderLine.order_id).where(OrderLine.title.like(like(words), escape="\\"))
        query = query.where(or_(Order.order_no == words, Order.id.in_(goods)))
    if after is not None:
        query = query.where(tuple_(Order.ordered_at, Order.id) < tuple_(*after))
    rows = db.session.execute(query, {"buyer_id": buyer_id}).all()
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    ids = [row.id for row in rows]
    lines: dict[int, list[Any]] = {}
    cases: dict[int, list[Any]] = {}
    if ids:
        for line in db.session.execute(_LINES, {"order_ids": ids}):
            lines.setdefault(line.order_id, []).append(line)
        with_cases = [row.id for row in rows if row.case_count]
        if with_cases:
            for case in db.session.execute(_CASES, {"order_ids": with_cases}):
                cases.setdefault(case.order_id, []).append(case)
    found = [{"order": row, "lines": lines.get(row.id, []), "cases": cases.get(row.id, [])} for row in rows]
    return found, (rows[-1].ordered_at, rows[-1].id) if more else None


def counts(buyer_id: int) -> dict[str, int]:
    """How many orders each tab has, at most SHOWN."""
    return {tab: int(db.session.scalar(query, {"buyer_id": buyer_id}) or 0) for tab, query in _COUNT.items()}


def of_buyer(order_no: str, buyer_id: int) -> Order | None:
    """This buyer's order of that number."""
    return db.session.scalars(select(Order).where(Order.order_no == order_no, Order.buyer_id == buyer_id)).one_or_none()


def cases_of(order_id: int) -> Sequence[Any]:
    """The cases of an order, newest first."""
    return db.session.execute(_CASES, {"order_ids": [order_id]}).all()


_MINE = [state for state, actor in flow.WAITS_FOR.items() if actor is flow.Actor.BUYER]


def waiting_for(buyer_id: int, most: int = 3) -> Sequence[Any]:
    """Cases in which this buyer must act, the most urgent first."""
    return db.session.execute(
        select(Case.case_no, Case.state, Case.due_at, Case.goods)
        .where(and_(Case.buyer_id == buyer_id, Case.state.in_(_MINE), Case.due_at.is_not(None), ~Case.problem_open))
        .order_by(Case.due_at)
        .limit(most)
    ).all()
