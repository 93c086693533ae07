"""满意度: one question for each case that came to an end, what was answered, and what the shop does about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


def _only(words: str) -> dict[str, Any]:
    return {"sqlite_where": text(words), "postgresql_where": text(words)}


class Rating(ShopRow, Model):
    """The question about one case, made when it ends; ``stars`` and what follows once somebody has answered it.

    ``asks``: how often it was asked; ``follow_state``: of the task that a bad answer makes.
    """

    __tablename__ = "ratings"
    __table_args__ = (
        refer("case_id", "cases"),
        UniqueConstraint("case_id", "shop_id"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        CheckConstraint("(stars IS NULL) = (rated_at IS NULL)", name="rated"),
        CheckConstraint("asks BETWEEN 0 AND 2", name="asks"),
        CheckConstraint("stars IS NULL OR next_ask_at IS NULL", name="asked_after"),
        CheckConstraint("(answered_at IS NULL) = (answer = '')", name="answered"),
        CheckConstraint("answered_at IS NULL OR stars IS NOT NULL", name="answered_what"),
        CheckConstraint("follow_state IN ('','open','done')", name="follow_state"),
        CheckConstraint("follow_state = '' OR stars <= 2", name="follow_stars"),
        Index("ix_ratings_next_ask_at", "next_ask_at", **_only("next_ask_at IS NOT NULL")),
        Index("ix_ratings_rated", "shop_id", "rated_at", "id", **_only("stars IS NOT NULL")),
        Index("ix_ratings_follow", "shop_id", "rated_at", "id", **_only("follow_state = 'open'")),
        Index("ix_ratings_buyer_id", "buyer_id"),
    )

    case_id: Mapped[int]
    buyer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[datetime]
    asks: Mapped[int] = mapped_column(default=0)
    next_ask_at: Mapped[datetime | None]
    stars: Mapped[int | None]
    words: Mapped[str] = mapped_column(Text, default="")
    by_link: Mapped[bool] = mapped_column(default=False)  # a consumer without an account
    rated_at: Mapped[datetime | None]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # who of the shop acted last in the case
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[datetime | None]
    follow_state: Mapped[str] = mapped_column(String(6), default="")
    follow_note: Mapped[str] = mapped_column(Text, default="")
    follow_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    follow_at: Mapped[datetime | None]
