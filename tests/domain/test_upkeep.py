"""Nothing is lost by bad luck: strange databases, files no row knows, a clock that jumps, a case nobody can read."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, text

from portal import database, sweeping
from portal.calendar import clock
from portal.cases import clock as case_clock
from portal.cases import taking
from portal.evidence import evidence
from portal.evidence.imaging import PreparedImage
from portal.evidence.store import KEPT_ASIDE, DirectoryStore
from portal.extensions import db, writing
from portal.models import Case, Evidence, SystemNote
from portal.resale import alarm as chain_alarm
from portal.system import notes, steadiness
from portal.system.steadiness import Reading
from tests.cast import Cast, sign_in
from tests.conftest import NOW

SIZE = {"width": 1, "height": 1, "thumb_width": 1, "thumb_height": 1}


def photo(app: Flask, owner: int, case_id: int | None = None) -> tuple[str, str]:
    """A photo that hangs on a case; its two keys."""
    image = PreparedImage(os.urandom(30), b"thumb", **SIZE, sha256="0" * 64, taken_note=None, original_name="a.jpg")
    stored = evidence.add_photo(app.extensions["portal_store"], [image])
    with writing():
        evidence.keep_photos(stored, shop_id=1, owner_id=owner, side="buyer", now=NOW)
        db.session.execute(text("UPDATE evidence SET case_id = :id WHERE case_id IS NULL"), {"id": case_id})
    return stored[0].key, stored[0].thumb_key


def age(store: DirectoryStore, key: str, days: int) -> None:
    path = store.path(key)
    long_ago = path.stat().st_mtime - timedelta(days=days).total_seconds()
    os.utime(path, (long_ago, long_ago))


# Files that no row knows


def test_a_strange_file_is_set_aside_and_taken_back(both: Flask, cast_both: Cast) -> None:
    store = both.extensions["portal_store"]
    case = cast_both.open_case()
    keys = photo(both, cast_both.buyer, case.id)
    for key in keys:
        age(store, key, 3)
    rows = [dict(row) for row in db.session.execute(select(Evidence.__table__)).mappings()]
    with writing():
        db.session.execute(delete(Evidence))
    real_now = clock.now()
    assert evidence.clear_unused(store, real_now) == 2
    assert not list(store.keys()) and {key for key, _ in store.list_aside()} == set(keys)
    with writing():  # the right database is back
        db.session.execute(db.insert(Evidence), rows)
    assert evidence.clear_unused(store, real_now) == 0
    assert {key for key, _ in store.keys()} == set(keys) and not list(store.list_aside())


def test_what_is_aside_goes_after_thirty_days(app: Flask, cast: Cast) -> None:
    store = app.extensions["portal_store"]
    key = evidence.new_key(b"RIFF0000WEBP")
    store.put(key, b"x")
    age(store, key, 400)  # the days it was kept before don't count
    real_now = clock.now()
    evidence.clear_unused(store, real_now)
    assert store.clear_aside(real_now + KEPT_ASIDE - timedelta(hours=1)) == 0
    assert store.clear_aside(real_now + KEPT_ASIDE + timedelta(hours=1)) == 1
    assert not list(store.list_aside())


# Database and files of one installation


def test_both_get_one_name(both: Flask, cast_both: Cast) -> None:
    store = both.extensions["portal_store"]
    database.check(store)
    note = notes.read(notes.IDENTITY)
    assert note is not None and store.read_identity() == note.value["name"]
    database.check(store)


def test_a_new_database_beside_photos_is_refused(both: Flask, cast_both: Cast) -> None:
    store = both.extensions["portal_store"]
    store.put(evidence.new_key(b"RIFF0000WEBP"), b"x")
    with pytest.raises(database.WrongDatabase, match="photos that the database doesn't know"):
        database.check(store)
    database.adopt_files(store)
    database.check(store)


def test_photos_of_another_installation_are_refused(both: Flask, cast_both: Cast) -> None:
    store = both.extensions["portal_store"]
    database.check(store)
    store.claim("f" * 32)
    with pytest.raises(database.WrongDatabase, match="different installations"):
        database.check(store)


def test_a_database_without_its_photos_is_refused(both: Flask, cast_both: Cast) -> None:
    store = both.extensions["portal_store"]
    for key in photo(both, cast_both.buyer, cast_both.open_case().id):
        store.delete(key)
    with pytest.raises(database.WrongDatabase, match="there is none in the evidence"):
        database.check(store)
    store.put(evidence.new_key(b"RIFF0000WEBP"), b"x")
    with pytest.raises(database.WrongDatabase, match="knows none of the photos"):
        database.check(store)


def test_an_older_installation_joins_by_its_photos(both: Flask, cast_both: Cast) -> None:
    """Before there were names: one photo that both know is enough."""
    store = both.extensions["portal_store"]
    photo(both, cast_both.buyer, cast_both.open_case().id)
    store.put(evidence.new_key(b"RIFF0000WEBP"), b"left over")
    database.check(store)
    assert store.read_identity()


def test_anew_keeps_the_name(app: Flask, cast: Cast) -> None:
    store = app.extensions["portal_store"]
    database.check(store)
    database.make_anew()
    store.put(evidence.new_key(b"RIFF0000WEBP"), b"x")
    database.check(store)


# One case that can't be read


def unreadable(app: Flask, statement: str, **values: Any) -> None:
    db.session.remove()
    db.engine.dispose()
    with closing(sqlite3.connect(app.extensions["portal_settings"].data / "portal.db")) as connection:
        connection.execute("PRAGMA ignore_check_constraints=1")
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(statement, values).rowcount == 1
        connection.commit()


@pytest.mark.parametrize("column", ["state", "opened_at", "origin"])
def test_the_others_are_settled(app: Flask, cast: Cast, column: str) -> None:
    order = cast.order(milli=400_000)
    cases = [cast.until("applied", order=order).id for _ in range(4)]
    bad, good = cases[1], [case_id for case_id in cases if case_id != cases[1]]
    unreadable(app, f"UPDATE cases SET {column} = '{{not to be read' WHERE id = :id", id=bad)
    unreadable(app, "UPDATE cases SET due_at = '2026-11-23 00:00:00.000000' WHERE id = :id", id=bad)
    case_clock.sweep(NOW + timedelta(days=3))
    states = db.session.scalars(select(Case.state).where(Case.id.in_(good))).all()
    assert set(states).isdisjoint({"applied"})


def test_any_exception_is_an_alarm_until_it_is_over(
    both: Flask, cast_both: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = cast_both.order(milli=400_000)
    cases = [cast_both.until("applied", order=order).id for _ in range(3)]
    settle = taking.settle

    def fail(case: Case, now: Any) -> None:
        if case.id == cases[0]:
            raise ZeroDivisionError("of all things")
        settle(case, now)

    with monkeypatch.context() as broken:
        broken.setattr(case_clock, "settle", fail)
        case_clock.sweep(NOW + timedelta(days=3))
    states = dict(db.session.execute(select(Case.id, Case.state)).all())
    assert states.pop(cases[0]) == "applied" and "applied" not in states.values()
    [alarm] = notes.list_alarms()
    assert f"stuck case {cases[0]}" in alarm and "of all things" in alarm
    case_clock.sweep(NOW + timedelta(days=3))
    assert notes.list_alarms() == []


def test_a_part_that_fails_stops_no_other(both: Flask, cast_both: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def fail(_now: Any) -> int:
        raise RuntimeError("broken")

    monkeypatch.setattr(case_clock, "sweep", fail)
    monkeypatch.setattr(chain_alarm, "raise_alarms", lambda _now: done.append("chains"))
    sweeping.sweep()
    assert done == ["chains"]
    [alarm] = notes.list_alarms()
    assert "stuck part deadlines" in alarm and "broken" in alarm


# The machine's clock


BASE = Reading("boot", 1_000.0, NOW)


def later(uptime: float, wall: float, boot: str = "boot") -> Reading:
    return Reading(boot, 1_000.0 + uptime, NOW + timedelta(seconds=wall))


@pytest.mark.parametrize(
    ("reading", "minutes"),
    [
        (later(10, 10), 0),
        (later(10, 10 + 599), 0),
        (later(10, 10 - 599), 0),
        (later(10, 10 + 660), 11),
        (later(10, 10 - 660), -11),
        (later(10, 30 * 86_400 + 10), 30 * 1_440),
        (later(7 * 86_400, 7 * 86_400), 0),  # asleep, or without a sweep for a week
        (later(-990, 3_600, "other"), 0),  # started again
        (later(-990, 30 * 86_400, "other"), 30 * 1_440),
        (later(-990, -3_600, "other"), -60),
    ],
)
def test_jumps(reading: Reading, minutes: int) -> None:
    assert round(steadiness.find_jump(BASE, reading).total_seconds() / 60) == minutes


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Callable[[Reading], None]:
    """Sets what the machine says; PostgreSQL's own clock is left out of it."""
    monkeypatch.setattr(steadiness, "_compare_with_database", lambda _wall: "")

    def say(what: Reading) -> None:
        monkeypatch.setattr(steadiness, "read_clock", lambda: what)
        monkeypatch.setattr(clock, "now", lambda: what.wall)

    return say


