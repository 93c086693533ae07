"""What carriers say of parcels: scans kept once each, and what they mean for the parcel."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from portal.extensions import db
from portal.models import Parcel, ParcelTrace


def keep(parcel_id: int, *, at: datetime, status: str, said: str) -> Parcel | None:
    """Keep one scan; returns its parcel, or None when the same scan is known already."""
    known = db.session.scalar(
        select(ParcelTrace.id).where(
            ParcelTrace.parcel_id == parcel_id, ParcelTrace.at == at, ParcelTrace.words == said[:300]
        )
    )
    parcel = db.session.get(Parcel, parcel_id)
    if known is not None or parcel is None:
        return None
    db.session.add(ParcelTrace(parcel_id=parcel_id, at=at, status=status, words=said[:300]))
    parcel.traced_at = max(parcel.traced_at, at) if parcel.traced_at else at
    if status == "signed":
        parcel.signed_at = min(parcel.signed_at, at) if parcel.signed_at else at
    if status in ("lost", "returned"):
        parcel.lost_at = at
    db.session.flush()
    return parcel


_parcel, _trace = Parcel.__table__.c, ParcelTrace.__table__.c
_OF_CASE = (
    select(
        _parcel.id, _parcel.leg, _parcel.round, _parcel.carrier, _parcel.carrier_name, _parcel.tracking_no,
        _parcel.note, _parcel.shipped_at, _parcel.traced_at, _parcel.signed_at, _parcel.lost_at, _parcel.voided_at,
        _trace.parcel_id, _trace.at, _trace.status, _trace.words,
    )
    .outerjoin(ParcelTrace.__table__, _trace.parcel_id == _parcel.id)
    .where(_parcel.case_id == bindparam("case_id"))
    .order_by(_parcel.id, _trace.at.desc(), _trace.id.desc())
)  # fmt: skip


def of_case(case_id: int) -> tuple[list[Any], dict[int, list[Any]]]:
    """The parcels of a case, oldest first, and their scans, newest first, by parcel id; one query, rows of columns."""
    parcels: dict[int, Any] = {}
    traces: dict[int, list[Any]] = {}
    for row in db.session.execute(_OF_CASE, {"case_id": case_id}):
        parcels.setdefault(row.id, row)
        if row.parcel_id is not None:
            traces.setdefault(row.id, []).append(row)
    return list(parcels.values()), traces
