"""Reasons to refuse: the table of ground × refusal × facts, and that no right is refused by what the data denies."""

from __future__ import annotations

import itertools

import pytest

from portal.flow import CaseType
from portal.rights import reasons, refusals
from portal.rights.reasons import REASONS, Fault, Ground
from portal.rights.refusal_words import REFUSALS
from portal.rights.refusals import Application

WAYS = [
    Application(reason.id, kind, negotiated, excluded, ended)
    for reason in REASONS
    for kind, negotiated, excluded, ended in itertools.product(CaseType, (False, True), (False, True), (False, True))
]


def ids(application: Application) -> set[str]:
    return {known.id for known in refusals.possible(application)}


@pytest.mark.parametrize("application", WAYS, ids=lambda each: f"{each.reason}-{each.case_type}-{each.negotiated}")
def test_no_refusal_contradicts_the_data(application: Application) -> None:
    found, reason = ids(application), reasons.reason(application.reason)
    assert reason is not None
    # What was applied for by right was inside its term, and so may be what was only asked for.
    assert ("over_window" in found) == (application.negotiated and application.ended)
    if application.negotiated:
        assert found  # nobody owes it, so it can be refused
    if application.case_type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY):
        assert "no_stock" not in found
    if not application.excluded or reason.fault is Fault.SELLER:
        assert "customised" not in found or (application.negotiated and application.excluded)
    if reason.ground is Ground.NO_REASON and not application.negotiated:
        assert found <= ({"customised"} if application.excluded else set())
    if reason.ground in (Ground.UNSHIPPED, Ground.ABSENT) and not application.negotiated:
        assert not found & {"man_made", "incomplete", "not_in_scope"}  # of goods that the buyer hasn't got
    for refusal in REFUSALS:
        assert (refusal.id in found) == (refusals.why_not(refusal.id, application) == "")


def test_the_table_names_every_ground_and_only_refusals_that_exist() -> None:
    known = {refusal.id for refusal in REFUSALS}
    assert set(refusals.OF_GROUND) == set(Ground)
    assert all(set(each) <= known for each in refusals.OF_GROUND.values())


def test_a_statutory_return_can_not_be_refused() -> None:
    assert ids(Application("seven_day", CaseType.RETURN_REFUND)) == set()
    assert ids(Application("seven_day", CaseType.RETURN_REFUND, excluded=True)) == {"customised"}


def test_a_fault_inside_the_term_is_not_refused_as_late() -> None:
    assert "over_window" not in ids(Application("damaged", CaseType.EXCHANGE))
    assert "not_in_scope" in ids(Application("damaged", CaseType.EXCHANGE))


@pytest.mark.parametrize("application", WAYS, ids=lambda each: f"{each.reason}-{each.case_type}-{each.negotiated}")
def test_evidence_is_asked_for_only_where_it_can_show_something(application: Application) -> None:
    reason = reasons.reason(application.reason)
    assert reason is not None
    asks = refusals.needs_proof(application)
    if reason.ground is Ground.NO_REASON:
        assert not asks
    if reason.ground in (Ground.UNSHIPPED, Ground.ABSENT) and not application.negotiated:
        assert not asks
    if "evidence_insufficient" in ids(application):
        assert asks
