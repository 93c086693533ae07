"""Which mediators may decide: none that is related to one of the parties."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select

from portal.extensions import db
from portal.models import Shop, Staff, User


def _shops_of(buyer_id: int, shop_id: int) -> Any:
    """The shops of both sides: the one that sold it, those that the buyer owns or works in."""
    works = select(Staff.shop_id).where(Staff.user_id == buyer_id)
    return select(Shop.id).where(or_(Shop.id == shop_id, Shop.owner_id == buyer_id, Shop.id.in_(works)))


def deciders(buyer_id: int, shop_id: int) -> list[int]:
    """The user ids of those who may decide between this buyer and this shop."""
    related = select(Staff.user_id).where(Staff.shop_id.in_(_shops_of(buyer_id, shop_id)))
    query = select(User.id).where(
        User.mediator, User.disabled_at.is_(None), User.id != buyer_id, User.id.not_in(related)
    )
    return list(db.session.scalars(query.order_by(User.id)))


def may_decide(user_id: int, buyer_id: int, shop_id: int) -> bool:
    """Whether this person decides for the platform and has to do with neither side."""
    if user_id == buyer_id or not db.session.scalar(select(User.mediator).where(User.id == user_id)):
        return False
    related = select(Staff.user_id).where(Staff.user_id == user_id, Staff.shop_id.in_(_shops_of(buyer_id, shop_id)))
    return db.session.scalar(related.limit(1)) is None
