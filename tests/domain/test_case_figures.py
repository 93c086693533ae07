"""数据: every figure against the same worked out the plain way, on cases made at random."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from portal.cases import shop_queue
from portal.cases.figures import counted, groups, rates, tables, times
from portal.cases.queue_filters import Filters
from portal.extensions import db, writing
from portal.flow import CaseType, State
from portal.models import Case, MoneyEntry, Order, Parcel
from portal.words import BEIJING
from tests.cast import Cast
from tests.conftest import NOW, Clock

DAYS = Filters(since="2026-10-25", until="2026-11-23")


def make_cases(cast: Cast, now: Clock, rng: random.Random, many: int = 14) -> list[int]:
    """Cases of many kinds, opened at random moments of two months."""
    ids = []
    for _ in range(many):
        order = cast.order(buyer=rng.choice([cast.buyer, cast.buyer2]), lines=rng.choice([1, 1, 2]))
        case = cast.open_case(order, reason=rng.choice(["damaged", "wrong_item"]), lines=1)
        ids.append(case.id)
        with writing():
            values: dict[str, Any] = {
                "opened_at": now.at - timedelta(hours=rng.randrange(0, 24 * 50)),
                "owner_id": rng.choice([None, cast.seller]),
                "freight_payer": rng.choice(["seller", "buyer"]),
            }
            db.session.execute(db.update(Case).where(Case.id == case.id).values(**values))
            for number in range(rng.randrange(3)):
                kind = rng.choice(["refund", "freight", "compensation", "difference"])
                state = rng.choice(["settled", "contested", "due", "cancelled"])
                entry = {"case_id": case.id, "order_id": order.id, "shop_id": cast.shop, "kind": kind, "state": state}
                paid = {"amount_fen": rng.randrange(1, 9_999), "key": f"{case.id}-{number}", "settled_at": now.at}
                db.session.add(MoneyEntry(**entry, **paid, made_at=now.at))
            for carrier in rng.sample(["ZTO", "SF"], rng.randrange(3)):
                parcel = {"case_id": case.id, "shop_id": cast.shop, "leg": "back", "carrier": carrier}
                sent = {"shipped_at": now.at, "shipped_by": cast.buyer, "carrier_name": carrier}
                db.session.add(Parcel(**parcel, **sent, tracking_no="1", voided_at=rng.choice([None, now.at])))
    return ids


@pytest.mark.parametrize("seed", range(3))
def test_each_group_counts_what_its_list_has(both: Flask, cast_both: Cast, now: Clock, seed: int) -> None:
    make_cases(cast_both, now, random.Random(seed))
    for filters in (DAYS, replace(DAYS, reason="damaged"), replace(DAYS, buyer_id=cast_both.buyer)):
        for by in groups.BY:
            found = tables.work_out(cast_both.shop, filters, by, now.at)
            lists = [(row.number, row.narrowed) for row in found.rows]
            lists += [(row.number, row.narrowed) for row in found.freight]
            for number, narrowed in (*lists, (found.number, found.narrowed)):
                rows, key = shop_queue.list_page(cast_both.shop, "every", now.at, filters=narrowed, size=99)
                assert key is None and len(rows) == number, (by, narrowed)
            grouped = sum(row.number for row in found.rows)
            assert grouped >= found.number - found.in_none and (
                by in ("sku", "carrier") or not found.in_none or by == "supplier"
            )


@pytest.mark.parametrize("seed", range(3))
def test_the_cost_is_what_the_ledger_says_was_paid(both: Flask, cast_both: Cast, now: Clock, seed: int) -> None:
    make_cases(cast_both, now, random.Random(seed))
    found = tables.work_out(cast_both.shop, DAYS, "reason", now.at)
    since, until = now.at.replace(month=10, day=24, hour=16), now.at.replace(day=23, hour=16)
    said: Counter[str] = Counter()
    for entry, opened_at in db.session.execute(
        db.select(MoneyEntry, Case.opened_at)
        .join(Case, (Case.id == MoneyEntry.case_id) & (Case.shop_id == MoneyEntry.shop_id))
        .where(MoneyEntry.shop_id == cast_both.shop)
    ):
        if since <= opened_at < until and entry.state == "settled":  # what a buyer says didn't come isn't paid
            said[entry.kind] += entry.amount_fen
    cost = found.cost
    assert (cost.refund_fen, cost.freight_fen, cost.compensation_fen) == (
        said["refund"],
        said["freight"],
        said["compensation"],
    )
    assert sum(row.cost.refund_fen for row in found.rows) == cost.refund_fen
    assert sum(row.fen for row in found.freight) == cost.freight_fen


def test_what_went_out_counts_at_its_price(both: Flask, cast_both: Cast, now: Clock) -> None:
    cast_both.until("confirming")
    found = tables.work_out(cast_both.shop, DAYS, "sku", now.at)
    assert found.cost.goods_fen == 2 * 1250 and [row.cost.goods_fen for row in found.rows] == [2500]
    cast_both.until("inspecting")
    assert tables.work_out(cast_both.shop, DAYS, "sku", now.at).cost.goods_fen == 2500


@pytest.mark.parametrize("seed", range(2))
def test_orders_are_counted_for_each_group_of_their_own(both: Flask, cast_both: Cast, now: Clock, seed: int) -> None:
    rng = random.Random(seed)
    make_cases(cast_both, now, rng, 6)
    orders = db.session.scalars(db.select(Order).where(Order.shop_id == cast_both.shop)).all()
    with writing():
        for order in orders:
            at = now.at - timedelta(hours=rng.randrange(24 * 40))
            db.session.execute(db.update(Order).where(Order.id == order.id).values(ordered_at=at))
    db.session.expire_all()
    orders = db.session.scalars(db.select(Order).where(Order.shop_id == cast_both.shop)).all()
    days = {order.id: order.ordered_at.astimezone(BEIJING).date() for order in orders}
    within = [order for order in orders if DAYS.since <= days[order.id].isoformat() <= DAYS.until]
    weeks = Counter(days[order.id] - timedelta(days=days[order.id].weekday()) for order in within)
    assert rates.count_orders(cast_both.shop, DAYS, "week", list(weeks)) == weeks
    buyers = Counter(order.buyer_id for order in within)
    assert rates.count_orders(cast_both.shop, DAYS, "buyer", list(buyers)) == buyers
    assert rates.count_orders(cast_both.shop, DAYS, "reason", ["damaged"]) == {"damaged": len(within)}
    assert rates.count_orders(cast_both.shop, replace(DAYS, buyer_id=1), "reason", ["damaged"]) == {}
    found = tables.work_out(cast_both.shop, DAYS, "sku", now.at)
    assert all(row.rate is not None and row.rate.orders <= 1 and row.rate.per_hundred is None for row in found.rows)


def test_a_list_that_is_too_long_begins_with_a_whole_day(both: Flask, cast_both: Cast, now: Clock) -> None:
    for days in (1, 1, 2, 3, 3):
        case = cast_both.open_case()
        with writing():
            at = now.at - timedelta(days=days)
            db.session.execute(db.update(Case).where(Case.id == case.id).values(opened_at=at))
    for most, number, since in ((5, 5, "2026-10-25"), (4, 3, "2026-11-21"), (3, 3, "2026-11-21"), (2, 2, "2026-11-22")):
        rows, narrowed = counted.load_counted(cast_both.shop, DAYS, now.at, most)
        assert (len(rows), narrowed.since) == (number, since), most
        listed, _ = shop_queue.list_page(cast_both.shop, "every", now.at, filters=narrowed)
        assert len(listed) == number
    today = replace(DAYS, since="2026-11-22")
    assert counted.load_counted(cast_both.shop, today, now.at, 1) == ([], replace(today, since="2026-11-23"))


def event(step: str, actor: str, source: str, target: str, hours: float) -> Any:
    return SimpleNamespace(step=step, actor=actor, source=source, target=target, at=NOW + timedelta(hours=hours))


def test_stays_and_what_was_in_time() -> None:
    """The shop's own step in time; the clock's afterwards isn't; the buyer's says nothing; mediation has no length."""
    opened = event("apply", "buyer", "", "applied", 0)
    agreed = event("agree", "seller", "applied", "returning", 5)
    sent = event("ship_return", "buyer", "returning", "inspecting", 8)
    late = event("timeout_accept", "clock", "inspecting", "reshipping", 200)
    stays = times.measure_case(1, [opened, agreed, sent, late])
    assert [(stay.state, stay.length, stay.in_time) for stay in stays] == [
        ("applied", timedelta(hours=5), True),
        ("returning", timedelta(hours=3), None),
        ("inspecting", timedelta(hours=192), False),
    ]
    withdrawn = times.measure_case(1, [opened, event("withdraw", "buyer", "applied", "withdrawn", 2)])
    assert [(stay.state, stay.in_time) for stay in withdrawn] == [("applied", None), (times.WHOLE, None)]
    called = event("escalate", "buyer", "applied", "applied", 1)
    assert times.measure_case(1, [opened, called, agreed])[0] == times.Stay(1, "applied", None, None)
    nobody = event("timeout_escalate", "clock", "applied", "applied", 48)
    assert times.measure_case(1, [opened, nobody]) == [times.Stay(1, "applied", None, False)]
    after = event("agree", "seller", "applied", "returning", 60)
    assert times.measure_case(1, [opened, nobody, after])[0].in_time is False


def test_few_make_no_figure() -> None:
    stays = [times.Stay(number, State.APPLIED, timedelta(hours=number), number % 2 == 0) for number in range(1, 11)]
    assert times.find_median(stays[:9], State.APPLIED) == times.Median(9, None)
    assert times.find_median(stays, State.APPLIED) == times.Median(10, timedelta(hours=5))
    assert times.find_share(stays[:9]).percent is None and times.find_share(stays).percent == 50
    assert tables.Rate(9, 9).per_hundred is None and tables.Rate(40, 3).per_hundred == 7.5


def test_other_shops_and_states_are_no_matter(both: Flask, cast_both: Cast, now: Clock) -> None:
    cast_both.until("withdrawn")
    cast_both.open_case(cast_both.order(shop=cast_both.shop2))
    cast_both.open_case(case_type=CaseType.RETURN_REFUND)
    assert tables.work_out(cast_both.shop, DAYS, "week", now.at).number == 2
    assert tables.work_out(cast_both.shop2, DAYS, "week", now.at).number == 1
