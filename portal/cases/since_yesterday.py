"""昨天以来: what changed since the beginning of yesterday, each number the length of a list of the queue."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, text

from portal.cases.queue_filters import DID, Filters, begin_day, build_did
from portal.extensions import db
from portal.models import Case, MoneyEntry
from portal.models.money import PAID_OUT
from portal.versioned import Versioned
from portal.words import BEIJING

_case, _entry = Case.__table__.c, MoneyEntry.__table__.c
OPENED = "新售后单"  # also of orders called off before they were sent, and what other cases became


class Change(NamedTuple):
    """How many cases it happened to, the filters that list them, and what was paid, 分; None: not a matter of money."""

    words: str
    number: int
    filters: Filters
    fen: int | None = None


def name_yesterday(now: datetime) -> str:
    """The day before this one, in Beijing."""
    return (now.astimezone(BEIJING).date() - timedelta(days=1)).isoformat()


def count_changes(shop_id: int, now: datetime, version: Hashable) -> list[Change]:
    """What happened, kept under the shop's version; what didn't happen isn't among it."""
    day = name_yesterday(now)
    found = _kept.find((shop_id, version, day), lambda: _count(shop_id, day))
    return [each for each in found if each.number]


_kept: Versioned[list[Change]] = Versioned("since_yesterday")


def _count(shop_id: int, day: str) -> list[Change]:
    since = begin_day(day)
    lists = {OPENED: Filters(since=day), **{said: Filters(did=did, day=day) for did, said in DID.items()}}
    of_shop = select(func.count()).select_from(Case.__table__).where(_case.shop_id == bindparam("shop_id"))
    counts = [of_shop.where(_case.opened_at >= since), *(of_shop.where(build_did(did, since)) for did in DID)]
    paid = select(func.coalesce(func.sum(_entry.amount_fen), 0)).where(
        _entry.shop_id == bindparam("shop_id"), text(PAID_OUT), _entry.settled_at >= since
    )
    every = select(*(each.scalar_subquery() for each in (*counts, paid)))
    *numbers, fen = db.session.execute(every, {"shop_id": shop_id}).one()
    refunded = DID["refunded"]
    return [
        Change(said, number, filters, int(fen) if said == refunded else None)
        for (said, filters), number in zip(lists.items(), numbers, strict=True)
    ]
