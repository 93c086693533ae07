"""A standby answers the lists: never less than their reader's versions say, and the database itself when it can't."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

from portal import create_app, database
from portal.config import Settings, SettingsError
from portal.extensions import db, writing
from portal.models import Order, User
from portal.web import metering, replicas
from tests.cast import Cast, sign_in
from tests.conftest import NOW, Clock
from tests.fault.own_postgres import OwnPostgres
from tests.postgres import START_WITHIN

LISTS = {"buyer": "/orders", "seller": "/seller"}
ALSO = ("/cases", "/cases?tab=waiting", "/messages")  # the buyer's other lists
NAME = "portal"


@pytest.fixture
def pair() -> Iterator[tuple[OwnPostgres, OwnPostgres]]:
    """A server and its standby, which nobody waits for."""
    place = Path(tempfile.mkdtemp(prefix="portal-replica-", dir="/tmp" if os.getuid() == 0 else None))
    first, second = OwnPostgres(place, "first"), OwnPostgres(place, "second")
    try:
        first.make()
        first.start()
        with first.server.connect() as connection:
            connection.execute(f"CREATE DATABASE {NAME}")
        second.copy(first)
        second.start()
        yield first, second
    finally:
        second.remove()
        first.remove()
        shutil.rmtree(place, ignore_errors=True)


class Scene:
    """The portal before both servers, its people signed in, everything so far known to the standby."""

    def __init__(self, app: Flask, first: OwnPostgres, second: OwnPostgres) -> None:
        self.app, self.first, self.second = app, first, second
        self.cast = Cast.make(NOW)
        self.orders = [self.cast.order(order_no=str(2 * 10**18 + number)).id for number in range(3)]
        self.cast.order(buyer=self.cast.buyer2, shop=self.cast.shop2)
        self.apply(0)
        self.browsers = {name: sign_in(app, name) for name in ("buyer", "buyer2", "seller")}
        db.session.remove()
        self.catch_up()

    def apply(self, place: int) -> str:
        """The buyer applies for one of their orders; the number of the case."""
        case = self.cast.open_case(db.session.scalars(select(Order).where(Order.id == self.orders[place])).one())
        case_no = case.case_no
        db.session.remove()
        return case_no

    def catch_up(self) -> None:
        """Wait until the standby knows all."""
        with self.first.server.connect() as connection:
            (until,) = connection.execute("SELECT pg_current_wal_lsn()").fetchone() or ("",)
        give_up = time.monotonic() + START_WITHIN
        with self.second.server.connect() as connection:
            while connection.execute("SELECT pg_last_wal_replay_lsn() >= %s", (until,)).fetchone() != (True,):
                assert time.monotonic() < give_up
                time.sleep(0.02)

    def pause(self) -> None:
        """The standby learns nothing more."""
        give_up = time.monotonic() + START_WITHIN
        with self.second.server.connect() as connection:
            connection.execute("SELECT pg_wal_replay_pause()")
            while connection.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() != ("paused",):
                assert time.monotonic() < give_up
                time.sleep(0.02)

    def go_on(self) -> None:
        with self.second.server.connect() as connection:
            connection.execute("SELECT pg_wal_replay_resume()")
        self.catch_up()

    def count(self, by: str) -> int:
        found = metering.meter_of(self.app).registry.get_sample_value("portal_lists_total", {"by": by})
        return int(found or 0)

    def read(self, who: str, address: str = "", by: str = replicas.NAME) -> str:
        """A list's page; ``by``: who must have answered."""
        db.session.remove()  # the test's own session is the request's here
        before = self.count(by)
        answer = self.browsers[who].get(address or LISTS[who.rstrip("2")])
        assert answer.status_code == 200
        assert self.count(by) == before + 1, f"not by the {by}"
        return answer.text


