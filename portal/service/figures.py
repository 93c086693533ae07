"""How content a shop's customers were, in figures that say what they count. Few answers make no figure.

Means are of one decimal; a figure of fewer than LEAST is not shown, because one person could be read out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from sqlalchemy import and_, case, func, select

from portal.calendar.officehours import BEIJING, measure_elapsed
from portal.extensions import db
from portal.models import Case, CaseEvent, CaseLine, Order, OrderLine, Rating, Shop, User

LEAST = 10
MONTHS = 12
MOST = 20_000  # answers read for one page
LATELY = timedelta(days=90)
AGAIN = timedelta(days=30)  # another case of the same goods within it: the first one didn't settle it
RETURNS = timedelta(days=90)  # another order within it


class Row(NamedTuple):
    """``number`` answers and their mean; None where there are too few to say it."""

    name: str
    number: int
    mean: float | None


class Share(NamedTuple):
    """``part`` of ``number``; nothing is shown below LEAST."""

    number: int
    part: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.part / self.number) if self.number >= LEAST else None


class Span(NamedTuple):
    """From ``begin`` until before ``end``."""

    begin: datetime
    end: datetime


class Wait(NamedTuple):
    """The median of ``number`` waits; None below LEAST."""

    number: int
    median: timedelta | None


def make_row(name: str, stars: Sequence[int]) -> Row:
    """The mean of some answers, if they are enough."""
    return Row(name, len(stars), round(sum(stars) / len(stars), 1) if len(stars) >= LEAST else None)


def list_answers(shop_id: int, since: datetime) -> Sequence[Any]:
    """The answers since then: stars, rated_at, reason, staff, and the goods of the case's first line."""
    first = (
        select(func.min(CaseLine.id))
        .where(CaseLine.case_id == Rating.case_id, CaseLine.shop_id == Rating.shop_id)
        .correlate(Rating)
        .scalar_subquery()
    )
    goods = case((OrderLine.cargo_no != "", OrderLine.cargo_no), else_=OrderLine.title)
    return db.session.execute(
        select(Rating.stars, Rating.rated_at, Case.reason, User.member_name.label("staff"), goods.label("goods"))
        .join(Case, and_(Case.id == Rating.case_id, Case.shop_id == Rating.shop_id))
        .join(CaseLine, and_(CaseLine.id == first, CaseLine.shop_id == Rating.shop_id))
        .join(OrderLine, and_(OrderLine.id == CaseLine.order_line_id, OrderLine.shop_id == CaseLine.shop_id))
        .outerjoin(User, User.id == Rating.staff_id)
        .where(Rating.shop_id == shop_id, Rating.stars.is_not(None), Rating.rated_at >= since)
        .order_by(Rating.rated_at.desc())
        .limit(MOST)
    ).all()


def find_months(now: datetime) -> list[str]:
    """The last MONTHS months in Beijing, the present one last, like 2026-11."""
    local = now.astimezone(BEIJING)
    whole = local.year * 12 + local.month - 1
    return [f"{each // 12}-{each % 12 + 1:02d}" for each in range(whole - MONTHS + 1, whole + 1)]


def begin_of(month: str) -> datetime:
    """When a month begins in Beijing."""
    year, _, number = month.partition("-")
    return datetime(int(year), int(number), 1, tzinfo=BEIJING)


def draw_trend(answers: Iterable[Any], months: Sequence[str]) -> list[Row]:
    """A row for each month."""
    by_month: dict[str, list[int]] = {month: [] for month in months}
    for row in answers:
        by_month.setdefault(f"{row.rated_at.astimezone(BEIJING):%Y-%m}", []).append(row.stars)
    return [make_row(month, by_month[month]) for month in months]


def group_answers(answers: Iterable[Any], by: str) -> tuple[list[Row], int]:
    """A row for each staff, reason or goods with enough answers, the least content first; how many were left out."""
    found: dict[str, list[int]] = {}
    for row in answers:
        found.setdefault(getattr(row, by) or "", []).append(row.stars)
    rows = [make_row(name, stars) for name, stars in found.items()]
    shown = sorted((row for row in rows if row.mean is not None), key=lambda row: (row.mean or 0, row.name))
    return shown, len(rows) - len(shown)


