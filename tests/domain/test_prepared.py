"""Statements that are compiled once say what SQLAlchemy says, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import String, bindparam, event, func, literal, literal_column, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from portal.extensions import Moment, db, reading_alone, use_pooler, writing
from portal.models import Case, Order, OrderLine, Shop, User
from portal.prepared import Prepared, among
from tests.cast import Cast
from tests.conftest import NOW

ORDERS = Order.__table__.c
STATEMENTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "every column of orders": (select(*ORDERS).order_by(ORDERS.id), {}),
    "every column of lines": (select(*OrderLine.__table__.c), {}),
    "every column of users": (select(*User.__table__.c).where(User.id == bindparam("id")), {"id": 1}),
    "every column of cases": (select(*Case.__table__.c), {}),
    "a moment goes in": (select(ORDERS.id).where(ORDERS.ordered_at <= bindparam("at", type_=Moment())), {"at": NOW}),
    "nothing found": (select(ORDERS.id).where(ORDERS.id == bindparam("id")), {"id": -1}),
    "an own value": (select(ORDERS.id, literal("常")).where(ORDERS.status == "completed").limit(2), {}),
    "a number": (select(func.count()).select_from(Order.__table__), {}),
    "names twice": (select(Shop.__table__.c.id, ORDERS.id).join(Order.__table__, ORDERS.shop_id == Shop.id), {}),
    "a percent sign": (select(ORDERS.id).where(ORDERS.order_no.like("%1%"), text("'%' = '%'")), {}),
}


def ask(statement: Any, values: dict[str, Any]) -> list[tuple[object, ...]]:
    """What SQLAlchemy says."""
    return [tuple(row) for row in db.session.execute(statement, values)]


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_rows_are_the_same(both: Flask, cast_both: Cast, name: str) -> None:
    for number in range(3):
        cast_both.open_case(cast_both.order(lines=2, ordered_at=NOW - timedelta(days=number)))
    statement, values = STATEMENTS[name]
    expected, prepared = ask(statement, values), Prepared(statement)
    db.session.rollback()
    for _ in range(5):  # compiled, as it was compiled, and as PostgreSQL has prepared it
        rows = prepared.list_rows(**values)
        assert rows == expected
        assert [list(map(type, row)) for row in rows] == [list(map(type, row)) for row in expected]
    with writing():
        assert prepared.list_rows(**values) == expected
    with reading_alone():
        assert prepared.list_rows(**values) == expected
    assert prepared.find_row(**values) == (expected[0] if expected else None)
    assert prepared.find_value(**values) == (expected[0][0] if expected else None)


def test_columns_stand_beside_in_a_row_of_their_own(both: Flask, cast_both: Cast) -> None:
    cast_both.open_case(cast_both.order(ordered_at=NOW))
    shops, orders = Shop.__table__.c, Order.__table__.c
    statement = select(orders.id, orders.ordered_at, shops.id, shops.name).join(
        Shop.__table__, orders.shop_id == shops.id
    )
    prepared = Prepared(statement, beside=("shop", ["id", "name"]))
    (expected,) = ask(statement, {})
    db.session.rollback()

    def is_right() -> bool:
        row = prepared.find_row()
        assert row is not None
        beside = (row.shop.id, row.shop.name)
        return (row.id, row.ordered_at, *beside) == expected and row._fields == ("id", "ordered_at", "shop")

    assert all(is_right() for _ in range(5))
    with writing():
        assert is_right()
    with reading_alone():
        assert is_right()


@pytest.mark.parametrize("many", [0, 1, 2, 50])
def test_one_statement_looks_for_lists_of_any_length(both: Flask, cast_both: Cast, many: int) -> None:
    orders = [cast_both.order() for _ in range(3)]
    ids = [order.id for order in orders][:many] + list(range(-many, 0))
    numbers = [*[order.order_no for order in orders][:many], "'", '"', "没有", "\\"]
    by_id = Prepared(select(ORDERS.id).where(among(ORDERS.id, "ids")).order_by(ORDERS.id))
    by_number = Prepared(select(ORDERS.id).where(among(ORDERS.order_no, "numbers", String)).order_by(ORDERS.id))
    expected = ask(select(ORDERS.id).where(ORDERS.id.in_(ids)).order_by(ORDERS.id), {})
    assert by_id.list_rows(ids=ids) == by_number.list_rows(numbers=numbers) == expected
    assert len(expected) == min(many, 3)


def test_a_list_is_looked_for_in_an_index(app: Flask) -> None:
    asked: list[str] = []
    query = select(ORDERS.id).where(among(ORDERS.id, "ids"))
    event.listen(db.engine, "before_cursor_execute", lambda _c, _k, statement, *_: asked.append(statement))
    Prepared(query).list_rows(ids=[1])
    plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0]}", ("[1]",)).all()
    assert any("SEARCH orders" in row.detail for row in plan), plan


def test_lists_in_the_text_of_a_statement_are_refused(both: Flask) -> None:
    with pytest.raises(TypeError):
        Prepared(select(ORDERS.id).where(ORDERS.id.in_([1, 2]))).list_rows()


def test_who_listens_hears_it(both: Flask) -> None:
    heard: list[tuple[str, object]] = []

    def hear(_connection: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        heard.append((statement, values))

    prepared = Prepared(select(ORDERS.id).where(ORDERS.id == bindparam("id")))
    event.listen(Engine, "before_cursor_execute", hear)
    try:
        prepared.list_rows(id=7)
        ask(select(ORDERS.id).where(ORDERS.id == bindparam("id")), {"id": 7})
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    assert len(heard) == 2 and heard[0] == heard[1]


def test_it_fails_as_statements_do_and_the_next_one_works(both: Flask) -> None:
    broken = Prepared(select(literal_column("there_is_no_such_column")))
    with pytest.raises(DBAPIError):
        broken.list_rows()
    db.session.rollback()
    assert Prepared(select(literal(1))).find_value() == 1


def test_what_a_transaction_has_not_sent_yet_is_seen(both: Flask, cast_both: Cast) -> None:
    name = Prepared(select(Shop.__table__.c.name).where(Shop.__table__.c.id == bindparam("id")))
    shop_id = cast_both.shop
    with writing():
        db.session.get_one(Shop, shop_id).name = "新名"
        assert name.find_value(id=shop_id) == "新名"


def test_a_changed_table_is_seen_by_a_statement_that_was_prepared(both: Flask) -> None:
    with writing():
        db.session.execute(text("CREATE TABLE changing (id INTEGER)"))
        db.session.execute(text("INSERT INTO changing VALUES (7)"))
    asked = Prepared(select(literal_column("*")).select_from(text("changing")))
    try:
        for _ in range(5):
            assert asked.list_rows() == [(7,)]
        for kind in ("VARCHAR(9)", "BIGINT"):
            db.session.rollback()
            with writing():
                db.session.execute(text("DROP TABLE changing"))
                db.session.execute(text(f"CREATE TABLE changing (id {kind})"))
                db.session.execute(text("INSERT INTO changing VALUES ('8')"))
            for _ in range(5):
                assert asked.list_rows() == [("8" if kind != "BIGINT" else 8,)]
    finally:
        db.session.rollback()
        with writing():
            db.session.execute(text("DROP TABLE changing"))


@pytest.mark.parametrize("both", ["postgresql"], indirect=True)
def test_behind_a_pooler_nothing_stays_prepared(both: Flask) -> None:
    use_pooler(True)
    db.engine.dispose()
    asked = Prepared(select(literal(1)))
    for _ in range(5):
        assert asked.find_value() == 1
    assert not db.session.execute(text("SELECT name FROM pg_prepared_statements")).all()


@pytest.mark.parametrize("both", ["postgresql"], indirect=True)
def test_a_prepared_statement_on_a_connection_that_was_cut_off(both: Flask) -> None:
    asked = Prepared(select(literal(1)))
    for _ in range(5):
        assert asked.find_value() == 1
    names = db.session.execute(text("SELECT name FROM pg_prepared_statements")).scalars().all()
    assert any(name.startswith("portal_") for name in names)
    pid = db.session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with db.engine.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    with pytest.raises(DBAPIError):
        asked.find_value()
    db.session.rollback()
    assert asked.find_value() == 1


def test_the_text_of_a_list_is_made_once(both: Flask) -> None:
    """Kept by its column and its name: other ids have the same text, another column has another."""
    ids, numbers = among(ORDERS.id, "ids"), among(ORDERS.buyer_id, "ids")
    keys = [select(ORDERS.id).where(each)._generate_cache_key() for each in (ids, among(ORDERS.id, "ids"), numbers)]
    assert None not in keys and keys[0] == keys[1] != keys[2]
    other = select(ORDERS.id).where(among(ORDERS.id, "others"))
    assert db.session.execute(select(ORDERS.id).where(ids), {"ids": [1]}).all() == []
    assert db.session.execute(other, {"others": [2]}).all() == []


def test_what_is_asked_for_must_be_given(both: Flask) -> None:
    with pytest.raises(Exception, match="id"):
        Prepared(select(ORDERS.id).where(ORDERS.id == bindparam("id"))).list_rows()
