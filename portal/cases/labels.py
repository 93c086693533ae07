"""Labels and slips: the bars of a number, and how often each was printed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import barcode
from sqlalchemy import Row, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db
from portal.models import LabelPrint, OrderLabelPrint, SlipPrint

MOST = 50  # labels at once


class Bars(NamedTuple):
    """A number in Code 128: its width in modules, and where each bar begins and how wide it is."""

    width: int
    bars: list[tuple[int, int]]


def draw_bars(number: str) -> Bars:
    """The bars of a number; letters and digits."""
    modules = barcode.Code128(number).build()[0]
    bars, at = [], 0
    for dark, run in groupby(modules):
        width = len(list(run))
        if dark == "1":
            bars.append((at, width))
        at += width
    return Bars(at, bars)


Kind = type[LabelPrint] | type[OrderLabelPrint] | type[SlipPrint]


def count_prints(kind: Kind, shop_id: int, ids: Sequence[int], user_id: int, now: datetime) -> None:
    """Remember that these were printed once more; ``ids``: of cases or orders, as ``kind`` has them."""
    of = _name_column(kind)
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [
        {"shop_id": shop_id, of: each, "number": 1, "printed_at": now, "printed_by": user_id}
        for each in dict.fromkeys(ids)
    ]
    made = make(kind).values(rows)
    again = {
        "number": kind.number + 1,
        "printed_at": made.excluded.printed_at,
        "printed_by": made.excluded.printed_by,
    }
    db.session.execute(made.on_conflict_do_update(index_elements=["shop_id", of], set_=again))


def list_prints(kind: Kind, shop_id: int, ids: Sequence[int]) -> dict[int, Row[Any]]:
    """How often and when last these were printed, by the id of their case or order."""
    of = kind.__table__.c[_name_column(kind)]
    asked = select(of.label("id"), kind.number, kind.printed_at).where(kind.shop_id == shop_id, of.in_(ids))
    return {row.id: row for row in db.session.execute(asked)}


def _name_column(kind: Kind) -> str:
    return "order_id" if kind is OrderLabelPrint else "case_id"
