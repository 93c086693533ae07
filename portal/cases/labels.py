"""Labels of parcels that go out, 100 × 150 mm: for whom, from whom, what is in them, the case's number as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import barcode
from sqlalchemy import select, text

from portal.extensions import db
from portal.models import LabelPrint

MOST = 50  # labels at once

_PRINT = text(
    "INSERT INTO label_prints (shop_id, case_id, number, printed_at, printed_by) "
    "VALUES (:shop_id, :case_id, 1, :at, :user_id) "
    "ON CONFLICT (shop_id, case_id) DO UPDATE "
    "SET number = label_prints.number + 1, printed_at = excluded.printed_at, printed_by = excluded.printed_by"
)


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


def count_prints(shop_id: int, case_ids: Sequence[int], user_id: int, now: datetime) -> None:
    """Remember that these labels were printed once more."""
    at = now.replace(tzinfo=None) if db.session.get_bind().dialect.name == "sqlite" else now
    rows = [{"shop_id": shop_id, "case_id": case_id, "at": at, "user_id": user_id} for case_id in case_ids]
    db.session.execute(_PRINT, rows)


def list_prints(shop_id: int, case_ids: Sequence[int]) -> Mapping[int, Any]:
    """How often and when last the labels of these cases were printed, by case."""
    asked = select(LabelPrint.case_id, LabelPrint.number, LabelPrint.printed_at).where(
        LabelPrint.shop_id == shop_id, LabelPrint.case_id.in_(case_ids)
    )
    return {row.case_id: row for row in db.session.execute(asked)}
