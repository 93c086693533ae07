"""What pages show of parcels and their scans."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import and_, bindparam, select

from portal.columns import Followed, ScanKept
from portal.extensions import db
from portal.models import Case, Order, Parcel, ParcelTrace, Shipment, ShipmentTrace, Track
from portal.prepared import Prepared

FAILING_AFTER = 3  # failures in a row, then it is an alarm
_parcel, _trace, _track_of = Parcel.__table__.c, ParcelTrace.__table__.c, Track.__table__.c
_shipment, _own_trace, _order, _case = (table.__table__.c for table in (Shipment, ShipmentTrace, Order, Case))

_CHECKS = (
    _track_of.id.label("track_id"),
    _track_of.checked_at,
    _track_of.tried_at,
    _track_of.failures,
    _track_of.error,
    _track_of.next_at,
    _track_of.ended_at,
)

_OF_CASE = Prepared(
    select(
        _parcel.id,
        _parcel.leg,
        _parcel.round,
        _parcel.carrier,
        _parcel.carrier_name,
        _parcel.tracking_no,
        _parcel.note,
        _parcel.shipped_at,
        _parcel.traced_at,
        _parcel.signed_at,
        _parcel.lost_at,
        _parcel.voided_at,
        _trace.parcel_id,
        _trace.at,
        _trace.status,
        _trace.words,
        _trace.origin,
        _trace.doubt,
        _trace.delivering,
        _shipment.id.label("shipment_id"),
        *_CHECKS,
    )
    .outerjoin(ParcelTrace.__table__, and_(_trace.parcel_id == _parcel.id, _trace.shop_id == _parcel.shop_id))
    .outerjoin(Shipment.__table__, and_(_shipment.parcel_id == _parcel.id, _shipment.shop_id == _parcel.shop_id))
    .outerjoin(Track.__table__, _track_of.id == _shipment.track_id)
    .where(_parcel.case_id == bindparam("case_id"), _parcel.shop_id == bindparam("shop_id"))
    .order_by(_parcel.id, _trace.at.desc(), _trace.id.desc())
)


def list_of_case(case: Case) -> tuple[list[Any], dict[int, list[ParcelTrace]]]:
    """The parcels of a case, oldest first, and their scans, newest first, by parcel id; one query, rows of columns."""
    return gather_scans(_OF_CASE.list_rows(case_id=case.id, shop_id=case.shop_id), "parcel_id")


_OF_ORDER = Prepared(
    select(
        _shipment.id,
        _shipment.id.label("shipment_id"),
        _shipment.carrier,
        _shipment.carrier_name,
        _shipment.tracking_no,
        _shipment.since_at,
        _shipment.signed_at,
        _shipment.lost_at,
        _shipment.ended_at.label("gone_at"),
        _own_trace.shipment_id.label("trace_of"),
        _own_trace.at,
        _own_trace.status,
        _own_trace.words,
        _own_trace.origin,
        _own_trace.doubt,
        *_CHECKS,
    )
    .outerjoin(
        ShipmentTrace.__table__, and_(_own_trace.shipment_id == _shipment.id, _own_trace.shop_id == _shipment.shop_id)
    )
    .outerjoin(Track.__table__, _track_of.id == _shipment.track_id)
    .where(_shipment.order_id == bindparam("order_id"), _shipment.case_id.is_(None))
    .order_by(_shipment.id, _own_trace.at.desc(), _own_trace.id.desc())
)


def list_of_order(order_id: int) -> tuple[list[Any], dict[int, list[ShipmentTrace]]]:
    """An order's own parcels that are followed, and their scans, newest first, by shipment id; one query."""
    return gather_scans(_OF_ORDER.list_rows(order_id=order_id), "trace_of")


