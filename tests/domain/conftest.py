"""PostgreSQL by day with its tables spread by shop, which is stricter; with whole tables at night."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.borrowed import borrowed_database
from tests.conftest import begin_on_sqlite, make_app, migrate, stand_in
from tests.partitions import spread_tables
from tests.shards import watch_statements


def migrate_spread(url: str) -> None:
    """Fill the template database whose tables are spread."""
    migrate(url)
    spread_tables(url)


@pytest.fixture(params=["sqlite", "postgresql", pytest.param("postgresql-whole", marks=pytest.mark.nightly)])
def both(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> Iterator[Flask]:
    """The same app on each database in turn."""
    if request.param == "sqlite":
        yield from begin_on_sqlite(request, tmp_path / "data")
        return
    request.getfixturevalue("postgres_server")
    name, prepare = ("spread", migrate_spread) if request.param == "postgresql" else ("portal", migrate)
    with borrowed_database(name, prepare) as url:
        yield from stand_in(make_app(tmp_path / "data", sqlite_template, database_url=url))


@pytest.fixture(autouse=True)
def shops_are_named() -> Iterator[None]:
    """A statement of a held module on shops' rows that doesn't say which shop's fails the test."""
    with watch_statements() as unnamed:
        yield
    assert unnamed == {}
