"""Lists of complaints: a member's own, and those that whoever runs the portal works through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, and_, func, or_, select, tuple_

from portal.extensions import db
from portal.models import Case, Complaint, Order, Shop, User
from portal.talk.complaints import STATES, hash_token

PAGE = 30
MOST_COUNTED = 100
MOST_EXPORTED = 10_000


class Filters(NamedTuple):
    """What narrows the operator's list down. ``late``: only what is past its date."""

    kind: str = ""
    shop: str = ""
    late: bool = False


_SHOWN = (
    select(
        *(column for column in Complaint.__table__.c if column.name != "token_hash"),
        User.member_name,
        Shop.name.label("shop"),
        Shop.owner_id,
        Order.order_no,
        Order.ordered_at,
        Case.case_no,
    )
    .outerjoin(User, User.id == Complaint.user_id)
    .outerjoin(Shop, Shop.id == Complaint.shop_id)
    .outerjoin(Order, and_(Order.id == Complaint.order_id, Order.shop_id == Complaint.shop_id))
    .outerjoin(Case, and_(Case.id == Complaint.case_id, Case.shop_id == Complaint.shop_id))
)


def list_of_person(user_id: int, before: int | None = None) -> Sequence[Any]:
    """What this member complained of, the newest first, before id ``before``; one more than a page."""
    query = _SHOWN.where(Complaint.user_id == user_id).order_by(Complaint.id.desc()).limit(PAGE + 1)
    return db.session.execute(query if before is None else query.where(Complaint.id < before)).all()


def list_of_state(
    state: str, filters: Filters, now: datetime, after: tuple[datetime, int] | None = None
) -> Sequence[Row[Any]]:
    """The complaints in one state, the least time left first, after (due_at, id); one more than a page."""
    query = _narrow(_SHOWN.where(Complaint.state == state), filters, now)
    if after is not None:
        query = query.where(tuple_(Complaint.due_at, Complaint.id) > after)
    return db.session.execute(query.order_by(Complaint.due_at, Complaint.id).limit(PAGE + 1)).all()


def list_for_export(state: str, filters: Filters, now: datetime) -> Sequence[Row[Any]]:
    """The same list whole, at most MOST_EXPORTED."""
    query = _narrow(_SHOWN.where(Complaint.state == state), filters, now)
    return db.session.execute(query.order_by(Complaint.due_at, Complaint.id).limit(MOST_EXPORTED)).all()


def _narrow(query: Select[Any], filters: Filters, now: datetime) -> Select[Any]:
    if filters.kind:
        query = query.where(Complaint.kind == filters.kind)
    if filters.shop:
        query = query.where(Shop.name == filters.shop)
    if filters.late:
        query = query.where(
            or_(
                and_(Complaint.answered_at.is_(None), Complaint.due_at <= now),
                Complaint.answered_at > Complaint.due_at,
            )
        )
    return query


def count_states() -> dict[str, int]:
    """How many complaints are in each state, at most MOST_COUNTED."""
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
    """One complaint by its number, of this member only if one is given."""
    query = _SHOWN.where(Complaint.number == number)
    query = query if user_id is None else query.where(Complaint.user_id == user_id)
    return db.session.execute(query).one_or_none()


def find_of_link(token: str) -> Any | None:
    """A visitor's complaint by the token of its link."""
    return db.session.execute(_SHOWN.where(Complaint.token_hash == hash_token(token))).one_or_none()
