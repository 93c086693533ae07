"""What each step does besides moving the case: addresses frozen, parcels written, quantities counted.

An effect checks the facts that were handed in with the step, changes rows that hang on the case and returns the columns
of the case that change with it. It runs inside the step's transaction; raising StepRefused undoes everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from portal import carriers, flow, ledger, policies, reasons
from portal.extensions import db
from portal.flow import Actor, CaseType, Step, StepRefused
from portal.models import Case, CaseEvent, CaseLine, Parcel, ParcelLine, ReturnAddress, Sku

LEAST_DISPUTE_PHOTOS = 2


@dataclass(frozen=True)
class By:
    """Who takes a step: which side, which person, in which request."""

    actor: Actor
    user_id: int | None = None
    name: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class Wanted:
    """What is asked for one order line: how much (thousandths) and which SKU instead (None: the same)."""

    line_id: int
    milli: int
    sku_id: int | None = None


@dataclass(frozen=True)
class Counted:
    """What the seller counted of one case line (thousandths), and in which condition."""

    case_line_id: int
    received: int
    accepted: int
    condition: str = "intact"
    note: str = ""


@dataclass
class Doing:
    """A step being taken: the case as it was, who, when, and what was handed in. ``data`` goes into the event."""

    case: Case
    step: Step
    by: By
    at: datetime
    note: str
    photos: Sequence[str]
    values: Mapping[str, Any]
    data: dict[str, Any] = field(default_factory=dict)

    def refuse(self, sentence: str) -> StepRefused:
        return StepRefused(sentence, self.step.name)


Effect = Callable[[Doing], dict[str, Any]]
_EFFECTS: dict[str, Effect] = {}


def of(doing: Doing) -> dict[str, Any]:
    """Do what the step does; returns the case's changed columns. Raises StepRefused for wrong facts handed in."""
    effect = _EFFECTS.get(doing.step.name)
    return effect(doing) if effect else {}


def _effect(*names: str) -> Callable[[Effect], Effect]:
    def register(function: Effect) -> Effect:
        for name in names:
            _EFFECTS[name] = function
        return function

    return register


def _lines(case: Case) -> Sequence[CaseLine]:
    return db.session.scalars(
        select(CaseLine)
        .where(CaseLine.case_id == case.id)
        .order_by(CaseLine.id)
        .execution_options(populate_existing=True)
    ).all()


@_effect("modify")
def _modify(doing: Doing) -> dict[str, Any]:
    case, values = doing.case, doing.values
    lines = {line.order_line_id: line for line in _lines(case)}
    wanted: Sequence[Wanted] = values.get("wanted") or [
        Wanted(line.order_line_id, line.quantity_milli, line.sku_id) for line in lines.values()
    ]
    if {item.line_id for item in wanted} != set(lines):
        raise doing.refuse("修改时不能增减商品,请撤销后重新申请")
    for item in sorted(wanted, key=lambda w: w.line_id):
        more = item.milli - lines[item.line_id].quantity_milli
        if more > 0:
            ledger.claim(item.line_id, more)
        elif more < 0:
            ledger.release(item.line_id, -more)
    for item in wanted:
        line = lines[item.line_id]
        spec = line.spec if item.sku_id is None else db.session.scalar(select(Sku.spec).where(Sku.id == item.sku_id))
        line.quantity_milli, line.sku_id, line.wanted_spec = item.milli, item.sku_id, spec or line.spec
    db.session.flush()
    first = lines[wanted[0].line_id]
    before = {"reason": case.reason, "description": case.description, "quantity_milli": case.quantity_milli}
    changed: dict[str, Any] = {
        "applications": case.applications + 1,
        "quantity_milli": sum(item.milli for item in wanted),
        "wanted_spec": first.wanted_spec,
        "photo_count": case.photo_count + len(doing.photos),
    }
    for name in (
        "reason",
        "description",
        "freight_payer",
        "basis",
        "receiver_name",
        "receiver_phone",
        "receiver_address",
    ):
        if name in values:
            changed[name] = values[name]
    doing.data |= {
        "before": before,
        "after": {name: changed.get(name, before[name]) for name in before},
        "lines": [[item.line_id, item.milli, lines[item.line_id].wanted_spec] for item in wanted],
    }
    return changed


def _freeze(doing: Doing, address: ReturnAddress) -> dict[str, Any]:
    doing.data["return_address"] = [address.name, address.phone, address.address]
    return {
        "return_name": address.name,
        "return_phone": address.phone,
        "return_address": address.address,
        "return_note": address.note,
    }


@_effect("agree")
def _agree(doing: Doing) -> dict[str, Any]:
    if doing.case.type == CaseType.REISSUE:
        return _agree_without_return(doing)
    address_id = doing.values.get("address_id")
    address = db.session.get(ReturnAddress, address_id) if address_id else policies.default_address(doing.case.shop_id)
    if address is None or address.shop_id != doing.case.shop_id or address.removed_at is not None:
        raise doing.refuse("请选择一个退货地址;还没有的话,请先在「退货地址」里添加")
    return _freeze(doing, address) | _freight(doing)


