"""kill -9 under load: nothing acknowledged is lost, nothing is half-written, doctor is clean.

`python -m tests.fault.test_kill 100` runs a hundred kills.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from sqlalchemy import select, text

from portal import create_app, database, doctor
from portal.config import Settings
from portal.extensions import db
from portal.models import CaseEvent
from tests.cast import Cast
from tests.conftest import NOW

WRITERS = 3


def world(folder: Path) -> None:
    app = create_app(Settings(data=folder, secret_key="fault"))
    with app.app_context():
        database.upgrade_schema()
        cast = Cast.make(NOW)
        for _ in range(5):
            cast.order(lines=2, milli=10_000)
        db.session.remove()
        db.engine.dispose()


def kill_once(folder: Path, seed: int) -> set[tuple[int, int]]:
    """Let writers run for a moment, kill them all, and return what they said was saved."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.fault.writer", str(folder), str(seed * 10 + number)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=Path(__file__).parents[2],
        )
        for number in range(WRITERS)
    ]
    said: set[tuple[int, int]] = set()
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline().strip() == "ready"
        time.sleep(random.Random(seed).uniform(0.05, 0.6))
    finally:
        for writer in writers:
            os.killpg(writer.pid, signal.SIGKILL)
    for writer in writers:
        assert writer.stdout is not None
        for line in writer.stdout.read().splitlines():
            words = line.split()
            if len(words) == 2 and line.isascii():
                said.add((int(words[0]), int(words[1])))
        writer.wait()
    return said


def check(folder: Path, said: set[tuple[int, int]]) -> int:
    """Everything said is there and whole; returns how many events there are."""
    app = create_app(Settings(data=folder, secret_key="fault"))
    with app.app_context():
        kept = set(db.session.execute(select(CaseEvent.case_id, CaseEvent.version)))
        assert said <= kept, f"acknowledged and lost: {sorted(said - kept)}"
        assert db.session.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        findings = [finding for finding in doctor.findings() if finding]
        assert not findings, findings
        db.session.remove()
        db.engine.dispose()
    return len(kept)


def kills(folder: Path, number: int) -> tuple[int, int]:
    """Returns how many changes were acknowledged and how many were kept."""
    world(folder)
    said: set[tuple[int, int]] = set()
    kept = 0
    for seed in range(number):
        said |= kill_once(folder, seed)
        kept = check(folder, said)
    return len(said), kept


@pytest.mark.timeout(180)
def test_five_kills_lose_nothing(tmp_path: Path) -> None:
    said, kept = kills(tmp_path, 5)
    assert 0 < said <= kept


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        print("acknowledged, kept:", *kills(Path(made), int(sys.argv[1])))
