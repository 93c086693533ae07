"""The token of forms, and words that were being typed when a session ended."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from portal.extensions import db, writing
from portal.models import KeptForm, Message, Session
from portal.web import carried
from tests.cast import PASSWORD, Cast, sign_in, token_of
from tests.conftest import Clock
from tests.web.entering import EVIL, enter, open_sessions, with_cookie


class Talk:
    """A conversation that a buyer writes in: what a form does, seen from outside."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app, self.client = app, sign_in(app, "buyer")
        self.url = f"/orders/{cast.order().order_no}/contact"
        self.token = token_of(self.client.get(self.url))["csrf_token"]

    def send(self, *, token: str | None = None, client: FlaskClient | None = None, **kwargs: Any) -> TestResponse:
        form = {"words": "袜子有三只破洞", "csrf_token": self.token if token is None else token}
        return (client or self.client).post(self.url, data=form, **kwargs)

    def said(self) -> int:
        db.session.rollback()
        return db.session.scalar(select(func.count()).select_from(Message)) or 0

    def kept(self) -> int:
        db.session.rollback()
        return db.session.scalar(select(func.count()).select_from(KeptForm)) or 0


@pytest.fixture
def talk(app: Flask, cast: Cast, now: Clock) -> Talk:
    return Talk(app, cast)


