"""Numbers that several places show: each export, list, total and figure is counted anew from the rows themselves.

The worlds are drawn. What a case is called, where it lies and what counts as paid is said here in plain SQL; no list or
figure of the portal is asked for what it ought to be.
"""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import text, update

from portal.cases import shop_queue
from portal.cases.queue_filters import Filters
from portal.exporting import exports
from portal.exporting.kinds import KINDS
from portal.extensions import db, writing
from portal.flow import CaseType
from portal.models import Case, CaseLink, MoneyEntry
from portal.resale import chain_view
from tests.cast import Cast, sign_in
from tests.conftest import NOW, Clock
from tests.property.test_chain_life import World

WAYS = {
    "exchange": ("applied", "proposed", "revising", "returning", "inspecting", "reshipping", "confirming", "completed"),
    "reissue": ("applied", "reshipping", "confirming", "completed", "withdrawn", "converted"),
    "return_refund": ("applied", "returning", "refunding", "refund_failed", "completed", "withdrawn", "closed"),
    "refund_only": ("applied", "refunding", "refund_failed", "completed", "withdrawn"),
}
TABS = {  # of the queue: the states that lie there, whoever else's turn it is
    "every": "1 = 1",
    "completed": "state = 'completed'",
    "closed": "state IN ('closed', 'withdrawn', 'converted')",
    "applied": "state = 'applied' AND NOT escalated",
    "refunding": "state = 'refunding' AND NOT escalated",
    "refund_failed": "state = 'refund_failed' AND NOT escalated",
    "returning": "state = 'returning' AND NOT escalated",
    "confirming": "state = 'confirming' AND NOT escalated",
    "mediation": "escalated AND state NOT IN ('completed', 'closed', 'withdrawn', 'converted')",
}
MONEY = ("refund", "difference_back", "difference_return", "freight", "compensation", "difference")
STATES = ("due", "waiting", "failed", "contested", "declared", "settled", "cancelled")
PAID = {  # how a payment to the buyer is summed up, and which kinds are in it
    "refund": "('refund', 'difference_back', 'difference_return')",
    "freight": "('freight')",
    "compensation": "('compensation')",
}
FAR = {"since": "2026-08-01", "until": "2026-11-23"}  # every case of these worlds


def rows_of(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(text(sql), values)]


def one(sql: str, **values: Any) -> int:
    return int(rows_of(sql, **values)[0][0] or 0)


def people_a_world(cast: Cast, dice: random.Random) -> None:
    """Cases of every kind in this shop and one in another's, with payments of every kind in every state."""
    for number in range(10):
        kind = dice.choice(sorted(WAYS))
        order = cast.order(
            milli=dice.choice([2_000, 3_000, 7_500]),
            price_fen=dice.choice([333, 1250, 9_999]),
            unit="米",
            ordered_at=NOW - timedelta(days=dice.randrange(5, 25)),
        )
        case = cast.until(dice.choice(WAYS[kind]), order=order, case_type=CaseType(kind))
        if dice.random() < 0.15 and case.state in ("applied", "returning", "confirming"):
            cast.mediated(case)
        plant_payments(dice, case, number)
    for status in dice.choices(["unshipped", "in_transit", "cancelled", "completed", "unpaid"], k=5):
        cast.order(status=status, paid_fen=dice.randrange(1, 99_999), ordered_at=NOW - timedelta(days=3))
    cast.open_case(cast.order(buyer=cast.buyer2))
    strange = cast.order(shop=cast.shop2)
    plant_payments(dice, cast.open_case(strange), 99)


def plant_payments(dice: random.Random, case: Case, number: int) -> None:
    with writing():
        for place in range(dice.randrange(4)):
            kind = dice.choice(MONEY)
            states = ["declared", "settled"] if kind == "difference" else [s for s in STATES if s != "declared"]
            state = dice.choice(states)
            moment = NOW - timedelta(days=place, minutes=number)
            entry = {"case_id": case.id, "order_id": case.order_id, "shop_id": case.shop_id, "kind": kind}
            paid = {"amount_fen": dice.randrange(1, 99_999), "key": f"{number}-{place}", "state": state}
            settled = moment if state in ("settled", "contested") else None
            denied = {"arrival": "missing", "arrival_at": moment} if state == "contested" else {}
            db.session.add(MoneyEntry(**entry, **paid, **denied, settled_at=settled, made_at=moment))
        db.session.execute(update(Case).where(Case.id == case.id).values(entry_count=Case.entry_count + 1))


