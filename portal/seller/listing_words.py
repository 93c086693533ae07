"""What narrows a list down, in words, for the filters that have no field of their own."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from portal import words
from portal.cases import owners
from portal.cases.queue_filters import DID, FREIGHT, Filters
from portal.extensions import db
from portal.inputs import money_text
from portal.models import Case, CaseLink, Product, Shop, Sku, User
from portal.parcels import carriers
from portal.rights import reasons


def describe_kept(shop_id: int, filters: Filters) -> Iterator[str]:
    """「申请日期 2026-11-01 至 2026-11-28」「买家 …」; nobody is named who has no case with this shop."""
    if filters.since or filters.until:
        yield f"申请日期 {filters.since or '最早'} 至 {filters.until or '今天'}"
    if filters.buyer_id:
        yield f"买家 {_name_buyer(shop_id, filters.buyer_id)}"
    if filters.sku_id:
        yield f"商品 {_name_sku(shop_id, filters.sku_id)}"
    if filters.supplier_id:
        yield f"供应商 {_name_supplier(shop_id, filters.supplier_id)}"
    if filters.freight:
        yield f"寄回运费{FREIGHT[filters.freight]}"
    if filters.did:
        yield f"{filters.day} 以来{DID[filters.did]}"


def _name_buyer(shop_id: int, buyer_id: int) -> str:
    query = select(User.member_name).join(Case, Case.buyer_id == User.id)
    return db.session.scalar(query.where(User.id == buyer_id, Case.shop_id == shop_id).limit(1)) or "（不存在）"


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


def describe_all(shop_id: int, filters: Filters) -> Iterator[str]:
    """Those that have a field in the queue as well, where there is none."""
    yield from describe_kept(shop_id, filters)
    if filters.reason:
        yield reasons.said(filters.reason)
    if filters.type:
        yield words.TYPE[filters.type]
    if filters.carrier and (carrier := carriers.by_code(filters.carrier)):
        yield carrier.name
    if filters.owner_id is not None:
        people = {each.user_id: each.member_name for each in owners.list_colleagues(shop_id)}
        yield f"负责人 {people.get(filters.owner_id, '已离开的同事')}" if filters.owner_id else "未分配负责人"
    if filters.tag:
        yield f"标签 {filters.tag}"
    if filters.words:
        yield f"单号或商品含「{filters.words}」"
    if filters.least_fen:
        yield f"退款不少于 {money_text(filters.least_fen)} 元"
    if filters.older_days:
        yield f"申请超过 {filters.older_days} 天"
