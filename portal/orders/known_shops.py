"""Shops that a member knows. The orders of others stay hidden until the member says 是我买的, once for a shop.

A hidden order is nowhere for its buyer: in no list, count, search, notice or conversation; and no case is opened on it.
A yes can be taken back: orders with a case stay then, for nobody loses a right by it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, delete, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.columns import OrderHidden, OrderPlaced
from portal.extensions import db
from portal.models import Conversation, KnownShop, Order, OrderWatch, Shop, User
from portal.models.orders import HIDDEN
from portal.prepared import Prepared

PAGE = 20
MOST_COUNTED = 100
MOST_NAMED = 3  # orders of a new shop that are named
_PLAIN = re.compile(r"[0-9-]{6,40}")


class NewShop(NamedTuple):
    """A shop with orders of a member that are hidden: what the member may know of it before they decide."""

    shop_id: int
    name: str
    many: int  # at most MOST_COUNTED
    # The newest: number, and the row that says when it was placed (words.placed).
    orders: Sequence[tuple[str, OrderPlaced]]


def has_accepted(user_id: int, shop_id: int) -> bool:
    """Whether this member said yes to this shop, or it was said for them."""
    said = select(KnownShop.accepted).where(KnownShop.user_id == user_id, KnownShop.shop_id == shop_id)
    return bool(db.session.scalar(said))


def has_answered(user_id: int, shop_id: int) -> bool:
    """Whether this member, or somebody for them, said yes or no to this shop."""
    return db.session.get(KnownShop, (user_id, shop_id)) is not None


def has_orders(user_id: int, shop_id: int) -> bool:
    """Whether this shop has orders of this member, hidden or not."""
    mine = select(Order.id).where(Order.buyer_id == user_id, Order.shop_id == shop_id).limit(1)
    return db.session.scalar(mine) is not None


def find_accepted(pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Which of these (member, shop) know each other."""
    if not pairs:
        return set()
    members = sorted({user_id for user_id, _shop_id in pairs})
    shops = sorted({shop_id for _user_id, shop_id in pairs})
    rows = db.session.execute(
        select(KnownShop.user_id, KnownShop.shop_id).where(
            KnownShop.user_id.in_(members), KnownShop.shop_id.in_(shops), KnownShop.accepted
        )
    )
    return {(row.user_id, row.shop_id) for row in rows} & set(pairs)


def vouch(pairs: Collection[tuple[int, int]], now: datetime) -> None:
    """Say yes for members where whoever runs the portal knows that they bought there; what they said themselves stays.

    ``pairs``: (member, shop). Inside ``writing()``.
    """
    if not pairs:
        return
    answered = select(KnownShop.user_id, KnownShop.shop_id).where(
        KnownShop.user_id.in_(sorted({user_id for user_id, _shop_id in pairs})),
        KnownShop.shop_id.in_(sorted({shop_id for _user_id, shop_id in pairs})),
    )
    missing = set(pairs) - {(row.user_id, row.shop_id) for row in db.session.execute(answered)}
    if not missing:
        return
    dialect = db.session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    rows = [
        {"user_id": user_id, "shop_id": shop_id, "accepted": True, "source": "portal", "at": now}
        for user_id, shop_id in sorted(missing)
    ]
    db.session.execute(insert(KnownShop).on_conflict_do_nothing(), rows)
    for user_id, shop_id in sorted(missing):
        _show(user_id, shop_id)


def vouch_for_cases(user_id: int, now: datetime) -> None:
    """Somebody gets an account who had none: the shops with which they have orders with cases are theirs already."""
    shops = select(Order.shop_id).where(Order.buyer_id == user_id, text(HIDDEN), Order.case_count > 0).distinct()
    vouch({(user_id, shop_id) for shop_id in db.session.scalars(shops)}, now)


def answer(user_id: int, shop_id: int, *, accepts: bool, now: datetime) -> bool:
    """是我买的 or 不是我的, also where it was said otherwise before. False when this shop has no order of theirs.

    Inside ``writing()``.
    """
    if not has_orders(user_id, shop_id):
        return False
    known = db.session.get(KnownShop, (user_id, shop_id), with_for_update=True)
    if known is None:
        known = KnownShop(user_id=user_id, shop_id=shop_id, accepted=accepts, source="member", at=now)
        db.session.add(known)
    elif known.accepted != accepts:
        known.accepted, known.source, known.at = accepts, "member", now
    db.session.flush()
    (_show if accepts else _hide)(user_id, shop_id)
    db.session.execute(update(User).where(User.id == user_id).values(version=User.version + 1))
    return True


