"""What each step does besides moving the case: addresses frozen, parcels written, quantities counted.

An effect checks the facts that were handed in with the step, changes rows that hang on the case and returns the columns
of the case that change with it. It runs inside the step's transaction; raising StepRefused undoes everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from portal import flow, proposals
from portal.arbitration import asks_goods_back
from portal.evidence.evidence import MOST_PER_CASE
from portal.extensions import db
from portal.flow import Actor, CaseType, Stage, State, Step, StepRefused
from portal.models import (
    Case,
    CaseEvent,
    CaseLine,
    Evidence,
    MoneyEntry,
    Parcel,
    ParcelLine,
    Proposal,
    ReturnAddress,
    Sku,
)
from portal.money import entries as money_entries
from portal.money import worth
from portal.money.accounts import consent as bank_accounts
from portal.orders import ledger
from portal.parcels import carriers, following
from portal.proposals import Terms
from portal.rights import policies, reasons

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


@dataclass(frozen=True)
class Child:
    """The case that a converted one becomes: its type, where it begins, which units, and what is known already."""

    type: CaseType
    state: State
    lines: tuple[tuple[int, int, int | None], ...]  # (case line of the parent, thousandths, SKU)
    reason: str = ""
    description: str = ""
    refund_fen: int | None = None  # agreed or decided; None: what the units are worth
    freight_payer: str = ""
    return_difference_fen: int = 0  # paid for another specification, and now given back
    compensation_fen: int = 0
    difference_waived: bool = False
    proposer: int | None = None  # whose terms they are, when the other side has accepted them


@dataclass
class Doing:
    """A step being taken: the case as it was, who, when, and what was handed in. ``data`` goes into the event.

    ``child`` is set by an effect that turns the case into another one, ``proposer`` by one that carries out somebody
    else's terms: who proposed a payment doesn't approve it.
    """

    case: Case
    step: Step
    by: By
    at: datetime
    note: str
    photos: Sequence[str]
    values: Mapping[str, Any]
    data: dict[str, Any] = field(default_factory=dict)
    child: Child | None = None
    proposer: int | None = None

    def refuse(self, sentence: str) -> StepRefused:
        return StepRefused(sentence, self.step.name)


Effect = Callable[[Doing], dict[str, Any]]
_EFFECTS: dict[str, Effect] = {}


def of(doing: Doing) -> dict[str, Any]:
    """Do what the step does; returns the case's changed columns. Raises StepRefused for wrong facts handed in."""
    effect = _EFFECTS.get(doing.step.name)
    changes = effect(doing) if effect else {}
    if doing.step.target != doing.step.source:
        changes |= _money_due(doing, changes)
    if doing.case.entry_count:
        bank_accounts.follow(doing.case.id, doing.at)
    return changes


