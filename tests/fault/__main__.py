"""``python -m tests.fault``: every fault that the portal must bear, by name; ``--long`` with many more rounds.

Takes some minutes; the long form an hour. ``--only NAME`` takes one of them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from typing import NamedTuple


class Fault(NamedTuple):
    """What happens, the tests that cause it, and a command that does it for long."""

    name: str
    what: str
    tests: tuple[str, ...]
    long: tuple[str, ...] = ()


FAULTS = (
    Fault(
        "kill", "workers and masters killed under load", ("tests/fault/test_kill.py",), ("tests.fault.test_kill", "100")
    ),
    Fault("deploy", "nodes stopped under load", ("tests/fault/test_nodes.py",)),
    Fault("sweeps", "two sweeps at once", ("tests/domain/test_races.py::test_two_sweeps_at_once_take_each_step_once",)),
    Fault("full", "the disk is full", ("tests/fault/test_full.py",)),
    Fault("locked", "another holds the database", ("tests/fault/test_locked.py",)),
    Fault("cut", "PostgreSQL cuts connections", ("tests/fault/test_cut_connection.py",)),
    Fault("failover", "PostgreSQL killed, another in its place", ("tests/fault/test_failover.py",)),
    Fault("replica", "the standby for lists is late, old, gone", ("tests/fault/test_replica.py",)),
    Fault("install", "a bare Debian, by the README's lines", ("tests/fault/test_bare_debian.py",)),
    Fault("image", "an image made and started", ("tests/fault/test_image.py",)),
    Fault("clock", "the clock jumps", ("tests/fault/test_clock_jump.py",)),
    Fault("twice", "a form sent twice and more", ("tests/fault/test_double_submit.py",)),
    Fault("at once", "two people act at once", ("tests/domain/test_races.py::test_of_two_at_once_one_wins",)),
    Fault(
        "lost answer",
        "the answer was lost after the commit",
        ("tests/fault/test_cut_connection.py::test_the_answer_was_lost_after_the_commit",),
    ),
    Fault(
        "stale", "a page that is no longer true", ("tests/web/test_buyer_case.py::test_a_stale_form_keeps_its_words",)
    ),
    Fault(
        "sessions",
        "a session ends while somebody types",
        ("tests/web/test_sessions.py", "tests/web/test_form_tokens.py"),
    ),
    Fault("slow", "clients that never finish", ("tests/fault/test_slow_clients.py",)),
    Fault("pooler", "PgBouncer between portal and database", ("tests/fault/test_pgbouncer.py",)),
    Fault("offline", "a phone without a network", ("tests/e2e/test_photos.py", "tests/e2e/test_installed.py")),
    Fault("backup", "disaster, and the way back", ("tests/fault/test_backup.py",)),
    Fault("carriers", "carriers answer late, twice, nonsense", ("tests/domain/test_tracking.py",)),
    Fault("receivers", "who gets notices is down", ("tests/domain/test_outbox.py",)),
    Fault("load", "50 requests a second, for long", ("tests/bench/test_load.py",), ("tests.bench.load",)),
    Fault("upgrade", "an upgrade killed half-way", ("tests/fault/test_killed_upgrade.py",)),
    Fault("damage", "a damaged or missing database", ("tests/fault/test_broken_database.py",)),
)


def run(fault: Fault, *, long: bool) -> bool:
    """Cause a fault; whether the portal bore it."""
    chosen = ["-m", "nightly or not nightly"] if long else []
    commands = [["pytest", *fault.tests, "-q", "--no-header", *chosen]]
    if long and fault.long:
        commands.append(list(fault.long))
    begun = time.monotonic()
    done = [subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True) for words in commands]
    tried = done[0].returncode != 5 and " passed" in done[0].stdout  # 5: all of it takes too long for the short form
    borne = all(each.returncode in (0, 5) for each in done)
    outcome = "FAILED" if not borne else "borne" if tried else "not tried"
    print(f"{outcome:<9} {fault.name:<12} {fault.what}, {time.monotonic() - begun:.0f} s", flush=True)
    for at, each in enumerate(done):
        if each.returncode not in (0, 5) or at:  # the long command's figures are what it was run for
            print(each.stdout[-4000:], each.stderr[-2000:])
    return borne


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fault", description=__doc__)
    parser.add_argument("--long", action="store_true", help="many more rounds")
    parser.add_argument("--only", choices=[fault.name for fault in FAULTS])
    words = parser.parse_args()
    chosen = [fault for fault in FAULTS if words.only in (None, fault.name)]
    borne = [run(fault, long=words.long) for fault in chosen]
    sys.exit(0 if all(borne) else 1)


if __name__ == "__main__":
    main()
