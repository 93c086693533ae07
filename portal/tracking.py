"""Parcels on their way: what is followed, what was said of it, and what that comes to.

A number is followed once (Track), whatever hangs on it (Shipment): parcels of cases, and an order's own. A scan is kept
once for each; one that can't be believed (portal/scans.py) is kept and shown, and moves nothing. Called inside
``writing()``; the scans of a case's parcel come in through ``cases.record_scans``, which moves its deadlines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, insert, literal, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from portal import carriers, notifications, scans, words
from portal.extensions import Moment, PerApp, db
from portal.models import Case, Order, OrderWatch, Parcel, ParcelTrace, Shipment, ShipmentTrace, Track
from portal.models.orders import UNFOLLOWED
from portal.models.tracking import UNDER_WAY
from portal.order_export import parcels_of
from portal.scans import Scan, Standing

ASKED_FOR = timedelta(days=30)  # how long a parcel is followed
AGAIN_AFTER = timedelta(minutes=10)  # a number isn't asked about more often, whoever wishes it
TELL_FOR = timedelta(days=7)  # older news are none
FAILING_AFTER = 3  # failures in a row, then it is an alarm

_service: PerApp[str] = PerApp("tracking_service", "")


def use_service(name: str) -> None:
    """The tracking service that is asked from now on; "": none."""
    _service.set(name)


def service() -> str:
    """The tracking service that is asked; "": none."""
    return _service.get()


# ---------------------------------------------------------------- following


def follow(case: Case, parcel: Parcel) -> None:
    """Follow a parcel of a case from now on."""
    phone = case.return_phone if parcel.leg == "back" else case.receiver_phone
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


def end(case: Case, at: datetime, *, parcel_id: int | None = None, leg: str = "") -> None:
    """Stop following parcels of a case: one, those of a leg, or all but refused goods on their way back."""
    of_case = select(Parcel.id).where(Parcel.case_id == case.id)
    if parcel_id is not None:
        of_case = of_case.where(Parcel.id == parcel_id)
    else:
        of_case = of_case.where(Parcel.leg == leg if leg else Parcel.leg != "refused")
    _set_shipments(
        (Shipment.order_id == case.order_id) & Shipment.parcel_id.in_(of_case) & Shipment.ended_at.is_(None),
        ended_at=at,
    )


def deny(case: Case) -> None:
    """The buyer says that nothing came: an alarm for each replacement that the carrier says was signed for."""
    out = select(Parcel.id).where(Parcel.case_id == case.id, Parcel.leg == "out", Parcel.round == case.round)
    _set_shipments((Shipment.order_id == case.order_id) & Shipment.parcel_id.in_(out), denied=True)


def _set_shipments(which: ColumnElement[bool], **columns: Any) -> None:
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
    before = {row.tracking_no: row for row in db.session.scalars(_own(order.id))}
    kept: set[str] = set()
    for code, name, raw in named[:20]:
        carrier = carriers.from_text(code) or carriers.from_text(name) or next(iter(carriers.suggest(raw)), None)
        number = (carriers.normalise(raw) or raw.strip())[:40]
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
        _set_shipments(Shipment.id.in_(gone), ended_at=now)
    order.followed_text = order.tracking_text
    db.session.flush()


def _own(order_id: int) -> Any:
    return select(Shipment).where(Shipment.order_id == order_id, Shipment.case_id.is_(None)).order_by(Shipment.id)


def end_old(now: datetime) -> None:
    """Stop following what has been on its way for too long, and parcels of orders that are over."""
    over = select(Order.id).where(Order.status.in_(("completed", "cancelled")))
    _set_shipments(text(UNDER_WAY) & (Shipment.since_at < now - 2 * ASKED_FOR), ended_at=now)
    _set_shipments(text(UNDER_WAY) & Shipment.case_id.is_(None) & Shipment.order_id.in_(over), ended_at=now)


def ask_again(track_id: int, now: datetime) -> bool:
    """Let a number be asked about next; False when that was just done."""
    done = db.session.execute(
        update(Track)
        .where(Track.id == track_id, Track.tried_at.is_(None) | (Track.tried_at <= now - AGAIN_AFTER))
        .values(next_at=now, ended_at=None)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]


def wish(track_id: int | None, now: datetime) -> str:
    """Somebody wants to know now: what to tell him (a key of words.SAID)."""
    if track_id is None or not service():
        return "not-asked"
    return "asked-again" if ask_again(track_id, now) else "asked-just-now"


# ---------------------------------------------------------------- keeping scans


def keep(
    parcel: Parcel, said: Collection[Scan], *, now: datetime, not_before: datetime, origin: str, by_sender: bool | None
) -> tuple[int, list[Scan]]:
    """Keep scans of a case's parcel and say what they come to; returns how many are new, and those that count.

    A doubtful one that is said again without the doubt is believed from then on.
    """

    def why(scan: Scan) -> str:
        return scans.doubt(scan, now, shipped_at=parcel.shipped_at, not_before=not_before, by_sender=by_sender)

    new, fresh = _take(ParcelTrace, ParcelTrace.parcel_id, parcel.id, said, why, origin)
    if fresh:
        rows = db.session.execute(
            select(ParcelTrace.at, ParcelTrace.status, ParcelTrace.delivering).where(
                ParcelTrace.parcel_id == parcel.id, ParcelTrace.doubt == ""
            )
        )
        stands = scans.standing((row.at, "delivering" if row.delivering else row.status) for row in rows)
        parcel.traced_at, parcel.signed_at, parcel.lost_at = stands.at, stands.signed_at, stands.lost_at
        db.session.flush()
        _restate(Shipment.parcel_id == parcel.id, stands, now)
    return new, fresh


def _take(
    kind: type[ParcelTrace] | type[ShipmentTrace],
    owner: InstrumentedAttribute[int],
    owner_id: int,
    said: Collection[Scan],
    why: Callable[[Scan], str],
    origin: str,
) -> tuple[int, list[Scan]]:
    """Keep scans that aren't known; returns how many changed anything, and those that count from now on."""
    known = {
        (row.at, row.words): row
        for row in db.session.execute(select(kind.id, kind.at, kind.words, kind.doubt).where(owner == owner_id))
    }
    changed, fresh = 0, []
    for (at, said_words), scan in {(scan.at, scan.words): scan for scan in reversed(list(said))}.items():
        doubt, row = why(scan), known.get((at, said_words))
        if row is None:
            values: dict[str, Any] = {"at": at, "words": said_words, "origin": origin, "doubt": doubt}
            values |= {owner.key: owner_id, "status": scan.status}
            if kind is ParcelTrace:
                values["delivering"] = scan.status == "delivering"
                values["status"] = "transit" if values["delivering"] else scan.status
            db.session.execute(insert(kind), values)
        elif row.doubt and not doubt:
            db.session.execute(
                update(kind)
                .where(kind.id == row.id)
                .values(doubt="", origin=origin)
                .execution_options(synchronize_session=False)
            )
        else:
            continue
        changed += 1
        if not doubt:
            fresh.append(scan)
    return changed, fresh


