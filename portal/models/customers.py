"""What a shop notes down about its customers, for its own staff."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow


class CustomerNote(ShopRow, Model):
    """One note of a shop about a buyer, seen by the shop's people only. A removed one is gone."""

    __tablename__ = "customer_notes"
    __table_args__ = (Index("ix_customer_notes_shop_buyer", "shop_id", "buyer_id", "id"),)

    buyer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    tag: Mapped[str] = mapped_column(String(20), default="")
    words: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
