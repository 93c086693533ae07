"""A shop's customers: who bought, what they bought and complained of, and what the shop noted down about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, case, delete, exists, func, or_, select, union_all

from portal import flow
from portal.extensions import db
from portal.models import Case, CustomerNote, MoneyEntry, Order, User
from portal.models.keys import HEAD
from portal.models.money import REFUNDS
from portal.notices import notices
from portal.orders import naming
from portal.searching import escape_like

PAGE = 40
MOST_NOTES = 200
_user = User.__table__.c
_PLACED = case((Order.ordered_at != Order.imported_at, Order.ordered_at))  # NULL where nobody knows


def list_page(shop_id: int, *, words: str = "", after: int = 0, size: int = PAGE) -> tuple[list[dict[str, Any]], int]:
    """One page of the people who bought from this shop, and the id the next one begins after (0: there is none)."""
    if len(words) >= HEAD:
        found = _find_named(shop_id, words, after, size + 1)
    else:
        ids = select(Order.buyer_id).where(Order.shop_id == shop_id, Order.buyer_id > after).distinct()
        if words:
            begins = User.member_name.like(escape_like(words)[1:], escape="\\")
            ids = ids.join(User, User.id == Order.buyer_id).where(begins)
        found = list(db.session.scalars(ids.order_by(Order.buyer_id).limit(size + 1)))
    shown = found[:size]
    newest = (
        select(Order.order_no)
        .where(Order.shop_id == shop_id, Order.buyer_id == User.id)
        .order_by(Order.ordered_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    people = {
        row.id: row
        for row in db.session.execute(
            select(User.id, User.member_name, User.company_name, newest.label("order_no")).where(User.id.in_(shown))
        )
    }
    bought = {
        row.buyer_id: row
        for row in db.session.execute(
            select(
                Order.buyer_id,
                func.count().label("orders"),
                func.max(_PLACED).label("last_at"),
                (func.count() - func.count(_PLACED)).label("unplaced"),
            )
            .where(Order.shop_id == shop_id, Order.buyer_id.in_(shown))
            .group_by(Order.buyer_id)
        )
    }
    cases = dict(
        db.session.execute(
            select(Case.buyer_id, func.count())
            .where(Case.shop_id == shop_id, Case.buyer_id.in_(shown))
            .group_by(Case.buyer_id)
        ).all()
    )
    rows = [
        {
            "member_name": people[buyer_id].member_name,
            "company_name": people[buyer_id].company_name or "",
            "order_no": people[buyer_id].order_no,
            "orders": bought[buyer_id].orders,
            "last_at": bought[buyer_id].last_at,
            "unplaced": bought[buyer_id].unplaced,
            "cases": cases.get(buyer_id, 0),
        }
        for buyer_id in shown
    ]
    return rows, shown[-1] if len(found) > size else 0


def _find_named(shop_id: int, words: str, after: int, most: int) -> list[int]:
    """The first people who bought here and in whose 会员名 or company the words stand, as the one search finds them."""
    bought = exists().where(Order.shop_id == shop_id, Order.buyer_id == _user.id)
    parts = []
    for condition in naming.list_conditions(words, _user, naming.PEOPLE):
        each = select(_user.id).where(condition, _user.id > after, bought).order_by(_user.id).limit(most).subquery()
        parts.append(select(each.c.id))
    return sorted(set(db.session.scalars(union_all(*parts))))[:most]


def find_newest_order(buyer_id: int, shop_id: int) -> str:
    """The number of this person's newest order from the shop; "" when they have bought nothing yet."""
    query = select(Order.order_no).where(Order.shop_id == shop_id, Order.buyer_id == buyer_id)
    return db.session.scalar(query.order_by(Order.ordered_at.desc()).limit(1)) or ""


def find_of_order(order_no: str, shop_id: int) -> User | None:
    """Who placed this order of the shop."""
    query = select(User).join(Order, Order.buyer_id == User.id)
    return db.session.scalars(query.where(Order.order_no == order_no, Order.shop_id == shop_id)).one_or_none()


