"""A shop's exchange policy, versioned and never changed, and where its goods go back to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.flow import CaseType
from portal.models.keys import ShopRow

ALL_TYPES = ",".join(CaseType)


class Policy(ShopRow, Model):
    """One version of 商家换货政策. Version 1 is the portal's default, made with the shop. Rows are immutable."""

    __tablename__ = "policies"
    __table_args__ = (
        CheckConstraint("window_days BETWEEN 7 AND 30", name="window"),
        CheckConstraint("hidden_days BETWEEN 7 AND 180", name="hidden"),
        CheckConstraint("special_freight IN ('buyer','seller','negotiated')", name="special_freight"),
        UniqueConstraint("shop_id", "version"),
    )

    version: Mapped[int]
    window_days: Mapped[int] = mapped_column(default=15)  # from receipt, visible faults and wrong goods
    hidden_days: Mapped[int] = mapped_column(default=30)  # from receipt, faults seen only in use
    special_freight: Mapped[str] = mapped_column(String(12), default="negotiated")  # who pays for 其他特殊原因
    guarantees: Mapped[str] = mapped_column(String(200), default="")  # codes promised for all goods
    types: Mapped[str] = mapped_column(String(60), default=ALL_TYPES)  # of cases that the shop takes
    excluded: Mapped[list[Any]] = mapped_column(default=list)  # words or product numbers that can't be exchanged
    words: Mapped[str] = mapped_column(Text, default="")  # the seller's own sentence to buyers
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class ReturnAddress(ShopRow, Model):
    """Where goods go back to. At most one default a shop; a removed one stays for the cases that froze it."""

    __tablename__ = "return_addresses"
    __table_args__ = (
        Index("ix_return_addresses_shop_id", "shop_id"),
        Index(
            "uq_return_addresses_default",
            "shop_id",
            unique=True,
            sqlite_where=text("is_default AND removed_at IS NULL"),
            postgresql_where=text("is_default AND removed_at IS NULL"),
        ),
    )

    name: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str] = mapped_column(String(30))
    address: Mapped[str] = mapped_column(String(300))
    note: Mapped[str] = mapped_column(String(200), default="")
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
