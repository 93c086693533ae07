"""The pages that are measured, each with its control and its goal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from wsgiref.types import WSGIEnvironment

from sqlalchemy import event
from sqlalchemy.engine import Engine
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
    goal: float  # of page / control; of the milliseconds between them where ``in_ms``
    kind: str = "html"  # html | unchanged | poll
    in_ms: bool = False


@dataclass(frozen=True)
class Row:
    """One line of the table: milliseconds of CPU, and the goal for page / control."""

    name: str
    page: float
    control: float
    constant: float
    goal: float
    against: str
    statements: int
    in_ms: bool = False

    @property
    def ratio(self) -> float:
        return self.page / self.control

    @property
    def held(self) -> bool:
        """Whether the goal is reached."""
        return (self.page - self.control if self.in_ms else self.ratio) <= self.goal


PAGES = (
    Page("my orders, 20 cards", "buyer", "/orders", 1.3),
    Page("my orders, nothing changed (304)", "buyer", "/orders", 0.3, "unchanged"),
    Page("order detail", "buyer", "/orders/{order_no}", 1.2, in_ms=True),
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
    works["page"]()
    asked = count_statements(works["page"])
    found = measure.cpu(works, turns=turns, requests=requests, beside=_database_of(scene))
    return Row(
        page.name, found["page"], found["control"], found["constant"], page.goal, against, asked, in_ms=page.in_ms
    )


def _database_of(scene: Scene) -> Callable[[], int]:
    """The CPU of the database's processes for this app, which are looked up once: the app keeps its connections."""
    pids = scene.list_database_processes()
    return lambda: sum(measure.read_cpu(pid) for pid in pids)


def count_statements(work: measure.Work) -> int:
    """How many statements a piece of work sends."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return len(sent)