_PAID = and_(Order.status != "unpaid", or_(Order.status != "cancelled", Order.paid_at.is_not(None)))


def collect_facts(shop_id: int, buyer_id: int) -> dict[str, object]:
    """Facts, no verdict: orders, what was paid for those that somebody paid for, cases by how they ended."""
    here = (Order.shop_id == shop_id, Order.buyer_id == buyer_id)
    orders, paid, first, placed = db.session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((_PAID, Order.paid_fen), else_=0)), 0),
            func.min(_PLACED),
            func.count(_PLACED),
        ).where(*here)
    ).one()
    refunded = db.session.scalar(  # what was really paid back; what is owed, failed or didn't come is not
        select(func.coalesce(func.sum(MoneyEntry.amount_fen), 0))
        .join(Order, and_(Order.id == MoneyEntry.order_id, Order.shop_id == MoneyEntry.shop_id))
        .where(*here, MoneyEntry.state == "settled", MoneyEntry.kind.in_(REFUNDS))
    )
    states = dict(
        db.session.execute(
            select(Case.state, func.count())
            .where(Case.shop_id == shop_id, Case.buyer_id == buyer_id)
            .group_by(Case.state)
        ).all()
    )
    return {
        "orders": int(orders),
        "paid_fen": int(paid),
        "refunded_fen": int(refunded or 0),
        "first_at": first,
        "unplaced": int(orders) - int(placed),
        "cases": sum(states.values()),
        "completed": states.get("completed", 0),
        "withdrawn": states.get("withdrawn", 0),
        "open": sum(number for state, number in states.items() if state not in flow.FINAL),
    }


def list_notes(shop_id: int, buyer_id: int) -> Sequence[Row[int, str, str, datetime, str]]:
    """The shop's notes, the newest first, each with who wrote it."""
    return db.session.execute(
        select(CustomerNote.id, CustomerNote.tag, CustomerNote.words, CustomerNote.at, User.member_name.label("author"))
        .join(User, User.id == CustomerNote.by)
        .where(CustomerNote.shop_id == shop_id, CustomerNote.buyer_id == buyer_id)
        .order_by(CustomerNote.id.desc())
        .limit(MOST_NOTES)
    ).all()


def add_note(shop_id: int, buyer_id: int, *, tag: str, words: str, by: int, now: datetime) -> None:
    """Write a note."""
    db.session.add(CustomerNote(shop_id=shop_id, buyer_id=buyer_id, tag=tag, words=words, by=by, at=now))
    db.session.flush()


def hand_over(shop_id: int, to: int, words: str, here: str, *, by: str, now: datetime) -> None:
    """Tell a colleague of a note that was written for them. Inside ``writing()``."""
    notices.add_notice(
        to,
        None,
        shop_id=shop_id,
        kind="customer_handed",
        title=f"{by} 把一位客户交接给您",
        body=words[:300],
        href=here,
        at=now,
        dedupe_key=f"customer-handed:{shop_id}:{to}:{now.timestamp():.6f}",
    )
    notices.bump_unread(to)


def remove_note(shop_id: int, buyer_id: int, note_id: int) -> bool:
    """Remove a note of this shop; False when there is none."""
    done = db.session.execute(
        delete(CustomerNote).where(
            CustomerNote.id == note_id, CustomerNote.shop_id == shop_id, CustomerNote.buyer_id == buyer_id
        )
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def export_page(shop_id: int, buyer: User) -> dict[str, object]:
    """Everything the shop holds of this person beyond orders and cases, to be handed to them."""
    return {
        "member_name": buyer.member_name,
        "facts": {
            name: value
            for name, value in collect_facts(shop_id, buyer.id).items()
            if name not in ("first_at", "unplaced")
        },
        "notes": [
            {"at": row.at.isoformat(), "tag": row.tag, "words": row.words, "author": row.author}
            for row in list_notes(shop_id, buyer.id)
        ],
    }
