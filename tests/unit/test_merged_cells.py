"""Merged cells: the file says which they are; what they say of several rows is taken where it can only mean that."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from portal.orders.export_format import OrderRows, Problem, read
from portal.orders.export_format.merged import NOT_SHARED
from portal.sheets import open_tables
from portal.sheets.spans import Span, Sweep
from portal.sheets.xlsx_texts import column_letters
from tests import exports, oldbooks
from tests.exports import HEADINGS, Cells, line, order, table

A, B = "3905403692550747597", "3905403692550747598"
Merge = tuple[str, int, int]  # heading, first and last row from 0


def as_xlsx(path: Path, rows: Sequence[Cells], merges: Sequence[Merge]) -> Path:
    cells = list(table(rows))
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = exports.fill(book, "订单列表", cells)
        for heading, top, bottom in merges:
            column = HEADINGS.index(heading)
            sheet.merge_range(top, column, bottom, column, "")
            sheet.write(top, column, cells[top][column])
    return path


def as_xls(path: Path, rows: Sequence[Cells], merges: Sequence[Merge]) -> Path:
    cells = [[value or None if isinstance(value, str) else value for value in row] for row in table(rows)]
    merged = [(top, bottom, HEADINGS.index(heading)) for heading, top, bottom in merges]
    return oldbooks.write(path, oldbooks.book({"订单列表": cells}, merged=merged))


def as_page(path: Path, rows: Sequence[Cells], merges: Sequence[Merge]) -> Path:
    tops = {(top, HEADINGS.index(heading)): bottom - top + 1 for heading, top, bottom in merges}
    hidden = {(row, HEADINGS.index(name)) for name, top, bottom in merges for row in range(top + 1, bottom + 1)}
    made = ""
    for number, row in enumerate(table(rows)):
        cells = [
            f'<td rowspan="{tops.get((number, place), 1)}">{value}</td>'
            for place, value in enumerate(row)
            if (number, place) not in hidden
        ]
        made += f"<tr>{''.join(cells)}</tr>"
    path.write_text(f"<html><meta charset=utf-8><table>{made}</table></html>", encoding="utf-8")
    return path


WAYS = [as_xlsx, as_xls, as_page]


def read_all(path: Path) -> tuple[list[OrderRows], list[Problem]]:
    with read(path) as export:
        found = list(export.orders())
    return [each for each in found if isinstance(each, OrderRows)], [
        each for each in found if isinstance(each, Problem)
    ]


def without(row: Cells, *headings: str) -> Cells:
    return row | dict.fromkeys(headings, "")


SHARED = ("卖家会员名", "买家会员名", "订单状态", "收货人姓名", "收货地址", "联系手机", "货品标题", "单价(元)", "型号")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("heading", SHARED)
def test_what_two_orders_share_is_said_of_both(tmp_path: Path, way: Any, heading: str) -> None:
    whole = read_all(way(tmp_path / "a", [order(A), order(B)], []))[0]
    found, problems = read_all(way(tmp_path / "b", [order(A), without(order(B), heading)], [(heading, 1, 2)]))
    assert [each.lines[0][1:] for each in found] == [each.lines[0][1:] for each in whole]
    for name in ("seller_member", "buyer_member", "status", "receiver_name", "receiver_address", "receiver_mobile"):
        assert [getattr(each, name) for each in found] == [getattr(each, name) for each in whole]
    assert [(each.row, each.column) for each in problems] == [(3, heading)]
    assert problems[0].sentence == "有合并的单元格，1 行按合并的内容填写（第 3 行），请核对"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("heading", SHARED)
def test_an_empty_cell_alone_says_nothing(tmp_path: Path, way: Any, heading: str) -> None:
    found, _problems = read_all(way(tmp_path / "a", [order(A), without(order(B), heading)], []))
    said = [(each.seller_member, each.receiver_name, each.lines[0].spec) for each in found]
    assert len(found) == 1 or len(set(said)) == 2 or heading in ("买家会员名", "收货地址", "联系手机")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("heading", ["货品总价(元)", "运费(元)", "实付款(元)", "涨价或折扣(元)"])
def test_a_sum_is_never_said_of_two(tmp_path: Path, way: Any, heading: str) -> None:
    found, problems = read_all(way(tmp_path / "a", [order(A), without(order(B), heading)], [(heading, 1, 2)]))
    name = {"货品总价(元)": "goods_total_fen", "运费(元)": "freight_fen", "实付款(元)": "paid_fen"}
    assert getattr(found[1], name.get(heading, "adjustment_fen")) is None
    assert (3, heading, NOT_SHARED) in [(each.row, each.column, each.sentence) for each in problems]


OTHER = {"SKU ID": "4900126478450", "型号": "白色;L"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("rows", [2, 3, 5])
def test_a_quantity_in_one_cell_is_each_row_s_where_the_sum_says_so(tmp_path: Path, way: Any, rows: int) -> None:
    more = [line(**{"SKU ID": str(4900126478450 + at), "型号": f"白色;{at}", "数量": ""}) for at in range(1, rows)]
    sums = {"货品总价(元)": 37.6 * rows, "实付款(元)": 37.6 * rows + 6}
    merges = [("订单编号", 1, rows), ("数量", 1, rows)]
    [found], problems = read_all(way(tmp_path / "a", [order(A, **sums), *more], merges))
    assert [each.quantity_milli for each in found.lines] == [2000] * rows
    assert {each.sentence for each in problems} == {"数量和第 2 行合并成一格，按每行各 2 读取，这样与货品总价相符"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("total", [37.6, 18.8, ""])
def test_a_quantity_in_one_cell_that_no_sum_explains_is_nobody_s(tmp_path: Path, way: Any, total: object) -> None:
    """It may be that of both together: then neither row has it."""
    rows = [order(A, **{"货品总价(元)": total}), line(**OTHER, 数量=""), order(B)]
    found, problems = read_all(way(tmp_path / "a", rows, [("订单编号", 1, 2), ("数量", 1, 2)]))
    assert [each.order_no for each in found] == [B]
    assert [each.row for each in problems if "看不出每行各是多少" in each.sentence] == [2, 3]


@pytest.mark.parametrize("way", WAYS)
def test_the_goods_of_one_order_may_share_a_title_and_a_price(tmp_path: Path, way: Any) -> None:
    shared = ("货品标题", "单价(元)", "Offer ID", "货号", "单位")
    sums = {"货品总价(元)": 75.2, "实付款(元)": 81.2}
    merges = [(heading, 1, 2) for heading in (*shared, "订单编号", "收货人姓名", "实付款(元)")]
    [found], _problems = read_all(way(tmp_path / "a", [order(A, **sums), without(line(**OTHER), *shared)], merges))
    assert [(each.title, each.unit_price_fen, each.offer_id, each.spec) for each in found.lines] == [
        (line()["货品标题"], 1880, "622726028641", spec) for spec in ("黑色;L", "白色;L")
    ]


def test_a_span_is_above_its_rows_and_no_others() -> None:
    spans = [Span(2, 4, 0), Span(6, 9, 0), Span(3, 3, 1), Span(3, 8, 2)]
    for rows in (range(1, 12), range(1, 12, 2), (5, 7), (9, 12)):
        sweep = Sweep(spans, frozenset(range(3)))
        for row in rows:
            expected = {each.column: each.top for each in spans if each.top < row <= each.bottom}
            assert sweep.above(row) == expected
    assert Sweep(spans, None).above(4) == {} and Sweep(spans, {2}).above(4) == {2: 3}


def test_what_is_merged_is_found_in_linear_time(tmp_path: Path) -> None:
    """A hundred thousand characters that look like a merged cell's beginning."""
    junk = "<mergeCell " * 10_000
    sheet = f'<?xml version="1.0"?><worksheet xmlns="{exports.MAIN}"><sheetData>{exports.few_rows()}</sheetData>{junk}'
    path = exports.workbook(tmp_path / "a.xlsx", sheet)
    tables = open_tables(path, len)
    tables.tables[0].check()
    assert [row.above for row in tables.tables[0].rows(frozenset(range(5)))] == [{}, {}]
    tables.close()


def test_ten_thousand_merged_columns_cost_no_more_than_those_that_are_read(tmp_path: Path) -> None:
    merges = "".join(f'<mergeCell ref="{column_letters(at)}2:{column_letters(at)}1000000"/>' for at in range(10_000))
    rows = "".join(exports.inline_row(number, [number]) for number in range(1, 5_001))
    data = f"<sheetData>{rows}</sheetData><mergeCells>{merges}</mergeCells>"
    sheet = f'<?xml version="1.0"?><worksheet xmlns="{exports.MAIN}">{data}</worksheet>'
    tables = open_tables(exports.workbook(tmp_path / "a.xlsx", sheet), len)
    tables.tables[0].check()
    began = time.perf_counter()
    assert sum(len(row.above) for row in tables.tables[0].rows(frozenset(range(5)))) == 4_998 * 5
    assert time.perf_counter() - began < 5
    tables.close()
