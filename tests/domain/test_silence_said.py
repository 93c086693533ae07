"""What a shop's silence brings is said as it will be, not as a condition that the case has answered already."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal.cases import case_view
from portal.cases import clock as case_clock
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, Notice, OrderLine, Parcel, ReturnAddress
from tests.cast import Cast

CALLED = ("商家到期未处理，由平台介入", "到期未处理，由平台介入")
REISSUED = ("商家到期未处理，系统按服务承诺自动同意补发", "到期未处理，系统按服务承诺自动同意补发")
EXCHANGED = ("商家到期未处理，系统自动同意换货", "到期未处理，系统自动同意换货，并使用默认退货地址")
RETURNED = ("商家到期未处理，系统自动同意退货退款", "到期未处理，系统自动同意退货退款，并使用默认退货地址")
NOWHERE = ("店铺没有退货地址，商家到期未处理的，由平台介入", "店铺没有默认退货地址，到期未处理的，由平台介入")
REFUNDED = ("商家到期未处理，系统自动同意退款", "到期未处理，系统自动同意退款")


@pytest.mark.parametrize(
    ("kind", "reason", "promise", "status", "said", "becomes"),
    [
        ("reissue", "missing_item", "shbp", "completed", REISSUED, "reshipping"),
        ("reissue", "damaged", "psbj", "completed", REISSUED, "reshipping"),
        ("reissue", "missing_item", "psbj", "completed", CALLED, "applied"),
        ("reissue", "damaged", "", "completed", CALLED, "applied"),
        ("refund_only", "damaged", "jstk", "completed", REFUNDED, "refunding"),
        ("refund_only", "damaged", "lsjst_s", "completed", REFUNDED, "refunding"),
        ("refund_only", "damaged", "", "completed", CALLED, "applied"),
        ("refund_only", "damaged", "psbj", "completed", CALLED, "applied"),
        ("refund_only", "not_wanted", "", "unshipped", REFUNDED, "refunding"),
        ("exchange", "damaged", "", "completed", EXCHANGED, "returning"),
        ("exchange", "damaged", "no address", "completed", NOWHERE, "applied"),
        ("return_refund", "damaged", "", "completed", RETURNED, "returning"),
        ("return_refund", "damaged", "no address", "completed", NOWHERE, "applied"),
    ],
)
def test_silence_is_said_as_it_will_be(
    cast_both: Cast, kind: str, reason: str, promise: str, status: str, said: tuple[str, str], becomes: str
) -> None:
    order = cast_both.order(status=status)
    with writing():
        if promise == "no address":
            db.session.execute(update(ReturnAddress).values(removed_at=cast_both.now))
        else:
            db.session.execute(update(OrderLine).values(guarantees=promise))
    refund = {"refund_fen": 500} if kind in ("refund_only", "return_refund") else {}
    case = cast_both.open_case(order, case_type=CaseType(kind), reason=reason, **refund)  # type: ignore[arg-type]
    for actor, sentence in zip((Actor.BUYER, Actor.SELLER), said, strict=True):
        assert case_view.build_view(case, actor, cast_both.now).otherwise == sentence
    assert case.due_at is not None
    [first] = list_bodies(case, cast_both.seller)
    assert said[1] in first and "其他" not in first
    case_clock.sweep(case.due_at - timedelta(minutes=1))  # reminds
    newest = list_bodies(case, cast_both.seller)
    assert len(newest) > 1 and all(said[1] in body for body in newest)
    case_clock.sweep(case.due_at + timedelta(minutes=1))
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    assert case.state == becomes and bool(case.escalated or case.stage) == (becomes == "applied")


def list_bodies(case: Case, user_id: int) -> list[str]:
    db.session.rollback()
    query = select(Notice.body).where(Notice.case_id == case.id, Notice.user_id == user_id).order_by(Notice.id)
    return list(db.session.scalars(query))


LEGS = [
    ("inspecting", CaseType.EXCHANGE, "商家到期未验货，视为验货通过", "到期未验货，视为验货通过"),
    ("inspecting", CaseType.RETURN_REFUND, "商家到期未验货，视为验货通过", "到期未验货，视为验货通过"),
    ("confirming", CaseType.EXCHANGE, "到期未确认，系统自动确认收货", "买家到期未确认，系统自动确认收货"),
    ("confirming", CaseType.REISSUE, "到期未确认，系统自动确认收货", "买家到期未确认，系统自动确认收货"),
]


@pytest.mark.parametrize(("state", "kind", "to_buyer", "to_seller"), LEGS)
@pytest.mark.parametrize("word", ["traced_at", "signed_at"])
def test_a_parcel_that_was_scanned_leaves_one_way(
    cast: Cast, state: str, kind: CaseType, to_buyer: str, to_seller: str, word: str
) -> None:
    case = cast.until(state, case_type=kind)
    mediator = to_buyer if state == "inspecting" else to_seller
    sides = {Actor.BUYER: to_buyer, Actor.SELLER: to_seller, Actor.MEDIATOR: mediator}
    for side in (Actor.BUYER, Actor.SELLER):
        assert "没有物流记录的由平台介入" in case_view.build_view(case, side, cast.now).otherwise, (
            "it may still be scanned"
        )
    with writing():
        db.session.execute(update(Parcel).where(Parcel.case_id == case.id).values({word: cast.now}))
    case = db.session.get_one(Case, case.id)
    for side, sentence in sides.items():
        assert case_view.build_view(case, side, cast.now).otherwise == sentence
    late = case.due_at
    assert late is not None
    case_clock.sweep(late - timedelta(minutes=1))
    reader = cast.seller if state == "inspecting" else cast.buyer
    assert (to_seller if state == "inspecting" else to_buyer) in list_bodies(case, reader)[-1]
    case_clock.sweep(late + timedelta(minutes=1))
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    assert not case.escalated and case.state != state


@pytest.mark.parametrize("kind", ["reissue", "refund_only"])
def test_a_negotiated_one_says_its_own_end(cast: Cast, kind: str) -> None:
    refund = {"refund_fen": 500} if kind == "refund_only" else {}
    case = cast.open_case(case_type=CaseType(kind), negotiated=True, **refund)  # type: ignore[arg-type]
    assert case_view.build_view(case, Actor.BUYER, cast.now).otherwise.startswith("协商须由商家同意")


CLAIM_PAID = ("商家到期仍没有答复您报的退回运费，由平台介入", "到期仍没有答复买家报的退回运费，由平台介入")
CLAIM_OWED = (
    "商家须在到期前付清款项并答复您报的退回运费，否则由平台介入",
    "到期前须付清款项并答复买家报的退回运费，否则由平台介入",
)
OWED = ("商家到期仍没有付清款项，由平台介入", "到期仍没有付清款项，由平台介入")
SETTLED = ("到期您没有再提出的，售后完成", "到期买家没有再提出的，售后完成")


@pytest.mark.parametrize(
    ("owed", "declined", "said", "becomes"),
    [
        (True, False, CLAIM_OWED, "refunding"),
        (True, True, OWED, "refunding"),
        (False, False, CLAIM_PAID, "refunding"),
        (False, True, SETTLED, "completed"),
    ],
)
def test_freight_that_was_asked_for_says_the_one_thing_that_comes(
    cast_both: Cast, owed: bool, declined: bool, said: tuple[str, str], becomes: str
) -> None:
    if owed:
        case = cast_both.until("refunding", case_type=CaseType.RETURN_REFUND)
        cast_both.take(case, "claim_freight", Actor.BUYER, freight_fen=1_250)
    else:
        case = cast_both.take(cast_both.until("confirming"), "claim_freight", Actor.BUYER, freight_fen=1_250)
        cast_both.take(case, "confirm", Actor.BUYER)
    if declined:
        cast_both.take(case, "decline_freight", Actor.SELLER, note="收据看不清")
    for actor, sentence in zip((Actor.BUYER, Actor.SELLER), said, strict=True):
        assert case_view.build_view(case, actor, cast_both.now).otherwise == sentence
    assert case.due_at is not None
    case_clock.sweep(case.due_at + timedelta(minutes=1))
    now = db.session.get_one(Case, case.id, populate_existing=True)
    assert (now.state, now.escalated) == (becomes, becomes != "completed")


@pytest.mark.parametrize("passed", [0, 1])
def test_a_disputed_inspection_says_what_comes_of_what_passed(cast_both: Cast, passed: int) -> None:
    case = cast_both.until("inspecting")
    cast_both.take(case, "claim_freight", Actor.BUYER, freight_fen=1_250)
    counted = cast_both._facts_of(case, {"dispute": passed * 1_000}, cast_both.now)
    cast_both.take(case, "dispute_goods", Actor.SELLER, **counted)
    said = case_view.build_view(case, Actor.SELLER, cast_both.now).otherwise
    assert ("按您的验货结果继续" in said, "退回运费" in said) == (bool(passed), not passed)
    assert case.due_at is not None
    case_clock.sweep(case.due_at + timedelta(minutes=1))
    now = db.session.get_one(Case, case.id, populate_existing=True)
    assert now.escalated == (not passed)
