"""The lines of one order: made from a row's values, told apart by their keys, and held against the order's sums."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from portal.inputs import money_text
from portal.orders.export_format.cells import in_fen
from portal.orders.export_format.rows import KEY_LENGTH, LineRow, Lost, OrderRows, Problem, adds_up, goods_of


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


def weigh_sums(order: OrderRows) -> Iterator[Problem]:
    """What doesn't add up; a half 分 may be lost in each line."""
    goods = goods_of(order.lines)
    if order.goods_total_fen is not None and not adds_up(order.lines, order.goods_total_fen):
        total = money_text(order.goods_total_fen)
        sentence = f"各行单价×数量合计 {money_text(in_fen(goods / 100))} 元，与货品总价 {total} 元不一致"
        yield Problem(order.row, "货品总价(元)", sentence, Lost.NOTHING, order.order_no)
    if order.goods_total_fen is not None and order.paid_fen is not None:
        due = order.goods_total_fen + (order.freight_fen or 0) + (order.adjustment_fen or 0)
        unpaid = order.paid_fen == 0 and order.status in ("unpaid", "cancelled")
        unread = "freight_fen" in order.more or "adjustment_fen" in order.more
        if due != order.paid_fen and not unpaid and not unread:
            sentence = f"货品总价+运费+涨价或折扣为 {money_text(due)}，与实付款 {money_text(order.paid_fen)} 元不一致"
            yield Problem(order.row, "实付款(元)", sentence, Lost.NOTHING, order.order_no)
