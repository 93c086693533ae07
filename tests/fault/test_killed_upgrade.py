"""kill -9 in the middle of `portal db upgrade`: nothing is half changed, and the next upgrade does it all."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from portal import database
from portal.config import Settings
from portal.extensions import db
from tests.conftest import BANK_KEYS
from tests.domain.test_old_folder import FIRST, assert_carried_over, old

__all__ = ["old"]  # the fixture: a folder of the first release, on each database
KILLS = 1  # each costs as much as an upgrade
TOP = Path(__file__).parents[2]


def start_upgrade(settings: Settings) -> subprocess.Popen[bytes]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    given |= {"PORTAL_DATA": str(settings.data), "PORTAL_SECRET_KEY": "test", "PORTAL_BANK_KEYS": BANK_KEYS}
    given |= {"PORTAL_DATABASE_URL": settings.database_url} if settings.database_url else {}
    command = Path(sys.executable).with_name("portal")
    return subprocess.Popen([command, "db", "upgrade"], env=given, cwd=TOP)


def is_changing(settings: Settings) -> bool:
    """Whether an upgrade is at work on the tables."""
    if not settings.database_url:
        return any(path.stat().st_size for path in settings.data.glob("portal.db-*l"))  # -wal or -journal
    with psycopg.connect(settings.database_url.replace("+psycopg", "")) as connection:
        held = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", [database.SCHEMA_LOCK]
        ).fetchone()
    return bool(held and held[0])


def kill_while_changing(settings: Settings, wait: float) -> bool:
    """Kill an upgrade ``wait`` seconds after it began to change tables; False when it had ended by itself."""
    upgrade = start_upgrade(settings)
    try:
        while not is_changing(settings):
            if upgrade.poll() is not None:
                return False
            time.sleep(0.01)
        time.sleep(wait)
    finally:
        upgrade.kill()
    return upgrade.wait() == -signal.SIGKILL


@pytest.mark.timeout(180)
def test_a_killed_upgrade_changes_nothing_and_the_next_does_it_all(old: Flask) -> None:
    settings = old.extensions["portal_settings"]
    chance = random.Random(7)
    killed = 0
    for _ in range(KILLS):
        db.session.remove()
        db.engine.dispose()
        killed += kill_while_changing(settings, chance.uniform(0, 0.2))
        if database.read_revision() != FIRST:  # it had just been committed
            break
    assert killed, "the upgrade was faster than every kill"
    db.session.remove()
    db.engine.dispose()
    assert start_upgrade(settings).wait() == 0
    assert_carried_over(old)


@pytest.mark.timeout(180)
def test_two_upgrades_at_once_take_turns(old: Flask) -> None:
    settings = old.extensions["portal_settings"]
    db.session.remove()
    db.engine.dispose()
    both = [start_upgrade(settings), start_upgrade(settings)]
    ended = sorted(each.wait() for each in both)
    assert ended == [0, 0] or (not settings.database_url and ended == [0, 1])  # SQLite waits five seconds, then says so
    assert_carried_over(old)
