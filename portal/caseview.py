"""What a case page shows, for both sides, in few queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal import cases, evidence, flow, reasons, tracking, words
from portal.extensions import db
from portal.flow import Actor, State, Step
from portal.models import Case, CaseEvent, CaseLine, Order, OrderLine, Parcel, ParcelTrace, Policy


def of_buyer(case_no: str, buyer_id: int) -> Case | None:
    """This buyer's case of that number."""
    return db.session.scalars(select(Case).where(Case.case_no == case_no, Case.buyer_id == buyer_id)).one_or_none()


def of_shop(case_no: str, shop_id: int) -> Case | None:
    """This shop's case of that number."""
    return db.session.scalars(select(Case).where(Case.case_no == case_no, Case.shop_id == shop_id)).one_or_none()


@dataclass
class View:
    """Everything one side's page of a case shows."""

    case: Case
    side: Actor
    order: Order
    policy: Policy
    state: str
    stage: str
    end: str
    waits_for: str
    mine: bool
    otherwise: str
    reason: str
    payer: str
    lines: Sequence[Any]
    parcels: dict[str, list[Parcel]]
    traces: dict[int, list[ParcelTrace]]
    photos: dict[int, list[Any]]
    events: Sequence[CaseEvent]
    news: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    actions: list[tuple[Step, str | None]] = field(default_factory=list)

    def said(self, event: CaseEvent) -> str:
        """The table's sentence for what happened."""
        row = (event.step, event.source, event.target)
        return self.news.get((*row, event.data.get("rule", "")), self.news.get((*row, ""), event.step))


_NEWS = {
    (step.name, str(step.source or ""), str(step.target), rule): step.news
    for step in flow.STEPS
    for rule in ("", step.after)
}


def view(case: Case, side: Actor, now: datetime) -> View:
    """Collect the page of ``case`` for ``side``."""
    order = db.session.get_one(Order, case.order_id)
    lines = db.session.execute(
        select(
            CaseLine.id, CaseLine.order_line_id, CaseLine.quantity_milli, CaseLine.received_milli,
            CaseLine.accepted_milli,
            CaseLine.shipped_milli, CaseLine.condition, CaseLine.inspection_note, CaseLine.wanted_spec, CaseLine.title,
            CaseLine.spec, CaseLine.unit, OrderLine.snapshot, OrderLine.unit_price_fen, OrderLine.cargo_no,
            OrderLine.quantity_milli.label("bought_milli"), OrderLine.claimed_milli,
        )
        .join(OrderLine, OrderLine.id == CaseLine.order_line_id)
        .where(CaseLine.case_id == case.id)
        .order_by(CaseLine.id)
    ).all()  # fmt: skip
    parcels, traces = tracking.of_case(case.id)
    legs: dict[str, list[Parcel]] = {}
    for parcel in parcels:
        legs.setdefault(parcel.leg, []).append(parcel)
    photos: dict[int, list[Any]] = {}
    for row in evidence.of_case(case.id):
        photos.setdefault(row.event_version or 0, []).append(row)
    events = db.session.scalars(
        select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.version.desc())
    ).all()
    waits = flow.WAITS_FOR[State(case.state)]
    if case.problem_open:
        waits = Actor.SELLER
    return View(
        case=case,
        side=side,
        order=order,
        policy=db.session.get_one(Policy, case.policy_id),
        state=words.STATE[case.state],
        stage=flow.STAGE_OF[State(case.state)],
        end="done" if case.state == State.COMPLETED else "stop" if case.state in flow.FINAL else "",
        waits_for=words.ACTOR[waits] if waits else "",
        mine=waits == side,
        otherwise=words.ESCALATED.get(case.state, "") if case.escalated else words.OTHERWISE.get(case.due_rule, ""),
        reason=reasons.said(case.reason),
        payer=words.PAYER[case.freight_payer],
        lines=lines,
        parcels=legs,
        traces=traces,
        photos=photos,
        events=events,
        news=_NEWS,
        actions=actions(case, side, now),
    )


def actions(case: Case, side: Actor, now: datetime) -> list[tuple[Step, str | None]]:
    """The steps with a button for this side, each with the sentence that says why not yet (None: it can be taken)."""
    open_now = [step for step in flow.open_steps(case.type, case.state, side) if step.button]
    if not open_now:
        return []
    facts = cases.facts(case, now)
    return [(step, flow.unmet(step, facts)) for step in open_now]


def condition(condition_id: str) -> str:
    """A condition in words."""
    found = reasons.condition(condition_id)
    return found.zh if found else ""
