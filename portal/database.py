"""Making and checking the database's shape: numbered migrations, forward by themselves, never silently a new file."""

from __future__ import annotations

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import downgrade as _downgrade
from flask_migrate import upgrade as _upgrade
from sqlalchemy import inspect

from portal.extensions import db, writing


def upgrade(revision: str = "head") -> None:
    """Bring the database to ``revision``; an empty one is made."""
    with writing():  # so that two processes don't migrate at once, and SQLite begins IMMEDIATE
        db.session.rollback()
        _upgrade(revision=revision)


def downgrade(revision: str) -> None:
    """Take migrations back, down to ``revision``."""
    with writing():
        db.session.rollback()
        _downgrade(revision=revision)


def is_current() -> bool:
    """Whether the database is at the newest migration."""
    script = ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == script.get_current_head()


def is_empty() -> bool:
    """Whether there is no table at all yet."""
    with db.engine.connect() as connection:
        return not inspect(connection).get_table_names()


def start_anew() -> None:
    """Remove everything and make an empty database. For demos and tests only."""
    with writing():
        db.session.rollback()
        _downgrade(revision="base")
        _upgrade()
