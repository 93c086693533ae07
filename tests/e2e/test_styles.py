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
