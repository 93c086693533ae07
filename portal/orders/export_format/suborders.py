"""Rows that are sub-orders: other platforms say sums and status of each line, in rows that repeat the order's number.

A line's own sum and status are the line's. The order's sums are their totals, where the lines' amounts bear that out;
its status is the least advanced of its rows, and an end only where all of them have ended.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import product
from typing import Any, NamedTuple

from portal.inputs import money_text
from portal.orders.export_format.lines import number_lines
from portal.orders.export_format.rows import LineRow, Lost, OrderRows, Problem, adds_up, goods_of, is_cut
from portal.orders.export_format.statuses import (
    MIXED,
    ends_differ,
    is_refund_closed,
    read_statuses,
    says_only_refund_closed,
)

SUMS = ("goods_total_fen", "freight_fen", "adjustment_fen", "paid_fen")
STATUS = ("status_text", "aftersale_text")
SUB_NO = "sub_order_no"
PER_LINE = frozenset((*SUMS, *STATUS, SUB_NO))
CONTRADICTS = "订单编号与第 {row} 行相同，{columns}却不同，请核对后分开导入"
SUMMED = "各行的实付款是各自的，订单按合计 {sum} 元读取"
ROWS_DIFFER = "各行状态不同，订单按「{text}」导入：几种商品以进展最慢的为准，同一行重复的以最新的为准"
ONLY_HERE = "「{text}」只算这一行：这件商品不能在这里申请售后，其余商品不受影响"
GOES_WITH_ORDER = "「{text}」是退款已关闭：这件商品随订单的状态导入"
PRICE = "单价(元)"
DERIVED = "没有「单价」一列，按{what}除以数量算出单价"
UNDERIVABLE = "没有「单价」一列，同一订单又有几行，算不出各行的单价，请导出带单价的表格"
_LIVE = ("unpaid", "unshipped", "in_transit", "delivered", "completed")
_ENDS = ("unknown", "refunding", "cancelled")  # what may be said of one line alone


class SubRow(NamedTuple):
    """A row that has the order's number: what it says of the columns that may be a line's own."""

    row: int
    values: Mapping[str, Any]
    different: Sequence[str] = ()  # headings in which it says something else than the first


def may_be_sub_order(order: OrderRows, keys: Collection[str]) -> bool:
    """Whether a row that differs in these columns may be a further line's own words, not another order's."""
    return PER_LINE.issuperset(keys) and not is_cut(order.order_no)


def whence_price(headings: Collection[str]) -> str:
    """From what the price of a piece can be worked out in a file with these columns; "" for nothing."""
    return "货品总价" if "货品总价(元)" in headings else "实付款减去运费" if "实付款(元)" in headings else ""


def derive_price(own: Mapping[str, Any], milli: int) -> Decimal | None:
    """The price of a piece, 元, from what a row says of its sums; None where it says none."""
    total = own.get("goods_total_fen")
    if total is None and "paid_fen" in own:
        total = own["paid_fen"] - own.get("freight_fen", 0)
    if total is None or total < 0:
        return None
    exact = (Decimal(total) * 10 / milli).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    return Decimal(f"{exact.normalize():f}")


def tell_apart(own: Mapping[str, object]) -> tuple[object, ...]:
    """What of a row's own words makes it another line than one with the same goods: its number and sums."""
    return tuple(own.get(key) for key in (SUB_NO, *SUMS))


def settle_rows(
    order: OrderRows, rows: Sequence[SubRow], again: Mapping[int, int], *, derived: bool
) -> Iterator[Problem]:
    """Give an order the totals and the state of its rows, and its lines what is their own.

    Rows whose sums can't be parts of the order's are refused. ``again``: rows that repeat a line, with the row of its
    first time. ``derived``: prices were worked out from the sums.
    """
    if len(rows) < 2:
        return
    kept = {line.row for line in order.lines}
    here = [each for each in rows if each.row in kept]
    if derived and len(here) > 1 and not _vary(here, "goods_total_fen") and not _vary(here, "paid_fen"):
        yield from _refuse(order, here, UNDERIVABLE)
        return
    if len(here) > 1 and not (yield from _settle_sums(order, here)):
        columns = [each for each in here if any(_differs(here[0], each, key) for key in SUMS)]
        if any(ends_differ(order.status, each.different) for each in columns):
            order.status, order.status_text = "unknown", MIXED
        yield from _refuse(order, columns, "")
        rows = [each for each in rows if each not in columns]
    yield from _settle_statuses(order, rows, {row: first for row, first in again.items() if row not in kept})


