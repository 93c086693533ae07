"""The seller's day, counted in clicks and keys: twenty simple approvals, with a look at the photos."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from portal.calendar import clock
from portal.cases import bulk_work, held
from portal.extensions import db
from portal.models import Case
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


class Counter:
    """A person whose clicks and keys are counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks, self.keys = page, 0, 0

    def click(self, target: Any) -> None:
        target.click()
        self.clicks += 1

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.keys += 1


def opened(browser: Browser, world: World, kind: str = "desk", **more: Any) -> Page:
    context = browser.new_context(base_url=world.url, locale="zh-CN", **{**KINDS[kind], **more})
    context.set_default_timeout(10_000)
    page = context.new_page()
    Person(page).signs_in("seller", "/seller")
    page.goto("/seller?tab=applied")
    return page


def count_agreed(world: World) -> int:
    with world.app.app_context():
        held.carry_out_due(clock.now() + held.HELD_FOR)
        found = db.session.scalar(db.select(db.func.count(Case.id)).where(Case.state == "returning"))
        db.session.remove()
    return int(found or 0)


@pytest.mark.parametrize("script", [True, pytest.param(False, marks=pytest.mark.nightly)])
def test_twenty_approvals_by_mouse_take_at_most_forty_clicks(
    browser: Browser, busy: tuple[World, Cast], script: bool
) -> None:
    page = opened(browser, busy[0], java_script_enabled=script)
    person = Counter(page)
    person.click(page.locator(".open").first)
    seen = []
    for _ in range(TWENTY):
        seen.append(page.locator("h1").inner_text())
        assert page.get_by_role("heading", name="申请内容").is_visible()
        person.click(page.get_by_role("button", name="同意", exact=True))
        page.wait_for_function(
            "was => document.querySelector('h1').innerText !== was", arg=seen[-1]
        ) if script else None
    page.locator("#page").get_by_text("这一列后面没有了").wait_for()
    assert len(set(seen)) == TWENTY and "tab=applied" in page.url
    assert person.clicks <= 40 and person.keys == 0
    assert count_agreed(busy[0]) == TWENTY


def test_twenty_approvals_by_keyboard_take_twenty_keys_and_one_to_open(
    browser: Browser, busy: tuple[World, Cast]
) -> None:
    page = opened(browser, busy[0])
    person = Counter(page)
    person.press("j")
    person.press("Enter")
    page.locator("#case").wait_for()
    for number in range(TWENTY):
        was = page.locator("h1").inner_text()
        person.press("a")
        page.wait_for_function("was => document.querySelector('h1').innerText !== was", arg=was)
        if number == 0:
            assert page.get_by_role("button", name="撤回").first.is_visible()
    page.locator("#page").get_by_text("这一列后面没有了").wait_for()
    assert person.keys == TWENTY + 2 and person.clicks == 0
    assert count_agreed(busy[0]) == TWENTY


def test_a_key_that_is_not_allowed_says_why_and_help_lists_them(browser: Browser, busy: tuple[World, Cast]) -> None:
    page = opened(browser, busy[0])
    page.goto("/seller?tab=reshipping")
    page.locator(".open").first.click()
    page.locator("#case").wait_for()
    page.keyboard.press("a")
    assert "现在不能同意" in page.locator("#why-not").inner_text()
    page.keyboard.press("?")
    assert page.get_by_role("dialog").get_by_text("撤回刚才的处理").is_visible()


def test_eighteen_rows_of_36_px_are_in_sight_at_1280_by_800(browser: Browser, busy: tuple[World, Cast]) -> None:
    page = opened(browser, busy[0])
    page.goto("/seller")
    boxes = [row.bounding_box() for row in page.locator("#rows tr").all()]
    assert {round(box["height"]) for box in boxes if box} == {36}
    assert sum(1 for box in boxes if box and box["y"] + box["height"] <= 800) >= 18
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_all_of_a_list_in_bulk_take_at_most_six_clicks(browser: Browser, busy: tuple[World, Cast]) -> None:
    """As many clicks for two hundred as for twenty."""
    world, _ = busy
    page = opened(browser, world)
    person = Counter(page)
    person.click(page.get_by_text("批量处理"))
    person.click(page.get_by_label(f"这一列全部（{TWENTY} 张）"))
    person.click(page.locator("#bulk").get_by_role("button", name="同意"))
    page.get_by_text(f"将处理 {TWENTY} 张").wait_for()
    person.click(page.get_by_role("button", name=f"同意 {TWENTY} 张"))
    page.get_by_role("progressbar").wait_for()
    with world.app.app_context():
        bulk_work.work_off(clock.now())
        db.session.remove()
    page.get_by_text(f"成功 {TWENTY}，跳过 0").wait_for()  # the page has asked by itself
    assert person.clicks <= 6 and count_agreed(world) == TWENTY
