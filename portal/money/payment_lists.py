"""A shop's payments as lists, totals and the arithmetic shown beside each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, func, select, text, tuple_

from portal.extensions import Moment, db
from portal.inputs import money_text, quantity_text
from portal.models import Case, MoneyEntry, Order, OrderLine, User
from portal.models.money import OPEN_ENTRY
from portal.money import sums as money_sums
from portal.prepared import Prepared

PAGE = 40
RECENT = 100  # payments made: the last ones, of which the number and total are shown

TABS: dict[str, str] = {
    "due": "待付款",
    "waiting": "待复核",
    "failed": "付款失败",
    "contested": "买家未收到",
    "declared": "买家已补差价",
    "settled": "已付清",
}

# Tables' own columns, not the entities' attributes: the same rows, without the work of the ORM on each.
_entry, _case, _order, _user = (table.__table__.c for table in (MoneyEntry, Case, Order, User))
_OPEN_IN_INDEX = text(f"money_entries.{OPEN_ENTRY}")

_ROW = (
    select(
        _entry.id,
        _entry.shop_id,
        _entry.case_id,
        _entry.kind,
        _entry.state,
        _entry.amount_fen,
        _entry.key,
        _entry.route,
        _entry.channel,
        _entry.reference,
        _entry.problem,
        _entry.tries,
        _entry.made_at,
        _entry.made_by,
        _entry.approved_at,
        _entry.settled_at,
        _entry.exported_at,
        _entry.arrival,
        _entry.arrival_at,
        _case.case_no,
        _case.type,
        _case.state.label("case_state"),
        _case.version,
        _case.due_at,
        _case.due_rule,
        _case.escalated,
        _case.goods,
        _case.goods_state,
        _order.order_no,
        _user.member_name.label("buyer"),
    )
    .join(Case.__table__, and_(_case.id == _entry.case_id, _case.shop_id == _entry.shop_id))
    .join(Order.__table__, and_(_order.id == _entry.order_id, _order.shop_id == _entry.shop_id))
    .join(User.__table__, _user.id == _case.buyer_id)
)

_OF_SHOP = _ROW.where(_entry.shop_id == bindparam("shop_id"))

_OPEN_LIST = (
    _OF_SHOP.where(_OPEN_IN_INDEX, _entry.state == bindparam("state"))
    .order_by(_entry.made_at, _entry.id)
    .limit(PAGE + 1)
)

_PAID_LIST = _OF_SHOP.where(_entry.state == "settled").order_by(_entry.made_at.desc(), _entry.id.desc()).limit(PAGE + 1)
_KEY = tuple_(bindparam("at", type_=Moment()), bindparam("id"))

_LISTS = {
    (False, False): _OPEN_LIST,
    (False, True): _OPEN_LIST.where(tuple_(_entry.made_at, _entry.id) > _KEY),
    (True, False): _PAID_LIST,
    (True, True): _PAID_LIST.where(tuple_(_entry.made_at, _entry.id) < _KEY),
}

_ONE = _OF_SHOP.where(_entry.id == bindparam("entry_id"))

_OPEN_TOTALS = Prepared(
    select(
        *(
            column
            for state in TABS
            if state != "settled"
            for column in (
                func.coalesce(func.sum(case((_entry.state == state, 1), else_=0)), 0),
                func.coalesce(func.sum(case((_entry.state == state, _entry.amount_fen), else_=0)), 0),
            )
        )
    ).where(_entry.shop_id == bindparam("shop_id"), _OPEN_IN_INDEX)
)

_PAID = (
    select(_entry.amount_fen)
    .where(_entry.shop_id == bindparam("shop_id"), _entry.state == "settled")
    .order_by(_entry.made_at.desc(), _entry.id.desc())
    .limit(RECENT)
    .subquery()
)

_PAID_TOTAL = select(func.count(), func.coalesce(func.sum(_PAID.c.amount_fen), 0)).select_from(_PAID)


def list_page(
    shop_id: int, tab: str, after: tuple[datetime, int] | None = None, *, size: int | None = None
) -> tuple[Sequence[Any], tuple[datetime, int] | None]:
    """One page of a tab and the key the next one begins after: what has waited longest first, payments made last."""
    paid = tab == "settled"
    values: dict[str, object] = {"shop_id": shop_id}
    if not paid:
        values["state"] = tab
    if after is not None:
        values["at"], values["id"] = after
    query = _LISTS[paid, after is not None]
    rows = db.session.execute(query if size is None else query.limit(size + 1), values).all()
    size = size or PAGE
    if len(rows) <= size:
        return rows, None
    return rows[:size], (rows[size - 1].made_at, rows[size - 1].id)


def find_entry(shop_id: int, entry_id: int) -> Any | None:
    """One payment of this shop with what its case, order and buyer say; None for another shop's."""
    return db.session.execute(_ONE, {"shop_id": shop_id, "entry_id": min(entry_id, 2**62)}).one_or_none()


