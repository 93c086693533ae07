"""The last 平台介入 of a case as its pages tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.cases import mediation_queue
from portal.cases.arbitration import Burden, burden_of_proof
from portal.cases.mediation_rows import find_mediation
from portal.flow import Actor
from portal.models import Case, CaseEvent
from portal.rights import phrases


@dataclass(frozen=True)
class MediationView:
    """The case's last 平台介入: how it began, what both sides handed in, how it ended. ``open``: it hasn't."""

    open: bool
    opened: CaseEvent
    because: str  # why it was asked for, in words; "" when the clock called for it
    wish: str
    said: tuple[CaseEvent, ...]  # the events by which the sides were heard, the oldest first
    asked: CaseEvent | None  # the mediator's event that asked for more evidence
    ended: CaseEvent | None  # the event that ended it
    decision: CaseEvent | None  # the same, when the platform decided
    heard: frozenset[str]  # the sides heard in the present round
    evidence_round: int
    passed_on: bool  # to another mediator
    burden: Burden

    def of(self, side: str) -> list[CaseEvent]:
        """What one side handed in."""
        return [event for event in self.said if event.actor == side]


def describe_mediation(case: Case, events: Sequence[CaseEvent]) -> MediationView | None:
    """The last mediation in a case's history (``events``: the newest first); None: there never was one."""
    opened = next((event for event in events if event.step in mediation_queue.OPENING), None)
    if opened is None:
        return None
    said: list[CaseEvent] = [opened] if opened.actor != Actor.CLOCK else []
    asked = ended = reported = None
    for event in reversed([event for event in events if event.version > opened.version]):
        if event.step == "submit_evidence":
            said.append(event)
        elif event.step == "more_evidence":
            asked = event
        elif event.step == "report_problem":
            reported = event
        elif event.step in _ENDING or event.source != event.target:
            ended = event
            break
    if ended is None and not case.escalated:  # what was listed as not fulfilled goes on by it
        ended = reported
    data, standing = opened.data, find_mediation(case)
    return MediationView(
        open=case.escalated,
        opened=opened,
        because=phrases.name_intervention(data.get("because", ""), case.type),
        wish=data.get("wish", ""),
        said=tuple(said),
        asked=asked,
        ended=ended,
        decision=ended if ended is not None and ended.step.startswith("decide_") else None,
        heard=frozenset(side for side in standing.heard.split(",") if side),
        evidence_round=standing.evidence_round,
        passed_on=standing.first_mediator_id is not None,
        burden=burden_of_proof(
            case.reason,
            case.type,
            opened.target,
            because=data.get("because", ""),
            asked_by=opened.actor,
            goods_state=case.goods_state,
            unanswered=bool(case.origin.get("unanswered")),
        ),
    )


# without a change of state
_ENDING = frozenset({"withdraw_mediation", "decide_continue", "decide_unpaid", "decide_paid", "accept_offer"})