def gather_scans(rows: Iterable[Any], owner: str) -> tuple[list[Any], dict[int, list[Any]]]:
    parcels: dict[int, Any] = {}
    traces: dict[int, list[Any]] = {}
    for row in rows:
        parcels.setdefault(row.id, row)
        if getattr(row, owner) is not None:
            traces.setdefault(row.id, []).append(row)
    return list(parcels.values()), traces


_ONE = (
    select(
        _shipment.id,
        _shipment.id.label("shipment_id"),
        _shipment.shop_id,
        _shipment.order_id,
        _shipment.case_id,
        _shipment.parcel_id,
        _shipment.carrier,
        _shipment.carrier_name,
        _shipment.tracking_no,
        _shipment.since_at,
        _shipment.signed_at,
        _shipment.lost_at,
        _shipment.ended_at.label("gone_at"),
        _order.buyer_id,
        _order.order_no,
        _order.contested,
        _order.shown,
        _case.case_no,
        _case.type,
        _case.state,
        _case.entry_count,
        _parcel.leg,
        _parcel.voided_at,
        *_CHECKS,
    )
    .join(Order.__table__, and_(_order.id == _shipment.order_id, _order.shop_id == _shipment.shop_id))
    .outerjoin(Case.__table__, and_(_case.id == _shipment.case_id, _case.shop_id == _shipment.shop_id))
    .outerjoin(Parcel.__table__, and_(_parcel.id == _shipment.parcel_id, _parcel.shop_id == _shipment.shop_id))
    .outerjoin(Track.__table__, _track_of.id == _shipment.track_id)
    .where(_shipment.id == bindparam("id"))
)


def find_of_buyer(shipment_id: int, buyer_id: int) -> Any | None:
    """A followed parcel of this buyer, with its last question, its case and its order; as columns."""
    return db.session.execute(_ONE.where(_order.buyer_id == buyer_id, _order.shown), {"id": shipment_id}).one_or_none()


def find_of_shop(shipment_id: int, shop_id: int) -> Any | None:
    """The same of this shop."""
    return db.session.execute(_ONE.where(_shipment.shop_id == shop_id), {"id": shipment_id}).one_or_none()


def list_scans(shipment: Followed) -> Sequence[ScanKept]:
    """The scans of a followed parcel, newest first."""
    if shipment.parcel_id is None:
        query = select(_own_trace.at, _own_trace.status, _own_trace.words, _own_trace.origin, _own_trace.doubt).where(
            _own_trace.shipment_id == shipment.id, _own_trace.shop_id == shipment.shop_id
        )
        return db.session.execute(query.order_by(_own_trace.at.desc(), _own_trace.id.desc())).all()
    query = select(_trace.at, _trace.status, _trace.words, _trace.origin, _trace.doubt, _trace.delivering).where(
        _trace.parcel_id == shipment.parcel_id, _trace.shop_id == shipment.shop_id
    )
    return db.session.execute(query.order_by(_trace.at.desc(), _trace.id.desc())).all()


def find_by_number(shop_id: int, numbers: Collection[str]) -> dict[str, list[Any]]:
    """What of a shop is followed under these numbers and wasn't corrected, by number, the newest first."""
    query = (
        select(
            _shipment.id,
            _shipment.shop_id,
            _shipment.parcel_id,
            _shipment.tracking_no,
            _shipment.carrier,
            _parcel.leg,
        )
        .outerjoin(Parcel.__table__, and_(_parcel.id == _shipment.parcel_id, _parcel.shop_id == _shipment.shop_id))
        .where(_shipment.shop_id == shop_id, _shipment.tracking_no.in_(numbers), _parcel.voided_at.is_(None))
    )
    found: dict[str, list[Any]] = {}
    for row in sorted(db.session.execute(query), key=attrgetter("id"), reverse=True):
        found.setdefault(row.tracking_no, []).append(row)
    return found


def was_sent_by(shipment: Followed, side: str) -> bool:
    """Whether this side (buyer, seller) sent the parcel; the other one waits for it."""
    return bool((shipment.leg == "back") == (side == "buyer"))