FROM_HERE = [
    {},  # no word on where it came from: the token alone decides
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost"},
    {"Referer": "http://localhost/orders"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost", "Referer": "http://localhost/"},
]


def test_a_good_token_from_here_is_taken(talk: Talk) -> None:
    for number, headers in enumerate(FROM_HERE, 1):
        answer = talk.send(headers=headers)
        assert (answer.status_code, answer.location) == (303, talk.url), headers
        assert talk.said() == number


ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": "something-new"},
    {"Origin": "null"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:5001"},
    {"Origin": "http://localhost@evil.example"},
    {"Origin": "http://["},
    {"Origin": "localhost"},
    {"Referer": "http://evil.example/localhost"},
    {"Referer": "http://["},
    {"Origin": "http://evil.example", "Referer": "http://localhost/"},
]


@pytest.mark.parametrize("good", [True, False], ids=["good token", "no token"])
def test_what_comes_from_elsewhere_is_refused(talk: Talk, good: bool) -> None:
    for headers in ELSEWHERE:
        answer = talk.send(headers=headers, token=None if good else "")
        assert answer.status_code == 403, headers
        assert "这一步不能这样进行" in answer.text
    assert (talk.said(), talk.kept()) == (0, 0)


def wrong_tokens(talk: Talk) -> dict[str, str]:
    other = sign_in(talk.app, "buyer")
    stranger = sign_in(talk.app, "buyer2")
    return {
        "missing": "",
        "wrong": "0" * 40,
        "shortened": talk.token[:-1],
        "another session's": token_of(other.get(talk.url))["csrf_token"],
        "another person's": token_of(stranger.get("/login"))["csrf_token"],
        "nobody's": token_of(talk.app.test_client().get("/login"))["csrf_token"],
        "not ascii": "令牌",
    }


KINDS = ["missing", "wrong", "shortened", "another session's", "another person's", "nobody's", "not ascii"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_token_does_nothing_and_loses_nothing(talk: Talk, kind: str) -> None:
    answer = talk.send(token=wrong_tokens(talk)[kind])
    assert (answer.status_code, answer.location) == (303, f"{talk.url}?said=draft-kept")
    assert talk.said() == 0
    page = talk.client.get(answer.location)
    assert "已为您保留填写内容" in page.text
    assert "袜子有三只破洞" in page.text
    assert "袜子有三只破洞" not in talk.client.get(talk.url).text
    assert talk.client.post(talk.url, data={**token_of(page), "words": "袜子有三只破洞"}).status_code == 303
    assert talk.said() == 1


def test_a_token_in_the_address_is_none(talk: Talk) -> None:
    talk.client.post(f"{talk.url}?csrf_token={talk.token}", data={"words": "袜子有三只破洞"})
    talk.client.post(talk.url, data={"words": "袜子有三只破洞"}, headers={"X-CSRFToken": talk.token})
    assert talk.said() == 0


@pytest.mark.parametrize("name", ["csrf_token", "form_key"])
@pytest.mark.parametrize("second", ["same", "other"])
def test_a_repeated_token_is_refused(talk: Talk, name: str, second: str) -> None:
    good = {"csrf_token": talk.token, "form_key": "1" * 32}[name]
    form = {"words": "x", "csrf_token": talk.token, name: [good, good if second == "same" else "2" * 40]}
    assert talk.client.post(talk.url, data=form).status_code == 400
    assert talk.said() == 0


def test_the_way_back_never_leads_elsewhere(talk: Talk) -> None:
    for path in ("//evil.example/x", "/\\evil.example", "///evil.example/login"):
        answer = talk.client.post("/", data={"words": "x"}, environ_overrides={"PATH_INFO": path, "RAW_URI": path})
        assert answer.status_code in (303, 404, 308), path
        assert urlsplit(urljoin("http://localhost/", answer.headers.get("Location", "/"))).netloc == "localhost", path


def test_no_cookie_and_no_token_is_refused(talk: Talk) -> None:
    for client in (talk.app.test_client(), with_cookie(talk.app, "x" * 43)):
        for token in ("", talk.token):
            assert talk.send(client=client, token=token).status_code == 403
    assert (talk.said(), talk.kept()) == (0, 0)


def test_signed_out_with_a_token_of_ones_own_asks_for_signing_in(talk: Talk) -> None:
    client = talk.app.test_client()
    token = token_of(client.get("/login"))["csrf_token"]
    answer = talk.send(client=client, token=token)
    assert answer.status_code == 401
    assert {"会员名", "密码", "登录"} <= set(re.findall(r">([^<>]+)<", answer.text))
    by_htmx = talk.send(client=client, token=token, headers={"HX-Request": "true"})
    assert by_htmx.status_code == 401
    assert urlsplit(by_htmx.headers["HX-Redirect"]).path == "/login"
    assert by_htmx.data == b""
    assert talk.said() == 0


def test_the_sign_in_form_has_its_token_too(app: Flask, cast: Cast, now: Clock) -> None:
    for headers, token, status in (
        ({}, "", 303),
        ({}, "0" * 40, 303),
        ({"Origin": "http://evil.example"}, "good", 403),
        ({"Sec-Fetch-Site": "cross-site"}, "good", 403),
    ):
        client = app.test_client()
        good = token_of(client.get("/login"))["csrf_token"]
        form = {"csrf_token": good if token == "good" else token, "member_name": "buyer", "password": PASSWORD}
        answer = client.post("/login", data=form, headers=headers)
        assert answer.status_code == status
        if status == 303:
            assert answer.location == "/login?next=%2Fme&said=try-again"
            assert "请重新登录" in client.get(answer.location).text
        assert open_sessions() == 0


@pytest.mark.parametrize("where", ["form", "address"])
def test_a_token_that_is_too_old_forgets_not_where_one_wanted_to_be(
    app: Flask, cast: Cast, now: Clock, where: str
) -> None:
    client = app.test_client()
    for wanted, goes in [("/orders?tab=all&q=袜", "/orders?tab=all&q=袜"), *((evil, "/me") for evil in EVIL)]:
        form = {"csrf_token": "0" * 40, "member_name": "buyer", "password": PASSWORD}
        asked = {"next": wanted}
        answer = client.post(
            "/login", data=form | (asked if where == "form" else {}), query_string=asked if where == "address" else {}
        )
        assert answer.status_code == 303
        assert urlsplit(answer.location).path == "/login"
        assert parse_qs(urlsplit(answer.location).query) == {"next": [goes], "said": ["try-again"]}
    answer = client.post("/login", data={**form, "csrf_token": "old", "next": "/orders?tab=all"})
    assert enter(client, at=answer.location).location == "/orders?tab=all"


def test_words_typed_in_an_ended_session_come_back_to_the_same_person(talk: Talk, now: Clock) -> None:
    now.forward(days=15)
    answer = talk.send()
    assert answer.status_code == 303
    assert urlsplit(answer.location).path == "/login"
    asked = talk.client.get(answer.location)
    assert "已为您保留填写内容" in asked.text
    assert "袜子有三只破洞" not in asked.text  # nobody is signed in yet
    assert (talk.said(), talk.kept()) == (0, 1)
    back = enter(talk.client, at=answer.location)
    assert urlsplit(back.location).path == talk.url
    page = talk.client.get(back.location)
    assert "已为您保留填写内容" in page.text
    assert "袜子有三只破洞" in page.text
    assert talk.said() == 0  # nothing is sent but by its button
    assert talk.client.post(talk.url, data={**token_of(page), "words": "袜子有三只破洞"}).status_code == 303
    assert talk.said() == 1


SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def sign_in_at(client: FlaskClient, page: TestResponse, name: str = "buyer") -> TestResponse:
    """Fill in the sign-in form of this page, with everything that it carries."""
    hidden = {key: html.unescape(value) for key, value in re.findall(r'name="(\w+)" value="([^"]*)"', page.text)}
    return client.post("/login", data={**hidden, "member_name": name, "password": PASSWORD})


@pytest.mark.parametrize("how", ["signed out in another tab", "revoked elsewhere", "never signed in"])
def test_who_is_not_signed_in_any_more_loses_no_words_and_writes_none(talk: Talk, now: Clock, how: str) -> None:
    if how == "signed out in another tab":
        talk.client.post("/logout", data={"csrf_token": talk.token})
        talk.client.get("/login")
    elif how == "revoked elsewhere":
        with writing():
            db.session.execute(update(Session).values(ended_at=now.at))
    else:
        talk.client.delete_cookie("sid")
        talk.client.get("/login")
    asked = talk.send(headers=SAME_ORIGIN)
    assert asked.status_code == 401
    assert "刚才填写的内容会为您保留" in asked.text
    assert (talk.said(), talk.kept()) == (0, 0)  # it waits in the page, not in the database
    back = sign_in_at(talk.client, asked)
    assert back.location == f"{talk.url}?said=draft-kept"
    assert "袜子有三只破洞" in talk.client.get(back.location).text
    assert (talk.said(), talk.kept()) == (0, 1)


def test_a_wrong_password_loses_no_words(talk: Talk) -> None:
    talk.client.post("/logout", data={"csrf_token": talk.token})
    page = talk.send(headers=SAME_ORIGIN)
    hidden = {key: html.unescape(value) for key, value in re.findall(r'name="(\w+)" value="([^"]*)"', page.text)}
    again = talk.client.post("/login", data={**hidden, "member_name": "buyer", "password": "wrong"})
    assert again.status_code == 422 and talk.kept() == 0
    assert "袜子有三只破洞" in talk.client.get(sign_in_at(talk.client, again).location).text


@pytest.mark.parametrize(
    "carried",
    [
        "x",
        "[]",
        "{}",
        '{"path": "//evil.example", "fields": {"words": ["x"]}}',
        '{"path": "/me", "fields": {"words": 1}}',
        '{"path": "/me", "fields": {"password": ["x"]}}',
        '{"path": 1, "fields": {"words": ["x"]}}',
        "[" * 50_000,
        '{"path": "/me", "fields": {"words": ["' + "x" * 70_000 + '"]}}',
    ],
)
def test_what_no_page_of_ours_carries_is_left_out(talk: Talk, carried: str) -> None:
    client = talk.app.test_client()
    form = {**token_of(client.get("/login")), "member_name": "buyer", "password": PASSWORD, "carried": carried}
    assert client.post("/login", data=form).status_code == 303
    assert talk.kept() == 0


def test_kept_forms_are_bounded(talk: Talk) -> None:
    """A page's newest form only, twenty pages, 64 KB each; it was 19 MB in six seconds."""
    for number in range(30):
        data = {"csrf_token": "old", "words": f"第 {number} 次"}
        talk.client.post(talk.url, data=data)
        talk.client.post(f"/cases/HH{number}/withdraw", data=data)
    talk.client.post("/feedback", data={"csrf_token": "old", "words": "长" * 60_000})
    db.session.rollback()
    kept = db.session.execute(select(KeptForm.path, KeptForm.fields).order_by(KeptForm.id)).all()
    assert len(kept) == carried.MOST_FORMS == 20
    assert [row.fields["words"] for row in kept if row.path == talk.url] == [["第 29 次"]]
    assert "/feedback" not in {row.path for row in kept}


def test_by_htmx_the_words_are_kept_too(talk: Talk, now: Clock) -> None:
    now.forward(days=15)
    answer = talk.send(headers={"HX-Request": "true", "HX-Current-URL": f"http://localhost{talk.url}"})
    assert answer.status_code == 401
    back = enter(talk.client, at=answer.headers["HX-Redirect"])
    assert "袜子有三只破洞" in talk.client.get(back.location).text


def test_somebody_else_never_sees_the_words(app: Flask, cast: Cast, now: Clock) -> None:
    """Both sellers have the same addresses of their pages; the next to sign in at this browser is the other one."""
    client = sign_in(app, "seller")
    token = token_of(client.get("/seller/addresses"))
    now.forward(hours=3)
    typed = {"name": "秘密仓库", "phone": "13800138001", "address": "浙江省义乌市秘密路1号"}
    answer = client.post("/seller/addresses", data={**token, **typed})
    back = enter(client, "seller2", at=answer.location)
    for path in (back.location, "/seller/addresses?said=draft-kept", "/seller/addresses"):
        page = client.get(path)
        assert page.status_code == 200
        assert "秘密" not in page.text
    other = sign_in(app, "seller")
    page = other.get("/seller/addresses?said=draft-kept")
    assert "秘密仓库" in page.text
    assert "浙江省义乌市秘密路1号" in page.text


def test_passwords_and_tokens_are_not_kept(app: Flask, cast: Cast, now: Clock) -> None:
    client = sign_in(app, "seller")
    token = token_of(client.get("/seller/addresses"))
    now.forward(hours=3)
    client.post("/seller/addresses", data={**token, "version": "1", "password": "hunter22", "name": "二号仓"})
    db.session.rollback()
    assert db.session.scalars(select(KeptForm.fields)).all() == [{"name": ["二号仓"]}]


@pytest.mark.parametrize("ended", [True, False], ids=["session ended", "signed in again"])
@pytest.mark.parametrize("referer", ["", "http://localhost/orders", "http://evil.example/x", "http://["])
def test_a_button_without_a_page_leads_to_one(app: Flask, cast: Cast, now: Clock, ended: bool, referer: str) -> None:
    """Addresses that are only posted to have nothing to come back to: the page with the button has."""
    client = sign_in(app, "buyer")
    token = token_of(client.get("/login"))["csrf_token"]
    if ended:
        now.forward(days=15)
    else:
        client = sign_in(app, "buyer")
    for url in ("/logout", f"/orders/{cast.order().order_no}/apply/discard"):
        headers = {"Sec-Fetch-Site": "same-origin"} | ({"Referer": referer} if referer else {})
        answer = client.post(url, data={"csrf_token": token}, headers=headers)
        assert answer.status_code == 303
        if ended:
            assert urlsplit(answer.location).path == "/login"
            reader = app.test_client()
            answer = enter(reader, at=answer.location)
        else:
            reader = client
        assert reader.get(answer.location).status_code == 200
        wanted = "/orders" if referer == "http://localhost/orders" else "/me"
        assert urlsplit(answer.location).path == wanted
