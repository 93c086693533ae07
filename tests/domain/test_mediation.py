"""平台介入: it freezes, both sides are heard at most twice, the decision is carried out, nobody related decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import doctor, flow
from portal.cases import clock as case_clock
from portal.cases import failed, mediation_queue, taking
from portal.cases.effects.step_context import hand_in_type
from portal.cases.mediation_rows import find_mediation
from portal.evidence import evidence
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, Stage, State, StepRefused
from portal.flow.table import SETTLING
from portal.models import (
    Case,
    CaseEvent,
    CaseLine,
    MoneyEntry,
    Notice,
    Order,
    OrderLine,
    ReturnAddress,
    Shop,
    Staff,
    User,
)
from portal.people import accounts, mediators
from portal.rights import policies
from tests.cast import Cast
from tests.conftest import NOW
from tests.domain.test_races import at_once
from tests.domain.test_rows import NOT_ALONE, STATES

BUYER, SELLER, MEDIATOR = Actor.BUYER, Actor.SELLER, Actor.MEDIATOR
REASONED = {"note": "根据双方的证据"}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def healthy() -> bool:
    return not [finding for finding in doctor.findings() if finding]


def called_for(cast: Cast, state: str = "revising", *, by: Actor = BUYER, after: timedelta = HOUR, **how: Any) -> Case:
    """A case in ``state`` into which a side has called the platform, ``after`` it got there."""
    case = cast.until(state, **how)
    return cast.take(case, "escalate", by, cast.now + after, note="请平台处理", because="refused", wish="换新的")


def heard(cast: Cast, state: str = "revising", **how: Any) -> Case:
    """The same, both sides heard."""
    case = called_for(cast, state, **how)
    return cast.take(case, "submit_evidence", SELLER, cast.now + 2 * HOUR, note="出库照片")


def decide(cast: Cast, case: Case, step: str, at: timedelta = 3 * HOUR, **values: Any) -> Case:
    return cast.take(case, step, MEDIATOR, cast.now + at, **{**REASONED, **values})


def told(user_id: int, kind: str) -> list[str]:
    return list(db.session.scalars(select(Notice.href).where(Notice.user_id == user_id, Notice.kind == kind)))


# ---------------------------------------------------------------- the clock


def test_it_freezes_the_clock_and_keeps_the_rest(cast_both: Cast) -> None:
    cast = cast_both
    case = called_for(cast, after=DAY)
    assert (case.stage, case.due_rule, case.due_at) == ("evidence", "mediation_evidence", cast.now + DAY + 48 * HOUR)
    assert set(told(cast.mediator, "escalate")) == {f"/mediation/{case.case_no}"} and told(cast.seller, "escalate")
    case = cast.take(case, "withdraw_mediation", BUYER, cast.now + DAY + 30 * HOUR)
    assert (case.escalated, case.stage, find_mediation(case).heard) == (False, "", "")
    assert case.due_at == cast.now + timedelta(days=7) + 30 * HOUR  # of the seven days one was gone: six are left
    assert case.due_rule == "buyer_modify"


def test_at_least_a_day_is_left_when_the_clock_goes_on(cast: Cast) -> None:
    case = called_for(cast, after=timedelta(days=7) - HOUR)
    end = cast.now + timedelta(days=8)
    case = decide(
        cast, cast.take(case, "submit_evidence", SELLER, end - HOUR, note="x"), "decide_continue", end - cast.now
    )
    assert case.due_at == end + DAY


def test_a_clock_that_a_side_starts_anew_meanwhile_has_not_stood_still_before(cast: Cast) -> None:
    """Disputed, called for, the seller counts again: three whole days from there, no more."""
    case = called_for(cast, "disputed")
    line = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).one()
    from portal.cases.effects.hand_ins import InspectedLine

    counted = [InspectedLine(line.id, 2_000, 1_500, "not_resellable")]
    case = cast.take(case, "revise_inspection", SELLER, cast.now + 30 * HOUR, counted=counted, note="x")
    assert case.escalated
    case = cast.take(case, "withdraw_mediation", BUYER, cast.now + 40 * HOUR)
    assert case.due_at == cast.now + 40 * HOUR + 72 * HOUR


ALONE = [step for step in flow.STEPS if step.actor in (BUYER, SELLER) and step.source is not None]


def leave_alone(step: flow.Step, stage: str) -> bool:
    """Whether this step of one side's moves or changes a case that the platform is in at this stage."""
    facts = flow.Facts(
        entered_at=NOW,
        now=NOW + 30 * DAY,
        escalated=True,
        stage=stage,
        asked_by="clock",
        late=True,
        problem_open=True,
        out_lost=True,
        seller_wrote=True,
        unshipped=True,
        open_entries=2,
        applications=1,
    )
    mediated = step.source in {row.source for row in flow.OVERLAY}
    moves = step.target != step.source and {step.source, step.target} != flow.OWED
    return mediated and (moves or step.name == "modify") and flow.unmet(step, facts) is None