def _money_due(doing: Doing, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What entering the next state makes payable: a refund, a difference given back, or nothing more."""
    case, step = doing.case, doing.step
    if step.target in flow.FINAL and step.target != State.COMPLETED:
        if case.entry_count:
            money_entries.cancel_open(case.id)
        return {}
    if step.target == State.REFUNDING and step.source in _BEFORE_REFUNDING:
        agreed = changes.get("refund_fen", case.refund_fen) or None
        fen = plan_refund(case, agreed, doing.by, doing.at, doing.proposer)
        doing.data["refund_fen"] = fen
        return {"refund_fen": fen, "entry_count": changes.get("entry_count", case.entry_count) + 1}
    other_price = changes.get("difference_fen", case.difference_fen)
    if step.target == State.RESHIPPING and other_price < 0 and step.source in _BEFORE_SHIPPING:
        fen = -worth.difference_on(case.id, case.order_id, accepted=True)
        if fen > 0:
            found = worth.worth(case.order_id, worth.units_of(case.id, accepted=True))
            parts = worth.parts_of(found, min(fen, worth.total(found)))
            parts = [worth.Worth(part.line_id, part.fen, 0) for part in parts]
            money_entries.plan(
                case,
                "difference_back",
                sum(part.fen for part in parts),
                key="difference_back",
                at=doing.at,
                by=doing.proposer or doing.by.user_id,
                parts=parts,
            )
            doing.data["difference_back_fen"] = fen
            return {"entry_count": changes.get("entry_count", case.entry_count) + 1}
    return {}


_BEFORE_REFUNDING = (State.APPLIED, State.PROPOSED, State.REVISING, State.INSPECTING, State.DISPUTED)
_BEFORE_SHIPPING = (*_BEFORE_REFUNDING, State.PAYING)


def plan_refund(case: Case, agreed_fen: int | None, by: By, at: datetime, proposer: int | None = None) -> int:
    """Plan the refund of a case: what was agreed, at most what its units are worth. Returns the amount in 分.

    ``proposer``: whose terms it carries out, when that is somebody else than who takes the step.
    """
    inspected = case.type == CaseType.RETURN_REFUND and case.state in (State.INSPECTING, State.DISPUTED)
    unshipped = case.goods_state == "unshipped"
    found = worth.worth(case.order_id, worth.units_of(case.id, accepted=inspected), unshipped=unshipped)
    most = worth.total(found)
    fen = most if agreed_fen is None else min(agreed_fen, most)
    money_entries.plan(
        case,
        "refund",
        fen,
        key="refund",
        at=at,
        by=proposer or by.user_id,
        parts=worth.parts_of(found, fen),
        unshipped=unshipped,
    )
    return fen


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
    return {"refund_fen": fen or doing.case.refund_fen}


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


def price_of(sku_id: int | None) -> int | None:
    """What a unit of the replacement costs, 分; None for the same specification."""
    return db.session.scalar(select(Sku.price_fen).where(Sku.id == sku_id)) if sku_id is not None else None


# ---------------------------------------------------------------- 协商


@_effect("propose", "propose_other_sku", "counter")
def _propose(doing: Doing) -> dict[str, Any]:
    case = doing.case
    terms = doing.values.get("terms")
    if not isinstance(terms, Terms):
        raise doing.refuse("请填写方案")
    again = case.state == State.PROPOSED
    origin = case.origin["state"] if again else str(case.state)
    side = "buyer" if doing.by.actor is Actor.BUYER else "seller"
    made = proposals.make(case, side, terms, origin=origin, by=doing.by.user_id, at=doing.at)
    doing.data["proposal"] = made.version
    if again:
        return {"countered": side == "buyer"}
    return {
        "countered": False,
        "origin": {
            "state": origin,
            "entered": case.entered_at.isoformat(),
            "left": doing.at.isoformat(),
            "late": case.late,
            "paused": _stood_still(doing),
            "extended": case.extended,
            "granted": case.granted_seconds,
            "objected": case.objected,
        },
    }


@_effect("decline", "timeout_decline")
def _decline(doing: Doing) -> dict[str, Any]:
    lapsed = doing.by.actor is Actor.CLOCK
    made = proposals.answer(doing.case.id, "lapsed" if lapsed else "declined", by=doing.by.user_id, at=doing.at)
    doing.data["proposal"] = made.version
    if doing.step.after:
        doing.data["rule"] = doing.step.after
    return _resumed(doing)


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


@_effect("accept", "accept_reship", "accept_diff", "accept_refund", "accept_convert")
def _accept_terms(doing: Doing) -> dict[str, Any]:
    case = doing.case
    origin = case.origin["state"]
    made = proposals.answer(case.id, "accepted", by=doing.by.user_id, at=doing.at)
    terms = proposals.terms_of(made)
    doing.data["proposal"] = made.version
    kept = proposals.with_seller(case, origin)
    doing.proposer = made.made_by if made.side == "seller" else None
    if doing.step.name == "accept_convert":
        doing.child = replace(_child_by_terms(doing, terms, kept), proposer=doing.proposer)
        return {"origin": {}, "countered": False, "freight_payer": terms.freight_payer}
    changes: dict[str, Any] = {
        "origin": {},
        "countered": False,
        "freight_payer": terms.freight_payer,
        "difference_fen": made.difference_fen,
        "difference_waived": terms.difference_waived,
        "refund_fen": terms.amount_fen,
        "negotiated": False,
    }
    _take_terms(doing, terms)
    lines = _lines(case)
    changes |= {"quantity_milli": sum(line.quantity_milli for line in lines), "wanted_spec": lines[0].wanted_spec}
    if doing.step.name == "accept":
        changes |= _to_default_address(doing)
    else:  # nothing comes back any more
        for line in lines:
            if kept and line.received_milli is None:
                line.received_milli = line.quantity_milli
            line.accepted_milli = line.quantity_milli if line.received_milli is None else line.received_milli
        db.session.flush()
    return changes | _compensation(doing, made, terms)


def _take_terms(doing: Doing, terms: Terms) -> None:
    """The case's lines become those of the terms; units that they leave out are free again."""
    wanted = {line_id: (milli, sku_id) for line_id, milli, sku_id in terms.lines}
    for line in sorted(_lines(doing.case), key=lambda each: each.order_line_id):
        milli, sku_id = wanted.get(line.id, (0, None))
        if not milli:
            raise doing.refuse("方案须包含这张售后单的每一件商品")
        if milli < line.quantity_milli:
            ledger.release(line.order_line_id, line.quantity_milli - milli)
        if line.received_milli is not None:
            line.received_milli = milli
        line.accepted_milli = min(line.accepted_milli, milli)
        line.quantity_milli = milli
        spec = line.spec if sku_id is None else db.session.scalar(select(Sku.spec).where(Sku.id == sku_id))
        line.sku_id, line.wanted_spec, line.wanted_price_fen = sku_id, spec or line.spec, price_of(sku_id)
        db.session.flush()


def _compensation(doing: Doing, made: Proposal, terms: Terms) -> dict[str, Any]:
    if not terms.compensation_fen:
        return {}
    money_entries.plan(
        doing.case,
        "compensation",
        terms.compensation_fen,
        key=f"compensation:{made.version}",
        at=doing.at,
        by=doing.proposer or doing.by.user_id,
    )
    return {"entry_count": doing.case.entry_count + 1}


def _child_by_terms(doing: Doing, terms: Terms, kept: bool) -> Child:
    """The agreed type of case, at its first agreed state."""
    refunds = terms.type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY)
    state = State.RETURNING if terms.goods_back else State.REFUNDING if refunds else State.RESHIPPING
    if terms.type is CaseType.EXCHANGE and not terms.goods_back and not kept and doing.case.type != CaseType.REISSUE:
        state = State.RESHIPPING
    return Child(
        terms.type,
        state,
        terms.lines,
        refund_fen=terms.amount_fen if refunds else None,
        freight_payer=terms.freight_payer,
        compensation_fen=terms.compensation_fen,
        difference_waived=True,
        return_difference_fen=money_entries.paid_difference(doing.case.id),
    )


