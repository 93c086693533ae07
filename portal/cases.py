"""Cases: opening one, taking a step, settling what the clock owes, the sweep.

Every verb is called inside ``writing()`` and leaves the commit to it. A step is a compare-and-set on (id, state,
version) and writes exactly one event. What a step does besides moving the case stands in ``portal/effects.py``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select, text, update

from portal import docket, effects, flow, proposals
from portal.effects import By, Child, Wanted
from portal.evidence import evidence
from portal.extensions import PerApp, db, writing
from portal.flow import Actor, CaseType, Facts, Stage, Stale, State, Step, StepRefused
from portal.models import (
    Case,
    CaseEvent,
    CaseLine,
    Conversation,
    Message,
    Order,
    OrderLine,
    Parcel,
    Policy,
    ReturnAddress,
    Shop,
    Sku,
    Staff,
    User,
)
from portal.money import entries as money_entries
from portal.money import worth
from portal.money.accounts import consent as bank_accounts
from portal.notices import notices
from portal.orders import ledger
from portal.parcels import carriers, following, keeping, telling
from portal.parcels import seen as parcel_view
from portal.parcels.carriers import slow
from portal.parcels.scans import Scan
from portal.people import roles
from portal.rights import policies, resale, windows
from portal.rights.reasons import REISSUE_BY, codes
from portal.talk import conversations
from portal.words import BEIJING

log = logging.getLogger("portal.cases")
_spans: PerApp[Mapping[str, timedelta]] = PerApp("deadlines", {})
SWEEP_BATCH = 50


def use_deadlines(spans: Mapping[str, timedelta]) -> None:
    """Other deadlines than flow.DEADLINES, from the settings. Raises ValueError for a name that doesn't exist."""
    for name in spans:
        if name not in flow.DEADLINES:
            raise ValueError(f"PORTAL_DEADLINES: no deadline is called {name!r}, but {', '.join(flow.DEADLINES)}")
    _spans.set(dict(spans))


def spans() -> Mapping[str, timedelta]:
    """The deadlines that were set, by name."""
    return _spans.get()


def span(name: str) -> timedelta:
    """How long a deadline is: as it was set, else as flow.DEADLINES has it."""
    return spans().get(name, flow.DEADLINES[name])


CLOCK = By(Actor.CLOCK, None, "系统")


# ---------------------------------------------------------------- opening


def open_case(
    *,
    by: By,
    order: Order,
    wanted: Sequence[Wanted],
    reason: str,
    description: str,
    receiver: tuple[str, str, str],
    freight_payer: str,
    basis: str,
    policy_id: int,
    photos: Sequence[str],
    now: datetime,
    case_type: CaseType = CaseType.EXCHANGE,
    negotiated: bool = False,
    refund_fen: int | None = None,
    consent: int | str | None = None,
) -> Case:
    """Open a case for lines of one order. The caller has asked eligibility; the ledger decides last.

    ``refund_fen``: what is asked back, None for all that the units are worth. ``consent``: the buyer's message by which
    the seller opens it for him; of a buyer without account what he said elsewhere, in words. Raises ledger.NotEnough
    when a line has fewer free units than asked for, StepRefused for an amount or a consent that can't be; nothing is
    changed then.
    """
    for item in sorted(wanted, key=lambda w: w.line_id):
        ledger.claim(item.line_id, item.milli)
    name = "apply_on_behalf" if by.actor is Actor.SELLER else "apply"
    step = next(s for s in flow.STEPS if s.name == name and case_type in s.types)
    if by.actor is Actor.SELLER and not _agreed_to(order.id, consent):
        raise StepRefused("请选择买家同意代为申请的那条消息", name)
    goods_state = _goods_state(order)
    asked = 0
    if case_type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY):
        units = [(item.line_id, item.milli) for item in wanted]
        asked = most = worth.total(worth.worth(order.id, units, unshipped=goods_state == "unshipped"))
        if refund_fen is not None:
            asked = refund_fen
        if not 0 < asked <= most:
            raise StepRefused(f"退款金额须大于 0,最多 {most / 100:.2f} 元", name)
    lines = {
        line.id: line
        for line in db.session.scalars(
            select(OrderLine).where(OrderLine.order_id == order.id, OrderLine.id.in_([item.line_id for item in wanted]))
        )
    }
    if len(lines) != len(wanted):
        raise StepRefused("所选商品不属于这个订单,请返回订单重新选择", "apply")
    specs = _specs([item.sku_id for item in wanted if item.sku_id])
    first = lines[wanted[0].line_id]
    facts = Facts(entered_at=now, now=now)
    due_at, rule = flow.due(State.APPLIED, facts, spans())
    case = Case(
        case_no=_case_no(now),
        type=case_type,
        state=State.APPLIED,
        version=1,
        order_id=order.id,
        shop_id=order.shop_id,
        buyer_id=order.buyer_id,
        policy_id=policy_id,
        entered_at=now,
        due_at=due_at,
        due_rule=rule,
        remind_at=_remind_after(now, due_at, now),
        reason=reason,
        description=description,
        basis=basis,
        freight_payer=freight_payer,
        negotiated=negotiated,
        goods_state=goods_state,
        refund_fen=asked,
        receiver_name=receiver[0],
        receiver_phone=receiver[1],
        receiver_address=receiver[2],
        goods=first.title,
        spec=first.spec,
        wanted_spec=specs.get(wanted[0].sku_id or 0, first.spec),
        unit=first.unit,
        quantity_milli=sum(item.milli for item in wanted),
        line_count=len(wanted),
        photo_count=0,
        opened_at=now,
        updated_at=now,
    )
    db.session.add(case)
    db.session.flush()
    for item in wanted:
        line = lines[item.line_id]
        db.session.add(
            CaseLine(
                case_id=case.id,
                order_line_id=line.id,
                quantity_milli=item.milli,
                sku_id=item.sku_id,
                wanted_spec=specs.get(item.sku_id or 0, line.spec),
                wanted_price_fen=effects.price_of(item.sku_id),
                title=line.title,
                spec=line.spec,
                unit=line.unit,
            )
        )
    db.session.flush()
    case.difference_fen = worth.difference_on(case.id, order.id, accepted=False)
    case.photo_count = evidence.attach_to_case(
        photos, owner_id=by.user_id or 0, case_id=case.id, order_id=order.id, version=1
    )
    data = _application(case) | ({"consent": consent} if consent else {})
    _opened(case, step, by, now, note=description, data=data)
    return case


