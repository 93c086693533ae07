"""What was sold and what of it was faulty, counted by week in the transaction that changes it.

Sold is every line of an order that was paid for and not called off. A cancelled order with a case stays sold, so that
a refund doesn't make its fault disappear. Both counts belong to the week of the order: a
rate is a share of what was sold.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import TextClause, bindparam, delete, func, insert, select, text, update

from portal.calendar.weeks import number_week
from portal.extensions import db
from portal.models import Batch, FaultLine, FaultWeek, Order, OrderLine, SoldLine
from portal.prepared import Prepared

RESOLD = "resold-"  # the key of a distributor's product: this and the id of the supplier's
NEVER_SOLD = ("unpaid", "cancelled")


class Place(NamedTuple):
    """Under what a line is counted."""

    product_id: int
    spec: str
    batch_id: int
    week: int


class Sold(NamedTuple):
    """A line as it is counted: its place and how much of it was sold (thousandths)."""

    place: Place
    milli: int


_ADD_SOLD = text(
    "INSERT INTO sold_weeks (shop_id, product_id, spec, batch_id, week, lines, milli) "
    "VALUES (:shop_id, :product_id, :spec, :batch_id, :week, :lines, :milli) "
    "ON CONFLICT (shop_id, product_id, spec, batch_id, week) DO UPDATE "
    "SET lines = sold_weeks.lines + excluded.lines, milli = sold_weeks.milli + excluded.milli"
)
_ADD_FAULT = text(
    "INSERT INTO fault_weeks (shop_id, product_id, spec, batch_id, week, fault, cases, milli) "
    "VALUES (:shop_id, :product_id, :spec, :batch_id, :week, :fault, :cases, :milli) "
    "ON CONFLICT (shop_id, product_id, spec, batch_id, week, fault) DO UPDATE "
    "SET cases = fault_weeks.cases + excluded.cases, milli = fault_weeks.milli + excluded.milli"
)
_LESS_SOLD = text(
    "UPDATE sold_weeks SET lines = lines + :lines, milli = milli + :milli WHERE shop_id = :shop_id "
    "AND product_id = :product_id AND spec = :spec AND batch_id = :batch_id AND week = :week"
)
_LESS_FAULT = text(
    "UPDATE fault_weeks SET cases = cases + :cases, milli = milli + :milli WHERE shop_id = :shop_id "
    "AND product_id = :product_id AND spec = :spec AND batch_id = :batch_id AND week = :week AND fault = :fault"
)


def is_sold(order: Any) -> bool:
    """Whether the lines of an order count as sold; ``order``: status, cancelled_at, case_count."""
    if order.status == "cancelled":
        return order.cancelled_at is None and order.case_count > 0
    return order.status not in NEVER_SOLD


def read_sold(
    shop_id: int, order_ids: Sequence[int] = (), product_id: int | None = None
) -> tuple[dict[int, Sold], dict[int, Sold]]:
    """Of the lines of these orders, or of a product, that can be counted: how they should be, and how they are."""
    chosen = OrderLine.order_id.in_(order_ids) if product_id is None else OrderLine.product_id == product_id
    rows = db.session.execute(
        select(
            OrderLine.id,
            OrderLine.product_id,
            OrderLine.spec,
            OrderLine.quantity_milli,
            Order.status,
            Order.cancelled_at,
            Order.case_count,
            Order.ordered_at,
            SoldLine.product_id.label("was_product"),
            SoldLine.spec.label("was_spec"),
            SoldLine.batch_id,
            SoldLine.week,
            SoldLine.milli,
        )
        .join(Order, (Order.id == OrderLine.order_id) & (Order.shop_id == OrderLine.shop_id))
        .outerjoin(SoldLine, (SoldLine.order_line_id == OrderLine.id) & (SoldLine.shop_id == OrderLine.shop_id))
        .where(OrderLine.shop_id == shop_id, chosen)
    ).all()
    batches = _load_batches(shop_id, {row.product_id for row in rows if row.product_id is not None})
    should: dict[int, Sold] = {}
    are: dict[int, Sold] = {}
    for row in rows:
        if row.milli is not None:
            are[row.id] = Sold(Place(row.was_product, row.was_spec, row.batch_id, row.week), row.milli)
        if row.product_id is not None and is_sold(row):
            batch_id = find_batch(batches.get(row.product_id, ()), row.spec, row.ordered_at)
            place = Place(row.product_id, row.spec, batch_id, number_week(row.ordered_at))
            should[row.id] = Sold(place, row.quantity_milli)
    return should, are


def _load_batches(shop_id: int, product_ids: set[int]) -> dict[int, list[Batch]]:
    """Batches by product, the earliest first."""
    found: dict[int, list[Any]] = defaultdict(list)
    if product_ids:
        for row in db.session.execute(
            select(Batch.id, Batch.product_id, Batch.spec, Batch.from_at)
            .where(Batch.shop_id == shop_id, Batch.product_id.in_(sorted(product_ids)))
            .order_by(Batch.from_at, Batch.id)
        ):
            found[row.product_id].append(row)
    return found


def find_batch(batches: Sequence[Batch], spec: str, ordered_at: datetime) -> int:
    """Which batch an order was filled from: the last that had come in by then, 0 for none. The earliest batch first."""
    fitting = (row.id for row in reversed(batches) if row.from_at <= ordered_at and row.spec in ("", spec))
    return next(fitting, 0)


def assign_batches(shop_id: int, product_id: int) -> None:
    """A batch of this product came or changed: its lines are counted anew; inside ``writing()``."""
    should, are = read_sold(shop_id, product_id=product_id)
    _write(shop_id, should, are)


def count_sold(shop_id: int, order_ids: Sequence[int]) -> None:
    """Count the lines of these orders of one shop as they now are; inside ``writing()``."""
    if not order_ids:
        return
    should, are = read_sold(shop_id, order_ids)
    _write(shop_id, should, are)


def _write(shop_id: int, should: dict[int, Sold], are: dict[int, Sold]) -> None:
    """Keep these lines as they should be, and what hangs on them."""
    changed = {line_id for line_id in should.keys() | are.keys() if should.get(line_id) != are.get(line_id)}
    if not changed:
        return
    _keep_lines(shop_id, {line_id: should.get(line_id) for line_id in changed}, are)
    lines: Counter[Place] = Counter()
    milli: Counter[Place] = Counter()
    for sign, counted in ((1, should), (-1, are)):
        for line_id in changed & counted.keys():
            lines[counted[line_id].place] += sign
            milli[counted[line_id].place] += sign * counted[line_id].milli
    deltas = [{"lines": lines[place], "milli": milli[place], **_name(shop_id, place)} for place in _sort(lines, milli)]
    _apply(_ADD_SOLD, _LESS_SOLD, deltas, "lines")
    if changed & are.keys():
        _move_faults(shop_id, sorted(changed & are.keys()), are, should)


def count_orders(shop_of: Mapping[int, int]) -> None:
    """Count the lines of orders of several shops; ``shop_of`` by order id."""
    of_shop: dict[int, list[int]] = defaultdict(list)
    for order_id in sorted(shop_of):
        of_shop[shop_of[order_id]].append(order_id)
    for shop_id in sorted(of_shop):
        count_sold(shop_id, of_shop[shop_id])


def _keep_lines(shop_id: int, lines: dict[int, Sold | None], are: dict[int, Sold]) -> None:
    new = [
        {"order_line_id": line_id, "shop_id": shop_id, "milli": sold.milli, **sold.place._asdict()}
        for line_id, sold in lines.items()
        if sold is not None and line_id not in are
    ]
    if new:
        db.session.execute(insert(SoldLine), new)
    for line_id in lines.keys() & are.keys():
        sold, here = lines[line_id], (SoldLine.order_line_id == line_id) & (SoldLine.shop_id == shop_id)
        if sold is None:
            db.session.execute(delete(SoldLine).where(here).execution_options(synchronize_session=False))
        else:
            db.session.execute(
                update(SoldLine)
                .where(here)
                .values(milli=sold.milli, **sold.place._asdict())
                .execution_options(synchronize_session=False)
            )


def _move_faults(shop_id: int, line_ids: Sequence[int], are: dict[int, Sold], should: dict[int, Sold]) -> None:
    """Faults of lines are counted where the lines are."""
    rows = db.session.execute(
        select(FaultLine.order_line_id, FaultLine.fault, FaultLine.milli).where(
            FaultLine.shop_id == shop_id, FaultLine.order_line_id.in_(line_ids), FaultLine.counted
        )
    ).all()
    moved = [(are[row.order_line_id].place, row.fault, -1, row.milli) for row in rows]
    moved += [(should[row.order_line_id].place, row.fault, 1, row.milli) for row in rows if row.order_line_id in should]
    count_faults(shop_id, moved)


def count_faults(shop_id: int, changes: Iterable[tuple[Place, str, int, int]]) -> None:
    """Add faults to the weeks: place, fault, 1 or -1, how much (thousandths)."""
    cases: Counter[tuple[Place, str]] = Counter()
    milli: Counter[tuple[Place, str]] = Counter()
    for place, fault, sign, much in changes:
        cases[place, fault] += sign
        milli[place, fault] += sign * much
    deltas = [
        {"fault": key[1], "cases": cases[key], "milli": milli[key], **_name(shop_id, key[0])}
        for key in _sort(cases, milli)
    ]
    _apply(_ADD_FAULT, _LESS_FAULT, deltas, "cases")


def find_places(shop_id: int, order_line_ids: Sequence[int]) -> dict[int, Place]:
    """Where these order lines are counted, by their ids."""
    rows = db.session.execute(
        select(SoldLine).where(SoldLine.shop_id == shop_id, SoldLine.order_line_id.in_(order_line_ids))
    ).scalars()
    return {row.order_line_id: Place(row.product_id, row.spec, row.batch_id, row.week) for row in rows}


def _name(shop_id: int, place: Place) -> dict[str, object]:
    return {"shop_id": shop_id, **place._asdict()}


def _sort(*counters: Counter[Any]) -> list[Any]:
    """What changes, in a fixed order, so that no two transactions wait for each other."""
    return sorted({key for counter in counters for key, number in counter.items() if number})


def _apply(more: TextClause, less: TextClause, deltas: Sequence[dict[str, Any]], number: str) -> None:
    """More is put in where there is none yet; less is taken from a row that is there (CHECK looks at inserts too)."""
    for delta in deltas:
        grows = delta[number] >= 0 and delta["milli"] >= 0
        db.session.execute(more if grows else less, delta)


def add_up_faults(shop_id: int, product_id: int, since: int) -> dict[str, int]:
    """How many cases each fault of a product has, of what was ordered since this week."""
    rows = _FAULTS.list_rows(shop_id=shop_id, product_id=product_id, since=since)
    return {row.fault: int(row.cases) for row in rows}


_FAULTS = Prepared(
    select(FaultWeek.fault, func.sum(FaultWeek.cases).label("cases"))
    .where(
        FaultWeek.shop_id == bindparam("shop_id"),
        FaultWeek.product_id == bindparam("product_id"),
        FaultWeek.week >= bindparam("since"),
    )
    .group_by(FaultWeek.fault)
)
