"""Letters twice as large, as people set them: nothing of a buyer's page is cut or runs off the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Playwright

from portal.extensions import db
from tests.e2e.conftest import World
from tests.e2e.pages import Person
from tests.e2e.test_pages import buyers, buyers_cases, visitors

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

# What is wider than the screen; text that its box cuts (but a title, which may be cut after some lines); buttons whose
# words are longer than they are.
CUT = """() => {
  // hidden on purpose, cut after some lines on purpose, or in a row that is moved sideways
  const MEANT = ".vh, .clip, .cut, svg, video, .gallery, .thumb, .tabs, .quick, .composer, [hidden]";
  const found = [];
  const name = (element) => `${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 40)}`;
  for (const badge of document.querySelectorAll(".top .badge")) {
    const title = badge.closest(".top").querySelector("h1").getBoundingClientRect();
    if (badge.offsetParent && badge.getBoundingClientRect().left < title.right - 1) found.push("a badge on the title");
  }
  const wider = document.documentElement.scrollWidth - innerWidth;
  if (wider > 0) found.push(`scrolls sideways by ${wider}`);
  for (const element of document.querySelectorAll("body *")) {
    if (!element.offsetParent || element.closest(MEANT)) continue;
    const nodes = [...element.childNodes].filter((node) => node.nodeType === 3 && node.textContent.trim());
    if (!nodes.length) continue;
    const style = getComputedStyle(element);
    const range = document.createRange();
    range.setStart(nodes[0], 0);
    range.setEnd(nodes[0], nodes[0].length);
    const text = range.getBoundingClientRect(), box = element.getBoundingClientRect();
    const hides = style.overflowX !== "visible" || style.overflowY !== "visible";
    const more = element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 2;
    if (hides && more) found.push(`cut: ${name(element)}`);
    if (text.right > innerWidth + 1 || text.left < -1) found.push(`off the screen: ${name(element)}`);
    const longer = text.right > box.right + 1 || text.bottom > box.bottom + 2;
    if (longer && element.matches("button, .btn, .chip, .badge")) found.push(`longer than its box: ${name(element)}`);
  }
  const spread = (cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return [...range.getClientRects()].filter((box) => box.width);
  };
  const meets = (one, two, gap) =>
    one.right + gap > two.left && one.left < two.right && one.top < two.bottom && two.top < one.bottom;
  for (const cell of document.querySelectorAll("tr > * + *")) {
    if (!cell.offsetParent || cell.closest(".vh")) continue;
    const before = spread(cell.previousElementSibling), own = spread(cell);
    const gap = parseFloat(getComputedStyle(cell).fontSize) / 2;
    if (before.some((one) => own.some((two) => meets(one, two, gap)))) found.push(`closes up: ${name(cell)}`);
    const short = cell.matches("th") && cell.textContent.trim().length < 5 && !cell.querySelector("*");
    if (short && own.length > 1) found.push(`a short heading in ${own.length} lines: ${name(cell)}`);
  }
  return [...new Set(found)];
}"""


@pytest.fixture(scope="module")
def reading(playwright: Playwright, browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    """A browser whose owner has set letters of 32 px."""
    args = [*browser_type_launch_args["args"], "--blink-settings=defaultFontSize=32"]
    browser = playwright.chromium.launch(**{**browser_type_launch_args, "args": args})
    yield browser
    browser.close()


@pytest.mark.parametrize("group", [visitors, buyers, buyers_cases], ids=lambda group: group.__name__)
@pytest.mark.parametrize("width", [pytest.param(390, marks=pytest.mark.nightly), 320])
def test_twice_as_large_letters_are_not_cut(
    lively: World, reading: Browser, group: Callable[[Flask], tuple[str, list[str]]], width: int
) -> None:
    with lively.app.app_context():
        member, addresses = group(lively.app)
        db.session.remove()
    look = {"width": width, "height": 844}
    context = reading.new_context(base_url=lively.url, locale="zh-CN", viewport=look)  # type: ignore[arg-type]
    page = context.new_page()
    if member:
        Person(page).signs_in(member, "/notices")
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px" or not member
    wrong: list[str] = []
    for address in addresses:
        page.goto(address)
        wrong += [f"{width} {address}: {each}" for each in page.evaluate(CUT)]
    context.close()
    assert not wrong, "\n".join(wrong)