def open_unsent(
    order: Order, wanted: Sequence[Wanted], *, by: By, reason: str, words: str, policy_id: int, now: datetime
) -> Case:
    """The refund of an order that was called off before it was sent: agreed to by that alone, so it begins as owed.

    Raises ledger.NotEnough when a line has fewer free units than asked for.
    """
    for item in sorted(wanted, key=lambda each: each.line_id):
        ledger.claim(item.line_id, item.milli)
    step = next(row for row in flow.open_steps(CaseType.REFUND_ONLY, None, by.actor) if row.name == "cancel_order")
    lines = {
        line.id: line
        for line in db.session.scalars(select(OrderLine).where(OrderLine.id.in_(i.line_id for i in wanted)))
    }
    first = lines[wanted[0].line_id]
    case = Case(
        case_no=_case_no(now),
        type=CaseType.REFUND_ONLY,
        state=step.target,
        version=1,
        order_id=order.id,
        shop_id=order.shop_id,
        buyer_id=order.buyer_id,
        policy_id=policy_id,
        entered_at=now,
        due_at=now,
        due_rule="",
        reason=reason,
        description=words,
        basis="订单还没有发货,买家撤销后退还全部实付款",
        freight_payer="seller",
        goods_state="unshipped",
        receiver_name=order.receiver_name,
        receiver_phone=order.receiver_phone,
        receiver_address=order.receiver_address,
        goods=first.title,
        spec=first.spec,
        wanted_spec=first.spec,
        unit=first.unit,
        quantity_milli=sum(item.milli for item in wanted),
        line_count=len(wanted),
        photo_count=0,
        opened_at=now,
        updated_at=now,
    )
    db.session.add(case)
    db.session.flush()
    for item in wanted:
        line = lines[item.line_id]
        db.session.add(
            CaseLine(
                case_id=case.id,
                order_line_id=line.id,
                quantity_milli=item.milli,
                accepted_milli=item.milli,
                title=line.title,
                spec=line.spec,
                wanted_spec=line.spec,
                unit=line.unit,
            )
        )
    db.session.flush()
    case.refund_fen = effects.plan_refund(case, None, by, now)
    case.entry_count = 1
    due_at, rule = flow.due(step.target, facts(case, now), spans())
    case.due_at, case.due_rule, case.remind_at = due_at, rule, _remind_after(now, due_at, now)
    _opened(case, step, by, now, note=words, data=_application(case) | {"refund_fen": case.refund_fen})
    return case


def _opened(case: Case, step: Step, by: By, at: datetime, *, note: str, data: dict[str, Any]) -> None:
    """What goes with every new case: its first event, the order's and the tabs' counters, who is told."""
    resale.promise_finish(case, db.session.get_one(Order, case.order_id), at)
    db.session.flush()
    _write_event(case, step, by, at, source="", note=note, data=data, version=1)
    db.session.execute(
        update(Order)
        .where(Order.id == case.order_id)
        .values(case_count=Order.case_count + 1, version=Order.version + 1)
        .execution_options(synchronize_session=False)
    )
    notices.tell(case, step, version=1, at=at)
    _count(case, None, case.state)
    db.session.flush()
    db.session.expire(case)


def _goods_state(order: Order) -> str:
    """Where the goods are when a case is opened: unshipped, in_transit or received."""
    if order.cancelled_at is not None:
        return "unshipped"
    if order.received_at is not None:
        return "received"
    return order.status if order.status in ("unshipped", "in_transit") else "received"


def _agreed_to(order_id: int, message_id: int | str | None) -> bool:
    """Whether this is a message of the order's buyer, or words of one who has no account to write with."""
    if isinstance(message_id, str):
        asks = select(User.password_hash).join(Order, Order.buyer_id == User.id).where(Order.id == order_id)
        return bool(message_id) and db.session.scalar(asks) is None
    return message_id is not None and bool(
        db.session.scalar(
            select(Message.id)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Message.id == message_id, Message.side == "buyer", Conversation.order_id == order_id)
        )
    )


