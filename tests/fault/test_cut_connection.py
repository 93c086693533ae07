"""The database's server drops its connections: at most one request fails, the next works, nothing is done twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal import doctor, sweeping
from portal.extensions import db
from portal.models import Case, CaseEvent, Message
from tests.cast import Cast, sign_in, token_of
from tests.postgres import server

CUTS = 10

pytestmark = pytest.mark.parametrize("both", ["postgresql"], indirect=True)


class Server:
    """What an administrator of the database can do."""

    def __init__(self, app: Flask) -> None:
        self.name = urlsplit(app.config["SQLALCHEMY_DATABASE_URI"]).path.lstrip("/")

    def connect(self) -> psycopg.Connection:
        return server().connect(self.name)

    def cut(self) -> int:
        """End every connection to this database; returns how many there were."""
        with server().connect() as connection:
            ended = connection.execute(
                "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = %s", [self.name]
            ).fetchone()
        return int(ended[0]) if ended else 0


@pytest.fixture
def cast(cast_both: Cast, both: Flask) -> Iterator[Cast]:
    yield cast_both
    db.session.remove()
    assert not any(doctor.findings())


@pytest.fixture
def admin(both: Flask) -> Server:
    return Server(both)


def warm(client: FlaskClient) -> None:
    for _ in range(3):
        assert client.get("/orders").status_code == 200
    db.session.remove()


def test_idle_connections(both: Flask, cast: Cast, now: object, admin: Server) -> None:
    """Nobody was asking anything: nobody notices."""
    url = f"/orders/{cast.order().order_no}/contact"
    buyer = sign_in(both, "buyer")
    form = {**token_of(buyer.get(url)), "words": "一"}
    for number in range(3):
        warm(buyer)
        assert admin.cut() >= 1
        assert buyer.get("/orders").status_code == 200
        db.session.remove()
        admin.cut()
        answer = buyer.post(url, data={**form, "form_key": f"key{number}", "words": f"第{number}句"})
        assert answer.status_code == 303
    assert db.session.scalar(select(func.count()).select_from(Message)) == 3


def test_a_request_on_its_way(both: Flask, cast: Cast, now: object, admin: Server) -> None:
    """It fails with a page that says so; the same form goes through afterwards, once."""
    case = cast.until("applied")
    case_id, version, url = case.id, case.version, f"/seller/cases/{case.case_no}/ask_evidence"
    seller = sign_in(both, "seller")
    form = {**token_of(seller.get(url)), "note": "请补拍外包装"}
    cookie = seller.get_cookie("sid")
    assert cookie is not None
    db.session.remove()
    answers = []

    def send() -> None:
        own = both.test_client()
        own.set_cookie("sid", cookie.value)
        answers.append(own.post(url, data=form))

    with admin.connect() as holder:
        holder.autocommit = False
        holder.execute("SELECT 1 FROM cases WHERE id = %s FOR UPDATE", [case_id])
        thread = threading.Thread(target=send)
        thread.start()
        give_up = time.monotonic() + 20
        with server().connect() as watch:
            waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
            while watch.execute(waits, [admin.name]).fetchone() != (1,):
                assert time.monotonic() < give_up
                time.sleep(0.01)
        admin.cut()
        holder.close()
    thread.join()
    [failed] = answers
    assert failed.status_code == 503
    assert int(failed.headers["Retry-After"]) <= 6
    assert "系统正忙" in failed.text and "Traceback" not in failed.text
    known = db.session.get_one(Case, case_id, populate_existing=True)
    assert (known.state, known.version) == ("applied", version)
    db.session.remove()

    assert seller.post(url, data=form).status_code == 303
    assert seller.post(url, data=form).status_code == 303
    db.session.remove()
    assert db.session.scalar(select(func.count()).select_from(CaseEvent).where(CaseEvent.case_id == case_id)) == 2


def test_the_answer_was_lost_after_the_commit(both: Flask, cast: Cast, now: object, admin: Server) -> None:
    """Who doesn't know whether it was done sends the form again and sees what was done."""
    url = f"/orders/{cast.order().order_no}/contact"
    buyer = sign_in(both, "buyer")
    form = {**token_of(buyer.get(url)), "words": "一"}
    first = buyer.post(url, data=form)
    db.session.remove()
    admin.cut()
    again = buyer.post(url, data=form)
    assert (again.status_code, again.location) == (303, first.location)
    assert db.session.scalar(select(func.count()).select_from(Message)) == 1


def test_under_load_each_connection_fails_once(both: Flask, cast: Cast, now: object, admin: Server) -> None:
    """Four browsers read while everything is cut again and again: errors are pages, and they end."""
    cookie = sign_in(both, "buyer").get_cookie("sid")
    assert cookie is not None
    cast.order()
    db.session.remove()
    stop = threading.Event()
    statuses: list[int] = []
    without_answer: list[Exception] = []

    def read() -> None:
        own = both.test_client()
        own.set_cookie("sid", cookie.value)
        while not stop.is_set():
            try:
                statuses.append(own.get("/orders").status_code)
            except Exception as error:  # what escapes the application is a request without an answer
                without_answer.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(CUTS):
        time.sleep(0.1)
        admin.cut()
    time.sleep(0.3)
    stop.set()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 503}
    assert not without_answer
    assert statuses.count(503) <= CUTS * 4
    assert statuses.count(200) > 10
    buyer = sign_in(both, "buyer")
    assert [buyer.get("/orders").status_code for _ in range(8)] == [200] * 8


def test_the_sweep_goes_on(both: Flask, cast: Cast, now: object, admin: Server) -> None:
    cast.open_case()
    db.session.remove()
    admin.cut()
    assert sweeping.sweep() == 0
