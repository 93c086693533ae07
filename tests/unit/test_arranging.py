"""Reasons are offered in the order that fits where the goods are and what usually is wrong with this product."""

from __future__ import annotations

import pytest

from portal.rights import arranging, faults, reasons
from portal.rights.reasons import Ground, Place


def offered(place: Place) -> list[reasons.Reason]:
    return [each for each in reasons.REASONS if place in each.places]


@pytest.mark.parametrize(
    ("place", "first", "last"),
    [
        (Place.UNSHIPPED, Ground.UNSHIPPED, Ground.UNSHIPPED),
        (Place.IN_TRANSIT, Ground.ABSENT, Ground.NONE),
        (Place.RECEIVED, Ground.QUALITY, Ground.NONE),
    ],
)
def test_the_state_of_the_order_says_what_comes_first(place: Place, first: Ground, last: Ground) -> None:
    found = arranging.arrange(offered(place), place, {})
    assert (found[0][0], found[-1][0]) == (first, last)
    flat = [reason for _, arranged in found for reason in arranged]
    assert sorted(each.id for each in flat) == sorted(each.id for each in offered(place)), "each once"
    if place is Place.RECEIVED:  # who has the goods in hand hardly says that they never came
        grounds = [ground for ground, _ in found]
        assert grounds.index(Ground.ABSENT) == len(grounds) - 2


def test_usual_faults_come_first_in_their_ground_and_bring_it_forward() -> None:
    usual = {"size": 7, "colour": 3, "missing_item": 9}
    found = dict(arranging.arrange(offered(Place.RECEIVED), Place.RECEIVED, usual))
    assert list(found)[:2] == [Ground.SHIPPING, Ground.QUALITY]
    assert found[Ground.SHIPPING][0].id == "missing_item"
    assert [each.id for each in found[Ground.QUALITY]] == ["size", "colour", "damaged", "defect", "fake"]
    in_transit = arranging.arrange(offered(Place.IN_TRANSIT), Place.IN_TRANSIT, usual)
    assert [ground for ground, _ in in_transit][:2] == [Ground.ABSENT, Ground.SHIPPING], "the state goes before"


def test_a_fault_counts_for_the_reason_that_says_just_it() -> None:
    for reason in ("damaged", "colour", "size", "defect", "fake", "wrong_item", "missing_item", "not_delivered"):
        assert faults.find_reason(faults.preset_fault(reason)) == reason
    assert faults.find_reason("pilling") == faults.find_reason("dead") == "defect"
    assert [faults.find_reason(each) for each in ("none", "", "other", "packing", "parts")] == [""] * 5
