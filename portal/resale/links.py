"""Links by which a consumer without account sees one case, or one order: made, opened, revoked.

A token is 128 random bits and only its SHA-256 is kept. What is wrong, expired or revoked looks the same. Verbs are
called inside ``writing()``.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, and_, delete, select, update
from sqlalchemy.orm import aliased

from portal import flow, phones
from portal.extensions import db
from portal.models import AccessLink, Case, Evidence, Order, Shop, User
from portal.searching import list_spellings

CASE_FOR = timedelta(days=30)
ORDER_FOR = timedelta(hours=24)
MOST_OPEN = 10  # of one case at a time
KEPT_FOR = timedelta(days=90)  # how long a link that has ended is listed
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True)
class Pass:
    """What a token opens: one order, and of its cases all or only ``case_id``."""

    link_id: int
    order_id: int
    case_id: int | None
    buyer_id: int
    expires_at: datetime


def hash_of(token: str) -> str:
    """What the table keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def name_link(token: str) -> str:
    """What addresses call a link: the beginning of what the table keeps, which opens nothing."""
    return hash_of(token)[:16]


def is_token(text: str) -> bool:
    """Whether this has the form of a token."""
    return _TOKEN.fullmatch(text) is not None


def needs_link(buyer_id: int) -> bool:
    """Whether a buyer has no account to sign in to. Who has one isn't acted for by whoever holds a link."""
    return db.session.scalar(select(User.id).where(User.id == buyer_id, User.password_hash.is_(None))) is not None


def make_link(
    now: datetime,
    *,
    shop_id: int,
    case_id: int | None = None,
    order_id: int | None = None,
    by: int | None = None,
    token: str = "",
) -> str | None:
    """A new link to a case (30 days) or an order (24 hours); returns its token, None when a case has too many.

    ``token``: a secret one of the caller's that makes the same link when it is made twice.
    """
    if token:
        known = select(AccessLink.revoked_at).where(
            AccessLink.token_hash == hash_of(token), AccessLink.case_id == case_id, AccessLink.shop_id == shop_id
        )
        if (row := db.session.execute(known).one_or_none()) is not None:
            return token if row.revoked_at is None else None
    if case_id is not None:
        known_links = list_of_case(case_id, shop_id, now)
        open_now = [link for link in known_links if link.revoked_at is None and link.expires_at > now]
        if len(open_now) >= MOST_OPEN:
            return None
    token = token or secrets.token_urlsafe(16)
    db.session.add(
        AccessLink(
            shop_id=shop_id,
            token_hash=hash_of(token),
            case_id=case_id,
            order_id=order_id,
            created_by=by,
            created_at=now,
            expires_at=now + (CASE_FOR if case_id is not None else ORDER_FOR),
        )
    )
    db.session.flush()
    return token