def _freight(doing: Doing) -> dict[str, Any]:
    """Fixed at approval: by the reason, and where the reason leaves it open by what the seller says."""
    payer = doing.case.freight_payer
    if payer == "negotiated":
        payer = doing.values.get("freight_payer") or "seller"
        if payer not in ("buyer", "seller"):
            raise doing.refuse("请选择退回运费由谁承担")
    doing.data["freight_payer"] = payer
    return {"freight_payer": payer}


@_effect("timeout_agree")
def _agree_by_clock(doing: Doing) -> dict[str, Any]:
    if doing.case.type == CaseType.REISSUE:
        return _agree_without_return(doing)
    address = policies.default_address(doing.case.shop_id)
    if address is None:
        raise doing.refuse("店铺还没有默认退货地址")
    return _freeze(doing, address) | _freight(doing)


@_effect("agree_no_return")
def _agree_without_return(doing: Doing) -> dict[str, Any]:
    for line in _lines(doing.case):
        line.accepted_milli = line.quantity_milli
    db.session.flush()
    return _freight(doing)


@_effect("reject")
def _reject(doing: Doing) -> dict[str, Any]:
    refusal = reasons.refusal(doing.values.get("refusal", ""))
    if refusal is None:
        raise doing.refuse("请选择拒绝的原因")
    if not doing.note:
        raise doing.refuse("请填写拒绝的说明,买家会看到")
    if refusal.needs_evidence and not doing.photos:
        raise doing.refuse("这个原因需要上传凭证,请至少上传 1 张照片")
    if refusal.id == "evidence_insufficient" and not db.session.scalar(
        select(func.count())
        .select_from(CaseEvent)
        .where(CaseEvent.case_id == doing.case.id, CaseEvent.step == "ask_evidence")
    ):
        raise doing.refuse("以举证不足拒绝之前,请先用「请补充凭证」请买家补充一次")
    doing.data["refusal"] = refusal.id
    return {}


@_effect("ask_evidence")
def _ask(doing: Doing) -> dict[str, Any]:
    if not doing.note:
        raise doing.refuse("请写明需要买家补充什么凭证")
    return {}


def _parcel(doing: Doing, leg: str, carrier: str, number: str, *, shipped_at: datetime, round: int = 1) -> Parcel:
    known = carriers.by_code(carrier)
    if known is None:
        raise doing.refuse("请选择物流公司")
    parcel = Parcel(
        case_id=doing.case.id,
        leg=leg,
        round=round,
        carrier=known.code,
        carrier_name=known.name,
        tracking_no=number,
        shipped_at=shipped_at,
        shipped_by=doing.by.user_id,
    )
    db.session.add(parcel)
    db.session.flush()
    return parcel


@_effect("ship_return")
def _ship_return(doing: Doing) -> dict[str, Any]:
    parcels: Sequence[tuple[str, str]] = doing.values.get("parcels") or ()
    if not parcels:
        raise doing.refuse("请填写物流公司和运单号")
    for carrier, number in parcels:
        _parcel(doing, "back", carrier, number, shipped_at=doing.at)
    doing.data["parcels"] = [list(item) for item in parcels]
    return {}


@_effect("edit_parcel")
def _edit_parcel(doing: Doing) -> dict[str, Any]:
    old = db.session.get(Parcel, doing.values.get("parcel_id") or 0)
    if old is None or old.case_id != doing.case.id or old.leg != "back" or old.voided_at is not None:
        raise doing.refuse("没有找到要修改的运单,请刷新页面")
    old.voided_at = doing.at
    new = _parcel(doing, "back", doing.values["carrier"], doing.values["number"], shipped_at=old.shipped_at)
    doing.data |= {"before": [old.carrier, old.tracking_no], "after": [new.carrier, new.tracking_no]}
    return {}


@_effect("extend")
def _extend(doing: Doing) -> dict[str, Any]:
    return {"extended": True}


@_effect("grant_extension")
def _grant(doing: Doing) -> dict[str, Any]:
    days = doing.values.get("days") or 0
    if not 1 <= days <= 30:
        raise doing.refuse("请填写延长的天数,1 至 30 天")
    if not doing.note:
        raise doing.refuse("请写明延长的原因,例如自然灾害或交通延误")
    doing.data["days"] = days
    return {"granted_seconds": doing.case.granted_seconds + days * 86400}


@_effect("accept_goods")
def _accept_all(doing: Doing) -> dict[str, Any]:
    for line in _lines(doing.case):
        line.received_milli = line.accepted_milli = line.quantity_milli
        line.condition = "intact"
    db.session.flush()
    return {}


@_effect("timeout_accept")
def _accept_by_clock(doing: Doing) -> dict[str, Any]:
    return _accept_all(doing) if doing.case.state == flow.State.INSPECTING else {}


