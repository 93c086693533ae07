"""Finding a shop's cases and orders by what was scanned or typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import or_, select

from portal.extensions import db
from portal.models import Case, CaseLink, Order, Shipment, User
from portal.orders.order_lists import escape_like
from portal.searching import Typed, read_typed

MOST = 20  # hits of each kind on one page

_case, _order, _user, _shipment = (table.__table__.c for table in (Case, Order, User, Shipment))
_below_table, _order_table_below = Case.__table__.alias("case_below"), Order.__table__.alias("order_below")
_link, _case_below, _order_below = CaseLink.__table__.c, _below_table.c, _order_table_below.c
_CASES = (
    select(
        _case.id,
        _case.case_no,
        _case.type,
        _case.state,
        _case.stage,
        _case.late,
        _case.due_at,
        _case.goods,
        _case.spec,
        _case.unit,
        _case.quantity_milli,
        _order.order_no,
        _user.member_name.label("buyer"),
    )
    .join_from(Case.__table__, Order.__table__, _order.id == _case.order_id)
    .join(User.__table__, _user.id == _case.buyer_id)
)
_ORDERS = select(
    _order.id,
    _order.order_no,
    _order.status,
    _order.ordered_at,
    _user.member_name.label("buyer"),
).join_from(Order.__table__, User.__table__, _user.id == _order.buyer_id)


class Found(NamedTuple):
    """Hits of a search, the newest first, at most ``MOST`` of each kind; ``more`` says that there are others."""

    cases: Sequence[Any]
    orders: Sequence[Any]
    more: bool


def find_scanned(shop_id: int, raw: str) -> Sequence[Any]:
    """The cases that a scanned number means: a case's own, else a parcel's, else those of an order; at most nine."""
    number = read_typed(raw).number
    if not number:
        return ()
    query = _CASES.where(_case.shop_id == shop_id).order_by(_case.opened_at.desc(), _case.id.desc()).limit(9)
    for condition in (
        _case.case_no == number,
        _case.id.in_(_find_above(shop_id, _case_below.case_no == number)),
        _case.id.in_(
            select(_shipment.case_id).where(
                _shipment.shop_id == shop_id, _shipment.tracking_no == number, _shipment.case_id.is_not(None)
            )
        ),
        _case.order_id.in_(
            select(_shipment.order_id).where(_shipment.shop_id == shop_id, _shipment.tracking_no == number)
        ),
        _case.order_id.in_(select(_order.id).where(_order.shop_id == shop_id, _order.order_no == number)),
        _case.order_id.in_(select(_order.id).where(_order.shop_id == shop_id, _order.downstream_order_no == number)),
        _case.id.in_(_find_above(shop_id, _order_below.order_no == number)),
    ):
        if found := db.session.execute(query.where(condition)).all():
            return found
    return ()


def search(shop_id: int, raw: str) -> Found:
    """Everything of a shop that fits what was typed, whatever its state: numbers, ends of numbers, names, goods."""
    typed = read_typed(raw)
    if not typed.words:
        return Found((), (), False)
    cases = _fetch(_CASES.where(_case.shop_id == shop_id).order_by(_case.id.desc()), _fits_case(shop_id, typed))
    orders = _fetch(_ORDERS.where(_order.shop_id == shop_id).order_by(_order.id.desc()), _fits_order(shop_id, typed))
    return Found(cases[:MOST], orders[:MOST], max(len(cases), len(orders)) > MOST)


def _fetch(query: Any, condition: Any) -> Sequence[Any]:
    return db.session.execute(query.where(condition).limit(MOST + 1)).all()


def _fits_order(shop_id: int, typed: Typed) -> Any:
    words = escape_like(typed.words)
    named = or_(
        _order.receiver_name.like(words, escape="\\"),
        _user.member_name.like(words, escape="\\"),
        _user.company_name.like(words, escape="\\"),
    )
    if not typed.number:
        return named
    end = f"%{typed.number}"
    followed = select(_shipment.order_id).where(_shipment.shop_id == shop_id, _shipment.tracking_no.like(end))
    return or_(
        _order.order_no.like(end),
        _order.downstream_order_no.like(end),
        _order.receiver_phone.like(end),
        _order.id.in_(followed),
        named,
    )


def _fits_case(shop_id: int, typed: Typed) -> Any:
    words = escape_like(typed.words)
    named = or_(
        _case.goods.like(words, escape="\\"),
        _case.spec.like(words, escape="\\"),
        _case.receiver_name.like(words, escape="\\"),
        _user.member_name.like(words, escape="\\"),
        _user.company_name.like(words, escape="\\"),
    )
    if not typed.number:
        return named
    end = f"%{typed.number}"
    sent = select(_shipment.case_id).where(
        _shipment.shop_id == shop_id, _shipment.tracking_no.like(end), _shipment.case_id.is_not(None)
    )
    return or_(
        _case.case_no.like(end),
        _order.order_no.like(end),
        _order.downstream_order_no.like(end),
        _case.receiver_phone.like(end),
        _case.id.in_(sent),
        _case.id.in_(_find_above(shop_id, or_(_case_below.case_no.like(end), _order_below.order_no.like(end)))),
        named,
    )


def _find_above(shop_id: int, fits: Any) -> Any:
    """铺货: cases whose consumer's case or order has that number, which the consumer may have put into the parcel."""
    return (
        select(_link.upstream_id)
        .join_from(CaseLink.__table__, _below_table, _case_below.id == _link.downstream_id)
        .join(_order_table_below, _order_below.id == _case_below.order_id)
        .where(_link.upstream_shop_id == shop_id, fits)
    )
