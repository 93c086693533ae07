"""One round of the clock's work, and the loop around it. Safe to run twice at once."""

from __future__ import annotations

import logging
import time

from portal import accounts, cases, clock, evidence
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


def tidy(store: Store) -> None:
    """Forget what nobody needs any more: old sessions, form keys, rate counts, loose photos."""
    now = clock.now()
    with writing():
        accounts.forget_old_sessions(now)
        once.forget(now)
        rates.forget(now)
    evidence.clear(store, now - clock.shift())
    db.session.remove()


def keep_sweeping(every: float, store: Store) -> None:
    """Sweep for ever, ``every`` seconds; a round that fails is logged and the next one tries again."""
    tidied = 0.0
    while True:
        try:
            sweep()
            if time.monotonic() - tidied > TIDY_EVERY:
                tidy(store)
                tidied = time.monotonic()
        except Busy:
            log.warning("the database is busy; the next round tries again")
        except Exception:
            db.session.rollback()
            log.exception("a round of the sweep failed; the next one tries again")
        time.sleep(every)
