"""Whatever is typed into whatever field: taken just as portal/inputs.py says, or refused in words; never a crash."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from werkzeug.test import TestResponse

from portal import doctor
from portal.calendar import clock
from portal.extensions import db, writing
from portal.models import (
    Case,
    CaseEvent,
    CaseLine,
    Message,
    Order,
    Parcel,
    Policy,
    RateCount,
    ReturnAddress,
    Session,
    Shop,
    Staff,
    User,
)
from portal.people import accounts
from portal.web import rates
from tests.conftest import NOW, make_app
from tests.web.inspector import inspect
from tests.web.naughty import BLANKS, CODE, DIRECTIONS, MARKUP, NAUGHTY, NUMBERS, UNPRINTABLE, encoded, quoted
from tests.web.places import FAMILIES, PLACES, URLENCODED, Place, World

# One of each kind of trouble: for what is tried in many places at once.
FEW = (
    "",
    " ",
    "a\x00b",
    "\x00",
    "\ud800",
    "0",
    "-1",
    "\uff15",
    "\u0663",
    "\u00b2",
    "1e3",
    "NaN",
    "9" * 18,
    "9" * 19,
    "1" + "0" * 400,
    "true",
    "null",
    "<b hx-get=/x \"'>",
    "' OR '1'='1",
    "%",
    "../..",
    "a\r\nX: b",
    "\u202eabc",
    "\U0001f468\u200d\U0001f469",
    "x" * 3_000,
)
FEWER = ("", "a\x00b", "-1", "9" * 19, "\uff15", "<b hx-get=/x \"'>", "x" * 3_000)
MANY = frozenset({"photos_kept", "photos_drop", "drop_photo", "guarantees"})  # fields that may be there several times
PLACES_AND_LOGIN = (*PLACES, "login")
KEPT_ALIVE = (Case, CaseEvent, Message, Parcel, Policy, ReturnAddress)


def often(patch: pytest.MonkeyPatch) -> None:
    """Nothing is too often here, and the disk isn't waited for."""
    patch.setenv("PORTAL_SQLITE_SYNCHRONOUS", "OFF")
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    patch.setattr(accounts, "_hasher", quick)
    patch.setattr(accounts, "_nobody", quick.hash("nobody's"))
    for name in rates.LIMITS:
        patch.setitem(rates.LIMITS, name, (10**9, timedelta(days=1)))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[World]:
    """One world for all these tests; each begins with it as it was at first."""
    with pytest.MonkeyPatch.context() as patch:
        often(patch)
        patch.setattr(clock, "now", lambda: NOW)
        made = make_app(tmp_path_factory.mktemp("bad-input"), sqlite_template)
        with made.app_context():
            world = World(made)
            world.remember()
            yield world
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def world(whole: World) -> Iterator[World]:
    first = whole.then
    whole.back()
    yield whole
    db.session.rollback()
    broken = doctor.findings()
    whole.then = first
    assert not any(broken)


@pytest.fixture
def world_both(both: Flask, now: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    often(monkeypatch)
    yield World(both)
    db.session.rollback()
    assert not any(doctor.findings())


on_postgres = pytest.mark.parametrize("both", ["postgresql"], indirect=True)


def names_on(answer: TestResponse) -> set[str]:
    """The fields of the form on a page: the last one, which is the page's own."""
    form = answer.get_data(as_text=True).rpartition("<form ")[2]
    return set(re.findall(r'<(?:input|select|textarea|button)\b[^>]*\bname="([^"]+)"', form))


def counts() -> list[int]:
    db.session.rollback()
    return [db.session.scalar(select(func.count()).select_from(kind)) or 0 for kind in KEPT_ALIVE]


# ---------------------------------------------------------------- every field


def every(world: World, name: str, texts: Sequence[str]) -> None:
    place = getattr(world, name)()
    world.remember(place)
    for raw in texts:
        world.check(place, raw)


@pytest.mark.parametrize("name", PLACES)
def test_naughty_strings(world: World, name: str) -> None:
    """By day each kind of field gets each string once; by night every place gets all."""
    family = next(family for family in FAMILIES if name in family)
    every(world, name, NAUGHTY[family.index(name) :: len(family)])


@pytest.mark.nightly
@pytest.mark.parametrize("name", PLACES)
def test_all_naughty_strings(world: World, name: str) -> None:
    every(world, name, NAUGHTY)


@on_postgres
@pytest.mark.parametrize("share", [0, 1, 2, 3])
def test_naughty_strings_on_the_other_database(world_both: World, share: int) -> None:
    for number, name in enumerate(PLACES):
        if number % 4 == share:
            place = getattr(world_both, name)()
            for raw in ("a\x00b", *NAUGHTY[number % 23 :: 23]):
                world_both.check(place, raw)


@pytest.mark.parametrize("name", PLACES)
def test_a_refused_page_is_sound(world: World, name: str) -> None:
    """What was typed can't break the page it is shown on again."""
    place = getattr(world, name)()
    url, fields = world.fields(place, dict.fromkeys(place.reads, "</textarea><b hx-get=/x \"'>&amp;\n" * 400))
    answer = world.post(place, url, fields)
    assert answer.status_code == 422
    inspect(answer, url)


def check_login(world: World, raw: str) -> None:
    place = world.login()
    for fields in ({"member_name": raw, "password": raw}, {"member_name": "buyer", "password": raw, "next": raw}):
        answer = world.send(place, fields)
        assert answer.status_code == 422, (fields, answer.status_code)
        assert "wrong-password" not in answer.text


def sessions() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Session)) or 0


