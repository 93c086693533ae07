"""What members report to whoever runs the portal: an order that isn't theirs, a shop that pesters."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import refer


class Complaint(Model):
    """One report of one member. ``number`` is the receipt; ``shop_id`` that of the order or case, if it names one."""

    __tablename__ = "complaints"
    __table_args__ = (
        refer("order_id", "orders"),
        refer("case_id", "cases"),
        CheckConstraint("kind IN ('not_mine','false_goods','pestering','other')", name="kind"),
        CheckConstraint("state IN ('open','looking','answered')", name="state"),
        CheckConstraint("(state = 'answered') = (answered_at IS NOT NULL)", name="answered"),
        CheckConstraint("shop_id IS NOT NULL OR (order_id IS NULL AND case_id IS NULL)", name="shop"),
        Index("ix_complaints_state", "state", "id"),
        Index("ix_complaints_user_id", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(12))
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    order_id: Mapped[int | None]
    case_id: Mapped[int | None]
    words: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="open")
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[datetime | None]
    at: Mapped[datetime]
