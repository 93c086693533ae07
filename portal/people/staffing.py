"""Who works in a shop, in which role, and from which sum a second person approves."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, delete, select, update

from portal.extensions import db
from portal.models import Export, MoneyEntry, Shop, Staff, User
from portal.notices import notices, reading
from portal.people import desks, roles
from portal.people.accounts import AccountRefused


def find_staff(shop_id: int) -> Sequence[Row[int, str, str, str]]:
    """Who works in a shop: the owner first, then in the order of 会员名."""
    return db.session.execute(
        select(Staff.user_id, Staff.role, User.member_name, User.company_name)
        .join(User, User.id == Staff.user_id)
        .where(Staff.shop_id == shop_id)
        .order_by(Staff.role != "owner", User.member_name)
    ).all()


def list_colleagues(shop_id: int, *, but: int = 0) -> list[tuple[int, str]]:
    """Who of a shop talks with customers, but for one of them: (user id, 会员名)."""
    return [
        (row.user_id, row.member_name)
        for row in find_staff(shop_id)
        if row.user_id != but and roles.may_open(row.role, "contact")
    ]


def is_staff_of(user_id: int, shop_id: int) -> bool:
    """Whether this person works in this shop."""
    return db.session.get(Staff, (user_id, shop_id)) is not None


def change_role(shop_id: int, user_id: int, role: str) -> None:
    """Give somebody of the shop another role. Raises AccountRefused; inside ``writing()``."""
    person = _employee(shop_id, user_id)
    check_role(role)
    if role not in roles.APPROVERS:
        _check_approvals(shop_id, user_id)
    person.role = role
    db.session.flush()
    _forget_exports(shop_id, user_id)
    if not roles.may_own(role):
        desks.release_cases(shop_id, user_id)
    if not roles.may_see_money(role):
        reading.forget_shop(user_id, shop_id)  # they told of sums, and of cases that this role may not open
    notices.bump_unread(user_id)


def remove_staff(shop_id: int, user_id: int) -> None:
    """Somebody works in the shop no longer. Raises AccountRefused; inside ``writing()``."""
    person = _employee(shop_id, user_id)
    _check_approvals(shop_id, user_id)
    db.session.delete(person)
    db.session.flush()
    _forget_exports(shop_id, user_id)
    desks.release_cases(shop_id, user_id)
    desks.return_to_other(user_id)
    reading.forget_shop(user_id, shop_id)


def _forget_exports(shop_id: int, user_id: int) -> None:
    """Files that somebody had made as what they were here: with sums and cases that they may see no more."""
    db.session.execute(
        delete(Export)
        .where(Export.shop_id == shop_id, Export.user_id == user_id)
        .execution_options(synchronize_session=False)
    )


def shares_out(shop_id: int) -> bool:
    """Whether new cases of this shop go round among its 客服."""
    return bool(db.session.scalar(select(Shop.shares_out).where(Shop.id == shop_id)))


def set_sharing_out(shop_id: int, on: bool) -> None:
    """From now on new cases go round, or wait for who takes them. Inside ``writing()``."""
    db.session.execute(update(Shop).where(Shop.id == shop_id).values(shares_out=on))


def _employee(shop_id: int, user_id: int) -> Staff:
    person = db.session.get(Staff, (user_id, shop_id))
    if person is None:
        raise AccountRefused("这位员工已经不在本店，页面显示的是最新状态")
    if person.role == "owner":
        raise AccountRefused("店主的职责不能修改，也不能移除")
    return person


def check_role(role: str) -> None:
    if role not in roles.ROLES or role == "owner":
        raise AccountRefused("请选择职责")


def find_approvers(shop_id: int) -> set[int]:
    """Who of a shop can check payments of others now."""
    able = select(Staff.user_id).join(User, User.id == Staff.user_id).where(User.disabled_at.is_(None))
    return set(db.session.scalars(able.where(Staff.shop_id == shop_id, Staff.role.in_(roles.APPROVERS))))


def _check_approvals(shop_id: int, without: int) -> None:
    """Nobody goes while payments wait that only they could check."""
    able = find_approvers(shop_id)
    if without not in able:
        return
    proposers = db.session.scalars(
        select(MoneyEntry.made_by).where(MoneyEntry.shop_id == shop_id, MoneyEntry.state == "waiting").distinct()
    ).all()
    if any(not able - {without, proposer} for proposer in proposers):
        raise AccountRefused("还有待复核的款项只能由这位同事复核，请先复核完，或先添加另一位财务")


def approval_limit(shop_id: int) -> int:
    """Payments above this (分) wait for a second person."""
    return int(db.session.scalar(select(Shop.approval_fen).where(Shop.id == shop_id)) or 0)


def set_approval_limit(shop_id: int, fen: int) -> None:
    """Set the limit for payments planned from now on. Inside ``writing()``."""
    db.session.execute(update(Shop).where(Shop.id == shop_id).values(approval_fen=fen))
