"""What a shop promised when an order was bought holds for it, whatever the shop says on the goods' way, and after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from portal.applications import goods
from portal.cases import case_facts
from portal.extensions import db, writing
from portal.flow import CaseType
from portal.models import Order, OrderLine, Product
from portal.orders import order_lists, products, receiving, versions
from portal.rights import eligibility, policies, resale
from portal.rights.goods import Evidence, Verdict
from tests.cast import Cast

Change = Callable[..., None]
NONE: dict[str, Any] = {"exchangeable": True, "no_reason_excluded": ""}


def publish(cast: Cast, at: datetime, **other: Any) -> None:
    said: dict[str, Any] = {"window_days": 30, "hidden_days": 60, "special_freight": "seller", "words": ""}
    said |= {"guarantees": ["thbyf_s", "psbj"], "excluded": [], "by": cast.seller, "now": at, **other}
    with writing():
        policies.publish_policy(cast.shop, **said)


def say(cast: Cast, at: datetime, **other: Any) -> None:
    """商品: the shop says this of all its goods."""
    with writing():
        for product in db.session.scalars(select(Product).where(Product.shop_id == cast.shop)):
            products.change_product(product, picture=None, owner_id=cast.seller, now=at, **{**NONE, **other})


def buy(cast: Cast, ordered_at: datetime, received_at: datetime | None = None, **columns: Any) -> Order:
    status = "in_transit" if received_at is None else "delivered"
    order = cast.order(status=status, ordered_at=ordered_at, received_at=received_at, **columns)
    with writing():  # always the same goods
        db.session.execute(update(Order).where(Order.id == order.id).values(imported_at=ordered_at))
        product = select(func.min(Product.id)).where(Product.shop_id == cast.shop).scalar_subquery()
        db.session.execute(update(OrderLine).where(OrderLine.order_id == order.id).values(product_id=product))
    return fresh(order)


def fresh(order: Order) -> Order:
    return db.session.get_one(Order, (order.id, order.shop_id), populate_existing=True)


def receive(order: Order, at: datetime) -> None:
    with writing():
        receiving.record_receipt(fresh(order), at, now=at)


def check(order: Order, now: datetime, reason: str, case_type: CaseType) -> Verdict:
    order = fresh(order)
    [line] = goods.list_lines(order.id, order.shop_id)
    proof = Evidence(1_000, photos=2, text=20)
    facts = goods.describe_goods(order, line, exchangeable=goods.is_exchangeable([line], order)[line.id])
    found = eligibility.check(facts, case_type, reason, proof, now, goods.get_policy_for(order))
    row = order_lists.load_for_buyer(order.order_no, order.buyer_id)
    assert row is not None and goods.get_kept_policy_for(row) == goods.get_policy_for(order)
    return found


def test_a_term_shortened_on_the_goods_way_holds_as_it_was(cast_both: Cast) -> None:
    cast, now = cast_both, cast_both.now
    publish(cast, now - timedelta(days=50), window_days=30)
    before = buy(cast, now - timedelta(days=40))
    publish(cast, now - timedelta(days=38), window_days=7, hidden_days=7, guarantees=[])
    after = buy(cast, now - timedelta(days=37))
    assert goods.get_policy_for(before).guarantees == {"thbyf_s", "psbj"}  # not received yet
    for order in (before, after):
        receive(order, now - timedelta(days=20))
    held, new = goods.get_policy_for(fresh(before)), goods.get_policy_for(fresh(after))
    assert (held.window_days, held.hidden_days, held.own_window_days, held.special_freight) == (30, 60, 30, "seller")
    assert (new.window_days, new.hidden_days, new.own_window_days, new.guarantees) == (7, 7, 7, frozenset())
    allowed = [check(each, now, "damaged", CaseType.EXCHANGE).allowed for each in (before, after)]
    assert allowed == [True, False]


def test_who_pays_for_special_reasons_is_no_worse_than_when_it_was_bought(cast_both: Cast) -> None:
    cast, now = cast_both, cast_both.now
    publish(cast, now - timedelta(days=50), special_freight="seller")
    before = buy(cast, now - timedelta(days=6), now - timedelta(days=2))
    publish(cast, now - timedelta(days=5), special_freight="buyer")
    after = buy(cast, now - timedelta(days=4), now - timedelta(days=2))
    assert [str(goods.get_policy_for(each).special_freight) for each in (before, after)] == ["seller", "buyer"]


def test_a_resold_order_keeps_the_shops_longer_term(cast_both: Cast) -> None:
    cast, now = cast_both, cast_both.now
    publish(cast, now - timedelta(days=50), window_days=30)
    order = buy(cast, now - timedelta(days=10), is_dropship=True)
    publish(cast, now - timedelta(days=8), window_days=7)
    receive(order, now - timedelta(days=5))
    end = resale.find_apply_by(fresh(order))
    assert end is not None and end - now > timedelta(days=24)


@pytest.mark.parametrize("moment", ["imported_at", "ordered_at"])
def test_a_moment_that_is_moved_later_takes_nothing(cast_both: Cast, moment: str) -> None:
    """The shop's own file says when an order was placed: the portal knew it by then at the latest."""
    cast, now = cast_both, cast_both.now
    publish(cast, now - timedelta(days=50), window_days=30)
    order = buy(cast, now - timedelta(days=6))
    publish(cast, now - timedelta(days=4), window_days=7, hidden_days=7)
    with writing():
        db.session.execute(update(Order).where(Order.id == order.id).values({moment: now}))
    assert goods.get_policy_for(fresh(order)).window_days == 30


