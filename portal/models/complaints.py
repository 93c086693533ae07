"""What people tell whoever runs the portal: an order that isn't theirs, a shop that pesters, false words, an idea."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import refer


class Complaint(Model):
    """One complaint of a member, or of a visitor who reads the answer through a link.

    ``number`` is the receipt; ``shop_id`` that of the order or case, if it names one, or the one the operator found;
    ``outcome``: what looking into it came to. ``again_at``: when they asked to look into it once more, after the first
    answer, which stays as it was.
    """

    __tablename__ = "complaints"
    __table_args__ = (
        refer("order_id", "orders"),
        refer("case_id", "cases"),
        CheckConstraint(
            "kind IN ('not_mine','false_goods','pestering','other',"
            "'false_info','infringement','privacy','shop','opinion')",
            name="kind",
        ),
        CheckConstraint("state IN ('open','looking','answered')", name="state"),
        CheckConstraint("(state = 'answered') = (answered_at IS NOT NULL)", name="answered"),
        CheckConstraint("outcome IN ('','upheld','part','no','noted')", name="outcome"),
        CheckConstraint("state = 'answered' OR outcome = ''", name="outcome_answered"),
        CheckConstraint("shop_id IS NOT NULL OR (order_id IS NULL AND case_id IS NULL)", name="shop"),
        CheckConstraint("(user_id IS NULL) <> (token_hash IS NULL)", name="whose"),
        Index("ix_complaints_state", "state", "due_at", "id"),
        Index("ix_complaints_user_id", "user_id", "id"),
        Index(
            "ix_complaints_upheld",
            "shop_id",
            "answered_at",
            sqlite_where=text("outcome IN ('upheld','part')"),
            postgresql_where=text("outcome IN ('upheld','part')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)  # of a visitor's link
    contact: Mapped[str] = mapped_column(String(120), default="")  # where a visitor can be asked
    kind: Mapped[str] = mapped_column(String(12))
    about: Mapped[str] = mapped_column(String(200), default="")  # the order, page or shop, as it was typed
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    order_id: Mapped[int | None]
    case_id: Mapped[int | None]
    words: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="open")
    answer: Mapped[str] = mapped_column(Text, default="")
    outcome: Mapped[str] = mapped_column(String(8), default="")
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[datetime | None]
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    escalated_at: Mapped[datetime | None]
    first_answer: Mapped[str] = mapped_column(Text, default="")
    first_outcome: Mapped[str] = mapped_column(String(8), default="")
    first_answered_at: Mapped[datetime | None]
    again_words: Mapped[str] = mapped_column(Text, default="")
    again_at: Mapped[datetime | None]
