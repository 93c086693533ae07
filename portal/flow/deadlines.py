"""The deadlines by name, and when the clock acts next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from portal.flow.facts import Facts
from portal.flow.kinds import FINAL, Stage, State

# Natural time, counted from entering the state unless ``due`` says otherwise. Each can be set: PORTAL_DEADLINES.
DEADLINES: dict[str, timedelta] = {
    "seller_response": timedelta(hours=48),
    "buyer_modify": timedelta(days=7),
    "buyer_return": timedelta(days=7),
    "buyer_return_extension": timedelta(days=3),
    "seller_receive": timedelta(days=10),  # from the buyer's shipping
    "seller_receive_slow": timedelta(days=30),  # 专线 and 平邮
    "seller_receive_signed": timedelta(days=3),  # from the carrier's 签收, if earlier
    "inspection_dispute": timedelta(hours=72),
    "proposal_answer": timedelta(hours=72),
    "counter_answer": timedelta(hours=72),
    "difference_payment": timedelta(hours=72),
    "seller_reship": timedelta(hours=72),
    "seller_reship_late": timedelta(hours=72),  # after the first one ran out
    "buyer_confirm": timedelta(days=10),  # from shipping the replacement
    "buyer_confirm_slow": timedelta(days=30),
    "buyer_confirm_signed": timedelta(days=7),
    "buyer_confirm_extension": timedelta(days=7),
    "problem_answer": timedelta(hours=72),
    "refund_target": timedelta(hours=24),  # shown; the law's limit is what the clock acts on
    "refund_legal": timedelta(days=7),  # from the day the goods came back, or from the agreement to refund
    "refund_hard": timedelta(days=15),
    "mediation_evidence": timedelta(hours=48),
    "mediation_decision": timedelta(days=5),
    "least_left": timedelta(hours=24),  # when a clock that stood still goes on, at least this much is left
    "nudge_pause": timedelta(hours=24),
}


def due(state: str, facts: Facts, set_to: Mapping[str, timedelta] | None = None) -> tuple[datetime | None, str]:
    """When the present state's deadline falls and which rule says so; (None, "") when no clock runs."""
    spans = {**DEADLINES, **(set_to or {})}
    if state in FINAL:
        return None, ""
    if facts.escalated:
        rule = {Stage.EVIDENCE: "mediation_evidence", Stage.DECIDING: "mediation_decision"}.get(Stage(facts.stage))
        return ((facts.evidence_at or facts.entered_at) + spans[rule], rule) if rule else (None, "")
    end, rule = _running(state, facts, spans)
    end += facts.paused
    return (max(end, facts.not_before) if facts.not_before else end), rule


_PLAIN: dict[str, str] = {  # states whose one deadline runs from entering them
    State.APPLIED: "seller_response",
    State.REVISING: "buyer_modify",
    State.DISPUTED: "inspection_dispute",
    State.PAYING: "difference_payment",
}


def _running(state: str, facts: Facts, spans: Mapping[str, timedelta]) -> tuple[datetime, str]:
    """When the state's own clock runs out, had it never stood still."""
    start = facts.entered_at
    if rule := _PLAIN.get(state):
        return start + spans[rule], rule
    if state == State.PROPOSED:
        rule = "counter_answer" if facts.countered else "proposal_answer"
        return start + spans[rule], rule
    if state == State.RETURNING:
        more = spans["buyer_return_extension"] if facts.extended else timedelta()
        return start + spans["buyer_return"] + more + facts.granted, "buyer_return"
    if state == State.INSPECTING:
        end = (facts.back_shipped_at or start) + spans["seller_receive_slow" if facts.back_slow else "seller_receive"]
        if facts.back_signed_at:
            end = min(end, facts.back_signed_at + spans["seller_receive_signed"])
        return end, "seller_receive"
    if state == State.RESHIPPING:
        if facts.late:
            return start + spans["seller_reship"] + spans["seller_reship_late"], "seller_reship_late"
        return start + spans["seller_reship"], "seller_reship"
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
