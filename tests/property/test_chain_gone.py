"""铺货 when a party goes: accounts shut, a link ended. Both cases end, or the platform knows what is owed.

Nobody acts for who has gone; the consumer, the other shop and the mediator go on, and time passes.
"""

from __future__ import annotations

import pytest
from flask import Flask

from portal import doctor, flow
from portal.extensions import writing
from portal.flow import Stage
from portal.models import Case
from portal.people import accounts
from portal.resale import chain as chain_links
from tests.cast import Cast
from tests.property.test_chain_life import World

BY_NIGHT = [pytest.param(seed, marks=pytest.mark.nightly) for seed in range(100, 140)]
GOES = ("supplier", "distributor", "both", "link")


class Left(World):
    """A chain in which nobody signs in any more as ``gone``."""

    gone: frozenset[int] = frozenset()

    def tries(self, cast: Cast, case: Case, step: flow.Step) -> bool:
        return cast.by(step.actor).user_id not in self.gone and super().tries(cast, case, step)

    def loses(self, who: str) -> None:
        shops = {"supplier": [self.up.seller], "distributor": [self.down.seller]}
        shops["both"] = [self.up.seller, self.down.seller]
        self.gone = frozenset(shops.get(who, ()))
        with writing():
            for user_id in self.gone:
                accounts.disable(user_id, self.now)
            if who == "link":
                chain_links.unlink_cases(self.link, self.down.shop, self.now)

    def goes_on(self) -> list[Case]:
        """Time passes; what is still open then."""
        try:
            self.ends()
        except AssertionError:
            return [case for _, case in self.cases() if case.state not in flow.FINAL]
        return []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("who", GOES)
@pytest.mark.parametrize("seed", [5, *BY_NIGHT])
def test_whoever_goes_nothing_is_left_to_nobody(cast: Cast, app: Flask, seed: int, who: str) -> None:
    world = Left(cast, seed)
    for _ in range(world.chance.randrange(16)):
        world.acts()
    world.loses(who)
    for _ in range(14):
        world.acts()
        world.paid_once()
        if who != "link":
            world.is_private(whole=False)
    for case in world.goes_on():  # a payment that was decided, and nobody who makes it
        assert (case.state, case.stage, case.escalated) == ("refunding", Stage.UNFULFILLED, True), case.case_no
        assert (world.up.seller if case.shop_id == world.up.shop else world.down.seller) in world.gone
    world.paid_once()
    assert not any(doctor.findings()), doctor.findings()
