"""铺货 at random: whatever three parties and a mediator do, both cases end, nobody pays twice, all have a way."""

from __future__ import annotations

import random
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import doctor, dossier, flow, words
from portal.cases import case_facts, case_view, deadlines, listening, shipping, taking
from portal.cases import clock as case_clock
from portal.cases.effects.step_context import hand_in_type
from portal.consumer.forms import FORMS
from portal.dossier import facts as dossier_facts
from portal.extensions import db, writing
from portal.flow import Actor, Role, StepRefused
from portal.models import Case, CaseLink, Evidence, MoneyEntry, Notice, Order, Parcel
from portal.orders import ledger
from portal.people import roles
from portal.resale import across, chain_view, parties
from portal.resale.passing import moving
from portal.resale.passing.pair import load_pair
from portal.rights import addresses
from portal.tracking import scans as case_scans
from portal.tracking import unopposed
from tests.cast import Cast
from tests.domain.test_chains import WHOM
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
WHOLE = (*WHOM[:2], "一环路南二段8号")  # of the consumer: name, telephone number, street
SENDS = frozenset({"ship_replacement", "ship_part"})  # what can't be done without all three
BY_NIGHT = [pytest.param(seed, marks=pytest.mark.nightly) for seed in range(4, 508)]
BY_LINK = frozenset(FORMS) | {"ship_return", "edit_parcel"}  # what a consumer's page has a place for


class World(Straight):
    """Two linked cases and what became of them; each seed is another life."""

    def __init__(self, cast: Cast, seed: int) -> None:
        super().__init__(cast)
        self.chance = random.Random(seed)
        self.seen: dict[int, int] = {}  # the version of each case that was looked at last
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

    def readers(self) -> list[addresses.Reader]:
        """Everybody who may open a case, the consumer and each role of a shop among them."""
        of_shop = [addresses.Reader(Actor.SELLER, str(role)) for role in Role]
        return [addresses.Reader(Actor.BUYER, by_link=True), addresses.Reader(Actor.MEDIATOR), *of_shop]

    def read(self, view: case_view.View, reader: addresses.Reader, *, whole: bool) -> str:
        """What pages, desks and tables of one reader say of a case; ``whole``: the pack too."""
        case = view.case
        said = [str(view.receiver), *(detail for event in view.events for detail in view.details(event))]
        said += [view.otherwise, view.finish, *(parcel.tracking_no for leg in view.parcels.values() for parcel in leg)]
        if whole and not reader.by_link:
            pack = dossier_facts.gather(case.id, reader.actor, self.now, reader.role)
            said += [part for document in dossier.DOCUMENTS for part in document.builder(pack)]
        if reader.actor is Actor.SELLER:
            said += [str(each.receiver) for each in shipping.load(case.shop_id, [case.id], reader.role, self.now)]
        called = (
            view.buyer if case.shop_id == self.down.shop else ""
        )  # what the distributor calls them, in their own shop
        return "\n".join(said).replace(called or "\0", "")

    def needs(self, ready: list[flow.Step], view: case_view.View, reader: addresses.Reader) -> bool:
        """Whether this reader sends something to the consumer now: judged by the table, not by what hides."""
        if reader.actor is not Actor.SELLER:
            return False
        mine = {step.name for step in ready if step.actor is Actor.SELLER}
        if view.refused_milli and not view.parcels.get("refused") and reader.role in ("owner", "warehouse"):
            return True
        return any(roles.may_take(reader.role, name) for name in mine & SENDS)

    def is_private(self, *, whole: bool = True) -> None:
        """The consumer's name, number and street are whole only for whom a present step needs them."""
        for cast, case in self.cases():
            if self.seen.get(case.id) == case.version and not whole:
                continue
            self.seen[case.id] = case.version
            ready = self.ready(cast, case)
            for reader in self.readers():
                view = case_view.build_view(case, reader.actor, self.now, role=reader.role, by_link=reader.by_link)
                if not self.needs(ready, view, reader):
                    said = self.read(view, reader, whole=whole)
                    seen = [said[max(said.find(part) - 60, 0) :][:120] for part in WHOLE if part in said]
                    assert not seen, (case.state, reader, seen)
        told = "\n".join(f"{title} {body}" for title, body in db.session.execute(select(Notice.title, Notice.body)))
        assert not [part for part in WHOLE if part in told]

    def has_ways(self) -> None:
        """Who is waited for can do something: the consumer by the link, each shop by somebody of it."""
        chain = chain_view.build_chain(db.session.get_one(CaseLink, self.link))
        pair = load_pair(self.link)
        assert pair is not None or flow.FINAL & {chain.down.state, chain.up.state}
        for cast, case in self.cases():
            if case.state in flow.FINAL or (case.due_at is not None and case.due_at <= self.now):
                continue
            ready = self.ready(cast, case)
            for actor in deadlines.list_who_must_act(case):
                mine = {step.name for step in ready if step.actor is actor}
                if actor is Actor.BUYER and case.shop_id == self.down.shop:
                    mine &= BY_LINK
                passes = pair is not None and parties._passes(
                    chain.down if case.shop_id == self.down.shop else chain.up,
                    chain,
                    pair.goes_straight_back,
                    pair.goes_straight_out,
                )
                assert mine or passes, (case.shop_id, case.type, case.state, case.stage, actor)

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


def live(world: World) -> None:
    """One life to its end, looked at all along."""
    for number in range(STEPS):
        world.acts()
        world.paid_once()
        world.has_ways()
        world.is_private(whole=number % 12 == 0)
        if number % 6 == 0:
            world.is_fair()
    world.is_fair()
    world.ends()
    world.is_private()
    world.paid_once()
    assert not any(doctor.findings()), doctor.findings()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [*range(4), *BY_NIGHT])
def test_both_cases_end_and_nobody_is_left_waiting(cast_both: Cast, both: Flask, seed: int) -> None:
    live(World(cast_both, seed))


@pytest.mark.parametrize("mask", ["mask_name", "mask_phone", "mask_place"])
def test_a_mask_that_lets_through_is_noticed(
    cast_both: Cast, both: Flask, monkeypatch: pytest.MonkeyPatch, mask: str
) -> None:
    world = World(cast_both, 1)
    world.is_private(whole=False)
    world.seen.clear()
    monkeypatch.setattr(addresses, mask, str)
    with pytest.raises(AssertionError):
        world.is_private(whole=False)


def test_a_chain_that_stands_still_is_noticed(cast_both: Cast, both: Flask) -> None:
    world = World(cast_both, 1)
    world.agrees()
    listening.set_listener(None)
    world.consumer("ship_return", parcels=[("ZTO", "75484863576596")])
    with pytest.raises(AssertionError):
        world.is_fair()
