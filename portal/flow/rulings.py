"""What the rule decides where no mediator did in time. Pure; both sides are told from the beginning of a mediation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portal.flow.facts import Facts
from portal.flow.kinds import Actor, CaseType, State

# Whom the rule favours, by the ground of the application, before anything was sent back.
FAVOURED: Final[Mapping[str, Actor]] = {
    "quality": Actor.BUYER,
    "shipping": Actor.BUYER,
    "absent": Actor.BUYER,
    "unshipped": Actor.BUYER,
    "promise": Actor.BUYER,
    "no_reason": Actor.BUYER,
    "ordering": Actor.SELLER,  # no right to it, only the seller's own yes
    "special": Actor.SELLER,
    "none": Actor.SELLER,
}


def find_ruling(case_type: str, state: str, facts: Facts) -> str:
    """The name of the decision that the rule makes in this state, with what is known of goods and money."""
    claimed = facts.freight_claim == "open"  # whose answer the case waits for, too
    if facts.contested_entries:
        if facts.payment_claim == "missing" or not facts.proof_stands:  # proof counts once nobody doubted it in time
            return "decide_continue" if facts.claim_late else "decide_unpaid"
        alone = state == State.REFUNDING and facts.open_entries == facts.contested_entries
        return "decide_complete" if alone and not claimed else "decide_continue"
    for_buyer = facts.favours == Actor.BUYER
    if state in (State.APPLIED, State.REVISING):
        return _of_application(case_type, facts) if for_buyer else "decide_close"
    if state in (State.INSPECTING, State.DISPUTED):  # what came back and wasn't shown to be bad is good
        came = facts.received_milli if state == State.DISPUTED else facts.back_traced or facts.back_signed_at
        if not came:
            return "decide_close"
        if state == State.INSPECTING and facts.waybill_late:  # by its sender alone: the shop looks for it first
            return "decide_continue"
        return "decide_reship" if case_type == CaseType.EXCHANGE else _refund(facts)
    if state == State.RESHIPPING:  # not sent until now: the money
        return _refund(facts)
    if state == State.CONFIRMING:
        if facts.out_signed_at is None or (facts.problem_stands and for_buyer):
            return _refund(facts)
        return "decide_continue" if facts.open_entries or claimed else "decide_complete"
    if state == State.REFUNDING and facts.payment_declared:
        return "decide_continue"  # the shop has still to say whether the difference came
    if state == State.REFUNDING and not facts.open_entries and not claimed:
        return "decide_complete"
    return "decide_continue"  # the money stays owed, the payment of a difference stays to be shown


def _of_application(case_type: str, facts: Facts) -> str:
    if case_type == CaseType.REISSUE:
        return "decide_reship"
    if case_type != CaseType.REFUND_ONLY and facts.has_default_address:
        return "decide_return"
    if case_type == CaseType.EXCHANGE:
        return "decide_reship"
    return "decide_refund" if facts.decidable_fen else "decide_close"


def _refund(facts: Facts) -> str:
    return "decide_refund" if facts.decidable_fen else "decide_continue"
