"""Effects of the steps of 平台介入: opening, evidence, decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from portal import flow
from portal.calendar.lengths import get_deadline
from portal.cases.arbitration import asks_goods_back
from portal.cases.effects.application import freeze_address
from portal.cases.effects.conversion import has_returned_goods, leave_payment, make_refund_child
from portal.cases.effects.freight import rule_on_freight
from portal.cases.effects.hand_ins import Decision, Escalation, EvidenceRequest, HandIn, RefundDecision
from portal.cases.effects.step_context import StepContext, effect, end_mediation, load_lines
from portal.cases.mediation_rows import find_mediation
from portal.cases.rulings import find_awarded, find_most_decidable, is_waybill_late
from portal.evidence import evidence
from portal.evidence.evidence import MOST_PER_SIDE
from portal.extensions import db
from portal.flow import Actor, Stage, State
from portal.inputs import money_text
from portal.models import (
    Case,
    Parcel,
)
from portal.money import arrivals
from portal.money import entries as money_entries
from portal.notices import notices
from portal.people import mediators
from portal.rights import phrases, policies


@effect("escalate", "timeout_escalate", "timeout_overdue", takes=Escalation)
def escalate(context: StepContext[Escalation]) -> dict[str, object]:
    if context.by.actor is Actor.CLOCK:
        context.data["rule"] = context.case.due_rule  # two rows lead from confirming to confirming
    else:
        if not context.note:
            raise context.refuse("请写明申请平台介入的原因和希望的结果")
        because = context.handed.because or "other"
        if because not in phrases.INTERVENTIONS:
            raise context.refuse("请选择申请平台介入的原因")
        context.data |= {"because": because, "wish": context.handed.wish}
    return {**open_mediation(context, Stage.EVIDENCE), **_doubt_proof(context)}


def _doubt_proof(context: StepContext[Escalation]) -> dict[str, object]:
    """Who calls the platform because the money hasn't come doesn't believe the proof that was shown of it."""
    case = context.case
    said = context.by.actor is Actor.BUYER and context.handed.because == "not_paid"
    if not said or case.payment_claim != "shown":
        return {}
    arrivals.doubt_all(case, at=context.at)
    db.session.flush()
    claim, since = arrivals.work_out_claim(case)
    return {"payment_claim": claim, "claimed_at": since}


@effect("timeout_unfulfilled")
def list_unfulfilled(context: StepContext[HandIn]) -> dict[str, object]:
    """Whoever owes it hasn't done it after the rule decided: no clock runs any more, the platform keeps it listed."""
    case = context.case
    context.data["rule"] = case.due_rule
    notices.tell_supervisors(case, "售后没有履行", "规则处理后仍没有履行，已转入未履行清单。", at=context.at)
    return open_mediation(context, Stage.UNFULFILLED)


def open_mediation(context: StepContext[Any], stage: Stage) -> dict[str, object]:
    """The platform is in it from now on, also where it was already: all of the mediation is new."""
    return {
        "escalated": True,
        "stage": stage,
        "stage_at": context.at,
        "escalated_at": context.at,
        "evidence_round": 1,
        "heard": mark_heard("", context),
        "asked_by": str(context.by.actor),
        "mediator_id": mediators.choose_decider(context.case.buyer_id, context.case.shop_id),
        "first_mediator_id": None,
        "passed_at": None,
    }


def mark_heard(before: str, context: StepContext[HandIn]) -> str:
    sides = {side for side in before.split(",") if side}
    if context.by.actor in (Actor.BUYER, Actor.SELLER) and (context.note or context.photos):
        sides.add(str(context.by.actor))
    return ",".join(sorted(sides))


@effect("submit_evidence")
def submit_evidence(context: StepContext[HandIn]) -> dict[str, object]:
    if not context.note:
        raise context.refuse("请写明证据说明了什么")
    had = evidence.count_of_side(context.case.id, context.case.shop_id, str(context.by.actor))
    if had + len(context.photos) > MOST_PER_SIDE:
        raise context.refuse(
            f"一张售后单里每一方最多 {MOST_PER_SIDE} 张照片，您还能再传 {max(MOST_PER_SIDE - had, 0)} 张"
        )
    return {"heard": mark_heard(find_mediation(context.case).heard, context)}


