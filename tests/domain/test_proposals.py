"""Terms: what can be agreed to, what answering does, what is frozen; conversions and what comes after completion."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from portal import doctor, flow
from portal.cases import child_cases, proposals
from portal.cases import clock as case_clock
from portal.cases.proposals import Terms
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case, CaseLine, MoneyEntry, Order, OrderLine, Proposal, Sku
from portal.talk import conversations
from tests.cast import PARCELS, Cast

BUYER, SELLER = Actor.BUYER, Actor.SELLER


def line_of(case: Case) -> CaseLine:
    return db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).one()


def claimed(case: Case) -> int:
    db.session.expire_all()
    return db.session.scalars(select(OrderLine.claimed_milli).where(OrderLine.order_id == case.order_id)).one()


def child(case: Case) -> Case:
    return db.session.scalars(select(Case).where(Case.parent_id == case.id)).one()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount_fen": 1}, "amount"),
        ({"type": "refund_only", "amount_fen": 0}, "amount"),
        ({"type": "refund_only", "amount_fen": 2_501}, "amount"),
        ({"compensation_fen": 2_501}, "compensation"),
        ({"type": "reissue", "goods_back": True}, "goods_back"),
        ({"freight_payer": "nobody"}, "freight_payer"),
    ],
)
def test_terms_that_can_not_be_carried_out(cast: Cast, changed: dict[str, Any], field: str) -> None:
    case = cast.open_case()  # two pairs at 12.50
    terms = cast.terms(case, **changed)
    found = proposals.find_problem(case, terms, "applied")
    assert found is not None and found[0] == field
    with pytest.raises(StepRefused, match=found[1][:4]):
        cast.take(case, "propose", SELLER, terms=terms)
    assert proposals.list_of_case(case) == []


def test_quantities_and_specifications_of_terms(cast: Cast) -> None:
    case = cast.open_case()
    good = cast.terms(case)
    line = good.lines[0][0]
    own = select(OrderLine.product_id).where(OrderLine.order_id == case.order_id)
    strange = db.session.scalars(select(Sku.id).where(Sku.product_id.not_in(own))).first() or 10**6
    for lines in (
        (),
        ((line, 0, None),),
        ((line, 2_001, None),),
        ((line + 99, 1_000, None),),
        ((line, 1_000, strange),),
    ):
        found = proposals.find_problem(case, replace(good, lines=lines), "applied")
        assert found is not None and found[0] == "lines", lines


def test_terms_go_back_and_forth_and_only_the_latest_counts(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.open_case()
    case = cast.take(case, "propose", SELLER, terms=cast.terms(case, goods_back=True))
    first = proposals.find_open(case)
    assert first is not None and (first.version, first.side, case.due_rule) == (1, "seller", "proposal_answer")
    case = cast.take(case, "counter", BUYER, terms=cast.terms(case, compensation_fen=200))
    assert (case.countered, case.due_rule, case.due_at) == (True, "counter_answer", cast.now + timedelta(hours=72))
    with pytest.raises(StepRefused, match="等待商家答复"):
        cast.take(case, "accept_reship", BUYER)
    case = cast.take(case, "propose", SELLER, terms=cast.terms(case, compensation_fen=100))
    with pytest.raises(StepRefused, match="等待买家答复"):
        cast.take(case, "accept_reship", SELLER)
    case = cast.take(case, "accept_reship", BUYER)
    states = [(made.version, made.side, made.state) for made in proposals.list_of_case(case)]
    assert states == [(3, "seller", "accepted"), (2, "buyer", "replaced"), (1, "seller", "replaced")]
    entry = db.session.scalars(select(MoneyEntry)).one()
    assert (case.state, entry.kind, entry.amount_fen, entry.state) == ("reshipping", "compensation", 100, "due")
    for statement in ("UPDATE proposals SET amount_fen = 9", "DELETE FROM proposals"):
        with pytest.raises(Exception, match="never"), writing():
            db.session.execute(text(statement))
    assert not any(doctor.findings())


def test_a_page_that_shows_older_terms_accepts_nothing(cast: Cast) -> None:
    case = cast.open_case()
    case = cast.take(case, "propose", SELLER, terms=cast.terms(case))
    shown = case.version
    cast.take(case, "propose", SELLER, terms=cast.terms(case, compensation_fen=100))
    with pytest.raises(flow.Stale):
        cast.take(case, "accept_reship", BUYER, version=shown)
    assert db.session.get_one(Case, case.id).state == "proposed"


def test_declined_terms_give_the_clock_back_with_a_day_at_least(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.open_case()
    at = cast.now + timedelta(hours=10)
    case = cast.take(case, "propose", SELLER, at, terms=cast.terms(case))
    case = cast.take(case, "decline", BUYER, at + timedelta(hours=20))
    assert (case.state, case.due_at) == ("applied", cast.now + timedelta(hours=48 + 20))  # what was left is left
    at = cast.now + timedelta(hours=67)
    case = cast.take(case, "propose", SELLER, at, terms=cast.terms(case))
    case_clock.sweep(at + timedelta(hours=72))
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    assert (case.state, case.due_at) == ("applied", at + timedelta(hours=72 + 24))
    assert proposals.list_of_case(case)[0].state == "lapsed"


def test_fewer_units_than_asked_for_are_free_again(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.open_case(milli=4_000)
    terms = cast.terms(case)
    terms = replace(terms, lines=((terms.lines[0][0], 1_000, None),))
    case = cast.take(cast.take(case, "propose", SELLER, terms=terms), "accept_reship", BUYER)
    assert (claimed(case), case.quantity_milli) == (1_000, 1_000)


def test_a_deduction_agreed_on_at_inspection_is_what_is_refunded(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until("inspecting", case_type=CaseType.RETURN_REFUND)
    case = cast.take(case, "propose", SELLER, terms=cast.terms(case, amount_fen=2_000))
    case = cast.take(case, "accept_refund", BUYER)
    assert (case.state, case.refund_fen) == ("refunding", 2_000)
    case = cast.take(case, "refund_ok", SELLER, reference="20261123001")
    order = db.session.get_one(Order, case.order_id)
    assert (case.state, order.refunded_fen) == ("completed", 2_000)
    assert not any(doctor.findings())


@pytest.mark.parametrize(
    ("wanted", "back", "state"),
    [("return_refund", True, "returning"), ("refund_only", False, "refunding"), ("reissue", False, "reshipping")],
)
def test_another_type_is_a_case_of_its_own(cast_both: Cast, wanted: str, back: bool, state: str) -> None:
    cast = cast_both
    case = cast.open_case(milli=3_000)
    terms = cast.terms(case, type=wanted, goods_back=back)
    case = cast.take(cast.take(case, "propose", SELLER, terms=terms), "accept_convert", BUYER)
    made = child(case)
    assert (case.state, made.state, made.type, claimed(case)) == ("converted", state, wanted, 3_000)
    assert not any(doctor.findings())


@pytest.mark.parametrize(("dearer", "state", "fen"), [(300, "paying", 0), (-300, "reshipping", 600)])
def test_the_difference_of_what_was_accepted(cast_both: Cast, dearer: int, state: str, fen: int) -> None:
    cast = cast_both
    case = cast.until("inspecting", dearer=dearer)
    case = cast.take(case, "accept_goods_diff" if dearer > 0 else "accept_goods", SELLER)
    assert case.state == state
    back = db.session.scalars(select(MoneyEntry.amount_fen).where(MoneyEntry.kind == "difference_back")).all()
    assert sum(back) == fen
    if dearer > 0:
        case = cast.take(case, "pay", BUYER, reference="20261123001")
        with pytest.raises(StepRefused, match="先确认是否收到"):
            cast.take(case, "ship_replacement", SELLER, parcels=PARCELS, shipped={line_of(case).id: 2_000})
        case = cast.take(case, "deny_payment", SELLER)
        case = cast.take(case, "pay", BUYER, reference="20261123002")
        case = cast.take(case, "confirm_payment", SELLER)
        paid = db.session.execute(select(MoneyEntry.amount_fen, MoneyEntry.state).order_by(MoneyEntry.id)).all()
        assert [tuple(row) for row in paid] == [(600, "cancelled"), (600, "settled")]
    assert not any(doctor.findings())


def test_a_difference_that_was_paid_comes_back_with_the_refund(cast: Cast) -> None:
    case = cast.take(cast.until("paying", dearer=300), "pay", BUYER, reference="20261123001")
    case = cast.take(case, "confirm_payment", SELLER)
    case = cast.take(case, "convert_refund", BUYER, cast.now + timedelta(hours=73))
    made = child(case)
    kinds = db.session.execute(
        select(MoneyEntry.kind, MoneyEntry.amount_fen).where(MoneyEntry.case_id == made.id).order_by(MoneyEntry.id)
    ).all()
    assert [tuple(row) for row in kinds] == [("refund", 2_500), ("difference_return", 600)]
    assert not any(doctor.findings())


def test_what_came_can_be_complained_of_for_seven_days_and_once(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until("completed")
    line = line_of(case).id
    proof = {"kind": "defect", "note": "还是坏的", "photos": cast.photos(1, cast.buyer)}

    def again(milli: int, days: int = 1, **changed: Any) -> Case:
        with writing():
            values: dict[str, Any] = {**proof, "case_type": CaseType.EXCHANGE, **changed}
            at = cast.now + timedelta(days=days)
            made = child_cases.open_again(case.id, by=cast.by(BUYER), units={line: milli}, now=at, **values)
            made_id = made.id
        return db.session.get_one(Case, made_id)

    made = again(1_500)
    assert (made.parent_id, made.state, made.quantity_milli, claimed(case)) == (case.id, "applied", 1_500, 2_000)
    for milli, changed in (
        (1_000, {}),
        (500, {"case_type": CaseType.REISSUE}),
        (500, {"photos": []}),
        (0, {}),
        (500, {"days": 8}),
    ):
        with pytest.raises(StepRefused):
            again(milli, **changed)
        db.session.rollback()
    assert not any(doctor.findings())
    cast.take(made, "withdraw", BUYER, cast.now + timedelta(days=2))
    assert not any(doctor.findings())
    assert claimed(case) == 500  # given back with the second case: it was about units that the first one had


def test_each_move_is_a_card_in_the_conversation(cast: Cast) -> None:
    case = cast.open_case()
    case = cast.take(case, "propose", SELLER, terms=cast.terms(case))
    cast.take(case, "decline", BUYER)
    cards = [
        (message.side, message.kind, message.data["proposal"])
        for message in conversations.load_last(case.order_id, case.shop_id, 9)
    ]
    assert cards == [("seller", "case", 1), ("buyer", "case", 1)]


def test_terms_are_said_in_sentences(cast: Cast) -> None:
    case = cast.open_case(dearer=300)
    sku = line_of(case).sku_id
    terms = Terms(CaseType.EXCHANGE, ((line_of(case).id, 2_000, sku),), "seller", compensation_fen=150, goods_back=True)
    cast.take(case, "propose", SELLER, terms=terms)
    made = db.session.scalars(select(Proposal)).one()
    lines = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).all()
    assert proposals.describe(made, lines) == [
        "换货：2 双，换成 红色;XL",
        "补差价 6.00 元",
        "另外补偿 1.50 元",
        "买家先寄回商品",
        "运费由商家承担",
    ]


def test_what_was_shipped_in_part_is_not_proposed_away(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.take(cast.open_case(), "agree_no_return", SELLER)
    case = cast.take(case, "ship_part", SELLER, parcels=PARCELS, shipped={line_of(case).id: 1_000})
    with pytest.raises(StepRefused, match="已发出商品"):
        cast.take(case, "propose_other_sku", SELLER, terms=cast.terms(case, goods_back=True))
