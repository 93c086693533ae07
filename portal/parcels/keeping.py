"""Keeping a carrier's scans on a parcel, and what they say about its order."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, insert, literal, select, update
from sqlalchemy.orm import InstrumentedAttribute

from portal.extensions import Moment, db
from portal.models import Order, OrderWatch, Parcel, ParcelTrace, Shipment, ShipmentTrace
from portal.models.orders import find_path
from portal.notices import notices
from portal.orders.receiving import record_receipt
from portal.parcels import scans
from portal.parcels.following import set_shipments
from portal.parcels.scans import Scan, Standing
from portal.parcels.telling import build_notice


def keep_scans(
    parcel: Parcel, said: Collection[Scan], *, now: datetime, not_before: datetime, origin: str, by_sender: bool | None
) -> tuple[int, list[Scan]]:
    """Keep scans of a case's parcel and say what they come to; returns how many are new, and those that count.

    A doubtful one that is said again without the doubt is believed from then on.
    """

    def why(scan: Scan) -> str:
        return scans.doubt(scan, now, shipped_at=parcel.shipped_at, not_before=not_before, by_sender=by_sender)

    new, fresh = add_scans(ParcelTrace, ParcelTrace.parcel_id, parcel, said, why, origin)
    if fresh:
        _stand(parcel, now)
    return new, fresh


def _stand(parcel: Parcel, now: datetime) -> None:
    """Say on a case's parcel what its believed scans come to."""
    rows = db.session.execute(
        select(ParcelTrace.at, ParcelTrace.status, ParcelTrace.delivering).where(
            ParcelTrace.parcel_id == parcel.id, ParcelTrace.shop_id == parcel.shop_id, ParcelTrace.doubt == ""
        )
    )
    stands = scans.standing((row.at, "delivering" if row.delivering else row.status) for row in rows)
    parcel.traced_at, parcel.signed_at, parcel.lost_at = stands.at, stands.signed_at, stands.lost_at
    db.session.flush()
    restate_parcel((Shipment.parcel_id == parcel.id) & (Shipment.shop_id == parcel.shop_id), stands, now)


def take_back(parcel: Parcel, correction: Scan, *, now: datetime) -> None:
    """Believe no 签收 of a case's parcel that was said so far; ``correction`` says why."""
    _correct(ParcelTrace, ParcelTrace.parcel_id, parcel, correction)
    _stand(parcel, now)


def take_back_of_order(order: Order, shipment_id: int, correction: Scan, *, now: datetime) -> None:
    """The same of an order's own parcel; the order's receipt goes with it."""
    before = find_receipt(order)
    shipment = db.session.get_one(Shipment, (shipment_id, order.shop_id))
    _correct(ShipmentTrace, ShipmentTrace.shipment_id, shipment, correction)
    _stand_of_order(shipment, now)
    mark_received(order, before, now)
    order.version += 1
    db.session.flush()


def _correct(
    kind: type[ParcelTrace] | type[ShipmentTrace],
    owner: InstrumentedAttribute[int],
    followed: Parcel | Shipment,
    correction: Scan,
) -> None:
    db.session.execute(
        update(kind)
        .where(kind.shop_id == followed.shop_id, owner == followed.id, kind.status == "signed", kind.doubt == "")
        .values(doubt="corrected")
        .execution_options(synchronize_session=False)
    )
    add_scans(kind, owner, followed, [correction], lambda scan: "", "seller")


def add_scans(
    kind: type[ParcelTrace] | type[ShipmentTrace],
    owner: InstrumentedAttribute[int],
    followed: Parcel | Shipment,
    said: Collection[Scan],
    why: Callable[[Scan], str],
    origin: str,
) -> tuple[int, list[Scan]]:
    """Keep scans that aren't known; returns how many changed anything, and those that count from now on."""
    known = {
        (row.at, row.words): row
        for row in db.session.execute(
            select(kind.id, kind.at, kind.words, kind.doubt).where(
                kind.shop_id == followed.shop_id, owner == followed.id
            )
        )
    }
    changed, fresh = 0, []
    for (at, said_words), scan in {(scan.at, scan.words): scan for scan in reversed(list(said))}.items():
        doubt, row = why(scan), known.get((at, said_words))
        if row is None:
            values: dict[str, object] = {"at": at, "words": said_words, "origin": origin, "doubt": doubt}
            values |= {"shop_id": followed.shop_id, owner.key: followed.id, "status": scan.status}
            if kind is ParcelTrace:
                values["delivering"] = scan.status == "delivering"
                values["status"] = "transit" if values["delivering"] else scan.status
            db.session.execute(insert(kind), values)
        elif row.doubt and row.doubt != "corrected" and not doubt:
            now_said = {"status": scan.status, "delivering": scan.status == "delivering"}
            if kind is ParcelTrace:
                now_said["status"] = "transit" if now_said["delivering"] else scan.status
            else:
                del now_said["delivering"]
            db.session.execute(
                update(kind)
                .where(kind.shop_id == followed.shop_id, kind.id == row.id)
                .values(doubt="", origin=origin, **now_said)
                .execution_options(synchronize_session=False)
            )
        else:
            continue
        changed += 1
        if not doubt:
            fresh.append(scan)
    return changed, fresh


