"""Alarms of a chain: the window upstream that ends before the one below."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, and_, cast, literal, or_, select

from portal import flow, words
from portal.cases.live_links import LIVE, Down, Up
from portal.extensions import db, writing
from portal.flow import State
from portal.models import (
    Case,
    CaseLink,
    Notice,
    Order,
    OrderLink,
    Shop,
)
from portal.notices import beside_steps
from portal.resale import risks
from portal.resale.chain_view import build_warning, get_cases
from portal.rights import policies, resale
from portal.rights import windows as rights_windows


def find_window(order: Order) -> datetime | None:
    """Until when the distributor may apply to the supplier for this purchase, as of right; None: unknown.

    The term of 铺货 orders where the purchase is one, else the supplier's window.
    """
    resold = resale.find_apply_by(order) if resale.is_resold(order) or order.both_terms else None
    if resale.is_resold(order) and not order.both_terms:
        return resold
    counted_from = rights_windows.find_counted_from(order)
    if counted_from is None:
        return resold
    days = policies.get_promised(order).window
    end = rights_windows.find_last_day_end(counted_from, days)
    return end if resold is None else max(end, resold)


def raise_alarms(now: datetime) -> int:
    """Warn each distributor, once, whose clock with the supplier ends before the consumer's; returns how many."""
    told = 0
    for link_id, shop_id in db.session.execute(
        select(CaseLink.id, CaseLink.shop_id)
        .join(Down, and_(Down.id == CaseLink.downstream_id, Down.shop_id == CaseLink.shop_id))
        .join(Up, and_(Up.id == CaseLink.upstream_id, Up.shop_id == CaseLink.upstream_shop_id))
        .where(
            LIVE,
            CaseLink.alarmed_at.is_(None),
            Down.state.not_in(flow.FINAL),
            or_(
                Up.state.in_((State.CLOSED, State.WITHDRAWN)),
                and_(Up.due_at.is_not(None), or_(Down.due_at.is_(None), Up.due_at < Down.due_at)),
            ),
        )
        .order_by(CaseLink.id)
        .limit(200)
    ).all():
        told += _alarm_link(link_id, shop_id, now)
    db.session.rollback()
    return told + _alarm_windows(now)


def _alarm_link(link_id: int, shop_id: int, now: datetime) -> bool:
    with writing():
        mine = select(CaseLink).where(CaseLink.id == link_id, CaseLink.shop_id == shop_id, LIVE)
        found = db.session.scalars(mine.with_for_update()).first()
        if found is None or found.alarmed_at is not None:
            return False
        down, up = get_cases(found)
        if not (why := build_warning(found, down, up)):
            return False
        found.alarmed_at = now
        _tell(down, f"「{down.goods}」{why}。", f"chain:{link_id}:{down.version}:{up.version}", now)
    return True


def tell_refusal(link_id: int, now: datetime) -> bool:
    """The supplier said no after the distributor agreed to the consumer's case: an alarm to the distributor, once."""
    link = db.session.scalars(select(CaseLink).where(CaseLink.id == link_id, LIVE)).one_or_none()
    if link is None:
        return False
    down, up = get_cases(link)
    if not risks.is_bound(down) or not risks.is_refused(up):
        return False
    do = (
        "可以修改后重新提交、申请平台介入，或与供应商协商"
        if up.state == State.REVISING
        else "可以在进货订单里重新申请，或与供应商协商"
    )
    with writing():
        return _tell(
            down,
            f"「{down.goods}」您已同意消费者的售后 {down.case_no}，而向供应商申请的 {up.case_no} 没有被同意，"
            f"现在是「{words.state(up.type, up.state)}」；{do}，否则由您自己承担。",
            f"refused:{link_id}:{up.version}",
            now,
            title="供应商没有同意，您已同意消费者",
        )


def _alarm_windows(now: datetime) -> int:
    """Warn of purchases whose window ends before the consumer is served, while nothing was applied for."""
    told, after = 0, 0
    said = literal("alarm:window:") + cast(Down.id, String) + ":" + cast(Shop.owner_id, String)
    while rows := db.session.execute(
        select(Down.id, Down.shop_id, Down.due_at, Order)
        .join(OrderLink, and_(OrderLink.downstream_id == Down.order_id, OrderLink.shop_id == Down.shop_id))
        .join(Order, and_(Order.id == OrderLink.upstream_id, Order.shop_id == OrderLink.upstream_shop_id))
        .join(Shop, Shop.id == Down.shop_id)
        .where(
            Down.state.not_in(flow.FINAL),
            Down.id > after,
            ~select(CaseLink.id).where(CaseLink.downstream_id == Down.id, CaseLink.shop_id == Down.shop_id).exists(),
            ~select(Notice.id).where(Notice.dedupe_key == said).exists(),
        )
        .order_by(Down.id)
        .limit(500)
    ).all():
        after = rows[-1].id
        windows = [((case_id, shop_id), due_at, find_window(order)) for case_id, shop_id, due_at, order in rows]
        db.session.rollback()
        for key, due_at, until in windows:
            if until is not None and (due_at is None or until < due_at):
                told += _alarm_window(key, until, now)
    return told


def _alarm_window(downstream: tuple[int, int], until: datetime, now: datetime) -> bool:
    ended = until <= now
    said = f"已在 {words.end(until)} 结束" if ended else f"在 {words.end(until)} 结束，早于下游的期限"
    do = "可以联系供应商协商" if ended else "请尽快向供应商申请"
    with writing():
        down = db.session.get_one(Case, downstream)
        return _tell(down, f"「{down.goods}」向供应商申请售后的期限{said}；{do}。", f"window:{down.id}", now)


def _tell(down: Case, body: str, key: str, now: datetime, *, title: str = "上游售后期限早于下游") -> bool:
    owner = db.session.scalar(select(Shop.owner_id).where(Shop.id == down.shop_id))
    return beside_steps.tell_alarm(
        owner or 0,
        shop_id=down.shop_id,
        title=title,
        body=body,
        at=now,
        dedupe_key=key,
        href=f"/seller/cases/{down.case_no}/chain",
    )
