"""待发货 as a table: fetched, filled in, brought back, looked at, shipped."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.cases import bulk_work
from portal.extensions import db
from portal.models import BulkRun, Case, Parcel
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.exports import xlsx

AT = "/seller/shipping/table"
SF, YT = "SF1385628716739", "YT7512345678901"


def fetch(desk: FlaskClient) -> list[list[str]]:
    """The rows of the table, the headings first."""
    answer = post(desk, f"{AT}/file", at=AT)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_name("待发货")
    return [[str(cell) for cell in row] for row in sheet.to_python()]


def send(desk: FlaskClient, content: bytes, name: str = "parcels.xlsx") -> TestResponse:
    return post(desk, AT, {"file": (io.BytesIO(content), name)}, content_type="multipart/form-data")


def parcels_out(case: Case) -> list[tuple[str, str]]:
    rows = db.session.execute(
        select(Parcel.carrier, Parcel.tracking_no).where(Parcel.case_id == case.id, Parcel.leg == "out")
    )
    return sorted((carrier, number) for carrier, number in rows)


def test_there_and_back(both: Flask, cast_both: Cast, now: Clock, tmp_path: Path) -> None:
    cases = [cast_both.until("reshipping") for _ in range(3)]
    cast_both.mediated(cast_both.until("reshipping"))  # not to be sent now
    desk = sign_in(both, "seller")
    table = fetch(desk)
    rows = {row[0]: row for row in table[1:]}
    assert set(rows) == {case.case_no for case in cases}
    first = rows[cases[0].case_no]
    assert first[3:6] == [cases[0].receiver_name, cases[0].receiver_phone, cases[0].receiver_address]
    assert "纯棉中筒袜" in first[7] and "×2 双" in first[7]
    first[2] = SF
    rows[cases[1].case_no][1:3] = ["圆通", YT]
    table.append([cases[1].case_no, "", "SF1385628716740"])  # a second parcel
    filled = xlsx(tmp_path / "filled.xlsx", table, sheet="待发货").read_bytes()

    made = send(desk, filled)
    assert made.status_code == 303 and re.fullmatch(r"/seller/bulk/\d+", made.location)
    page = desk.get(made.location).text
    assert "将处理 2 张" in page and SF in page and YT in page
    assert [parcels_out(case) for case in cases] == [[], [], []]  # nothing was sent yet

    shown = db.session.scalars(select(BulkRun)).one().facts["table"]
    assert post(desk, made.location, {"table": shown}).status_code == 303
    bulk_work.work_off(now.at)
    assert [parcels_out(case) for case in cases] == [[("SF", SF)], [("SF", "SF1385628716740"), ("YTO", YT)], []]
    assert "成功 2，跳过 0" in desk.get(made.location).text
    assert len(fetch(desk)) == 1 + 1


def test_several_numbers_in_a_cell_are_several_parcels(both: Flask, cast_both: Cast, now: Clock) -> None:
    case, named = cast_both.until("reshipping"), cast_both.until("reshipping")
    desk = sign_in(both, "seller")
    rows = [
        ["售后单号", "物流公司", "运单号"],
        [case.case_no, "", f"{SF}，{YT}"],
        [named.case_no, "中通", f"75484863576597、{YT[:-1]}2"],  # a number that is plainly another carrier's says so
    ]
    content = "\n".join(",".join(row) for row in rows).encode()
    made = send(desk, content, "parcels.csv")
    assert made.status_code == 303, made.text
    shown = db.session.scalars(select(BulkRun)).one().facts["table"]
    post(desk, made.location, {"table": shown})
    bulk_work.work_off(now.at)
    assert parcels_out(case) == [("SF", SF), ("YTO", YT)]
    assert parcels_out(named) == [("YTO", f"{YT[:-1]}2"), ("ZTO", "75484863576597")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "请选择填好的表格"),
        ("不是表格", "没有找到表头"),
        ("售后单号,物流公司,运单号\n{case},顺丰,\n", "「运单号」一列都是空的"),
        ("售后单号,物流公司,运单号\n{case},飞毛腿,SF1385628716739\n", "第 2 行：不认识物流公司「飞毛腿」"),
        ("售后单号,物流公司,运单号\n{case},顺丰,13800138000\n", "第 2 行："),
        ("售后单号,物流公司,运单号\n{case},中通,7.54849E+13\n", "第 2 行：运单号超过 15 位的数字会丢失末尾"),
        ("售后单号,物流公司,运单号\n,中通,75484863576596\n", "第 2 行：没有填写售后单号"),
        ("售后单号,物流公司,运单号\nHH29990101000001,中通,75484863576596\n", "没有一张是本店的售后单"),
    ],
)
def test_what_is_wrong_is_said_by_the_field(app: Flask, cast: Cast, now: Clock, content: str, sentence: str) -> None:
    case = cast.until("reshipping")
    desk = sign_in(app, "seller")
    said = content.format(case=case.case_no).encode()
    answer = send(desk, said, "parcels.csv") if said else post(desk, AT, {})
    assert answer.status_code == 422
    assert sentence in answer.text and 'id="file-err"' in answer.text
    assert db.session.scalars(select(BulkRun)).all() == []
    assert parcels_out(case) == []


def test_another_shops_cases_stay_there(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("reshipping")
    stranger = sign_in(app, "seller2")
    assert len(fetch(stranger)) == 1
    refused = send(stranger, f"售后单号,物流公司,运单号\n{case.case_no},中通,75484863576596\n".encode(), "a.csv")
    assert refused.status_code == 422 and "没有一张是本店的售后单" in refused.text
