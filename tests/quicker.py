"""What every test's own app would work out again, kept for the next one: routes, SQL, templates and static files.

Each test has an app and a database of its own, so that tests can run in any order. All apps of a process have the same
routes, statements and templates; only their first use costs what it costs in production.
"""

from __future__ import annotations

import gc
import os
import sqlite3
from pathlib import Path
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine
from werkzeug.routing import Map, Rule
from werkzeug.routing.matcher import StateMachineMatcher

import portal
from portal.config import Settings
from portal.web.assets import Assets


class Templates(BytecodeCache):
    """Compiled templates in memory; jinja2 itself compares each with its source."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


def install() -> None:
    """Once a process, before the first app is made."""
    _share_parts()
    _share_routes()
    _share_maps()
    _share_files()
    _share_statements()
    _trust_the_machine()
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Templates()}


def _share_parts() -> None:
    """What an address consists of: read from its text, the same in every app."""
    made: dict[str, tuple[list[Any], list[Any], dict[str, Any]]] = {}
    parse_rule = Rule._parse_rule

    def kept(rule: Rule, text: str) -> list[Any]:
        if text not in made:
            trace, converters, rule._trace, rule._converters = rule._trace, rule._converters, [], {}
            parts = list(parse_rule(rule, text))
            made[text] = parts, rule._trace, rule._converters
            rule._trace, rule._converters = trace, converters
        parts, trace, converters = made[text]
        rule._trace.extend(trace)
        rule._converters.update(converters)
        rule.arguments.update(converters)
        return parts

    Rule._parse_rule = kept  # type: ignore[method-assign, assignment]


def _share_routes() -> None:
    """The functions that build addresses: made from a rule's text, called with the rule itself."""
    made: dict[Any, Any] = {}
    compile_builder = Rule._compile_builder

    def kept(rule: Rule, append_unknown: bool = True) -> Any:
        key = tuple(rule._trace), tuple(sorted((rule.defaults or {}).items())), append_unknown
        if key not in made:
            made[key] = compile_builder(rule, append_unknown)
        return made[key]

    Rule._compile_builder = kept  # type: ignore[method-assign, assignment]


def _share_maps() -> None:
    """The tree that finds an address's route: grown once, and anew for an app that a test gives a route more."""
    made: dict[bool, Map] = {}
    add_blueprints = portal._blueprints

    def kept(app: Flask, settings: Settings) -> None:
        own = app.url_map
        if (shared := made.get(settings.qa_open)) is None or own._rules_by_endpoint:
            add_blueprints(app, settings)
            own.update()
            made.setdefault(settings.qa_open, own)
            own.add = lambda rule: _grow_own(own, rule)  # type: ignore[method-assign, assignment]
            return
        own.add = lambda rule: None  # type: ignore[method-assign, assignment]
        add_blueprints(app, settings)
        own._matcher, own._rules_by_endpoint, own._remap = shared._matcher, shared._rules_by_endpoint, False
        own.add = lambda rule: _grow_own(own, rule)  # type: ignore[method-assign, assignment]

    portal._blueprints = kept


def _grow_own(own: Map, more: Any) -> None:
    """Part a map from the one that others share, before it gets a rule of its own."""
    rules = own._rules
    del own.add
    own._matcher, own._rules_by_endpoint = StateMachineMatcher(own.merge_slashes), {}
    for rule in (*(rule.empty() for rule in rules), more):
        own.add(rule)


def _share_files() -> None:
    """The names of static files: the same while no file of the source has changed."""
    made: dict[Any, dict[str, str]] = {}
    build = Assets.build

    def kept(self: Assets) -> None:
        looks = ((path, path.stat()) for path in sorted(self.source.rglob("*")))
        files = tuple((str(path), look.st_mtime_ns, look.st_size) for path, look in looks)
        key = str(Path(self.target).resolve()), self.prefix, files
        if key in made and self.target.is_dir():
            self._hashed = dict(made[key])
            return
        build(self)
        made[key] = dict(self._hashed)

    Assets.build = kept  # type: ignore[method-assign]


def sweep_less() -> None:
    """What is there once all tests are read lives as long as they do: no use in looking through it for rubbish."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _share_statements() -> None:
    """Compiled SQL is kept by engine and dialect; here all engines of one kind count as one."""
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        dialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
        dialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
    make_engine = SQLAlchemy._make_engine
    made: dict[type, Any] = {}

    def kept(self: SQLAlchemy, *args: Any, **kwargs: Any) -> Engine:
        engine = make_engine(self, *args, **kwargs)
        engine._compiled_cache = made.setdefault(type(engine.dialect), engine._compiled_cache)
        return engine

    SQLAlchemy._make_engine = kept  # type: ignore[method-assign]


def _trust_the_machine() -> None:
    """Commits don't wait for the disk, unless the test is about that and says so in the environment."""

    @event.listens_for(Engine, "connect")
    def relax(connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection) and "PORTAL_SQLITE_SYNCHRONOUS" not in os.environ:
            connection.execute("PRAGMA synchronous=OFF")
