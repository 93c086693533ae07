"""The cases behind a number of the quality pages, with their first photos side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, func, select

from portal.extensions import db
from portal.models import Batch, Case, Evidence, FaultLine, SoldLine
from portal.service.quality import Cell, select_lines

PAGE: Final = 12
PHOTOS: Final = 4  # of one case, side by side with those of others
EVER: Final = range(500_000)  # all weeks that have a Monday


class Chosen(NamedTuple):
    """Which lines a number counts: sold in ``weeks``, and of what is said besides. None: of all of them."""

    weeks: range = EVER
    product_id: int | None = None
    spec: str | None = None
    fault: str | None = None
    batch_id: int | None = None
    supplier: str | None = None


class Shown(NamedTuple):
    """A case behind a number, and its first photos."""

    case: Row[int, str, str, str, str, datetime, int]
    photos: list[Row[int | None, str, str]]


def choose_cell(cell: Cell, weeks: range) -> Chosen:
    """What a cell of the board counts."""
    return Chosen(weeks, cell.product_id, cell.spec, cell.fault)


def count_lines(shop_id: int, chosen: Chosen) -> int:
    """How many lines the number counts; one that came back twice counts twice, as in the weekly counts."""
    return int(db.session.scalar(_select(shop_id, chosen).with_only_columns(func.count())) or 0)


def list_cases(shop_id: int, chosen: Chosen, before: int | None = None) -> tuple[list[Shown], int | None]:
    """The cases, the newest first, and the key the next page begins before."""
    ids, key = _list_ids(shop_id, chosen, before)
    if not ids:
        return [], None
    cases = db.session.execute(
        select(Case.id, Case.case_no, Case.type, Case.state, Case.description, Case.opened_at, Case.entry_count)
        .where(Case.shop_id == shop_id, Case.id.in_(ids))
        .order_by(Case.id.desc())
    ).all()
    photos: dict[int | None, list[Row[int | None, str, str]]] = defaultdict(list)
    for photo in db.session.execute(
        select(Evidence.case_id, Evidence.public_id, Evidence.taken_note)
        .where(Evidence.shop_id == shop_id, Evidence.case_id.in_(ids))
        .order_by(Evidence.event_version, Evidence.id)
    ):
        if len(photos[photo.case_id]) < PHOTOS:
            photos[photo.case_id].append(photo)
    return [Shown(case, photos[case.id]) for case in cases], key


def _list_ids(shop_id: int, chosen: Chosen, before: int | None) -> tuple[Sequence[int], int | None]:
    query = _select(shop_id, chosen)
    if before is not None:
        query = query.where(FaultLine.case_id < before)
    query = query.with_only_columns(FaultLine.case_id).distinct().order_by(FaultLine.case_id.desc()).limit(PAGE + 1)
    ids = db.session.scalars(query).all()
    return (ids, None) if len(ids) <= PAGE else (ids[:PAGE], ids[PAGE - 1])


def _select(shop_id: int, chosen: Chosen) -> Any:
    query = select_lines(shop_id, chosen.weeks)
    for column, value in (
        (SoldLine.product_id, chosen.product_id),
        (SoldLine.spec, chosen.spec),
        (SoldLine.batch_id, chosen.batch_id),
        (FaultLine.fault, chosen.fault),
    ):
        if value is not None:
            query = query.where(column == value)
    if chosen.supplier is not None:
        theirs = select(Batch.id).where(Batch.shop_id == shop_id, Batch.supplier == chosen.supplier)
        query = query.where(SoldLine.batch_id.in_(theirs))
    return query
