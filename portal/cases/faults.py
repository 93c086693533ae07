"""What is wrong with the goods of a case: preset by its reason, set by who counts them or looks at the photos.

A case counts while it stands: not when it was withdrawn or closed, and not when it came out of another case, which
counts already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from portal.extensions import db
from portal.flow import RELEASING, StepRefused
from portal.models import Case, CaseLine, FaultLine, OrderLine, Product
from portal.orders import sold
from portal.rights import faults


def open_faults(case: Case, now: datetime) -> None:
    """A new case: each line has what its reason says, and is counted where the reason says anything."""
    sold.count_sold(case.shop_id, [case.order_id])
    fault = faults.preset_fault(case.reason)
    lines = db.session.execute(
        select(CaseLine.id, CaseLine.order_line_id, CaseLine.quantity_milli).where(
            CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id
        )
    ).all()
    places = sold.find_places(case.shop_id, [line.order_line_id for line in lines])
    counts = _may_count(case) and faults.is_counted(fault)
    for line in lines:
        db.session.add(
            FaultLine(
                case_line_id=line.id,
                shop_id=case.shop_id,
                case_id=case.id,
                order_line_id=line.order_line_id,
                fault=fault,
                milli=line.quantity_milli,
                counted=counts and line.order_line_id in places,
                set_at=now,
            )
        )
    db.session.flush()
    if counts:
        sold.count_faults(
            case.shop_id,
            [
                (places[line.order_line_id], fault, 1, line.quantity_milli)
                for line in lines
                if line.order_line_id in places
            ],
        )


def _may_count(case: Case) -> bool:
    return case.parent_id is None and case.state not in RELEASING


def follow_case(case: Case, step: str, now: datetime) -> None:
    """After a step: a case that came to nothing counts no more, one that was changed counts as it now is."""
    if case.state in RELEASING:
        _end(case)
    elif step == "modify":
        _modify(case, now)


def _modify(case: Case, now: datetime) -> None:
    """Another quantity, and another fault where nobody has set one."""
    fault = faults.preset_fault(case.reason)
    lines = select(CaseLine.id, CaseLine.quantity_milli).where(
        CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id
    )
    milli = {line.id: line.quantity_milli for line in db.session.execute(lines)}
    rows = _load(case)
    chosen = {row.case_line_id: fault for row in rows if row.set_by is None}
    places = sold.find_places(case.shop_id, [row.order_line_id for row in rows])
    grown = []
    for row in rows:
        if row.counted and row.milli != milli[row.case_line_id]:
            grown += [
                (places[row.order_line_id], row.fault, -1, row.milli),
                (places[row.order_line_id], row.fault, 1, milli[row.case_line_id]),
            ]
        row.milli = milli[row.case_line_id]
    db.session.flush()
    sold.count_faults(case.shop_id, grown)
    set_faults(case, chosen, by=None, now=now)


def _end(case: Case) -> None:
    rows = [row for row in _load(case) if row.counted]
    if not rows:
        return
    places = sold.find_places(case.shop_id, [row.order_line_id for row in rows])
    sold.count_faults(case.shop_id, [(places[row.order_line_id], row.fault, -1, row.milli) for row in rows])
    db.session.execute(
        update(FaultLine)
        .where(FaultLine.shop_id == case.shop_id, FaultLine.case_id == case.id)
        .values(counted=False)
        .execution_options(synchronize_session="fetch")
    )


def _load(case: Case) -> Sequence[FaultLine]:
    query = select(FaultLine).where(FaultLine.shop_id == case.shop_id, FaultLine.case_id == case.id)
    return db.session.scalars(query.order_by(FaultLine.case_line_id)).all()


def set_faults(case: Case, chosen: Mapping[int, str], *, by: int | None, now: datetime) -> list[list[Any]]:
    """Set what is wrong, by case line; returns [case line, before, after] of each that changed. Inside ``writing()``.

    Raises StepRefused for a fault that isn't in the catalogue.
    """
    if any(fault and fault not in faults.FAULTS for fault in chosen.values()):
        raise StepRefused("请选择问题类型")
    changed, counts = [], []
    rows = [row for row in _load(case) if chosen.get(row.case_line_id, row.fault) != row.fault]
    places = sold.find_places(case.shop_id, [row.order_line_id for row in rows]) if rows else {}
    for row in rows:
        fault, place = chosen[row.case_line_id], places.get(row.order_line_id)
        changed.append([row.case_line_id, row.fault, fault])
        if row.counted and place is not None:
            counts.append((place, row.fault, -1, row.milli))
        row.counted = _may_count(case) and faults.is_counted(fault) and place is not None
        if row.counted and place is not None:
            counts.append((place, fault, 1, row.milli))
        row.fault, row.set_by, row.set_at = fault, by, now
    db.session.flush()
    sold.count_faults(case.shop_id, counts)
    return changed


def list_faults_of(case: Case) -> Sequence[Row[Any]]:
    """The lines of a case: id, title, spec, kind (of the product), fault ("" where nothing was ever said)."""
    return db.session.execute(
        select(
            CaseLine.id,
            CaseLine.title,
            CaseLine.spec,
            db.func.coalesce(Product.kind, "").label("kind"),
            db.func.coalesce(FaultLine.fault, "").label("fault"),
        )
        .join(OrderLine, (OrderLine.id == CaseLine.order_line_id) & (OrderLine.shop_id == CaseLine.shop_id))
        .outerjoin(Product, (Product.id == OrderLine.product_id) & (Product.shop_id == OrderLine.shop_id))
        .outerjoin(FaultLine, (FaultLine.case_line_id == CaseLine.id) & (FaultLine.shop_id == CaseLine.shop_id))
        .where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
        .order_by(CaseLine.id)
    ).all()
