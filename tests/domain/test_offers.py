"""While the platform is in a case, what one side would do is offered to the other: a table of every step and stage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal import doctor, flow
from portal.cases.effects.hand_ins import InspectedLine, RequestedLine
from portal.cases.offers import pack, unpack
from portal.extensions import db
from portal.flow import Actor, CaseType, StepRefused
from portal.flow.table import NOT_OFFERED, SETTLING
from portal.models import Case, CaseEvent, CaseLine, Notice
from tests.cast import Cast
from tests.conftest import NOW

BUYER, SELLER = Actor.BUYER, Actor.SELLER
HOUR = timedelta(hours=1)
OTHER = {BUYER: SELLER, SELLER: BUYER}
MEDIATED = {row.source for row in flow.OVERLAY}
STAGES = ("evidence", "deciding", "overdue")
TABLE = [
    (step, kind, stage)
    for step in flow.STEPS
    if step.actor in (BUYER, SELLER) and step.source in MEDIATED
    for kind in sorted(step.types)
    for stage in STAGES
]


def healthy() -> bool:
    db.session.rollback()
    return not [finding for finding in doctor.findings() if finding and "does not follow" not in finding[0]]


def facts_at(stage: str, asked_by: str, **more: Any) -> flow.Facts:
    return flow.Facts(entered_at=NOW, now=NOW + HOUR, escalated=True, stage=stage, asked_by=asked_by, **more)


@pytest.mark.parametrize("asked_by", ["buyer", "seller", "clock"])
def test_every_step_and_stage_is_offered_allowed_or_refused_with_its_sentence(asked_by: str) -> None:
    """Allowed: it stays, settles, or is the caller's own. Offered: nothing else is against it. Else a sentence."""
    seen = {"offered": 0, "allowed": 0, "refused": 0}
    for step, kind, stage in TABLE:
        facts = facts_at(stage, asked_by)
        free = step._replace(needs=tuple(n for n in step.needs if n not in ("undisputed", "caller_withdraws")))
        guarded = free.needs != step.needs
        offered = flow.find_offered(kind, str(step.source), step.actor, step.name, facts)
        why = flow.unmet(step, facts)
        if why is None:
            seen["allowed"] += 1
            moves = step.target != step.source and {step.source, step.target} != flow.OWED
            own = (step.name == "withdraw" and asked_by == "buyer") or (
                step.name == "withdraw_mediation" and step.actor == asked_by  # nothing is owed any more
            )
            assert not moves or step.name in SETTLING or own, step
        elif offered is not None:
            seen["offered"] += 1
            assert (guarded and flow.unmet(free, facts) is None) or offered is not step
        else:
            seen["refused"] += 1
            assert why and not (guarded and flow.unmet(free, facts) is None and step.name not in NOT_OFFERED), step
    assert all(seen.values())


OFFERS: list[tuple[str, str, Actor, dict[str, Any]]] = [
    ("revising", "modify", BUYER, {"description": "只换一双"}),
    ("revising", "withdraw", BUYER, {}),
    ("inspecting", "propose", SELLER, {"terms": {}}),
    ("inspecting", "dispute_goods", SELLER, {"dispute": 1_000}),
    ("reshipping", "ship_replacement", SELLER, {"ship": True, "parcels": [("ZTO", "75484863576596")]}),
]


def offered(cast: Cast, state: str, name: str, side: Actor, values: dict[str, Any]) -> Case:
    asked = "seller" if name == "withdraw" else "buyer"
    case = cast.mediated(cast.until(state), "deciding", asked)
    return cast.take(case, name, side, cast.now + HOUR, **cast._facts_of(case, dict(values), cast.now))


@pytest.mark.parametrize(("state", "name", "side", "values"), OFFERS)
def test_it_is_offered_and_changes_nothing_until_the_other_side_accepts(
    cast_both: Cast, state: str, name: str, side: Actor, values: dict[str, Any]
) -> None:
    cast = cast_both
    case = offered(cast, state, name, side, values)
    assert (case.state, case.stage, case.offered_by) == (state, "deciding", str(side))
    told = cast.seller if side is BUYER else cast.buyer
    assert db.session.scalar(select(Notice.id).where(Notice.kind == "offer_step", Notice.user_id == told))
    with pytest.raises(StepRefused):
        cast.take(case, "accept_offer", side, cast.now + HOUR)  # not by oneself
    db.session.rollback()
    case = cast.take(db.session.get_one(Case, case.id), "accept_offer", OTHER[side], cast.now + 2 * HOUR)
    assert not case.escalated and case.offered_by == "" and case.offered_version is None
    events = db.session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)).all()
    assert [(event.step, event.actor) for event in events[-3:]] == [
        ("offer_step", str(side)),
        ("accept_offer", str(OTHER[side])),
        (name, str(side)),
    ]
    assert healthy()


def test_declined_or_taken_back_it_stays_with_the_platform(cast_both: Cast) -> None:
    cast = cast_both
    case = offered(cast, *OFFERS[0])
    case = cast.take(case, "decline_offer", SELLER, cast.now + 2 * HOUR)
    assert (case.escalated, case.state, case.offered_by) == (True, "revising", "")
    case = cast.take(case, "modify", BUYER, cast.now + 3 * HOUR, description="再改")
    case = cast.take(case, "withdraw_offer", BUYER, cast.now + 4 * HOUR)
    with pytest.raises(StepRefused, match="没有待答复的提议"):
        cast.take(case, "accept_offer", SELLER, cast.now + 5 * HOUR)
    assert healthy()


def test_what_could_not_be_carried_out_is_not_offered(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.mediated(cast.until("inspecting"))
    with pytest.raises(StepRefused, match="请填写方案"):
        cast.take(case, "propose", SELLER, cast.now + HOUR)
    db.session.rollback()
    assert db.session.get_one(Case, case.id).offered_by == ""


def test_a_decision_ends_the_offer(cast: Cast) -> None:
    case = offered(cast, *OFFERS[0])
    case = cast.take(case, "decide_close", Actor.MEDIATOR, cast.now + 2 * HOUR, note="凭证不足")
    assert (case.state, case.offered_by, case.offered_version) == ("closed", "", None)


def test_what_was_handed_in_comes_back_as_it_was(cast: Cast) -> None:
    from portal.cases.effects import hand_ins

    line = db.session.scalars(select(CaseLine).where(CaseLine.case_id == cast.until("applied").id)).one()
    case = db.session.get_one(Case, line.case_id)
    handed = [
        ("modify", hand_ins.Modification(wanted=(RequestedLine(line.order_line_id, 1_000),), description="x")),
        ("dispute_goods", hand_ins.Inspection(counted=(InspectedLine(line.id, 2_000, 0, "short"),), photos=("a",))),
        ("propose", hand_ins.Offer(terms=cast.terms(case, type="refund_only"))),
        ("ship_replacement", hand_ins.Shipment(parcels=(("ZTO", "1"),), shipped={line.id: 5})),
    ]
    for name, each in handed:
        assert unpack(name, pack(each)) == each, CaseType
