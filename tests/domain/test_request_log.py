"""Each app in a process has a log of its own; a second one takes nothing from the first and adds nothing to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portal.extensions import db
from tests.cast import Cast, sign_in
from tests.conftest import NOW, Clock, make_app


def test_each_request_is_one_line_of_its_own_app(
    tmp_path: Path, sqlite_template: Path, now: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    apps = [make_app(tmp_path / str(number), sqlite_template, log=log) for number, log in enumerate(("1", "1", ""))]
    for app in apps:
        with app.app_context():
            Cast.make(NOW)
            client = sign_in(app, "buyer")
            tag = client.get("/orders").headers["ETag"]
            assert client.get("/orders", headers={"If-None-Match": tag}).status_code == 304
            db.session.remove()
            db.engine.dispose()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if '"route"' in line]
    assert [(line["route"], line["status"], line["user"]) for line in lines] == [
        ("/orders", 200, lines[0]["user"]),
        ("/orders", 304, lines[0]["user"]),
    ] * 2
    assert len({line["request_id"] for line in lines}) == 4