@pytest.mark.parametrize("stage", ["evidence", "deciding", "overdue"])
def test_no_step_of_one_side_alone_takes_it_from_the_platform(stage: str) -> None:
    """Every step × stage: what moves or ends a case needs what the other side stands for, or who called."""
    wrong = [
        f"{step.actor} {step.source} {step.name} {step.target}"
        for step in ALONE
        if step.name not in SETTLING and leave_alone(step, stage)
    ]
    assert ALONE and not wrong, "\n" + "\n".join(wrong)


def test_a_payment_that_is_recorded_meanwhile_waits_for_the_buyer_or_the_platform(cast_both: Cast) -> None:
    cast = cast_both
    for end in ("buyer", "platform"):
        case = cast.mediated(cast.until("refunding", case_type=CaseType.REFUND_ONLY))
        with pytest.raises(StepRefused, match="一方不能单独改变"):
            cast.take(case, "refund_ok", SELLER, cast.now + HOUR, reference="20261124")
        db.session.rollback()
        case = db.session.get_one(Case, case.id)
        case = cast.take(case, "settle_entry", SELLER, cast.now + HOUR, reference="20261124")
        assert case.escalated and case.state == "refunding"
        if end == "buyer":
            case = cast.take(case, "refund_arrived", BUYER, cast.now + 2 * HOUR)
        else:
            case = decide(cast, case, "decide_complete")
        assert (case.state, case.escalated) == ("completed", False) and healthy()


def test_only_the_buyer_who_called_withdraws_the_application(cast: Cast) -> None:
    other = cast.mediated(cast.until("revising"), asked_by="seller")
    other = cast.take(other, "withdraw", BUYER, cast.now + HOUR)
    assert (other.state, other.escalated, other.offered_by) == ("revising", True, "buyer")  # only offered
    mine = cast.mediated(cast.until("revising"), asked_by="buyer")
    assert cast.take(mine, "withdraw", BUYER, cast.now + HOUR).state == "withdrawn"


# ---------------------------------------------------------------- rounds and the decision's own time


def test_two_rounds_and_then_a_decision(cast_both: Cast) -> None:
    cast = cast_both
    case = called_for(cast)
    with pytest.raises(StepRefused, match="举证期还没有结束"):
        decide(cast, case, "decide_close")
    case = cast.take(case, "submit_evidence", SELLER, cast.now + 2 * HOUR, note="出库照片")
    case = cast.take(
        case, "submit_evidence", SELLER, cast.now + 2 * HOUR, note="再一张", photos=cast.photos(2, cast.seller)
    )
    case = decide(cast, case, "more_evidence", note="请补充检测报告", asked="buyer")
    assert (case.stage, find_mediation(case).evidence_round, find_mediation(case).heard) == ("evidence", 2, "seller")
    assert case.due_at == cast.now + 51 * HOUR
    with pytest.raises(StepRefused, match="举证期还没有结束"):
        decide(cast, case, "decide_close")
    case = cast.take(case, "submit_evidence", BUYER, cast.now + 4 * HOUR, note="检测报告")
    with pytest.raises(StepRefused, match="最多 2 轮举证"):
        decide(cast, case, "more_evidence", 5 * HOUR)
    case = decide(cast, case, "decide_close", 5 * HOUR)
    assert case.state == "closed" and healthy()


