"""Signing in and out, sessions and how they end, the token of forms, the headers of every answer, the error pages."""

from __future__ import annotations

import hashlib
import html
import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, update
from werkzeug.exceptions import HTTPException, TooManyRequests
from werkzeug.test import TestResponse

from portal import words
from portal.applications import drafts
from portal.extensions import Busy, db, writing
from portal.models import KeptForm, Message, OrderLine, RateCount, Session, Staff, User
from portal.people import accounts, sessions
from portal.web import carried, errors, quotas, rates, tries
from tests import pictures
from tests.cast import PASSWORD, Cast, post, sign_in, token_of
from tests.conftest import NOW, Clock, make_app
from tests.web.inspector import Browser


def enter(
    client: FlaskClient, name: str = "buyer", password: str = PASSWORD, *, at: str = "/login", **kwargs: Any
) -> TestResponse:
    """Sign in by the form."""
    page = client.get(at)
    form = {**token_of(page), "member_name": name, "password": password}
    if found := re.search(r'name="next" value="([^"]*)"', page.text):
        form["next"] = html.unescape(found[1])
    return client.post("/login", data=form, **kwargs)


def cookie_of(client: FlaskClient, name: str = "sid") -> str:
    found = client.get_cookie(name)
    return found.value if found else ""


def with_cookie(app: Flask, cookie: str) -> FlaskClient:
    """A browser with a copied cookie."""
    client = app.test_client()
    client.set_cookie("sid", cookie)
    return client


def is_in(client: FlaskClient) -> bool:
    """Whether the session is good; looking counts as using it."""
    answer = client.get("/me")
    assert answer.status_code in (200, 303)
    return answer.status_code == 200


def open_sessions(name: str = "buyer") -> int:
    db.session.rollback()
    query = select(func.count()).select_from(Session).join(User, User.id == Session.user_id)
    return db.session.scalar(query.where(User.member_name == name, Session.ended_at.is_(None))) or 0


# ---------------------------------------------------------------- signing in


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


EVIL = [
    "//evil.example",
    "///evil.example",
    "https:evil.example",
    "https://evil.example/",
    "http:///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "evil.example",
    "/me\r\nSet-Cookie: sid=x",
    "//[",
    "@evil.example",
    ".evil.example",
    "?next=//evil.example",
    "",
]


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


# ---------------------------------------------------------------- how often


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


# ---------------------------------------------------------------- how sessions end


def test_signing_out_ends_a_copied_cookie_too(app: Flask, cast: Cast, now: Clock) -> None:
    client = app.test_client()
    enter(client)
    copied = with_cookie(app, cookie_of(client))
    assert is_in(copied)
    answer = client.post("/logout", data=token_of(client.get("/login")))
    assert (answer.status_code, answer.location) == (303, "/login?said=signed-out")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert cookie_of(client) == ""
    assert "您已退出登录" in client.get(answer.location).text
    assert not is_in(copied)
    assert not is_in(client)


def test_a_link_does_not_sign_out(app: Flask, cast: Cast, now: Clock) -> None:
    client = sign_in(app, "buyer")
    assert client.get("/logout").status_code == 405
    assert is_in(client)


def test_five_sessions_and_the_oldest_ends(app: Flask, cast: Cast, now: Clock) -> None:
    clients = []
    for _ in range(sessions.MOST_SESSIONS + 2):
        clients.append(sign_in(app, "buyer"))
        now.forward(seconds=1)
    assert sessions.MOST_SESSIONS == 5
    assert [is_in(client) for client in clients] == [False, False, True, True, True, True, True]
    assert is_in(sign_in(app, "buyer2"))


def test_the_newest_session_stays_among_those_of_one_moment(app: Flask, cast: Cast, now: Clock) -> None:
    for _ in range(20):
        assert is_in(sign_in(app, "buyer"))
    assert open_sessions() == sessions.MOST_SESSIONS


LIVES = {
    # who: (idle, absolute)
    "buyer": (timedelta(days=14), timedelta(days=30)),
    "seller": (timedelta(hours=2), timedelta(hours=12)),
    "mediator": (timedelta(minutes=30), timedelta(hours=8)),
}


@pytest.mark.parametrize("who", LIVES)
def test_an_idle_session_ends(app: Flask, cast: Cast, now: Clock, who: str) -> None:
    idle, _ = LIVES[who]
    client = sign_in(app, who)
    for _ in range(2):
        now.at += idle  # still good, and used again from here
        assert is_in(client)
    now.at += idle + timedelta(seconds=1)
    assert not is_in(client)
    assert not is_in(client)


