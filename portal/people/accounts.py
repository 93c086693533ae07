"""Accounts, passwords, shops and server-side sessions that can be revoked."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Integer, bindparam, delete, literal_column, select, update

from portal.extensions import db, writing
from portal.models import KeptForm, MoneyEntry, Session, Shop, Staff, User
from portal.notices import notices
from portal.people import roles
from portal.rights import policies

BUYER_IDLE, BUYER_LONGEST = timedelta(days=14), timedelta(days=30)
SELLER_IDLE, SELLER_LONGEST = timedelta(hours=2), timedelta(hours=12)
MEDIATOR_IDLE, MEDIATOR_LONGEST = timedelta(minutes=30), timedelta(hours=8)
PROVED_FOR = timedelta(minutes=5)  # how long a password that was given opens sensitive data
SEEN_EVERY = timedelta(minutes=5)  # how often the last use of a session is written down
MOST_SESSIONS = 5
LEAST_PASSWORD, LONGEST_PASSWORD = 8, 128

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's minimum for argon2id
_at_once = threading.BoundedSemaphore(4)  # each hash takes 19 MiB
_nobody = _hasher.hash(secrets.token_hex(16))  # verified when there is no such account, so that the time tells nothing
_WEAK = ("password", "12345678", "huanhuo", "1688", "qwerty", "11111111", "88888888")


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


def check_password(text: str, member_name: str) -> None:
    """Raises AccountRefused for a password that is too short, too long or too easily guessed."""
    if len(text) < LEAST_PASSWORD:
        raise AccountRefused(f"密码至少 {LEAST_PASSWORD} 个字符,建议 15 个以上")
    if len(text) > LONGEST_PASSWORD:
        raise AccountRefused(f"密码最多 {LONGEST_PASSWORD} 个字符")
    plain = text.lower()
    if plain in _WEAK or (member_name and member_name.lower() in plain) or len(set(plain)) < 3:
        raise AccountRefused("这个密码太容易被猜到,请不要使用会员名、店铺名或常见密码")


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
        check_password(password, member_name)
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


def add_staff(shop_id: int, member_name: str, role: str) -> None:
    """Let somebody who can sign in already work in a shop. Raises AccountRefused; inside ``writing()``."""
    user = db.session.scalars(select(User).where(User.member_name == member_name)).one_or_none()
    if user is None or user.password_hash is None or user.disabled_at is not None or user.mediator or user.operator:
        raise AccountRefused(f"没有可以添加的会员「{member_name}」,请核对会员名;对方须已开通登录")
    if is_staff_of(user.id, shop_id):
        raise AccountRefused(f"{member_name} 已经是本店的员工,可以在上面修改职责")
    if db.session.get(Staff, user.id) is not None:
        raise AccountRefused(f"{member_name} 在其他店铺工作,一个会员只能在一家店铺工作")
    _check_role(role)
    db.session.add(Staff(user_id=user.id, shop_id=shop_id, role=role))
    db.session.flush()
    notices.bump_unread(user.id)


def change_role(shop_id: int, user_id: int, role: str) -> None:
    """Give somebody of the shop another role. Raises AccountRefused; inside ``writing()``."""
    person = _employee(shop_id, user_id)
    _check_role(role)
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


def _check_role(role: str) -> None:
    if role not in roles.ROLES or role == "owner":
        raise AccountRefused("请选择职责")


def _check_approvals(shop_id: int, without: int) -> None:
    """Nobody goes while payments wait that only he could check."""
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
    return user if known else None


def hash_token(cookie: str) -> str:
    """What the table keeps of a session's cookie."""
    return hashlib.sha256(cookie.encode()).hexdigest()


def sign_in(user: User, *, now: datetime, device: str = "") -> str:
    """Begin a session and return its cookie. The oldest of more than five ends."""
    cookie = secrets.token_urlsafe(32)
    longest = (
        MEDIATOR_LONGEST
        if user.mediator or user.operator
        else SELLER_LONGEST
        if db.session.get(Staff, user.id)
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
    row = db.session.execute(_WHO, {"id_hash": id_hash}).one_or_none()
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
    ) = row[:14]
    idle = MEDIATOR_IDLE if mediator or operator else SELLER_IDLE if shop_id else BUYER_IDLE
    if ended_at is not None or disabled_at is not None:
        return None, None  # signed out or revoked: whoever holds the cookie is nobody
    if now >= expires_at or now - seen_at > idle:
        return None, user_id
    unread = dict(zip(notices.MARKS, row[14:], strict=True))
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
        ),
        None,
    )


def touch_session(who: Who, now: datetime) -> None:
    """Write the session's last use down."""
    db.session.execute(update(Session).where(Session.id_hash == who.session).values(seen_at=now))


def was_proved(session: str, now: datetime) -> bool:
    """Whether this session's person gave the password a moment ago, as seeing sensitive data asks for."""
    at = db.session.scalar(select(Session.proved_at).where(Session.id_hash == session))
    return at is not None and timedelta() <= now - at <= PROVED_FOR


def prove_password(session: str, now: datetime) -> None:
    """The password was given again, rightly."""
    db.session.execute(update(Session).where(Session.id_hash == session).values(proved_at=now))


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


def forget_old_sessions(now: datetime) -> None:
    """Remove sessions that ended more than thirty days ago, and forms kept for as long."""
    db.session.execute(delete(Session).where(Session.expires_at < now - timedelta(days=30)))
    db.session.execute(delete(KeptForm).where(KeptForm.kept_at < now - timedelta(days=30)))
