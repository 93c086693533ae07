"""Tables spread by shop: every one is, in four partitions; what has rows is spread with them, what can't be fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from portal import doctor
from portal.extensions import Model, db
from portal.flow import Actor
from portal.models import Case
from tests.cast import Cast
from tests.conftest import NOW, make_app, migrate, stand_in
from tests.domain.conftest import migrate_spread
from tests.partitions import PARTITIONS, TABLES, spread_tables
from tests.postgres import fresh_database, server
from tests.shards import SHARED


@pytest.fixture
def whole(postgres_server: object, tmp_path: Path, sqlite_template: Path) -> Iterator[Flask]:
    """An app on PostgreSQL with whole tables."""
    yield from stand_in(make_app(tmp_path / "data", sqlite_template, database_url=fresh_database("portal", migrate)))


def test_every_table_of_a_shop_is_spread(postgres_server: object) -> None:
    known = {table.name for table in Model.metadata.tables.values() if "shop_id" in table.columns}
    assert known - set(TABLES) == set(SHARED)
    with server().connect(fresh_database("spread", migrate_spread).rpartition("/")[2]) as connection:
        parts: dict[str, int] = dict(
            connection.execute(
                "SELECT inhparent::regclass::text, count(*) FROM pg_inherits JOIN pg_partitioned_table "
                "ON partrelid = inhparent GROUP BY 1"
            ).fetchall()
        )
    assert parts == dict.fromkeys(TABLES, PARTITIONS)


def test_what_has_rows_is_spread_with_them_and_works_on(whole: Flask) -> None:
    cast = Cast.make(NOW)
    case_id, _ = (cast.open_case(cast.order(shop=shop)).id for shop in (cast.shop, cast.shop2))
    before = {table: count(table) for table in TABLES}
    assert before["cases"] == 2
    db.session.remove()
    db.engine.dispose()

    spread_tables(db.engine.url.render_as_string(hide_password=False))

    assert {table: count(table) for table in TABLES} == before
    assert (
        cast.take(db.session.scalars(db.select(Case).where(Case.id == case_id)).one(), "agree", Actor.SELLER).state
        == "returning"
    )
    assert not any(doctor.findings())
    assert sum(count(f"case_events_{part}") for part in range(PARTITIONS)) == count("case_events") == 3


def count(table: str) -> int:
    found: int = db.session.execute(db.text(f"SELECT count(*) FROM {table}")).scalar_one()
    db.session.rollback()
    return found


@pytest.mark.parametrize(
    "planted",
    [
        "CREATE UNIQUE INDEX planted ON cases (case_no)",
        "ALTER TABLE orders ADD CONSTRAINT planted UNIQUE (order_no)",
        "ALTER TABLE drafts DROP CONSTRAINT pk_drafts CASCADE, ADD CONSTRAINT planted PRIMARY KEY (id)",
    ],
)
def test_a_key_without_the_shop_cant_be_spread(whole: Flask, planted: str) -> None:
    url = db.engine.url.render_as_string(hide_password=False)
    with server().connect(url.rpartition("/")[2]) as connection:
        connection.execute(planted)
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        spread_tables(url)
