"""The session: the ORM's for what changes, and for what only reads one connection without the ORM's book-keeping.

A request that reads by prepared statements begins no transaction of the ORM: it takes a connection, begins on it, and
gives it back where the session rolls back or closes. What the ORM reads meanwhile it reads over the same connection,
so that a request sees one moment of the database.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import inspect as sqlalchemy_inspect
from sqlalchemy import select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

writing_now: ContextVar[bool] = ContextVar("portal_writing", default=False)
reading_from: ContextVar[Engine | None] = ContextVar("portal_reading_from", default=None)


class RowSession(FlaskSession):
    """A session that finds a shop's row by (id, shop_id), and by its id alone where no shop is known: in all shops."""

    def __init__(self, *named: Any, **options: Any) -> None:
        super().__init__(*named, **options)
        self._lent: dict[Engine, Connection] = {}
        self._lent_of: dict[Engine | None, Connection] = {}  # the same by the copy that is read; None: the database

    def get_bind(self, *named: Any, **options: Any) -> Any:
        """The database, or the copy that ``reading_from`` names, which is never written to."""
        copy = None if writing_now.get() else reading_from.get()
        engine: Any = super().get_bind(*named, **options) if copy is None else copy
        return self._lent.get(engine, engine)

    def lend_connection(self) -> Connection:
        """The connection that this session reads, until it rolls back; it is begun on."""
        copy = reading_from.get()
        found = self._lent_of.get(copy)
        if found is None:
            if self.in_transaction():
                return self.connection()
            engine = copy or self._db.engine
            found = self._lent[engine] = self._lent_of[copy] = engine.connect()
            found.begin()
        return found

    def rollback(self) -> None:
        """End the transaction, and the reading."""
        try:
            super().rollback()
        finally:
            self._take_back()

    def close(self) -> None:
        """End everything; there is nothing to end where only rows were read."""
        try:
            if self.in_transaction() or len(self.identity_map) or self.new:
                super().close()
        finally:
            self._take_back()

    def _take_back(self) -> None:
        self._lent_of.clear()
        while self._lent:
            _, connection = self._lent.popitem()
            try:
                connection.close()
            except DBAPIError:  # it has gone, and nothing on it was to be kept
                connection.invalidate()
                connection.close()

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        key = [column.name for column in sqlalchemy_inspect(entity).primary_key]
        if isinstance(ident, int) and len(key) == 2 and "shop_id" in key:
            (own,) = (name for name in key if name != "shop_id")
            found = select(entity).where(getattr(entity, own) == ident)
            if options.pop("populate_existing", False):
                found = found.execution_options(populate_existing=True)
            if options.pop("with_for_update", False):
                found = found.with_for_update()
            return self.scalars(found).one_or_none()
        return super().get(entity, ident, **options)
