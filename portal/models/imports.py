"""An order export on its way in: uploaded, checked, imported, reported."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


class ImportJob(ShopRow, Model):
    """One uploaded file. ``checked`` has a dry run's report and waits for the seller's yes."""

    __tablename__ = "import_jobs"
    __table_args__ = (
        UniqueConstraint("public_id", "shop_id"),
        CheckConstraint(
            "state IN ('waiting','checking','checked','confirmed','importing','done','failed')", name="state"
        ),
        Index("ix_import_jobs_shop_id", "shop_id", "id"),
        Index("ix_import_jobs_state", "state"),
    )

    public_id: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    path: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_all: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(400), default="")
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    claimed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OrderDoubt(ShopRow, Model):
    """Something that the newest file with doubts about an order says, and that wasn't believed.

    ``name`` is our column, "" where it is a line's; ``value`` what the file says as it would be written. Gone once it
    is accepted (OrderVersion keeps it), when another file says something else, or after a while.
    """

    __tablename__ = "order_doubts"
    __table_args__ = (
        refer("order_id", "orders"),
        Index("ix_order_doubts_import", "shop_id", "import_id", "id"),
        Index("ix_order_doubts_order", "shop_id", "order_id", "id"),
        Index("ix_order_doubts_at", "at"),
    )

    order_id: Mapped[int]
    import_id: Mapped[int]  # of the upload; 0: from the command line
    source: Mapped[str] = mapped_column(String(200))  # the file's name
    row: Mapped[int]
    name: Mapped[str] = mapped_column(String(24))
    heading: Mapped[str] = mapped_column(String(40))
    kept: Mapped[str] = mapped_column(String(700))
    said: Mapped[str] = mapped_column(String(700))
    why: Mapped[str] = mapped_column(String(80))
    value: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]


class ImportHeading(Model):
    """What a shop said of a heading of another tool: which column of ours it is, or "" for one to be passed over."""

    __tablename__ = "import_headings"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    theirs: Mapped[str] = mapped_column(String(100), primary_key=True)
    ours: Mapped[str] = mapped_column(String(40))
    said_at: Mapped[datetime]
