"""Accounts, passwords, shops and server-side sessions that can be revoked."""

from __future__ import annotations

import secrets
import threading
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select, update

from portal.extensions import db, writing
from portal.inputs import member_key
from portal.models import PasswordLink, Shop, User
from portal.notices import beside_steps
from portal.people import desks, passwords
from portal.people.sessions import hash_token, sign_out_others
from portal.rights import policies

LINK_FOR = timedelta(minutes=30)  # how long a link that sets a new password opens


_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's minimum for argon2id


_at_once = threading.BoundedSemaphore(4)  # each hash takes 19 MiB


_nobody = _hasher.hash(secrets.token_hex(16))  # verified when there is no such account, so that the time tells nothing


class AccountRefused(ValueError):
    """An account can't be made or changed; ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def check_password(text: str, *names: str) -> None:
    """Raises AccountRefused for a password that is too short, too long or easily guessed; ``names`` of its owner."""
    try:
        passwords.check(text, *names)
    except passwords.PasswordRefused as refused:
        raise AccountRefused(refused.sentence) from None


def hash_password(text: str) -> str:
    """An argon2id hash; at most four at once in a process."""
    with _at_once:
        return _hasher.hash(text)


def is_taken(member_name: str) -> bool:
    """Whether somebody has this name, in whatever case."""
    alike = (User.member_name == member_name) | (User.member_key == member_key(member_name))
    known = db.session.scalars(select(User.member_name).where(alike))  # PostgreSQL's lower() knows more letters
    return any(member_key(name) == member_key(member_name) for name in known)


def find_named(member_name: str) -> User | None:
    """Who is meant by a name that somebody typed: who has exactly this name, else the only one in another case."""
    alike = (User.member_name == member_name) | (User.member_key == member_key(member_name))
    found = [user for user in db.session.scalars(select(User).where(alike)) if _is_alike(user.member_name, member_name)]
    exact = [user for user in found if user.member_name == member_name]
    return exact[0] if exact else found[0] if len(found) == 1 else None


def _is_alike(name: str, other: str) -> bool:
    return member_key(name) == member_key(other)


def create_user(
    member_name: str,
    *,
    now: datetime,
    company_name: str = "",
    password: str | None = None,
    weak_ok: bool = False,
    mediator: bool = False,
    operator: bool = False,
) -> User:
    """A new account; without a password it is dormant. ``mediator``: decides for the platform (平台介入); ``operator``:
    keeps the calendar and the public rules (运营).

    Raises AccountRefused for a taken name or a poor password.
    """
    if is_taken(member_name):
        raise AccountRefused(f"会员名 {member_name} 已被使用")
    if password is not None and not weak_ok:
        check_password(password, member_name, company_name)
    user = User(
        member_name=member_name,
        company_name=company_name,
        password_hash=None if password is None else hash_password(password),
        created_at=now,
        mediator=mediator,
        operator=operator,
    )
    db.session.add(user)
    db.session.flush()
    return user


def create_shop(owner: User, name: str, now: datetime) -> Shop:
    """A shop with its owner and the default policy. Raises AccountRefused when this person has one already.

    Who works for another shop may have an own one beside.
    """
    if db.session.scalar(select(Shop.id).where(Shop.owner_id == owner.id)):
        raise AccountRefused(f"{owner.member_name} 已经有店铺")
    shop = Shop(name=name, owner_id=owner.id, created_at=now)
    db.session.add(shop)
    db.session.flush()
    desks.add_staff(owner.id, shop.id, "owner")
    policies.begin_first(shop.id, now)
    return shop


def verify_password(member_name: str, password: str) -> User | None:
    """The account that this name, in whatever case, and password open, or None; takes the same time without one."""
    user = find_named(member_name)
    known = user is not None and user.password_hash is not None and user.disabled_at is None
    stored = user.password_hash if user is not None and user.password_hash and known else _nobody
    with _at_once:
        try:
            _hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return None
    if user is None or not known:
        return None
    if _hasher.check_needs_rehash(stored):  # made with other parameters than today's
        renewed = hash_password(password)
        with writing():
            db.session.execute(
                update(User).where(User.id == user.id, User.password_hash == stored).values(password_hash=renewed)
            )
    return user


def set_password(user_id: int, text: str, *, now: datetime, keep: str = "") -> None:
    """A new password; all sessions end but the one to ``keep``, and the person is told. Raises AccountRefused.

    Inside ``writing()``.
    """
    user = db.session.get_one(User, user_id)
    check_password(text, user.member_name, user.company_name)
    user.password_hash, user.password_at = hash_password(text), now
    db.session.execute(
        update(PasswordLink).where(PasswordLink.user_id == user_id, PasswordLink.used_at.is_(None)).values(used_at=now)
    )
    sign_out_others(user_id, keep, now)
    tell(
        user_id,
        "密码已修改",
        "您的登录密码刚刚被修改，其他设备都已退出登录。不是您本人操作的，请联系平台客服停用账号。",
        now,
    )


def make_link(user_id: int, now: datetime) -> str:
    """The token of a link with which this person sets a new password, once; the ones before open no more.

    Inside ``writing()``.
    """
    db.session.execute(delete(PasswordLink).where(PasswordLink.user_id == user_id))
    token = secrets.token_urlsafe(32)
    db.session.add(PasswordLink(token_hash=hash_token(token), user_id=user_id, made_at=now, expires_at=now + LINK_FOR))
    db.session.flush()
    return token


def of_link(token: str, now: datetime) -> User | None:
    """Who may set a new password with this link now."""
    found = select(User).join(PasswordLink, PasswordLink.user_id == User.id)
    good = (PasswordLink.used_at.is_(None), PasswordLink.expires_at > now, User.disabled_at.is_(None))
    return db.session.scalars(found.where(PasswordLink.token_hash == hash_token(token), *good)).one_or_none()


def disable(user_id: int, now: datetime) -> None:
    """Nobody signs in to this account any more; its sessions and links end, its cases are nobody's.

    Inside ``writing()``.
    """
    db.session.execute(update(User).where(User.id == user_id, User.disabled_at.is_(None)).values(disabled_at=now))
    db.session.execute(delete(PasswordLink).where(PasswordLink.user_id == user_id))
    sign_out_others(user_id, "", now)
    for desk in desks.list_desks(user_id):
        desks.release_cases(desk.shop_id, user_id)


def enable(user_id: int, now: datetime) -> None:
    """The account may be used again. Inside ``writing()``."""
    db.session.execute(update(User).where(User.id == user_id).values(disabled_at=None))
    tell(user_id, "账号已恢复", "您的账号已恢复使用，请检查登录设备，并考虑修改密码。", now)


RESET_ASKED = "有人申请重设您的密码", "平台已生成重设密码的链接。不是您本人申请的，请联系平台客服。"


FACTOR_RESET = "两步验证已重置", "平台已重置您的两步验证，请重新设置。不是您本人申请的，请联系平台客服。"


def tell(user_id: int, title: str, body: str, now: datetime) -> None:
    """Tell somebody of a change to the security of their account. Inside ``writing()``."""
    beside_steps.tell_of_account(user_id, title=title, body=body, at=now)
