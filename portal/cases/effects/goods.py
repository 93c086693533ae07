"""Effects of the steps on goods: sending back, inspecting, objecting, shipping, reporting a problem."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update

from portal import flow
from portal.calendar.lengths import get_deadline
from portal.cases import faults, places
from portal.cases.effects.hand_ins import (
    Extension,
    HandIn,
    Inspection,
    ReceivingProblem,
    Shipment,
)
from portal.cases.effects.step_context import StepContext, effect, end_mediation, load_lines
from portal.extensions import db
from portal.models import (
    CaseLine,
    Order,
    Parcel,
    ParcelLine,
)
from portal.parcels import carriers, disposals, following, intake
from portal.rights import conditions

LEAST_DISPUTE_PHOTOS = 2
NOT_SENT = "没有寄出"


def record_parcel(
    context: StepContext[HandIn],
    leg: str,
    carrier: str,
    number: str,
    *,
    shipped_at: datetime,
    round: int = 1,
    phone: str = "",
) -> Parcel:
    """``phone``: the receiver's, by which some carriers are asked; "": the case's own."""
    known = carriers.by_code(carrier)
    if known is None:
        raise context.refuse("请选择物流公司")
    if number == db.session.get_one(Order, (context.case.order_id, context.case.shop_id)).order_no:
        raise context.refuse("这是订单编号，请填写快递面单上的运单号")
    parcel = Parcel(
        shop_id=context.case.shop_id,
        case_id=context.case.id,
        leg=leg,
        round=round,
        carrier=known.code,
        carrier_name=known.name,
        tracking_no=number,
        shipped_at=shipped_at,
        shipped_by=context.by.user_id,
    )
    db.session.add(parcel)
    db.session.flush()
    following.follow_parcel(context.case, parcel, phone)
    if leg == "back":
        intake.match_case(context.case.shop_id, number, context.case.id, context.at)
    return parcel


@effect("extend")
def extend(context: StepContext[HandIn]) -> dict[str, object]:
    """The time that is added comes on top of what is left, whatever kept that longer."""
    case = context.case
    more = "buyer_return_extension" if case.state == flow.State.RETURNING else "buyer_confirm_extension"
    return {"extended": True, "not_before": case.not_before and case.not_before + get_deadline(more)}


@effect("grant_extension", takes=Extension)
def grant_extension(context: StepContext[Extension]) -> dict[str, object]:
    days = context.handed.days
    if not 1 <= days <= 30:
        raise context.refuse("请填写延长的天数，1 至 30 天")
    if not context.note:
        raise context.refuse("请写明延长的原因，例如自然灾害或交通延误")
    context.data["days"] = days
    return {"granted_seconds": context.case.granted_seconds + days * 86400}


@effect("accept_goods", "accept_goods_diff", takes=Inspection)
def accept_all(context: StepContext[Inspection]) -> dict[str, object]:
    """Everything came and is accepted; a line that isn't as new may be accepted all the same, in the seller's words.

    Of a line that was never sent nothing came.
    """
    unsent = places.list_unsent(context.case)
    counted = {item.case_line_id: item for item in context.handed.counted}
    remarks = []
    for line in load_lines(context.case):
        if line.id in unsent:
            line.received_milli, line.accepted_milli, line.inspection_note = 0, 0, NOT_SENT
            continue
        line.received_milli = line.accepted_milli = line.quantity_milli
        line.condition = "intact"
        item = counted.get(line.id)
        if item is not None:
            if conditions.condition(item.condition) is None:
                raise context.refuse("请选择商品的状况")
            line.condition, line.inspection_note = item.condition, item.note
            remarks.append([line.id, line.received_milli, line.accepted_milli, item.condition, item.note])
    if remarks:
        context.data["counted"] = remarks
    db.session.flush()
    _set_faults(context)
    _count_lines(context)
    return {}


def _count_lines(context: StepContext[Inspection]) -> None:
    """Where the units that passed go."""
    chosen = {item.case_line_id: item.disposals for item in context.handed.counted if item.disposals}
    lines, by = load_lines(context.case), context.by
    disposals.count_lines(context.case, lines, chosen, user_id=by.user_id, author=by.name, now=context.at)


def _set_faults(context: StepContext[Inspection]) -> None:
    """What is wrong with the goods, where who counted them says so; kept with the step."""
    chosen = {item.case_line_id: item.fault for item in context.handed.counted if item.fault}
    if chosen and (changed := faults.set_faults(context.case, chosen, by=context.by.user_id, now=context.at)):
        context.data["faults"] = changed


@effect("timeout_accept", "timeout_accept_diff", takes=Inspection)
def accept_by_clock(context: StepContext[Inspection]) -> dict[str, object]:
    return accept_all(context) if context.case.state == flow.State.INSPECTING else {}


@effect("dispute_goods", "revise_inspection", takes=Inspection)
def dispute(context: StepContext[Inspection]) -> dict[str, object]:
    counted = {item.case_line_id: item for item in context.handed.counted}
    lines = load_lines(context.case)
    before = [[line.id, line.received_milli, line.accepted_milli] for line in lines]
    if set(counted) != {line.id for line in lines}:
        raise context.refuse("请填写每一行的验货结果")
    if len(context.photos) < LEAST_DISPUTE_PHOTOS and context.step.name == "dispute_goods":
        raise context.refuse(f"验货有异议时请至少上传 {LEAST_DISPUTE_PHOTOS} 张照片，买家会看到")
    for line in lines:
        item = counted[line.id]
        if not 0 <= item.accepted <= item.received <= line.quantity_milli:
            raise context.refuse("通过的数量不能多于收到的数量，收到的数量不能多于申请的数量")
        if conditions.condition(item.condition) is None:
            raise context.refuse("请选择商品的状况")
        fewer = item.received < (line.received_milli or 0) or item.accepted < line.accepted_milli
        if context.case.escalated and fewer:
            raise context.refuse("平台介入期间不能把收到或通过的数量改少；数错了请提交证据，由平台裁决")
        line.received_milli, line.accepted_milli = item.received, item.accepted
        line.condition, line.inspection_note = item.condition, item.note
    if context.step.name == "dispute_goods" and all(line.accepted_milli == line.quantity_milli for line in lines):
        raise context.refuse("全部数量都通过了，请直接验货通过")
    db.session.flush()
    _set_faults(context)
    _count_lines(context)
    context.data["counted"] = [
        [line.id, line.received_milli, line.accepted_milli, line.condition, line.inspection_note] for line in lines
    ]
    if context.step.name == "dispute_goods":
        return {}
    context.data["counted_before"] = before
    return {"objected": False}


@effect("object")
def object_to_result(context: StepContext[HandIn]) -> dict[str, object]:
    if not context.note:
        raise context.refuse("请写明不认可的原因，商家会据此复核")
    return {"objected": True}


@effect("ship_part", "ship_replacement", takes=Shipment)
def ship(context: StepContext[Shipment]) -> dict[str, object]:
    parcels = context.handed.parcels
    shipped = context.handed.shipped
    if not parcels:
        raise context.refuse("请填写物流公司和运单号")
    lines = {line.id: line for line in load_lines(context.case)}
    if not any(shipped.values()) or any(case_line_id not in lines for case_line_id in shipped):
        raise context.refuse("请填写本次发出的数量")
    for case_line_id, milli in shipped.items():
        if milli < 0:
            raise context.refuse("发出的数量不能小于 0")
        done = db.session.execute(
            update(CaseLine)
            .where(
                CaseLine.id == case_line_id,
                CaseLine.case_id == context.case.id,
                CaseLine.shop_id == context.case.shop_id,
                CaseLine.shipped_milli + milli <= CaseLine.accepted_milli,
            )
            .values(shipped_milli=CaseLine.shipped_milli + milli)
            .execution_options(synchronize_session=False)
        )
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise context.refuse("发出的数量不能多于验货通过而未发出的数量")
    open_milli = db.session.scalar(
        select(func.sum(CaseLine.accepted_milli - CaseLine.shipped_milli)).where(
            CaseLine.case_id == context.case.id, CaseLine.shop_id == context.case.shop_id
        )
    )
    if bool(open_milli) != (context.step.name == "ship_part"):
        raise context.refuse("发出的数量与页面显示的不一致，请刷新后重试")
    made = [
        record_parcel(context, "out", carrier, number, shipped_at=context.at, round=context.case.round)
        for carrier, number in parcels
    ]
    for case_line_id, milli in shipped.items():
        if milli:
            db.session.add(
                ParcelLine(
                    shop_id=context.case.shop_id,
                    parcel_id=made[0].id,
                    case_line_id=case_line_id,
                    quantity_milli=milli,
                    spec=lines[case_line_id].wanted_spec,
                )
            )
    db.session.flush()
    context.data |= {
        "parcels": [list(item) for item in parcels],
        "shipped": [[case_line_id, milli, lines[case_line_id].wanted_spec] for case_line_id, milli in shipped.items()],
    }
    return {}


@effect("timeout_late")
def mark_late(context: StepContext[HandIn]) -> dict[str, object]:
    return {"late": True}


@effect("nudge")
def nudge(context: StepContext[HandIn]) -> dict[str, object]:
    return {"nudged_at": context.at}


@effect("report_problem", takes=ReceivingProblem)
def report_problem(context: StepContext[ReceivingProblem]) -> dict[str, object]:
    kind = context.handed.kind
    if kind not in conditions.PROBLEMS:
        raise context.refuse("请选择遇到了什么问题")
    if kind != "not_received" and not context.photos:
        raise context.refuse("请上传能看出问题的照片")
    context.data["kind"] = kind
    if kind == "not_received":
        following.deny_parcel(context.case)
    # The platform hears of it, and goes on; what was only listed as not fulfilled goes on by it.
    decides = context.case.escalated and context.case.stage != flow.Stage.UNFULFILLED
    return {"problem_open": True, **({} if decides else end_mediation(context))}


@effect("resend", "replacement_lost")
def ship_again(context: StepContext[HandIn]) -> dict[str, object]:
    following.end_following(context.case, context.at, leg="out")
    for line in load_lines(context.case):
        line.shipped_milli = 0
    db.session.flush()
    return {"round": context.case.round + 1}
