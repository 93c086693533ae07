"""Opening a case: by application, for an order called off before it was sent, or out of another case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import and_, select, update

from portal import flow
from portal.calendar.lengths import get_deadlines
from portal.cases import alarms, faults, owners
from portal.cases.application_words import describe_application, load_specs
from portal.cases.case_facts import collect_facts, tell_late
from portal.cases.effects import step_context
from portal.cases.effects.hand_ins import RequestedLine
from portal.cases.effects.step_context import ActedBy
from portal.cases.history import update_counters, write_event
from portal.cases.making import NewCase, NewLine, belong_to_order, make_case, start_clock
from portal.evidence import evidence
from portal.extensions import db
from portal.flow import Actor, CaseType, Facts, State, Step, StepRefused
from portal.inputs import money_text
from portal.models import Case, Conversation, Message, Order, OrderLine, User
from portal.money import differences, released, worth
from portal.notices import notices
from portal.orders import known_shops, ledger, versions
from portal.rights import resale

BASIS_UNSENT = "订单还没有发货，买家取消后退还全部实付款"


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
    the seller opens it for them; of a buyer without account what they said elsewhere, in words. Raises ledger.NotEnough
    when a line has fewer free units than asked for, StepRefused for an amount or a consent that can't be; nothing is
    changed then.
    """
    for item in sorted(wanted, key=lambda w: w.line_id):
        ledger.claim_units(order.shop_id, item.line_id, item.milli)
    name = "apply_on_behalf" if by.actor is Actor.SELLER else "apply"
    step = next(s for s in flow.STEPS if s.name == name and case_type in s.types)
    if by.actor is Actor.SELLER and not is_consent(order, consent):
        raise StepRefused("请选择买家同意代为申请的那条消息", name)
    goods_state = locate_goods(order)
    asked = 0
    units = [(item.line_id, item.milli) for item in wanted]
    facts = released.find_facts(order, dict(units))
    if case_type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY):
        unshipped = goods_state == "unshipped"
        asked = most = worth.add_up(worth.work_out_worth(order.id, units, unshipped=unshipped, facts=facts))
        if refund_fen is not None:
            asked = refund_fen
        if not 0 < asked <= most:
            raise StepRefused(f"退款金额须大于 0，最多 {money_text(most)} 元", name)
    lines = {
        line.id: line
        for line in db.session.scalars(
            select(OrderLine).where(
                OrderLine.order_id == order.id,
                OrderLine.shop_id == order.shop_id,
                OrderLine.id.in_([item.line_id for item in wanted]),
            )
        )
    }
    if len(lines) != len(wanted):
        raise StepRefused("所选商品不属于这个订单，请返回订单重新选择", "apply")
    specs = load_specs(order.shop_id, [item.sku_id for item in wanted if item.sku_id])
    new = NewCase(
        type=case_type,
        state=State.APPLIED,
        belonging=belong_to_order(order, policy_id, receiver, goods_state),
        lines=[
            NewLine(
                order_line_id=item.line_id,
                quantity_milli=item.milli,
                title=lines[item.line_id].title,
                spec=lines[item.line_id].spec,
                unit=lines[item.line_id].unit,
                wanted_spec=specs.get(item.sku_id or 0, lines[item.line_id].spec),
                sku_id=item.sku_id,
                wanted_price_fen=step_context.find_price(order.shop_id, item.sku_id),
            )
            for item in wanted
        ],
        reason=reason,
        description=description,
        basis=basis,
        freight_payer=freight_payer,
        negotiated=negotiated,
        refund_fen=asked,
    )
    case = make_case(new, now)
    start_clock(case, flow.due(State.APPLIED, Facts(entered_at=now, now=now), get_deadlines()), now)
    case.opened_on = facts or {}
    case.difference_fen = worth.work_out_case_difference(case, accepted=False)
    if not case.difference_fen and len(wanted) > 1 and case_type is CaseType.EXCHANGE:
        case.opened_on = differences.keep_cancelling(case).get("opened_on", case.opened_on)
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
        ledger.claim_units(order.shop_id, item.line_id, item.milli)
    step = next(row for row in flow.open_steps(CaseType.REFUND_ONLY, None, by.actor) if row.name == "cancel_order")
    lines = {
        line.id: line
        for line in db.session.scalars(
            select(OrderLine).where(OrderLine.shop_id == order.shop_id, OrderLine.id.in_(i.line_id for i in wanted))
        )
    }
    receiver = (order.receiver_name, order.receiver_phone, order.receiver_address)
    new = NewCase(
        type=CaseType.REFUND_ONLY,
        state=State(step.target),
        belonging=belong_to_order(order, policy_id, receiver, "unshipped"),
        lines=[
            NewLine(
                order_line_id=item.line_id,
                quantity_milli=item.milli,
                title=lines[item.line_id].title,
                spec=lines[item.line_id].spec,
                unit=lines[item.line_id].unit,
                wanted_spec=lines[item.line_id].spec,
                accepted_milli=item.milli,
            )
            for item in wanted
        ],
        reason=reason,
        description=words,
        basis=BASIS_UNSENT,
        freight_payer="seller",
    )
    case = make_case(new, now)
    case.refund_fen, case.entry_count = step_context.plan_refund(case, None, by, now)
    start_clock(case, flow.due(step.target, collect_facts(case, now), get_deadlines()), now)
    record_opening(case, step, by, now, note=words, data=describe_application(case) | {"refund_fen": case.refund_fen})
    return case


def record_opening(case: Case, step: Step, by: ActedBy, at: datetime, *, note: str, data: dict[str, object]) -> None:
    """What goes with every new case: its first event, the order's and the tabs' counters, who is told."""
    order = db.session.get_one(Order, (case.order_id, case.shop_id), populate_existing=True)
    case.opened_on = {**versions.freeze_facts(order), **case.opened_on}  # a child's facts are kept already
    resale.promise_finish(case, order, at)
    case.owner_id = owners.find_first(case, by)
    db.session.flush()
    write_event(case, step, by, at, source="", note=note, data=data, version=1)
    db.session.execute(
        update(Order)
        .where(Order.id == case.order_id, Order.shop_id == case.shop_id)
        .values(case_count=Order.case_count + 1, version=Order.version + 1)
        .execution_options(synchronize_session=False)
    )
    faults.open_faults(case, at)
    db.session.refresh(order, ["shown"])  # the buyer may have said 不是我的 meanwhile
    if known_shops.is_hidden(order):
        raise StepRefused("买家还没有确认这家店铺的订单，不能开售后单", step.name)
    alarms.check_alarms(case, at)
    late = partial(tell_late, case, collect=partial(collect_facts, case, at))
    notices.tell_step(case, step, version=1, at=at, late=late)
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


def is_consent(order: Order, message_id: int | str | None) -> bool:
    """Whether this is a message of the order's buyer, or words of one who has no account to write with."""
    if isinstance(message_id, str):
        asks = select(User.password_hash).where(User.id == order.buyer_id)
        return bool(message_id) and db.session.scalar(asks) is None
    return message_id is not None and bool(
        db.session.scalar(
            select(Message.id)
            .join(
                Conversation, and_(Conversation.id == Message.conversation_id, Conversation.shop_id == Message.shop_id)
            )
            .where(
                Message.id == message_id,
                Message.side == "buyer",
                Conversation.order_id == order.id,
                Conversation.shop_id == order.shop_id,
            )
        )
    )
