"""The same form many times at once is done once; with other words it is refused; somebody else's key is their own."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from portal import doctor
from portal.extensions import db, writing
from portal.models import Case, CaseEvent, Draft, Evidence, Message, OrderLine, Policy
from tests.cast import Cast, post, sign_in, token_of

TIMES = 20


@pytest.fixture
def cast(cast_both: Cast, both: Flask) -> Iterator[Cast]:
    yield cast_both
    db.session.rollback()
    found = doctor.findings(both.extensions["portal_store"])
    assert not any(found), [each for each in found if each]


def count(kind: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(kind)) or 0


def at_once(app: Flask, client: FlaskClient, times: int, send: Callable[[FlaskClient], Any]) -> list[Any]:
    """The same browser, in as many threads as there are requests, all let go together."""
    cookie = client.get_cookie("sid")
    assert cookie is not None
    barrier, found = threading.Barrier(times), []

    def run() -> None:
        own = app.test_client()
        own.set_cookie("sid", cookie.value)
        barrier.wait()
        answer = send(own)
        found.append((answer.status_code, answer.location))

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def begin(client: FlaskClient, order_no: str, line_id: int) -> str:
    """A draft filled in; returns the address where it is handed in."""
    base = f"/orders/{order_no}/apply"
    assert post(client, base, {"line": line_id, "reason": "wrong_order"}).status_code == 303
    whole = {f"quantity_{line_id}": "2", "name": "李雯", "phone": "13425059650", "address": "成都"}
    assert post(client, f"{base}/details", whole).status_code == 303
    return f"{base}/check"


def line_of(order_id: int) -> int:
    return db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order_id)).one()


def test_an_application(both: Flask, cast: Cast, now: object) -> None:
    order = cast.order()
    order_id, order_no, line_id = order.id, order.order_no, line_of(order.id)
    buyer = sign_in(both, "buyer")
    url = begin(buyer, order_no, line_id)
    form = token_of(buyer.get(url))
    answers = at_once(both, buyer, TIMES, lambda own: own.post(url, data=form))
    assert len(set(answers)) == 1 and answers[0][0] == 303, answers
    assert (count(Case), count(CaseEvent), count(Draft)) == (1, 1, 0)
    assert db.session.scalar(select(OrderLine.claimed_milli).where(OrderLine.order_id == order_id)) == 2_000
    later = buyer.post(url, data=form)
    assert (later.status_code, later.location) == answers[0]
    assert buyer.get(answers[0][1]).status_code == 200


def test_a_message_with_a_photo(both: Flask, cast: Cast, now: object) -> None:
    url = f"/orders/{cast.order().order_no}/contact"
    buyer = sign_in(both, "buyer")
    [photo] = cast.photos(1, cast.buyer)
    # A row without a file is what these photos are; the store isn't asked here.
    form = {**token_of(buyer.get(url)), "words": "有破损", "photos_kept": photo}
    answers = at_once(both, buyer, TIMES, lambda own: own.post(url, data=form))
    assert set(answers) == {(303, url)}, answers
    assert count(Message) == 1
    hung = db.session.scalar(select(Evidence.message_id).where(Evidence.public_id == photo))
    assert hung is not None
    store = both.extensions["portal_store"]
    for key in db.session.execute(select(Evidence.key, Evidence.thumb_key)).one():
        store.put(key, b"x")
    with writing():
        same = hashlib.sha256(b"x").hexdigest()
        db.session.execute(update(Evidence).values(sha256=same, thumb_sha256=same))


def test_a_step(both: Flask, cast: Cast, now: object) -> None:
    case = cast.until("returning")
    case_id, case_no, version = case.id, case.case_no, case.version
    url = f"/cases/{case_no}/ship_return"
    buyer = sign_in(both, "buyer")
    form = {**token_of(buyer.get(url)), "carrier": "ZTO", "number": "75484863576596"}
    answers = at_once(both, buyer, TIMES, lambda own: own.post(url, data=form))
    assert set(answers) == {(303, f"/cases/{case_no}?v={version + 1}")}, answers
    db.session.rollback()
    assert db.session.get_one(Case, case_id, populate_existing=True).version == version + 1


def test_other_words_under_the_same_key(both: Flask, cast: Cast, now: object) -> None:
    url = f"/orders/{cast.order().order_no}/contact"
    buyer = sign_in(both, "buyer")
    form = {**token_of(buyer.get(url)), "words": "一"}
    assert buyer.post(url, data=form).status_code == 303
    other = buyer.post(url, data={**form, "words": "二"})
    assert other.status_code == 422
    assert "已经提交过一次" in other.text
    assert db.session.scalars(select(Message.words)).all() == ["一"]


def test_different_words_under_one_key_at_once(both: Flask, cast: Cast, now: object) -> None:
    """One of them is taken, whichever it is; the others are told."""
    url = f"/orders/{cast.order().order_no}/contact"
    buyer = sign_in(both, "buyer")
    form, words = token_of(buyer.get(url)), iter(range(TIMES))
    answers = at_once(both, buyer, TIMES, lambda own: own.post(url, data={**form, "words": f"第{next(words)}句"}))
    statuses = sorted(status for status, _ in answers)
    assert statuses == [303] + [422] * (TIMES - 1)
    assert count(Message) == 1


def test_the_same_key_for_another_address(both: Flask, cast: Cast, now: object) -> None:
    first, second = (f"/orders/{cast.order().order_no}/contact" for _ in range(2))
    buyer = sign_in(both, "buyer")
    form = {**token_of(buyer.get(first)), "words": "一"}
    assert buyer.post(first, data=form).status_code == 303
    assert buyer.post(second, data=form).status_code == 422
    assert count(Message) == 1


def test_somebody_elses_key_is_their_own(both: Flask, cast: Cast, now: object) -> None:
    mine, theirs = (f"/orders/{cast.order(buyer=who).order_no}/contact" for who in (cast.buyer, cast.buyer2))
    for name, url in (("buyer", mine), ("buyer2", theirs)):
        client = sign_in(both, name)
        form = {**token_of(client.get(url)), "form_key": "0" * 32, "words": f"我是 {name}"}
        answer = client.post(url, data=form)
        assert (answer.status_code, answer.location) == (303, url)
    assert db.session.scalars(select(Message.words).order_by(Message.id)).all() == ["我是 buyer", "我是 buyer2"]


def test_a_policy(both: Flask, cast: Cast, now: object) -> None:
    seller = sign_in(both, "seller")
    form = {
        **token_of(seller.get("/seller/policy")),
        "window_days": "15",
        "hidden_days": "30",
        "special_freight": "seller",
        "types": ["exchange", "reissue"],
    }
    before = count(Policy)
    answers = at_once(both, seller, TIMES, lambda own: own.post("/seller/policy", data=form))
    assert set(answers) == {(303, "/seller/policy?said=policy-saved")}, answers
    assert count(Policy) == before + 1
