"""What a read costs on PostgreSQL beside its statements: nothing. What writes is one transaction."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.pq import TransactionStatus
from sqlalchemy import event, select, text
from sqlalchemy.engine import Engine

from portal import extensions
from portal.extensions import db, reading_alone, writing
from portal.models import Shop
from tests.cast import Cast, sign_in
from tests.conftest import Clock

pytestmark = pytest.mark.parametrize("both", ["postgresql"], indirect=True)


def driver() -> psycopg.Connection:
    found = db.session.connection().connection.driver_connection
    assert isinstance(found, psycopg.Connection)
    return found


def test_reading_begins_no_transaction_and_writing_does(both: Flask) -> None:
    db.session.execute(select(Shop.id)).all()
    assert driver().info.transaction_status == TransactionStatus.IDLE
    with writing():
        db.session.execute(select(Shop.id)).all()
        assert driver().info.transaction_status == TransactionStatus.INTRANS
        inside = driver().info.backend_pid
        with db.session.begin_nested():
            db.session.execute(text("SELECT 1"))
    assert driver().info.transaction_status == TransactionStatus.IDLE and driver().info.backend_pid == inside


def test_what_failed_is_undone_whole(both: Flask, cast_both: Cast) -> None:
    before = db.session.scalars(select(Shop.name).order_by(Shop.id)).all()
    with pytest.raises(ZeroDivisionError), writing():
        db.session.execute(db.update(Shop).values(name="半途"))
        raise ZeroDivisionError
    assert db.session.scalars(select(Shop.name).order_by(Shop.id)).all() == before


def test_a_page_is_its_statements_and_nothing_else(both: Flask, cast_both: Cast, now: Clock) -> None:
    cast_both.order()
    client = sign_in(both, "buyer")
    client.get("/orders")
    db.session.remove()
    counted = text("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    def count() -> int:
        db.session.execute(text("SELECT pg_stat_force_next_flush()"))
        return int(db.session.scalar(counted) or 0)

    before = count()
    db.session.remove()
    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert client.get("/orders").status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    asked = len(said)
    db.session.remove()
    after = count()
    assert after - before <= asked + 2  # each statement its own; the flush and the count of before


def test_a_connection_that_lay_long_is_asked_first(both: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with reading_alone():
        pass
    asked: list[str] = []
    real: Any = psycopg.Connection.execute

    def note(self: psycopg.Connection, query: str, *args: object, **more: object) -> object:
        asked.append(query)
        return real(self, query, *args, **more)

    monkeypatch.setattr(psycopg.Connection, "execute", note)
    with reading_alone():
        assert asked == []
    monkeypatch.setattr(extensions, "ASK_AFTER", -1.0)
    with reading_alone():
        assert asked == ["SELECT 1"]


def test_long_results_come_in_parts_as_of_one_moment(both: Flask, cast_both: Cast) -> None:
    query = select(Shop.name).order_by(Shop.id).execution_options(yield_per=1)
    found = db.session.scalars(query)
    first = next(found)
    with both.app_context(), writing():
        db.session.execute(db.update(Shop).values(name="后来"))
    rest = list(found)
    assert [first, *rest] == ["seller的店", "seller2的店"]
    assert db.session.scalars(query).all() == ["后来", "后来"]
