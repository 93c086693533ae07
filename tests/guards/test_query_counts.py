"""A page asks the database as often for three rows as for one, and not often."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from portal import flow
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Order, Shipment
from portal.parcels import keeping
from portal.parcels.scans import Scan
from portal.talk import conversations
from portal.tracking import polling
from tests.cast import Cast, sign_in
from tests.conftest import Clock
from tests.domain.test_chains import Chain

MOST = 12  # statements a page


@contextmanager
def counting() -> Iterator[list[str]]:
    """The statements executed meanwhile."""
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        heard.append(re.sub(r"\(\?(, \?)*\)", "(?)", statement))  # a list of three asks as one of one does

    event.listen(db.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(db.engine, "before_cursor_execute", hear)


@pytest.fixture
def asked(app: Flask, cast: Cast, now: Clock) -> Callable[[str, str], list[str]]:
    """Who opens which page; the statements that took."""

    def ask(who: str, url: str) -> list[str]:
        browser = sign_in(app, who)
        assert browser.get(url).status_code == 200  # what is only read once a process is read now
        with counting() as heard:
            assert browser.get(url).status_code == 200
        return heard

    return ask


def orders_with_cases(cast: Cast, number: int) -> None:
    for _ in range(number):
        cast.open_case(cast.order(lines=2))


def talks(cast: Cast, number: int) -> None:
    for _ in range(number):
        order = cast.order()
        with writing():
            talk = conversations.get_of_order(db.session.get_one(Order, order.id), cast.now)
            conversations.add_message(talk, "buyer", cast.buyer, "在吗", now=cast.now)
            conversations.add_message(talk, "seller", cast.seller, "在的", now=cast.now)


def agreed(cast: Cast, number: int) -> None:
    for _ in range(number):
        cast.take(cast.open_case(), "agree", Actor.SELLER)


def mediated(cast: Cast, number: int) -> None:
    for _ in range(number):
        cast.mediated(cast.until("revising"))


def mediated_case(cast: Cast, lines: int) -> str:
    case = cast.until("disputed", order=cast.order(lines=lines), lines=lines)
    return f"/mediation/{cast.mediated(case).case_no}"


def parcels(cast: Cast, number: int) -> None:
    for _ in range(number):
        cast.until("inspecting")


def order_on_its_way(cast: Cast, lines: int) -> str:
    order = cast.order(status="in_transit", tracking_text=",".join(f"7548486357659{line}" for line in range(lines)))
    order_no = order.order_no
    polling.follow_orders(cast.now)
    with writing():
        for shipment_id in db.session.scalars(db.select(Shipment.id)):
            keeping.keep_scans_of_order(shipment_id, [Scan(cast.now, "transit", "运输中")], now=cast.now, origin="")
    return f"/orders/{order_no}"


LISTS: dict[str, tuple[str, str, Callable[[Cast, int], None]]] = {
    "my orders": ("buyer", "/orders", orders_with_cases),
    "我的": ("buyer", "/me", orders_with_cases),
    "home": ("buyer", "/", orders_with_cases),
    "buyer's cases": ("buyer", "/cases", orders_with_cases),
    "buyer's notices": ("buyer", "/notices", agreed),
    "buyer's messages": ("buyer", "/messages", talks),
    "queue": ("seller", "/seller", orders_with_cases),
    "seller's notices": ("seller", "/seller/notices", orders_with_cases),
    "seller's messages": ("seller", "/seller/messages", talks),
    "products": ("seller", "/seller/products", orders_with_cases),
    "parcels on their way": ("seller", "/seller/logistics?tab=all", parcels),
    "docket": ("mediator", "/mediation", mediated),
}


@pytest.mark.parametrize("name", LISTS)
def test_three_rows_cost_what_one_does(name: str, cast: Cast, asked: Callable[[str, str], list[str]]) -> None:
    who, url, fill = LISTS[name]
    fill(cast, 1)
    one = asked(who, url)
    fill(cast, 2)
    three = asked(who, url)
    assert one == three
    assert len(three) <= MOST, three


def order_of(cast: Cast, lines: int) -> str:
    return f"/orders/{cast.order(lines=lines).order_no}"


def talk_of(cast: Cast, lines: int) -> str:
    return f"/orders/{cast.order(lines=lines).order_no}/contact"


def case_in(state: str, side: str = "") -> Callable[[Cast, int], str]:
    return lambda cast, lines: f"{side}/cases/{cast.until(state, order=cast.order(lines=lines), lines=lines).case_no}"


PAGES: dict[str, tuple[str, Callable[[Cast, int], str]]] = {
    "order": ("buyer", order_of),
    "order on its way": ("buyer", order_on_its_way),
    "conversation": ("buyer", talk_of),
    "case, mediator": ("mediator", mediated_case),
    **{f"case {state}, buyer": ("buyer", case_in(state)) for state in flow.State},
    **{f"case {state}, seller": ("seller", case_in(state, "/seller")) for state in flow.State},
}


@pytest.mark.parametrize("name", PAGES)
def test_three_lines_cost_what_one_does(name: str, cast: Cast, asked: Callable[[str, str], list[str]]) -> None:
    who, make = PAGES[name]
    one = asked(who, make(cast, 1))
    three = asked(who, make(cast, 3))
    assert one == three
    assert len(three) <= MOST, three


MOST_LINKED = 18  # of a seller's page: four times the links, the other case, its parcels and payments


@pytest.mark.parametrize(("page", "most"), [("/cases/{up}", MOST), ("/seller/cases/{down}", MOST_LINKED)])
def test_a_linked_case_asks_little_more(
    page: str, most: int, cast: Cast, asked: Callable[[str, str], list[str]]
) -> None:
    chain = Chain(cast)
    down = chain.case()
    up = chain.open_upstream(down)
    url = page.format(up=up.case_no, down=down.case_no)
    heard = asked("seller2", url)
    assert any("case_links" in statement for statement in heard)
    assert len(heard) <= most, (len(heard), heard)
