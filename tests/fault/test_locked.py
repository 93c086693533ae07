"""Another process holds the database: a short while is waited for, a long one is said on a page; nothing is lost."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import doctor, extensions
from portal.extensions import db
from portal.models import Case, Message
from tests.cast import Cast, post, sign_in, token_of

WAIT = 1.0  # seconds, instead of the portal's own five

# Takes what writers take, says so, and gives it back after so many seconds, or when it is told to.
HOLDERS = {
    "database": """
import select, sqlite3, sys
held = sqlite3.connect(sys.argv[1] + "/portal.db", isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
select.select([sys.stdin], [], [], float(sys.argv[2]))
held.execute("ROLLBACK")
""",
    "turn": """
import fcntl, select, sys
held = open(sys.argv[1] + "/write.lock", "a")
fcntl.flock(held, fcntl.LOCK_EX)
print("held", flush=True)
select.select([sys.stdin], [], [], float(sys.argv[2]))
""",
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extensions, "WAIT_FOR_TURN", WAIT)


@contextmanager
def held(app: Flask, by: str, seconds: float) -> Iterator[None]:
    """While another process holds the database; at most so many seconds."""
    folder = app.extensions["portal_settings"].data
    words = [sys.executable, "-c", HOLDERS[by], str(folder), str(seconds)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield
        finally:
            holder.stdin.close()


def messages() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Message)) or 0


@pytest.fixture
def clean(app: Flask) -> Iterator[None]:
    yield
    db.session.rollback()
    assert not any(doctor.findings(app.extensions["portal_store"]))


@pytest.mark.parametrize("by", HOLDERS)
def test_a_short_while_is_waited_for(app: Flask, cast: Cast, now: object, clean: None, by: str) -> None:
    url = f"/orders/{cast.order().order_no}/contact"
    buyer = sign_in(app, "buyer")
    form = {**token_of(buyer.get(url)), "words": "什么时候发货"}
    with held(app, by, WAIT * 0.6):
        began = time.monotonic()
        answer = buyer.post(url, data=form)
        assert time.monotonic() - began > WAIT * 0.3
    assert answer.status_code == 303
    assert messages() == 1


@pytest.mark.parametrize("by", HOLDERS)
def test_a_long_while_is_said_and_the_same_form_goes_through_later(
    app: Flask, cast: Cast, now: object, clean: None, by: str
) -> None:
    url = f"/orders/{cast.order().order_no}/contact"
    buyer = sign_in(app, "buyer")
    form = {**token_of(buyer.get(url)), "words": "什么时候发货"}
    with held(app, by, 60):
        began = time.monotonic()
        answer = buyer.post(url, data=form)
        assert time.monotonic() - began < WAIT * 4
        assert answer.status_code == 503
        assert 1 <= int(answer.headers["Retry-After"]) <= 6
        assert "系统正忙" in answer.text and "没有任何内容被重复提交" in answer.text
        assert messages() == 0
        for page in (url, "/orders", "/me", "/messages"):
            assert buyer.get(page).status_code == 200  # reading goes on
    again = buyer.post(url, data=form)
    assert (again.status_code, messages()) == (303, 1)
    assert buyer.post(url, data=form).location == again.location
    assert messages() == 1


@pytest.mark.parametrize("by", HOLDERS)
def test_a_step_is_taken_whole_or_not_at_all(app: Flask, cast: Cast, now: object, clean: None, by: str) -> None:
    case = cast.until("applied")
    case_id, version, url = case.id, case.version, f"/seller/cases/{case.case_no}/ask_evidence"
    seller = sign_in(app, "seller")
    form = {**token_of(seller.get(url)), "note": "请补拍外包装"}
    with held(app, by, 60):
        assert seller.post(url, data=form).status_code == 503
        db.session.rollback()
        known = db.session.get_one(Case, case_id, populate_existing=True)
        assert (known.state, known.version) == ("applied", version)
    assert seller.post(url, data=form).status_code == 303
    db.session.rollback()
    known = db.session.get_one(Case, case_id, populate_existing=True)
    assert (known.state, known.version) == ("revising", version + 1)


@pytest.mark.parametrize("by", HOLDERS)
def test_signing_in_says_so_too(app: Flask, cast: Cast, now: object, clean: None, by: str) -> None:
    client = app.test_client()
    words = {"member_name": "buyer", "password": "huanhuo-demo"}
    with held(app, by, 60):
        answer = post(client, "/login", words)
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert post(client, "/login", words).status_code == 303
