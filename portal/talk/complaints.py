"""Reports of members about orders and shops: kept with a receipt number, answered by whoever runs the portal."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from portal.calendar.officehours import BEIJING
from portal.extensions import db
from portal.models import Complaint, Order, Shop, User
from portal.notices import notices
from portal.orders import known_shops

KINDS = {
    "not_mine": "不是我的订单",
    "false_goods": "订单内容不实",
    "pestering": "广告或骚扰",
    "other": "其他",
}
STATES = {"open": "待处理", "looking": "处理中", "answered": "已答复"}
PAGE = 30
MOST_COUNTED = 100


def keep_complaint(
    user_id: int, kind: str, words: str, *, shop_id: int | None, order_id: int | None = None, now: datetime
) -> str:
    """Keep it and tell who runs the portal; returns the receipt number. Inside ``writing()``.

    Whoever says 不是我的订单 of a shop that waits for their answer has answered.
    """
    if kind == "not_mine" and shop_id is not None and not known_shops.has_answered(user_id, shop_id):
        known_shops.answer(user_id, shop_id, accepts=False, now=now)
    number = f"JB{now.astimezone(BEIJING):%y%m%d}{secrets.randbelow(10**8):08d}"
    db.session.add(
        Complaint(number=number, user_id=user_id, kind=kind, words=words, shop_id=shop_id, order_id=order_id, at=now)
    )
    db.session.flush()
    for operator in db.session.scalars(select(User.id).where(User.operator, User.disabled_at.is_(None))):
        _tell(
            operator, number, "收到举报", f"{KINDS[kind]}，举报编号 {number}。", f"/operator/complaints/{number}", now
        )
    return number


def _tell(user_id: int, number: str, title: str, body: str, href: str, now: datetime) -> None:
    key = f"complaint:{number}:{user_id}:{title}"
    notices.add_notice(user_id, None, kind="complaint", title=title, body=body, href=href, at=now, dedupe_key=key)
    notices.bump_unread(user_id)


_SHOWN = (
    select(
        Complaint.id,
        Complaint.number,
        Complaint.kind,
        Complaint.words,
        Complaint.state,
        Complaint.answer,
        Complaint.answered_at,
        Complaint.at,
        Complaint.user_id,
        Complaint.shop_id,
        User.member_name,
        Shop.name.label("shop"),
        Shop.owner_id,
        Order.order_no,
        Order.ordered_at,
    )
    .join(User, User.id == Complaint.user_id)
    .outerjoin(Shop, Shop.id == Complaint.shop_id)
    .outerjoin(Order, (Order.id == Complaint.order_id) & (Order.shop_id == Complaint.shop_id))
)


def list_of_person(user_id: int, before: int | None = None) -> Sequence[Any]:
    """What this member reported, the newest first, those before id ``before``; one more than a page."""
    query = _SHOWN.where(Complaint.user_id == user_id).order_by(Complaint.id.desc()).limit(PAGE + 1)
    return db.session.execute(query if before is None else query.where(Complaint.id < before)).all()


def list_of_state(state: str, after: int = 0) -> Sequence[Any]:
    """The reports in one state, the oldest first, those after id ``after``; one more than a page."""
    query = _SHOWN.where(Complaint.state == state, Complaint.id > after).order_by(Complaint.id)
    return db.session.execute(query.limit(PAGE + 1)).all()


def count_states() -> dict[str, int]:
    """How many reports are in each state, at most MOST_COUNTED."""
    return {
        state: int(
            db.session.scalar(
                select(func.count()).select_from(
                    select(Complaint.id).where(Complaint.state == state).limit(MOST_COUNTED).subquery()
                )
            )
            or 0
        )
        for state in STATES
    }


def find(number: str, user_id: int | None = None) -> Any | None:
    """One report by its number, of this member only if one is given."""
    query = _SHOWN.where(Complaint.number == number)
    query = query if user_id is None else query.where(Complaint.user_id == user_id)
    return db.session.execute(query).one_or_none()


def take_up(number: str) -> bool:
    """Somebody looks into it; False when it isn't open any more. Inside ``writing()``."""
    done = db.session.execute(
        update(Complaint).where(Complaint.number == number, Complaint.state == "open").values(state="looking")
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def answer(number: str, words: str, *, by: int, now: datetime) -> bool:
    """Answer it and tell its member; False when it was answered already. Inside ``writing()``."""
    done = db.session.execute(
        update(Complaint)
        .where(Complaint.number == number, Complaint.state != "answered")
        .values(state="answered", answer=words, answered_by=by, answered_at=now)
        .returning(Complaint.user_id)
    ).scalar_one_or_none()
    if done is None:
        return False
    _tell(done, number, "您的举报有答复了", words, f"/me/complaints/{number}", now)
    return True
