"""Conversations about an order: saying something, what is new, and 「调换商品」."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, and_, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.evidence import evidence
from portal.extensions import db
from portal.models import Conversation, Evidence, Message, Order, Shop, User
from portal.orders import order_lists
from portal.orders.addresses import Addressed
from portal.prepared import Prepared
from portal.talk import card_numbers

PAGE = 50
WISH = "调换商品"
OWN = "您是这笔订单的买家，请由店里的另一位同事回复"
_AROUND = "【】[]「」『』()<>《》〈〉\"'“”‘’。.!,、~"
Side = Literal["buyer", "seller", "system"]

_NEW = (
    select(Message.id, Message.side, Message.kind, Message.words, Message.data, Message.at)
    .where(
        Message.conversation_id == bindparam("conversation_id"),
        Message.shop_id == bindparam("shop_id"),
        Message.id > bindparam("after"),
    )
    .order_by(Message.id)
    .limit(PAGE)
)


def wants_exchange(words: str) -> Literal["exact", "mentions"] | None:
    """Whether somebody sent just 「调换商品」 (brackets, width, spaces tolerated), or text that contains it."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", words))
    if plain.strip(_AROUND) == WISH:
        return "exact"
    return "mentions" if WISH in plain else None


def get_of_order(order: Order, now: datetime) -> Conversation:
    """The conversation about this order, begun when there is none; two at once get the same one."""
    dialect = db.session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = {"order_id": order.id, "buyer_id": order.buyer_id, "shop_id": order.shop_id, "last_at": now}
    db.session.execute(insert(Conversation).values(row).on_conflict_do_nothing())
    return db.session.scalars(
        select(Conversation).where(Conversation.order_id == order.id, Conversation.shop_id == order.shop_id)
    ).one()


def find_of_order(order_id: int, shop_id: int) -> Conversation | None:
    """The conversation about this order, if it has begun."""
    return db.session.scalars(
        select(Conversation).where(Conversation.order_id == order_id, Conversation.shop_id == shop_id)
    ).one_or_none()


def add_message(
    talk: Conversation,
    side: Side,
    user_id: int | None,
    words: str,
    *,
    now: datetime,
    photos: Sequence[str] = (),
    kind: str = "text",
    data: Mapping[str, object] | None = None,
    bump: bool = True,
) -> Message:
    """Write a message. What the speaker had not read is read now; the other side has one more unread.

    ``bump`` False: the caller tells both sides' lists, last of all and in the order that everybody keeps. Card numbers
    are hidden first: no message ever has one.
    """
    words = mask_cards(talk.order_id, words)
    message = Message(
        shop_id=talk.shop_id,
        conversation_id=talk.id,
        side=side,
        user_id=user_id,
        kind=kind,
        words=words,
        data=data or {},
        at=now,
    )
    db.session.add(message)
    db.session.flush()
    evidence.attach_to_message(
        photos, shop_id=talk.shop_id, owner_id=user_id or 0, message_id=message.id, order_id=talk.order_id
    )
    counts: dict[str, object] = {
        "last_at": now,
        "last_message_id": message.id,
        "last_words": (words or "[照片]")[:60],
    }
    if kind == "case":  # a step's card asks for no answer here: the case itself waits, and its notice was sent
        pass
    elif side == "buyer":
        counts |= {
            "seller_unread": Conversation.seller_unread + 1,
            "buyer_unread": 0,
            "buyer_read_id": message.id,
            "waiting_since": func.coalesce(Conversation.waiting_since, now),
        }
    elif side == "seller":
        counts |= {
            "buyer_unread": Conversation.buyer_unread + 1,
            "seller_unread": 0,
            "seller_read_id": message.id,
            "waiting_since": None,
        }
    db.session.execute(
        update(Conversation)
        .where(Conversation.id == talk.id, Conversation.shop_id == talk.shop_id)
        .values(**counts)
        .execution_options(synchronize_session=False)
    )
    if bump:
        _bump(talk)
    return message


def mask_cards(order_id: int, words: str) -> str:
    """Words about an order with bank card numbers hidden; the order's own numbers stay."""
    found = card_numbers.find_numbers(words)
    return card_numbers.mask_numbers(words, order_lists.known_numbers(order_id, found)) if found else words


def mark_read(talk: Conversation, side: Side) -> None:
    """This side has seen everything."""
    mine = (
        {"buyer_unread": 0, "buyer_read_id": Conversation.last_message_id}
        if side == "buyer"
        else {"seller_unread": 0, "seller_read_id": Conversation.last_message_id}
    )
    db.session.execute(
        update(Conversation)
        .where(Conversation.id == talk.id, Conversation.shop_id == talk.shop_id)
        .values(**mine)
        .execution_options(synchronize_session=False)
    )
    _bump(talk)


def _bump(talk: Conversation) -> None:
    for kind, row_id in ((Shop, talk.shop_id), (User, talk.buyer_id)):
        db.session.execute(
            update(kind)
            .where(kind.id == row_id)
            .values(version=kind.version + 1)
            .execution_options(synchronize_session=False)
        )


