"""How often something may be tried or done, by whom, and what is said to who does it too often."""

from __future__ import annotations

import html
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.exceptions import TooManyRequests
from werkzeug.test import TestResponse

from portal import words
from portal.applications import drafts
from portal.extensions import Busy, db, writing
from portal.models import Message, OrderLine, RateCount
from portal.web import quotas, rates, tries
from tests import pictures
from tests.cast import PASSWORD, Cast, post, sign_in, token_of
from tests.conftest import Clock
from tests.web.entering import cookie_of


def elsewhere(number: int) -> dict[str, Any]:
    return {"environ_overrides": {"REMOTE_ADDR": f"192.0.2.{number}"}}


def guess(client: FlaskClient, name: str, password: str = "wrong", number: int = 1) -> TestResponse:
    """A try at signing in from the address with this number."""
    where = elsewhere(number)
    form = {**token_of(client.get("/login", **where)), "member_name": name, "password": password}
    return client.post("/login", data=form, **where)


def test_successes_count_for_nothing(app: Flask, cast: Cast, now: Clock) -> None:
    """QA's suites sign in more often than any limit of failures allows."""
    for _ in range(40):
        assert guess(app.test_client(), "buyer", PASSWORD).status_code == 303


def test_success_clears_the_failures(app: Flask, cast: Cast, now: Clock) -> None:
    free = tries.FREE["pair"]
    for _ in range(3):
        client = app.test_client()
        for _ in range(free - 1):
            assert guess(client, "buyer").status_code == 422
        assert guess(client, "buyer", PASSWORD).status_code == 303


def test_ten_wrong_passwords_slow_down_and_lock_nobody_out(app: Flask, cast: Cast, now: Clock) -> None:
    client, waits, wrong = app.test_client(), [], 0
    while wrong < 14:
        answer = guess(client, "buyer")
        if answer.status_code == 429:
            waits.append(int(answer.headers["Retry-After"]))
            assert f"请 {waits[-1]} 秒后再试；账号没有被锁定" in answer.text
            assert 'value="buyer"' in answer.text  # what was typed is kept
            assert guess(client, "buyer", PASSWORD).status_code == 429  # nothing is learnt while one waits
            assert int(guess(client, "buyer").headers["Retry-After"]) == waits[-1]  # nor does it wait longer
            now.forward(seconds=waits[-1])
        else:
            assert answer.status_code == 422
            wrong += 1
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    now.forward(seconds=60)
    assert guess(client, "buyer", PASSWORD).status_code == 303


def test_names_that_nobody_has_are_slowed_down_alike(app: Flask, cast: Cast, now: Clock) -> None:
    seen = [[guess(app.test_client(), name).status_code for _ in range(8)] for name in ("buyer", "nobody")]
    assert seen[0] == seen[1] == [422] * 5 + [429] * 3


def test_a_guesser_keeps_nobody_out(app: Flask, cast: Cast, now: Clock) -> None:
    """Neither from elsewhere, nor from the same address where the person has signed in before."""
    home, guesser = app.test_client(), app.test_client()
    assert guess(home, "buyer", PASSWORD).status_code == 303
    while guess(guesser, "buyer").status_code == 422:
        pass
    assert guess(app.test_client(), "buyer", PASSWORD).status_code == 429  # a new browser waits a second
    assert guess(home, "buyer", PASSWORD).status_code == 303  # a known one doesn't
    assert guess(app.test_client(), "buyer", PASSWORD, number=2).status_code == 303
    assert guess(guesser, "buyer2", PASSWORD).status_code == 303


def test_one_machine_cannot_make_every_account_wait(app: Flask, cast: Cast, now: Clock) -> None:
    """What an address is refused for isn't counted for the names; each name is free at any other address."""
    client = app.test_client()
    for number in range(tries.FREE["address"]):
        with app.test_request_context(environ_base={"REMOTE_ADDR": "192.0.2.1"}):
            tries.failed(tries.of(f"guess{number}"), now.at)
    for _ in range(tries.FREE["name"] + 5):
        assert guess(client, "seller").status_code == 429
    assert guess(client, "seller", PASSWORD, number=2).status_code == 303


