"""Where a browser wants to be told that there is news."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import make_id


class PushSubscription(Model):
    """One signed-in browser's address at its push service; it lives no longer than the session."""

    __tablename__ = "push_subscriptions"
    __table_args__ = (UniqueConstraint("endpoint"), Index("ix_push_subscriptions_user_id", "user_id"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=make_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    session: Mapped[str] = mapped_column(ForeignKey("sessions.id_hash", ondelete="CASCADE"), unique=True)
    endpoint: Mapped[str] = mapped_column(String(600))
    told_id: Mapped[int] = mapped_column(default=0)  # the newest notice that it was told of
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    at: Mapped[datetime]