def write_out(cast: Cast, desk: FlaskClient, of: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of one export, as the file has them, by their headings."""
    with writing():
        made = exports.ask_for(cast.shop, cast.seller, of, asked, list(KINDS[of].columns), NOW).id
    assert exports.write_waiting(NOW) == 1
    data = desk.get(f"/seller/exports/{made}.xlsx").data
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    return [dict(zip(map(str, sheet[0]), row, strict=True)) for row in sheet[1:]]


def fen(cell: Any) -> int:
    return round(float(cell or 0) * 100)


def hold_cases(cast: Cast, desk: FlaskClient) -> None:
    tabs = shop_queue.count_tabs(cast.shop, NOW)
    for tab, where in TABS.items():
        found = rows_of(
            f"SELECT case_no, type, refund_fen, quantity_milli FROM cases WHERE shop_id = :shop AND {where}",
            shop=cast.shop,
        )
        written = write_out(cast, desk, "queue", {"tab": tab, "filters": asdict(Filters()), "states": None})
        plain = desk.get(f"/seller/queue/export.csv?tab={tab}").data.decode("utf-8-sig")
        read = list(csv.DictReader(io.StringIO(plain)))
        for name, table in (("xlsx", written), ("csv", read)):
            said = {row["售后单号"]: (fen(row["退款金额（元）"]), round(float(row["数量"]) * 1000)) for row in table}
            assert len(said) == len(table) == len(found), (tab, name)
            assert said == {row[0]: (row[2] or 0, row[3]) for row in found}, (tab, name)
        assert tabs[tab] == len(found), tab
        page = desk.get(f"/seller?tab={tab}").text
        shown = re.search(rf'href="/seller\?tab={tab}"[^>]*>[^<]+<(?:b|span class="n")>([0-9]+)<', page)
        assert shown is None or int(shown[1]) == len(found), tab


def hold_orders(cast: Cast, desk: FlaskClient) -> None:
    for tab, where in {
        "all": "1 = 1",
        "cancelled": "status = 'cancelled'",
        "sent": "status = 'in_transit'",
    }.items():
        found = rows_of(
            "SELECT order_no, paid_fen, (SELECT count(*) FROM cases c WHERE c.order_id = o.id AND "
            f"c.shop_id = o.shop_id) FROM orders o WHERE shop_id = :shop AND {where}",
            shop=cast.shop,
        )
        written = write_out(cast, desk, "orders", {"tab": tab})
        said = {row["订单号"]: (fen(row["实付款（元）"]), int(float(row["售后次数"]))) for row in written}
        assert len(written) == len(found) and said == {row[0]: (row[1], row[2]) for row in found}, tab


def hold_payments(cast: Cast, desk: FlaskClient) -> None:
    """The finance desk: each list, its number and its total, and the export of the same."""
    for tab in ("due", "waiting", "failed", "contested", "declared", "settled"):
        where = f"FROM money_entries WHERE shop_id = :shop AND state = '{tab}'"
        number = one(f"SELECT count(*) {where}", shop=cast.shop)
        total = one(f"SELECT sum(amount_fen) {where}", shop=cast.shop)
        written = write_out(cast, desk, "payouts", {"tab": tab})
        assert (len(written), sum(fen(row["金额（元）"]) for row in written)) == (number, total), tab
        page = desk.get(f"/seller/payouts?tab={tab}").text
        shown = re.search(rf'href="/seller/payouts\?tab={tab}"[^>]*>[^<]*<span class="n">([0-9]+)', page)
        assert shown is not None and int(shown[1]) == number, tab
        said = re.search(r"合计 <strong>(.*?)</strong>", page, re.S)
        read = re.sub(r"<[^>]+>|[¥,元\s]", "", said[1]) if said else "0"
        assert fen(read) == total, (tab, read, total)


def hold_figures(cast: Cast, desk: FlaskClient) -> None:
    """数据, its export and what a customer's page sums up: what was paid, and nobody says didn't come."""
    filters = {**asdict(Filters()), **FAR}
    sums = {
        name: {
            row[0]: int(row[1])
            for row in rows_of(
                "SELECT c.reason, sum(m.amount_fen) FROM money_entries m JOIN cases c ON c.id = m.case_id AND "
                f"c.shop_id = m.shop_id WHERE m.shop_id = :shop AND m.state = 'settled' AND m.kind IN {kinds} "
                "GROUP BY c.reason",
                shop=cast.shop,
            )
        }
        for name, kinds in PAID.items()
    }
    numbers = dict(rows_of("SELECT reason, count(*) FROM cases WHERE shop_id = :shop GROUP BY reason", shop=cast.shop))
    written = write_out(cast, desk, "figures", {"filters": filters, "by": "reason"})
    assert sum(int(float(row["售后单"])) for row in written) == sum(numbers.values())
    for heading, name in {"退款（元）": "refund", "运费（元）": "freight", "补偿（元）": "compensation"}.items():
        assert sorted(fen(row[heading]) for row in written if fen(row[heading])) == sorted(
            value for value in sums[name].values() if value
        ), heading
        page = desk.get(f"/seller/figures?span=own&by=buyer&since={FAR['since']}&until={FAR['until']}").text
        shown = re.findall(rf'data-label="{heading[:2]}">(.*?)</td>', page, re.S)
        assert sum(fen(re.sub(r"[¥,–\s]", "", cell)) for cell in shown) == sum(sums[name].values()), heading
    order_no = rows_of("SELECT order_no FROM orders WHERE shop_id = :s AND buyer_id = :b", s=cast.shop, b=cast.buyer)
    customer = desk.get(f"/seller/orders/{order_no[0][0]}/customer").text
    said = re.search(r"已登记退款.*?¥([0-9.,]+)", customer, re.S)
    mine = one(
        "SELECT sum(m.amount_fen) FROM money_entries m JOIN cases c ON c.id = m.case_id AND c.shop_id = m.shop_id "
        f"WHERE m.shop_id = :s AND c.buyer_id = :b AND m.state = 'settled' AND m.kind IN {PAID['refund']}",
        s=cast.shop,
        b=cast.buyer,
    )
    assert said is not None and fen(said[1].replace(",", "")) == mine


def seeds(by_day: int, by_night: int) -> Sequence[Any]:
    night = (pytest.param(seed, marks=pytest.mark.nightly) for seed in range(by_day, by_night))
    return [*range(by_day), *night]


@pytest.mark.parametrize("seed", seeds(2, 40))
def test_every_place_counts_the_same(app: Flask, cast: Cast, now: Clock, seed: int) -> None:
    people_a_world(cast, random.Random(seed))
    desk = sign_in(app, "seller")
    for hold in (hold_cases, hold_orders, hold_payments, hold_figures):
        hold(cast, desk)


@pytest.mark.parametrize("seed", seeds(2, 60))
def test_a_chain_comes_to_what_its_rows_say(app: Flask, cast: Cast, now: Clock, seed: int) -> None:
    """Whatever the three parties do, the distributor reads what both cases' payments and the freight come to."""
    world = World(cast, seed)
    dice = random.Random(seed)
    with writing():
        link = db.session.get_one(CaseLink, world.link)
        for way in ("back", "out"):
            setattr(link, f"freight_{way}_fen", dice.choice([0, 800, 1_205]))
            setattr(link, f"freight_{way}_payer", dice.choice(["distributor", "supplier", "consumer"]))
    for _ in range(14):
        world.acts()
        link = db.session.get_one(CaseLink, world.link, populate_existing=True)
        up, down = link.upstream_id, link.downstream_id
        sums = "SELECT coalesce(sum(CASE WHEN kind = 'difference' THEN -amount_fen ELSE amount_fen END), 0) FROM "
        of_case = f"{sums} money_entries WHERE case_id = :id AND state <> 'cancelled'"
        freight = sum(
            getattr(link, f"freight_{way}_fen")
            for way in ("back", "out")
            if getattr(link, f"freight_{way}_payer") == "distributor"
        )
        comes_to = one(of_case, id=up) - one(of_case, id=down) - freight
        chain = chain_view.build_chain(db.session.get_one(CaseLink, world.link))
        assert chain.result_fen == comes_to
        unpaid = one(
            f"SELECT count(*) FROM money_entries WHERE case_id IN ({up}, {down}) "
            "AND state NOT IN ('settled', 'cancelled')"
        )
        assert sum(row.note == "未付清" for row in chain.rows) == unpaid
    page = sign_in(app, "seller2").get(f"/seller/cases/{chain.down.case_no}/chain").text
    said = re.search(r'id="chain-result">¥([0-9.,]+)<', page)
    assert (said is None and not chain.rows) or (said is not None and fen(said[1].replace(",", "")) == abs(comes_to))