def list_newer(conversation_id: int, shop_id: int, after: int) -> Sequence[Any]:
    """Messages after the one with this id, oldest first."""
    return db.session.execute(_NEW, {"conversation_id": conversation_id, "shop_id": shop_id, "after": after}).all()


_STANDS = select(Order.id, Order.shop_id, Conversation.id.label("talk_id"), Conversation.last_message_id).outerjoin(
    Conversation, and_(Conversation.order_id == Order.id, Conversation.shop_id == Order.shop_id)
)
_STANDS_OF_BUYER = Addressed(_STANDS)
_STANDS_OF_SHOP = Prepared(
    _STANDS.where(Order.order_no == bindparam("order_no"), Order.shop_id == bindparam("shop_id"))
)


def find_standing_of_buyer(address: str, buyer_id: int) -> Any:
    """For polls: (id, talk_id, last_message_id) of this buyer's order; None when it isn't theirs."""
    return _STANDS_OF_BUYER.find(address, buyer_id)


def find_standing_of_shop(order_no: str, shop_id: int | None) -> Any:
    """The same of this shop's order."""
    return _STANDS_OF_SHOP.find_row(order_no=order_no, shop_id=shop_id)


_LAST = Prepared(
    select(
        Message.id,
        Message.side,
        Message.kind,
        Message.words,
        Message.data,
        Message.at,
        Conversation.seller_unread,
        select(Evidence.id)
        .where(Evidence.message_id == Message.id, Evidence.shop_id == Message.shop_id)
        .exists()
        .label("has_photos"),
    )
    .join_from(
        Conversation, Message, (Message.conversation_id == Conversation.id) & (Message.shop_id == Conversation.shop_id)
    )
    .where(Conversation.order_id == bindparam("order_id"), Conversation.shop_id == bindparam("shop_id"))
    .order_by(Message.id.desc())
    .limit(bindparam("most"))
)


def load_last(order_id: int, shop_id: int, most: int) -> list[Any]:
    """The last few messages about an order, oldest first, each with whether it ``has_photos``."""
    return list(reversed(_LAST.list_rows(order_id=order_id, shop_id=shop_id, most=most)))


def load_with_unread(order_id: int, shop_id: int, most: int) -> tuple[list[Any], bool]:
    """The last few and all that the shop hasn't read, and whether it has unread ones and all of them are here."""
    said = load_last(order_id, shop_id, most)
    unread = said[-1].seller_unread if said else 0
    if unread > _count_of_buyer(said):
        said = load_last(order_id, shop_id, min(unread + most, PAGE))
    return said, 0 < unread <= _count_of_buyer(said)


def _count_of_buyer(said: Sequence[Any]) -> int:
    return sum(message.side == "buyer" for message in said)


def list_latest(conversation_id: int, shop_id: int, before: int | None = None) -> Sequence[Any]:
    """The newest messages, oldest first; ``before`` goes further back."""
    query = (
        select(Message.id, Message.side, Message.kind, Message.words, Message.data, Message.at)
        .join_from(
            Conversation,
            Message,
            and_(Message.conversation_id == Conversation.id, Message.shop_id == Conversation.shop_id),
        )
        .where(Conversation.id == conversation_id, Conversation.shop_id == shop_id)
        .order_by(Message.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(Message.id < before)
    return list(reversed(db.session.execute(query).all()))


def list_photos(shop_id: int, message_ids: Sequence[int]) -> dict[int | None, list[Row[int | None, str, str]]]:
    """Photos by message id."""
    found: dict[int | None, list[Row[int | None, str, str]]] = {}
    if message_ids:
        for row in db.session.execute(
            select(Evidence.message_id, Evidence.public_id, Evidence.taken_note).where(
                Evidence.message_id.in_(message_ids), Evidence.shop_id == shop_id
            )
        ):
            found.setdefault(row.message_id, []).append(row)
    return found


def list_of_person(
    *, buyer_id: int | None = None, shop_id: int | None = None, size: int = 30, skip: int | None = None
) -> Sequence[Any]:
    """Conversations of a buyer or a shop, the newest first, those before message ``skip``."""
    query = (
        select(
            Conversation.last_message_id,
            Conversation.last_at,
            Conversation.last_words,
            Conversation.buyer_unread,
            Conversation.seller_unread,
            Order.order_no,
            Order.shop_id,
            Order.contested,
            Shop.name.label("shop"),
            User.member_name.label("buyer"),
        )
        .join(Order, and_(Order.id == Conversation.order_id, Order.shop_id == Conversation.shop_id))
        .join(Shop, Shop.id == Conversation.shop_id)
        .join(User, User.id == Conversation.buyer_id)
        .order_by(Conversation.last_message_id.desc())
        .limit(size + 1)
    )
    if buyer_id is not None:
        query = query.where(Conversation.buyer_id == buyer_id, Order.shown)
    if shop_id is not None:
        query = query.where(Conversation.shop_id == shop_id)
    if skip is not None:
        query = query.where(Conversation.last_message_id < skip)
    return db.session.execute(query).all()
