"""Which mediators may decide: none that is related to one of the parties."""

from __future__ import annotations

from sqlalchemy import Select, func, or_, select

from portal.extensions import db
from portal.models import Mediation, Shop, Staff, User


def _shops_of(buyer_id: int, shop_id: int) -> Select[int]:
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


def choose_decider(buyer_id: int, shop_id: int, but_not: int | None = None) -> int | None:
    """Who gets a case to decide: of those related to neither side the one with the fewest at hand; None: nobody."""
    able = [user_id for user_id in deciders(buyer_id, shop_id) if user_id != but_not]
    if not able:
        return None
    open_now = dict(
        db.session.execute(
            select(Mediation.mediator_id, func.count())
            .where(Mediation.mediator_id.in_(able))
            .group_by(Mediation.mediator_id)
        ).all()
    )
    return min(able, key=lambda user_id: (open_now.get(user_id, 0), user_id))


def find_decider(case_id: int, shop_id: int) -> int | None:
    """Who has a case to decide; None: nobody, or no mediation is open."""
    of_case = (Mediation.case_id == case_id, Mediation.shop_id == shop_id)
    return db.session.scalar(select(Mediation.mediator_id).where(*of_case))


def may_decide(user_id: int, buyer_id: int, shop_id: int) -> bool:
    """Whether this person decides for the platform and has to do with neither side."""
    if user_id == buyer_id or not db.session.scalar(select(User.mediator).where(User.id == user_id)):
        return False
    related = select(Staff.user_id).where(Staff.user_id == user_id, Staff.shop_id.in_(_shops_of(buyer_id, shop_id)))
    return db.session.scalar(related.limit(1)) is None
