"""How sessions end: by hand, by time, by number, and with an account."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from portal import words
from portal.extensions import db, writing
from portal.models import Session, Staff, User
from portal.people import sessions
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import NOW, Clock
from tests.web.entering import cookie_of, enter, is_in, open_sessions, with_cookie


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
