"""A proof of payment during a mediation: the overdue rule counts it only where the buyer let the term to doubt it pass.

No single step of one party decides: not the shop's proof at the last moment, nor a doubt after the term.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal import doctor
from portal.cases import case_facts, rulings
from portal.cases import clock as case_clock
from portal.extensions import db
from portal.flow import DEADLINES, Actor, CaseType, StepRefused
from portal.models import Case, CaseLine, MoneyEntry
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
