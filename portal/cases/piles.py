"""The piles of the desk: which cases lie on which tab, in which order, and how many (to a limit)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache, reduce
from operator import add
from typing import NamedTuple

from sqlalchemy import ColumnElement, ColumnExpressionArgument, Select, bindparam, func, or_, select, text, tuple_

from portal.flow import State
from portal.models import Case, HeldStep, Order, User
from portal.models.cases import CLOSED, COMPLETED, OPEN
from portal.models.desk import HELD

PAGE = 40
SHOWN = 100  # a tab counts no further
RISK = timedelta(hours=4)  # what is due within this is the next thing to do


class Tab(NamedTuple):
    """One list: its words, the piles whose cases are in it, and the one state they are in ("": any)."""

    words: str
    group: str
    piles: tuple[str, ...]
    state: str = ""
    by_time: str = ""  # which part of what falls due


# What the shop must do itself or watch: its own pile, and parcels that no carrier has delivered yet.
WATCHED = ("shop", "way")
GROUPS: dict[str, str] = {"mine": "要我处理", "buyer": "等买家", "platform": "平台", "ended": "已结束", "every": "全部"}
TABS: dict[str, Tab] = {
    "mine": Tab("全部", "mine", ("shop",)),
    "overdue": Tab("已超时", "mine", WATCHED, by_time="overdue"),
    "soon": Tab(f"{RISK // timedelta(hours=1)} 小时内", "mine", WATCHED, by_time="soon"),
    "today": Tab("今天到期", "mine", WATCHED, by_time="today"),
    "applied": Tab("待审核", "mine", ("shop",), State.APPLIED),
    "countered": Tab("待答复方案", "mine", ("shop",), State.PROPOSED),
    "arrived": Tab("已签收待验", "mine", ("shop",), State.INSPECTING),
    "reshipping": Tab("待发货", "mine", ("shop",), State.RESHIPPING),
    "problem": Tab("收货有问题", "mine", ("shop",), State.CONFIRMING),
    "refunding": Tab("待退款", "mine", ("shop",), State.REFUNDING),
    "refund_failed": Tab("退款失败", "mine", ("shop",), State.REFUND_FAILED),
    "waiting": Tab("全部", "buyer", ("way", "buyer")),
    "way": Tab("退货在途", "buyer", ("way",)),
    "proposed": Tab("待确认方案", "buyer", ("buyer",), State.PROPOSED),
    "revising": Tab("待修改", "buyer", ("buyer",), State.REVISING),
    "returning": Tab("待寄回", "buyer", ("buyer",), State.RETURNING),
    "disputed": Tab("验货有异议", "buyer", ("buyer",), State.DISPUTED),
    "paying": Tab("待补差价", "buyer", ("buyer",), State.PAYING),
    "confirming": Tab("待收货", "buyer", ("buyer",), State.CONFIRMING),
    "mediation": Tab("平台介入", "platform", ("platform",)),
    "completed": Tab("已完成", "ended", (), State.COMPLETED),
    "closed": Tab("已关闭", "ended", (), State.CLOSED),
    "every": Tab("全部", "every", ()),
}
DONE = frozenset({"completed", "closed", "every"})  # the newest first; counted by counters
Key = tuple[datetime | int, int]  # where a list goes on: what it is sorted by, and the case


class Sort(NamedTuple):
    """What a list is sorted by, in words for those who choose it."""

    words: str
    column: str
    newest: bool = False  # or highest, first


SORTS: dict[str, Sort] = {
    "": Sort("最紧急的在前", "desk_at"),
    "amount": Sort("退款金额高的在前", "refund_fen", newest=True),
    "age": Sort("申请早的在前", "opened_at"),
    "buyer": Sort("同一买家在一起", "buyer_id"),
}
_BY_END = Sort("", "updated_at", newest=True)
_BY_APPLICATION = Sort("", "opened_at", newest=True)
PLACES = frozenset(sort.column for sort in (*SORTS.values(), _BY_END, _BY_APPLICATION))


def find_sort(tab: str, sort: str) -> Sort:
    """How a list is sorted; those of what has ended, and of everything, always have the newest first."""
    if tab in DONE:
        return _BY_APPLICATION if tab == "every" else _BY_END
    return SORTS[sort]


TIMED = tuple(tab for tab in TABS if TABS[tab].by_time)
MOVED = {"open": "mine", "risk": "soon", "inspecting": "arrived"}  # what older addresses call them

# Tables' own columns, not the entities' attributes: the same rows, without the work of the ORM on each.
_case, _order, _user, _held = (table.__table__.c for table in (Case, Order, User, HeldStep))
ORDER_NO = select(_order.order_no).where(_order.id == _case.order_id, _order.shop_id == _case.shop_id).scalar_subquery()
_COLUMNS = (
    _case.id,
    _case.case_no,
    _case.type,
    _case.state,
    _case.version,
    _case.due_at,
    _case.due_rule,
    _case.desk_at,
    _case.escalated,
    _case.stage,
    _case.late,
    _case.arrived_at,
    _case.overdue_at,
    _case.goods,
    _case.spec,
    _case.wanted_spec,
    _case.unit,
    _case.quantity_milli,
    _case.line_count,
    _case.reason,
    _case.basis,
    _case.photo_count,
    _case.opened_at,
    _case.updated_at,
    _case.refund_fen,
    _case.buyer_id,
    # looked up for each row of the page: a join would have PostgreSQL read all of the shop's orders first
    ORDER_NO.label("order_no"),
    select(_user.member_name).where(_user.id == _case.buyer_id).scalar_subquery().label("buyer"),
    select(_user.member_name).where(_user.id == _case.owner_id).scalar_subquery().label("owner"),
    _case.tags,
)
_WHEN: dict[str, tuple[ColumnElement[bool], ...]] = {
    "overdue": (_case.desk_at <= bindparam("now"),),
    "soon": (_case.desk_at > bindparam("now"), _case.desk_at <= bindparam("soon")),
    "today": (_case.desk_at > bindparam("now"), _case.desk_at <= bindparam("tonight")),
}


def _is_one_of(column: object, values: Iterable[str]) -> ColumnElement[bool]:
    """A condition that no index is looked for by: the list's own, which is in its order, is the right one."""
    unindexed = func.coalesce(column, "")
    return or_(*(unindexed == value for value in values))


