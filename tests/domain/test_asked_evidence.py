"""What needs no evidence isn't asked for any: silence would end a right that nothing has to be shown for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal import flow
from portal.cases import case_facts
from portal.extensions import db
from portal.flow import Actor, CaseType, State, StepRefused
from portal.models import Case
from portal.rights import reasons
from portal.rights.reasons import Ground
from tests.cast import Cast

NOTHING_TO_SHOW = [
    (each.id, kind)
    for each in reasons.REASONS
    if each.ground in (Ground.NO_REASON, Ground.UNSHIPPED, Ground.ABSENT)
    for kind in ((CaseType.RETURN_REFUND,) if each.ground is Ground.NO_REASON else (CaseType.REFUND_ONLY,))
]


@pytest.mark.parametrize(("reason", "kind"), NOTHING_TO_SHOW)
def test_no_homework_ends_what_needs_no_proof(cast_both: Cast, reason: str, kind: CaseType) -> None:
    case = cast_both.open_case(reason=reason, case_type=kind)
    with pytest.raises(StepRefused, match="不需要凭证"):
        cast_both.take(case, "ask_evidence", Actor.SELLER, note="请补拍")
    db.session.rollback()
    case = db.session.get_one(Case, (case.id, case.shop_id))
    assert case.state == State.APPLIED
    facts = case_facts.collect_facts(case, cast_both.now + timedelta(days=30))
    assert not facts.provable


@pytest.mark.parametrize("reason", ["damaged", "wrong_item", "missing_item"])
def test_what_evidence_can_show_is_asked_for(cast: Cast, reason: str) -> None:
    case = cast.open_case(reason=reason, case_type=CaseType.RETURN_REFUND)
    assert cast.take(case, "ask_evidence", Actor.SELLER, note="请补拍").state == State.REVISING


def test_the_last_application_isn_t_used_up_by_asking(cast: Cast) -> None:
    """Whoever can't hand in again isn't asked to: the shop agrees, refuses or proposes, and nothing ends by silence."""
    case = cast.open_case()
    for _ in range(flow.MOST_APPLICATIONS - 1):
        cast.take(case, "ask_evidence", Actor.SELLER, note="请补拍")
        case = cast.take(case, "modify", Actor.BUYER, description="再拍一张")
    assert case.applications == flow.MOST_APPLICATIONS
    with pytest.raises(StepRefused, match="补充后也不能再提交"):
        cast.take(case, "ask_evidence", Actor.SELLER, note="请补拍")
    db.session.rollback()
    assert cast.take(case, "agree", Actor.SELLER).state == State.RETURNING
