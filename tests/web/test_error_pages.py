"""Error pages: each has its own words, whoever reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, abort
from werkzeug.exceptions import HTTPException

from portal.extensions import Busy, db
from portal.web import errors
from tests.cast import Cast, sign_in, token_of
from tests.conftest import Clock

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
