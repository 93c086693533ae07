"""The headers of every answer, and which hosts and methods there are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.extensions import db, writing
from portal.models import User
from portal.people import sessions
from tests.cast import Cast, sign_in, token_of
from tests.conftest import NOW, Clock, make_app
from tests.web.entering import is_in

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


def test_a_page_names_its_stylesheet_before_its_text(app: Flask, cast: Cast, now: Clock) -> None:
    """A browser, or a proxy that sends hints early, needn't read the page to know."""
    buyer = sign_in(app, "buyer")
    for address in ("/me", "/orders", "/guide"):
        answer = buyer.get(address)
        address_of_style, _, rest = answer.headers["Link"].partition(">")
        assert rest == "; rel=preload; as=style"
        assert f'<link rel="stylesheet" href="{address_of_style[1:]}">' in answer.text
        assert buyer.get(address_of_style[1:]).status_code == 200
    part = buyer.get("/orders", headers={"HX-Request": "true", "HX-Target": "orders"})
    assert "Link" not in part.headers or "<html" in part.text


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


def test_a_name_that_is_not_ours_is_refused(tmp_path: Path, sqlite_template: Path, now: Clock) -> None:
    app = make_app(tmp_path / "hosts", sqlite_template, trusted_hosts="portal.example,.shop.example")
    for host, status in (("portal.example", 200), ("a.shop.example", 200), ("evil.example", 400), ("localhost", 400)):
        answer = app.test_client().get("/guide", base_url=f"http://{host}")
        assert answer.status_code == status, host
        assert "evil.example" not in answer.text
