"""Accounts, passwords, shops and server-side sessions that can be revoked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Integer, bindparam, delete, literal_column, select, update

from portal.extensions import PerApp, db, read, writing
from portal.models import (
    HalfSignIn,
    KeptForm,
    MoneyEntry,
    PasswordLink,
    Session,
    Shop,
    Staff,
    User,
)
from portal.notices import notices
from portal.people import passwords, roles
from portal.rights import policies

BUYER_IDLE, BUYER_LONGEST = timedelta(days=14), timedelta(days=30)
SELLER_IDLE, SELLER_LONGEST = timedelta(hours=2), timedelta(hours=12)
MEDIATOR_IDLE, MEDIATOR_LONGEST = timedelta(minutes=30), timedelta(hours=8)
PROVED_FOR = timedelta(minutes=5)  # how long a password that was given opens sensitive data
SEEN_EVERY = timedelta(minutes=5)  # how often the last use of a session is written down
MOST_SESSIONS = 5
LINK_FOR = timedelta(minutes=30)  # how long a link that sets a new password opens

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's minimum for argon2id
_at_once = threading.BoundedSemaphore(4)  # each hash takes 19 MiB
_nobody = _hasher.hash(secrets.token_hex(16))  # verified when there is no such account, so that the time tells nothing
_key: PerApp[bytes] = PerApp("session_key", b"")


def use_key(secret_key: str) -> None:
    """Hash cookies and links with a key made from the portal's: with another key all sessions and links have ended."""
    _key.set(hashlib.sha256(b"sessions:" + secret_key.encode()).digest())


class AccountRefused(ValueError):
    """An account can't be made or changed; ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Who:
    """The signed-in person of a request."""

    user_id: int
    member_name: str
    company_name: str
    version: int
    shop_id: int | None
    shop_name: str
    shop_version: int
    role: str
    session: str
    seen_at: datetime
    unread: dict[str, int]  # the marks on tabs, by the names of notifications.MARKS
    mediator: bool = False
    operator: bool = False
    works_in: int = 0  # the shop, also while its desk is shut


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
    if db.session.scalar(select(User.id).where(User.member_name == member_name)):
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
    """A shop with its owner and the default policy. Raises AccountRefused when this person already works in one."""
    if db.session.get(Staff, owner.id):
        raise AccountRefused(f"{owner.member_name} 已经有店铺")
    shop = Shop(name=name, owner_id=owner.id, created_at=now)
    db.session.add(shop)
    db.session.flush()
    db.session.add(Staff(user_id=owner.id, shop_id=shop.id, role="owner"))
    policies.begin_first(shop.id, now)
    return shop


# ---------------------------------------------------------------- people of a shop


def find_staff(shop_id: int) -> Sequence[Any]:
    """Who works in a shop: the owner first, then in the order of 会员名."""
    return db.session.execute(
        select(Staff.user_id, Staff.role, User.member_name, User.company_name)
        .join(User, User.id == Staff.user_id)
        .where(Staff.shop_id == shop_id)
        .order_by(Staff.role != "owner", User.member_name)
    ).all()


def is_staff_of(user_id: int, shop_id: int) -> bool:
    """Whether this person works in this shop."""
    return db.session.scalar(select(Staff.shop_id).where(Staff.user_id == user_id)) == shop_id


def change_role(shop_id: int, user_id: int, role: str) -> None:
    """Give somebody of the shop another role. Raises AccountRefused; inside ``writing()``."""
    person = _employee(shop_id, user_id)
    check_role(role)
    if role not in roles.APPROVERS:
        _check_approvals(shop_id, user_id)
    person.role = role
    db.session.flush()
    notices.bump_unread(user_id)


def remove_staff(shop_id: int, user_id: int) -> None:
    """Somebody works in the shop no longer. Raises AccountRefused; inside ``writing()``."""
    person = _employee(shop_id, user_id)
    _check_approvals(shop_id, user_id)
    db.session.delete(person)
    db.session.flush()
    notices.bump_unread(user_id)


def _employee(shop_id: int, user_id: int) -> Staff:
    person = db.session.get(Staff, user_id)
    if person is None or person.shop_id != shop_id:
        raise AccountRefused("这位员工已经不在本店,页面显示的是最新状态")
    if person.role == "owner":
        raise AccountRefused("店主的职责不能修改,也不能移除")
    return person


def check_role(role: str) -> None:
    if role not in roles.ROLES or role == "owner":
        raise AccountRefused("请选择职责")


def _check_approvals(shop_id: int, without: int) -> None:
    """Nobody goes while payments wait that only they could check."""
    able = set(
        db.session.scalars(select(Staff.user_id).where(Staff.shop_id == shop_id, Staff.role.in_(roles.APPROVERS)))
    )
    if without not in able:
        return
    proposers = db.session.scalars(
        select(MoneyEntry.made_by).where(MoneyEntry.shop_id == shop_id, MoneyEntry.state == "waiting").distinct()
    ).all()
    if any(not able - {without, proposer} for proposer in proposers):
        raise AccountRefused("还有待复核的款项只能由这位同事复核,请先复核完,或先添加另一位财务")


def approval_limit(shop_id: int) -> int:
    """Payments above this (分) wait for a second person."""
    return int(db.session.scalar(select(Shop.approval_fen).where(Shop.id == shop_id)) or 0)


def set_approval_limit(shop_id: int, fen: int) -> None:
    """Set the limit for payments planned from now on. Inside ``writing()``."""
    db.session.execute(update(Shop).where(Shop.id == shop_id).values(approval_fen=fen))


def verify_password(member_name: str, password: str) -> User | None:
    """The account that this name and password open, or None; takes the same time when there is no such account."""
    user = db.session.scalars(select(User).where(User.member_name == member_name)).one_or_none()
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


def hash_token(cookie: str) -> str:
    """What the table keeps of a session's cookie."""
    return hmac.new(_key.get(), cookie.encode(), hashlib.sha256).hexdigest()


