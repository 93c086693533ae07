"""先试试: what a buyer can try about a fault before they apply, and whether it helped."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


class Remedy(ShopRow, Model):
    """Steps about one fault of a product, or of all of the shop's products of a kind; shown after a look."""

    __tablename__ = "remedies"
    __table_args__ = (
        refer("product_id", "products"),
        CheckConstraint("(product_id IS NULL) = (kind <> '')", name="of_what"),
        CheckConstraint("minutes BETWEEN 1 AND 60", name="minutes"),
        CheckConstraint("state IN ('draft','shown','removed')", name="state"),
        Index("ix_remedies_product", "shop_id", "product_id", "fault"),
        Index("ix_remedies_kind", "shop_id", "kind", "fault"),
    )

    product_id: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(8), default="", server_default="")  # of portal/rights/faults.py
    fault: Mapped[str] = mapped_column(String(16))
    minutes: Mapped[int]  # that trying it takes, about
    steps: Mapped[str] = mapped_column(Text)
    picture: Mapped[str | None] = mapped_column(String(60))  # public id of an evidence file
    state: Mapped[str] = mapped_column(String(8), default="draft")
    made_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    looked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]


class RemedyAnswer(ShopRow, Model):
    """What one person said of it about one order line: whether it helped."""

    __tablename__ = "remedy_answers"
    __table_args__ = (
        refer("remedy_id", "remedies"),
        refer("order_line_id", "order_lines"),
        UniqueConstraint("remedy_id", "order_line_id", "user_id", "shop_id"),
        Index("ix_remedy_answers_user_id", "user_id"),
    )

    remedy_id: Mapped[int]
    order_line_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    helped: Mapped[bool]
    at: Mapped[datetime]
