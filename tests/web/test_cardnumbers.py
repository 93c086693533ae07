"""A card number that somebody sends is hidden before anything is stored, and the sender is told."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal import words
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import (
    Case,
    CaseEvent,
    CaseLine,
    Draft,
    KeptForm,
    Message,
    Notice,
    Order,
    OrderLine,
    ReturnAddress,
    Session,
)
from portal.talk import conversations
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import Clock

CARD = "6222021234567890128"
SPACED = "6222 0212 3456 7890 128"
MASKED = "**** **** **** 0128"
TOLD = "像银行卡号的数字已隐去，只保留后四位；退款默认原路退回，不需要卡号"


def written(app: Flask, *needles: str) -> list[str]:
    """Every file of the data folder, the database and its log among them, that has one of these in its bytes."""
    db.session.rollback()
    folder: Path = app.extensions["portal_settings"].data
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"portal.db", "portal.db-wal"} <= {path.name for path in files}
    return [f"{needle} in {path.name}" for path in files for needle in needles if needle.encode() in path.read_bytes()]


def pieces(number: str) -> tuple[str, ...]:
    """What of a number must be nowhere: it whole, and its middle."""
    return number, number[4:-4]


@pytest.fixture(params=["buyer", "seller"])
def talk(request: pytest.FixtureRequest, app: Flask, cast: Cast, now: Clock) -> tuple[str, FlaskClient]:
    """The address of a conversation for each side, and the browser."""
    prefix = "/seller" if request.param == "seller" else ""
    return f"{prefix}/orders/{cast.order().order_no}/contact", sign_in(app, request.param)


@pytest.mark.parametrize("number", [CARD, SPACED, "6222-0212-3456-7890-128", "６２２２０２１２３４５６７８９０１２８"])
def test_a_message_never_has_a_card_number(
    app: Flask, talk: tuple[str, FlaskClient], number: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url, browser = talk
    answer = post(browser, url, {"words": f"请退到 {number},户名李雯"})
    assert (answer.status_code, answer.location) == (303, f"{url}?said=card-hidden")
    page = browser.get(answer.location)
    assert words.SAID["card-hidden"] == f"消息里{TOLD}"
    assert f"消息里{TOLD}" in page.text
    assert f"请退到 {MASKED},户名李雯" in page.text
    assert TOLD not in browser.get(url).text
    assert not any(piece in page.text + caplog.text for piece in pieces(number))
    assert db.session.scalars(select(Message.words)).all() == [f"请退到 {MASKED},户名李雯"]
    assert written(app, *pieces(number)) == []


def test_it_is_the_same_by_htmx_and_sent_twice(app: Flask, talk: tuple[str, FlaskClient]) -> None:
    url, browser = talk
    form = {**token_of(browser.get(url)), "words": SPACED}
    for _ in range(2):
        answer = browser.post(url, data=form, headers={"HX-Request": "true", "HX-Target": "page"})
        assert (answer.status_code, answer.location) == (303, f"{url}?said=card-hidden")
    assert db.session.scalars(select(Message.words)).all() == [MASKED]


def test_numbers_of_the_order_stay(app: Flask, cast: Cast, talk: tuple[str, FlaskClient]) -> None:
    """Also where they look like a card, and also those of another order of the same two."""
    order_no, other, tracking = "6217856300012345678", "6228480402564890018", "621234567890123456"
    order = cast.order(order_no=order_no)
    case = cast.until("inspecting", order=order)
    cast.order(order_no=other)
    with writing():
        db.session.execute(update(Order).where(Order.order_no == order_no).values(tracking_text=f"中通 {tracking};无"))
    url, browser = talk
    side = "/seller" if url.startswith("/seller") else ""
    said = f"订单 {order_no} 和 {other}，运单{tracking}、75484863576596,售后 {case.case_no}"
    assert post(browser, f"{side}/orders/{order_no}/contact", {"words": said}).location.endswith("/contact")
    assert db.session.scalars(select(Message.words)).all() == [said]


def test_another_buyers_order_is_nothing_known(app: Flask, cast: Cast, now: Clock) -> None:
    """What stays as it is must not tell that somebody else has an order of that number."""
    other = cast.order(order_no=CARD, buyer=cast.buyer2, shop=cast.shop2).order_no
    order_no = cast.order().order_no
    post(sign_in(app, "buyer"), f"/orders/{order_no}/contact", {"words": f"{other} 是谁的"})
    assert db.session.scalars(select(Message.words)).all() == [f"{MASKED} 是谁的"]


def test_the_domain_hides_it_by_itself(app: Flask, cast: Cast, now: Clock) -> None:
    order_id = cast.order().id
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, order_id), cast.now)
        conversations.add_message(talk, "seller", cast.seller, f"您的卡 {CARD}", now=cast.now)
    assert conversations.load_last(order_id, cast.shop, 1)[0].words == f"您的卡 {MASKED}"
    assert written(app, *pieces(CARD)) == []


def test_a_message_that_is_refused_shows_no_card_number(talk: tuple[str, FlaskClient]) -> None:
    url, browser = talk
    answer = post(browser, url, {"words": f"{CARD}{'长' * 500}"})
    assert answer.status_code == 422
    assert TOLD in answer.text and MASKED in answer.text
    assert not any(piece in answer.text for piece in pieces(CARD))


def test_an_application_has_no_card_number(app: Flask, cast: Cast, now: Clock) -> None:
    """In the description, the name, the address, the number of goods: the draft, the case and its notices."""
    order = cast.order()
    order_no = order.order_no
    line = db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id)).one()
    buyer = sign_in(app, "buyer")
    post(buyer, f"/orders/{order_no}/apply", {"line": line, "reason": "wrong_order"})
    details = {
        f"quantity_{line}": CARD,
        "description": f"退到{SPACED}",
        "name": f"李雯{CARD}",
        "phone": CARD,
        "address": f"成都市一环路8号 {CARD}",
    }
    refused = post(buyer, f"/orders/{order_no}/apply/details", details)
    assert refused.status_code == 422 and TOLD in refused.text
    assert not any(piece in refused.text for piece in (*pieces(CARD), SPACED))
    details |= {f"quantity_{line}": "1", "phone": "13425059650"}
    done = post(buyer, f"/orders/{order_no}/apply/details", details)
    assert done.location == f"/orders/{order_no}/apply/check?said=note-card-hidden"
    assert TOLD in buyer.get(done.location).text
    assert f"退到{MASKED}" in str(db.session.scalars(select(Draft.fields)).one())
    assert post(buyer, f"/orders/{order_no}/apply/check").status_code == 303
    case = db.session.scalars(select(Case)).one()
    assert (case.description, case.receiver_name) == (f"退到{MASKED}", f"李雯{MASKED}")
    assert written(app, *pieces(CARD), SPACED, SPACED[5:-4]) == []


STEPS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("seller", "applied", "ask_evidence", {"note": f"请补 {SPACED}"}),
    ("seller", "applied", "reject", {"note": f"已退到 {SPACED}", "refusal": "no_stock"}),
    ("seller", "returning", "grant_extension", {"days": "3", "note": f"台风 {SPACED}"}),
    ("buyer", "disputed", "object", {"note": f"请退款到 {SPACED}"}),
    ("buyer", "confirming", "report_problem", {"kind": "not_received", "note": f"没收到,退到 {SPACED}"}),
    (
        "buyer",
        "revising",
        "modify",
        {
            "reason": "damaged",
            "description": f"退到{SPACED}",
            "receiver_name": "李雯",
            "receiver_phone": "13425059650",
            "receiver_address": "成都市一环路8号",
        },
    ),
]


@pytest.mark.parametrize(("side", "state", "step", "form"), STEPS, ids=[row[2] for row in STEPS])
def test_a_step_has_no_card_number(
    app: Flask, cast: Cast, now: Clock, side: str, state: str, step: str, form: dict[str, Any]
) -> None:
    case = cast.until(state)
    prefix = "/seller" if side == "seller" else ""
    browser = sign_in(app, side)
    if step == "reject":
        order_no = db.session.get_one(Order, case.order_id).order_no
        post(browser, f"/seller/orders/{order_no}/contact", {"words": "我们先沟通一下"})
    answer = post(browser, f"{prefix}/cases/{case.case_no}/{step}", form)
    assert answer.status_code == 303 and answer.location.endswith("&said=note-card-hidden")
    page = browser.get(answer.location).text
    assert f"填写的内容里{TOLD}" in page and MASKED in page
    events = db.session.execute(select(CaseEvent.note, CaseEvent.data)).all()
    told = db.session.scalars(select(Notice.body)).all()
    assert MASKED in f"{events}{told}"
    assert written(app, *pieces(CARD), *pieces(SPACED)) == []
    assert not any(piece in page for piece in (*pieces(CARD), *pieces(SPACED)))


def test_notes_of_lines_have_none(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("inspecting")
    line = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case.id)).one()
    seller = sign_in(app, "seller")
    form = {f"received_{line}": "2", f"accepted_{line}": "0", f"condition_{line}": "empty", f"linenote_{line}": SPACED}
    refused = post(seller, f"/seller/cases/{case.case_no}/accept_goods", form)
    assert refused.status_code == 409 and MASKED in refused.text and TOLD in refused.text
    assert SPACED not in refused.text
    assert written(app, *pieces(SPACED)) == []


def test_what_a_stale_form_shows_again_has_none(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("disputed")
    browser, url = sign_in(app, "buyer"), f"/cases/{case.case_no}/object"
    form = token_of(browser.get(url))
    cast.take(case, "accept_result", Actor.BUYER)
    answer = browser.post(url, data={**form, "note": f"退到 {SPACED}"})
    assert answer.status_code == 409
    assert MASKED in answer.text and TOLD in answer.text and SPACED not in answer.text


def test_words_kept_for_signing_in_again_have_none(app: Flask, cast: Cast, now: Clock) -> None:
    """Three ways to a kept form: the session's time is up, it was ended, or the page's token is an old one."""
    url, browser = f"/orders/{cast.order().order_no}/contact", sign_in(app, "buyer")
    form = token_of(browser.get(url))
    assert browser.post(url, data={**form, "csrf_token": "0" * 40, "words": f"退到 {SPACED}"}).status_code == 303
    kept = select(KeptForm.fields).order_by(KeptForm.id)
    assert [fields["words"] for fields in db.session.scalars(kept)] == [[f"退到 {MASKED}"]]
    with writing():
        db.session.execute(update(Session).values(expires_at=now.at))
    answer = browser.post(url, data={**form, "words": f"退到 {CARD}", "number": CARD[:12]})
    assert answer.status_code == 303 and "draft-kept" in answer.location
    assert [fields["words"] for fields in db.session.scalars(kept)] == [[f"退到 {MASKED}"]]
    with writing():
        db.session.execute(update(Session).values(ended_at=now.at))
    answer = browser.post(url, data={**form, "words": f"退到 {CARD}"})
    assert answer.status_code == 401
    assert MASKED in answer.text and CARD not in answer.text
    assert written(app, *pieces(CARD), *pieces(SPACED)) == []


def test_a_shops_own_words_have_none(app: Flask, cast: Cast, now: Clock) -> None:
    seller = sign_in(app, "seller")
    address = {"name": "二号仓", "phone": "13800138001", "address": "义乌市1号", "note": f"运费打到 {CARD}"}
    post(seller, "/seller/addresses", address)
    policy = {"window_days": "15", "hidden_days": "30", "special_freight": "seller", "words": f"打款 {SPACED}"}
    post(seller, "/seller/policy", policy)
    assert f"运费打到 {MASKED}" in db.session.scalars(select(ReturnAddress.note)).all()
    assert written(app, *pieces(CARD), *pieces(SPACED)) == []


def test_a_tracking_number_is_taken_as_it_is(app: Flask, cast: Cast, now: Clock) -> None:
    """Sixteen digits beginning with 62 are a parcel where a parcel is asked for."""
    case = cast.until("returning")
    number = "6222021234567890"
    answer = post(sign_in(app, "buyer"), f"/cases/{case.case_no}/ship_return", {"carrier": "YTO", "number": number})
    assert answer.status_code == 303 and "said" not in answer.location
    assert number in str(db.session.scalars(select(CaseEvent.data)).all())


def test_numbers_of_the_case_stay_in_a_step(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order(order_no="6217856300012345678")
    case = cast.until("applied", order=order)
    note = "请补拍订单 6217856300012345678 的面单"
    answer = post(sign_in(app, "seller"), f"/seller/cases/{case.case_no}/ask_evidence", {"note": note})
    assert answer.status_code == 303 and "said" not in answer.location
    assert note in db.session.scalars(select(CaseEvent.note)).all()
