"""One round of the clock's work, and the loop around it. Safe to run twice at once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from portal.applications import dispatch, dispatch_work
from portal.calendar import calendars, clock, officehours
from portal.cases import anchors, bulk_work, held, looks
from portal.cases import clock as case_clock
from portal.cases import failed as failed_goods
from portal.cases.automatic import acting
from portal.config import Settings
from portal.evidence import evidence
from portal.evidence.store import KEPT_ASIDE, Store
from portal.exporting import exports
from portal.extensions import Busy, db, writing
from portal.money.accounts import keeping as account_keeping
from portal.notices import outbox, push
from portal.orders import uploads as order_uploads
from portal.parcels import couriers, following
from portal.payments import recording
from portal.people import sessions
from portal.resale import alarm as chain_alarm
from portal.resale import links as consumer_links
from portal.resale.passing import moving
from portal.rights import resale
from portal.service import asking
from portal.system import notes, steadiness
from portal.talk import complaints
from portal.tracking import polling, unopposed
from portal.web import once, rates

log = logging.getLogger("portal.sweep")
TIDY_EVERY = 3600.0  # seconds between two rounds of tidying up


def imports_of(settings: Settings) -> Path:
    """The folder of uploaded order exports."""
    return settings.data.absolute() / "imports"


def sweep() -> int:
    """Take overdue clock steps, send reminders and alarms, erase accounts in time; returns how many cases moved.

    Each part by itself: one that fails is an alarm (`portal doctor`, /health/ready) and stops none of the others.
    """
    moved = 0
    failed: dict[str, str] = {}

    def settle() -> None:
        nonlocal moved
        moved = case_clock.sweep(clock.now())

    parts: tuple[tuple[str, Callable[[], object]], ...] = (
        (
            "held steps",
            lambda: held.carry_out_due(clock.now()),
        ),  # before the clock takes what a person answered in time
        ("shops' rules", lambda: acting.decide_fresh(clock.now())),
        ("deadlines", settle),
        ("payment alarms", lambda: recording.raise_alarm(clock.now())),
        ("receipts unopposed", lambda: unopposed.settle_due(clock.now())),
        ("resale terms", lambda: resale.promise_terms(clock.now())),
        ("resale overdue", lambda: resale.mark_overdue(clock.now())),
        ("chain facts", lambda: moving.sweep(clock.now())),
        ("chain alarms", lambda: chain_alarm.raise_alarms(clock.now())),
        ("ratings", lambda: asking.ask_due(clock.now())),
        ("failed goods", lambda: failed_goods.tell_late(clock.now())),
        ("complaints", lambda: complaints.escalate_due(clock.now())),
        ("bank accounts", lambda: account_keeping.erase_due(clock.now())),
    )
    for name, work in parts:
        try:
            work()
        except Busy:
            raise
        except Exception as problem:
            db.session.rollback()
            log.exception("a part of the sweep failed: %s", name)
            failed[name] = f"{type(problem).__name__}: {problem}"
    for name, said in failed.items():
        notes.raise_alarm(notes.STUCK_PART, name, said, clock.now() - clock.get_shift())
    notes.end_alarms(notes.STUCK_PART, failed)
    db.session.remove()
    return moved


def sweep_if_steady() -> int:
    """A round of the sweep, unless the machine's clock jumped; returns how many cases moved."""
    if not steadiness.is_steady():
        return 0
    moved = sweep()
    steadiness.note_round()
    db.session.remove()
    return moved


def tidy(store: Store, imports: Path) -> None:
    """Forget what nobody needs any more: old sessions, form keys, rate counts, loose photos, imported files."""
    now = clock.now()
    with writing():
        sessions.forget_old_sessions(now)
        once.forget(now)
        exports.forget_old(now)
        dispatch.forget_old(now)
        rates.forget(now)
        looks.forget(now)
        following.end_old(now)
        consumer_links.forget_old(now)
    if (year := calendars.find_missing_year(now)) is not None:
        log.warning(calendars.TO_LOAD.format(year=year))
    if aside := evidence.clear_unused(store, now - clock.get_shift()):
        log.warning(
            "%d files that no row names were set aside; they are deleted %d days from now", aside, KEPT_ASIDE.days
        )
    anchors.write_head()
    order_uploads.clear_old(imports, now - clock.get_shift())
    db.session.remove()


