"""提醒线: a specification that is exchanged too often for its faults opens a task of the shop by itself, once.

Counted are the cases of 换货 of the last SPAN that stand and have a fault of goods or delivery, against the lines of
that specification ordered in the same days. While a task about it is open there is no second one; after it was
finished, only what is applied for later counts.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.calendar.officehours import BEIJING
from portal.calendar.weeks import number_week
from portal.extensions import db
from portal.flow import RELEASING, CaseType
from portal.models import Case, FaultLine, FaultWeek, Fix, Order, OrderLine, Product, Shop, SoldLine
from portal.notices import notices
from portal.orders import sold
from portal.rights.faults import name_fault

SPAN: Final = timedelta(days=30)
DUE: Final = timedelta(days=14)


class Sku(NamedTuple):
    """A specification of a product of a shop."""

    shop_id: int
    product_id: int
    spec: str


def check_alarms(case: Case, now: datetime) -> None:
    """After a case was opened: tasks for those of its specifications that have reached the line."""
    if case.type != CaseType.EXCHANGE or case.parent_id is not None:
        return
    ids = select(FaultLine.order_line_id).where(
        FaultLine.case_id == case.id, FaultLine.shop_id == case.shop_id, FaultLine.counted
    )
    line_ids = db.session.scalars(ids).all()
    if not line_ids:
        return
    places = sold.find_places(case.shop_id, line_ids)
    for sku in sorted({Sku(case.shop_id, place.product_id, place.spec) for place in places.values()}):
        _check(sku, now)


def _check(sku: Sku, now: datetime) -> None:
    of_sku = (FaultWeek.shop_id == sku.shop_id, FaultWeek.product_id == sku.product_id, FaultWeek.spec == sku.spec)
    ever = select(func.coalesce(func.sum(FaultWeek.cases), 0)).where(*of_sku).scalar_subquery()
    shop = db.session.execute(
        select(Shop.owner_id, Shop.alarm_percent, Shop.alarm_cases, ever.label("ever")).where(Shop.id == sku.shop_id)
    ).one()
    if shop.ever < shop.alarm_cases:
        return
    since = _find_begin(sku, now)
    if since is None:
        return
    found = _count_faults(sku, since, now)
    cases = sum(found.values())
    lines = _count_sold(sku, now) if cases >= shop.alarm_cases else 0
    if cases >= shop.alarm_cases and cases * 100 >= shop.alarm_percent * lines:
        fault = min(found, key=lambda each: (-found[each], each))
        _open(sku, fault, cases, lines, shop, now)


def _find_begin(sku: Sku, now: datetime) -> datetime | None:
    """From when on cases count: SPAN ago, or since the last task about it was finished; None: one is open."""
    tasks = db.session.execute(
        select(Fix.done_at).where(
            Fix.shop_id == sku.shop_id, Fix.product_id == sku.product_id, Fix.spec.in_((sku.spec, ""))
        )
    ).all()
    done = [task.done_at for task in tasks if task.done_at is not None]
    return max([now - SPAN, *done]) if len(done) == len(tasks) else None


def _count_faults(sku: Sku, since: datetime, now: datetime) -> Counter[str]:
    """The cases by the fault of their first line of this specification."""
    rows = db.session.execute(
        select(FaultLine.case_id, FaultLine.fault)
        .join(SoldLine, (SoldLine.order_line_id == FaultLine.order_line_id) & (SoldLine.shop_id == FaultLine.shop_id))
        .join(Case, (Case.id == FaultLine.case_id) & (Case.shop_id == FaultLine.shop_id))
        .where(FaultLine.shop_id == sku.shop_id, FaultLine.counted, SoldLine.shop_id == sku.shop_id)
        .where(SoldLine.product_id == sku.product_id, SoldLine.spec == sku.spec)
        .where(Case.shop_id == sku.shop_id, Case.type == CaseType.EXCHANGE, Case.parent_id.is_(None))
        .where(Case.state.not_in(sorted(RELEASING)), Case.opened_at >= since, Case.opened_at <= now)
        .order_by(FaultLine.case_line_id.desc())
    )
    return Counter({row.case_id: row.fault for row in rows}.values())


def _count_sold(sku: Sku, now: datetime) -> int:
    begin = now - SPAN
    found = db.session.scalar(
        select(func.count())
        .select_from(SoldLine)
        .join(OrderLine, (OrderLine.id == SoldLine.order_line_id) & (OrderLine.shop_id == SoldLine.shop_id))
        .join(Order, (Order.id == OrderLine.order_id) & (Order.shop_id == OrderLine.shop_id))
        .where(SoldLine.shop_id == sku.shop_id, SoldLine.product_id == sku.product_id, SoldLine.spec == sku.spec)
        .where(SoldLine.week >= number_week(begin), Order.ordered_at >= begin, Order.ordered_at <= now)
        .where(Order.shop_id == sku.shop_id, OrderLine.shop_id == sku.shop_id)
    )
    return int(found or 0)


def _open(sku: Sku, fault: str, cases: int, lines: int, shop: Any, now: datetime) -> None:
    """The task and word to the owner; two at once make one."""
    make = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rate = f"，每 100 行 {100 * cases / lines:.1f} 张" if lines else ""
    note = (
        f"近 {SPAN.days} 天有 {cases} 张因质量或发货问题的换货申请，同期下单 {lines} 行{rate}；"
        f"达到提醒线（每 100 行 {shop.alarm_percent} 张、至少 {shop.alarm_cases} 张）。"
        f"最多的问题是{name_fault(fault)}，请查原因，决定怎么改。"
    )
    row = {
        **sku._asdict(),
        "fault": fault,
        "measure": "other",
        "note": note,
        "owner_id": shop.owner_id,
        "due_at": (now + DUE).astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0),
        "result": "",
        "alarm": True,
        "made_by": shop.owner_id,
        "made_at": now,
    }
    fix_id = db.session.scalar(make(Fix).values(row).on_conflict_do_nothing().returning(Fix.id))
    if fix_id is None:
        return
    title = db.session.scalar(select(Product.title).where(Product.id == sku.product_id, Product.shop_id == sku.shop_id))
    notices.add_notice(
        shop.owner_id,
        None,
        shop_id=sku.shop_id,
        kind="alarm",
        title=f"换货偏多，已建整改：{title or ''} {sku.spec}".strip()[:100],
        body=note,
        href=f"/seller/fixes/{fix_id}",
        at=now,
        dedupe_key=f"alarm-{fix_id}",
    )
    notices.bump_unread(shop.owner_id)
