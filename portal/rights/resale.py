"""铺货: orders that are sold on, and the platform's two terms for them, in working days.

A distributor applies within 7 working days and is done within 15. What was promised once is kept: a calendar that comes
later moves only what was provisional, and only to a later day. Nothing here ever closes a case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, text, update

from portal import flow, words
from portal.calendar import calendars, workdays
from portal.calendar.workdays import Term
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, Order, User
from portal.models.cases import FINISHING
from portal.models.orders import RESOLD, find_path
from portal.notices import beside_steps, notices
from portal.per_app import PerApp
from portal.rights import policies, windows

STARTS = ("received", "shipped", "confirmed")
BATCH = 500


@dataclass(frozen=True)
class Rule:
    """From when the first term runs, and both terms in working days. Set by PORTAL_RESALE_START and …_DAYS."""

    start: str = "received"
    apply_days: int = 7
    finish_days: int = 15


_rule: PerApp[Rule] = PerApp("resale_rule", Rule())


def set_rule(rule: Rule) -> None:
    """The terms from now on; what was promised already stays."""
    _rule.set(rule)


def get_rule() -> Rule:
    """The terms in force."""
    return _rule.get()


def is_resold(order: Order) -> bool:
    """Whether an order is 铺货: bought to be sold on, as its export says."""
    return bool(order.is_dropship or order.downstream_order_no or order.downstream_channel)


def find_start(order: Order) -> datetime | None:
    """From when the term to apply runs: from receipt, always, as soon as that is known.

    Before, and where it never gets known, it runs only if the rule names shipping or payment.
    """
    if order.status in ("unpaid", "unshipped", "cancelled", "refunding", "unknown"):
        return None
    if order.received_at is not None or get_rule().start == "received":
        received: datetime | None = order.received_at
        return received
    if get_rule().start == "confirmed":
        moments = (order.paid_at, order.shipped_at)
    else:
        moments = (order.shipped_at, order.paid_at if order.status != "in_transit" else None)
    return next((moment for moment in moments if moment is not None), None)


def work_out_apply_term(order: Order, *, fresh: bool = False) -> Term | None:
    """The public term to apply of a 铺货 order, worked out now; None before it has begun."""
    start = find_start(order) if is_resold(order) or order.both_terms else None
    return workdays.plus_workdays(start, get_rule().apply_days, calendars.get_calendar(fresh=fresh)) if start else None


def _lengthened(order: Order, term: Term) -> Term:
    """The public term, or the shop's own one where that is longer."""
    if order.received_at is None:
        return term
    days = policies.get_promised(order).own_window
    own = workdays.plus_days(windows.find_counted_from(order) or order.received_at, days)
    return own if days and own.at > term.at else term


def work_out_finish_term(start: datetime, *, fresh: bool = False) -> Term:
    """The term to be done of a case that was handed in at ``start``."""
    return workdays.plus_workdays(start, get_rule().finish_days, calendars.get_calendar(fresh=fresh))


def find_apply_by(order: Order) -> datetime | None:
    """Until when a 铺货 order can be applied for: as promised, else as it would be promised now; None: not begun."""
    promised: datetime | None = order.apply_by
    if promised is not None and order.apply_from is not None and find_start(order) is not None:
        return promised
    term = work_out_apply_term(order)
    if term is None:
        return None
    end = _lengthened(order, term).at
    return end if promised is None else max(end, promised)


def describe_term(term: Term, number: int, what: str) -> str:
    """A term in a sentence: which rule, what was skipped, whether it may still move."""
    skipped = workdays.said(term.skipped)
    parts = [f"{what}{number} 个工作日，{term.day.month}月{term.day.day}日 24:00 前"]
    if skipped:
        parts.append(f"跳过 {skipped}")
    if term.provisional:
        parts.append(workdays.PROVISIONAL)
    return "；".join(parts)


def describe_apply_term(order: Order, now: datetime) -> str:
    """The term to apply of a 铺货 order in a sentence; "" for others, and for those not sent yet."""
    if order.both_terms:  # its lines say it, each with the longer of both terms
        return ""
    end = find_apply_by(order) if is_resold(order) else None
    term = work_out_apply_term(order)
    if end is None or term is None:
        begun = is_resold(order) and order.status in ("in_transit", "delivered", "completed")
        return (
            f"铺货订单须在签收后 {get_rule().apply_days} 个工作日内申请；还不知道签收时间，没有开始计算"
            if begun
            else ""
        )
    end = max(end, _lengthened(order, term).at)  # whatever was published since it was promised
    day = (end.astimezone(workdays.BEIJING) - timedelta(seconds=1)).date()
    kept = Term(day, end, order.apply_provisional if order.apply_by else term.provisional, term.skipped)
    until = f"{day.month}月{day.day}日 24:00"
    if order.received_at is not None and end > term.at and end == _lengthened(order, term).at:
        days = policies.get_promised(order).own_window
        promised = f"店铺承诺收到商品后 {days} 天内可以申请"
        return (
            f"{promised}，已于 {until} 超期；可以申请与商家协商" if now >= end else f"{promised}，请在 {until} 前提交"
        )
    if now >= end:
        return f"铺货订单须在 {get_rule().apply_days} 个工作日内申请，已于 {until} 超期；可以申请与商家协商"
    return describe_term(kept, get_rule().apply_days, "铺货订单的申请时限：")