@_effect("dispute_goods", "revise_inspection")
def _dispute(doing: Doing) -> dict[str, Any]:
    counted: dict[int, Counted] = {item.case_line_id: item for item in doing.values.get("counted") or ()}
    lines = _lines(doing.case)
    if set(counted) != {line.id for line in lines}:
        raise doing.refuse("请填写每一行的验货结果")
    if len(doing.photos) < LEAST_DISPUTE_PHOTOS and doing.step.name == "dispute_goods":
        raise doing.refuse(f"验货有异议时请至少上传 {LEAST_DISPUTE_PHOTOS} 张照片,买家会看到")
    for line in lines:
        item = counted[line.id]
        if not 0 <= item.accepted <= item.received <= line.quantity_milli:
            raise doing.refuse("通过的数量不能多于收到的数量,收到的数量不能多于申请的数量")
        if reasons.condition(item.condition) is None:
            raise doing.refuse("请选择商品的状况")
        line.received_milli, line.accepted_milli = item.received, item.accepted
        line.condition, line.inspection_note = item.condition, item.note
    if doing.step.name == "dispute_goods" and all(line.accepted_milli == line.quantity_milli for line in lines):
        raise doing.refuse("全部数量都通过了,请直接验货通过")
    db.session.flush()
    doing.data["counted"] = [
        [line.id, line.received_milli, line.accepted_milli, line.condition, line.inspection_note] for line in lines
    ]
    return {"objected": False} if doing.step.name == "revise_inspection" else {}


@_effect("object")
def _object(doing: Doing) -> dict[str, Any]:
    if not doing.note:
        raise doing.refuse("请写明不认可的原因,商家会据此复核")
    return {"objected": True}


@_effect("ship_part", "ship_replacement")
def _ship(doing: Doing) -> dict[str, Any]:
    parcels: Sequence[tuple[str, str]] = doing.values.get("parcels") or ()
    shipped: Mapping[int, int] = doing.values.get("shipped") or {}
    if not parcels:
        raise doing.refuse("请填写物流公司和运单号")
    lines = {line.id: line for line in _lines(doing.case)}
    if not any(shipped.values()) or any(case_line_id not in lines for case_line_id in shipped):
        raise doing.refuse("请填写本次发出的数量")
    for case_line_id, milli in shipped.items():
        if milli < 0:
            raise doing.refuse("发出的数量不能小于 0")
        done = db.session.execute(
            update(CaseLine)
            .where(
                CaseLine.id == case_line_id,
                CaseLine.case_id == doing.case.id,
                CaseLine.shipped_milli + milli <= CaseLine.accepted_milli,
            )
            .values(shipped_milli=CaseLine.shipped_milli + milli)
            .execution_options(synchronize_session=False)
        )
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise doing.refuse("发出的数量不能多于验货通过而未发出的数量")
    open_milli = db.session.scalar(
        select(func.sum(CaseLine.accepted_milli - CaseLine.shipped_milli)).where(CaseLine.case_id == doing.case.id)
    )
    if bool(open_milli) != (doing.step.name == "ship_part"):
        raise doing.refuse("发出的数量与页面显示的不一致,请刷新后重试")
    made = [
        _parcel(doing, "out", carrier, number, shipped_at=doing.at, round=doing.case.round)
        for carrier, number in parcels
    ]
    for case_line_id, milli in shipped.items():
        if milli:
            db.session.add(
                ParcelLine(
                    parcel_id=made[0].id,
                    case_line_id=case_line_id,
                    quantity_milli=milli,
                    spec=lines[case_line_id].wanted_spec,
                )
            )
    db.session.flush()
    doing.data |= {
        "parcels": [list(item) for item in parcels],
        "shipped": [[case_line_id, milli, lines[case_line_id].wanted_spec] for case_line_id, milli in shipped.items()],
    }
    return {}


@_effect("timeout_late")
def _late(doing: Doing) -> dict[str, Any]:
    return {"late": True}


@_effect("timeout_escalate")
def _escalate(doing: Doing) -> dict[str, Any]:
    doing.data["rule"] = doing.case.due_rule  # two rows lead from confirming to confirming
    return {"escalated": True}


@_effect("nudge")
def _nudge(doing: Doing) -> dict[str, Any]:
    return {"nudged_at": doing.at}


@_effect("report_problem")
def _problem(doing: Doing) -> dict[str, Any]:
    kind = doing.values.get("kind", "")
    if kind not in reasons.PROBLEMS:
        raise doing.refuse("请选择遇到了什么问题")
    if kind != "not_received" and not doing.photos:
        raise doing.refuse("请上传能看出问题的照片")
    doing.data["kind"] = kind
    return {"problem_open": True, "escalated": False}


@_effect("resend", "replacement_lost")
def _again(doing: Doing) -> dict[str, Any]:
    for line in _lines(doing.case):
        line.shipped_milli = 0
    db.session.flush()
    return {"round": doing.case.round + 1}
