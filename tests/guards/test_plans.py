"""Hot queries stay hot however many rows there are: no plan with a scan of a large table, none that sorts.

The statements are those that the portal's own functions execute, listened to while they do.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from portal import create_app, flow
from portal.cases import (
    bulk,
    bulk_work,
    buyer_inbox,
    case_lists,
    case_view,
    desk_facts,
    handling,
    held,
    mediation_queue,
    piles,
    queue_filters,
    saved_views,
    search,
    shop_queue,
)
from portal.cases import clock as case_clock
from portal.cases.figures import groups, tables
from portal.cases.queue_filters import Filters
from portal.config import Settings
from portal.extensions import db
from portal.models import User
from portal.money import payment_lists
from portal.notices import reading
from portal.orders import order_lists
from portal.parcels import couriers, following, intake, parcel_view
from portal.payments import batches as payment_batches
from portal.people import sessions
from portal.talk import by_shop, conversations, unanswered
from portal.tracking import monitor, polling
from tests.conftest import make_app, migrate
from tests.crowd import MANY, NOW, Crowd, gather
from tests.postgres import fresh_database

Said = list[tuple[str, Any]]


@contextmanager
def listening() -> Iterator[Said]:
    """The statements that are executed meanwhile, with their values."""
    heard: Said = []

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            heard.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(db.engine, "before_cursor_execute", hear)


@pytest.fixture(scope="module", params=["sqlite", "sqlite with statistics", "postgresql"])
def crowd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """A large database, and an application context to ask it from."""
    yield from gather_in(request, tmp_path_factory.mktemp("crowd"), MANY)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def million(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """Ten times as large."""
    yield from gather_in(request, tmp_path_factory.mktemp("million"), 1_000_000)


def gather_in(request: pytest.FixtureRequest, folder: Path, many: int) -> Iterator[Crowd]:
    app: Flask
    if request.param == "postgresql":
        request.getfixturevalue("postgres_server")
        url = fresh_database("portal", prepare=migrate)
        app = create_app(Settings(data=folder, secret_key="test", database_url=url))
    else:
        app = make_app(folder / "data", request.getfixturevalue("sqlite_template"))
    with app.app_context():
        made = gather(many)
        if request.param != "sqlite":
            with db.engine.connect() as connection:
                connection.exec_driver_sql("ANALYZE")
                connection.commit()
        yield made
        db.session.remove()
        db.engine.dispose()


def wrong_in_plan(statement: str, values: Any) -> list[str]:
    """What the database would scan or sort for this statement."""
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        tables = {f"SCAN {name}" for name in db.metadata.tables}
        found = [row[3] for row in rows]
        return [step for step in found if step.startswith("USE TEMP") or " ".join(step.split()[:2]) in tables]
    with db.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar()
    nodes = list(nodes_of((plan if isinstance(plan, list) else json.loads(str(plan)))[0]["Plan"]))
    return [
        f"{node['Node Type']} {node.get('Relation Name', '')}"
        for node in nodes
        if (node["Node Type"] in ("Sort", "Incremental Sort") and node["Plan Rows"] > FEW)
        or (node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE)
    ]


LARGE = frozenset(
    {
        "money_entries",
        "orders",
        "order_lines",
        "cases",
        "notices",
        "conversations",
        "messages",
        "users",
        "shipments",
        "tracks",
    }
)
FEW = 100  # PostgreSQL fetches what it takes for few rows from a bitmap and sorts them; that stays cheap


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes_of(inner)


def queue_page(tab: str, **how: Any) -> Callable[[Crowd], object]:
    return lambda c: shop_queue.list_page(c.shop, tab, c.now, **how)


def next_queue_page(tab: str) -> Callable[[Crowd], object]:
    def ask(c: Crowd) -> object:
        _, key = shop_queue.list_page(c.shop, tab, c.now)
        assert key is not None
        return shop_queue.list_page(c.shop, tab, c.now, after=key)

    return ask


def orders_page(tab: str, **how: Any) -> Callable[[Crowd], object]:
    return lambda c: order_lists.list_page(c.buyer, tab, **how)


def next_orders_page(tab: str) -> Callable[[Crowd], object]:
    def ask(c: Crowd) -> object:
        _, key = order_lists.list_page(c.buyer, tab)
        assert key is not None
        return order_lists.list_page(c.buyer, tab, after=key)

    return ask


STORE = frozenset({flow.State.RETURNING, flow.State.INSPECTING, flow.State.RESHIPPING, flow.State.CONFIRMING})
NARROWED: dict[str, Any] = {
    "words": "袜 7",
    "reason": "damaged",
    "type": "exchange",
    "carrier": "ZTO",
    "least_fen": 100,
    "older_days": 3,
}


class Mediator:
    """Somebody of the platform who works in a small shop as well."""

    user_id, shop_id = 2000, 7


def docket_page(tab: str, **how: Any) -> Callable[[Crowd], object]:
    return lambda c: mediation_queue.list_page(Mediator(), tab, **how)


def next_docket_page(c: Crowd) -> object:
    _, key = mediation_queue.list_page(Mediator(), "overdue")
    assert key is not None
    return mediation_queue.list_page(Mediator(), "overdue", after=key)


def next_cases_page(c: Crowd) -> object:
    _, key = case_lists.list_of_buyer(c.buyer)
    assert key is not None
    return case_lists.list_of_buyer(c.buyer, key)


def beside_case(c: Crowd) -> object:
    case = case_view.find_of_shop(c.case_no(10), c.shop)
    assert case is not None
    return desk_facts.load_of_case(case, c.seller, c.now)


def payouts_page(tab: str) -> Callable[[Crowd], object]:
    return lambda c: payment_lists.list_page(c.shop, tab)


def logistics_page(tab: str) -> Callable[[Crowd], object]:
    return lambda c: monitor.list_page(c.shop, tab, c.now)


def next_payouts_page(tab: str) -> Callable[[Crowd], object]:
    def ask(c: Crowd) -> object:
        _, key = payment_lists.list_page(c.shop, tab)
        assert key is not None
        return payment_lists.list_page(c.shop, tab, key)

    return ask


def next_logistics_page(tab: str) -> Callable[[Crowd], object]:
    def ask(c: Crowd) -> object:
        _, key = monitor.list_page(c.shop, tab, c.now)
        assert key is not None
        return monitor.list_page(c.shop, tab, c.now, key)

    return ask


def inbox_page(which: str, after: buyer_inbox.Key | None = None) -> Callable[[Crowd], object]:
    return lambda c: buyer_inbox.list_page(c.buyer, which, after)


HOT: dict[str, Callable[[Crowd], object]] = {
    **{f"queue {tab}": queue_page(tab) for tab in piles.TABS},
    **{f"queue {tab}, warehouse": queue_page(tab, states=STORE) for tab in piles.TABS},
    **{f"queue {tab}, next page": next_queue_page(tab) for tab in piles.TABS},
    **{f"queue by {name}": queue_page("mine", filters=Filters(**{name: value})) for name, value in NARROWED.items()},
    "queue closed by reason": queue_page("closed", filters=Filters(reason="damaged")),
    "queue of some days": queue_page("every", filters=Filters(since="2026-11-01", until="2026-11-03")),
    "queue counts": lambda c: shop_queue.count_tabs(c.shop, c.now),
    "queue counts, warehouse": lambda c: shop_queue.count_tabs(c.shop, c.now, ("mine", "overdue", "arrived"), STORE),
    "unanswered, to a limit": lambda c: unanswered.count_unanswered(c.shop, 100),
    "unidentified parcels, to a limit": lambda c: intake.count_unidentified(c.shop, 100),
    "steps held back, due": lambda c: held.carry_out_due(c.now),
    "steps held back, of a person": lambda c: held.list_recent(c.shop, c.seller, c.now),
    "steps held back, of cases": lambda c: held.list_held(c.shop, [10, 20]),
    "all ids of a list": lambda c: shop_queue.list_ids(c.shop, "mine", c.now, 2_000),
    "runs of a person": lambda c: bulk.list_runs(c.shop, c.seller),
    "views of the queue": lambda c: saved_views.list_views(c.shop, c.seller),
    **{f"docket {tab}": docket_page(tab) for tab in mediation_queue.TABS},
    "docket, next page": next_docket_page,
    "docket decided, next page": docket_page("decided", after=(NOW, 7)),
    "docket searched": docket_page("overdue", words="HH7"),
    "docket counts": lambda c: mediation_queue.count_tabs(Mediator()),
    "case by number, mediator": lambda c: mediation_queue.find_for_mediator(c.case_no(10), Mediator()),
    "facts about a buyer": lambda c: shop_queue.count_history(c.shop, c.other_buyer, c.now),
    **{f"my orders {tab}": orders_page(tab) for tab in order_lists.TABS},
    **{f"my orders {tab}, next page": next_orders_page(tab) for tab in order_lists.TABS},
    "my orders searched by number": lambda c: order_lists.list_page(c.buyer, "all", words=c.order_no(10)),
    "my orders searched by goods": orders_page("all", words="袜 70"),
    "my orders counts": lambda c: order_lists.count_tabs(c.buyer),
    "order by number": lambda c: order_lists.find_of_buyer(c.order_no(10), c.buyer),
    "cases of an order": lambda c: order_lists.list_cases(10),
    "order by number and shop": lambda c: order_lists.load_for_buyer(f"{c.order_no(10)}~{c.shop}", c.buyer),
    "what waits for a buyer": lambda c: buyer_inbox.read_inbox(c.buyer),
    **{f"what is {which}, of a buyer": inbox_page(which) for which in ("waiting", "refused")},
    **{f"what is {which}, next page": inbox_page(which, (NOW, 7)) for which in ("waiting", "refused")},
    **{f"what is {which}, undated, next page": inbox_page(which, (None, 7)) for which in ("waiting", "refused")},
    "what waits for a buyer, counted": lambda c: buyer_inbox.count_waiting(c.buyer),
    "my orders searched by a case's number": lambda c: order_lists.list_page(c.buyer, "all", words=c.case_no(10)),
    "buyer's cases searched by numbers": lambda c: case_lists.list_of_buyer(
        c.buyer, words=f"{c.case_no(10)}，{c.order_no(11)} 75484863576596"
    ),
    "buyer's cases searched by last digits": lambda c: case_lists.list_of_buyer(c.buyer, words="尾号 6596"),
    "buyer's cases": lambda c: case_lists.list_of_buyer(c.buyer),
    "buyer's cases, next page": next_cases_page,
    "case by number, buyer": lambda c: case_view.find_of_buyer(c.case_no(10), c.buyer),
    "what the shop's page says beside a case": beside_case,
    "case by number, shop": lambda c: case_view.find_of_shop(c.case_no(10), c.shop),
    **{f"payments {tab}": payouts_page(tab) for tab in payment_lists.TABS},
    **{f"payments {tab}, next page": next_payouts_page(tab) for tab in payment_lists.TABS},
    "payments' totals": lambda c: payment_lists.add_up_tabs(c.shop),
    "payment": lambda c: payment_lists.find_entry(c.shop, 1),
    "lists for the bank": lambda c: payment_batches.list_files(c.shop, None),
    **{f"parcels {tab}": logistics_page(tab) for tab in monitor.TABS},
    **{f"parcels {tab}, next page": next_logistics_page(tab) for tab in monitor.TABS if tab != "denied"},
    "parcels' counts": lambda c: monitor.count_tabs(c.shop, c.now),
    "handling times": lambda c: handling.measure_shop(c.shop, c.now),
    "a parcel, buyer": lambda c: parcel_view.find_of_buyer(10, c.buyer),
    "a parcel, shop": lambda c: parcel_view.find_of_shop(10, c.shop),
    "parcels of numbers": lambda c: parcel_view.find_by_number(c.shop, ["10", "20"]),
    "nothing to ask": lambda c: polling.poll_carriers(couriers.Kuaidi100("c", "k"), 60, lambda: c.now),
    "notices": lambda c: reading.list_newest(c.seller, None),
    "notices, next page": lambda c: reading.list_newest(c.seller, 50_000),
    "buyer's conversations with a shop": lambda c: by_shop.list_orders(c.buyer, c.shop, size=30),
    "buyer's conversations with a shop, next page": lambda c: by_shop.list_orders(
        c.buyer, c.shop, size=30, skip=50_000
    ),
    "shop's conversations": lambda c: conversations.list_of_person(shop_id=c.shop),
    "shop's conversations, next page": lambda c: conversations.list_of_person(shop_id=c.shop, skip=50_000),
    "a buyer's poll": lambda c: conversations.find_standing_of_buyer(c.order_no(10), c.buyer),
    "a buyer's poll, address with the shop": lambda c: conversations.find_standing_of_buyer(
        f"{c.order_no(10)}~{c.shop}", c.buyer
    ),
    "a seller's poll": lambda c: conversations.find_standing_of_shop(c.order_no(10), c.shop),
    "what a poll brings": lambda c: conversations.list_newer(10, c.shop, 9),
    "last messages of an order": lambda c: conversations.load_last(10, c.shop, 5),
    "latest messages": lambda c: conversations.list_latest(10, c.shop),
    "who is signed in, and the unread marks": lambda c: sessions.who_is("x" * 43, c.now),
    "sign-in": lambda c: db.session.scalars(db.select(User).where(User.member_name == "member7")).one(),
    "sweep with nothing due": lambda c: case_clock.sweep(c.now),
}


@pytest.mark.parametrize("name", HOT)
def test_no_scan_and_no_sort(crowd: Crowd, name: str) -> None:
    with listening() as said:
        HOT[name](crowd)
    db.session.rollback()
    assert said
    found = {statement: wrong for statement, values in said if (wrong := wrong_in_plan(statement, values))}
    assert found == {}


NEEDLES = (
    *("0000", "39000000000000007", "member70", "公司", "纯棉中筒袜 7", "HH777", "尾号 1234"),
    *("藏青", "DZ-7", "dz77", "黑色;1", "member7 藏青", "ember70", "mber7 藏青", "没有这个"),
)


@pytest.mark.parametrize("needle", NEEDLES)
def test_a_search_scans_nothing(crowd: Crowd, needle: str) -> None:
    scan_nothing(crowd, needle)


def scan_nothing(crowd: Crowd, needle: str) -> None:
    """What it finds it sorts: that is little. 2,100 people of one name are read at once by PostgreSQL, and by SQLite
    where it knows that all of their names go on alike."""
    with listening() as said:
        search.search(crowd.shop, needle)
    db.session.rollback()
    wrong = [each for statement, values in said for each in wrong_in_plan(statement, values)]
    if db.engine.dialect.name == "sqlite":  # all of a shop is as bad as a scan
        with db.engine.connect() as connection:
            plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {each}", values).all() for each, values in said]
        whole = [row[3] for plan in plans for row in plan if row[3].endswith("(shop_id=?)") and "sold_as" not in row[3]]
        assert whole == []
    assert (
        said
        and [
            each for each in wrong if each.startswith(("SCAN", "Seq")) and each not in ("Seq Scan users", "SCAN users")
        ]
        == []
    )


@pytest.mark.parametrize("kind", ["cases", "orders"])
@pytest.mark.parametrize("people", [1, 5])
def test_the_newest_of_people_are_read_and_nothing_is_sorted(crowd: Crowd, kind: str, people: int) -> None:
    """Somebody may have a hundred thousand: to sort them, 60,000 rows of five people, took 245 ms; to read twenty of
    each in the order of their index 0.2 ms."""
    with listening() as said:
        assert search.find_of_people(crowd.shop, kind, [crowd.buyer, crowd.other_buyer, 3, 4, 5][:people], search.MOST)
    db.session.rollback()
    assert said
    for statement, values in said:
        with db.engine.connect() as connection:
            explain = "EXPLAIN QUERY PLAN" if db.engine.dialect.name == "sqlite" else "EXPLAIN"
            plan = "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {statement}", values))
        assert f"ix_{kind}_shop_buyer" in plan and "Sort" not in plan and "TEMP B-TREE" not in plan, plan


@pytest.mark.parametrize("crowd", ["postgresql"], indirect=True)
@pytest.mark.parametrize("needle", ["袜", "黑色", "袜 黑色"])
def test_the_newest_of_goods_that_are_sold_most_are_read_and_nothing_is_sorted(crowd: Crowd, needle: str) -> None:
    """A shop sells some goods a hundred times as often as the database expects of any: to sort all of forty of those
    took 250 ms among 200,000 cases and grew with them; to read the newest in the order of the index takes 5 ms."""
    with listening() as said:
        search.search(crowd.shop, needle)
    db.session.rollback()
    of_ways = [(statement, values) for statement, values in said if "AS way (" in statement]
    plans = ""
    for statement, values in of_ways:
        with db.engine.connect() as connection:
            plans += "\n".join(str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values))
    assert "ix_order_lines_goods" in plans and "ix_case_lines_goods" in plans
    assert "Sort" not in plans and "Bitmap" not in plans, plans


@pytest.mark.nightly
def test_a_search_among_a_million_cases_scans_nothing(million: Crowd) -> None:
    """Says how long each took beside the smallest statement, for who runs it with -s."""
    for needle in NEEDLES:
        scan_nothing(million, needle)
        times = []
        for _ in range(5):
            began = time.perf_counter()
            search.search(million.shop, needle)
            times.append(time.perf_counter() - began)
        print(f"{db.engine.dialect.name}, {million.many} cases, {needle}: {sorted(times)[2] * 1_000:.1f} ms")


def test_orders_to_be_followed_are_found_by_their_own_index(crowd: Crowd) -> None:
    """It holds only those, so it is read from its beginning."""
    with listening() as said:
        following.orders_wait()
    db.session.rollback()
    [(statement, values)] = said
    explain = "EXPLAIN QUERY PLAN" if db.engine.dialect.name == "sqlite" else "EXPLAIN"
    with db.engine.connect() as connection:
        assert "ix_orders_unfollowed" in str(connection.exec_driver_sql(f"{explain} {statement}", values).all())


def test_runs_to_be_worked_off_are_found_by_their_own_index(crowd: Crowd) -> None:
    """It holds only those, so it is read from its beginning."""
    with listening() as said:
        bulk_work.work_off(crowd.now)
    db.session.rollback()
    [(statement, values)] = said
    if db.engine.dialect.name == "sqlite":  # PostgreSQL reads the few rows of the table at once
        with db.engine.connect() as connection:
            explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        assert "ix_bulk_runs_running" in str(explained)


@pytest.mark.parametrize("by", groups.BY)
def test_figures_read_their_period_alone(crowd: Crowd, by: str) -> None:
    """Of one day of a shop with many."""
    day = (crowd.now - timedelta(days=1)).date().isoformat()
    with listening() as said:
        tables.work_out(crowd.other_shop, Filters(since=day, until=day), by, crowd.now)
    db.session.rollback()
    assert len(said) >= 3
    for statement, values in said:
        wrong = [each for each in wrong_in_plan(statement, values) if each.startswith(("SCAN", "Seq"))]
        assert wrong == [], statement
        if db.engine.dialect.name == "sqlite":
            with db.engine.connect() as connection:
                plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            assert not [step for step in plan if step.endswith("(shop_id=?)")], plan


@pytest.mark.parametrize("did", queue_filters.DID)
@pytest.mark.parametrize("states", [None, STORE])
def test_what_happened_lately_is_found_by_its_index(crowd: Crowd, did: str, states: Any) -> None:
    """It is little, so it may be sorted; but nothing is read that didn't happen lately."""
    day = (crowd.now - timedelta(days=1)).date().isoformat()
    with listening() as said:
        shop_queue.list_page(crowd.shop, "every", crowd.now, filters=Filters(did=did, day=day), states=states)
    db.session.rollback()
    [(statement, values)] = said
    wrong = [each for each in wrong_in_plan(statement, values) if not each.startswith(("USE TEMP", "Sort", "Incr"))]
    assert wrong == []
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
        assert not [step for step in plan if step.endswith("(shop_id=?)")], plan  # all of a shop is as bad as a scan


