"""While the platform is in a case one side does whatever it can, the other nothing: from each state, at each stage."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal import doctor, flow
from portal.cases import case_facts, taking
from portal.cases.effects.step_context import hand_in_type
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, State, StepRefused
from portal.models import Case, CaseEvent, MoneyEntry, Order
from portal.orders import ledger
from tests.cast import Cast
from tests.property.test_life import Life

STAGES = ("evidence", "deciding", "overdue")
PLACES = [
    (state, kind)
    for kind in CaseType
    for state in dict.fromkeys(step.source for step in flow.OVERLAY if kind in step.types)
    if state is not None
]
MOST_STEPS = 6


class Alone(Life):
    """The same people, and one case brought to where it is to be."""

    def start(self, cast: Cast, state: State, kind: CaseType, stage: str, side: Actor) -> int:
        """The id of a case that this side called the platform into."""
        self.cast, self.at = cast, cast.now
        order = cast.order(milli=10_000)
        self.order_id = order.id
        case = cast.until(state, case_type=kind, order=order)
        return cast.mediated(case, stage, str(side)).id

    def act(self, chance: random.Random, case_id: int, side: Actor) -> str:  # type: ignore[override]
        """One step of this side's that is open, offered where it can't be taken alone; its name, "" for none."""
        db.session.rollback()
        case = self._last_of(case_id)
        facts = case_facts.collect_facts(case, self.at)
        rows = [
            step.name
            for step in flow.open_steps(case.type, case.state, side)
            if flow.unmet(step, facts) is None
            or flow.find_offered(case.type, case.state, side, step.name, facts) is not None
        ]
        names = [name for name in dict.fromkeys(rows) if name != "offer_step"]
        if not names:
            return ""
        name = chance.choice(names)
        given = self._facts(case, name, chance.randrange(1_000), case.quantity_milli)
        offered = flow.find_offered(case.type, case.state, side, name, facts) is not None
        try:
            with writing():
                if offered:  # nothing comes of it yet
                    handed = hand_in_type(name)(**given)
                    taking.take(case.id, name, by=self._by(side), now=self.at, handed=handed)
                else:
                    self._take(case, name, side, given)
        except (StepRefused, ledger.NotEnough):
            db.session.rollback()
        return name

    def is_paid_once(self) -> None:
        """No payment twice, and no more than was paid for the order."""
        order = db.session.get_one(Order, self.order_id)
        settled = select(func.coalesce(func.sum(MoneyEntry.amount_fen), 0)).where(
            MoneyEntry.order_id == self.order_id,
            MoneyEntry.state == "settled",
            MoneyEntry.kind.in_(("refund", "difference_back")),
        )
        assert (db.session.scalar(settled) or 0) <= order.paid_fen
        keys = db.session.scalars(select(MoneyEntry.key).where(MoneyEntry.order_id == self.order_id)).all()
        assert len(keys) == len(set(keys))


@pytest.mark.parametrize("side", [Actor.BUYER, Actor.SELLER])
@pytest.mark.parametrize(("state", "kind"), PLACES)
def test_one_side_alone_leaves_the_other_a_way(cast: Cast, state: State, kind: CaseType, side: Actor) -> None:
    other = Actor.SELLER if side is Actor.BUYER else Actor.BUYER
    for stage in random.Random(f"{state} {kind} {side}").sample(STAGES, 1):
        life, chance = Alone(), random.Random(f"{state} {kind} {side} {stage}")
        case_id = life.start(cast, state, kind, stage, side)
        for _ in range(MOST_STEPS):
            if not life.act(chance, case_id, side):
                break
            life._check_way(life._last_of(case_id), other)
            life.is_paid_once()
            life.at += timedelta(hours=chance.randrange(9))
        db.session.rollback()
        first = db.session.get_one(Case, case_id)
        by_other = select(func.count()).where(CaseEvent.case_id == case_id, CaseEvent.actor == str(other))
        _check_not_decided_alone(first, side)
        assert db.session.scalar(by_other) is not None
    said = [line for finding in doctor.findings() for line in finding if "does not follow" not in line]
    assert not said


def _check_not_decided_alone(case: Case, side: Actor) -> None:
    """Of what one side did while the platform was in it only what settles it moved the case."""
    events = db.session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.version)).all()
    free = flow.table.SETTLING | {"withdraw", "withdraw_mediation", "refund_ok"}
    ends = free | {"accept_offer", "decide_unpaid"}
    if not any(event.step in ends for event in events[-MOST_STEPS:]):
        assert case.escalated, [event.step for event in events[-MOST_STEPS:]]
    inside = False
    for event in events[-MOST_STEPS:]:
        inside = inside or event.step in ("submit_evidence", "offer_step")
        if event.step in ("withdraw_mediation", "accept_offer") or event.source != event.target:
            if inside and event.actor == str(side) and event.step != "withdraw_mediation":
                assert event.step in free, (event.step, case.state)
            inside = False
