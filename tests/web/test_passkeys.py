"""Passkeys: added with a name, asked for at signing in beside or instead of a code, removed; nothing else opens."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.extensions import db, writing
from portal.models import Notice, Passkey, PasskeyChallenge, RecoveryCode
from portal.people import factors, passkeys, sessions
from tests.authenticator import Authenticator
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import Clock, make_app
from tests.web.test_account import enter, second, set_up


def offer_of(page: TestResponse) -> dict[str, Any]:
    """What the page's button asks the device."""
    [found] = re.findall(r'data-passkey="([^"]*)"', page.text)
    return json.loads(html.unescape(found))


def begin(client: FlaskClient, name: str = "我的手机") -> tuple[TestResponse, dict[str, Any]]:
    page = post(client, "/me/passkeys", {"name": name})
    assert page.status_code == 200, page.text
    return page, offer_of(page)


def send(client: FlaskClient, page: TestResponse, made: str, name: str = "我的手机") -> TestResponse:
    assert 'name="passkey"' in page.text
    return client.post("/me/passkeys/new", data={**token_of(page), "name": name, "passkey": made})


def add(client: FlaskClient, device: Authenticator, name: str = "我的手机") -> TestResponse:
    page, options = begin(client, name)
    return send(client, page, device.make(options), name)


def give(client: FlaskClient, page: TestResponse, said: str) -> TestResponse:
    """Send the sign-in's second step with what the device said."""
    hidden = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page.text)}
    assert hidden["passkey"] == ""
    return client.post("/login/code", data={**hidden, "code": "", "passkey": said})


@pytest.fixture
def buyer(app: Flask, cast: Cast, now: Clock) -> FlaskClient:
    return sign_in(app, "buyer")


def test_a_passkey_alone_is_a_second_factor(app: Flask, cast: Cast, now: Clock, buyer: FlaskClient) -> None:
    device = Authenticator()
    done = add(buyer, device)
    codes = re.findall(r"<code>([0-9a-f]{6}-[0-9a-f]{6})</code>", done.text)
    assert done.status_code == 200
    assert len(codes) == factors.RECOVERY_CODES
    assert factors.is_on(cast.buyer)
    assert not factors.has_app(cast.buyer)
    assert "我的手机" in buyer.get("/me/passkeys").text
    client, page = enter(app, "buyer")
    assert "通行密钥" in page.text
    assert client.get("/me").status_code == 303  # the password alone opens nothing
    answer = device.sign(offer_of(page))
    assert give(client, page, answer).status_code == 303
    assert client.get("/me").status_code == 200
    paper, page = enter(app, "buyer")
    assert second(paper, page, "123456").status_code == 422
    page = second(paper, page, codes[0])
    assert page.status_code == 303  # a recovery code stands in for it


def test_beside_an_app_either_opens(app: Flask, cast: Cast, now: Clock) -> None:
    client, secret, _ = set_up(app, "buyer", now)
    device = Authenticator()
    assert add(client, device).location.endswith("?said=passkey-added")
    assert db.session.scalar(select(func.count()).select_from(RecoveryCode)) == factors.RECOVERY_CODES  # still those
    other, page = enter(app, "buyer")
    assert give(other, page, device.sign(offer_of(page))).status_code == 303
    assert secret


def test_an_answer_opens_once_and_only_what_it_was_made_for(
    app: Flask, cast: Cast, now: Clock, buyer: FlaskClient
) -> None:
    device, strange = Authenticator(), Authenticator()
    add(buyer, device)
    client, page = enter(app, "buyer")
    options = offer_of(page)
    wrong = [
        device.sign(options, origin="https://evil.example"),
        device.sign(options, type="webauthn.create"),
        device.sign(options | {"challenge": "A" * 43}),
        strange.sign(options),
        Authenticator(host="evil.example", key=device.key, credential_id=device.credential_id, count=9).sign(options),
        "{}",
        "[]",
        "null",
        "{",
        "x" * 30_000,
        json.dumps({"rawId": "a", "response": {}}),
    ]
    for said in wrong[:4]:
        page = give(client, page, said)
        assert page.status_code == 422
        options = offer_of(page)
    now.forward(minutes=2)
    for said in wrong[4:]:
        with writing():
            passkeys.offer_sign_in(cast.buyer, "browser", passkeys.Site("localhost", "http://localhost"), now.at)
            site = passkeys.Site("localhost", "http://localhost")
            assert not passkeys.check(cast.buyer, "browser", said, site, now.at), said
    again, fresh = enter(app, "buyer")
    good = device.sign(offer_of(fresh))
    assert give(again, fresh, good).status_code == 303
    third, page = enter(app, "buyer")
    assert give(third, page, good).status_code == 422  # what was asked then


