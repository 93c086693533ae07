"""Whether a statement says which shop's rows it means: each table with the shop in its key, by its ``shop_id``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from portal.extensions import Model

ROOT = Path(__file__).resolve().parents[1]
SHARED = {  # tables that know a shop and are not spread, and why
    "case_heads": "where a case is: read before its shop is known",
    "complaints": "read by the operator, across shops",
    "notices": "of a person, whose list crosses shops",
    "order_heads": "where an order is: read before its shop is known",
    "staff": "read at sign-in, when no shop is known yet",
    "staff_invitations": "opened by a link that names no shop",
}
TABLES = frozenset(
    table.name
    for table in Model.metadata.tables.values()
    if "shop_id" in table.primary_key.columns and table.name not in SHARED
)

# Where each statement names its shops. It only grows, until it is everything but MAY_NOT.
HELD = (
    "applications/applications.py",
    "cases/case_facts.py",
    "cases/child_cases.py",
    "cases/effects/",
    "cases/history.py",
    "cases/opening.py",
    "cases/rulings.py",
    "cases/stakes.py",
    "cases/taking.py",
    "orders/ledger.py",
    "orders/versions.py",
)
MAY_NOT = {
    "belonging.py": "compares shops with one another",
    "cases/clock.py": "finds what is due in every shop",
    "cases/mediation_queue.py": "the mediators' docket is of all shops",
    "damage.py": "reads every row there is",
    "database.py": "makes and changes the tables",
    "doctor.py": "checks every shop",
    "dossier/owndata.py": "a person's own data, of whichever shops",
}

_TOKEN = re.compile(
    r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|[(),;]|\"[^\"]+\"(?:\.\"?\w+\"?)?|[A-Za-z_][\w.]*|[^\s]", re.DOTALL
)
_CONDITIONS = {"from", "join", "on", "where", "using", "into", "values"}
_REST = {"select", "set", "group", "order", "having", "limit", "offset", "returning", "window", "for", "do"}
_SETS = {"union", "except", "intersect"}
_NO_ALIAS = _CONDITIONS | _REST | _SETS | {
    "left", "right", "inner", "outer", "cross", "full", "natural", "lateral", "as", "indexed", "not", "default",
}  # fmt: skip


@dataclass
class _Scope:
    """One SELECT, INSERT, UPDATE or DELETE: what it reads, and the shop columns that its conditions name."""

    clause: str = ""
    aliases: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)

    def list_missing(self) -> Iterator[str]:
        for alias, table in self.aliases.items():
            if table in TABLES and alias not in self.named and "" not in self.named:
                yield table


@cache
def find_unnamed(statement: str) -> tuple[str, ...]:
    """The tables of shops' rows that a statement reads or writes without naming their ``shop_id``."""
    tokens = [
        token.replace('"', "").lower() for token in _TOKEN.findall(statement) if not token.startswith(("--", "/*"))
    ]
    missing: list[str] = []
    _read(tokens, 0, _Scope(), missing)
    return tuple(missing)


def _read(tokens: list[str], place: int, scope: _Scope, missing: list[str]) -> int:
    """Read one level of parentheses; returns where it ends."""
    while place < len(tokens):
        token = tokens[place]
        place += 1
        if token == ")":
            break
        if token == "(":
            if tokens[place : place + 1] and tokens[place] in ("select", "with"):
                place = _read(tokens, place, _Scope(), missing)
            else:
                place = _read_within(tokens, place, scope, missing)
        elif token in _SETS:
            missing += scope.list_missing()
            scope.__init__()  # type: ignore[misc]
        else:
            place = _take(tokens, place, token, scope)
    missing += scope.list_missing()
    return place


def _read_within(tokens: list[str], place: int, scope: _Scope, missing: list[str]) -> int:
    """What stands in parentheses and is no statement of its own belongs to the one around it."""
    clause = scope.clause
    while place < len(tokens) and tokens[place] != ")":
        token = tokens[place]
        place += 1
        if token == "(":
            if tokens[place : place + 1] and tokens[place] in ("select", "with"):
                place = _read(tokens, place, _Scope(), missing)
            else:
                place = _read_within(tokens, place, scope, missing)
        else:
            place = _take(tokens, place, token, scope)
    scope.clause = clause
    return place + 1


def _take(tokens: list[str], place: int, token: str, scope: _Scope) -> int:
    before = tokens[place - 2] if place > 1 else ""
    if token in _CONDITIONS or token in _REST:
        scope.clause = token
    elif token == "update" and before not in ("for", "do", "key"):
        scope.clause = "update"
    elif token.split(".")[-1] == "shop_id" and scope.clause in _CONDITIONS:
        scope.named.add(token.rpartition(".")[0])
    elif before in ("from", "join", "into", "update", "only") or (before == "," and scope.clause == "from"):
        if scope.clause not in ("from", "join", "into", "update"):
            return place
        alias = token
        if tokens[place : place + 1] == ["as"]:
            place += 1
        if place < len(tokens) and re.fullmatch(r"[a-z_]\w*", tokens[place]) and tokens[place] not in _NO_ALIAS:
            alias = tokens[place]
            place += 1
        scope.aliases[alias] = token
    return place


@contextmanager
def watch_statements() -> Iterator[dict[str, str]]:
    """What is run meanwhile by the held modules without naming its shops: the statement by its caller and tables."""
    found: dict[str, str] = {}

    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if (tables := find_unnamed(statement)) and (caller := find_caller()).startswith(HELD):
            found[f"{caller}: {', '.join(sorted(set(tables)))}"] = statement

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", look)


def find_caller() -> str:
    """``module.py:function`` of the portal's code that a statement comes from; empty when a test asks by itself."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(str(ROOT / "portal")) and not path.endswith("portal/extensions.py"):
            return f"{Path(path).relative_to(ROOT / 'portal')}:{frame.f_code.co_name}"
        if path.startswith(str(ROOT / "tests")) and not path.endswith(("tests/shards.py", "tests/conftest.py")):
            return ""
        frame = frame.f_back
    return ""