@pytest.mark.parametrize("days", [30, -30])
def test_a_jump_stops_the_sweep_until_it_is_over(
    both: Flask, cast_both: Cast, reading: Callable[[Reading], None], days: int
) -> None:
    case_id = cast_both.open_case().id
    reading(BASE)
    assert sweeping.sweep_if_steady() == 0
    reading(later(10, days * 86_400 + 10))
    assert sweeping.sweep_if_steady() == 0
    assert db.session.get_one(Case, case_id).state == "applied"
    assert "the clock jumped by" in notes.list_alarms()[0]
    reading(later(20, 20))  # the time server put it right
    assert sweeping.sweep_if_steady() == 0 and notes.list_alarms() == []
    assert db.session.get_one(Case, case_id).state == "applied"


def test_a_confirmed_jump_goes_on(both: Flask, cast_both: Cast, reading: Callable[[Reading], None]) -> None:
    cast_both.open_case()
    reading(BASE)
    sweeping.sweep_if_steady()
    reading(later(10, 30 * 86_400))
    assert sweeping.sweep_if_steady() == 0
    steadiness.confirm()
    assert notes.list_alarms() == []
    assert sweeping.sweep_if_steady() == 1


def test_the_clock_of_the_database_has_a_say(both: Flask, cast_both: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    real = steadiness.read_clock()
    monkeypatch.setattr(steadiness, "read_clock", lambda: real._replace(wall=real.wall + timedelta(hours=1)))
    steady = db.engine.dialect.name == "sqlite"  # it has none of its own
    assert steadiness.is_steady() is steady


# Nobody else on the machine


def test_a_new_data_folder_is_closed(tmp_path: Path) -> None:
    from portal import create_app
    from portal.config import Settings

    data = tmp_path / "new"
    create_app(Settings(data=data, secret_key="x"))
    assert data.stat().st_mode & 0o077 == 0


def test_a_note_is_replaced(both: Flask) -> None:
    notes.write("one", {"a": 1}, NOW)
    notes.write("one", {"a": 2}, NOW)
    assert [row.value for row in db.session.scalars(select(SystemNote).where(SystemNote.kind == "one"))] == [{"a": 2}]


def test_a_changed_photo_is_not_sent(app: Flask, cast: Cast) -> None:
    store = app.extensions["portal_store"]
    image = PreparedImage(
        b"whole", b"thumb", **SIZE, sha256=hashlib.sha256(b"whole").hexdigest(), taken_note=None, original_name="a.jpg"
    )
    stored = evidence.add_photo(store, [image])
    with writing():
        [public_id] = evidence.keep_photos(stored, shop_id=cast.shop, owner_id=cast.buyer, side="buyer", now=NOW)
    browser = sign_in(app, "buyer")
    answer = browser.get(f"/f/{public_id}")
    assert (answer.status_code, answer.data) == (200, b"whole")
    again = browser.get(f"/f/{public_id}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    store.path(stored[0].key).write_bytes(b"forged")
    assert browser.get(f"/f/{public_id}").status_code == 404
    assert browser.get(f"/f/{public_id}/thumb").status_code == 200
    [alarm] = notes.list_alarms()
    assert stored[0].key in alarm
