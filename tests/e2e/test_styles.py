"""The stylesheet as it is sent says what the one that people read says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portal.web.assets import squeeze

CSS = (Path(__file__).parents[2] / "static/css/app.css").read_text()
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
RULES = """(text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return [...sheet.cssRules].map((rule) => rule.cssText);
}"""


def test_the_squeezed_sheet_says_the_same(visit: Any) -> None:
    page = visit("phone")
    page.goto("/login")
    whole, squeezed = (page.evaluate(RULES, each) for each in (CSS, squeeze(CSS)))
    assert len(whole) > 300 and squeezed == whole
    assert page.evaluate("() => [...document.styleSheets[0].cssRules].map((rule) => rule.cssText)") == whole


def test_words_numbers_and_links_of_a_note_are_one_text(visit: Any) -> None:
    """A note with a number or a link in it breaks its lines as the same words without them do, not into columns."""
    page = visit("phone")
    page.goto("/login")
    heights = page.evaluate("""() => {
      const words = (inner) => `商家没有收到您登记过的差价：${inner}。付过的不要再付一次，先和商家核对流水号。`;
      const parts = ["没有收到 3.00 元", "<span>没有收到 3.00 元</span>", "<strong>没有收到</strong> 3.00 元"];
      return parts.map((part) => {
        const note = document.createElement("p");
        note.className = "said warn";
        note.innerHTML = words(part);
        document.querySelector("main").append(note);
        return note.getBoundingClientRect().height;
      });
    }""")
    assert len(set(heights)) == 1, heights


def test_a_button_in_a_note_stands_under_its_words(visit: Any) -> None:
    page = visit("phone", viewport={"width": 360, "height": 740})
    page.goto("/login")
    note, button = page.evaluate("""() => {
      const words = "包裹在您填写单号以前就到过商家，当时没有对上您的售后单，商家已经把它退回寄件人，请联系商家说明";
      const note = `<div class="said warn" id="n"><p>${words}。</p><a class="btn" href="/login">立即联系</a></div>`;
      document.querySelector("main").insertAdjacentHTML("beforeend", note);
      const found = document.querySelector("#n");
      return [found, found.querySelector("a")].map((each) => each.getBoundingClientRect().toJSON());
    }""")
    assert button["width"] > button["height"] and button["bottom"] <= note["bottom"], (note, button)
    assert button["top"] > note["top"] + note["height"] / 3, "the words have the whole width"


def test_a_sum_stays_on_one_line_however_large_its_letters_are(visit: Any) -> None:
    """Also where the letters grow without the page's own measure of them, as some apps' readers do it."""
    page = visit("phone", viewport={"width": 360, "height": 740})
    page.goto("/login")
    heights = page.evaluate("""() => {
      document.documentElement.style.fontSize = "200%";
      const row = (what, much) => `<dt>${what}</dt><dd class="num">${much}</dd>`;
      const sums = [["退款（商家已付款）", "¥1,234.70"], ["垫付的退回运费（等待商家答复）", "¥18.00"]];
      for (const rows of [sums, [["换货", "1"]]]) {
        const list = `<dl class="facts sums">${rows.map((each) => row(...each)).join("")}</dl>`;
        document.querySelector("main").insertAdjacentHTML("beforeend", `<section class="standing">${list}</section>`);
      }
      return [...document.querySelectorAll(".sums dd")].map((each) => {
        const words = document.createRange();
        words.selectNodeContents(each);
        return Math.round(words.getBoundingClientRect().height);
      });
    }""")
    assert len(set(heights)) == 1, heights
