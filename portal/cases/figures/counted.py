"""The cases that figures count: those applied for in a period, as the queue's own filters narrow them down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import bindparam, select

from portal.cases.queue_filters import Filters
from portal.models import Case
from portal.prepared import list_columns
from portal.words import BEIJING

LEAST = 10  # fewer make no share, no median and no rate
MOST = 20_000  # cases of one page; a longer list is shortened by whole days
AT_ONCE = 1_000

T = TypeVar("T")
_case = Case.__table__.c
_COUNTED = (
    select(
        _case.id,
        _case.type,
        _case.reason,
        _case.buyer_id,
        _case.owner_id,
        _case.order_id,
        _case.opened_at,
        _case.freight_payer,
    )
    .where(_case.shop_id == bindparam("shop_id"))
    .order_by(_case.opened_at.desc(), _case.id.desc())
)


def load_counted(shop_id: int, filters: Filters, now: datetime, most: int = MOST) -> tuple[Sequence[Case], Filters]:
    """The cases, the newest first, and the filters with the first day that all of them fit in.

    Where the last day alone has more than ``most``, there are none, and the first day lies behind the last one.
    """
    rows = list_columns(filters.narrow(_COUNTED, now).limit(most + 1), {"shop_id": shop_id})
    if len(rows) <= most:
        return rows, filters
    first = rows[-1].opened_at.astimezone(BEIJING).date() + timedelta(days=1)
    shortened = replace(filters, since=first.isoformat())
    return [row for row in rows if row.opened_at.astimezone(BEIJING).date() >= first], shortened


def cut_up(ids: Sequence[T]) -> Iterator[list[T]]:
    """Parts of a list that one statement asks about."""
    for first in range(0, len(ids), AT_ONCE):
        yield list(ids[first : first + AT_ONCE])
