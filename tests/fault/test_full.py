"""The disk is full: a page that says so, reading goes on, and all is well again without a restart."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text

from portal import doctor
from portal.extensions import db
from portal.models import Case, Message
from tests.cast import Cast, sign_in, token_of

PLENTY = 1_073_741_823  # pages; what SQLite allows by itself


class Disk:
    """How many pages the database may have."""

    def __init__(self) -> None:
        self.pages = PLENTY

    def fill(self) -> None:
        """No page more than there are."""
        db.session.rollback()
        with closing(sqlite3.connect(str(db.engine.url.database), isolation_level=None)) as other:
            other.execute("VACUUM")  # no room from before
        free = db.session.execute(text("PRAGMA freelist_count")).scalar_one()
        self.pages = db.session.execute(text("PRAGMA page_count")).scalar_one()
        assert free < 50
        db.session.rollback()

    def empty(self) -> None:
        self.pages = PLENTY


@pytest.fixture
def disk(app: Flask) -> Iterator[Disk]:
    made = Disk()

    def limit(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={made.pages}")

    event.listen(db.engine, "checkout", limit)
    yield made
    event.remove(db.engine, "checkout", limit)
    db.session.rollback()
    assert not any(doctor.findings(app.extensions["portal_store"]))


def test_the_database_is_full(app: Flask, cast: Cast, now: object, disk: Disk) -> None:
    url = f"/orders/{cast.order().order_no}/contact"
    buyer = sign_in(app, "buyer")
    disk.fill()
    said, answer, form = 0, None, {}
    for number in range(29):
        form = {**token_of(buyer.get(url)), "words": f"{number} " + "长" * 490}
        answer = buyer.post(url, data=form)
        if answer.status_code != 303:
            break
        said += 1
    assert answer is not None and answer.status_code == 507
    assert "存储空间不足" in answer.text and "Traceback" not in answer.text
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Message)) == said  # whole, or not at all
    for page in (url, "/orders", "/me", "/cases"):
        assert buyer.get(page).status_code == 200

    disk.empty()
    assert buyer.post(url, data=form).status_code == 303
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Message)) == said + 1


def test_a_step_on_a_full_disk_is_not_half_taken(app: Flask, cast: Cast, now: object, disk: Disk) -> None:
    order = cast.order(milli=400_000)
    seller = sign_in(app, "seller")
    waiting = [cast.open_case(order).id for _ in range(25)]
    numbers = dict(db.session.execute(select(Case.id, Case.case_no)).all())
    disk.fill()
    statuses = []
    for case_id in waiting:
        url = f"/seller/cases/{numbers[case_id]}/ask_evidence"
        answer = seller.post(url, data={**token_of(seller.get(url)), "note": "请补拍" + "外包装" * 160})
        statuses.append(answer.status_code)
        db.session.rollback()
        state = db.session.scalar(select(Case.state).where(Case.id == case_id))
        assert state == ("revising" if answer.status_code == 303 else "applied")
    assert 507 in statuses and set(statuses) <= {303, 507}
    disk.empty()
    url = f"/seller/cases/{numbers[waiting[statuses.index(507)]]}/ask_evidence"
    assert seller.post(url, data={**token_of(seller.get(url)), "note": "请补拍"}).status_code == 303


@pytest.mark.parametrize("where", ["spool", "store"])
def test_no_room_for_a_photo(app: Flask, cast: Cast, where: str, tmp_path: Path) -> None:
    """In a process that may not write large files: neither what is received (``spool``) nor what is kept."""
    order_no = cast.order().order_no
    db.session.remove()
    folder = app.extensions["portal_settings"].data
    run = subprocess.run(
        [sys.executable, "-m", "tests.fault.limited", str(folder), order_no, where],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert run.returncode == 0, run.stderr[-2_000:]
    said = json.loads(run.stdout)
    assert said["full"] == 507
    assert "存储空间不足" in said["page"]
    assert said["left"] == []  # nothing of the photo is on the disk
    assert said["read"] == 200
    assert said["again"] == 303
    assert said["photos"] == 1
    assert not any(doctor.findings(app.extensions["portal_store"]))
