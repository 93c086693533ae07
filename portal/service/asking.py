"""Asking how content somebody is: after the end of a case and once more, not at night, not who doesn't want it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, update

from portal.calendar import lengths, officehours
from portal.cases.endings import MOST_ASKS
from portal.extensions import db, writing
from portal.models import Case, Rating, User
from portal.notices import notices
from portal.per_app import PerApp

AT_ONCE = 200
_quiet: PerApp[tuple[int, int]] = PerApp("quiet_hours", (22 * 60, 8 * 60))


def set_quiet_hours(begins: int, ends: int) -> None:
    """In which minutes of the day nobody is asked; equal: none."""
    _quiet.set((begins, ends))


_DUE = (
    select(
        Rating.id,
        Rating.shop_id,
        Rating.asks,
        Rating.buyer_id,
        Case.case_no,
        Case.goods,
        User.no_questions,
        User.disabled_at,
        User.password_hash.is_(None).label("dormant"),
    )
    .join(Case, and_(Case.id == Rating.case_id, Case.shop_id == Rating.shop_id))
    .join(User, User.id == Rating.buyer_id)
    .order_by(Rating.next_ask_at)
    .limit(AT_ONCE)
)


def ask_due(now: datetime) -> int:
    """Ask everybody whose question is due; returns how many. In quiet hours nobody: it waits for the morning."""
    due = Rating.next_ask_at <= now
    if officehours.is_quiet(now, *_quiet.get()) or db.session.scalar(select(Rating.id).where(due).limit(1)) is None:
        return 0
    with writing():
        rows = db.session.execute(_DUE.where(due).with_for_update(of=Rating, skip_locked=True)).all()
        return sum(_ask(row, now) for row in rows)


def _ask(row: Any, now: datetime) -> bool:
    """Ask one person, or leave it for good when they don't want to be asked or can't come in."""
    wanted = not (row.no_questions or row.disabled_at or row.dormant)
    asks = row.asks + wanted
    again = now + lengths.get_deadline("rating_again") if wanted and asks < MOST_ASKS else None
    done = db.session.execute(
        update(Rating)
        .where(Rating.id == row.id, Rating.shop_id == row.shop_id, Rating.asks == row.asks, Rating.stars.is_(None))
        .values(asks=asks, next_ask_at=again)
        .execution_options(synchronize_session=False)
    )
    if not wanted or done.rowcount != 1:  # type: ignore[attr-defined]
        return False
    notices.add_notice(
        row.buyer_id,
        None,
        shop_id=row.shop_id,
        kind="satisfied",
        title="这次售后您满意吗？",
        body=f"「{row.goods}」的售后（{row.case_no}）已经结束，请打个分，只有一题；不评也可以。"
        + ("这是最后一次询问。" if asks == MOST_ASKS else ""),
        href=f"/cases/{row.case_no}/satisfied",
        at=now,
        dedupe_key=f"satisfied-{row.id}-{asks}",
    )
    notices.bump_unread(row.buyer_id)
    return True


def stop_asking(user_id: int, *, stops: bool) -> None:
    """This person doesn't want to be asked any more, or does again. Inside ``writing()``."""
    db.session.execute(update(User).where(User.id == user_id).values(no_questions=stops))


def does_ask(user_id: int) -> bool:
    """Whether this person is asked."""
    return not db.session.scalar(select(User.no_questions).where(User.id == user_id))
