"""Effects of the steps on an application: modify, agree, reject, ask for evidence, withdraw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from portal import flow
from portal.cases import proposals
from portal.cases.effects.step import Doing, Wanted, _effect, _lines, price_of
from portal.extensions import db
from portal.flow import CaseType, State
from portal.models import (
    CaseEvent,
    ReturnAddress,
    Sku,
)
from portal.money import worth
from portal.orders import ledger
from portal.rights import policies, reasons


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
        line.wanted_price_fen = price_of(item.sku_id)
    db.session.flush()
    first = lines[wanted[0].line_id]
    before = {"reason": case.reason, "description": case.description, "quantity_milli": case.quantity_milli}
    changed: dict[str, Any] = {
        "applications": case.applications + 1,
        "quantity_milli": sum(item.milli for item in wanted),
        "wanted_spec": first.wanted_spec,
        "photo_count": case.photo_count + len(doing.photos),
        "difference_fen": worth.difference_on(case.id, case.order_id, accepted=False),
    }
    if case.type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY):
        most = worth.total(
            worth.worth(
                case.order_id, worth.units_of(case.id, accepted=False), unshipped=case.goods_state == "unshipped"
            )
        )
        asked = values.get("refund_fen")
        if asked is not None and not 0 < asked <= most:
            raise doing.refuse(f"退款金额须大于 0,最多 {most / 100:.2f} 元")
        changed["refund_fen"] = asked or most
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
    if doing.case.type == CaseType.REFUND_ONLY:
        return {}
    if direct := doing.values.get("direct"):  # 铺货: straight to the supplier (chains.direct_address)
        return _freeze(doing, ReturnAddress(**dict(zip(("name", "phone", "address", "note"), direct, strict=True)))) | (
            _freight(doing)
        )
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
    if doing.case.type == CaseType.REFUND_ONLY:
        return {}
    return _to_default_address(doing) | _freight(doing)


def _to_default_address(doing: Doing) -> dict[str, Any]:
    address = policies.default_address(doing.case.shop_id)
    if address is None:
        raise doing.refuse("店铺还没有默认退货地址,请先在「退货地址」里添加")
    return _freeze(doing, address)


@_effect("agree_no_return")
def _agree_without_return(doing: Doing) -> dict[str, Any]:
    for line in _lines(doing.case):
        line.accepted_milli = line.quantity_milli
    db.session.flush()
    return _freight(doing)


@_effect("agree_refund_without_return")
def _refund_at_once(doing: Doing) -> dict[str, Any]:
    fen = doing.values.get("amount_fen")
    most = worth.total(worth.worth(doing.case.order_id, worth.units_of(doing.case.id, accepted=False)))
    if fen is not None and not 0 < fen <= most:
        raise doing.refuse("退款金额须大于 0,且不能超过这些商品的实付金额")
    return {"refund_fen": fen} if fen is not None else {}


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


@_effect("withdraw")
def _withdraw(doing: Doing) -> dict[str, Any]:
    if doing.case.state == State.PROPOSED:
        proposals.answer(doing.case.id, "declined", by=doing.by.user_id, at=doing.at)
    return {"origin": {}, "countered": False}


def _resumed(doing: Doing) -> dict[str, Any]:
    """Back where the proposal came from: its clock goes on, with a day left at least."""
    before = doing.case.origin
    stood = doing.at - datetime.fromisoformat(before["left"])
    return {
        "entered_at": datetime.fromisoformat(before["entered"]),
        "late": before["late"],
        "paused_seconds": before["paused"] + int(stood.total_seconds()),
        "extended": before["extended"],
        "granted_seconds": before["granted"],
        "objected": before["objected"],
        "origin": {},
        "countered": False,
        "not_before": doing.at + flow.DEADLINES["least_left"],
    }
