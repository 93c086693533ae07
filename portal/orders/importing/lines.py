"""What a file makes of the lines of a known order.

The order's own sum is the witness: a line that would make an order that adds up one that doesn't isn't added.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from portal.inputs import money_text, quantity_text
from portal.orders.export_format import LineRow, OrderRows
from portal.orders.export_format.rows import adds_up, may_lose
from portal.orders.export_format.suborders import PRICE
from portal.orders.importing import withdrawn
from portal.orders.importing.pairing import KnownLine, may_be, pair_lines
from portal.words import ORDER_STATUS

KEPT = "比已申请售后的数量少，保留原来的数量"
IN_A_CASE = "有进行中的售后单，售后单按申请时的数据处理"
PRICE_STAYS = "成交单价以首次导入的为准"
SUM_SAYS = "与{witness}不符，保留原来的数量"
TOO_MUCH = "加上这一行，明细合计就超过{witness}"
GONE = "表格里没有这一行，已知的明细不删除"
RELABELLED = "单价和数量与已知的一行相同，编号没有矛盾，只是名称或型号改了，按同一行处理"
OLDER = "表格比已知的更早"
STILL_ENDED = "已知这一行已退款或正在退款，从表格看不出退款是否已撤销"
WITHDRAWN = "表格说这一行的退款已关闭，请核对后采信"
REFUND_AGAIN = "已确认这一行的退款撤销，从表格看不出是不是又申请了退款"
ORDER_GOES_ON = "随订单"
_ENDS = ("unknown", "", "refunding", "cancelled")  # what a line's own state goes on from
_Replaced = Mapping[str, Collection[str]]  # by heading: what was known before


class _LineDoubt(NamedTuple):
    row: int
    column: str
    kept: str
    said: str
    why: str
    name: str = ""  # our column, where it can be believed by hand,
    values: Mapping[str, Any] = {}  # and what would be written then, with the line's id


@dataclass(slots=True)
class LineMerge:
    """What is to change of a known order's lines."""

    new: list[tuple[str, LineRow]] = field(default_factory=list)  # with the keys that they get
    quantities: list[tuple[int, int]] = field(default_factory=list)  # (id of the line, thousandths)
    own: list[tuple[int, int | None, str]] = field(default_factory=list)  # (line, what was paid for it, its end)
    ended: list[list[str]] = field(default_factory=list)  # [which line, its state before, after], as people read it
    row_of: dict[int, int] = field(default_factory=dict)  # id of a line: its row in the file
    doubts: list[_LineDoubt] = field(default_factory=list)
    contradicted: bool = False  # something isn't believed, so that the file's sums needn't be right for our lines
    came_to: Fraction = Fraction()  # the lines before, 分, as exactly as their prices are known,
    growth: Fraction = Fraction()  # and by how much more they come to now


def amount_of(price_fen: int, milli: int) -> Fraction:
    """Price times quantity, 分."""
    return Fraction(price_fen * milli, 1000)


def _worth(price: Decimal, milli: int) -> Fraction:
    """A price in 元 times a quantity, 分."""
    return Fraction(price) * milli / 10


