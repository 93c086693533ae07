"""抽检: batches, their sampling, and the faults of what was sold out of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from portal.evidence import evidence
from portal.extensions import db
from portal.models import Batch, Evidence, FaultWeek, Product, SoldWeek
from portal.orders import sold
from portal.rights.faults import NO_FAULT
from portal.service.quality import Cell
from portal.service.rates import Share, measure_share
from portal.service.sampling import find_plan

PAGE: Final = 30


class BatchRefused(ValueError):
    """It can't be done; ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Shown(NamedTuple):
    """A batch, its product's title, and how much of what was sold out of it was faulty."""

    batch: Batch
    title: str
    share: Share


def judge(batch: Batch) -> str:
    """The verdict of the sampling: 合格, 不合格, or that nobody has looked yet."""
    if batch.defects is None:
        return "待抽检"
    return "合格" if batch.defects <= batch.most else "不合格"


def make_batch(
    product: Product, *, spec: str, supplier: str, size: int, from_at: datetime, aql: str, by: int, now: datetime
) -> Batch:
    """Keep a batch with its plan; orders from then on belong to it. Inside ``writing()``."""
    plan = find_plan(size, aql)
    batch = Batch(
        shop_id=product.shop_id,
        product_id=product.id,
        spec=spec,
        supplier=supplier,
        size=size,
        from_at=from_at,
        aql=aql,
        code=plan.code,
        sample=plan.sample,
        most=plan.most,
        made_by=by,
        made_at=now,
    )
    db.session.add(batch)
    db.session.flush()
    sold.assign_batches(product.shop_id, product.id)
    return batch


def record_defects(batch: Batch, defects: int, note: str, photos: Sequence[str], *, by: int, now: datetime) -> None:
    """What was found; once, so that a verdict isn't changed afterwards. Inside ``writing()``."""
    if batch.defects is not None:
        raise BatchRefused("这一批已经登记过抽检结果")
    if defects > batch.sample:
        raise BatchRefused(f"不合格数不能多于抽检的 {batch.sample} 件")
    batch.defects, batch.note, batch.judged_by, batch.judged_at = defects, note, by, now
    db.session.flush()
    evidence.attach_to_own(photos, shop_id=batch.shop_id, owner_id=by, batch_id=batch.id)


def find_of_shop(batch_id: int, shop_id: int) -> Batch | None:
    """A batch of this shop."""
    return db.session.scalars(select(Batch).where(Batch.id == batch_id, Batch.shop_id == shop_id)).one_or_none()


def list_photos(batch: Batch) -> Sequence[Row[str, str]]:
    """What was photographed at the sampling."""
    return db.session.execute(
        select(Evidence.public_id, Evidence.taken_note)
        .where(Evidence.shop_id == batch.shop_id, Evidence.batch_id == batch.id)
        .order_by(Evidence.id)
    ).all()


def list_page(
    shop_id: int, after: tuple[datetime, int] | None = None, product_id: int | None = None, size: int = PAGE
) -> tuple[list[Shown], tuple[datetime, int] | None]:
    """Batches, the newest first, of the shop or of one product; the key the next page begins after."""
    query = (
        select(Batch, Product.title)
        .join(Product, (Product.id == Batch.product_id) & (Product.shop_id == Batch.shop_id))
        .where(Batch.shop_id == shop_id)
        .order_by(Batch.from_at.desc(), Batch.id.desc())
        .limit(size + 1)
    )
    if product_id is not None:
        query = query.where(Batch.product_id == product_id)
    if after is not None:
        query = query.where(tuple_(Batch.from_at, Batch.id) < tuple_(*after))
    rows = db.session.execute(query).all()
    shares = measure_batches(shop_id, [batch.id for batch, _ in rows])
    found = [Shown(batch, title, shares[batch.id]) for batch, title in rows[:size]]
    return found, (found[-1].batch.from_at, found[-1].batch.id) if len(rows) > size else None


