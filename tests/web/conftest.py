"""Every page fetched in these tests is looked at by the inspector."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.web.inspector import Browser


@pytest.fixture
def app(app: Flask) -> Flask:
    """The suite's app, whose clients inspect what they get."""
    app.test_client_class = Browser
    return app