def restate_parcel(which: ColumnElement[bool], stands: Standing, now: datetime) -> None:
    """What was ended by a 签收 goes on when that is taken back; what was ended otherwise stays so."""
    if stands.signed_at:
        ended: Any = func.coalesce(Shipment.ended_at, literal(now, Moment()))
    else:
        ended = case((Shipment.signed_at.is_not(None), None), else_=Shipment.ended_at)
    set_shipments(
        which,
        last_at=stands.at,
        status=stands.status,
        signed_at=stands.signed_at,
        lost_at=stands.lost_at,
        faulty=stands.faulty,
        ended_at=ended,
    )


def keep_scans_of_order(
    shipment_id: int,
    said: Collection[Scan],
    *,
    now: datetime,
    origin: str,
    by_sender: bool | None = None,
    tell: bool = True,
) -> int:
    """Keep scans of an order's own parcel; returns how many are new.

    签收 of all its parcels is when the order was received, when that isn't known otherwise; taken back with it.
    """
    shipment = db.session.scalars(
        select(Shipment).where(Shipment.id == shipment_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    order = db.session.scalars(
        select(Order)
        .where(Order.id == shipment.order_id, Order.shop_id == shipment.shop_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    before = find_receipt(order)
    sent_at = order.shipped_at or order.paid_at or order.ordered_at

    def why(scan: Scan) -> str:
        return scans.doubt(scan, now, shipped_at=sent_at, by_sender=by_sender)

    new, fresh = add_scans(ShipmentTrace, ShipmentTrace.shipment_id, shipment, said, why, origin)
    if not new:
        return 0
    if fresh:
        _stand_of_order(shipment, now)
        mark_received(order, before, now)
        watcher = db.session.get(OrderWatch, (order.id, order.shop_id))
        if watcher is not None and tell:
            build_notice(
                watcher.user_id,
                None,
                fresh,
                shop_id=order.shop_id,
                name="订单包裹",
                carried=f"{shipment.carrier_name} {shipment.tracking_no}",
                key=f"shipment:{shipment.id}",
                href=find_path(order),
                now=now,
            )
    order.version += 1
    db.session.flush()
    return new


def _stand_of_order(shipment: Shipment, now: datetime) -> None:
    rows = db.session.execute(
        select(ShipmentTrace.at, ShipmentTrace.status).where(
            ShipmentTrace.shipment_id == shipment.id,
            ShipmentTrace.shop_id == shipment.shop_id,
            ShipmentTrace.doubt == "",
        )
    )
    restate_parcel(
        (Shipment.id == shipment.id) & (Shipment.shop_id == shipment.shop_id),
        scans.standing((row.at, row.status) for row in rows),
        now,
    )


def find_receipt(order: Order) -> datetime | None:
    """When the last of an order's own parcels was signed for; None while one is under way."""
    signed = db.session.scalars(
        select(Shipment.signed_at).where(
            Shipment.order_id == order.id,
            Shipment.shop_id == order.shop_id,
            Shipment.case_id.is_(None),
            Shipment.signed_at.is_not(None) | Shipment.ended_at.is_(None),
        )
    ).all()
    moments = [at for at in signed if at is not None]
    return max(moments) if moments and len(moments) == len(signed) else None


def mark_received(order: Order, before: datetime | None, now: datetime) -> None:
    after = find_receipt(order)
    if after == before or (order.received_at is not None and order.received_at != before):
        return
    record_receipt(order, after, now=now)
    db.session.flush()
    notices.bump_unread(order.buyer_id)
