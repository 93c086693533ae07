"""The database: the typed base of the models, the session, and ``writing()``, the only way to change anything.

On SQLite every write transaction is BEGIN IMMEDIATE from its first statement, because a reader that turns into a writer
fails at once whatever the timeout, and the writers of all processes take turns at a lock file, because SQLite's own
waiting starves some of them. Reads are plain BEGIN and are never committed.

On PostgreSQL a read is its statements and nothing else: connections are in autocommit mode, only ``writing()`` begins a
transaction. At READ COMMITTED each statement sees its own moment either way.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from select import POLLIN, poll
from typing import Any, ClassVar, cast

import psycopg
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Dialect, Executable, Integer, MetaData, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, Pool
from sqlalchemy.types import JSON, TypeDecorator

from portal.per_app import PerApp
from portal.row_session import RowSession, reading_from, writing_now

WAIT_FOR_TURN = 5.0  # seconds a writer waits for the others before it gives up with Busy


class Busy(RuntimeError):
    """The database could not be written within the waiting time; nothing was changed, trying again is safe."""


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment: timestamptz on PostgreSQL, UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Lists read many moments: each is one call in C on SQLite, and one more than the driver's on PostgreSQL."""
        return _moment_of_text if dialect.name == "sqlite" else _moment_in_utc


def _moment_of_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text + "+00:00")


def _moment_in_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite only numbers rows itself for INTEGER keys


class Model(DeclarativeBase):
    """Base of all tables: every constraint has a name, moments are aware, dicts and lists are JSON."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: Moment, dict[str, Any]: JSON, list[Any]: JSON, int: BigId}


# The models stand on our own typed base, not on db.Model.
db = SQLAlchemy(metadata=Model.metadata, session_options={"class_": RowSession})
migrate = Migrate()

_afterwards: ContextVar[dict[object, Callable[[], None]] | None] = ContextVar("portal_afterwards", default=None)


_lock_path: PerApp[str | None] = PerApp("lock_file", None)


def use_lock_file(path: str | None) -> None:
    """Writers of all processes take turns at this file (SQLite); None: no turns (PostgreSQL has its own)."""
    _lock_path.set(path)


_pooled: PerApp[bool] = PerApp("pooled", False)


def use_pooler(between: bool) -> None:
    """Keep nothing on a connection: with PgBouncer in transaction mode the next statement may go over another."""
    _pooled.set(between)


class _WholeCursor(psycopg.Cursor[Any]):
    """What long results are read through behind a pooler: whole, because no other connection knows a cursor."""

    def __init__(self, connection: psycopg.Connection[Any], **_more: Any) -> None:
        super().__init__(connection)


class _HeldCursor(psycopg.ServerCursor[Any]):
    """What long results are read through (``yield_per``): the server keeps the rows also outside of a transaction."""

    def __init__(self, connection: psycopg.Connection[Any], name: str, **more: Any) -> None:
        super().__init__(connection, name, **{**more, "withhold": True})


@event.listens_for(Engine, "connect")
def _prepare_connection(dbapi_connection: object, _record: object) -> None:
    if isinstance(dbapi_connection, sqlite3.Connection):
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves
        cursor = dbapi_connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={os.environ.get('PORTAL_SQLITE_SYNCHRONOUS', 'FULL')}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={int(WAIT_FOR_TURN * 1000)}")
        cursor.execute("PRAGMA cache_size=-8000")
        cursor.close()
    elif isinstance(dbapi_connection, psycopg.Connection):
        dbapi_connection.autocommit = True  # we say BEGIN ourselves here, too
        dbapi_connection.server_cursor_factory = _HeldCursor
        if _pooled.get():
            dbapi_connection.server_cursor_factory = _WholeCursor  # type: ignore[assignment]
            dbapi_connection.prepare_threshold = None


ASK_AFTER = 60.0  # seconds a connection may lie unused before it is asked whether it still is one


@event.listens_for(Pool, "checkout")
def _drop_stale(dbapi_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
    """A look at the socket instead of a question to the server at each request: what was cut off can be read."""
    if not isinstance(dbapi_connection, psycopg.Connection):
        return
    now = time.monotonic()
    used, record.info["used"] = record.info.get("used", now), now
    try:
        socket = poll()
        socket.register(dbapi_connection.fileno(), POLLIN)
        if socket.poll(0):
            raise InvalidatePoolError("the server has closed this connection")
        if now - used > ASK_AFTER:
            dbapi_connection.execute("SELECT 1")
    except psycopg.Error as gone:
        raise InvalidatePoolError("this connection has gone") from gone


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        if writing_now.get():
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:  # locks nothing, so it can't fail; the driver's own way is cheaper, and every request goes it
            connection.connection.cursor().execute("BEGIN")
    elif writing_now.get() or connection.get_execution_options().get("in_one_transaction"):
        connection.exec_driver_sql("BEGIN")


@event.listens_for(Session, "before_flush")
def _no_write_outside(_session: Session, _context: object, _instances: object) -> None:
    if not writing_now.get():
        raise RuntimeError("the database is only changed inside writing()")


@contextmanager
def _turn() -> Iterator[None]:
    path = _lock_path.get()
    if path is None:
        yield
        return
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        give_up = time.monotonic() + WAIT_FOR_TURN
        pause = 0.0005
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise Busy("other writers hold the database") from None
                time.sleep(pause)
                pause = min(pause * 1.5, 0.01)
        yield
    finally:
        os.close(handle)  # closing gives the lock back


_alone: ContextVar[Connection | None] = ContextVar("portal_alone", default=None)


def read(statement: Executable, values: dict[str, object]) -> Any:
    """The rows of a statement: over the session, or over the one connection of ``reading_alone()``."""
    connection = _alone.get()
    return db.session.execute(statement, values) if connection is None else connection.execute(statement, values)


def connection_to_read() -> Connection:
    """The session's connection, or the one of ``reading_alone()``."""
    return _alone.get() or cast(RowSession, db.session()).lend_connection()


@contextmanager
def reading_alone() -> Iterator[None]:
    """``read()`` without a session: for answers that one or two small statements make."""
    with db.engine.connect() as connection:
        token = _alone.set(connection)
        try:
            yield
        finally:
            _alone.reset(token)


def is_writing() -> bool:
    """Whether the caller stands inside ``writing()``."""
    return writing_now.get()


def do_afterwards(key: object, work: Callable[[], None]) -> None:
    """Do ``work`` when the present write transaction is committed, once a ``key``; never when it is rolled back.

    What it raises reaches whoever wrote, whose changes stand: it must deal with its own failures.
    """
    if (works := _afterwards.get()) is not None:
        works[key] = work


@contextmanager
def writing() -> Iterator[None]:
    """A write transaction: ends the read before it, commits at its end, rolls back on any exception.

    A ``writing()`` inside another joins it. Raises Busy when the database stays locked for five seconds.
    """
    if writing_now.get():
        yield
        return
    db.session.rollback()
    db.session().info["written"] = True  # what this session reads from now on is the database's
    reading_from.set(None)
    works: dict[object, Callable[[], None]] = {}
    with _turn():
        token, noted = writing_now.set(True), _afterwards.set(works)
        try:
            yield
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
        finally:
            writing_now.reset(token)
            _afterwards.reset(noted)
    for work in works.values():
        work()
