"""When an order was received: the one place that says so, since terms run from it."""

from __future__ import annotations

from datetime import datetime

from portal.models import Order


def make_receipt(at: datetime | None) -> dict[str, object]:
    """The columns of a receipt at ``at``; None: it isn't known, or was taken back.

    The term of a 铺货 order runs from it: it is promised anew (portal/rights/resale.py), and never to an earlier day.
    """
    return {"received_at": at, "apply_from": None}


def record_receipt(order: Order, at: datetime | None, *, now: datetime) -> None:
    """Write down when an order was received, and its status with it.

    The latest that was ever known of it stays, also of orders that were received before that was kept.
    """
    known = [moment for moment in (order.term_from, order.received_at, at) if moment is not None]
    for column, value in make_receipt(at).items():
        setattr(order, column, value)
    if at is not None:
        order.term_from = max(known)
    if at is not None and order.status == "in_transit":
        order.status = "delivered"
    elif at is None and order.status == "delivered":
        order.status = "in_transit"
    order.updated_at = now