def test_silence_ends_the_round_and_an_overdue_decision_is_marked(cast_both: Cast) -> None:
    cast = cast_both
    case_id = called_for(cast).id
    case_clock.sweep(cast.now + timedelta(days=8))
    db.session.rollback()
    case = db.session.get_one(Case, case_id, populate_existing=True)
    steps = db.session.execute(select(CaseEvent.step, CaseEvent.at).where(CaseEvent.case_id == case_id)).all()[-2:]
    ends = cast.now + HOUR + 48 * HOUR
    assert [tuple(row) for row in steps] == [("timeout_evidence", ends), ("timeout_decision", ends + timedelta(days=5))]
    assert (case.state, case.stage, case.due_at) == ("revising", "overdue", ends + timedelta(days=10))
    assert told(cast.mediator, "timeout_decision") and told(cast.buyer, "timeout_decision")
    case = decide(cast, case, "decide_continue", timedelta(days=9))  # late is better than never
    assert not case.escalated and case.due_at == cast.now + timedelta(days=9) + timedelta(days=7) - HOUR
    assert healthy()


def test_both_sides_are_reminded_while_they_may_be_heard_then_the_mediator(cast: Cast) -> None:
    case = called_for(cast, "disputed", by=SELLER)
    case = cast.take(case, "submit_evidence", BUYER, cast.now + 2 * HOUR, note="寄出前的照片")

    def reminded(user_id: int) -> int:
        db.session.rollback()
        return len(told(user_id, "reminder"))

    before = {name: reminded(getattr(cast, name)) for name in ("buyer", "seller", "mediator")}
    case_clock.sweep(cast.now + 26 * HOUR)
    assert reminded(cast.buyer) == before["buyer"] and reminded(cast.seller) == before["seller"]  # both were heard
    other = called_for(cast, "inspecting")
    case_clock.sweep(cast.now + 26 * HOUR)  # 23 h before the end
    assert reminded(cast.seller) == before["seller"] + 1 and reminded(cast.buyer) == before["buyer"]
    body = db.session.scalars(select(Notice.body).where(Notice.kind == "reminder", Notice.case_id == other.id)).one()
    assert "前提交证据" in body and "没有举证的一方按已有材料处理" in body
    case_clock.sweep(cast.now + 49 * HOUR)
    case_clock.sweep(cast.now + timedelta(days=6, hours=3))
    assert reminded(cast.mediator) > before["mediator"]


def test_a_side_that_was_not_heard_is_reminded_each_for_itself(cast: Cast) -> None:
    case = cast.mediated(cast.until("inspecting"), "evidence", "clock", heard="", remind_at=cast.now + DAY)
    case_clock.sweep(cast.now + DAY + HOUR)
    db.session.rollback()
    who = set(db.session.scalars(select(Notice.user_id).where(Notice.kind == "reminder", Notice.case_id == case.id)))
    assert who == {cast.buyer, cast.seller}


# ---------------------------------------------------------------- who may


def test_no_part_in_it_for_anybody_of_either_side(cast_both: Cast) -> None:
    cast = cast_both
    case = heard(cast)
    buyer, shop = case.buyer_id, case.shop_id
    assert mediators.deciders(buyer, shop) == [cast.mediator] and mediators.may_decide(cast.mediator, buyer, shop)
    with writing():
        db.session.execute(update(User).where(User.operator.is_(False)).values(mediator=True))
    everybody = {name: getattr(cast, name) for name in ("buyer", "buyer2", "seller", "seller2", "mediator")}
    assert mediators.deciders(buyer, shop) == sorted(everybody[n] for n in ("buyer2", "seller2", "mediator"))

    def works(user_id: int, shop_id: int | None) -> None:
        with writing():
            db.session.execute(db.delete(Staff).where(Staff.user_id == user_id, Staff.role != "owner"))
            if shop_id:
                db.session.add(Staff(user_id=user_id, shop_id=shop_id, role="agent"))

    works(cast.mediator, cast.shop)  # of the shop
    assert cast.mediator not in mediators.deciders(buyer, shop)
    with pytest.raises(StepRefused, match="与这张售后单的一方有关"):
        decide(cast, case, "decide_close")
    works(cast.mediator, None)
    works(cast.buyer, cast.shop2)  # the buyer's colleagues, and whose shop it is
    works(cast.mediator, cast.shop2)
    assert mediators.deciders(buyer, shop) == [cast.buyer2]
    for name, user_id in everybody.items():
        assert mediators.may_decide(user_id, buyer, shop) == (name == "buyer2"), name
    with pytest.raises(StepRefused, match="与这张售后单的一方有关"):
        decide(cast, case, "decide_close", user=cast.seller2)
    works(cast.buyer, None)
    works(cast.mediator, None)
    with writing():
        accounts.create_shop(db.session.get_one(User, cast.buyer), "买家自己的店", cast.now)
        own = db.session.scalars(select(Staff.shop_id).where(Staff.user_id == cast.buyer)).one()
        db.session.add(Staff(user_id=cast.mediator, shop_id=own, role="finance"))
    assert cast.mediator not in mediators.deciders(buyer, shop)


