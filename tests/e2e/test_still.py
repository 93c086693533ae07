"""Pages stand still: nothing moves for who asked for less motion, nothing jumps while a page loads."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from portal.extensions import db
from tests.e2e.conftest import PHONE, World
from tests.e2e.pages import Person
from tests.e2e.test_pages import PLAIN, buyers

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

# Rules in force that make something move, of every style sheet, whether or not the page has such an element; and the
# elements that they reach by other ways.
MOVES = """() => {
  const moving = (style) => /[1-9]/.test(style.transitionDuration) || /[1-9]/.test(style.animationDuration)
    || style.scrollBehavior === "smooth";
  const read = (rules) => [...rules].flatMap((rule) =>
    rule.media && !matchMedia(rule.media.mediaText).matches ? []
      : [...(rule.style && moving(rule.style) ? [rule.cssText] : []), ...(rule.cssRules ? read(rule.cssRules) : [])]);
  const sides = ["", "::before", "::after", "::backdrop"];
  const elements = [...document.querySelectorAll("*")]
    .filter((each) => sides.some((side) => moving(getComputedStyle(each, side))))
    .map((each) => each.outerHTML.slice(0, 80));
  return [...[...document.styleSheets].flatMap((sheet) => read(sheet.cssRules)), ...elements];
}"""
# How much what is there already was moved, as browsers add it up; the largest burst is the sum of all here.
SHIFTS = """() => new Promise((done) => {
  const found = [];
  new PerformanceObserver((list) => list.getEntries().forEach((each) => found.push([each.value,
    ...each.sources.map((source) => source.node?.outerHTML?.slice(0, 80) || "")])))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(found), 300);
})"""


def addresses_of(lively: World) -> tuple[str, list[str]]:
    with lively.app.app_context():
        member, addresses = buyers(lively.app)
        db.session.remove()
    return member, [address for address in addresses if PLAIN not in address]


def test_nothing_moves_for_who_asked_for_less_motion(lively: World, visit: Any) -> None:
    member, addresses = addresses_of(lively)
    page: Page = visit("phone", base_url=lively.url)
    Person(page).signs_in(member, "/notices")
    page.emulate_media(reduced_motion="reduce")
    wrong = [f"{address} {found}" for address in addresses if page.goto(address) for found in page.evaluate(MOVES)]
    assert not wrong, "\n".join(wrong)
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(MOVES), "the measure finds what moves for everybody else"


def test_nothing_jumps_while_a_page_loads(lively: World, visit: Any) -> None:
    """Over a slow line, where style, script and pictures come one after the other."""
    member, addresses = addresses_of(lively)
    page: Page = visit("phone", base_url=lively.url)
    Person(page).signs_in(member, "/notices")
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
    line.send("Network.emulateNetworkConditions", slow)
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    wrong = []
    for address in addresses:
        page.goto(address, wait_until="networkidle")
        wrong += [f"{address} {found}" for found in page.evaluate(SHIFTS)]
    assert not wrong, "\n".join(wrong)
