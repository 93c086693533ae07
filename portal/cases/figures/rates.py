"""How many orders the cases came out of: the denominators of 每百单."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, literal_column, select

from portal.cases.figures.groups import bound_week
from portal.cases.queue_filters import Filters, begin_day, end_day
from portal.extensions import db
from portal.models import Order, OrderLine, OrderLink, Sku
from portal.prepared import among

_order, _line, _sku, _link = (table.__table__.c for table in (Order, OrderLine, Sku, OrderLink))
_OF_PERIOD = (
    _order.shop_id == bindparam("shop_id"),
    _order.ordered_at >= bindparam("since"),
    _order.ordered_at < bindparam("until"),
)
_ALL = select(func.count()).select_from(Order.__table__).where(*_OF_PERIOD)
_BUYERS = (
    select(_order.buyer_id, func.count()).where(*_OF_PERIOD, among(_order.buyer_id, "keys")).group_by(_order.buyer_id)
)
_same_shop = (
    func.coalesce(_link.shop_id, literal_column("0")) == _order.shop_id
)  # orders first: a shop's links may be many
_SUPPLIERS = (
    select(_link.upstream_shop_id, func.count())
    .join_from(Order.__table__, OrderLink.__table__, (_link.downstream_id == _order.id) & _same_shop)
    .where(*_OF_PERIOD)
    .group_by(_link.upstream_shop_id)
)
_SKUS = (
    select(_sku.id, func.count(_order.id.distinct()))
    .join_from(Order.__table__, OrderLine.__table__, (_line.order_id == _order.id) & (_line.shop_id == _order.shop_id))
    .join(
        Sku.__table__,
        (_sku.product_id == _line.product_id) & (_sku.shop_id == _line.shop_id) & (_sku.spec == _line.spec),
    )
    .where(*_OF_PERIOD, among(_sku.id, "keys"))
    .group_by(_sku.id)
)
# Narrowed down by these, the orders that the cases came out of are no longer all of the shop's.
_OF_SOME_ORDERS = (
    "buyer_id",
    "sku_id",
    "supplier_id",
    "carrier",
    "owner_id",
    "tag",
    "words",
    "least_fen",
    "older_days",
)


def count_orders(shop_id: int, filters: Filters, by: str, keys: Collection[Hashable]) -> dict[Hashable, int]:
    """The orders of the period by the key of the group; none where a group has no orders of its own."""
    if by not in _COUNT or any(getattr(filters, name) not in ("", 0, None) for name in _OF_SOME_ORDERS):
        return {}
    return _COUNT[by](shop_id, filters, keys)


def _values(shop_id: int, since: datetime, until: datetime) -> dict[str, object]:
    return {"shop_id": shop_id, "since": since, "until": until}


def _of_period(shop_id: int, filters: Filters) -> dict[str, object]:
    return _values(shop_id, begin_day(filters.since), end_day(filters.until))


def _count_all(shop_id: int, filters: Filters, keys: Collection[Hashable]) -> dict[Hashable, int]:
    number = int(db.session.execute(_ALL, _of_period(shop_id, filters)).scalar() or 0)
    return dict.fromkeys(keys, number)


def _count_weeks(shop_id: int, filters: Filters, keys: Collection[date]) -> dict[date, int]:
    found = {}
    for monday in keys:
        first, last = bound_week(filters, monday)
        values = _values(shop_id, begin_day(first.isoformat()), end_day(last.isoformat()))
        found[monday] = int(db.session.execute(_ALL, values).scalar() or 0)
    return found


def _count_grouped(
    statement: Select[*tuple[Any, ...]],
) -> Callable[[int, Filters, Collection[Hashable]], dict[Hashable, int]]:
    def count(shop_id: int, filters: Filters, keys: Collection[Hashable]) -> dict[Hashable, int]:
        values = {**_of_period(shop_id, filters), "keys": list(keys)}
        rows = db.session.execute(statement, {name: values[name] for name in statement.compile().params})
        return {key: int(number) for key, number in rows if key in keys}

    return count


_COUNT: dict[str, Callable[[int, Filters, Collection[Any]], dict[Any, int]]] = {
    "reason": _count_all,
    "week": _count_weeks,
    "buyer": _count_grouped(_BUYERS),
    "supplier": _count_grouped(_SUPPLIERS),
    "sku": _count_grouped(_SKUS),
}