def measure_first_response(shop_id: int, now: datetime) -> Wait:
    """首响 lately: see ``measure_response_of``."""
    return measure_response_of(shop_id, Span(now - LATELY, now + timedelta(microseconds=1)))


def measure_response_of(shop_id: int, span: Span) -> Wait:
    """首响: office time from an application of these days to the first thing that a person of the shop did with it."""
    opens, closes = db.session.execute(select(Shop.opens, Shop.closes).where(Shop.id == shop_id)).one()
    first = (
        select(func.min(CaseEvent.at).label("at"), CaseEvent.case_id)
        .where(CaseEvent.shop_id == shop_id, CaseEvent.actor == "seller")
        .group_by(CaseEvent.case_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Case.opened_at, first.c.at)
        .join(first, first.c.case_id == Case.id)
        .where(Case.shop_id == shop_id, Case.opened_at >= span.begin, Case.opened_at < span.end)
        .order_by(Case.opened_at.desc())
        .limit(MOST)
    ).all()
    waits = [measure_elapsed(row.opened_at, row.at, opens, closes).total_seconds() for row in rows]
    return Wait(len(waits), timedelta(seconds=median(waits)) if len(waits) >= LEAST else None)


def measure_settled(shop_id: int, now: datetime) -> Share:
    """一次解决率 of those that ended long enough ago: see ``measure_settled_of``."""
    return measure_settled_of(shop_id, Span(now - LATELY - AGAIN, now - AGAIN))


def measure_settled_of(shop_id: int, span: Span) -> Share:
    """一次解决率: cases that ended in these days, with no other of the same goods begun within AGAIN of the end."""
    ended = db.session.execute(
        select(Rating.case_id, Rating.ended_at, CaseLine.order_line_id)
        .join(CaseLine, and_(CaseLine.case_id == Rating.case_id, CaseLine.shop_id == Rating.shop_id))
        .where(Rating.shop_id == shop_id, Rating.ended_at >= span.begin, Rating.ended_at < span.end)
        .limit(MOST)
    ).all()
    opened: dict[int, list[tuple[int, datetime]]] = {}
    for row in db.session.execute(
        select(CaseLine.order_line_id, Case.id, Case.opened_at)
        .join(Case, and_(Case.id == CaseLine.case_id, Case.shop_id == CaseLine.shop_id))
        .where(CaseLine.shop_id == shop_id, Case.opened_at >= span.begin, Case.opened_at <= span.end + AGAIN)
    ):
        opened.setdefault(row.order_line_id, []).append((row.id, row.opened_at))
    again: dict[int, bool] = {}
    for case_id, at, line_id in ended:
        later = any(other != case_id and at <= begun <= at + AGAIN for other, begun in opened.get(line_id, ()))
        again[case_id] = again.get(case_id, False) or later
    return Share(len(again), sum(not each for each in again.values()))


def measure_returning(shop_id: int, now: datetime) -> Share:
    """复购 of those whose case ended long enough ago: see ``measure_returning_of``."""
    return measure_returning_of(shop_id, Span(now - LATELY - RETURNS, now - RETURNS))


def measure_returning_of(shop_id: int, span: Span) -> Share:
    """复购: of the buyers whose case ended in these days, those who ordered here again within RETURNS of it."""
    ended = (
        select(Rating.buyer_id, func.min(Rating.ended_at).label("at"))
        .where(
            Rating.shop_id == shop_id,
            Rating.ended_at >= span.begin,
            Rating.ended_at < span.end,
        )
        .group_by(Rating.buyer_id)
        .subquery()
    )
    rows = db.session.execute(select(ended.c.buyer_id, ended.c.at)).all()
    ordered: dict[int, list[datetime]] = {}
    if rows:
        for row in db.session.execute(
            select(Order.buyer_id, Order.ordered_at).where(
                Order.shop_id == shop_id,
                Order.buyer_id.in_([row.buyer_id for row in rows]),
                Order.ordered_at >= span.begin,
            )
        ):
            ordered.setdefault(row.buyer_id, []).append(row.ordered_at)
    came = sum(any(row.at < at <= row.at + RETURNS for at in ordered.get(row.buyer_id, ())) for row in rows)
    return Share(len(rows), came)
