"""Working days and legal day counts. Pure over a calendar; standard library only.

Days are those of Beijing; a term ends at 24:00 of its last day. The day something happens on doesn't count
(民法典 201). A year without a notice counts Monday to Friday, and says so: such a date is provisional.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

BEIJING: Final = ZoneInfo("Asia/Shanghai")
PROVISIONAL = "暂按周一至周五计算"


class Day(NamedTuple):
    """A day that isn't what its weekday says, or has a name: off, or worked instead of another."""

    day: date
    off: bool
    name: str


@dataclass(frozen=True)
class Calendar:
    """What is known: by year, its special days. A year that is missing has no notice yet."""

    years: Mapping[int, Mapping[date, Day]] = field(default_factory=dict)

    def knows(self, year: int) -> bool:
        """Whether this year's notice is here."""
        return year in self.years

    def is_workday(self, day: date) -> bool:
        """By the notice; without one, and on ordinary days, Monday to Friday."""
        special = self.years.get(day.year, {}).get(day)
        return not special.off if special is not None else day.weekday() < 5

    def name(self, day: date) -> str:
        """The holiday that makes this a day off; 周末 for an ordinary Saturday or Sunday."""
        special = self.years.get(day.year, {}).get(day)
        return special.name if special is not None else "周末" if day.weekday() > 4 else ""


def calendar(days: Mapping[int, Iterable[Day]]) -> Calendar:
    """A calendar of these years."""
    return Calendar({year: {each.day: each for each in special} for year, special in days.items()})


class Rest(NamedTuple):
    """Days in a row that don't count, and why."""

    first: date
    last: date
    name: str


@dataclass(frozen=True)
class Term:
    """The end of a term: ``at`` is 24:00 of the last ``day``. ``provisional``: a year without a notice was counted."""

    day: date
    at: datetime
    provisional: bool = False
    skipped: tuple[Rest, ...] = ()


def day_of(moment: datetime) -> date:
    """The day of a moment, in Beijing."""
    return moment.astimezone(BEIJING).date()


def end_of(day: date) -> datetime:
    """24:00 of a day, as a moment."""
    return datetime.combine(day + timedelta(days=1), time(), BEIJING).astimezone(UTC)


def plus_workdays(start: datetime, number: int, known: Calendar) -> Term:
    """The ``number``-th working day after ``start``."""
    day, left, rests = day_of(start), number, []
    years = set()
    while left > 0:
        day += timedelta(days=1)
        years.add(day.year)
        if known.is_workday(day):
            left -= 1
        else:
            rests.append((day, known.name(day)))
    return Term(day, end_of(day), any(not known.knows(year) for year in years), _runs(rests))


def plus_days(start: datetime, number: int, known: Calendar | None = None) -> Term:
    """The ``number``-th day after ``start``; with a calendar, where that is a day of rest, the next day after it.

    民法典 203: a term that would end on a day of rest ends on the day after.
    """
    day = day_of(start) + timedelta(days=number)
    if known is None:
        return Term(day, end_of(day))
    rests, years = [], {day.year}
    while not known.is_workday(day):
        rests.append((day, known.name(day)))
        day += timedelta(days=1)
        years.add(day.year)
    return Term(day, end_of(day), bool(rests) and any(not known.knows(year) for year in years), _runs(rests))


def _runs(rests: list[tuple[date, str]]) -> tuple[Rest, ...]:
    """Days of rest that follow each other as one."""
    found: list[Rest] = []
    for day, name in rests:
        if found and found[-1].last + timedelta(days=1) == day:
            names = found[-1].name
            found[-1] = Rest(found[-1].first, day, name if names == "周末" else names)
        else:
            found.append(Rest(day, day, name))
    return tuple(found)


def said(rests: Iterable[Rest]) -> str:
    """What was skipped, in words: 2月15日–23日 春节. Ordinary week-ends go without saying."""
    parts = []
    for rest in rests:
        if rest.name == "周末":
            continue
        first = f"{rest.first.month}月{rest.first.day}日"
        last = f"{rest.last.day}日" if rest.last.month == rest.first.month else f"{rest.last.month}月{rest.last.day}日"
        parts.append((first if rest.first == rest.last else f"{first}–{last}") + f" {rest.name}")
    return "、".join(parts)
