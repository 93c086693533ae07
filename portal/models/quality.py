"""What was sold and what was wrong with it, line by line, and both counted by week. Weeks: portal/calendar/weeks.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import refer


class SoldLine(Model):
    """An order line that counts as sold, as it is counted in SoldWeek. ``batch_id``: 0 for none."""

    __tablename__ = "sold_lines"
    __table_args__ = (
        refer("order_line_id", "order_lines"),
        CheckConstraint("milli > 0", name="milli"),
        Index("ix_sold_lines_product", "shop_id", "product_id", "week"),
    )

    order_line_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    product_id: Mapped[int]
    spec: Mapped[str] = mapped_column(String(300))
    batch_id: Mapped[int] = mapped_column(default=0, server_default="0")
    week: Mapped[int]  # in which it was ordered
    milli: Mapped[int]


class FaultLine(Model):
    """What is wrong with a case line (a code of portal/rights/faults.py), and whether it is counted in FaultWeek."""

    __tablename__ = "fault_lines"
    __table_args__ = (
        refer("case_line_id", "case_lines"),
        refer("order_line_id", "order_lines"),
        refer("case_id", "cases"),
        CheckConstraint("NOT counted OR fault <> ''", name="counted"),
        Index("ix_fault_lines_case", "shop_id", "case_id"),
        Index("ix_fault_lines_order_line", "shop_id", "order_line_id"),
    )

    case_line_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    case_id: Mapped[int]
    order_line_id: Mapped[int]
    fault: Mapped[str] = mapped_column(String(16), default="")
    milli: Mapped[int]
    counted: Mapped[bool] = mapped_column(default=False, server_default=false())
    set_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # None: as the reason says
    set_at: Mapped[datetime]


class SoldWeek(Model):
    """Order lines sold in a week, kept in the transaction that changes them."""

    __tablename__ = "sold_weeks"
    __table_args__ = (
        CheckConstraint("lines >= 0 AND milli >= 0", name="numbers"),
        Index("ix_sold_weeks_week", "shop_id", "week"),
    )

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    product_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    spec: Mapped[str] = mapped_column(String(300), primary_key=True)
    batch_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    week: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lines: Mapped[int]
    milli: Mapped[int]


class FaultWeek(Model):
    """Of the order lines sold in a week: how many came back as a case with this fault, and how much."""

    __tablename__ = "fault_weeks"
    __table_args__ = (
        CheckConstraint("cases >= 0 AND milli >= 0", name="numbers"),
        Index("ix_fault_weeks_week", "shop_id", "week"),
    )

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    product_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    spec: Mapped[str] = mapped_column(String(300), primary_key=True)
    batch_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    week: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fault: Mapped[str] = mapped_column(String(16), primary_key=True)
    cases: Mapped[int]
    milli: Mapped[int]
