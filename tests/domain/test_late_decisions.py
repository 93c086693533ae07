"""A decision that is late: a reminder, another mediator, and in the end the rule, said from the beginning."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from portal import doctor
from portal.cases import case_facts, rulings
from portal.cases import clock as case_clock
from portal.cases.mediation_rows import find_mediation
from portal.extensions import db, writing
from portal.flow import DEADLINES, FINAL, Actor, CaseType, State, StepRefused
from portal.models import Case, CaseEvent, CaseLine, Notice, Parcel, User
from portal.parcels.scans import Scan
from portal.people import accounts
from portal.tracking import scans as case_scans
from tests.cast import PASSWORD, Cast
from tests.domain.test_mediation import called_for

MEDIATOR = Actor.MEDIATOR
HEARD = DEADLINES["mediation_evidence"]
LATE = HEARD + DEADLINES["mediation_decision"]
SECOND = LATE + DEADLINES["mediation_second"]
RULE = SECOND + DEADLINES["mediation_rule"]
HOUR = timedelta(hours=1)
STATES = [
    (state, kind)
    for kind in CaseType
    for state in ("revising", "inspecting", "disputed", "reshipping", "confirming", "refunding", "refund_failed")
    if not (state in ("inspecting", "disputed") and kind in (CaseType.REISSUE, CaseType.REFUND_ONLY))
    and not (state in ("reshipping", "confirming") and kind in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY))
]


def healthy() -> bool:
    db.session.rollback()
    return not [finding for finding in doctor.findings() if finding]


def another_mediator(cast: Cast, name: str = "mediator2") -> int:
    with writing():
        user = accounts.create_user(name, now=cast.now, password=PASSWORD, weak_ok=True)
        user.mediator = True
        db.session.flush()
        user_id = user.id
    return user_id


def told(user_id: int, kind: str) -> list[str]:
    return list(db.session.scalars(select(Notice.body).where(Notice.user_id == user_id, Notice.kind == kind)))


def after(case: Case, span: timedelta) -> Case:
    """The case as it is that long after it was called for."""
    case_id, since = case.id, find_mediation(case).escalated_at
    assert since is not None
    case_clock.sweep(since + span)
    db.session.expire_all()
    return db.session.get_one(Case, case_id)


def test_reminder_then_another_mediator_then_the_rule(cast_both: Cast) -> None:
    cast = cast_both
    case = called_for(cast)
    assert find_mediation(case).mediator_id == cast.mediator
    operator = db.session.scalars(select(User.id).where(User.operator)).one()
    second = another_mediator(cast)
    case = after(case, LATE)
    assert (case.stage, case.due_rule, find_mediation(case).mediator_id) == (
        "overdue",
        "mediation_second",
        cast.mediator,
    )
    assert told(cast.mediator, "timeout_decision") and len(told(operator, "decision_late")) == 1
    case = after(case, SECOND)
    standing = find_mediation(case)
    assert (case.due_rule, standing.mediator_id, standing.first_mediator_id) == (
        "mediation_rule",
        second,
        cast.mediator,
    )
    assert told(cast.mediator, "decision_passed") and len(told(operator, "decision_late")) == 2
    with pytest.raises(StepRefused, match="另一位裁决员"):
        cast.take(case, "decide_close", MEDIATOR, find_mediation(case).stage_at, note="太晚了")
    assert healthy()
    case = after(case, RULE)
    last = db.session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)).all()[-1]
    assert (last.actor, last.step, case.state, case.escalated) == ("clock", "decide_return", "returning", False)
    assert find_mediation(case).mediator_id is None and healthy()


def test_the_second_decides_as_any_mediator(cast_both: Cast) -> None:
    cast = cast_both
    case = called_for(cast)
    second = another_mediator(cast)
    case = after(case, SECOND)
    case = cast.take(case, "decide_close", MEDIATOR, find_mediation(case).stage_at, second, note="凭证不足")
    assert case.state == "closed" and healthy()


def test_nobody_related_to_a_side_becomes_the_second(cast: Cast) -> None:
    case = called_for(cast)
    with writing():  # the only other one works in the shop
        db.session.execute(update(User).where(User.id == cast.seller).values(mediator=True))
        db.session.execute(update(User).where(User.id == cast.buyer).values(mediator=True))
    case = after(case, SECOND)
    assert (find_mediation(case).mediator_id, find_mediation(case).first_mediator_id) == (cast.mediator, None)
    operator = db.session.scalars(select(User.id).where(User.operator)).one()
    assert "没有其他可以裁决的人" in "".join(told(operator, "decision_late"))
    assert cast.take(case, "decide_close", MEDIATOR, find_mediation(case).stage_at, note="凭证不足").state == "closed"


def test_of_two_the_one_with_less_at_hand_gets_it(cast: Cast) -> None:
    second = another_mediator(cast)
    first, other = called_for(cast), called_for(cast)
    assert {find_mediation(first).mediator_id, find_mediation(other).mediator_id} == {cast.mediator, second}


@pytest.mark.parametrize(("state", "case_type"), STATES)
def test_every_mediation_ends_without_anybody(cast_both: Cast, state: str, case_type: CaseType) -> None:
    cast = cast_both
    case = cast.mediated(cast.until(state, case_type=case_type), "evidence")
    case_id = case.id
    for _ in range(6):
        if not case.escalated:
            break
        assert case.due_at is not None
        case_clock.sweep(case.due_at)
        db.session.expire_all()
        case = db.session.get_one(Case, case_id)
    assert not case.escalated
    ended = db.session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)).all()[-1]
    assert (ended.actor, ended.step[:7]) == ("clock", "decide_")
    assert State(case.state) in FINAL or case.due_at is not None
    findings = [finding for finding in doctor.findings() if finding and "does not follow" not in finding[0]]
    assert not findings


@pytest.mark.parametrize("kind", [CaseType.EXCHANGE, CaseType.RETURN_REFUND])
@pytest.mark.parametrize("corrected", ["", "before", "meanwhile"])
@pytest.mark.parametrize("scanned", ["", "picked", "signed"])
def test_a_waybill_that_was_changed_meanwhile_decides_nothing_by_itself(
    cast_both: Cast, scanned: str, corrected: str, kind: CaseType
) -> None:
    """The buyer alone wrote it: the mediation ends, and the shop has the time to look that it has after a 签收."""
    cast = cast_both
    case = cast.until("inspecting", case_type=kind)

    def correct(at: datetime) -> None:
        parcel = db.session.scalars(select(Parcel.id).where(Parcel.voided_at.is_(None))).one()
        cast.take(
            db.session.get_one(Case, case.id),
            "edit_parcel",
            Actor.BUYER,
            at,
            parcel_id=parcel,
            carrier="YTO",
            number="YT8962646785389",
        )

    if corrected == "before":
        correct(cast.now + HOUR)
    case_clock.sweep(cast.now + timedelta(days=11))  # no trace: the platform is called in
    case = db.session.get_one(Case, case.id, populate_existing=True)
    assert case.escalated
    called = find_mediation(case).escalated_at
    assert called is not None
    if corrected == "meanwhile":
        correct(called + HOUR)
    if scanned:
        parcel = db.session.scalars(select(Parcel.id).where(Parcel.voided_at.is_(None))).one()
        with writing():
            case_scans.record_scans(parcel, [Scan(called + 2 * HOUR, scanned, "物流")], now=called + 3 * HOUR)
    case = db.session.get_one(Case, case.id, populate_existing=True)
    lines = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).all()
    foretold = rulings.describe_ruling(case, case_facts.collect_facts(case, called + 4 * HOUR), lines)[1]
    for span in (HEARD, LATE, SECOND, RULE):
        case = after_since(case, called + span)
    came = "reshipping" if kind is CaseType.EXCHANGE else "refunding"
    if not scanned:
        assert case.state == "closed"
    elif corrected != "meanwhile":
        assert case.state in (came, "converted")
    else:
        assert foretold == "按原流程继续"
        assert (case.state, case.escalated, case.ruled) == ("inspecting", False, False)
        assert case.due_at == called + RULE + DEADLINES["seller_receive_signed"]
        case = after_since(case, case.due_at)
        assert case.state == came
    assert healthy()


def after_since(case: Case, at: datetime) -> Case:
    case_id = case.id
    case_clock.sweep(at)
    db.session.expire_all()
    return db.session.get_one(Case, case_id)
