"""What only reads takes one connection, without a transaction of the ORM, and gives it back where the session ends."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.extensions import connection_to_read, db, writing
from portal.models import Shop
from portal.prepared import Prepared
from tests.cast import Cast


def test_a_request_reads_one_connection_and_gives_it_back(both: Flask, cast_both: Cast) -> None:
    db.session.rollback()
    name = Prepared(select(Shop.name).where(Shop.id == cast_both.shop))
    shop_id = cast_both.shop
    db.session.rollback()
    pool: Any = db.engine.pool
    free = pool.checkedout()
    assert name.find_value()
    lent = connection_to_read()
    assert pool.checkedout() == free + 1 and not db.session().in_transaction()
    assert db.session.scalar(select(Shop.id).where(Shop.id == shop_id)) == shop_id
    assert db.session.connection() is lent and pool.checkedout() == free + 1
    db.session.rollback()
    assert pool.checkedout() == free
    assert db.session.scalar(select(Shop.id).where(Shop.id == shop_id)) == shop_id
    assert connection_to_read() is db.session.connection()
    db.session.rollback()
    assert pool.checkedout() == free


def test_what_is_written_after_a_reading_goes_its_own_way_and_is_read_at_once(both: Flask, cast_both: Cast) -> None:
    shop_id = cast_both.shop
    db.session.rollback()
    name = Prepared(select(Shop.name).where(Shop.id == shop_id))
    before = name.find_value()
    with writing():
        db.session.execute(db.update(Shop).where(Shop.id == shop_id).values(name="后来"))
        assert name.find_value() == "后来" != before
    assert name.find_value() == "后来"
    with pytest.raises(ZeroDivisionError), writing():
        db.session.execute(db.update(Shop).where(Shop.id == shop_id).values(name="没有"))
        raise ZeroDivisionError
    assert name.find_value() == "后来"
    db.session.rollback()


def test_a_connection_that_has_gone_is_let_go(both: Flask, cast_both: Cast) -> None:
    db.session.rollback()
    name = Prepared(select(func.count()).select_from(Shop))
    assert name.find_value()
    connection_to_read().invalidate()
    db.session.rollback()
    assert name.find_value()
    db.session.rollback()
