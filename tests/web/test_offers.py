"""While the platform is in a case the buttons say 提议, both sides see what is offered, and its answer is one press."""

from __future__ import annotations

from flask import Flask

from portal.extensions import db
from portal.flow import Actor
from portal.models import Case
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.domain.test_mediation import called_for


def test_the_buyer_offers_and_the_shop_accepts(app: Flask, cast: Cast, now: Clock) -> None:
    case = called_for(cast)
    now.forward(hours=2)
    buyer, desk = sign_in(app, "buyer"), sign_in(app, "seller")
    url = f"/cases/{case.case_no}"
    assert "提议：修改申请" in buyer.get(url).text
    form = buyer.get(f"{url}/modify").text
    assert "提交后先发给商家" in form
    line = form.split('name="quantity_')[1].split('"')[0]
    sent = {"reason": "damaged", f"quantity_{line}": "1", "description": "只换一双"}
    sent |= {"receiver_name": "李雯", "receiver_phone": "13425059650", "receiver_address": "四川省 成都市 武侯区 1号"}
    done = post(buyer, f"{url}/modify", sent)
    assert done.status_code == 303, done.text
    page = buyer.get(done.location).text
    assert "您的提议" in page and "申请说明改为：只换一双" in page and "收回提议" in page
    assert db.session.get_one(Case, case.id).state == "revising"
    db.session.rollback()
    page = desk.get(f"/seller/cases/{case.case_no}").text
    assert "等您答复" in page and "同意对方的提议" in page and "只换一双" in page
    mediator = sign_in(app, "mediator")
    assert "买家的提议" in mediator.get(f"/mediation/{case.case_no}").text
    done = post(desk, f"/seller/cases/{case.case_no}/accept_offer")
    assert done.status_code == 303
    db.session.expire_all()
    after = db.session.get_one(Case, case.id)
    assert (after.state, after.escalated, after.description) == ("applied", False, "只换一双")
    page = buyer.get(url).text
    assert "商家同意了您的提议" in page and "您修改后重新提交了申请" in page and "平台介入已结束" in page


def test_the_buyer_declines_what_the_shop_offers(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.mediated(cast.until("inspecting"))
    buyer, desk = sign_in(app, "buyer"), sign_in(app, "seller")
    assert "提议：协商方案" in desk.get(f"/seller/cases/{case.case_no}").text
    terms = cast.terms(case)
    cast.take(case, "propose", Actor.SELLER, terms=terms, note="")
    url = f"/cases/{case.case_no}"
    page = buyer.get(url).text
    assert "商家的提议" in page and "不同意对方的提议" in page
    assert "商家的提议" in buyer.get(f"{url}/decline_offer").text
    assert post(buyer, f"{url}/decline_offer").status_code == 303
    assert "等您答复" not in buyer.get(url).text and "裁决中" in buyer.get(url).text


def test_the_page_of_the_mediation_says_when_and_how_the_rule_decides(app: Flask, cast: Cast, now: Clock) -> None:
    case = called_for(cast)
    for name, url in (("buyer", "/cases/"), ("seller", "/seller/cases/"), ("mediator", "/mediation/")):
        page = sign_in(app, name).get(f"{url}{case.case_no}").text
        assert "按规则处理" in page and f"「支持，{'您' if name == 'buyer' else '买家'}寄回」" in page, name
