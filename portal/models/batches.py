"""进货批次: what came in of a product, how it was sampled, and the task that a fault has become (整改)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


class Batch(ShopRow, Model):
    """One batch; orders from ``from_at`` on are filled from it, until the next one comes.

    ``sample`` of ``size`` are looked at; up to ``most`` defective ones it is accepted. ``defects`` None: not looked at.
    """

    __tablename__ = "batches"
    __table_args__ = (
        refer("product_id", "products"),
        CheckConstraint("size > 0 AND sample > 0 AND sample <= size AND most >= 0", name="plan"),
        CheckConstraint("defects IS NULL OR defects BETWEEN 0 AND sample", name="defects"),
        CheckConstraint("(defects IS NULL) = (judged_at IS NULL)", name="judged"),
        Index("ix_batches_product", "shop_id", "product_id", "from_at", "id"),
    )

    product_id: Mapped[int]
    spec: Mapped[str] = mapped_column(String(300), default="")  # "" for all of them
    supplier: Mapped[str] = mapped_column(String(60))
    size: Mapped[int]
    from_at: Mapped[datetime]
    aql: Mapped[str] = mapped_column(String(4))
    code: Mapped[str] = mapped_column(String(1))
    sample: Mapped[int]
    most: Mapped[int]
    defects: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    made_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime]
    judged_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    judged_at: Mapped[datetime | None]


_open_alarm: dict[str, Any] = {
    "sqlite_where": text("alarm AND done_at IS NULL"),
    "postgresql_where": text("alarm AND done_at IS NULL"),
}


class Fix(ShopRow, Model):
    """What is done about a fault: ``measure``, by whom, since when. ``spec`` "": of all specifications."""

    __tablename__ = "fixes"
    __table_args__ = (
        refer("product_id", "products"),
        CheckConstraint("measure IN ('words','packing','supplier','carrier','other')", name="measure"),
        Index("ix_fixes_shop", "shop_id", "id"),
        Index("ix_fixes_product", "shop_id", "product_id", "fault"),
        Index("ix_fixes_alarm", "shop_id", "product_id", "spec", unique=True, **_open_alarm),
    )

    product_id: Mapped[int]
    spec: Mapped[str] = mapped_column(String(300), default="")
    fault: Mapped[str] = mapped_column(String(16))
    measure: Mapped[str] = mapped_column(String(8))
    note: Mapped[str] = mapped_column(String(300), default="")
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(String(300), default="")
    alarm: Mapped[bool] = mapped_column(default=False, server_default=false())  # opened by portal/cases/alarms.py
    made_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime]
