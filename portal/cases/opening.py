"""Opening a case: by application, for an order called off before it was sent, or out of another case."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from portal import flow
from portal.calendar.lengths import get_deadlines
from portal.cases.case_facts import collect_facts
from portal.cases.deadlines import lock_case, next_reminder
from portal.cases.effects import conversion as conversion_effects
from portal.cases.effects import step_context
from portal.cases.effects.hand_ins import RequestedLine
from portal.cases.effects.step_context import ActedBy, ChildCase
from portal.cases.history import update_counters, write_event
from portal.evidence import evidence
from portal.extensions import db
from portal.flow import Actor, CaseType, Facts, State, Step, StepRefused
from portal.models import (
    Case,
    CaseLine,
    Conversation,
    Message,
    Order,
    OrderLine,
    Sku,
    User,
)
from portal.money import entries as money_entries
from portal.money import worth
from portal.notices import notices
from portal.orders import known_shops, ledger, versions
from portal.rights import policies, resale, windows
from portal.words import BEIJING


def open_case(
    *,
    by: ActedBy,
    order: Order,
    wanted: Sequence[RequestedLine],
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
        ledger.claim_units(item.line_id, item.milli)
    name = "apply_on_behalf" if by.actor is Actor.SELLER else "apply"
    step = next(s for s in flow.STEPS if s.name == name and case_type in s.types)
    if by.actor is Actor.SELLER and not is_consent(order.id, consent):
        raise StepRefused("请选择买家同意代为申请的那条消息", name)
    goods_state = locate_goods(order)
    asked = 0
    if case_type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY):
        units = [(item.line_id, item.milli) for item in wanted]
        asked = most = worth.add_up(worth.work_out_worth(order.id, units, unshipped=goods_state == "unshipped"))
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
    specs = load_specs([item.sku_id for item in wanted if item.sku_id])
    first = lines[wanted[0].line_id]
    facts = Facts(entered_at=now, now=now)
    due_at, rule = flow.due(State.APPLIED, facts, get_deadlines())
    case = Case(
        case_no=make_case_no(now),
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
        remind_at=next_reminder(now, due_at, now),
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
                shop_id=case.shop_id,
                case_id=case.id,
                order_line_id=line.id,
                quantity_milli=item.milli,
                sku_id=item.sku_id,
                wanted_spec=specs.get(item.sku_id or 0, line.spec),
                wanted_price_fen=step_context.find_price(item.sku_id),
                title=line.title,
                spec=line.spec,
                unit=line.unit,
            )
        )
    db.session.flush()
    case.difference_fen = worth.work_out_case_difference(case.id, order.id, accepted=False)
    case.photo_count = evidence.attach_to_case(
        photos, shop_id=case.shop_id, owner_id=by.user_id or 0, case_id=case.id, order_id=order.id, version=1
    )
    data = describe_application(case) | ({"consent": consent} if consent else {})
    record_opening(case, step, by, now, note=description, data=data)
    return case


def open_unsent(
    order: Order,
    wanted: Sequence[RequestedLine],
    *,
    by: ActedBy,
    reason: str,
    words: str,
    policy_id: int,
    now: datetime,
) -> Case:
    """The refund of an order that was called off before it was sent: agreed to by that alone, so it begins as owed.

    Raises ledger.NotEnough when a line has fewer free units than asked for.
    """
    for item in sorted(wanted, key=lambda each: each.line_id):
        ledger.claim_units(item.line_id, item.milli)
    step = next(row for row in flow.open_steps(CaseType.REFUND_ONLY, None, by.actor) if row.name == "cancel_order")
    lines = {
        line.id: line
        for line in db.session.scalars(select(OrderLine).where(OrderLine.id.in_(i.line_id for i in wanted)))
    }
    first = lines[wanted[0].line_id]
    case = Case(
        case_no=make_case_no(now),
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
                shop_id=case.shop_id,
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
    case.refund_fen = step_context.plan_refund(case, None, by, now)
    case.entry_count = 1
    due_at, rule = flow.due(step.target, collect_facts(case, now), get_deadlines())
    case.due_at, case.due_rule, case.remind_at = due_at, rule, next_reminder(now, due_at, now)
    record_opening(case, step, by, now, note=words, data=describe_application(case) | {"refund_fen": case.refund_fen})
    return case


def record_opening(case: Case, step: Step, by: ActedBy, at: datetime, *, note: str, data: dict[str, Any]) -> None:
    """What goes with every new case: its first event, the order's and the tabs' counters, who is told."""
    order = db.session.get_one(Order, case.order_id, populate_existing=True)
    case.opened_on = versions.freeze_facts(order)
    resale.promise_finish(case, order, at)
    db.session.flush()
    write_event(case, step, by, at, source="", note=note, data=data, version=1)
    db.session.execute(
        update(Order)
        .where(Order.id == case.order_id)
        .values(case_count=Order.case_count + 1, version=Order.version + 1)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(order, ["shown"])  # the buyer may have said 不是我的 meanwhile
    if known_shops.is_hidden(order):
        raise StepRefused("买家还没有确认这家店铺的订单，不能开售后单", step.name)
    notices.tell_step(case, step, version=1, at=at)
    update_counters(case, None, case.state)
    db.session.flush()
    db.session.expire(case)


def locate_goods(order: Order) -> str:
    """Where the goods are when a case is opened: unshipped, in_transit or received."""
    if order.cancelled_at is not None:
        return "unshipped"
    if order.received_at is not None:
        return "received"
    return order.status if order.status in ("unshipped", "in_transit") else "received"


def is_consent(order_id: int, message_id: int | str | None) -> bool:
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


def describe_application(case: Case) -> dict[str, Any]:
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


def load_specs(sku_ids: Sequence[int]) -> dict[int, str]:
    if not sku_ids:
        return {}
    found = db.session.execute(select(Sku.id, Sku.spec).where(Sku.id.in_(sku_ids))).all()
    return {row.id: row.spec for row in found}


def make_case_no(now: datetime) -> str:
    return f"HH{now.astimezone(BEIJING):%y%m%d}{secrets.randbelow(10**8):08d}"


def open_child_case(parent: Case, child: ChildCase, by: ActedBy, at: datetime) -> str:
    """Open the case that ``parent`` has become; its units move along, what is left over is free again."""
    own = {line.id: line for line in db.session.scalars(select(CaseLine).where(CaseLine.case_id == parent.id)).all()}
    moving = {line_id: milli for line_id, milli, _ in child.lines}
    if parent.state == State.CONVERTED:
        for line in sorted(own.values(), key=lambda each: each.order_line_id):
            rest = line.quantity_milli - moving.get(line.id, 0)
            if rest:
                ledger.release_units(line.order_line_id, rest)
    if not moving:
        raise StepRefused("没有可以转入的商品数量")
    target = child.state
    address = policies.get_default_address(parent.shop_id) if target == State.RETURNING else None
    if target == State.RETURNING and address is None:
        raise StepRefused("店铺还没有默认退货地址,请先在「退货地址」里添加")
    step = next(
        row for row in flow.open_steps(child.type, None, by.actor) if row.name == "convert" and row.target == target
    )
    first = own[child.lines[0][0]]
    payer = child.freight_payer or parent.freight_payer
    made = Case(
        case_no=make_case_no(at),
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
                shop_id=made.shop_id,
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
    plan_child_payments(made, child, by, at)
    due_at, rule = flow.due(target, collect_facts(made, at), get_deadlines())
    made.due_at, made.due_rule, made.remind_at = due_at, rule, next_reminder(at, due_at, at)
    data = describe_application(made) | {"parent": parent.case_no}
    if made.refund_fen:
        data["refund_fen"] = made.refund_fen
    record_opening(made, step, by, at, note="", data=data)
    return made.case_no


AGAIN_FOR = timedelta(days=7)  # what came in an exchange has a window of its own


def replacement_window_ends(case: Any) -> datetime | None:
    """Until when what came with a completed exchange or reissue can be complained of; None: nothing came."""
    if case.state != State.COMPLETED or case.type not in (CaseType.EXCHANGE, CaseType.REISSUE):
        return None
    return windows.find_last_day_end(case.updated_at, AGAIN_FOR.days)


def open_again(
    case_id: int,
    *,
    by: ActedBy,
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
    case = lock_case(case_id)
    until = replacement_window_ends(case)
    if until is None or now >= until:
        raise StepRefused(
            f"换来的商品自完成之日起 {AGAIN_FOR.days} 天内可以再次申请售后,现在已超过;请点「立即联系」与商家沟通",
            "again",
        )
    if case_type not in conversion_effects.list_types_again(case):
        raise StepRefused("请选择希望怎么处理", "again")
    if kind not in conversion_effects.REASON_OF or kind == "not_received":
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
    child = ChildCase(
        case_type,
        State.APPLIED,
        lines,
        reason=conversion_effects.REASON_OF[kind],
        description=note,
        freight_payer="seller",
    )
    case_no = open_child_case(case, child, by, now)
    made = db.session.scalars(select(Case).where(Case.case_no == case_no)).one()
    made.photo_count = evidence.attach_to_case(
        photos,
        shop_id=made.shop_id,
        owner_id=by.user_id or 0,
        case_id=made.id,
        order_id=made.order_id,
        version=1,
    )
    db.session.flush()
    return made


def find_child_no(case: Case) -> str | None:
    """The number of the case that a converted one has become."""
    if case.state != State.CONVERTED:
        return None
    return db.session.scalar(select(Case.case_no).where(Case.parent_id == case.id).order_by(Case.id.desc()).limit(1))


def plan_child_payments(made: Case, child: ChildCase, by: ActedBy, at: datetime) -> None:
    """What a case that starts by conversion owes from its first moment."""
    if child.type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY):
        if child.state == State.REFUNDING:
            made.refund_fen = step_context.plan_refund(made, child.refund_fen, by, at, child.proposer, exact=True)
            made.entry_count += 1
        else:
            found = worth.work_out_worth(made.order_id, worth.list_units(made.id, accepted=False))
            most = worth.add_up(found)
            made.refund_fen = most if child.refund_fen is None else min(child.refund_fen, most)
    for kind, fen in (("difference_return", child.return_difference_fen), ("compensation", child.compensation_fen)):
        if fen:
            money_entries.plan_entry(made, kind, fen, key=kind, at=at, by=child.proposer or by.user_id)
            made.entry_count += 1
    db.session.flush()