TYPES = [  # before the purchase, on the goods' way, and what a buyer of before may ask for
    (tuple(CaseType), ("return_refund", "refund_only"), "damaged", CaseType.EXCHANGE),
    (tuple(CaseType), ("exchange", "reissue"), "damaged", CaseType.RETURN_REFUND),
    (("return_refund", "reissue"), ("exchange", "refund_only"), "missing_item", CaseType.REISSUE),
    (("exchange", "refund_only"), ("return_refund", "reissue"), "missing_item", CaseType.REFUND_ONLY),
]


@pytest.mark.parametrize(("taken", "later", "reason", "kind"), TYPES)
def test_a_type_that_was_taken_at_the_purchase_is_taken_of_it(
    cast_both: Cast, taken: tuple[str, ...], later: tuple[str, ...], reason: str, kind: CaseType
) -> None:
    cast, now = cast_both, cast_both.now
    publish(cast, now - timedelta(days=50), types=taken, guarantees=[])
    before = buy(cast, now - timedelta(days=6), now - timedelta(days=2))
    publish(cast, now - timedelta(days=5), types=later, guarantees=[])
    after = buy(cast, now - timedelta(days=4), now - timedelta(days=2))
    assert [check(each, now, reason, kind).allowed for each in (before, after)] == [True, False]
    publish(cast, now, types=tuple(CaseType), guarantees=[])  # taken again: of everything
    assert check(after, now + timedelta(hours=1), reason, kind).allowed


LEFT_OUT = [{"exchangeable": False}, {"no_reason_excluded": "made"}, {"no_reason_excluded": "fresh"}]


@pytest.mark.parametrize("said", LEFT_OUT)
def test_goods_left_out_after_the_purchase_are_not(cast_both: Cast, said: dict[str, Any]) -> None:
    cast, now = cast_both, cast_both.now
    buy(cast, now - timedelta(days=9))
    say(cast, now - timedelta(days=8))
    before = buy(cast, now - timedelta(days=6), now - timedelta(days=2), consumer=True)
    say(cast, now - timedelta(days=5), **said)
    after = buy(cast, now - timedelta(days=4), now - timedelta(days=2), consumer=True)
    say(cast, now - timedelta(days=1), **said)  # saved again
    reason, kind = "seven_day", CaseType.RETURN_REFUND
    if "exchangeable" in said:
        reason, kind = "wrong_order", CaseType.EXCHANGE
    allowed = [check(each, now, reason, kind).allowed for each in (before, after)]
    assert allowed == [True, False]
    index = 1 if "exchangeable" in said else 0
    assert [versions.freeze_facts(each)["left_out"][0][index] for each in (before, after)] == [False, True]


