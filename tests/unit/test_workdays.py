"""Working days by the notices, legal terms, years that nobody knows yet."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.calendar import holidays, workdays
from portal.calendar.workdays import BEIJING

KNOWN = workdays.calendar({year: holidays.shipped(year) for year in holidays.SHIPPED})
VECTORS = json.loads((Path(__file__).parents[1] / "data" / "deadlines.json").read_text())


def at(day: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=BEIJING)


def test_every_day_of_nine_years() -> None:
    day = date(2018, 1, 1)
    while day < date(2027, 1, 1):
        assert KNOWN.is_workday(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


@pytest.mark.parametrize("vector", VECTORS["workdays"], ids=lambda vector: vector["start"])
def test_working_days(vector: dict[str, Any]) -> None:
    for number in (7, 15):
        term = workdays.plus_workdays(at(vector["start"]), number, KNOWN)
        assert str(term.day) == vector[f"plus_{number}_workdays"]
        assert term.provisional == vector[f"provisional_{number}"]
        assert term.at.astimezone(BEIJING) == datetime.combine(term.day, datetime.min.time(), BEIJING) + timedelta(
            days=1
        )


@pytest.mark.parametrize("vector", VECTORS["seven_day"], ids=lambda vector: vector["signed_at"])
def test_seven_days(vector: dict[str, str]) -> None:
    signed = datetime.fromisoformat(vector["signed_at"]).replace(tzinfo=BEIJING)
    plain, rolled = workdays.plus_days(signed, 7), workdays.plus_days(signed, 7, KNOWN)
    assert str(plain.day) == vector["plain_last_day"]
    assert plain.at.astimezone(BEIJING).replace(tzinfo=None).isoformat() == vector["plain_deadline"]
    assert str(rolled.day) == vector["rolled_last_day_mfd203"]


def test_around_the_spring_festival() -> None:
    term = workdays.plus_workdays(at("2026-02-10"), 7, KNOWN)
    assert str(term.day) == "2026-02-26"  # by weekdays alone it would be a week too early
    assert workdays.said(term.skipped) == "2月15日–23日 春节"


def test_the_day_is_beijings() -> None:
    before, after = at("2026-11-20", 0) - timedelta(seconds=1), at("2026-11-20", 0)
    assert str(workdays.plus_workdays(before, 1, KNOWN).day) == "2026-11-20"
    assert str(workdays.plus_workdays(after, 1, KNOWN).day) == "2026-11-23"


def test_a_year_that_nobody_knows_is_provisional_and_no_error() -> None:
    term = workdays.plus_workdays(at("2026-12-14"), 15, KNOWN)
    assert (str(term.day), term.provisional) == ("2027-01-04", True)
    assert workdays.plus_workdays(at("2031-05-01"), 7, KNOWN).provisional
    assert not workdays.plus_workdays(at("2026-12-14"), 7, KNOWN).provisional


@given(st.dates(date(2017, 1, 1), date(2030, 1, 1)), st.integers(0, 23), st.integers(1, 60))
def test_terms_hold_together(day: date, hour: int, number: int) -> None:
    start = at(str(day), hour)
    term = workdays.plus_workdays(start, number, KNOWN)
    counted = [
        workdays.day_of(start) + timedelta(days=n) for n in range(1, (term.day - workdays.day_of(start)).days + 1)
    ]
    assert sum(map(KNOWN.is_workday, counted)) == number and KNOWN.is_workday(term.day)
    rested = sum((rest.last - rest.first).days + 1 for rest in term.skipped)
    assert rested + number == len(counted)
    assert workdays.plus_days(start, number, KNOWN).at >= workdays.plus_days(start, number).at
