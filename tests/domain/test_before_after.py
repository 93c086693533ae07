"""Satisfaction before and after a day equals a count by hand, on both databases; nothing is said of few."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from portal.extensions import db, writing
from portal.models import Case, Order, Rating
from portal.service import before_after, figures
from tests.cast import Cast

DAY = timedelta(days=1)


@pytest.fixture
def ended(cast_both: Cast) -> list[Any]:
    """Some cases that ended between 200 days ago and now, half of them rated, some buyers back again."""
    cast, dice = cast_both, random.Random(11)
    for number in range(14):
        case_id = cast.until("completed").id
        at = cast.now - DAY * dice.randint(0, 130)
        stars = dice.randint(1, 5) if number % 5 else None
        with writing():
            db.session.execute(update(Case).where(Case.id == case_id).values(opened_at=at - 2 * DAY))
            db.session.execute(
                update(Rating)
                .where(Rating.case_id == case_id)
                .values(ended_at=at, stars=stars, rated_at=at if stars else None, next_ask_at=None)
            )
    rows = list(
        db.session.execute(
            select(Rating.stars, Rating.ended_at, Rating.rated_at, Case.opened_at, Rating.buyer_id).join(
                Case, Case.id == Rating.case_id
            )
        ).all()
    )
    db.session.rollback()
    return rows


def test_both_stretches_equal_a_count_by_hand(cast_both: Cast, ended: list[Any]) -> None:
    for back in (0, 40, 95, 100, 150):
        check(cast_both.shop, ended, cast_both.now - DAY * back, cast_both.now)


def check(shop_id: int, ended: list[Any], day: datetime, now: datetime) -> None:
    """Both stretches around a day, recounted."""
    span = before_after.SPAN

    def within(at: datetime, begin: datetime, end: datetime, waits: timedelta = -DAY) -> bool:
        return begin <= at < min(end, now - waits)

    def count(begin: datetime, end: datetime) -> dict[str, int]:
        rated = [row.stars for row in ended if row.stars and within(row.rated_at, begin, end)]
        settled = [row for row in ended if within(row.ended_at, begin, end, figures.AGAIN)]
        returning = {row.buyer_id for row in ended if within(row.ended_at, begin, end, figures.RETURNS)}
        return {
            "满意度（平均分）": len(rated),
            "首次响应": len([row for row in ended if within(row.opened_at, begin, end)]),
            "一次解决率": len(settled),
            "复购": len(returning),
        }

    found = before_after.compare(shop_id, day, now)
    db.session.rollback()
    assert {row.name: row.before.number for row in found} == count(day - span, day)
    assert {row.name: row.after.number for row in found} == count(day, day + span)
    for row in found:
        for each in (row.before, row.after):
            assert (each.said is not None) == (each.number >= figures.LEAST), row
    mean = found[0]
    if mean.before.said is not None:
        stars = [row.stars for row in ended if row.stars and day - span <= row.rated_at < day]
        assert mean.before.said == round(sum(stars) / len(stars), 1)


def test_who_came_back_is_counted_from_orders_within_ninety_days(cast_both: Cast) -> None:
    cast = cast_both
    case_id = cast.until("completed").id
    day = cast.now - 150 * DAY
    for days, came in ((90, 1), (91, 0)):
        with writing():
            db.session.execute(update(Rating).where(Rating.case_id == case_id).values(ended_at=day + DAY))
            for order in db.session.scalars(select(Order)).all():
                order.ordered_at = day + DAY * (1 + days)
        share = figures.measure_returning_of(cast.shop, figures.Span(day, day + before_after.SPAN))
        db.session.rollback()
        assert share == (1, came)
