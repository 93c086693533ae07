"""What people answered about ended cases: kept once, answered by the shop in the case, a task where it was bad."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, select, tuple_, update

from portal.cases import endings
from portal.evidence import evidence
from portal.extensions import db
from portal.flow import Actor
from portal.models import Case, CaseEvent, Rating, Staff, User
from portal.notices import notices
from portal.prepared import Prepared

WORDS = {5: "很满意", 4: "满意", 3: "一般", 2: "不满意", 1: "很不满意"}
BAD = 2  # up to so many stars somebody of the shop follows it up
PHOTO_VERSION = 0  # photos of a case that no step handed in
PAGE = 30
TABS = {"all": "全部", "follow": "待跟进", "unanswered": "未回复", "low": "不满意"}


class RatingRefused(Exception):
    """It can't be done; the message is the sentence for whoever tried."""


def find_of_case(case: Case) -> Rating | None:
    """The question about a case and what was answered, each with who did it; None while the case goes on."""
    return db.session.scalars(
        select(Rating).where(Rating.case_id == case.id, Rating.shop_id == case.shop_id)
    ).one_or_none()


_columns = Rating.__table__.c
_OF_CASE = Prepared(
    select(*_columns).where(_columns.case_id == bindparam("case_id"), _columns.shop_id == bindparam("shop_id"))
)


def read_of_case(case: Case) -> Rating | None:
    """The same as columns, for a page that only shows it."""
    return _OF_CASE.find_row(case_id=case.id, shop_id=case.shop_id)


def rate(case: Case, stars: int, words: str, photos: Sequence[str], *, by_link: bool, now: datetime) -> None:
    """Keep the answer; up to BAD stars make a task. Inside ``writing()``. Raises RatingRefused when there is one."""
    if stars not in WORDS:
        raise RatingRefused("请选择 1 到 5 分")
    if case.state not in endings.ASKED_ABOUT:
        raise RatingRefused("这张售后单还没有结束")
    done = db.session.execute(
        update(Rating)
        .where(Rating.case_id == case.id, Rating.shop_id == case.shop_id, Rating.stars.is_(None))
        .values(
            stars=stars,
            words=words,
            by_link=by_link,
            rated_at=now,
            next_ask_at=None,
            staff_id=_find_staff(case),
            follow_state="open" if stars <= BAD else "",
        )
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise RatingRefused("这张售后单已经评过，一张只能评一次")
    evidence.attach_to_case(
        photos,
        shop_id=case.shop_id,
        owner_id=case.buyer_id,
        case_id=case.id,
        order_id=case.order_id,
        version=PHOTO_VERSION,
    )
    if stars <= BAD:
        for user_id in notices.list_readers(case, Actor.SELLER):
            _tell(case, user_id, "rating_bad", f"收到 {stars} 分评价，请跟进", words or WORDS[stars], now)


def _find_staff(case: Case) -> int | None:
    """Who of the shop acted last in this case."""
    return db.session.scalar(
        select(CaseEvent.user_id)
        .where(CaseEvent.case_id == case.id, CaseEvent.shop_id == case.shop_id, CaseEvent.actor == "seller")
        .order_by(CaseEvent.version.desc())
        .limit(1)
    )


def answer(case: Case, words: str, *, by: int, now: datetime) -> None:
    """The shop answers, once, for everybody who sees the case. Inside ``writing()``. Raises RatingRefused."""
    done = db.session.execute(
        update(Rating)
        .where(
            Rating.case_id == case.id,
            Rating.shop_id == case.shop_id,
            Rating.stars.is_not(None),
            Rating.answered_at.is_(None),
        )
        .values(answer=words, answered_by=by, answered_at=now)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise RatingRefused("这条评价已经回复，或还没有评价")
    _tell(case, case.buyer_id, "rating_answer", "商家回复了您的评价", words, now)


def close_follow_up(case: Case, note: str, *, by: int, now: datetime) -> None:
    """What was done about a bad answer; seen by the shop alone. Inside ``writing()``. Raises RatingRefused."""
    done = db.session.execute(
        update(Rating)
        .where(Rating.case_id == case.id, Rating.shop_id == case.shop_id, Rating.follow_state == "open")
        .values(follow_state="done", follow_note=note, follow_by=by, follow_at=now)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise RatingRefused("这条评价已经有人跟进完了，页面显示的是最新状态")


def _tell(case: Case, user_id: int, kind: str, title: str, body: str, now: datetime) -> None:
    href = f"/cases/{case.case_no}" if user_id == case.buyer_id else f"/seller/cases/{case.case_no}/rating"
    key = f"{kind}:{case.id}:{user_id}"
    notices.add_notice(user_id, case, kind=kind, title=title, body=body, href=href, at=now, dedupe_key=key)
    notices.bump_unread(user_id)


def list_page(
    shop_id: int, tab: str, after: tuple[datetime, int] | None = None, size: int = PAGE
) -> tuple[Sequence[Any], tuple[datetime, int] | None]:
    """One page of a shop's ratings, the newest first, and the key of the next."""
    query = (
        select(
            Rating.id,
            Rating.stars,
            Rating.words,
            Rating.rated_at,
            Rating.answer,
            Rating.follow_state,
            Rating.by_link,
            Case.case_no,
            Case.type,
            Case.goods,
            User.member_name.label("buyer"),
        )
        .join(Case, and_(Case.id == Rating.case_id, Case.shop_id == Rating.shop_id))
        .join(User, User.id == Rating.buyer_id)
        .where(Rating.shop_id == shop_id, Rating.stars.is_not(None))
        .order_by(Rating.rated_at.desc(), Rating.id.desc())
        .limit(size + 1)
    )
    if tab == "follow":
        query = query.where(Rating.follow_state == "open")
    elif tab == "unanswered":
        query = query.where(Rating.answered_at.is_(None))
    elif tab == "low":
        query = query.where(Rating.stars <= BAD)
    if after is not None:
        query = query.where(tuple_(Rating.rated_at, Rating.id) < after)
    rows = db.session.execute(query).all()
    last = rows[size - 1] if len(rows) > size else None
    return rows[:size], (last.rated_at, last.id) if last is not None else None


def find_names(rating: Rating) -> dict[str, str]:
    """The 会员名 of who answered and who followed up, for the shop's own eyes."""
    people = {"answered": rating.answered_by, "followed": rating.follow_by}
    known = {user_id for user_id in people.values() if user_id}
    names = dict(
        db.session.execute(
            select(User.id, User.member_name)
            .join(Staff, Staff.user_id == User.id)
            .where(User.id.in_(known), Staff.shop_id == rating.shop_id)
        ).all()
    )
    return {what: names.get(user_id or 0, "已离职员工") for what, user_id in people.items() if user_id}
