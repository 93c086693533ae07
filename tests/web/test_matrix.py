"""Every endpoint × role × {own, foreign, missing} × method, against the table in tests/web/matrix.py.

The world stands for the whole module: whatever is refused changes nothing, and neither does a GET. What is allowed is
posted in a world of its own.
"""

from __future__ import annotations

import io
import re
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal import flow
from portal.extensions import db
from portal.flow import Actor, State
from portal.models import Case, Evidence, Notice, OrderLine, Sku, User
from portal.web.carried import SECRET
from tests.cast import Cast, sign_in, token_of
from tests.conftest import make_app
from tests.web.inspector import elements, parse
from tests.web.matrix import (
    CONSUMER,
    MISSING,
    NOBODY,
    QA,
    ROLES,
    ROWS,
    Deal,
    Row,
    World,
    expected,
    may,
    missing_rows,
)

TABLE = [row for row in ROWS if row.who is not QA]


@pytest.fixture(scope="module")
def browsers(world: World) -> dict[str, FlaskClient]:
    """One for each role; the one of nobody has been on the sign-in page, so that it has a token as well."""
    return {role: world.browser(role) for role in ROLES}


@pytest.fixture(scope="module")
def tokens(browsers: dict[str, FlaskClient]) -> dict[str, str]:
    """Everybody's own valid token."""
    return {role: token_of(browser.get("/login"))["csrf_token"] for role, browser in browsers.items()}


class Watch:
    """Whether anything was written to the database since the last look."""

    def __init__(self, app: Flask) -> None:
        self.connection = sqlite3.connect(app.extensions["portal_settings"].data / "portal.db")
        self.seen = self._version()

    def _version(self) -> int:
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])

    def wrote(self) -> bool:
        before, self.seen = self.seen, self._version()
        return before != self.seen


@pytest.fixture
def watch(world: World) -> Iterator[Watch]:
    made = Watch(world.app)
    with closing(made.connection):
        yield made


def body(answer: TestResponse) -> str:
    """An answer without what is new in each: tokens and form keys."""
    return re.sub(r'value="[0-9a-f]{32,40}"', "", answer.get_data(as_text=True))


# ---------------------------------------------------------------- the table


def test_every_route_has_a_row(world: World) -> None:
    lines = missing_rows(world.app)
    assert not lines, "routes that nobody has said who may open; add to ROWS in tests/web/matrix.py:\n" + "\n".join(
        lines
    )


def test_every_row_has_a_route(world: World) -> None:
    routes = {rule.endpoint for rule in world.app.url_map.iter_rules()}
    gone = [row.endpoint for row in TABLE if row.endpoint not in routes]
    assert not gone, f"rows in tests/web/matrix.py without a route: {gone}"
    twice = [row.endpoint for row in ROWS if sum(other.endpoint == row.endpoint for other in ROWS) > 1]
    assert not twice, f"endpoints with several rows: {twice}"


def status_of(answer: TestResponse, role: str) -> int:
    """The status; the sign-in page that carries what was typed counts as being sent there."""
    carries = role in NOBODY and answer.status_code == 401 and 'action="/login"' in answer.text
    return 303 if carries else answer.status_code


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.endpoint)
def test_rows_say_which_methods_there_are(world: World, row: Row) -> None:
    methods = {name for rule in world.app.url_map.iter_rules(row.endpoint) for name in rule.methods or ()}
    assert ("GET" in methods) == (row.get is not None), f"{row.endpoint}: GET is {row.get} in the table, {methods}"
    assert ("POST" in methods) == (row.post is not None), f"{row.endpoint}: POST is {row.post} in the table, {methods}"
    assert methods <= {"GET", "HEAD", "OPTIONS", "POST"}
    known = set(MISSING) | set(row.values)
    for rule in world.app.url_map.iter_rules(row.endpoint):
        assert rule.arguments <= known, f"say in Deal.values and MISSING what {rule.arguments - known} is"


