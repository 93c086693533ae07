"""A carrier's scans on the parcels of a case: kept, and the deadlines that hang on them moved."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from portal import flow
from portal.cases import failed, listening
from portal.cases.clock import reschedule_by_word
from portal.cases.deadlines import lock_case
from portal.cases.effects.step_context import ActedBy
from portal.cases.history import update_counters
from portal.cases.taking import settle
from portal.extensions import db
from portal.flow import StepRefused
from portal.models import (
    Order,
    Parcel,
)
from portal.notices import notices
from portal.parcels import carriers, following, keeping, parcel_view, telling
from portal.parcels.scans import Scan
from portal.tracking import claims


def record_trace(parcel_id: int, *, at: datetime, status: str, said: str, now: datetime, origin: str = "") -> bool:
    """Keep one scan of a carrier as ``record_scans`` does; False when it was known already."""
    return bool(record_scans(parcel_id, [Scan(at, status, said[:300])], now=now, origin=origin))


def record_scans(
    parcel_id: int,
    said: Collection[Scan],
    *,
    now: datetime,
    origin: str = "",
    by_sender: bool | None = None,
    tell: bool = True,
) -> int:
    """Keep a carrier's scans and let them move the deadlines that hang on them; returns how many are new.

    ``by_sender``: as scans.doubt has it. ``tell``: whether the buyer is told of what matters.
    """
    case_id = db.session.scalar(select(Parcel.case_id).where(Parcel.id == parcel_id, Parcel.voided_at.is_(None)))
    if case_id is None:
        return 0
    case = lock_case(case_id)
    parcel = db.session.get_one(Parcel, (parcel_id, case.shop_id), populate_existing=True)
    signed_before = parcel.signed_at
    new, fresh = keeping.keep_scans(
        parcel, said, now=now, not_before=case.opened_at, origin=origin, by_sender=by_sender
    )
    if not new:
        return 0
    if fresh:
        case = settle(case, now)
        if case.state not in flow.FINAL:
            reschedule_by_word(case, now, keep=signed_before is not None)
        if tell:
            telling.tell_buyer(case, parcel, fresh, now)
    db.session.execute(
        update(Order)
        .where(Order.id == case.order_id, Order.shop_id == case.shop_id)
        .values(version=Order.version + 1)
        .execution_options(synchronize_session=False)
    )
    update_counters(case, case.state, case.state)
    listening.note_change(case.id, now)
    return new


def record_typed(shipment: Any, said: Collection[Scan], *, side: str, now: datetime, origin: str = "") -> int:
    """Keep scans of a followed parcel that one side (buyer, seller) typed in or imported; returns how many are new.

    What a side says in its own favour is kept and shown, and moves nothing; 签收 counts when the other side doesn't
    object within 48 hours. ``origin``: the side unless said otherwise.
    """
    by_sender, origin, tell = parcel_view.was_sent_by(shipment, side), origin or side, side != "buyer"
    if shipment.parcel_id is None:
        new = keeping.keep_scans_of_order(shipment.id, said, now=now, origin=origin, by_sender=by_sender, tell=tell)
    else:
        new = record_scans(shipment.parcel_id, said, now=now, origin=origin, by_sender=by_sender, tell=tell)
    if followed := parcel_view.find_of_shop(shipment.id, shipment.shop_id):
        claims.begin(followed, side, now)
    return new


def send_back(
    case_id: int, parcels: Sequence[tuple[str, str]], *, by: ActedBy, now: datetime, note: str = ""
) -> Sequence[Parcel]:
    """Register the parcels in which the shop sends refused goods back to the buyer; at any time after inspection.

    Nothing of the case's flow changes, so it also goes for a case that has ended. Raises StepRefused when nothing was
    refused.
    """
    case = lock_case(case_id)
    if not failed.add_up_failed(case):
        raise StepRefused("没有未通过验货的商品需要退还", "send_back")
    made = []
    for code, number in parcels:
        known = carriers.by_code(code)
        if known is None:
            raise StepRefused("请选择物流公司", "send_back")
        parcel = Parcel(
            shop_id=case.shop_id,
            case_id=case_id,
            leg="refused",
            carrier=known.code,
            carrier_name=known.name,
            tracking_no=number,
            note=note,
            shipped_at=now,
            shipped_by=by.user_id,
        )
        db.session.add(parcel)
        made.append(parcel)
    db.session.flush()
    for parcel in made:
        following.follow_parcel(case, parcel)
    failed.note_sent(case, now)
    notices.tell_sent_back(case, [f"{parcel.carrier_name} {parcel.tracking_no}" for parcel in made], at=now)
    update_counters(case, case.state, case.state)
    return made
