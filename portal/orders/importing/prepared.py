"""The statements of a batch that are the same for each: what is known of its orders, and another quantity of a line."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, bindparam, select, update

from portal.models import Order, OrderLine
from portal.orders.export_format.suborders import PRICE
from portal.orders.importing.pairing import KnownLine

_orders: Table = Order.__table__  # type: ignore[assignment]
_lines: Table = OrderLine.__table__  # type: ignore[assignment]

KNOWN_ORDERS = select(_orders).where(
    _orders.c.order_no.in_(bindparam("numbers", expanding=True)),
    _orders.c.shop_id.in_(bindparam("shops", expanding=True)),
)
KNOWN_LINES = select(
    _lines.c.order_id,
    *(_lines.c[name] for name in KnownLine._fields if name != "price_said"),  # its last, out of the snapshot
    _lines.c.snapshot,
).where(
    _lines.c.order_id.in_(bindparam("ids", expanding=True)), _lines.c.shop_id.in_(bindparam("shops", expanding=True))
)


def make_known(row: Any) -> KnownLine:
    """A line as a row of KNOWN_LINES has it."""
    return KnownLine(*row[1:-1])._replace(price_said=row.snapshot.get(PRICE))


MORE_OR_LESS = (
    update(_lines)
    .where(
        _lines.c.id == bindparam("line"),
        _lines.c.shop_id == bindparam("shop"),
        _lines.c.claimed_milli <= bindparam("milli"),
    )
    .values(quantity_milli=bindparam("milli"))
)
THEIR_OWN = (
    update(_lines)
    .where(_lines.c.id == bindparam("line"), _lines.c.shop_id == bindparam("shop"))
    .values(own_paid_fen=bindparam("paid"), own_status=bindparam("ended"))
)
