"""Exports of the same orders in any order, with gaps and repeats, end where the newest alone does."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from portal.extensions import db, writing
from portal.models import Order, OrderHead, OrderLine, OrderVersion, SoldLine, SoldWeek
from portal.orders.export_format import OrderRows, read
from portal.orders.importing import import_orders
from portal.orders.importing.lines import KnownLine
from portal.orders.importing.merging import Progress, compare, merge, values_of_new
from tests import exports
from tests.exports import Cells, order, table

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
WAYS = (
    ("等待买家付款", "等待卖家发货", "等待物流公司揽件", "等待买家收货", "买家已签收", "交易成功"),
    ("等待买家付款", "等待卖家发货", "等待买家收货", "退款中", "交易关闭"),
    ("等待买家付款", "交易关闭"),
    ("奇怪的状态", "等待卖家发货", "退款中", "交易成功"),
)
SENT = ("等待买家收货", "买家已签收", "交易成功", "退款中")
NOT_COMPARED = ("id", "version", "imported_at", "updated_at", "followed_text", "shop_id", "buyer_id")


def history(chance: random.Random, number: int) -> list[list[Cells]]:
    """The rows of one order in exports made one after the other: it goes on, and what is said of it with it."""
    order_no = str(3905403692550747000 + number)
    lines = [
        {
            "Offer ID": str(622_000 + place // 2),
            "SKU ID": chance.choice((str(4_900 + place), "")) if place else "4900",
            "单品货号": f"P-{place}",
            "型号": f"红色;{place}",
            "单价(元)": chance.choice((18.8, 0.5, 120)),
            "数量": chance.randint(1, 9),
        }
        for place in range(chance.randint(1, 4))
    ]
    goods = round(sum(each["单价(元)"] * each["数量"] for each in lines), 2)  # type: ignore[operator, misc]
    parcels: list[str] = []
    receiver, adjustment = "李雯", 0
    made = []
    for status in chance.choice(WAYS):
        if status in SENT and chance.random() < 0.6:
            parcels.append(f"SF{number:04}{len(parcels):09}")
        receiver = chance.choice((receiver, receiver, "张伟", "王五"))
        if status in ("等待买家付款", "等待卖家发货"):
            adjustment = chance.choice((0, -1, 2))
        if chance.random() < 0.3:  # relabelled, which is nothing new
            at = chance.randrange(len(lines))
            lines[at] = {**lines[at], "货品标题": f"新名字 {status}"}
            if lines[at]["SKU ID"]:
                lines[at]["型号"] = f"新型号 {status}"
        rows = [
            order(
                order_no,
                订单状态=status,
                收货人姓名=receiver,
                运单号=";".join(parcels),
                物流公司="顺丰速运(SF)" if parcels else "",
                订单付款时间="" if status == "等待买家付款" else "2026-11-05 13:37:00",
                **{
                    "货品总价(元)": goods,
                    "运费(元)": 6,
                    "涨价或折扣(元)": adjustment,
                    "实付款(元)": round(goods + 6 + adjustment, 2),
                },
                **lines[0],
            ),
            *(exports.line(**each) for each in lines[1:]),
        ]
        made.append(rows)
        for _ in range(chance.choice((0, 0, 1))):  # exported again before anything happened
            made.append(rows)
    return made


def shuffled(chance: random.Random, exported: Sequence[Any]) -> Iterator[Any]:
    """Some of these, the newest among them, in any order and some of them again."""
    kept = [each for each in exported[:-1] if chance.random() < 0.7] + [exported[-1]]
    kept += [chance.choice(kept) for _ in range(chance.randrange(3))]
    chance.shuffle(kept)
    yield from kept


def exports_of(folder: Path, seed: int, orders: int) -> list[Path]:
    """The files that a shop exported one after the other, each with all of its orders."""
    chance = random.Random(seed)
    histories = [history(chance, number) for number in range(orders)]
    longest = max(map(len, histories))
    return [
        exports.text(
            folder / f"{seed}-{at}.csv",
            table(row for each in histories for row in each[min(at, len(each) - 1)]),
        )
        for at in range(longest)
    ]


def rows_of(path: Path) -> list[OrderRows]:
    with read(path) as export:
        return [found for found in export.orders() if isinstance(found, OrderRows)]


def taken(known: dict[str, Any], lines: list[KnownLine], rows: OrderRows) -> tuple[dict[str, Any], list[KnownLine]]:
    """What is known after a file with these rows; ids of lines are their places."""
    if not known:
        new = [(each.key, each) for each in rows.lines]
        here = dict.fromkeys(("cancelled_at", "shipped_at", "received_at"))
        return values_of_new(rows, NOW) | here | {"refunded_fen": 0}, _with([], new)
    made = merge(rows, known, lines)
    quantities = dict(made.lines.quantities)
    lines = [each._replace(quantity_milli=quantities.get(each.id, each.quantity_milli)) for each in lines]
    assert compare(known["status"], made.values.get("status", known["status"])) in (Progress.SAME, Progress.FORWARD)
    return {**known, **made.values}, _with(lines, made.lines.new)


def _with(lines: list[KnownLine], new: list[tuple[str, Any]]) -> list[KnownLine]:
    made = list(lines)
    for key, row in new:
        number = len(made) + 1
        made.append(
            KnownLine(
                number,
                key,
                number,
                row.offer_id,
                row.sku_id,
                row.cargo_no,
                row.title,
                row.spec,
                row.unit_price_fen,
                row.quantity_milli,
                0,
            )
        )
    return made


def in_the_end(known: dict[str, Any], lines: list[KnownLine]) -> tuple[Any, ...]:
    bought = sorted((each.offer_id, each.sku_id, each.unit_price_fen, each.quantity_milli) for each in lines)
    return known, bought


def try_histories(folder: Path, seed: int, orders: int) -> None:
    chance = random.Random(seed)
    files = [rows_of(path) for path in exports_of(folder, seed, orders)]
    for number in range(orders):
        exported = [rows[number] for rows in files]
        known: dict[str, Any] = {}
        lines: list[KnownLine] = []
        sequence = list(shuffled(chance, exported))
        for rows in sequence:
            known, lines = taken(known, lines, rows)
        newest = in_the_end(*taken({}, [], exported[-1]))
        said = [(rows.status_text, rows.receiver_name, rows.tracking_text) for rows in sequence]
        assert in_the_end(known, lines) == newest, f"seed {seed}, order {number}: {said}"


def test_five_hundred_histories_end_where_the_newest_does(tmp_path: Path) -> None:
    for seed in range(5):
        try_histories(tmp_path, seed, 100)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 200))
def test_twenty_thousand_histories_end_where_the_newest_does(tmp_path: Path, seed: int) -> None:
    try_histories(tmp_path, seed, 200)


# Through the database


def kept() -> list[tuple[Any, ...]]:
    orders = [
        tuple(value for name, value in row.items() if name not in NOT_COMPARED)
        for row in db.session.execute(select(*Order.__table__.columns).order_by(Order.order_no)).mappings()
    ]
    lines = db.session.execute(
        select(Order.order_no, OrderLine.offer_id, OrderLine.sku_id, OrderLine.unit_price_fen, OrderLine.quantity_milli)
        .join(Order, Order.id == OrderLine.order_id)
        .order_by(
            Order.order_no, OrderLine.offer_id, OrderLine.sku_id, OrderLine.unit_price_fen, OrderLine.quantity_milli
        )
    )
    found = [*orders, *map(tuple, lines)]
    db.session.rollback()
    return found


def import_all(files: Sequence[Path]) -> None:
    for path in files:
        with read(path) as export:
            import_orders(export, now=NOW)


def forget() -> None:
    with writing():
        db.session.execute(delete(SoldLine))
        db.session.execute(delete(SoldWeek))
        db.session.execute(delete(OrderVersion))
        db.session.execute(delete(OrderLine))
        db.session.execute(delete(Order))
        db.session.execute(delete(OrderHead))


def try_in_database(folder: Path, seed: int, orders: int) -> None:
    files = exports_of(folder, seed, orders)
    import_all(files[-1:])
    newest = kept()
    forget()
    import_all(list(shuffled(random.Random(seed), files)))
    assert kept() == newest, f"seed {seed}"
    forget()


@pytest.mark.usefixtures("both")
def test_files_in_any_order_end_where_the_newest_does(tmp_path: Path) -> None:
    for seed in range(3):
        try_in_database(tmp_path, seed, 40)


@pytest.mark.nightly
@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("seed", range(100, 150))
def test_files_in_any_order_end_where_the_newest_does_by_night(tmp_path: Path, seed: int) -> None:
    try_in_database(tmp_path, seed, 200)
