"""Which lines of a file are which lines of a known order: by their ids, by text only where there are none.

The order's own sum is the witness: a line that would make an order that adds up one that doesn't isn't added.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from portal.inputs import money_text, quantity_text
from portal.orders.export_format import LineRow, OrderRows
from portal.orders.export_format.rows import adds_up
from portal.words import ORDER_STATUS

KEPT = "比已申请售后的数量少，保留原来的数量"
IN_A_CASE = "有进行中的售后单，售后单按申请时的数据处理"
PRICE_STAYS = "成交单价以首次导入的为准"
SUM_SAYS = "与货品总价不符，保留原来的数量"
TOO_MUCH = "加上这一行，明细合计就超过货品总价"
GONE = "表格里没有这一行，已知的明细不删除"
RELABELLED = "编号、单价和数量都相同，只是名称或型号改了，按同一行处理"
OLDER = "表格比已知的更早"
STILL_ENDED = "已知这一行已退款或正在退款，从表格看不出退款是否已撤销"
ORDER_GOES_ON = "随订单"
_ENDS = ("unknown", "", "refunding", "cancelled")  # what a line's own state goes on from


class KnownLine(NamedTuple):
    """A line as it is known; money in 分, quantities in thousandths."""

    id: int
    line_key: str
    position: int
    offer_id: str
    sku_id: str
    cargo_no: str
    title: str
    spec: str
    unit_price_fen: int
    quantity_milli: int
    claimed_milli: int
    own_paid_fen: int | None = None
    own_status: str = ""


class _LineDoubt(NamedTuple):
    row: int
    column: str
    kept: str
    said: str
    why: str


@dataclass(slots=True)
class LineMerge:
    """What is to change of a known order's lines."""

    new: list[tuple[str, LineRow]] = field(default_factory=list)  # with the keys that they get
    quantities: list[tuple[int, int]] = field(default_factory=list)  # (id of the line, thousandths)
    own: list[tuple[int, int | None, str]] = field(default_factory=list)  # (line, what was paid for it, its end)
    row_of: dict[int, int] = field(default_factory=dict)  # id of a line: its row in the file
    doubts: list[_LineDoubt] = field(default_factory=list)
    contradicted: bool = False  # something isn't believed, so that the file's sums needn't be right for our lines


def amount_of(price_fen: int, milli: int) -> Fraction:
    """Price times quantity, 分."""
    return Fraction(price_fen * milli, 1000)


def merge_lines(
    order: OrderRows,
    known: Mapping[str, Any],
    lines: Sequence[KnownLine],
    *,
    has_open_case: bool = False,
    older: bool = False,
) -> LineMerge:
    """Compare a file's lines with the known ones. Of an ``older`` file nothing is taken but lines that were missing."""
    made = LineMerge()
    pairs, unknown, missing = _pair(lines, order.lines)
    total = order.goods_total_fen
    whole = order.whole and total is not None and adds_up(order.lines, total)
    _pair_relabelled(pairs, unknown, missing, made, witnessed=whole or total is None)
    before = sum(amount_of(line.unit_price_fen, line.quantity_milli) for line in lines)
    slack = len(lines) + len(order.lines)

    def fits(amount: Fraction | int) -> bool:
        sum_known = known["goods_total_fen"] if total is None or older else total
        return bool(abs(amount - sum_known) <= slack)

    for line, row in pairs:
        made.row_of[line.id] = row.row
    sum_fits = total is not None and not whole and fits(before)
    _judge_quantities(pairs, made, has_open_case=has_open_case, older=older, sum_fits=sum_fits)
    _judge_prices(pairs, made, older=older)
    _judge_own(pairs, made, has_open_case=has_open_case, older=older)
    added = sum(amount_of(row.unit_price_fen, row.quantity_milli) for row in unknown)
    quantities = dict(made.quantities)
    after = added + sum(amount_of(line.unit_price_fen, quantities.get(line.id, line.quantity_milli)) for line in lines)
    gone = bool(missing) and whole and (not fits(after) or not any(line.unit_price_fen for line in missing))
    too_much = bool(added) and (total is not None or older) and not fits(after) and (fits(before) or gone or older)
    taken = {line.line_key for line in lines}
    for row in unknown:
        if has_open_case:
            made.contradicted = True
            made.doubts.append(_LineDoubt(row.row, "货品标题", "", _name(row), IN_A_CASE))
        elif too_much and row.unit_price_fen:
            made.contradicted = True
            made.doubts.append(_LineDoubt(row.row, "货品标题", "", _name(row), TOO_MUCH))
        else:
            made.new.append((_free_key(row.key, taken), row))
    if gone:
        for line in missing:
            made.contradicted |= bool(line.unit_price_fen)
            made.doubts.append(_LineDoubt(order.row, "货品标题", _name(line), "", GONE))
    return made


