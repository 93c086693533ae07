"""What changed of an order after it was first imported, and what a file wanted to change that a case stands on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


class OrderVersion(ShopRow, Model):
    """One import that said something new of an order. ``changes``: [column, before, after], as people read them;

    ``held``: [column, kept, what the file says] of what stays as it is while a case is open. Never changed.
    ``accepted_by`` believed by hand, and for a reason, what an import hadn't.
    """

    __tablename__ = "order_versions"
    __table_args__ = (
        refer("order_id", "orders"),
        Index("ix_order_versions_order", "shop_id", "order_id", "id"),
    )

    order_id: Mapped[int]
    at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(200), default="")  # the file's name
    changes: Mapped[list[Any]] = mapped_column(default=list)
    held: Mapped[list[Any]] = mapped_column(default=list)
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(String(200), default="", server_default="")