def forget_tries() -> None:
    """Wrong passwords make the next try wait; here each stands for itself."""
    with writing():
        db.session.execute(delete(RateCount))


def test_nobody_signs_in_with_naughty_strings(world: World) -> None:
    before = sessions()
    for raw in NAUGHTY:
        forget_tries()
        check_login(world, raw)
    assert sessions() == before


@on_postgres
def test_nobody_signs_in_on_the_other_database(world_both: World) -> None:
    for raw in FEWER:
        forget_tries()
        check_login(world_both, raw)


def test_after_signing_in_nobody_is_led_away(world: World) -> None:
    place = world.login()
    for raw in (
        *FEW,
        *MARKUP,
        *CODE,
        "//evil.example",
        "https:evil.example",
        "/\\evil",
        "\\\\evil",
        "/\t/evil",
        "/.//x",
    ):
        answer = world.send(place, {"member_name": "buyer", "password": "huanhuo-demo", "next": raw})
        assert answer.status_code == 303
        assert re.match(r"/(?![/\\])", answer.location), (raw, answer.location)


# ---------------------------------------------------------------- anything at all

ANYTHING = st.text(st.characters(codec=None), max_size=80)
QUIETLY = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def fuzz(world: World, name: str, examples: int) -> None:
    place = getattr(world, name)()
    world.remember(place)

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=QUIETLY)
    @given(ANYTHING)
    @example("\u1100\u200d\u1161")
    def run(raw: str) -> None:
        world.check(place, raw)

    run()


@pytest.mark.parametrize("name", PLACES)
def test_any_text(world: World, name: str) -> None:
    fuzz(world, name, 20)


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", PLACES)
def test_any_text_for_long(world: World, name: str) -> None:
    fuzz(world, name, 2_000)


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
@on_postgres
@pytest.mark.parametrize("name", PLACES)
def test_any_text_for_long_on_the_other_database(world_both: World, name: str) -> None:
    fuzz(world_both, name, 500)


# ---------------------------------------------------------------- what no page offers


def check_hidden(world: World, name: str, texts: Sequence[str] = FEWER) -> None:
    """Every field that is not for typing: choices, numbers of rows, keys. Answered somehow, and nothing breaks."""
    place = getattr(world, name)()
    url, _ = world.fields(place, {})
    shown = world.clients[place.who].get(url)
    assert shown.status_code == 200
    hidden = (names_on(shown) | {"form_key", "version", *MANY, "next", "phrase"}) - set(place.reads)
    for field, raw in product(sorted(hidden), texts):
        answer = world.send(place, {field: raw})
        assert answer.status_code < 500, (url, field, raw[:40], answer.status_code)
        if answer.status_code == 303:
            world.current.clear()
            world.back()


@pytest.mark.parametrize("name", PLACES_AND_LOGIN)
def test_fields_that_nobody_types(world: World, name: str) -> None:
    world.remember(getattr(world, name)())
    check_hidden(world, name)


