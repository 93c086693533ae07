"""铺货 at random: whatever three parties and a mediator do, both cases end, nobody pays twice, all have a way."""

from __future__ import annotations

import random
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import doctor, flow, words
from portal.cases import case_facts, listening, taking
from portal.cases import clock as case_clock
from portal.cases.effects.step_context import hand_in_type
from portal.extensions import db, writing
from portal.flow import Actor, StepRefused
from portal.models import Case, CaseLink, Evidence, MoneyEntry, Order, Parcel
from portal.orders import ledger
from portal.resale import across, chain_view, parties
from portal.resale.passing import moving
from portal.tracking import scans as case_scans
from portal.tracking import unopposed
from tests.cast import Cast
from tests.domain.test_passing import Straight
from tests.property.test_life import Life

STEPS = 24
DUTIES = (  # what a shop owes in any case, and a mediator
    "retry",
    "approve_refund",
    "settle_entry",
    "refund_ok",
    "decide_complete",
    "decide_refund",
    "decide_reship",
    "decide_close",
)
SIDES = (Actor.BUYER, Actor.SELLER, Actor.MEDIATOR)


class World(Straight):
    """Two linked cases and what became of them; each seed is another life."""

    def __init__(self, cast: Cast, seed: int) -> None:
        super().__init__(cast)
        self.chance = random.Random(seed)
        self.link = db.session.scalars(select(CaseLink.id)).one()
        if seed % 4 == 0:  # the goods go by way of the distributor
            with writing():
                link = db.session.get_one(CaseLink, self.link)
                link.route_back, link.route_out = self.chance.choice(
                    [("via", "direct"), ("direct", "via"), ("via", "via")]
                )

    def cases(self) -> list[tuple[Cast, Case]]:
        """The linked cases, each with who acts in it."""
        db.session.rollback()
        link = db.session.get_one(CaseLink, self.link, populate_existing=True)
        return [(self.down, self.get(link.downstream_id)), (self.up, self.get(link.upstream_id))]

    def acts(self) -> None:
        """Somebody takes a step that is open to them, or time passes, or a carrier says something."""
        what = self.chance.random()
        if what < 0.12:
            self.now += timedelta(hours=self.chance.choice([1, 12, 25, 49, 80, 200]))
            if self.chance.random() < 0.7:
                self.sweeps()
        elif what < 0.2:
            self.says()
        else:
            self.steps()

    def sweeps(self) -> None:
        case_clock.sweep(self.now)
        unopposed.settle_due(self.now)
        moving.sweep(self.now)

    def says(self) -> None:
        query = select(Parcel.id).where(Parcel.voided_at.is_(None)).order_by(Parcel.id)
        if parcels := db.session.scalars(query).all():
            with writing():
                said = self.chance.choice(["picked", "signed", "signed", "lost"])
                parcel = self.chance.choice(parcels)
                case_scans.record_trace(parcel, at=self.now, status=said, said=said, now=self.now)

    def ready(self, cast: Cast, case: Case) -> list[flow.Step]:
        """The steps that are open to somebody in this case now."""
        facts = case_facts.collect_facts(case, self.now)
        return [
            step
            for actor in SIDES
            for step in flow.open_steps(case.type, case.state, actor)
            if flow.unmet(step, facts) is None
        ]

    def steps(self) -> None:
        cast, case = self.chance.choice(self.cases())
        ready = [step for step in self.ready(cast, case) if step.name not in ("withdraw", "decide_close")]
        if ready:
            self.tries(cast, case, self.chance.choice(ready))

    def tries(self, cast: Cast, case: Case, step: flow.Step) -> bool:
        """Take a step with facts that may or may not fit."""
        holder: Any = SimpleNamespace(cast=cast, _terms=lambda *given: Life._terms(holder, *given))
        facts = Life._facts(holder, case, step.name, self.chance.randrange(1_000), case.quantity_milli)
        if step.name == "agree" and case.id == self.below and self.chance.random() < 0.8:
            facts["direct"] = across.find_direct_address(case)
        if "reference" in facts:
            facts["reference"] = f"2026{self.chance.randrange(10**20):020d}"
        if step.name in DUTIES:
            if "entry_id" in facts:
                due = MoneyEntry.state.not_in(("settled", "cancelled"))
                owed = db.session.scalars(select(MoneyEntry.id).where(MoneyEntry.case_id == case.id, due)).all()
                facts["entry_id"] = self.chance.choice(owed) if owed else None
            if step.name in ("retry", "refund_ok", "settle_entry"):
                facts["way"] = self.chance.choice(sorted(words.ROUTE))
        if "parcels" in facts:
            number = f"YT88{self.chance.randrange(10**11):011d}"
            facts["parcels"] = [("YTO", number)]
        with writing():  # of a shop's photos the rows of the suite say nothing
            loose = Evidence.case_id.is_(None) & (Evidence.owner_id == cast.seller)
            db.session.execute(db.update(Evidence).where(loose).values(side="seller"))
        self.now += timedelta(minutes=self.chance.choice([5, 90, 600]))
        try:
            with writing():
                handed = hand_in_type(step.name)(**facts)
                taking.take(case.id, step.name, by=cast.by(step.actor), now=self.now, handed=handed)
        except (StepRefused, ledger.NotEnough):
            db.session.rollback()
            return False
        return True

    def is_fair(self) -> None:
        """In every case somebody can go on, the page names who, and what passes has passed."""
        assert moving.sweep(self.now) == 0
        for cast, case in self.cases():
            if case.state in flow.FINAL:
                continue
            assert case.due_at is not None or case.escalated
            assert self.ready(cast, case) or case.due_at is not None
        link = db.session.get_one(CaseLink, self.link)
        chain = chain_view.build_chain(link)
        waited = [party for party in parties.list_parties(chain) if party.waits]
        assert waited or {chain.down.state, chain.up.state} <= flow.FINAL, (chain.down.state, chain.up.state)

    def ends(self) -> None:
        """Everybody does what is theirs, and time passes: nothing goes on for ever."""
        for _ in range(30):
            left = [(cast, case) for cast, case in self.cases() if case.state not in flow.FINAL]
            if not left:
                return
            for cast, case in left:
                for name in DUTIES:
                    case = self.get(case.id)
                    for step in self.ready(cast, case) if case.state not in flow.FINAL else ():
                        if step.name == name and self.tries(cast, case, step):
                            break
            self.now += timedelta(days=8)
            self.sweeps()
        raise AssertionError([(case.type, case.state, case.stage) for _, case in self.cases()])

    def paid_once(self) -> None:
        """No order gives back more than was paid for it, and no payment stands twice."""
        db.session.rollback()
        for order in db.session.scalars(select(Order)).all():
            counts = MoneyEntry.kind.in_(("refund", "difference_back")) & (MoneyEntry.state != "cancelled")
            paid = db.session.scalar(
                select(func.coalesce(func.sum(MoneyEntry.amount_fen), 0)).where(MoneyEntry.order_id == order.id, counts)
            )
            assert paid == order.refunded_fen <= order.paid_fen


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(4))
def test_both_cases_end_and_nobody_is_left_waiting(cast_both: Cast, both: Flask, seed: int) -> None:
    world = World(cast_both, seed)
    for number in range(STEPS):
        world.acts()
        if number % 6 == 0:
            world.is_fair()
    world.is_fair()
    world.ends()
    world.paid_once()
    assert not any(doctor.findings()), doctor.findings()


def test_a_chain_that_stands_still_is_noticed(cast_both: Cast, both: Flask) -> None:
    world = World(cast_both, 1)
    world.agrees()
    listening.set_listener(None)
    world.consumer("ship_return", parcels=[("ZTO", "75484863576596")])
    with pytest.raises(AssertionError):
        world.is_fair()
