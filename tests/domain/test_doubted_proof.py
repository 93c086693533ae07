"""A proof of payment during a mediation: the overdue rule counts it only where the buyer let the term to doubt it pass.

No single step of one party decides: not the shop's proof at the last moment, nor a doubt after the term.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal import doctor
from portal.cases import case_facts, mediations, rulings
from portal.cases import clock as case_clock
from portal.extensions import db
from portal.flow import DEADLINES, Actor, CaseType, StepRefused
from portal.models import Case, CaseEvent, CaseLine, MoneyEntry
from portal.money import standing
from tests.cast import Cast
from tests.domain.test_arrivals import AGAIN, DAY, HOUR, OBJECT, missing
from tests.domain.test_payouts import entry_of

BUYER, SELLER = Actor.BUYER, Actor.SELLER
OPENED = DAY + DEADLINES["arrival_answer"]  # the platform is called by the clock, after cast.now
STAGES = ("mediation_evidence", "mediation_decision", "mediation_second", "mediation_rule")
RULED = OPENED + sum((DEADLINES[name] for name in STAGES), timedelta())


def now_of(case: Case) -> Case:
    return db.session.get_one(Case, case.id, populate_existing=True)


def called(cast: Cast) -> Case:
    """未到账, no answer, and the clock has called the platform."""
    case = missing(cast)
    case_clock.sweep(cast.now + OPENED)
    case = now_of(case)
    assert case.escalated and case.payment_claim == "missing"
    return case


def sweep_until(until: datetime, since: datetime) -> None:
    while since < until:
        since = min(since + DAY, until)
        case_clock.sweep(since)


def show(cast: Cast, case: Case, at: datetime, **which: Any) -> Case:
    return cast.take(case, "show_payment", SELLER, at, note="已付款", photos=cast.photos(1, cast.seller), **which)


def foretold(case: Case, at: datetime) -> str:
    lines = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).all()
    return rulings.describe_ruling(case, case_facts.collect_facts(case, at), lines)[1]


@pytest.mark.parametrize(
    ("before_rule", "doubts", "paid"),
    [
        (timedelta(minutes=1), False, False),  # a moment before the rule decides: nobody could look
        (OBJECT - HOUR, False, False),
        (OBJECT, False, True),  # the whole term, and not a word
        (OBJECT + 3 * DAY, False, True),
        (OBJECT + 3 * DAY, True, False),
        (OBJECT - HOUR, True, False),
    ],
)
def test_the_rule_counts_proof_that_nobody_doubted_in_time(
    cast_both: Cast, before_rule: timedelta, doubts: bool, paid: bool
) -> None:
    cast = cast_both
    case, at = called(cast), cast.now + RULED - before_rule
    sweep_until(at, cast.now + OPENED)
    case = show(cast, now_of(case), at)
    assert ("已付清" in foretold(case, at)) == (before_rule >= OBJECT)  # as the pages say it
    if doubts:
        later = at + timedelta(hours=2)
        case = cast.take(now_of(case), "doubt_payment", BUYER, later, note="不是我的账户")
        assert (case.payment_claim, entry_of(case).arrival) == ("missing", "missing")
        assert "没有付到" in foretold(case, later)
    sweep_until(cast.now + RULED, at)
    case, entry = now_of(case), entry_of(case)
    if paid:
        assert (case.state, entry.state, entry.arrival) == ("completed", "settled", "decided")
    else:
        assert (case.state, case.escalated, entry.state) == ("refund_failed", False, "failed")
    db.session.rollback()
    assert not [finding for finding in doctor.findings() if finding]


def test_after_the_term_a_doubt_decides_nothing(cast: Cast) -> None:
    case, at = called(cast), cast.now + OPENED + DAY
    case = show(cast, case, at)
    sweep_until(at + OBJECT, at)
    with pytest.raises(StepRefused, match="超过 7 天"):
        cast.take(now_of(case), "doubt_payment", BUYER, at + OBJECT)
    db.session.rollback()
    assert now_of(case).payment_claim == "shown"


def test_proof_is_doubted_once_it_is_shown_and_shown_again(cast: Cast) -> None:
    case = missing(cast)
    with pytest.raises(StepRefused):
        cast.take(case, "doubt_payment", BUYER, cast.now + DAY)
    case = show(cast, now_of(case), cast.now + DAY)
    case = cast.take(case, "doubt_payment", BUYER, cast.now + 2 * DAY)
    assert (case.due_rule, case.due_at) == ("arrival_answer", cast.now + 2 * DAY + DEADLINES["arrival_answer"])
    with pytest.raises(StepRefused):
        cast.take(case, "doubt_payment", BUYER, cast.now + 2 * DAY)
    case = show(cast, now_of(case), cast.now + 3 * DAY)
    assert (case.payment_claim, case.due_rule) == ("shown", "arrival_objection")
    case = cast.take(case, "refund_arrived", BUYER, cast.now + 4 * DAY)
    assert case.state == "completed"


@pytest.mark.parametrize(("because", "claim"), [("not_paid", "missing"), ("freight", "shown"), ("other", "shown")])
def test_who_calls_the_platform_for_money_that_has_not_come_doubts_its_proof(
    cast_both: Cast, because: str, claim: str
) -> None:
    cast = cast_both
    case = show(cast, missing(cast), cast.now + DAY + HOUR)
    case = cast.take(case, "escalate", BUYER, cast.now + 2 * DAY, note="没有到账", because=because, wish="退款")
    assert (case.escalated, case.payment_claim) == (True, claim)
    db.session.rollback()
    assert not [finding for finding in doctor.findings() if finding]


def test_the_rule_tells_payments_apart(cast_both: Cast) -> None:
    """Proof of one stands, there is none of the other: only that one is to be paid again."""
    cast = cast_both
    case = cast.until("completed", case_type=CaseType.REFUND_ONLY)
    cast.paid_beside(case)
    ids = dict(db.session.execute(select(MoneyEntry.kind, MoneyEntry.id)).all())
    for kind in ("refund", "freight"):
        case = cast.take(case, "deny_arrival", BUYER, cast.now + DAY, entry_id=ids[kind])
    case_clock.sweep(cast.now + OPENED)
    case = show(cast, now_of(case), cast.now + OPENED + HOUR, entry_id=ids["refund"])
    sweep_until(cast.now + RULED, cast.now + OPENED + HOUR)
    rows = {row.kind: (row.state, row.arrival) for row in db.session.scalars(select(MoneyEntry))}
    assert rows == {"refund": ("settled", "decided"), "freight": ("failed", "")}
    assert now_of(case).state == "refund_failed"
    case = cast.take(now_of(case), "retry", SELLER, cast.now + RULED, way="alipay")
    case = cast.take(case, "refund_ok", SELLER, cast.now + RULED, reference=AGAIN)
    assert case.state == "completed"
    db.session.rollback()
    assert not [finding for finding in doctor.findings() if finding]


@pytest.mark.parametrize("proof", [False, True])
@pytest.mark.parametrize("before_rule", [timedelta(minutes=1), 9 * DAY, 10 * DAY])
def test_a_denial_that_leaves_no_time_for_proof_decides_nothing(
    cast_both: Cast, before_rule: timedelta, proof: bool
) -> None:
    """Said at the last moment 未到账 would have it all by itself: the mediation ends and its own clock goes on."""
    cast = cast_both
    case = cast.until("completed", case_type=CaseType.REFUND_ONLY)
    case = cast.take(case, "deny_arrival", BUYER, cast.now + DAY)
    case = show(cast, case, cast.now + DAY + HOUR)
    case = cast.take(case, "escalate", BUYER, cast.now + DAY + 2 * HOUR, note="没有", because="other")
    ruled = cast.now + DAY + 2 * HOUR + (RULED - OPENED)
    denied = ruled - before_rule
    sweep_until(denied, cast.now + DAY + 2 * HOUR)
    replace(cast, now=denied).paid_beside(now_of(case))  # recorded meanwhile
    ids = dict(db.session.execute(select(MoneyEntry.kind, MoneyEntry.id)).all())
    case = cast.take(now_of(case), "deny_arrival", BUYER, denied, entry_id=ids["freight"])
    if proof and before_rule > DAY:
        case = show(cast, now_of(case), denied + HOUR, entry_id=ids["freight"])
    assert ("没有付到" in foretold(case, denied + 2 * HOUR)) == (before_rule >= 10 * DAY and not proof)
    sweep_until(ruled, denied)
    case = now_of(case)
    states = dict(db.session.execute(select(MoneyEntry.kind, MoneyEntry.state)).all())
    assert not case.escalated
    if proof and before_rule > DAY:
        assert (case.state, states["freight"]) == ("completed", "settled")
    elif before_rule >= 10 * DAY:
        assert (case.state, states["freight"]) == ("refund_failed", "failed")
    else:
        assert (case.state, states) == ("refunding", {"refund": "settled", "freight": "contested"})
        assert case.due_at is not None and case.due_at > ruled
    db.session.rollback()
    assert not [finding for finding in doctor.findings() if finding]


@pytest.mark.parametrize("asked_by", ["buyer", "seller", "clock"])
@pytest.mark.parametrize("stage", ["evidence", "deciding", "overdue"])
def test_a_problem_reported_meanwhile_takes_no_case_from_the_platform(
    cast_both: Cast, stage: str, asked_by: str
) -> None:
    cast = cast_both
    case = cast.mediated(cast.until("confirming"), stage, asked_by)
    before = foretold(case, cast.now)
    case = cast.take(case, "report_problem", BUYER, cast.now + HOUR, kind="not_received", note="没有收到")
    assert (case.escalated, case.stage, case.problem_open) == (True, stage, True)
    assert foretold(case, cast.now + HOUR) == before
    if stage == "evidence":
        case = cast.take(case, "submit_evidence", SELLER, cast.now + 2 * HOUR, note="已送达")
        events = db.session.scalars(select(CaseEvent).order_by(CaseEvent.version.desc())).all()
        assert mediations.describe_mediation(case, events) is None or case.escalated
    db.session.rollback()
    assert not [finding for finding in doctor.findings() if finding and "does not follow" not in str(finding)]


def test_a_problem_reported_before_counts_and_one_reported_meanwhile_does_not(cast: Cast) -> None:
    def signed(early: bool) -> str:
        case = cast.until("confirming")
        if early:
            case = cast.take(case, "report_problem", BUYER, cast.now, kind="not_received", note="没有收到")
        case = cast.mediated(case, "overdue")
        facts = case_facts.collect_facts(case, cast.now)
        if not early:
            case = cast.take(case, "report_problem", BUYER, cast.now + HOUR, kind="not_received", note="没有收到")
            facts = case_facts.collect_facts(case, cast.now + HOUR)
        facts = replace(facts, out_signed_at=cast.now)
        return rulings.add_ruling(case, facts).ruling

    assert (signed(True), signed(False)) == ("decide_refund", "decide_complete")


def test_one_proof_after_the_other_puts_no_payment_off(cast_both: Cast) -> None:
    """Twice the buyer looks; then the shop pays, or the platform comes, and there proof can be shown still."""
    cast = cast_both
    case, at = missing(cast), cast.now + DAY
    for _ in range(2):
        at += 2 * DAY
        case = show(cast, now_of(case), at)
        case = cast.take(case, "doubt_payment", BUYER, at + HOUR)
    with pytest.raises(StepRefused, match="2 次看过凭证"):
        show(cast, now_of(case), at + 2 * HOUR)
    db.session.rollback()
    case_clock.sweep(at + HOUR + DEADLINES["arrival_answer"])
    case = now_of(case)
    assert case.escalated
    case = show(cast, case, at + 5 * DAY)
    assert case.payment_claim == "shown"


@pytest.mark.parametrize(("first", "second"), [("refund", "freight"), ("freight", "refund")])
def test_each_payment_has_its_own_count_of_proofs(cast_both: Cast, first: str, second: str) -> None:
    """What was looked at twice is of one payment; of the other, and of the one that was made again, proof counts."""
    cast = cast_both
    case, at = cast.until("completed", case_type=CaseType.REFUND_ONLY), cast.now + DAY
    cast.paid_beside(case)
    ids = dict(db.session.execute(select(MoneyEntry.kind, MoneyEntry.id)).all())
    for kind in ids:
        case = cast.take(case, "deny_arrival", BUYER, at, entry_id=ids[kind])
    for _ in range(2):
        case = show(cast, now_of(case), at, entry_id=ids[first])
        case = cast.take(case, "doubt_payment", BUYER, at + HOUR, entry_id=ids[first])
    facts = case_facts.collect_facts(case, at + HOUR)
    assert facts.doubts == 0
    with pytest.raises(StepRefused, match="看过这笔款的凭证"):
        show(cast, now_of(case), at + HOUR, entry_id=ids[first])
    db.session.rollback()
    left = standing.list_proved(case.shop_id, db.session.scalars(select(MoneyEntry)).all())
    assert left == {ids[first]}
    db.session.rollback()
    case = show(cast, now_of(case), at + HOUR, entry_id=ids[second])
    case = cast.take(case, "doubt_payment", BUYER, at + HOUR, entry_id=ids[second])
    assert case_facts.collect_facts(case, at + HOUR).doubts == 1
    db.session.rollback()
    assert not [finding for finding in doctor.findings() if finding]


def test_a_payment_that_is_made_again_has_a_count_of_its_own(cast_both: Cast) -> None:
    cast = cast_both
    case, at = missing(cast), cast.now + DAY
    for _ in range(2):
        case = cast.take(show(cast, now_of(case), at), "doubt_payment", BUYER, at + HOUR)
    case = cast.take(case, "refund_fail", SELLER, at + HOUR, note="银行退回")
    case = cast.take(case, "retry", SELLER, at + HOUR, way="alipay")
    case = cast.take(case, "refund_ok", SELLER, at + HOUR, reference=AGAIN)
    case = cast.take(case, "deny_arrival", BUYER, at + 2 * HOUR)
    assert case_facts.collect_facts(case, at + 2 * HOUR).doubts == 0
    assert show(cast, case, at + 2 * HOUR).payment_claim == "shown"
    db.session.rollback()
    assert not [finding for finding in doctor.findings() if finding]
