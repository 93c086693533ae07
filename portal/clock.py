"""The only reader of the clock.

Everything else takes ``now`` as a parameter. A demo or a test may shift the portal's clock forward: the shift is a
number of seconds in a small file that web workers and the sweep share, so that all of them move together.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

_shift_file: Path | None = None
_shift_seen: tuple[int, timedelta] = (0, timedelta())


def follow(shift_file: Path | None) -> None:
    """Follow the shift kept in ``shift_file``; None means the real time and nothing else."""
    global _shift_file, _shift_seen
    _shift_file, _shift_seen = shift_file, (0, timedelta())


def shift() -> timedelta:
    """How far the portal's clock is ahead of the machine's."""
    global _shift_seen
    if _shift_file is None:
        return timedelta()
    try:
        changed = os.stat(_shift_file).st_mtime_ns
        if changed != _shift_seen[0]:
            _shift_seen = (changed, timedelta(seconds=float(_shift_file.read_text() or "0")))
    except (OSError, ValueError):
        return timedelta()
    return _shift_seen[1]


def forward(step: timedelta) -> timedelta:
    """Move the followed clock forward and return the new shift. Raises RuntimeError when no clock is followed."""
    if _shift_file is None:
        raise RuntimeError("the clock can only be moved where a shift file is followed")
    moved = max(shift() + step, timedelta())
    draft = _shift_file.with_suffix(".new")
    draft.write_text(str(moved.total_seconds()))
    draft.replace(_shift_file)
    return moved


def reset() -> None:
    """Back to the machine's own time."""
    if _shift_file is not None:
        _shift_file.unlink(missing_ok=True)
    follow(_shift_file)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC) + shift()