def send_out(settings: Settings) -> int:
    """Send the notices that are due to go out; returns how many the receiver took."""
    if not settings.webhook_url or officehours.is_quiet(clock.now(), *settings.quiet()):
        return 0
    sent = outbox.send_due(settings.webhook_url, settings.webhook_secret, clock.now())
    db.session.remove()
    return sent


def push_out(settings: Settings) -> int:
    """Tell browsers that there is news; returns how many."""
    if not settings.push_key or officehours.is_quiet(clock.now(), *settings.quiet()):
        return 0
    contact = settings.address if settings.address.startswith("https://") else ""
    told = push.send_due(settings.push_key, contact, clock.now())
    db.session.remove()
    return told


def take_in(imports: Path) -> int:
    """Check and import the order exports that wait; returns how many files."""
    done = order_uploads.work_off(imports, clock.now)
    db.session.remove()
    return done


def carry_out_held() -> int:
    """Take the steps that nobody took back in time; returns how many."""
    if not _is_allowed():
        return 0
    taken = held.carry_out_due(clock.now())
    db.session.remove()
    return taken


def work_off_runs() -> int:
    """Do some more of what was ordered for many cases or orders; returns how many were done."""
    if not _is_allowed():
        return 0
    done = bulk_work.work_off(clock.now()) + dispatch_work.work_off(clock.now())
    db.session.remove()
    return done


def decide_by_rules() -> int:
    """Let the shops' own rules decide fresh applications; returns how many steps they took."""
    if not _is_allowed():
        return 0
    taken = acting.decide_fresh(clock.now())
    db.session.remove()
    return taken


def write_exports() -> int:
    """Write the lists that somebody asked for; returns how many."""
    if not _is_allowed():
        return 0
    made = exports.write_waiting(clock.now())
    db.session.remove()
    return made


def ask_carriers(settings: Settings) -> int:
    """Follow orders that are newly on their way and ask where parcels are; returns how many answers came."""
    polling.follow_orders(clock.now())
    courier = couriers.of(settings)
    answers = polling.poll_carriers(courier, settings.tracking_per_minute, clock.now) if courier else 0
    db.session.remove()
    return answers


def keep_sweeping(
    every: float, store: Store, settings: Settings, in_context: Callable[[], AbstractContextManager[object]]
) -> None:
    """Sweep for ever, ``every`` seconds; a round that fails is logged and the next one tries again.

    Order exports are taken in, webhooks sent and carriers asked beside it, in threads of their own: neither a long
    file nor a slow receiver holds up the clock.
    """
    imports = imports_of(settings)

    def beside(what: str, work: Callable[[], object]) -> None:
        with in_context():
            while True:
                _round(what, work)
                time.sleep(min(every, 2.0))

    works: tuple[tuple[str, Callable[[], object]], ...] = (
        ("the import", lambda: take_in(imports)),
        ("held steps", carry_out_held),
        ("runs over many cases and orders", work_off_runs),
        ("the shops' rules", decide_by_rules),
        ("exports", write_exports),
        ("sending", lambda: send_out(settings)),
        ("pushing", lambda: push_out(settings)),
        ("asking carriers", lambda: ask_carriers(settings)),
    )
    for what, work in works:
        threading.Thread(target=beside, args=(what, work), daemon=True, name=what).start()
    tidied = -TIDY_EVERY
    while True:
        _round("the sweep", sweep_if_steady)
        if time.monotonic() - tidied > TIDY_EVERY and _is_allowed():
            _round("tidying up", lambda: tidy(store, imports))
            tidied = time.monotonic()
        time.sleep(every)


def _is_allowed() -> bool:
    """Nothing is forgotten by a clock that nobody believes."""
    try:
        return notes.read(notes.CLOCK) is None
    finally:
        db.session.remove()


def _round(what: str, work: Callable[[], object]) -> None:
    try:
        work()
    except Busy:
        log.warning("%s found the database busy; the next round tries again", what)
    except Exception:
        db.session.rollback()
        log.exception("a round of %s failed; the next one tries again", what)
