"""What cases have cost so far: what the ledger says was paid to buyers, and what went out to them, at its price.

What a buyer says didn't come isn't paid until that is settled, here as on the pages of payments and customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, bindparam, func, literal_column, select

from portal.cases.figures.counted import cut_up
from portal.models import CaseLine, MoneyEntry, OrderLine, Parcel, ParcelLine
from portal.models.money import REFUNDS
from portal.prepared import Prepared, among

_entry, _parcel, _packed, _line, _bought = (
    table.__table__.c for table in (MoneyEntry, Parcel, ParcelLine, CaseLine, OrderLine)
)
_SHOP: BindParameter[int] = bindparam("shop_id")
_PAID = Prepared(
    select(_entry.case_id, _entry.kind, func.sum(_entry.amount_fen).label("fen"))
    .where(func.coalesce(_entry.shop_id, literal_column("0")) == _SHOP)  # cases first: a shop's payments are many
    .where(among(_entry.case_id, "case_ids"), _entry.kind != "difference")
    .where(func.coalesce(_entry.state, "") == "settled")  # not in the words of an index: by case
    .group_by(_entry.case_id, _entry.kind)
)
# A replacement of another specification has its own price; one of the same is worth what was agreed on for the order.
_SENT = Prepared(
    select(
        _parcel.case_id,
        _packed.quantity_milli,
        func.coalesce(_line.wanted_price_fen, _bought.unit_price_fen).label("price_fen"),
    )
    .join_from(
        Parcel.__table__,
        ParcelLine.__table__,
        (_packed.parcel_id == _parcel.id) & (_packed.shop_id == _parcel.shop_id),
    )
    .join(CaseLine.__table__, (_line.id == _packed.case_line_id) & (_line.shop_id == _packed.shop_id))
    .join(OrderLine.__table__, (_bought.id == _line.order_line_id) & (_bought.shop_id == _line.shop_id))
    .where(_parcel.shop_id == _SHOP, among(_parcel.case_id, "case_ids"))
    .where(_parcel.leg == "out", _parcel.voided_at.is_(None))
)
_KINDS = {
    **dict.fromkeys(REFUNDS, "refund_fen"),
    "freight": "freight_fen",
    "compensation": "compensation_fen",
}


@dataclass(frozen=True)
class Cost:
    """分: refunded, freight paid to buyers, made good, and the price of what was sent out as a replacement."""

    refund_fen: int = 0
    freight_fen: int = 0
    compensation_fen: int = 0
    goods_fen: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.refund_fen + other.refund_fen,
            self.freight_fen + other.freight_fen,
            self.compensation_fen + other.compensation_fen,
            self.goods_fen + other.goods_fen,
        )


NONE = Cost()


def load_costs(shop_id: int, case_ids: Sequence[int]) -> dict[int, Cost]:
    """The cost of each case that has one."""
    found: dict[int, Cost] = {}
    for part in cut_up(case_ids):
        for row in _PAID.list_rows(shop_id=shop_id, case_ids=part):
            found[row.case_id] = found.get(row.case_id, NONE) + Cost(**{_KINDS[row.kind]: int(row.fen)})
        for row in _SENT.list_rows(shop_id=shop_id, case_ids=part):
            worth = Cost(goods_fen=round(row.quantity_milli * row.price_fen / 1000))
            found[row.case_id] = found.get(row.case_id, NONE) + worth
    return found


def add_up(costs: Mapping[int, Cost], case_ids: Iterable[int]) -> Cost:
    """The costs of some cases together."""
    return sum((costs[case_id] for case_id in case_ids if case_id in costs), NONE)
