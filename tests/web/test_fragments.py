"""A page and its parts are the same page: what htmx asks for by HX-Target is the element of the whole page.

The pages are those of the table in tests/web/matrix.py, so that a new page is looked at as soon as it has its row.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, tostring

import pytest
from flask.testing import FlaskClient

from tests.cast import token_of
from tests.web.inspector import CHANGING, WHOLE, elements, name_of, parse
from tests.web.matrix import (
    BUYER,
    CONSUMER,
    MEDIATOR,
    MEDIATORS,
    OPERATORS,
    PARTY,
    QA,
    RESELLER,
    ROWS,
    SELLER,
    SHOP,
    SIGNED_IN,
    WITNESS,
    Deal,
    Row,
    World,
)

FIGURES = "metrics.show_metrics"  # no page, and each request counts itself in the next answer
LOOKS = [
    row for row in ROWS if row.get == 200 and row.who not in (PARTY, QA) and not row.counted and row.endpoint != FIGURES
]
SENDS = [row for row in ROWS if row.get == 200 and row.post and row.who is not QA]


@pytest.fixture(scope="module")
def browsers(world: World) -> dict[str, FlaskClient]:
    return {role: world.browser(role) for role in ROLES}


ROLES = ("anonymous", "consumer", "buyer", "seller", "both", "mediator", "operator")
READERS = {
    CONSUMER: "consumer",
    SHOP: "seller",
    SELLER: "seller",
    BUYER: "buyer",
    SIGNED_IN: "buyer",
    WITNESS: "buyer",
    RESELLER: "both",
    MEDIATOR: "mediator",
    MEDIATORS: "mediator",
    OPERATORS: "operator",
}


def deal_of(world: World, row: Row) -> Deal:
    """A deal whose page this reader may open."""
    return next(deal for deal in world.deals if row.who is not RESELLER or deal.buyer == "both")


def read_role(row: Row) -> str:
    """A role that may open this page of that deal."""
    return READERS.get(row.who, "anonymous")


def reader(browsers: dict[str, FlaskClient], row: Row) -> FlaskClient:
    return browsers[read_role(row)]


def element(tree: Element, name: str) -> str:
    """The element with this id as text, without what is new in each answer."""
    found = next((inner for inner in elements(tree) if inner.get("id") == name), None)
    if found is None:
        return ""
    found.tail = ""
    return CHANGING.sub("", tostring(found, encoding="unicode"))


def title(tree: Element) -> str:
    return next((name_of(found) for found in elements(tree, "title")), "")


def compare(whole: str, part: str, target: str) -> None:
    """The part is the element of the whole page with this id, under the same title."""
    page, _ = parse(whole)
    if WHOLE.match(part):
        printed = 'class="slip"' in whole  # its page block stands in print.html: a whole page is as good an answer
        assert target != "page" or printed, "the block `page` is missing"
        assert CHANGING.sub("", part) == CHANGING.sub("", whole)
        return
    fragment, _ = parse(part)
    assert element(fragment, target) == element(page, target)
    assert title(fragment) == title(page)
    assert len(part) < len(whole)
    rest = [inner.tag for inner in fragment if inner.get("id") != target and inner.tag != "title"]
    assert not rest, f"{rest} beside #{target}"


@pytest.mark.parametrize("row", LOOKS, ids=lambda row: row.endpoint)
def test_a_part_is_the_same_as_in_the_page(world: World, browsers: dict[str, FlaskClient], row: Row) -> None:
    browser, path = reader(browsers, row), world.path(row, deal_of(world, row))
    whole = browser.get(path)
    if whole.mimetype != "text/html" or not WHOLE.match(whole.text):
        pytest.skip("no whole page")
    ids = [str(found.get("id")) for found in elements(parse(whole.text)[0]) if found.get("id")]
    assert "page" in ids
    for target in [*ids, "nothing-like-it", "title", "head"]:
        part = browser.get(path, headers={"HX-Request": "true", "HX-Target": target})
        assert part.status_code == 200
        assert "HX-Request" in part.headers["Vary"]
        compare(whole.text, part.text, target)


@pytest.mark.parametrize("row", LOOKS, ids=lambda row: row.endpoint)
@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Target": "page"},
        {"HX-Request": "true"},
        {"HX-Request": "true", "HX-Target": "page", "HX-History-Restore-Request": "true"},
    ],
    ids=["not htmx", "no target", "history"],
)
def test_the_whole_page_when_no_part_is_asked_for(
    world: World, browsers: dict[str, FlaskClient], row: Row, headers: dict[str, str]
) -> None:
    browser, path = reader(browsers, row), world.path(row, deal_of(world, row))
    whole, other = browser.get(path), browser.get(path, headers=headers)
    if whole.headers.get("Content-Disposition", "").startswith("attachment"):
        assert other.data == whole.data
    else:
        assert CHANGING.sub("", other.text) == CHANGING.sub("", whole.text)


@pytest.mark.parametrize("row", SENDS, ids=lambda row: row.endpoint)
def test_a_refused_form_is_the_same_as_in_the_page(own_world: World, row: Row) -> None:
    """An incomplete form is answered with 422 and the form: whole, and as the part that htmx swaps."""
    world = own_world
    browser, path = world.browser(read_role(row)), world.path(row, deal_of(world, row))
    form = {**token_of(browser.get("/login")), "form_key": "", "quantity": "x"}
    first = browser.post(path, data=form)
    if first.status_code != 422:
        pytest.skip("nothing can be missing in it")
    part = browser.post(path, data=form, headers={"HX-Request": "true", "HX-Target": "page"})
    assert part.status_code == 422
    assert title(parse(first.text)[0]).count("错误：") == 1
    compare(first.text, part.text, "page")


def test_errors_have_the_same_part(world: World, browsers: dict[str, FlaskClient]) -> None:
    for path in ("/nowhere", "/cases/HH99010100000000", "/seller"):
        whole = browsers["buyer"].get(path)
        part = browsers["buyer"].get(path, headers={"HX-Request": "true", "HX-Target": "page"})
        assert part.status_code == whole.status_code == 404
        compare(whole.text, part.text, "page")