def test_a_site_behind_one_address_is_not_shut_out(app: Flask, cast: Cast, now: Clock) -> None:
    """Sixty people who mistype once, and one who guesses; the others come in, known browsers at any time."""
    known = app.test_client()
    assert guess(known, "buyer2", PASSWORD).status_code == 303
    for number in range(60):
        with app.test_request_context(environ_base={"REMOTE_ADDR": "192.0.2.1"}):
            tries.failed(tries.of(f"colleague{number}"), now.at)
    while guess(app.test_client(), "seller").status_code == 422:
        pass
    assert guess(app.test_client(), "buyer", PASSWORD).status_code == 303
    for number in range(100):
        with app.test_request_context(environ_base={"REMOTE_ADDR": "192.0.2.1"}):
            tries.failed(tries.of(f"guess{number}"), now.at)
    assert guess(app.test_client(), "buyer", PASSWORD).status_code == 429
    assert guess(known, "buyer2", PASSWORD).status_code == 303
    now.forward(seconds=60)
    assert guess(app.test_client(), "buyer", PASSWORD).status_code == 303


def test_an_address_is_not_what_a_header_says(app: Flask, cast: Cast, now: Clock) -> None:
    client = app.test_client()
    while guess(client, "buyer").status_code == 422:
        pass
    form = {**token_of(client.get("/login")), "member_name": "buyer", "password": PASSWORD}
    spoofed = {"X-Forwarded-For": "192.0.2.9", "X-Real-Ip": "192.0.2.9", "Forwarded": "for=192.0.2.9"}
    assert client.post("/login", data=form, headers=spoofed, **elsewhere(1)).status_code == 429


@pytest.mark.parametrize("value", ["", ".", "x" * 16, f"{'x' * 16}.{'0' * 40}", "é.é", "x" * 4000])
def test_a_made_up_device_is_unknown(app: Flask, cast: Cast, now: Clock, value: str) -> None:
    client = app.test_client()
    client.set_cookie("known", value)
    while guess(client, "buyer").status_code == 422:
        pass
    assert guess(app.test_client(), "buyer", PASSWORD).status_code == 429  # counted with all others


def test_a_device_is_known_for_one_person(app: Flask, cast: Cast, now: Clock) -> None:
    client = app.test_client()
    assert guess(client, "buyer", PASSWORD).status_code == 303
    with app.test_request_context(headers={"Cookie": f"known={cookie_of(client, 'known')}"}):
        assert set(tries.of("buyer").buckets) == {"device"}
        assert set(tries.of("buyer2").buckets) == {"address", "name", "pair"}


def test_failures_are_kept_without_what_was_typed(both: Flask, now: Clock) -> None:
    with both.test_request_context(environ_base={"REMOTE_ADDR": "192.0.2.1"}):
        for _ in range(7):
            tries.failed(tries.of("my secret pass-phrase"), now.at)
        assert tries.wait(tries.of("my secret pass-phrase"), now.at) == 4
        now.at += tries.FORGOTTEN_AFTER + timedelta(seconds=1)
        tries.failed(tries.of("my secret pass-phrase"), now.at)
        assert tries.wait(tries.of("my secret pass-phrase"), now.at) == 0
        rows = db.session.execute(select(RateCount.bucket, RateCount.count)).all()
    assert sorted(count for *_, count in rows) == [1, 1, 1]
    assert not any("secret" in row.bucket for row in rows)


