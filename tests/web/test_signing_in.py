"""Signing in: where it leads, the cookie, what is no session."""

from __future__ import annotations

import hashlib
import html
import re
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db, writing
from portal.models import Session, User
from portal.people import accounts, sessions
from portal.web import tries
from tests.cast import PASSWORD, Cast, token_of
from tests.conftest import NOW, Clock, make_app
from tests.web.entering import EVIL, cookie_of, enter, is_in, open_sessions, with_cookie
from tests.web.inspector import Browser


def test_signing_in_leads_to_where_one_wanted_to_be(app: Flask, cast: Cast, now: Clock) -> None:
    client = app.test_client()
    asked = client.get("/orders?tab=all&q=袜")
    assert asked.status_code == 303
    answer = enter(client, at=asked.location)
    assert answer.status_code == 303
    assert urlsplit(answer.location).path == "/orders"
    assert parse_qs(urlsplit(answer.location).query) == {"tab": ["all"], "q": ["袜"]}
    assert client.get(answer.location).status_code == 200


@pytest.mark.parametrize("typed", ["buyer", "Buyer", "BUYER", "bUyEr", "ＢＵＹＥＲ"])
def test_a_name_signs_in_in_whatever_case(app: Flask, cast: Cast, typed: str) -> None:
    client = app.test_client()
    assert enter(client, typed, "wrong-password").status_code == 422
    assert enter(client, typed).status_code == 303
    assert is_in(client)
    assert db.session.scalar(select(Session.user_id)) == cast.buyer


def test_of_names_that_differ_only_in_case_each_is_exact(app: Flask, cast: Cast) -> None:
    with writing():
        db.session.add(User(member_name="Buyer", company_name="", created_at=NOW, version=1))  # before names were alike
    for typed, status in (("buyer", 303), ("Buyer", 422), ("BUYER", 422)):
        assert enter(app.test_client(), typed).status_code == status


def test_each_spelling_of_a_name_is_no_new_try(app: Flask, cast: Cast) -> None:
    spelled = [form("seller2") for form in (str.lower, str.upper, str.title, str.swapcase)]
    spelled += ["sELLER2", "seLLer2", "SELLer2"]
    answers = [enter(app.test_client(), name, "wrong-password").status_code for name in spelled]
    assert answers[: tries.FREE["pair"]] == [422] * tries.FREE["pair"]
    assert 429 in answers
    assert enter(app.test_client(), "SeLLeR2").status_code == 429


def test_wrong_password_and_no_such_account_look_the_same(app: Flask, cast: Cast, now: Clock) -> None:
    with writing():
        accounts.create_user("dormant", now=NOW)
        disabled = accounts.create_user("disabled", now=NOW, password=PASSWORD, weak_ok=True)
        disabled.disabled_at = NOW
    seen = set()
    for name in ("buyer", "nobody", "dormant", "disabled", "Buyer", "buyer ' OR 1=1 --"):
        password = PASSWORD if name == "disabled" else "wrong-password"
        answer = enter(app.test_client(), name, password)
        assert answer.status_code == 422
        assert "会员名或密码不对" in answer.text
        assert password not in answer.text
        plain = answer.text.replace(html.escape(name), "").replace(name, "")
        seen.add(re.sub(r'value="[^"]*"', "", plain))
    assert len(seen) == 1
    assert open_sessions("disabled") == 0


@pytest.mark.parametrize(
    "form", [{}, {"member_name": "buyer"}, {"password": PASSWORD}, {"member_name": "  ", "password": PASSWORD}]
)
def test_an_empty_field_says_so(app: Flask, cast: Cast, now: Clock, form: dict[str, str]) -> None:
    client = app.test_client()
    answer = client.post("/login", data={**token_of(client.get("/login")), **form})
    assert answer.status_code == 422
    assert "请填写" in answer.text
    assert open_sessions() == 0


@pytest.mark.parametrize("where", ["address", "form", "both"])
def test_next_leads_nowhere_else(app: Flask, cast: Cast, now: Clock, where: str) -> None:
    client = app.test_client()
    for target in EVIL:
        page = client.get("/login", query_string={"next": target} if where != "form" else {})
        assert page.status_code == 200
        hidden = re.search(r'name="next" value="([^"]*)"', page.text)
        assert hidden
        assert hidden[1] == "/me", target
        form = {**token_of(page), "member_name": "buyer", "password": PASSWORD}
        form["next"] = target if where != "address" else hidden[1]
        address = {"next": target} if where == "both" else {}
        answer = client.post("/login", query_string=address, data=form)
        assert (answer.status_code, answer.location) == (303, "/me"), target


