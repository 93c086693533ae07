"""What is kept under a version says what the tables say."""

from __future__ import annotations

import random
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.applications import goods
from portal.cases import shop_queue
from portal.extensions import db, writing
from portal.models import Order, Policy, Shop
from portal.orders import order_lists
from portal.rights import guarantees, kept_policies, policies
from portal.versioned import Versioned
from tests.cast import Cast
from tests.conftest import NOW, make_app

CODES = [each.code for each in guarantees.GUARANTEES]
BEST = ["seller", "negotiated", "buyer"]
EXCLUDED = ["定制", "样衣", "HH-100", "尾货"]


@pytest.mark.parametrize("seed", range(3))
def test_terms_of_kept_policies_are_the_tables(both: Flask, cast_both: Cast, seed: int) -> None:
    chance = random.Random(seed)
    order = cast_both.order(received_at=NOW)
    for _ in range(6):
        with writing():  # also by a clock that went back
            newest = db.session.scalar(db.select(db.func.max(Policy.version)).where(Policy.shop_id == cast_both.shop))
            db.session.add(
                Policy(
                    shop_id=cast_both.shop,
                    version=(newest or 0) + 1,
                    window_days=chance.randint(7, 30),
                    hidden_days=chance.randint(7, 180),
                    guarantees=",".join(chance.sample(CODES, chance.randint(0, 3))),
                    excluded=chance.sample(EXCLUDED, chance.randint(0, 3)),
                    special_freight=chance.choice(BEST),
                    created_by=chance.choice([None, cast_both.seller]),
                    created_at=NOW + timedelta(days=chance.randint(-40, 40)),
                )
            )
        row = order_lists.load_for_buyer(order.order_no, cast_both.buyer)
        assert row is not None
        versions = kept_policies.list_versions(row.shop_id, row.newest_policy)
        current = policies.get_current(cast_both.shop)
        assert versions[0] == tuple(getattr(current, column.key) for column in Policy.__table__.c)
        for moment in (NOW + timedelta(days=day) for day in range(-45, 46, 5)):
            bought = SimpleNamespace(shop_id=cast_both.shop, ordered_at=moment, imported_at=NOW, received_at=None)
            floor = kept_policies.find_floor(versions, policies.find_promised_since(bought))
            assert kept_policies.find_promised(versions, floor) == policies.get_promised(bought)
        _check_nothing_is_taken(order)
    other = cast_both.order(shop=cast_both.shop2)
    row = order_lists.load_for_buyer(other.order_no, cast_both.buyer)
    assert row is not None
    assert {each.shop_id for each in kept_policies.list_versions(row.shop_id, row.newest_policy)} == {cast_both.shop2}


def _check_nothing_is_taken(order: Order) -> None:
    """Whatever the shop has promised since goods were bought still holds for them, and what was let in stays in."""
    query = db.select(Policy).where(Policy.shop_id == order.shop_id).order_by(Policy.version)
    known = db.session.scalars(query).all()
    in_force = max((each.version for each in known if each.created_at <= order.ordered_at), default=1)
    held = goods.get_policy_for(order)
    for then in (goods.describe_policy(each) for each in known if each.version >= in_force):
        assert held.window_days >= then.window_days and held.hidden_days >= then.hidden_days
        assert held.guarantees >= then.guarantees
        assert set(held.excluded) <= set(then.excluded)
        assert BEST.index(held.special_freight) <= BEST.index(then.special_freight)


def test_numbers_on_tabs_follow_the_shops_version(both: Flask, cast_both: Cast) -> None:
    def count(version: int | None) -> dict[str, int]:
        return shop_queue.count_tabs(cast_both.shop, NOW, version=version)

    def version() -> int:
        return int(db.session.scalar(db.select(Shop.version).where(Shop.id == cast_both.shop)) or 0)

    for state in ("applied", "inspecting", "completed", "withdrawn", "proposed"):
        before = version()
        assert count(before) == count(None)
        cast_both.until(state)
        db.session.rollback()
        assert version() != before
        assert count(version()) == count(None)
    assert count(version())["mine"] > 0
    assert shop_queue.count_tabs(cast_both.shop2, NOW, version=version())["mine"] == 0


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3)), max_size=60))
def test_nobody_gets_what_stands_under_another_key(app: Flask, asked: list[tuple[int, int]]) -> None:
    kept: Versioned[str] = Versioned("tried", most=8)
    for who, version in asked:
        assert kept.find((who, version), partial("{} {}".format, who, version)) == f"{who} {version}"


def test_each_app_keeps_its_own(app: Flask, tmp_path: Path, sqlite_template: Path) -> None:
    kept: Versioned[str] = Versioned("tried_too")
    assert kept.find(1, lambda: "one") == kept.find(1, lambda: "never") == "one"
    other = make_app(tmp_path / "other", sqlite_template)
    with other.app_context():
        assert kept.find(1, lambda: "another") == "another"
        db.session.remove()
        db.engine.dispose()