@on_postgres
@pytest.mark.parametrize("name", ["details", "talk", "ship_return", "inspect", "policy"])
def test_fields_that_nobody_types_on_the_other_database(world_both: World, name: str) -> None:
    check_hidden(world_both, name, ("a\x00b", "9" * 19, "\uff15"))


@pytest.mark.parametrize("name", PLACES)
def test_a_field_is_said_once(world: World, name: str) -> None:
    """Neither the first nor the last counts: the form is refused."""
    place = getattr(world, name)()
    url, good = world.fields(place, {})
    before = counts()
    shown = names_on(world.clients[place.who].get(url))
    for field in sorted((shown | set(good) | {"form_key"}) - MANY - {"photos"}):
        value = str(good.get(field, "1"))
        token = {"csrf_token": [world.tokens[place.who]] * 2} if field == "csrf_token" else {}
        answer = world.post(place, url, {**good, field: [value, value + "1"], **token})
        assert answer.status_code in (400, 422), (url, field, answer.status_code)
    assert counts() == before


def test_a_question_is_asked_once(world: World) -> None:
    for who, address in (("buyer", "/orders?q=a&q=b"), ("seller", "/seller?tab=open&tab=closed"), ("buyer", "/me?a&a")):
        assert world.clients[who].get(address).status_code == 400, address


POISON = {
    "id": "1",
    "state": "completed",
    "type": "reissue",
    "buyer_id": "2",
    "shop_id": "2",
    "seller_id": "1",
    "user_id": "2",
    "order_id": "1",
    "policy_id": "2",
    "case_id": "1",
    "amount_fen": "1",
    "paid_fen": "1",
    "role": "owner",
    "is_admin": "1",
    "escalated": "1",
    "due_at": "2099-01-01",
    "claimed_milli": "0",
    "accepted_milli": "999",
    "owner_id": "2",
    "created_by": "2",
    "side": "seller",
    "draft_id": "1",
    "case_no": "HH1",
    "description_html": "<b>",
    "__class__": "x",
    "photos": "x",
    "csrf": "x",
}


def facts() -> dict[str, list[tuple[object, ...]]]:
    """Whose everything is, and what was paid."""
    db.session.rollback()
    asked = {
        "users": select(User.id, User.member_name, User.disabled_at, User.password_hash),
        "staff": select(Staff.user_id, Staff.shop_id, Staff.role),
        "shops": select(Shop.id, Shop.owner_id, Shop.name),
        "orders": select(Order.id, Order.buyer_id, Order.shop_id, Order.paid_fen, Order.status),
        "cases": select(Case.id, Case.case_no, Case.type, Case.buyer_id, Case.shop_id, Case.order_id, Case.policy_id),
        "lines": select(CaseLine.id).where(CaseLine.accepted_milli > CaseLine.quantity_milli),
        "policies": select(Policy.shop_id).where(Policy.shop_id == 2, Policy.version > 1),
        "addresses": select(ReturnAddress.id).where(ReturnAddress.shop_id == 2, ReturnAddress.id > 2),
    }
    found = {name: [tuple(row) for row in db.session.execute(query)] for name, query in asked.items()}
    return found | {
        "due": [(at,) for at in db.session.scalars(select(Case.due_at)) if at is not None and at.year > 2098]
    }


@pytest.mark.parametrize("name", PLACES)
def test_privileged_fields_are_nothing(world: World, name: str) -> None:
    """Whose a thing is, what it costs and how it stands can't be said by a form."""
    place = getattr(world, name)()
    url, good = world.fields(place, {})
    before, case = facts(), db.session.scalar(select(Case.state).order_by(Case.id.desc()))
    answer = world.post(place, url, {**POISON, **good})
    assert answer.status_code == 303
    assert facts() == before
    after = db.session.scalar(select(Case.state).order_by(Case.id.desc()))
    assert after == case or after != "completed"
    assert answer.location.split("?")[0] in {url, url.rpartition("/")[0], f"/orders/{world.order_no}/apply/check"}


# ---------------------------------------------------------------- addresses

