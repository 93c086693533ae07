"""What is answered before Flask is what Flask would answer, to everybody, and only while it is true."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.calendar import clock
from portal.extensions import db, writing
from portal.models import Order, Session, Shop, Staff, User
from portal.people import accounts, sessions
from portal.prepared import Prepared
from portal.talk import conversations
from portal.web.early import EarlyAnswers
from tests.cast import Cast, sign_in
from tests.conftest import Clock, make_app

PEOPLE = ("buyer", "buyer2", "seller", "seller2", "mediator", "operator", "clerk", "nobody", "revoked", "idle", "shut")
Look = dict[str, Any]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Look:
    """``answered``: how many early answers there were; with ``off`` there are none."""
    seen: Look = {"answered": 0, "off": False}
    real = EarlyAnswers._look

    def look(self: EarlyAnswers, environ: Any) -> Any:
        found = None if seen["off"] else real(self, environ)
        seen["answered"] += found is not None
        return found

    monkeypatch.setattr(EarlyAnswers, "_look", look)
    return seen


def talk_about(cast: Cast, order: Order, words: str = "在吗") -> int:
    with writing():
        talk = conversations.get_of_order(order, cast.now)
        return int(conversations.add_message(talk, "buyer", cast.buyer, words, now=cast.now).id)


def browser_of(app: Flask, cast: Cast, name: str) -> FlaskClient:
    """A browser of this person, or of one whose session isn't what it was."""
    if name == "nobody":
        return app.test_client()
    client = sign_in(app, {"revoked": "buyer", "idle": "buyer", "shut": "clerk"}.get(name, name))
    cookie = client.get_cookie("sid")
    assert cookie is not None
    of_session = Session.id_hash == sessions.hash_token(cookie.value)
    now = clock.now()
    changed: dict[str, Any] = {
        "revoked": {"ended_at": now},
        "idle": {"seen_at": now - sessions.BUYER_IDLE - timedelta(minutes=1)},
        "shut": {"seen_at": now - sessions.SELLER_IDLE - timedelta(minutes=1)},
    }.get(name, {})
    if changed:
        with writing():
            db.session.execute(db.update(Session).where(of_session).values(**changed))
    return client


def ask(client: FlaskClient, url: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    answer = client.get(url, headers=headers)
    told = {name: value for name, value in answer.headers.items() if name not in ("X-Request-Id", "Date")}
    return answer.status_code, told, answer.data


@pytest.mark.parametrize("name", PEOPLE)
def test_everybody_gets_what_flask_would_answer(app: Flask, cast: Cast, now: Clock, looks: Look, name: str) -> None:
    order = cast.order()
    cast.open_case(order)
    last = talk_about(cast, order)
    with writing():
        clerk = accounts.create_user("clerk", now=cast.now)
        db.session.add(Staff(user_id=clerk.id, shop_id=cast.shop, role="warehouse"))
    db.session.rollback()
    owners = {"/orders": sign_in(app, "buyer"), "/seller": sign_in(app, "seller")}
    tags = [client.get(url).headers["ETag"] for url, client in owners.items()]
    version = db.session.get_one(Shop, cast.shop).version
    client = browser_of(app, cast, name)
    headers = {"If-None-Match": ", ".join(tags)}
    for url in (
        "/orders",
        "/seller",
        *(
            f"{side}/orders/{number}/contact/new?after={after}"
            for side in ("", "/seller")
            for number in (order.order_no, "9" * 18)
            for after in (last, last - 1, last + 1, "x", "")
        ),
        *(f"/seller/queue/news?seen={seen}&tab=mine" for seen in (version, version - 1, "x")),
    ):
        looks["off"] = True
        real = ask(client, url, headers)
        looks["off"] = False
        assert ask(client, url, headers) == real, url
    expected = {"buyer": 3, "seller": 4, "clerk": 1}  # their lists, and polls that have seen the last there is
    assert looks["answered"] == expected.get(name, 0)


def of_message(cast: Cast, order: Order) -> None:
    talk_about(cast, order, "又有一句")


def of_order(cast: Cast, order: Order) -> None:
    cast.open_case(order)


def of_account(cast: Cast, _order: Order) -> None:
    with writing():
        db.session.execute(db.update(User).values(disabled_at=cast.now))


@pytest.mark.parametrize(("change", "status"), [(of_message, 200), (of_order, 200), (of_account, 303)])
def test_a_change_is_seen_at_once(
    app: Flask, cast: Cast, now: Clock, looks: Look, change: Callable[[Cast, Order], None], status: int
) -> None:
    order = cast.order()
    url = f"/orders/{order.order_no}/contact/new?after={talk_about(cast, order)}" if change is of_message else "/orders"
    client = sign_in(app, "buyer")
    headers = {} if change is of_message else {"If-None-Match": client.get(url).headers["ETag"]}
    assert client.get(url, headers=headers).status_code in (204, 304) and looks["answered"] == 1
    change(cast, db.session.get_one(Order, order.id))
    assert client.get(url, headers=headers).status_code == status and looks["answered"] == 1


def test_looking_at_a_list_is_a_use_of_the_session_and_polling_is_not(
    app: Flask, cast: Cast, now: Clock, looks: Look
) -> None:
    order = cast.order()
    poll = f"/orders/{order.order_no}/contact/new?after={talk_about(cast, order)}"
    client = sign_in(app, "buyer")
    tag = client.get("/orders").headers["ETag"]
    first = db.session.scalars(db.select(Session.seen_at)).all()
    now.forward(minutes=6)
    assert client.get(poll).status_code == 204 and looks["answered"] == 1
    db.session.rollback()
    assert db.session.scalars(db.select(Session.seen_at)).all() == first
    assert client.get("/orders", headers={"If-None-Match": tag}).status_code == 304 and looks["answered"] == 1
    db.session.rollback()
    assert db.session.scalars(db.select(Session.seen_at)).all() == [now.at]


def test_a_search_a_form_and_another_host_go_on_to_flask(
    cast: Cast, app: Flask, now: Clock, looks: Look, tmp_path: Any, sqlite_template: Any
) -> None:
    cast.order()
    client = sign_in(app, "buyer")
    tag = client.get("/orders?q=x").headers["ETag"]
    assert client.get("/orders?q=x", headers={"If-None-Match": tag}).status_code == 304
    assert client.head("/orders", headers={"If-None-Match": tag}).status_code == 200
    assert looks["answered"] == 0
    other = make_app(tmp_path / "hosts", sqlite_template, trusted_hosts="portal.example")
    with other.app_context():
        Cast.make(cast.now)
        stranger = sign_in(other, "buyer")
        assert stranger.get("/orders", headers={"If-None-Match": "x"}).status_code == 400
        db.session.remove()
        db.engine.dispose()
    assert looks["answered"] == 0


def test_a_database_that_fails_is_explained_by_flask(
    app: Flask, cast: Cast, now: Clock, looks: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    cast.order()
    client = sign_in(app, "buyer")
    tag = client.get("/orders").headers["ETag"]

    def broken(*_: Any, **_values: Any) -> Any:
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    monkeypatch.setattr(Prepared, "find_row", broken)
    assert client.get("/orders", headers={"If-None-Match": tag}).status_code == 503 and looks["answered"] == 0
