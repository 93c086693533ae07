"""The verbs of a case: what changed, which event, who was told, exactly."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from portal.cases import clock as case_clock
from portal.cases import taking
from portal.cases.effects.hand_ins import InspectedLine, RequestedLine
from portal.cases.history import hash_event
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, Stale, StepRefused
from portal.models import Case, CaseEvent, CaseLine, CaseTally, Notice, Order, OrderLine, Parcel, ReturnAddress
from portal.money import worth
from portal.orders import ledger
from portal.rights import policies
from portal.tracking import scans as case_scans
from tests.cast import Cast

PARCELS = [("ZTO", "75484863576596")]


def claimed(case: Case) -> list[int]:
    return list(db.session.scalars(select(OrderLine.claimed_milli).where(OrderLine.order_id == case.order_id)))


def events(case: Case) -> list[CaseEvent]:
    return list(db.session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.version)))


def tallies() -> dict[str, int]:
    rows = db.session.execute(select(CaseTally.state, CaseTally.number).where(CaseTally.number > 0)).all()
    return {row.state: row.number for row in rows}


def titles(user_id: int) -> list[str]:
    return list(db.session.scalars(select(Notice.title).where(Notice.user_id == user_id).order_by(Notice.id)))


def test_opening_claims_counts_tells_and_starts_the_clock(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.open_case(milli=2_000)
    assert (case.state, case.version, case.due_at, case.due_rule) == (
        "applied",
        1,
        cast.now + timedelta(hours=48),
        "seller_response",
    )
    assert claimed(case) == [2_000]
    assert [event.step for event in events(case)] == ["apply"]
    assert titles(cast.seller) == ["新的换货申请"]
    assert titles(cast.buyer) == []
    assert tallies() == {"applied": 1}


def test_no_more_than_what_is_free_can_be_claimed(cast_both: Cast) -> None:
    cast = cast_both
    order = cast.order(milli=3_000)
    cast.open_case(order, milli=2_000)
    with pytest.raises(ledger.NotEnough):
        cast.open_case(order, milli=2_000)
    db.session.rollback()
    assert db.session.scalar(select(db.func.count()).select_from(Case)) == 1


def test_the_whole_way_to_the_end_with_every_event_chained(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until("completed")
    steps = [event.step for event in events(case)]
    assert steps == ["apply", "agree", "ship_return", "accept_goods", "ship_replacement", "confirm"]
    before = ""
    for number, event in enumerate(events(case), 1):
        row = {column.key: getattr(event, column.key) for column in CaseEvent.__table__.columns}
        assert (event.version, event.before_hash, event.hash) == (number, before, hash_event(row))
        before = event.hash
    assert case.due_at is None
    assert claimed(case) == [2_000]  # a successful claim stays claimed
    assert tallies() == {"completed": 1}
    assert titles(cast.buyer) == ["换货成功通知", "验货通过", "换货商品已发出", "换货完成"]


def test_the_notice_of_agreement_says_that_it_is_not_over(cast: Cast) -> None:
    case = cast.until("returning")
    body = db.session.scalars(select(Notice.body).where(Notice.user_id == cast.buyer)).one()
    assert body.startswith("您的换货申请已审核通过，请在 11月30日 10:00 前寄回商品；换货尚未完成。")
    assert "浙江省义乌市北苑街道1号" in body
    assert "商家承担" in body
    assert case.return_address == "浙江省义乌市北苑街道1号"


@pytest.mark.parametrize("state", ["applied", "revising", "returning"])
def test_withdrawing_gives_the_units_back(cast_both: Cast, state: str) -> None:
    case = cast_both.take(cast_both.until(state), "withdraw", Actor.BUYER)
    assert case.state == "withdrawn"
    assert claimed(case) == [0]


def test_the_loser_of_a_race_changes_nothing(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.open_case()
    cast.take(case, "agree", Actor.SELLER, version=1)
    with pytest.raises(Stale), writing():
        taking.take(case.id, "reject", by=cast.by(Actor.SELLER), now=cast.now, version=1)
    assert [event.step for event in events(case)] == ["apply", "agree"]


def test_a_refused_step_leaves_nothing_behind(cast: Cast) -> None:
    case = cast.until("inspecting")
    lines = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case.id)).all()
    with pytest.raises(StepRefused, match="至少上传 2 张照片"):
        cast.take(
            case,
            "dispute_goods",
            Actor.SELLER,
            counted=[InspectedLine(lines[0], 2_000, 0, "not_resellable")],
            note="旧",
        )
    db.session.expire_all()
    assert db.session.get_one(CaseLine, lines[0]).received_milli is None


def test_rejecting_needs_a_word_with_the_buyer_first(cast: Cast) -> None:
    case = cast.open_case()
    with pytest.raises(StepRefused, match="先在会话里和买家沟通"):
        cast.take(case, "reject", Actor.SELLER, refusal="no_stock", note="缺货")


def test_insufficient_evidence_can_only_be_said_after_asking_for_it(cast: Cast) -> None:
    from portal.models import Conversation, Message

    case = cast.open_case()
    with writing():
        talk = Conversation(order_id=case.order_id, buyer_id=cast.buyer, shop_id=cast.shop, last_at=cast.now)
        db.session.add(talk)
        db.session.flush()
        db.session.add(Message(conversation_id=talk.id, shop_id=cast.shop, side="seller", words="您好", at=cast.now))
    with pytest.raises(StepRefused, match="请补充凭证"):
        cast.take(case, "reject", Actor.SELLER, refusal="evidence_insufficient", note="看不清")
    case = cast.take(case, "ask_evidence", Actor.SELLER, note="请补拍面单")
    assert case.state == "revising"
    case = cast.take(case, "modify", Actor.BUYER, description="补拍了面单")
    assert (case.state, case.applications, case.description) == ("applied", 2, "补拍了面单")
    assert cast.take(case, "reject", Actor.SELLER, refusal="evidence_insufficient", note="看不清").state == "revising"


def test_modifying_moves_the_ledger_by_the_difference(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.open_case(milli=2_000)
    line = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).one()
    for milli in (5_000, 1_000):
        case = cast.take(case, "modify", Actor.BUYER, wanted=[RequestedLine(line.order_line_id, milli)])
        assert claimed(case) == [milli]


def test_the_clock_agrees_with_the_default_address(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.open_case()
    assert case_clock.sweep(cast.now + timedelta(hours=47)) == 0
    assert case_clock.sweep(cast.now + timedelta(hours=60)) == 1
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    assert (case.state, case.return_name) == ("returning", "仓库")
    assert events(case)[-1].at == cast.now + timedelta(hours=48)  # dated when it fell due
    assert case.due_at == cast.now + timedelta(hours=48, days=7)
    assert case_clock.sweep(cast.now + timedelta(hours=60)) == 0


def test_without_an_address_the_case_is_marked_and_the_seller_can_still_act(cast: Cast) -> None:
    with writing():
        for address in db.session.scalars(select(ReturnAddress)):
            policies.remove_address(address, cast.now)
    case = cast.open_case()
    case_clock.sweep(cast.now + timedelta(hours=49))
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    assert (case.state, case.escalated, case.stage) == ("applied", True, "evidence")
    assert case.due_at == cast.now + timedelta(hours=96)
    assert cast.take(case, "agree_no_return", Actor.SELLER, now=cast.now + timedelta(hours=50)).state == "reshipping"


def test_late_settling_is_the_same_as_timely_settling(cast_both: Cast) -> None:
    cast = cast_both
    first, second = cast.open_case(), cast.open_case()
    ids = first.id, second.id
    for days in range(1, 40):
        case_clock.settle_now(ids[0], cast.now + timedelta(days=days))
    case_clock.settle_now(ids[1], cast.now + timedelta(days=40))
    said = [[(e.step, e.at, e.source, e.target) for e in events(case)] for case in (first, second)]
    assert said[0] == said[1]
    assert said[0][-1][3] == "closed"


def test_goods_without_a_trace_are_never_accepted_by_the_clock(cast: Cast) -> None:
    case = cast.until("inspecting")
    case_clock.sweep(cast.now + timedelta(days=11))
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    assert (case.state, case.escalated) == ("inspecting", True)
    parcel = db.session.scalars(select(Parcel).where(Parcel.case_id == case.id)).one()
    at = cast.now + timedelta(days=12)
    with writing():
        assert case_scans.record_trace(parcel.id, at=at, status="signed", said="已签收", now=at)
    at += timedelta(hours=1)
    case = cast.take(db.session.get_one(Case, case.id), "decide_continue", Actor.MEDIATOR, at, note="已有签收记录")
    assert case.due_at == at + timedelta(hours=24)  # the limit has run out, and now there is a trace
    case_clock.sweep(at + timedelta(hours=24))
    db.session.expire_all()
    assert db.session.get_one(Case, case.id).state == "reshipping"


def test_a_deadline_that_a_late_scan_brings_is_dated_after_what_happened_meanwhile(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until("inspecting")
    case_clock.sweep(cast.now + timedelta(days=10))
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    assert case.escalated
    parcel = db.session.scalars(select(Parcel.id).where(Parcel.case_id == case.id)).one()
    at = cast.now + timedelta(days=10, hours=1)
    case = cast.take(case, "edit_parcel", Actor.BUYER, at, parcel_id=parcel, carrier="YTO", number="YT8962646785389")
    parcel = db.session.scalars(select(Parcel.id).where(Parcel.case_id == case.id, Parcel.voided_at.is_(None))).one()
    with writing():
        case_scans.record_trace(parcel, at=at, status="picked", said="已揽收", now=at)
    case = db.session.get_one(Case, case.id)
    cast.take(case, "decide_continue", Actor.MEDIATOR, at + timedelta(days=3), note="已揽收")
    case_clock.sweep(at + timedelta(days=5))
    db.session.expire_all()
    moments = [event.at for event in events(case)]
    assert moments == sorted(moments)
    assert events(case)[-1].step == "timeout_accept"


def test_partial_acceptance_goes_on_with_what_was_accepted(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.take(cast.until("disputed"), "accept_result", Actor.BUYER)
    line = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).one()
    with pytest.raises(StepRefused, match="不能多于"):
        cast.take(case, "ship_replacement", Actor.SELLER, parcels=PARCELS, shipped={line.id: 2_000})
    case = cast.take(case, "ship_replacement", Actor.SELLER, parcels=PARCELS, shipped={line.id: 1_000})
    assert case.state == "confirming"


def test_a_part_shipped_waits_for_the_rest(cast: Cast) -> None:
    case = cast.until("reshipping")
    line = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).one()
    case = cast.take(case, "ship_part", Actor.SELLER, parcels=PARCELS, shipped={line.id: 500})
    assert case.state == "reshipping"
    case = cast.take(case, "ship_replacement", Actor.SELLER, parcels=PARCELS, shipped={line.id: 1_500})
    assert case.state == "confirming"


def test_a_problem_stops_the_clock_until_the_seller_answers(cast: Cast) -> None:
    case = cast.until("confirming")
    case = cast.take(case, "report_problem", Actor.BUYER, kind="defect", note="坏", photos=cast.photos(1, cast.buyer))
    assert case.due_rule == "problem_answer"
    assert case.due_at is not None
    at = case.due_at + timedelta(minutes=1)
    case_clock.sweep(at)
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    assert (case.state, case.escalated) == ("confirming", True)
    case = cast.take(case, "resend", Actor.SELLER, now=at + timedelta(hours=1))
    assert (case.state, case.round, case.problem_open) == ("reshipping", 2, False)


def test_late_sellers_can_be_nudged_once_a_day(cast: Cast) -> None:
    case = cast.until("reshipping")
    at = cast.now + timedelta(hours=73)
    case = cast.take(case, "nudge", Actor.BUYER, now=at)
    with pytest.raises(StepRefused, match="24 小时内已催办过"):
        cast.take(case, "nudge", Actor.BUYER, now=at + timedelta(hours=1))
    case_clock.sweep(cast.now + timedelta(hours=145))
    db.session.expire_all()
    assert db.session.get_one(Case, case.id).escalated


def test_reminders_are_sent_once_each_to_who_must_act(cast: Cast) -> None:
    cast.open_case()
    for hours in (25, 25, 30):
        case_clock.sweep(cast.now + timedelta(hours=hours))
    assert titles(cast.seller) == ["新的换货申请", "请审核申请，还剩 23 小时"]


def test_events_and_final_cases_can_not_be_changed(cast_both: Cast) -> None:
    case = cast_both.until("withdrawn")
    for statement in (
        "UPDATE case_events SET note = 'x'",
        "DELETE FROM case_events",
        "UPDATE cases SET state = 'applied'",
        "DELETE FROM cases",
        "UPDATE policies SET words = 'x'",
    ):
        with pytest.raises(Exception, match=r"never|final"), writing():
            db.session.execute(text(statement))
    assert case.state == "withdrawn"


def test_a_reissue_asks_for_nothing_back_and_ends_as_one(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until("completed", case_type=CaseType.REISSUE)
    steps = [event.step for event in events(case)]
    assert steps == ["apply", "agree", "ship_replacement", "confirm"]
    assert titles(cast.seller) == ["新的补发申请", "补发完成"]
    assert titles(cast.buyer) == ["补发申请已通过", "补发商品已发出", "补发完成"]
    assert claimed(case) == [2_000]
    assert case.return_address == ""
    line = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).one()
    assert (line.received_milli, line.accepted_milli, line.shipped_milli) == (None, 2_000, 2_000)


@pytest.mark.parametrize(
    ("of_line", "of_shop", "reason", "state"),
    [
        ("shbp", "", "missing_item", "reshipping"),
        ("", "shbp", "missing_item", "reshipping"),
        ("psbj", "", "missing_item", "applied"),
        ("psbj", "", "damaged", "reshipping"),
        ("", "", "damaged", "applied"),
    ],
)
def test_a_silent_seller_reissues_only_what_was_promised(
    cast: Cast, of_line: str, of_shop: str, reason: str, state: str
) -> None:
    order = cast.order()
    with writing():
        db.session.execute(update(OrderLine).values(guarantees=of_line))
        if of_shop:
            policies.publish_policy(
                cast.shop,
                window_days=15,
                hidden_days=30,
                special_freight="negotiated",
                guarantees=[of_shop],
                excluded=[],
                words="",
                by=cast.seller,
                now=cast.now,
            )
    case = cast.open_case(order, reason=reason, case_type=CaseType.REISSUE)
    case_clock.sweep(cast.now + timedelta(hours=49))
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    assert (case.state, case.escalated) == (state, state == "applied")


def test_a_reissue_is_withdrawn_until_something_was_shipped(cast: Cast) -> None:
    case = cast.until("reshipping", case_type=CaseType.REISSUE)
    line = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).one()
    cast.take(case, "ship_part", Actor.SELLER, parcels=PARCELS, shipped={line.id: 500})
    with pytest.raises(StepRefused, match="已发出商品"):
        cast.take(case, "withdraw", Actor.BUYER)
    other = cast.take(cast.until("reshipping", case_type=CaseType.REISSUE), "withdraw", Actor.BUYER)
    assert (other.state, claimed(other)) == ("withdrawn", [0])


@pytest.mark.parametrize(
    ("reason", "promise", "state"),
    [
        ("empty_parcel", "shbp", "reshipping"),
        ("empty_parcel", "psbj", "applied"),
        ("not_delivered", "psbj", "applied"),
        ("not_delivered", "shbp", "applied"),
        ("damaged", "psbj", "reshipping"),
    ],
)
def test_silence_agrees_to_a_reissue_by_the_promise_that_is_about_it(
    cast_both: Cast, reason: str, promise: str, state: str
) -> None:
    order = cast_both.order()
    with writing():
        db.session.execute(update(OrderLine).values(guarantees=promise))
    case = cast_both.open_case(order, case_type=CaseType.REISSUE, reason=reason)
    case_clock.settle_now(case.id, cast_both.now + timedelta(hours=49))
    db.session.expire_all()
    assert (case.state, case.escalated) == (state, state == "applied")


def test_the_sums_before_submitting_are_those_of_the_case(cast_both: Cast) -> None:
    order = cast_both.order(lines=2)
    with writing():
        db.session.execute(update(Order).values(paid_fen=20_001, freight_fen=100))  # listed at 250.00
    line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id)).first()
    assert line is not None
    units = [(line.id, 3_000)]
    found = worth.work_out_worth(order.id, units)
    assert worth.add_up(found) == 2_985 and "可退 29.85 元" in worth.show_working(order.id, units)[0]
    assert worth.show_working(order.id, units)[-1] == "不含运费 1.00 元"
    case = cast_both.open_case(order, milli=3_000, case_type=CaseType.RETURN_REFUND, reason="over_qty")
    assert case.refund_fen == 2_985
    wanted = [(line.id, 2_000, 1_300), (line.id, 1_000, 1_250)]
    assert worth.list_differences(order.id, wanted) == [79, 0] and worth.work_out_difference(order.id, wanted) == 79
    said = worth.show_difference_working(order.id, wanted)
    assert "199.01/250.00" in said[0] and "补差价 0.79 元" in said[0] and "没有差价" in said[1]


def test_no_policy_leaves_a_fault_without_a_way(cast_both: Cast) -> None:
    assert (
        policies.find_missing_way(["exchange", "reissue"])
        == policies.find_missing_way(["return_refund", "refund_only"])
        == ""
    )
    for types in ([], ["exchange"], ["reissue", "refund_only"], ["exchange", "return_refund"]):
        assert policies.find_missing_way(types)
