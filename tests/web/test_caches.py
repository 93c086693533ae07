"""What a process keeps to be quicker is bounded: nothing that people type makes it grow."""

from __future__ import annotations

import ast
import gc
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Any

from flask import Flask

import portal
from portal.versioned import Versioned
from tests.cast import Cast, sign_in
from tests.conftest import Clock

CODE = Path(portal.__file__).parent
# Functions that keep every answer, each asked by a closed set: columns of statements, tabs, states of a role, nothing.
CLOSED = {"_type_of", "_prepare_page", "_prepare_counts", "build_list", "build_counts", "_names", "_codes", "most_used"}
CLOSED |= {"_make_list"}
TYPED = ("tab", "sort", "after", "reason", "type", "carrier", "least", "older", "owner", "tag", "seen", "q")


def test_only_closed_sets_are_kept_without_an_end() -> None:
    found = set()
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                for each in node.decorator_list:
                    words = ast.unparse(each)
                    if words.endswith("cache") or "lru_cache(None" in words or "maxsize=None" in words:
                        found.add(node.name)
    assert found == CLOSED


def _count() -> dict[str, int]:
    """How many answers each function of the portal keeps."""
    kept: dict[str, int] = {}
    for each in gc.get_objects():
        if isinstance(each, _lru_cache_wrapper) and str(getattr(each, "__module__", "")).startswith("portal"):
            kept[f"{each.__module__}.{each.__name__}"] = each.cache_info().currsize
    return kept


def test_what_is_typed_into_addresses_is_not_kept(app: Flask, cast: Cast, now: Clock) -> None:
    cast.open_case()
    seller, buyer = sign_in(app, "seller"), sign_in(app, "buyer")

    def ask(round_: int) -> None:
        for name in TYPED[:-1]:
            seller.get("/seller", query_string={name: f"x{round_}"})
            buyer.get("/orders", query_string={name: f"x{round_}"})
        seller.get("/seller/orders", query_string={"q": f"x{round_}"})
        buyer.get("/orders", query_string={"q": f"x{round_}"})

    ask(0)
    before = _count()
    for round_ in range(1, 5):
        ask(round_)
    assert _count() == before


def test_the_oldest_go_first(app: Flask) -> None:
    kept: Versioned[list[int]] = Versioned("of_this_test", most=40)
    for number in range(500):
        assert kept.find(number, lambda number=number: [number]) == [number]  # type: ignore[misc]
    values: dict[Any, Any] = app.extensions["portal_of_this_test"]
    assert len(values) <= 40
    assert 499 in values