def test_doors_for_tests_need_the_setting(world: World, tmp_path: Path, sqlite_template: Path) -> None:
    opened = make_app(tmp_path / "qa", sqlite_template, qa="1")
    lines = missing_rows(opened)
    assert not lines, "who may open these? Add to ROWS in tests/web/matrix.py:\n" + "\n".join(lines)
    usual = {rule.endpoint for rule in world.app.url_map.iter_rules()}
    doors = [rule for rule in opened.url_map.iter_rules() if rule.endpoint not in usual]
    assert {rule.endpoint for rule in doors} == {row.endpoint for row in ROWS if row.who is QA}
    client = world.app.test_client()
    for rule in doors:
        assert rule.rule.startswith("/qa"), rule
        path = re.sub(r"<[^<>]*>", "1", rule.rule)
        assert client.get(path).status_code == 404, path
    assert client.get("/qa").status_code == 404


# ---------------------------------------------------------------- who may not, and looking


def deals_of(world: World, row: Row) -> list[Deal | None]:
    """Every deal and none; for an address without variables one is enough."""
    return [*world.deals, None] if world.rule(row).arguments - set(row.values) else [world.deals[0]]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.endpoint)
def test_looking(
    world: World, browsers: dict[str, FlaskClient], tokens: dict[str, str], watch: Watch, row: Row
) -> None:
    """GET, HEAD, OPTIONS and GET by htmx, of everybody for everything: the right status, and nothing is written."""
    rule, wrong = world.rule(row), []
    for role, browser in browsers.items():
        for deal in deals_of(world, row):
            path = world.path(row, deal)
            for method, headers in (("GET", {}), ("HEAD", {}), ("OPTIONS", {}), ("GET", {"HX-Request": "true"})):
                answer = browser.open(path, method=method, headers=headers)
                htmx = bool(headers)
                said = f"{role} {method}{' by htmx' if htmx else ''} {path}"
                wanted = expected(row, rule, role, deal, method, htmx=htmx)
                if answer.status_code != wanted:
                    wrong.append(f"{said}: {answer.status_code} instead of {wanted}")
                if watch.wrote() and not (row.counted and method == "GET" and answer.status_code == 200):
                    wrong.append(f"{said}: wrote to the database")
                if method == "HEAD" and answer.data:
                    wrong.append(f"{said}: has a body")
                asked = role in NOBODY and row.who is not CONSUMER
                if answer.status_code == 303 and asked and not answer.location.startswith("/login?next="):
                    wrong.append(f"{said}: goes to {answer.location}")
                if answer.status_code == 401 and not answer.headers.get("HX-Redirect", "").startswith("/login?next="):
                    wrong.append(f"{said}: HX-Redirect is {answer.headers.get('HX-Redirect')}")
                if answer.status_code == 405 and set(re.split(", *", answer.headers["Allow"])) != rule.methods:
                    wrong.append(f"{said}: allows {answer.headers['Allow']}")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.endpoint)
def test_posting_what_is_not_allowed(
    world: World, browsers: dict[str, FlaskClient], tokens: dict[str, str], watch: Watch, row: Row
) -> None:
    """A good form with one's own good token, for a thing that isn't one's own: refused, and nothing is written."""
    wrong = []
    for role, browser in browsers.items():
        for deal in deals_of(world, row):
            path = world.path(row, deal)
            taker = world.taker(path, "POST") or row  # /cases/…/slip is a page by GET and no step by POST
            allowed = taker.post is not None and may(taker, role, deal)
            if allowed and taker is row:
                continue
            for headers in ({}, {"HX-Request": "true"}):
                form = {**row.form(deal or world.deals[0]), "csrf_token": tokens[role], "form_key": "0" * 32}
                answer = browser.post(path, data=form, headers=headers)
                wanted = 409 if allowed else expected(taker, world.rule(taker), role, deal, "POST", htmx=bool(headers))
                words = [name for name, value in row.form(deal or world.deals[0]).items() if isinstance(value, str)]
                if wanted == 303 and role in NOBODY and set(words) - SECRET:
                    wanted = 401  # the sign-in page in its place, which carries what was typed
                if answer.status_code != wanted:
                    wrong.append(f"{role} POST {path}: {answer.status_code} instead of {wanted}")
                if watch.wrote():
                    wrong.append(f"{role} POST {path}: wrote to the database")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("row", [row for row in TABLE if row.get], ids=lambda row: row.endpoint)
