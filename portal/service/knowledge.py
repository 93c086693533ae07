"""What the shop knows of a case's goods: specifications, what goes wrong with them, what can be tried, 常见问答."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import select

from portal.calendar.weeks import number_week
from portal.extensions import db
from portal.models import Case, CaseLine, Faq, OrderLine, Product, Remedy, Sku
from portal.orders import products
from portal.service import quality, remedies
from portal.service.quality import Cell
from portal.service.rates import Share, measure_share
from portal.talk import faqs

MOST: Final = 3  # products of one case
FAULTS: Final = 5


class Knowledge(NamedTuple):
    """Of one product; ``faults``: the most frequent of the board's weeks, out of the lines sold in them."""

    product: Product
    skus: Sequence[Sku]
    faults: list[tuple[Cell, Share]]
    remedies: list[tuple[Remedy, str, remedies.Count]]
    faqs: list[Faq]


def collect_knowledge(case: Case, now: datetime) -> list[Knowledge]:
    """The products of a case, in the order of its lines."""
    lines = select(OrderLine.product_id).join(
        CaseLine, (CaseLine.order_line_id == OrderLine.id) & (CaseLine.shop_id == OrderLine.shop_id)
    )
    lines = lines.where(
        CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id, OrderLine.shop_id == case.shop_id
    )
    ids = list(dict.fromkeys(found for found in db.session.scalars(lines.order_by(CaseLine.id)) if found))[:MOST]
    shown = [products.find_of_shop(product_id, case.shop_id) for product_id in ids]
    return [_collect(product, now) for product in shown if product is not None]


def _collect(product: Product, now: datetime) -> Knowledge:
    week = number_week(now)
    found = quality.load_weeks(product.shop_id, range(week - quality.WEEKS + 1, week + 1), product.id)
    sold = sum(found.sold.get((product.id, None), {}).values())
    faults = [(cell, measure_share(sum(of.values()), sold)) for cell, of in found.faults.items() if cell.spec is None]
    return Knowledge(
        product,
        products.list_skus(product.id, product.shop_id),
        sorted(faults, key=lambda each: (-each[1].part, each[0].fault))[:FAULTS],
        remedies.list_shown(product),
        faqs.list_of_product(product.shop_id, product.id),
    )
