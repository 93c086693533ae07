"""PostgreSQL by day with its tables spread by shop, which is stricter; with whole tables at night."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import _migrate, make_app, make_postgres_app, stand_in
from tests.partitions import spread_tables
from tests.postgres import fresh_database


def migrate_spread(url: str) -> None:
    """Fill the template database whose tables are spread."""
    _migrate(url)
    spread_tables(url)


@pytest.fixture(params=["sqlite", "postgresql", pytest.param("postgresql-whole", marks=pytest.mark.nightly)])
def both(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> Iterator[Flask]:
    """The same app on each database in turn."""
    if request.param == "sqlite":
        made = make_app(tmp_path / "data", sqlite_template)
    else:
        request.getfixturevalue("postgres_server")
        whole = request.param == "postgresql-whole"
        url = fresh_database("portal", _migrate) if whole else fresh_database("spread", migrate_spread)
        made = make_postgres_app(tmp_path / "data", url)
    yield from stand_in(made)
