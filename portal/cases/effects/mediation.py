"""Effects of the steps of 平台介入: opening, evidence, decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from portal.cases.arbitration import asks_goods_back
from portal.cases.effects.application import _freeze
from portal.cases.effects.conversion import _INSPECTED, _refund_child, _returned_goods
from portal.cases.effects.step import Doing, _effect, _ended, _lines
from portal.evidence.evidence import MOST_PER_CASE
from portal.extensions import db
from portal.flow import Actor, CaseType, Stage, State
from portal.models import (
    Case,
    Evidence,
    Parcel,
)
from portal.money import worth
from portal.rights import policies, reasons


@_effect("escalate", "timeout_escalate", "timeout_overdue")
def _escalate(doing: Doing) -> dict[str, Any]:
    if doing.by.actor is Actor.CLOCK:
        doing.data["rule"] = doing.case.due_rule  # two rows lead from confirming to confirming
    else:
        if not doing.note:
            raise doing.refuse("请写明申请平台介入的原因和希望的结果")
        because = doing.values.get("because") or "other"
        if because not in reasons.INTERVENTIONS:
            raise doing.refuse("请选择申请平台介入的原因")
        doing.data |= {"because": because, "wish": doing.values.get("wish", "")}
    return {
        "escalated": True,
        "stage": Stage.EVIDENCE,
        "stage_at": doing.at,
        "escalated_at": doing.at,
        "evidence_round": 1,
        "heard": _heard("", doing),
        "asked_by": str(doing.by.actor),
    }


def _heard(before: str, doing: Doing) -> str:
    sides = {side for side in before.split(",") if side}
    if doing.by.actor in (Actor.BUYER, Actor.SELLER) and (doing.note or doing.photos):
        sides.add(str(doing.by.actor))
    return ",".join(sorted(sides))


@_effect("submit_evidence")
def _submit_evidence(doing: Doing) -> dict[str, Any]:
    if not doing.note:
        raise doing.refuse("请写明证据说明了什么")
    had = db.session.scalar(select(func.count()).select_from(Evidence).where(Evidence.case_id == doing.case.id)) or 0
    if had + len(doing.photos) > MOST_PER_CASE:
        raise doing.refuse(f"一张售后单最多 {MOST_PER_CASE} 张照片,现在还能再传 {max(MOST_PER_CASE - had, 0)} 张")
    return {"heard": _heard(doing.case.heard, doing)}


@_effect("withdraw_mediation")
def _withdraw_mediation(doing: Doing) -> dict[str, Any]:
    return _ended(doing)


@_effect("timeout_evidence")
def _evidence_over(doing: Doing) -> dict[str, Any]:
    return {"stage": Stage.DECIDING, "stage_at": doing.at}


@_effect("timeout_decision")
def _decision_late(doing: Doing) -> dict[str, Any]:
    return {"stage": Stage.OVERDUE, "stage_at": doing.at}


def _reasoned(doing: Doing) -> None:
    if not doing.note:
        raise doing.refuse("请写明裁决的理由,双方都会看到")


@_effect("more_evidence")
def _more_evidence(doing: Doing) -> dict[str, Any]:
    if not doing.note:
        raise doing.refuse("请写明需要补充什么")
    asked = doing.values.get("asked") or "both"
    if asked not in ASKED:
        raise doing.refuse("请选择由哪一方补充")
    doing.data["asked"] = asked
    return {
        "stage": Stage.EVIDENCE,
        "stage_at": doing.at,
        "heard": ASKED[asked],
        "evidence_round": doing.case.evidence_round + 1,
    }


ASKED: Mapping[str, str] = {"both": "", "buyer": "seller", "seller": "buyer"}  # who is asked: who need not answer


@_effect("decide_continue")
def _decide_continue(doing: Doing) -> dict[str, Any]:
    _reasoned(doing)
    return _ended(doing)


@_effect("decide_close", "decide_complete")
def _decide_end(doing: Doing) -> dict[str, Any]:
    _reasoned(doing)
    case = doing.case
    if doing.step.target == State.CLOSED and case.state in (State.INSPECTING, State.DISPUTED):
        here = case.state == State.DISPUTED or _signed_back(case)
        for line in _lines(case):  # what the shop has received, it sends back
            line.accepted_milli = 0
            if here and line.received_milli is None:
                line.received_milli = line.quantity_milli
        db.session.flush()
    return {}


def _signed_back(case: Case) -> bool:
    """Whether the carrier says that the shop has the parcel."""
    return bool(
        db.session.scalar(
            select(Parcel.id)
            .where(
                Parcel.case_id == case.id,
                Parcel.leg == "back",
                Parcel.voided_at.is_(None),
                Parcel.signed_at.is_not(None),
            )
            .limit(1)
        )
    )


def _decided_payer(doing: Doing) -> str:
    payer = doing.values.get("freight_payer") or doing.case.freight_payer
    doing.data["freight_payer"] = payer = payer if payer in ("buyer", "seller") else "seller"
    return str(payer)


NO_ADDRESS = "店铺还没有退货地址,现在不能裁决寄回;可以裁决无需寄回,或请商家先添加地址"


@_effect("decide_return")
def _decide_return(doing: Doing) -> dict[str, Any]:
    _reasoned(doing)
    address = policies.default_address(doing.case.shop_id)
    if address is None:
        raise doing.refuse(NO_ADDRESS)
    return {**_freeze(doing, address), "freight_payer": _decided_payer(doing), "negotiated": False}


@_effect("decide_reship")
def _decide_reship(doing: Doing) -> dict[str, Any]:
    _reasoned(doing)
    case = doing.case
    for line in _lines(case):
        if case.state == State.CONFIRMING:
            line.shipped_milli = 0
        else:
            line.accepted_milli = line.quantity_milli if line.received_milli is None else line.received_milli
    db.session.flush()
    if not any(line.accepted_milli for line in _lines(case)):
        raise doing.refuse("商家没有收到任何商品,不能裁决发货;可以裁决退款或关闭")
    again = case.state == State.CONFIRMING
    return {"difference_waived": True, "negotiated": False, "round": case.round + 1 if again else case.round}


@_effect("decide_refund")
def _decide_refund(doing: Doing) -> dict[str, Any]:
    _reasoned(doing)
    case, values = doing.case, doing.values
    most = most_decided(case)
    fen = values.get("amount_fen")
    fen = most if fen is None else fen
    if not 0 < fen <= most:
        raise doing.refuse(f"退款金额须大于 0,最多 {most / 100:.2f} 元")
    doing.data["decided_fen"] = fen
    if doing.step.target == State.CONVERTED:
        may_ask = asks_goods_back(case.type, case.state, State.CONVERTED, goods_returned=_returned_goods(case))
        goods_back = may_ask and bool(values.get("goods_back", True))
        if goods_back and policies.default_address(case.shop_id) is None:
            raise doing.refuse(NO_ADDRESS)
        doing.child = _refund_child(doing, fen, goods_back=goods_back)
        if may_ask:
            doing.data["goods_back"] = goods_back
        if goods_back:
            doing.child = replace(doing.child, freight_payer=_decided_payer(doing))
        return {}
    for line in _lines(case):  # the decision stands for the inspection
        line.accepted_milli = line.quantity_milli
        if line.received_milli is not None:
            line.received_milli = line.quantity_milli
    db.session.flush()
    return {"refund_fen": fen, "negotiated": False}


def most_decided(case: Case) -> int:
    """The most that decide_refund can award, 分: what the units that the refund is about are worth."""
    accepted = case.type == CaseType.EXCHANGE and case.state in _INSPECTED
    units = worth.units_of(case.id, accepted=accepted)
    return worth.total(worth.worth(case.order_id, units, unshipped=case.goods_state == "unshipped"))
