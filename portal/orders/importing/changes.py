"""What an import changes of an order that is there, and its new lines as rows."""

from __future__ import annotations

from typing import Any, NamedTuple

from portal.inputs import quantity_text
from portal.orders.export_format import LineRow, OrderRows
from portal.orders.importing.doubts import COLUMNS, shown
from portal.orders.importing.merging import Merge


class Change(NamedTuple):
    order: OrderRows
    there: dict[str, Any]  # the order as it is known
    values: dict[str, Any]
    new_lines: list[tuple[int, LineRow]]  # with their positions
    merged: Merge

    @property
    def order_id(self) -> int:
        return int(self.there["id"])


def describe_change(change: Change) -> list[list[str]]:
    """What changes of an order, as people read it: [column, before, after]."""
    said = [
        [COLUMNS.get(name, COLUMNS["status"]), shown(name, change.there[name]), shown(name, value)]
        for name, value in change.values.items()
        if name == "status_text" or (name in COLUMNS and name != "status")
    ]
    said += [["数量", "", quantity_text(milli)] for _line, milli in change.merged.lines.quantities]
    return said + [["货品标题", "", line.title] for _position, line in change.new_lines]


def make_line_row(shop_id: int, order_id: int, position: int, line: LineRow, product_id: int) -> dict[str, Any]:
    return {
        "shop_id": shop_id,
        "order_id": order_id,
        "position": position,
        "line_key": line.key,
        "title": line.title,
        "spec": line.spec,
        "unit": line.unit or "件",
        "unit_price_fen": line.unit_price_fen,
        "quantity_milli": line.quantity_milli,
        "claimed_milli": 0,
        "cargo_no": line.cargo_no,
        "sku_cargo_no": line.sku_cargo_no,
        "offer_id": line.offer_id,
        "sku_id": line.sku_id,
        "guarantees": "",
        "product_id": product_id,
        "snapshot": line.snapshot,
    }