def test_a_strangers_thing_looks_like_none(world: World, browsers: dict[str, FlaskClient], row: Row) -> None:
    """The same page and the same headers for what is somebody else's and for what doesn't exist."""
    for role, browser in browsers.items():
        if role in NOBODY:
            continue
        answers = {}
        for deal in deals_of(world, row):
            if deal is None or not may(row, role, deal):
                answer = browser.get(world.path(row, deal))
                headers = {name: value for name, value in answer.headers if name != "X-Request-Id"}
                answers[body(answer), tuple(sorted(headers.items()))] = deal
        assert len(answers) <= 1, f"{role} sees a difference: {list(answers)}"


PHOTOS: Mapping[str, Callable[[str, Deal], bool]] = {
    "case": lambda role, deal: role in (deal.buyer, deal.seller, "mediator"),
    "message": lambda role, deal: role in (deal.buyer, deal.seller, "mediator"),
    "draft": lambda role, deal: role == deal.buyer,
    "loose": lambda role, deal: role == deal.buyer,
    "product": lambda role, deal: True,
}


@pytest.mark.parametrize("kind", PHOTOS)
def test_photos_are_seen_by_whom_they_concern(world: World, browsers: dict[str, FlaskClient], kind: str) -> None:
    for role, browser in browsers.items():
        for deal in world.deals:
            for path in (f"/f/{deal.photos[kind]}", f"/f/{deal.photos[kind]}/thumb"):
                answer = browser.get(path)
                wanted = 303 if role in NOBODY else 200 if PHOTOS[kind](role, deal) else 404
                assert answer.status_code == wanted, (role, deal.buyer, deal.seller, path)


@pytest.mark.parametrize(
    "path",
    [
        "/orders/%00",
        "/orders/..%2f..",
        "/orders/" + "9" * 4000,
        "/orders/１２",
        "/cases/HH'--",
        "/cases/😀",
        "/f/..%2fportal.db",
        "/f/%2e%2e/portal.db",
        "/f/portal.db",
        "/shops/0/conditions",
        "/shops/-1/conditions",
        "/shops/99999999999999999999999/conditions",
        "/seller/cases/%20",
        "/static/../portal.db",
        "/static/%2e%2e/portal.db",
        "/static/",
        "/.git/config",
        "/portal.db",
        "/orders?after=x",
        "/orders?tab=x",
        "/seller?tab=x",
        "/seller?after=2026-01-01~1",
    ],
)
def test_odd_addresses_are_not_found(browsers: dict[str, FlaskClient], watch: Watch, path: str) -> None:
    for role, browser in browsers.items():
        answer = browser.get(path)
        assert answer.status_code in ((303, 404) if role in NOBODY else (404,)), role
    assert not watch.wrote()


# ---------------------------------------------------------------- who may


