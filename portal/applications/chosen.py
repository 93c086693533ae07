"""Orders that a buyer chose to call off, and what became of those they chose before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import case as either
from sqlalchemy import select

from portal.applications.unsent import KNOWN_AS_SENT, MOST_AT_ONCE, OPEN
from portal.extensions import db
from portal.models import Cancellation, Order, Shop
from portal.money import paid
from portal.orders import addresses


def find_cancellation(public_id: str, user_id: int) -> Cancellation | None:
    """What this person called off together."""
    found = select(Cancellation).where(Cancellation.public_id == public_id, Cancellation.user_id == user_id)
    return db.session.scalars(found).one_or_none()


_NEVER_PAID = (Order.status == "cancelled") & Order.paid_at.is_(None) & (Order.case_count == 0)
_DUE = either(((Order.status == "unpaid") | _NEVER_PAID, Order.paid_fen), else_=0)


class Chosen(NamedTuple):
    """An order that is to be called off; ``left_fen``: what that gives back, ``due_fen``: what isn't due any more."""

    id: int
    order_no: str
    shop_id: int
    contested: bool
    status: str
    ordered_at: datetime
    shop: str
    left_fen: int
    due_fen: int


def list_chosen(order_nos: Sequence[str], buyer_id: int) -> Sequence[Chosen]:
    """This buyer's orders among these numbers, in their order: number, status and what calling it off gives back."""
    query = select(
        Order.id,
        Order.order_no,
        Order.shop_id,
        Order.contested,
        either((Order.status.in_(OPEN) & KNOWN_AS_SENT, "in_transit"), else_=Order.status).label("status"),
        Order.ordered_at,
        _DUE.label("due_fen"),
        Shop.name.label("shop"),
    ).join(Shop, Shop.id == Order.shop_id)
    found = addresses.map_addresses(list(order_nos)[:MOST_AT_ONCE], buyer_id, query)
    rows = {(row.order_no, row.shop_id): row for row in found.values()}.values()
    paying = {row.id: row.shop_id for row in rows if row.status != "unpaid"}
    left = paid.list_left(paying) if paying else {}
    return [Chosen(**row._mapping, left_fen=left.get(row.id, 0)) for row in rows]


def add_up_due(order_nos: Sequence[str], buyer_id: int) -> int:
    """What this buyer's orders among these numbers that were never paid for came to, 分."""
    query = select(Order.id, Order.order_no, Order.shop_id, _DUE.label("due_fen"))
    found = addresses.map_addresses(list(order_nos)[:MOST_AT_ONCE], buyer_id, query)
    return sum({(row.order_no, row.shop_id): row.due_fen for row in found.values()}.values())


def was_paid(order_nos: Sequence[str], buyer_id: int) -> bool:
    """Whether any of this buyer's orders among these numbers was ever paid for."""
    query = select(Order.id, Order.order_no, Order.shop_id, Order.paid_at)
    found = addresses.map_addresses(list(order_nos)[:MOST_AT_ONCE], buyer_id, query)
    return not found or any(row.paid_at is not None for row in found.values())
