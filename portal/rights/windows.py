"""Until when one may apply: the last day of each right."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

from portal.columns import OrderReceived
from portal.flow import CaseType
from portal.rights.goods import BEIJING, MONEY, Goods, Policy, find_promise
from portal.rights.reasons import Ground, Reason


def find_window_end(
    goods: Goods, reason: Reason, policy: Policy, case_type: str = CaseType.EXCHANGE
) -> datetime | None:
    """When the window of a reason ends, in UTC and exclusive; None while it has not begun, and where there is none.

    For 铺货 orders it is the public term, or what the shop itself has promised beyond it.
    """
    days = _days(goods, reason, policy, case_type)
    if goods.received_at is None or days is None:
        return None
    end = find_last_day_end(goods.received_at, days)
    if goods.apply_by is not None and reason.ground not in _OUTSIDE_RESALE:
        own = _own_longer(reason, policy)
        ends = [goods.apply_by, *([find_last_day_end(goods.received_at, own)] if own else [])]
        return max([*ends, end] if goods.both_terms else ends)
    return find_no_reason_end(goods, end) if reason.ground is Ground.NO_REASON else end


def find_counted_from(order: OrderReceived) -> datetime | None:
    """When the terms of an order that was received began: what is learnt of an earlier receipt shortens none."""
    received_at: datetime | None = order.received_at
    latest: datetime | None = order.term_from
    return received_at if received_at is None or latest is None else max(received_at, latest)


def find_no_reason_end(goods: Goods, plain: datetime) -> datetime:
    """7天无理由 ends on a day after a day of rest, never before seven plain days."""
    return max(plain, goods.no_reason_until) if goods.no_reason_until else plain


def find_last_day_end(start: datetime, days: int) -> datetime:
    """The end of a term of ``days``: the day it starts doesn't count, the last one ends at 24:00 in Shanghai."""
    last = start.astimezone(BEIJING).date() + timedelta(days=days + 1)
    return datetime.combine(last, time(), BEIJING).astimezone(UTC)


def _own_longer(reason: Reason, policy: Policy) -> int:
    """How many days after receipt the shop itself has published for a reason; 0 for none."""
    return max(policy.own_window_days, policy.own_hidden_days) if reason.hidden_defect else policy.own_window_days


def find_resale_end(goods: Goods, reason: Reason, policy: Policy) -> datetime | None:
    """When the term for 铺货 orders ends, for a reason that it holds for; None where it doesn't hold."""
    if goods.apply_by is None or reason.ground in _OUTSIDE_RESALE:
        return None
    if goods.both_terms and goods.received_at is None:
        return None  # the other term hasn't begun
    return find_window_end(goods, reason, policy) or goods.apply_by


def is_resale_overdue(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> bool:
    """Whether the term for 铺货 orders has run out, for a reason that it holds for."""
    end = find_resale_end(goods, reason, policy)
    return end is not None and now >= end


NO_REASON_DAYS: Final = 7
_OUTSIDE_RESALE: Final = (Ground.PROMISE, Ground.NO_REASON, Ground.UNSHIPPED, Ground.ABSENT)


def _days(goods: Goods, reason: Reason, policy: Policy, case_type: str) -> int | None:
    """How many days after receipt a reason is open; None when it is never, or when no window is counted.

    A longer 包换 lengthens every window but that of a refund.
    """
    if reason.leads_to is None or reason.ground is Ground.UNSHIPPED:
        return None
    if reason.ground is Ground.NO_REASON:
        return NO_REASON_DAYS
    promise = find_promise(goods, policy)
    promised = promise.days or 0 if promise else 0
    if reason.ground is Ground.PROMISE:
        return promised or None
    own = _own_days(reason, policy)
    return own if case_type in MONEY else max(own, promised)


def _own_days(reason: Reason, policy: Policy) -> int:
    return max(policy.window_days, policy.hidden_days) if reason.hidden_defect else policy.window_days


def say_rule(goods: Goods, reason: Reason, policy: Policy, case_type: str) -> str:
    """The rule in a few words: whose it is and how long it lasts."""
    if reason.ground is Ground.UNSHIPPED:
        return "订单还没有发货"
    if reason.ground is Ground.ABSENT and goods.received_at is None:
        return "商品还没有收到"
    days, promise = _days(goods, reason, policy, case_type) or 0, find_promise(goods, policy)
    if reason.ground is Ground.NO_REASON:
        source = "按消费者权益保护法第二十五条，" if goods.consumer else ""
        rest = "（最后一天是休息日，延到休息日之后）" if goods.no_reason_until and goods.received_at else ""
        return f"{source}7天无理由退货为收到商品后 {days} 天{rest}"
    term = "售后期" if case_type in MONEY else "换货期"
    if goods.apply_by is not None and reason.ground not in _OUTSIDE_RESALE:
        end = find_resale_end(goods, reason, policy)
        if end == goods.apply_by:
            return f"铺货订单须在 {goods.apply_days} 个工作日内申请"
        days = max(_own_longer(reason, policy), days if goods.both_terms else 0)
    if promise and (reason.ground is Ground.PROMISE or days > _own_days(reason, policy)):
        return f"{promise.name}为收到商品后 {days} 天"
    if days > policy.window_days:
        return f"使用中才发现的质量问题，{term}为收到商品后 {days} 天"
    return f"店铺的{term}为收到商品后 {days} 天"


def say_not_begun(goods: Goods) -> str:
    if goods.status == "in_transit":
        return "还没有开始计算，提交申请即表示您已收到商品"
    return "收货时间还没有记录，所以还没有开始计算"


def say_day(end: datetime | None, now: datetime) -> str:
    """The last day of a window as people say it: 12月8日 24:00, with the year when it is another one."""
    if end is None:
        return ""
    last = end.astimezone(BEIJING).date() - timedelta(days=1)
    year = f"{last.year}年" if last.year != now.astimezone(BEIJING).year else ""
    return f"{year}{last.month}月{last.day}日 24:00"
