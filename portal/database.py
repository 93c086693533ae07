"""Making and checking the database's shape: numbered migrations, forward by themselves, never silently a new file."""

from __future__ import annotations

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import downgrade as _downgrade
from flask_migrate import upgrade as _upgrade
from sqlalchemy import inspect

from portal.evidence.store import Store
from portal.extensions import db, writing


class WrongDatabase(ValueError):
    """A database that this portal must not touch; the message says what to do."""


def upgrade_schema(revision: str = "head") -> None:
    """Bring the database to ``revision``; an empty one is made. Raises WrongDatabase for one of a newer portal."""
    with db.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    if present is not None and present not in {step.revision for step in _script().walk_revisions()}:
        raise WrongDatabase(f"the database was made by a newer portal (revision {present}): start that one, or restore")
    with writing():  # so that two processes don't migrate at once, and SQLite begins IMMEDIATE
        db.session.rollback()
        _upgrade(revision=revision)


def downgrade_schema(revision: str) -> None:
    """Take migrations back, down to ``revision``."""
    with writing():
        db.session.rollback()
        _downgrade(revision=revision)


def is_current() -> bool:
    """Whether the database is at the newest migration."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == _script().get_current_head()


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())


def check_present(store: Store) -> None:
    """Raises WrongDatabase for an empty database beside kept photos: that is a lost one, not a new one."""
    if is_empty() and next(iter(store.keys()), None) is not None:
        raise WrongDatabase("the database is empty, but there are photos of an earlier one: restore it, or remove them")


def is_empty() -> bool:
    """Whether there is no table at all yet."""
    with db.engine.connect() as connection:
        return not inspect(connection).get_table_names()


def make_anew() -> None:
    """Remove everything and make an empty database. For demos and tests only."""
    with writing():
        db.session.rollback()
        _downgrade(revision="base")
        _upgrade()