def _refuse(order: OrderRows, rows: Sequence[SubRow], sentence: str) -> Iterator[Problem]:
    gone = {each.row for each in rows}
    for each in rows:
        columns = "".join(f"「{name}」" for name in each.different)
        said = sentence or CONTRADICTS.format(row=order.row, columns=columns)
        yield Problem(each.row, "", said, Lost.LINE, order.order_no)
    order.lines = number_lines([line for line in order.lines if line.row not in gone])
    order.whole = False


def _vary(rows: Sequence[SubRow], key: str) -> bool:
    return len({each.values[key] for each in rows if key in each.values}) > 1


def _differs(first: SubRow, other: SubRow, key: str) -> bool:
    return key in other.values and other.values[key] != first.values.get(key)


# Sums


def _settle_sums(order: OrderRows, rows: Sequence[SubRow]) -> Generator[Problem, None, bool]:
    """Whether the rows' sums could be read (returned): as the order's own, or as parts of it."""
    said = {key: [each.values.get(key) for each in rows] for key in SUMS}
    varies = any(_vary(rows, key) for key in SUMS)
    ways = product(*(_read_ways(said[key]) for key in SUMS))
    chosen = next((each for each in ways if _fits(order, said, each)), None)
    if chosen is None:
        numbers = {each.values.get(SUB_NO) for each in rows}
        if not varies and (len(numbers) < len(rows) or None in numbers):
            return True
        chosen = tuple(_read_ways(said[key])[-1] for key in SUMS)
        if not _are_parts(order, rows, said, chosen):
            return not varies
    for key, way in zip(SUMS, chosen, strict=True):
        setattr(order, key, _reckon(said[key], way))
    if chosen[-1] == "total" and _are_parts(order, rows, said, chosen):
        _give_lines_their_own(order, said, chosen, rows)
        sentence = SUMMED.format(sum=money_text(order.paid_fen or 0))
        yield Problem(order.row, "实付款(元)", sentence, Lost.NOTHING, order.order_no)
    return True


def _read_ways(values: Sequence[int | None]) -> list[str]:
    """How the rows' values of one column may be meant: said once for the order, or each row's own."""
    known = [each for each in values if each is not None]
    if not known or (len(set(known)) == 1 and (len(known) < len(values) or not known[0])):
        return ["once"]
    if len(set(known)) == 1:
        return ["once", "total"]
    return ["once", "total"] if values[0] and not any(values[1:]) else ["total"]


def _reckon(values: Sequence[int | None], way: str) -> int | None:
    known = [each for each in values if each is not None]
    return (sum(known) if way == "total" else known[0]) if known else None


def _fits(order: OrderRows, said: Mapping[str, Sequence[int | None]], ways: Sequence[str]) -> bool:
    """Whether the lines, and what was paid, come to the sums as they are then read."""
    goods, freight, adjustment, paid = (_reckon(said[key], way) for key, way in zip(SUMS, ways, strict=True))
    if goods is not None and not adds_up(order.lines, goods):
        return False
    listed = goods if goods is not None else int(goods_of(order.lines).to_integral_value(ROUND_HALF_UP))
    return paid is None or paid == listed + (freight or 0) + (adjustment or 0)


def _are_parts(
    order: OrderRows, rows: Sequence[SubRow], said: Mapping[str, Sequence[int | None]], ways: Sequence[str]
) -> bool:
    """Whether no row says more than its own line can come to."""
    amounts = {line.row: goods_of([line]) for line in order.lines}
    goods, freight, adjustment, paid = (
        said[key] if way == "total" else [None] * len(rows) for key, way in zip(SUMS, ways, strict=True)
    )
    once = (order.freight_fen or 0) if ways[1] == "once" else 0
    for place, each in enumerate(rows):
        amount = amounts[each.row]
        if goods[place] is not None and abs(amount - (goods[place] or 0)) > 1:
            return False
        most = amount + 1 + (freight[place] or 0) + max(adjustment[place] or 0, 0) + (once if place == 0 else 0)
        if paid[place] is not None and (paid[place] or 0) > most:
            return False
    return True


