"""The two choices of an answer card, and what each of them means in units and money."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal import told, words
from portal.calendar import lengths
from portal.cases import expected, proposals
from portal.cases.inspection import Result
from portal.cases.payment_words import is_proof_left
from portal.flow import Actor, CaseType, State, Step
from portal.inputs import money_text, quantity_text
from portal.models import BankAccount
from portal.money import arrivals

if TYPE_CHECKING:
    from portal.cases.view_facts import ViewFacts


@dataclass(frozen=True)
class Choice:
    """A step that can be taken now, and what it means for its reader."""

    step: Step
    button: str
    then: str = ""


# The choices of a moment, the one that leads on first; of each only what the table opens is offered.
_PAIRS: dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]] = {
    (Actor.BUYER, State.PROPOSED): (
        ("accept", "accept_reship", "accept_diff", "accept_refund", "accept_convert"),
        ("decline",),
    ),
    (Actor.BUYER, State.REVISING): (("modify",), ("escalate",)),
    (Actor.BUYER, State.RETURNING): (("ship_return",), ("extend",)),
    (Actor.BUYER, State.DISPUTED): (
        ("accept_result", "accept_result_diff", "accept_result_none"),
        ("object", "escalate"),
    ),
    (Actor.BUYER, State.PAYING): (("pay",), ("escalate",)),  # which is open once the shop says nothing has come
    (Actor.BUYER, State.RESHIPPING): (("nudge",), ("convert_refund",)),
    (Actor.BUYER, State.CONFIRMING): (("confirm",), ("report_problem",)),
    (Actor.BUYER, State.REFUNDING): (("refund_arrived", "confirm_arrival"), ("deny_arrival", "doubt_payment")),
    (Actor.BUYER, State.REFUND_FAILED): (("give_account",), ("decline_account",)),
    (Actor.BUYER, State.COMPLETED): (("confirm_arrival",), ("deny_arrival",)),
    (Actor.BUYER, State.CONVERTED): (("confirm_arrival",), ("deny_arrival",)),
    (Actor.SELLER, State.APPLIED): (("agree",), ("reject", "ask_evidence")),
    (Actor.SELLER, State.PROPOSED): (
        ("accept", "accept_reship", "accept_diff", "accept_refund", "accept_convert"),
        ("decline",),
    ),
    (Actor.SELLER, State.INSPECTING): (("accept_goods", "accept_goods_diff"), ("propose",)),
    (Actor.SELLER, State.DISPUTED): (("revise_inspection",), ()),
    (Actor.SELLER, State.PAYING): (("waive",), ()),
    (Actor.SELLER, State.RESHIPPING): (("confirm_payment", "ship_replacement"), ("deny_payment", "propose_other_sku")),
    (Actor.SELLER, State.CONFIRMING): (("resend", "replacement_lost"), ()),
    (Actor.SELLER, State.REFUNDING): (
        ("confirm_payment", "show_payment", "refund_ok", "settle_entry", "approve_refund", "accept_freight"),
        ("deny_payment", "refund_fail", "decline_freight"),
    ),
    (Actor.SELLER, State.REFUND_FAILED): (("retry",), ("ask_account",)),
}
ANSWERING = frozenset(  # what the other side asked for is answered by these, though the case stays where it is
    {"object", "revise_inspection", "give_account", "decline_account", "deny_arrival", "show_payment", "doubt_payment"}
)
_IN_MEDIATION = (("accept_offer", "submit_evidence"), ("decline_offer",))


def list_choices(view: ViewFacts, open_now: Sequence[Step], result: Result | None) -> list[Choice]:
    """At most two of the steps that ``open_now`` names, each with what it means."""
    case = view.case
    pair = _IN_MEDIATION if case.escalated else _PAIRS.get((view.side, case.state), ((), ()))
    found = []
    for names in pair:
        by_name = {step.name: step for step in open_now}
        name = next((name for name in names if name in by_name), None)
        if name is not None:
            step = by_name[name]
            found.append(Choice(step, _name_button(view, step), tell_consequence(view, step, result)))
    return found


def _name_button(view: ViewFacts, step: Step) -> str:
    """What a choice is called on the case's page."""
    if step.name == "give_account" and find_used_account(view) is not None:
        return "重新填写收款账户"
    return _BUTTONS.get(step.name, step.button)


def find_used_account(view: ViewFacts) -> BankAccount | None:
    """The buyer's account to which a payment didn't go through, so that they may give another."""
    return next((row for row in view.accounts if row.erased_at is None and row.entry_state == "failed"), None)


_BUTTONS = {"pay": "去补差价"}  # on the case's page: it leads to a form


