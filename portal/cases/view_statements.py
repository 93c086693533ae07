"""The statements that a page of a case reads: itself, what stands around it, its lines, its events."""

from __future__ import annotations

from typing import Any

from sqlalchemy import FromClause, and_, bindparam, exists, or_, select

from portal.cases import endings, mediation_rows
from portal.flow import State
from portal.models import (
    Case,
    CaseEvent,
    CaseLine,
    CaseLink,
    Intake,
    Order,
    OrderLine,
    OrderVersion,
    Policy,
    Product,
    Promise,
    Rating,
    Shop,
    User,
)
from portal.prepared import Prepared

# Tables' own columns, not the entities' attributes: the same rows, without the work of the ORM on each.
_case, _order, _policy, _user, _shop, _line, _bought, _product, _event = (
    table.__table__.c for table in (Case, Order, Policy, User, Shop, CaseLine, OrderLine, Product, CaseEvent)
)


_link, _bought_by = CaseLink.__table__.c, Order.__table__.alias("bought").c  # what the shop's owner buys elsewhere


_version, _rating, _promise, _intake = (t.__table__.c for t in (OrderVersion, Rating, Promise, Intake))


_AROUND = (
    _order.id,
    _order.shop_id,
    _order.order_no,
    _order.contested,
    _order.paid_fen,
    _order.received_at,
    _policy.version.label("policy_version"),
    _user.member_name.label("buyer"),
    _user.password_hash.is_(None).label("no_account"),
    _shop.bank_data,
    _shop.name.label("shop"),
    exists()
    .where(_link.downstream_id == _case.id, _link.shop_id == _case.shop_id, _link.ended_at.is_(None))
    .label("linked"),
    exists()
    .where(_bought_by.buyer_id == _shop.owner_id, _bought_by.shown, _bought_by.shop_id != _shop.id)
    .label("resold"),
    exists()
    .where(_version.shop_id == _case.shop_id, _version.order_id == _case.order_id, _version.at >= _case.opened_at)
    .label("order_changed"),
    exists()
    .where(_rating.shop_id == _case.shop_id, _rating.case_id == _case.id)
    .where(or_(_rating.stars.is_not(None), *(_case.state == state for state in endings.ASKED_ABOUT)))
    .label("asked_to_rate"),
    exists().where(_promise.shop_id == _case.shop_id, _promise.buyer_id == _case.buyer_id).label("promised"),
    exists()
    .where(_intake.shop_id == _case.shop_id, _intake.case_id == _case.id, _intake.left_at.is_not(None))
    .where(or_(*(_case.state == state for state in (State.RETURNING, State.INSPECTING))))
    .label("parcel_left"),
)


def _join_around(cases: FromClause) -> FromClause:
    return (
        cases.join(Order.__table__, and_(_order.id == _case.order_id, _order.shop_id == _case.shop_id))
        .join(Policy.__table__, and_(_policy.id == _case.policy_id, _policy.shop_id == _case.shop_id))
        .join(User.__table__, _user.id == _case.buyer_id)
        .join(Shop.__table__, _shop.id == _case.shop_id)
    )


_READ = (
    select(*_case, *mediation_rows.COLUMNS, *_AROUND)
    .select_from(_join_around(mediation_rows.BESIDE))
    .where(_case.case_no == bindparam("case_no"))
)
_BESIDE = "around", [column.name for column in _AROUND]
CASE_OF_BUYER = Prepared(_READ.where(_case.buyer_id == bindparam("buyer_id")), beside=_BESIDE)
CASE_OF_SHOP = Prepared(_READ.where(_case.shop_id == bindparam("shop_id")), beside=_BESIDE)
_OF_CASE = Prepared(
    select(*_AROUND)
    .select_from(_join_around(Case.__table__))
    .where(_case.id == bindparam("case_id"), _case.shop_id == bindparam("shop_id"))
)


def find_around(case: Case) -> Any:
    """What stands around a case, which a case that was read for its page has beside it already."""
    beside = getattr(case, "around", None)
    return _OF_CASE.find_row(case_id=case.id, shop_id=case.shop_id) if beside is None else beside


LINES = Prepared(
    select(
        _line.id,
        _line.order_line_id,
        _line.quantity_milli,
        _line.received_milli,
        _line.accepted_milli,
        _line.shipped_milli,
        _line.moved_milli,
        _line.condition,
        _line.inspection_note,
        _line.wanted_spec,
        _line.wanted_price_fen,
        _line.title,
        _line.spec,
        _line.unit,
        _bought.product_id,
        _bought.snapshot,
        _bought.unit_price_fen,
        _bought.cargo_no,
        _bought.guarantees,
        _bought.quantity_milli.label("bought_milli"),
        _bought.claimed_milli,
        _product.picture,
    )
    .join(OrderLine.__table__, and_(_bought.id == _line.order_line_id, _bought.shop_id == _line.shop_id))
    .outerjoin(Product.__table__, and_(_product.id == _bought.product_id, _product.shop_id == _bought.shop_id))
    .where(_line.case_id == bindparam("case_id"), _line.shop_id == bindparam("shop_id"))
    .order_by(_line.id)
)


EVENTS = Prepared(
    select(
        _event.version,
        _event.step,
        _event.actor,
        _event.user_id,
        _event.author,
        _event.at,
        _event.source,
        _event.target,
        _event.note,
        _event.data,
    )
    .where(_event.case_id == bindparam("case_id"), _event.shop_id == bindparam("shop_id"))
    .order_by(_event.version.desc())
)
