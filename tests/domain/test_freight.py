"""Freight that the buyer advanced where the shop bears it: claimed, answered, paid; the case and its clock stay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from portal import doctor
from portal.cases import clock as case_clock
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case, MoneyEntry, Parcel
from portal.tracking import scans as case_scans
from tests.cast import Cast

BUYER, SELLER = Actor.BUYER, Actor.SELLER
BOTH = (CaseType.EXCHANGE, CaseType.RETURN_REFUND)


@pytest.fixture
def cast(cast_both: Cast) -> Cast:
    """The cast, on each database in turn."""
    return cast_both


def claimed(cast: Cast, state: str = "inspecting", case_type: CaseType = CaseType.EXCHANGE, fen: int = 1_250) -> Case:
    """A case whose buyer says that they advanced the freight."""
    return cast.take(cast.until(state, case_type=case_type), "claim_freight", BUYER, freight_fen=fen)


def entries(case: Case) -> list[tuple[str, str, int]]:
    """The payments for freight: kind, state, 分."""
    found = db.session.scalars(select(MoneyEntry).where(MoneyEntry.case_id == case.id, MoneyEntry.kind == "freight"))
    return [(entry.kind, entry.state, entry.amount_fen) for entry in found]


@pytest.mark.parametrize("case_type", BOTH)
def test_neither_claim_nor_answer_moves_the_case_or_its_clock(cast: Cast, case_type: CaseType) -> None:
    case = cast.until("inspecting", case_type=case_type)
    stood = case.state, case.due_at, case.due_rule, case.entered_at
    for step, actor, handed in (
        ("claim_freight", BUYER, {"freight_fen": 1_250}),
        ("decline_freight", SELLER, {"note": "收据看不清"}),
        ("claim_freight", BUYER, {"freight_fen": 1_200}),
    ):
        case = cast.take(case, step, actor, cast.now + timedelta(hours=1), **handed)
        assert (case.state, case.due_at, case.due_rule, case.entered_at) == stood
    assert (case.freight_claim, case.freight_fen, entries(case)) == ("open", 1_200, [])


@pytest.mark.parametrize("fen", [0, -1, 50_001])
def test_no_sum_outside_its_bounds(cast: Cast, fen: int) -> None:
    case = cast.until("inspecting")
    with pytest.raises(StepRefused, match="最多 500"):
        cast.take(case, "claim_freight", BUYER, freight_fen=fen)


def test_one_open_claim_a_case_and_none_that_is_paid_twice(cast: Cast) -> None:
    case = claimed(cast, "reshipping")
    with pytest.raises(StepRefused, match="已报过退回运费"):
        cast.take(case, "claim_freight", BUYER, freight_fen=1)
    case = cast.take(case, "accept_freight", SELLER)
    for step, actor in (("claim_freight", BUYER), ("accept_freight", SELLER), ("decline_freight", SELLER)):
        handed: dict[str, Any] = {"freight_fen": 1} if actor is BUYER else {"note": "再来"}
        with pytest.raises(StepRefused):
            cast.take(case, step, actor, **handed)
    assert entries(case) == [("freight", "due", 1_250)]


@pytest.mark.parametrize("payer", ["buyer", "negotiated"])
def test_nothing_is_claimed_that_the_shop_does_not_bear(cast: Cast, payer: str) -> None:
    case = cast.until("inspecting")
    with writing():
        db.session.execute(update(Case).where(Case.id == case.id).values(freight_payer=payer))
    with pytest.raises(StepRefused, match="不由商家承担"):
        cast.take(case, "claim_freight", BUYER, freight_fen=1_250)


def test_nothing_is_claimed_for_goods_that_never_went_back(cast: Cast) -> None:
    case = cast.take(cast.until("applied"), "agree_no_return", SELLER)
    with pytest.raises(StepRefused, match="没有寄回"):
        cast.take(case, "claim_freight", BUYER, freight_fen=1_250)


def test_what_was_agreed_to_is_paid_beside_the_refund(cast: Cast) -> None:
    case = claimed(cast, "refunding", CaseType.RETURN_REFUND)
    with pytest.raises(StepRefused, match="请先答复"):
        cast.take(case, "refund_ok", SELLER, reference="2026112400001")
    case = cast.take(case, "accept_freight", SELLER)
    for number in ("2026112400001", "2026112400002"):
        assert case.state == "refunding"
        first = db.session.scalars(
            select(MoneyEntry.id)
            .where(MoneyEntry.case_id == case.id, MoneyEntry.state == "due")
            .order_by(MoneyEntry.id)
        ).first()
        name = "settle_entry" if number.endswith("1") else "refund_ok"
        case = cast.take(case, name, SELLER, reference=number, entry_id=first)
    assert (case.state, entries(case)) == ("completed", [("freight", "settled", 1_250)])
    assert not [finding for finding in doctor.findings() if finding]


def test_silence_on_a_claim_calls_the_platform_instead_of_ending_the_case(cast: Cast) -> None:
    case = claimed(cast, "confirming")
    parcel = db.session.scalars(select(Parcel.id).where(Parcel.case_id == case.id).order_by(Parcel.id.desc())).first()
    assert parcel is not None
    with writing():
        case_scans.record_trace(parcel, at=cast.now, status="picked", said="已揽收", now=cast.now)
    db.session.expire_all()
    due_at = db.session.get_one(Case, case.id).due_at
    assert due_at is not None
    case_clock.sweep(due_at)
    db.session.expire_all()
    after = db.session.get_one(Case, case.id)
    assert (after.state, after.escalated, after.freight_claim) == ("confirming", True, "open")


@pytest.mark.parametrize("answer", ["", "decline_freight"])
def test_the_buyer_may_call_the_platform_about_a_claim_at_once(cast: Cast, answer: str) -> None:
    case = claimed(cast, "confirming")
    if answer:
        case = cast.take(case, answer, SELLER, note="收据看不清")
    case = cast.take(case, "escalate", BUYER, because="freight", wish="退回运费 12.5 元", note="商家承担")
    assert case.escalated


@pytest.mark.parametrize("agreed", [False, True])
def test_a_case_that_goes_on_as_a_refund_takes_its_freight_along(cast: Cast, agreed: bool) -> None:
    case = claimed(cast, "reshipping")
    if agreed:
        case = cast.take(case, "accept_freight", SELLER)
    cast.take(case, "convert_refund", BUYER, cast.now + timedelta(hours=73))
    child = db.session.scalars(select(Case).where(Case.parent_id == case.id)).one()
    assert entries(child) == ([("freight", "due", 1_250)] if agreed else [])
    assert (child.freight_claim, child.freight_fen) == ("accepted" if agreed else "open", 1_250)