def revoke_link(case_id: int, shop_id: int, link_id: int, now: datetime) -> bool:
    """Take one link of a case back; False when it isn't this case's or has ended already."""
    done = db.session.execute(
        update(AccessLink)
        .where(
            AccessLink.id == link_id,
            AccessLink.case_id == case_id,
            AccessLink.shop_id == shop_id,
            AccessLink.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def list_of_case(
    case_id: int, shop_id: int, now: datetime
) -> Sequence[Row[int, datetime, datetime, datetime | None, datetime | None, str]]:
    """The links of a case, the newest first; those that ended long ago are left out."""
    return db.session.execute(
        select(
            AccessLink.id,
            AccessLink.created_at,
            AccessLink.expires_at,
            AccessLink.revoked_at,
            AccessLink.used_at,
            User.member_name.label("author"),
        )
        .outerjoin(User, User.id == AccessLink.created_by)
        .where(AccessLink.case_id == case_id, AccessLink.shop_id == shop_id, AccessLink.expires_at > now - KEPT_FOR)
        .order_by(AccessLink.id.desc())
        .limit(50)
    ).all()


def open_link(token: str, now: datetime) -> Pass | None:
    """What this token opens now; None for any token that opens nothing."""
    if not is_token(token):
        return None
    other = aliased(Case)  # what a case became goes on after it
    still_open = (
        select(other.id)
        .where(other.shop_id == Case.shop_id, other.order_id == Case.order_id, other.state.not_in(flow.FINAL))
        .exists()
    )
    row = db.session.execute(
        select(AccessLink.id, AccessLink.case_id, AccessLink.expires_at, Order.id.label("order_id"), Order.buyer_id)
        .outerjoin(Case, and_(Case.id == AccessLink.case_id, Case.shop_id == AccessLink.shop_id))
        .join(Order, (Order.id == AccessLink.order_id) | (Order.id == Case.order_id))
        .where(
            AccessLink.token_hash == hash_of(token),
            AccessLink.revoked_at.is_(None),
            (AccessLink.expires_at > now)
            | Case.state.not_in(flow.FINAL)
            | (Case.updated_at > now - CASE_FOR)
            | AccessLink.case_id.is_not(None) & still_open,
        )
    ).one_or_none()
    return None if row is None else Pass(row.id, row.order_id, row.case_id, row.buyer_id, row.expires_at)


def tell_validity() -> str:
    """How long a link to a case can be opened, in half a sentence."""
    return f"售后进行中一直有效，结束后 {CASE_FOR.days} 天内也能打开"


def find_end(link: Any, case: Case) -> datetime | None:
    """When a link to this case ends; None while a case of its order goes on."""
    others = select(Case.id).where(
        Case.shop_id == case.shop_id, Case.order_id == case.order_id, Case.state.not_in(flow.FINAL)
    )
    if db.session.scalar(others.limit(1)) is not None:
        return None
    ends_at: datetime = max(link.expires_at, case.updated_at + CASE_FOR)
    return ends_at


def may_see(opened: Pass, case: Case) -> bool:
    """Whether a pass shows this case: one of its order, and of a single case's the ones that it became."""
    if case.order_id != opened.order_id:
        return False
    at: Case | None = case
    while at is not None and opened.case_id is not None and at.id != opened.case_id:
        before = select(Case).where(Case.id == at.parent_id, Case.shop_id == at.shop_id)
        at = db.session.scalars(before).one_or_none() if at.parent_id else None
    return at is not None


def mark_used(link_id: int, now: datetime) -> None:
    """Something was handed in by this link."""
    db.session.execute(update(AccessLink).where(AccessLink.id == link_id).values(used_at=now))


class Found(NamedTuple):
    """A consumer's order, and the shop that has it."""

    shop_id: int
    order_id: int
    shop: str


def find_orders(order_no: str, last_four: str) -> list[Found]:
    """The orders of consumers that this number and the end of a telephone's open: of each shop one.

    The number may be typed in full width, with blanks, in either case. Only orders of buyers without an account:
    whoever has one signs in. Looks at as much for a wrong number.
    """
    rows = db.session.execute(
        select(Order.shop_id, Order.id, Order.receiver_phone, Order.more, User.password_hash, Shop.name)
        .join(User, User.id == Order.buyer_id)
        .join(Shop, Shop.id == Order.shop_id)
        .where(Order.order_no.in_(list_spellings(order_no)))
        .order_by(Order.id)
    ).all()
    found = []
    for row in rows:
        others = (str(row.more.get(name) or "") for name in ("receiver_mobile", "receiver_tel"))
        if _is_tail(last_four, row.receiver_phone, *others) and row.password_hash is None:
            found.append(Found(row.shop_id, row.id, row.name))
    if not rows:
        _is_tail(last_four, "")
    return found


def _is_tail(last_four: str, *texts: str) -> bool:
    """Whether one of the numbers that these name ends so; all of them are compared."""
    tails = phones.list_tails(*texts) or [""]
    return sum(hmac.compare_digest(tail.encode(), last_four.encode()) for tail in tails) > 0 and len(last_four) == 4


def may_see_photo(opened: Pass, case_id: int | None, public_id: str) -> Row[str, str, str, str] | None:
    """The photo's row (its keys and SHA-256) when it hangs on this case, or was just uploaded by this consumer.

    Without a case: on any case of the order that the pass opens.
    """
    of_order = (Evidence.order_id == opened.order_id) & Evidence.case_id.is_not(None)
    return db.session.execute(
        select(Evidence.key, Evidence.thumb_key, Evidence.sha256, Evidence.thumb_sha256).where(
            Evidence.public_id == public_id,
            (of_order if case_id is None else Evidence.case_id == case_id)
            | (Evidence.is_loose() & (Evidence.owner_id == opened.buyer_id)),
        )
    ).one_or_none()


def forget_old(now: datetime) -> None:
    """Remove links that ended long ago."""
    db.session.execute(
        delete(AccessLink).where(
            AccessLink.expires_at < now - KEPT_FOR,
            AccessLink.case_id.is_(None)
            | AccessLink.case_id.in_(
                select(Case.id).where(Case.state.in_(flow.FINAL), Case.updated_at < now - KEPT_FOR)
            ),
        )
    )
