"""Complaints, of members and visitors: kept with a receipt number, answered in time by whoever runs the portal.

What looking into one came to stays as a fact at its shop, for those who decide between the shop and somebody else.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, select, update

from portal import words as said
from portal.calendar import lengths
from portal.calendar.officehours import BEIJING
from portal.evidence import evidence
from portal.extensions import db, writing
from portal.models import Case, Complaint, Order, Shop, User
from portal.notices import notices
from portal.orders import known_shops
from portal.orders.claims import list_spellings

REPORTS = {  # of a shop that sends orders
    "not_mine": "不是我的订单",
    "false_goods": "订单内容不实",
    "pestering": "广告或骚扰",
    "other": "其他",
}
TOPICS = {  # of anything
    "false_info": "不实信息",
    "infringement": "侵权",
    "privacy": "隐私",
    "shop": "投诉商家",
    "opinion": "意见和建议",
}
KINDS = REPORTS | TOPICS
STATES = {"open": "待处理", "looking": "处理中", "answered": "已答复"}
OUTCOMES = {"upheld": "属实", "part": "部分属实", "no": "不属实", "noted": "已收到，不涉及是否属实"}
_FIRST = ("first_answer", "first_outcome", "first_answered_at")
UPHELD = ("upheld", "part")
DOUBTED = ("no", "noted")  # after these it can be looked into once more


@dataclass(frozen=True)
class Told:
    """What somebody complains of, as the form took it. A visitor has no ``user_id`` but a ``token``."""

    kind: str
    words: str
    user_id: int | None
    shop_id: int | None = None
    order_id: int | None = None
    case_id: int | None = None
    about: str = ""
    contact: str = ""
    token: str = ""
    photos: Sequence[str] = ()


def keep_complaint(told: Told, now: datetime) -> str:
    """Keep it and tell who runs the portal; returns the receipt number. Inside ``writing()``.

    Whoever says 不是我的订单 of a shop that waits for their answer has answered.
    """
    mine, shop_id = told.user_id, told.shop_id
    if told.kind == "not_mine" and mine and shop_id and not known_shops.has_answered(mine, shop_id):
        known_shops.answer(mine, shop_id, accepts=False, now=now)
    number = f"TS{now.astimezone(BEIJING):%y%m%d}{secrets.randbelow(10**8):08d}"
    kept = Complaint(
        number=number,
        user_id=mine,
        token_hash=None if mine else hash_token(told.token),
        contact=told.contact,
        kind=told.kind,
        about=told.about,
        words=told.words,
        shop_id=shop_id,
        order_id=told.order_id,
        case_id=told.case_id,
        at=now,
        due_at=now + lengths.get_deadline("complaint_answer"),
    )
    db.session.add(kept)
    db.session.flush()
    if mine:
        evidence.attach_to_complaint(told.photos, owner_id=mine, complaint_id=kept.id)
    until = said.end(kept.due_at)
    _tell_operators(number, "收到投诉", f"{KINDS[told.kind]}，编号 {number}，请在 {until} 前答复。", now)
    return number


def hash_token(token: str) -> str:
    """What is kept of a visitor's link."""
    return hashlib.sha256(token.encode()).hexdigest()


def find_own(number: str, user_id: int) -> dict[str, int] | None:
    """The shop, order and case that this member's order or case number stands for; None when it isn't theirs."""
    spelled = [number, *list_spellings(number, user_id)]
    theirs = (Order.order_no.in_(spelled), Order.buyer_id == user_id, Order.shown)
    first = select(Order.id, Order.shop_id).where(*theirs).order_by(Order.order_no != number, Order.shop_id).limit(1)
    order = db.session.execute(first).one_or_none()
    if order is not None:
        return {"shop_id": order.shop_id, "order_id": order.id}
    case = db.session.execute(
        select(Case.id, Case.shop_id, Case.order_id).where(Case.case_no == number.upper(), Case.buyer_id == user_id)
    ).one_or_none()
    return {"shop_id": case.shop_id, "order_id": case.order_id, "case_id": case.id} if case is not None else None


def find_shop_named(name: str) -> int | None:
    """The one shop of this name; None when there is none, or more than one."""
    found = db.session.scalars(select(Shop.id).where(Shop.name == name).limit(2)).all()
    return found[0] if len(found) == 1 else None