def contents(app: Flask) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, but for the words kept of a form that was refused."""
    with closing(sqlite3.connect(app.extensions["portal_settings"].data / "portal.db")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names if name != "kept_forms"}


def what_was_shown(browser: FlaskClient, row: Row, path: str) -> dict[str, str]:
    """What the form of the page at this address says of what the page showed; nothing where there is no such form."""
    answer = browser.get(path) if row.get == 200 else None
    if answer is None or answer.mimetype != "text/html":
        return {}
    forms = [form for form in elements(parse(answer.text)[0], "form") if form.get("action") == path]
    fields = elements(forms[0], "input") if forms else ()
    hidden = {str(each.get("name")): each.get("value") or "" for each in fields if each.get("type") == "hidden"}
    return {name: hidden[name] for name in ("form_key", "version", "shown") if name in hidden}


@pytest.mark.parametrize("role", ROLES)
def test_posting_what_is_allowed(own_world: World, role: str) -> None:
    """Each form of this role is first sent by everybody else, with their own good token and with the form's: refused,
    and nothing is changed. Then it works for whom it is."""
    world, wrong, watch = own_world, [], Watch(own_world.app)
    browsers = {name: world.browser(name) for name in ROLES}
    for row in TABLE:
        for deal in deals_of(world, row):
            if row.post is None or deal is None or not may(row, role, deal):
                continue
            path = world.path(row, deal)
            mine = world.browser("anonymous") if row.endpoint == "auth.sign_in" else browsers[role]
            form = {**token_of(mine.get("/login")), **what_was_shown(mine, row, path), **row.form(deal)}
            strangers = [name for name in ROLES if not may(row, name, deal)] if world.rule(row).arguments else []
            before = contents(world.app) if strangers else {}
            for other in strangers:
                wanted = expected(row, world.rule(row), other, deal, "POST")
                own_token = token_of(browsers[other].get("/login"))["csrf_token"]
                watch.wrote()
                answer = browsers[other].post(path, data=form | {"csrf_token": own_token})
                if status_of(answer, other) != wanted or watch.wrote():
                    wrong.append(f"{other} could send {role}'s form to {path}: {answer.status_code}, not {wanted}")
                answer = browsers[other].post(path, data=form)
                if status_of(answer, other) not in (303, 403):
                    wrong.append(f"{other} could send {role}'s form and token to {path}: {answer.status_code}")
            if strangers and contents(world.app) != before:
                wrong.append(f"somebody's sending of {role}'s form to {path} changed something")
            answer = mine.post(path, data=form)
            if answer.status_code != row.post:
                wrong.append(f"{role} POST {path}: {answer.status_code} instead of {row.post}")
    watch.connection.close()
    assert not wrong, "\n" + "\n".join(wrong)


# ---------------------------------------------------------------- the wrong moment

NO_STEPS = ("nonsense", "slip", "pack.zip", "APPLY", "apply ")
STEPS = sorted({step.name for step in flow.STEPS})
TURNS = [(side, state) for side in ("buyer", "seller") for state in State]


def names_to_try(side: str, state: State, open_steps: set[str]) -> list[str]:
    """What is open here, what is no step, and a share of the others: all of them between all states. That no state has
    a step which the table doesn't give it is tests/unit/test_flow.py's to prove, for each of them."""
    turn = list(State).index(state) + (2 if side == "buyer" else 0)  # some are open to both sides in a state
    share = [name for shift in (0, 4, 9) for name in STEPS[(turn + shift) % len(State) :: len(State)]]
    return list(dict.fromkeys([*sorted(open_steps), *NO_STEPS, *share]))


def test_every_step_is_tried_where_it_is_not_open() -> None:
    tried: set[str] = set()
    for side, state in TURNS:
        open_steps = {step.name for step in flow.open_steps("exchange", state, Actor(side))}
        tried |= set(names_to_try(side, state, open_steps)) - open_steps
    assert set(STEPS) <= tried


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_steps_that_this_state_does_not_have(app: Flask, cast: Cast, now: object, side: str, state: State) -> None:
    """Names of steps in every state, by their own address: 409 unless the table has it, and the case stays."""
    case = cast.until(state)
    case_id, version, url = case.id, case.version, f"{'/seller' if side == 'seller' else ''}/cases/{case.case_no}"
    open_steps = {step.name for step in flow.open_steps("exchange", state, Actor(side))}
    browser = sign_in(app, side)
    token = token_of(browser.get("/login"))["csrf_token"]
    for name in names_to_try(side, state, open_steps):
        wanted = 200 if name in open_steps or name == "pack.zip" or (name, side) == ("slip", "buyer") else 409
        assert browser.get(f"{url}/{name}").status_code == wanted, name
        if name in open_steps or name == "nonsense":
            assert browser.head(f"{url}/{name}").status_code == wanted, name
        if name not in open_steps:
            answer = browser.post(f"{url}/{name}", data={"csrf_token": token})
            assert answer.status_code == 409, name
            db.session.rollback()
            found = db.session.get_one(Case, case_id, populate_existing=True)
            assert (found.state, found.version) == (state, version), name


OPEN: dict[tuple[str, str], list[str]] = {}
for _step in flow.STEPS:
    if _step.source and _step.actor != "clock" and _step.name not in OPEN.setdefault((_step.actor, _step.source), []):
        OPEN[_step.actor, _step.source].append(_step.name)


@pytest.mark.parametrize(("side", "state"), OPEN)
def test_steps_sent_without_their_forms(app: Flask, cast: Cast, now: object, side: str, state: str) -> None:
    """The table has the step, but nothing that it needs was sent: taken or refused, never a crash."""
    case = cast.until(state)
    if side == "mediator":
        case = cast.mediated(case)
    browser = sign_in(app, side)
    token = token_of(browser.get("/login"))["csrf_token"]
    where = {"buyer": "/cases", "seller": "/seller/cases", "mediator": "/mediation"}[side]
    url = f"{where}/{case.case_no}"
    with replayed(app) as turn_back:
        for name in OPEN[side, state]:
            status = browser.post(f"{url}/{name}", data={"csrf_token": token}).status_code
            assert status in (303, 409, 422), name
            if status == 303:
                turn_back()


@contextmanager
def replayed(app: Flask) -> Iterator[Callable[[], None]]:
    """A function that makes the database what it is now."""
    db.session.remove()
    file = app.extensions["portal_settings"].data / "portal.db"
    with closing(sqlite3.connect(file)) as own, closing(sqlite3.connect(":memory:")) as kept:
        own.execute("PRAGMA synchronous=OFF")
        own.backup(kept)

        def turn_back() -> None:
            db.session.remove()
            kept.backup(own)

        yield turn_back


# ---------------------------------------------------------------- what leaks


def marked(name: str) -> str:
    """A text that nobody else may ever see."""
    return "" if name in ("buyer", "seller") else f"〔{name}-秘密〕"


LINK = re.compile(r'(?:href|src|action|hx-get|data-poll)="(/[^"#]*)')


def said_by(answer: TestResponse) -> str:
    """An answer's text; that of a ZIP is everything in it."""
    if not answer.data.startswith(b"PK"):  # a workbook is a ZIP too
        return answer.get_data(as_text=True)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as pack:
        return "\n".join(pack.read(name).decode() for name in pack.namelist())


