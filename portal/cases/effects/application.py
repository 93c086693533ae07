"""Effects of the steps on an application: modify, agree, reject, ask for evidence, withdraw."""

from __future__ import annotations

from datetime import datetime

from portal.calendar.lengths import get_deadline
from portal.cases import proposals, refusing
from portal.cases.effects import returning
from portal.cases.effects.hand_ins import AdvanceRefund, Approval, HandIn, Modification, Refusal, RequestedLine
from portal.cases.effects.step_context import StepContext, effect, load_lines
from portal.extensions import db
from portal.flow import CaseType, State
from portal.inputs import money_text
from portal.models import ReturnAddress, Sku
from portal.money import differences, worth
from portal.orders import ledger
from portal.rights import policies, refusal_words

_ANEW = (
    "reason",
    "description",
    "freight_payer",
    "basis",
    "negotiated",
    "receiver_name",
    "receiver_phone",
    "receiver_address",
)


@effect("modify", takes=Modification)
def modify(context: StepContext[Modification]) -> dict[str, object]:
    case, handed = context.case, context.handed
    lines = {line.order_line_id: line for line in load_lines(case)}
    wanted = handed.wanted or [
        RequestedLine(line.order_line_id, line.quantity_milli, line.sku_id) for line in lines.values()
    ]
    if {item.line_id for item in wanted} != set(lines):
        raise context.refuse("修改时不能增减商品，请撤销后重新申请")
    for item in sorted(wanted, key=lambda w: w.line_id):
        more = item.milli - lines[item.line_id].quantity_milli
        if more > 0:
            ledger.claim_units(case.shop_id, item.line_id, more)
        elif more < 0:
            ledger.release_units(case.shop_id, item.line_id, -more)
    for item in handed.wanted:  # words alone leave the specifications at the prices that were shown
        line = lines[item.line_id]
        sku = db.session.get(Sku, (item.sku_id, case.shop_id)) if item.sku_id is not None else None
        line.quantity_milli, line.sku_id = item.milli, item.sku_id
        line.wanted_spec = (sku.spec if sku else "") or line.spec
        line.wanted_price_fen = sku.price_fen if sku else None
    db.session.flush()
    first = lines[wanted[0].line_id]
    told = ("reason", "basis", "description", "quantity_milli")
    before: dict[str, object] = {name: getattr(case, name) for name in told}
    changed: dict[str, object] = {
        "applications": case.applications + 1,
        "quantity_milli": sum(item.milli for item in wanted),
        "wanted_spec": first.wanted_spec,
        "photo_count": case.photo_count + len(context.photos),
        "difference_fen": worth.work_out_case_difference(case, accepted=False),
    }
    if case.type == CaseType.EXCHANGE and not changed["difference_fen"]:
        changed |= differences.keep_cancelling(case)
    if case.type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY):
        most = worth.add_up(worth.work_out_case_worth(case, worth.list_units(case, accepted=False)))
        asked = handed.refund_fen
        if asked is None and not handed.wanted and case.refund_fen:
            asked = min(case.refund_fen, most)  # as it was
        if asked is not None and not 0 < asked <= most:
            raise context.refuse(f"退款金额须大于 0，最多 {money_text(most)} 元")
        changed["refund_fen"] = asked or most
    for name in _ANEW:
        if (value := getattr(handed, name)) is not None:
            changed[name] = value
    context.data |= {
        "before": before,
        "after": {name: changed.get(name, before[name]) for name in before},
        "lines": [[item.line_id, item.milli, lines[item.line_id].wanted_spec] for item in wanted],
    }
    return changed


def freeze_address(context: StepContext[HandIn], address: ReturnAddress) -> dict[str, object]:
    context.data["return_address"] = [address.name, address.phone, address.address]
    returning.forget_places(context)
    return {
        "place_count": 1,
        "return_name": address.name,
        "return_phone": address.phone,
        "return_address": address.address,
        "return_note": address.note,
    }


@effect("agree", takes=Approval)
def agree(context: StepContext[Approval]) -> dict[str, object]:
    if context.case.type == CaseType.REISSUE:
        return agree_without_return(context)
    if context.case.type == CaseType.REFUND_ONLY:
        return {}
    return _decide_places(context) | decide_freight(context, context.handed.freight_payer)


def _decide_places(context: StepContext[Approval]) -> dict[str, object]:
    """Where the goods go back to: all to one address, but for the lines that were said to go elsewhere."""
    elsewhere = {line_id for each in context.handed.placed for line_id in each.case_line_ids}
    rest = [line.id for line in load_lines(context.case) if line.id not in elsewhere] if elsewhere else ()
    placed = list(context.handed.placed)
    if rest or not placed:
        address = _choose_address(context)
        if not placed:
            return freeze_address(context, address)
        placed.append(returning.as_placed(address, rest))
    found = returning.place_lines(context, placed)
    if found["place_count"] == 1:
        context.data["return_address"] = [found[f"return_{part}"] for part in ("name", "phone", "address")]
    else:
        context.data["return_places"] = returning.record_places(placed)
    return found


