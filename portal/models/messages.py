"""Conversations between a buyer and a shop, one for each order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.models.keys import ShopRow, refer


def _only(words: str) -> dict[str, Any]:
    return {"sqlite_where": text(words), "postgresql_where": text(words)}


class Conversation(ShopRow, Model):
    """The conversation about one order, with what each side has not read yet."""

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("order_id", "shop_id"),
        refer("order_id", "orders"),
        CheckConstraint("buyer_unread >= 0 AND seller_unread >= 0", name="unread"),
        Index("ix_conversations_buyer", "buyer_id", "last_message_id"),
        Index("ix_conversations_shop", "shop_id", "last_message_id"),
        Index(
            "ix_conversations_buyer_unread",
            "buyer_id",
            sqlite_where=text("buyer_unread > 0"),
            postgresql_where=text("buyer_unread > 0"),
        ),
        Index(
            "ix_conversations_shop_unread",
            "shop_id",
            sqlite_where=text("seller_unread > 0"),
            postgresql_where=text("seller_unread > 0"),
        ),
        Index("ix_conversations_waiting", "shop_id", "waiting_since", "id", **_only("waiting_since IS NOT NULL")),
    )

    order_id: Mapped[int]
    buyer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    last_at: Mapped[datetime]
    last_words: Mapped[str] = mapped_column(String(120), default="")
    last_message_id: Mapped[int] = mapped_column(default=0)
    buyer_unread: Mapped[int] = mapped_column(default=0)
    seller_unread: Mapped[int] = mapped_column(default=0)
    buyer_read_id: Mapped[int] = mapped_column(default=0)  # newest message that side has seen
    seller_read_id: Mapped[int] = mapped_column(default=0)
    waiting_since: Mapped[datetime | None]  # when the buyer said the first thing that the shop hasn't answered


class Message(ShopRow, Model):
    """One message. ``side`` is who said it; a system line belongs to nobody."""

    __tablename__ = "messages"
    __table_args__ = (
        refer("conversation_id", "conversations"),
        CheckConstraint("side IN ('buyer','seller','system')", name="side"),
        CheckConstraint("kind IN ('text','photo','order','draft','offer','case')", name="kind"),
        Index("ix_messages_conversation_id", "conversation_id", "id"),
    )

    conversation_id: Mapped[int]
    side: Mapped[str] = mapped_column(String(6))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(8), default="text")
    words: Mapped[str] = mapped_column(Text, default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]