def merge_lines(
    order: OrderRows,
    known: Mapping[str, Any],
    lines: Sequence[KnownLine],
    *,
    has_open_case: bool = False,
    older: bool = False,
    replaced: _Replaced | None = None,
) -> LineMerge:
    """Compare a file's lines with the known ones. Of an ``older`` file nothing is taken but lines that were missing."""
    made = LineMerge()
    pairs, unknown, missing = pair_lines(lines, order.lines)
    total, witness = _find_witness(order)
    whole = order.whole and total is not None and adds_up(order.lines, total)
    _pair_relabelled(pairs, unknown, missing, made, witnessed=whole or order.goods_total_fen is None)
    prices = {line.id: line.price for line in lines} | {
        line.id: row.unit_price  # worked out, and the same as before
        for line, row in pairs
        if line.exact_price is None and line.unit_price_fen == row.unit_price_fen
    }
    made.came_to = before = sum((_worth(prices[line.id], line.quantity_milli) for line in lines), Fraction())
    slack = sum(may_lose(prices[line.id], line.quantity_milli) for line in lines)
    slack += sum(may_lose(row.unit_price, row.quantity_milli) for row in order.lines)

    def fits(amount: Fraction | int) -> bool:
        sum_known = known["goods_total_fen"] if total is None or older else total
        return bool(abs(amount - sum_known) <= slack)

    for line, row in pairs:
        made.row_of[line.id] = row.row
    sum_says = SUM_SAYS.format(witness=witness) if total is not None and not whole and fits(before) else ""
    _judge_quantities(pairs, made, has_open_case=has_open_case, older=older, sum_says=sum_says)
    _judge_prices(pairs, made, older=older)
    _judge_own(pairs, made, known, replaced or {}, has_open_case=has_open_case, older=older)
    added = sum((_worth(row.unit_price, row.quantity_milli) for row in unknown), Fraction())
    quantities = dict(made.quantities)
    after = added + sum(_worth(prices[line.id], quantities.get(line.id, line.quantity_milli)) for line in lines)
    gone = bool(missing) and whole and (not fits(after) or not any(line.unit_price_fen for line in missing))
    too_much = bool(added) and (total is not None or older) and not fits(after) and (fits(before) or gone or older)
    taken = {line.line_key for line in lines}
    for row in unknown:
        if has_open_case:
            made.contradicted = True
            made.doubts.append(_LineDoubt(row.row, "货品标题", "", _name(row), IN_A_CASE))
        elif too_much and row.unit_price_fen:
            made.contradicted = True
            made.doubts.append(_LineDoubt(row.row, "货品标题", "", _name(row), TOO_MUCH.format(witness=witness)))
        else:
            made.new.append((_free_key(row.key, taken), row))
    if gone:
        for line in missing:
            made.contradicted |= bool(line.unit_price_fen)
            made.doubts.append(_LineDoubt(order.row, "货品标题", _name(line), "", GONE))
    made.growth = after - added - before + sum(_worth(row.unit_price, row.quantity_milli) for _key, row in made.new)
    return made


def _find_witness(order: OrderRows) -> tuple[int | None, str]:
    """What the goods come to as the file says beside its lines, 分, and what says so."""
    parts = order.paid_fen, order.freight_fen, order.adjustment_fen
    if order.goods_total_fen is not None or None in parts or not order.paid_fen:
        return order.goods_total_fen, "货品总价"
    return order.paid_fen - (order.freight_fen or 0) - (order.adjustment_fen or 0), "实付款减去运费和改价"


def _pair_relabelled(
    pairs: list[tuple[KnownLine, LineRow]],
    unknown: list[LineRow],
    missing: list[KnownLine],
    made: LineMerge,
    *,
    witnessed: bool,
) -> None:
    """Pair what has the same price and quantity, and nothing but text that differs, where the order's sum allows it."""
    if not witnessed:
        return
    for row in list(unknown):
        found = next(
            (
                line
                for line in missing
                if not (line.sku_id and row.sku_id)
                and may_be(line, row)
                and (line.unit_price_fen, line.quantity_milli) == (row.unit_price_fen, row.quantity_milli)
            ),
            None,
        )
        if found is not None:
            pairs.append((found, row))
            unknown.remove(row)
            missing.remove(found)
            if _name(found) != _name(row):
                made.doubts.append(_LineDoubt(row.row, "货品标题", _name(found), _name(row), RELABELLED))


def _judge_quantities(
    pairs: Sequence[tuple[KnownLine, LineRow]],
    made: LineMerge,
    *,
    has_open_case: bool,
    older: bool,
    sum_says: str,
) -> None:
    for line, row in pairs:
        if line.quantity_milli == row.quantity_milli:
            continue
        less = row.quantity_milli < line.claimed_milli
        why = OLDER if older else KEPT if less else IN_A_CASE if has_open_case else sum_says
        if why:
            made.contradicted = True
            kept = quantity_text(line.quantity_milli)
            made.doubts.append(_LineDoubt(row.row, "数量", kept, quantity_text(row.quantity_milli), why))
        else:
            made.quantities.append((line.id, row.quantity_milli))


