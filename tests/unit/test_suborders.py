"""Exports of other platforms say sums and status of each line: the line's own, of which the order's are made."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from portal.orders.export_format import Export, LineRow, OrderRows, Problem, read
from portal.orders.export_format.rows import Lost
from portal.orders.export_format.statuses import MIXED
from tests import exports

NUMBER = "3905403692550747597"
LIVE = {
    "待付款": "unpaid",
    "待发货": "unshipped",
    "已发货": "in_transit",
    "已签收": "delivered",
    "交易成功": "completed",
}
ENDED = {"退款中": "refunding", "退款成功": "cancelled", "交易关闭": "cancelled"}
RANK = list(LIVE.values())


@pytest.fixture
def said(tmp_path: Path) -> Any:
    """Reads a table: its only order and the problems."""

    def said(headings: str, rows: Sequence[Sequence[object]]) -> tuple[OrderRows, list[Problem]]:
        path = tmp_path / "export.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([headings.split(), *rows])
        with read(path) as export:
            found = list(export.orders())
        [order] = [each for each in found if isinstance(each, OrderRows)]
        return order, [each for each in found if isinstance(each, Problem)]

    return said


def parts(chance: random.Random, number: int) -> list[tuple[int, int, int]]:
    """Lines as (分 a piece, pieces, what was paid for them)."""
    lines = [(chance.randint(50, 9_900), chance.randint(1, 9)) for _ in range(number)]
    return [(price, pieces, price * pieces - chance.randint(0, price * pieces // 2)) for price, pieces in lines]


def own(lines: Sequence[LineRow]) -> list[int | None]:
    return [line.own_paid_fen for line in lines]


@pytest.mark.parametrize("seed", range(40))
def test_what_was_paid_for_each_line_is_the_line_s(said: Any, seed: int) -> None:
    chance = random.Random(seed)
    lines = parts(chance, chance.randint(2, 5))
    freight = [chance.choice((0, 600)) if seed % 2 else 0 for _ in lines]
    totals = seed % 3 == 0
    headings = "订单编号 货品标题 单价 数量 订单状态 运费 实付款" + (" 货品总价" if totals else "")
    rows = [
        [NUMBER, f"货{at}", price / 100, pieces, "已签收", freight[at] / 100, (paid + freight[at]) / 100]
        + ([price * pieces / 100] if totals else [])
        for at, (price, pieces, paid) in enumerate(lines)
    ]
    order, problems = said(headings, rows)
    assert (order.paid_fen, order.whole) == (sum(each[2] for each in lines) + sum(freight), True)
    assert own(order.lines) == [paid for _price, _pieces, paid in lines]
    assert not totals or order.goods_total_fen == sum(price * pieces for price, pieces, _paid in lines)
    assert any("合计" in each.sentence for each in problems)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("again", ["repeated", "first", "first, then zero"])
def test_what_was_paid_for_the_order_stays_the_order_s(said: Any, seed: int, again: str) -> None:
    lines = parts(random.Random(seed), 3)
    goods = sum(price * pieces for price, pieces, _paid in lines)
    later = {"repeated": (goods + 600) / 100, "first": "", "first, then zero": 0}[again]
    rows = [
        [NUMBER, f"货{at}", price / 100, pieces, "已签收", 6 if again == "repeated" or not at else "", later]
        for at, (price, pieces, _paid) in enumerate(lines)
    ]
    rows[0][-1] = (goods + 600) / 100
    order, _problems = said("订单编号 货品标题 单价 数量 订单状态 运费 实付款", rows)
    assert (order.paid_fen, order.freight_fen, own(order.lines)) == (goods + 600, 600, [None] * 3)


def test_equal_sums_of_rows_with_numbers_of_their_own_add_up(said: Any) -> None:
    headings = "主订单编号 子订单编号 选购商品 商品单价 商品数量 订单状态 实付款"
    order, _ = said(headings, [[NUMBER, number, "袜子", 20, 1, "已签收", 18] for number in ("71", "72")])
    assert (order.paid_fen, own(order.lines)) == (3600, [1800, 1800])
    order, _ = said(headings, [[NUMBER, number, "袜子", 20, 1, "已签收", 40] for number in ("71", "72")])
    assert (order.paid_fen, own(order.lines)) == (4000, [None, None])
    order, _ = said(headings, [[NUMBER, "71", "袜子", 20, 1, "已签收", 18]] * 2)
    assert (order.paid_fen, len(order.lines)) == (1800, 1)


@pytest.mark.parametrize("seed", range(20))
def test_more_than_a_line_comes_to_was_not_paid_for_it(said: Any, seed: int) -> None:
    lines = parts(random.Random(seed), 2)
    rows = [[NUMBER, f"货{at}", price / 100, pieces, "已签收", 1] for at, (price, pieces, _paid) in enumerate(lines)]
    rows[1][-1] = lines[1][0] * lines[1][1] / 100 + 200
    order, problems = said("订单编号 货品标题 单价 数量 订单状态 实付款", rows)
    assert (order.paid_fen, len(order.lines), order.whole) == (100, 1, False)
    assert [(each.row, "实付款" in each.sentence) for each in problems if each.lost is Lost.LINE] == [(3, True)]


@pytest.mark.parametrize("seed", range(60))
def test_an_order_is_as_far_as_its_slowest_line_and_ended_when_all_have(said: Any, seed: int) -> None:
    chance = random.Random(seed)
    words = [chance.choice([*LIVE, *ENDED] if seed % 3 else [*ENDED]) for _ in range(chance.randint(2, 5))]
    rows = [[NUMBER, f"货{at}", 10, 1, word] for at, word in enumerate(words)]
    order, problems = said("订单编号 货品标题 单价 数量 订单状态", rows)
    alive = [LIVE[word] for word in words if word in LIVE]
    if alive:
        assert order.status == min(alive, key=RANK.index)
        assert [line.own_status for line in order.lines] == [ENDED.get(word, "") for word in words]
    else:
        assert order.status == ("refunding" if "退款中" in words else "cancelled")
    assert order.whole and not [each for each in problems if each.lost is not Lost.NOTHING]


@pytest.mark.parametrize("later", ["退款成功", "交易关闭", "已签收", "交易成功"])
def test_the_same_row_of_another_day_goes_forward_or_is_asked_about(said: Any, later: str) -> None:
    rows = [[NUMBER, "袜子", 10, 1, word] for word in ("待发货", later)]
    for each in (rows, rows[::-1]):
        order, _ = said("订单编号 货品标题 单价 数量 订单状态", each)
        assert (len(order.lines), order.status) == (1, LIVE.get(later, "unknown"))
        assert later in LIVE or order.status_text == MIXED


def test_merged_cells_speak_for_the_rows_below(said: Any) -> None:
    headings = "订单编号 货品标题 单价 数量 订单状态 售后状态"
    order, _ = said(headings, [[NUMBER, "甲", 10, 1, "已签收", "退款成功"], [NUMBER, "乙", 10, 1, "", ""]])
    assert order.status == "cancelled"
    order, _ = said(headings, [[NUMBER, "甲", 10, 1, "已签收", "退款成功"], [NUMBER, "乙", 10, 1, "已签收", ""]])
    assert (order.status, [line.own_status for line in order.lines]) == ("delivered", ["cancelled", ""])


@pytest.mark.parametrize("seed", range(20))
def test_a_price_that_has_no_column_is_worked_out(said: Any, seed: int) -> None:
    chance = random.Random(seed)
    fen, pieces, freight = chance.randint(1, 99_999), chance.randint(1, 30), chance.choice((0, 600))
    rows = [["袜子", NUMBER, "已发货，待签收", fen / 100, freight / 100, (fen + freight) / 100, pieces]]
    sums = "商品总价(元) 邮费(元) 用户实付金额(元)" if seed % 2 else "优惠 邮费(元) 商家实收金额(元)"
    order, problems = said(f"商品 订单号 订单状态 {sums} 商品数量(件)", rows)
    [line] = order.lines
    assert abs(line.unit_price * line.quantity_milli / 10 - fen) <= 1
    assert order.paid_fen == fen + freight
    assert any("没有「单价」一列" in each.sentence for each in problems)


def test_a_price_is_not_worked_out_from_the_sum_of_several_rows(said: Any, tmp_path: Path) -> None:
    headings = "商品 订单号 订单状态 商品总价(元) 商品数量(件)"
    order, _ = said(headings, [["甲", NUMBER, "已发货", 30, 1], ["乙", NUMBER, "已发货", 20, 2]])
    assert ([line.unit_price_fen for line in order.lines], order.goods_total_fen) == ([3000, 1000], 5000)
    path = tmp_path / "two.csv"
    path.write_text(
        "商品,订单号,订单状态,商品总价,数量\n甲,39054036925,已发货,30,1\n乙,39054036925,已发货,30,1\n", "utf-8"
    )
    assert "算不出各行的单价" in " ".join(sentences(path))


def sentences(path: Path) -> list[str]:
    export: Export
    with read(path) as export:
        return [each.sentence for each in export.orders() if isinstance(each, Problem)]


@pytest.mark.parametrize("status", ["已发货", "交易成功", "待发货", "退款中", "交易关闭", "退款关闭", "已签收"])
@pytest.mark.parametrize("receiver", ["李雯", "张伟"])
def test_a_row_is_called_the_same_only_where_it_is(tmp_path: Path, status: str, receiver: str) -> None:
    rows = [exports.order(订单状态="已发货"), exports.order(订单状态=status, 收货人姓名=receiver)]
    with read(exports.text(tmp_path / "a.csv", exports.table(rows))) as export:
        said = [each.sentence for each in export.orders() if isinstance(each, Problem)]
    assert any("完全相同" in each for each in said) == (status == "已发货" and receiver == "李雯")
    if receiver == "李雯" and status != "已发货":
        assert "与第 2 行是同样的货品，只算一次；「订单状态」与那一行不同，请核对" in said
