"""Parcels that came in at the desk: noted when scanned, matched with their case as soon as one names their number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal import words
from portal.calendar.workdays import BEIJING
from portal.extensions import db
from portal.models import Case, Intake, Parcel, Shop, User
from portal.models.keys import make_id
from portal.parcels import numbers
from portal.prepared import Prepared

PAGE = 40
NO_NUMBER = "WDH"  # 无单号
# What a list says of the case of a parcel.
_OF_CASE = (Case.case_no, Case.goods, Case.state, Case.type, Case.stage, Case.late, Case.due_rule)


def note_intake(
    shop_id: int,
    number: str,
    *,
    user_id: int,
    now: datetime,
    case_id: int | None = None,
    goods: str = "",
    sender: str = "",
    phone_tail: str = "",
    photo: str | None = None,
) -> Intake:
    """Keep a parcel that arrived; one that is known already is told its case, nothing is counted twice."""
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"id": make_id(), "shop_id": shop_id, "number": number, "user_id": user_id, "at": now}
    db.session.execute(make(Intake).values(row).on_conflict_do_nothing())  # two people may scan it at once
    asked = select(Intake).where(Intake.shop_id == shop_id, Intake.number == number).with_for_update()
    known = db.session.scalars(asked.execution_options(populate_existing=True)).one()
    known.left_at, known.left_how, known.left_note, known.left_by = None, "", "", None  # it is in somebody's hand
    if case_id is not None and known.case_id is None:
        known.case_id, known.matched_at = case_id, now
    known.goods, known.sender = goods or known.goods, sender or known.sender
    known.phone_tail, known.photo = phone_tail or known.phone_tail, photo or known.photo
    db.session.flush()
    return known


def make_number(shop_id: int, now: datetime) -> str:
    """What a parcel without a legible number is called: of the day and counted, so that it can be written on it.

    Letters and digits in one piece, as a carrier's, so that it is scanned and typed like one.
    """
    db.session.execute(select(Shop.id).where(Shop.id == shop_id).with_for_update())  # two may ask at once
    day = f"{NO_NUMBER}{now.astimezone(BEIJING):%y%m%d}"
    known = set(
        db.session.scalars(select(Intake.number).where(Intake.shop_id == shop_id, Intake.number.startswith(day)))
    )
    return next(number for count in range(1, len(known) + 2) if (number := f"{day}{count:02}") not in known)


_WAITS = (Intake.case_id.is_(None), Intake.left_at.is_(None))  # in the words of the index of unidentified parcels
WAYS = {"returned": "退回寄件人", "scrapped": "报废", "other": "不是退货或登记错了"}  # how one leaves
# A case that never named this number: somebody said that the parcel is its.
_BY_HAND = ~(
    select(Parcel.id)
    .where(
        Parcel.shop_id == Intake.shop_id,
        Parcel.case_id == Intake.case_id,
        func.upper(Parcel.tracking_no) == Intake.number,
        Parcel.leg == "back",
    )
    .correlate(Intake)
    .exists()
)


def join_case(shop_id: int, intake_id: int, case_id: int, now: datetime) -> bool:
    """就是这单: somebody says whose a parcel without a case is; False when it has one already."""
    done = db.session.execute(
        update(Intake)
        .where(Intake.shop_id == shop_id, Intake.id == intake_id, *_WAITS)
        .values(case_id=case_id, matched_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def leave(shop_id: int, intake_id: int, how: str, note: str, *, user_id: int, now: datetime) -> bool:
    """A parcel without a case isn't waited with any longer; False when it has one, or is gone already."""
    done = db.session.execute(
        update(Intake)
        .where(Intake.shop_id == shop_id, Intake.id == intake_id, *_WAITS)
        .values(left_at=now, left_how=how, left_note=note, left_by=user_id)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def take_back(shop_id: int, intake_id: int) -> bool:
    """It is here after all; False when nobody said that it was gone."""
    done = db.session.execute(
        update(Intake)
        .where(Intake.shop_id == shop_id, Intake.id == intake_id, Intake.left_at.is_not(None))
        .values(left_at=None, left_how="", left_note="", left_by=None)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def list_left(shop_id: int, since: datetime) -> Sequence[Row[int, str, str, datetime | None, str, str, str, str]]:
    """The parcels that somebody was done with since a moment, the newest first, with who and the case of those that one
    has named since."""
    return db.session.execute(
        select(
            Intake.id,
            Intake.number,
            Intake.goods,
            Intake.left_at,
            Intake.left_how,
            Intake.left_note,
            User.member_name,
            Case.case_no,
        )
        .join(User, User.id == Intake.left_by)
        .outerjoin(Case, (Case.id == Intake.case_id) & (Case.shop_id == Intake.shop_id))
        .where(Intake.shop_id == shop_id, Intake.left_at >= since)
        .order_by(Intake.left_at.desc())
        .limit(PAGE)
    ).all()


def list_left_of(shop_id: int, case_id: int) -> Sequence[Intake]:
    """The parcels that a case names and that were let go before it did."""
    query = select(Intake).where(Intake.shop_id == shop_id, Intake.left_at.is_not(None), Intake.case_id == case_id)
    return db.session.scalars(query.order_by(Intake.left_at)).all()


_TOLD = {
    "returned": "商家已经把它退回寄件人",
    "scrapped": "商家已经按报废处理",
    "other": "商家没有当作退货，没有留在退货里",
}


def tell_left_of(shop_id: int, case_id: int) -> list[str]:
    """For the buyer, who named the whole number: that their parcel was there, and where it went.

    Of what the shop noted only the waybill by which it went back is theirs to know; reasons are words for colleagues.
    """
    found = []
    for row in list_left_of(shop_id, case_id):
        number = numbers.normalise(row.left_note) if row.left_how == "returned" else ""
        by = f"，退回的运单号 {number}" if number and numbers.recognise(number)[0] else ""
        came = f"包裹 {row.number} 在您填写单号以前就到过商家（{words.moment(row.at)}），当时没有对上您的售后单"
        left = words.moment(row.left_at) if row.left_at else ""
        found.append(f"{came}；{left}{_TOLD[row.left_how]}{by}")
    return found


def find_number(shop_id: int, intake_id: int) -> str:
    """The number of a parcel that came in; "" where there is none."""
    known = select(Intake.number).where(Intake.shop_id == shop_id, Intake.id == intake_id)
    return db.session.scalar(known) or ""


def part_case(shop_id: int, intake_id: int) -> bool:
    """It isn't that case's after all; False where the case itself names the number."""
    done = db.session.execute(
        update(Intake)
        .where(Intake.shop_id == shop_id, Intake.id == intake_id, Intake.case_id.is_not(None), _BY_HAND)
        .values(case_id=None, matched_at=None)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def list_joined(shop_id: int, since: datetime) -> Sequence[Any]:
    """What was joined by hand since a moment and no case has named, the newest first."""
    return db.session.execute(
        select(Intake.id, Intake.number, Intake.matched_at, Intake.case_id, *_OF_CASE)
        .join(Case, (Case.id == Intake.case_id) & (Case.shop_id == Intake.shop_id))
        .where(Intake.shop_id == shop_id, Intake.matched_at >= since, Case.state.in_(("returning", "inspecting")))
        .where(_BY_HAND)
        .order_by(Intake.matched_at.desc(), Intake.id.desc())
        .limit(PAGE)
    ).all()


def match_case(shop_id: int, number: str, case_id: int, now: datetime) -> bool:
    """Somebody named a number as a parcel of a case: whether an unidentified parcel was waiting for that.

    The whole number counts for more than what somebody at the desk took the parcel for.
    """
    done = db.session.execute(
        update(Intake)
        .where(Intake.shop_id == shop_id, Intake.number == number.upper(), Intake.case_id.is_(None) | _BY_HAND)
        .values(case_id=case_id, matched_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def list_unidentified(shop_id: int, after: tuple[datetime, int] | None = None, size: int = PAGE) -> Sequence[Intake]:
    """One page of the parcels without a case, the oldest first; one more row than a page says that it goes on."""
    query = select(Intake).where(Intake.shop_id == shop_id, *_WAITS).order_by(Intake.at, Intake.id)
    if after is not None:
        query = query.where((Intake.at > after[0]) | ((Intake.at == after[0]) & (Intake.id > after[1])))
    return db.session.scalars(query.limit(size + 1)).all()


def has_photo(shop_id: int, public_id: str) -> bool:
    """Whether a photo is one of a parcel that came in at this shop."""
    found = select(Intake.id).where(Intake.shop_id == shop_id, Intake.photo == public_id)
    return db.session.scalar(found.limit(1)) is not None


def list_recent(shop_id: int, user_id: int, since: datetime) -> Sequence[Any]:
    """What one person has scanned since a moment, the newest first, with the case of each."""
    return db.session.execute(
        select(Intake.number, Intake.at, Intake.case_id, Intake.goods.label("inside"), *_OF_CASE, Case.entry_count)
        .outerjoin(Case, (Case.id == Intake.case_id) & (Case.shop_id == shop_id))
        .where(Intake.shop_id == shop_id, Intake.user_id == user_id, Intake.at >= since)
        .order_by(Intake.at.desc(), Intake.id.desc())
        .limit(PAGE)
    ).all()


_COUNT = Prepared(
    select(func.count()).select_from(
        select(Intake.id)
        .where(Intake.shop_id == bindparam("shop_id"), *_WAITS)
        .order_by(Intake.at)
        .limit(bindparam("most"))
        .subquery()
    )
)


def count_unidentified(shop_id: int, most: int) -> int:
    """How many parcels without a case there are, counted to ``most``."""
    return int(_COUNT.find_value(shop_id=shop_id, most=most))