def crawl(browser: FlaskClient, *starts: str) -> dict[str, str]:
    """Every page that can be reached by links and forms' addresses, and what stands in it."""
    found: dict[str, str] = {}
    waiting = list(starts)
    while waiting:
        path = waiting.pop()
        if path in found or path.startswith("/static/") or len(found) > 300:
            continue
        answer = browser.get(path)
        assert answer.status_code < 500, path
        found[path] = said_by(answer) + str(answer.headers)
        waiting += [link.replace("&amp;", "&") for link in LINK.findall(found[path])]
        if answer.status_code in (302, 303):
            waiting.append(answer.location)
    return found


@pytest.mark.parametrize(
    ("role", "mine", "others"),
    [
        # who it is, whose marks may be seen, whose never
        ("buyer", set(), {"buyer2", "seller2", "both"}),
        ("seller", {"both"}, {"buyer2", "seller2"}),
        ("both", {"both", "buyer2"}, {"seller2"}),
        ("mediator", {"both", "buyer2", "seller2"}, set()),
    ],
)
def test_nothing_of_others_is_on_any_page(app: Flask, now: object, role: str, mine: set[str], others: set[str]) -> None:
    """Every word, file and name of the others is marked; then everything that can be reached is read."""
    world = World.make(app, marked)
    pages = crawl(
        world.browser(role), "/", "/me", "/orders", "/cases", "/messages", "/notices", "/seller", "/mediation"
    )
    assert len(pages) > 12, sorted(pages)
    for path, text in pages.items():
        for other in others:
            assert marked(other) not in text, f"{role} sees something of {other} at {path}"
        assert role != "seller" or "草稿〔" not in text, f"the seller sees what is being written at {path}"
        for deal in world.deals:
            if role not in (deal.buyer, deal.seller, "mediator"):
                for name in ("order_no", "case_no", "public_id"):
                    assert deal.values[name] not in text, f"{role} sees {name} of {deal.buyer} at {path}"
    for other in mine:
        assert any(marked(other) in text for text in pages.values()), f"the marks of {other} should be somewhere"


