"""Working in a shop needs the person's yes: invitations by 会员名, their answers, and leaving again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Row, func, select, update

from portal.extensions import db
from portal.inputs import fold_member, member_key
from portal.models import Invitation, Shop, User
from portal.notices import notices
from portal.people import accounts, desks, roles, staffing

INVITED_FOR = timedelta(days=14)


def invite(shop_id: int, member_name: str, role: str, *, by: int, now: datetime) -> None:
    """Ask somebody to work in a shop. The same for members and for names that nobody has. Raises AccountRefused.

    Inside ``writing()``.
    """
    staffing.check_role(role)
    user = accounts.find_named(member_name)
    if user is None or user.member_name != member_name:
        member_name = fold_member(member_name)
    if user is not None and staffing.is_staff_of(user.id, shop_id):
        raise accounts.AccountRefused(f"{user.member_name} 已经是本店的员工，可以在上面修改职责")
    asked = select(Invitation).where(Invitation.shop_id == shop_id, Invitation.answer == "").order_by(Invitation.id)
    alike = [each for each in db.session.scalars(asked) if _is_same(each.member_name, member_name, user)]
    found = alike[0] if alike else None
    if found is not None and found.role != role:  # a yes to the other role, on a page left open, is none to this one
        found.answer, found.answered_at, member_name, found = "withdrawn", now, found.member_name, None
        db.session.flush()
    if found is not None:
        found.made_by, found.made_at = by, now
    else:
        db.session.add(Invitation(shop_id=shop_id, member_name=member_name, role=role, made_by=by, made_at=now))
    db.session.flush()
    if user is not None and user.password_hash is not None and user.disabled_at is None:
        shop = db.session.get_one(Shop, shop_id)
        said = f"「{shop.name}」邀请您以「{roles.ROLES[role]}」的身份加入店铺，请在「我的 → 账号与安全」里同意或谢绝。"
        accounts.tell(user.id, f"「{shop.name}」邀请您加入店铺", said, now)


def _is_same(asked: str, name: str, user: User | None) -> bool:
    """Whether an invitation to ``asked`` is one to ``name``, which is this member's if it is anybody's."""
    if asked == name or member_key(asked) != member_key(name):
        return asked == name
    meant = accounts.find_named(asked)
    return (meant.id if meant else 0) == (user.id if user else 0)


def invitations_of_shop(shop_id: int, now: datetime) -> Sequence[Row[int, str, str, datetime]]:
    """Who was asked and hasn't answered, the newest first."""
    return db.session.execute(
        select(Invitation.id, Invitation.member_name, Invitation.role, Invitation.made_at)
        .where(Invitation.shop_id == shop_id, Invitation.answer == "", Invitation.made_at > now - INVITED_FOR)
        .order_by(Invitation.id.desc())
    ).all()


def invitations_of(member_name: str, now: datetime) -> Sequence[Row[int, str, datetime, str, str]]:
    """Which shops ask this person to work there, in whatever case they wrote the name."""
    named = (Invitation.member_name == member_name) | (func.lower(Invitation.member_name) == member_key(member_name))
    rows = db.session.execute(
        select(Invitation.id, Invitation.role, Invitation.made_at, Shop.name, Invitation.member_name)
        .join(Shop, Shop.id == Invitation.shop_id)
        .where(named, Invitation.answer == "", Invitation.made_at > now - INVITED_FOR)
        .order_by(Invitation.id)
    ).all()
    user = accounts.find_named(member_name) if any(row.member_name != member_name for row in rows) else None
    return [row for row in rows if _is_same(row.member_name, member_name, user)]


def answer_invitation(invitation_id: int, user_id: int, *, accepts: bool, now: datetime) -> None:
    """The person's yes or no. Raises AccountRefused. Inside ``writing()``."""
    user = db.session.get_one(User, user_id)
    found = db.session.get(Invitation, invitation_id, with_for_update=True)
    ended = found is None or bool(found.answer) or found.made_at <= now - INVITED_FOR
    if found is None or ended or not _is_same(found.member_name, user.member_name, user):
        raise accounts.AccountRefused("这份邀请已经失效，页面显示的是最新状态")
    if accepts:
        if user.mediator or user.operator:
            raise accounts.AccountRefused("平台客服和运营账号不能加入店铺")
        if desks.find_employer(user_id) is not None or staffing.is_staff_of(user_id, found.shop_id):
            raise accounts.AccountRefused("您已经在一家店铺工作，先离开那家店铺，才能接受新的邀请")
        desks.add_staff(user_id, found.shop_id, found.role)
    found.answer, found.answered_at = "accepted" if accepts else "declined", now
    db.session.flush()
    notices.bump_unread(user_id)
    owner = db.session.scalar(select(Shop.owner_id).where(Shop.id == found.shop_id))
    said = "接受了邀请，已经可以进入商家后台" if accepts else "谢绝了加入店铺的邀请"
    accounts.tell(
        int(owner or 0),
        f"{user.member_name} {'已加入店铺' if accepts else '谢绝了邀请'}",
        f"{user.member_name} {said}。",
        now,
    )


def withdraw_invitation(shop_id: int, invitation_id: int, now: datetime) -> None:
    """The shop asks no more. Inside ``writing()``."""
    db.session.execute(
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.shop_id == shop_id, Invitation.answer == "")
        .values(answer="withdrawn", answered_at=now)
    )


def leave(user_id: int, now: datetime) -> None:
    """Somebody leaves the shop of their own accord. Raises AccountRefused. Inside ``writing()``."""
    shop_id = desks.find_employer(user_id)
    if shop_id is None:
        raise accounts.AccountRefused("您已经不在店铺工作")
    staffing.remove_staff(shop_id, user_id)
    owner = db.session.scalar(select(Shop.owner_id).where(Shop.id == shop_id))
    name = db.session.get_one(User, user_id).member_name
    accounts.tell(int(owner or 0), f"{name} 已离开店铺", f"{name} 已离开店铺，不能再进入商家后台。", now)
