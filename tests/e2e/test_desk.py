"""The seller's queue in a browser: what a key says that isn't allowed, how many rows are in sight."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from portal.calendar import clock
from portal.extensions import db
from tests.cast import Cast
from tests.conftest import make_app
from tests.e2e.conftest import KINDS, World, serving
from tests.e2e.pages import Person

TWENTY = 20


@pytest.fixture
def busy(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[World, Cast]]:
    """A shop with twenty applications and some more things to do."""
    app = make_app(tmp_path / "data", sqlite_template)
    with app.app_context():
        cast = Cast.make(clock.now())
        for number in range(TWENTY):
            cast.open_case(now=cast.now - timedelta(minutes=TWENTY - number))
        cast.until("reshipping")
        db.session.remove()
    with serving(app) as world:
        yield world, cast


def opened(browser: Browser, world: World, kind: str = "desk", **more: Any) -> Page:
    context = browser.new_context(base_url=world.url, locale="zh-CN", **{**KINDS[kind], **more})
    context.set_default_timeout(10_000)
    page = context.new_page()
    Person(page).signs_in("seller", "/seller")
    page.goto("/seller?tab=applied")
    return page


def test_a_key_that_is_not_allowed_says_why_and_help_lists_them(browser: Browser, busy: tuple[World, Cast]) -> None:
    page = opened(browser, busy[0])
    page.goto("/seller?tab=reshipping")
    page.locator(".open").first.click()
    page.locator("#case").wait_for()
    for key, step in (("a", "同意"), ("r", "拒绝"), ("e", "请补充凭证")):
        page.keyboard.press(key)
        assert f"现在不能{step}" in page.locator("#why-not").inner_text()
    page.keyboard.press("?")
    assert page.get_by_role("dialog").get_by_text("撤回刚才的处理").is_visible()


def test_eighteen_rows_of_36_px_are_in_sight_at_1280_by_800(browser: Browser, busy: tuple[World, Cast]) -> None:
    page = opened(browser, busy[0])
    page.goto("/seller")
    boxes = [row.bounding_box() for row in page.locator("#rows tr").all()]
    assert {round(box["height"]) for box in boxes if box} == {36}
    assert sum(1 for box in boxes if box and box["y"] + box["height"] <= 800) >= 18
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