def describe_finish_term(case: Case) -> str:
    """The term to be done of a case in a sentence; "" where there is none."""
    if case.finish_by is None:
        return ""
    day = (case.finish_by.astimezone(workdays.BEIJING) - timedelta(seconds=1)).date()
    if case.overdue_at is not None:
        late = f"已超过铺货订单 {get_rule().finish_days} 个工作日的办理时限（{day.month}月{day.day}日 24:00）"
        return f"{late}，请尽快办完；售后单不会因此关闭"
    term = work_out_finish_term(case.opened_at)
    return describe_term(
        Term(day, case.finish_by, case.finish_provisional, term.skipped), get_rule().finish_days, "铺货订单的办理时限："
    )


def _begun() -> ColumnElement[bool]:
    """The orders that start_of gives a moment for."""
    if get_rule().start == "received":
        return Order.received_at.is_not(None)
    sent = Order.shipped_at.is_not(None)
    if get_rule().start == "confirmed":
        return or_(Order.received_at.is_not(None), sent, Order.paid_at.is_not(None))
    return or_(Order.received_at.is_not(None), sent, (Order.status != "in_transit") & Order.paid_at.is_not(None))


def promise_terms(now: datetime) -> int:
    """Write down until when 铺货 orders whose term has begun can be applied for; returns how many. By the sweep."""
    done = 0
    while True:
        with writing():
            rows = (
                db.session.execute(
                    select(Order)
                    .where(
                        text(RESOLD),
                        text("apply_from IS NULL"),
                        Order.status.in_(("in_transit", "delivered", "completed")),
                    )
                    .where(_begun())
                    .order_by(Order.id)
                    .limit(BATCH)
                )
                .scalars()
                .all()
            )
            moved = 0
            for order in rows:
                start, term = find_start(order), work_out_apply_term(order, fresh=moved == 0)
                if start is None or term is None:
                    continue
                term = _lengthened(order, term)
                later = order.apply_by is None or term.at > order.apply_by
                order.apply_from = start
                if later:
                    order.apply_by, order.apply_provisional = term.at, term.provisional
                moved += 1
            db.session.flush()
            done += moved
        if len(rows) < BATCH or not moved:
            return done


def promise_finish(case: Case, order: Order, at: datetime) -> None:
    """A case of a 铺货 order is to be done in time."""
    if is_resold(order):
        term = work_out_finish_term(at)
        case.finish_by, case.finish_provisional = term.at, term.provisional


def recompute(now: datetime) -> int:
    """After a calendar came or changed: provisional dates are worked out anew and never move to an earlier day.

    Both sides are told of a date that moved. Safe to repeat; returns how many moved.
    """
    calendars.forget_copy()
    moved = 0
    with writing():
        for order in db.session.scalars(select(Order).where(Order.apply_provisional, text(RESOLD)).order_by(Order.id)):
            start = order.apply_from
            if start is None or order.apply_by is None:
                continue
            term = workdays.plus_workdays(start, get_rule().apply_days, calendars.get_calendar(fresh=moved == 0))
            order.apply_provisional = term.provisional
            if term.at > order.apply_by:
                order.apply_by = term.at
                moved += 1
                if order.shown:
                    beside_steps.tell_of_order(
                        order.buyer_id,
                        shop_id=order.shop_id,
                        kind="term_moved",
                        title="铺货申请时限已延后",
                        body=f"订单 {order.order_no} 按新公布的放假安排，可以申请到 {words.end(term.at)}。",
                        href=find_path(order),
                        at=now,
                        dedupe_key=f"term:{order.id}:{term.day}",
                    )
        db.session.flush()
    with writing():
        for case in db.session.scalars(select(Case).where(Case.finish_provisional).order_by(Case.id)):
            term = work_out_finish_term(case.opened_at)
            case.finish_provisional = term.provisional
            if case.finish_by is not None and term.at > case.finish_by:
                case.finish_by = term.at
                moved += 1
                if case.state not in flow.FINAL:
                    _tell(
                        case,
                        now,
                        "铺货办理时限已延后",
                        f"按新公布的放假安排，须在 {words.end(term.at)} 前办完。",
                        f"term:{term.day}",
                    )
        db.session.flush()
    return moved


def mark_overdue(now: datetime) -> int:
    """Mark cases of 铺货 orders that weren't done in time; each once, with a notice to both sides. Closes nothing."""
    marked = 0
    with writing():
        late = db.session.scalars(
            select(Case)
            .where(text(FINISHING), Case.finish_by <= now)
            .order_by(Case.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        for case in late:
            done = db.session.execute(
                update(Case)
                .where(Case.id == case.id, Case.shop_id == case.shop_id, Case.overdue_at.is_(None))
                .values(overdue_at=case.finish_by)
                .execution_options(synchronize_session=False)
            )
            if done.rowcount == 1:  # type: ignore[attr-defined]
                marked += 1
                body = f"超过铺货订单 {get_rule().finish_days} 个工作日的办理时限，请尽快处理完；售后单不会因此关闭。"
                _tell(case, now, "铺货售后已超过办理时限", body, "overdue")
    return marked


def _tell(case: Case, now: datetime, title: str, body: str, key: str) -> None:
    for actor in (Actor.BUYER, Actor.SELLER):
        for user_id in notices.list_readers(case, actor, "resale"):
            beside_steps.tell_of_order(
                user_id,
                shop_id=case.shop_id,
                kind="resale",
                title=title,
                body=f"「{case.goods}」{body}",
                href=notices.build_address(case, actor),
                at=now,
                dedupe_key=f"case:{case.id}:{key}",
            )
            db.session.execute(update(User).where(User.id == user_id).values(version=User.version + 1))
