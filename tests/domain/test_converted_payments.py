"""A payment of a case that has become another one can be contested as any other, and its units stay the other's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from portal import doctor
from portal.cases import clock as case_clock
from portal.cases import stakes
from portal.extensions import db, writing
from portal.flow import DEADLINES, Actor, CaseType, StepRefused
from portal.models import Case, MoneyEntry, OrderLine
from tests.cast import Cast

BUYER, SELLER, MEDIATOR = Actor.BUYER, Actor.SELLER, Actor.MEDIATOR
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATE = DEADLINES["seller_reship"] + HOUR


def healthy() -> bool:
    db.session.rollback()
    return not [finding for finding in doctor.findings() if finding]


def read(case: Case) -> Case:
    db.session.rollback()
    return db.session.get_one(Case, case.id, populate_existing=True)


def converted(cast: Cast, case_type: CaseType = CaseType.EXCHANGE) -> Case:
    """A case with a payment recorded as made, that has become a refund."""
    case = cast.until("reshipping", case_type=case_type)
    cast.paid_beside(case)
    return cast.take(case, "convert_refund", BUYER, cast.now + LATE)


def missing(cast: Cast, case_type: CaseType = CaseType.EXCHANGE) -> Case:
    case = converted(cast, case_type)
    return cast.take(case, "deny_arrival", BUYER, cast.now + 4 * DAY, note="没有收到", **cast.entry_beside(case))


def shown(cast: Cast) -> Case:
    case = missing(cast)
    proof: dict[str, Any] = {"note": "已转账", "photos": cast.photos(1, cast.seller), **cast.entry_beside(case)}
    return cast.take(case, "show_payment", SELLER, cast.now + 4 * DAY + HOUR, **proof)


def child_of(case: Case) -> Case:
    return db.session.scalars(select(Case).where(Case.parent_id == case.id)).one()


@pytest.mark.parametrize("case_type", [CaseType.EXCHANGE, CaseType.REISSUE])
def test_it_opens_the_payment_alone_and_leads_back(cast_both: Cast, case_type: CaseType) -> None:
    cast = cast_both
    case = missing(cast, case_type)
    assert (case.state, case.payment_claim, case.due_rule) == ("refunding", "missing", "arrival_answer")
    child = child_of(case)
    assert (child.state, child.refund_fen) == ("refunding", 2_500)
    claimed = db.session.scalars(select(OrderLine.claimed_milli).where(OrderLine.order_id == case.order_id)).one()
    assert claimed == 2_000  # the same two units, counted once
    assert stakes.weigh(case) == stakes.weigh(child) and healthy()
    case = cast.take(case, "refund_fail", SELLER, cast.now + 5 * DAY, note="账户不对", **cast.entry_beside(case))
    case = cast.take(case, "retry", SELLER, cast.now + 5 * DAY, **cast.entry_beside(case))
    case = cast.take(
        case, "refund_ok", SELLER, cast.now + 6 * DAY, reference="2026112900088", **cast.entry_beside(case)
    )
    assert (case.state, case.due_at, child_of(case).id) == ("converted", None, child.id)
    entries = db.session.execute(select(MoneyEntry.kind, MoneyEntry.state).where(MoneyEntry.case_id == case.id)).all()
    assert [tuple(row) for row in entries] == [("freight", "settled")] and healthy()


def test_arrived_after_all(cast_both: Cast) -> None:
    case = cast_both.take(shown(cast_both), "refund_arrived", BUYER, cast_both.now + 5 * DAY)
    assert case.state == "converted" and healthy()


def test_arrived_is_said_where_it_stands(cast_both: Cast) -> None:
    case = converted(cast_both)
    case = cast_both.take(case, "confirm_arrival", BUYER, cast_both.now + 4 * DAY, **cast_both.entry_beside(case))
    assert case.state == "converted" and healthy()
    with pytest.raises(StepRefused):
        cast_both.take(case, "deny_arrival", BUYER, cast_both.now + 4 * DAY, **cast_both.entry_beside(case))


def test_proof_without_an_answer_leads_back(cast_both: Cast) -> None:
    case = shown(cast_both)
    assert case.due_at is not None
    case_clock.sweep(case.due_at)
    assert read(case).state == "converted" and healthy()


def test_silence_meets_the_platform_that_decides_both_ways(cast_both: Cast) -> None:
    cast = cast_both
    case = missing(cast)
    assert case.due_at is not None
    case_clock.sweep(case.due_at)
    case = cast.mediated(read(case), "deciding")
    case = cast.take(case, "decide_complete", MEDIATOR, cast.now + 10 * DAY, note="流水已核实")
    assert case.state == "converted" and healthy()


@pytest.mark.parametrize(("because", "end"), [("not_paid", "refund_failed"), ("other", "converted")])
def test_nobody_acts_and_the_rule_decides(cast_both: Cast, because: str, end: str) -> None:
    """Proof counts unless it is doubted, and who calls the platform for the money doubts it."""
    case = cast_both.take(shown(cast_both), "escalate", BUYER, cast_both.now + 5 * DAY, note="没有", because=because)
    for _ in range(60):
        due = read(case).due_at
        if due is None:
            break
        case_clock.sweep(due)
    assert read(case).state == end and healthy()


def test_it_can_be_said_for_some_days_only(cast: Cast) -> None:
    case = converted(cast)
    with pytest.raises(StepRefused, match="超过"):
        late = cast.now + DEADLINES["arrival_objection"]
        cast.take(case, "deny_arrival", BUYER, late, note="没有", **cast.entry_beside(case))


def test_a_case_that_paid_nothing_stays_ended(cast: Cast) -> None:
    case = cast.take(cast.until("reshipping"), "convert_refund", BUYER, cast.now + LATE)
    with writing():
        db.session.execute(update(Case).where(Case.id == case.id).values(entry_count=1))
    with pytest.raises(StepRefused):
        cast.take(case, "deny_arrival", BUYER, cast.now + 4 * DAY)


def test_withdrawn_mediation_leads_back_when_all_is_paid(cast_both: Cast) -> None:
    cast = cast_both
    case = read(missing(cast))
    case = cast.mediated(case, "evidence", "buyer")
    case = cast.take(case, "withdraw_mediation", BUYER, cast.now + 5 * DAY)
    assert (case.state, case.escalated) == ("refunding", False)  # what is contested stays open
    assert healthy()
    case = cast.mediated(case, "evidence", "buyer")
    with writing():
        db.session.execute(update(MoneyEntry).where(MoneyEntry.case_id == case.id).values(state="settled"))
        db.session.execute(update(Case).where(Case.id == case.id).values(payment_claim="", claimed_at=None))
    case = cast.take(read(case), "withdraw_mediation", BUYER, cast.now + 6 * DAY)
    assert (case.state, case.escalated) == ("converted", False)
