"""Parcels that came in at the desk, as they were scanned."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer

NO_CASE = "case_id IS NULL AND left_at IS NULL"
LEFT = "left_at IS NOT NULL"
NAMED_LATE = "left_at IS NOT NULL AND case_id IS NOT NULL"


class Intake(ShopRow, Model):
    """One parcel that arrived. Without a case it is an unidentified parcel (无主件) until somebody names its number, or
    says that it isn't here any more: then ``left_at``, how, and in words why."""

    __tablename__ = "intakes"
    __table_args__ = (
        refer("case_id", "cases"),
        UniqueConstraint("shop_id", "number"),
        CheckConstraint("number <> ''", name="number"),
        CheckConstraint("(left_at IS NULL) = (left_how = '')", name="left_at"),
        CheckConstraint("left_how IN ('','returned','scrapped','other')", name="left_how"),
        Index("ix_intakes_left", "shop_id", "left_at", sqlite_where=text(LEFT), postgresql_where=text(LEFT)),
        Index("ix_intakes_shop_user", "shop_id", "user_id", "at"),
        Index("ix_intakes_named_late", "case_id", sqlite_where=text(NAMED_LATE), postgresql_where=text(NAMED_LATE)),
        Index(
            "ix_intakes_unidentified",
            "shop_id",
            "at",
            "id",
            sqlite_where=text(NO_CASE),
            postgresql_where=text(NO_CASE),
        ),
    )

    number: Mapped[str] = mapped_column(String(40))  # as scanned, in upper case
    case_id: Mapped[int | None]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))  # who scanned it
    at: Mapped[datetime]
    matched_at: Mapped[datetime | None]  # when a case was found for an unidentified one
    goods: Mapped[str] = mapped_column(String(200), default="")  # what is in it
    sender: Mapped[str] = mapped_column(String(200), default="")  # the sender's words on or in it
    phone_tail: Mapped[str] = mapped_column(String(8), default="")
    photo: Mapped[str | None] = mapped_column(String(60))  # public id of an evidence file
    left_at: Mapped[datetime | None]
    left_how: Mapped[str] = mapped_column(String(12), default="", server_default="")
    left_note: Mapped[str] = mapped_column(String(200), default="", server_default="")
    left_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