@pytest.mark.parametrize("target", ["/orders?tab=all", "/cases/HH1?v=2", "/orders/%E8%A2%9C", "/a//b", "/%5Cevil"])
def test_next_leads_inside(app: Flask, cast: Cast, now: Clock, target: str) -> None:
    client = app.test_client()
    page = client.get("/login", query_string={"next": target})
    form = {**token_of(page), "member_name": "buyer", "password": PASSWORD, "next": target}
    answer = client.post("/login", data=form)
    assert urlsplit(urljoin("http://localhost/login", answer.location)).netloc == "localhost"
    assert answer.location == target


def test_the_cookie(app: Flask, cast: Cast, now: Clock) -> None:
    client = app.test_client()
    before = client.get("/login").headers.getlist("Set-Cookie")
    answer = enter(client)
    session_cookie, known = answer.headers.getlist("Set-Cookie")
    assert re.fullmatch(r"known=[\w-]{16}\.[0-9a-f]{40}", known.split("; ")[0])
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} < set(known.split("; "))
    for line in (before[0], session_cookie):
        value, *flags = line.split("; ")
        assert re.fullmatch(r"sid=[\w-]{43}", value)
        assert len(value) <= 100
        assert sorted(flags) == ["HttpOnly", "Path=/", "SameSite=Lax"]
    cookie = cookie_of(client)
    assert cookie not in before[0]  # a new one at signing in: nobody can have planted it
    db.session.rollback()
    assert db.session.scalars(select(Session.id_hash)).all() == [sessions.hash_token(cookie)]
    assert hashlib.sha256(cookie.encode()).hexdigest() != sessions.hash_token(cookie)  # keyed
    data = app.extensions["portal_settings"].data
    assert not any(cookie.encode() in path.read_bytes() for path in data.iterdir() if path.is_file())


def test_the_cookie_over_https(tmp_path: Path, sqlite_template: Path, now: Clock) -> None:
    app = make_app(tmp_path / "https", sqlite_template, https="1")
    app.test_client_class = Browser
    with app.app_context():
        Cast.make(NOW)
        client = app.test_client()
        kwargs = {"base_url": "https://localhost"}
        page = client.get("/login", **kwargs)
        form = {**token_of(page), "member_name": "buyer", "password": PASSWORD}
        answer = client.post("/login", data=form, **kwargs)
        assert answer.status_code == 303
        value, *flags = answer.headers.getlist("Set-Cookie")[0].split("; ")
        assert re.fullmatch(r"__Host-sid=[\w-]{43}", value)
        assert sorted(flags) == ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]
        assert client.get("/me", **kwargs).status_code == 200
        plain = app.test_client()  # the name that any other site on this host could have set
        plain.set_cookie("sid", value.partition("=")[2])
        assert plain.get("/me", **kwargs).status_code == 303
        db.session.remove()
        db.engine.dispose()


def test_a_planted_cookie_is_no_session(app: Flask, cast: Cast, now: Clock) -> None:
    planted = "planted-by-somebody-else-0123456789-abcdefg"
    client = with_cookie(app, planted)
    enter(client)
    assert cookie_of(client) != planted
    assert not is_in(with_cookie(app, planted))


@pytest.mark.parametrize("cookie", ["", "x", "x" * 5000, "é" * 40, "' OR 1=1 --              ", "\x00" * 40])
def test_odd_cookies_are_none(app: Flask, cast: Cast, now: Clock, cookie: str) -> None:
    answer = app.test_client().get(
        "/me", headers={"Cookie": f"sid={cookie}".encode("latin-1", "replace").decode("latin-1")}
    )
    assert answer.status_code == 303


def test_signing_in_again_ends_the_session_before(app: Flask, cast: Cast, now: Clock) -> None:
    client = app.test_client()
    enter(client)
    old = cookie_of(client)
    now.forward(minutes=1)
    enter(client, "buyer2")
    assert is_in(client)
    assert not is_in(with_cookie(app, old))
