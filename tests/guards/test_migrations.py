"""Migrations: up makes just the models, down takes everything back, on both databases; the head is pinned."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect

from portal import create_app, database
from portal.config import Settings
from portal.extensions import Model, db
from tests.postgres import fresh_database

HEAD = "0074"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest) -> Flask:
    folder = Path(tempfile.mkdtemp())
    request.addfinalizer(lambda: shutil.rmtree(folder))
    url = ""
    if request.param == "postgresql":
        request.getfixturevalue("postgres_server")
        url = fresh_database()
    return create_app(Settings(data=folder, secret_key="test", database_url=url))


def test_up_check_down(empty: Flask) -> None:
    with empty.app_context():
        assert database.is_empty()
        database.upgrade_schema()
        assert database.is_current()
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert context.get_current_revision() == HEAD
            assert compare_metadata(context, Model.metadata) == []
        database.downgrade_schema("base")
        with db.engine.connect() as connection:
            assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
        database.upgrade_schema()
        assert database.is_current()
        db.session.remove()
        db.engine.dispose()
