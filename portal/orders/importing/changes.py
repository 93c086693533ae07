"""What an import changes of an order that is there, and its new lines as rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, case, update

from portal.inputs import quantity_text
from portal.models import Order
from portal.orders.export_format import LineRow, OrderRows
from portal.orders.importing.doubts import COLUMNS, shown
from portal.orders.importing.merging import Merge
from portal.orders.importing.prepared import MORE_OR_LESS, THEIR_OWN
from portal.orders.importing.said import STOOD_ON

_orders: Table = Order.__table__  # type: ignore[assignment]
_MAKE_RESOLD = ("is_dropship", "downstream_order_no", "downstream_channel")


class Change(NamedTuple):
    order: OrderRows
    there: dict[str, Any]  # the order as it is known
    values: dict[str, Any]
    new_lines: list[tuple[int, LineRow]]  # with their positions
    merged: Merge

    @property
    def order_id(self) -> int:
        return int(self.there["id"])


def keep_terms(known: Mapping[str, object], values: dict[str, object]) -> dict[str, object]:
    """What changes of an order; one that becomes 铺货 by that, or is it no more, keeps the longer of both terms."""
    was, becomes = (any(each[name] for name in _MAKE_RESOLD) for each in (known, {**known, **values}))
    return {**values, "both_terms": True} if was != becomes and not known["both_terms"] else values


def describe_change(change: Change) -> list[list[str]]:
    """What changes of an order, as people read it: [column, before, after]."""
    said = [
        [COLUMNS.get(name, COLUMNS["status"]), shown(name, change.there[name]), shown(name, value)]
        for name, value in change.values.items()
        if name == "status_text" or (name in COLUMNS and name != "status")
    ]
    said += [["数量", "", quantity_text(milli)] for _line, milli in change.merged.lines.quantities]
    said += change.merged.lines.ended
    return said + [["货品标题", "", line.title] for _position, line in change.new_lines]


def change_lines(connection: Connection, changes: Sequence[Change]) -> Iterator[tuple[Change, int]]:
    """Write what changes of known lines, in the order of their ids; yields those that could not be: claimed since."""
    quantities = [(*each, change) for change in changes for each in change.merged.lines.quantities]
    for line_id, milli, change in sorted(quantities, key=lambda each: each[0]):
        what = {"line": line_id, "shop": change.there["shop_id"], "milli": milli}
        if not connection.execute(MORE_OR_LESS, what).rowcount:
            yield change, line_id
    own = [
        {"line": line_id, "shop": change.there["shop_id"], "paid": paid, "ended": status}
        for change in changes
        for line_id, paid, status in change.merged.lines.own
    ]
    if own:
        connection.execute(THEIR_OWN, sorted(own, key=lambda each: each["line"]))


def write_changes(connection: Connection, changes: Sequence[Change], now: datetime) -> None:
    """Write the columns of known orders that change; what was done to an order since it was read stays."""
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for change in changes:
        new_values = {f"new_{name}": value for name, value in change.values.items()}
        seen = {f"seen_{name}": change.there[name] for name in ("id", "shop_id", "case_count", "status")}
        by_columns[tuple(sorted(change.values))].append(seen | new_values)
    for names, rows in by_columns.items():
        values: dict[str, Any] = {name: bindparam(f"new_{name}", type_=_orders.c[name].type) for name in names}
        for name in ("status", "status_text"):  # called off, sent or received here since it was read
            if name in values:
                values[name] = case((_orders.c.status == bindparam("seen_status"), values[name]), else_=_orders.c[name])
        for name in set(values) & set(STOOD_ON):  # a case was opened since it was read: it stands on what was
            values[name] = case(
                (_orders.c.case_count == bindparam("seen_case_count"), values[name]), else_=_orders.c[name]
            )
        if "paid_fen" in values:  # refunded since it was read: what was paid stays
            new_paid = values["paid_fen"]
            values["paid_fen"] = case((new_paid < _orders.c.refunded_fen, _orders.c.paid_fen), else_=new_paid)
        connection.execute(
            update(_orders)
            .where(_orders.c.id == bindparam("seen_id"), _orders.c.shop_id == bindparam("seen_shop_id"))
            .values(version=_orders.c.version + 1, updated_at=now, **values),
            rows,
        )


def make_line_row(shop_id: int, order_id: int, position: int, line: LineRow, product_id: int) -> dict[str, object]:
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
        "own_paid_fen": line.own_paid_fen,
        "own_status": line.own_status,
    }
