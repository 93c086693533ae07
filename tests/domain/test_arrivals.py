"""已到账, 未到账: a payment that was recorded can be contested for some days, and is never paid twice meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal import doctor
from portal.cases import clock as case_clock
from portal.cases.mediation_rows import find_mediation
from portal.extensions import db, writing
from portal.flow import DEADLINES, Actor, CaseType, StepRefused
from portal.models import Case, MoneyEntry, Notice
from portal.payments import batches, recording
from tests.cast import Cast
from tests.domain.test_payouts import entry_of

BUYER, SELLER, MEDIATOR = Actor.BUYER, Actor.SELLER, Actor.MEDIATOR
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OBJECT, ANSWER = DEADLINES["arrival_objection"], DEADLINES["arrival_answer"]
AGAIN = "2026112300099"


def healthy() -> bool:
    db.session.rollback()
    return not [finding for finding in doctor.findings() if finding]


def missing(cast: Cast, case_type: CaseType = CaseType.REFUND_ONLY) -> Case:
    """A refund that is recorded as paid and hasn't arrived, says the buyer."""
    case = cast.until("completed", case_type=case_type)
    return cast.take(case, "deny_arrival", BUYER, cast.now + DAY, note="账户里没有")


def shown(cast: Cast) -> Case:
    """The same, and the shop has shown proof of it a day later."""
    proof: dict[str, Any] = {"note": "已原路退回", "photos": cast.photos(1, cast.seller)}
    return cast.take(missing(cast), "show_payment", SELLER, cast.now + 2 * DAY, **proof)


@pytest.mark.parametrize("case_type", [CaseType.REFUND_ONLY, CaseType.RETURN_REFUND])
def test_not_arrived_opens_the_payment_and_the_way_to_the_platform(cast_both: Cast, case_type: CaseType) -> None:
    cast = cast_both
    case = missing(cast, case_type)
    assert (case.state, case.payment_claim, case.due_rule) == ("refunding", "missing", "arrival_answer")
    assert case.due_at == cast.now + DAY + ANSWER
    entry = entry_of(case)
    assert (entry.state, entry.arrival, entry.reference) == ("contested", "missing", "2026112300001")
    assert db.session.scalar(select(Notice.id).where(Notice.kind == "deny_arrival", Notice.user_id == cast.seller))
    assert healthy()
    case = cast.take(case, "escalate", BUYER, cast.now + DAY + HOUR, note="没有收到", because="not_paid", wish="退款")
    assert case.escalated and healthy()


def test_a_payment_that_is_contested_is_paid_by_nobody(cast_both: Cast) -> None:
    cast = cast_both
    case = missing(cast)
    entry_id = entry_of(case).id
    for step in ("refund_ok", "settle_entry", "retry"):
        with pytest.raises(StepRefused):
            cast.take(case, step, SELLER, cast.now + DAY, reference=AGAIN)
    for verb in ("settle", "retry", "approve"):
        with pytest.raises(StepRefused), writing():
            recording.record_payment(cast.shop, entry_id, verb, by=cast.by(SELLER), now=cast.now + DAY, reference=AGAIN)
    assert not batches.list_ready(cast.shop)
    db.session.rollback()
    assert entry_of(case).reference == "2026112300001"


def test_it_failed_says_the_shop_and_pays_under_the_same_key(cast_both: Cast) -> None:
    cast = cast_both
    case = missing(cast)
    key = entry_of(case).key
    case = cast.take(case, "refund_fail", SELLER, cast.now + 2 * DAY, note="银行退回")
    assert (case.state, case.payment_claim, entry_of(case).settled_at) == ("refund_failed", "", None)
    assert case.due_at is not None and case.due_at >= cast.now + 3 * DAY  # a day is left at least
    case = cast.take(case, "retry", SELLER, cast.now + 2 * DAY, way="alipay")
    case = cast.take(case, "refund_ok", SELLER, cast.now + 2 * DAY, reference=AGAIN)
    entry = entry_of(case)
    assert (case.state, entry.key, entry.reference, entry.arrival) == ("completed", key, AGAIN, "")
    assert healthy()


