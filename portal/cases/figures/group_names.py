"""What people call a group of cases."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from portal.cases.figures.tables import Row
from portal.models import Product, Shop, Sku, User
from portal.parcels import carriers
from portal.prepared import Prepared, among
from portal.rights import reasons

_user, _shop, _sku, _product = (table.__table__.c for table in (User, Shop, Sku, Product))
_MEMBERS = Prepared(select(_user.id, _user.member_name).where(among(_user.id, "keys")))
_SHOPS = Prepared(select(_shop.id, _shop.name).where(among(_shop.id, "keys")))
_SKUS = Prepared(
    select(_sku.id, _product.title, _sku.spec)
    .join_from(Sku.__table__, Product.__table__, (_product.id == _sku.product_id) & (_product.shop_id == _sku.shop_id))
    .where(_sku.shop_id == bindparam("shop_id"), among(_sku.id, "keys"))
)


def name_groups(shop_id: int, by: str, rows: Sequence[Row]) -> dict[Hashable, str]:
    """The words for each key of these rows; a week is called by its days that are in the period."""
    if by == "week":
        return {row.key: f"{row.narrowed.since} 至 {row.narrowed.until[5:]}" for row in rows}
    return _NAMES[by](shop_id, [row.key for row in rows])


def _name_carriers(_shop_id: int, keys: Sequence[str]) -> dict[Hashable, str]:
    return {code: found.name if (found := carriers.by_code(code)) else code for code in keys}


def _name_members(_shop_id: int, keys: Sequence[int]) -> dict[Hashable, str]:
    return {0: "未分配", **{row.id: row.member_name for row in _MEMBERS.list_rows(keys=keys)}}


def _name_skus(shop_id: int, keys: Sequence[int]) -> dict[Hashable, str]:
    return {row.id: f"{row.title} {row.spec}".strip() for row in _SKUS.list_rows(shop_id=shop_id, keys=keys)}


_NAMES: dict[str, Callable[[int, Sequence[Any]], dict[Hashable, str]]] = {
    "reason": lambda _shop_id, keys: {key: reasons.said(key) for key in keys},
    "sku": _name_skus,
    "buyer": _name_members,
    "staff": _name_members,
    "carrier": _name_carriers,
    "supplier": lambda _shop_id, keys: {row.id: row.name for row in _SHOPS.list_rows(keys=keys)},
}
