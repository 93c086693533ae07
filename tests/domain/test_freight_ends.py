"""No claim of freight is lost when a case ends: it is answered, carried on, decided, or its end says that it isn't."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from portal import doctor, flow
from portal.cases import case_view, choices
from portal.cases import clock as case_clock
from portal.cases.case_facts import collect_facts
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case, CaseEvent, MoneyEntry, Parcel
from portal.tracking import scans as case_scans
from tests.cast import Cast
from tests.domain.test_freight import BUYER, SELLER, cast, claimed, entries

__all__ = ["cast"]
MEDIATOR = Actor.MEDIATOR
R = CaseType.RETURN_REFUND
WHY: dict[str, Any] = {"note": "收据上是这个金额"}


def pay(cast: Cast, case: Case, reference: str, step: str = "settle_entry") -> Case:
    """The oldest payment that is due, recorded as made."""
    due = select(MoneyEntry.id).where(MoneyEntry.case_id == case.id, MoneyEntry.state == "due").order_by(MoneyEntry.id)
    return cast.take(case, step, SELLER, reference=reference, entry_id=db.session.scalars(due).first())


def run_out(case: Case) -> Case:
    """The case after its deadline."""
    due_at = db.session.get_one(Case, case.id).due_at
    assert due_at is not None
    case_clock.sweep(due_at)
    db.session.expire_all()
    return db.session.get_one(Case, case.id)


def nothing_passed(cast: Cast) -> Case:
    """A claim of a case of which nothing passed the inspection."""
    case = claimed(cast)
    return cast.take(case, "dispute_goods", SELLER, **cast._facts_of(case, {"dispute": 0}, cast.now))


def of_event(case: Case) -> dict[str, Any]:
    """What the last step brought."""
    found = select(CaseEvent.data).where(CaseEvent.case_id == case.id).order_by(CaseEvent.version.desc()).limit(1)
    return dict(db.session.scalars(found).one())


def is_clean() -> bool:
    return not [finding for finding in doctor.findings() if finding]


@pytest.mark.parametrize("answer", ["accept_freight", "decline_freight", ""])
def test_the_last_refund_is_recorded_whatever_waits_for_an_answer(cast: Cast, answer: str) -> None:
    case = pay(cast, claimed(cast, "refunding", R), "2026112400001")
    assert (case.state, case.freight_claim) == ("refunding", "open")
    assert is_clean()
    if answer == "accept_freight":
        case = pay(cast, cast.take(case, answer, SELLER), "2026112400002", "refund_ok")
        assert (case.state, entries(case)) == ("completed", [("freight", "settled", 1_250)])
    elif answer:
        case = cast.take(case, answer, SELLER, note="收据看不清")
        assert flow.choose(case.type, case.state, BUYER, "escalate", facts(cast, case)).name == "escalate"
        case = run_out(case)
        assert (case.state, case.freight_claim) == ("completed", "declined")
    else:
        case = run_out(case)
        assert (case.state, case.escalated, case.freight_claim) == ("refunding", True, "open")
    assert is_clean()


def facts(cast: Cast, case: Case) -> flow.Facts:
    return collect_facts(case, cast.now)


def test_who_confirms_an_exchange_keeps_their_claim(cast: Cast) -> None:
    case = cast.take(claimed(cast, "confirming"), "confirm", BUYER)
    assert (case.state, case.freight_claim) == ("refunding", "open")
    case = pay(cast, cast.take(case, "accept_freight", SELLER), "2026112400002", "refund_ok")
    assert (case.state, is_clean()) == ("completed", True)


def test_what_arrived_ends_no_claim(cast: Cast) -> None:
    case = pay(cast, claimed(cast, "refunding", R), "2026112400001")
    case = cast.take(case, "deny_arrival", BUYER)
    case = cast.take(case, "refund_arrived", BUYER)
    assert (case.state, case.freight_claim) == ("refunding", "open")
    case = cast.take(cast.take(case, "decline_freight", SELLER, note="收据看不清"), "refund_arrived", BUYER)
    assert (case.state, case.freight_claim, is_clean()) == ("completed", "declined", True)


def test_silence_on_an_inspection_of_which_nothing_passed_calls_the_platform(cast: Cast) -> None:
    case = run_out(nothing_passed(cast))
    assert (case.state, case.escalated, case.freight_claim) == ("disputed", True, "open")


def test_who_accepts_that_nothing_passed_gives_the_claim_up_and_the_event_says_so(cast: Cast) -> None:
    case = cast.take(nothing_passed(cast), "accept_result_none", BUYER)
    assert (case.state, case.freight_claim, of_event(case)["dropped_fen"]) == ("closed", "dropped", 1_250)
    assert is_clean()


@pytest.mark.parametrize("state", ["paying", "refund_failed"])
def test_it_is_claimed_and_answered_while_other_money_is_open(cast: Cast, state: str) -> None:
    case = claimed(cast, state, CaseType.EXCHANGE if state == "paying" else R)
    if state == "refund_failed":
        case = cast.take(case, "accept_freight", SELLER)
        case = cast.take(case, "retry", SELLER, way="bank")
        case = pay(cast, pay(cast, case, "2026112400001"), "2026112400002", "refund_ok")
        assert (case.state, entries(case)) == ("completed", [("freight", "settled", 1_250)])
    else:
        case = cast.take(case, "decline_freight", SELLER, note="收据看不清")
        case = cast.take(case, "claim_freight", BUYER, freight_fen=1_100)
        case = cast.take(cast.take(case, "pay", BUYER, reference="2026112400009"), "accept_freight", SELLER)
        assert entries(case) == [("freight", "due", 1_100)]
    assert is_clean()


@pytest.mark.parametrize("before", ["open", "declined"])
@pytest.mark.parametrize(
    ("state", "case_type", "step"),
    [
        ("inspecting", R, "decide_refund"),
        ("inspecting", CaseType.EXCHANGE, "decide_reship"),
        ("inspecting", CaseType.EXCHANGE, "decide_refund"),
        ("reshipping", CaseType.EXCHANGE, "decide_continue"),
        ("confirming", CaseType.EXCHANGE, "decide_continue"),
        ("refunding", R, "decide_continue"),
        ("refund_failed", R, "decide_continue"),
    ],
)
@pytest.mark.parametrize("pays", [True, False])
def test_a_mediator_says_who_pays_it(
    cast: Cast, before: str, state: str, case_type: CaseType, step: str, pays: bool
) -> None:
    case = claimed(cast, state, case_type)
    if before == "declined":
        case = cast.take(case, "decline_freight", SELLER, note="收据看不清")
    case = cast.mediated(case)
    if before == "open":
        with pytest.raises(StepRefused, match="退回运费是否由商家付"):
            cast.take(case, step, MEDIATOR, **WHY)
    case = cast.take(case, step, MEDIATOR, pays_freight=pays, **WHY)
    assert of_event(case)["decided_freight"] == [1_250, pays]
    children = db.session.scalars(select(Case).where(Case.parent_id == case.id)).all()
    of_case = children[0] if children else case
    assert entries(of_case) == ([("freight", "due", 1_250)] if pays else [])
    assert case.freight_claim == ("accepted" if pays else "declined")
    assert is_clean()


@pytest.mark.parametrize(("state", "step"), [("inspecting", "decide_close"), ("confirming", "decide_complete")])
def test_a_decision_that_ends_the_case_ends_the_claim_in_words(cast: Cast, state: str, step: str) -> None:
    case = cast.take(cast.mediated(claimed(cast, state)), step, MEDIATOR, **WHY)
    assert (case.freight_claim, of_event(case)["decided_freight"]) == ("declined", [1_250, False])
    assert is_clean()


def test_the_rule_gives_what_nobody_answered(cast: Cast) -> None:
    case = claimed(cast, "confirming")
    parcel = db.session.scalars(select(Parcel.id).where(Parcel.case_id == case.id, Parcel.leg == "out")).one()
    with writing():
        case_scans.record_trace(parcel, at=cast.now, status="signed", said="已签收", now=cast.now)
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    for _ in range(6):
        case = run_out(case)
        if not case.escalated:
            break
    assert (case.state, case.freight_claim, entries(case)) == ("confirming", "accepted", [("freight", "due", 1_250)])


def test_what_was_paid_in_the_case_before_is_not_claimed_again(cast: Cast) -> None:
    case = cast.take(claimed(cast, "reshipping"), "accept_freight", SELLER)
    case = pay(cast, case, "2026112400001")
    cast.take(case, "convert_refund", BUYER, cast.now + timedelta(hours=73))
    child = db.session.scalars(select(Case).where(Case.parent_id == case.id)).one()
    with pytest.raises(StepRefused):
        cast.take(child, "claim_freight", BUYER, freight_fen=1_250)
    assert (entries(child), is_clean()) == ([], True)


@pytest.mark.parametrize("kind", [CaseType.REISSUE, CaseType.RETURN_REFUND])
def test_an_open_claim_goes_on_into_the_case_that_answers_it_or_is_said_to_end(cast: Cast, kind: CaseType) -> None:
    """Nobody answers for freight in a case of 补发: the claim doesn't vanish in it, and who accepts is told before."""
    case = claimed(cast)
    case = cast.take(case, "propose", SELLER, terms=cast.terms(case, type=kind))
    accept = next(step for step in flow.open_steps(case.type, case.state, BUYER) if step.name.startswith("accept"))
    said = choices.tell_consequence(case_view.build_view(case, BUYER, cast.now), accept, None)
    assert ("您报的退回运费 12.50 元不再要求" in said) == (kind is CaseType.REISSUE)
    name = next(
        step.name
        for step in flow.open_steps(case.type, case.state, BUYER)
        if step.name.startswith("accept") and flow.unmet(step, collect_facts(case, cast.now)) is None
    )
    case = cast.take(case, name, BUYER)
    child = db.session.scalars(select(Case).where(Case.parent_id == case.id)).one()
    dropped = kind is CaseType.REISSUE
    assert (case.freight_claim, child.freight_claim) == (("dropped", "") if dropped else ("carried", "open"))
    assert of_event(case).get("dropped_fen") == (1_250 if dropped else None)
    assert is_clean()


@pytest.mark.parametrize(
    "broken", [{"freight_claim": "lost"}, {"freight_fen": 0}, {"freight_fen": 50_001}, {"freight_claim": ""}]
)
def test_the_database_holds_it_too(cast: Cast, broken: dict[str, Any]) -> None:
    case = claimed(cast)
    with pytest.raises(IntegrityError), writing():
        db.session.execute(update(Case).where(Case.id == case.id).values(**broken))
