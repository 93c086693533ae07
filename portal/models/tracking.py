"""What is followed on its way: numbers that a tracking service is asked about, and what hangs on each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, cut_tail, refer

# What partial indexes hold. A query uses such an index only when it says the same in the same words.
UNDER_WAY = "ended_at IS NULL"
NEVER_SCANNED = "ended_at IS NULL AND last_at IS NULL"
SCANNED = "ended_at IS NULL AND last_at IS NOT NULL"
GONE = "ended_at IS NULL AND status IN ('returned','lost')"
DENIED = "denied"
FAILING = "ended_at IS NULL AND failing"
POLLED = "next_at IS NOT NULL"
CLAIMED = "settled_at IS NULL AND objected_at IS NULL"


def _only(words: str) -> dict[str, Any]:
    return {"sqlite_where": text(words), "postgresql_where": text(words)}


class Track(Model):
    """A tracking number, asked about once for all that hangs on it. ``next_at``: when next; None: not any more."""

    __tablename__ = "tracks"
    __table_args__ = (
        CheckConstraint("failures >= 0", name="failures"),
        CheckConstraint("next_at IS NULL OR ended_at IS NULL", name="ended"),
        UniqueConstraint("carrier", "tracking_no"),
        Index("ix_tracks_next_at", "next_at", **_only(POLLED)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    carrier: Mapped[str] = mapped_column(String(16))  # code in portal/parcels/carriers.py
    tracking_no: Mapped[str] = mapped_column(String(40))
    phone_tail: Mapped[str] = mapped_column(String(4), default="")  # some carriers answer only to who knows it
    since_at: Mapped[datetime]  # when it was last registered
    next_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]  # the last question, answered or not
    checked_at: Mapped[datetime | None]  # the last answer
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    error: Mapped[str] = mapped_column(String(12), default="")  # couriers.Problem
    ended_at: Mapped[datetime | None]


class AskingSlot(Model):
    """One question of those that may be asked a minute; taken by putting ``free_at`` a minute on."""

    __tablename__ = "asking_slots"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    free_at: Mapped[datetime]


class Shipment(ShopRow, Model):
    """A parcel that is followed: one of a case (``parcel_id``), or of the order itself as its export names it."""

    __tablename__ = "shipments"
    __table_args__ = (
        refer("order_id", "orders"),
        refer("case_id", "cases"),
        refer("parcel_id", "parcels"),
        CheckConstraint("(parcel_id IS NULL) = (case_id IS NULL)", name="parcel"),
        UniqueConstraint("parcel_id", "shop_id"),
        Index("ix_shipments_track_id", "track_id"),
        Index("ix_shipments_order_id", "order_id"),
        Index("ix_shipments_number", "shop_id", "tracking_no"),
        Index("ix_shipments_no_tail", "shop_id", "no_tail", "id"),
        Index("ix_shipments_carriers", "shop_id", "carrier", "since_at", "faulty"),
        Index("ix_shipments_under_way", "shop_id", "since_at", "id", **_only(UNDER_WAY)),
        Index("ix_shipments_never_scanned", "shop_id", "since_at", "id", **_only(NEVER_SCANNED)),
        Index("ix_shipments_scanned", "shop_id", "last_at", "id", **_only(SCANNED)),
        Index("ix_shipments_gone", "shop_id", "status", "last_at", "id", **_only(GONE)),
        Index("ix_shipments_denied", "shop_id", "last_at", "id", **_only(DENIED)),
        Index("ix_shipments_failing", "shop_id", "since_at", "id", **_only(FAILING)),
    )

    track_id: Mapped[int | None] = mapped_column(ForeignKey("tracks.id"))  # None: a carrier that reports nothing
    order_id: Mapped[int]
    case_id: Mapped[int | None]
    parcel_id: Mapped[int | None]
    carrier: Mapped[str] = mapped_column(String(16))
    carrier_name: Mapped[str] = mapped_column(String(60))
    tracking_no: Mapped[str] = mapped_column(String(40))
    no_tail: Mapped[str] = mapped_column(String(4), Computed(cut_tail("tracking_no")))
    since_at: Mapped[datetime]  # shipped, as far as is known
    last_at: Mapped[datetime | None]  # newest scan that is believed
    status: Mapped[str] = mapped_column(String(10), default="")  # of that scan, portal/parcels/scans.py
    signed_at: Mapped[datetime | None]
    lost_at: Mapped[datetime | None]
    faulty: Mapped[bool] = mapped_column(default=False)  # ever lost, returned, in trouble or stuck
    denied: Mapped[bool] = mapped_column(default=False)  # signed for by the carrier's word, and not received
    failing: Mapped[bool] = mapped_column(default=False)  # the service hasn't answered for a while
    ended_at: Mapped[datetime | None]


class ShipmentTrace(ShopRow, Model):
    """One scan of an order's own parcel; those of a case's parcel are ParcelTrace."""

    __tablename__ = "shipment_traces"
    __table_args__ = (
        refer("shipment_id", "shipments"),
        CheckConstraint(
            "status IN ('picked','transit','delivering','station','signed','exception','returned','lost')",
            name="status",
        ),
        UniqueConstraint("shipment_id", "at", "words", "shop_id"),
    )

    shipment_id: Mapped[int]
    at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10))
    words: Mapped[str] = mapped_column(String(300))
    origin: Mapped[str] = mapped_column(String(10), default="")  # as of ParcelTrace
    doubt: Mapped[str] = mapped_column(String(10), default="")


class ReceiptClaim(ShopRow, Model):
    """签收 that who sent a parcel reports: it counts from ``until_at`` on, unless the other side objects before."""

    __tablename__ = "receipt_claims"
    __table_args__ = (
        CheckConstraint("side IN ('buyer','seller')", name="side"),
        refer("shipment_id", "shipments"),
        UniqueConstraint("shop_id", "shipment_id", "said_at"),
        Index("ix_receipt_claims_due", "until_at", **_only(CLAIMED)),
        Index("ix_receipt_claims_shipment", "shipment_id", "id"),
    )

    shipment_id: Mapped[int]
    side: Mapped[str] = mapped_column(String(8))  # who sent the parcel and reports it
    said_at: Mapped[datetime]  # when it was signed for, as reported
    words: Mapped[str] = mapped_column(String(300))
    made_at: Mapped[datetime]
    until_at: Mapped[datetime]
    objected_at: Mapped[datetime | None]
    objection: Mapped[str] = mapped_column(String(200), default="")
    settled_at: Mapped[datetime | None]


class OrderWatch(Model):
    """A buyer who wants to be told where the order is."""

    __tablename__ = "order_watches"
    __table_args__ = (refer("order_id", "orders"),)

    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]


class TraceFile(ShopRow, Model):
    """A table of scans that a shop has uploaded: read and judged, then taken over after its yes."""

    __tablename__ = "trace_files"
    __table_args__ = (
        UniqueConstraint("public_id", "shop_id"),
        CheckConstraint("state IN ('checked','done')", name="state"),
        Index("ix_trace_files_shop", "shop_id", "id"),
    )

    public_id: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(8), default="checked")
    rows: Mapped[list[Any]]
    made_at: Mapped[datetime]
