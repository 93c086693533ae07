"""The rule that decides where no mediator did in time: what it says of a case, and from when on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from portal import flow
from portal.calendar.lengths import get_deadline
from portal.cases.mediation_rows import find_mediation
from portal.extensions import Moment, db
from portal.flow import CaseType, Facts, Stage, State
from portal.inputs import money_text
from portal.models import Case, CaseEvent, CaseLine
from portal.money import exchanged, worth
from portal.rights import policies
from portal.rights.reasons import reason

_LEFT = {  # the deadlines that follow the present one, by stage
    Stage.EVIDENCE: ("mediation_decision", "mediation_second", "mediation_rule"),
    Stage.DECIDING: ("mediation_second", "mediation_rule"),
    Stage.OVERDUE: ("mediation_rule",),
}


INSPECTED = (State.PAYING, State.RESHIPPING, State.CONFIRMING)  # only what was accepted is still owed


def find_most_decidable(case: Case, lines: Sequence[CaseLine] | None = None) -> int:
    """The most that decide_refund can award, 分: what the units that the refund is about are worth."""
    return worth.add_up(exchanged.work_out_ended(case, list_decidable(case, lines)))


def find_awarded(case: Case) -> int:
    """What the rule gives back where it decides on money, 分: the sum that was agreed or asked for, or all there is."""
    return worth.agree_on(exchanged.work_out_ended(case, list_decidable(case)), case.refund_fen or None)


def list_decidable(case: Case, lines: Sequence[CaseLine] | None = None) -> list[tuple[int, int]]:
    """The units that a decision on money is about: what was accepted of an exchange, else all that was asked for.

    ``lines``: those of the case, for a caller that has them already.
    """
    accepted = case.type == CaseType.EXCHANGE and case.state in INSPECTED
    if lines is None:
        return worth.list_units(case, accepted=accepted)
    units = ((line.order_line_id, line.accepted_milli if accepted else line.quantity_milli) for line in lines)
    return sorted((line_id, milli) for line_id, milli in units if milli)


def add_ruling(case: Case, facts: Facts, lines: Sequence[CaseLine] | None = None) -> Facts:
    """The same facts, with the decision that the rule makes by them; ``lines``: as for list_decidable."""
    known = reason(case.reason)
    ground = "none" if known is None or case.negotiated else str(known.ground)
    found = exchanged.work_out_ended(case, list_decidable(case, lines))
    called_at = find_mediation(case).escalated_at
    full = replace(
        facts,
        **_weigh_claim(case, facts),
        problem_stands=facts.problem_open and (called_at is None or facts.entered_at <= called_at),
        waybill_late=case.state == State.INSPECTING and is_waybill_late(case),
        favours=str(flow.FAVOURED[ground]),
        received_milli=_count_received(case) if lines is None else sum(line.received_milli or 0 for line in lines),
        decidable_fen=worth.add_up(found),
        awarded_fen=worth.agree_on(found, case.refund_fen or None),
        has_default_address=policies.get_default_address(case.shop_id) is not None,
    )
    return replace(full, ruling=flow.find_ruling(case.type, case.state, full))


def is_waybill_late(case: Case) -> bool:
    """Whether the waybill of what went back was changed after the platform was called into this case."""
    asked = {"case_id": case.id, "shop_id": case.shop_id, "since": find_mediation(case).escalated_at}
    return asked["since"] is not None and db.session.scalar(_CORRECTED, asked) is not None


_CORRECTED = (
    select(CaseEvent.id)
    .where(
        CaseEvent.case_id == bindparam("case_id"),
        CaseEvent.shop_id == bindparam("shop_id"),
        CaseEvent.step == "edit_parcel",
        CaseEvent.at >= bindparam("since", type_=Moment()),
    )
    .limit(1)
)


def _weigh_claim(case: Case, facts: Facts) -> dict[str, Any]:
    """What the rule makes of 未到账: whether the proof of the payment stands, or there wasn't the time to show any."""
    if not facts.contested_entries:
        return {}
    end, to_doubt = _find_end(case, facts), facts.span("arrival_objection")
    shown_at = facts.claimed_at if facts.payment_claim == "shown" else None
    denied_at = db.session.scalar(_DENIED_AT, {"case_id": case.id, "shop_id": case.shop_id})
    return {
        "proof_stands": shown_at is not None and shown_at + to_doubt <= end,
        "claim_late": denied_at is not None and denied_at + facts.span("arrival_answer") + to_doubt > end,
    }


_DENIED_AT = select(func.max(CaseEvent.at)).where(
    CaseEvent.case_id == bindparam("case_id"),
    CaseEvent.shop_id == bindparam("shop_id"),
    CaseEvent.step == "deny_arrival",
)


def _count_received(case: Case) -> int:
    """What the shop received of a case, thousandths."""
    received = select(func.sum(CaseLine.received_milli)).where(
        CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id
    )
    return int(db.session.scalar(received) or 0)


def describe_ruling(case: Case, facts: Facts, lines: Sequence[CaseLine]) -> tuple[datetime, str]:
    """From when on the rule decides, and what it would decide as things stand, in the words of its button.

    ``lines``: those of the case.
    """
    full = facts if facts.passed_on else add_ruling(case, facts, lines)  # passed on: they have it already
    step = flow.find(case.type, case.state, flow.Actor.MEDIATOR, full.ruling)
    return _find_end(case, facts), step.button + _describe_award(case, full)


def _find_end(case: Any, facts: Facts) -> datetime:
    """From when on the rule decides, unless the mediation is prolonged."""
    until: datetime = case.due_at
    for rule in () if facts.passed_on else _LEFT[Stage(case.stage)]:
        until += get_deadline(rule)
    return until


def _describe_award(case: Case, facts: Facts) -> str:
    """The money that a ruling brings the buyer: what was agreed, where less than all was."""
    if facts.ruling == "decide_refund":
        return f" {money_text(facts.awarded_fen)} 元"
    if facts.ruling == "decide_return" and case.type == CaseType.RETURN_REFUND and facts.awarded_fen:
        return f"，全部验货通过后退款 {money_text(facts.awarded_fen)} 元"
    if facts.ruling == "decide_continue" and case.state in flow.OWED and facts.open_entries > facts.contested_entries:
        return "，商家仍须付清款项"
    return ""
