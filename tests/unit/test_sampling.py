"""Sampling plans against values of the standard's tables 1 and 2-A."""

from __future__ import annotations

import itertools

import pytest

from portal.service.sampling import AQLS, LETTERS, SAMPLES, find_plan


@pytest.mark.parametrize(
    ("size", "aql", "code", "sample", "most"),
    [
        (1_201, "2.5", "K", 125, 7),
        (3_200, "2.5", "K", 125, 7),
        (1_200, "2.5", "J", 80, 5),
        (501, "2.5", "J", 80, 5),
        (500, "2.5", "H", 50, 3),
        (500, "1.0", "H", 50, 1),
        (90, "1.0", "E", 13, 0),
        (51, "4.0", "E", 13, 1),
        (51, "2.5", "F", 20, 1),  # an arrow down
        (140, "1.0", "E", 13, 0),  # an arrow up
        (200, "1.0", "H", 50, 1),  # an arrow down
        (3_201, "0.65", "L", 200, 3),
        (10_001, "4.0", "M", 315, 21),
        (35_001, "4.0", "M", 315, 21),  # an arrow up from N
        (600_000, "0.65", "Q", 1_250, 14),
        (600_000, "1.0", "Q", 1_250, 21),
        (2_000, "6.5", "K", 125, 14),
        (8, "6.5", "A", 2, 0),
        (6, "0.65", "F", 6, 0),  # the sample would be larger than the batch
        (20, "2.5", "C", 5, 0),
    ],
)
def test_known_plans(size: int, aql: str, code: str, sample: int, most: int) -> None:
    plan = find_plan(size, aql)
    assert (plan.code, plan.sample, plan.most, plan.reject) == (code, sample, most, most + 1)


@pytest.mark.parametrize("aql", AQLS)
def test_a_larger_batch_is_never_looked_at_less(aql: str) -> None:
    sizes = [2, 8, 9, 15, 16, 25, 26, 50, 51, 90, 91, 150, 151, 280, 281, 500, 501, 1_200, 1_201, 3_200, 3_201, 10_000]
    plans = [find_plan(size, aql) for size in sizes]
    assert all(SAMPLES[plan.code] >= plan.sample > plan.most for plan in plans)
    assert all(LETTERS.index(a.code) <= LETTERS.index(b.code) + 1 for a, b in itertools.pairwise(plans))
