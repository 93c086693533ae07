"""Pieces that are kept rendered say what the data says now, and only what their key says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, g
from jinja2 import Environment, TemplateSyntaxError, nodes

from portal.extensions import db, writing
from portal.models import Case, CaseLine, Order, OrderLine, Product, Shop
from portal.web.kept import CONSTANT, OF_THE_CLOCK, PLAIN, Kept
from tests.cast import Cast, sign_in
from tests.conftest import NOW, Clock


@pytest.fixture
def env() -> Environment:
    return Environment(extensions=[Kept], autoescape=True, auto_reload=False)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{% kept card %}{{ card }}{{ who.member_name }}{% endkept %}", "who"),
        ("{% kept card.id %}{{ card.words }}{% endkept %}", "card"),
        ("{% kept card %}{% if now > card %}x{% endif %}{% endkept %}", "now"),
        ("{% kept card %}{{ csrf_token() }}{% endkept %}", "csrf_token"),
        ("{% kept card %}{{ g.who }}{{ request.path }}{% endkept %}", "g, request"),
        ("{% kept card %}{{ ui.left(card) }}{% endkept %}", "ui"),
        ("{% kept card %}{{ card|left }}{% endkept %}", "clock"),
        ("{% kept card %}{% include 'x.html' %}{% endkept %}", "whole"),
    ],
)
def test_a_piece_that_reads_more_than_its_key_is_no_template(env: Environment, source: str, problem: str) -> None:
    env.filters["left"] = str
    with pytest.raises(TemplateSyntaxError, match=problem):
        env.from_string(source)


def test_each_value_has_its_own_piece_and_few_are_kept(app: Flask, env: Environment) -> None:
    env.kept_most = 8  # type: ignore[attr-defined]
    made: list[object] = []
    env.filters["note"] = lambda value: made.append(value) or value
    template = env.from_string(
        "{% kept one, two %}{% set twice = one ~ one %}{{ one|note }}{{ two }}{{ twice }}{% endkept %}"
    )
    g.now = NOW
    assert template.render(one="<", two=1) == "&lt;1&lt;&lt;" == template.render(one="<", two=1)
    assert template.render(one="<", two=2) == "&lt;2&lt;&lt;"
    assert made == ["<", "<"]
    for number in range(100):
        template.render(one=number, two=0)
    assert len(env.extensions["portal.web.kept.Kept"]._pieces) <= 8  # type: ignore[attr-defined]


def test_a_moment_is_written_with_its_year_in_another_one(app: Flask, cast: Cast, now: Clock) -> None:
    cast.open_case(cast.order())
    client = sign_in(app, "buyer")
    assert "2026年" not in client.get("/orders").text
    now.forward(days=60)
    assert "2026年" in sign_in(app, "buyer").get("/orders").text


CHANGES = {
    "shop": lambda order: db.update(Shop).where(Shop.id == order.shop_id).values(name="改名的店"),
    "title": lambda order: db.update(OrderLine).where(OrderLine.order_id == order.id).values(title="改名的货"),
    "price": lambda order: db.update(OrderLine).where(OrderLine.order_id == order.id).values(unit_price_fen=98_765),
    "paid": lambda order: db.update(Order).where(Order.id == order.id).values(paid_fen=4_321_00),
    "status": lambda order: db.update(Order).where(Order.id == order.id).values(status="in_transit"),
    "picture": lambda order: db.update(Product).where(Product.shop_id == order.shop_id).values(picture="p" * 22),
    "deadline": lambda order: db.update(Case).where(Case.order_id == order.id).values(due_at=NOW + timedelta(days=9)),
}
WORDS = {
    "shop": "改名的店",
    "title": "改名的货",
    "price": "¥987.65",
    "paid": "¥4,321.00",
    "status": "待收货",
    "picture": "p" * 22,
    "deadline": "12月2日 10:00",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_card_says_what_changed_at_once_whatever_was_counted(app: Flask, cast: Cast, now: Clock, change: str) -> None:
    """No version is bumped here: a card stands for its own words and numbers."""
    order = cast.order()
    cast.open_case(order)
    db.session.rollback()
    client = sign_in(app, "buyer")
    shown = client.get("/orders").text.split('id="cards"')[1]
    assert WORDS[change] not in shown and client.get("/orders").text.split('id="cards"')[1] == shown
    with writing():
        db.session.execute(CHANGES[change](order))
    assert WORDS[change] in client.get("/orders").text.split('id="cards"')[1]


def test_nobody_gets_the_card_of_another(app: Flask, cast: Cast, now: Clock) -> None:
    mine, other = cast.order(title="我的货"), cast.order(buyer=cast.buyer2, title="别人的货")
    numbers = mine.order_no, other.order_no
    pages = [sign_in(app, name).get("/orders").text for name in ("buyer", "buyer2", "buyer")]
    for page, (own, strange) in zip(pages, (numbers, numbers[::-1], numbers), strict=True):
        assert own in page and strange not in page


def test_a_row_of_the_queue_says_the_time_that_is_left_now(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.open_case(cast.order())
    case_no, due_at = case.case_no, case.due_at
    assert due_at is not None
    db.session.rollback()
    shown = []
    for hours in (20, 3, -2):
        now.at = due_at - timedelta(hours=hours)
        page = sign_in(app, "seller").get("/seller?tab=applied").text
        shown.append(page.split(f">{case_no}</a>")[1].split("</tr>")[0])
    assert "还剩 20 小时" in shown[0] and "soon" in shown[0]
    assert "还剩 3 小时" in shown[1] and "soon" in shown[1]
    assert "已超时 2 小时" in shown[2] and "over" in shown[2]
    with writing():
        db.session.execute(db.update(Case).values(goods="改了的货", reason="size_wrong"))
    assert "改了的货" in sign_in(app, "seller").get("/seller?tab=applied").text


def test_rows_with_dicts_and_lists_are_told_apart_by_what_is_in_them(app: Flask, env: Environment) -> None:
    g.now = NOW
    made: list[object] = []
    env.filters["note"] = lambda value: made.append(value) or value
    template = env.from_string("{% kept row %}{{ row[0]|note }}{% endkept %}")
    rows: list[object] = [({"a": 1},), ({"a": True},), ({"a": "1"},), ({"a": [1, 2]},), ({"a": (1, 2)},), ({"b": 1},)]
    first = [template.render(row=row) for row in rows]
    assert [template.render(row=row) for row in rows] == first and made == [row[0] for row in rows]  # type: ignore[index]


def test_a_piece_calls_only_macros_that_write_what_they_are_given(env: Environment) -> None:
    env.from_string("{% kept pairs %}{{ ui.facts(pairs) }}{% endkept %}")
    with pytest.raises(TemplateSyntaxError, match="ui"):
        env.from_string("{% kept pairs %}{{ ui.facts(pairs) }}{{ ui }}{% endkept %}")
    with pytest.raises(TemplateSyntaxError, match="ui"):
        env.from_string("{% kept pairs %}{{ ui.facts(pairs) }}{{ ui.form(pairs) }}{% endkept %}")


def test_the_macros_of_pieces_read_their_arguments_and_nothing_else(app: Flask) -> None:
    source = (Path(app.root_path).parent / "templates" / "ui.html").read_text("utf-8")
    macros = {each.name: each for each in app.jinja_env.parse(source).find_all(nodes.Macro)}
    assert set(macros) >= PLAIN
    for name in PLAIN:
        own = [each.name for each in macros[name].find_all(nodes.Name) if each.ctx in ("param", "store")]
        read = {each.name for each in macros[name].find_all(nodes.Name) if each.ctx == "load"}
        assert read <= {*own, *CONSTANT, "loop"} | PLAIN, name
        assert not {each.name for each in macros[name].find_all(nodes.Filter)} & OF_THE_CLOCK, name


PAGES = {"buyer": "/cases/{}", "seller": "/seller/cases/{}"}
OF_A_CASE = {
    "title": (lambda case: db.update(CaseLine).where(CaseLine.case_id == case).values(title="改名的货"), "改名的货"),
    "word": (lambda case: db.update(Case).where(Case.id == case).values(description="改了的描述"), "改了的描述"),
    "snapshot": (
        lambda case: db.update(OrderLine).values(snapshot={"商品名称": "快照里改了"}),
        "快照里改了",
    ),
}


@pytest.mark.parametrize("change", OF_A_CASE)
@pytest.mark.parametrize("who", PAGES)
def test_a_case_says_what_changed_at_once(app: Flask, cast: Cast, now: Clock, who: str, change: str) -> None:
    case = cast.open_case(cast.order())
    case_id, case_no = case.id, case.case_no
    db.session.rollback()
    client = sign_in(app, who)
    make, said = OF_A_CASE[change]
    for _ in range(2):
        assert said not in client.get(PAGES[who].format(case_no)).text
    with writing():
        db.session.execute(make(case_id))
    assert said in client.get(PAGES[who].format(case_no)).text