def _restate(which: ColumnElement[bool], stands: Standing, now: datetime) -> None:
    """What was ended by a 签收 goes on when that is taken back; what was ended otherwise stays so."""
    if stands.signed_at:
        ended: Any = func.coalesce(Shipment.ended_at, literal(now, Moment()))
    else:
        ended = case((Shipment.signed_at.is_not(None), None), else_=Shipment.ended_at)
    _set_shipments(
        which,
        last_at=stands.at,
        status=stands.status,
        signed_at=stands.signed_at,
        lost_at=stands.lost_at,
        faulty=stands.faulty,
        ended_at=ended,
    )


def keep_of_order(
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
        select(Order).where(Order.id == shipment.order_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    before = _received(order.id)
    sent_at = order.shipped_at or order.paid_at or order.ordered_at

    def why(scan: Scan) -> str:
        return scans.doubt(scan, now, shipped_at=sent_at, by_sender=by_sender)

    new, fresh = _take(ShipmentTrace, ShipmentTrace.shipment_id, shipment.id, said, why, origin)
    if not new:
        return 0
    if fresh:
        rows = db.session.execute(
            select(ShipmentTrace.at, ShipmentTrace.status).where(
                ShipmentTrace.shipment_id == shipment.id, ShipmentTrace.doubt == ""
            )
        )
        _restate(Shipment.id == shipment.id, scans.standing((row.at, row.status) for row in rows), now)
        _receive(order, before, now)
        watcher = db.session.get(OrderWatch, order.id)
        if watcher is not None and tell:
            tell_of(
                watcher.user_id,
                None,
                fresh,
                name="订单包裹",
                carried=f"{shipment.carrier_name} {shipment.tracking_no}",
                key=f"shipment:{shipment.id}",
                href=f"/orders/{order.order_no}",
                now=now,
            )
    order.version += 1
    db.session.flush()
    return new


def _received(order_id: int) -> datetime | None:
    """When the last of an order's own parcels was signed for; None while one is under way."""
    signed = db.session.scalars(
        select(Shipment.signed_at).where(
            Shipment.order_id == order_id,
            Shipment.case_id.is_(None),
            Shipment.signed_at.is_not(None) | Shipment.ended_at.is_(None),
        )
    ).all()
    moments = [at for at in signed if at is not None]
    return max(moments) if moments and len(moments) == len(signed) else None


def _receive(order: Order, before: datetime | None, now: datetime) -> None:
    after = _received(order.id)
    if after == before or (order.received_at is not None and order.received_at != before):
        return
    order.received_at = after
    if after is not None:
        order.apply_from = None  # 铺货: from now on the term to apply runs (portal/resale.py)
    if after is not None and order.status == "in_transit":
        order.status = "delivered"
    elif after is None and order.status == "delivered":
        order.status = "in_transit"
    order.updated_at = now
    db.session.flush()
    notifications.bump(order.buyer_id)


# ---------------------------------------------------------------- telling

NEWS: dict[str, str] = {
    "picked": "已揽收",
    "delivering": "正在派送",
    "station": "已到代收点,请取件",
    "signed": "已签收",
    "exception": "物流异常",
    "returned": "正在退回",
    "lost": "可能丢失",
}
LEG: dict[str, str] = {"back": "寄回的包裹", "out": "换货包裹", "refused": "退还的包裹"}


def tell_of(
    user_id: int,
    case: Case | None,
    fresh: Sequence[Scan],
    *,
    name: str,
    carried: str,
    key: str,
    href: str,
    now: datetime,
    more: str = "",
) -> None:
    """Tell one person of the newest change that matters, once of each kind."""
    told = [scan for scan in fresh if scan.status in NEWS and scan.at > now - TELL_FOR]
    if not told:
        return
    newest = max(told)
    after = f"\n{more}" if more and newest.status == "signed" else ""
    notifications.tell_of_parcel(
        user_id,
        case,
        title=f"{name}{NEWS[newest.status]}",
        body=f"{carried}:{newest.words}{after}",
        href=href,
        at=now,
        dedupe_key=f"{key}:{newest.status}:{user_id}",
    )


def tell_buyer(case: Case, parcel: Parcel, fresh: Sequence[Scan], now: datetime) -> None:
    """Tell the buyer of a case where a parcel of it is."""
    until = words.moment(case.due_at) if case.due_at and case.state == "confirming" else ""
    name = f"{words.TYPE[case.type]}包裹" if parcel.leg == "out" else LEG[parcel.leg]
    tell_of(
        case.buyer_id,
        case,
        fresh,
        name=name,
        carried=f"{parcel.carrier_name} {parcel.tracking_no}",
        key=f"parcel:{parcel.id}",
        href=f"/cases/{case.case_no}",
        now=now,
        more=f"请在 {until} 前核对收货;没有收到请点「收到有问题」。" if until and parcel.leg == "out" else "",
    )


def watch(order_id: int, user_id: int, on: bool, now: datetime) -> None:
    """Whether the buyer wants to be told where an order is."""
    known = db.session.get(OrderWatch, order_id)
    if on and known is None:
        db.session.add(OrderWatch(order_id=order_id, user_id=user_id, at=now))
    elif not on and known is not None:
        db.session.delete(known)
    db.session.flush()


# ---------------------------------------------------------------- showing

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
_OF_CASE = (
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
    .outerjoin(ParcelTrace.__table__, _trace.parcel_id == _parcel.id)
    .outerjoin(Shipment.__table__, _shipment.parcel_id == _parcel.id)
    .outerjoin(Track.__table__, _track_of.id == _shipment.track_id)
    .where(_parcel.case_id == bindparam("case_id"))
    .order_by(_parcel.id, _trace.at.desc(), _trace.id.desc())
)


def of_case(case_id: int) -> tuple[list[Any], dict[int, list[Any]]]:
    """The parcels of a case, oldest first, and their scans, newest first, by parcel id; one query, rows of columns."""
    return _gathered(_OF_CASE, {"case_id": case_id}, "parcel_id")


_OF_ORDER = (
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
    .outerjoin(ShipmentTrace.__table__, _own_trace.shipment_id == _shipment.id)
    .outerjoin(Track.__table__, _track_of.id == _shipment.track_id)
    .where(_shipment.order_id == bindparam("order_id"), _shipment.case_id.is_(None))
    .order_by(_shipment.id, _own_trace.at.desc(), _own_trace.id.desc())
)


def of_order(order_id: int) -> tuple[list[Any], dict[int, list[Any]]]:
    """An order's own parcels that are followed, and their scans, newest first, by shipment id; one query."""
    return _gathered(_OF_ORDER, {"order_id": order_id}, "trace_of")


def _gathered(query: Any, values: dict[str, Any], owner: str) -> tuple[list[Any], dict[int, list[Any]]]:
    parcels: dict[int, Any] = {}
    traces: dict[int, list[Any]] = {}
    for row in db.session.execute(query, values):
        parcels.setdefault(row.id, row)
        if getattr(row, owner) is not None:
            traces.setdefault(row.id, []).append(row)
    return list(parcels.values()), traces


def watched(order_id: int) -> bool:
    """Whether the buyer is told where this order is."""
    return db.session.scalar(select(OrderWatch.order_id).where(OrderWatch.order_id == order_id)) is not None


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
        _case.case_no,
        _case.type,
        _case.state,
        _case.entry_count,
        _parcel.leg,
        _parcel.voided_at,
        *_CHECKS,
    )
    .join(Order.__table__, _order.id == _shipment.order_id)
    .outerjoin(Case.__table__, _case.id == _shipment.case_id)
    .outerjoin(Parcel.__table__, _parcel.id == _shipment.parcel_id)
    .outerjoin(Track.__table__, _track_of.id == _shipment.track_id)
    .where(_shipment.id == bindparam("id"))
)


