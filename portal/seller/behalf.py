"""代买家申请: the shop opens a case that the buyer asked for in the conversation."""

from __future__ import annotations

from functools import partial

from flask import g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from portal import inputs, words
from portal.applications import goods
from portal.cases import opening
from portal.cases.effects.hand_ins import RequestedLine
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Order, Shop, User
from portal.orders import ledger, order_lists
from portal.rights import policies, reasons
from portal.seller import bp
from portal.talk import conversations
from portal.web import doors, guards
from portal.web.fields import Choice, Line, Pick, Text
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page

MESSAGES = 20


class BehalfForm(Form):
    """What the buyer asked for, and the message in which they did."""

    message = Choice("买家同意的消息", missing="请选择买家要求或同意代为申请的那条消息")
    consent = Text("消费者怎么说的", limit=500, missing="请写明消费者的要求，例如聊天记录里的原话")
    line = Choice("商品", missing="请选择商品")
    quantity = Line("数量", limit=20, missing="请填写数量")
    type = Choice("售后类型", missing="请选择售后类型")
    reason = Pick("原因", missing="请选择原因")
    description = Text("说明", limit=500, missing="请写明买家的要求")


def _order(order_no: str) -> Order:
    mine = select(Order).where(Order.order_no == order_no, Order.shop_id == g.who.shop_id)
    return guards.found(db.session.scalars(mine).one_or_none())


@bp.route("/orders/<order_no>/apply-for", methods=["GET", "POST"])
def apply_for(order_no: str) -> ResponseReturnValue:
    """The form; the buyer is told and can withdraw."""
    order = _order(order_no)
    order_id = order.id
    form = BehalfForm(known=partial(order_lists.known_numbers, order_id))
    consumer = db.session.scalar(select(User.password_hash).where(User.id == order.buyer_id)) is None
    if consumer:  # nobody who could write here: what they said elsewhere is written down
        del form.message
    else:
        del form.consent
    lines = {
        line.id: line for line in goods.list_lines(order_id, g.who.shop_id) if line.quantity_milli > line.claimed_milli
    }
    said = [
        message for message in conversations.load_last(order_id, g.who.shop_id, MESSAGES) if message.side == "buyer"
    ]
    if not consumer:
        form.message.choices = [(str(each.id), (each.words or "[照片]")[:60]) for each in reversed(said)]
    form.line.choices = [
        (str(line.id), f"{line.title} {line.spec}（还可申请 {_left(line)} {line.unit}）") for line in lines.values()
    ]
    kinds = [CaseType.REFUND_ONLY] if order.status == "unshipped" else list(CaseType)
    form.type.choices = [(str(kind), words.TYPE[kind]) for kind in kinds]
    named = goods.name_reasons(order, list(lines.values()), goods.get_policy_for(order))
    form.reason.choices = [("", "请选择")] + [(each.id, named(each.id)) for each in reasons.REASONS]
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate_on_submit():
            line = lines[int(form.line.data)]
            most = line.quantity_milli - line.claimed_milli
            try:
                milli = inputs.quantity(form.quantity.data, most=most, unit=line.unit)
            except inputs.InputRefused as refused:
                form.quantity.errors = [refused.sentence]
            else:
                by = ActedBy(Actor.SELLER, g.who.user_id, g.who.member_name, g.request_id)

                agreed = form.consent.data if consumer else int(form.message.data)

                def opened() -> str:
                    kept = db.session.get_one(Order, (order_id, g.who.shop_id))
                    made = opening.open_case(
                        by=by,
                        order=kept,
                        wanted=[RequestedLine(line.id, milli)],
                        reason=form.reason.data,
                        description=form.description.data or "",
                        receiver=(kept.receiver_name, kept.receiver_phone, kept.receiver_address),
                        freight_payer=_find_freight_payer(form.reason.data),
                        basis="商家按买家的要求代为申请",
                        policy_id=policies.get_current(kept.shop_id).id,
                        photos=[],
                        now=g.now,
                        case_type=CaseType(form.type.data),
                        consent=agreed,
                    )
                    return form.and_say(f"/seller/cases/{made.case_no}?v=1")

                try:
                    return once(opened)
                except ledger.NotEnough:
                    form.refuse("剩余可申请的数量不够了，请减少数量", "quantity")
                except StepRefused as refused:
                    form.refuse(refused.sentence)
        order = _order(order_no)
    elif len(lines) == 1:
        form.line.data = str(next(iter(lines)))
    door = doors.make_door(order.order_no, db.session.get_one(Shop, g.who.shop_id).name) if consumer else None
    return page(
        "seller/apply_for.html",
        status,
        order=order,
        form=form,
        lines=lines,
        said_messages=said,
        consumer=consumer,
        door=door,
    )


def _left(line: object) -> str:
    return inputs.quantity_text(line.quantity_milli - line.claimed_milli)  # type: ignore[attr-defined]


def _find_freight_payer(reason_id: str) -> str:
    reason = reasons.reason(reason_id)
    return str(reason.freight_payer) if reason and reason.freight_payer else "negotiated"
