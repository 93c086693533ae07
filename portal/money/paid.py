"""What was paid for an order and its lines, and what of it was given back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
class Exchanged:
    """Units that came in an exchange, in thousandths; 分: what one is sold for, and the differences of all of them.

    ``price_fen`` None: as bought. ``owed_fen``: is still to be given back; an exchange gives it, a refund has it in it.
    """

    milli: int
    price_fen: int | None
    paid_fen: int
    given_fen: int
    owed_fen: int

    def share(self, fen: int, milli: int, before_milli: int = 0) -> int:
        """The part of ``milli`` of these units, after ``before_milli`` others; the last ones take the rest."""
        return sums.price_units(fen, self.milli, before_milli, milli)


@dataclass(frozen=True)
class Paid:
    """What was paid for an order: as the case was opened on it, else as the order says now."""

    goods_fen: int  # for the goods, as far as it can be believed
    freight_fen: int
    left_fen: int  # not given back yet
    overpaid_fen: int  # by how much 实付款 says more than can be believed
    lines: Mapping[int, PaidLine]
    exchanged: Mapping[int, Exchanged] = field(default_factory=dict)  # by order line, of the case that asks

    def find_price(self, line_id: int) -> int:
        """What a unit of the goods that the case is about is sold for, 分."""
        held = self.exchanged.get(line_id)
        return self.lines[line_id].unit_price_fen if held is None or held.price_fen is None else held.price_fen

    def find_differences(self, line_id: int, milli: int) -> tuple[int, int, int]:
        """Of ``milli`` of these units: paid in earlier exchanges, given back, and still to be given back, 分."""
        held = self.exchanged.get(line_id)
        if held is None:
            return 0, 0, 0
        return held.share(held.paid_fen, milli), held.share(held.given_fen, milli), held.share(held.owed_fen, milli)

    def free(self, parts: Sequence[tuple[int, int]]) -> Paid:
        """The same where ``parts`` (order line, 分) hadn't been given back."""
        lines = dict(self.lines)
        for line_id, fen in parts:
            lines[line_id] = replace(lines[line_id], refunded_fen=lines[line_id].refunded_fen - fen)
        return replace(self, left_fen=self.left_fen + sum(fen for _, fen in parts), lines=lines)


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
            OrderLine.own_paid_fen,
            *(getattr(Order, name) for name in sums.OrderSums._fields),
            Order.refunded_fen.label("given_back_fen"),
        )
        .join(Order, and_(Order.id == OrderLine.order_id, Order.shop_id == OrderLine.shop_id))
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position, OrderLine.id)
    ).all()
    order = rows[0]
    lines = [PaidLine(*row[:7]) for row in rows]
    stated = sums.OrderSums(*(getattr(order, name) for name in sums.OrderSums._fields))
    if facts:
        stated = sums.OrderSums(*(facts[name] for name in sums.OrderSums._fields))
        frozen = {line_id: (price, milli) for line_id, price, milli, _ in facts["lines"]}
        lines = [
            replace(line, unit_price_fen=frozen[line.id][0], quantity_milli=frozen[line.id][1])
            for line in lines
            if line.id in frozen
        ]
    goods_fen, all_fen = sums.believe_paid(stated, _price(lines))
    own = {row.id: row.own_paid_fen for row in rows}
    shares = sums.work_out_shares(stated, _price(lines), unshipped=unshipped, own=[own[line.id] for line in lines])
    known = {line.id: replace(line, share_fen=share) for line, share in zip(lines, shares, strict=True)}
    left = max(min(all_fen, order.paid_fen) - order.given_back_fen, 0)
    return Paid(goods_fen, stated.freight_fen, left, stated.paid_fen - all_fen, known, read_exchanged(facts))


def list_left(shop_of: Mapping[int, int]) -> dict[int, int]:
    """What can still go back of orders that weren't sent, 分, by their ids; ``shop_of``: whose they are."""
    left = {
        row.id: max(sums.believe_paid(stated, lines).all_fen - row.refunded_fen, 0)
        for row, stated, lines in list_stated(shop_of)
    }
    ended: dict[int, set[int]] = defaultdict(set)
    for order_id, line_id in db.session.execute(
        select(OrderLine.order_id, OrderLine.id).where(
            OrderLine.order_id.in_(shop_of), OrderLine.shop_id.in_(set(shop_of.values())), OrderLine.own_status != ""
        )
    ):
        ended[order_id].add(line_id)
    for order_id, gone in ended.items():  # what was given back elsewhere doesn't go back again
        kept = [line for line in load_paid(order_id, unshipped=True).lines.values() if line.id not in gone]
        left[order_id] = min(left[order_id], sum(max(line.share_fen - line.refunded_fen, 0) for line in kept))
    return left


def list_overpaid(shop_of: Mapping[int, int]) -> dict[int, int]:
    """By how much the 实付款 of orders says more than can be believed, 分, by their ids; those that don't left out."""
    found = {
        row.id: stated.paid_fen - sums.believe_paid(stated, lines).all_fen
        for row, stated, lines in list_stated(shop_of)
    }
    return {order_id: fen for order_id, fen in found.items() if fen}


def list_stated(shop_of: Mapping[int, int]) -> Iterator[tuple[Any, sums.OrderSums, list[tuple[int, int]]]]:
    """Orders with what they say of their money and the prices and quantities of their lines."""
    here = Order.id.in_(shop_of), Order.shop_id.in_(set(shop_of.values()))
    stated = [getattr(Order, name) for name in sums.OrderSums._fields]
    lines: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for order_id, price, milli in db.session.execute(
        select(OrderLine.order_id, OrderLine.unit_price_fen, OrderLine.quantity_milli).where(
            OrderLine.order_id.in_(shop_of), OrderLine.shop_id.in_(set(shop_of.values()))
        )
    ):
        lines[order_id].append((price, milli))
    for row in db.session.execute(
        select(Order.id, Order.order_no, Order.refunded_fen, *stated).where(*here).order_by(Order.id)
    ):
        yield row, sums.OrderSums(*row[3:]), lines[row.id]


def _price(lines: Iterable[PaidLine]) -> list[tuple[int, int]]:
    return [(line.unit_price_fen, line.quantity_milli) for line in lines]


def read_facts(facts: Facts, units: Mapping[int, str]) -> Paid | None:
    """What was paid, from the frozen facts alone: enough for price differences. ``units``: of the lines in question."""
    if not facts:
        return None
    lines = {
        line_id: PaidLine(line_id, "", units.get(line_id, ""), price, milli, 0, 0)
        for line_id, price, milli, _ in facts["lines"]
    }
    stated = sums.OrderSums(*(facts[name] for name in sums.OrderSums._fields))
    goods_fen, all_fen = sums.believe_paid(stated, _price(lines.values()))
    return Paid(goods_fen, stated.freight_fen, all_fen, stated.paid_fen - all_fen, lines, read_exchanged(facts))


def read_exchanged(facts: Facts | None) -> Mapping[int, Exchanged]:
    """What a case keeps of goods that came in an exchange, by order line; empty for goods as they were bought."""
    return {line_id: Exchanged(*rest) for line_id, *rest in (facts or {}).get("exchanged", ())}