# ---------------------------------------------------------------- 差价


@_effect("pay")
def _pay(doing: Doing) -> dict[str, Any]:
    reference = doing.values.get("reference", "")
    if not reference:
        raise doing.refuse("请填写付款的流水号,商家会核对")
    fen = worth.difference_on(doing.case.id, doing.case.order_id, accepted=True)
    money_entries.plan(
        doing.case,
        "difference",
        fen,
        key=f"difference:{doing.case.version}",
        at=doing.at,
        by=doing.by.user_id,
        reference=reference,
    )
    doing.data |= {"difference_fen": fen, "reference": reference}
    return {"entry_count": doing.case.entry_count + 1}


@_effect("waive")
def _waive(doing: Doing) -> dict[str, Any]:
    return {"difference_waived": True}


@_effect("confirm_payment")
def _confirm_payment(doing: Doing) -> dict[str, Any]:
    entry = money_entries.confirm_difference(doing.case, by=doing.by.user_id, at=doing.at)
    doing.data["difference_fen"] = entry.amount_fen
    return {}


@_effect("deny_payment")
def _deny_payment(doing: Doing) -> dict[str, Any]:
    money_entries.deny_difference(doing.case)
    return {}


# ---------------------------------------------------------------- 转其他售后


def _returned_goods(case: Case) -> bool:
    """Whether the goods of an exchange are back with the seller."""
    return case.type == CaseType.EXCHANGE and bool(case.return_address)