DATES = (
    "~",
    "~1",
    "2026-11-23~1",
    "2026-11-23T02:00:00~1",
    "2026-11-23T02:00:00+00:00~1",
    "2026-11-23T02:00:00+00:00~",
    "0001-01-01T00:00:00+14:00~1",
    "9999-12-31T23:59:59-14:00~1",
    "0001-01-01T00:00:00+00:00~1",
    "2026-W47-1T02:00+00:00~1",
    "2026-11-23T02:00:00+00:00~" + "9" * 18,
    "2026-11-23T02:00:00+00:00~\uff11",
    "2026-11-23T02:00:00+23:59~1",
    "20261123T020000Z~1",
    "2026-11-23T24:00:00Z~1",
    "2026-02-30T00:00:00Z~1",
)
ASKED = (
    ("buyer", "/orders?q={}"),
    ("buyer", "/orders?after={}"),
    ("buyer", "/orders?tab={}"),
    ("buyer", "/orders/{order}?said={}"),
    ("buyer", "/orders/{order}/apply?line={}&said={}"),
    ("buyer", "/orders/{order}/contact?before={}"),
    ("buyer", "/orders/{order}/contact/new?after={}"),
    ("buyer", "/cases?after={}"),
    ("buyer", "/cases/{case}?v={}"),
    ("buyer", "/cases/{case}/modify?said={}&parcel={}"),
    ("buyer", "/messages?before={}"),
    ("buyer", "/notices?before={}&said={}"),
    ("nobody", "/login?next={}&said={}"),
    ("seller", "/seller?q={}"),
    ("seller", "/seller?reason={}"),
    ("seller", "/seller?after={}"),
    ("seller", "/seller?tab={}"),
    ("seller", "/seller/messages?before={}"),
    ("seller", "/seller/notices?before={}"),
    ("seller", "/seller/orders/{order}/contact?before={}"),
    ("seller", "/seller/orders/{order}/contact/new?after={}"),
    ("seller", "/seller/products?q={}"),
    ("seller", "/seller/products?after={}&id={}"),
    ("seller", "/seller/import?before={}"),
    ("seller", "/seller/cases/{case}?v={}&tab={}"),
)
PATHS = (
    "/orders/{}",
    "/orders/{}/apply",
    "/orders/{}/contact",
    "/cases/{}",
    "/cases/{}/withdraw",
    "/cases/{case}/{}",
    "/cases/{}/qr.svg",
    "/f/{}",
    "/f/{}/thumb",
    "/shops/{}/conditions",
    "/seller/cases/{}",
    "/seller/cases/{case}/{}",
    "/seller/cases/{}/send-back",
    "/seller/products/{}",
    "/seller/import/{}",
    "/seller/import/{}/report.csv",
    "/seller/orders/{}/contact",
    "/seller/addresses/{}/default",
    "/seller/addresses/1/{}",
    "/static/{}",
    "/{}",
)


def filled(world: World, address: str, raw: str) -> str:
    case_no = world.case_no("asked", "applied")
    known = address.replace("{order}", world.order_no).replace("{case}", case_no)
    return known.replace("{}", quoted(raw))


def check_addresses(world: World, texts: tuple[str, ...]) -> None:
    for who, address in ASKED:
        for raw in (*texts, *(DATES if "after" in address else ())):
            answer = world.clients[who].get(filled(world, address, raw))
            assert answer.status_code in (200, 204, 404), (address, raw[:60], answer.status_code)


def check_paths(world: World) -> None:
    for address, raw in product(PATHS, (*FEWER, ".", "a/b", "9" * 4_400, "%2e%2e", "withdraw\x00")):
        path = filled(world, address, raw)
        who = "seller" if address.startswith("/seller") else "buyer"
        answer = world.clients[who].get(path)
        assert answer.status_code in (200, 301, 308, 404, 405, 409), (address, raw[:60], answer.status_code)
        answer = world.clients[who].post(path, data={"csrf_token": world.tokens[who]})
        assert answer.status_code in (301, 303, 308, 404, 405, 409, 422), (address, raw[:60], answer.status_code)


def test_what_addresses_ask(world: World) -> None:
    check_addresses(world, FEW)


def test_what_is_searched_for(world: World) -> None:
    """In each of the three lists: every string, found or not, shown again where it could be read."""
    for address in ("/orders?q={}", "/seller?q={}", "/seller/products?q={}"):
        who = "seller" if address.startswith("/seller") else "buyer"
        for raw in NAUGHTY:
            answer = world.clients[who].get(filled(world, address, raw))
            assert answer.status_code == 200, (address, raw[:60], answer.status_code)


def test_what_paths_name(world: World) -> None:
    check_paths(world)


