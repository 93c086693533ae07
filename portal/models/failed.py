"""What didn't pass an inspection and is to go home to its buyer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from portal.extensions import Model
from portal.models.keys import ShopRow, refer

_KEPT = text("sent_at IS NULL")
_UNTOLD = text("sent_at IS NULL AND told_at IS NULL")


class FailedGoods(ShopRow, Model):
    """The failed units of a case: until when the shop sends them back, and whether it has."""

    __tablename__ = "failed_goods"
    __table_args__ = (
        refer("case_id", "cases"),
        UniqueConstraint("case_id", "shop_id"),
        Index("ix_failed_goods_kept", "shop_id", "due_at", "id", sqlite_where=_KEPT, postgresql_where=_KEPT),
        Index("ix_failed_goods_untold", "due_at", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
    )

    case_id: Mapped[int]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]  # when both sides were told that it is late
