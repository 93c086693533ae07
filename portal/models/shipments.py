"""Parcels of a case. The way back, the way out and refused goods sent back are legs; none overwrites another."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer

SIGNED_BACK = "leg = 'back' AND signed_at IS NOT NULL AND voided_at IS NULL"
LEGS = ("back", "out", "refused")  # 寄回商品, 换货商品, 退还买家的拒收商品


class Parcel(ShopRow, Model):
    """One parcel. An edited one is voided and replaced, so the history stays."""

    __tablename__ = "parcels"
    __table_args__ = (
        refer("case_id", "cases"),
        CheckConstraint("leg IN ('back','out','refused')", name="leg"),
        Index("ix_parcels_case_id", "case_id"),
        Index("ix_parcels_tracking_no", "tracking_no"),
        Index(
            "ix_parcels_signed_back",
            "shop_id",
            "signed_at",
            "case_id",
            sqlite_where=text(SIGNED_BACK),
            postgresql_where=text(SIGNED_BACK),
        ),
    )

    case_id: Mapped[int]
    leg: Mapped[str] = mapped_column(String(8))
    round: Mapped[int] = mapped_column(default=1)
    carrier: Mapped[str] = mapped_column(String(16))  # code in portal/parcels/carriers.py
    carrier_name: Mapped[str] = mapped_column(String(60))
    tracking_no: Mapped[str] = mapped_column(String(40), default="")
    note: Mapped[str] = mapped_column(String(200), default="")
    shipped_at: Mapped[datetime]
    shipped_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    traced_at: Mapped[datetime | None]  # newest trace
    signed_at: Mapped[datetime | None]  # 签收 by the carrier's word
    lost_at: Mapped[datetime | None]  # 丢件 or 退回
    voided_at: Mapped[datetime | None]


class ParcelLine(ShopRow, Model):
    """How much of a case line is in a parcel (thousandths), and as what specification."""

    __tablename__ = "parcel_lines"
    __table_args__ = (
        refer("parcel_id", "parcels"),
        refer("case_line_id", "case_lines"),
        CheckConstraint("quantity_milli > 0", name="quantity"),
        UniqueConstraint("parcel_id", "case_line_id", "shop_id"),
    )

    parcel_id: Mapped[int]
    case_line_id: Mapped[int]
    quantity_milli: Mapped[int]
    spec: Mapped[str] = mapped_column(String(300), default="")


class ParcelTrace(ShopRow, Model):
    """One scan of a carrier; the same scan is kept once."""

    __tablename__ = "parcel_traces"
    __table_args__ = (
        refer("parcel_id", "parcels"),
        CheckConstraint(
            "status IN ('picked','transit','station','signed','exception','returned','lost')", name="status"
        ),
        UniqueConstraint("parcel_id", "at", "words", "shop_id"),
    )

    parcel_id: Mapped[int]
    at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10))
    words: Mapped[str] = mapped_column(String(300))
    origin: Mapped[str] = mapped_column(String(10), default="", server_default="")  # who said it, words.ORIGIN
    doubt: Mapped[str] = mapped_column(String(10), default="", server_default="")  # why it counts for nothing
    delivering: Mapped[bool] = mapped_column(default=False, server_default=false())  # in transit, on its last leg
