"""Ids in addresses and forms: whatever stands where a number is expected, no page breaks."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st

import portal
from portal import inputs
from tests.cast import token_of
from tests.web.matrix import QA, ROLES, ROWS, Row, World, may

HOSTILE = ("²", "p²", "1" * 5_000)
ASKED = re.compile(r'(?:args\.get|read_key|read_id|args)[(\[]"(\w+)"')
READ = [row for row in ROWS if row.get == 200 and row.who is not QA]
ROOMS = ("auth", "buyer", "consumer", "mediation", "operator", "seller", "web")


@given(st.one_of(st.text(max_size=20), st.text("0123456789²１١_+- \n", max_size=20)))
@example("9" * 18)
@example("1\n")
def test_an_id_is_ascii_digits_that_a_database_can_hold(raw: str) -> None:
    digits = set(raw) <= set("0123456789") and 0 < len(raw) <= 18
    assert inputs.read_id(raw) == (int(raw) if digits else None)


def names_asked(world: World, row: Row) -> list[str]:
    """What the module of this page reads from an address."""
    source = inspect.getsource(inspect.getmodule(world.app.view_functions[row.endpoint]))  # type: ignore[arg-type]
    return sorted({*ASKED.findall(source), "after", "before"})


@pytest.fixture(scope="module")
def browsers(world: World) -> dict[str, FlaskClient]:
    return {role: world.browser(role) for role in ROLES}


@pytest.mark.parametrize("row", READ, ids=lambda row: row.endpoint)
def test_no_address_breaks_a_page(world: World, browsers: dict[str, FlaskClient], row: Row) -> None:
    role, deal = next((role, deal) for deal in world.deals for role in ROLES if may(row, role, deal))
    path = world.path(row, deal)
    wrong = []
    for name in names_asked(world, row):
        for text in HOSTILE:
            status = browsers[role].get(path, query_string={name: text}).status_code
            if status >= 500:
                wrong.append(f"{path}?{name}={text[:20]}: {status}")
    assert not wrong


@pytest.mark.parametrize(
    ("endpoint", "names"),
    [
        ("seller.order_doubts", ("doubt", "after")),
        ("seller.product_remedies", ("minutes",)),
        ("seller.customer", ("remove",)),
        ("seller.confirm_many", ("payment",)),
        ("auth.choose_desk", ("shop",)),
        ("buyer.apply", ("line",)),
    ],
)
@pytest.mark.parametrize("text", [*HOSTILE, "1" * 4_400 + ":1"], ids=lambda text: text[:4])
def test_no_number_in_a_form_breaks_it(
    world: World, browsers: dict[str, FlaskClient], endpoint: str, names: tuple[str, ...], text: str
) -> None:
    row = next(row for row in ROWS if row.endpoint == endpoint)
    role, deal = next((role, deal) for deal in world.deals for role in ROLES if may(row, role, deal))
    token = token_of(browsers[role].get("/login"))
    answer = browsers[role].post(world.path(row, deal), data={**token, **dict.fromkeys(names, text)})
    assert answer.status_code < 500


def test_ids_are_read_in_one_place() -> None:
    """``isdigit`` also takes ``²``, which ``int`` refuses, and ``int`` refuses what has more than 4,300 digits."""
    here = Path(portal.__file__).parent
    found = [
        f"{path.relative_to(here)}: {line.strip()}"
        for room in ROOMS
        for path in sorted((here / room).glob("*.py"))
        for line in path.read_text().splitlines()
        if re.search(r"\.(isdigit|isdecimal)\(\)", line)
    ]
    assert [line.partition(":")[0] for line in found] == ["seller/forms.py", "seller/steps.py"], found