class Who:
    def __init__(self, user_id: int, shop_id: int | None = None) -> None:
        self.user_id, self.shop_id = user_id, shop_id


def test_the_docket_shows_what_may_be_decided_the_least_time_left_first(cast_both: Cast) -> None:
    cast = cast_both
    with writing():
        db.session.execute(update(User).values(mediator=True))
    late, first = heard(cast), called_for(cast, "disputed", after=2 * HOUR)
    second = called_for(cast, "inspecting", after=3 * HOUR)
    cast.until("inspecting")
    case_clock.sweep(cast.now + 49 * HOUR)  # the first one's round is over
    db.session.rollback()

    def seen(who: Who, tab: str, **how: Any) -> list[str]:
        return [row.case_no for row in mediation_queue.list_page(who, tab, **how)[0]]

    me = Who(cast.mediator)
    assert seen(me, "evidence") == [first.case_no, second.case_no]
    assert seen(me, "deciding") == [late.case_no] and seen(me, "overdue") == []
    assert mediation_queue.count_tabs(me) == {"evidence": 2, "deciding": 1, "overdue": 0, "unfulfilled": 0}
    assert seen(me, "evidence", words=second.case_no[:12].lower()) in (
        [first.case_no, second.case_no],
        [second.case_no],
    )
    assert seen(me, "evidence", words="%") == []
    for related in (Who(cast.buyer), Who(cast.seller, cast.shop)):
        assert seen(related, "evidence") == seen(related, "deciding") == []
        assert mediation_queue.count_tabs(related) == {"evidence": 0, "deciding": 0, "overdue": 0, "unfulfilled": 0}
        assert mediation_queue.find_for_mediator(late.case_no, related) is None and not mediation_queue.may_see_case(
            related, late.id
        )
    decide(cast, late, "decide_close", 50 * HOUR)
    assert seen(me, "decided") == [late.case_no] and seen(Who(cast.buyer), "decided") == []
    found = mediation_queue.find_for_mediator(late.case_no, me)
    assert found is not None and found.state == "closed"  # the record stays
    assert mediation_queue.find_for_mediator(cast.open_case().case_no, me) is None  # never called for


# ---------------------------------------------------------------- what is decided is carried out


def claimed(case: Case) -> int:
    return db.session.scalars(select(OrderLine.claimed_milli).where(OrderLine.order_id == case.order_id)).one()


def entries(case_id: int) -> list[tuple[str, str, int]]:
    rows = db.session.execute(
        select(MoneyEntry.kind, MoneyEntry.state, MoneyEntry.amount_fen).where(MoneyEntry.case_id == case_id)
    )
    return [(kind, state, fen) for kind, state, fen in rows]


def child_of(case: Case) -> Case:
    return db.session.scalars(select(Case).where(Case.parent_id == case.id)).one()