def _all_lines(case: Case, column: str = "quantity_milli") -> tuple[tuple[int, int, int | None], ...]:
    return tuple((line.id, getattr(line, column), None) for line in _lines(case) if getattr(line, column))


@_effect("timeout_convert", "convert_refund")
def _to_refund(doing: Doing) -> dict[str, Any]:
    doing.child = _refund_child(doing, None)
    return {}


def _refund_child(doing: Doing, fen: int | None, *, goods_back: bool = True) -> Child:
    """The refund that an exchange or reissue becomes: at once when the seller has the goods or nothing goes back."""
    case = doing.case
    paid = money_entries.paid_difference(case.id)
    if case.type == CaseType.REISSUE:
        return Child(CaseType.REFUND_ONLY, State.REFUNDING, _all_lines(case), refund_fen=fen)
    if _returned_goods(case) and case.state in (State.PAYING, State.RESHIPPING, State.DISPUTED, State.INSPECTING):
        column = "accepted_milli" if case.state in _INSPECTED else "quantity_milli"
        return Child(
            CaseType.RETURN_REFUND,
            State.REFUNDING,
            _all_lines(case, column),
            refund_fen=fen,
            return_difference_fen=paid,
        )
    units = _all_lines(case, "accepted_milli" if case.state in _INSPECTED else "quantity_milli")
    if not goods_back:
        return Child(CaseType.REFUND_ONLY, State.REFUNDING, units, refund_fen=fen, return_difference_fen=paid)
    state = State.RETURNING if policies.default_address(case.shop_id) else State.APPLIED
    return Child(CaseType.RETURN_REFUND, state, units, refund_fen=fen, return_difference_fen=paid)


_INSPECTED = (State.PAYING, State.RESHIPPING, State.CONFIRMING)  # only what was accepted is still owed


AGAIN: Mapping[str, tuple[CaseType, ...]] = {  # what may follow goods that came and are wrong once more
    CaseType.EXCHANGE: (CaseType.EXCHANGE, CaseType.RETURN_REFUND),
    CaseType.REISSUE: (CaseType.REFUND_ONLY, CaseType.RETURN_REFUND),
}


def again(case: Any) -> tuple[CaseType, ...]:
    """What this case may become when what came is wrong once more; an exchange is repeated once only."""
    return tuple(kind for kind in AGAIN.get(case.type, ()) if kind is not CaseType.EXCHANGE or case.parent_id is None)


REASON_OF: Mapping[str, str] = {  # a problem with a replacement, as a reason of a case
    "damaged": "damaged",
    "defect": "defect",
    "wrong_item": "wrong_item",
    "short": "missing_item",
    "not_received": "other",
}


@_effect("replacement_defective")
def _defective(doing: Doing) -> dict[str, Any]:
    case, values = doing.case, doing.values
    wanted = values.get("type")
    if wanted not in AGAIN[case.type]:
        raise doing.refuse("请选择希望怎么处理")
    if wanted == CaseType.EXCHANGE and case.parent_id is not None:
        raise doing.refuse("换来的商品再次有问题,不再重复换货,请选择退货退款")
    kind = values.get("kind", "")
    if kind not in reasons.PROBLEMS or kind == "not_received":
        raise doing.refuse("请选择收到的商品有什么问题;没有收到请用「收到有问题」")
    if not doing.photos:
        raise doing.refuse("请上传能看出问题的照片")
    if not doing.note:
        raise doing.refuse("请写一句说明")
    doing.data |= {"kind": kind, "type": str(wanted)}
    doing.child = Child(
        CaseType(wanted),
        State.APPLIED,
        _all_lines(case, "shipped_milli"),
        reason=REASON_OF[kind],
        description=doing.note,
        freight_payer="seller",
        return_difference_fen=money_entries.paid_difference(case.id),
    )
    return {}


