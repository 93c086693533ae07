"""What the desk keeps for its people: views of the queue by name, and steps held back for a moment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow


class SavedView(ShopRow, Model):
    """A list of the queue with its filters, by name; for one person, or for the whole shop."""

    __tablename__ = "saved_views"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name"),
        UniqueConstraint("shop_id", "user_id", "shared", "name"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))  # who saved it
    shared: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(String(20))
    query: Mapped[str] = mapped_column(String(500))  # the list as it stands in an address
    made_at: Mapped[datetime]
