"""What pages say of a difference that the buyer says they paid, once their exchange has become a refund."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.flow import Actor
from portal.models import Case
from tests.cast import Cast, sign_in
from tests.conftest import Clock

BUYER, SELLER, MEDIATOR = Actor.BUYER, Actor.SELLER, Actor.MEDIATOR


def test_every_side_reads_what_is_waited_for_and_the_answer_says_what_it_brings(
    app: Flask, cast: Cast, now: Clock
) -> None:
    case = cast.mediated(cast.take(cast.until("paying"), "pay", BUYER, reference="2026112300099"))
    case = cast.take(case, "decide_refund", MEDIATOR, note="应当退款")
    number = case.case_no
    db.session.rollback()
    page = sign_in(app, "buyer").get(f"/cases/{number}").text
    assert "等待商家核对您补的差价" in page and "补差价（待商家确认）" in page and "由平台介入" in page
    child = db.session.scalars(select(Case.case_no).where(Case.parent_id == case.id)).one()
    db.session.rollback()
    assert f'href="/cases/{child}"' in page and "接着处理" in page, "the goods and their money are the new case's"
    assert "这次申请的金额" not in page
    seller = sign_in(app, "seller")
    page = seller.get(f"/seller/cases/{number}").text
    assert "请核对买家补的差价" in page and "确认收到差价" in page and "没有收到差价" in page
    form = seller.get(f"/seller/cases/{number}/confirm_payment").text
    assert "2.00" in form
    assert "请退还给买家后登记" in form and "确认后就可以发货" not in form
    assert "可以申请平台介入" in seller.get(f"/seller/cases/{number}/deny_payment").text
    case = cast.take(case, "deny_payment", SELLER)
    page = sign_in(app, "buyer").get(f"/cases/{number}").text
    assert "商家没有收到您补的差价，请核对" in page and "申请平台介入" in page
    assert sign_in(app, "buyer").get(f"/cases/{number}/escalate").status_code == 200
    case = cast.take(case, "escalate", BUYER, note="付过了，有记录", because="other")
    case = cast.mediated(case)
    page = sign_in(app, "mediator").get(f"/mediation/{number}").text
    assert "补过差价，商家退还" in page and "没有补过差价，不用退还" in page and "差价是否付出由买家证明" in page
    assert sign_in(app, "mediator").get(f"/mediation/{number}/decide_paid").status_code == 200
