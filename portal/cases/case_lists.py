"""Cases as lists read them: a buyer's own by page, and the chain that a case belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Row, and_, bindparam, or_, select, tuple_

from portal.columns import CaseListed
from portal.extensions import Moment, db
from portal.flow import FINAL, CaseType, State
from portal.models import Case, Order, Parcel
from portal.orders import number_search
from portal.searching import LEAST_TAIL, escape_like, read_typed

PAGE = 20


_COLUMNS = (
    Case.id,
    Case.case_no,
    Case.type,
    Case.state,
    Case.goods,
    Case.spec,
    Case.quantity_milli,
    Case.unit,
    Case.due_at,
    Case.due_rule,
    Case.opened_at,
    Case.updated_at,
    Case.problem_open,
    Case.stage,
)
# The tabs of 我的售后, beside 待我处理.
TABS: dict[str, tuple[str, tuple[ColumnElement[bool], ...]]] = {
    "open": ("进行中", (Case.state.not_in([str(state) for state in FINAL]),)),
    "refund": ("退款", (Case.type.in_([str(CaseType.RETURN_REFUND), str(CaseType.REFUND_ONLY)]),)),
    "ended": ("已结束", (Case.state.in_([str(state) for state in FINAL]),)),
    "all": ("全部", ()),
}
_LISTS = {
    tab: select(*_COLUMNS)
    .where(Case.buyer_id == bindparam("buyer_id"), *where)
    .order_by(Case.updated_at.desc(), Case.id.desc())
    .limit(PAGE + 1)
    for tab, (_, where) in TABS.items()
}
_NEXT = {
    tab: query.where(tuple_(Case.updated_at, Case.id) < tuple_(bindparam("at", type_=Moment()), bindparam("id")))
    for tab, query in _LISTS.items()
}


def list_of_buyer(
    buyer_id: int, after: tuple[datetime, int] | None = None, *, tab: str = "all", words: str = ""
) -> tuple[Sequence[CaseListed], tuple[datetime, int] | None]:
    """One page of a buyer's cases, the newest change first, and the key the next one begins after.

    ``words``: only cases with this in their goods or specification, or with one of these numbers, also of their orders
    and parcels, whole or their last digits.
    """
    values: dict[str, object] = {"buyer_id": buyer_id}
    if after is not None:
        values["at"], values["id"] = after
    query = _LISTS[tab] if after is None else _NEXT[tab]
    if words and (known := number_search.find_cases(buyer_id, words)):
        query = query.where(Case.id.in_([each.case_id for each in known]))
    elif words:
        pattern = escape_like(words)
        found_by: list[ColumnElement[bool]] = [
            Case.goods.like(pattern, escape="\\"),
            Case.spec.like(pattern, escape="\\"),
        ]
        typed = read_typed(words)
        if typed.is_tail or len(typed.number) >= LEAST_TAIL:
            found_by += _ends_with(typed.number)
        query = query.where(or_(*found_by))
    rows = db.session.execute(query, values).all()
    if len(rows) <= PAGE:
        return rows, None
    return rows[:PAGE], (rows[PAGE - 1].updated_at, rows[PAGE - 1].id)


def _ends_with(number: str) -> list[ColumnElement[bool]]:
    """Conditions that a number of the case ends so: its own, its order's, one of its parcels'; each by one look-up."""
    like = f"%{number}"
    order = select(Order.id).where(Order.id == Case.order_id, Order.shop_id == Case.shop_id, Order.order_no.like(like))
    parcel = select(Parcel.id).where(
        Parcel.case_id == Case.id, Parcel.shop_id == Case.shop_id, Parcel.tracking_no.like(like)
    )
    return [Case.case_no.like(like), *(each.limit(1).scalar_subquery().is_not(None) for each in (order, parcel))]


def list_chain(case: Case) -> Sequence[Row[int, str, str, str, datetime, int]]:
    """All cases that one of them came out of another, with what was first at the front."""
    return db.session.execute(_CHAIN, {"case_id": case.id, "shop_id": case.shop_id}).all()


def list_cancelling(case: Case) -> Sequence[Row[int, str, str, str, datetime, int]]:
    """A case that ended because its order was called off, and the case that this opened; none: it wasn't like that.

    Calling an order off withdraws the refund that was asked for and opens its own at the same moment.
    """
    if case.type != CaseType.REFUND_ONLY or case.goods_state != "unshipped":
        return ()
    at = case.updated_at if case.state == State.WITHDRAWN else case.opened_at
    rows = db.session.execute(_CANCELLING, {"order_id": case.order_id, "shop_id": case.shop_id, "at": at}).all()
    return rows if len(rows) > 1 and any(row.id == case.id for row in rows) else ()


_RELATED = (Case.id, Case.case_no, Case.type, Case.state, Case.opened_at, Case.entry_count)
_CANCELLING = (
    select(*_RELATED)
    .where(Case.order_id == bindparam("order_id"), Case.shop_id == bindparam("shop_id"))
    .where(Case.type == CaseType.REFUND_ONLY, Case.goods_state == "unshipped")
    .where(
        or_(
            and_(Case.state == State.WITHDRAWN, Case.updated_at == bindparam("at", type_=Moment())),
            and_(Case.state != State.WITHDRAWN, Case.opened_at == bindparam("at", type_=Moment())),
        )
    )
    .order_by(Case.opened_at, Case.id)
    .limit(20)
)


_up = (
    select(Case.id, Case.parent_id)
    .where(Case.id == bindparam("case_id"), Case.shop_id == bindparam("shop_id"))
    .cte("up", recursive=True)
)


_up = _up.union(
    select(Case.id, Case.parent_id).join(_up, and_(Case.id == _up.c.parent_id, Case.shop_id == bindparam("shop_id")))
)


_down = select(_up.c.id).where(_up.c.parent_id.is_(None)).cte("down", recursive=True)


_down = _down.union(
    select(Case.id).join(_down, and_(Case.parent_id == _down.c.id, Case.shop_id == bindparam("shop_id")))
)


_CHAIN = (
    select(*_RELATED)
    .where(Case.id.in_(select(_down.c.id)), Case.shop_id == bindparam("shop_id"))
    .order_by(Case.opened_at, Case.id)
    .limit(20)
)
