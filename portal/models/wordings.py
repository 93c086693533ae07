"""文案: what a shop writes of a product, as it was checked, and who looked at the advice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


class Wording(ShopRow, Model):
    """One text, never changed: a new one follows it. ``found``: how much advice there was when it was looked at."""

    __tablename__ = "wordings"
    __table_args__ = (
        refer("product_id", "products"),
        CheckConstraint("place IN ('title','description','promotion')", name="place"),
        CheckConstraint("words <> ''", name="said"),
        CheckConstraint("(looked_at IS NULL) = (looked_by IS NULL)", name="looked"),
        Index("ix_wordings_product", "shop_id", "product_id", "place", "id"),
    )

    product_id: Mapped[int]
    place: Mapped[str] = mapped_column(String(12))
    words: Mapped[str] = mapped_column(Text)
    written_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    written_at: Mapped[datetime]
    looked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    looked_at: Mapped[datetime | None]
    found: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(String(200), default="")
