"""Office time between two moments, and the quiet hours."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.calendar import officehours
from portal.calendar.officehours import BEIJING

OPENS, CLOSES = 9 * 60, 18 * 60


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (at(23, 10), at(23, 12), 2),
        (at(23, 7), at(23, 9), 0),
        (at(23, 8), at(23, 10), 1),
        (at(23, 17), at(23, 23), 1),
        (at(23, 20), at(24, 8), 0),
        (at(23, 17), at(24, 10), 2),
        (at(23, 9), at(25, 18), 27),
        (at(23, 12), at(23, 11), 0),
    ],
)
def test_only_office_hours_count(start: datetime, end: datetime, hours: int) -> None:
    assert officehours.measure_elapsed(start, end, OPENS, CLOSES) == timedelta(hours=hours)


moments = st.integers(0, 365 * 24 * 60).map(lambda minutes: at(1, 0) + timedelta(minutes=minutes))


@given(st.lists(moments, min_size=3, max_size=3).map(sorted), st.integers(0, 1439), st.integers(1, 1440))
def test_parts_add_up_to_the_whole_and_never_beyond_real_time(three: list[datetime], opens: int, closes: int) -> None:
    opens, closes = min(opens, closes - 1), max(closes, opens + 1)
    first, middle, last = three
    whole = officehours.measure_elapsed(first, last, opens, closes)
    parts = officehours.measure_elapsed(first, middle, opens, closes) + officehours.measure_elapsed(
        middle, last, opens, closes
    )
    assert whole == parts
    assert timedelta() <= whole <= last - first


@pytest.mark.parametrize(
    ("waited", "level"), [(0, "ok"), (119, "ok"), (120, "soon"), (215, "soon"), (216, "over"), (999, "over")]
)
def test_levels(waited: int, level: str) -> None:
    assert officehours.rate_level(timedelta(minutes=waited)) == level


@pytest.mark.parametrize(
    ("hour", "begins", "ends", "quiet"),
    [
        (23, 1320, 480, True),
        (7, 1320, 480, True),
        (8, 1320, 480, False),
        (21, 1320, 480, False),
        (22, 1320, 480, True),
        (3, 0, 0, False),
        (12, 720, 780, True),
        (13, 720, 780, False),
    ],
)
def test_quiet_hours_may_go_over_midnight(hour: int, begins: int, ends: int, quiet: bool) -> None:
    assert officehours.is_quiet(at(23, hour), begins, ends) is quiet


@pytest.mark.parametrize(("words", "minutes"), [("09:00", 540), ("9:05", 545), ("24:00", 1440), (" 18:30 ", 1110)])
def test_times_are_read(words: str, minutes: int) -> None:
    assert officehours.parse_minutes(words) == minutes
    assert officehours.parse_minutes(officehours.clock_time(minutes)) == minutes


@pytest.mark.parametrize(
    "words", ["", "9", "9点", "25:00", "24:01", "9:60", "9:5", "-1:00", "１０:00x", "09:00:00", "٩:00"]
)
def test_what_is_no_time_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="09:00"):
        officehours.parse_minutes(words)
