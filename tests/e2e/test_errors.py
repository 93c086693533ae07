"""A mistake is seen: its field and its sentence stand between the bars that stick to the screen's edges."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from portal.extensions import db
from portal.models import Case
from tests.e2e.conftest import World
from tests.e2e.pages import Person

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

# Which fields of the form that was sent are wrong, each with its own and its sentence's place, and what covers them.
SEEN = """() => {
  const box = (element) => {
    const {top, bottom, height} = element.getBoundingClientRect();
    return {top, bottom, height};
  };
  const shown = [...document.querySelectorAll("[aria-invalid=true]")].filter((field) => field.offsetParent);
  const bars = [...document.querySelectorAll(".bar, .tabbar")].filter((bar) => bar.offsetParent || bar.offsetHeight);
  const top = document.querySelector(".top");
  const field = shown[0];
  const frame = field ? field.closest(".field") : document.querySelector(".summary");
  const sentence = field ? frame.querySelector(".err") : frame;
  return {
    field: field ? box(field) : box(frame), sentence: box(sentence),
    from: top ? Math.max(0, box(top).bottom) : 0,
    to: Math.min(innerHeight, ...bars.map((bar) => box(bar).top)),
    focus: document.activeElement.outerHTML.slice(0, 80),
  };
}"""


def places(app: Any) -> list[tuple[str, str]]:
    """(who, the page) of forms that are wrong when nothing is filled in, long ones among them."""
    with app.app_context():
        state: dict[str, str] = {}
        for case_no, at in db.session.execute(db.select(Case.case_no, Case.state).order_by(Case.id)):
            state.setdefault(at, case_no)
        db.session.remove()
    return [
        ("buyer", f"/cases/{state['returning']}/ship_return"),
        ("buyer", f"/cases/{state['disputed']}/escalate"),
        ("seller", f"/seller/cases/{state['applied']}/ask_evidence"),
        ("seller", "/seller/addresses"),
        ("buyer", "/feedback"),
    ]


@pytest.mark.parametrize("kind", ["phone", "phone-without-script"])
def test_the_field_and_its_sentence_come_into_view(lively: World, visit: Any, kind: str) -> None:
    hidden = []
    page: Page = visit(kind, base_url=lively.url, viewport={"width": 390, "height": 620})
    signed_in = ""
    for who, address in places(lively.app):
        if who != signed_in:
            page.context.clear_cookies()
            Person(page).signs_in(who)
            signed_in = who
        answer = page.goto(address)
        if answer is None or answer.status != 200:
            hidden.append(f"{address} {answer and answer.status}")
            continue
        page.locator("#page form.form button[type=submit]").last.click()
        page.locator(".summary[role=alert]").wait_for()
        page.wait_for_timeout(200)
        seen = page.evaluate(SEEN)
        for what in ("field", "sentence"):
            box = seen[what]
            if box["top"] < seen["from"] - 1 or box["bottom"] > seen["to"] + 1:
                hidden.append(f"{kind} {address} {what} {seen}")
    assert not hidden, "\n".join(hidden)