def add_up_tabs(shop_id: int) -> dict[str, tuple[int, int]]:
    """How many payments and how much (分) stand on each tab; of those made only the last RECENT are counted."""
    paid = db.session.execute(_PAID_TOTAL, {"shop_id": shop_id}).one()
    return add_up_open(shop_id) | {"settled": (int(paid[0]), int(paid[1]))}


def add_up_open(shop_id: int) -> dict[str, tuple[int, int]]:
    """The same of the tabs whose payments aren't made yet."""
    (found,) = _OPEN_TOTALS.list_rows(shop_id=shop_id)
    open_tabs = [tab for tab in TABS if tab != "settled"]
    return {tab: (int(found[2 * n]), int(found[2 * n + 1])) for n, tab in enumerate(open_tabs)}


def show_working(order_id: int, entries: Sequence[MoneyEntry], *, unshipped: bool) -> dict[int, list[str]]:
    """How each entry's amount came about, in sentences, by its id: the units' share of the price, or what was agreed.

    Empty for what is no share of the price paid. ``unshipped``: the freight that was paid goes back as well.
    """
    if not any(entry.lines for entry in entries):
        return {}
    rows = db.session.execute(
        select(
            OrderLine.id,
            OrderLine.title,
            OrderLine.spec,
            OrderLine.unit,
            OrderLine.unit_price_fen,
            OrderLine.quantity_milli,
            OrderLine.own_paid_fen,
            *(getattr(Order, name) for name in money_sums.OrderSums._fields),
        )
        .join(Order, and_(Order.id == OrderLine.order_id, Order.shop_id == OrderLine.shop_id))
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position, OrderLine.id)
    ).all()
    shared = money_sums.work_out_shares(
        money_sums.OrderSums(*(getattr(rows[0], name) for name in money_sums.OrderSums._fields)),
        [(row.unit_price_fen, row.quantity_milli) for row in rows],
        unshipped=unshipped,
        own=[row.own_paid_fen for row in rows],
    )
    known = {row.id: (row, share) for row, share in zip(rows, shared, strict=True)}
    return {
        entry.id: [show_share(*known[line], fen, milli) for line, fen, milli in entry.lines]
        for entry in entries
        if entry.kind != "difference_return"  # no part of what was paid for the order
    }


def show_share(line: Any, share: int, fen: int, milli: int) -> str:
    """One line's part: 「袜子 黑色:10 双实付 125.00 元,退 2 双为 25.00 元」."""
    name, unit = f"{line.title} {line.spec}".strip(), line.unit
    bought = f"{name}：{quantity_text(line.quantity_milli)} {unit}实付 {money_text(share)} 元"
    if not milli:
        return f"{bought}，按约定其中 {money_text(fen)} 元"
    whole, less = share * milli, share * milli - fen * line.quantity_milli
    why = "（按分取整，最后一份取余数）" if less else ""
    if less >= line.quantity_milli:  # a whole 分: agreed on, or given back before
        why = f"，少于实付的 {money_text(whole // line.quantity_milli)} 元"
    return f"{bought}，退 {quantity_text(milli)} {unit}为 {money_text(fen)} 元{why}"


def load_names(entries: Sequence[MoneyEntry]) -> dict[int, str]:
    """会员名 of who planned, approved and recorded these payments, by user id."""
    ids = {user for entry in entries for user in (entry.made_by, entry.approved_by, entry.settled_by) if user}
    if not ids:
        return {}
    return dict(db.session.execute(select(User.id, User.member_name).where(User.id.in_(ids))).all())