def narrow_to(tab: str, states: frozenset[State] | None) -> list[ColumnExpressionArgument[bool]]:
    """The conditions of a tab, in the words of its index; ``states``: those that a role sees, None: all."""
    found = TABS[tab]
    if tab == "every":
        return [] if states is None else [_is_one_of(_case.state, sorted(states))]
    if tab in DONE:
        return [text(COMPLETED if tab == "completed" else CLOSED)]
    if len(found.piles) > 1:  # by the index of all open cases, which is in the list's order
        return [_is_one_of(_case.pile, found.piles), *_narrow_in_pile(found, states)]
    return [_case.pile == found.piles[0], *_narrow_in_pile(found, states)]


def _narrow_in_pile(tab: Tab, states: frozenset[State] | None) -> list[ColumnExpressionArgument[bool]]:
    said: list[ColumnExpressionArgument[bool]] = [text(OPEN), *_WHEN.get(tab.by_time, ())]
    if tab.state:
        return [*said, _case.state == str(tab.state)]
    return said if states is None else [*said, _is_one_of(_case.state, sorted(states))]


@cache
def build_list(
    tab: str, states: frozenset[State] | None, *, next_page: bool, sort: str = ""
) -> Select[*tuple[object, ...]]:
    """The statement of one page; what is overdue comes first, of ended cases the newest, or as ``sort`` says."""
    query = select(*_COLUMNS).where(_case.shop_id == bindparam("shop_id"), *narrow_to(tab, states))
    by = find_sort(tab, sort)
    column = _case[by.column]
    key = tuple_(bindparam("at", type_=column.type), bindparam("id"))
    if by.newest:
        query = query.order_by(column.desc(), _case.id.desc())
        return query.where(tuple_(column, _case.id) < key) if next_page else query
    query = query.order_by(column, _case.id)
    return query.where(tuple_(column, _case.id) > key) if next_page else query


@cache
def build_counts(tabs: tuple[str, ...], states: frozenset[State] | None) -> Select[*tuple[int, ...]]:
    """One row with a number for each of ``tabs``, in their order, each pile counted to SHOWN and no further."""
    return select(*(_count_tab(TABS[tab], states).label(f"of_{tab}") for tab in tabs))


def _count_tab(tab: Tab, states: frozenset[State] | None) -> ColumnElement[int]:
    """The sum of its piles, each counted in its own index; what is decided and only held back isn't to be done."""
    decided = select(_held.case_id).where(_held.shop_id == bindparam("shop_id"), text(HELD))
    in_piles = (
        select(_case.id)
        .where(_case.shop_id == bindparam("shop_id"), _case.pile == pile, *_narrow_in_pile(tab, states))
        .where(_case.id.not_in(decided))
        .order_by(_case.desk_at)  # or PostgreSQL would rather look for the first hundred in the table
        .limit(SHOWN)
        .subquery()
        for pile in tab.piles
    )
    counted = [select(func.count()).select_from(found).scalar_subquery() for found in in_piles]
    return reduce(add, counted)
