"""What an application asks for, in money, and why it can't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.applications.drafts import read_type
from portal.applications.goods import is_unshipped, list_lines, list_replacements
from portal.extensions import db
from portal.flow import CaseType
from portal.inputs import money_text
from portal.models import Draft, Order, OrderLine, Sku
from portal.money import released, worth
from portal.money.paid import Facts, read_exchanged
from portal.rights import goods as goods_facts


def list_priced(order_id: int, line: Any, facts: Facts | None = None) -> list[tuple[Sku, int]]:
    """The replacements of a line, each with the difference for one unit: positive to pay, negative given back, 分.

    ``facts``: what the case was opened on that asks.
    """
    found = list_replacements(line)
    if not found:
        return []
    wanted = [(line.id, 1_000, sku.price_fen) for sku in found]
    return list(zip(found, worth.list_differences(order_id, wanted, facts), strict=True))


def list_choices(order: Order, lines: Sequence[OrderLine]) -> dict[int, list[tuple[Sku, int]]]:
    """The same by line, for goods of the order that no case is about."""
    facts = released.find_facts(order, {line.id: 1_000 for line in lines})
    return {line.id: list_priced(order.id, line, facts) for line in lines}


@dataclass(frozen=True)
class Sums:
    """What an application comes to, 分, and how. ``refund_fen``: what is asked back, at most ``most_fen``."""

    refund_fen: int = 0
    most_fen: int = 0
    working: tuple[str, ...] = ()
    difference_fen: int = 0
    difference_working: tuple[str, ...] = ()


def work_out_sums(
    order: Order,
    kind: CaseType,
    quantities: Mapping[int, int],
    skus: Mapping[int, int],
    refund_fen: int | None = None,
    facts: Facts | None = None,
) -> Sums:
    """What an application of ``kind`` for these thousandths and replacement SKUs, by order line, comes to.

    ``facts``: what the case was opened on that is changed by it.
    """
    facts = facts or released.find_facts(order, quantities)
    units = [(line_id, milli) for line_id, milli in quantities.items() if milli > 0]
    if kind in goods_facts.MONEY:
        unshipped = is_unshipped(order)
        found, working = worth.explain_worth(order.id, units, unshipped=unshipped, facts=facts)
        most = worth.add_up(found)
        return Sums(most if refund_fen is None else refund_fen, most, tuple(working))
    if kind is CaseType.EXCHANGE and (read_exchanged(facts) or any(skus.get(line_id) for line_id, _ in units)):
        chosen = [skus[line_id] for line_id, _ in units if skus.get(line_id)]
        prices = dict(
            db.session.execute(
                select(Sku.id, Sku.price_fen).where(Sku.id.in_(chosen), Sku.shop_id == order.shop_id)
            ).all()
        )
        wanted = [(line_id, milli, prices.get(skus.get(line_id, 0))) for line_id, milli in units]
        return Sums(
            difference_fen=worth.work_out_difference(order.id, wanted, facts),
            difference_working=tuple(worth.show_difference_working(order.id, wanted, facts)),
        )
    return Sums()


def find_amount_problem(sums: Sums, kind: CaseType) -> str:
    """Why this sum can't be asked back; "" when it can."""
    if kind not in goods_facts.MONEY:
        return ""
    if sums.most_fen <= 0:
        return "这些商品没有可退的金额了，请点「立即联系」与商家核对"
    if not 0 < sums.refund_fen <= sums.most_fen:
        return f"最多可退 {money_text(sums.most_fen)} 元，请修改退款金额"
    return ""


def list_chosen_skus(draft: Draft, lines: Sequence[OrderLine]) -> dict[int, Sku]:
    """The replacements that a draft asks for, by line; only of the line's own product, whatever number was sent."""
    wanted = {int(line_id): int(sku) for line_id, sku in (draft.fields.get("skus") or {}).items() if sku}
    if not wanted:
        return {}
    found = {
        sku.id: sku
        for sku in db.session.scalars(select(Sku).where(Sku.id.in_(wanted.values()), Sku.shop_id == draft.shop_id))
    }
    products = {line.id: line.product_id for line in lines}
    return {
        line_id: sku
        for line_id, sku_id in wanted.items()
        if (sku := found.get(sku_id)) and sku.product_id == products.get(line_id)
    }


def work_out_all(draft: Draft) -> Sums:
    """The sums of a draft as it stands."""
    order = db.session.get_one(Order, (draft.order_id, draft.shop_id))
    lines = list_lines(order.id, order.shop_id)
    known = {line.id for line in lines}
    fields = draft.fields
    quantities = {int(i): int(milli) for i, milli in (fields.get("quantities") or {}).items() if int(i) in known}
    skus = {line_id: sku.id for line_id, sku in list_chosen_skus(draft, lines).items()}
    return work_out_sums(order, read_type(draft), quantities, skus, fields.get("refund_fen"))
