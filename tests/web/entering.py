"""Signing in by the form, and what is known of sessions after it."""

from __future__ import annotations

import html
import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.extensions import db
from portal.models import Session, User
from tests.cast import PASSWORD, token_of

# Where nobody is led, whatever the address says.
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
