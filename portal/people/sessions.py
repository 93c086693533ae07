"""Sessions on the server: who is signed in, since when, and how a session ends."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Integer, bindparam, delete, literal_column, select, update

from portal.extensions import db, writing
from portal.models import HalfSignIn, KeptForm, PasskeyChallenge, PasswordLink, Session, Shop, Staff, User
from portal.notices import reading
from portal.per_app import PerApp
from portal.prepared import Prepared

BUYER_IDLE, BUYER_LONGEST = timedelta(days=14), timedelta(days=30)


SELLER_IDLE, SELLER_LONGEST = timedelta(hours=2), timedelta(hours=12)


MEDIATOR_IDLE, MEDIATOR_LONGEST = timedelta(minutes=30), timedelta(hours=8)


FINANCE_IDLE, FINANCE_LONGEST = MEDIATOR_IDLE, MEDIATOR_LONGEST  # who pays has bank data open


PROVED_FOR = timedelta(minutes=5)  # how long a password that was given opens sensitive data


SEEN_EVERY = timedelta(minutes=5)  # how often the last use of a session is written down


MOST_SESSIONS = 5


_key: PerApp[bytes] = PerApp("session_key", b"")


def use_key(secret_key: str) -> None:
    """Hash cookies and links with a key made from the portal's: with another key all sessions and links have ended."""
    _key.set(hashlib.sha256(b"sessions:" + secret_key.encode()).digest())


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

    @property
    def resells(self) -> bool:
        """Whether what they buy may be sold on: they have a shop of their own."""
        return self.role == "owner"


def hash_token(cookie: str) -> str:
    """What the table keeps of a session's cookie."""
    return hmac.digest(_key.get(), cookie.encode(), "sha256").hex()


def sign_in(user: User, *, now: datetime, device: str = "", address: str = "") -> str:
    """Begin a session and return its cookie. The oldest of more than five ends."""
    cookie = secrets.token_urlsafe(32)
    longest = (
        MEDIATOR_LONGEST
        if user.mediator or user.operator
        else SELLER_LONGEST
        if db.session.scalar(select(Staff.shop_id).where(Staff.user_id == user.id, Staff.role == "owner"))
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


_WHO = Prepared(
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
        *(literal_column(words, Integer).label(f"unread_{mark}") for mark, words in reading.MARKS.items()),
    )
    .join(User.__table__, _user.id == _session.user_id)
    .outerjoin(Staff.__table__, (_staff.user_id == _user.id) & _staff.current)
    .outerjoin(Shop.__table__, _shop.id == _staff.shop_id)
    .where(_session.id_hash == bindparam("id_hash"))
)


def who_is(cookie: str, now: datetime) -> tuple[Who | None, int | None]:
    """(the signed-in person, None), or (None, the person of a session whose time is up), or (None, None)."""
    id_hash = hash_token(cookie)
    row = _WHO.find_row(id_hash=id_hash)
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
    desk_idle, desk_longest = (FINANCE_IDLE, FINANCE_LONGEST) if role == "finance" else (SELLER_IDLE, SELLER_LONGEST)
    if shop_id and role != "owner" and (now - seen_at > desk_idle or now - proved_at >= desk_longest):
        shop_id, role, shop, shop_version = None, "", "", 0  # the desk is shut until the password is given again
    unread = dict(zip(reading.MARKS, row[15:], strict=True))
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
    """End all other sessions of a person, and signing in that waits for its second step; returns how many."""
    db.session.execute(
        delete(HalfSignIn).where(HalfSignIn.user_id == user_id).execution_options(synchronize_session=False)
    )
    done = db.session.execute(
        update(Session)
        .where(Session.user_id == user_id, Session.id_hash != keep, Session.ended_at.is_(None))
        .values(ended_at=now)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def forget_old_sessions(now: datetime) -> None:
    """Remove sessions that ended more than thirty days ago, forms kept for as long, and links that open no more."""
    db.session.execute(delete(PasswordLink).where(PasswordLink.expires_at < now - timedelta(days=30)))
    db.session.execute(delete(HalfSignIn).where(HalfSignIn.expires_at < now))
    db.session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < now))
    db.session.execute(delete(Session).where(Session.expires_at < now - timedelta(days=30)))
    db.session.execute(delete(KeptForm).where(KeptForm.kept_at < now - timedelta(days=30)))
