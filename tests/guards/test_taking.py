"""The way of a step from the button to the commit: few modules, and each question asked where it is decided."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.engine import Engine

import portal
from portal.extensions import db
from portal.models import Case
from tests.cast import Cast, sign_in
from tests.conftest import Clock

TOP = f"{Path(portal.__file__).parent}/"
MOST_PASSED = 6  # modules between the route and the writing of the case, its event and the commit; only ever fewer
MOST_ENTERED = 64  # modules that the whole request enters, with what follows; session and token have theirs
WRITES = re.compile(r"UPDATE cases SET state=|INSERT INTO case_events")


@dataclass
class Way:
    """What a request went through."""

    passed: set[str] = field(default_factory=set)  # stood on the stack when the step was written and committed
    entered: set[str] = field(default_factory=set)
    calls: Counter[str] = field(default_factory=Counter)

    def note_stack(self) -> None:
        names = [name for name in _name_stack(sys._getframe(1)) if not name.startswith(("web/metering", "web/early"))]
        self.passed |= set(names)


def _name_stack(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        if (path := frame.f_code.co_filename).startswith(TOP):
            yield path.removeprefix(TOP)
        frame = frame.f_back


@contextmanager
def watch_way() -> Iterator[Way]:
    way, written = Way(), []

    def enter(frame: FrameType, what: str, _arg: object) -> None:
        if what == "call" and (path := frame.f_code.co_filename).startswith(TOP):
            way.entered.add(path.removeprefix(TOP))
            way.calls[f"{path.removeprefix(TOP)}:{frame.f_code.co_name}"] += 1

    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if WRITES.match(statement):
            written.append(statement)
            way.note_stack()

    def commit(_connection: Any) -> None:
        if written:
            way.note_stack()
            written.clear()

    event.listen(Engine, "before_cursor_execute", look)
    event.listen(Engine, "commit", commit)
    sys.setprofile(enter)
    try:
        yield way
    finally:
        sys.setprofile(None)
        event.remove(Engine, "before_cursor_execute", look)
        event.remove(Engine, "commit", commit)


@pytest.fixture
def agreed(app: Flask, cast: Cast, now: Clock) -> Way:
    """What 同意换货 went through, taken by the button of its own page."""
    case = cast.open_case()
    desk = sign_in(app, "seller")
    url = f"/seller/cases/{case.case_no}/agree"
    form = read_form(desk, url)
    with watch_way() as way:
        answer = desk.post(url, data=form)
    assert answer.status_code == 303
    db.session.expire_all()
    assert db.session.get_one(Case, case.id).state == "returning"
    return way


def read_form(desk: FlaskClient, url: str) -> dict[str, str]:
    return dict(re.findall(r'name="([^"]+)"[^>]*? value="([^"]*)"', desk.get(url).text))


def test_agreeing_passes_few_modules(agreed: Way) -> None:
    assert {"seller/steps.py", "web/taking.py", "cases/taking.py", "cases/history.py"} <= agreed.passed
    assert len(agreed.passed) <= MOST_PASSED, sorted(agreed.passed)


def test_agreeing_enters_no_more_modules_than_it_did(agreed: Way) -> None:
    assert len(agreed.entered) <= MOST_ENTERED, sorted(agreed.entered)


def test_legality_is_asked_once(agreed: Way) -> None:
    asked = {name: agreed.calls[f"flow/table.py:{name}"] for name in ("choose", "find", "unmet")}
    assert asked == {"choose": 1, "find": 1, "unmet": 1}, "choose finds the row once and asks its needs once"


def test_the_role_is_asked_at_the_door_and_in_the_transaction(agreed: Way) -> None:
    """At the door before anything that was sent is read; in the transaction by the row, which may have changed."""
    assert agreed.calls["people/roles.py:may_take"] == 2
    assert agreed.calls["cases/taking.py:check_role"] == 1


def test_no_page_is_made_for_a_step_that_is_taken(agreed: Way) -> None:
    assert not agreed.calls["cases/case_view.py:build_view"]
    assert not agreed.calls["cases/actions.py:list_actions"]
