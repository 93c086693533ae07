"""What a supplier sees of their own goods at a distributor: shares of faults by week counts, and nothing of people.

Off until the distributor says so, for each supplier apart, and gone when they take it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from portal.calendar.weeks import number_week
from portal.extensions import db
from portal.models import FaultWeek, OrderLink, Product, QualityShare, Shop, SoldWeek
from portal.orders.sold import RESOLD
from portal.rights.faults import NO_FAULT
from portal.service.quality import WEEKS
from portal.service.rates import Share, measure_share

MOST: Final = 500  # products of one distributor


class Supplier(NamedTuple):
    """A shop that this one buys from for its own customers, and since when it sees the figures; None: it doesn't."""

    shop_id: int
    name: str
    since: datetime | None


class Row(NamedTuple):
    """One fault of one specification at the distributor."""

    title: str
    spec: str
    fault: str
    share: Share


class Board(NamedTuple):
    """A distributor's rows, most cases first, and how many lines of the supplier's goods they sold."""

    distributor: str
    since: datetime
    rows: list[Row]
    sold: int


def list_suppliers(shop_id: int) -> list[Supplier]:
    """The suppliers of a distributor's orders, by name."""
    rows = db.session.execute(
        select(Shop.id, Shop.name, QualityShare.shared_at)
        .outerjoin(QualityShare, (QualityShare.supplier_shop_id == Shop.id) & (QualityShare.shop_id == shop_id))
        .where(Shop.id.in_(select(OrderLink.upstream_shop_id).where(OrderLink.shop_id == shop_id).distinct()))
        .order_by(Shop.name, Shop.id)
    )
    return [Supplier(row.id, row.name, row.shared_at) for row in rows]


def share(shop_id: int, supplier_shop_id: int, *, on: bool, by: int, now: datetime) -> None:
    """Show the figures to a supplier from now on, or no more; inside ``writing()``."""
    here = (QualityShare.shop_id == shop_id, QualityShare.supplier_shop_id == supplier_shop_id)
    if not on:
        db.session.execute(delete(QualityShare).where(*here).execution_options(synchronize_session=False))
        return
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"shop_id": shop_id, "supplier_shop_id": supplier_shop_id, "shared_by": by, "shared_at": now}
    db.session.execute(make(QualityShare).values(row).on_conflict_do_nothing())


def list_sharing(supplier_shop_id: int) -> Sequence[Any]:
    """The distributors who show their figures to this shop: id, name, shared_at."""
    return db.session.execute(
        select(Shop.id, Shop.name, QualityShare.shared_at)
        .join(QualityShare, QualityShare.shop_id == Shop.id)
        .where(QualityShare.supplier_shop_id == supplier_shop_id)
        .order_by(Shop.name, Shop.id)
    ).all()


def build_boards(supplier_shop_id: int, now: datetime) -> list[Board]:
    """A board for each distributor who shows it, of the last WEEKS weeks."""
    week = number_week(now)
    weeks = range(week - WEEKS + 1, week + 1)
    return [_build(row, supplier_shop_id, weeks) for row in list_sharing(supplier_shop_id)]


def _build(distributor: Any, supplier_shop_id: int, weeks: range) -> Board:
    titles = _find_goods(distributor.id, supplier_shop_id)
    sold: dict[tuple[int, str], int] = {}
    rows = []
    for product_id, spec, lines in _add_up(distributor.id, titles, weeks, SoldWeek, SoldWeek.lines):
        sold[product_id, spec] = int(lines)
    for product_id, spec, fault, cases in _add_up(
        distributor.id, titles, weeks, FaultWeek, FaultWeek.cases, FaultWeek.fault
    ):
        if cases and fault != NO_FAULT:
            share = measure_share(int(cases), sold.get((product_id, spec), 0))
            rows.append(Row(titles[product_id], spec, fault, share))
    rows.sort(key=lambda row: (-row.share.part, row.title, row.spec, row.fault))
    return Board(distributor.name, distributor.shared_at, rows, sum(sold.values()))


def _add_up(
    shop_id: int,
    titles: dict[int, str],
    weeks: range,
    kept: type[FaultWeek] | type[SoldWeek],
    number: InstrumentedAttribute[int],
    *by: Any,
) -> Sequence[Any]:
    if not titles:
        return ()
    columns = (kept.product_id, kept.spec, *by)
    return db.session.execute(
        select(*columns, func.sum(number))
        .where(kept.shop_id == shop_id, kept.product_id.in_(sorted(titles)))
        .where(kept.week >= weeks.start, kept.week < weeks.stop)
        .group_by(*columns)
    ).all()


def _find_goods(shop_id: int, supplier_shop_id: int) -> dict[int, str]:
    """The distributor's products that are the supplier's own: their titles as the supplier calls them."""
    theirs = db.session.execute(
        select(Product.id, Product.product_key)
        .where(Product.shop_id == shop_id, Product.product_key.startswith(RESOLD))
        .order_by(Product.id.desc())
        .limit(MOST)
    ).all()
    origin = {row.id: int(key) for row in theirs if (key := row.product_key.removeprefix(RESOLD)).isdigit()}
    titles = {
        row.id: row.title
        for row in db.session.execute(
            select(Product.id, Product.title).where(
                Product.shop_id == supplier_shop_id, Product.id.in_(sorted(set(origin.values())))
            )
        )
    }
    return {product_id: titles[of] for product_id, of in origin.items() if of in titles}
