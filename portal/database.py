"""Making and checking the database's shape: numbered migrations, forward by themselves, never silently a new file."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import downgrade as _downgrade
from flask_migrate import upgrade as _upgrade
from sqlalchemy import inspect, select, text

from portal.calendar import clock
from portal.evidence.store import Store
from portal.extensions import db, writing
from portal.models import Evidence
from portal.system import notes

SCHEMA_LOCK = 7_240_501  # PostgreSQL: who makes or changes tables, or says whose files these are
PROBED = 200  # rows of evidence that are looked for in the store when nothing else says whose files they are


class WrongDatabase(ValueError):
    """A database that this portal must not touch; the message says what to do."""


def upgrade_schema(revision: str = "head") -> bool:
    """Bring the database to ``revision``; whether it was empty and is made now. Raises WrongDatabase for a newer one.

    Nodes that start together take turns.
    """
    with hold_schema():
        present = read_revision()
        if present is not None and present not in list_revisions():
            raise WrongDatabase(_NEWER.format(present))
        db.session.rollback()
        _upgrade(revision=revision)
    return present is None


_NEWER = "the database was made by a newer portal (revision {}): start that one, or restore"


def read_revision() -> str | None:
    """The number of the last migration that was run; None in an empty database."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def list_revisions() -> set[str]:
    """Every migration that this portal knows."""
    return {step.revision for step in _script().walk_revisions()}


@contextmanager
def _hold_lock() -> Iterator[None]:
    """One at a time, of all nodes. SQLite needs none: ``writing()`` lets one process in."""
    if db.engine.dialect.name != "postgresql":
        yield
        return
    with db.engine.connect().execution_options(in_one_transaction=True) as connection:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})"))  # also holds behind a pooler
        try:
            yield
        finally:
            connection.rollback()


_schema_held: ContextVar[bool] = ContextVar("portal_schema_held", default=False)


@contextmanager
def hold_schema() -> Iterator[None]:
    """One changes tables at a time, of all processes and nodes; joins where the caller holds them already.

    Also Alembic's environment takes it, so that `portal db upgrade` on two nodes takes turns as well.
    """
    if _schema_held.get():
        yield
        return
    with _hold_lock(), writing():  # SQLite begins IMMEDIATE
        token = _schema_held.set(True)
        try:
            yield
        finally:
            _schema_held.reset(token)


def downgrade_schema(revision: str) -> None:
    """Take migrations back, down to ``revision``."""
    with hold_schema():
        db.session.rollback()
        _downgrade(revision=revision)


def is_current() -> bool:
    """Whether the database is at the newest migration."""
    return read_revision() == _script().get_current_head()


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())


def check(store: Store) -> None:
    """What a command needs that makes no tables. Raises WrongDatabase, saying what to do."""
    check_present(store)
    if is_empty():
        raise WrongDatabase("there is no database yet: portal create-user makes one, portal restore brings one back")
    present, head = read_revision(), _script().get_current_head()
    if present != head:
        if present not in list_revisions():
            raise WrongDatabase(_NEWER.format(present))
        raise WrongDatabase(f"the database is at migration {present}, this portal needs {head}: portal db upgrade")
    join_files(store)


def check_present(store: Store) -> None:
    """Raises WrongDatabase for an empty database beside kept photos: that is a lost one, not a new one."""
    if is_empty() and next(iter(store.keys()), None) is not None:
        raise WrongDatabase("the database is empty, but there are photos of an earlier one: restore it, or remove them")


def join_files(store: Store) -> None:
    """Make sure that database and files are one installation's. Raises WrongDatabase when they aren't.

    Both carry the same name. Where one has none yet it gets the other's, unless the files are strangers to the rows.
    """
    ours, theirs = _read_identity(), store.read_identity()
    if ours and ours == theirs:
        return
    if ours and theirs:
        raise WrongDatabase(
            f"the database ({ours[:8]}) and the evidence ({theirs[:8]}) belong to different installations: "
            "set PORTAL_DATA and PORTAL_DATABASE_URL to one of them, or restore"
        )
    if problem := _find_strangers(store):
        raise WrongDatabase(f"{problem}: set PORTAL_DATA right, restore, or say that it is so: portal adopt-files")
    adopt_files(store)


def adopt_files(store: Store) -> None:
    """Say that this database and these files belong together from now on."""
    with _hold_lock():
        ours = _read_identity() or store.read_identity() or secrets.token_hex(16)
        if ours != _read_identity():
            notes.write(notes.IDENTITY, {"name": ours}, clock.now())
        if ours != store.read_identity():
            store.claim(ours)


def _read_identity() -> str:
    note = notes.read(notes.IDENTITY)
    db.session.rollback()
    return "" if note is None else str(note.value["name"])


def _find_strangers(store: Store) -> str:
    """Why these files can't be this database's; empty when they can."""
    rows = db.session.execute(select(Evidence.key, Evidence.thumb_key).order_by(Evidence.id.desc()).limit(PROBED)).all()
    db.session.rollback()
    files = next(iter(store.keys()), None) is not None
    if not rows:
        return "there are photos that the database doesn't know" if files else ""
    if not files:
        return "the database knows photos, and there is none in the evidence"
    kept = {key for key, _ in store.keys()}
    return "" if any(key in kept for row in rows for key in row) else "the database knows none of the photos there are"


def is_empty() -> bool:
    """Whether there is no table at all yet."""
    with db.engine.connect() as connection:
        return not inspect(connection).get_table_names()


def make_anew() -> None:
    """Remove everything and make an empty database of the same installation. For demos and tests only."""
    identity = _read_identity()
    with hold_schema():
        db.session.rollback()
        if db.engine.dialect.name == "sqlite":
            _drop_all(str(db.engine.url.database))
        else:
            _empty_all()
            _downgrade(revision="base")
        _upgrade()
    if identity:
        notes.write(notes.IDENTITY, {"name": identity}, clock.now())


def _drop_all(path: str) -> None:
    """Every table with its rows, over a connection that doesn't ask what refers to them."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        for (name,) in connection.execute(tables).fetchall():
            connection.execute(f'DROP TABLE "{name}"')
        connection.execute("COMMIT")


def _empty_all() -> None:
    """Every row, which migrations needn't carry back; no trigger is asked, as none is when tables are dropped."""
    with db.engine.begin() as connection:
        names = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
        if names:
            connection.execute(text(f"TRUNCATE {', '.join(names)} CASCADE"))
