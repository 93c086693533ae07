"""How a shop packs: of each product, or of all others; since when, so that parcels are told apart by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Row, select, update

from portal.extensions import db
from portal.models import Packing, Shop, User

WAYS: Final[Mapping[str, str]] = {
    "bag": "快递袋",
    "bubble": "气泡袋",
    "carton": "纸箱",
    "padded": "纸箱加缓冲",
    "maker": "原厂包装",
    "wood": "木架或木箱",
    "other": "其他包装",
}
UNKNOWN: Final = "没有登记"
MIXED: Final = "几种包装"
SHOWN: Final = 10  # of a history


def name_way(way: str) -> str:
    """What a way of packing is called; "" where none is recorded."""
    return WAYS.get(way, UNKNOWN)


def find_way(shop_id: int, product_id: int | None) -> str:
    """How this product is packed now; ``product_id`` None: how all others are."""
    still = select(Packing.way).where(Packing.shop_id == shop_id, _is_of(product_id), Packing.until_at.is_(None))
    return db.session.scalar(still) or ""


def set_way(shop_id: int, product_id: int | None, way: str, *, by: int, now: datetime) -> bool:
    """It is packed so from now on; returns whether that is new. Inside ``writing()``."""
    db.session.execute(  # one after the other: each closes what the other opened
        update(Shop)
        .where(Shop.id == shop_id)
        .values(version=Shop.version + 1)
        .execution_options(synchronize_session=False)
    )
    if find_way(shop_id, product_id) == way:
        return False
    db.session.execute(
        update(Packing)
        .where(Packing.shop_id == shop_id, _is_of(product_id), Packing.until_at.is_(None))
        .values(until_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.add(Packing(shop_id=shop_id, product_id=product_id, way=way, since_at=now, set_by=by))
    db.session.flush()
    return True


def list_history(shop_id: int, product_id: int | None) -> Sequence[Row[str, datetime, str]]:
    """Since when it was packed how and who said so, the newest first."""
    query = (
        select(Packing.way, Packing.since_at, User.member_name)
        .join(User, User.id == Packing.set_by)
        .where(Packing.shop_id == shop_id, _is_of(product_id))
    )
    return db.session.execute(query.order_by(Packing.since_at.desc(), Packing.id.desc()).limit(SHOWN)).all()


def _is_of(product_id: int | None) -> ColumnElement[bool]:
    return Packing.product_id.is_(None) if product_id is None else Packing.product_id == product_id
