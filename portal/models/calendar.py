"""The calendar of working days, and the public rules: what the operator of the portal keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model


class CalendarYear(Model):
    """One year's notice. ``days``: [2026-02-14, off, 春节] of each day that isn't what its weekday says."""

    __tablename__ = "calendar_years"
    __table_args__ = (CheckConstraint("year BETWEEN 2000 AND 2100", name="year"),)

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    days: Mapped[list[Any]] = mapped_column(default=list)
    source: Mapped[str] = mapped_column(String(200), default="")  # name or number of the notice
    changed_at: Mapped[datetime]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # None: came with the portal


class RuleVersion(Model):
    """One version of 铺货退货规则, immutable. The one in force is the newest whose ``effective_at`` has come."""

    __tablename__ = "rule_versions"
    __table_args__ = (
        UniqueConstraint("version"),
        CheckConstraint("effective_at >= published_at", name="effective"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    words: Mapped[str] = mapped_column(Text)
    changes: Mapped[str] = mapped_column(Text, default="")  # what is new, in a few sentences
    published_at: Mapped[datetime]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    effective_at: Mapped[datetime]
    exception: Mapped[str] = mapped_column(Text, default="")  # the legal reason to be in force sooner than in 7 days
