"""What a first visit waits for: the page and its stylesheet. Scripts come after, and all that they bring comes too."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import World
from tests.e2e.pages import Person

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def test_scripts_wait_for_the_stylesheet(world: World, visit: Any) -> None:
    page: Page = visit("phone")
    Person(page).signs_in("haijiao_xm", "/orders")
    page = page.context.browser.new_context(  # type: ignore[union-attr]  # a browser that has kept no file
        base_url=world.url, storage_state=page.context.storage_state()
    ).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2].split(".")[0]))

    def hold(route: Route) -> None:
        page.wait_for_timeout(500)  # as long as a narrow line takes
        asked.append("style is there")
        route.continue_()

    page.route("**/css/app.*.css", hold)
    page.goto("/orders")
    assert "start" in asked[: asked.index("style is there")], asked
    assert "app" in asked[asked.index("style is there") :], asked
    assert asked.count("app") == 2, asked  # the style and the scripts, once each
    assert not [name for name in asked if name.startswith("htmx")], asked
    page.context.close()


def test_what_scripts_bring_is_there_when_the_page_is_loaded(visit: Any) -> None:
    """htmx came after the event that it begins at: its settings hold all the same, and forms are sent by it."""
    page: Page = visit("phone")
    page.goto("/c")
    told = page.evaluate(
        "() => ({ kept: htmx.config.historyCacheSize, run: htmx.config.allowEval, own: htmx.config.selfRequestsOnly })"
    )
    assert told == {"kept": 0, "run": False, "own": True}
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        page.locator("#page form button").last.click()
    expect(page.locator("#page [aria-invalid=true]").first).to_be_visible()
