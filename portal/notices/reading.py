"""Reading notices: by page, marked as read, and the counts on the tabs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from portal.extensions import db
from portal.models import Notice
from portal.notices.notices import bump_unread


def list_page(user_id: int, before: int | None, size: int = 20) -> Sequence[Notice]:
    """One page of a person's notices, newest first; ``before`` is the id the last page ended with."""
    query = select(Notice).where(Notice.user_id == user_id).order_by(Notice.id.desc()).limit(size + 1)
    if before is not None:
        query = query.where(Notice.id < before)
    return db.session.scalars(query).all()


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
