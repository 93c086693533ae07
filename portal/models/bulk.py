"""One order of the desk for many cases: what is to be done, and what came of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer

RUNNING = "state = 'running'"


class BulkRun(ShopRow, Model):
    """Many cases at once: looked at first (preview), then worked off one by one (running), then done."""

    __tablename__ = "bulk_runs"
    __table_args__ = (
        CheckConstraint("state IN ('preview','running','done')", name="state"),
        Index("ix_bulk_runs_running", "id", sqlite_where=text(RUNNING), postgresql_where=text(RUNNING)),
        Index("ix_bulk_runs_person", "shop_id", "user_id", "id"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(40), default="")
    kind: Mapped[str] = mapped_column(String(16))
    query: Mapped[str] = mapped_column(String(500))  # the list it was made from
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what is handed in with each case
    state: Mapped[str] = mapped_column(String(8), default="preview")
    made_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


class BulkItem(ShopRow, Model):
    """One case of a run, at the version that was looked at."""

    __tablename__ = "bulk_items"
    __table_args__ = (
        refer("run_id", "bulk_runs"),
        refer("case_id", "cases"),
        CheckConstraint("state IN ('waiting','apart','done','skipped')", name="state"),
        Index("uq_bulk_items_case", "run_id", "case_id", "shop_id", unique=True),
        Index("ix_bulk_items_state", "run_id", "state", "id"),
    )

    run_id: Mapped[int]
    case_id: Mapped[int]
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(60), default="")  # what will happen, in words; those alike are a group
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # of this case alone: its parcel
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    reason: Mapped[str] = mapped_column(String(300), default="")  # why it is set apart or was skipped