def test_a_refund_instead_of_an_exchange_at_once(cast_both: Cast) -> None:
    cast = cast_both
    case = decide(cast, heard(cast), "decide_refund", amount_fen=2000, goods_back=False)
    child = child_of(case)
    assert (case.state, child.type, child.state) == ("converted", "refund_only", "refunding")
    assert entries(child.id) == [("refund", "due", 2000)] and claimed(case) == 2_000
    order = db.session.get_one(Order, case.order_id, populate_existing=True)
    assert order.refunded_fen == 2000
    child = cast.take(child, "refund_ok", SELLER, cast.now + 4 * HOUR, reference="20261123001")
    assert child.state == "completed" and healthy()


def test_a_refund_after_the_goods_are_back(cast_both: Cast) -> None:
    cast = cast_both
    case = decide(cast, heard(cast), "decide_refund", amount_fen=1500, goods_back=True, freight_payer="buyer")
    child = child_of(case)
    assert (child.type, child.state, child.freight_payer, child.refund_fen) == (
        "return_refund",
        "returning",
        "buyer",
        1500,
    )
    assert child.return_address and entries(child.id) == [] and claimed(case) == 2_000
    event = db.session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.version)).all()[
        -1
    ]
    assert (event.data["decided_fen"], event.data["goods_back"], event.data["child"]) == (1500, True, child.case_no)
    assert healthy()


@pytest.mark.parametrize("fen", [0, -1, 2501, 10**9])
def test_no_more_than_was_paid_can_be_decided(cast: Cast, fen: int) -> None:
    case = heard(cast)
    with pytest.raises(StepRefused, match=r"最多 25\.00 元"):
        decide(cast, case, "decide_refund", amount_fen=fen)
    db.session.rollback()
    assert db.session.get_one(Case, case.id).escalated


def test_only_what_was_accepted_is_refunded_once_the_shop_has_accepted(cast: Cast) -> None:
    """One of two was accepted and sent: the other one went back to the buyer and is no part of it."""
    case = cast.until("disputed")
    case = cast.take(case, "accept_result", BUYER)
    line = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case.id)).one()
    case = cast.take(case, "ship_replacement", SELLER, parcels=[("ZTO", "75484863576596")], shipped={line: 1_000})
    case = cast.take(case, "report_problem", BUYER, kind="not_received", note="没有收到")
    case = cast.take(case, "escalate", BUYER, note="没有收到", because="not_sent", wish="退款")
    case = cast.take(case, "submit_evidence", SELLER, note="已发出")
    with pytest.raises(StepRefused, match=r"最多 12\.50 元"):
        decide(cast, case, "decide_refund", amount_fen=2500, goods_back=False)
    case = decide(cast, case, "decide_refund", goods_back=False)
    child = child_of(case)
    assert entries(child.id) == [("refund", "due", 1250)] and claimed(case) == 1_000 and healthy()


def test_a_refund_case_is_refunded_what_was_decided_whatever_was_inspected(cast_both: Cast) -> None:
    cast = cast_both
    case = heard(cast, "disputed", case_type=CaseType.RETURN_REFUND)
    case = decide(cast, case, "decide_refund", amount_fen=2400)
    assert case.state == "refunding" and entries(case.id) == [("refund", "due", 2400)] and healthy()


def test_above_the_limit_a_second_person_of_the_shop_looks_at_it(cast: Cast) -> None:
    with writing():
        db.session.execute(update(Shop).values(approval_fen=100))
        db.session.add(Staff(user_id=cast.buyer2, shop_id=cast.shop, role="finance"))
    case = decide(cast, heard(cast), "decide_refund", amount_fen=2000, goods_back=False)
    assert entries(child_of(case).id) == [("refund", "waiting", 2000)]


def test_the_goods_are_to_be_sent_back_first(cast_both: Cast) -> None:
    cast = cast_both
    case = decide(cast, heard(cast), "decide_return", freight_payer="buyer")
    assert (case.state, case.freight_payer, case.negotiated) == ("returning", "buyer", False)
    assert case.return_address and case.due_at == cast.now + 3 * HOUR + timedelta(days=7) and healthy()


