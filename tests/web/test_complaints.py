"""投诉与意见 over HTTP: members and visitors file, the operator answers and exports, a mediator reads the fact."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from portal.extensions import db, writing
from portal.models import Complaint, Evidence
from portal.talk import complaint_lists, complaints
from portal.talk.complaints import Told
from portal.web import rates
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import Clock
from tests.pictures import photo


def test_a_member_complains_of_a_shop_with_a_photo(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("refunding")
    case_no, order_id = case.case_no, case.order_id
    case_no_in_lower = case_no.lower()
    browser = sign_in(app, "buyer")
    assert 'href="/feedback"' in browser.get("/me").text
    form = {"kind": "shop", "words": "商家不回复，卡号 6222021234567890128"}
    refused = post(browser, "/feedback", form)
    assert refused.status_code == 422
    assert "请填写订单号、售后单号或店铺名" in refused.text
    assert "商家不回复" in refused.text
    picture = (io.BytesIO(photo((400, 300))), "a.jpg")
    sent = post(browser, "/feedback", form | {"about": case_no_in_lower, "photos": picture})
    here = sent.location.split("?")[0]
    number = here.rsplit("/", 1)[1]
    kept = db.session.execute(select(Complaint.id, Complaint.shop_id, Complaint.order_id, Complaint.words)).one()
    assert (kept.shop_id, kept.order_id) == (cast.shop, order_id)
    assert "6222021234567890128" not in kept.words
    photo_id = db.session.scalars(select(Evidence.public_id).where(Evidence.complaint_id == kept.id)).one()
    shown = browser.get(here).text
    assert f"/f/{photo_id}" in shown
    assert "平台在" in shown
    for who, status in (("buyer", 200), ("operator", 200), ("seller", 404), ("buyer2", 404), ("mediator", 404)):
        assert sign_in(app, who).get(f"/f/{photo_id}").status_code == status, who
    assert sign_in(app, "buyer2").get(here).status_code == 404
    operator = sign_in(app, "operator")
    page = operator.get(f"/operator/complaints/{number}").text
    assert case_no in page
    assert f"/f/{photo_id}" in page
    at = f"/operator/complaints/{number}"
    assert "请选择核实结果" in post(operator, at, {"answer": "已核实"}).text
    assert post(operator, at, {"answer": "已核实，店铺已道歉", "outcome": "upheld"}).status_code == 303
    answered = browser.get(here).text
    assert "已核实，店铺已道歉" in answered
    assert "属实" in answered


def test_a_visitor_files_once_and_reads_the_answer_by_the_link(app: Flask, cast: Cast, now: Clock) -> None:
    visitor = app.test_client()
    page = visitor.get("/feedback?kind=infringement")
    assert 'value="infringement" checked' in page.text
    assert 'type="file"' not in page.text
    form = {**token_of(page), "kind": "infringement", "about": "seller的店", "words": "盗用商标", "contact": "a@b.cn"}
    answers = {visitor.post("/feedback", data=form).location for _ in range(3)}
    assert len(answers) == 1
    link = answers.pop()
    number, shop_id = db.session.execute(select(Complaint.number, Complaint.shop_id)).one()
    assert shop_id == cast.shop
    assert number in app.test_client().get(link).text
    assert app.test_client().get(link[:-1] + "x").status_code == 404
    operator = sign_in(app, "operator")
    at = f"/operator/complaints/{number}"
    assert "a@b.cn" in operator.get(at).text
    assert post(operator, at, {"answer": "已下架", "outcome": "upheld"}).status_code == 303
    assert "已下架" in app.test_client().get(link).text
    assert "请平台再次核实" not in app.test_client().get(link).text  # it was found true
    most, _ = rates.LIMITS["complaint"]
    for _ in range(most - 1):
        assert post(visitor, "/feedback", {"kind": "opinion", "words": "希望"}).status_code == 303
    assert post(visitor, "/feedback", {"kind": "opinion", "words": "希望"}).status_code == 429
    assert post(sign_in(app, "buyer"), "/feedback", {"kind": "opinion", "words": "希望"}).status_code == 303


@pytest.mark.parametrize("who", ["visitor", "member"])
def test_an_answer_is_doubted_once_from_its_page(app: Flask, cast: Cast, now: Clock, who: str) -> None:
    browser = app.test_client() if who == "visitor" else sign_in(app, "buyer")
    here = post(browser, "/feedback", {"kind": "infringement", "words": "盗用商标"}).location.split("?")[0]
    assert post(browser, here, {"words": "怎么还不答复"}, at="/feedback").status_code == 409
    number = db.session.scalars(select(Complaint.number)).one()
    at, operator = f"/operator/complaints/{number}", sign_in(app, "operator")
    assert post(operator, at, {"answer": "不是同一个商标", "outcome": "no"}).status_code == 303
    empty = post(browser, here, {"words": ""})
    assert (empty.status_code, "请写明答复哪里不对" in empty.text) == (422, True)
    form = {**token_of(browser.get(here)), "words": "附上注册证"}
    assert {browser.post(here, data=form).location for _ in range(2)} == {f"{here}?said=complaint-again"}
    shown = browser.get(f"{here}?said=complaint-again").text
    for words in ("待处理", "首次答复", "不是同一个商标", "附上注册证", "平台在"):
        assert words in shown
    assert "请平台再次核实</button>" not in shown
    assert "再次核实</b>" in operator.get("/operator/complaints").text
    for words in ("投诉人要求再次核实", "附上注册证", "不是同一个商标"):
        assert words in operator.get(at).text
    assert post(operator, at, {"answer": "核对了注册证，已下架", "outcome": "upheld"}).status_code == 303
    shown = browser.get(here).text
    assert "再次核实的答复" in shown
    assert "核对了注册证，已下架" in shown
    assert "请平台再次核实</button>" not in shown
    assert post(browser, here, {"words": "第三次"}, at="/feedback").status_code == 409
    exported = post(
        operator, "/operator/export/complaints?state=answered", at="/operator/complaints?state=answered"
    ).data
    cells = CalamineWorkbook.from_filelike(io.BytesIO(exported)).get_sheet_by_index(0).to_python()
    assert ["不是同一个商标", "附上注册证"] in [[str(cell) for cell in row[-2:]] for row in cells]


def test_what_is_late_is_marked_in_the_operators_list(app: Flask, cast: Cast, now: Clock) -> None:
    post(sign_in(app, "buyer"), "/feedback", {"kind": "opinion", "words": "希望能筛选"})
    operator = sign_in(app, "operator")
    assert "加急</b>" not in operator.get("/operator/complaints").text
    due = db.session.scalars(select(Complaint.due_at)).one()
    db.session.rollback()
    assert complaints.escalate_due(due) == 1
    assert "加急</b>" in operator.get("/operator/complaints").text


def test_who_never_bought_complains_without_photos(app: Flask, cast: Cast, now: Clock) -> None:
    browser = sign_in(app, "buyer2")
    assert 'type="file"' not in browser.get("/feedback").text
    assert post(browser, "/feedback", {"kind": "privacy", "words": "请删除"}).status_code == 303
    assert "请删除" not in browser.get("/me/complaints").text
    assert "隐私" in browser.get("/me/complaints").text


def test_the_operator_filters_pages_and_exports(app: Flask, cast: Cast, now: Clock) -> None:
    operator = sign_in(app, "operator")
    assert "这里没有投诉" in operator.get("/operator/complaints").text
    assert operator.get("/operator/complaints?state=gone").status_code == 404
    assert operator.get("/operator/complaints?kind=gone").status_code == 404
    with writing():
        for number in range(complaint_lists.PAGE + 1):
            complaints.keep_complaint(Told("opinion", f"=1+{number}", cast.buyer), now.at)
        mine = complaints.keep_complaint(Told("shop", "不发货", cast.buyer, cast.shop), now.at)
    first = operator.get("/operator/complaints")
    assert 'rel="next"' in first.text
    assert mine not in first.text
    assert mine in operator.get("/operator/complaints?kind=shop").text
    assert mine in operator.get("/operator/complaints?shop=seller的店").text
    assert "没有符合条件的投诉" in operator.get("/operator/complaints?late=1").text
    now.forward(days=16)
    operator = sign_in(app, "operator")
    assert mine in operator.get("/operator/complaints?late=1&kind=shop").text
    made = post(operator, "/operator/export/complaints?state=open&kind=opinion", at="/operator/complaints")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(made.data)).get_sheet_by_name("投诉").to_python()
    assert len(rows) == complaint_lists.PAGE + 2
    assert {str(row[1]) for row in rows[1:]} == {"意见和建议"}
    assert not any(str(row[6]).startswith("=") for row in rows)


def test_the_operator_names_the_shop_that_it_was_about(app: Flask, cast: Cast, now: Clock) -> None:
    with writing():
        number = complaints.keep_complaint(Told("false_info", "页面写国家级", cast.buyer, about="一个页面"), now.at)
    operator, at = sign_in(app, "operator"), f"/operator/complaints/{number}"
    form = {"answer": "已整改", "outcome": "upheld"}
    assert "没有找到这个名字的店铺" in post(operator, at, form | {"shop": "没有的店"}).text
    assert post(operator, at, form | {"shop": "seller的店"}).status_code == 303
    case = cast.mediated(cast.open_case())
    case_no = case.case_no
    shown = sign_in(app, "mediator").get(f"/mediation/{case_no}").text
    assert "经平台核实属实的投诉" in shown
    assert "不实信息" in shown
    for side, where in (("buyer", "/cases"), ("seller", "/seller/cases")):
        assert "不实信息" not in sign_in(app, side).get(f"{where}/{case_no}").text


@pytest.mark.parametrize("text", ["<b>x</b>", "=cmd()", "x" * 1000])
def test_words_stay_words(app: Flask, cast: Cast, now: Clock, text: str) -> None:
    sent = post(sign_in(app, "buyer"), "/feedback", {"kind": "opinion", "words": text})
    assert sent.status_code == 303
    number = sent.location.rsplit("/", 1)[1]
    assert "<b>" not in sign_in(app, "operator").get(f"/operator/complaints/{number}").text.replace("<b class", "")
    assert db.session.scalar(select(func.count()).select_from(Complaint)) == 1
