"""Weeks from Monday to Sunday in Beijing, as whole numbers that can be reckoned with."""

from __future__ import annotations

from datetime import date, datetime

from portal.words import BEIJING


def number_week(at: datetime) -> int:
    """The week in which a moment falls."""
    return (at.astimezone(BEIJING).date().toordinal() - 1) // 7


def find_monday(week: int) -> date:
    """The day on which a week begins."""
    return date.fromordinal(week * 7 + 1)


def name_week(week: int) -> str:
    """A week as people read it, by its number in the year: 2026年第48周."""
    year, number, _ = find_monday(week).isocalendar()
    return f"{year}年第{number}周"
