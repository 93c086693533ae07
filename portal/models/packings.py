"""包装: how a shop packs a product, or everything else, from when to when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer

_STILL = text("until_at IS NULL")
_USUAL = text("until_at IS NULL AND product_id IS NULL")


class Packing(ShopRow, Model):
    """One way of packing. ``product_id`` None: all products without one of their own; ``way`` "": not said any more."""

    __tablename__ = "packings"
    __table_args__ = (
        CheckConstraint("way IN ('','bag','bubble','carton','padded','maker','wood','other')", name="way"),
        CheckConstraint("until_at IS NULL OR until_at >= since_at", name="span"),
        Index("ix_packings_of", "shop_id", "product_id", "since_at"),
        Index("ix_packings_still", "shop_id", "product_id", unique=True, sqlite_where=_STILL, postgresql_where=_STILL),
        Index("ix_packings_usual", "shop_id", unique=True, sqlite_where=_USUAL, postgresql_where=_USUAL),
        refer("product_id", "products"),
    )

    product_id: Mapped[int | None]
    way: Mapped[str] = mapped_column(String(8))
    since_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    set_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
