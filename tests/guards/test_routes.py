"""Every route: signed out it asks for signing in or isn't there; a GET changes nothing; no answer is a crash."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.extensions import Model, db
from portal.models import Case, Order, OrderLine
from tests.cast import Cast, sign_in

OPEN_TO_ALL = {
    "auth.sign_in",
    "auth.sign_out",
    "auth.give_code",
    "auth.forgot",
    "auth.reset",
    "consumer.enter",
    "health.live",
    "health.ready",
    "metrics.show_metrics",
}


def addresses(app: Flask, method: str, **known: str) -> list[tuple[str, str]]:
    """(endpoint, address) of every route of this method, with known things put in."""
    from portal import buyer

    found = []
    for rule in app.url_map.iter_rules():
        if method not in (rule.methods or set()) or rule.endpoint in OPEN_TO_ALL | buyer.public:
            continue
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda m: known.get(m[1], "1"), rule.rule)
        found.append((rule.endpoint, path))
    return found


def rows(app: Flask) -> dict[str, int]:
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in Model.metadata.sorted_tables
        if table.name != "rate_counts"  # how often somebody has looked
    }


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_signed_out_every_route_asks_or_is_not_there(app: Flask, cast: Cast, method: str) -> None:
    client = app.test_client()
    for endpoint, path in addresses(app, method):
        answer = client.open(path, method=method)
        assert answer.status_code in (303, 401, 403, 404), (endpoint, answer.status_code)
        if answer.status_code == 303:
            assert answer.location.startswith("/login"), (endpoint, answer.location)


@pytest.mark.parametrize("person", ["buyer", "buyer2", "seller", "seller2"])
def test_no_get_changes_anything_or_crashes(app: Flask, cast: Cast, person: str) -> None:
    order = cast.order(lines=2)
    case = cast.open_case(order)
    line = db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id)).first()
    known = {
        "order_no": order.order_no,
        "case_no": case.case_no,
        "step_name": "agree",
        "line_id": str(line),
        "shop_id": str(cast.shop),
    }
    client = sign_in(app, person)
    before = (
        rows(app),
        db.session.execute(select(Case.version, Order.version).join(Order, Order.id == Case.order_id)).all(),
    )
    for endpoint, path in addresses(app, "GET", **known):
        answer = client.get(path)
        assert answer.status_code < 500, (endpoint, path, answer.status_code)
        assert "Content-Security-Policy" in answer.headers
        db.session.rollback()
    after = (
        rows(app),
        db.session.execute(select(Case.version, Order.version).join(Order, Order.id == Case.order_id)).all(),
    )
    assert after == before


@pytest.mark.parametrize("stranger", ["buyer2", "seller2"])
def test_strangers_see_nothing_of_an_order_or_case(app: Flask, cast: Cast, stranger: str) -> None:
    order = cast.order()
    case = cast.open_case(order)
    client = sign_in(app, stranger)
    for endpoint, path in addresses(app, "GET", order_no=order.order_no, case_no=case.case_no, step_name="withdraw"):
        if order.order_no in path or case.case_no in path:
            assert client.get(path).status_code == 404, endpoint
