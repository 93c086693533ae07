"""When the clock acts next, and when people are reminded before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from portal.flow.facts import Facts
from portal.flow.kinds import FINAL, Stage, State
from portal.flow.spans import DEADLINES


def due(state: str, facts: Facts, set_to: Mapping[str, timedelta] | None = None) -> tuple[datetime | None, str]:
    """When the present state's deadline falls and which rule says so; (None, "") when no clock runs."""
    spans = {**DEADLINES, **(set_to or {})}
    if state in FINAL:
        return None, ""
    if facts.escalated and facts.stage == Stage.UNFULFILLED:
        return _awaited(state, facts, spans)
    if facts.escalated:
        rule = _OF_STAGE[Stage(facts.stage)] if not facts.passed_on else "mediation_rule"
        return (facts.evidence_at or facts.entered_at) + spans[rule], rule
    end, rule = _running(state, facts, spans)
    end += facts.paused
    return (max(end, facts.not_before) if facts.not_before else end), rule


_OF_STAGE: dict[Stage, str] = {
    Stage.EVIDENCE: "mediation_evidence",
    Stage.DECIDING: "mediation_decision",
    Stage.OVERDUE: "mediation_second",
}
_PLAIN: dict[str, str] = {  # states whose one deadline runs from entering them
    State.APPLIED: "seller_response",
    State.DISPUTED: "inspection_dispute",
    State.PAYING: "difference_payment",
}


def _awaited(state: str, facts: Facts, spans: Mapping[str, timedelta]) -> tuple[datetime | None, str]:
    """What the rule found owed waits for whoever owes it; only proof of payment can be left unanswered too long."""
    end, rule = _running(state, facts, spans)
    if rule not in ("arrival_objection", "difference_objection"):
        return None, ""
    return (max(end, facts.not_before) if facts.not_before else end), rule


def _running(state: str, facts: Facts, spans: Mapping[str, timedelta]) -> tuple[datetime, str]:
    """When the state's own clock runs out, had it never stood still."""
    start = facts.entered_at
    if rule := _PLAIN.get(state):
        return start + spans[rule], rule
    if state == State.REVISING:
        rule = "refusal_answer" if facts.refused else "buyer_modify"
        return start + spans[rule], rule
    if state == State.PROPOSED:
        rule = "counter_answer" if facts.countered else "proposal_answer"
        return start + spans[rule], rule
    if state == State.RETURNING and facts.places_waiting:
        return start + spans["return_place"], "return_place"
    if state == State.RETURNING:
        rule = "buyer_return_rest" if facts.parcels_back else "buyer_return"
        more = spans["buyer_return_extension"] if facts.extended else timedelta()
        return start + max(spans["buyer_return"], spans[rule]) + more + facts.granted, rule
    if state == State.INSPECTING:
        end = (facts.back_shipped_at or start) + spans["seller_receive_slow" if facts.back_slow else "seller_receive"]
        if facts.back_signed_at:
            end = min(end, facts.back_signed_at + spans["seller_receive_signed"])
        return end, "seller_receive"
    if state == State.RESHIPPING:
        if facts.late:
            return start + spans["seller_reship"] + spans["seller_reship_late"], "seller_reship_late"
        return start + spans["seller_reship"], "seller_reship"
    if state == State.REFUNDING and facts.converted and not facts.open_entries:
        if facts.payment_declared:
            return start + spans["difference_answer"], "difference_answer"
        if facts.payment_claim == "denied":
            return (facts.claimed_at or start) + spans["difference_objection"], "difference_objection"
    if facts.claimed_at and state == State.REFUNDING and facts.open_entries == facts.contested_entries:
        rule = "arrival_objection" if facts.payment_claim == "shown" else "arrival_answer"
        return facts.claimed_at + spans[rule], rule
    if state in (State.REFUNDING, State.REFUND_FAILED):
        start = facts.owed_since or start
        end = (facts.back_signed_at or start) + spans["refund_legal"]
        return max(end, start + spans["least_left"]), "refund_legal"
    if facts.problem_open:
        return start + spans["problem_answer"], "problem_answer"
    end = (facts.out_shipped_at or start) + spans["buyer_confirm_slow" if facts.out_slow else "buyer_confirm"]
    if facts.out_signed_at:
        end = min(end, facts.out_signed_at + spans["buyer_confirm_signed"])
    return end + (spans["buyer_confirm_extension"] if facts.extended else timedelta()), "buyer_confirm"


def reminders(start: datetime, end: datetime) -> list[datetime]:
    """When the one who must act is reminded: at half time and at 90 %, and 72, 24 and 2 hours before the end."""
    span = end - start
    moments = {start + span / 2, start + span * 0.9}
    moments |= {end - timedelta(hours=h) for h in (72, 24, 2)}
    return sorted(moment for moment in moments if start < moment < end)
