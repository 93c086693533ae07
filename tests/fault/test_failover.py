"""PostgreSQL is killed and comes back, or another takes its place: what was acknowledged is there, once."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal import create_app, database, doctor, sweeping
from portal.backup import dumping
from portal.config import Settings
from portal.extensions import db
from portal.models import Message
from tests.cast import Cast, sign_in, token_of
from tests.conftest import BANK_KEYS, NOW, Clock
from tests.fault.own_postgres import OwnPostgres

READERS, KILLS = 3, 3
NAME = "portal"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the server's user reaches."""
    folder = Path(tempfile.mkdtemp(prefix="portal-failover-", dir="/tmp" if os.getuid() == 0 else None))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def first(place: Path) -> Iterator[OwnPostgres]:
    made = OwnPostgres(place, "first")
    made.make()
    made.start()
    with made.server.connect() as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
    yield made
    made.remove()


@pytest.fixture
def make_portal(tmp_path: Path, now: Clock) -> Iterator[Callable[[str], Flask]]:
    contexts = []

    def make(url: str) -> Flask:
        app = create_app(Settings(data=tmp_path / "data", secret_key="test", database_url=url, bank_keys=BANK_KEYS))
        app.testing = True
        context = app.app_context()
        context.push()
        contexts.append(context)
        database.upgrade_schema()
        return app

    yield make
    for context in contexts:
        db.session.remove()
        db.engine.dispose()
        context.pop()


class Visitors:
    """People who read and one who writes while the database goes away; the writer sends a form until it is answered."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app, self.url = app, f"/orders/{cast.order().order_no}/contact"
        browser = sign_in(app, "buyer")
        cookie = browser.get_cookie("sid")
        assert cookie is not None
        self.cookie, self.form = cookie.value, token_of(browser.get(self.url))
        db.session.remove()
        self.stop = threading.Event()
        self.statuses: list[int] = []
        self.sent = 0
        self.refused = 0
        self.escaped: list[Exception] = []
        self.threads = [threading.Thread(target=self._guarded, args=(self._read,)) for _ in range(READERS)]
        self.threads.append(threading.Thread(target=self._guarded, args=(self._write,)))

    def _guarded(self, what: Callable[[], None]) -> None:
        try:
            what()
        except Exception as error:  # what escapes the application is a request without an answer
            self.escaped.append(error)

    def _browser(self) -> FlaskClient:
        own = self.app.test_client()
        own.set_cookie("sid", self.cookie)
        return own

    def _read(self) -> None:
        own = self._browser()
        while not self.stop.is_set():
            self.statuses.append(own.get("/orders").status_code)
            time.sleep(0.01)

    def _write(self) -> None:
        own = self._browser()
        while not self.stop.is_set() and self.sent < 20:  # a person may send no more in a minute
            form = {**self.form, "form_key": f"key{self.sent}", "words": f"第{self.sent}句"}
            while (status := own.post(self.url, data=form).status_code) != 303:
                assert status == 503, status
                self.refused += 1
                time.sleep(0.1)
            self.sent += 1
            time.sleep(0.15)

    def during(self, what: Callable[[], None]) -> None:
        for thread in self.threads:
            thread.start()
        try:
            what()
        finally:
            self.stop.set()
            for thread in self.threads:
                thread.join()


def check(app: Flask, visitors: Visitors) -> None:
    assert not visitors.escaped
    assert set(visitors.statuses) <= {200, 503}
    assert visitors.statuses.count(200) > 10
    buyer = sign_in(app, "buyer")
    assert [buyer.get("/orders").status_code for _ in range(8)] == [200] * 8
    db.session.remove()
    said = dict(db.session.execute(select(Message.words, func.count()).group_by(Message.words)).all())
    assert {f"第{number}句": 1 for number in range(visitors.sent)} == said
    assert sweeping.sweep() >= 0
    db.session.remove()
    assert not any(doctor.findings())


def test_it_is_killed_and_starts_again(first: OwnPostgres, make_portal: Callable[[str], Flask]) -> None:
    app = make_portal(first.server.url(NAME))
    visitors = Visitors(app, Cast.make(NOW))

    def kill() -> None:
        for _ in range(KILLS):
            time.sleep(0.4)
            first.stop_at_once()
            time.sleep(0.3)
            first.start()
        time.sleep(0.5)

    visitors.during(kill)
    assert visitors.statuses.count(503) > 0
    assert visitors.sent > 0
    check(app, visitors)


def test_another_takes_its_place(first: OwnPostgres, place: Path, make_portal: Callable[[str], Flask]) -> None:
    """Each commit waits for the standby; the portal knows both addresses and goes where it may write."""
    second = OwnPostgres(place, "second")
    hosts = f"host=127.0.0.1:{first.port}&host=127.0.0.1:{second.port}&target_session_attrs=read-write"
    app = make_portal(f"postgresql://portal@/{NAME}?{hosts}")
    visitors = Visitors(app, Cast.make(NOW))
    second.copy(first)
    second.start()
    with first.server.connect() as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
    try:

        def take_over() -> None:
            time.sleep(1)
            first.stop_at_once()
            time.sleep(0.2)
            second.promote()
            with second.server.connect() as connection:  # nobody follows this one
                connection.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
                connection.execute("SELECT pg_reload_conf()")
            time.sleep(1.5)

        visitors.during(take_over)
        assert visitors.sent > 2
        check(app, visitors)
        copy = place / "copy"
        dumping.dump(app.config["SQLALCHEMY_DATABASE_URI"], copy)  # finds the one that answers
        assert copy.stat().st_size > 0
        assert first.process is not None and first.process.poll() is not None
    finally:
        db.session.remove()
        db.engine.dispose()
        second.remove()