def sign_in(user: User, *, now: datetime, device: str = "", address: str = "") -> str:
    """Begin a session and return its cookie. The oldest of more than five ends."""
    cookie = secrets.token_urlsafe(32)
    longest = (
        MEDIATOR_LONGEST
        if user.mediator or user.operator
        else SELLER_LONGEST
        if (works := db.session.get(Staff, user.id)) and works.role == "owner"
        else BUYER_LONGEST
    )
    with writing():
        db.session.add(
            Session(
                id_hash=hash_token(cookie),
                user_id=user.id,
                created_at=now,
                seen_at=now,
                expires_at=now + longest,
                device=device[:120],
                address=address[:45],
                proved_at=now,
            )
        )
        db.session.flush()
        old = db.session.scalars(
            select(Session.id_hash)
            .where(
                Session.user_id == user.id,
                Session.id_hash != hash_token(cookie),
                Session.ended_at.is_(None),
                Session.expires_at > now,
            )
            .order_by(Session.created_at.desc(), Session.id_hash)
            .offset(MOST_SESSIONS - 1)
        ).all()
        if old:
            db.session.execute(update(Session).where(Session.id_hash.in_(old)).values(ended_at=now))
    return cookie


_session, _user, _staff, _shop = (table.__table__.c for table in (Session, User, Staff, Shop))
_WHO = (
    select(
        _session.user_id,
        _session.seen_at,
        _session.expires_at,
        _session.ended_at,
        _user.member_name,
        _user.company_name,
        _user.version,
        _user.disabled_at,
        _user.mediator,
        _user.operator,
        _staff.shop_id,
        _staff.role,
        _shop.name,
        _shop.version,
        _session.proved_at,
        *(literal_column(words, Integer).label(f"unread_{mark}") for mark, words in notices.MARKS.items()),
    )
    .join(User.__table__, _user.id == _session.user_id)
    .outerjoin(Staff.__table__, _staff.user_id == _user.id)
    .outerjoin(Shop.__table__, _shop.id == _staff.shop_id)
    .where(_session.id_hash == bindparam("id_hash"))
)


def who_is(cookie: str, now: datetime) -> tuple[Who | None, int | None]:
    """(the signed-in person, None), or (None, the person of a session whose time is up), or (None, None)."""
    id_hash = hash_token(cookie)
    row = read(_WHO, {"id_hash": id_hash}).one_or_none()
    if row is None:
        return None, None
    (
        user_id,
        seen_at,
        expires_at,
        ended_at,
        member,
        company,
        version,
        disabled_at,
        mediator,
        operator,
        shop_id,
        role,
        shop,
        shop_version,
        proved_at,
    ) = row[:15]
    idle = MEDIATOR_IDLE if mediator or operator else SELLER_IDLE if role == "owner" else BUYER_IDLE
    if ended_at is not None or disabled_at is not None:
        return None, None  # signed out or revoked: whoever holds the cookie is nobody
    if now >= expires_at or now - seen_at > idle:
        return None, user_id
    works_in = shop_id or 0
    if shop_id and role != "owner" and (now - seen_at > SELLER_IDLE or now - proved_at >= SELLER_LONGEST):
        shop_id, role, shop, shop_version = None, "", "", 0  # the desk is shut until the password is given again
    unread = dict(zip(notices.MARKS, row[15:], strict=True))
    return (
        Who(
            user_id,
            member,
            company,
            version,
            shop_id,
            shop or "",
            shop_version or 0,
            role or "",
            id_hash,
            seen_at,
            unread,
            mediator,
            operator,
            works_in,
        ),
        None,
    )