def tell_consequence(view: ViewFacts, step: Step, result: Result | None) -> str:
    """What taking this step means, in units and money; "" where its button says it all."""
    name = step.name
    if name.startswith("accept_result"):
        return tell_of_result(view, step, result)
    if name.startswith("accept") and view.case.state == State.PROPOSED:
        waiting = view.proposals[0]
        outcome = proposals.work_out_outcome(view.case, proposals.read_terms(waiting), waiting.difference_fen)
        return f"{told.tell_terms(outcome, view.side)}{_tell_dropped(view)}。接受后方案不能再改"
    if name == "confirm":
        owed = sum(entry.amount_fen for entry in view.entries if entry.state in ("due", "waiting", "failed"))
        then = f"商家还要付清 {money_text(owed)} 元" if owed else f"{view.kind}完成"
        if view.case.freight_claim == "open" and not owed:
            then = "等待商家答复您报的退回运费"
        return f"确认收货后{then}，不能撤回{'' if owed else _tell_unclaimed(view)}"
    if name == "extend":
        what, span = ("寄回", "buyer_return") if view.case.state == State.RETURNING else ("收货", "buyer_confirm")
        return f"{what}期限延长 {lengths.describe_deadline(f'{span}_extension')}，只能延长一次"
    if name == "object":
        within = f"写明哪里不对，提交后 {lengths.describe_deadline('inspection_dispute')}内由商家复核"
        late = words.OBJECTED_LATE[0] if not view.case.freight_claim else "商家不改的话，可以申请平台介入"
        return f"{within}；{late}"
    if name == "convert_refund" and step.target == State.REFUNDING:
        return "不再换货，改为退款，商品数量转到新的售后单；您登记的补差价留在本单，商家确认收到后退还"
    if name == "convert_refund":
        return f"不再{view.kind}，改为退款，商品数量转到新的售后单"
    if name == "refund_arrived" and view.case.freight_claim == "open":
        return "确认到账后等待商家答复您报的退回运费，不能撤回"
    if name == "refund_arrived" and not view.case.freight_claim:
        return f"{_THEN[name]}{_tell_unclaimed(view)}"
    if name == "give_account" and (used := find_used_account(view)) is not None:
        return f"付到尾号 {used.last4} 的账户没有成功；账户填错了的，请重新填写，原来的账户立即删除"
    if name == "pay" and view.case.payment_claim == "denied":
        return "付过的不要再付一次，先和商家核对流水号；没有付的，付款后填写新的流水号"
    if name == "deny_arrival":
        proof = (
            "提交付款凭证，或登记没有付成后重新付款"
            if is_proof_left(view, arrivals.list_objectable(view.entries, view.now))
            else "登记没有付成后重新付款，或由平台介入"
        )
        return f"{_tell_objection_term(view)}；商家须{proof}"
    if name == "doubt_payment":
        again = (
            "再次答复，或登记没有付成后重新付款"
            if is_proof_left(view, arrivals.list_doubtable(view.entries, view.now), 1)
            else "登记没有付成后重新付款，或由平台介入"
        )
        return f"{_tell_doubt_term(view)}；商家须{again}"
    return _THEN.get(name, "")


def _tell_unclaimed(view: ViewFacts) -> str:
    """That freight which the buyer advanced has to be claimed before the case ends; "" where none can be."""
    return f"；{_CLAIM_NOW}" if _may_claim(view) else ""


def _may_claim(view: ViewFacts) -> bool:
    return any(step.name == "claim_freight" and refusal is None for step, refusal in view.actions)


_CLAIM_NOW = "垫付过退回运费的，请先点「报退回运费」，售后结束后不能再报"
_ENDED_BY_OTHERS = frozenset({State.REFUNDING, State.REFUND_FAILED})
_ENDED_BY_A_REFUND = frozenset({State.INSPECTING, State.DISPUTED})


def tell_of_freight(view: ViewFacts) -> str:
    """That the shop's payment, or the clock, ends the case and with it what the buyer could claim for the way back.

    No step of the buyer's stands before that end, so that the card says it by itself from the parcel on.
    """
    case = view.case
    refund = case.type == CaseType.RETURN_REFUND and case.state in _ENDED_BY_A_REFUND
    if view.side is not Actor.BUYER or not (refund or case.state in _ENDED_BY_OTHERS) or not _may_claim(view):
        return ""
    ending = (
        {"accept_result_none"} if case.freight_claim or case.escalated else {"accept_result_none", "refund_arrived"}
    )
    if any(step.name in ending and refusal is None for step, refusal in view.actions):
        return ""  # which says it itself
    if case.freight_claim:  # the shop said no
        return "不认可商家对退回运费的答复，可以再报一次或申请平台介入，售后结束后不能再报"
    left = [entry.state for entry in view.entries if entry.state != "cancelled"]
    once = (
        left in ([], ["due"]) and case.state != State.DISPUTED
    )  # nothing else is to be paid, or was called into doubt
    return f"{_CLAIM_NOW}；商家登记退款后售后就结束" if once else _CLAIM_NOW


