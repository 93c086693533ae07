"""Whether the machine's clock can be believed: it is held against the time since the machine started.

Deadlines move cases and money. A clock that jumps by more than ten minutes, either way, stops the sweep until somebody
confirms the time (`portal confirm-clock`) or it is what was to be expected again.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import text

from portal.calendar import clock
from portal.extensions import db
from portal.system import notes

log = logging.getLogger("portal.sweep")
MOST = timedelta(minutes=10)
AWAY = timedelta(hours=24)  # a machine that was off for longer has its clock confirmed
_UPTIME, _BOOT = Path("/proc/uptime"), Path("/proc/sys/kernel/random/boot_id")


class Reading(NamedTuple):
    """The clock's word, and the seconds since which start of the machine it belongs to."""

    boot: str
    uptime: float
    wall: datetime

    def as_value(self) -> dict[str, object]:
        """As a note keeps it."""
        return {"boot": self.boot, "uptime": self.uptime, "wall": self.wall.isoformat()}

    @classmethod
    def of(cls, value: dict[str, Any]) -> Reading:
        """What ``as_value`` made."""
        return cls(value["boot"], value["uptime"], datetime.fromisoformat(value["wall"]))


def read_clock() -> Reading:
    """The machine's clock now, without any shift, and how long the machine has run."""
    return Reading(_BOOT.read_text().strip(), float(_UPTIME.read_text().split()[0]), clock.now() - clock.get_shift())


def find_jump(before: Reading, now: Reading) -> timedelta:
    """By how much the clock differs from what was to be expected; zero when it is within MOST."""
    passed = now.wall - before.wall
    if now.boot == before.boot:
        jump = passed - timedelta(seconds=now.uptime - before.uptime)
    else:  # started again, or another machine: time has passed, nobody knows how much
        jump = passed if passed < timedelta() or passed > AWAY else timedelta()
    return jump if abs(jump) > MOST else timedelta()


def is_steady() -> bool:
    """Hold the clock against the last round's; True lets the sweep go on. A jump is noted, and so is its end."""
    now = read_clock()
    known = notes.read(notes.SWEEP)
    jump = find_jump(Reading.of(known.value), now) if known else timedelta()
    said = f"the clock jumped by {_describe(jump)}" if jump else _compare_with_database(now.wall)
    stopped = notes.read(notes.CLOCK)
    db.session.rollback()
    if said:
        if stopped is None:
            log.error("%s: the sweep stops until it is right again, or: portal confirm-clock", said)
            notes.write(notes.CLOCK, {"said": said}, now.wall)
        return False
    if stopped is not None:
        notes.remove(notes.CLOCK)
        log.warning("the clock is as expected again: the sweep goes on")
    return True


def note_round() -> None:
    """Remember that the sweep did its round, and the clock it did it by."""
    now = read_clock()
    notes.write(notes.SWEEP, now.as_value(), now.wall)


def confirm() -> datetime:
    """Take the machine's time as the right one; returns it."""
    now = read_clock()
    notes.write(notes.SWEEP, now.as_value(), now.wall)
    notes.remove(notes.CLOCK)
    return now.wall


def _describe(jump: timedelta) -> str:
    minutes = round(jump.total_seconds() / 60)
    return f"{minutes:+d} minutes"


def _compare_with_database(wall: datetime) -> str:
    """PostgreSQL has a clock of its own, on its own machine."""
    if db.engine.dialect.name != "postgresql":
        return ""
    theirs = db.session.execute(text("SELECT clock_timestamp()")).scalar_one()
    apart = wall - theirs
    return f"this machine's clock is {_describe(apart)} from the database's" if abs(apart) > MOST else ""
