"""今天谁做了什么: the steps, notes and hand-overs of the shop's people on one day, counted and one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, literal, select, text, tuple_

from portal.extensions import Moment, db
from portal.models import Case, CaseEvent, StaffNote
from portal.models.cases import BY_SHOP
from portal.words import BEIJING

PAGE = 40
_event, _case, _note = (table.__table__.c for table in (CaseEvent, Case, StaffNote))
_OF_DAY = (_event.shop_id == bindparam("shop_id"), _event.at >= bindparam("since"), _event.at < bindparam("until"))
_COUNTS = (
    select(_event.user_id, _event.step, func.count().label("number"))
    .where(*_OF_DAY, text(BY_SHOP))
    .group_by(_event.user_id, _event.step)
)
_FIRST = select(_event.at).where(_event.shop_id == bindparam("shop_id"), text(BY_SHOP)).order_by(_event.at).limit(1)
_NOTES = (
    select(_note.user_id, _note.kind, func.count().label("number"))
    .where(_note.shop_id == bindparam("shop_id"), _note.at >= bindparam("since"), _note.at < bindparam("until"))
    .group_by(_note.user_id, _note.kind)
)
_LIST = (
    select(_event.id, _event.at, _event.step, _event.user_id, _event.author, _case.case_no, _case.goods, _case.state)
    .join_from(CaseEvent.__table__, Case.__table__, (_case.id == _event.case_id) & (_case.shop_id == _event.shop_id))
    .where(*_OF_DAY, text("case_events." + BY_SHOP))
    .order_by(_event.at.desc(), _event.id.desc())
    .limit(PAGE + 1)
)


class Done(NamedTuple):
    """What one person did: how many cases' steps of each name, and notes and hand-overs."""

    user_id: int
    steps: dict[str, int]
    notes: int
    handed_over: int


def bound_day(day: date) -> tuple[datetime, datetime]:
    """When a day of Beijing begins and ends."""
    since = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
    return since, since + timedelta(days=1)


def find_first_day(shop_id: int) -> date | None:
    """The day of Beijing on which somebody of the shop did something for the first time."""
    first = db.session.execute(_FIRST, {"shop_id": shop_id}).scalar()
    return first.astimezone(BEIJING).date() if first else None


def count_day(shop_id: int, day: date) -> list[Done]:
    """What each person of the shop did on a day, who did most first."""
    since, until = bound_day(day)
    values = {"shop_id": shop_id, "since": since, "until": until}
    steps: dict[int, dict[str, int]] = {}
    for row in db.session.execute(_COUNTS, values):
        if row.user_id is not None:
            steps.setdefault(row.user_id, {})[row.step] = row.number
    notes = {(row.user_id, row.kind): row.number for row in db.session.execute(_NOTES, values)}
    people = steps.keys() | {user_id for user_id, _ in notes}
    done = [
        Done(
            person,
            dict(sorted(steps.get(person, {}).items(), key=lambda pair: -pair[1])),
            notes.get((person, "note"), 0),
            notes.get((person, "hand_over"), 0),
        )
        for person in people
    ]
    return sorted(done, key=lambda each: (-sum(each.steps.values()), each.user_id))


def list_day(
    shop_id: int, day: date, *, user_id: int | None = None, step: str = "", after: tuple[datetime, int] | None = None
) -> tuple[Sequence[Any], tuple[datetime, int] | None]:
    """One page of the steps of a day, the newest first, of one person or of all; and where the next page begins."""
    since, until = bound_day(day)
    values: dict[str, object] = {"shop_id": shop_id, "since": since, "until": until}
    query = _LIST
    if user_id is not None:
        query = query.where(_event.user_id == user_id)
    if step:
        query = query.where(_event.step == step)
    if after is not None:
        query = query.where(tuple_(_event.at, _event.id) < tuple_(literal(after[0], Moment()), literal(after[1])))
    rows = db.session.execute(query, values).all()
    if len(rows) <= PAGE:
        return rows, None
    return rows[:PAGE], (rows[PAGE - 1].at, rows[PAGE - 1].id)
