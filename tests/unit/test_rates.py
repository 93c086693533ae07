"""Intervals and tails against values worked out elsewhere, and what is called risen."""

from __future__ import annotations

from math import comb

import pytest

from portal.service import rates
from portal.service.rates import Periods


@pytest.mark.parametrize(
    ("part", "number", "low", "high"),
    [  # Newcombe 1998, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0000),
    ],
)
def test_the_interval_is_wilsons(part: int, number: int, low: float, high: float) -> None:
    share = rates.measure_share(part, number)
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)


def test_few_make_no_share() -> None:
    assert rates.measure_share(2, 3).said == "样本不足 n=3"
    assert rates.measure_share(0, 0).said == "样本不足 n=0"
    assert rates.measure_share(1, 10).said == "10.0（1.8–40.4）"
    assert rates.measure_share(12, 10).part == 10


@pytest.mark.parametrize("chance", [0.001, 0.077, 0.5, 0.93])
def test_the_tail_is_the_sum_of_its_terms(chance: float) -> None:
    for number in (1, 7, 40):
        for part in range(number + 2):
            exact = sum(comb(number, k) * chance**k * (1 - chance) ** (number - k) for k in range(part, number + 1))
            assert rates.find_tail(part, number, chance) == pytest.approx(exact, abs=1e-12)


def test_a_known_tail() -> None:
    assert rates.find_tail(8, 10, 0.5) == pytest.approx(56 / 1024)
    assert rates.compare(Periods(3, 10, 1, 120)) == pytest.approx(0.00171, abs=5e-5)


def test_what_could_never_be_seen_costs_nothing() -> None:
    """Many cells with one fault each can't be significant and don't make the bound stricter."""
    rare = {f"rare {number}": Periods(0, 20, 1, 120) for number in range(500)}
    found = rates.find_risen({"bad": Periods(9, 40, 3, 240), **rare})
    assert set(found) == {"bad"}
    assert found["bad"].bound == rates.ALPHA
    assert rates.find_risen({"even": Periods(4, 40, 24, 240), "new": Periods(5, 40, 0, 0)}) == {}
    assert rates.find_risen({}) == {}
