"""What cases are grouped by, the key of each group, and the filter that lists the same cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, select, text

from portal.cases.figures.counted import cut_up
from portal.cases.queue_filters import Filters
from portal.models import Case, CaseLine, CaseLink, OrderLine, Parcel, Sku
from portal.models.chains import LIVE
from portal.prepared import Prepared, among
from portal.words import BEIJING

Groups = dict[Any, list[int]]  # the cases' ids by the key of the group
_line, _bought, _sku, _parcel, _link = (table.__table__.c for table in (CaseLine, OrderLine, Sku, Parcel, CaseLink))
_SHOP: BindParameter[int] = bindparam("shop_id")
_same = select(func.min(_sku.id)).where(
    _sku.shop_id == _bought.shop_id, _sku.product_id == _bought.product_id, _sku.spec == _bought.spec
)
_SKUS = Prepared(
    select(_line.case_id, _same.correlate(OrderLine.__table__).scalar_subquery().label("key"))
    .join_from(
        CaseLine.__table__,
        OrderLine.__table__,
        (_bought.id == _line.order_line_id) & (_bought.shop_id == _line.shop_id),
    )
    .where(_line.shop_id == _SHOP, among(_line.case_id, "case_ids"))
)
_CARRIERS = Prepared(
    select(_parcel.case_id, _parcel.carrier.label("key")).where(
        _parcel.shop_id == _SHOP, among(_parcel.case_id, "case_ids"), _parcel.voided_at.is_(None)
    )
)
_SUPPLIERS = Prepared(
    select(_link.downstream_id.label("case_id"), _link.upstream_shop_id.label("key")).where(
        _link.shop_id == _SHOP, among(_link.downstream_id, "case_ids"), text("case_links." + LIVE)
    )
)
_LOOKED_UP = {"sku": _SKUS, "carrier": _CARRIERS, "supplier": _SUPPLIERS}
_COLUMN = {"reason": "reason", "buyer": "buyer_id", "staff": "owner_id"}
BY = ("week", "reason", "sku", "buyer", "carrier", "supplier", "staff")


def find_week(row: Case) -> date:
    """The Monday of the week, in Beijing, in which a case was applied for."""
    day: date = row.opened_at.astimezone(BEIJING).date()
    return day - timedelta(days=day.weekday())


def group_cases(shop_id: int, rows: Sequence[Case], by: str) -> Groups:
    """The cases by group; one may be in several, and one that has no carrier, supplier or product is in none."""
    found: dict[Any, dict[int, None]] = {}
    if by in _LOOKED_UP:
        for case_ids in cut_up([row.id for row in rows]):
            for row in _LOOKED_UP[by].list_rows(shop_id=shop_id, case_ids=case_ids):
                if row.key is not None:
                    found.setdefault(row.key, {})[row.case_id] = None
    else:
        for row in rows:
            key = find_week(row) if by == "week" else getattr(row, _COLUMN[by])
            found.setdefault(key or 0 if by == "staff" else key, {})[row.id] = None
    return {key: list(case_ids) for key, case_ids in found.items()}


def narrow_to(filters: Filters, by: str, key: object) -> Filters:
    """The filters that list the cases of one group."""
    return _NARROW[by](filters, key)


def _narrow_to_week(filters: Filters, monday: date) -> Filters:
    since, until = bound_week(filters, monday)
    return replace(filters, since=since.isoformat(), until=until.isoformat())


def bound_week(filters: Filters, monday: date) -> tuple[date, date]:
    """The days of a week that are in the period."""
    since, until = date.fromisoformat(filters.since), date.fromisoformat(filters.until)
    return max(monday, since), min(monday + timedelta(days=6), until)


_NARROW: dict[str, Callable[[Filters, Any], Filters]] = {
    "week": _narrow_to_week,
    "reason": lambda filters, key: replace(filters, reason=key),
    "sku": lambda filters, key: replace(filters, sku_id=key),
    "buyer": lambda filters, key: replace(filters, buyer_id=key),
    "carrier": lambda filters, key: replace(filters, carrier=key),
    "supplier": lambda filters, key: replace(filters, supplier_id=key),
    "staff": lambda filters, key: replace(filters, owner_id=key),
}