# ---------------------------------------------------------------- 退款


def _entry(doing: Doing) -> int | None:
    entry_id = doing.values.get("entry_id")
    return int(entry_id) if entry_id else None


def _told(doing: Doing, entry: MoneyEntry) -> None:
    doing.data["money"] = [entry.kind, entry.amount_fen, entry.reference]


@_effect("approve_refund")
def _approve(doing: Doing) -> dict[str, Any]:
    _told(doing, money_entries.approve(doing.case, _entry(doing), by=doing.by.user_id or 0, at=doing.at))
    return {}


@_effect("settle_entry", "refund_ok")
def _settle(doing: Doing) -> dict[str, Any]:
    reference = doing.values.get("reference", "")
    _told(doing, money_entries.settle(doing.case, _entry(doing), reference=reference, by=doing.by.user_id, at=doing.at))
    return {}


@_effect("refund_fail")
def _fail(doing: Doing) -> dict[str, Any]:
    entry = money_entries.fail(doing.case, _entry(doing), problem=doing.note)
    _told(doing, entry)
    return {}


@_effect("retry")
def _retry(doing: Doing) -> dict[str, Any]:
    _told(doing, money_entries.retry(doing.case, _entry(doing)))
    return {}


# ---------------------------------------------------------------- 收款账户


@_effect("ask_account")
def _ask_account(doing: Doing) -> dict[str, Any]:
    bank_accounts.ask(doing.case, doing.at)
    return {}


@_effect("give_account")
def _give_account(doing: Doing) -> dict[str, Any]:
    """Nothing of the account goes into the event: what was done is kept for ever, the account isn't."""
    account = doing.values.get("account")
    if not isinstance(account, bank_accounts.Account):
        raise doing.refuse("请填写收款人、开户行和账号")
    bank_accounts.give(doing.case, account, version=doing.values.get("consent", 0), at=doing.at)
    return {}


@_effect("decline_account")
def _decline_account(doing: Doing) -> dict[str, Any]:
    bank_accounts.decline(doing.case, doing.at)
    return {}


@_effect("withdraw_account")
def _withdraw_account(doing: Doing) -> dict[str, Any]:
    bank_accounts.withdraw(doing.case, doing.at)
    return {}


# ---------------------------------------------------------------- 平台介入


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


def _ended(doing: Doing) -> dict[str, Any]:
    """The mediation is over, the state's own clock goes on with a day left at least."""
    if not doing.case.escalated:
        return {}
    return {
        **NO_MEDIATION,
        "paused_seconds": _stood_still(doing),
        "not_before": doing.at + flow.DEADLINES["least_left"],
    }


def _stood_still(doing: Doing) -> int:
    """For how many seconds this state's clock has stood still by now; none for one that this step starts anew."""
    case = doing.case
    if doing.step.source == doing.step.target and doing.step.name in flow.RESTARTING:
        return 0
    if not case.escalated:
        return case.paused_seconds
    since = max(case.escalated_at or doing.at, case.entered_at)  # a step of the parties may have started it meanwhile
    return case.paused_seconds + int((doing.at - since).total_seconds())


NO_MEDIATION: Mapping[str, Any] = {
    "escalated": False,
    "stage": "",
    "stage_at": None,
    "escalated_at": None,
    "evidence_round": 0,
    "heard": "",
    "asked_by": "",
}


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


def goods_returned(case: Case) -> bool:
    """Whether the goods of an exchange are back with the seller."""
    return _returned_goods(case)


def most_decided(case: Case) -> int:
    """The most that decide_refund can award, 分: what the units that the refund is about are worth."""
    accepted = case.type == CaseType.EXCHANGE and case.state in _INSPECTED
    units = worth.units_of(case.id, accepted=accepted)
    return worth.total(worth.worth(case.order_id, units, unshipped=case.goods_state == "unshipped"))