def touch_session(who: Who, now: datetime) -> None:
    """Write the session's last use down. A desk that was shut stays shut until the password is given again."""
    shut = {"proved_at": now - SELLER_LONGEST} if who.works_in and who.shop_id is None else {}
    db.session.execute(update(Session).where(Session.id_hash == who.session).values(seen_at=now, **shut))


def was_proved(session: str, now: datetime, within: timedelta = PROVED_FOR) -> bool:
    """Whether this session's person gave the password a moment ago, as what is dangerous asks for."""
    at = db.session.scalar(select(Session.proved_at).where(Session.id_hash == session))
    return at is not None and timedelta() <= now - at <= within


def prove_password(session: str, now: datetime) -> None:
    """The password was given again, rightly."""
    db.session.execute(update(Session).where(Session.id_hash == session).values(proved_at=now))


def renew(session: str) -> str:
    """Another cookie for a session: the old one opens nothing any more. Inside ``writing()``."""
    cookie = secrets.token_urlsafe(32)
    db.session.execute(update(Session).where(Session.id_hash == session).values(id_hash=hash_token(cookie)))
    return cookie


def sign_out(session: str, now: datetime) -> None:
    """End one session."""
    db.session.execute(update(Session).where(Session.id_hash == session).values(ended_at=now))


def sign_out_one(user_id: int, begins: str, now: datetime) -> int:
    """End the session of this person whose id begins so (at least 16 characters); returns how many."""
    if len(begins) < 16:
        return 0
    done = db.session.execute(
        update(Session)
        .where(Session.user_id == user_id, Session.id_hash.startswith(begins, autoescape=True))
        .values(ended_at=now)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def sign_out_others(user_id: int, keep: str, now: datetime) -> int:
    """End all other sessions of a person; returns how many."""
    done = db.session.execute(
        update(Session)
        .where(Session.user_id == user_id, Session.id_hash != keep, Session.ended_at.is_(None))
        .values(ended_at=now)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


# ---------------------------------------------------------------- the life of an account


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
    """Nobody signs in to this account any more; its sessions and links end. Inside ``writing()``."""
    db.session.execute(update(User).where(User.id == user_id, User.disabled_at.is_(None)).values(disabled_at=now))
    db.session.execute(delete(PasswordLink).where(PasswordLink.user_id == user_id))
    sign_out_others(user_id, "", now)


def enable(user_id: int, now: datetime) -> None:
    """The account may be used again. Inside ``writing()``."""
    db.session.execute(update(User).where(User.id == user_id).values(disabled_at=None))
    tell(user_id, "账号已恢复", "您的账号已恢复使用，请检查登录设备，并考虑修改密码。", now)


RESET_ASKED = "有人申请重设您的密码", "平台已生成重设密码的链接。不是您本人申请的，请联系平台客服。"
FACTOR_RESET = "两步验证已重置", "平台已重置您的两步验证，请重新设置。不是您本人申请的，请联系平台客服。"


def tell(user_id: int, title: str, body: str, now: datetime) -> None:
    """Tell somebody of a change to the security of their account. Inside ``writing()``."""
    notices.tell_of_account(user_id, title=title, body=body, at=now)


def forget_old_sessions(now: datetime) -> None:
    """Remove sessions that ended more than thirty days ago, forms kept for as long, and links that open no more."""
    db.session.execute(delete(PasswordLink).where(PasswordLink.expires_at < now - timedelta(days=30)))
    db.session.execute(delete(HalfSignIn).where(HalfSignIn.expires_at < now))
    db.session.execute(delete(Session).where(Session.expires_at < now - timedelta(days=30)))
    db.session.execute(delete(KeptForm).where(KeptForm.kept_at < now - timedelta(days=30)))
