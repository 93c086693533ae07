"""Here commits wait for the disk, as they do in production."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def durable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_SQLITE_SYNCHRONOUS", "FULL")
