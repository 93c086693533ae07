"""The load model adds up: twice the world needs twice the machines, and a fuller queue waits longer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench.load_model import Assumed, list_limits, play, show, work_out
from tests.bench.unit_costs import Costs

COSTS = Costs({"a page": (10.0, 5.0), "a poll": (1.0, 0.5)}, (8.0, 4.0), 20_000, 40_000, 500.0, 300_000, 10**8, 10**7)
WORLD = Assumed()


def test_twice_the_world_needs_twice_as_much() -> None:
    one = work_out(COSTS, WORLD)
    two = work_out(COSTS, replace(WORLD, shops=2 * WORLD.shops, buyers=2 * WORLD.buyers, cases=2 * WORLD.cases))
    for name in ("pages", "steps", "portal_cores", "database_cores", "database_bytes", "photo_bytes", "log_a_day"):
        assert getattr(two, name) == pytest.approx(2 * getattr(one, name)), name
    assert two.mean_ms == pytest.approx(one.mean_ms)


def test_a_fuller_queue_waits_longer() -> None:
    idle, busy, over = (play(rate, 10, 4)[1] for rate in (40, 360, 480))
    assert 20 < idle < 40  # nothing but its own work: the 95th of a hundred is three times the mean
    assert idle < busy < over


def test_limits_come_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    found = [times for times, _, _ in list_limits(COSTS, work_out(COSTS, WORLD), WORLD)]
    assert found == sorted(found)
    show(COSTS, WORLD)
    said = capsys.readouterr().out
    assert "10,000,000" in said
    assert said.count("x this load") == 3
