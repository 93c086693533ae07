"""协商, 补差价, 再次售后 and 代买家申请, as both sides see them."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from sqlalchemy import select

from portal.cases import proposals
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, CaseLine, Order, Proposal
from portal.talk import conversations
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.pictures import photo

BUYER, SELLER = Actor.BUYER, Actor.SELLER


def line_of(case: Case) -> int:
    return db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case.id)).one()


def form_of(case: Case, **changed: str) -> dict[str, str]:
    filled = {f"quantity_{line_of(case)}": "2", "type": case.type, "freight_payer": "seller", "note": "给您换新的"}
    return {**filled, **changed}


def test_a_proposal_goes_to_and_fro_on_pages(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case()
    case_no, seller, buyer = case.case_no, sign_in(app, "seller"), sign_in(app, "buyer")
    at_desk = f"/seller/cases/{case_no}"
    assert "协商方案" in seller.get(at_desk).text
    sent = post(seller, f"{at_desk}/propose", form_of(case, compensation="1.50"))
    assert sent.status_code == 303
    shown = buyer.get(f"/cases/{case_no}").text
    assert "另外补偿 1.50 元" in shown and "请确认方案" in shown and "给您换新的" in shown
    asked = buyer.get(f"/cases/{case_no}/accept_reship").text
    assert "接受后由商家发出商品，您收到后确认" in asked
    counter = post(buyer, f"/cases/{case_no}/counter", form_of(case, compensation="2"))
    assert counter.status_code == 303
    assert "买家提出了自己的方案" in seller.get(at_desk).text
    assert post(seller, f"{at_desk}/accept_reship").status_code == 303
    agreed = buyer.get(f"/cases/{case_no}/agreement")
    assert agreed.status_code == 200 and "另外补偿 2.00 元" in agreed.text
    assert seller.get(f"{at_desk}/agreement").status_code == 200
    assert sign_in(app, "seller2").get(f"{at_desk}/agreement").status_code == 404
    assert "协商方案 2" in buyer.get(f"/orders/{db.session.get_one(Order, case.order_id).order_no}/contact").text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"type": ""}, "请选择解决方式"),
        ({"type": "refund_only"}, "请填写退款金额"),
        ({"freight_payer": "x"}, "运费"),
        ({"type": "refund_only", "amount": "99"}, "最多 25.00 元"),
        ({"type": "refund_only", "amount": "1e3"}, "金额"),
        ({"compensation": "9999"}, "补偿金额不能超过"),
        ({"type": "seven"}, "请选择解决方式"),
        ({"note": "字" * 501}, "500"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    app: Flask, cast: Cast, now: Clock, changed: dict[str, str], said: str
) -> None:
    case = cast.open_case()
    answer = post(sign_in(app, "seller"), f"/seller/cases/{case.case_no}/propose", form_of(case, **changed))
    assert answer.status_code == 422
    assert said in answer.text
    assert "给您换新的" in answer.text or "note" in changed  # what was typed is kept
    assert db.session.scalar(select(Proposal.id)) is None


@pytest.mark.parametrize("quantity", ["", "0", "3", "-1", "1.5", "x", "1e0", "９９"])
def test_quantities_of_terms(app: Flask, cast: Cast, now: Clock, quantity: str) -> None:
    case = cast.open_case()
    data = form_of(case, **{f"quantity_{line_of(case)}": quantity})
    answer = post(sign_in(app, "seller"), f"/seller/cases/{case.case_no}/propose", data)
    assert answer.status_code == 422
    assert f'id="quantity-{line_of(case)}-err"' in answer.text


def test_terms_that_were_replaced_are_not_accepted(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case()
    cast.take(case, "propose", SELLER, terms=cast.terms(case, compensation_fen=100))
    buyer, url = sign_in(app, "buyer"), f"/cases/{case.case_no}/accept_reship"
    page = buyer.get(url)
    db.session.rollback()
    cast.take(db.session.get_one(Case, case.id), "propose", SELLER, terms=cast.terms(case, compensation_fen=200))
    from tests.cast import token_of

    late = buyer.post(url, data=token_of(page))
    assert late.status_code == 409
    assert "另外补偿 2.00 元" in late.text
    proposal = proposals.find_open(case)
    assert proposal is not None and proposal.version == 2


def test_the_difference_is_paid_and_confirmed_on_pages(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("paying", dearer=300)
    case_no, buyer, seller = case.case_no, sign_in(app, "buyer"), sign_in(app, "seller")
    shown = buyer.get(f"/cases/{case_no}/pay").text
    assert "6.00" in shown and "新规格 15.50 元，原规格 12.50 元" in shown
    assert post(buyer, f"/cases/{case_no}/pay", {"reference": ""}).status_code == 422
    assert post(buyer, f"/cases/{case_no}/pay", {"reference": "2026112322001"}).status_code == 303
    assert "2026112322001" in seller.get(f"/seller/cases/{case_no}/confirm_payment").text
    refused = seller.get(f"/seller/cases/{case_no}/ship_replacement").text
    assert "请先确认是否收到买家补的差价" in refused
    assert post(seller, f"/seller/cases/{case_no}/deny_payment").status_code == 303
    assert "请补差价" in buyer.get(f"/cases/{case_no}").text
    assert post(seller, f"/seller/cases/{case_no}/waive").status_code == 303
    assert "待商家发货" in buyer.get(f"/cases/{case_no}").text


def test_a_defective_replacement_becomes_a_case_of_its_own(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("confirming")
    url, buyer = f"/cases/{case.case_no}/replacement_defective", sign_in(app, "buyer")
    assert post(buyer, url, {"kind": "defect", "type": "exchange", "note": "还是坏的"}).status_code == 422
    proof = (io.BytesIO(photo((400, 300))), "a.jpg")
    wrong = post(buyer, url, {"kind": "defect", "type": "reissue", "note": "还是坏的", "photos": proof})
    assert wrong.status_code == 422
    proof = (io.BytesIO(photo((400, 300))), "a.jpg")
    sent = post(buyer, url, {"kind": "defect", "type": "return_refund", "note": "还是坏的", "photos": proof})
    child = db.session.scalars(select(Case).where(Case.parent_id == case.id)).one()
    assert (sent.status_code, sent.location) == (303, f"/cases/{child.case_no}?v=1")
    for page in (buyer.get(sent.location).text, buyer.get(f"/cases/{case.case_no}").text):
        assert "相关售后" in page and case.case_no in page and child.case_no in page
    assert "待商家审核" in buyer.get(sent.location).text


def test_what_came_is_complained_of_after_completion(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("completed")
    url, buyer = f"/cases/{case.case_no}/again", sign_in(app, "buyer")
    assert url in buyer.get(f"/cases/{case.case_no}").text
    data = {f"quantity_{line_of(case)}": "1", "kind": "defect", "type": "exchange", "note": "坏的"}
    assert post(buyer, url, {**data, f"quantity_{line_of(case)}": "9"}).status_code == 422
    sent = post(buyer, url, {**data, "photos": (io.BytesIO(photo((400, 300))), "a.jpg")})
    assert sent.status_code == 303
    assert "相关售后" in buyer.get(f"/cases/{case.case_no}").text
    assert sign_in(app, "buyer2").get(url).status_code == 404


def test_the_shop_applies_for_a_buyer_who_asked(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order()
    order_id, url = order.id, f"/seller/orders/{order.order_no}/apply-for"
    seller = sign_in(app, "seller")
    assert "还没有买家的消息" in seller.get(url).text
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, order_id), cast.now)
        own = conversations.add_message(talk, "seller", cast.seller, "您好", now=cast.now).id
        asked = conversations.add_message(talk, "buyer", cast.buyer, "帮我申请换货吧", now=cast.now).id
    page = seller.get(url).text
    assert "帮我申请换货吧" in page
    line = next(iter(db.session.execute(db.text("SELECT id FROM order_lines")).scalars()))
    db.session.rollback()
    good = {
        "message": asked,
        "line": line,
        "quantity": "1",
        "type": "exchange",
        "reason": "damaged",
        "description": "破洞",
    }
    for wrong in (
        {"message": own},
        {"line": 999},
        {"quantity": "99"},
        {"type": "x"},
        {"reason": ""},
        {"description": ""},
    ):
        assert post(seller, url, {**good, **wrong}).status_code == 422, wrong
    sent = post(seller, url, good)
    assert sent.status_code == 303
    case = db.session.scalars(select(Case)).one()
    assert case.state == "applied"
    buyer = sign_in(app, "buyer")
    assert "代您提交了申请" in buyer.get("/notices").text
    assert post(buyer, f"/cases/{case.case_no}/withdraw").status_code == 303
    assert sign_in(app, "seller2").get(url).status_code == 404


def test_the_desk_suggests_and_says_why(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case()
    assert "先用「请补充凭证」" in sign_in(app, "seller").get(f"/seller/cases/{case.case_no}").text


def test_every_answer_page_opens(app: Flask, cast: Cast, now: Clock) -> None:
    """From each state that terms are made in, for each type."""
    buyer = sign_in(app, "buyer")
    for kind in CaseType:
        case = cast.until("proposed", case_type=kind)
        page = buyer.get(f"/cases/{case.case_no}").text
        assert "接受方案" in page
        for step in ("decline", "counter"):
            assert buyer.get(f"/cases/{case.case_no}/{step}").status_code == 200
