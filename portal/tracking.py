"""What carriers say of parcels: scans kept once each, and what they mean for the parcel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

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


def of_case(case_id: int) -> tuple[Sequence[Parcel], dict[int, list[ParcelTrace]]]:
    """The parcels of a case, oldest first, and their scans, newest first, by parcel id."""
    parcels = db.session.scalars(select(Parcel).where(Parcel.case_id == case_id).order_by(Parcel.id)).all()
    traces: dict[int, list[ParcelTrace]] = {}
    if parcels:
        for trace in db.session.scalars(
            select(ParcelTrace)
            .where(ParcelTrace.parcel_id.in_([parcel.id for parcel in parcels]))
            .order_by(ParcelTrace.at.desc(), ParcelTrace.id.desc())
        ):
            traces.setdefault(trace.parcel_id, []).append(trace)
    return parcels, traces