def _pair(
    known: Sequence[KnownLine], said: Sequence[LineRow]
) -> tuple[list[tuple[KnownLine, LineRow]], list[LineRow], list[KnownLine]]:
    """The pairs, and what is left over on either side."""
    of_known: dict[str, list[KnownLine]] = defaultdict(list)
    of_said: dict[str, list[LineRow]] = defaultdict(list)
    for line in sorted(known, key=lambda each: each.position):
        of_known[_identity(line.sku_id, line.line_key)].append(line)
    for row in said:
        of_said[_identity(row.sku_id, row.key)].append(row)
    pairs: list[tuple[KnownLine, LineRow]] = []
    unknown: list[LineRow] = []
    missing: list[KnownLine] = []
    for identity in of_known.keys() | of_said.keys():
        lines, rows = of_known.get(identity, []), of_said.get(identity, [])
        if lines and rows and len(lines) != len(rows) and _come_to_the_same(lines, rows):
            pairs += [(line, _as_known(rows[0], line)) for line in lines]
            continue
        for alike in _ALIKE:
            for row in list(rows):
                found = next((line for line in lines if alike(line, row)), None)
                if found is not None:
                    pairs.append((found, row))
                    lines.remove(found)
                    rows.remove(row)
        unknown += rows
        missing += lines
    return pairs, sorted(unknown, key=lambda each: each.row), sorted(missing, key=lambda each: each.position)


def _identity(sku_id: str, key: str) -> str:
    return f"sku {sku_id}" if sku_id else re.sub(r"#[0-9]+$", "", key)


def _may_be(line: KnownLine, row: LineRow) -> bool:
    """Whether their offers don't tell them apart; an export may lack the column."""
    return line.offer_id == row.offer_id or not line.offer_id or not row.offer_id


# How alike two lines of one identity are, the most alike first.
_ALIKE: tuple[Callable[[KnownLine, LineRow], bool], ...] = (
    lambda line, row: (
        (line.unit_price_fen, line.quantity_milli, line.title, line.spec, line.offer_id)
        == (row.unit_price_fen, row.quantity_milli, row.title, row.spec, row.offer_id)
    ),
    lambda line, row: (
        _may_be(line, row) and (line.unit_price_fen, line.title, line.spec) == (row.unit_price_fen, row.title, row.spec)
    ),
    lambda line, row: (
        _may_be(line, row) and (line.unit_price_fen, line.quantity_milli) == (row.unit_price_fen, row.quantity_milli)
    ),
    lambda line, row: _may_be(line, row) and line.unit_price_fen == row.unit_price_fen,
    _may_be,
)


def _come_to_the_same(lines: Sequence[KnownLine], rows: Sequence[LineRow]) -> bool:
    """Whether one has in one row what the other has in several: the same goods at one price, the same quantity."""
    prices = {line.unit_price_fen for line in lines} | {row.unit_price_fen for row in rows}
    offers = {line.offer_id for line in lines} | {row.offer_id for row in rows}
    quantity = sum(line.quantity_milli for line in lines)
    return len(prices) == 1 and len(offers - {""}) <= 1 and quantity == sum(row.quantity_milli for row in rows)


def _as_known(row: LineRow, line: KnownLine) -> LineRow:
    return row._replace(quantity_milli=line.quantity_milli)


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
                and _may_be(line, row)
                and (line.unit_price_fen, line.quantity_milli) == (row.unit_price_fen, row.quantity_milli)
            ),
            None,
        )
        if found is not None:
            pairs.append((found, row))
            unknown.remove(row)
            missing.remove(found)
            made.doubts.append(_LineDoubt(row.row, "货品标题", _name(found), _name(row), RELABELLED))


def _judge_quantities(
    pairs: Sequence[tuple[KnownLine, LineRow]],
    made: LineMerge,
    *,
    has_open_case: bool,
    older: bool,
    sum_fits: bool,
) -> None:
    for line, row in pairs:
        if line.quantity_milli == row.quantity_milli:
            continue
        less = row.quantity_milli < line.claimed_milli
        why = OLDER if older else KEPT if less else IN_A_CASE if has_open_case else SUM_SAYS if sum_fits else ""
        if why:
            made.contradicted = True
            kept = quantity_text(line.quantity_milli)
            made.doubts.append(_LineDoubt(row.row, "数量", kept, quantity_text(row.quantity_milli), why))
        else:
            made.quantities.append((line.id, row.quantity_milli))


def _judge_prices(pairs: Sequence[tuple[KnownLine, LineRow]], made: LineMerge, *, older: bool) -> None:
    for line, row in pairs:
        if line.unit_price_fen != row.unit_price_fen:
            made.contradicted = True
            kept, said = money_text(line.unit_price_fen), money_text(row.unit_price_fen)
            made.doubts.append(_LineDoubt(row.row, "单价(元)", kept, said, OLDER if older else PRICE_STAYS))


def _judge_own(
    pairs: Sequence[tuple[KnownLine, LineRow]], made: LineMerge, *, has_open_case: bool, older: bool
) -> None:
    """What was paid for a line alone is as it was first said; its end only goes on, whatever an older file says."""
    for line, row in pairs:
        paid, status = line.own_paid_fen, line.own_status
        if paid is None and not has_open_case and line.quantity_milli == row.quantity_milli:
            paid = row.own_paid_fen
        if row.own_status != status:
            on = _ENDS.index(row.own_status) > _ENDS.index(status) and not older
            if on and not has_open_case:
                status = row.own_status
            else:
                why = IN_A_CASE if on else OLDER if older else STILL_ENDED
                kept, said = (ORDER_STATUS.get(each, ORDER_GOES_ON) for each in (status, row.own_status))
                made.doubts.append(_LineDoubt(row.row, "订单状态", kept, said, why))
        if (paid, status) != (line.own_paid_fen, line.own_status):
            made.own.append((line.id, paid, status))


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
