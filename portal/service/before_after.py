"""Satisfaction before and after a day: two stretches side by side, and nothing said of why they differ."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import func, select

from portal.extensions import db
from portal.models import Rating
from portal.service import figures
from portal.service.figures import AGAIN, LEAST, RETURNS, Span

SPAN: Final = timedelta(days=90)


class Figure(NamedTuple):
    """What is said of ``number``; None where they are too few."""

    number: int
    said: Any | None


class Compared(NamedTuple):
    """One figure with what it counts, before the day and from it on."""

    name: str
    unit: str
    counts: str
    before: Figure
    after: Figure


def compare(shop_id: int, day: datetime, now: datetime) -> list[Compared]:
    """SPAN before the day and up to SPAN from it on; what needs time to show counts only what has had it."""

    def cut(waits: timedelta) -> tuple[Span, Span]:
        last = now - waits
        return Span(day - SPAN, min(day, last)), Span(day, max(day, min(day + SPAN, last)))

    def both(waits: timedelta, measure: Callable[[int, Span], Figure]) -> tuple[Figure, Figure]:
        before, after = (measure(shop_id, span) for span in cut(waits))
        return before, after

    at_once = timedelta(microseconds=-1)  # also what is of this very moment
    return [
        Compared("满意度（平均分）", "条", "这段时间里买家评的 1–5 分的平均数", *both(at_once, _measure_mean)),
        Compared(
            "首次响应",
            "张",
            "这段时间提交的售后单，到店铺的人第一次处理，只算办公时间，取中位数",
            *both(at_once, _measure_response),
        ),
        Compared(
            "一次解决率",
            "张",
            f"这段时间结束、已满 {AGAIN.days} 天的售后单里，结束后 {AGAIN.days} 天内同样的商品没有再申请的",
            *both(AGAIN, _measure_settled),
        ),
        Compared(
            "复购",
            "人",
            f"这段时间售后结束、已满 {RETURNS.days} 天的买家里，结束后 {RETURNS.days} 天内又在本店下过单的",
            *both(RETURNS, _measure_returning),
        ),
    ]


def _measure_mean(shop_id: int, span: Span) -> Figure:
    number, total = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Rating.stars), 0)).where(
            Rating.shop_id == shop_id,
            Rating.stars.is_not(None),
            Rating.rated_at >= span.begin,
            Rating.rated_at < span.end,
        )
    ).one()
    return Figure(number, round(int(total or 0) / number, 1) if number >= LEAST else None)


def _measure_response(shop_id: int, span: Span) -> Figure:
    found = figures.measure_response_of(shop_id, span)
    return Figure(found.number, found.median)


def _measure_settled(shop_id: int, span: Span) -> Figure:
    return _say(figures.measure_settled_of(shop_id, span))


def _measure_returning(shop_id: int, span: Span) -> Figure:
    return _say(figures.measure_returning_of(shop_id, span))


def _say(share: figures.Share) -> Figure:
    return Figure(share.number, None if share.percent is None else f"{share.percent}%（{share.part}／{share.number}）")
