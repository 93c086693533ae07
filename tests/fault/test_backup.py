"""The drill: random writes, a backup while they go on, a disaster, the way back. Lost is only what came afterwards."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from portal import database, doctor
from portal.backup import dumping, making, restoring, sealing
from portal.cli import portal
from portal.config import Settings
from portal.evidence import evidence
from portal.evidence.imaging import PreparedImage
from portal.extensions import db, writing
from portal.models import Case, CaseEvent, Evidence
from tests.cast import Cast
from tests.conftest import NOW, make_app
from tests.postgres import fresh_database

TOP = Path(__file__).parents[2]
SIZE = {"width": 1, "height": 1, "thumb_width": 1, "thumb_height": 1}


def write_at_random(app: Flask, cast: Cast, chance: random.Random, steps: int) -> None:
    """Cases in any state, and photos that hang on them."""
    import hashlib

    order = cast.order(milli=400_000)
    for _ in range(steps):
        case_id = cast.until(chance.choice(("applied", "returning", "reshipping", "completed")), order=order).id
        content = chance.randbytes(200)
        image = PreparedImage(
            content,
            content[:50],
            **SIZE,
            sha256=hashlib.sha256(content).hexdigest(),
            taken_note=None,
            original_name="a",
        )
        stored = evidence.add_photo(app.extensions["portal_store"], [image])
        with writing():
            [public_id] = evidence.keep_photos(stored, shop_id=cast.shop, owner_id=cast.buyer, side="buyer", now=NOW)
            photo = db.session.scalars(select(Evidence).where(Evidence.public_id == public_id)).one()
            photo.case_id = case_id
    db.session.rollback()


def content_of() -> tuple[list[object], list[object], list[object]]:
    db.session.rollback()
    events = db.session.execute(select(CaseEvent.id, CaseEvent.hash).order_by(CaseEvent.id)).all()
    cases = db.session.execute(select(Case.id, Case.state, Case.version).order_by(Case.id)).all()
    photos = db.session.execute(select(Evidence.key, Evidence.sha256).order_by(Evidence.id)).all()
    return list(events), list(cases), list(photos)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_drill(both: Flask, cast_both: Cast, tmp_path: Path, sqlite_template: Path, seed: int) -> None:
    chance = random.Random(seed)
    settings, store = both.extensions["portal_settings"], both.extensions["portal_store"]
    database.check(store)
    write_at_random(both, cast_both, chance, 6)
    key = tmp_path / "secret"
    settings = type(settings)(**{**vars(settings), "backup_key": sealing.make_key(key)})
    folder = tmp_path / "backups"
    making.make(settings, store, folder, NOW)
    write_at_random(both, cast_both, chance, 3)
    expected = content_of()
    made = making.make(settings, store, folder, NOW + timedelta(minutes=5))
    assert made.copied == 6 and made.missing == []  # only what is new: three photos, each with its small one
    write_at_random(both, cast_both, chance, 2)  # this is what may be lost
    after = content_of()

    url = "" if settings.sqlite else fresh_database()
    here = make_empty(tmp_path / "restored", url)
    with here.app_context():
        manifest = restoring.restore(
            restoring.find_backup(folder),
            sealing.Opener(key),
            here.extensions["portal_settings"],
            here.extensions["portal_store"],
        )
        assert manifest["lost"] == []
        database.check(here.extensions["portal_store"])
        assert content_of() == expected
        assert not any(doctor.findings(here.extensions["portal_store"]))
        db.session.remove()
        db.engine.dispose()
    assert len(after[2]) == len(expected[2]) + 2 and after[0][: len(expected[0])] == expected[0]
    for file in (path for path in folder.rglob("*") if path.is_file()):
        assert b"SQLite format" not in file.read_bytes()


def make_empty(data: Path, url: str) -> Flask:
    from portal import create_app
    from portal.config import Settings

    return create_app(Settings(data=data, secret_key="test", database_url=url))


def test_by_the_commands(app: Flask, cast: Cast, tmp_path: Path) -> None:
    """As an operator does it: the copy is checked by doctor, the disaster takes all, and doctor is content again."""
    data = app.extensions["portal_settings"].data
    database.check(app.extensions["portal_store"])
    write_at_random(app, cast, random.Random(3), 3)
    expected = content_of()
    db.session.remove()
    db.engine.dispose()
    secret, folder = tmp_path / "secret", tmp_path / "backups"
    environ = {**os.environ, "PORTAL_DATA": str(data), "PORTAL_DATABASE_URL": "", "PORTAL_SECRET_KEY": "x"}

    def portal(*words: object, **more: str) -> str:
        run = subprocess.run(
            [sys.executable, "-m", "portal.cli", *map(str, words)],
            env={**environ, **more},
            cwd=TOP,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    public = portal("make-backup-key", secret).strip()
    assert secret.stat().st_mode & 0o077 == 0
    assert "6 new files, 0 missing" in portal("backup", folder, PORTAL_BACKUP_KEY=public)
    [backup] = making.list_backups(folder)
    assert json.loads((backup / "manifest.json").read_text())["checked"] is True
    assert not list(data.glob("backup-*"))
    shutil.rmtree(data)
    assert "6 files, 0 lost" in portal("restore", folder, "--key", secret)
    assert "BAD" not in portal("doctor")
    assert content_of() == expected
    refused = subprocess.run(
        [sys.executable, "-m", "portal.cli", "restore", str(folder), "--key", str(secret)],
        env=environ,
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1 and "there is a database already" in refused.stderr
    assert "6 files, 0 lost" in portal("restore", folder, "--key", secret, "--replace")
    assert list(data.glob("replaced-*/portal.db"))


def test_another_key_opens_nothing(app: Flask, cast: Cast, tmp_path: Path) -> None:
    settings = app.extensions["portal_settings"]
    settings = type(settings)(**{**vars(settings), "backup_key": sealing.make_key(tmp_path / "one")})
    sealing.make_key(tmp_path / "two")
    making.make(settings, app.extensions["portal_store"], tmp_path / "backups", NOW)
    here = make_empty(tmp_path / "restored", "")
    with here.app_context(), pytest.raises(sealing.KeyRefused, match="another key"):
        restoring.restore(
            restoring.find_backup(tmp_path / "backups"),
            sealing.Opener(tmp_path / "two"),
            here.extensions["portal_settings"],
            here.extensions["portal_store"],
        )


def test_a_copy_that_is_not_well_is_no_backup(app: Flask, cast: Cast, tmp_path: Path) -> None:
    settings = app.extensions["portal_settings"]
    settings = type(settings)(**{**vars(settings), "backup_key": sealing.make_key(tmp_path / "one")})
    with pytest.raises(making.BackupFailed, match="tabs: wrong"):
        making.make(settings, app.extensions["portal_store"], tmp_path / "b", NOW, lambda _folder: ["tabs: wrong"])
    assert making.list_backups(tmp_path / "b") == [] and not list(settings.data.glob("backup-*"))


def with_key(app: Flask, tmp_path: Path) -> Settings:
    return replace(app.extensions["portal_settings"], backup_key=sealing.make_key(tmp_path / "one"))


def test_no_room_for_the_copy_is_said(app: Flask, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's own limit stands for the disk's: it is refused with the same words."""
    settings, connect = with_key(app, tmp_path), sqlite3.connect

    def connect_to_a_small_one(path: Path) -> sqlite3.Connection:
        opened = connect(path)
        if path.parent.name.startswith("backup-"):
            opened.execute("PRAGMA max_page_count = 3")
        return opened

    monkeypatch.setattr(sqlite3, "connect", connect_to_a_small_one)
    with pytest.raises(dumping.DumpFailed, match=r"can't be copied to .*: database or disk is full"):
        making.make(settings, app.extensions["portal_store"], tmp_path / "b", NOW)
    assert making.list_backups(tmp_path / "b") == [] and not list(settings.data.glob("backup-*"))
    monkeypatch.undo()
    assert making.make(settings, app.extensions["portal_store"], tmp_path / "b", NOW).folder.is_dir()