def test_messages_in_a_minute(app: Flask, cast: Cast, now: Clock) -> None:
    url = f"/orders/{cast.order().order_no}/contact"
    other = f"/orders/{cast.order(buyer=cast.buyer2).order_no}/contact"
    client = sign_in(app, "buyer")
    token = token_of(client.get(url))["csrf_token"]
    most, window = rates.LIMITS["message"]
    for number in range(most):
        assert client.post(url, data={"csrf_token": token, "words": f"第 {number} 条"}).status_code == 303
    answer = client.post(url, data={"csrf_token": token, "words": "又一条"})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == str(rates.count_wait("message", now.at))
    again = now.at + timedelta(seconds=rates.count_wait("message", now.at))
    assert (
        f"每分钟最多发送消息 {most} 条，这一段已用完；北京时间 {again.astimezone(words.BEIJING):%H:%M} 起"
        in answer.text
    )
    assert post(sign_in(app, "buyer2"), other, {"words": "您好"}).status_code == 303
    now.at += window
    assert client.post(url, data={"csrf_token": token, "words": "又一条"}).status_code == 303


@pytest.mark.parametrize("name", sorted(rates.LIMITS))
def test_every_limit_says_what_is_too_much_and_when_it_works_again(cast: Cast, now: Clock, name: str) -> None:
    """The moment that is said is the first at which it works again, on a later day with its date."""
    assert rates.count(name, "one", now.at)
    with writing():
        db.session.execute(update(RateCount).values(count=rates.LIMITS[name][0]))
    assert not rates.count(name, "one", now.at)
    again = now.at + timedelta(seconds=rates.count_wait(name, now.at))
    local, today = again.astimezone(words.BEIJING), now.at.astimezone(words.BEIJING)
    day = "" if local.date() == today.date() else f"{local.month}月{local.day}日 "
    assert rates.say_limit(name, now.at).endswith(f"这一段已用完；北京时间 {day}{local:%H:%M} 起可以继续。")
    assert not rates.count(name, "one", again - timedelta(seconds=1))
    assert rates.count(name, "one", again)


UPLOADS = {
    "/seller/import": "import",
    "/seller/logistics/import": "import-traces",
    "/seller/payouts/results": "import-payouts",
    "/seller/chains/import": "import-chain",
    "/seller/shipping/table": "import-shipping",
}


@pytest.mark.parametrize("used_up", sorted(UPLOADS))
def test_each_kind_of_upload_has_an_allowance_of_its_own(app: Flask, cast: Cast, now: Clock, used_up: str) -> None:
    """Who imported orders all hour can still upload what the bank says; the refusal says which, and until when."""
    client = sign_in(app, "seller")
    with writing():
        for _ in range(rates.LIMITS[UPLOADS[used_up]][0]):
            rates.count(UPLOADS[used_up], cast.shop, now.at)
    for url in UPLOADS:
        form = {**token_of(client.get("/seller/import")), "file": (io.BytesIO(b"a"), "a.csv")}
        answer = client.post(url, data=form)
        assert (answer.status_code == 429) == (url == used_up), (url, answer.status_code)
        if url == used_up:
            assert "这一段已用完；北京时间" in answer.text and "文件没有保留，到时请重新选择" in answer.text


def test_the_same_form_twenty_times_counts_once(app: Flask, cast: Cast, now: Clock) -> None:
    """The form key goes before the limit: who presses twenty times gets the answer twenty times."""
    client = sign_in(app, "buyer")
    form = {**token_of(client.get("/feedback")), "kind": "opinion", "words": "希望能导出售后单"}
    answers = {client.post("/feedback", data=form).location for _ in range(20)}
    assert len(answers) == 1 and answers.pop().startswith("/me/complaints/TS")
    most, window = rates.LIMITS["complaint"]
    for number in range(most - 1):
        assert post(client, "/feedback", {"kind": "opinion", "words": f"第 {number} 个"}).status_code == 303
    one_more = {**token_of(client.get("/feedback")), "kind": "opinion", "words": "又一个"}
    for _ in range(3):  # the same form again is no way around the limit
        assert client.post("/feedback", data=one_more).status_code == 429
    now.at += window
    assert client.post("/feedback", data=one_more).status_code == 303


