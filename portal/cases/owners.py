"""Who of the shop looks after a case: whoever answers it first, whom it is handed to, or whose turn it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, bindparam, func, select, text, update

from portal.cases.effects.step_context import ActedBy
from portal.extensions import db
from portal.flow import Actor, StepRefused
from portal.models import Case, Shop, Staff, StaffNote, User
from portal.models.cases import OPEN
from portal.notices import beside_steps
from portal.people import roles

_of_person = (
    select(func.count(Case.id))
    .where(Case.shop_id == bindparam("shop_id"), Case.owner_id == Staff.user_id, text(OPEN))
    .correlate(Staff)
    .scalar_subquery()
)
_NEXT = (
    select(Staff.user_id)
    .join(User, User.id == Staff.user_id)
    .where(Staff.shop_id == bindparam("shop_id"), Staff.role == "agent", User.disabled_at.is_(None))
    .where(Staff.user_id != bindparam("buyer_id"))
    .order_by(_of_person, Staff.user_id)
    .limit(1)
)


def find_next(shop_id: int, buyer_id: int) -> int | None:
    """The 客服 with the fewest open cases, where the shop shares new ones out; None: whoever answers takes it."""
    if not db.session.scalar(select(Shop.shares_out).where(Shop.id == shop_id)):
        return None
    return db.session.scalar(_NEXT, {"shop_id": shop_id, "buyer_id": buyer_id})


def find_first(case: Case, by: ActedBy) -> int | None:
    """Who looks after a new case: as that which it came out of, who applied for the buyer, or whose turn it is."""
    if case.parent_id is not None:
        above = select(Case.owner_id).where(Case.id == case.parent_id, Case.shop_id == case.shop_id)
        return db.session.scalar(above)
    if by.actor is Actor.SELLER and by.user_id is not None and not by.whence:
        mine = select(Staff.role).where(Staff.user_id == by.user_id, Staff.shop_id == case.shop_id)
        if roles.may_own(db.session.scalar(mine) or ""):
            return by.user_id
    return find_next(case.shop_id, case.buyer_id)


def take_up(case: Case, by: ActedBy, role: str) -> None:
    """Who answers a case that nobody looks after looks after it. ``case`` is locked."""
    if case.owner_id is None and not by.whence and roles.may_own(role):
        case.owner_id = by.user_id
        db.session.flush()


def take_up_of_order(shop_id: int, order_id: int, user_id: int) -> None:
    """Likewise of an answer in the conversation: the order's open cases that nobody looks after."""
    db.session.execute(
        update(Case)
        .where(Case.shop_id == shop_id, Case.order_id == order_id, Case.owner_id.is_(None), text(OPEN))
        .where(Case.buyer_id != user_id)
        .values(owner_id=user_id)
        .execution_options(synchronize_session=False)
    )


def list_colleagues(shop_id: int) -> Sequence[Row[int, str, str]]:
    """Who works in the shop and may sign in: user_id, role, member_name, by name."""
    return db.session.execute(
        select(Staff.user_id, Staff.role, User.member_name)
        .join(User, User.id == Staff.user_id)
        .where(Staff.shop_id == shop_id, User.disabled_at.is_(None))
        .order_by(User.member_name)
    ).all()


def sees(role: str, case: Case) -> bool:
    """Whether a colleague in this role may open the case as it stands."""
    return roles.may_see_case(role, case.state, money=case.entry_count > 0)


def may_receive(user_id: int, role: str, case: Case) -> bool:
    """Whether this case can be handed to a colleague: who may open it and isn't its buyer."""
    return user_id != case.buyer_id and sees(role, case)


def hand_over(case: Case, to_id: int, *, by: ActedBy, words: str, now: datetime) -> None:
    """转交: another one looks after the case, and is told with a line. ``case`` is locked; inside ``writing()``.

    Raises StepRefused when that one can't open it.
    """
    receiver = next((each for each in list_colleagues(case.shop_id) if each.user_id == to_id), None)
    if receiver is None or not may_receive(to_id, receiver.role, case):
        raise StepRefused("这位同事不能处理这张售后单，请选择其他同事")
    case.owner_id = to_id
    note = StaffNote(
        shop_id=case.shop_id,
        case_id=case.id,
        user_id=by.user_id,
        author=by.name,
        kind="hand_over",
        to_id=to_id,
        receiver=receiver.member_name,
        words=words,
        at=now,
    )
    db.session.add(note)
    db.session.flush()
    if to_id != by.user_id:
        said = f"「{case.goods}」由您负责了" + (f"：{words}" if words else "。")
        beside_steps.tell_colleague(
            case, to_id, kind="hand_over", title=f"{by.name} 把售后单转交给您", body=said, at=now, key=str(note.id)
        )
    show_change(case.shop_id)


def show_change(shop_id: int) -> None:
    """The shop's lists show something new."""
    db.session.execute(
        update(Shop)
        .where(Shop.id == shop_id)
        .values(version=Shop.version + 1)
        .execution_options(synchronize_session=False)
    )
