"""Exports of the same orders in any order, with gaps and repeats, end where the newest alone does."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select

from portal.extensions import db
from portal.models import Order, OrderLine
from portal.orders.export_format import OrderRows, read
from portal.orders.importing import import_orders
from portal.orders.importing.doubts import COLUMNS, shown
from portal.orders.importing.merging import merge, values_of_new
from portal.orders.importing.pairing import KnownLine
from portal.orders.importing.progress import Progress, compare
from tests import exports
from tests.exports import Cells, order, table

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
WAYS = (
    ("等待买家付款", "等待卖家发货", "等待物流公司揽件", "等待买家收货", "买家已签收", "交易成功"),
    ("等待买家付款", "等待卖家发货", "等待买家收货", "退款中", "交易关闭"),
    ("等待买家付款", "交易关闭"),
    ("奇怪的状态", "等待卖家发货", "退款中", "交易成功"),
    ("等待卖家发货", "等待买家收货", "交易成功", "退款成功"),
)
SENT = ("等待买家收货", "买家已签收", "交易成功", "退款中")
NOT_COMPARED = ("id", "order_no", "no_tail", "version", "imported_at", "updated_at", "followed_text")
OF_LINES = ("offer_id", "sku_id", "unit_price_fen", "quantity_milli")
FIRST_NUMBER, TWIN = 3905403692550000001, 10**18


def history(chance: random.Random, number: int) -> list[list[Cells]]:
    """The rows of one order in exports made one after the other: it goes on, and what is said of it with it.

    Within one status nothing comes back that was replaced: nobody could tell such an export from an older one.
    """
    order_no = str(FIRST_NUMBER + number)
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
    parcels: list[str] = []
    receiver, adjustment = "李雯", 0.0
    made = []
    for status in chance.choice(WAYS):
        sends, open_to_change = status in SENT, status in ("等待买家付款", "等待卖家发货")
        if sends and chance.random() < 0.6:
            parcels.append(f"SF{number:06}{len(parcels):07}")
        receiver = chance.choice((receiver, receiver, "张伟", "王五"))
        if open_to_change:
            adjustment = chance.choice((0, -1, 2))
        if chance.random() < 0.3:  # relabelled, which is nothing new
            at = chance.randrange(len(lines))
            lines[at] = {**lines[at], "货品标题": f"新名字 {status}"}
            if lines[at]["SKU ID"]:
                lines[at]["型号"] = f"新型号 {status}"
        made.append(_write_rows(order_no, status, lines, parcels, receiver, adjustment))
        for again in range(chance.choice((0, 0, 1, 2))):  # exported again: as it was, or after something else changed
            change = chance.choice(("", "receiver", *(("sum", "quantity") if open_to_change else ()), *"p" * sends))
            if change == "receiver":
                receiver = f"收货人{len(made)}"
            elif change == "sum":
                adjustment = 3 + len(made) / 100
            elif change == "quantity":
                lines[0] = {**lines[0], "数量": lines[0]["数量"] + 10 + again}  # type: ignore[operator]
            elif change == "p":
                parcels.append(f"SF{number:06}{len(parcels):07}")
            made.append(_write_rows(order_no, status, lines, parcels, receiver, adjustment))
    return made


def _write_rows(
    order_no: str, status: str, lines: Sequence[Cells], parcels: Sequence[str], receiver: str, adjustment: float
) -> list[Cells]:
    goods = round(sum(each["单价(元)"] * each["数量"] for each in lines), 2)
    sums = {
        "货品总价(元)": goods,
        "运费(元)": 6,
        "涨价或折扣(元)": adjustment,
        "实付款(元)": round(goods + 6 + adjustment, 2),
    }
    first = order(
        order_no,
        订单状态=status,
        收货人姓名=receiver,
        运单号=";".join(parcels),
        物流公司="顺丰速运(SF)" if parcels else "",
        订单付款时间="" if status == "等待买家付款" else "2026-11-05 13:37:00",
        **sums,
        **lines[0],
    )
    return [first, *(exports.line(**each) for each in lines[1:])]


def shuffled(chance: random.Random, exported: Sequence[list[Cells]]) -> list[list[Cells]]:
    """Some of these, the newest among them, in any order and some of them again.

    Of those with one status the first time each is met is in their order: an older one that was never imported before
    doesn't say that it is older.
    """
    kept = [each for each in exported[:-1] if chance.random() < 0.7] + [exported[-1]]
    sequence = kept + [chance.choice(kept) for _ in range(chance.randrange(3))]
    chance.shuffle(sequence)
    for status in {each[0]["订单状态"] for each in kept}:
        places = [place for place, each in enumerate(sequence) if each[0]["订单状态"] == status]
        met: list[list[Cells]] = []
        for place in places:
            if sequence[place] not in met:
                met.append(sequence[place])
        in_order = sorted(met, key=kept.index)
        for place in places:
            sequence[place] = in_order[met.index(sequence[place])]
    return sequence


def write_rounds(folder: Path, name: str, sequences: Sequence[Sequence[list[Cells]]]) -> list[Path]:
    """A file for each round: the next export of each order that has one left."""
    return [
        exports.text(
            folder / f"{name}-{at}.csv",
            table(row for sequence in sequences if at < len(sequence) for row in sequence[at]),
        )
        for at in range(max(map(len, sequences)))
    ]


def rows_of(path: Path) -> list[OrderRows]:
    with read(path) as export:
        return [found for found in export.orders() if isinstance(found, OrderRows)]


class Taken(NamedTuple):
    """What is known of an order, of its lines (their ids are their places), and what was replaced."""

    known: dict[str, Any]
    lines: list[KnownLine]
    replaced: dict[str, set[str]]


def taken(before: Taken | None, rows: OrderRows) -> Taken:
    """What is known after a file with these rows."""
    if before is None:
        new = [(each.key, each) for each in rows.lines]
        here = dict.fromkeys(("cancelled_at", "shipped_at", "received_at"))
        return Taken(values_of_new(rows, NOW) | here | {"refunded_fen": 0}, _with([], new), {})
    known, lines, replaced = before
    made = merge(rows, known, lines, replaced=replaced)
    quantities = dict(made.lines.quantities)
    lines = [each._replace(quantity_milli=quantities.get(each.id, each.quantity_milli)) for each in lines]
    for name in made.values.keys() & COLUMNS.keys():
        replaced.setdefault(COLUMNS[name], set()).add(shown(name, known[name]))
    now = {**known, **made.values}
    progress = compare(known["status"], now["status"], known["status_text"], now["status_text"])
    assert progress in (Progress.SAME, Progress.FORWARD)
    return Taken(now, _with(lines, made.lines.new), replaced)


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


def in_the_end(order: Taken) -> tuple[Any, ...]:
    bought = sorted((each.offer_id, each.sku_id, each.unit_price_fen, each.quantity_milli) for each in order.lines)
    return order.known, bought


def try_histories(folder: Path, seed: int, orders: int) -> None:
    chance = random.Random(seed)
    histories = [history(chance, number) for number in range(orders)]
    sequences = [shuffled(chance, exported) for exported in histories]
    newest = rows_of(write_rounds(folder, f"{seed}-newest", [each[-1:] for each in histories])[0])
    files = [{rows.order_no: rows for rows in rows_of(path)} for path in write_rounds(folder, str(seed), sequences)]
    for rows, sequence in zip(newest, sequences, strict=True):
        now: Taken | None = None
        for file in files[: len(sequence)]:
            now = taken(now, file[rows.order_no])
        said = [(each[0]["订单状态"], each[0]["收货人姓名"], each[0]["运单号"]) for each in sequence]
        assert now is not None and in_the_end(now) == in_the_end(taken(None, rows)), f"seed {seed}: {said}"


def test_five_hundred_histories_end_where_the_newest_does(tmp_path: Path) -> None:
    for seed in range(5):
        try_histories(tmp_path, seed, 100)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 200))
def test_twenty_thousand_histories_end_where_the_newest_does(tmp_path: Path, seed: int) -> None:
    try_histories(tmp_path, seed, 200)


# Through the database: a history is one order's sequence of exports; many orders, each with its own, share the files.


def kept(first: int, orders: int) -> list[tuple[Any, ...]]:
    """What is known of the orders with these numbers, each with its lines."""
    numbers = [str(first + number) for number in range(orders)]
    rows = db.session.execute(
        select(*Order.__table__.columns).where(Order.order_no.in_(numbers)).order_by(Order.order_no)
    ).mappings()
    found = {row["id"]: [value for name, value in row.items() if name not in NOT_COMPARED] for row in rows}
    lines = db.session.execute(
        select(OrderLine.order_id, *(getattr(OrderLine, name) for name in OF_LINES))
        .where(OrderLine.order_id.in_(found))
        .order_by(OrderLine.order_id, *(getattr(OrderLine, name) for name in OF_LINES))
    )
    for order_id, *line in lines:
        found[order_id].append(tuple(line))
    db.session.rollback()
    return [tuple(each) for each in found.values()]


def try_in_database(folder: Path, seed: int, orders: int) -> None:
    """Import the histories, and beside them the newest exports alone, under other numbers."""
    chance = random.Random(seed)
    histories = [history(chance, seed * orders + number) for number in range(orders)]
    sequences = [shuffled(chance, exported) for exported in histories]
    alone = [[[{**row, "订单编号": _twin(row)} for row in each[-1]]] for each in histories]
    for path in [*write_rounds(folder, f"{seed}", sequences), *write_rounds(folder, f"{seed}-newest", alone)]:
        with read(path) as export:
            assert import_orders(export, now=NOW).orders.refused == 0
    first = FIRST_NUMBER + seed * orders
    ended, newest = kept(first, orders), kept(first + TWIN, orders)
    assert len(ended) == len(newest) == orders
    for one, other, sequence in zip(ended, newest, sequences, strict=True):
        said = [(each[0]["订单状态"], each[0]["收货人姓名"], each[0]["运单号"]) for each in sequence]
        assert one == other, f"seed {seed}: {said}"


def _twin(row: Cells) -> str:
    return str(int(row["订单编号"]) + TWIN) if row.get("订单编号") else ""


@pytest.mark.usefixtures("both")
def test_five_hundred_histories_in_the_database_end_where_the_newest_does(tmp_path: Path) -> None:
    for seed in range(2):
        try_in_database(tmp_path, seed, 250)


@pytest.mark.nightly
@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("first", range(100, 140, 10))
def test_twenty_thousand_histories_in_the_database_end_where_the_newest_does(tmp_path: Path, first: int) -> None:
    for seed in range(first, first + 10):
        try_in_database(tmp_path, seed, 500)
