"""Reading notices: by page, marked as read, and the counts on the tabs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.models import Delivery, Notice
from portal.notices.notices import bump_unread

_newer = aliased(Notice)


def list_newest(user_id: int, before: int | None, size: int = 20) -> Sequence[Notice]:
    """One page of a person's notices and one more, newest first: of each case its newest, and those of no case.

    ``before`` is the id the last page ended with.
    """
    newer = (Notice.case_id == _newer.case_id) & (Notice.user_id == _newer.user_id) & (_newer.id > Notice.id)
    query = select(Notice).where(Notice.user_id == user_id, ~select(_newer.id).where(newer).exists())
    if before is not None:
        query = query.where(Notice.id < before)
    return db.session.scalars(query.order_by(Notice.id.desc()).limit(size + 1)).all()


def count_unread_of(user_id: int, case_ids: Sequence[int]) -> dict[int, int]:
    """How many notices of each of these cases this person hasn't read; those without one aren't in it."""
    if not case_ids:
        return {}
    mine = (Notice.user_id == user_id, Notice.read_at.is_(None), Notice.case_id.in_(case_ids))
    found = select(Notice.case_id, func.count()).where(*mine).group_by(Notice.case_id)
    return {case_id or 0: unread for case_id, unread in db.session.execute(found)}


def mark_opened(user_id: int, notice_id: int, now: datetime) -> Notice | None:
    """Mark what a row of the list stands for as read; its notice, None when it isn't this person's."""
    notice = db.session.scalar(select(Notice).where(Notice.id == notice_id, Notice.user_id == user_id))
    if notice is None:
        return None
    same = Notice.id == notice_id if notice.case_id is None else Notice.case_id == notice.case_id
    db.session.execute(
        update(Notice).where(Notice.user_id == user_id, same, Notice.read_at.is_(None)).values(read_at=now)
    )
    bump_unread(user_id)
    return notice


def mark_all_read(user_id: int, now: datetime) -> int:
    """Mark everything read; returns how many were not."""
    done = db.session.execute(
        update(Notice).where(Notice.user_id == user_id, Notice.read_at.is_(None)).values(read_at=now)
    )
    bump_unread(user_id)
    return int(done.rowcount)  # type: ignore[attr-defined]


def mark_case_read(user_id: int, case_id: int, now: datetime) -> None:
    """Mark the notices of one case read, when its person acts on it."""
    db.session.execute(
        update(Notice)
        .where(Notice.user_id == user_id, Notice.case_id == case_id, Notice.read_at.is_(None))
        .values(read_at=now)
    )


def forget_shop(user_id: int, shop_id: int) -> None:
    """Take a shop's own notices off the list of somebody who works there no longer. Inside ``writing()``.

    They tell of strangers' cases and what colleagues said, and lead nowhere any more. What tells the same person of
    what they buy there leads elsewhere, and stays.
    """
    theirs = select(Notice.id).where(
        Notice.user_id == user_id, Notice.shop_id == shop_id, Notice.href.startswith("/seller")
    )
    for table, column in ((Delivery, Delivery.notice_id), (Notice, Notice.id)):
        db.session.execute(delete(table).where(column.in_(theirs)).execution_options(synchronize_session=False))
    bump_unread(user_id)


def cap_count(what: str) -> str:
    return f"(SELECT count(*) FROM (SELECT 1 FROM {what} LIMIT 100) AS unread)"  # noqa: S608  (words of this module)


# The marks on tabs (each ≤ 100), as columns beside ``sessions.user_id`` and ``staff.shop_id``: unread notices, and
# conversations with something unread as buyer and as shop. Ordered, or PostgreSQL would rather look for the first
# hundred in the table.
MARKS: dict[str, str] = {
    "notices": cap_count("notices WHERE user_id = sessions.user_id AND read_at IS NULL ORDER BY id"),
    "messages": cap_count("conversations WHERE buyer_id = sessions.user_id AND buyer_unread > 0"),
    "shop_messages": cap_count("conversations WHERE shop_id = staff.shop_id AND seller_unread > 0"),
}
