"""The calendar of working days as it is kept here: read by everybody, changed by the operator.

Pages read a copy that is at most a minute old; whatever is promised or recomputed reads the table.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select

from portal import inputs
from portal.calendar import workdays
from portal.calendar.workdays import Calendar, Day
from portal.extensions import db
from portal.models import CalendarYear
from portal.per_app import PerApp

FRESH_FOR: Final = 60.0  # seconds
MOST_DAYS = 120  # special days of one year
WARN_FROM = (11, 1)  # the notice of the next year is out by then, as a rule
_known: PerApp[tuple[float, Calendar] | None] = PerApp("working_days", None)


class CalendarRefused(ValueError):
    """A notice that can't be read; ``sentences`` say why, line by line."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = list(sentences)


def get_calendar(*, fresh: bool = False) -> Calendar:
    """What is known of working days."""
    known = _known.get()
    if fresh or known is None or time.monotonic() - known[0] > FRESH_FOR:
        rows = db.session.execute(select(CalendarYear.year, CalendarYear.days)).all()
        known = (time.monotonic(), workdays.calendar({row.year: _days(row.days) for row in rows}))
        _known.set(known)
    return known[1]


def forget_copy() -> None:
    """Read the table anew the next time."""
    _known.set(None)


def _days(rows: Sequence[Sequence[str]]) -> list[Day]:
    return [Day(date.fromisoformat(day), bool(off), str(name)) for day, off, name in rows]


def list_days(row: CalendarYear) -> list[Day]:
    """The special days of a year."""
    return _days(row.days)


def list_years() -> Sequence[CalendarYear]:
    """Every year there is, the newest first."""
    return db.session.scalars(select(CalendarYear).order_by(CalendarYear.year.desc())).all()


def find_year(year: int) -> CalendarYear | None:
    """One year, if its notice is here."""
    return db.session.get(CalendarYear, year)


TO_LOAD = "the calendar of {year} is missing: working days are Monday to Friday until it is there (/operator)"


def find_missing_year(now: datetime) -> int | None:
    """The next year, from November on, when its notice isn't here; else None. This year counts too, at any time."""
    today = workdays.day_of(now)
    known = set(db.session.scalars(select(CalendarYear.year)))
    if today.year not in known:
        return today.year
    return today.year + 1 if (today.month, today.day) >= WARN_FROM and today.year + 1 not in known else None


_LINE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[\s,,]+(休|班)[\s,,]*(\S{0,20})")


def read_notice(text: str, year: int) -> list[Day]:
    """The special days of a year's notice: a line for each, 「2027-02-06 休 春节」. Raises CalendarRefused."""
    found: dict[date, Day] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        said = inputs.fold(line).strip()
        if not said:
            continue
        match = _LINE.fullmatch(said)
        if match is None:
            problems.append(f"第 {number} 行看不懂：请写成「{year}-10-01 休 国庆节」或「{year}-10-10 班 国庆节」")
            continue
        try:
            day = date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            problems.append(f"第 {number} 行没有这一天")
            continue
        if day.year != year:
            problems.append(f"第 {number} 行不是 {year} 年")
        elif day in found:
            problems.append(f"第 {number} 行与前面重复")
        elif match[4] == "班" and day.weekday() < 5:
            problems.append(f"第 {number} 行：{day.month}月{day.day}日不是周末，不需要写「班」")
        else:
            found[day] = Day(day, match[4] == "休", match[5])
    if len(found) > MOST_DAYS:
        problems.append(f"一年最多 {MOST_DAYS} 天")
    if not found and not problems:
        problems.append("请粘贴这一年的放假和调休安排")
    if problems:
        raise CalendarRefused(problems[:20])
    return sorted(found.values())


def write_notice(days: Sequence[Any]) -> str:
    """The days of a year as read_notice reads them."""
    return "\n".join(f"{day} {'休' if off else '班'} {name}".rstrip() for day, off, name in days)


def keep_year(year: int, days: Sequence[Day], source: str, *, by: int | None, now: datetime) -> None:
    """Set what is known of a year. Inside ``writing()``; promises are recomputed by resale.recompute()."""
    row = db.session.get(CalendarYear, year)
    if row is None:
        row = CalendarYear(year=year, days=[])
        db.session.add(row)
    row.days = [[str(each.day), each.off, each.name] for each in days]
    row.source, row.changed_at, row.changed_by = source, now, by
    db.session.flush()
    forget_copy()
