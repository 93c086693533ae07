"""Which parcels are followed, and when a carrier is asked about each."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db
from portal.models import Case, Order, Parcel, Shipment, Track
from portal.models.orders import UNFOLLOWED
from portal.models.tracking import UNDER_WAY
from portal.orders.export_format import parcels_of
from portal.parcels import carriers, naming, numbers
from portal.per_app import PerApp

ASKED_FOR = timedelta(days=30)  # how long a parcel is followed
AGAIN_AFTER = timedelta(minutes=10)  # a number isn't asked about more often, whoever wishes it
_service: PerApp[str] = PerApp("tracking_service", "")


def set_service(name: str) -> None:
    """The tracking service that is asked from now on; "": none."""
    _service.set(name)


def get_service() -> str:
    """The tracking service that is asked; "": none."""
    return _service.get()


def follow_parcel(case: Case, parcel: Parcel, phone: str = "") -> None:
    """Follow a parcel of a case from now on; ``phone``: its receiver's, "": as the case has it."""
    phone = phone or case.return_phone if parcel.leg == "back" else case.receiver_phone
    db.session.add(
        Shipment(
            track_id=_track(parcel.carrier, parcel.tracking_no, phone, parcel.shipped_at),
            shop_id=case.shop_id,
            order_id=case.order_id,
            case_id=case.id,
            parcel_id=parcel.id,
            carrier=parcel.carrier,
            carrier_name=parcel.carrier_name,
            tracking_no=parcel.tracking_no,
            since_at=parcel.shipped_at,
        )
    )
    db.session.flush()


def end_following(case: Case, at: datetime, *, parcel_id: int | None = None, leg: str = "") -> None:
    """Stop following parcels of a case: one, those of a leg, or all but refused goods on their way back."""
    of_case = select(Parcel.id).where(Parcel.case_id == case.id, Parcel.shop_id == case.shop_id)
    if parcel_id is not None:
        of_case = of_case.where(Parcel.id == parcel_id)
    else:
        of_case = of_case.where(Parcel.leg == leg if leg else Parcel.leg != "refused")
    set_shipments(
        (Shipment.order_id == case.order_id)
        & (Shipment.shop_id == case.shop_id)
        & Shipment.parcel_id.in_(of_case)
        & Shipment.ended_at.is_(None),
        ended_at=at,
    )


def deny_parcel(case: Case) -> None:
    """The buyer says that nothing came: an alarm for each replacement that the carrier says was signed for."""
    out = select(Parcel.id).where(
        Parcel.case_id == case.id, Parcel.shop_id == case.shop_id, Parcel.leg == "out", Parcel.round == case.round
    )
    set_shipments(
        (Shipment.order_id == case.order_id) & (Shipment.shop_id == case.shop_id) & Shipment.parcel_id.in_(out),
        denied=True,
    )


def set_shipments(which: ColumnElement[bool], **columns: object) -> None:
    db.session.execute(update(Shipment).where(which).values(**columns).execution_options(synchronize_session=False))


def _track(carrier: str, number: str, phone: str, at: datetime) -> int | None:
    """The track of a number, begun anew when it had ended; None for what no carrier reports."""
    if not number or not carriers.traced(carrier):
        return None
    tail = re.sub("[^0-9]", "", phone)[-4:]
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {
        "carrier": carrier,
        "tracking_no": number,
        "phone_tail": tail if len(tail) == 4 else "",
        "since_at": at,
        "next_at": at,
        "failures": 0,
        "error": "",
    }
    made = make(Track).values(row)
    changed = {"since_at": made.excluded.since_at, "next_at": made.excluded.next_at, "ended_at": None, "failures": 0}
    if row["phone_tail"]:
        changed["phone_tail"] = made.excluded.phone_tail
    found = made.on_conflict_do_update(index_elements=["carrier", "tracking_no"], set_=changed).returning(Track.id)
    return int(db.session.execute(found).scalar_one())


def orders_wait() -> bool:
    """Whether an order is on its way that isn't followed yet."""
    return db.session.scalar(select(Order.id).where(text(UNFOLLOWED)).limit(1)) is not None


def follow_orders(now: datetime, most: int = 200) -> int:
    """Follow the parcels of orders that are on their way and aren't followed yet; returns how many orders."""
    found = db.session.scalars(
        select(Order).where(text(UNFOLLOWED)).order_by(Order.id).limit(most).with_for_update(skip_locked=True)
    ).all()
    for order in found:
        follow_order(order, now)
    return len(found)


def follow_order(order: Order, now: datetime) -> None:
    """Follow the parcels that the order names now, and no longer those that it named before."""
    if order.followed_text == order.tracking_text:
        return
    named = parcels_of(order.carrier_text, order.tracking_text)
    before = {row.tracking_no: row for row in db.session.scalars(_own(order))}
    kept: set[str] = set()
    for code, name, raw in named[:20]:
        carrier = naming.from_text(code) or naming.from_text(name) or next(iter(numbers.suggest(raw)), None)
        number = (numbers.normalise(raw) or raw.strip())[:40]
        if not number or number in kept:
            continue
        kept.add(number)
        if number in before:
            continue
        known = carrier.code if carrier else ""
        since = order.shipped_at or now  # an export doesn't say when: since it was seen to be on its way
        track_id = _track(known, number, order.receiver_phone, now)
        db.session.add(
            Shipment(
                track_id=track_id,
                shop_id=order.shop_id,
                order_id=order.id,
                carrier=known,
                carrier_name=(name or (carrier.name if carrier else ""))[:60],
                tracking_no=number,
                since_at=since,
            )
        )
    gone = [row.id for number, row in before.items() if number not in kept and row.ended_at is None]
    if gone:
        set_shipments((Shipment.shop_id == order.shop_id) & Shipment.id.in_(gone), ended_at=now)
    order.followed_text = order.tracking_text
    db.session.flush()


def _own(order: Order) -> Select[Shipment]:
    of_order = (Shipment.order_id == order.id, Shipment.shop_id == order.shop_id, Shipment.case_id.is_(None))
    return select(Shipment).where(*of_order).order_by(Shipment.id)


def end_old(now: datetime) -> None:
    """Stop following what has been on its way for too long, and parcels of orders that are over."""
    received = (Order.status == "completed") & Order.received_at.is_not(None)
    over = select(Order.id).where((Order.status == "cancelled") | received)
    set_shipments(text(UNDER_WAY) & (Shipment.since_at < now - 2 * ASKED_FOR), ended_at=now)
    set_shipments(text(UNDER_WAY) & Shipment.case_id.is_(None) & Shipment.order_id.in_(over), ended_at=now)


def ask_again(track_id: int, now: datetime) -> bool:
    """Let a number be asked about next; False when that was just done."""
    done = db.session.execute(
        update(Track)
        .where(Track.id == track_id, Track.tried_at.is_(None) | (Track.tried_at <= now - AGAIN_AFTER))
        .values(next_at=now, ended_at=None)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]


def ask_for_news(track_id: int | None, now: datetime) -> str:
    """Somebody wants to know now: what to tell them (a key of words.SAID)."""
    if track_id is None or not get_service():
        return "not-asked"
    return "asked-again" if ask_again(track_id, now) else "asked-just-now"
