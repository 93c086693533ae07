"""Effects of the steps on goods: sending back, inspecting, objecting, shipping, reporting a problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from portal import flow
from portal.cases.effects.step import Counted, Doing, _effect, _ended, _lines
from portal.extensions import db
from portal.models import (
    CaseLine,
    Parcel,
    ParcelLine,
)
from portal.parcels import carriers, following
from portal.rights import reasons

LEAST_DISPUTE_PHOTOS = 2


def _parcel(doing: Doing, leg: str, carrier: str, number: str, *, shipped_at: datetime, round: int = 1) -> Parcel:
    known = carriers.by_code(carrier)
    if known is None:
        raise doing.refuse("请选择物流公司")
    parcel = Parcel(
        shop_id=doing.case.shop_id,
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
    following.follow(doing.case, parcel)
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
    following.end(doing.case, doing.at, parcel_id=old.id)
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


@_effect("accept_goods", "accept_goods_diff")
def _accept_all(doing: Doing) -> dict[str, Any]:
    """Everything came and is accepted; a line that isn't as new may be accepted all the same, in the seller's words."""
    counted: dict[int, Counted] = {item.case_line_id: item for item in doing.values.get("counted") or ()}
    remarks = []
    for line in _lines(doing.case):
        line.received_milli = line.accepted_milli = line.quantity_milli
        line.condition = "intact"
        item = counted.get(line.id)
        if item is not None:
            if reasons.condition(item.condition) is None:
                raise doing.refuse("请选择商品的状况")
            line.condition, line.inspection_note = item.condition, item.note
            remarks.append([line.id, line.received_milli, line.accepted_milli, item.condition, item.note])
    if remarks:
        doing.data["counted"] = remarks
    db.session.flush()
    return {}


@_effect("timeout_accept", "timeout_accept_diff")
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
                    shop_id=doing.case.shop_id,
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
    if kind == "not_received":
        following.deny(doing.case)
    return {"problem_open": True, **_ended(doing)}


@_effect("resend", "replacement_lost")
def _again(doing: Doing) -> dict[str, Any]:
    following.end(doing.case, doing.at, leg="out")
    for line in _lines(doing.case):
        line.shipped_milli = 0
    db.session.flush()
    return {"round": doing.case.round + 1}
