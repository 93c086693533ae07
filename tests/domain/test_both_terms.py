"""A file that makes an order 铺货, or ordinary, shortens no term; a refund beside an open case is told to both."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.applications import goods
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Notice, Order, OrderLine
from portal.orders import accepting, order_lists
from portal.orders.export_format import read
from portal.orders.importing import Report, import_orders
from portal.rights import eligibility, policies, resale, windows
from portal.rights.reasons import reason
from tests import exports
from tests.cast import Cast
from tests.exports import table


@pytest.fixture
def rewrite(cast_both: Cast, tmp_path: Path) -> Any:
    def rewrite(order: Order, **cells: Any) -> Report:
        line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
        row = exports.known(order, line) | {"订单状态": "交易成功"}
        db.session.rollback()
        with read(exports.text(tmp_path / "again.csv", table([row | cells]))) as export:
            return import_orders(export, now=cast_both.now, source="again.csv", import_id=7)

    return rewrite


def fresh(order: Order) -> Order:
    return db.session.get_one(Order, (order.id, order.shop_id), populate_existing=True)


def find_end(order: Order, name: str = "damaged") -> datetime | None:
    order = fresh(order)
    [line] = goods.list_lines(order.id, order.shop_id)
    known = reason(name)
    assert known is not None
    policy = goods.get_policy_for(order)
    return windows.find_window_end(goods.describe_goods(order, line), known, policy, CaseType.EXCHANGE)


def may_apply(order: Order, now: datetime) -> bool:
    order = fresh(order)
    [line] = goods.list_lines(order.id, order.shop_id)
    return eligibility.offer(goods.describe_goods(order, line), now, goods.get_policy_for(order)).allowed


MADE = [{"是否代发订单": "是"}, {"下游订单号": "E20261105"}, {"下游渠道": "淘宝店"}]


@pytest.mark.parametrize("cells", MADE)
@pytest.mark.parametrize("days", [2, 12])
def test_an_order_that_becomes_resold_keeps_its_own_term(
    cast_both: Cast, rewrite: Any, cells: dict[str, Any], days: int
) -> None:
    """``days`` since receipt: the seven working days are over on the twelfth, the shop's fifteen aren't."""
    cast = cast_both
    order = cast.order(ordered_at=cast.now - timedelta(days=20), received_at=cast.now - timedelta(days=days))
    before = find_end(order)
    assert may_apply(order, cast.now) and before is not None
    rewrite(order, **cells)
    assert resale.is_resold(fresh(order))
    resale.promise_terms(cast.now)
    after = find_end(order)
    assert after is not None and after >= before
    assert may_apply(order, cast.now)
    assert resale.describe_apply_term(fresh(order), cast.now) == ""  # no page says the shorter one
    assert [row.order.apply_by for row in order_lists.list_page(order.buyer_id, "all")[0]] == [None]


def test_one_that_is_resold_no_more_keeps_the_platforms_term(cast_both: Cast, rewrite: Any) -> None:
    """Seven working days over a long holiday are longer than seven days."""
    cast = cast_both
    with writing():
        policies.publish_policy(
            cast.shop,
            window_days=7,
            hidden_days=7,
            special_freight="seller",
            guarantees=[],
            excluded=[],
            words="",
            by=cast.seller,
            now=cast.now - timedelta(days=90),
        )
    order = cast.order(
        ordered_at=cast.now - timedelta(days=20), received_at=cast.now - timedelta(days=8), is_dropship=True
    )
    resale.promise_terms(cast.now)
    before = find_end(order)
    assert before is not None and before > cast.now
    rewrite(order, 是否代发订单="否")
    assert not resale.is_resold(fresh(order)) and fresh(order).both_terms
    after = find_end(order)
    assert after is not None and after >= before


def test_one_that_was_resold_from_the_first_has_the_platforms_term_alone(cast_both: Cast, rewrite: Any) -> None:
    cast = cast_both
    order = cast.order(
        ordered_at=cast.now - timedelta(days=20), received_at=cast.now - timedelta(days=14), is_dropship=True
    )
    rewrite(order, 是否代发订单="是", 下游订单号="E1")
    assert not fresh(order).both_terms and not may_apply(order, cast.now)


def test_a_term_that_has_not_begun_is_not_over(cast_both: Cast, rewrite: Any) -> None:
    cast = cast_both
    placed = cast.now - timedelta(days=40)
    order = cast.order(status="delivered", ordered_at=placed, received_at=None, paid_at=placed)
    assert may_apply(order, cast.now)
    rewrite(order, 订单状态="买家已签收", 是否代发订单="是")
    assert may_apply(order, cast.now) and find_end(order) is None


def test_by_hand_it_is_the_same(cast_both: Cast, rewrite: Any) -> None:
    cast = cast_both
    order = cast.order(ordered_at=cast.now - timedelta(days=20), received_at=cast.now - timedelta(days=12))
    rewrite(order, 订单状态="等待买家收货", 是否代发订单="是")  # an older file
    ids = [each.id for each in accepting.list_of_order(order.shop_id, order.id) if each.name == "is_dropship"]
    db.session.rollback()
    with writing():
        done = accepting.accept(cast.shop, ids, reason="已核对", user_id=cast.seller, now=cast.now)
    assert done == 1 and fresh(order).both_terms and may_apply(order, cast.now)


@pytest.mark.parametrize("escalated", [False, True])
@pytest.mark.parametrize("words", ["退款中", "售后处理中", "交易关闭"])
def test_a_refund_beside_an_open_case_changes_nothing_and_is_told(
    cast_both: Cast, rewrite: Any, words: str, *, escalated: bool
) -> None:
    cast = cast_both
    order = cast.order(status="in_transit")
    case = cast.open_case(order, case_type=CaseType.EXCHANGE, reason="damaged")
    if escalated:
        cast.mediated(case)
    rewrite(fresh(order), 订单状态=words)
    assert fresh(order).status == "in_transit"
    told = db.session.execute(select(Notice.user_id, Notice.body).where(Notice.body.contains(words))).all()
    assert order.buyer_id in {row.user_id for row in told}
    assert (cast.mediator in {row.user_id for row in told}) is escalated
    [doubt] = [each for each in accepting.list_of_order(order.shop_id, order.id) if each.name == "status"]
    assert doubt.said == words and doubt.stop
    if escalated:
        return
    cast.take(case, "withdraw", Actor.BUYER)
    rewrite(fresh(order), 订单状态=words)  # the case is over: what the platform says holds
    assert fresh(order).status == ("cancelled" if words == "交易关闭" else "refunding")