@effect("withdraw_mediation")
def withdraw_mediation(context: StepContext[HandIn]) -> dict[str, object]:
    return end_mediation(context)


@effect("timeout_evidence")
def end_evidence_round(context: StepContext[HandIn]) -> dict[str, object]:
    return {"stage": Stage.DECIDING, "stage_at": context.at}


@effect("timeout_decision")
def mark_decision_late(context: StepContext[HandIn]) -> dict[str, object]:
    notices.tell_supervisors(context.case, "平台裁决超时", "请提醒负责的裁决员尽快裁决。", at=context.at)
    return {"stage": Stage.OVERDUE, "stage_at": context.at}


@effect("timeout_second")
def pass_on(context: StepContext[HandIn]) -> dict[str, object]:
    """Another mediator has it now, related to neither side; where there is none, who has it keeps it."""
    case, late = context.case, find_mediation(context.case).mediator_id
    second = mediators.choose_decider(case.buyer_id, case.shop_id, but_not=late)
    if second is None:
        said = "没有其他可以裁决的人，请增加裁决员；到期按事先告知的规则处理。"
        notices.tell_supervisors(case, "平台裁决再次超时", said, at=context.at)
        return {"stage_at": context.at, "passed_at": context.at}
    notices.tell_supervisors(case, "平台裁决再次超时", "已转由另一位裁决员处理。", at=context.at)
    if late is not None:
        notices.tell_passed_on(case, late, at=context.at)
    context.data["passed_on"] = True
    return {
        "stage_at": context.at,
        "passed_at": context.at,
        "mediator_id": second,
        "first_mediator_id": late,
    }


def check_reason(context: StepContext[HandIn]) -> None:
    if not context.note and context.by.actor is not Actor.CLOCK:
        raise context.refuse("请写明裁决的理由，双方都会看到")


@effect("more_evidence", takes=EvidenceRequest)
def ask_more_evidence(context: StepContext[EvidenceRequest]) -> dict[str, object]:
    if not context.note:
        raise context.refuse("请写明需要补充什么")
    asked = context.handed.asked
    if asked not in ASKED:
        raise context.refuse("请选择由哪一方补充")
    context.data["asked"] = asked
    return {
        "stage": Stage.EVIDENCE,
        "stage_at": context.at,
        "heard": ASKED[asked],
        "evidence_round": find_mediation(context.case).evidence_round + 1,
        "passed_at": None,
    }


ASKED: Mapping[str, str] = {"both": "", "buyer": "seller", "seller": "buyer"}  # who is asked: who need not answer


@effect("decide_continue", takes=Decision)
def decide_continue(context: StepContext[Decision]) -> dict[str, object]:
    check_reason(context)
    case = context.case
    claim = rule_on_freight(context)
    if case.state == State.REFUNDING and not money_entries.count_open(case) and not case.origin.get("unanswered"):
        raise context.refuse("款项已付清，不支持退回运费的，请裁决「商家已付清，完成」")
    ended = {**end_mediation(context), **claim}
    if context.by.actor is not Actor.CLOCK:
        return ended
    if case.state == State.INSPECTING and is_waybill_late(case):  # the time to look that it has after a 签收
        return {**ended, "not_before": context.at + get_deadline("seller_receive_signed")}
    # Nobody decided in time and the shop's proof stands: left open, it would come back to the rule for ever.
    closed = arrivals.close_standing(case, at=context.at)
    db.session.flush()
    said, since = arrivals.work_out_claim(case)
    by_rule = {"payment_claim": said, "claimed_at": since} if closed else {}
    return {**ended, **by_rule, **({} if closed and not said else {"ruled": True})}


@effect("decide_close", "decide_complete")
def decide_end(context: StepContext[HandIn]) -> dict[str, object]:
    check_reason(context)
    case = context.case
    claim = rule_on_freight(context)
    if context.step.target in (State.COMPLETED, State.CONVERTED) and case.payment_claim:
        arrivals.confirm_rest(case, at=context.at, word="decided")
        return {**claim, "payment_claim": "", "claimed_at": None}
    if context.step.target == State.CLOSED and case.state in (State.INSPECTING, State.DISPUTED):
        here = case.state == State.DISPUTED or is_signed(case, "back")
        for line in load_lines(case):  # what the shop has received, it sends back
            line.accepted_milli = 0
            if here and line.received_milli is None:
                line.received_milli = line.quantity_milli
        db.session.flush()
    return claim