def _choose_address(context: StepContext[Approval]) -> ReturnAddress:
    if direct := context.handed.direct:  # 铺货: straight to the supplier
        return ReturnAddress(**dict(zip(("name", "phone", "address", "note"), direct, strict=True)))
    address_id, shop_id = context.handed.address_id, context.case.shop_id
    if address_id:
        address = db.session.get(ReturnAddress, (address_id, shop_id))
    else:
        address = policies.get_default_address(shop_id)
    if address is None or address.removed_at is not None:
        raise context.refuse("请选择一个退货地址；还没有的话，请先在「退货地址」里添加")
    return address


def decide_freight(context: StepContext[HandIn], said: str | None = None) -> dict[str, object]:
    """Fixed at approval: by the reason, and where the reason leaves it open by what the seller says."""
    payer = context.case.freight_payer
    if payer == "negotiated":
        payer = said or "seller"
        if payer not in ("buyer", "seller"):
            raise context.refuse("请选择退回运费由谁承担")
    context.data["freight_payer"] = payer
    return {"freight_payer": payer}


@effect("timeout_agree", takes=Approval)
def agree_by_clock(context: StepContext[Approval]) -> dict[str, object]:
    if context.case.type == CaseType.REISSUE:
        return agree_without_return(context)
    if context.case.type == CaseType.REFUND_ONLY:
        return {}
    return use_default_address(context) | decide_freight(context)


def use_default_address(context: StepContext[HandIn]) -> dict[str, object]:
    address = policies.get_default_address(context.case.shop_id)
    if address is None:
        raise context.refuse("店铺还没有默认退货地址，请先在「退货地址」里添加")
    return freeze_address(context, address)


@effect("agree_no_return", takes=Approval)
def agree_without_return(context: StepContext[Approval]) -> dict[str, object]:
    for line in load_lines(context.case):
        line.accepted_milli = line.quantity_milli
    db.session.flush()
    return decide_freight(context, context.handed.freight_payer)


@effect("agree_refund_without_return", takes=AdvanceRefund)
def refund_at_once(context: StepContext[AdvanceRefund]) -> dict[str, object]:
    fen = context.handed.amount_fen
    most = worth.add_up(worth.work_out_case_worth(context.case, worth.list_units(context.case, accepted=False)))
    if fen is not None and not 0 < fen <= most:
        raise context.refuse("退款金额须大于 0，且不能超过这些商品的实付金额")
    return {"refund_fen": fen} if fen is not None else {}


@effect("reject", takes=Refusal)
def reject(context: StepContext[Refusal]) -> dict[str, object]:
    refusal = refusal_words.refusal(context.handed.refusal)
    if refusal is None:
        raise context.refuse("请选择拒绝的原因")
    wrong = [refusing.judge_reasons(context.case, context.at, [refusal.id])[refusal.id]]
    wrong.append("" if context.note else refusing.NOTE)
    wrong.append(refusing.PHOTO if refusal.needs_evidence and not context.photos else "")
    if any(wrong):
        raise context.refuse("；".join(sentence for sentence in wrong if sentence))
    context.data["refusal"] = refusal.id
    return {"origin": {"refused": True}}


@effect("ask_evidence")
def ask_evidence(context: StepContext[HandIn]) -> dict[str, object]:
    if not context.note:
        raise context.refuse("请写明需要买家补充什么凭证")
    return {"origin": {}}


@effect("timeout_close")
def note_rule(context: StepContext[HandIn]) -> dict[str, object]:
    """Two rows lead from revising to closed: silence after a refusal is told in other words."""
    context.data["rule"] = context.case.due_rule
    return {}


@effect("withdraw")
def withdraw(context: StepContext[HandIn]) -> dict[str, object]:
    if context.case.state == State.PROPOSED:
        proposals.answer_proposal(context.case, "declined", by=context.by.user_id, at=context.at)
    return {"origin": {}, "countered": False}


def resume_origin(context: StepContext[HandIn]) -> dict[str, object]:
    """Back where the proposal came from: its clock goes on, with a day left at least."""
    before = context.case.origin
    stood = context.at - datetime.fromisoformat(before["left"])
    return {
        "entered_at": datetime.fromisoformat(before["entered"]),
        "late": before["late"],
        "paused_seconds": before["paused"] + int(stood.total_seconds()),
        "extended": before["extended"],
        "granted_seconds": before["granted"],
        "objected": before["objected"],
        "origin": {},
        "countered": False,
        "not_before": context.at + get_deadline("least_left"),
    }
