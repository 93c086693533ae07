"""The doors for tests: there with PORTAL_QA, nowhere without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import doctor
from portal.calendar import clock
from portal.demo import stories
from portal.extensions import db
from portal.models import BankAccount, Case, CaseLine, OrderLine
from tests.cast import Cast, sign_in
from tests.conftest import make_app
from tests.domain.test_bankdata import given

JSON = {"Accept": "application/json"}


@pytest.fixture
def open_app(tmp_path: Path, sqlite_template: Path) -> Iterator[Flask]:
    made = make_app(tmp_path / "data", sqlite_template, qa="1")
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()
        clock.reset_shift()


def test_without_the_setting_there_is_nothing(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/qa").status_code == 404
    assert client.get("/qa/notices").status_code == 404


def read(answer: TestResponse) -> Any:
    return answer.json


ALONE = ("applied", "returning", "late", "reissue-completed", "return-waiting", "refund-applied", "refund-converted")


@pytest.mark.parametrize("scenario", ["demo", "empty", "orders", *ALONE])  # the demo tells every story
def test_every_scenario_can_be_begun_and_is_healthy(open_app: Flask, scenario: str) -> None:
    client = open_app.test_client()
    answer = client.post("/qa/reset", data={"scenario": scenario}, headers=JSON)
    assert answer.status_code == 200
    names = stories.STORIES if scenario == "demo" else {scenario} & stories.STORIES.keys()
    chained = 4 if scenario == "demo" else 0  # the two pairs of 铺货
    assert len(read(answer)["cases"]) == len(names) + len(stories.BECOMING & set(names)) + chained
    assert not any(doctor.findings(open_app.extensions["portal_store"]))
    assert not find_strange_words()
    signed_in = client.get("/login")
    assert signed_in.status_code == 200


def test_one_story_has_several_parcels_each_way(open_app: Flask) -> None:
    made = open_app.test_client().post("/qa/reset", data={"scenario": "in-parts"}, headers=JSON)
    [case_no] = read(made)["cases"]
    db.session.rollback()
    page = sign_in(open_app, "buyer").get(f"/cases/{case_no}").text
    legs = page.split("包裹</h2>")[1:]
    assert len(legs) == 2 and all("共 2 个" in leg and leg.count("里面有：") == 2 for leg in legs)


TELLING = {
    "袜": "袜",
    "尺码": "衫",
    "胸围": "衫",
    "杯口": "杯",
    "灯光": "窗帘",
    "双": "袜",
}  # words, and the goods they mean
UNIT = re.compile("[一两]([双件])")


def find_strange_words() -> list[str]:
    """What a case's buyer says of goods that it isn't about, or counts by another unit than theirs."""
    asked = select(Case.description, OrderLine.title, OrderLine.unit)
    asked = asked.join(CaseLine, (CaseLine.case_id == Case.id) & (CaseLine.shop_id == Case.shop_id))
    asked = asked.join(OrderLine, (OrderLine.id == CaseLine.order_line_id) & (OrderLine.shop_id == Case.shop_id))
    return [
        f"{said} / {title}"
        for said, title, unit in db.session.execute(asked)
        if any(word in said and goods not in title for word, goods in TELLING.items())
        or any(named != unit for named in UNIT.findall(said))
    ]


def test_a_world_with_payments_is_made_anew(
    both: Flask, cast_both: Cast, tmp_path: Path, sqlite_template: Path
) -> None:
    """With accounts that refer to payments, neither of which anything else may remove."""
    given(cast_both)
    settings = both.extensions["portal_settings"]
    url = settings.database_url or f"sqlite:///{settings.data / 'portal.db'}"
    made = make_app(tmp_path / "again", sqlite_template, qa="1", database_url=url)
    with made.app_context():
        assert db.session.scalar(db.select(db.func.count(BankAccount.id))) == 1
        db.session.rollback()
        answer = made.test_client().post("/qa/reset", data={"scenario": "empty"}, headers=JSON)
        assert answer.status_code == 200 and not read(answer)["cases"]
        assert not any(doctor.findings(made.extensions["portal_store"]))
        db.session.remove()
        db.engine.dispose()


def test_the_clock_the_sweep_and_the_notices(open_app: Flask) -> None:
    client = open_app.test_client()
    made = read(client.post("/qa/reset", data={"scenario": "returning"}, headers=JSON))["cases"]
    case_no = next(iter(made))
    before = clock.now()
    client.post("/qa/clock", data={"days": "8"}, headers=JSON)
    assert (clock.now() - before).days == 8
    assert read(client.post("/qa/sweep", headers=JSON))["moved"] == 1
    told = read(client.get("/qa/notices?member=buyer"))
    # By day the question whether they are satisfied comes with it, in the quiet hours later.
    assert ("timeout_close", case_no) in {(notice["kind"], notice["case_no"]) for notice in told}
    assert {notice["member"] for notice in told} == {"buyer"}
    client.post("/qa/clock/reset", headers=JSON)
    assert abs((clock.now() - before).total_seconds()) < 60
    page = client.get("/qa")
    assert page.status_code == 200 and "Scenario" in page.text


def test_a_scan_moves_the_deadline(open_app: Flask) -> None:
    client = open_app.test_client()
    made = read(client.post("/qa/reset", data={"scenario": "inspecting"}, headers=JSON))["cases"]
    scan = {"case_no": next(iter(made)), "leg": "back", "status": "signed", "words": "已签收"}
    assert read(client.post("/qa/trace", data=scan, headers=JSON))["kept"]
    client.post("/qa/clock", data={"days": "4"}, headers=JSON)
    client.post("/qa/sweep", headers=JSON)
    assert read(client.get("/qa/notices?member=buyer"))[0]["kind"] == "timeout_accept"


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/qa/reset", {"scenario": "nothing"}),
        ("/qa/clock", {"days": "-1"}),
        ("/qa/clock", {"days": "nan"}),
        ("/qa/clock", {"days": "1e99"}),
        ("/qa/trace", {"case_no": "HH1"}),
    ],
)
def test_bad_input_is_400(open_app: Flask, path: str, data: dict[str, str]) -> None:
    assert open_app.test_client().post(path, data=data, headers=JSON).status_code == 400


def test_another_machine_and_another_site_stay_outside(open_app: Flask) -> None:
    client = open_app.test_client()
    assert client.get("/qa", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404
    assert client.post("/qa/sweep", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
