"""The lines of one order: made from a row's values, told apart by their keys, and held against the order's sums."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP
from typing import Any

from portal.inputs import money_text
from portal.orders.export_format.cells import in_fen
from portal.orders.export_format.rows import KEY_LENGTH, LineRow, Lost, OrderRows, Problem, adds_up, goods_of

TOO_MUCH_PAID = (
    "货品总价+运费+涨价或折扣为 {}，实付款却是 {} 元，多出的部分没有依据：按表格保留实付款，"
    "退款最多按货品、运费和改价的合计；请核对后改正，再导入一次"
)
ABSURD_PAID = "货品、运费和改价合计只有 {} 元，实付款却是 {} 元，很可能填错了；请改正后再导入这张订单"
Double = tuple[int, int, bool]  # the same row again: its line's place, the first's row, whether it repeats the number
ABSURD_TIMES, ABSURD_FEN = 10, 100_00  # a 实付款 beyond ten times what it should be, and by more than 100 元


def make_line(row: int, values: Mapping[str, Any], words: dict[str, str], counted: dict[str, int]) -> LineRow:
    """The line that a row's values are; ``counted``: how many of the order's lines have each key."""
    parts = [values.get(key, "") for key in ("offer_id", "sku_id", "cargo_no", "spec", "sku_cargo_no")]
    if parts[1]:
        parts = parts[:2]
    elif not any(parts):
        parts.append(values["title"])
    key = "|".join(parts)
    if len(key) > KEY_LENGTH:
        key = hashlib.sha256(key.encode()).hexdigest()
    number = counted[key] = counted.get(key, 0) + 1
    return LineRow(
        row=row,
        key=key if number == 1 else f"{key}#{number}",
        title=values["title"],
        spec=values.get("spec", ""),
        unit=values.get("unit", ""),
        unit_price=values["unit_price"],
        unit_price_fen=in_fen(values["unit_price"]),
        quantity_milli=values["quantity_milli"],
        cargo_no=values.get("cargo_no", ""),
        offer_id=values.get("offer_id", ""),
        sku_id=values.get("sku_id", ""),
        sku_cargo_no=values.get("sku_cargo_no", ""),
        snapshot=words,
    )


def number_lines(lines: list[LineRow]) -> list[LineRow]:
    """Lines whose keys are numbered anew, after some of them were left out."""
    counted: dict[str, int] = {}
    numbered = []
    for line in lines:
        key = re.sub(r"#[0-9]+$", "", line.key)
        number = counted[key] = counted.get(key, 0) + 1
        numbered.append(line._replace(key=key if number == 1 else f"{key}#{number}"))
    return numbered


SAME_ROW = "与第 {first} 行完全相同，只算一次"
SAME_GOODS = "与第 {first} 行是同样的货品，只算一次；{columns}与那一行不同，请核对"


def decide_doubles(
    order: OrderRows, doubles: Sequence[Double], different: Mapping[int, Sequence[str]]
) -> Iterator[Problem]:
    """Whether the same row again is a second unit or the same one: as the order's sum has it.

    Where that doesn't tell, a row that repeats the number counts once and one without it counts. ``different``: the
    columns in which a row says something else of its order.
    """
    usual = {place for place, _first, repeated in doubles if repeated}
    dropped = usual
    total = order.goods_total_fen
    if doubles and order.whole and total is not None:
        places = [place for place, _first, _repeated in doubles]
        choices = [usual, set[int](), set(places), *(set(places[number:]) for number in range(1, len(places)))]
        for choice in choices:
            if adds_up([line for place, line in enumerate(order.lines) if place not in choice], total):
                dropped = choice
                break
    for place, first, _repeated in doubles:
        if place in dropped:
            row = order.lines[place].row
            columns = "".join(f"「{name}」" for name in different.get(row, ()))
            sentence = (SAME_GOODS if columns else SAME_ROW).format(first=first, columns=columns)
            yield Problem(row, "", sentence, Lost.NOTHING, order.order_no)
    if dropped:
        kept = [line for place, line in enumerate(order.lines) if place not in dropped]
        order.lines = number_lines(kept)


def weigh_sums(order: OrderRows) -> Iterator[Problem]:
    """What doesn't add up; a half 分 may be lost in each line."""
    goods = goods_of(order.lines)
    if order.goods_total_fen is not None and not adds_up(order.lines, order.goods_total_fen):
        total = money_text(order.goods_total_fen)
        sentence = f"各行单价×数量合计 {money_text(in_fen(goods / 100))} 元，与货品总价 {total} 元不一致"
        yield Problem(order.row, "货品总价(元)", sentence, Lost.NOTHING, order.order_no)
    sum_said = (
        order.goods_total_fen if order.goods_total_fen is not None else int(goods.to_integral_value(ROUND_HALF_UP))
    )
    if order.paid_fen is None or (order.paid_fen == 0 and order.status in ("unpaid", "cancelled")):
        return
    due = sum_said + (order.freight_fen or 0) + (order.adjustment_fen or 0)
    unread = "freight_fen" in order.more or "adjustment_fen" in order.more
    if order.paid_fen > due:
        yield Problem(
            order.row, "实付款(元)", TOO_MUCH_PAID.format(*_say_sums(order, due)), Lost.NOTHING, order.order_no
        )
    elif order.goods_total_fen is not None and due != order.paid_fen and not unread:
        sentence = "货品总价+运费+涨价或折扣为 {}，与实付款 {} 元不一致".format(*_say_sums(order, due))
        yield Problem(order.row, "实付款(元)", sentence, Lost.NOTHING, order.order_no)


def refuse_absurd(order: OrderRows) -> Iterator[Problem]:
    """Why an order isn't taken whose 实付款 can't be anything but a slip of the hand; nothing when it may be right."""
    if order.paid_fen is None or order.status == "unpaid":
        return
    goods = max(int(goods_of(order.lines)), order.goods_total_fen or 0)
    most = goods + (order.freight_fen or 0) + max(order.adjustment_fen or 0, 0)
    if order.paid_fen <= max(most * ABSURD_TIMES, most + ABSURD_FEN):
        return
    yield Problem(order.row, "实付款(元)", ABSURD_PAID.format(*_say_sums(order, most)), Lost.ORDER, order.order_no)
    for line in order.lines:
        if line.row != order.row:
            yield Problem(line.row, "", f"所属订单（第 {order.row} 行）未能导入", Lost.LINE, order.order_no)


def _say_sums(order: OrderRows, due_fen: int) -> tuple[str, str]:
    return money_text(due_fen), money_text(order.paid_fen or 0)