def _application(case: Case) -> dict[str, Any]:
    """What was applied for, as the event keeps it."""
    lines = db.session.execute(
        select(CaseLine.order_line_id, CaseLine.quantity_milli, CaseLine.wanted_spec)
        .where(CaseLine.case_id == case.id)
        .order_by(CaseLine.id)
    ).all()
    return {
        "reason": case.reason,
        "description": case.description,
        "lines": [[line_id, milli, spec] for line_id, milli, spec in lines],
        "receiver": [case.receiver_name, case.receiver_phone, case.receiver_address],
        "freight_payer": case.freight_payer,
        "photos": case.photo_count,
    }


def _specs(sku_ids: Sequence[int]) -> dict[int, str]:
    if not sku_ids:
        return {}
    found = db.session.execute(select(Sku.id, Sku.spec).where(Sku.id.in_(sku_ids))).all()
    return {row.id: row.spec for row in found}


def _case_no(now: datetime) -> str:
    return f"HH{now.astimezone(BEIJING):%y%m%d}{secrets.randbelow(10**8):08d}"


# ---------------------------------------------------------------- taking a step


def take(
    case_id: int,
    name: str,
    *,
    by: By,
    now: datetime,
    version: int | None = None,
    note: str = "",
    photos: Sequence[str] = (),
    **values: Any,
) -> Case:
    """Take the step ``name``; returns the case as it then is.

    Settles first what the clock owes. Raises flow.Stale when the case is no longer at ``version`` (what the page
    showed) or somebody was faster, flow.StepRefused when the table, a condition or the step's own facts don't allow it.
    A machine's clock that has gone back is not believed: a case's history never does.
    """
    case = settle(locked(case_id), now)
    now = max(now, case.updated_at)
    if version is not None and case.version != version:
        raise Stale("这张售后单已有更新,下面是最新状态,您填写的内容已保留", name)
    if by.actor is Actor.MEDIATOR and not docket.may_decide(by.user_id or 0, case.buyer_id, case.shop_id):
        raise StepRefused("您与这张售后单的一方有关,不能参与裁决", name)
    if by.actor is Actor.SELLER and by.user_id == case.buyer_id:
        raise StepRefused("您是这张售后单的买家,请由店里的另一位同事处理", name)
    if by.actor is Actor.SELLER:
        _check_role(case.shop_id, by, name)
    step = flow.choose(case.type, case.state, by.actor, name, facts(case, now))
    return _move(case, step, by, now, note=note, photos=photos, values=values)


def _check_role(shop_id: int, by: By, name: str) -> None:
    """Who acts for a shop works in it, and in a role that takes this step."""
    role = db.session.scalar(select(Staff.role).where(Staff.user_id == by.user_id, Staff.shop_id == shop_id))
    if role is None:
        raise StepRefused("您不在这家店铺工作,不能处理它的售后单", name)
    if not roles.may_take(role, name):
        raise StepRefused(f"您在店铺里是{roles.ROLES[role]},没有这一项权限;请店里的其他同事处理", name)


def settle(case: Case, now: datetime) -> Case:
    """Take every clock step that has fallen due, each dated when it did.

    A carrier's word may bring a deadline that has passed already: its step is dated after what happened meanwhile.
    """
    while case.due_at is not None and case.due_at <= now:
        at = max(case.due_at, case.updated_at)
        step = flow.clock_step(case.type, case.state, case.due_rule, facts(case, at))
        if step is None:  # the table is total, a test says so; a case must not hang for ever all the same
            raise StepRefused(f"no clock step for {case.state} by {case.due_rule}")
        case = _move(case, step, CLOCK, at)
    return case


def settle_now(case_id: int, now: datetime) -> None:
    """Settle one case in a transaction of its own, so that a page shows the true state."""
    with writing():
        settle(locked(case_id), now)


def sweep(now: datetime, most: int = 1000) -> int:
    """Settle overdue cases and send due reminders; returns how many cases moved. Safe to run twice at once.

    A case that can't be settled is logged and left for the next round; it holds up nobody.
    """
    moved = 0
    stuck: set[int] = set()
    while moved < most:
        query = select(Case.id).where(Case.due_at.is_not(None), Case.due_at <= now).order_by(Case.due_at)
        if stuck:
            query = query.where(Case.id.not_in(stuck))
        due = db.session.scalars(query.limit(SWEEP_BATCH)).all()
        db.session.rollback()
        if not due:
            break
        settled = _settle_batch(due, now, stuck)
        if not settled and stuck.isdisjoint(due):
            break  # another sweep has them
        moved += settled
    _remind(now)
    return moved


