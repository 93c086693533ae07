"""Every page fetched in these tests is looked at by the inspector."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.shards import watch_statements
from tests.web.inspector import Browser


@pytest.fixture
def app(app: Flask) -> Flask:
    """The suite's app, whose clients inspect what they get."""
    app.test_client_class = Browser
    return app


@pytest.fixture(autouse=True)
def shops_are_named() -> Iterator[None]:
    """A statement of a held module on shops' rows that doesn't say which shop's fails the test."""
    with watch_statements() as unnamed:
        yield
    assert unnamed == {}
