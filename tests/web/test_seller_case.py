"""The seller's desk over HTTP: the queue, every step by its form, mistakes that keep what was typed, races."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask

from portal.cases import clock as case_clock
from portal.extensions import db, writing
from portal.flow import Actor, State
from portal.models import Case, CaseLine, Notice, Order, OrderLine, Parcel
from portal.talk import conversations
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.pictures import photo

NUMBER = "75484863576596"


def _state(case_id: int) -> str:
    db.session.rollback()
    return db.session.get_one(Case, case_id, populate_existing=True).state


def _line(case_id: int) -> int:
    return db.session.scalars(db.select(CaseLine.id).where(CaseLine.case_id == case_id)).one()


def _write_to_buyer(cast: Cast, case: Case) -> None:
    with writing():
        order = db.session.get_one(Order, case.order_id)
        conversations.add_message(
            conversations.get_of_order(order, cast.now), "seller", cast.seller, "请补一张照片", now=cast.now
        )


def _pictures(many: int) -> list[tuple[io.BytesIO, str]]:
    return [(io.BytesIO(photo((320, 240))), f"{number}.jpg") for number in range(many)]


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_page(app: Flask, cast: Cast, now: Clock, state: State) -> None:
    case = cast.until(state)
    page = sign_in(app, "seller").get(f"/seller/cases/{case.case_no}")
    assert page.status_code == 200
    assert f'data-state="{state}"' in page.text and f'data-version="{case.version}"' in page.text


@pytest.mark.parametrize(
    ("step", "source", "form", "target"),
    [
        ("agree", "applied", {}, "returning"),
        ("agree_no_return", "applied", {}, "reshipping"),
        ("ask_evidence", "applied", {"note": "请补拍外包装"}, "revising"),
        ("grant_extension", "returning", {"days": "3", "note": "台风"}, "returning"),
        ("accept_goods", "inspecting", {"received": "2", "accepted": "2", "condition": "intact"}, "reshipping"),
        ("ship_replacement", "reshipping", {"carrier": "ZTO", "number": NUMBER, "shipped": "2"}, "confirming"),
        ("ship_replacement", "reshipping", {"carrier": "ZTO", "number": NUMBER, "shipped": "1"}, "reshipping"),
    ],
)
def test_every_step_is_taken_by_its_form(
    app: Flask, cast: Cast, now: Clock, step: str, source: str, form: dict[str, str], target: str
) -> None:
    case = cast.until(source)
    line = _line(case.id)
    data = {
        f"{name}_{line}" if name in ("received", "accepted", "condition", "shipped") else name: value
        for name, value in form.items()
    }
    client = sign_in(app, "seller")
    if step == "agree":
        data["address_id"] = (
            client.get(f"/seller/cases/{case.case_no}/agree").text.split('name="address_id" value="')[1].split('"')[0]
        )
    answer = post(client, f"/seller/cases/{case.case_no}/{step}", data)
    assert answer.status_code == 303, answer.text
    assert _state(case.id) == target
    assert 'role="status"' in client.get(answer.location).text


def test_refusing_needs_words_with_the_buyer_first(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("applied")
    client, url = sign_in(app, "seller"), f"/seller/cases/{case.case_no}/reject"
    assert "请先在会话里和买家沟通" in client.get(url).text
    _write_to_buyer(cast, case)
    data: dict[str, Any] = {"refusal": "window_over", "note": "超过换货期"}
    page = client.get(url).text
    data["refusal"] = page.split('name="refusal" value="')[1].split('"')[0]
    wrong = post(client, url, {"refusal": data["refusal"], "note": ""})
    assert wrong.status_code == 422 and "请填写拒绝的说明" in wrong.text
    done = post(client, url, data | {"photos": _pictures(1)}, content_type="multipart/form-data")
    assert done.status_code == 303, done.text
    assert _state(case.id) == "revising"
    shown = sign_in(app, "buyer").get(f"/cases/{case.case_no}").text
    assert "超过换货期" in shown and "拒绝原因" in shown


def test_a_partial_acceptance_and_the_way_back_of_what_was_refused(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("inspecting")
    line, client = _line(case.id), sign_in(app, "seller")
    url = f"/seller/cases/{case.case_no}/accept_goods"
    data = {f"received_{line}": "2", f"accepted_{line}": "1", f"condition_{line}": "not_resellable", "note": "有污渍"}
    few = post(client, url, data | {"photos": _pictures(1)}, content_type="multipart/form-data")
    assert few.status_code == 409 and "至少上传 2 张照片" in few.text
    assert "有污渍" in few.text and "photos_kept" in few.text  # the one photo stays
    done = post(client, url, data | {"photos": _pictures(2)}, content_type="multipart/form-data")
    assert done.status_code == 303 and _state(case.id) == "disputed"
    assert "退还未通过的商品" not in client.get(f"/seller/cases/{case.case_no}").text  # nothing stands yet

    cast.take(db.session.get_one(Case, case.id), "accept_result", Actor.BUYER)
    assert "退还未通过的商品" in client.get(f"/seller/cases/{case.case_no}").text
    back = f"/seller/cases/{case.case_no}/send-back"
    assert post(client, back, {"carrier": "ZTO", "number": ""}).status_code == 422
    assert post(client, back, {"carrier": "ZTO", "number": NUMBER}).status_code == 303
    db.session.rollback()
    assert db.session.scalars(db.select(Parcel.leg).where(Parcel.case_id == case.id)).all() == ["back", "refused"]
    told = db.session.scalars(db.select(Notice.title).where(Notice.kind == "sent_back")).all()
    assert told == ["商家已退还未通过验货的商品"]
    assert "退还的包裹" in sign_in(app, "buyer").get(f"/cases/{case.case_no}").text


@pytest.mark.parametrize(
    ("received", "accepted", "sentence"),
    [
        ("3", "2", "最多"),
        ("1", "2", "不能多于收到"),
        ("x", "1", "数量"),
        ("-1", "1", "数量"),
        ("1.5", "1", "整"),
        ("02", "2", "分不清是 0 还是 2"),  # 0 typed before the 2 that stood there is none, not whole
    ],
)
def test_what_cannot_have_been_counted(
    app: Flask, cast: Cast, now: Clock, received: str, accepted: str, sentence: str
) -> None:
    case = cast.until("inspecting")
    line, client = _line(case.id), sign_in(app, "seller")
    data = {
        f"received_{line}": received,
        f"accepted_{line}": accepted,
        f"condition_{line}": "not_resellable",
        "note": "数错了",
        "photos": _pictures(2),
    }
    answer = post(client, f"/seller/cases/{case.case_no}/accept_goods", data, content_type="multipart/form-data")
    assert answer.status_code in (409, 422)
    assert sentence in answer.text and "数错了" in answer.text and f'value="{received}"' in answer.text
    assert _state(case.id) == "inspecting"


@pytest.mark.parametrize("shipped", ["3", "0", "", "1.5", "１０"])
def test_never_more_is_shipped_than_was_accepted(app: Flask, cast: Cast, now: Clock, shipped: str) -> None:
    case = cast.until("reshipping")
    line, client = _line(case.id), sign_in(app, "seller")
    answer = post(
        client,
        f"/seller/cases/{case.case_no}/ship_replacement",
        {"carrier": "ZTO", "number": NUMBER, f"shipped_{line}": shipped},
    )
    assert answer.status_code == 422 and NUMBER in answer.text
    assert _state(case.id) == "reshipping"


def test_the_slower_of_two_sellers_sees_the_true_state_and_keeps_the_words(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("applied")
    client, url = sign_in(app, "seller"), f"/seller/cases/{case.case_no}/ask_evidence"
    stale = client.get(url)
    cast.take(db.session.get_one(Case, case.id), "agree", Actor.SELLER)
    from tests.cast import token_of

    answer = client.post(url, data={**token_of(stale), "note": "请补拍面单"})
    assert answer.status_code == 409
    assert 'data-state="returning"' in answer.text and "请补拍面单" in answer.text


def test_the_queue_searches_pages_and_says_what_is_late(app: Flask, cast: Cast, now: Clock) -> None:
    made = [cast.open_case(milli=1_000, now=now.at) for _ in range(45)]
    client = sign_in(app, "seller")
    first = client.get("/seller").text
    assert first.count('class="open"') == 40 and "下一页" in first
    more = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(more).text
    assert second.count('class="open"') == 5
    shown = {case.case_no for case in made}
    assert all(number in first or number in second for number in shown)
    found = client.get(f"/seller?q={made[0].case_no}").text
    assert found.count('class="open"') == 1
    assert client.get("/seller?q=没有这样的").text.count('class="open"') == 0
    assert "没有符合的售后单" in client.get("/seller?q=%25").text
    assert client.get("/seller?reason=size").text.count('class="open"') == 0
    assert client.get("/seller?tab=nothing").status_code == 404
    assert client.get("/seller?after=x~1").status_code == 404
    late = cast.until("reshipping")
    now.forward(hours=73)
    case_clock.settle_now(late.id, now.at)
    client = sign_in(app, "seller")  # a shop's session has ended by then
    assert "已超时" in client.get("/seller?tab=reshipping").text


def test_an_unchanged_queue_is_not_sent_again(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case()
    client = sign_in(app, "seller")
    tag = client.get("/seller").headers["ETag"]
    assert client.get("/seller", headers={"If-None-Match": tag}).status_code == 304
    cast.take(case, "agree", Actor.SELLER)
    assert client.get("/seller", headers={"If-None-Match": tag}).status_code == 200


def test_the_ledger_gives_units_back_after_a_refusal_of_all(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("closed")
    db.session.rollback()
    line = db.session.scalars(
        db.select(OrderLine.claimed_milli)
        .join(CaseLine, CaseLine.order_line_id == OrderLine.id)
        .where(CaseLine.case_id == case.id)
    ).one()
    assert line == 0
