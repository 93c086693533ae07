"""What would be known of the orders of a file that is only tried, so that one further down is compared with it.

A file that was put together of several exports has an order more than once. Each is kept packed, some 600 bytes.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from portal.orders.export_format import LineRow, OrderRows
from portal.orders.export_format.suborders import PRICE
from portal.orders.importing.changes import Change, describe_change
from portal.orders.importing.future import forget_stand_in
from portal.orders.importing.merging import values_of_new
from portal.orders.importing.pairing import KnownLine
from portal.orders.importing.progress import Replaced

MOST_KEPT = 50_000  # orders of one file; of further ones their second row counts as unchanged
_UNTOUCHED = {  # columns of an order with which nothing was done here
    **dict.fromkeys(("received_at", "shipped_at", "cancelled_at")),
    **dict.fromkeys(("refunded_fen", "case_count"), 0),
    "both_terms": False,
}


class State(NamedTuple):
    """An order as an import would have left it: columns, lines, and what it replaced."""

    there: dict[str, Any]
    lines: list[KnownLine]
    replaced: Replaced


class Imagined:
    """The orders that a dry run would have made or changed so far."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def find(self, key: str) -> State | None:
        """What would be known of an order by now; None where nothing would have changed."""
        packed = self._kept.get(key)
        return None if packed is None else State(*pickle.loads(zlib.decompress(packed)))  # noqa: S301  (our own)

    def keep(self, key: str, state: State) -> None:
        """Remember what would be known of an order."""
        if key in self._kept or len(self._kept) < MOST_KEPT:
            self._kept[key] = zlib.compress(pickle.dumps(tuple(state)), 1)


def make_new(order: OrderRows, buyer_id: int | None, now: datetime) -> State:
    """What would be known of a new order."""
    there = values_of_new(order, now) | _UNTOUCHED
    there |= {"id": 0, "order_no": order.order_no, "buyer_id": buyer_id, "imported_at": now}
    return State(forget_stand_in(there), _add([], list(enumerate(order.lines, 1))), {})


def change_state(change: Change, lines: Sequence[KnownLine], replaced: Replaced) -> State:
    """What would be known of an order after a change."""
    quantities = dict(change.merged.lines.quantities)
    own = {line_id: (paid, ended) for line_id, paid, ended in change.merged.lines.own}
    known = []
    for line in lines:
        paid, ended = own.get(line.id, (line.own_paid_fen, line.own_status))
        milli = quantities.get(line.id, line.quantity_milli)
        known.append(line._replace(quantity_milli=milli, own_paid_fen=paid, own_status=ended))
    before: dict[str, set[str]] = {column: set(words) for column, words in replaced.items()}
    for column, said, _after in describe_change(change):
        if said:
            before.setdefault(column, set()).add(said)
    return State({**change.there, **change.values}, _add(known, change.new_lines), before)


def _add(known: list[KnownLine], new: Sequence[tuple[int, LineRow]]) -> list[KnownLine]:
    """Lines that aren't in the database have ids below zero, by their positions."""
    return known + [
        KnownLine(
            **{name: getattr(line, name) for name in KnownLine._fields if name in LineRow._fields},
            id=-position,
            line_key=line.key,
            position=position,
            claimed_milli=0,
            price_said=line.snapshot.get(PRICE),
        )
        for position, line in new
    ]
