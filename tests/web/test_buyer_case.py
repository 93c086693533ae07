"""A buyer's case over HTTP: every state has its page, every step its form, and nothing typed is lost."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal import flow, told, words
from portal.calendar import lengths
from portal.cases import clock as case_clock
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, State
from portal.models import Case, CaseEvent, Evidence, OrderLine, Parcel
from tests.cast import PARCELS, Cast, post, sign_in, token_of
from tests.conftest import Clock
from tests.pictures import photo

NUMBER = "75484863576596"


def _state(case_id: int) -> str:
    db.session.rollback()
    return db.session.get_one(Case, case_id, populate_existing=True).state


def _events(case_id: int) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(CaseEvent).where(CaseEvent.case_id == case_id)) or 0


# step: the state it is taken from, what is filled in, the state it leads to
STEPS: dict[str, tuple[str, dict[str, Any], str]] = {
    "withdraw": ("applied", {}, "withdrawn"),
    "modify": (
        "revising",
        {
            "reason": "damaged",
            "description": "补充说明",
            "receiver_name": "李雯",
            "receiver_phone": "13425059650",
            "receiver_address": "四川省成都市武侯区一环路南二段9号",
        },
        "applied",
    ),
    "ship_return": ("returning", {"carrier": "ZTO", "number": NUMBER}, "inspecting"),
    "edit_parcel": ("inspecting", {"carrier": "SF", "number": "SF1234567890123"}, "inspecting"),
    "extend": ("returning", {}, "returning"),
    "accept_result": ("disputed", {}, "reshipping"),
    "object": ("disputed", {"note": "寄出时是新的"}, "disputed"),
    "confirm": ("confirming", {}, "completed"),
    "report_problem": ("confirming", {"kind": "not_received", "note": "一直没有收到"}, "confirming"),
}


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_page(app: Flask, cast: Cast, now: Clock, state: State) -> None:
    case = cast.until(state)
    page = sign_in(app, "buyer").get(f"/cases/{case.case_no}")
    assert page.status_code == 200
    assert f'data-state="{state}"' in page.text
    assert 'data-type="exchange"' in page.text
    assert f'data-version="{case.version}"' in page.text
    assert page.text.count('id="case"') == 1


@pytest.mark.parametrize("name", list(STEPS))
def test_every_step_is_taken_by_its_form(app: Flask, cast: Cast, now: Clock, name: str) -> None:
    source, filled, target = STEPS[name]
    case = cast.until(source)
    url, case_id, version = f"/cases/{case.case_no}/{name}", case.id, case.version
    client = sign_in(app, "buyer")
    shown = client.get(url)
    assert shown.status_code == 200
    data = dict(filled)
    if name == "edit_parcel":
        data["parcel_id"] = str(db.session.scalars(select(Parcel.id).where(Parcel.case_id == case_id)).one())
    answer = client.post(url, data={**token_of(shown), **data})
    assert (answer.status_code, answer.location) == (303, f"/cases/{case.case_no}?v={version + 1}")
    assert _state(case_id) == target
    news = told.tell_news(flow.find("exchange", source, Actor.BUYER, name).news, Actor.BUYER)
    assert f'role="status" data-said>{news}' in client.get(answer.location).text


def test_nothing_accepted_closes(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("inspecting")
    case = cast.take(case, "dispute_goods", Actor.SELLER, **cast._facts_of(case, {"dispute": 0}, cast.now))
    answer = post(sign_in(app, "buyer"), f"/cases/{case.case_no}/accept_result_none")
    assert answer.status_code == 303
    assert _state(case.id) == "closed"


def test_nudge_only_when_late(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("reshipping")
    client, url = sign_in(app, "buyer"), f"/cases/{case.case_no}/nudge"
    assert "可以催办" in client.get(url).text
    assert post(client, url, at="/me").status_code == 409
    now.forward(hours=73)
    case_clock.settle_now(case.id, now.at)
    assert post(client, url).status_code == 303
    again = post(client, url, at="/me")
    assert again.status_code == 409
    assert "24 小时内已催办过" in again.text


@pytest.mark.parametrize("path", ["", "/withdraw", "/slip", "/qr.svg"])
def test_a_stranger_finds_nothing(app: Flask, cast: Cast, now: Clock, path: str) -> None:
    case = cast.until("applied")
    stranger = sign_in(app, "buyer2")
    assert stranger.get(f"/cases/{case.case_no}{path}").status_code == 404
    if path == "/withdraw":
        token = token_of(stranger.get("/me"))
        assert token["csrf_token"]
        assert stranger.post(f"/cases/{case.case_no}/withdraw", data=token).status_code == 404
        assert _state(case.id) == "applied"


def test_a_stale_form_keeps_its_words(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("disputed")
    case_id, url = case.id, f"/cases/{case.case_no}/object"
    client = sign_in(app, "buyer")
    old = token_of(client.get(url))
    counted = cast._facts_of(case, {"dispute": 1_000}, cast.now)
    cast.take(case, "revise_inspection", Actor.SELLER, **counted)
    before = _events(case_id)
    answer = client.post(url, data={**old, "note": "寄出时是新的,有照片"})
    assert answer.status_code == 409
    assert "寄出时是新的,有照片" in answer.text
    assert f'data-version="{int(old["version"]) + 1}"' in answer.text
    assert _events(case_id) == before


def test_words_survive_a_step_that_is_gone(app: Flask, cast: Cast, now: Clock) -> None:
    """The state has moved on and the step with it; the page says the words were kept, so they must be there."""
    case = cast.until("disputed")
    url, client = f"/cases/{case.case_no}/object", sign_in(app, "buyer")
    old = token_of(client.get(url))
    cast.take(case, "accept_result", Actor.BUYER)
    answer = client.post(url, data={**old, "note": "寄出时是新的,有照片"})
    assert answer.status_code == 409
    assert 'data-state="reshipping"' in answer.text
    assert "寄出时是新的,有照片" in answer.text


def test_twice_the_same_form_is_one_event(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("returning")
    case_id, url = case.id, f"/cases/{case.case_no}/ship_return"
    client = sign_in(app, "buyer")
    data = {**token_of(client.get(url)), "carrier": "ZTO", "number": NUMBER}
    before = _events(case_id)
    first, second = client.post(url, data=data), client.post(url, data=data)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert _events(case_id) == before + 1
    assert len(db.session.scalars(select(Parcel.id).where(Parcel.case_id == case_id)).all()) == 1


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("", "请填写运单号"),
        ("13812345678", "这是手机号"),
        ("own", "这是订单编号"),
        ("abc", "4 到 40 位"),
        ("12345脚本678", "4 到 40 位"),
        ("9" * 41, "4 到 40 位"),
    ],
)
def test_bad_numbers_explain_themselves(app: Flask, cast: Cast, now: Clock, number: str, sentence: str) -> None:
    order = cast.order()
    order_no = order.order_no
    case = cast.until("returning", order=order)
    answer = post(
        sign_in(app, "buyer"),
        f"/cases/{case.case_no}/ship_return",
        {"carrier": "ZTO", "number": order_no if number == "own" else number},
    )
    assert answer.status_code == 422
    assert sentence in answer.text
    assert _state(case.id) == "returning"


def test_the_number_names_its_carrier(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("returning")
    answer = post(sign_in(app, "buyer"), f"/cases/{case.case_no}/ship_return", {"number": "SF1234567890123"})
    assert answer.status_code in (303, 422)
    if answer.status_code == 422:
        assert "顺丰速运" in answer.text


def test_brought_in_person_needs_no_number(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("returning")
    answer = post(sign_in(app, "buyer"), f"/cases/{case.case_no}/ship_return", {"carrier": "SELF", "number": ""})
    assert answer.status_code == 303


def test_a_carrier_that_ships_no_more_is_not_assumed(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("returning")
    answer = post(sign_in(app, "buyer"), f"/cases/{case.case_no}/ship_return", {"number": "B123456789012"})
    assert answer.status_code == 422


def test_a_carrier_without_a_number_is_asked_about(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("returning")
    filled = {"carrier": "ZTO", "number": NUMBER, "carrier2": "SF", "number2": ""}
    assert post(sign_in(app, "buyer"), f"/cases/{case.case_no}/ship_return", filled).status_code == 422


def test_problem_without_a_photo_is_said_beside_the_field(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("confirming")
    answer = post(sign_in(app, "buyer"), f"/cases/{case.case_no}/report_problem", {"kind": "damaged", "note": "裂了"})
    assert answer.status_code == 422
    assert "请上传能看出问题的照片" in answer.text
    assert "裂了" in answer.text


def test_the_page_says_that_the_clock_is_due(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("returning")
    now.forward(days=8)
    client = sign_in(app, "buyer")
    version = case.version
    page = client.get(f"/cases/{case.case_no}").text
    assert "已超时" in page
    assert f'data-version="{version}"' in page  # a GET changes nothing


def test_the_timeline_tells_the_right_story(app: Flask, cast: Cast, now: Clock) -> None:
    """Two escalations lead from receiving to receiving: an untraced parcel is not an unanswered problem."""
    case = cast.until("confirming")
    now.forward(days=11)
    case_clock.settle_now(case.id, now.at)
    page = sign_in(app, "buyer").get(f"/cases/{case.case_no}").text
    assert "换货商品没有物流记录，不自动确认收货，平台已介入" in page
    assert "商家超时未处理收货问题" not in page


def test_slip_has_no_telephone_in_clear(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("returning")
    client = sign_in(app, "buyer")
    page = client.get(f"/cases/{case.case_no}/slip")
    assert page.status_code == 200
    assert case.case_no in page.text
    assert case.return_phone not in page.text
    assert "style=" not in page.text
    qr = client.get(f"/cases/{case.case_no}/qr.svg")
    assert (qr.status_code, qr.mimetype) == (200, "image/svg+xml")
    assert "style=" not in qr.text
    first = qr.text.index("<path")
    assert 'fill="#fff"' in qr.text[first : qr.text.index("/>", first)]  # its own white ground, also on a dark page


def test_cases_are_paged_without_a_gap(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order(milli=50_000)
    made = [cast.open_case(order, milli=1_000).case_no for _ in range(25)]
    client = sign_in(app, "buyer")
    first = client.get("/cases").text
    more = first.split('rel="next" href="')[1].split('"')[0]
    second = client.get(more).text
    assert {number for number in made if number in first} ^ {number for number in made if number in second} == set(made)
    assert 'rel="next"' not in second
    assert made[0] not in sign_in(app, "buyer2").get("/cases").text


def test_withdrawing_gives_the_units_back(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("applied")
    assert "撤销" in sign_in(app, "buyer").get(f"/cases/{case.case_no}/withdraw").text
    post(sign_in(app, "buyer"), f"/cases/{case.case_no}/withdraw")
    db.session.rollback()
    assert db.session.scalar(select(OrderLine.claimed_milli).where(OrderLine.order_id == case.order_id)) == 0


@pytest.mark.parametrize("case_type", [CaseType.EXCHANGE, CaseType.RETURN_REFUND])
def test_what_accepting_the_result_means_is_said_before_it_is_done(
    app: Flask, cast: Cast, now: Clock, case_type: CaseType
) -> None:
    """「接受后按通过的数量换货」 stood on a 退货退款."""
    case = cast.until("disputed", case_type=case_type)
    client = sign_in(app, "buyer")
    for url in (f"/cases/{case.case_no}", f"/cases/{case.case_no}/accept_result"):
        text = client.get(url).text
        assert ("按通过的 1 双换货" in text) == (case_type is CaseType.EXCHANGE)
        assert ("按通过的 1 双退款 12.50 元" in text) == (case_type is CaseType.RETURN_REFUND)
        assert "未通过的 1 双由商家在 72 小时内寄回给您" in text
        row = re.findall(r'<td class="num" data-what="(.*?)">([^<]*)</td>', text)
        assert row == [("寄出", "2 双"), ("收到", "2 双"), ("通过", "1 双"), ("未通过", "1 双"), ("少件", "0 双")]


@pytest.mark.parametrize("case_type", [CaseType.EXCHANGE, CaseType.RETURN_REFUND])
def test_who_objects_knows_before_that_silence_accepts_the_result(
    app: Flask, cast: Cast, now: Clock, case_type: CaseType
) -> None:
    """It read as if the shop had to answer first, and only a refusal needed the platform."""
    case = cast.until("disputed", case_type=case_type)
    client = sign_in(app, "buyer")
    said = f"提交后 {lengths.describe_deadline('inspection_dispute')}内由商家复核；{words.OBJECTED_LATE[0]}"
    for url in (f"/cases/{case.case_no}", f"/cases/{case.case_no}/object"):
        assert said in client.get(url).text, url
    later = now.forward(hours=5)
    assert post(client, f"/cases/{case.case_no}/object", {"note": "寄出时都是好的"}).status_code == 303
    db.session.rollback()
    case = db.session.get_one(Case, case.id, populate_existing=True)
    assert case.due_at == later + lengths.get_deadline("inspection_dispute")
    assert words.OBJECTED_LATE[0] in client.get(f"/cases/{case.case_no}").text


@pytest.mark.parametrize("case_type", [CaseType.EXCHANGE, CaseType.RETURN_REFUND])
def test_what_is_on_its_way_needs_no_slip(app: Flask, cast: Cast, now: Clock, case_type: CaseType) -> None:
    client = sign_in(app, "buyer")
    case = cast.until("returning", case_type=case_type)
    assert "打印退货单" in client.get(f"/cases/{case.case_no}").text
    case = cast.take(case, "ship_return", Actor.BUYER, parcels=PARCELS)
    shown = client.get(f"/cases/{case.case_no}").text
    assert "打印退货单" not in shown and "复制地址" in shown


@pytest.mark.parametrize("reference", ["x", "1", "微信付的", "20261", "abcdef"])
def test_a_difference_names_sum_and_payee_and_takes_no_made_up_number(
    app: Flask, cast: Cast, now: Clock, reference: str
) -> None:
    case = cast.until("paying")
    client = sign_in(app, "buyer")
    shop = cast.shop_of(cast.seller).name
    url = f"/cases/{case.case_no}/pay"
    for page in (f"/cases/{case.case_no}", url):
        text = client.get(page).text
        assert "2.00" in text and shop in text
    assert "还没有约定的先联系商家" in client.get(url).text
    answer = post(client, url, {"reference": reference})
    assert answer.status_code == 422 and "不像支付平台或银行给出的流水号" in answer.text
    assert f'value="{reference}"' in answer.text
    assert post(client, url, {"reference": "2026112322001"}).status_code == 303


def test_what_the_seller_asks_for_stands_where_it_is_answered(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("revising")
    assert "请补拍外包装" in sign_in(app, "buyer").get(f"/cases/{case.case_no}").text.partition("</section>")[0]
    assert "请补拍外包装" in sign_in(app, "buyer").get(f"/cases/{case.case_no}/modify").text


@pytest.mark.parametrize("promised", ["", "qtbh"])
def test_a_change_offers_only_reasons_that_the_goods_carry(app: Flask, cast: Cast, now: Clock, promised: str) -> None:
    order = cast.order()
    with writing():
        db.session.execute(update(OrderLine).values(guarantees=promised))
    case = cast.until("revising", order=order)
    page = sign_in(app, "buyer").get(f"/cases/{case.case_no}/modify").text
    assert ('value="promise"' in page) == bool(promised) and 'value="defect"' in page


def test_an_overdue_case_offers_no_button(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("returning")
    client = sign_in(app, "buyer")
    assert f"/cases/{case.case_no}/ship_return" in client.get(f"/cases/{case.case_no}").text
    now.at += timedelta(days=8)
    text = client.get(f"/cases/{case.case_no}").text
    assert f"/cases/{case.case_no}/ship_return" not in text and "系统正在按规则处理" in text


def test_what_was_photographed_before_it_was_sent_is_kept_with_the_parcel(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("returning")
    client, url = sign_in(app, "buyer"), f"/cases/{case.case_no}/ship_return"
    assert "寄出前拍照" in client.get(url).text
    data = {"carrier": "ZTO", "number": "", "photos": [(io.BytesIO(photo((200, 150))), "箱.jpg")]}
    wrong = post(client, url, data, content_type="multipart/form-data")
    assert wrong.status_code == 422 and "photos_kept" in wrong.text
    data = {"carrier": "ZTO", "number": "75484863576597", "photos": [(io.BytesIO(photo((200, 150))), "箱.jpg")]}
    assert post(client, url, data, content_type="multipart/form-data").status_code == 303
    db.session.rollback()
    kept = db.session.execute(select(Evidence.case_id, Evidence.side).where(Evidence.case_id == case.id)).all()
    assert (case.id, "buyer") in [tuple(row) for row in kept]
    assert "寄出前拍照" not in client.get(f"/cases/{case.case_no}/edit_parcel").text
    assert words.WAYBILL_MEANWHILE not in client.get(f"/cases/{case.case_no}/edit_parcel").text
    cast.mediated(case)
    assert words.WAYBILL_MEANWHILE in client.get(f"/cases/{case.case_no}/edit_parcel").text
