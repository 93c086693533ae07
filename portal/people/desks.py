"""Whose desk somebody sees who works in more than one shop: in their own and in another's."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, select, text, update

from portal.extensions import db
from portal.models import Case, Shop, Staff
from portal.models.cases import OPEN
from portal.notices import notices


def list_desks(user_id: int) -> Sequence[Row[int, str, str, bool]]:
    """The shops that this person works in, their own first: shop_id, name, role, and which desk is ``current``."""
    return db.session.execute(
        select(Staff.shop_id, Shop.name, Staff.role, Staff.current)
        .join(Shop, Shop.id == Staff.shop_id)
        .where(Staff.user_id == user_id)
        .order_by(Staff.role != "owner", Staff.shop_id)
    ).all()


def choose_desk(user_id: int, shop_id: int) -> bool:
    """This person sees the desk of that shop from now on; False when they don't work there. Inside ``writing()``."""
    if db.session.get(Staff, (user_id, shop_id)) is None:
        return False
    mine = update(Staff).where(Staff.user_id == user_id).execution_options(synchronize_session="fetch")
    db.session.execute(mine.where(Staff.shop_id != shop_id, Staff.current).values(current=False))
    db.session.execute(mine.where(Staff.shop_id == shop_id).values(current=True))
    notices.bump_unread(user_id)
    return True


def add_staff(user_id: int, shop_id: int, role: str) -> None:
    """Somebody works in a shop. The desk that they see stays the one they saw. Inside ``writing()``."""
    seen = db.session.scalar(select(Staff.shop_id).where(Staff.user_id == user_id, Staff.current))
    db.session.add(Staff(user_id=user_id, shop_id=shop_id, role=role, current=seen is None))
    db.session.flush()


def return_to_other(user_id: int) -> None:
    """Somebody left a shop: where they still work, they see a desk. Inside ``writing()``."""
    left = list_desks(user_id)
    if left and not any(each.current for each in left):
        choose_desk(user_id, left[0].shop_id)


def find_employer(user_id: int) -> int | None:
    """The shop of another in which this person works."""
    return db.session.scalar(select(Staff.shop_id).where(Staff.user_id == user_id, Staff.role != "owner"))


def release_cases(shop_id: int, user_id: int) -> None:
    """Nobody looks after the open cases of somebody who can't any more: they show as 未分配. Inside ``writing()``."""
    db.session.execute(
        update(Case)
        .where(Case.shop_id == shop_id, Case.owner_id == user_id, text(OPEN))
        .values(owner_id=None)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(Shop)
        .where(Shop.id == shop_id)
        .values(version=Shop.version + 1)
        .execution_options(synchronize_session=False)
    )
