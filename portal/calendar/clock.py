"""The only reader of the clock.

Everything else takes ``now`` as a parameter. A demo or a test may shift the portal's clock forward: the shift is a
number of seconds in a small file that web workers and the sweep share, so that all of them move together.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from portal.per_app import PerApp
from portal.whole_file import write_whole

_shift_file: PerApp[Path | None] = PerApp("clock_file", None)
_shift_seen: PerApp[tuple[int, timedelta]] = PerApp("clock_seen", (0, timedelta()))


def follow_shift(shift_file: Path | None) -> None:
    """Follow the shift kept in ``shift_file``; None means the real time and nothing else."""
    _shift_file.set(shift_file)
    _shift_seen.set((0, timedelta()))


def get_shift() -> timedelta:
    """How far the portal's clock is ahead of the machine's."""
    file, seen = _shift_file.get(), _shift_seen.get()
    if file is None:
        return timedelta()
    try:
        changed = os.stat(file).st_mtime_ns
        if changed != seen[0]:
            seen = (changed, timedelta(seconds=float(file.read_text() or "0")))
            _shift_seen.set(seen)
    except (OSError, ValueError):
        return timedelta()
    return seen[1]


def move_forward(step: timedelta) -> timedelta:
    """Move the followed clock forward and return the new shift. Raises RuntimeError when no clock is followed."""
    file = _shift_file.get()
    if file is None:
        raise RuntimeError("the clock can only be moved where a shift file is followed")
    moved = max(get_shift() + step, timedelta())
    write_whole(file, str(moved.total_seconds()).encode())
    return moved


def reset_shift() -> None:
    """Back to the machine's own time."""
    file = _shift_file.get()
    if file is not None:
        file.unlink(missing_ok=True)
    follow_shift(file)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC) + get_shift()
