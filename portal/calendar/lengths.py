"""How long the deadlines in force are: as they were set, else as the flow has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from portal import flow
from portal.per_app import PerApp

_spans: PerApp[Mapping[str, timedelta]] = PerApp("deadlines", {})


def set_deadlines(spans: Mapping[str, timedelta]) -> None:
    """Other deadlines than flow.DEADLINES, from the settings. Raises ValueError for a name that doesn't exist."""
    for name in spans:
        if name not in flow.DEADLINES:
            raise ValueError(f"PORTAL_DEADLINES: no deadline is called {name!r}, but {', '.join(flow.DEADLINES)}")
    _spans.set(dict(spans))


def get_deadlines() -> Mapping[str, timedelta]:
    """The deadlines that were set, by name."""
    return _spans.get()


def get_deadline(name: str) -> timedelta:
    """How long a deadline is: as it was set, else as flow.DEADLINES has it."""
    return get_deadlines().get(name, flow.DEADLINES[name])


def describe_deadline(*names: str) -> str:
    """How long a deadline is, or several one after the other, in words: 72 小时, 7 天."""
    return flow.in_words(sum((get_deadline(name) for name in names), timedelta()))