def _settle_batch(case_ids: Sequence[int], now: datetime, stuck: set[int]) -> int:
    """One transaction for many; when it fails, one for each. What fails alone is added to ``stuck``."""
    try:
        with writing():
            overdue = db.session.scalars(
                select(Case).where(Case.id.in_(case_ids), Case.due_at <= now).with_for_update(skip_locked=True)
            ).all()
            for case in overdue:
                settle(case, now)
        return len(overdue)
    except StepRefused:
        for case_id in case_ids:
            try:
                settle_now(case_id, now)
            except Stale:
                continue
            except StepRefused as problem:
                log.error("case %d can't be settled: %s", case_id, problem.sentence)
                stuck.add(case_id)
        return len(set(case_ids) - stuck)


def _remind(now: datetime) -> None:
    while True:
        with writing():
            cases = db.session.scalars(
                select(Case)
                .where(Case.remind_at.is_not(None), Case.remind_at <= now)
                .order_by(Case.remind_at)
                .limit(SWEEP_BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            if not cases:
                return
            for case in cases:
                for actor in still_to_act(case):
                    if case.due_at is not None and case.due_at > now:
                        notices.remind(case, actor, now)
                        for user_id in notices.readers(case, actor):
                            notices.bump(user_id)
                case.remind_at = _remind_after(_began(case), case.due_at, now)
            db.session.flush()


def _began(case: Any) -> datetime:
    """Since when the present deadline runs: since its stage began, while the platform is in it."""
    began: datetime = case.stage_at if case.escalated and case.stage_at else case.entered_at
    return began


def still_to_act(case: Any) -> list[Actor]:
    """Whose turn it is; in a round of evidence each side that hasn't handed in any."""
    if case.escalated and case.stage == Stage.EVIDENCE:
        heard = case.heard.split(",")
        return [side for side in (Actor.BUYER, Actor.SELLER) if side not in heard]
    actor = waits_for(case)
    return [] if actor is None else [actor]


def waits_for(case: Any) -> Actor | None:
    """Who must act on this case now."""
    return flow.waits_for(
        case.state, escalated=case.escalated, problem_open=case.problem_open, countered=case.countered
    )


def locked(case_id: int) -> Case:
    """The case, locked until the transaction ends. Raises StepRefused when there is none."""
    case = db.session.scalars(
        select(Case).where(Case.id == case_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if case is None:
        raise StepRefused("没有找到这张售后单")
    return case


def _move(
    case: Case,
    step: Step,
    by: By,
    at: datetime,
    *,
    note: str = "",
    photos: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
) -> Case:
    source, version = case.state, case.version
    changes: dict[str, Any] = {"updated_at": at}
    if step.target != step.source:
        changes |= {
            "late": False,
            "extended": False,
            "granted_seconds": 0,
            "objected": False,
            "problem_open": False,
            "nudged_at": None,
            "paused_seconds": 0,
            "not_before": None,
            **effects.NO_MEDIATION,
        }
    if step.target != step.source or step.name in flow.RESTARTING:
        changes |= {"entered_at": at, "paused_seconds": 0, "not_before": None}
    doing = effects.Doing(
        case=case, step=step, by=by, at=at, note=note, photos=tuple(photos), values=dict(values or {})
    )
    changes |= effects.of(doing)

    after = SimpleNamespace(**{column.key: getattr(case, column.key) for column in Case.__table__.columns} | changes)
    after.state = step.target
    due_at, rule = flow.due(step.target, facts(after, at), spans())
    changes |= {"due_at": due_at, "due_rule": rule, "remind_at": _remind_after(_began(after), due_at, at)}

    moved = db.session.execute(
        update(Case)
        .where(Case.id == case.id, Case.state == source, Case.version == version)
        .values(state=step.target, version=version + 1, **changes)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Stale("刚刚有人处理了这张售后单,下面是最新状态,您填写的内容已保留", step.name)
    db.session.expire(case)

    evidence.attach_to_case(
        photos, owner_id=by.user_id or 0, case_id=case.id, order_id=case.order_id, version=version + 1
    )
    if step.target in flow.RELEASING:
        for line_id, milli in db.session.execute(
            select(CaseLine.order_line_id, CaseLine.quantity_milli)
            .where(CaseLine.case_id == case.id)
            .order_by(CaseLine.order_line_id)
        ).all():
            ledger.release(line_id, milli)
    if step.target in flow.FINAL:
        following.end(case, at)
    elif source == State.INSPECTING and step.target not in (State.INSPECTING, State.PROPOSED):
        following.end(case, at, leg="back")  # the goods were counted
    if doing.child is not None:
        doing.data["child"] = _become(case, doing.child, by, at)
    _write_event(case, step, by, at, source=source, note=note, data=doing.data, version=version + 1)
    notices.tell(case, step, version=version + 1, at=at, note=note)
    if by.user_id is not None:
        notices.read_case(by.user_id, case.id, at)
    db.session.execute(
        update(Order)
        .where(Order.id == case.order_id)
        .values(version=Order.version + 1)
        .execution_options(synchronize_session=False)
    )
    if "proposal" in doing.data:
        _card(case, step, by, at, doing.data["proposal"])
    _count(case, source, step.target)
    return case


def _card(case: Case, step: Step, by: By, at: datetime, version: int) -> None:
    """What was proposed or answered, as a card in the conversation about the order."""
    talk = conversations.of_order(db.session.get_one(Order, case.order_id), at)
    side: conversations.Side = (
        "buyer" if by.actor is Actor.BUYER else "seller" if by.actor is Actor.SELLER else "system"
    )
    data = {"case_no": case.case_no, "proposal": version}
    conversations.say(talk, side, by.user_id, step.news, now=at, kind="case", data=data, bump=False)


def _become(parent: Case, child: Child, by: By, at: datetime) -> str:
    """Open the case that ``parent`` has become; its units move along, what is left over is free again."""
    own = {line.id: line for line in db.session.scalars(select(CaseLine).where(CaseLine.case_id == parent.id)).all()}
    moving = {line_id: milli for line_id, milli, _ in child.lines}
    if parent.state == State.CONVERTED:
        for line in sorted(own.values(), key=lambda each: each.order_line_id):
            rest = line.quantity_milli - moving.get(line.id, 0)
            if rest:
                ledger.release(line.order_line_id, rest)
    if not moving:
        raise StepRefused("没有可以转入的商品数量")
    target = child.state
    address = policies.default_address(parent.shop_id) if target == State.RETURNING else None
    if target == State.RETURNING and address is None:
        raise StepRefused("店铺还没有默认退货地址,请先在「退货地址」里添加")
    step = next(
        row for row in flow.open_steps(child.type, None, by.actor) if row.name == "convert" and row.target == target
    )
    first = own[child.lines[0][0]]
    payer = child.freight_payer or parent.freight_payer
    made = Case(
        case_no=_case_no(at),
        type=child.type,
        state=target,
        version=1,
        parent_id=parent.id,
        order_id=parent.order_id,
        shop_id=parent.shop_id,
        buyer_id=parent.buyer_id,
        policy_id=parent.policy_id,
        entered_at=at,
        reason=child.reason or parent.reason,
        description=child.description or parent.description,
        basis=parent.basis,
        freight_payer=payer if payer != "negotiated" or target == State.APPLIED else "seller",
        goods_state=parent.goods_state,
        receiver_name=parent.receiver_name,
        receiver_phone=parent.receiver_phone,
        receiver_address=parent.receiver_address,
        goods=first.title,
        spec=first.spec,
        unit=first.unit,
        quantity_milli=sum(moving.values()),
        line_count=len(moving),
        photo_count=0,
        opened_at=at,
        updated_at=at,
        refund_fen=0,
        difference_waived=child.difference_waived,
        wanted_spec=first.wanted_spec if child.type in (CaseType.EXCHANGE, CaseType.REISSUE) else first.spec,
        due_at=at,
        due_rule="",
    )
    if address is not None:
        made.return_name, made.return_phone = address.name, address.phone
        made.return_address, made.return_note = address.address, address.note
    db.session.add(made)
    db.session.flush()
    ready = target in (State.REFUNDING, State.RESHIPPING)
    kept = target == State.REFUNDING and child.type == CaseType.RETURN_REFUND
    for line_id, milli, sku_id in child.lines:
        line = own[line_id]
        spec = line.spec if sku_id is None else db.session.scalar(select(Sku.spec).where(Sku.id == sku_id))
        again = sku_id if sku_id is not None or child.type is not CaseType.EXCHANGE else line.sku_id
        db.session.add(
            CaseLine(
                case_id=made.id,
                order_line_id=line.order_line_id,
                quantity_milli=milli,
                sku_id=again,
                received_milli=milli if kept else None,
                accepted_milli=milli if ready else 0,
                wanted_spec=spec or line.spec if again == sku_id else line.wanted_spec,
                title=line.title,
                spec=line.spec,
                unit=line.unit,
            )
        )
    db.session.flush()
    _owe(made, child, by, at)
    due_at, rule = flow.due(target, facts(made, at), spans())
    made.due_at, made.due_rule, made.remind_at = due_at, rule, _remind_after(at, due_at, at)
    data = _application(made) | {"parent": parent.case_no}
    if made.refund_fen:
        data["refund_fen"] = made.refund_fen
    _opened(made, step, by, at, note="", data=data)
    return made.case_no


AGAIN_FOR = timedelta(days=7)  # what came in an exchange has a window of its own


def again_until(case: Any) -> datetime | None:
    """Until when what came with a completed exchange or reissue can be complained of; None: nothing came."""
    if case.state != State.COMPLETED or case.type not in (CaseType.EXCHANGE, CaseType.REISSUE):
        return None
    return windows.last_day_ends(case.updated_at, AGAIN_FOR.days)


def open_again(
    case_id: int,
    *,
    by: By,
    kind: str,
    case_type: CaseType,
    units: Mapping[int, int],
    note: str,
    photos: Sequence[str],
    now: datetime,
) -> Case:
    """A new case about goods that came with a completed one; ``units`` by its case lines, in thousandths.

    The units move along, guarded, so that nobody claims them twice. Raises StepRefused when the window is over, the
    type isn't open, proof is missing or more is asked for than came and is left.
    """
    case = locked(case_id)
    until = again_until(case)
    if until is None or now >= until:
        raise StepRefused(
            "换来的商品自完成之日起 7 天内可以再次申请售后,现在已超过;请点「立即联系」与商家沟通", "again"
        )
    if case_type not in effects.again(case):
        raise StepRefused("请选择希望怎么处理", "again")
    if kind not in effects.REASON_OF or kind == "not_received":
        raise StepRefused("请选择收到的商品有什么问题", "again")
    if not photos or not note:
        raise StepRefused("请上传能看出问题的照片,并写一句说明", "again")
    wanted = {line_id: milli for line_id, milli in units.items() if milli > 0}
    for line_id, milli in sorted(wanted.items()):
        done = db.session.execute(
            update(CaseLine)
            .where(
                CaseLine.id == line_id,
                CaseLine.case_id == case.id,
                CaseLine.moved_milli + milli <= CaseLine.shipped_milli,
            )
            .values(moved_milli=CaseLine.moved_milli + milli)
            .execution_options(synchronize_session=False)
        )
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise StepRefused("数量不能超过换来而还没有再次申请的数量", "again")
    if not wanted:
        raise StepRefused("请填写数量", "again")
    lines = tuple((line_id, milli, None) for line_id, milli in wanted.items())
    child = Child(
        case_type, State.APPLIED, lines, reason=effects.REASON_OF[kind], description=note, freight_payer="seller"
    )
    case_no = _become(case, child, by, now)
    made = db.session.scalars(select(Case).where(Case.case_no == case_no)).one()
    made.photo_count = evidence.attach_to_case(
        photos, owner_id=by.user_id or 0, case_id=made.id, order_id=made.order_id, version=1
    )
    db.session.flush()
    return made


def child_of(case: Case) -> str | None:
    """The number of the case that a converted one has become."""
    if case.state != State.CONVERTED:
        return None
    return db.session.scalar(select(Case.case_no).where(Case.parent_id == case.id).order_by(Case.id.desc()).limit(1))


def _owe(made: Case, child: Child, by: By, at: datetime) -> None:
    """What a case that starts by conversion owes from its first moment."""
    if child.type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY):
        if child.state == State.REFUNDING:
            made.refund_fen = effects.plan_refund(made, child.refund_fen, by, at, child.proposer)
            made.entry_count += 1
        else:
            found = worth.worth(made.order_id, worth.units_of(made.id, accepted=False))
            most = worth.total(found)
            made.refund_fen = most if child.refund_fen is None else min(child.refund_fen, most)
    for kind, fen in (("difference_return", child.return_difference_fen), ("compensation", child.compensation_fen)):
        if fen:
            money_entries.plan(made, kind, fen, key=kind, at=at, by=child.proposer or by.user_id)
            made.entry_count += 1
    db.session.flush()


def _write_event(
    case: Case, step: Step, by: By, at: datetime, *, source: str, note: str, data: dict[str, Any], version: int
) -> None:
    before = ""
    if version > 1:
        before = (
            db.session.scalar(
                select(CaseEvent.hash).where(CaseEvent.case_id == case.id, CaseEvent.version == version - 1)
            )
            or ""
        )
    row = {
        "case_id": case.id,
        "version": version,
        "step": step.name,
        "actor": str(by.actor),
        "user_id": by.user_id,
        "author": by.name,
        "at": at,
        "source": source,
        "target": str(step.target),
        "note": note,
        "data": data,
        "request_id": by.request_id,
        "before_hash": before,
    }
    db.session.execute(insert(CaseEvent), {**row, "hash": event_hash(row)})


def event_hash(row: Mapping[str, Any]) -> str:
    """SHA-256 over an event's own words and the hash of the one before; portal doctor recomputes it."""
    said = [
        row["before_hash"],
        row["case_id"],
        row["version"],
        row["step"],
        row["actor"],
        row["user_id"],
        row["author"],
        round(row["at"].timestamp() * 1000),
        row["source"],
        row["target"],
        row["note"],
        row["data"],
        row["request_id"],
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


_MORE = text(
    "INSERT INTO case_tallies (shop_id, state, number) VALUES (:shop_id, :state, 1) "
    "ON CONFLICT (shop_id, state) DO UPDATE SET number = case_tallies.number + 1"
)
_FEWER = text("UPDATE case_tallies SET number = number - 1 WHERE shop_id = :shop_id AND state = :state")


def _count(case: Case, source: str | None, target: str) -> None:
    """Counters last, in a fixed order, so that no two transactions wait for each other."""
    shop_id, buyer_id = case.shop_id, case.buyer_id
    steps = {} if source == target else {target: 1} | ({source: -1} if source else {})
    for state in sorted(steps):
        db.session.execute(_MORE if steps[state] > 0 else _FEWER, {"shop_id": shop_id, "state": str(state)})
    for kind, row_id in ((Shop, shop_id), (User, buyer_id)):
        db.session.execute(
            update(kind)
            .where(kind.id == row_id)
            .values(version=kind.version + 1)
            .execution_options(synchronize_session=False)
        )


def _remind_after(start: datetime, due_at: datetime | None, at: datetime) -> datetime | None:
    if due_at is None:
        return None
    return next((moment for moment in flow.reminders(start, due_at) if moment > at), None)


def reschedule(case: Case, now: datetime) -> None:
    """Work the deadline out again after a carrier's word, without a step. A mediation's clock hangs on no parcel."""
    due_at, rule = flow.due(case.state, facts(case, now), spans())
    case.due_at, case.due_rule = due_at, rule
    case.remind_at = _remind_after(_began(case), due_at, now)
    db.session.flush()


def record_trace(parcel_id: int, *, at: datetime, status: str, said: str, now: datetime, origin: str = "") -> bool:
    """Keep one scan of a carrier as ``record_scans`` does; False when it was known already."""
    return bool(record_scans(parcel_id, [Scan(at, status, said[:300])], now=now, origin=origin))


def record_scans(
    parcel_id: int,
    said: Collection[Scan],
    *,
    now: datetime,
    origin: str = "",
    by_sender: bool | None = None,
    tell: bool = True,
) -> int:
    """Keep a carrier's scans and let them move the deadlines that hang on them; returns how many are new.

    ``by_sender``: as scans.doubt has it. ``tell``: whether the buyer is told of what matters.
    """
    case_id = db.session.scalar(select(Parcel.case_id).where(Parcel.id == parcel_id, Parcel.voided_at.is_(None)))
    if case_id is None:
        return 0
    case = locked(case_id)
    parcel = db.session.get_one(Parcel, parcel_id, populate_existing=True)
    new, fresh = keeping.keep(parcel, said, now=now, not_before=case.opened_at, origin=origin, by_sender=by_sender)
    if not new:
        return 0
    if fresh:
        case = settle(case, now)
        if case.state not in flow.FINAL:
            reschedule(case, now)
        if tell:
            telling.tell_buyer(case, parcel, fresh, now)
    db.session.execute(
        update(Order)
        .where(Order.id == case.order_id)
        .values(version=Order.version + 1)
        .execution_options(synchronize_session=False)
    )
    _count(case, case.state, case.state)
    return new


def record_typed(shipment: Any, said: Collection[Scan], *, side: str, now: datetime, origin: str = "") -> int:
    """Keep scans of a followed parcel that one side (buyer, seller) typed in or imported; returns how many are new.

    What a side says in its own favour is kept and shown, and moves nothing. ``origin``: the side unless said otherwise.
    """
    by_sender, origin, tell = parcel_view.sent_by(shipment, side), origin or side, side != "buyer"
    if shipment.parcel_id is None:
        return keeping.keep_of_order(shipment.id, said, now=now, origin=origin, by_sender=by_sender, tell=tell)
    return record_scans(shipment.parcel_id, said, now=now, origin=origin, by_sender=by_sender, tell=tell)


def send_back(
    case_id: int, parcels: Sequence[tuple[str, str]], *, by: By, now: datetime, note: str = ""
) -> Sequence[Parcel]:
    """Register the parcels in which the shop sends refused goods back to the buyer; at any time after inspection.

    Nothing of the case's flow changes, so it also goes for a case that has ended. Raises StepRefused when nothing was
    refused.
    """
    case = locked(case_id)
    if not refused_milli(case_id):
        raise StepRefused("没有未通过验货的商品需要退还", "send_back")
    made = []
    for code, number in parcels:
        known = carriers.by_code(code)
        if known is None:
            raise StepRefused("请选择物流公司", "send_back")
        parcel = Parcel(
            case_id=case_id,
            leg="refused",
            carrier=known.code,
            carrier_name=known.name,
            tracking_no=number,
            note=note,
            shipped_at=now,
            shipped_by=by.user_id,
        )
        db.session.add(parcel)
        made.append(parcel)
    db.session.flush()
    for parcel in made:
        following.follow(case, parcel)
    notices.tell_sent_back(case, [f"{parcel.carrier_name} {parcel.tracking_no}" for parcel in made], at=now)
    _count(case, case.state, case.state)
    return made


def refused_milli(case_id: int) -> int:
    """How much was received and not accepted (thousandths), over all lines."""
    found = db.session.scalar(
        select(func.coalesce(func.sum(CaseLine.received_milli - CaseLine.accepted_milli), 0)).where(
            CaseLine.case_id == case_id, CaseLine.received_milli.is_not(None)
        )
    )
    return int(found or 0)


# ---------------------------------------------------------------- facts


def facts(
    case: Any,
    now: datetime,
    parcels: Sequence[Any] | None = None,
    entries: Sequence[Any] | None = None,
    bank: bank_accounts.Known | None = None,
) -> Facts:
    """What conditions and deadlines may ask about a case; only what its state needs is looked up.

    ``parcels``, ``entries`` and ``bank``: those of the case, for a caller that has them already.
    """
    state = case.state
    found: dict[str, Any] = {}
    if state == State.APPLIED:
        asked = {"shop_id": case.shop_id, "case_id": case.id, "order_id": case.order_id, "since": case.opened_at}
        found |= db.session.execute(_BEFORE_AGREEING, asked).mappings().one()
        if case.type == CaseType.REISSUE:
            found["guaranteed"] = _guaranteed(case)
        if case.type == CaseType.REFUND_ONLY:
            found["unshipped"] = case.goods_state == "unshipped"
            found["auto_refund"] = found["unshipped"] or _promised(case, "jstk", "lsjst_s")
    if state in (State.RETURNING, State.INSPECTING, State.CONFIRMING) or (
        state in (State.REFUNDING, State.REFUND_FAILED) and case.type == CaseType.RETURN_REFUND
    ):
        found |= _legs(case, parcels)
    if state == State.PROPOSED:
        found |= proposals.facts(case)
    if state == State.RESHIPPING:
        shipped = select(func.sum(CaseLine.shipped_milli)).where(CaseLine.case_id == case.id)
        found["shipped_milli"] = int(db.session.scalar(shipped) or 0)
    if state == State.DISPUTED:
        found["accepted_milli"] = int(
            db.session.scalar(select(func.sum(CaseLine.accepted_milli)).where(CaseLine.case_id == case.id)) or 0
        )
    if case.difference_fen and not case.difference_waived:
        accepted = state in (State.DISPUTED, State.PAYING)
        found["difference_fen"] = (
            worth.difference_on(case.id, case.order_id, accepted=True) if accepted else case.difference_fen
        )
    if case.entry_count and state not in flow.FINAL:
        found |= money_entries.standing(case.id, entries)
    if state in (State.REFUNDING, State.REFUND_FAILED):
        found |= bank_accounts.facts(case, entries, bank)
    return Facts(
        entered_at=case.entered_at,
        now=now,
        applications=case.applications,
        late=case.late,
        escalated=case.escalated,
        problem_open=case.problem_open,
        objected=case.objected,
        extended=case.extended,
        granted=timedelta(seconds=case.granted_seconds),
        nudged_at=case.nudged_at,
        negotiated=case.negotiated,
        paused=timedelta(seconds=case.paused_seconds),
        not_before=case.not_before,
        stage=case.stage,
        evidence_round=case.evidence_round,
        evidence_at=case.stage_at,
        heard_both=case.heard == "buyer,seller",
        asked_by=case.asked_by,
        countered=case.countered,
        **found,
    )


def _guaranteed(case: Any) -> bool:
    """Whether every line of a reissue was promised it."""
    return _promised(case, REISSUE_BY.get(case.reason, "psbj"))


def _promised(case: Any, *promises: str) -> bool:
    """Whether one of these promises was given for every line: by the line itself, or by the shop for all goods."""
    by_policy = db.session.scalar(select(Policy.guarantees).where(Policy.id == case.policy_id)) or ""
    if codes(by_policy) & set(promises):
        return True
    of_lines = db.session.scalars(
        select(OrderLine.guarantees)
        .join(CaseLine, CaseLine.order_line_id == OrderLine.id)
        .where(CaseLine.case_id == case.id)
    ).all()
    return bool(of_lines) and all(codes(stored) & set(promises) for stored in of_lines)


# Whether there is an address to agree with, and whether the shop has said anything to the buyer since the application,
# by asking for evidence or in the conversation.
_BEFORE_AGREEING = select(
    select(ReturnAddress.id)
    .where(ReturnAddress.shop_id == bindparam("shop_id"), ReturnAddress.is_default, ReturnAddress.removed_at.is_(None))
    .exists()
    .label("has_default_address"),
    or_(
        select(CaseEvent.id)
        .where(CaseEvent.case_id == bindparam("case_id"), CaseEvent.step == "ask_evidence")
        .exists(),
        select(Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.order_id == bindparam("order_id"), Message.side == "seller", Message.at >= bindparam("since")
        )
        .exists(),
    ).label("seller_wrote"),
)


_PARCELS = select(
    Parcel.leg,
    Parcel.carrier,
    Parcel.shipped_at,
    Parcel.traced_at,
    Parcel.signed_at,
    Parcel.lost_at,
    Parcel.round,
    Parcel.voided_at,
).where(Parcel.case_id == bindparam("case_id"))


def _legs(case: Any, known: Sequence[Any] | None) -> dict[str, Any]:
    if known is None:
        known = db.session.execute(_PARCELS, {"case_id": case.id}).all()
    parcels = [p for p in known if p.voided_at is None]
    back = [p for p in parcels if p.leg == "back"]
    out = [p for p in parcels if p.leg == "out" and p.round == case.round]
    return {
        "parcels_back": len(back),
        "back_shipped_at": max((p.shipped_at for p in back), default=None),
        "back_signed_at": _all_signed(back),
        "back_slow": any(slow(p.carrier) for p in back),
        "back_traced": any(p.traced_at for p in back),
        "parcels_out": len(out),
        "out_shipped_at": max((p.shipped_at for p in out), default=None),
        "out_signed_at": _all_signed(out),
        "out_slow": any(slow(p.carrier) for p in out),
        "out_traced": any(p.traced_at for p in out),
        "out_lost": any(p.lost_at for p in out),
    }


def _all_signed(parcels: Sequence[Any]) -> datetime | None:
    """When the last of several parcels was signed for; None while one is still under way."""
    if not parcels or any(p.signed_at is None for p in parcels):
        return None
    signed: datetime = max(p.signed_at for p in parcels)
    return signed
