"""Who of the shop has a case open: 「李四 2 分钟前打开」, so that two don't do the same work."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from portal.columns import LookSeen
from portal.extensions import db
from portal.models import CaseLook

SHOWN_FOR = timedelta(minutes=10)


def note_look(shop_id: int, case_id: int, user_id: int, now: datetime) -> None:
    """This person has the case open. Inside ``writing()``."""
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"shop_id": shop_id, "case_id": case_id, "user_id": user_id, "at": now}
    key = [CaseLook.shop_id, CaseLook.case_id, CaseLook.user_id]
    db.session.execute(make(CaseLook).values(row).on_conflict_do_update(index_elements=key, set_={"at": now}))


def describe(look: LookSeen, now: datetime) -> str:
    """Who opened a case and when, in words; ``look`` has a ``name`` and ``at``."""
    return f"{look.name} {_say(now - look.at)}打开"


def _say(ago: timedelta) -> str:
    minutes = int(ago.total_seconds() // 60)
    return f"{minutes} 分钟前" if minutes > 0 else "刚刚"


def forget(now: datetime) -> None:
    """Remove what isn't shown any more."""
    db.session.execute(delete(CaseLook).where(CaseLook.at < now - SHOWN_FOR))
