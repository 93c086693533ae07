"""Conversations in which a buyer waits for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, select, tuple_

from portal.extensions import db
from portal.models import Conversation, Order, User
from portal.prepared import Prepared


def list_waiting(
    shop_id: int, size: int = 30, after: tuple[datetime, int] | None = None
) -> tuple[Sequence[Any], tuple[datetime, int] | None]:
    """Conversations in which the buyer waits for an answer, the longest wait first, and the key of the next page."""
    query = (
        select(
            Conversation.id,
            Conversation.waiting_since,
            Conversation.last_words,
            Conversation.last_at,
            Conversation.seller_unread,
            Order.order_no,
            User.member_name.label("buyer"),
        )
        .join(Order, and_(Order.id == Conversation.order_id, Order.shop_id == Conversation.shop_id))
        .join(User, User.id == Conversation.buyer_id)
        .where(Conversation.shop_id == shop_id, Conversation.waiting_since.is_not(None))
        .order_by(Conversation.waiting_since, Conversation.id)
        .limit(size + 1)
    )
    if after is not None:
        query = query.where(tuple_(Conversation.waiting_since, Conversation.id) > tuple_(*after))
    rows = db.session.execute(query).all()
    if len(rows) <= size:
        return rows, None
    return rows[:size], (rows[size - 1].waiting_since, rows[size - 1].id)


_UNANSWERED = select(Conversation.id).where(
    Conversation.shop_id == bindparam("shop_id"), Conversation.waiting_since.is_not(None)
)
_IN_TURN = _UNANSWERED.order_by(Conversation.waiting_since).limit(bindparam("most")).subquery()
_COUNT_UNANSWERED = Prepared(select(func.count()).select_from(_IN_TURN))


def count_unanswered(shop_id: int, most: int) -> int:
    """In how many conversations the buyer waits for an answer, counted to ``most``."""
    return int(_COUNT_UNANSWERED.find_value(shop_id=shop_id, most=most))