@pytest.mark.parametrize("statement", ["SELECT id FROM cases ORDER BY goods", "SELECT id FROM cases WHERE basis = 'x'"])
def test_a_scan_and_a_sort_are_seen(crowd: Crowd, statement: str) -> None:
    assert wrong_in_plan(statement, ())


@pytest.mark.parametrize("tab", piles.TABS)
def test_every_case_comes_once_and_in_its_place(crowd: Crowd, tab: str) -> None:
    """Also those without a deadline and those past it: before all others."""
    rows, key = shop_queue.list_page(crowd.other_shop, tab, crowd.now)
    found = list(rows)
    while key is not None:
        rows, key = shop_queue.list_page(crowd.other_shop, tab, crowd.now, after=key)
        found += rows
    assert len({row.id for row in found}) == len(found)
    assert found or tab in ("soon", "closed")
    if tab in piles.DONE:
        column = piles.find_sort(tab, "").column
        assert found == sorted(found, key=lambda row: (getattr(row, column), row.id), reverse=True)
    else:
        assert found == sorted(found, key=lambda row: (row.desk_at, row.id))
        assert all(row.late for row in found if row.due_at and row.desk_at < row.due_at)
    counted = shop_queue.count_tabs(crowd.other_shop, crowd.now)[tab]
    assert counted == len(found) if tab in piles.DONE else counted == min(len(found), piles.SHOWN)


