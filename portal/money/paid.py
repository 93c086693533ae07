"""What was paid for an order and its lines, and what of it was given back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import and_, select

from portal.extensions import db
from portal.models import Order, OrderLine
from portal.money import sums

Facts = Mapping[str, Any]  # what a case was opened on, as portal/orders/versions.py freezes it; empty: none was kept


@dataclass(frozen=True)
class PaidLine:
    """One line as it was paid for (分, thousandths), and what of it was given back until now."""

    id: int
    title: str
    unit: str
    unit_price_fen: int
    quantity_milli: int
    refunded_fen: int
    refunded_milli: int
    share_fen: int = 0  # of what was paid for all


@dataclass(frozen=True)
class Paid:
    """What was paid for an order: as the case was opened on it, else as the order says now."""

    paid_fen: int
    freight_fen: int
    left_fen: int  # not given back yet
    lines: Mapping[int, PaidLine]


def load_paid(order_id: int, facts: Facts | None = None, *, unshipped: bool = False) -> Paid:
    """What was paid for an order; ``facts``: of the case that asks, whatever an import said of the order since."""
    rows = db.session.execute(
        select(
            OrderLine.id,
            OrderLine.title,
            OrderLine.unit,
            OrderLine.unit_price_fen,
            OrderLine.quantity_milli,
            OrderLine.refunded_fen,
            OrderLine.refunded_milli,
            Order.paid_fen,
            Order.freight_fen,
            Order.refunded_fen.label("given_back_fen"),
        )
        .join(Order, and_(Order.id == OrderLine.order_id, Order.shop_id == OrderLine.shop_id))
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position, OrderLine.id)
    ).all()
    order = rows[0]
    lines = [PaidLine(*row[:7]) for row in rows]
    paid, freight = order.paid_fen, order.freight_fen
    if facts:
        paid, freight = facts["paid_fen"], facts["freight_fen"]
        frozen = {line_id: (price, milli) for line_id, price, milli, _ in facts["lines"]}
        lines = [
            replace(line, unit_price_fen=frozen[line.id][0], quantity_milli=frozen[line.id][1])
            for line in lines
            if line.id in frozen
        ]
    shares = sums.work_out_shares(
        paid, freight, [(line.unit_price_fen, line.quantity_milli) for line in lines], unshipped=unshipped
    )
    known = {line.id: replace(line, share_fen=share) for line, share in zip(lines, shares, strict=True)}
    return Paid(paid, freight, max(min(paid, order.paid_fen) - order.given_back_fen, 0), known)


def read_facts(facts: Facts, units: Mapping[int, str]) -> Paid | None:
    """What was paid, from the frozen facts alone: enough for price differences. ``units``: of the lines in question."""
    if not facts:
        return None
    lines = {
        line_id: PaidLine(line_id, "", units.get(line_id, ""), price, milli, 0, 0)
        for line_id, price, milli, _ in facts["lines"]
    }
    return Paid(facts["paid_fen"], facts["freight_fen"], facts["paid_fen"], lines)
