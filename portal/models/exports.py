"""导出: a list that somebody asked for as a table, written in the background and kept for a day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow

OPEN_EXPORT = "state IN ('waiting','running')"


class Export(ShopRow, Model):
    """A list as it was asked for, how far it is written, and the file while it lasts."""

    __tablename__ = "exports"
    __table_args__ = (
        CheckConstraint("state IN ('waiting','running','done','failed')", name="state"),
        Index("ix_exports_open", "id", sqlite_where=text(OPEN_EXPORT), postgresql_where=text(OPEN_EXPORT)),
        Index("ix_exports_person", "shop_id", "user_id", "id"),
        Index("ix_exports_expiry", "expires_at"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked: Mapped[dict[str, Any]] = mapped_column(default=dict)  # tab, filters, states, columns
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    row_count: Mapped[int] = mapped_column(default=0)  # written so far
    file: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    made_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
