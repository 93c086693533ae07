"""Who hears that a case has changed: the floors above, after the change is committed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from portal.extensions import do_afterwards
from portal.per_app import PerApp

Listener = Callable[[int, datetime], None]  # the case's id, and when it changed
_listener: PerApp[Listener | None] = PerApp("case_listener", None)


def set_listener(work: Listener | None) -> None:
    """Call ``work`` after each transaction that changed a case, once for each case; None: nobody hears of it."""
    _listener.set(work)


def note_change(case_id: int, at: datetime) -> None:
    """A case was changed in this transaction."""
    if (work := _listener.get()) is not None:
        do_afterwards(("case", case_id), lambda: work(case_id, at))