def test_without_an_address_nothing_can_be_sent_back(cast: Cast) -> None:
    case = heard(cast)
    with writing():
        for address in db.session.scalars(select(ReturnAddress).where(ReturnAddress.shop_id == cast.shop)):
            policies.remove_address(address, cast.now)
    refund: dict[str, Any] = {"amount_fen": 100, "goods_back": True}
    for step, values in (("decide_return", {}), ("decide_refund", refund)):
        with pytest.raises(StepRefused, match="店铺还没有退货地址，现在不能裁决寄回"):
            decide(cast, case, step, **values)
        db.session.rollback()
    assert decide(cast, case, "decide_reship").state == "reshipping"


def test_the_shop_sends_once_more(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.take(cast.until("confirming"), "report_problem", BUYER, kind="not_received", note="没有收到")
    case = cast.take(case, "escalate", BUYER, note="没有收到", because="not_sent")
    case = decide(cast, cast.take(case, "submit_evidence", SELLER, note="已发出"), "decide_reship")
    line = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).one()
    assert (case.state, case.round, line.accepted_milli, line.shipped_milli) == ("reshipping", 2, 2_000, 0)
    assert case.due_at == cast.now + 3 * HOUR + 72 * HOUR and healthy()


def test_a_case_that_is_closed_gives_everything_back(cast_both: Cast) -> None:
    cast = cast_both
    case = decide(cast, heard(cast, "disputed"), "decide_close")
    assert case.state == "closed" and claimed(case) == 0
    assert failed.add_up_failed(case) == 2_000  # also what had been accepted goes back to the buyer
    assert set(told(cast.buyer, "decide_close")) == {f"/cases/{case.case_no}"} and told(cast.seller, "decide_close")
    assert healthy()


def test_money_that_is_open_ends_with_the_case(cast: Cast) -> None:
    """A case that owes compensation and is refunded another way owes nothing more by itself."""
    case = cast.until("applied")
    case = cast.take(case, "propose", SELLER, terms=cast.terms(case, compensation_fen=300))
    case = cast.take(case, "accept_reship", BUYER)
    case_clock.sweep(cast.now + timedelta(days=7))  # nothing sent: late, then the platform, then its decision is due
    case = db.session.get_one(Case, case.id, populate_existing=True)
    assert case.escalated and find_mediation(case).asked_by == "clock"
    case = decide(cast, case, "decide_refund", timedelta(days=9), amount_fen=2500, goods_back=False)
    assert entries(case.id) == [("compensation", "cancelled", 300)]
    assert entries(child_of(case).id) == [("refund", "due", 2500)] and healthy()


@pytest.mark.parametrize("step", ["decide_close", "decide_return", "decide_reship", "decide_refund", "decide_continue"])
def test_no_decision_without_its_reasons(cast: Cast, step: str) -> None:
    case = heard(cast)
    with pytest.raises(StepRefused, match="请写明裁决的理由"):
        decide(cast, case, step, note="")


# ---------------------------------------------------------------- together