def test_a_count_that_goes_back_is_a_copy(app: Flask, cast: Cast, now: Clock, buyer: FlaskClient) -> None:
    device = Authenticator()
    add(buyer, device)
    copy = Authenticator(key=device.key, credential_id=device.credential_id)
    client, page = enter(app, "buyer")
    device.count = 7
    assert give(client, page, device.sign(offer_of(page))).status_code == 303
    client, page = enter(app, "buyer")
    assert give(client, page, copy.sign(offer_of(page))).status_code == 422


def test_what_is_asked_ends(app: Flask, cast: Cast, now: Clock, buyer: FlaskClient) -> None:
    page, options = begin(buyer)
    device = Authenticator()
    now.forward(minutes=4)
    first = send(buyer, page, device.make(options))
    assert first.status_code == 200
    assert send(buyer, page, device.make(options)).status_code == 422  # it was taken
    page, options = begin(buyer, "电脑")
    with writing():
        sessions.forget_old_sessions(now.at + timedelta(minutes=6))
    assert db.session.scalar(select(func.count()).select_from(PasskeyChallenge)) == 0
    assert send(buyer, page, Authenticator().make(options), "电脑").status_code == 422


def test_one_passkey_is_one_persons(app: Flask, cast: Cast, now: Clock, buyer: FlaskClient) -> None:
    device = Authenticator()
    add(buyer, device)
    other = sign_in(app, "buyer2")
    assert add(other, device).status_code == 422
    own = db.session.scalars(select(Passkey.id)).one()
    token = token_of(other.get("/me/passkeys"))
    assert other.post(f"/me/passkeys/{own}/remove", data=token).status_code == 404
    assert db.session.scalar(select(func.count()).select_from(Passkey)) == 1


@pytest.mark.parametrize("name", ["", " ", "长" * 41])
def test_a_name_that_is_none(buyer: FlaskClient, name: str) -> None:
    assert post(buyer, "/me/passkeys", {"name": name}).status_code == 422


def test_no_more_than_ten(app: Flask, cast: Cast, buyer: FlaskClient, now: Clock) -> None:
    for number in range(passkeys.MOST):
        assert add(buyer, Authenticator(), f"设备{number}").status_code in (200, 303)
    assert "最多 10 个" in buyer.get("/me/passkeys").text
    assert db.session.scalar(select(func.count()).select_from(Passkey)) == passkeys.MOST


def test_removing_the_last_turns_it_off(app: Flask, cast: Cast, now: Clock, buyer: FlaskClient) -> None:
    add(buyer, Authenticator())
    own = db.session.scalars(select(Passkey.id)).one()
    removed = post(buyer, f"/me/passkeys/{own}/remove", at="/me/passkeys")
    assert removed.status_code == 303
    assert "已移除" in buyer.get(removed.location).text
    assert not factors.is_on(cast.buyer)
    assert db.session.scalar(select(func.count()).select_from(RecoveryCode)) == 0
    titles = db.session.scalars(select(Notice.title).where(Notice.user_id == cast.buyer).order_by(Notice.id)).all()
    assert sorted(titles) == ["两步验证已关闭", "两步验证已开启"]
    _, page = enter(app, "buyer")
    assert page.status_code == 303


def test_a_stolen_session_adds_none(app: Flask, cast: Cast, now: Clock, buyer: FlaskClient) -> None:
    page, options = begin(buyer)
    now.forward(minutes=6)
    assert "/me/confirm" in buyer.get("/me/passkeys").location
    assert "/me/confirm" in send(buyer, page, Authenticator().make(options)).location
    assert db.session.scalar(select(func.count()).select_from(Passkey)) == 0


def test_an_operator_may_have_a_passkey_alone(tmp_path: Path, sqlite_template: Path, now: Clock) -> None:
    made = make_app(tmp_path / "strict", sqlite_template, second_factor="1")
    with made.app_context():
        Cast.make(now.at)
        client = sign_in(made, "mediator")
        assert client.get("/mediation").location == "/me/factor?said=factor-needed"
        add(client, Authenticator())
        assert client.get("/mediation").status_code == 200
        db.session.remove()
        db.engine.dispose()