def measure_batches(shop_id: int, batch_ids: Sequence[int]) -> dict[int, Share]:
    """Of what was sold out of each batch: how much was faulty."""
    if not batch_ids:
        return {}
    lines = _add_up(shop_id, batch_ids, SoldWeek, SoldWeek.lines)
    cases = _add_up(shop_id, batch_ids, FaultWeek, FaultWeek.cases)
    return {each: measure_share(cases.get(each, 0), lines.get(each, 0)) for each in batch_ids}


def _add_up(
    shop_id: int, batch_ids: Sequence[int], kept: type[FaultWeek] | type[SoldWeek], number: InstrumentedAttribute[int]
) -> dict[int, int]:
    query = select(kept.batch_id, func.sum(number)).where(kept.shop_id == shop_id, kept.batch_id.in_(batch_ids))
    return {batch_id: int(total) for batch_id, total in db.session.execute(query.group_by(kept.batch_id))}


def list_faults(batch: Batch) -> list[tuple[str, Share]]:
    """The faults of what was sold out of a batch, most often first."""
    sold_lines = measure_batches(batch.shop_id, [batch.id])[batch.id].number
    rows = db.session.execute(
        select(FaultWeek.fault, func.sum(FaultWeek.cases).label("cases"))
        .where(FaultWeek.shop_id == batch.shop_id, FaultWeek.batch_id == batch.id, FaultWeek.fault != NO_FAULT)
        .group_by(FaultWeek.fault)
    ).all()
    found = [(row.fault, measure_share(int(row.cases), sold_lines)) for row in rows if row.cases]
    return sorted(found, key=lambda each: (-each[1].part, each[0]))


def list_suppliers(shop_id: int, weeks: range) -> list[tuple[str, Share]]:
    """Of what was sold out of each supplier's batches in these weeks: how much was faulty."""
    found: dict[str, list[int]] = {}
    for place, kept, number in ((0, FaultWeek, FaultWeek.cases), (1, SoldWeek, SoldWeek.lines)):
        rows = db.session.execute(
            select(Batch.supplier, func.sum(number))
            .join_from(kept, Batch, (Batch.id == kept.batch_id) & (Batch.shop_id == kept.shop_id))
            .where(kept.shop_id == shop_id, kept.week >= weeks.start, kept.week < weeks.stop)
            .group_by(Batch.supplier)
        )
        for supplier, total in rows:
            found.setdefault(supplier, [0, 0])[place] += int(total)
    shares = [(supplier, measure_share(*numbers)) for supplier, numbers in found.items()]
    return sorted(shares, key=lambda each: (-each[1].part / max(1, each[1].number), each[0]))


def list_of_cell(shop_id: int, cell: Cell, weeks: range) -> list[tuple[Batch, Share]]:
    """One fault of one specification by batch: of what was sold out of each in these weeks, the newest first."""
    lines: dict[int, int] = {}
    cases: dict[int, int] = {}
    for kept, number, found in ((SoldWeek, SoldWeek.lines, lines), (FaultWeek, FaultWeek.cases, cases)):
        query = (
            select(kept.batch_id, func.sum(number))
            .where(kept.shop_id == shop_id, kept.product_id == cell.product_id, kept.batch_id > 0)
            .where(kept.week >= weeks.start, kept.week < weeks.stop)
            .group_by(kept.batch_id)
        )
        if cell.spec is not None:
            query = query.where(kept.spec == cell.spec)
        if kept is FaultWeek:
            query = query.where(FaultWeek.fault == cell.fault)
        found.update((batch_id, int(total)) for batch_id, total in db.session.execute(query))
    if not lines:
        return []
    rows = db.session.scalars(
        select(Batch)
        .where(Batch.shop_id == shop_id, Batch.id.in_(lines))
        .order_by(Batch.from_at.desc(), Batch.id.desc())
    )
    return [(batch, measure_share(cases.get(batch.id, 0), lines[batch.id])) for batch in rows if lines[batch.id]]