def take_up(number: str) -> bool:
    """Somebody looks into it; False when it isn't open any more. Inside ``writing()``."""
    done = db.session.execute(
        update(Complaint).where(Complaint.number == number, Complaint.state == "open").values(state="looking")
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def answer(number: str, words: str, *, outcome: str, by: int, now: datetime, shop_id: int | None = None) -> bool:
    """Answer it and tell its member, and the shop when it is upheld; False when it was answered. Inside ``writing()``.

    ``shop_id``: the shop that the operator found it to be about, where the complaint names none.
    """
    found: dict[str, object] = {"state": "answered", "answer": words, "outcome": outcome, "answered_at": now}
    done = db.session.execute(
        update(Complaint)
        .where(Complaint.number == number, Complaint.state != "answered")
        .values(answered_by=by, **found)
        .returning(Complaint.user_id, Complaint.shop_id, Complaint.kind, Complaint.again_at)
    ).one_or_none()
    if done is None:
        return False
    about = done.shop_id
    if about is None and shop_id is not None:
        about = shop_id
        db.session.execute(update(Complaint).where(Complaint.number == number).values(shop_id=shop_id))
    if done.user_id is not None:
        title = "您的投诉有新的答复" if done.again_at else "您的投诉有答复了"
        _tell(done.user_id, number, title, words, f"/me/complaints/{number}", now)
    if about is not None and outcome in UPHELD:
        owner = db.session.scalars(select(Shop.owner_id).where(Shop.id == about)).one()
        found_true = f"一条关于您店铺的投诉（{KINDS[done.kind]}）经平台核实{OUTCOMES[outcome]}"
        told = f"{found_true}，裁决员处理您店铺的售后时可以看到这条记录。"
        _tell(owner, number, "投诉核实结果", told, "/seller/notices", now)
    return True


def can_ask_again(row: Complaint) -> bool:
    """Whether who complained may ask to look into it once more: after an answer that didn't find it true, once."""
    return row.state == "answered" and row.outcome in DOUBTED and row.again_at is None


def ask_again(number: str, words: str, now: datetime) -> bool:
    """Open it once more, with a date of its own, and tell who runs the portal. Inside ``writing()``.

    False when it can't be (``can_ask_again``).
    """
    due = now + lengths.get_deadline("complaint_answer")
    first = {name: getattr(Complaint, name.removeprefix("first_")) for name in _FIRST}
    empty = {"answer": "", "outcome": "", "answered_at": None, "answered_by": None, "escalated_at": None}
    done = db.session.execute(
        update(Complaint)
        .where(
            Complaint.number == number,
            Complaint.state == "answered",
            Complaint.outcome.in_(DOUBTED),
            Complaint.again_at.is_(None),
        )
        .values(state="open", again_words=words, again_at=now, due_at=due, **first, **empty)
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        return False
    body = f"编号 {number}，投诉人不认可答复，请再核实一次，在 {said.end(due)} 前答复。"
    _tell_operators(number, "投诉人要求再次核实", body, now)
    return True


def escalate_due(now: datetime) -> int:
    """Tell who runs the portal, and who waits, of what wasn't answered in time; returns how many."""
    late = (Complaint.state != "answered", Complaint.escalated_at.is_(None), Complaint.due_at <= now)
    if db.session.scalar(select(Complaint.id).where(*late).limit(1)) is None:
        return 0
    with writing():
        told = (Complaint.number, Complaint.user_id, Complaint.again_at)
        rows = db.session.execute(update(Complaint).where(*late).values(escalated_at=now).returning(*told)).all()
        for row in rows:
            again = "再次" if row.again_at else ""  # a second notice, not the first one once more
            late_one = f"编号 {row.number} 已超过答复期限，请马上处理。"
            _tell_operators(row.number, f"投诉{again}逾期未答复", late_one, now)
            if row.user_id is not None:
                body = f"编号 {row.number} 平台没有按期答复，已加急处理，您不用重新提交。"
                _tell(row.user_id, row.number, f"您的投诉已{again}加急", body, f"/me/complaints/{row.number}", now)
    return len(rows)


def list_upheld(shop_id: int, since: datetime, most: int = 5) -> Sequence[Row[str, str, datetime | None]]:
    """What was found true of a shop since then, the newest first: (kind, outcome, answered_at)."""
    return db.session.execute(
        select(Complaint.kind, Complaint.outcome, Complaint.answered_at)
        .where(Complaint.shop_id == shop_id, Complaint.outcome.in_(UPHELD), Complaint.answered_at >= since)
        .order_by(Complaint.answered_at.desc())
        .limit(most)
    ).all()


def _tell_operators(number: str, title: str, body: str, now: datetime) -> None:
    for operator in db.session.scalars(select(User.id).where(User.operator, User.disabled_at.is_(None))).all():
        _tell(operator, number, title, body, f"/operator/complaints/{number}", now)


def _tell(user_id: int, number: str, title: str, body: str, href: str, now: datetime) -> None:
    key = f"complaint:{number}:{user_id}:{title}"
    notices.add_notice(user_id, None, kind="complaint", title=title, body=body, href=href, at=now, dedupe_key=key)
    notices.bump_unread(user_id)
