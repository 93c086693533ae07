"""What shops have said of the headings that their tools write, so that they say it once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, insert, select

from portal.extensions import db
from portal.models import ImportHeading
from portal.orders.export_format import SeenHeadings
from portal.orders.export_format.columns import LINE_COLUMNS, ORDER_COLUMNS, OTHER_COLUMNS, REQUIRED

OURS = tuple(column.heading for column in ORDER_COLUMNS + LINE_COLUMNS + OTHER_COLUMNS)


def load_headings(shop_id: int) -> dict[str, str]:
    """Our headings by those of other tools, as a shop has said."""
    found = db.session.execute(select(ImportHeading.theirs, ImportHeading.ours).where(ImportHeading.shop_id == shop_id))
    return {row.theirs: row.ours for row in found}


def remember_headings(shop_id: int, explained: Mapping[str, str], now: datetime) -> None:
    """Keep what a shop says now, in place of what it said of the same headings before. Inside ``writing()``."""
    if not explained:
        return
    db.session.execute(
        delete(ImportHeading).where(ImportHeading.shop_id == shop_id, ImportHeading.theirs.in_(list(explained)))
    )
    rows = [{"shop_id": shop_id, "theirs": theirs, "ours": ours, "said_at": now} for theirs, ours in explained.items()]
    db.session.execute(insert(ImportHeading), rows)


def list_missing(seen: SeenHeadings, explained: Mapping[str, str]) -> list[str]:
    """Which columns an import can't do without are still missing."""
    known = {*seen.own, *explained.values()}
    return [heading for heading in REQUIRED if heading not in known]
