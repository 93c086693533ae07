"""What a careful reviewer asks of a web application, where no other test has shown it."""

from __future__ import annotations

import ast
import re
import ssl
from pathlib import Path

import pytest
from flask import Flask

from portal.models import User
from portal.people import passwords
from portal.web import events
from tests.cast import PASSWORD, Cast, post, sign_in, token_of
from tests.conftest import Clock

TOP = Path(__file__).parents[2]
SCRIPTS = [*sorted((TOP / "static/js").glob("*.js")), TOP / "static/sw.js"]

PLACES = {
    "buyer": ("/", "/me", "/orders", "/cases", "/rules", "/notices", "/me/sessions", "/nowhere"),
    "seller": ("/seller", "/seller/orders", "/seller/policy", "/seller/staff", "/seller/nowhere"),
    "mediator": ("/mediation",),
    "operator": ("/operator", "/operator/people"),
    "": ("/login", "/health/live", "/metrics", "/manifest.webmanifest", "/sw.js"),
}


@pytest.mark.parametrize("name", PLACES)
def test_every_answer_says_what_it_is(app: Flask, cast: Cast, name: str) -> None:
    client = sign_in(app, name) if name else app.test_client()
    for place in PLACES[name]:
        answer = client.get(place)
        kind = answer.headers["Content-Type"]
        if kind.startswith("text/") or "xml" in kind:
            assert "charset=utf-8" in kind.lower(), (place, kind)
        starts = answer.get_data()[:15].lower()
        assert (kind.startswith("text/html")) == starts.startswith(b"<!doctype html"), place


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "  blank at the ends  ",
        "密码可以是中文的一句话",
        "éàü" * 14,
        "x1y" * 42,
        "🦊🐢🐝🐫🦉🐌🐙🦔",
    ],
)
def test_any_characters_make_a_password(app: Flask, cast: Cast, now: Clock, password: str) -> None:
    """Exactly as it was typed: nothing cut, trimmed or folded."""
    passwords.check(password)
    client = sign_in(app, "buyer")
    new = {"password": PASSWORD, "new_password": password, "again": password}
    assert post(client, "/me/password", new).status_code == 303
    for tried, status in ((password.strip() + "!", 422), (password.upper() + "x", 422), (password, 303)):
        fresh = app.test_client()
        form = {**token_of(fresh.get("/login")), "member_name": "buyer", "password": tried}
        assert fresh.post("/login", data=form).status_code == status


def test_password_fields_are_masked_and_can_be_pasted_into(app: Flask, cast: Cast) -> None:
    client = sign_in(app, "buyer")
    pages = [app.test_client().get("/login").text, client.get("/me/password").text, client.get("/me/confirm").text]
    for page in pages:
        fields = re.findall(r"<input[^>]*name=\"(?:new_)?password\"[^>]*>", page)
        assert fields
        for field in fields:
            assert 'type="password"' in field
            assert re.search(r'autocomplete="(current|new)-password"', field)
            assert "onpaste" not in field and "readonly" not in field and "maxlength" not in field
    assert not any("paste" in path.read_text("utf-8") and "password" in path.read_text("utf-8") for path in SCRIPTS)


def test_a_password_of_years_ago_still_signs_in(app: Flask, cast: Cast, now: Clock) -> None:
    now.forward(days=1200)
    client = app.test_client()
    form = {**token_of(client.get("/login")), "member_name": "buyer", "password": PASSWORD}
    assert client.post("/login", data=form).status_code == 303


def test_nobody_is_asked_a_secret_question(app: Flask) -> None:
    columns = {column.name for column in User.__table__.columns} - {"no_questions"}  # of how content they are
    assert not [name for name in columns if "question" in name or "answer" in name or "hint" in name]
    assert not re.search("密码提示|密保", app.test_client().get("/login").text + app.test_client().get("/forgot").text)


def test_signing_out_is_on_every_audiences_first_page(app: Flask, cast: Cast) -> None:
    """One tap away at most: the button itself, or the page that has it."""
    for name, place in (("buyer", "/"), ("seller", "/seller"), ("mediator", "/mediation"), ("operator", "/operator")):
        page = sign_in(app, name).get(place).text
        assert re.search(r'action="/logout"|href="/me"', page), name
    assert 'action="/logout"' in sign_in(app, "seller").get("/me").text


def test_signing_out_clears_what_the_browser_keeps(app: Flask, cast: Cast) -> None:
    client = sign_in(app, "buyer")
    done = client.post("/logout", data=token_of(client.get("/me")))
    assert done.headers["Clear-Site-Data"] == '"cache", "storage"'


SOURCES = (
    "/.git/config",
    "/.env",
    "/portal/config.py",
    "/wsgi.py",
    "/static/",
    "/static/..%2fwsgi.py",
    "/static/../wsgi.py",
    "/var/portal.db",
    "/static/js/",
)


@pytest.mark.parametrize("path", SOURCES)
def test_nothing_of_the_source_is_served(app: Flask, cast: Cast, path: str) -> None:
    for client in (app.test_client(), sign_in(app, "operator")):
        assert client.get(path).status_code in (303, 404)


def test_scripts_take_no_messages_from_other_windows() -> None:
    for path in SCRIPTS:
        text = path.read_text("utf-8")
        for found in re.finditer(r"addEventListener\(\s*[\"']message[\"']", text):
            assert path.name == "sw.js" or "serviceWorker" in text[max(0, found.start() - 40) : found.start()], path


def test_scripts_keep_nothing_of_a_person() -> None:
    kept = [
        found
        for path in SCRIPTS
        for found in re.findall(r"(?:local|session)Storage\.setItem\(([^,]+),", path.read_text())
    ]
    # "unopened": numbers of parcels that were scanned at a desk and not opened yet, gone when they sign out, as all is.
    assert set(kept) <= {'"seen"', '"keys"', '"unopened"'}
    assert not any("__proto__" in path.read_text() or "document.cookie" in path.read_text() for path in SCRIPTS)


def calls(name: str) -> list[Path]:
    return [path for path in sorted((TOP / "portal").rglob("*.py")) if name in path.read_text("utf-8")]


def test_outgoing_requests_follow_no_redirects() -> None:
    assert [path.name for path in calls("build_opener")] == ["outbox.py"]
    assert not calls("urlopen") and not calls("requests.get")
    assert "build_opener(_NoRedirects)" in calls("build_opener")[0].read_text()
    # which follow none by themselves
    assert [path.name for path in calls("HTTPSConnection")] == ["asking.py", "outside.py"]


def test_outgoing_requests_check_certificates() -> None:
    assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED
    assert not calls("_create_unverified_context") and not calls("CERT_NONE") and not calls("check_hostname = False")


def test_secrets_come_from_the_systems_generator() -> None:
    for path in sorted((TOP / "portal").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert "random" not in names and "uuid" not in names, path
            assert not (isinstance(node, ast.ImportFrom) and node.module in ("random", "uuid")), path


def test_the_security_log_is_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "security.log"
    events.install(str(path))
    try:
        assert path.stat().st_mode & 0o777 == 0o600
    finally:
        events.install("")
