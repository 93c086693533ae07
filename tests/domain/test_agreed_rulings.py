"""What a mediation says it is about, and what the rule gives, is the sum that was agreed, not all that there is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.cases import case_view, stakes
from portal.extensions import db
from portal.flow import Actor, CaseType
from portal.models import Case, MoneyEntry, Proposal
from tests.cast import Cast
from tests.domain.test_late_decisions import LATE, RULE, SECOND, after, another_mediator

ALL, AGREED = 2_500, 1_500
PLACES = [
    (CaseType.RETURN_REFUND, "applied"),
    (CaseType.RETURN_REFUND, "revising"),
    (CaseType.RETURN_REFUND, "inspecting"),
    (CaseType.RETURN_REFUND, "disputed"),
    (CaseType.REFUND_ONLY, "applied"),
    (CaseType.REFUND_ONLY, "revising"),
]


@pytest.mark.parametrize("fen", [ALL, AGREED])
@pytest.mark.parametrize(("case_type", "state"), PLACES)
def test_every_sentence_and_the_rule_itself_name_the_agreed_sum(
    cast: Cast, case_type: CaseType, state: str, fen: int
) -> None:
    case = cast.mediated(cast.until(state, case_type=case_type), stage="evidence", refund_fen=fen)
    said = f"{fen / 100:.2f} 元"
    for side in (Actor.BUYER, Actor.SELLER, Actor.MEDIATOR):
        ruling = case_view.build_view(case, side, cast.now).ruling
        assert ruling is not None
        if "退款" in ruling[1] or "寄回" in ruling[1]:
            assert ruling[1].endswith(said)
    assert stakes.weigh(case).refund_fen == fen or state in ("disputed",)
    offered = stakes.foresee(case, "decide_refund")
    assert offered is not None and offered.after.refund_fen == fen
    assert any("约定退 15.00 元" in each for each in offered.after.working) == (fen == AGREED)

    another_mediator(cast)
    for span in (LATE, SECOND, RULE):
        case = after(case, span)
    owed = db.session.scalars(select(MoneyEntry.amount_fen).where(MoneyEntry.case_id == case.id)).all()
    assert set(owed) <= {fen}
    assert owed or case.state in ("returning", "closed")
    assert case.refund_fen == fen


def test_an_accepted_proposal_is_what_the_platform_decides_about(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until("applied", case_type=CaseType.RETURN_REFUND)
    case = cast.take(case, "propose", Actor.SELLER, terms=cast.terms(case, amount_fen=AGREED, goods_back=True))
    case = cast.take(case, "accept", Actor.BUYER)
    assert db.session.scalars(select(Proposal.state)).one() == "accepted"
    case = cast.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", "75484863576596")])
    case = cast.mediated(db.session.get_one(Case, (case.id, case.shop_id)))
    view = case_view.build_view(case, Actor.BUYER, cast.now + timedelta(minutes=1))
    assert view.ruling is not None
    assert "25.00" not in view.ruling[1]
    offered = stakes.foresee(case, "decide_refund")
    assert offered is not None and (offered.before.refund_fen, offered.after.refund_fen) == (AGREED, AGREED)
