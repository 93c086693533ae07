"""What the one search says of the orders, customers and parcels that it found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select

from portal.cases.finding import not_by_shop
from portal.columns import Shape
from portal.extensions import db
from portal.models import Case, Order, OrderLine, Shipment, User
from portal.prepared import among

_case, _order, _line, _user, _shipment = (t.__table__.c for t in (Case, Order, OrderLine, User, Shipment))
_goods = (
    select(_line.title + " " + _line.spec)
    .where(_line.order_id == _order.id, not_by_shop(_line, _order.shop_id))
    .order_by(_line.position)
    .limit(1)
    .scalar_subquery()
)
_ORDERS = select(
    _order.id,
    _order.order_no,
    _order.status,
    _order.ordered_at,
    _order.imported_at,
    _goods.label("goods"),
    _user.member_name.label("buyer"),
).join_from(Order.__table__, User.__table__, _user.id == _order.buyer_id)
_PARCELS = select(
    _shipment.id,
    _shipment.tracking_no,
    _shipment.carrier_name,
    _shipment.status,
    _case.case_no,
).join_from(
    Shipment.__table__,
    Case.__table__,
    (_case.id == _shipment.case_id) & (_case.shop_id == _shipment.shop_id),
    isouter=True,
)


def _name_customers(shop_id: int) -> Select[int, str, str, str]:
    """People with the number of their newest order here, at which their page stands."""
    newest = (
        select(_order.order_no)
        .where(_order.shop_id == shop_id, _order.buyer_id == _user.id)
        .order_by(_order.ordered_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(_user.id, _user.member_name, _user.company_name, newest.label("order_no"))


def load_orders(shop_id: int, ids: Sequence[int]) -> Sequence[Any]:
    """Orders with their first line, the newest first."""
    return _load(_ORDERS.where(not_by_shop(_order, shop_id)), _order.id, ids)


def load_customers(shop_id: int, ids: Sequence[int]) -> Sequence[Row[int, str, str, str]]:
    """People who bought here."""
    return _load(_name_customers(shop_id), _user.id, ids)


def load_parcels(shop_id: int, ids: Sequence[int]) -> Sequence[Any]:
    """Parcels, with the case of those that have one."""
    return _load(_PARCELS.where(not_by_shop(_shipment, shop_id)), _shipment.id, ids)


def _load(query: Select[*Shape], column: ColumnElement[int], ids: Sequence[int]) -> Sequence[Row[*Shape]]:
    if not ids:
        return ()
    return db.session.execute(query.where(among(column, "ids")).order_by(column.desc()), {"ids": list(ids)}).all()