def _judge_prices(pairs: Sequence[tuple[KnownLine, LineRow]], made: LineMerge, *, older: bool) -> None:
    for line, row in pairs:
        kept, said = money_text(line.unit_price_fen), money_text(row.unit_price_fen)
        if kept == said:
            exact = line.exact_price
            if exact is None or PRICE not in row.snapshot or not _matters(exact, row.unit_price, row.quantity_milli):
                continue
            kept, said = (f"{price:f}" for price in (exact, row.unit_price))
        made.contradicted = True
        made.doubts.append(_LineDoubt(row.row, PRICE, kept, said, OLDER if older else PRICE_STAYS))


def _matters(one: Decimal, other: Decimal, milli: int) -> bool:
    """Whether two prices that are the same in whole 分 are two, and not one of them the other's rounding."""
    places = [-int(price.normalize().as_tuple().exponent) for price in (one, other)]
    if places[0] != places[1] and abs(one - other) < Decimal(1).scaleb(-min(places)):
        return False
    return abs(_worth(one - other, milli)) >= 1


def _judge_own(
    pairs: Sequence[tuple[KnownLine, LineRow]],
    made: LineMerge,
    known: Mapping[str, object],
    replaced: _Replaced,
    *,
    has_open_case: bool,
    older: bool,
) -> None:
    """What was paid for a line alone is as it was first said; its end only goes on, whatever an older file says.

    That a line's refund was withdrawn is believed as it is of an order: once, and where nothing was opened or paid.
    """
    for line, row in pairs:
        paid, status = line.own_paid_fen, line.own_status
        if paid is None and not has_open_case and line.quantity_milli == row.quantity_milli:
            paid = row.own_paid_fen
        if row.own_status != status:
            before = replaced.get(name_state(line.position), ())
            why = _doubt_own(line, row, older=older, was_refunding=ORDER_STATUS["refunding"] in before)
            if why == WITHDRAWN and withdrawn.is_untouched(known) and ORDER_STATUS["refunding"] not in before:
                why = ""
            why = why or (IN_A_CASE if has_open_case else "")
            kept, said = (show_state(each) for each in (status, row.own_status))
            if why:
                values = {"line": line.id, "own_status": row.own_status}
                made.doubts.append(_LineDoubt(row.row, "订单状态", kept, said, why, "own_status", values))
            else:
                status = row.own_status
                made.ended.append([name_state(line.position), kept, said])
        if (paid, status) != (line.own_paid_fen, line.own_status):
            made.own.append((line.id, paid, status))


def _doubt_own(line: KnownLine, row: LineRow, *, older: bool, was_refunding: bool) -> str:
    """Why another state of a line isn't believed, "" where it goes on."""
    if older:
        return OLDER
    if _ENDS.index(row.own_status) > _ENDS.index(line.own_status):
        return REFUND_AGAIN if row.own_status == "refunding" and was_refunding else ""
    return WITHDRAWN if row.refund_closed and line.own_status == "refunding" else STILL_ENDED


def show_state(own_status: str) -> str:
    """A line's own state as a person reads it."""
    return ORDER_STATUS.get(own_status, ORDER_GOES_ON)


def name_state(position: int) -> str:
    """The heading under which versions of an order keep what became of one of its lines."""
    return f"第 {position} 种商品的状态"


def _free_key(key: str, taken: set[str]) -> str:
    """A key that no line of the order has yet."""
    base, number, free = re.sub(r"#[0-9]+$", "", key), 1, key
    while free in taken:
        number += 1
        free = f"{base}#{number}"
    taken.add(free)
    return free


def _name(line: KnownLine | LineRow) -> str:
    return f"{line.title} {line.spec}".strip()
