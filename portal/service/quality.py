"""质量: what is wrong with which goods, as a share of what was sold, and what has risen, from the weekly counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from portal.calendar.weeks import number_week
from portal.extensions import db
from portal.models import FaultLine, FaultWeek, MoneyEntry, Product, SoldLine, SoldWeek
from portal.service.rates import Periods, Risen, Share, find_risen, measure_share

LATELY: Final = 3  # weeks, the present one among them
BEFORE: Final = 12  # weeks that they are compared with
WEEKS: Final = LATELY + BEFORE
PAID: Final = ("refund", "difference_back", "difference_return", "freight", "compensation")


class Cell(NamedTuple):
    """One fault of one specification; ``spec`` None: of all of them."""

    product_id: int
    spec: str | None
    fault: str


class Count(NamedTuple):
    """Faults and sold lines of one week."""

    week: int
    part: int
    number: int

    @property
    def share(self) -> Share:
        return measure_share(self.part, self.number)


class Row(NamedTuple):
    """A line of the board."""

    cell: Cell
    title: str
    share: Share
    lately: Share
    before: Share
    risen: Risen | None
    paid_fen: int


class Board(NamedTuple):
    """Rows of single specifications, most cases first; what has risen, the least likely first; what was sold."""

    rows: list[Row]
    risen: list[Row]
    sold: int
    weeks: range


class Weeks(NamedTuple):
    """Faults by cell and week, sold lines by product, specification and week."""

    faults: dict[Cell, dict[int, int]]
    sold: dict[tuple[int, str | None], dict[int, int]]


def load_weeks(shop_id: int, weeks: range, product_id: int | None = None) -> Weeks:
    """What was counted in these weeks; sold lines of those products that have a fault.

    Of one product week by week; of all of them in two sums, as of the first week before and the first one lately.
    """
    faults: dict[Cell, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    sold: dict[tuple[int, str | None], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for product, spec, fault, week, cases in _read_sums(shop_id, weeks, product_id, FaultWeek, FaultWeek.fault):
        if cases:
            for of in (spec, None):
                faults[Cell(product, of, fault)][week] += int(cases)
    products = {cell.product_id for cell in faults}
    for product, spec, _, week, lines in _read_sums(shop_id, weeks, product_id, SoldWeek, literal("")):
        if product in products or product_id is not None:
            for of in (spec, None):
                sold[product, of][week] += int(lines)
    return Weeks(faults, sold)


def _read_sums(
    shop_id: int,
    weeks: range,
    product_id: int | None,
    kept: Any,
    fault: ColumnElement[str] | InstrumentedAttribute[str],
) -> Sequence[Any]:
    number = kept.cases if kept is FaultWeek else kept.lines
    week = kept.week.label("period")
    if product_id is None:
        late = weeks.stop - LATELY
        week = case((kept.week >= late, literal(late)), else_=literal(weeks.start)).label("period")
    query = (
        select(kept.product_id, kept.spec, fault.label("of_fault"), week, func.sum(number))
        .where(kept.shop_id == shop_id, kept.week >= weeks.start, kept.week < weeks.stop)
        .group_by(kept.product_id, kept.spec, "of_fault", "period")
    )
    return db.session.execute(query if product_id is None else query.where(kept.product_id == product_id)).all()


def find_periods(found: Weeks, week: int) -> dict[Cell, Periods]:
    """Lately and before, of each cell. A product of one specification is compared once."""
    specs: dict[int, set[str | None]] = defaultdict(set)
    for product_id, spec in found.sold:
        specs[product_id].add(spec)
    late = week - LATELY + 1
    periods = {}
    for cell, parts in found.faults.items():
        if cell.spec is None and len(specs[cell.product_id]) <= 2:
            continue
        sold = found.sold[cell.product_id, cell.spec]
        periods[cell] = Periods(
            sum(number for at, number in parts.items() if at >= late),
            sum(number for at, number in sold.items() if at >= late),
            sum(number for at, number in parts.items() if at < late),
            sum(number for at, number in sold.items() if at < late),
        )
    return periods


def build_board(shop_id: int, now: datetime, *, money: bool) -> Board:
    """The last WEEKS weeks; ``money``: with what was paid."""
    week = number_week(now)
    weeks = range(week - WEEKS + 1, week + 1)
    found = load_weeks(shop_id, weeks)
    periods = find_periods(found, week)
    risen = find_risen(periods)
    paid = add_up_paid(shop_id, weeks) if money else {}
    titles = _load_titles(shop_id, {cell.product_id for cell in periods})
    rows = []
    for cell, (part, number, before, sold_before) in periods.items():
        rows.append(
            Row(
                cell,
                titles.get(cell.product_id, ""),
                measure_share(part + before, number + sold_before),
                measure_share(part, number),
                measure_share(before, sold_before),
                risen.get(cell),
                paid.get(cell, 0),
            )
        )
    rows.sort(key=lambda row: (-row.share.part, row.title, row.cell.spec or "", row.cell.fault))
    total = db.session.scalar(
        select(func.coalesce(func.sum(SoldWeek.lines), 0)).where(
            SoldWeek.shop_id == shop_id, SoldWeek.week >= weeks.start, SoldWeek.week < weeks.stop
        )
    )
    return Board(
        [row for row in rows if row.cell.spec is not None],
        sorted((row for row in rows if row.risen), key=lambda row: row.risen.chance if row.risen else 1.0),
        int(total or 0),
        weeks,
    )


def _load_titles(shop_id: int, product_ids: set[int]) -> dict[int, str]:
    if not product_ids:
        return {}
    rows = db.session.execute(
        select(Product.id, Product.title).where(Product.shop_id == shop_id, Product.id.in_(sorted(product_ids)))
    )
    return {row.id: row.title for row in rows}


def add_up_paid(shop_id: int, weeks: range) -> dict[Cell, int]:
    """What was paid out in cases, 分, by the fault of their first line: settled refunds, freight, compensation."""
    of_case = aliased(FaultLine)
    first = (
        select(func.min(of_case.case_line_id))
        .where(of_case.shop_id == shop_id, of_case.case_id == FaultLine.case_id, of_case.counted)
        .correlate(FaultLine)
        .scalar_subquery()
    )
    columns = (SoldLine.product_id, SoldLine.spec, FaultLine.fault)
    rows = db.session.execute(
        select_lines(shop_id, weeks)
        .join(MoneyEntry, (MoneyEntry.case_id == FaultLine.case_id) & (MoneyEntry.shop_id == FaultLine.shop_id))
        .where(MoneyEntry.shop_id == shop_id, MoneyEntry.state == "settled", MoneyEntry.kind.in_(PAID))
        .where(FaultLine.case_line_id == first)
        .with_only_columns(*columns, func.sum(MoneyEntry.amount_fen))
        .group_by(*columns)
    )
    found: dict[Cell, int] = defaultdict(int)
    for product_id, spec, fault, total in rows:
        for of in (spec, None):
            found[Cell(product_id, of, fault)] += int(total)
    return found


def select_lines(shop_id: int, weeks: range) -> Select[int, str, int, str]:
    """The lines that count as faulty, of what was sold in these weeks."""
    return (
        select(FaultLine.case_id, FaultLine.fault, SoldLine.product_id, SoldLine.spec)
        .join(SoldLine, (SoldLine.order_line_id == FaultLine.order_line_id) & (SoldLine.shop_id == FaultLine.shop_id))
        .where(FaultLine.shop_id == shop_id, SoldLine.shop_id == shop_id, FaultLine.counted)
        .where(SoldLine.week >= weeks.start, SoldLine.week < weeks.stop)
    )


def list_weeks(shop_id: int, cell: Cell, now: datetime) -> list[Count]:
    """One cell week by week, the newest last."""
    week = number_week(now)
    weeks = range(week - WEEKS + 1, week + 1)
    found = load_weeks(shop_id, weeks, cell.product_id)
    parts, sold = found.faults.get(cell, {}), found.sold.get((cell.product_id, cell.spec), {})
    return [Count(each, parts.get(each, 0), sold.get(each, 0)) for each in weeks]
