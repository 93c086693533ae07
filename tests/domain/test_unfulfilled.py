"""Nobody acts any more: every case reaches an end, or a place where it is said who owes what, in bounded steps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portal import doctor, flow
from portal.cases import clock as case_clock
from portal.cases import mediation_queue
from portal.extensions import db
from portal.flow import Actor, CaseType, Stage, State
from portal.models import Case, CaseEvent, Notice, User
from tests.cast import PARCELS, Cast

MOST_SWEEPS = 24  # far more than any way through the table takes: each sweep is at the next deadline
MOST_EVENTS = 16  # that the clock writes in one case
STATES = [
    (state, kind)
    for kind in CaseType
    for state in State
    if state not in flow.FINAL and any(step.target == state and kind in step.types for step in flow.STEPS)
]


def read(case_id: int) -> Case:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Case, case_id)


def leave_alone(case_id: int) -> Case:
    """Sweep at each deadline until none is left; the newest case that this one became counts too."""
    for _ in range(MOST_SWEEPS):
        due = db.session.scalar(select(func.min(Case.due_at)))
        db.session.rollback()
        if due is None:
            break
        case_clock.sweep(due)
    else:
        raise AssertionError(list(db.session.execute(select(CaseEvent.step, CaseEvent.at))))
    return read(case_id)


def check_ended(*, owing: tuple[State, ...] = ()) -> None:
    """Each case has ended or is listed as 未履行 and says so; the clock wrote no more than a way through the table."""
    for case in db.session.scalars(select(Case)).all():
        assert case.due_at is None
        if case.state not in flow.FINAL:
            assert case.stage == Stage.UNFULFILLED and case.state in (*flow.OWED, *owing), (case.state, case.stage)
    counted = select(func.count()).where(CaseEvent.actor == "clock").group_by(CaseEvent.case_id)
    assert max(db.session.scalars(counted), default=0) <= MOST_EVENTS
    assert not [finding for finding in doctor.findings() if finding]


@pytest.mark.parametrize(("state", "case_type"), STATES)
def test_time_alone_leads_every_case_to_an_end_or_a_stated_place(
    cast_both: Cast, state: State, case_type: CaseType
) -> None:
    case = cast_both.until(state, case_type=case_type)
    leave_alone(case.id)
    check_ended()


@pytest.mark.parametrize(("state", "case_type"), [pair for pair in STATES if pair[0] in flow.table._WHEN])
def test_and_from_every_mediation(cast: Cast, state: State, case_type: CaseType) -> None:
    case = cast.mediated(cast.until(state, case_type=case_type), "evidence")
    leave_alone(case.id)
    check_ended()


@pytest.mark.parametrize("state", [State.RESHIPPING, State.CONFIRMING])
@pytest.mark.parametrize("case_type", [CaseType.EXCHANGE, CaseType.REISSUE])
def test_goods_without_a_price_are_not_decided_for_ever(cast_both: Cast, state: State, case_type: CaseType) -> None:
    case = cast_both.until(state, case_type=case_type, order=cast_both.order(price_fen=0))
    case = leave_alone(case.id)
    assert (case.state, case.stage) == (state, Stage.UNFULFILLED)
    check_ended(owing=(state,))


@pytest.mark.parametrize("way", ["refunding", "refund_failed"])
def test_an_unpaid_refund_is_listed_after_the_rule_and_told(cast_both: Cast, way: str) -> None:
    cast = cast_both
    case = leave_alone(cast.until(way, case_type=CaseType.RETURN_REFUND).id)
    steps = db.session.scalars(select(CaseEvent.step).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)).all()
    assert steps.count("timeout_overdue") == 1 and steps[-1] == "timeout_unfulfilled"
    operator = db.session.scalars(select(User.id).where(User.operator)).one()
    said = db.session.scalars(select(Notice.body).where(Notice.user_id == operator, Notice.kind == "decision_late"))
    assert any("未履行清单" in body for body in said)
    for user in (cast.buyer, cast.seller, cast.mediator):
        told = select(Notice.id).where(Notice.user_id == user, Notice.kind == "timeout_unfulfilled")
        assert db.session.scalar(told) is not None, user
    assert [row.case_no for row in mediation_queue.list_unfulfilled([case.shop_id])[case.shop_id]] == [case.case_no]


def test_the_shop_pays_at_last_and_it_is_off_the_list(cast_both: Cast) -> None:
    cast = cast_both
    case = leave_alone(cast.until("refunding", case_type=CaseType.RETURN_REFUND).id)
    case = cast.take(case, "refund_ok", Actor.SELLER, case.updated_at + timedelta(days=40), reference="2026112400031")
    assert (case.state, case.escalated, case.stage) == ("completed", False, "")
    assert mediation_queue.list_unfulfilled([case.shop_id]) == {}
    check_ended()


def test_a_failed_attempt_stays_on_the_list_and_starts_no_loop(cast_both: Cast) -> None:
    cast = cast_both
    case = leave_alone(cast.until("refunding", case_type=CaseType.RETURN_REFUND).id)
    later = case.updated_at + timedelta(days=3)
    case = cast.take(case, "refund_fail", Actor.SELLER, later, note="账户已注销")
    case = cast.take(case, "retry", Actor.SELLER, later + timedelta(hours=1))
    assert (case.state, case.stage, case.due_at) == ("refunding", Stage.UNFULFILLED, None)
    check_ended()


def test_the_shop_sends_the_goods_at_last(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until("reshipping", order=cast.order(price_fen=0))
    case = leave_alone(case.id)
    later = case.updated_at + timedelta(days=3)
    handed = cast._facts_of(case, {"parcels": PARCELS, "ship": True}, later)
    case = cast.take(case, "ship_replacement", Actor.SELLER, later, **handed)
    assert (case.state, case.escalated, case.ruled) == ("confirming", False, False) and case.due_at is not None


def test_the_platform_may_still_decide(cast_both: Cast) -> None:
    cast = cast_both
    case = leave_alone(cast.until("refunding", case_type=CaseType.RETURN_REFUND).id)
    later = case.updated_at + timedelta(days=3)
    case = cast.take(case, "decide_continue", Actor.MEDIATOR, later, note="商家承诺三天内付清")
    assert not case.escalated and case.due_at is not None
    case = leave_alone(case.id)
    assert case.stage == Stage.UNFULFILLED
    check_ended()


def test_either_side_may_bring_it_before_the_platform_again_without_a_loop(cast_both: Cast) -> None:
    cast = cast_both
    case = leave_alone(cast.until("refunding", case_type=CaseType.RETURN_REFUND).id)
    asked: dict[str, Any] = {"note": "一直没有付款", "because": "not_paid", "wish": "退款"}
    case = cast.take(case, "escalate", Actor.BUYER, case.updated_at + timedelta(days=9), **asked)
    assert case.stage == Stage.EVIDENCE and case.due_at is not None
    case = leave_alone(case.id)
    assert case.stage == Stage.UNFULFILLED
    check_ended()
