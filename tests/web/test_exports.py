"""导出 in the background: the list as asked for, once, for the one who asked, for a day; memory stays flat."""

from __future__ import annotations

import io
import re
import tracemalloc
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal import workbook
from portal.cases import exports
from portal.cases.queue_filters import Filters
from portal.extensions import db, writing
from portal.models import Export
from tests.cast import Cast, post, sign_in
from tests.conftest import NOW, Clock

LIST = "tab=applied&reason=damaged"
COLUMNS = ["case_no", "goods", "quantity_milli", "opened_at"]


def ask(cast: Cast, now: Clock) -> int:
    with writing():
        return exports.ask_for(cast.shop, cast.seller, "applied", Filters(), None, list(exports.COLUMNS), now.at).id


def test_a_list_is_asked_for_written_and_fetched_by_its_owner(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order(milli=1_000_000)
    wanted = [cast.open_case(order, milli=1_000).case_no for _ in range(45)]
    other = cast.open_case(order, milli=1_000, reason="wrong_item").case_no
    desk = sign_in(app, "seller")
    asked = post(desk, f"/seller/exports?{LIST}", {"columns": COLUMNS})
    assert asked.status_code == 303 and "等待生成" in desk.get(asked.location).text
    assert exports.write_waiting(now.at) == 1 and exports.write_waiting(now.at) == 0
    page = desk.get(asked.location).text
    link = re.search(r'href="(/seller/exports/[0-9]+\.xlsx)"', page)
    assert link is not None and "已完成，45 行" in page
    rows = read(desk.get(link[1]).data)
    assert rows[0] == ["售后单号", "商品", "数量", "申请时间"] and len(rows) == 46
    assert {row[0] for row in rows[1:]} == set(wanted) and other not in str(rows)
    cast.employ(cast.shop, "buyer2", "agent")
    for stranger in ("seller2", "buyer2"):
        assert sign_in(app, stranger).get(link[1]).status_code == 404
    now.forward(hours=25)
    assert sign_in(app, "seller").get(link[1]).status_code == 404
    with writing():
        exports.forget_old(now.at)
    assert db.session.scalar(db.select(Export.id)) is None


def read(data: bytes) -> list[list[str]]:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    found = re.findall(r"<row [^>]*>(.*?)</row>", sheet, re.S)
    return [re.findall(r"<t[^>]*>([^<]*)</t>", row) for row in found]


def test_what_nobody_ended_is_begun_anew_and_too_many_are_refused(
    both: Flask, cast_both: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_args: Any, **_more: Any) -> None:
        raise Killed

    cast_both.open_case()
    ask(cast_both, now)
    with monkeypatch.context() as patched:
        patched.setattr(workbook, "write_long", die)
        with pytest.raises(Killed):
            exports.write_waiting(now.at)
    db.session.rollback()
    assert exports.write_waiting(now.at) == 0  # it may still be at work
    assert exports.write_waiting(now.at + timedelta(minutes=11)) == 1
    for _ in range(exports.MOST_OPEN):
        ask(cast_both, now)
    with pytest.raises(exports.TooMany):
        ask(cast_both, now)


def test_no_column_is_refused_and_one_that_fails_says_so(
    app: Flask, cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = sign_in(app, "seller")
    refused = post(desk, f"/seller/exports?{LIST}", {"columns": []})
    assert refused.status_code == 422 and "请至少选择一列" in refused.text
    ask(cast, now)
    monkeypatch.setattr(exports, "_read_rows", lambda *_args: iter([["too few"]]))
    assert exports.write_waiting(now.at) == 0
    assert "没能生成，请重新导出" in desk.get(f"/seller/exports?{LIST}").text


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    columns = [workbook.Column(str(number), "") for number in range(3)]
    peaks = []
    for many in (500, 10_000):
        tracemalloc.start()
        rows = ((f"{number}", "纯棉中筒袜", "2") for number in range(many))
        workbook.write_long(str(tmp_path / "long.xlsx"), "售后单", columns, rows, made_at=NOW)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 300_000