def _tell_doubt_term(view: ViewFacts) -> str:
    """Until when the buyer can doubt the proof of a payment; of several, the first that ends."""
    found = [entry.arrival_at for entry in arrivals.list_doubtable(view.entries, view.now) if entry.arrival_at]
    if not found:
        return "看过凭证仍没有收到时提出"
    return f"看过凭证仍没有收到，请在 {words.end(min(found) + lengths.get_deadline('arrival_objection'))} 前提出"


def _tell_objection_term(view: ViewFacts) -> str:
    """Until when the buyer can say that a payment hasn't arrived; of several, the first that ends."""
    objectable = arrivals.list_objectable(view.entries, view.now)
    found = [entry.settled_at for entry in objectable if entry.settled_at is not None]
    if not found:
        return "没有收到时提出"
    until = words.end(min(found) + lengths.get_deadline("arrival_objection"))
    return f"没有收到请在 {until} 前提出{'（几笔款项中最早的期限）' if len(set(found)) > 1 else ''}"


def _tell_dropped(view: ViewFacts) -> str:
    """What becomes of freight that was claimed, where a case of 补发 follows: nobody answers for it there."""
    case, terms = view.case, proposals.read_terms(view.proposals[0])
    if case.freight_claim != "open" or terms.type != CaseType.REISSUE or case.type == CaseType.REISSUE:
        return ""
    whose = "您" if view.side is Actor.BUYER else "买家"
    return f"；{whose}报的退回运费 {money_text(case.freight_fen)} 元不再要求"


_THEN = {
    "claim_freight": "商家同意后列入应付给您的款项，售后照常进行；商家不同意或不答复的，可以申请平台介入",
    "decline": "方案作废，由商家继续处理提出方案之前的那一步；也可以提出自己的方案",
    "modify": "修改后重新提交，商家再审核",
    "nudge": "给商家发一条催发货的提醒；不影响您改为退款或申请平台介入",
    "escalate": "由平台按双方的证据裁决",
    "report_problem": "写明问题并拍照，由商家处理；期间不会自动确认收货",
    "decline_account": "不影响退款，商家须用其他方式退给您",
    "give_account": "商家转账给您，账号加密保存",
    "pay": "商家确认收到后发货",
    "refund_arrived": "确认到账后售后完成，不能撤回",
    "confirm_arrival": "先在收款账户里核对；确认后不能再对这笔款项提出「未到账」",
    "replacement_defective": "不在这张售后单里处理，转为新的售后单，下一页选择希望怎么处理",
}


def tell_of_result(view: ViewFacts, step: Step, result: Result | None) -> str:
    """What accepting an inspection's result means: what is exchanged or refunded, and what becomes of the rest."""
    case = view.case
    passed = say_units((row.passed, row.unit) for row in result.rows) if result else ""
    rest = tell_of_rest(result)
    if step.name == "accept_result_none":
        dropped = f"，也不再要求商家付您报的退回运费 {money_text(case.freight_fen)} 元"
        claim = dropped if case.freight_claim == "open" else ""
        return f"没有商品通过验货，申请关闭，不能撤回{claim}{rest}{_tell_unclaimed(view)}"
    if case.type == CaseType.RETURN_REFUND:
        return f"按通过的 {passed}退款 {money_text(expected.expect_refund(case))} 元，不能撤回{rest}"
    fen = expected.expect_difference(case)
    money = f"，您补差价 {money_text(fen)} 元" if fen > 0 else f"，商家退差价 {money_text(-fen)} 元" if fen < 0 else ""
    return f"按通过的 {passed}换货{money}，不能撤回{rest}"


def tell_of_rest(result: Result | None) -> str:
    """What becomes of the units that came and didn't pass."""
    failed = say_units((row.failed, row.unit) for row in result.rows if row.failed) if result else ""
    return f"；未通过的 {failed}由商家在 {lengths.describe_deadline('send_back')}内寄回给您" if failed else ""


def say_units(units: Iterable[tuple[int, str]]) -> str:
    """Quantities, thousandths, with their units, added up where they share one: 12 双、3 米."""
    added: dict[str, int] = {}
    for milli, unit in units:
        added[unit] = added.get(unit, 0) + milli
    return "、".join(f"{quantity_text(milli)} {unit}".strip() for unit, milli in added.items())