@pytest.mark.parametrize("who", LIVES)
def test_a_used_session_ends_too(app: Flask, cast: Cast, now: Clock, who: str) -> None:
    idle, longest = LIVES[who]
    client, end = sign_in(app, who), now.at + longest
    while now.at < end - timedelta(seconds=1):
        assert is_in(client)
        now.at = min(now.at + idle * 0.9, end - timedelta(seconds=1))
    assert is_in(client)
    now.at = end
    assert not is_in(client)


@pytest.mark.parametrize("who", ["buyer", "seller"])
def test_a_page_that_only_polls_does_not_keep_the_session(app: Flask, cast: Cast, now: Clock, who: str) -> None:
    order_no = cast.order().order_no
    url = f"{'/seller' if who == 'seller' else ''}/orders/{order_no}/contact/new"
    idle, _ = LIVES[who]
    client, end = sign_in(app, who), now.at + idle
    for part in (0.3, 0.6, 0.9):
        now.at = NOW + idle * part
        assert client.get(url).status_code == 204
    now.at = end + timedelta(seconds=1)
    assert client.get(url).status_code == 303


def test_the_last_use_is_written_every_five_minutes(app: Flask, cast: Cast, now: Clock) -> None:
    def seen() -> Any:
        db.session.rollback()
        return db.session.scalars(select(Session.seen_at)).one()

    client = sign_in(app, "buyer")
    now.forward(minutes=5)
    assert is_in(client)
    assert seen() == NOW
    now.forward(seconds=1)
    assert is_in(client)
    assert seen() == now.at


def test_a_disabled_account_is_out_at_once(app: Flask, cast: Cast, now: Clock) -> None:
    client = sign_in(app, "buyer")
    assert is_in(client)
    with writing():
        db.session.execute(update(User).where(User.id == cast.buyer).values(disabled_at=now.at))
    assert not is_in(client)


def test_who_leaves_the_shop_is_out_of_its_pages_at_once(app: Flask, cast: Cast, now: Clock) -> None:
    client = sign_in(app, "seller")
    assert client.get("/seller").status_code == 200
    with writing():
        db.session.execute(delete(Staff).where(Staff.user_id == cast.seller))
    assert client.get("/seller").status_code == 404
    assert is_in(client)


def test_the_list_of_sessions_and_ending_the_others(app: Flask, cast: Cast, now: Clock) -> None:
    here, there, ended, other = (app.test_client() for _ in range(4))
    enter(ended, headers={"User-Agent": "Android"})
    ended.post("/logout", data=token_of(ended.get("/login")))
    enter(here, headers={"User-Agent": "Mozilla/5.0 (iPhone) Safari/600"})
    now.forward(minutes=1)
    enter(there, headers={"User-Agent": "<b onclick=x()>Windows</b>" + "x" * 500})
    enter(other, "buyer2", headers={"User-Agent": "Macintosh"})
    page = here.get("/me/sessions")
    assert page.status_code == 200
    assert page.text.count("本机") == 1
    assert "iPhone · Safari" in page.text
    assert "Windows" in page.text and "onclick" not in page.text
    assert "安卓" not in page.text
    assert "Mac" not in page.text
    assert not re.search(r"[0-9a-f]{64}", page.text)  # nothing of the sessions themselves
    answer = post(here, "/me/sessions")
    assert (answer.status_code, answer.location) == (303, "/me/sessions?said=sessions-ended")
    assert [is_in(client) for client in (here, there, other)] == [True, False, True]
    assert "Windows" not in here.get("/me/sessions").text


# ---------------------------------------------------------------- the token of forms


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


# ---------------------------------------------------------------- words that were being typed


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


# ---------------------------------------------------------------- headers

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "object-src 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
NO_STORE = {"Cache-Control": "no-store"}
HSTS = "max-age=63072000; includeSubDomains"


def photo(app: Flask, cast: Cast) -> str:
    """The address of a loose photo of the buyer."""
    from portal.models import Evidence

    public_id = cast.photos(1, cast.buyer)[0]
    key = db.session.scalars(select(Evidence.key).where(Evidence.public_id == public_id)).one()
    app.extensions["portal_store"].put(key, b"picture")
    with writing():
        same = hashlib.sha256(b"picture").hexdigest()
        db.session.execute(
            update(Evidence).where(Evidence.public_id == public_id).values(sha256=same, thumb_sha256=same)
        )
    return f"/f/{public_id}"


def style(app: Flask, _cast: Cast) -> str:
    return str(app.extensions["portal_assets"].url("css/app.css"))


def picture(app: Flask, _cast: Cast) -> str:
    return str(app.extensions["portal_assets"].url("icon.svg"))


