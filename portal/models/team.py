"""How the people of a shop work together on a case: notes among themselves, who looks at it, the shop's tags."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


class StaffNote(ShopRow, Model):
    """Words of the shop's people to one another about a case; nobody else ever reads them."""

    __tablename__ = "staff_notes"
    __table_args__ = (
        refer("case_id", "cases"),
        CheckConstraint("kind IN ('note','hand_over')", name="kind"),
        CheckConstraint("(kind = 'hand_over') = (to_id IS NOT NULL)", name="receiver"),
        Index("ix_staff_notes_case", "case_id", "id"),
        Index("ix_staff_notes_day", "shop_id", "at"),
    )

    case_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped[str] = mapped_column(String(64))  # 会员名 at that time
    kind: Mapped[str] = mapped_column(String(12))
    to_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # whom the case was handed to
    receiver: Mapped[str] = mapped_column(String(64), default="")  # 会员名 at that time
    words: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]


class CaseLook(Model):
    """When somebody of the shop had a case open last."""

    __tablename__ = "case_looks"
    __table_args__ = (refer("case_id", "cases"),)

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime]


class ShopTag(ShopRow, Model):
    """A tag that this shop puts on cases."""

    __tablename__ = "shop_tags"
    __table_args__ = (CheckConstraint("name <> ''", name="name"), UniqueConstraint("shop_id", "name"))

    name: Mapped[str] = mapped_column(String(10))
    made_at: Mapped[datetime]
