"""Every page fetched in these tests is looked at by the inspector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from portal.calendar import clock
from tests.conftest import NOW, copy_data, make_app, stand_in
from tests.shards import watch_statements
from tests.web.inspector import Browser
from tests.web.matrix import World


@pytest.fixture
def app(app: Flask) -> Flask:
    """The suite's app, whose clients inspect what they get."""
    app.test_client_class = Browser
    return app


@pytest.fixture(autouse=True)
def day_of_the_casts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The portal's clock runs on from NOW, where casts and worlds stand, so that no test depends on its day."""
    if "now" not in request.fixturenames:
        ahead = datetime.now(UTC) - NOW
        monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) - ahead + clock.get_shift())


@pytest.fixture(autouse=True)
def shops_are_named() -> Iterator[None]:
    """A statement of a held module on shops' rows that doesn't say which shop's fails the test."""
    with watch_statements() as unnamed:
        yield
    assert unnamed == {}


@pytest.fixture(scope="session")
def first_deals(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> tuple[Path, World]:
    """The folder of a world of deals that nobody has looked at, to be copied."""
    folder = tmp_path_factory.mktemp("deals")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOW)
        for app in stand_in(make_app(folder, sqlite_template)):
            made = World.make(app)
    return folder, made


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, first_deals: tuple[Path, World]
) -> Iterator[World]:
    """Four deals between five people, for reading only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOW)
        app = make_app(tmp_path_factory.mktemp("world"), sqlite_template)
        app.test_client_class = Browser
        for made in stand_in(app):
            yield _copy_deals(first_deals, made)


@pytest.fixture
def own_world(app: Flask, now: object, first_deals: tuple[Path, World]) -> World:
    """The same deals to write in."""
    return _copy_deals(first_deals, app)


def _copy_deals(first_deals: tuple[Path, World], app: Flask) -> World:
    folder, made = first_deals
    copy_data(folder, app)
    return replace(made, app=app)
