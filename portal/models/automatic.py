"""自动处理: a shop's own rules for applications, what a day may cost, and what came of each application."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


class AutoRule(ShopRow, Model):
    """One rule: applications that meet all of ``conditions`` are dealt with by ``action``. No action refuses."""

    __tablename__ = "auto_rules"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint("action IN ('agree','no_return','reissue','people','tag')", name="action"),
        Index("ix_auto_rules_shop", "shop_id", "position"),
    )

    name: Mapped[str] = mapped_column(String(20))
    position: Mapped[int]
    action: Mapped[str] = mapped_column(String(12))
    conditions: Mapped[dict[str, Any]] = mapped_column(default=dict)  # portal/cases/automatic/rules.py: Conditions
    tag: Mapped[str] = mapped_column(String(10), default="", server_default="")  # what action tag puts on the case
    is_on: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class AutoSwitch(Model):
    """Whether a shop's rules are at work at all, since when, and what they may cost a day (分)."""

    __tablename__ = "auto_switches"
    __table_args__ = (CheckConstraint("cap_fen >= 0", name="cap"),)

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    is_on: Mapped[bool] = mapped_column(default=False)
    cap_fen: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime]  # applications handed in before are left to people


class AutoDay(Model):
    """What a shop's rules have spent on one day of Beijing (分); counted up together with the step."""

    __tablename__ = "auto_days"
    __table_args__ = (CheckConstraint("spent_fen >= 0", name="spent"),)

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    spent_fen: Mapped[int] = mapped_column(default=0)


class AutoOutcome(Model):
    """What the rules made of an application: each is looked at once."""

    __tablename__ = "auto_outcomes"
    __table_args__ = (
        refer("case_id", "cases"),
        CheckConstraint("outcome IN ('taken','people','none','capped','refused','tagged')", name="outcome"),
        Index(
            "ix_auto_outcomes_told",
            "shop_id",
            "at",
            "case_id",
            sqlite_where=text("outcome <> 'none'"),
            postgresql_where=text("outcome <> 'none'"),
        ),
    )

    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rule_id: Mapped[int | None]  # it may have been deleted since
    rule_name: Mapped[str] = mapped_column(String(20), default="")
    outcome: Mapped[str] = mapped_column(String(8))
    amount_fen: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