def test_a_silent_shop_meets_the_platform(cast_both: Cast) -> None:
    cast = cast_both
    case = missing(cast)
    case_clock.sweep(cast.now + DAY + ANSWER)
    case = db.session.get_one(Case, case.id)
    assert (case.escalated, find_mediation(case).asked_by, case.state) == (True, "clock", "refunding")
    case = cast.mediated(case)
    case = cast.take(case, "decide_unpaid", MEDIATOR, cast.now + 5 * DAY, note="没有付款凭证")
    assert (case.state, case.escalated, case.payment_claim, entry_of(case).state) == (
        "refund_failed",
        False,
        "",
        "failed",
    )
    assert healthy()


def test_the_platform_finds_that_it_was_paid(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.mediated(missing(cast))
    case = cast.take(case, "decide_complete", MEDIATOR, cast.now + 2 * DAY, note="银行回单可以核对")
    assert (case.state, entry_of(case).state, entry_of(case).arrival) == ("completed", "settled", "decided")
    with pytest.raises(StepRefused):  # decided is decided
        cast.take(case, "deny_arrival", BUYER, cast.now + 2 * DAY)
    assert healthy()


def test_proof_is_looked_at_by_the_buyer_who_finds_it(cast_both: Cast) -> None:
    cast = cast_both
    case = shown(cast)
    assert (case.due_rule, case.due_at) == ("arrival_objection", cast.now + 2 * DAY + OBJECT)
    case = cast.take(case, "refund_arrived", BUYER, cast.now + 3 * DAY)
    assert (case.state, entry_of(case).state, entry_of(case).arrival) == ("completed", "settled", "arrived")
    assert healthy()


def test_proof_that_the_buyer_doubts_goes_to_the_platform(cast: Cast) -> None:
    case = cast.take(shown(cast), "escalate", BUYER, cast.now + 3 * DAY, note="不是我的账户", because="not_paid")
    assert case.escalated
    case_clock.sweep(cast.now + 2 * DAY + OBJECT)
    assert db.session.get_one(Case, case.id).state == "refunding"  # the clock of the proof stands still


def test_no_word_after_the_proof_closes_the_question_and_says_no_more(cast_both: Cast) -> None:
    cast = cast_both
    case = shown(cast)
    case_clock.sweep(cast.now + 2 * DAY + OBJECT)
    entry = entry_of(case)
    assert db.session.get_one(Case, case.id).state == "completed"
    assert (entry.state, entry.arrival) == ("settled", "unopposed")  # nobody said that it arrived
    with pytest.raises(StepRefused):
        cast.take(case, "deny_arrival", BUYER, cast.now + 3 * DAY + OBJECT)
    assert healthy()


@pytest.mark.parametrize(("after", "good"), [(OBJECT - HOUR, True), (OBJECT, False)])
def test_there_are_some_days_to_object(cast: Cast, after: timedelta, good: bool) -> None:
    case = cast.until("completed", case_type=CaseType.REFUND_ONLY)
    if good:
        assert cast.take(case, "deny_arrival", BUYER, cast.now + after).state == "refunding"
        return
    with pytest.raises(StepRefused):
        cast.take(case, "deny_arrival", BUYER, cast.now + after)


def test_arrived_is_said_once_and_not_taken_back(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until("completed", case_type=CaseType.REFUND_ONLY)
    case = cast.take(case, "confirm_arrival", BUYER, cast.now + HOUR)
    assert (case.state, entry_of(case).arrival) == ("completed", "arrived")
    for step in ("confirm_arrival", "deny_arrival"):
        with pytest.raises(StepRefused):
            cast.take(case, step, BUYER, cast.now + 2 * HOUR)
    assert healthy()


@pytest.mark.parametrize("values", [{"note": "已付"}, {"photos": ("x",)}])
def test_proof_is_words_and_a_picture(cast: Cast, values: dict[str, Any]) -> None:
    with pytest.raises(StepRefused):
        cast.take(missing(cast), "show_payment", SELLER, cast.now + DAY, **values)


@pytest.mark.parametrize("way", ["original", "alipay", "wechat", "cash"])
def test_after_two_failures_of_one_way_it_takes_another(cast: Cast, way: str) -> None:
    case = cast.until("refunding", case_type=CaseType.REFUND_ONLY)
    case = cast.take(case, "refund_fail", SELLER, note="失败")
    case = cast.take(case, "retry", SELLER, way=way)
    case = cast.take(case, "refund_fail", SELLER, note="失败")
    with pytest.raises(StepRefused, match="换一种方式"):
        cast.take(case, "retry", SELLER, way=way)
    other = "alipay" if way != "alipay" else "wechat"
    assert cast.take(case, "retry", SELLER, way=other).state == "refunding"
    assert cast.take(case, "refund_fail", SELLER, note="失败").state == "refund_failed"


def test_a_difference_that_the_shop_denies_can_be_taken_to_the_platform(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.take(cast.until("paying"), "pay", BUYER, reference="2026112300001")
    with pytest.raises(StepRefused):
        cast.take(cast.until("paying"), "escalate", BUYER, note="付过了", because="other")
    case = cast.take(case, "deny_payment", SELLER)
    assert (case.state, case.payment_claim) == ("paying", "denied")
    case = cast.take(case, "escalate", BUYER, cast.now + HOUR, note="付过了", because="other")
    case = cast.mediated(case)
    case = cast.take(case, "decide_reship", MEDIATOR, cast.now + 2 * HOUR, note="付款记录可以核对")
    assert (case.state, case.payment_claim) == ("reshipping", "")
    assert healthy()


def test_several_payments_are_told_apart(cast: Cast) -> None:
    case = cast.until("completed", case_type=CaseType.REFUND_ONLY)
    cast.paid_beside(case)
    with pytest.raises(StepRefused, match="哪一笔"):
        cast.take(case, "deny_arrival", BUYER)
    case = cast.take(case, "deny_arrival", BUYER, **cast.entry_beside(case))
    states = dict(db.session.execute(select(MoneyEntry.kind, MoneyEntry.state)).all())
    assert states == {"refund": "settled", "freight": "contested"} and case.state == "refunding"
    case = cast.take(case, "refund_arrived", BUYER)
    assert case.state == "completed"


@pytest.mark.parametrize("because", ["other", "not_paid"])
@pytest.mark.parametrize("state", ["reshipping", "confirming"])
def test_proof_that_no_mediator_looks_at_keeps_no_case_open_for_ever(cast_both: Cast, state: str, because: str) -> None:
    cast = cast_both
    case = cast.until(state)
    cast.paid_beside(case)
    case = cast.take(case, "deny_arrival", BUYER, cast.now + DAY, note="账户里没有", **cast.entry_beside(case))
    proof: dict[str, Any] = {"note": "已原路退回", "photos": cast.photos(1, cast.seller)}
    case = cast.take(case, "show_payment", SELLER, cast.now + DAY + HOUR, **cast.entry_beside(case), **proof)
    case = cast.take(case, "escalate", BUYER, cast.now + DAY + 2 * HOUR, note="不是我的账户", because=because)
    case_id = case.id
    now = cast.now + 2 * DAY
    while db.session.get_one(Case, case_id, populate_existing=True).payment_claim:
        assert now < cast.now + 60 * DAY
        now += DAY
        case_clock.sweep(now)
    case = db.session.get_one(Case, case_id)
    freight = db.session.scalars(select(MoneyEntry).where(MoneyEntry.kind == "freight")).one()
    paid_says = ("settled", "decided") if because == "other" else ("due", "")  # 退款未到账: the proof is doubted
    assert (case.state, case.escalated, freight.state, freight.arrival) == (state, False, *paid_says)
    if because == "not_paid":
        case = cast.take(case, "settle_entry", SELLER, now, reference=AGAIN, **cast.entry_beside(case))
    db.session.rollback()
    for _ in range(60):
        now += DAY
        case_clock.sweep(now)
    assert db.session.get_one(Case, case_id, populate_existing=True).state in ("completed", "converted")
    assert healthy()
