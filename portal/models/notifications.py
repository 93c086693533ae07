"""What people are told, and the way it takes beyond the portal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import make_id, refer


class Notice(Model):
    """One notice to one person, written in the transaction of the step that caused it.

    It belongs to the person, whose list crosses shops; ``shop_id`` is that of the case or order it tells of, if any.
    """

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        refer("case_id", "cases"),
        CheckConstraint("case_id IS NULL OR shop_id IS NOT NULL", name="shop"),
        Index("ix_notices_user", "user_id", "id"),
        Index(
            "ix_notices_unread",
            "user_id",
            "id",
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
        Index("ix_notices_case_id", "case_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=make_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    case_id: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(32))  # the step's name, or "reminder"
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text, default="")
    href: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    dedupe_key: Mapped[str] = mapped_column(String(120))


class Delivery(Model):
    """A notice on its way through one channel; sent at most once by its key."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        CheckConstraint("state IN ('waiting','sent','given_up')", name="state"),
        Index(
            "ix_deliveries_next_at",
            "next_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=make_id)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))
    channel: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    problem: Mapped[str] = mapped_column(String(200), default="")
    dedupe_key: Mapped[str] = mapped_column(String(140))
