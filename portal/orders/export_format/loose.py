"""Rows that are no line of the order above: freight among the goods, and what may be another order's.

Those repeat the cells of the one above, but not its number. The order's own sum is the witness of both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from portal.inputs import money_text
from portal.orders.export_format.lines import number_lines
from portal.orders.export_format.rows import Lost, OrderRows, Problem, adds_up, goods_of
from portal.sheets.cells import Row

LOOSE = "没有订单编号，加上这一行就与货品总价不符，不计入；请补上订单编号再导入"


FREIGHT = "「{title}」不是货品，货品总价里没有它，这一行没有读；运费以「运费」一列为准"
NO_GOODS = "「{title}」不是货品，这一行没有读；运费以「运费」一列为准，请核对"
AS_FREIGHT = "「{title}」不是货品，这一行的 {sum} 元计入运费，订单的运费为 {freight} 元，请核对"
_IS_FREIGHT = re.compile("(?:补|含)?(?:运费|邮费|快递费|物流费|运输费|配送费)(?:补差|差价|补拍|专拍|链接)?")


def _drop_freight(order: OrderRows) -> Iterator[Problem]:
    """Leave out freight that stands among the goods: unless it has an id of its own, or the sum of the goods has it.

    What was paid may tell that it comes on top of the freight that the order names.
    """
    total = order.goods_total_fen
    freight = [line for line in order.lines if _IS_FREIGHT.fullmatch("".join(line.title.split()))]
    kept = [line for line in order.lines if line not in freight]
    if not freight or not kept:
        return
    sentence, fen = FREIGHT, int(goods_of(freight))
    if total is None:
        if any(line.offer_id or line.sku_id or line.cargo_no or line.sku_cargo_no for line in freight):
            return
        goods, named = int(goods_of(kept)), order.freight_fen or 0
        sentence = NO_GOODS
        if order.paid_fen is not None and order.paid_fen == goods + named + fen + (order.adjustment_fen or 0):
            sentence, order.freight_fen = AS_FREIGHT, named + fen
    elif adds_up(order.lines, total) or not adds_up(kept, total):
        return
    order.lines = number_lines(kept)
    for line in freight:
        said = sentence.format(
            title=line.title[:30], sum=money_text(int(goods_of([line]))), freight=money_text(order.freight_fen or 0)
        )
        yield Problem(line.row, "货品标题", said, Lost.NOTHING, order.order_no)


def drop_loose(order: OrderRows, loose: dict[int, Row]) -> Iterator[Problem]:
    """Leave out freight, and rows without a number from one of them on, where the sum is right only without them.

    ``loose``: those rows by their numbers; the ones left out are taken off it.
    """
    yield from _drop_freight(order)
    total = order.goods_total_fen
    if total is None or not loose or adds_up(order.lines, total):
        return
    for first in loose:
        kept = [line for line in order.lines if line.row < first or line.row not in loose]
        if kept and len(kept) < len(order.lines) and adds_up(kept, total):
            break
    else:
        return
    for line in order.lines:
        if line.row in loose and line.row >= first:
            yield Problem(line.row, "订单编号", LOOSE, Lost.LINE, order.order_no)
    for row in [each for each in loose if each >= first]:
        del loose[row]
    order.lines, order.whole = number_lines(kept), False