def test_plain_copies_of_killed_backups_go(app: Flask, cast: Cast, tmp_path: Path) -> None:
    settings = with_key(app, tmp_path)
    with subprocess.Popen(["true"]) as ended:
        pass
    killed, at_work = settings.data / f"backup-{ended.pid}-0123abcd", settings.data / "backup-1-0123abcd"
    for left in (killed, at_work, tmp_path / "b" / ".backup-5-0123abcd"):
        left.mkdir(parents=True)
        (left / "portal.db").write_text("everybody's names")
    making.make(settings, app.extensions["portal_store"], tmp_path / "b", NOW)
    assert not killed.exists() and not list((tmp_path / "b").glob(".backup-*"))
    assert at_work.is_dir()  # its process lives


def test_one_that_fails_does_not_end_those_that_follow(
    app: Flask, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    outcomes = iter([dumping.DumpFailed("database or disk is full"), OSError(28, "No space left"), None])

    def make(*_: object) -> making.Made:
        if problem := next(outcomes):
            raise problem
        return making.Made(tmp_path, 1, [])

    def wait(seconds: float) -> None:
        asked.append(seconds)
        if len(asked) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(making, "make", make)
    monkeypatch.setattr("portal.cli.backups.time.sleep", wait)
    database.check(app.extensions["portal_store"])
    environ = {"PORTAL_DATA": str(app.extensions["portal_settings"].data), "PORTAL_DATABASE_URL": ""}
    done = CliRunner().invoke(portal, ["backup", str(tmp_path), "--every", "5"], env=environ)
    assert asked == [300, 300, 300]
    assert done.output.count("no backup was made, the next is in 5 minutes") == 2
    assert "1 new files" in done.output


def test_without_a_key_nothing_is_written(app: Flask, cast: Cast, tmp_path: Path) -> None:
    with pytest.raises(sealing.KeyRefused, match="PORTAL_BACKUP_KEY"):
        making.make(app.extensions["portal_settings"], app.extensions["portal_store"], tmp_path / "b", NOW)
    assert making.list_backups(tmp_path / "b") == []


def test_old_backups_go_and_their_files(tmp_path: Path) -> None:
    moments = [NOW - timedelta(hours=12 * at) for at in range(100)]
    for at, moment in enumerate(moments):
        folder = tmp_path / moment.strftime(making.STAMP)
        folder.mkdir()
        (folder / "manifest.json").write_text(json.dumps({"files": {"k": f"{at:064x}"}}))
        target = making.find_file(tmp_path, f"{at:064x}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"x")
    making.thin_out(tmp_path, NOW, 30)
    left = {path.name for path in making.list_backups(tmp_path)}
    assert {moment.strftime(making.STAMP) for moment in moments[:4]} <= left
    assert len({name[:8] for name in left}) == len({m.date() for m in moments if NOW - m < timedelta(days=30)})
    assert min(left) > (NOW - timedelta(days=30)).strftime(making.STAMP)
    assert len(list(tmp_path.glob("files/??/*.age"))) == len(left)


def test_a_copy_is_made_before_migrating(tmp_path: Path, sqlite_template: Path) -> None:
    app = make_app(tmp_path / "data", sqlite_template)
    with app.app_context():
        head = database.read_revision()
        database.downgrade_schema("0008")
        db.session.remove()
        db.engine.dispose()
    environ = {**os.environ, "PORTAL_DATA": str(tmp_path / "data"), "PORTAL_SECRET_KEY": "0123456789abcdef" * 2}
    with socket.create_server(("127.0.0.1", 0)) as other:  # it ends after migrating: the address is in use
        words = [sys.executable, "-m", "portal.cli", "serve", "--port", str(other.getsockname()[1])]
        run = subprocess.run(words, env=environ, cwd=TOP, capture_output=True, text=True, check=False, timeout=60)
    assert "is kept in" in run.stderr and "can't be listened at" in run.stderr
    [kept] = (tmp_path / "data").glob("before-migration-0008-*")
    dumping.copy_sqlite(kept, tmp_path / "data" / "portal.db")
    with app.app_context():
        assert database.read_revision() == "0008" != head
        db.session.remove()
        db.engine.dispose()
