"""What narrows a list down, in words, for the filters that have no field of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select

from portal.cases.queue_filters import DID, Filters
from portal.extensions import db
from portal.models import CaseLink, Product, Shop, Sku


def describe_filters(shop_id: int, filters: Filters, rows: Sequence[Any]) -> list[str]:
    """「申请日期 2026-11-01 至 2026-11-28」「买家 …」; a name is only said where the list itself says it."""
    return list(_describe(shop_id, filters, rows))


def _describe(shop_id: int, filters: Filters, rows: Sequence[Any]) -> Iterator[str]:
    if filters.since or filters.until:
        yield f"申请日期 {filters.since or '最早'} 至 {filters.until or '今天'}"
    if filters.buyer_id and rows:
        yield f"买家 {rows[0].buyer}"
    if filters.sku_id:
        yield f"商品 {_name_sku(shop_id, filters.sku_id)}"
    if filters.supplier_id:
        yield f"供应商 {_name_supplier(shop_id, filters.supplier_id)}"
    if filters.did:
        yield f"{filters.day} 以来{DID[filters.did]}"


def _name_sku(shop_id: int, sku_id: int) -> str:
    found = db.session.execute(
        select(Product.title, Sku.spec)
        .join_from(Sku, Product, (Product.id == Sku.product_id) & (Product.shop_id == Sku.shop_id))
        .where(Sku.id == sku_id, Sku.shop_id == shop_id)
    ).one_or_none()
    return " ".join(filter(None, found)) if found else "（不存在）"


def _name_supplier(shop_id: int, supplier_id: int) -> str:
    linked = CaseLink.upstream_shop_id == Shop.id
    query = select(Shop.name).join(CaseLink, linked).where(CaseLink.shop_id == shop_id, Shop.id == supplier_id)
    return db.session.scalar(query.limit(1)) or "（不存在）"