def has_address(case: Case) -> bool:
    return policies.get_default_address(case.shop_id) is not None


def is_signed(case: Case, leg: str) -> bool:
    """Whether the carrier says that a parcel of this leg has arrived."""
    return bool(
        db.session.scalar(
            select(Parcel.id)
            .where(
                Parcel.case_id == case.id,
                Parcel.shop_id == case.shop_id,
                Parcel.leg == leg,
                Parcel.voided_at.is_(None),
                Parcel.signed_at.is_not(None),
            )
            .limit(1)
        )
    )


def decide_payer(context: StepContext[Decision]) -> str:
    payer = context.handed.freight_payer or context.case.freight_payer
    context.data["freight_payer"] = payer = payer if payer in ("buyer", "seller") else "seller"
    return str(payer)


NO_ADDRESS = "店铺还没有退货地址，现在不能裁决寄回；可以裁决无需寄回，或请商家先添加地址"


@effect("decide_return", takes=Decision)
def decide_return(context: StepContext[Decision]) -> dict[str, object]:
    check_reason(context)
    address = policies.get_default_address(context.case.shop_id)
    if address is None:
        raise context.refuse(NO_ADDRESS)
    return {**freeze_address(context, address), "freight_payer": decide_payer(context), "negotiated": False}


@effect("decide_reship", takes=Decision)
def decide_reship(context: StepContext[Decision]) -> dict[str, object]:
    check_reason(context)
    case = context.case
    for line in load_lines(case):
        if case.state == State.CONFIRMING:
            line.shipped_milli = 0
        elif case.state == State.PAYING:
            continue  # what the inspection accepted is what is owed
        else:
            line.accepted_milli = line.quantity_milli if line.received_milli is None else line.received_milli
    db.session.flush()
    if not any(line.accepted_milli for line in load_lines(case)):
        raise context.refuse("商家没有收到任何商品，不能裁决发货；可以裁决退款或关闭")
    again = case.state == State.CONFIRMING
    return {
        "difference_waived": case.difference_waived or not again,  # what was sent before was paid for
        "negotiated": False,
        "round": case.round + 1 if again else case.round,
        **rule_on_freight(context),
    }


@effect("decide_refund", takes=RefundDecision)
def decide_refund(context: StepContext[RefundDecision]) -> dict[str, object]:
    check_reason(context)
    case, handed = context.case, context.handed
    most = find_most_decidable(case)
    awarded = find_awarded(case) if context.by.actor is Actor.CLOCK else most
    fen = awarded if handed.amount_fen is None else handed.amount_fen
    if not 0 < fen <= most:
        raise context.refuse(f"退款金额须大于 0，最多 {money_text(most)} 元")
    context.data["decided_fen"] = fen
    claim = rule_on_freight(context)
    if flow.converts(case.state, context.step.target):
        may_ask = asks_goods_back(case.type, case.state, context.step.target, goods_returned=has_returned_goods(case))
        wanted = is_signed(case, "out") if context.by.actor is Actor.CLOCK else handed.goods_back
        goods_back = may_ask and wanted and (context.by.actor is not Actor.CLOCK or has_address(case))
        if goods_back and policies.get_default_address(case.shop_id) is None:
            raise context.refuse(NO_ADDRESS)
        context.child = make_refund_child(context, fen, goods_back=goods_back)
        if may_ask:
            context.data["goods_back"] = goods_back
        if goods_back:
            context.child = replace(context.child, freight_payer=decide_payer(context))
        return {**claim, **leave_payment(context)}
    for line in load_lines(case):  # the decision stands for the inspection
        line.accepted_milli = line.quantity_milli
        if line.received_milli is not None:
            line.received_milli = line.quantity_milli
    db.session.flush()
    return {**claim, "refund_fen": fen, "negotiated": False, "ruled": context.by.actor is Actor.CLOCK}