def test_what_was_let_in_meanwhile_stays_in(cast_both: Cast) -> None:
    cast, now = cast_both, cast_both.now
    buy(cast, now - timedelta(days=19))
    say(cast, now - timedelta(days=18), exchangeable=False, no_reason_excluded="made")
    order = buy(cast, now - timedelta(days=9), now - timedelta(days=5), consumer=True)
    assert not check(order, now, "seven_day", CaseType.RETURN_REFUND).allowed
    say(cast, now - timedelta(days=4))
    assert check(order, now, "seven_day", CaseType.RETURN_REFUND).allowed
    say(cast, now - timedelta(days=3), exchangeable=False, no_reason_excluded="made")
    assert check(order, now, "seven_day", CaseType.RETURN_REFUND).allowed
    assert check(order, now, "wrong_order", CaseType.EXCHANGE).allowed


def test_unfit_leaves_out_who_confirmed_it_and_made_who_buys_from_then_on(cast_both: Cast) -> None:
    cast, now = cast_both, cast_both.now
    buy(cast, now - timedelta(days=19))
    say(cast, now - timedelta(days=18), no_reason_excluded="unfit")
    order = buy(cast, now - timedelta(days=9), now - timedelta(days=5), consumer=True)
    confirmed = buy(cast, now - timedelta(days=9), now - timedelta(days=5), consumer=True)
    with writing():
        line = update(OrderLine).where(OrderLine.order_id == confirmed.id)
        db.session.execute(line.values(unfit_confirmed_at=now - timedelta(days=9)))
    ask = [check(each, now, "seven_day", CaseType.RETURN_REFUND).allowed for each in (order, confirmed)]
    assert ask == [True, False]
    say(cast, now - timedelta(days=4), no_reason_excluded="made")
    assert check(order, now, "seven_day", CaseType.RETURN_REFUND).allowed


def test_goods_left_out_before_that_was_kept_stay_left_out(cast_both: Cast) -> None:
    cast, now = cast_both, cast_both.now
    order = buy(cast, now - timedelta(days=9), now - timedelta(days=5), consumer=True)
    with writing():
        columns = {"exchangeable": False, "no_reason_excluded": "made"}
        db.session.execute(update(Product).where(Product.shop_id == cast.shop).values(**columns))
    assert not check(order, now, "seven_day", CaseType.RETURN_REFUND).allowed
    assert not check(order, now, "wrong_order", CaseType.EXCHANGE).allowed


@pytest.mark.parametrize(("days", "promised"), [({"first": 9, "second": 7}, True), ({"first": 9, "second": 12}, False)])
def test_a_case_has_the_promises_of_the_day_its_order_was_bought(
    cast_both: Cast, days: dict[str, int], promised: bool
) -> None:
    """A promise taken back before the purchase holds no more, one taken back after it does."""
    cast, now = cast_both, cast_both.now
    publish(cast, now - timedelta(days=20), guarantees=["psbj"])
    publish(cast, now - timedelta(days=days["second"]), guarantees=[])
    order = buy(cast, now - timedelta(days=days["first"]), now - timedelta(days=3))
    case = cast.open_case(order, reason="damaged", case_type=CaseType.REISSUE)
    publish(cast, now + timedelta(hours=1), guarantees=["thbyf_s"])
    assert case_facts.is_promised(case, "psbj") is promised
    assert case_facts.is_promised(case, "thbyf_s") is False  # said after the application
