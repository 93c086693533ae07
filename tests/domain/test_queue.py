"""The piles of the desk say of many cases what flow.waits_for says of one; what is late comes first."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal import flow
from portal.cases import clock as case_clock
from portal.cases import piles, shop_queue
from portal.cases.queue_filters import NO_FILTERS, Filters
from portal.extensions import db, writing
from portal.flow import Actor, State
from portal.models import Case, Parcel
from portal.parcels.scans import Scan
from portal.tracking import scans as case_scans
from tests.cast import Cast
from tests.conftest import Clock

STATES = [str(state) for state in State]


def found_on(cast: Cast, case: Case, now: Clock) -> set[str]:
    return {
        tab
        for tab in piles.TABS
        if tab != "every" and any(row.id == case.id for row in shop_queue.list_page(cast.shop, tab, now.at)[0])
    }


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("changed", [{}, {"problem_open": True}, {"countered": True}, {"escalated": True}])
def test_the_pile_is_whose_turn_it_is(
    both: Flask, cast_both: Cast, now: Clock, state: str, changed: dict[str, bool]
) -> None:
    with writing():
        case = cast_both.open_case()
        values = {"state": state, **changed} | ({"stage": "deciding"} if "escalated" in changed else {})
        db.session.execute(db.update(Case).where(Case.id == case.id).values(**values))
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    turn = flow.waits_for(state, **{name: getattr(case, name) for name in ("escalated", "problem_open", "countered")})
    names = {Actor.SELLER: "shop", Actor.BUYER: "buyer", Actor.MEDIATOR: "platform", None: "ended"}
    on_its_way = state == "inspecting" and not changed
    assert case.pile == ("way" if on_its_way else names[turn])


def test_a_parcel_that_has_arrived_lies_apart_from_one_on_its_way(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("inspecting")
    assert found_on(cast_both, case, now) == {"waiting", "way"}
    with writing():
        parcel = db.session.scalars(db.select(Parcel).where(Parcel.case_id == case.id)).one()
        case_scans.record_scans(parcel.id, [Scan(now.forward(hours=1), "signed", "已签收")], now=now.at)
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    assert case.arrived_at == now.at
    assert found_on(cast_both, case, now) == {"mine", "arrived"}
    assert cast_both.take(case, "propose", Actor.SELLER, terms=cast_both.terms(case)).arrived_at is None


def test_a_late_case_comes_first_and_is_counted_as_overdue(both: Flask, cast_both: Cast, now: Clock) -> None:
    late = cast_both.until("reshipping")
    now.forward(hours=73)
    case_clock.settle_now(late.id, now.at)
    fresh = cast_both.open_case(now=now.at)
    rows, _ = shop_queue.list_page(cast_both.shop, "mine", now.at)
    assert [row.id for row in rows] == [late.id, fresh.id] and rows[0].due_at > now.at
    counts = shop_queue.count_tabs(cast_both.shop, now.at)
    assert (counts["overdue"], counts["soon"], counts["today"], counts["mine"]) == (1, 0, 0, 2)


def test_what_is_due_within_hours_and_until_midnight(both: Flask, cast_both: Cast, now: Clock) -> None:
    for hours in (1, 5, 20):  # it is 10:00 there
        case = cast_both.open_case()
        with writing():
            due = now.at + timedelta(hours=hours)
            db.session.execute(db.update(Case).where(Case.id == case.id).values(due_at=due))
    counts = shop_queue.count_tabs(cast_both.shop, now.at)
    assert (counts["overdue"], counts["soon"], counts["today"]) == (0, 1, 2)
    assert shop_queue.count_tabs(cast_both.shop, now.at + timedelta(hours=2))["overdue"] == 1


@pytest.mark.parametrize("seed", range(4))
def test_each_order_shows_every_case_once_and_in_its_place(both: Flask, cast_both: Cast, now: Clock, seed: int) -> None:
    """Whatever the list is sorted by and wherever its pages end; equal values too."""
    rng = random.Random(seed)
    ids = [
        cast_both.open_case(cast_both.order(buyer=rng.choice([cast_both.buyer, cast_both.buyer2]))).id
        for _ in range(11)
    ]
    with writing():
        for case_id in ids:
            values = {
                "refund_fen": rng.choice([0, 0, 500, 100_000]),
                "opened_at": now.at - timedelta(hours=rng.randrange(4)),
                "due_at": now.at + timedelta(hours=rng.randrange(-3, 30)),
                "state": rng.choice(["applied", "applied", "revising", "completed", "withdrawn"]),
            }
            db.session.execute(db.update(Case).where(Case.id == case_id).values(**values))
    filters = Filters(since="2026-11-22", until="2026-11-23") if seed % 2 else NO_FILTERS
    for tab, sort in itertools.product(piles.TABS, piles.SORTS):
        how: dict[str, Any] = {"filters": filters, "sort": sort}
        whole, key = shop_queue.list_page(cast_both.shop, tab, now.at, **how, size=50)
        assert key is None
        by = piles.find_sort(tab, sort)
        places = [(getattr(row, by.column), row.id) for row in whole]
        assert places == sorted(places, reverse=by.newest), (tab, sort)
        for size in (1, 2, 3):
            found, key = shop_queue.list_page(cast_both.shop, tab, now.at, **how, size=size)
            found = list(found)
            while key is not None:
                rows, key = shop_queue.list_page(cast_both.shop, tab, now.at, **how, size=size, after=key)
                found += rows
            assert [row.id for row in found] == [row.id for row in whole], (tab, sort, size)
    every, _ = shop_queue.list_page(cast_both.shop, "every", now.at, size=50)
    assert sorted(row.id for row in every) == ids