def one_of_buyer(shipment_id: int, buyer_id: int) -> Any | None:
    """A followed parcel of this buyer, with its last question, its case and its order; as columns."""
    return db.session.execute(_ONE.where(_order.buyer_id == buyer_id), {"id": shipment_id}).one_or_none()


def one_of_shop(shipment_id: int, shop_id: int) -> Any | None:
    """The same of this shop."""
    return db.session.execute(_ONE.where(_shipment.shop_id == shop_id), {"id": shipment_id}).one_or_none()


def traces_of(shipment: Any) -> Sequence[Any]:
    """The scans of a followed parcel, newest first."""
    if shipment.parcel_id is None:
        query = select(_own_trace.at, _own_trace.status, _own_trace.words, _own_trace.origin, _own_trace.doubt).where(
            _own_trace.shipment_id == shipment.id
        )
        return db.session.execute(query.order_by(_own_trace.at.desc(), _own_trace.id.desc())).all()
    query = select(_trace.at, _trace.status, _trace.words, _trace.origin, _trace.doubt, _trace.delivering).where(
        _trace.parcel_id == shipment.parcel_id
    )
    return db.session.execute(query.order_by(_trace.at.desc(), _trace.id.desc())).all()


def of_number(shop_id: int, numbers: Collection[str]) -> dict[str, list[Any]]:
    """What of a shop is followed under these numbers and wasn't corrected, by number, the newest first."""
    query = (
        select(_shipment.id, _shipment.parcel_id, _shipment.tracking_no, _shipment.carrier, _parcel.leg)
        .outerjoin(Parcel.__table__, _parcel.id == _shipment.parcel_id)
        .where(_shipment.shop_id == shop_id, _shipment.tracking_no.in_(numbers), _parcel.voided_at.is_(None))
    )
    found: dict[str, list[Any]] = {}
    for row in sorted(db.session.execute(query), key=attrgetter("id"), reverse=True):
        found.setdefault(row.tracking_no, []).append(row)
    return found


def sent_by(shipment: Any, side: str) -> bool:
    """Whether this side (buyer, seller) sent the parcel; the other one waits for it."""
    return bool((shipment.leg == "back") == (side == "buyer"))
