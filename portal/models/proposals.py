"""Proposals (协商方案): versioned terms of a case. Only the latest open one can be accepted; accepted is frozen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


class Proposal(ShopRow, Model):
    """One version of terms. States: open, accepted, declined, lapsed (time ran out), replaced (by a newer one)."""

    __tablename__ = "proposals"
    __table_args__ = (
        refer("case_id", "cases"),
        CheckConstraint("state IN ('open','accepted','declined','lapsed','replaced')", name="state"),
        CheckConstraint("side IN ('buyer','seller')", name="side"),
        CheckConstraint("type IN ('exchange','reissue','return_refund','refund_only')", name="type"),
        CheckConstraint("freight_payer IN ('buyer','seller')", name="freight_payer"),
        CheckConstraint("amount_fen >= 0 AND compensation_fen >= 0", name="amounts"),
        UniqueConstraint("case_id", "version", "shop_id"),
        Index(
            "uq_proposals_open",
            "case_id",
            "shop_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    case_id: Mapped[int]
    version: Mapped[int]
    side: Mapped[str] = mapped_column(String(8))  # who made it
    state: Mapped[str] = mapped_column(String(12), default="open")
    type: Mapped[str] = mapped_column(String(16))
    goods_back: Mapped[bool] = mapped_column(default=False)  # the buyer sends the goods back first
    lines: Mapped[list[Any]] = mapped_column(default=list)  # [case line, thousandths, SKU or null]
    amount_fen: Mapped[int] = mapped_column(default=0)  # to be refunded
    compensation_fen: Mapped[int] = mapped_column(default=0)  # on top
    freight_payer: Mapped[str] = mapped_column(String(12))
    difference_fen: Mapped[int] = mapped_column(default=0)  # for the other specification; positive: the buyer pays
    difference_waived: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(500), default="")
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