@on_postgres
def test_addresses_on_the_other_database(world_both: World) -> None:
    check_addresses(world_both, FEWER)
    check_paths(world_both)
    for raw in (*NUMBERS[::5], *BLANKS[::4], *UNPRINTABLE[::3], *DIRECTIONS[::3], *CODE[::5]):
        for address in ("/orders?q={}", "/seller?q={}", "/seller/products?q={}"):
            who = "seller" if address.startswith("/seller") else "buyer"
            assert world_both.clients[who].get(filled(world_both, address, raw)).status_code == 200, (address, raw)


# ---------------------------------------------------------------- requests no browser sends


HEADERS = (
    "HX-Target",
    "HX-Current-URL",
    "Origin",
    "Referer",
    "If-None-Match",
    "User-Agent",
    "Accept-Language",
    "Cookie",
    "X-Forwarded-For",
    "X-HTTP-Method-Override",
    "Range",
    "Sec-Fetch-Site",
    "Content-Type",
    "Accept-Encoding",
)


@pytest.mark.parametrize("header", HEADERS)
def test_headers(world: World, header: str) -> None:
    place = world.talk()
    for raw in (
        "",
        "http://[",
        "http://a:b:c/",
        "//",
        "\xff\xfe",
        "a" * 8_000,
        "%00",
        "null",
        "bytes=9-0",
        '"',
        "sid=",
    ):
        for hx in ({}, {"HX-Request": "true"}):
            headers = {**hx, header: raw}
            for who, path in (("buyer", "/orders"), ("nobody", "/orders"), ("seller", "/seller"), ("nobody", "/login")):
                answer = world.clients[who].get(path, headers=headers)
                assert answer.status_code in (200, 303, 401, 416), (raw[:40], path, answer.status_code)
            url, fields = world.fields(place, {})
            data = encoded({"csrf_token": world.tokens["buyer"], **fields})
            answer = world.clients["buyer"].post(url, data=data, headers={"Content-Type": URLENCODED, **headers})
            assert answer.status_code in (303, 400, 401, 403), (raw[:40], answer.status_code)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=" + b"x" * 1_100_000, URLENCODED, 413),
        (b"x" * (12 * 1024 * 1024 + 1), "application/octet-stream", 413),
        (b"&".join(b"f%d=1" % number for number in range(5_000)), URLENCODED, 303),
        (b"--b\r\n" * 1_200, "multipart/form-data; boundary=b", 303),
        (b"no part at all", "multipart/form-data; boundary=b", 303),
        (b"no boundary", "multipart/form-data", 303),
        (b'{"csrf_token": 1}', "application/json", 303),
        (b"\xff\xfe\x00%zz%", URLENCODED, 303),
        (b"", "", 303),
    ],
)
def test_bodies_that_are_no_form(world: World, body: bytes, kind: str, status: int) -> None:
    before = counts()
    answer = world.clients["buyer"].post(f"/orders/{world.order_no}/contact", data=body, content_type=kind)
    assert answer.status_code == status
    inspect(answer)
    assert counts() == before


# ---------------------------------------------------------------- applying


def test_what_was_cleared_stays_cleared(world: World) -> None:
    """The description may be empty, also when it wasn't before."""
    place = world.details()
    assert world.send(place, {"description": "第一稿"}).status_code == 303
    assert world.send(place, {"description": ""}).status_code == 303
    assert place.kept()["description"] == ""


def test_a_refused_field_leaves_what_was_good_before(world: World) -> None:
    place = world.details()
    assert world.send(place, {}).status_code == 303
    good = place.kept()
    refused = {"description": "长" * 501, "name": "名" * 51, "phone": "不是电话", "address": ""}
    assert world.send(place, refused).status_code == 422
    assert place.kept() == good


def test_without_an_address_nothing_is_handed_in(world: World) -> None:
    """A draft is kept at every step, also with a telephone number that was refused; it isn't an application yet."""
    place = world.details()
    assert world.send(place, {"phone": "不是电话"}).status_code == 422
    check = f"/orders/{world.order_no}/apply/check"
    shown = world.clients["buyer"].get(check)
    assert (shown.status_code, shown.location) == (303, f"/orders/{world.order_no}/apply/details")
    before = counts()
    answer = world.post(Place("buyer", str, dict, {}, dict), check, {})
    assert answer.status_code in (303, 409)
    assert counts() == before
