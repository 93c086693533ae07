"""/metrics: for whoever may read it, true at that moment, and nothing of a person in it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from portal.calendar import clock
from portal.extensions import db, writing
from portal.models import Case
from portal.system import notes
from tests.cast import Cast, sign_in
from tests.conftest import make_app

LINE = re.compile(r'[a-z_]+(\{([a-z]+="[^"\\\n]*",?)*\})? [0-9.e+-]+')


def read(app: Flask, **asked: object) -> dict[str, float]:
    """Every sample by its name and labels."""
    answer = app.test_client().get("/metrics", **asked)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in lines)
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_requests_are_counted_by_route(both: Flask) -> None:
    cast = Cast.of_app(both)
    number = cast.open_case().case_no
    client = sign_in(both, "buyer")
    before = read(both).get('portal_request_seconds_count{route="/cases/<case_no>",status="2xx"}', 0)
    for _ in range(3):
        assert client.get(f"/cases/{number}").status_code == 200
    assert client.get("/cases/999").status_code == 404
    found = read(both)
    assert found['portal_request_seconds_count{route="/cases/<case_no>",status="2xx"}'] == before + 3
    assert found['portal_request_seconds_count{route="/cases/<case_no>",status="4xx"}'] >= 1
    assert not [name for name in found if number in name or "buyer" in name.replace("/buyer", "")]


def test_what_is_late_is_said(both: Flask) -> None:
    cast = Cast.of_app(both)
    case_id = cast.open_case(now=clock.now()).id
    found = read(both)
    assert (found["portal_overdue_cases"], found["portal_deadline_lag_seconds"]) == (0, 0)
    with writing():
        due_at = clock.now() - timedelta(minutes=20)
        db.session.execute(update(Case).where(Case.id == case_id).values(due_at=due_at))
    notes.write(notes.SWEEP, {}, clock.now() - timedelta(seconds=30))
    notes.raise_alarm(notes.STUCK_CASE, "1", "it fails", clock.now())
    found = read(both)
    assert found["portal_overdue_cases"] == 1
    assert 1200 <= found["portal_deadline_lag_seconds"] < 1260
    assert 30 <= found["portal_sweep_age_seconds"] < 90
    assert found['portal_alarms{kind="case"}'] == 1
    assert found["portal_ready"] == 0
    assert found["portal_disk_free_bytes"] > 0


def test_this_machine_alone_without_a_token(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404


@pytest.mark.parametrize(
    ("sent", "status"), [("Bearer right", 200), ("Bearer wrong", 404), ("right", 404), ("", 404), ("Bearer é", 404)]
)
def test_with_a_token_only_who_has_it(tmp_path: Path, sqlite_template: Path, sent: str, status: int) -> None:
    app = make_app(tmp_path / "own", sqlite_template, metrics_token="right")
    with app.app_context():
        heading = {"Authorization": sent.encode().decode("latin-1")}
        elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
        answer = app.test_client().get("/metrics", headers=heading, environ_base=elsewhere)
        db.session.remove()
        db.engine.dispose()
    assert answer.status_code == status
