"""Statements that pages ask all the time: compiled once for each kind of database, their rows named tuples.

Most of what a small statement costs is the way there and back: a fifth of it is left here. What SQLAlchemy knows is
kept: its SQL, its types, its events. A write transaction goes SQLAlchemy's own way, and so does a statement that fails,
once more, so that it fails as statements do.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Dialect, Executable, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import Boolean, TypeDecorator

from portal.extensions import connection_to_read, db, is_writing
from portal.numbered import Numbered


class _List(TypeDecorator[list[Any]]):
    """A list as one value: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, of: Any = BigInteger) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(ARRAY(self.of) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        return list(value or ()) if dialect.name == "postgresql" else json.dumps(list(value or ()))


class among(ColumnElement[bool]):
    """``column`` is one of the list ``name``: one statement for lists of any length. ``of``: the type of the items."""

    _traverse_internals = [  # what the text is kept by: of which column, by which name  # noqa: RUF012
        ("column", InternalTraversal.dp_clauseelement),
        ("value", InternalTraversal.dp_clauseelement),
    ]
    inherit_cache = True
    type = Boolean()

    def __init__(self, column: Any, name: str, of: Any = BigInteger) -> None:
        self.column, self.value = column, bindparam(name, type_=_List(of))

    def self_group(self, against: Any = None) -> ColumnElement[bool]:
        return self  # a condition already: "… = 1" around it would look at every row


@compiles(among)
def _of_array(element: among, compiler: Any, **more: Any) -> str:
    return f"{compiler.process(element.column, **more)} = ANY({compiler.process(element.value, **more)})"


@compiles(among, "sqlite")
def _of_json(element: among, compiler: Any, **more: Any) -> str:
    column, value = compiler.process(element.column, **more), compiler.process(element.value, **more)
    return f"{column} IN (SELECT value FROM json_each({value}))"  # noqa: S608  (both are SQLAlchemy's)


Change = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement for one kind of database: its text, how values go in and how columns come out."""

    sql: str
    named: bool  # whether the driver wants the values by name, or by place
    fixed: dict[str, Any]  # the statement's own values
    values: tuple[tuple[str, str, Change | None], ...]  # in their order: name in the text, what it is given as
    out: tuple[tuple[int, Change], ...]
    row: Change
    numbered: Numbered | None  # on PostgreSQL: the same with values by number


class Prepared:
    """A statement with its values by name. Whoever makes one keeps it in a name of their module.

    ``beside``: a name, and of which columns, the statement's last ones, a row under that name is made.
    """

    def __init__(self, statement: Executable, *, beside: tuple[str, Sequence[str]] | None = None) -> None:
        self._statement = statement
        self._beside = None if beside is None else (beside[0], tuple(beside[1]))
        self._of: dict[str, _Compiled] = {}

    def list_rows(self, **values: Any) -> list[Any]:
        """The rows as named tuples."""
        if is_writing():
            found = db.session.execute(self._statement, values)
            return list(map(self._find_type(tuple(found.keys())), found.all()))
        return self._run(connection_to_read(), values)

    def find_row(self, **values: Any) -> Any | None:
        """The first row, or None."""
        rows = self.list_rows(**values)
        return rows[0] if rows else None

    def find_value(self, **values: Any) -> Any:
        """The first column of the first row, or None."""
        rows = self.list_rows(**values)
        return rows[0][0] if rows else None

    def _run(self, connection: Connection, values: dict[str, Any]) -> list[Any]:
        compiled = self._of.get(connection.dialect.name) or self._compile(connection.dialect)
        given = {**compiled.fixed, **values} if compiled.fixed else values
        try:
            rows = self._fetch(connection, compiled, given)
        except connection.dialect.loaded_dbapi.Error:
            found = connection.execute(self._statement, values)
            return list(map(self._find_type(tuple(found.keys())), found.all()))
        if compiled.out:
            rows = [list(row) for row in rows]
            for place, change in compiled.out:
                for row in rows:
                    row[place] = change(row[place])
        return list(map(compiled.row, rows))

    def _fetch(self, connection: Connection, compiled: _Compiled, given: dict[str, Any]) -> Sequence[Any]:
        sent: Any = [
            (name, given[key] if change is None else change(given[key])) for name, key, change in compiled.values
        ]
        sent = dict(sent) if compiled.named else tuple([value for _, value in sent])
        for hear in connection.dispatch.before_cursor_execute:
            hear(connection, None, compiled.sql, sent, None, False)
        raw = connection.connection
        if compiled.numbered is not None:
            rows = compiled.numbered.fetch(raw, sent)
            if rows is not None:
                return rows
        cursor = raw.cursor()
        try:
            cursor.execute(compiled.sql, sent)
            return cursor.fetchall()
        finally:
            cursor.close()

    def _find_type(self, names: tuple[str, ...]) -> Change:
        if self._beside is None:
            return _type_of(names)
        name, inner = self._beside
        own = len(names) - len(inner)
        make, make_inner = _type_of((*names[:own], name)), _type_of(inner)
        return lambda row: make((*row[:own], make_inner(row[own:])))

    def _compile(self, dialect: Dialect) -> _Compiled:
        made: Any = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        if made.post_compile_params or any(bound.callable for bound in made.bind_names):
            raise TypeError("a prepared statement has one text: lists go through among()")
        into = made._bind_processors
        bound = {name: (made.escaped_bind_names.get(name, name), each.key) for each, name in made.bind_names.items()}
        out = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in made._result_columns]
        self._of[dialect.name] = compiled = _Compiled(
            made.string,
            not made.positional,
            {each.key: each.value for each in made.bind_names if not each.required},
            tuple((*bound[name], into.get(name)) for name in (made.positiontup if made.positional else bound)),
            tuple((place, change) for place, change in enumerate(out) if change is not None),
            self._find_type(tuple(column.name for column in made._result_columns)),
            Numbered(self._statement) if dialect.name == "postgresql" else None,
        )
        return compiled


@cache
def _type_of(names: tuple[str, ...]) -> Callable[[Any], Any]:
    make_type: Any = namedtuple  # the names are only known now
    made = make_type("Columns", names, rename=True)  # a name that is there twice is only read by its place
    make: Callable[[Any], Any] = made._make
    return make


def list_columns(statement: Executable, values: dict[str, Any]) -> list[Any]:
    """The rows of a statement that is put together anew, as named tuples."""
    found = db.session.connection().execute(statement, values)
    return list(map(_type_of(tuple(found.keys())), found.all()))
