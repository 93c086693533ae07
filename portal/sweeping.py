"""One round of the clock's work, and the loop around it. Safe to run twice at once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from portal import accounts, cases, clock, evidence, importing
from portal.extensions import Busy, db, writing
from portal.store import Store
from portal.web import once, rates

log = logging.getLogger("portal.sweep")
TIDY_EVERY = 3600.0  # seconds between two rounds of tidying up


def sweep() -> int:
    """Take overdue clock steps and send due reminders; returns how many cases moved."""
    moved = cases.sweep(clock.now())
    db.session.remove()
    return moved


def tidy(store: Store, imports: Path) -> None:
    """Forget what nobody needs any more: old sessions, form keys, rate counts, loose photos, imported files."""
    now = clock.now()
    with writing():
        accounts.forget_old_sessions(now)
        once.forget(now)
        rates.forget(now)
    evidence.clear(store, now - clock.shift())
    importing.clear(imports, now - clock.shift())
    db.session.remove()


def take_in(imports: Path) -> int:
    """Check and import the order exports that wait; returns how many files."""
    done = importing.work(imports, clock.now)
    db.session.remove()
    return done


def keep_sweeping(
    every: float, store: Store, imports: Path, in_context: Callable[[], AbstractContextManager[object]]
) -> None:
    """Sweep for ever, ``every`` seconds; a round that fails is logged and the next one tries again.

    Order exports are taken in beside it, in a thread of their own: a long file doesn't hold up the clock.
    """

    def beside() -> None:
        with in_context():
            while True:
                _round("the import", lambda: take_in(imports))
                time.sleep(min(every, 2.0))

    threading.Thread(target=beside, daemon=True, name="imports").start()
    tidied = -TIDY_EVERY
    while True:
        _round("the sweep", sweep)
        if time.monotonic() - tidied > TIDY_EVERY:
            _round("tidying up", lambda: tidy(store, imports))
            tidied = time.monotonic()
        time.sleep(every)


def _round(what: str, work: Callable[[], object]) -> None:
    try:
        work()
    except Busy:
        log.warning("%s found the database busy; the next round tries again", what)
    except Exception:
        db.session.rollback()
        log.exception("a round of %s failed; the next one tries again", what)
