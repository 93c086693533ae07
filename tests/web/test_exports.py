"""导出 in the background: the list as asked for, once, for the one who asked, for a day; memory stays flat."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from portal import workbook
from portal.cases.queue_filters import Filters
from portal.exporting import exports, kind
from portal.exporting.kinds import KINDS
from portal.extensions import db, writing
from portal.flow import CaseType
from portal.models import Case, Export, MoneyEntry, Order, OrderLine
from portal.people import staffing
from tests.cast import Cast, post, sign_in
from tests.conftest import NOW, Clock

LIST = "tab=applied&reason=damaged"
COLUMNS = ["case_no", "goods", "quantity_milli", "opened_at"]


def ask(cast: Cast, now: Clock) -> int:
    with writing():
        asked = {"tab": "applied", "filters": asdict(Filters()), "states": None}
        return exports.ask_for(cast.shop, cast.seller, "queue", asked, list(KINDS["queue"].columns), now.at).id


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


def export(app: Flask, who: str, query: str, columns: list[str], now: Clock) -> list[list[str]]:
    """The table of a list, asked for, written and fetched."""
    desk = sign_in(app, who)
    asked = post(desk, f"/seller/exports?{query}", {"columns": columns})
    assert asked.status_code == 303, asked.text
    assert exports.write_waiting(now.at) == 1
    link = re.search(r'href="(/seller/exports/[0-9]+\.xlsx)"', desk.get(asked.location).text)
    assert link is not None
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(desk.get(link[1]).data)).get_sheet_by_index(0)
    return [[f"{cell:.12g}" if isinstance(cell, float) else str(cell) for cell in row] for row in sheet.to_python()]


def test_a_table_says_and_orders_what_the_list_does(app: Flask, cast: Cast, now: Clock) -> None:
    """With the platform in it, refused, late; in each order of the list; what counts are numbers."""
    cases = [cast.until(state) for state in ("applied", "revising", "returning", "reshipping", "completed")]
    cast.mediated(cast.until("inspecting"), stage="evidence")
    with writing():
        db.session.execute(db.update(Case).where(Case.id == cases[3].id).values(late=True, tags=" 急 大客户 "))
        db.session.execute(db.update(Case).where(Case.id == cases[1].id).values(due_rule="refusal_answer"))
        db.session.execute(db.update(Case).where(Case.id == cases[0].id).values(refund_fen=1_250))
    desk = sign_in(app, "seller")
    chip = re.compile(r'HH[0-9]+</a></td><td\s+data-label="状态"><b[^>]*>([^<]*)</b>')
    for query in ("tab=every", "tab=every&sort=age", "tab=every&sort=amount", "tab=mediation"):
        page = desk.get(f"/seller?{query}").text
        numbers = re.findall(r'<a class="open" href="/seller/cases/(HH[0-9]+)', page)
        columns = ["case_no", "state", "quantity_milli", "refund_fen", "tags", "photo_count"]
        rows = export(app, "seller", query, columns, now)[1:]
        assert [row[0] for row in rows] == numbers and numbers, query
        assert [row[1] for row in rows] == chip.findall(page), query
        answer = desk.get(f"/seller/queue/export.csv?{query}").text.lstrip("\ufeff")
        plain = list(csv.DictReader(io.StringIO(answer)))
        assert [(row["售后单号"], row["状态"], row["标签"]) for row in plain] == [(*row[:2], row[4]) for row in rows], (
            query
        )
        now.forward(minutes=1)
    link = re.search(r'href="(/seller/exports/[0-9]+\.xlsx)"', desk.get("/seller/exports?tab=every").text)
    assert link is not None
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(desk.get(link[1]).data)).get_sheet_by_index(0).to_python()
    assert all(isinstance(row[2], float) for row in sheet[1:]), "a reader adds them up"
    rows = export(app, "seller", "tab=every", ["case_no", "refund_fen", "tags"], now)
    assert [cases[0].case_no, "12.5", ""] in rows and [cases[3].case_no, "", "急、大客户"] in rows
    cast.employ(cast.shop, "buyer2", "warehouse")
    packer = sign_in(app, "buyer2")
    assert "退款金额" not in packer.get("/seller/queue/export.csv?tab=every").text
    assert "退款金额" not in packer.get("/seller/exports?tab=every").text


def test_orders_in_any_number(both: Flask, cast_both: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind, "AT_ONCE", 3)
    sent = cast_both.order(status="in_transit")
    numbers = {cast_both.order(status="unshipped").order_no for _ in range(7)}
    with writing():
        values = {"carrier_text": "顺丰速运(SF)、中通快递(ZTO)", "tracking_text": "SF1385628716739,75484863576597"}
        db.session.execute(db.update(Order).where(Order.id == sent.id).values(**values))
    columns = ["order_no", "status", "goods", "paid_fen", "parcels"]
    rows = export(both, "seller", "of=orders&tab=unshipped", columns, now)
    assert rows[0] == ["订单号", "状态", "商品", "实付款（元）", "物流"]
    assert {row[0] for row in rows[1:]} == numbers and len(rows) == 8 and {row[1] for row in rows[1:]} == {"待发货"}
    rows = export(both, "seller", "of=orders&tab=sent", columns, now)
    assert rows[1][4] == "顺丰速运 SF1385628716739；中通快递 75484863576597" and "×" in rows[1][2]
    assert float(rows[1][3]) == sent.paid_fen / 100


def test_cases_with_the_numbers_of_their_goods(both: Flask, cast_both: Cast, now: Clock) -> None:
    order, plain = cast_both.order(lines=2), cast_both.order()
    with writing():
        lines = db.session.scalars(db.select(OrderLine).where(OrderLine.order_id == order.id)).all()
        first, second = sorted(lines, key=lambda line: line.position)
        first.cargo_no, first.sku_cargo_no, second.cargo_no = "HH-9", "HH-9-红", ""
        db.session.execute(db.update(OrderLine).where(OrderLine.order_id == plain.id).values(cargo_no=""))
    both_lines, none = cast_both.open_case(order, lines=2).case_no, cast_both.open_case(plain).case_no
    desk = sign_in(both, "seller")
    wanted = {both_lines: ["HH-9；–", "HH-9-红；–"], none: ["", ""]}
    rows = export(both, "seller", "tab=applied", ["case_no", "cargo_no", "sku_cargo_no"], now)
    assert rows[0] == ["售后单号", "货号", "单品货号"] and {row[0]: row[1:] for row in rows[1:]} == wanted
    plain_rows = list(
        csv.DictReader(io.StringIO(desk.get("/seller/queue/export.csv?tab=applied").text.lstrip("\ufeff")))
    )
    assert {row["售后单号"]: [row["货号"], row["单品货号"]] for row in plain_rows} == wanted


def test_files_for_the_bank_by_the_rights_of_their_list(
    both: Flask, cast_both: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kind, "AT_ONCE", 2)
    desk = sign_in(both, "seller")
    for _ in range(3):
        cast_both.until("refunding", case_type=CaseType.REFUND_ONLY)
        assert post(desk, "/seller/payouts/batch", at="/seller/payouts/files").status_code == 303
        now.forward(minutes=1)
    assert "of=payout_files" in desk.get("/seller/payouts/files").text
    rows = export(both, "seller", "of=payout_files", ["name", "kind", "state", "row_count", "amount_fen"], now)
    assert rows[0] == ["文件", "种类", "状态", "行数", "金额（元）"] and len(rows) == 4
    paid = sum(db.session.scalars(db.select(MoneyEntry.amount_fen)).all())
    assert {row[1] for row in rows[1:]} == {"付款批次"} and sum(float(row[4]) for row in rows[1:]) * 100 == paid
    cast_both.employ(cast_both.shop, "buyer2", "warehouse")
    assert sign_in(both, "buyer2").get("/seller/exports?of=payout_files").status_code == 403


def test_payouts_as_their_list_has_them(both: Flask, cast_both: Cast, now: Clock) -> None:
    case = cast_both.until("refunding", case_type=CaseType.REFUND_ONLY)
    listed = sign_in(both, "seller").get("/seller/payouts?tab=due").text
    assert case.case_no in listed and "of=payouts&amp;tab=due" in listed
    rows = export(both, "seller", "of=payouts&tab=due", ["kind", "state", "amount_fen", "case_no", "buyer"], now)
    amount = db.session.scalars(db.select(MoneyEntry.amount_fen).where(MoneyEntry.case_id == case.id)).one()
    assert [row[:4] for row in rows[1:]] == [["退款", "待付款", rows[1][2], case.case_no]]
    assert float(rows[1][2]) == amount / 100 and "*" in rows[1][4]


def test_figures_as_their_page_says_them(app: Flask, cast: Cast, now: Clock) -> None:
    for reason in ("damaged", "damaged", "wrong_item"):
        cast.open_case(reason=reason)
    page = sign_in(app, "seller").get("/seller/figures?by=reason").text
    assert "/seller/exports?of=figures&amp;" in page
    rows = export(app, "seller", "of=figures&by=reason&span=30", ["name", "number", "refund", "rate"], now)
    assert rows[0] == ["统计项", "售后单", "每百单", "退款（元）"]
    assert [row[:2] for row in rows[1:]] == [["商品质量问题 · 破损", "2"], ["发货错误 · 发错商品", "1"]]


@pytest.mark.parametrize(
    ("role", "shut"), [("warehouse", {"payouts"}), ("agent", {"payouts"}), ("finance", {"orders"})]
)
def test_who_exports_what(app: Flask, cast: Cast, now: Clock, role: str, shut: set[str]) -> None:
    cast.employ(cast.shop, "buyer2", role)
    desk = sign_in(app, "buyer2")
    for of, tab in (("orders", "all"), ("payouts", "due"), ("figures", "")):
        answer = desk.get(f"/seller/exports?of={of}&tab={tab}")
        assert answer.status_code == (403 if of in shut else 200), of
        if role == "warehouse":
            assert "（元）" not in answer.text
    assert desk.get("/seller/exports?of=nothing").status_code == 404
    if role == "warehouse":
        desk_asks = post(desk, "/seller/exports?of=orders&tab=all", {"columns": ["order_no", "paid_fen"]})
        assert desk_asks.status_code in (303, 422)
        assert all("paid_fen" not in row.asked["columns"] for row in db.session.scalars(db.select(Export)))
        sums = Export(
            shop_id=cast.shop,
            user_id=cast.buyer2,
            asked={"kind": "payouts", "tab": "due", "columns": ["kind"]},
            state="done",
            file=b"1",
            made_at=now.at,
            expires_at=now.at + timedelta(days=1),
        )
        with writing():
            db.session.add(sums)
            db.session.flush()
            number = sums.id
        assert desk.get(f"/seller/exports/{number}.xlsx").status_code == 403  # asked for in another role


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("how", ["another role", "removed", "left and asked again"])
def test_what_was_made_in_a_role_ends_with_it(app: Flask, cast: Cast, now: Clock, how: str, written: bool) -> None:
    """The list is open to both roles, its sums aren't."""
    cast.open_case()
    cast.employ(cast.shop, "buyer2", "agent")
    desk = sign_in(app, "buyer2")
    assert post(desk, "/seller/exports?of=orders&tab=all", {"columns": ["order_no", "paid_fen"]}).status_code == 303
    number = db.session.scalars(db.select(Export.id)).one()
    db.session.rollback()
    if written:
        assert exports.write_waiting(now.at) == 1
        assert desk.get(f"/seller/exports/{number}.xlsx").status_code == 200
    with writing():
        if how == "another role":
            staffing.change_role(cast.shop, cast.buyer2, "warehouse")
        else:
            staffing.remove_staff(cast.shop, cast.buyer2)
    if how == "left and asked again":
        cast.employ(cast.shop, "buyer2", "warehouse")
    exports.write_waiting(now.at)
    assert db.session.scalar(db.select(Export.id)) is None
    assert sign_in(app, "buyer2").get(f"/seller/exports/{number}.xlsx").status_code in (403, 404)


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
