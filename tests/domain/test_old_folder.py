"""A data folder that the first release made: `portal db upgrade` carries it over, nothing is lost, nothing is wrong.

``tests/data/first_release.sql`` was written down from a folder of that release (migration 0005): five cases of two
shops on their way, their parcels, payments, messages, notices, and two photos.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Boolean, Column, DateTime, MetaData, insert, select, text
from sqlalchemy.types import JSON

from portal import create_app, database, doctor
from portal.cases import taking
from portal.cases.effects.step_context import ActedBy, hand_in_type
from portal.cli import portal
from portal.config import Settings
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, Shop
from tests.conftest import BANK_KEYS, NOW, stand_in
from tests.postgres import fresh_database

FIRST = "0005"
DUMP = Path(__file__).parents[1] / "data" / "first_release.sql"
FILES = {hashlib.sha256(said).hexdigest(): said for said in (b"photo 1", b"thumb 1", b"photo 2", b"thumb 2")}
KEPT = {  # what no migration may change
    *("id", "shop_id", "buyer_id", "user_id", "order_id", "case_id", "order_line_id", "parcel_id", "product_id"),
    *(
        "order_no",
        "case_no",
        "public_id",
        "state",
        "status",
        "version",
        "words",
        "note",
        "title",
        "spec",
        "tracking_no",
    ),
    *("amount_fen", "refunded_fen", "paid_fen", "quantity_milli", "claimed_milli", "at", "due_at", "made_at", "hash"),
    *(
        "sha256",
        "key",
        "thumb_key",
        "dedupe_key",
        "member_name",
        "password_hash",
        "name",
        "href",
        "step",
        "actor",
        "tracking_no",
    ),
}


def read_dump() -> dict[str, list[dict[str, Any]]]:
    """The rows of the first release, by table."""
    with closing(sqlite3.connect(":memory:")) as kept:
        kept.executescript(DUMP.read_text())
        kept.row_factory = sqlite3.Row
        tables = [row[0] for row in kept.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in kept.execute(f"SELECT * FROM {name}")] for name in tables}


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An app of today on a folder of then."""
    url = ""
    if request.param == "postgresql":
        request.getfixturevalue("postgres_server")
        url = fresh_database()
    else:
        with closing(sqlite3.connect(tmp_path / "portal.db")) as kept:
            kept.executescript(DUMP.read_text())
    made = create_app(Settings(data=tmp_path, secret_key="test", bank_keys=BANK_KEYS, database_url=url))
    made.testing = True
    with made.app_context():
        if url:
            database.upgrade_schema(FIRST)
            fill(read_dump())
        db.session.remove()
    for row in read_dump()["evidence"]:
        for key, sha256 in ((row["key"], row["sha256"]), (row["thumb_key"], row["thumb_sha256"])):
            made.extensions["portal_store"].put(key, FILES[sha256])
    yield from stand_in(made)


def fill(rows: dict[str, list[dict[str, Any]]]) -> None:
    """The same rows in PostgreSQL, which keeps moments, JSON and truth in types of their own."""
    known = MetaData()
    with db.engine.begin() as connection:
        known.reflect(connection)
        connection.execute(text("SET session_replication_role = replica"))  # no triggers, any order
        for name, table in known.tables.items():
            connection.execute(table.delete())
            for row in rows[name]:
                connection.execute(
                    insert(table), translate(row, [each for each in table.columns if each.computed is None])
                )
            if rows[name] and table.autoincrement_column is not None:
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"))
        connection.execute(text("RESET session_replication_role"))


def translate(row: dict[str, Any], columns: Iterable[Column[Any]]) -> dict[str, Any]:
    """What the columns of another database say for a row of SQLite."""
    said = {}
    for column in columns:
        value = row[column.name]
        if value is not None and isinstance(column.type, DateTime):
            value = datetime.fromisoformat(value)
            value = value.replace(tzinfo=UTC) if column.type.timezone else value
        elif value is not None and isinstance(column.type, Boolean):
            value = bool(value)
        elif value is not None and isinstance(column.type, JSON):
            value = json.loads(value)
        said[column.name] = value
    return said


def test_a_folder_of_the_first_release_is_carried_over(old: Flask) -> None:
    assert database.read_revision() == FIRST
    db.session.remove()

    run = old.test_cli_runner().invoke(portal, ["db", "upgrade"])

    assert run.exit_code == 0, run.output
    assert_carried_over(old)


def assert_carried_over(old: Flask) -> None:
    """The database is at the newest migration, whole, and has every row of the first release."""
    before = read_dump()
    assert database.is_current()
    assert not any(doctor.findings(old.extensions["portal_store"]))
    now = MetaData()
    now.reflect(db.engine)
    for name, rows in before.items():
        if name == "alembic_version":
            continue
        if name == "feedback":  # went into the complaints under its numbers
            numbers = set(db.session.scalars(text("SELECT number FROM complaints")))
            assert {row["number"] for row in rows} <= numbers
            continue
        kept = [column for column in now.tables[name].columns if rows and column.name in KEPT & rows[0].keys()]
        if not kept:
            continue
        said = Counter(tuple(translate(row, kept).values()) for row in rows)
        assert Counter(tuple(row) for row in db.session.execute(select(*kept))) == said, name


def test_a_case_of_the_first_release_goes_on(old: Flask) -> None:
    old.test_cli_runner().invoke(portal, ["db", "upgrade"])
    case = db.session.scalars(select(Case).where(Case.state == "applied").order_by(Case.id)).first()
    assert case is not None
    seller = db.session.scalars(select(Shop.owner_id).where(Shop.id == case.shop_id)).one()
    case_id = case.id
    with writing():
        taken = taking.take(
            case_id, "agree", by=ActedBy(Actor.SELLER, seller, "seller", "r"), now=NOW, handed=hand_in_type("agree")()
        )
        assert taken.state == "returning"
    assert not any(doctor.findings(old.extensions["portal_store"]))