def _give_lines_their_own(
    order: OrderRows, said: Mapping[str, Sequence[int | None]], ways: Sequence[str], rows: Sequence[SubRow]
) -> None:
    """Each line gets what was paid for it, without its freight."""
    if len(rows) != len(order.lines) or None in said["paid_fen"]:
        return
    freight = said["freight_fen"]
    if ways[1] == "once" and len(set(freight)) == 1:
        freight = [None] * len(rows)  # the order's, repeated
    own = {
        each.row: max((paid or 0) - (of or 0), 0)
        for each, paid, of in zip(rows, said["paid_fen"], freight, strict=True)
    }
    order.lines = [line._replace(own_paid_fen=own[line.row]) for line in order.lines]


# Statuses


def _find_later(one: tuple[str, str], other: tuple[str, str]) -> tuple[str, str]:
    if one[0] in _LIVE and other[0] in _LIVE:
        return max(one, other, key=lambda each: _LIVE.index(each[0]))
    return one if one[0] == other[0] else ("unknown", MIXED)


def _settle_statuses(order: OrderRows, rows: Sequence[SubRow], again: Mapping[int, int]) -> Iterator[Problem]:
    first = rows[0].values if rows else {}
    read: dict[int, tuple[str, str]] = {}
    doubts: list[Problem] = []
    for number, each in enumerate(rows):
        values = {key: each.values[key] for key in STATUS if key in each.values}
        if "status_text" not in values:  # merged cells: the first row speaks for those below
            values = {key: first[key] for key in STATUS if key in first} | values
        status, text, said = read_statuses(values | {"tracking_text": order.tracking_text})
        read[each.row] = status, text
        if number and text != order.status_text:
            doubts += [Problem(each.row, "订单状态", doubt, Lost.NOTHING, order.order_no) for doubt in said]
    for row, before in again.items():  # an export from another day: the later of two states is true
        read[before] = _find_later(read[before], read.pop(row))
    closed = {row for row, (_status, text) in read.items() if is_refund_closed(text)}
    order.lines = [line._replace(refund_closed=line.row in closed) for line in order.lines]
    silent = {row for row in closed if says_only_refund_closed(read[row][1])}
    others = [each for row, each in read.items() if row not in silent and each[0] in _LIVE]
    if silent and others and order.status_text != MIXED:
        for row in sorted(silent):  # that a refund was withdrawn doesn't say where the goods are: with the others
            said_here = GOES_WITH_ORDER.format(text=read.pop(row)[1][:30])
            yield Problem(row, "订单状态", said_here, Lost.NOTHING, order.order_no)
        order.status, order.status_text = next((each for each in others if each[0] == order.status), others[0])
        doubts = [each for each in doubts if each.row not in silent]
    if {status for status, _text in read.values()} == {order.status} or order.status_text == MIXED:
        return
    yield from doubts
    found = {status for status, _text in read.values()}
    order.status = min((each for each in found if each in _LIVE), key=_LIVE.index, default="") or next(
        each for each in _ENDS if each in found
    )
    order.status_text = next(text for status, text in read.values() if status == order.status)
    sentence = ROWS_DIFFER.format(text=order.status_text[:30])
    yield Problem(order.row, "订单状态", sentence, Lost.NOTHING, order.order_no)
    lines: list[LineRow] = []
    for line in order.lines:
        status, text = read.get(line.row, (order.status, ""))
        own = status if status in _ENDS and status != order.status else ""
        if own:
            said_here = ONLY_HERE.format(text=text[:30])
            yield Problem(line.row, "订单状态", said_here, Lost.NOTHING, order.order_no)
        lines.append(line._replace(own_status=own) if own else line)
    order.lines = lines
