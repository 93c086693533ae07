"""The pages that are measured, each with its control and its goal."""

from __future__ import annotations

from dataclasses import dataclass
from wsgiref.types import WSGIEnvironment

from werkzeug.test import EnvironBuilder

from tests.bench import measure
from tests.bench.scene import Scene, control_of

SAME_HTML = "bare Flask + Jinja, the same HTML from memory"


@dataclass(frozen=True)
class Page:
    """A request whose CPU is measured; ``url`` may name what the scene shows."""

    name: str
    who: str
    url: str
    goal: float
    kind: str = "html"  # html | unchanged | poll


@dataclass(frozen=True)
class Row:
    """One line of the table: milliseconds of CPU, and the goal for page / control."""

    name: str
    page: float
    control: float
    constant: float
    goal: float
    against: str

    @property
    def ratio(self) -> float:
        return self.page / self.control


PAGES = (
    Page("my orders, 20 cards", "buyer", "/orders", 1.3),
    Page("my orders, nothing changed (304)", "buyer", "/orders", 0.3, "unchanged"),
    Page("order detail", "buyer", "/orders/{order_no}", 2.0),
    Page("case, buyer", "buyer", "/cases/{case_no}", 1.5),
    Page("case, seller", "seller", "/seller/cases/{case_no}", 1.5),
    Page("seller's queue, 40 rows", "seller", "/seller", 1.5),
    Page("chat poll, nothing new", "buyer", "/orders/{talk_no}/contact/new?after={last_message_id}", 0.5, "poll"),
)


def measured(scene: Scene, page: Page, *, turns: int, requests: int) -> Row:
    """Measure a page against its control, in turns."""
    url = page.url.format(**vars(scene))
    plain: WSGIEnvironment = EnvironBuilder(path="/").get_environ()
    if page.kind == "poll":
        works = {
            "page": measure.call(scene.app, scene.environ(page.who, url), 204),
            "control": measure.call(scene.app, scene.environ(page.who, "/bench/one-row"), 204),
            "constant": measure.call(scene.app, scene.environ(page.who, "/bench/nothing"), 204),
        }
        against = "every layer, and one ORM row; constant: every layer, and nothing"
    else:
        control = control_of(scene, page.who, url)
        headers, status = {}, 200
        if page.kind == "unchanged":
            headers, status = {"If-None-Match": scene.get(page.who, url).headers["ETag"]}, 304
        works = {
            "page": measure.call(scene.app, scene.environ(page.who, url, headers), status),
            "control": measure.call(control.rendered, plain, 200),
            "constant": measure.call(control.constant, plain, 200),
        }
        against = SAME_HTML
    found = measure.cpu(works, turns=turns, requests=requests)
    return Row(page.name, found["page"], found["control"], found["constant"], page.goal, against)
