"""Rows that may be another order's: they repeat the cells of the one above, but not its number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portal.orders.export_format.lines import number_lines
from portal.orders.export_format.rows import Lost, OrderRows, Problem, adds_up

LOOSE = "没有订单编号，加上这一行就与货品总价不符，不计入；请补上订单编号再导入"


def drop_loose(order: OrderRows, loose: dict[int, Any]) -> Iterator[Problem]:
    """Leave out rows without a number, from one of them on, where the order's sum is right only without them.

    ``loose``: those rows by their numbers; the ones left out are taken off it.
    """
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
