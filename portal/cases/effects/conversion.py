"""Effects of the steps that turn a case into another one."""

from __future__ import annotations

from collections.abc import Mapping

from portal import flow
from portal.cases.effects.hand_ins import DefectReport, HandIn
from portal.cases.effects.step_context import ChildCase, StepContext, effect, load_lines
from portal.cases.rulings import INSPECTED
from portal.extensions import db
from portal.flow import CaseType, State
from portal.models import (
    Case,
)
from portal.money import differences
from portal.rights import conditions, policies


def has_returned_goods(case: Case) -> bool:
    """Whether the goods of an exchange are back with the seller."""
    return case.type == CaseType.EXCHANGE and bool(case.return_address)


def list_units(case: Case, column: str = "quantity_milli") -> tuple[tuple[int, int, int | None], ...]:
    return tuple((line.id, getattr(line, column), None) for line in load_lines(case) if getattr(line, column))


@effect("timeout_convert", "convert_refund")
def convert_to_refund(context: StepContext[HandIn]) -> dict[str, object]:
    context.child = make_refund_child(context, None)
    return leave_payment(context)


def leave_payment(context: StepContext[HandIn]) -> dict[str, object]:
    """The case stays open where a difference that the buyer says they paid is to be answered; its units move on."""
    if not flow.leaves_payment(context.step.source or "", context.step.target):
        return {}
    for line in load_lines(context.case):
        line.moved_milli = line.quantity_milli
    db.session.flush()
    return {"origin": {"converted": True, "unanswered": True}}


def make_refund_child(context: StepContext[HandIn], fen: int | None, *, goods_back: bool = True) -> ChildCase:
    """The refund that an exchange or reissue becomes: at once when the seller has the goods or nothing goes back."""
    case = context.case
    paid = differences.find_paid_difference(case)
    if case.type == CaseType.REISSUE:
        return ChildCase(CaseType.REFUND_ONLY, State.REFUNDING, list_units(case), refund_fen=fen)
    if has_returned_goods(case) and case.state in (State.PAYING, State.RESHIPPING, State.DISPUTED, State.INSPECTING):
        column = "accepted_milli" if case.state in INSPECTED else "quantity_milli"
        return ChildCase(
            CaseType.RETURN_REFUND,
            State.REFUNDING,
            list_units(case, column),
            refund_fen=fen,
            return_difference_fen=paid,
        )
    units = list_units(case, "accepted_milli" if case.state in INSPECTED else "quantity_milli")
    if not goods_back:
        return ChildCase(CaseType.REFUND_ONLY, State.REFUNDING, units, refund_fen=fen, return_difference_fen=paid)
    state = State.RETURNING if policies.get_default_address(case.shop_id) else State.APPLIED
    return ChildCase(CaseType.RETURN_REFUND, state, units, refund_fen=fen, return_difference_fen=paid)


AGAIN: Mapping[str, tuple[CaseType, ...]] = {  # what may follow goods that came and are wrong once more
    CaseType.EXCHANGE: (CaseType.EXCHANGE, CaseType.RETURN_REFUND),
    CaseType.REISSUE: (CaseType.REFUND_ONLY, CaseType.RETURN_REFUND),
}


def list_types_again(case: Case) -> tuple[CaseType, ...]:
    """What this case may become when what came is wrong once more; an exchange is repeated once only."""
    return tuple(kind for kind in AGAIN.get(case.type, ()) if kind is not CaseType.EXCHANGE or case.parent_id is None)


REASON_OF: Mapping[str, str] = {  # a problem with a replacement, as a reason of a case
    "damaged": "damaged",
    "defect": "defect",
    "wrong_item": "wrong_item",
    "short": "missing_item",
    "not_received": "other",
}


@effect("replacement_defective", takes=DefectReport)
def report_defective(context: StepContext[DefectReport]) -> dict[str, object]:
    case, wanted = context.case, context.handed.type
    if wanted not in AGAIN[case.type]:
        raise context.refuse("请选择希望怎么处理")
    if wanted == CaseType.EXCHANGE and case.parent_id is not None:
        raise context.refuse("换来的商品再次有问题，不再重复换货，请选择退货退款")
    kind = context.handed.kind
    if kind not in conditions.PROBLEMS or kind == "not_received":
        raise context.refuse("请选择收到的商品有什么问题；没有收到请用「商品有问题」")
    if not context.photos:
        raise context.refuse("请上传能看出问题的照片")
    if not context.note:
        raise context.refuse("请写一句说明")
    context.data |= {"kind": kind, "type": str(wanted)}
    context.child = ChildCase(
        CaseType(wanted),
        State.APPLIED,
        list_units(case, "shipped_milli"),
        reason=REASON_OF[kind],
        description=context.note,
        freight_payer="seller",
    )
    return {}


def are_goods_returned(case: Case) -> bool:
    """Whether the goods of an exchange are back with the seller."""
    return has_returned_goods(case)