@pytest.fixture
def scene(pair: tuple[OwnPostgres, OwnPostgres], tmp_path: Path, now: Clock) -> Iterator[Scene]:
    url, copy = (each.server.url(NAME) for each in pair)
    app = create_app(Settings(data=tmp_path, secret_key="test", database_url=url, database_replica=copy))
    app.testing = True
    with app.app_context():
        database.upgrade_schema()
        yield Scene(app, *pair)
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def test_a_standby_answers_what_it_knows(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, because two servers take longer to make than all of this."""
    _the_pages_are_the_same(scene)
    _a_search_is_counted_and_so_not_its(scene)
    _whoever_wrote_reads_it_and_others_go_on(scene)
    _a_role_that_was_taken_away_is_gone(scene)
    _too_old_is_not_read(scene, monkeypatch)
    _what_fails_half_way_is_read_again(scene)
    _without_it_the_database_answers(scene, monkeypatch)


def _the_pages_are_the_same(scene: Scene) -> None:
    settings = scene.app.extensions["portal_settings"]
    alone = create_app(Settings(data=settings.data, secret_key="test", database_url=settings.database_url))
    with alone.app_context():
        for name, address in [*LISTS.items(), *(("buyer", address) for address in ALSO)]:
            other = alone.test_client()
            cookie = scene.browsers[name].get_cookie("sid")
            assert cookie is not None
            other.set_cookie("sid", cookie.value)
            assert scene.read(name, address) == other.get(address).text
        db.session.remove()
        db.engine.dispose()


def _a_search_is_counted_and_so_not_its(scene: Scene) -> None:
    scene.read("buyer", "/orders?q=2000000000000000001", by="database")


def _whoever_wrote_reads_it_and_others_go_on(scene: Scene) -> None:
    etag = scene.browsers["buyer"].get("/orders").headers["ETag"]
    scene.pause()
    case_no = scene.apply(1)
    own = scene.browsers["buyer"].get("/orders", headers={"If-None-Match": etag})
    assert own.status_code == 200
    assert own.text == scene.read("buyer", by="database")
    assert case_no in scene.read("seller", by="database")
    assert case_no in scene.read("buyer", "/cases", by="database")
    fresh = own.headers["ETag"]
    assert fresh != etag
    scene.read("buyer2")  # whose things are as they were
    scene.go_on()
    assert scene.read("buyer") == own.text
    assert scene.browsers["buyer"].get("/orders", headers={"If-None-Match": fresh}).status_code == 304


def _a_role_that_was_taken_away_is_gone(scene: Scene) -> None:
    """Also where the standby hasn't heard of it."""
    scene.pause()
    with writing():
        db.session.execute(update(User).where(User.id == scene.cast.buyer2).values(disabled_at=NOW))
    db.session.remove()
    assert scene.browsers["buyer2"].get("/orders").status_code == 303
    scene.go_on()


def _too_old_is_not_read(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as changed:
        changed.setattr(replicas, "MOST_BEHIND", 0)
        scene.read("buyer", by="database")
    scene.read("buyer")


def _what_fails_half_way_is_read_again(scene: Scene) -> None:
    """As when the standby cancels a statement that is in the way of what it learns."""
    seen = []

    def fail(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)
        if len(seen) == 2:  # the first asks what it knows
            raise OperationalError(statement, {}, Exception("canceling statement due to conflict with recovery"))

    engine = db.engines[replicas.NAME]
    event.listen(engine, "before_cursor_execute", fail)
    try:
        scene.read("buyer", by="database")
    finally:
        event.remove(engine, "before_cursor_execute", fail)
    assert len(seen) == 2
    scene.read("buyer", by="database")  # it rests
    assert len(seen) == 2
    replicas.wake()
    scene.read("buyer")


def _without_it_the_database_answers(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.second.promote()
    scene.read("buyer", by="database")  # what isn't a standby any more may have its own history
    scene.second.stop_at_once()
    for name in LISTS:
        scene.read(name, by="database")
    replicas.wake()
    scene.read("seller", by="database")


@pytest.mark.parametrize(("url", "copy"), [("", "postgresql://x/y"), ("postgresql://x/y", "sqlite:///copy.db")])
def test_a_replica_is_postgresqls(url: str, copy: str) -> None:
    with pytest.raises(SettingsError, match="PORTAL_DATABASE_REPLICA"):
        Settings(database_url=url, database_replica=copy).check()
