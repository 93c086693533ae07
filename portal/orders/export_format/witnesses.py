"""Sums that tables say beside our columns: 小计 of a line, 订单金额 of an order. They are witnesses, and bind nobody.

A sum may be before or after freight, a change of price and a discount: where one of these explains it, nothing is said.
One that nothing explains is told, never refused: what is less may be a discount, what is more can't be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP
from typing import NamedTuple

from portal.inputs import money_text
from portal.orders.export_format.columns import WITNESSES, Column
from portal.orders.export_format.reading import RowReader
from portal.orders.export_format.rows import Lost, OrderRows, Problem, goods_of, may_lose
from portal.sheets import Row

OF_LINE, OF_ORDER = "单价×数量", "货品、运费和改价合计"
LESS = "「{name}」{sum} 元比{what}的 {goods} 元少 {gap} 元：如果是优惠，请核对实付款；如果不是，请核对单价和数量"
MORE = "「{name}」{sum} 元比{what}的 {goods} 元多 {gap} 元，请核对单价和数量；货品按单价×数量导入"


class Said(NamedTuple):
    """What a row says in one such column, 分."""

    row: int
    key: str
    name: str
    fen: int


class Witnesses:
    """Reads those columns of a sheet, of one order at a time."""

    def __init__(self, places: Mapping[int, Column], headings: Mapping[int, str], reader: RowReader) -> None:
        self._places = {place: column for place, column in places.items() if column in WITNESSES}
        self._headings, self._reader = headings, reader
        self._said: list[Said] = []

    def forget(self) -> None:
        """Begin another order."""
        self._said = []

    def hear(self, row: Row) -> None:
        """Note what the row of a line says."""
        sums, _problems, _unread = self._reader.read(row, self._places, Lost.NOTHING)
        for place, column in self._places.items():
            if column.key in sums:
                self._said.append(Said(row.number, column.key, self._headings[place], sums[column.key]))

    def weigh(self, order: OrderRows) -> Iterator[Problem]:
        """What nothing explains of what was said beside the order's lines."""
        return weigh_witnesses(order, self._said)


def weigh_witnesses(order: OrderRows, said: Sequence[Said]) -> Iterator[Problem]:
    """What nothing explains of the sums that stand beside an order's lines."""
    amounts = {line.row: int(goods_of([line]).to_integral_value(ROUND_HALF_UP)) for line in order.lines}
    loses = {line.row: may_lose(line.unit_price, line.quantity_milli) for line in order.lines}
    for key in dict.fromkeys(each.key for each in said):
        ours = [each for each in said if each.key == key and each.row in amounts]
        if not ours or (key == "line_sum_fen" and all(_is_near(each, amounts, loses) for each in ours)):
            continue
        sums, slack = _sums_of(order), sum(loses.values())
        values = [each.fen for each in ours]
        once = len(set(values)) == 1 or not any(values[1:])
        if (once and _is_one_of(values[0], sums, slack)) or _is_one_of(sum(values), sums, slack):
            continue
        if key == "line_sum_fen":
            yield from _tell_lines(order, ours, amounts, loses)
        elif once or len(ours) == 1:
            yield _tell(order, ours[0], max(sums), OF_ORDER)
        else:
            yield _tell(order, ours[0]._replace(fen=sum(values)), max(sums), OF_ORDER)


def _is_near(each: Said, amounts: Mapping[int, int], loses: Mapping[int, int]) -> bool:
    return abs(each.fen - amounts[each.row]) <= loses[each.row]


def _sums_of(order: OrderRows) -> list[int]:
    """What a sum of this order may mean: goods with and without freight, before and after a change, what was paid."""
    goods = {int(goods_of(order.lines).to_integral_value(ROUND_HALF_UP)), order.goods_total_fen}
    sums = [
        each + freight + change
        for each in goods
        if each is not None
        for freight in {0, order.freight_fen or 0}
        for change in {0, order.adjustment_fen or 0}
    ]
    paid = [] if order.paid_fen is None else [order.paid_fen, max(order.paid_fen - (order.freight_fen or 0), 0)]
    return [*sums, *paid]


def _is_one_of(fen: int, sums: Sequence[int], slack: int) -> bool:
    return any(abs(fen - each) <= slack for each in sums)


def _tell_lines(
    order: OrderRows, ours: Sequence[Said], amounts: Mapping[int, int], loses: Mapping[int, int]
) -> Iterator[Problem]:
    for each in ours:
        if not _is_near(each, amounts, loses):
            yield _tell(order, each, amounts[each.row], OF_LINE)


def _tell(order: OrderRows, each: Said, goods: int, what: str) -> Problem:
    sums = {"sum": each.fen, "goods": goods, "gap": abs(each.fen - goods)}
    said = {name: money_text(fen) for name, fen in sums.items()}
    sentence = (LESS if each.fen < goods else MORE).format(what=what, name=each.name, **said)
    return Problem(each.row, each.name, sentence, Lost.NOTHING, order.order_no)