@pytest.mark.parametrize("status", [429, 503, 507])
def test_typed_words_wait_in_the_error_page(
    app: Flask, cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """Without script too: the page that says 稍后再试 hands the same form in again."""
    url, client = f"/orders/{cast.order().order_no}/contact", sign_in(app, "buyer")
    form = token_of(client.get(url))
    said = {429: TooManyRequests(), 503: Busy(), 507: OSError(28, "No space left on device")}[status]

    def fail(*_: Any, **__: Any) -> None:
        raise said

    with monkeypatch.context() as broken:
        broken.setattr("portal.talk.conversations.add_message", fail)
        answer = client.post(url, data={**form, "words": '袜子有\r\n三只"破洞"<b>'})
    assert answer.status_code == status
    assert "您填写的文字都在" in answer.text and "照片" not in answer.text
    again = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', answer.text)}
    assert again["form_key"] == form["form_key"]
    assert client.post(url, data=again).status_code == 303
    db.session.rollback()
    assert db.session.scalars(select(Message.words)).all() == ['袜子有\n三只"破洞"<b>']


def test_searches_in_a_minute(app: Flask, cast: Cast, now: Clock) -> None:
    most, window = rates.LIMITS["search"]
    client = sign_in(app, "buyer")
    with writing():
        for _ in range(most - 1):
            rates.count("search", cast.buyer, now.at)
    assert client.get("/orders?q=袜").status_code == 200
    assert client.get("/orders?q=袜").status_code == 429
    assert client.get("/orders?q=").status_code == client.get("/orders").status_code == 200
    assert sign_in(app, "buyer2").get("/orders?q=袜").status_code == 200
    now.at += window
    assert client.get("/orders?q=袜").status_code == 200


def test_photos_in_an_hour(app: Flask, cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too much says so beside the photos; the words stay."""
    url, client = f"/orders/{cast.order().order_no}/contact", sign_in(app, "buyer")

    def send() -> TestResponse:
        picture = (io.BytesIO(pictures.png()), "a.png")
        return post(client, url, {"words": "请看", "photos": [picture]})

    most, window = rates.LIMITS["upload"]
    with writing():
        for _ in range(most - 1):
            rates.count("upload", cast.buyer, now.at)
    assert send().status_code == 303
    answer = send()
    assert answer.status_code == 422
    assert "上传的照片太多，北京时间 " in answer.text and "起可以再传" in answer.text and "请看" in answer.text
    now.at += window
    assert send().status_code == 303
    monkeypatch.setattr(quotas, "MOST_PHOTO_BYTES", 1)
    answer = send()
    assert answer.status_code == 422
    assert quotas.TOO_MANY_BYTES in answer.text


def test_fifty_drafts(app: Flask, cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST_DRAFTS", 2)
    client, orders = sign_in(app, "buyer"), [cast.order() for _ in range(3)]
    seen = []
    for order in orders:
        line = db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id)).one()
        url = f"/orders/{order.order_no}/apply"
        seen.append(post(client, url, {"line": line, "reason": "damaged"}))
    assert [answer.status_code for answer in seen] == [303, 303, 409]
    assert "最多同时保存 2 份草稿" in seen[-1].text


def test_applications_in_an_hour(app: Flask, cast: Cast, now: Clock) -> None:
    url = f"/orders/{cast.order().order_no}/apply/check"
    client = sign_in(app, "buyer")
    token = token_of(client.get("/login"))["csrf_token"]
    most, window = rates.LIMITS["apply"]
    for _ in range(most):
        assert client.post(url, data={"csrf_token": token}).status_code == 409
    assert client.post(url, data={"csrf_token": token}).status_code == 429
    now.at += window
    assert client.post(url, data={"csrf_token": token}).status_code == 409
