"""Photos of an order's conversation that its buyer sent: chosen for an application instead of being taken again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal.applications import drafts
from portal.evidence import copies
from portal.extensions import db
from portal.models import Conversation, Draft, Evidence, Message, Order

MOST_OFFERED = 24  # the newest


def list_photos(order: Order) -> Sequence[Evidence]:
    """The newest photos that the buyer sent in the order's conversation and that no draft has, newest first."""
    on_draft = (
        select(Evidence.sha256)
        .join(Draft, (Draft.id == Evidence.draft_id) & (Draft.shop_id == Evidence.shop_id))
        .where(Draft.order_id == order.id, Draft.shop_id == order.shop_id, Evidence.shop_id == order.shop_id)
    )
    return db.session.scalars(
        select(Evidence)
        .join(Message, (Message.id == Evidence.message_id) & (Message.shop_id == Evidence.shop_id))
        .join(Conversation, (Conversation.id == Message.conversation_id) & (Conversation.shop_id == Message.shop_id))
        .where(
            Conversation.order_id == order.id,
            Conversation.shop_id == order.shop_id,
            Evidence.shop_id == order.shop_id,
            Evidence.owner_id == order.buyer_id,
            Message.side == "buyer",
            Evidence.sha256.not_in(on_draft),
        )
        .order_by(Evidence.id.desc())
        .limit(MOST_OFFERED)
    ).all()


def add_photos(draft: Draft, public_ids: Sequence[str], now: datetime) -> int:
    """Put the chosen ones on the draft, in the order they were sent; returns how many found no room."""
    if not public_ids:
        return 0
    order = db.session.get_one(Order, (draft.order_id, draft.shop_id))
    chosen = {photo.sha256: photo for photo in list_photos(order) if photo.public_id in public_ids}
    added = list(reversed(chosen.values()))[: drafts.count_room(draft)]
    copies.copy_photos(added, shop_id=draft.shop_id, owner_id=draft.buyer_id, now=now, draft_id=draft.id)
    return len(chosen) - len(added)