@pytest.mark.parametrize("tab", order_lists.TABS)
def test_every_order_comes_once_and_in_its_place(crowd: Crowd, tab: str) -> None:
    page, key = order_lists.list_page(crowd.other_buyer, tab)
    found = [card.order for card in page]
    while key is not None:
        page, key = order_lists.list_page(crowd.other_buyer, tab, after=key)
        found += [card.order for card in page]
    assert len(found) == order_lists.count_tabs(crowd.other_buyer)[tab] > 0
    assert found == sorted(found, key=lambda order: (order.ordered_at, order.id), reverse=True)
    assert len({order.id for order in found}) == len(found)


@pytest.mark.parametrize("most", [1, 3, 20])
def test_what_waits_for_a_buyer_comes_by_deadline(crowd: Crowd, most: int) -> None:
    """The first few are the first of all, and each comes once."""
    waiting, _ = buyer_inbox.list_page(crowd.buyer, size=crowd.many)
    asked = sorted(case.due_at for case in waiting if case.due_at)
    assert len({case.id for case in waiting}) == len(waiting) > most
    assert [case.due_at for case in waiting] == [*asked, *[None] * (len(waiting) - len(asked))]
    first = buyer_inbox.read_inbox(crowd.buyer, most).waiting
    assert [case.due_at for case in first] == [case.due_at for case in waiting[:most]]
    assert buyer_inbox.count_waiting(crowd.buyer) == min(len(waiting), buyer_inbox.MOST_COUNTED)
