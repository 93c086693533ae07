"""铺货 at random beyond one exchange: other types of case, and a consumer's order that rests on two purchases."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
from flask import Flask
from sqlalchemy import select

from portal import flow
from portal.cases import deadlines
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, CaseLink, Evidence
from portal.resale import chain_view, parties
from portal.resale.passing import moving
from portal.resale.passing.pair import load_pair
from tests.cast import Cast
from tests.domain.test_several_suppliers import Several
from tests.property.test_chain_life import BY_LINK, World, live

KINDS = (CaseType.RETURN_REFUND, CaseType.REISSUE)  # damaged goods are refunded to a distributor when they come back
DAY, NIGHT = range(1), range(1, 120)
REASONS = {CaseType.REISSUE: "missing_item"}


class Kinds(World):
    """A chain of another type than an exchange."""

    def __init__(self, cast: Cast, seed: int, kind: CaseType) -> None:
        self.kind = kind
        super().__init__(cast, seed)

    def case(self) -> Case:
        made = self.down.open_case(self._order(), case_type=self.kind, reason=REASONS.get(self.kind, "damaged"))
        photo = self.down.photos(1, self.down.buyer)
        with writing():
            hung = {"case_id": made.id, "event_version": 1}
            db.session.execute(db.update(Evidence).where(Evidence.public_id.in_(photo)).values(**hung))
        return made


class Purchases(World):
    """One consumer's case over two purchases, of one supplier or of two."""

    def __init__(self, cast: Cast, seed: int, kind: CaseType) -> None:
        made = Several(cast, two_shops=bool(seed % 2), case_type=kind)
        self.cast, self.now, self.chance = cast, cast.now, random.Random(seed)
        self.seen = {}
        self.down, self.suppliers, self.below = made.down, made.suppliers, made.below
        self.up = self.suppliers[0]
        where = CaseLink.upstream_id.in_(made.above)
        by_case = {link.upstream_id: link.id for link in db.session.scalars(select(CaseLink).where(where))}
        self.links = [by_case[case_id] for case_id in made.above]  # what their cases become stays linked

    def cases(self) -> list[tuple[Cast, Case]]:
        db.session.rollback()
        links = [db.session.get_one(CaseLink, link_id, populate_existing=True) for link_id in self.links]
        self.below = links[0].downstream_id
        ups = [(cast, link.upstream_id) for cast, link in zip(self.suppliers, links, strict=True)]
        return [(self.down, self.get(self.below)), *((cast, self.get(case_id)) for cast, case_id in ups)]

    def chains(self) -> list[chain_view.Chain]:
        return [chain_view.build_chain(db.session.get_one(CaseLink, link_id)) for link_id in self.links]

    def has_ways(self) -> None:
        chains = self.chains()
        for cast, case in self.cases():
            if case.state in flow.FINAL or (case.due_at is not None and case.due_at <= self.now):
                continue
            ready = self.ready(cast, case)
            for actor in deadlines.list_who_must_act(case):
                mine = {step.name for step in ready if step.actor is actor}
                if actor is Actor.BUYER and case.id == self.below:
                    mine &= BY_LINK
                passes = False
                for chain in chains:
                    pair = load_pair(chain.link.id)
                    one = chain.down if case.id == self.below else chain.up if chain.up.id == case.id else None
                    if pair is not None and one is not None:
                        passes |= parties._passes(one, chain, pair.goes_straight_back, pair.goes_straight_out)
                assert mine or passes, (case.shop_id, case.type, case.state, case.stage, actor)

    def is_fair(self) -> None:
        assert moving.sweep(self.now) == 0
        for cast, case in self.cases():
            if case.state not in flow.FINAL:
                assert case.due_at is not None or case.escalated
                assert self.ready(cast, case) or case.due_at is not None
        chains = self.chains()
        waited = [party for party in parties.list_all(chains) if party.waits]
        assert waited or {case.state for _, case in self.cases()} <= flow.FINAL


def list_lives(make: Callable[[Cast, int, CaseType], World], kinds: tuple[CaseType, ...]) -> Sequence[object]:
    day = [pytest.param(make, kind, seed, id=f"{make.__name__}-{kind}-{seed}") for kind in kinds for seed in DAY]
    night = [
        pytest.param(make, kind, seed, marks=pytest.mark.nightly, id=f"{make.__name__}-{kind}-{seed}")
        for kind in kinds
        for seed in NIGHT
    ]
    return day + night


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("make", "kind", "seed"),
    [*list_lives(Kinds, KINDS), *list_lives(Purchases, (CaseType.EXCHANGE, CaseType.RETURN_REFUND))],
)
def test_every_kind_of_chain_ends_fairly(
    cast: Cast, app: Flask, make: Callable[[Cast, int, CaseType], World], kind: CaseType, seed: int
) -> None:
    live(make(cast, seed, kind))
