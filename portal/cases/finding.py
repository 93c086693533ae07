"""Finding a shop's cases by a number that was scanned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select, text

from portal.columns import CaseListed
from portal.extensions import db
from portal.flow import State
from portal.models import Case, CaseLink, Intake, Order, Shipment, User
from portal.models.keys import TAIL
from portal.prepared import among
from portal.searching import read_typed

MOST_SCANNED = 9  # each is chosen by a key
_case, _order, _user, _shipment, _intake = (table.__table__.c for table in (Case, Order, User, Shipment, Intake))
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
        _case.due_rule,
        _case.goods,
        _case.spec,
        _case.unit,
        _case.quantity_milli,
        _case.entry_count,
        _order.order_no,
        _user.member_name.label("buyer"),
    )
    .join_from(Case.__table__, Order.__table__, (_order.id == _case.order_id) & (_order.shop_id == _case.shop_id))
    .join(User.__table__, _user.id == _case.buyer_id)
)


def not_by_shop(table: Any, shop_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Rows of this shop, found by something else: SQLite, which knows no numbers of rows, would read all the shop's."""
    return func.coalesce(table.shop_id, 0) == shop_id


def find_scanned(shop_id: int, raw: str, first: State | None = None) -> Sequence[CaseListed]:
    """The cases that a scanned number means: a case's own, else a parcel's, else those of an order; those in the state
    ``first`` before the newest. At most MOST_SCANNED, and one more where there are more.
    """
    number = read_typed(raw).number
    if not number:
        return ()
    query = _CASES.where(not_by_shop(_case, shop_id)).order_by(
        case((_case.state == first, 0), else_=1), _case.opened_at.desc(), _case.id.desc()
    )
    query = query.limit(MOST_SCANNED + 1)
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
        _case.order_id.in_(
            select(_order.id).where(
                _order.shop_id == shop_id,
                _order.down_tail == number[-TAIL:],
                text("down_tail <> ''"),  # its index holds only those
                _order.downstream_order_no == number,
            )
        ),
        _case.id.in_(_find_above(shop_id, _order_below.order_no == number)),
        _case.id.in_(  # last: of several cases of one order it names the one that was counted first
            select(_intake.case_id).where(
                _intake.shop_id == shop_id, _intake.number == number, _intake.case_id.is_not(None)
            )
        ),
    ):
        if found := db.session.execute(query.where(condition)).all():
            return found
    return ()


def list_cases(shop_id: int, case_ids: Sequence[int]) -> Sequence[CaseListed]:
    """These cases of a shop as lists show them, the newest first."""
    query = _CASES.where(not_by_shop(_case, shop_id), among(_case.id, "case_ids")).order_by(_case.id.desc())
    return db.session.execute(query, {"case_ids": list(case_ids)}).all() if case_ids else ()


def _find_above(shop_id: int, fits: ColumnElement[bool]) -> Select[int]:
    """铺货: cases whose consumer's case or order has that number, which the consumer may have put into the parcel."""
    return (
        select(_link.upstream_id)
        .join_from(
            CaseLink.__table__,
            _below_table,
            (_case_below.id == _link.downstream_id) & not_by_shop(_link, _case_below.shop_id),
        )
        .join(
            _order_table_below,
            (_order_below.id == _case_below.order_id) & not_by_shop(_case_below, _order_below.shop_id),
        )
        .where(_link.upstream_shop_id == shop_id, fits)
    )
