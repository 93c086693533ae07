"""A statement that PostgreSQL keeps prepared: asked for by its name, its values by number, its rows in binary.

Most of what a small statement costs there is the driver's work in Python, and the text that both sides write and read.
Libpq is called through the driver's own binding; values and rows go through the driver's own adapters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, Format, TransactionStatus
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

_DIALECT = PGDialect_psycopg(paramstyle="numeric_dollar")
_KEY = "portal_numbered"
ASKED_BEFORE = 2  # how often a connection is asked a statement before it prepares it


class _Known:
    """What one connection has been asked: how often, and the names of what it has prepared."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self.driver = driver
        self.read = Transformer(driver)
        self.asked: dict[Numbered, int] = {}
        self.names: dict[Numbered, bytes] = {}
        self.made = 0


class Numbered:
    """A statement for PostgreSQL. Its text has no list of changing length."""

    def __init__(self, statement: Executable) -> None:
        made: Any = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
        self._sql: bytes = made.string.encode()
        self._order: tuple[str, ...] = tuple(made.positiontup or ())
        self._formats = [PyFormat.TEXT] * len(self._order)

    def fetch(self, raw: Any, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """The rows; None where the driver's usual way is to be gone. Raises psycopg.Error."""
        driver: psycopg.Connection[Any] = raw.driver_connection
        server = driver.pgconn
        if driver.prepare_threshold is None or server.transaction_status != TransactionStatus.IDLE:
            return None  # behind a pooler, or in a transaction, which a failure would end
        known: _Known | None = raw.info.get(_KEY)
        if known is None or known.driver is not driver:
            known = raw.info[_KEY] = _Known(driver)
        name = known.names.get(self) or self._prepare(known)
        if not name:
            return None
        sent: Any = known.read.dump_sequence([values[each] for each in self._order], self._formats)
        result = server.exec_prepared(name, sent, None, Format.BINARY)
        if result.status != ExecStatus.TUPLES_OK:
            del known.names[self]  # a changed table, say: the usual way says what it is, and it is prepared anew
            return None
        known.read.set_pgresult(result)
        return known.read.load_rows(0, result.ntuples, tuple)

    def _prepare(self, known: _Known) -> bytes:
        asked = known.asked.get(self, 0)
        known.asked[self] = asked + 1
        if asked < ASKED_BEFORE:
            return b""
        known.made += 1
        name = b"portal_%d" % known.made
        if known.driver.pgconn.prepare(name, self._sql).status != ExecStatus.COMMAND_OK:
            known.asked[self] = 0
            return b""
        known.names[self] = name
        return name
