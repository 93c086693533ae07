"""消息 of a buyer: a row for each shop, with the order that was talked about last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, select

from portal.extensions import db
from portal.models import Conversation, Order, OrderLine, Shop

_GOODS = (
    select(OrderLine.title)
    .where(OrderLine.order_id == Order.id, OrderLine.shop_id == Order.shop_id, OrderLine.position == 1)
    .limit(1)
    .scalar_subquery()
    .label("goods")
)
_OF_ORDER = and_(Order.id == Conversation.order_id, Order.shop_id == Conversation.shop_id)


def list_shops(buyer_id: int, *, size: int, skip: int | None = None) -> Sequence[Row[Any]]:
    """The shops that a buyer talks with, the newest first, those before message ``skip``; one more than ``size``."""
    newest = func.max(Conversation.last_message_id)
    query = (
        select(
            Conversation.shop_id,
            newest.label("last"),
            func.sum(Conversation.buyer_unread).label("unread"),
            func.count().label("talks"),
        )
        .join(Order, _OF_ORDER)
        .where(Conversation.buyer_id == bindparam("buyer_id"), Order.shown)
        .group_by(Conversation.shop_id)
    )
    if skip is not None:
        query = query.having(newest < skip)
    shops = query.order_by(newest.desc()).limit(size + 1).subquery()
    return db.session.execute(
        select(shops.c.unread.label("buyer_unread"), shops.c.talks, *_columns())
        .join(
            Conversation,
            and_(Conversation.shop_id == shops.c.shop_id, Conversation.last_message_id == shops.c.last),
        )
        .join(Order, _OF_ORDER)
        .join(Shop, Shop.id == Conversation.shop_id)
        .where(Conversation.buyer_id == bindparam("buyer_id"))
        .order_by(Conversation.last_message_id.desc()),
        {"buyer_id": buyer_id},
    ).all()


def list_orders(buyer_id: int, shop_id: int, *, size: int, skip: int | None = None) -> Sequence[Any]:
    """The orders that a buyer talked about with one shop, the newest first; one more than ``size``."""
    query = (
        select(Conversation.buyer_unread, *_columns())
        .join(Order, _OF_ORDER)
        .join(Shop, Shop.id == Conversation.shop_id)
        .where(Conversation.buyer_id == buyer_id, Conversation.shop_id == shop_id, Order.shown)
        .order_by(Conversation.last_message_id.desc())
        .limit(size + 1)
    )
    if skip is not None:
        query = query.where(Conversation.last_message_id < skip)
    return db.session.execute(query).all()


def _columns() -> tuple[Any, ...]:
    return (
        Conversation.last_message_id,
        Conversation.last_at,
        Conversation.last_words,
        Order.order_no,
        Order.shop_id,
        Order.contested,
        Shop.name.label("shop"),
        _GOODS,
    )
