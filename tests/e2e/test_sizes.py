"""The buyer's pages on narrow phones and with large letters: nothing scrolls sideways, nothing is cut or too small."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from portal.extensions import db
from tests.e2e.conftest import World
from tests.e2e.pages import Person
from tests.e2e.test_pages import PLAIN, WIDER, buyers, buyers_cases, newcomers

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WIDTHS = {  # px, by the browser's own size of letters: 32 px is 200 %
    "": (320, 360, 390, 430),
    "20px": (320,),
    "32px": (320, 390),
}
TARGET = 44  # px
# What is pressed and is smaller than a finger. The only link of a paragraph is a finger high, others as their line;
# what belongs to a label or fills a tile is as large as that; the tiny one that only Enter presses isn't seen.
SMALL = f"""() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
  .filter((e) => e.checkVisibility({{ visibilityProperty: true }}) && !e.closest(".vh, .skip"))
  .filter((e) => !(e.matches("a, button") && getComputedStyle(e).display === "inline"
    && !e.matches("p > a:not([class]):only-of-type")))
  .map((e) => {{
    const around = /radio|checkbox|file/.test(e.type) ? [...e.labels, e.closest(".check, .choice, .tile")] : [];
    const boxes = [e, ...around].filter(Boolean).map((each) => each.getBoundingClientRect());
    const wide = e.matches("p > a:not([class]):only-of-type") ? {TARGET} : Math.max(...boxes.map((b) => b.width));
    return [e, wide, Math.max(...boxes.map((b) => b.height))];
  }})
  .filter(([, wide, high]) => wide > 1 && high > 1 && Math.min(wide, high) < {TARGET} - 0.5)
  .map(([e, wide, high]) => `too small: ${{e.outerHTML.slice(0, 100)}} ${{Math.round(wide)}}×${{Math.round(high)}}`)"""
# Words that their own box cuts; goods' titles end after two lines by intent, their specification never does.
CUT = """() => [...document.querySelectorAll("main *")]
  .filter((e) => e.checkVisibility() && !e.closest(".vh, .clip, .cut, nav.tabs, svg, textarea, input, select"))
  .filter((e) => [...e.childNodes].some((each) => each.nodeType === 3 && each.data.trim()))
  .filter((e) => /hidden|clip/.test(getComputedStyle(e).overflow) && e.clientWidth > 1)
  .filter((e) => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
  .map((e) => `cut: ${e.outerHTML.slice(0, 100)}`)"""


def measure(page: Page) -> Iterator[str]:
    """What is wrong with the page as it stands, at each width and size of letters."""
    for letters, widths in WIDTHS.items():
        page.evaluate("size => document.documentElement.style.fontSize = size", letters)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 844})
            where = f"{width} px{f', letters of {letters}' if letters else ''}"
            if (more := page.evaluate(WIDER)) > 0:
                yield f"{where}: scrolls sideways by {more} px"
            for found in page.evaluate(CUT) + ([] if letters else page.evaluate(SMALL)):
                yield f"{where}: {found}"


@pytest.mark.parametrize("group", [buyers, newcomers, buyers_cases], ids=lambda group: group.__name__)
def test_pages_of_buyers_fit(lively: World, visit: Any, group: Any) -> None:
    with lively.app.app_context():
        member, addresses = group(lively.app)
        db.session.remove()
    page: Page = visit("phone", base_url=lively.url)
    Person(page).signs_in(member, "/notices")
    wrong: list[str] = []
    for address in addresses:
        if PLAIN in address:
            continue
        page.goto(address)
        wrong += [f"{address} {found}" for found in measure(page)]
    assert not wrong, "\n".join(wrong)


def test_no_name_among_the_entries_of_orders_is_broken(lively: World, visit: Any) -> None:
    page: Page = visit("phone", base_url=lively.url)
    Person(page).signs_in("buyer")
    for width in (320, 360, 390, 430):
        page.set_viewport_size({"width": width, "height": 844})
        lines = page.evaluate("""() => [...document.querySelectorAll(".grid4 a")].map((each) => {
          const range = document.createRange();
          range.selectNodeContents([...each.childNodes].find((part) => part.nodeType === 3 && part.data.trim()));
          return range.getClientRects().length;
        })""")
        assert lines == [1, 1, 1, 1], width
        assert page.evaluate(WIDER) <= 0, width


def test_the_measure_finds_what_is_wrong(lively: World, visit: Any) -> None:
    page: Page = visit("phone", base_url=lively.url)
    page.goto("/guide")
    page.evaluate("""() => {
      const button = "width: 20px; height: 20px; padding: 0; min-height: 0";
      const made = { button, div: "width: 900px", p: "height: 8px; overflow: hidden" };
      for (const [tag, style] of Object.entries(made)) {
        const element = document.createElement(tag);
        element.textContent = "字";
        element.style.cssText = `display: block; ${style}`;
        document.querySelector("main").append(element);
      }
    }""")
    found = "\n".join(measure(page))
    assert "too small: <button" in found and "scrolls sideways" in found and "cut: <p" in found