def test_what_the_sides_settle_themselves_ends_it(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.take(heard(cast, "inspecting"), "accept_goods", SELLER, cast.now + 3 * HOUR)
    assert (case.state, case.escalated, case.stage, case.paused_seconds) == ("reshipping", False, "", 0)
    with pytest.raises(StepRefused):
        decide(cast, case, "decide_close", 4 * HOUR)
    assert healthy()


def test_only_who_asked_can_withdraw_it(cast: Cast) -> None:
    case = called_for(cast)
    with pytest.raises(StepRefused, match="只有申请的一方可以撤回"):
        cast.take(case, "withdraw_mediation", SELLER, cast.now + 2 * HOUR)
    db.session.rollback()
    assert not cast.take(case, "withdraw_mediation", BUYER, cast.now + 2 * HOUR).escalated


@pytest.mark.parametrize("side", [BUYER, SELLER])
@pytest.mark.parametrize("kind", list(CaseType))
def test_withdrawn_after_all_was_paid_the_case_is_completed(cast_both: Cast, kind: CaseType, side: Actor) -> None:
    cast = cast_both
    case = cast.mediated(cast.until("refunding", case_type=kind), "evidence", str(side))
    owed = select(MoneyEntry.id).where(MoneyEntry.case_id == case.id, MoneyEntry.state == "due")
    while (entry_id := db.session.scalars(owed).first()) is not None:
        case = cast.take(case, "settle_entry", SELLER, entry_id=entry_id, reference=f"20261124{entry_id:09d}")
    assert (case.state, case.escalated) == ("refunding", True)
    case = cast.take(case, "withdraw_mediation", side, cast.now + HOUR)
    assert (case.state, case.escalated, case.due_at) == ("completed", False, None)
    assert healthy()


def test_withdrawn_while_something_is_owed_it_goes_on_as_it_was(cast: Cast) -> None:
    case = cast.mediated(cast.until("refunding", case_type=CaseType.RETURN_REFUND), "evidence", "buyer")
    case = cast.take(case, "withdraw_mediation", BUYER, cast.now + HOUR)
    assert (case.state, case.escalated) == ("refunding", False)
    assert case.due_at is not None and healthy()


def test_photos_of_a_case_have_a_limit(cast: Cast) -> None:
    case = called_for(cast)
    for _ in range(4):
        case = cast.take(case, "submit_evidence", BUYER, note="照片", photos=cast.photos(9, cast.buyer))
    with pytest.raises(StepRefused, match="每一方最多 40 张照片，您还能再传 4 张"):
        cast.take(case, "submit_evidence", BUYER, note="照片", photos=cast.photos(5, cast.buyer))
    db.session.rollback()
    photos = cast.photos(9, cast.seller, side="seller")
    cast.take(case, "submit_evidence", SELLER, note="验货记录", photos=photos)
    assert evidence.count_of_side(case.id, case.shop_id, "seller") == 9, "no room of the other side is taken"


RACES: list[tuple[str, tuple[str, Actor, dict[str, Any]]]] = [
    ("revising", ("withdraw_mediation", BUYER, {})),
    ("revising", ("withdraw", BUYER, {})),
    ("revising", ("modify", BUYER, {"description": "改好了"})),
    ("disputed", ("accept_result", BUYER, {})),
    ("revising", ("decide_close", MEDIATOR, REASONED)),
]


@pytest.mark.parametrize(("state", "other"), RACES, ids=[f"{state}-{other[0]}" for state, other in RACES])
def test_of_a_decision_and_something_else_at_once_one_wins(
    both: Flask, cast_both: Cast, state: str, other: tuple[str, Actor, dict[str, Any]]
) -> None:
    cast = cast_both
    case = heard(cast, state)
    case_id, version = case.id, case.version

    def take(step: str, actor: Actor, values: dict[str, Any]) -> Callable[[], object]:
        by = cast.by(actor)
        at = cast.now + 3 * HOUR
        handed = hand_in_type(step)(**values)
        return lambda: taking.take(case_id, step, by=by, now=at, version=version, handed=handed).version

    answers = at_once(both, [take("decide_refund", MEDIATOR, {**REASONED, "goods_back": False}), take(*other)])
    assert sorted(isinstance(answer, int) for answer in answers) == [False, True], answers
    db.session.expire_all()
    assert db.session.get_one(Case, case_id).version == version + 1 and healthy()


@pytest.mark.parametrize(("state", "case_type"), [pair for pair in STATES if pair not in NOT_ALONE])
def test_time_alone_ends_every_case_that_owes_nothing(cast: Cast, state: State, case_type: CaseType) -> None:
    """Nobody does anything any more: no case waits for nobody, whatever its type and state."""
    cast.until(state, case_type=case_type)
    end = cast.now + timedelta(days=400)
    case_clock.sweep(end, most=200)
    db.session.rollback()
    found = db.session.scalars(select(Case)).all()
    assert found
    for case in found:
        if case.state in flow.FINAL:
            assert case.due_at is None and not case.escalated
        else:
            assert case.state in flow.OWED, (
                case.state,
                case.type,
            )  # what is owed stays owed, and the platform is in it
            if case.stage == Stage.UNFULFILLED:  # on the platform's list, and no clock runs any more
                assert case.due_at is None and case.ruled
            else:
                assert case.due_at is not None and case.due_at > end
            assert mediators.deciders(case.buyer_id, case.shop_id) == [cast.mediator]
    assert healthy()