FILE = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Content-Disposition": "inline",
    "Cache-Control": "private, max-age=3600",
}
KEEP = {"Cache-Control": "max-age=315360000, public, immutable"}
ANSWERS: dict[str, tuple[Callable[[Flask, Cast], str], int, dict[str, str]]] = {
    "page": (lambda app, cast: "/me", 200, NO_STORE),
    "public page": (lambda app, cast: "/guide", 200, NO_STORE),
    "not found": (lambda app, cast: "/nowhere", 404, NO_STORE),
    "not found static": (lambda app, cast: "/static/nowhere.css", 404, NO_STORE),
    "not allowed": (lambda app, cast: "/logout", 405, NO_STORE),
    "redirect": (lambda app, cast: "/favicon.ico", 302, NO_STORE),
    "json": (lambda app, cast: "/health/live", 200, NO_STORE),
    "nothing": (lambda app, cast: f"/orders/{cast.order().order_no}/contact/new", 204, NO_STORE),
    "drawing": (lambda app, cast: f"/cases/{cast.open_case().case_no}/qr.svg", 200, NO_STORE),
    "crash": (lambda app, cast: "/crash", 500, NO_STORE),
    "worker": (lambda app, cast: "/sw.js", 200, {"Cache-Control": "no-cache"}),
    "file": (photo, 200, FILE),
    "style": (style, 200, KEEP),
    "picture": (picture, 200, KEEP),
}


