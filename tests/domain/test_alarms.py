"""提醒线: a task opens exactly at the line, once, for the owner; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.cases import alarms
from portal.extensions import db, writing
from portal.models import Fix, Notice, Order, OrderLine
from portal.orders import sold
from portal.service import fixes
from tests.cast import Cast, post, sign_in

DAY = timedelta(days=1)


def sell(cast: Cast, number: int, ordered: timedelta = 6 * DAY) -> list[int]:
    """Orders of one line each, all of the product of the first order there is; their ids."""
    first = db.session.scalars(select(OrderLine.product_id).order_by(OrderLine.id)).first()
    db.session.rollback()
    ids = [cast.order(ordered_at=cast.now - ordered).id for _ in range(number)]
    with writing():
        product = first or db.session.scalars(select(OrderLine.product_id).order_by(OrderLine.id)).first()
        db.session.execute(update(OrderLine).where(OrderLine.order_id.in_(ids)).values(product_id=product))
        sold.count_sold(cast.shop, ids)
    return ids


def complain(cast: Cast, order_ids: list[int], reason: str = "damaged", ago: timedelta = timedelta()) -> None:
    for order_id in order_ids:
        cast.open_case(db.session.get_one(Order, (order_id, cast.shop)), reason=reason, now=cast.now - ago)


def count() -> int:
    number = len(db.session.scalars(select(Fix)).all())
    db.session.rollback()
    return number


@pytest.mark.parametrize(("lines", "opens"), [(12, True), (13, False)])
def test_it_opens_exactly_at_the_line_and_once(cast_both: Cast, lines: int, opens: bool) -> None:
    cast = cast_both
    with writing():
        fixes.set_line(cast.shop, 25, 3)
    ids = sell(cast, lines)
    sell(cast, 2, alarms.SPAN + DAY)  # ordered before the days that count
    complain(cast, ids[:1], "size")
    complain(cast, ids[1:2])
    assert not count()  # a share of more than a quarter of few is nothing yet
    complain(cast, ids[2:3])
    assert count() == opens
    if not opens:
        return
    fix = db.session.scalars(select(Fix)).one()
    assert (fix.alarm, fix.fault, fix.owner_id, fix.done_at) == (True, "broken", cast.seller, None)
    assert "3 张因质量或发货问题的换货申请，同期下单 12 行，每 100 行 25.0 张" in fix.note
    told = db.session.scalars(select(Notice).where(Notice.kind == "alarm")).one()
    assert (told.user_id, told.href) == (cast.seller, f"/seller/fixes/{fix.id}")
    db.session.rollback()
    complain(cast, ids[3:5])
    assert count() == 1


def test_what_isnt_the_goods_fault_or_was_long_ago_doesnt_count(cast_both: Cast) -> None:
    cast = cast_both
    with writing():
        fixes.set_line(cast.shop, 1, 3)
    ids = sell(cast, 6)
    complain(cast, ids[:1], ago=alarms.SPAN + DAY)
    complain(cast, ids[1:3])
    complain(cast, ids[3:4], "wrong_order")
    assert not count()
    complain(cast, ids[4:5])
    assert count() == 1


def test_a_finished_task_starts_from_nothing(cast_both: Cast) -> None:
    cast = cast_both
    with writing():
        fixes.set_line(cast.shop, 1, 3)
    ids = sell(cast, 9)
    complain(cast, ids[:3], ago=DAY)
    with writing():
        fix = db.session.scalars(select(Fix)).one()
        fixes.finish_fix(fix, cast.now - DAY / 2, "换了包装", measure="packing", now=cast.now)
    complain(cast, ids[3:5])
    assert count() == 1
    complain(cast, ids[5:6])
    assert count() == 2


def test_the_owner_changes_the_line_and_others_dont(both: Flask, cast_both: Cast) -> None:
    seller = sign_in(both, "seller")
    assert "每 100 行 5 张、且至少 10 张" in seller.get("/seller/fixes").text
    refused = post(seller, "/seller/fixes/line", {"percent": "0", "cases": "10"})
    assert refused.status_code == 422 and 'value="0"' in refused.text
    assert post(seller, "/seller/fixes/line", {"percent": "8", "cases": "20"}).status_code == 303
    assert "每 100 行 8 张、且至少 20 张" in seller.get("/seller/fixes").text
    cast_both.employ(cast_both.shop, "buyer2", "agent")
    agent = sign_in(both, "buyer2")
    assert agent.get("/seller/fixes/line").status_code == 403
    assert "修改提醒线" not in agent.get("/seller/fixes").text
