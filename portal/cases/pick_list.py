"""拣货单: what is still to be sent for a shop's cases, summed up by goods and specification."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import and_, select

from portal.extensions import db
from portal.flow import State
from portal.models import Case, CaseLine, OrderLine
from portal.orders import sku_numbers
from portal.prepared import list_columns

SORTED = (OrderLine.cargo_no, OrderLine.sku_cargo_no)  # as the shelves are, before anything else
MOST = 500  # cases on one list, those with the least time left


class Pick(NamedTuple):
    """One specification to fetch from the shelf: how much (thousandths) and for which cases or orders."""

    cargo_no: str
    sku_cargo_no: str
    title: str
    spec: str
    unit: str
    milli: int
    numbers: tuple[str, ...]


def list_picks(shop_id: int) -> tuple[list[Pick], int, bool]:
    """What is to be fetched, for how many cases, and whether there are more cases than one list holds."""
    sending = (
        select(Case.id)
        .where(Case.shop_id == shop_id, Case.state == State.RESHIPPING, ~Case.escalated)
        .order_by(Case.queue_at, Case.id)
        .limit(MOST + 1)
    )
    ids = db.session.scalars(sending).all()
    left = CaseLine.accepted_milli - CaseLine.shipped_milli
    query = (
        select(
            OrderLine.cargo_no,
            OrderLine.sku_cargo_no,
            OrderLine.product_id,
            CaseLine.title,
            CaseLine.spec,
            CaseLine.wanted_spec,
            CaseLine.unit,
            left.label("milli"),
            Case.case_no,
        )
        .join(Case, and_(Case.id == CaseLine.case_id, Case.shop_id == CaseLine.shop_id))
        .join(OrderLine, and_(OrderLine.id == CaseLine.order_line_id, OrderLine.shop_id == CaseLine.shop_id))
        .where(CaseLine.shop_id == shop_id, CaseLine.case_id.in_(ids[:MOST]), left > 0)
        .order_by(*SORTED, CaseLine.title, CaseLine.wanted_spec, Case.case_no)
    )
    rows = sku_numbers.renumber(shop_id, list_columns(query, {}))
    picks = add_up(
        (row.cargo_no, row.sku_cargo_no, row.title, row.wanted_spec, row.unit, row.milli, row.case_no) for row in rows
    )
    return picks, min(len(ids), MOST), len(ids) > MOST


def add_up(rows: Iterable[tuple[str, str, str, str, str, int, str]]) -> list[Pick]:
    """Rows of (货号, 单品货号, title, specification, unit, quantity, number), summed up as they come."""
    found: dict[tuple[str, str, str, str, str], tuple[int, list[str]]] = {}
    for cargo_no, sku_cargo_no, title, spec, unit, milli, number in rows:
        what = (cargo_no, sku_cargo_no, title, spec, unit)
        before, numbers = found.get(what, (0, []))
        found[what] = (before + milli, [*numbers, number])
    return [Pick(*what, milli, tuple(dict.fromkeys(numbers))) for what, (milli, numbers) in found.items()]
