"""How long somebody has waited in a shop's office hours. Pure; minutes of the day are in Beijing time."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

BEIJING: Final = ZoneInfo("Asia/Shanghai")
TARGET: Final = timedelta(hours=4)  # a first answer, in office hours
DAY: Final = timedelta(days=1)


def measure_elapsed(start: datetime, end: datetime, opens: int, closes: int) -> timedelta:
    """The part of ``start``…``end`` that lies in office hours, every day from ``opens`` to ``closes``."""
    if end <= start:
        return timedelta()
    first, last = start.astimezone(BEIJING), end.astimezone(BEIJING)
    whole = (last.date() - first.date()).days
    open_for = timedelta(minutes=closes - opens)
    return open_for * whole + _since_opening(last, opens, closes) - _since_opening(first, opens, closes)


def _since_opening(at: datetime, opens: int, closes: int) -> timedelta:
    """Office time of the day of ``at`` until then."""
    minutes = timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
    return min(max(minutes - timedelta(minutes=opens), timedelta()), timedelta(minutes=closes - opens))


def rate_level(waited: timedelta) -> str:
    """ok below half of the target, soon until 90 %, over from there."""
    return "ok" if waited < TARGET / 2 else "soon" if waited < TARGET * 0.9 else "over"


def is_quiet(at: datetime, begins: int, ends: int) -> bool:
    """Whether ``at`` lies in the quiet hours from ``begins`` to ``ends``, which may go over midnight. Equal: none."""
    local = at.astimezone(BEIJING)
    minute = local.hour * 60 + local.minute
    if begins <= ends:
        return begins <= minute < ends
    return minute >= begins or minute < ends


def clock_time(minutes: int) -> str:
    """Minutes of the day as people write them: 540 is 09:00, 1440 is 24:00."""
    return "24:00" if minutes == 24 * 60 else f"{time(minutes // 60, minutes % 60):%H:%M}"


def parse_minutes(words: str) -> int:
    """09:00 as minutes of the day. Raises ValueError for anything else."""
    hours, mark, minutes = words.strip().partition(":")
    if not mark or not (hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()):
        raise ValueError(f"{words!r} is no time like 09:00")
    found = int(hours) * 60 + int(minutes)
    if len(hours) > 2 or len(minutes) != 2 or int(minutes) > 59 or found > 24 * 60:
        raise ValueError(f"{words!r} is no time like 09:00")
    return found