@pytest.mark.parametrize("https", ["", "1"], ids=["http", "https"])
def test_headers_of_every_kind_of_answer(tmp_path: Path, sqlite_template: Path, now: Clock, https: str) -> None:
    app = make_app(tmp_path / "headers", sqlite_template, https=https)
    app.add_url_rule("/crash", "crash", lambda: str(1 // 0))
    base = "https://localhost" if https else "http://localhost"
    with app.app_context():
        cast = Cast.make(NOW)
        client = app.test_client()
        buyer = db.session.get_one(User, cast.buyer)
        client.set_cookie("__Host-sid" if https else "sid", sessions.sign_in(buyer, now=NOW), secure=bool(https))
        for kind, (address, status, special) in ANSWERS.items():
            answer = client.get(address(app, cast), base_url=base)
            assert answer.status_code == status, kind
            for header, value in {**ALWAYS, **special}.items():
                assert answer.headers.getlist(header) == [value], (kind, header)
            assert answer.headers.get("Strict-Transport-Security") == (HSTS if https else None), kind
            if special is not KEEP:
                assert answer.headers["Server"] == "app", kind
                assert {"HX-Request", "Cookie"} <= set(re.split(", *", answer.headers["Vary"])), kind
            assert "Access-Control-Allow-Origin" not in answer.headers, kind
            assert "X-Powered-By" not in answer.headers, kind
        db.session.remove()
        db.engine.dispose()


def test_headers_of_being_sent_to_sign_in(app: Flask, cast: Cast, now: Clock) -> None:
    for headers, status in (({}, 303), ({"HX-Request": "true"}, 401)):
        answer = app.test_client().get("/me", headers=headers)
        assert answer.status_code == status
        for header, value in {**ALWAYS, **NO_STORE}.items():
            assert answer.headers.getlist(header) == [value], header


@pytest.mark.parametrize("current", ["http://[", "javascript:x", "//evil.example/x", "http://evil.example//x", ""])
def test_an_odd_current_address_of_htmx(app: Flask, cast: Cast, now: Clock, current: str) -> None:
    answer = app.test_client().get("/me", headers={"HX-Request": "true", "HX-Current-URL": current})
    assert answer.status_code == 401
    wanted = parse_qs(urlsplit(answer.headers["HX-Redirect"]).query)["next"][0]
    assert wanted.startswith("/")
    assert not wanted.startswith("//")


def test_trace_and_other_methods_are_off(app: Flask, cast: Cast, now: Clock) -> None:
    client = sign_in(app, "buyer")
    for method in ("TRACE", "TRACK", "CONNECT", "PUT", "DELETE", "PATCH", "PROPFIND"):
        answer = client.open("/me", method=method, data=token_of(client.get("/login")))
        assert answer.status_code == 405, method
        assert "Cookie" not in answer.text
    override = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}
    assert client.get("/logout", headers=override, query_string={"_method": "POST"}).status_code == 405
    assert is_in(client)


# ---------------------------------------------------------------- error pages

CODES = [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 503, 507]


def test_every_error_has_a_page_of_its_own() -> None:
    assert sorted(errors.PAGES) == CODES
    assert len({title for title, _ in errors.PAGES.values()}) == len(CODES)
    assert len({sentence for _, sentence in errors.PAGES.values()}) == len(CODES)


def raising(app: Flask, path: str, fail: Callable[[], Any]) -> None:
    """A route that fails in this way."""
    app.add_url_rule(path, path, fail, methods=["GET", "POST"])


class Failure(HTTPException):
    """A failure with any status."""

    def __init__(self, code: int) -> None:
        super().__init__("secret detail")
        self.code = code


@pytest.mark.parametrize("role", ["", "buyer"])
def test_error_pages(app: Flask, cast: Cast, now: Clock, role: str) -> None:
    def fail(code: int) -> str:
        raise Failure(code)

    app.add_url_rule("/failing/<int:code>", "failing", fail)
    client = sign_in(app, role) if role else app.test_client()
    for code in CODES:
        for headers in ({}, {"HX-Request": "true", "HX-Target": "page"}):
            answer = client.get(f"/failing/{code}", headers=headers)
            assert answer.status_code == code
            title, sentence = errors.PAGES[code]
            assert f">{title}</h1>" in answer.text
            assert sentence in answer.text
            assert f'data-code="{code}"' in answer.text
            for leak in ("Traceback", "secret detail", "werkzeug", "File &#34;", "portal/", "SELECT", "sqlite"):
                assert leak not in answer.text, (code, leak)
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert ("Retry-After" in answer.headers) == (code in (429, 503))


def throw(error: Exception) -> None:
    raise error


FAILURES: list[tuple[Callable[[], Any], int]] = [
    (lambda: 1 // 0, 500),
    (lambda: abort(418), 400),
    (lambda: abort(431), 400),
    (lambda: db.session.execute(db.text("SELECT * FROM nothing_like_it")), 500),
    (lambda: throw(Busy("locked")), 503),
    (lambda: throw(OSError(28, "No space left on device")), 507),
    (lambda: throw(OSError(13, "Permission denied: /srv/secret")), 500),
    (lambda: throw(RuntimeError("密码 hunter22")), 500),
    (lambda: None, 500),  # a view that returns nothing
]


def test_failures_become_pages(app: Flask, cast: Cast, now: Clock) -> None:
    app.add_url_rule("/failing/<int:number>", "failing", lambda number: FAILURES[number][0]())
    client = sign_in(app, "buyer")
    for number, (_, code) in enumerate(FAILURES):
        answer = client.get(f"/failing/{number}")
        assert answer.status_code == code, number
        assert errors.PAGES[code][0] in answer.text
        for leak in ("Traceback", "hunter22", "secret", "nothing_like_it", "No space"):
            assert leak not in answer.text, leak
        if code == 500:
            assert answer.headers["X-Request-Id"] in answer.text  # what to look for in the log


def test_errors_that_come_by_themselves(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("completed")
    client = sign_in(app, "buyer")
    token = token_of(client.get("/login"))
    too_big = {**token, "words": "x" * (13 * 1024 * 1024)}
    contact = f"/orders/{cast.order().order_no}/contact"
    found = {
        400: client.post(contact, data={"csrf_token": [token["csrf_token"]] * 2}),
        401: app.test_client().get("/me", headers={"HX-Request": "true"}),
        403: client.post(contact, data=token, headers={"Origin": "null"}),
        404: client.get("/nowhere"),
        405: client.get("/logout"),
        409: client.get(f"/cases/{case.case_no}/withdraw"),
        413: client.post(contact, data=too_big),
        422: client.post(contact, data=token),
    }
    assert {code: answer.status_code for code, answer in found.items()} == {code: code for code in found}
    assert found[405].headers["Allow"] == "OPTIONS, POST"
    for code in (400, 403, 404, 405, 413):
        assert errors.PAGES[code][0] in found[code].text


def test_a_name_that_is_not_ours_is_refused(tmp_path: Path, sqlite_template: Path, now: Clock) -> None:
    app = make_app(tmp_path / "hosts", sqlite_template, trusted_hosts="portal.example,.shop.example")
    for host, status in (("portal.example", 200), ("a.shop.example", 200), ("evil.example", 400), ("localhost", 400)):
        answer = app.test_client().get("/guide", base_url=f"http://{host}")
        assert answer.status_code == status, host
        assert "evil.example" not in answer.text


def test_one_other_device_can_be_signed_out(app: Flask, cast: Cast) -> None:
    here, there = sign_in(app, "buyer"), sign_in(app, "buyer")
    page = here.get("/me/sessions").text
    other = page.split('name="session" value="')[1].split('"')[0]
    assert "本机" in page and len(other) == 16
    assert post(here, "/me/sessions", {"session": other}).location == "/me/sessions?said=session-ended"
    assert there.get("/me").status_code == 303
    assert here.get("/me").status_code == 200
    stranger = sign_in(app, "buyer2")
    cookie = here.get_cookie("sid")
    assert cookie is not None
    own = hashlib.sha256(cookie.value.encode()).hexdigest()[:16]
    post(stranger, "/me/sessions", {"session": own})
    post(stranger, "/me/sessions", {"session": "%"})
    assert here.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0", "iPhone · 微信"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36 Edg/130.0", "Windows · Edge"),
        ("curl/8", "未知设备"),
    ],
)
def test_a_browser_is_called_as_people_know_it(agent: str, said: str) -> None:
    assert words.device(agent) == said