def _show(user_id: int, shop_id: int) -> None:
    mine = (Order.shop_id == shop_id, Order.buyer_id == user_id, text(HIDDEN))
    db.session.execute(update(Order).where(*mine).values(shown=True).execution_options(synchronize_session=False))


def _hide(user_id: int, shop_id: int) -> None:
    """Hide what has no case; what the shop had said about it is read, and nothing is told of its parcels."""
    mine = (Order.shop_id == shop_id, Order.buyer_id == user_id, Order.shown, Order.case_count == 0)
    db.session.execute(update(Order).where(*mine).values(shown=False).execution_options(synchronize_session=False))
    hidden = select(Order.id).where(Order.shop_id == shop_id, Order.buyer_id == user_id, text(HIDDEN))
    db.session.execute(
        update(Conversation)
        .where(Conversation.shop_id == shop_id, Conversation.order_id.in_(hidden))
        .values(buyer_unread=0, buyer_read_id=func.coalesce(Conversation.last_message_id, 0))
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        delete(OrderWatch)
        .where(OrderWatch.shop_id == shop_id, OrderWatch.order_id.in_(hidden))
        .execution_options(synchronize_session=False)
    )


def is_hidden(order: OrderHidden) -> bool:
    """Whether an order is hidden from a buyer who could see it: one with an account.

    Who has none meets their order by a link, for which they proved number and telephone.
    """
    if order.shown:
        return False
    return db.session.scalar(select(User.password_hash).where(User.id == order.buyer_id)) is not None


def _asked(user_id: object) -> Select[int]:
    """The shops with hidden orders of this member that wait for an answer."""
    answered = select(KnownShop.shop_id).where(KnownShop.user_id == user_id, KnownShop.shop_id == Order.shop_id)
    return select(Order.shop_id).where(Order.buyer_id == user_id, text(HIDDEN), ~answered.exists()).distinct()


_COUNT_NEW = Prepared(select(func.count()).select_from(_asked(bindparam("user_id")).limit(MOST_COUNTED).subquery()))


def count_new(user_id: int) -> int:
    """How many shops wait for this member's answer, at most MOST_COUNTED."""
    return int(_COUNT_NEW.find_value(user_id=user_id))


def list_new(user_id: int, after: int = 0) -> tuple[list[NewShop], int]:
    """One page of the shops that wait for an answer, and the shop after which the next page begins; 0: that was all."""
    asked = _asked(user_id).where(Order.shop_id > after).order_by(Order.shop_id).limit(PAGE + 1)
    ids = list(db.session.scalars(asked))
    names = {row.id: row.name for row in db.session.execute(select(Shop.id, Shop.name).where(Shop.id.in_(ids[:PAGE])))}
    found = [_describe(user_id, shop_id, names[shop_id]) for shop_id in ids[:PAGE]]
    return found, ids[PAGE - 1] if len(ids) > PAGE else 0


def _describe(user_id: int, shop_id: int, name: str) -> NewShop:
    hidden = select(Order.order_no, Order.ordered_at, Order.imported_at).where(
        Order.buyer_id == user_id, Order.shop_id == shop_id, text(HIDDEN)
    )
    newest = db.session.execute(hidden.order_by(Order.ordered_at.desc()).limit(MOST_NAMED)).all()
    count = db.session.scalar(select(func.count()).select_from(hidden.limit(MOST_COUNTED).subquery())) or 0
    # A number could carry words of the shop: only digits are shown.
    orders = [(row.order_no if _PLAIN.fullmatch(row.order_no) else "", row) for row in newest]
    return NewShop(shop_id, name, int(count), orders)


def list_answered(user_id: int, after: int = 0) -> tuple[Sequence[Any], int]:
    """One page of the shops that this member has answered about, and where the next one begins; 0: that was all."""
    rows = db.session.execute(
        select(KnownShop.shop_id, KnownShop.accepted, KnownShop.source, KnownShop.at, Shop.name)
        .join(Shop, Shop.id == KnownShop.shop_id)
        .where(KnownShop.user_id == user_id, KnownShop.shop_id > after)
        .order_by(KnownShop.shop_id)
        .limit(PAGE + 1)
    ).all()
    return rows[:PAGE], rows[PAGE - 1].shop_id if len(rows) > PAGE else 0
