"""What the desk keeps for its people: views of the queue by name, and steps held back for a moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


class SavedView(ShopRow, Model):
    """A list of the queue with its filters, by name; for one person, or for the whole shop."""

    __tablename__ = "saved_views"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name"),
        UniqueConstraint("shop_id", "user_id", "shared", "name"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))  # who saved it
    shared: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(String(20))
    query: Mapped[str] = mapped_column(String(500))  # the list as it stands in an address
    made_at: Mapped[datetime]


class QueueColumns(Model):
    """Which columns of the queue somebody wants to see; without a row the usual ones."""

    __tablename__ = "queue_columns"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    names: Mapped[str] = mapped_column(String(120))  # "reason buyer", as portal/cases/columns.py calls them


class Printed:
    """How often something was printed, and when last."""

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    number: Mapped[int]
    printed_at: Mapped[datetime]
    printed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))


class LabelPrint(Printed, Model):
    """The label of a case."""

    __tablename__ = "label_prints"
    __table_args__ = (refer("case_id", "cases"), CheckConstraint("number > 0", name="number"))

    case_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class OrderLabelPrint(Printed, Model):
    """The label of an order."""

    __tablename__ = "order_label_prints"
    __table_args__ = (refer("order_id", "orders"), CheckConstraint("number > 0", name="number"))

    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class SlipPrint(Printed, Model):
    """The return slip of a case."""

    __tablename__ = "slip_prints"
    __table_args__ = (refer("case_id", "cases"), CheckConstraint("number > 0", name="number"))

    case_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


HELD = "state = 'held'"


class HeldStep(ShopRow, Model):
    """A step that somebody took and may still take back: it is carried out at ``due_at``, whoever looks then."""

    __tablename__ = "held_steps"
    __table_args__ = (
        refer("case_id", "cases"),
        CheckConstraint("state IN ('held','taken','undone','failed')", name="state"),
        Index("ix_held_steps_due", "due_at", sqlite_where=text(HELD), postgresql_where=text(HELD)),
        Index(
            "uq_held_steps_case",
            "case_id",
            "shop_id",
            unique=True,
            sqlite_where=text(HELD),
            postgresql_where=text(HELD),
        ),
        Index("ix_held_steps_person", "shop_id", "user_id", "due_at"),
    )

    case_id: Mapped[int]
    version: Mapped[int]  # of the case, as the page showed it
    step: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped[str] = mapped_column(String(64), default="")
    request_id: Mapped[str] = mapped_column(String(40), default="")
    handed: Mapped[dict[str, Any]] = mapped_column(default=dict)  # emptied once it is over
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default="held")
    problem: Mapped[str] = mapped_column(String(300), default="")  # why it could not be carried out