def test_another_shops_specification_cannot_be_asked_for(app: Flask, now: object) -> None:
    """The number of a specification is easily guessed; only those of the order's own product may be chosen."""
    world = World.make(app, marked)
    deal = world.deals[0]
    browser = world.browser("buyer")
    row = next(row for row in ROWS if row.endpoint == "buyer.apply_details")
    own = db.session.scalars(
        select(Sku.id)
        .join(OrderLine, OrderLine.product_id == Sku.product_id)
        .where(OrderLine.id == deal.line_id, Sku.spec == "白色;L")
    ).one()
    foreign = db.session.scalars(select(Sku.id).where(Sku.spec.contains(marked("seller2")))).all()
    assert foreign
    for sku_id in (own, *foreign):
        form = {**row.form(deal), **token_of(browser.get("/login")), f"sku_{deal.line_id}": str(sku_id)}
        assert browser.post(world.path(row, deal), data=form).status_code == 303
        page = browser.get(f"/orders/{deal.values['order_no']}/apply/check")
        assert page.status_code == 200
        assert ("换成：白色;L" in page.text) == (sku_id == own)
        assert marked("seller2") not in page.text


def test_another_persons_photos_cannot_be_taken(own_world: World) -> None:
    """Photos are named by random numbers; knowing one is not owning it."""
    world = own_world
    mine, theirs = world.deals[0], world.deals[1]
    browser = world.browser("buyer")
    token = token_of(browser.get("/login"))
    before = db.session.execute(select(Evidence.public_id, Evidence.message_id, Evidence.draft_id)).all()
    kept = list(theirs.photos.values())
    order = f"/orders/{mine.values['order_no']}"
    browser.post(f"{order}/contact", data={**token, "words": "看图", "photos_kept": kept})
    details = next(row for row in ROWS if row.endpoint == "buyer.apply_details").form(mine)
    browser.post(f"{order}/apply/details", data={**token, **details, "photos_kept": kept, "drop_photo": kept})
    db.session.rollback()
    assert db.session.execute(select(Evidence.public_id, Evidence.message_id, Evidence.draft_id)).all() == before


def test_reading_one_s_notices_leaves_those_of_others(own_world: World) -> None:
    world = own_world
    unread = select(Notice.user_id, func.count()).where(Notice.read_at.is_(None)).group_by(Notice.user_id)
    before = dict(db.session.execute(unread).all())
    assert len(before) > 1
    browser = world.browser("seller")
    browser.post("/seller/notices", data=token_of(browser.get("/login")))
    db.session.rollback()
    me = db.session.scalars(select(User.id).where(User.member_name == "seller")).one()
    assert dict(db.session.execute(unread).all()) == {who: number for who, number in before.items() if who != me}
