"""The bench runs, its controls show the same pages, and a first visit keeps to its budget. Nothing here is timed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from portal.calendar import clock
from tests.bench.__main__ import scene as made_scene
from tests.bench.__main__ import show
from tests.bench.http import load
from tests.bench.pages import PAGES, measured
from tests.bench.scene import CARDS, ROWS, Scene, fill
from tests.bench.weight import first_visit
from tests.conftest import make_app
from tests.postgres import fresh_database

KB = 1024


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Scene]:
    """The filled app; its clock stands still, so that no hour and no minute ends between two requests."""
    now = clock.now()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: now)
        yield fill(make_app(tmp_path_factory.mktemp("bench") / "data", sqlite_template))


def test_every_page_is_measured_against_its_control(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [measured(scene, page, turns=1, requests=1) for page in PAGES]
    assert all(row.page > 0 and row.control > 0 and row.constant > 0 for row in rows)
    show(rows)
    said = capsys.readouterr().out
    assert all(page.name in said for page in PAGES)


MOST_STATEMENTS = {  # of each page, the one that finds who is signed in among them
    "my orders, 20 cards": 4,
    "my orders, nothing changed (304)": 1,
    "order detail": 4,
    "case, buyer": 7,
    "case, seller": 10,
    "seller's queue, 40 rows": 9,
    "chat poll, nothing new": 2,
}


def test_no_page_asks_more_than_it_did(scene: Scene) -> None:
    rows = [measured(scene, page, turns=1, requests=1) for page in PAGES]
    assert {row.name: row.statements for row in rows if row.statements > MOST_STATEMENTS[row.name]} == {}


def test_statements_are_counted_and_a_goal_in_milliseconds_is_held_or_not(scene: Scene) -> None:
    row = measured(scene, next(page for page in PAGES if page.in_ms), turns=1, requests=1)
    assert row.statements > 1
    assert replace(row, page=2.0, control=1.0, goal=1.2).held and not replace(row, page=2.3, control=1.0, goal=1.2).held
    assert not replace(row, page=2.0, control=1.0, goal=1.2, in_ms=False).held


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_the_server_is_asked_over_many_connections(name: str) -> None:
    with made_scene(fresh_database() if name == "postgresql" else "") as made:
        found = load(made, "buyer", "/orders", connections=16, seconds=2)
    assert found.per_second > 1 and 0 < found.p50 <= found.p99 and found.cores > 0
    assert len(found.shares) == 2 and sum(found.shares) == pytest.approx(1)


def test_the_pages_are_as_large_as_they_claim(scene: Scene) -> None:
    plain = {"Accept-Encoding": "identity"}
    assert scene.get("buyer", "/orders", plain).text.count('<article class="card">') == CARDS
    assert scene.get("seller", "/seller", plain).text.count("<tr><td") == ROWS
    assert scene.get("buyer", f"/orders/{scene.order_no}", plain).text.count("交易快照") == 3


@pytest.mark.parametrize(
    ("who", "url", "other"), [("buyer", "/orders", "/orders?tab=done"), ("seller", "/seller", "/seller?tab=closed")]
)
def test_an_unchanged_list_is_not_sent_again(scene: Scene, who: str, url: str, other: str) -> None:
    etag = scene.get(who, url).headers["ETag"]
    again = scene.get(who, url, {"If-None-Match": etag})
    assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", etag)
    assert scene.get(who, other, {"If-None-Match": etag}).status_code == 200


def test_a_first_visit_on_a_phone_is_light(scene: Scene) -> None:
    files = first_visit(scene, "buyer", "/orders")
    assert len(files) <= 4, [file.url for file in files]
    assert sum(file.bytes for file in files) <= 45 * KB
    assert files[0].bytes <= 5 * KB
    assert sum(file.bytes for file in files if file.type == "text/css") <= 10 * KB
