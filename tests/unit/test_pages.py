"""Web pages that are tables, as programs write them and name them .xls."""

from __future__ import annotations

import html
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.orders.export_format import OrderRows, Problem, read
from portal.sheets import SheetRefused, open_tables
from portal.sheets.pages import MOST_BYTES
from tests import exports
from tests.exports import FEW, order, table

HEAD = (
    "<html xmlns:x='urn:schemas-microsoft-com:office:excel'><head><meta charset='{}'><style>td {{x: y}}</style></head>"
)


def page(
    rows: Sequence[Sequence[object]], cell: str = "<td>{}</td>", charset: str = "utf-8", head: str = HEAD
) -> bytes:
    body = "".join("<tr>" + "".join(cell.format(html.escape(str(each))) for each in row) + "</tr>\r\n" for row in rows)
    text = f"{head.format(charset)}<body><table border=1>{body}</table></body></html>"
    return text.encode("gb18030" if charset.startswith("gb") else charset)


def orders_of(path: Path) -> tuple[list[OrderRows], list[Problem]]:
    with read(path) as export:
        found = list(export.orders())
    return [x for x in found if isinstance(x, OrderRows)], [x for x in found if isinstance(x, Problem)]


def cells_of(path: Path) -> list[dict[int, str]]:
    [only] = open_tables(path, len).tables
    return [row.cells for row in only.rows()]


@pytest.mark.parametrize(
    "head", [HEAD, "", "\ufeff" + HEAD, "<!DOCTYPE html>\n" + HEAD, "<?xml version='1.0'?>" + HEAD, "<div>"]
)
@pytest.mark.parametrize(
    "cell", ["<td>{}</td>", "<TD style=\"mso-number-format:'\\@'\" x:str>\r\n  {}\r\n</TD>", "<td><b>{}</b>"]
)
@pytest.mark.parametrize("charset", ["utf-8", "gb2312", "gbk", "gb18030"])
def test_a_page_is_read_as_the_table_that_it_shows(tmp_path: Path, head: str, cell: str, charset: str) -> None:
    rows = [list(row) for row in table([order("3905403692550747597"), order("3905403692550747598")])]
    expected = orders_of(exports.xlsx(tmp_path / "a.xlsx", rows))
    path = tmp_path / "a.xls"
    path.write_bytes(page(rows, cell, charset, head.replace("\ufeff", "") if charset != "utf-8" else head))
    assert [
        (each.order_no, each.paid_fen, each.tracking_text, each.lines[0].snapshot) for each in orders_of(path)[0]
    ] == [(each.order_no, each.paid_fen, each.tracking_text, each.lines[0].snapshot) for each in expected[0]]


TEXT = st.text(st.characters(min_codepoint=0x20, blacklist_categories=("Cs", "Cc")), max_size=12).map(
    lambda text: " ".join(text.split())
)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.lists(TEXT, min_size=1, max_size=5), min_size=1, max_size=5))
def test_any_cells_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    path = tmp_path_factory.mktemp("pages") / "a.xls"
    path.write_bytes(page(rows))
    assert cells_of(path) == [{at: text for at, text in enumerate(row) if text} for row in rows]


def test_joined_cells_push_the_others_aside(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    rows = "<tr><td rowspan=2>a<td colspan='2'>b<td>c</tr><tr><td>d<td>e<td>f</tr><tr><td>g</tr>"
    path.write_text(f"<table>{rows}</table>")
    assert cells_of(path) == [{0: "a", 1: "b", 3: "c"}, {1: "d", 2: "e", 3: "f"}, {0: "g"}]


def test_hidden_rows_comments_and_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    cell = "a<!-- <td>x</td> --><br/>b&nbsp;&amp;<script><td>y</script>"
    path.write_text(f"<table><tr style='display:none'><td>{cell}</td></tr></table>")
    [only] = open_tables(path, len).tables
    assert [(row.cells, row.hidden) for row in only.rows()] == [({0: "a\nb &"}, True)]


def test_a_page_that_was_cut_off_or_has_no_table_is_refused(tmp_path: Path) -> None:
    whole = page([FEW, ["9001", "打底衫", 2, 18.8, "交易成功"]])
    for content, sentence in (
        (whole[:-30], "损坏或不完整"),
        (b"<html><frameset></frameset></html>", "没有表格"),
        (whole + b" " * MOST_BYTES, "太大"),
        (b"MIME-Version: 1.0\r\n\r\n" + whole, "网页格式"),
        (b"<?xml version='1.0'?><Workbook/>", "XML"),
        (b"\x09\x08\x10\x00" + bytes(600), "旧版 .xls"),
        (b"\x09\x00\x04\x00" + bytes(600), "旧版 .xls"),
    ):
        (tmp_path / "a.xls").write_bytes(content)
        with pytest.raises(SheetRefused, match=sentence):
            open_tables(tmp_path / "a.xls", len)


@pytest.mark.parametrize(
    "piece", ["<", "<td", "<!--", "<table", "<td colspan=9999>", "<script>", "&#", "<tr><td rowspan=9999>"]
)
def test_no_page_takes_longer_than_its_length(tmp_path: Path, piece: str) -> None:
    path = tmp_path / "a.xls"
    path.write_text("<html><tr><td>" + piece * (200_000 // len(piece)) + "</table>")
    began = time.perf_counter()
    try:
        assert len(cells_of(path)) >= 0
    except SheetRefused:
        pass
    assert time.perf_counter() - began < 5


def test_a_second_sheet_of_orders_without_headings_is_not_lost_in_silence(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        exports.fill(book, "11月", [FEW, ["3905403692550747597", "打底衫", 2, 18.8, "交易成功"]])
        exports.fill(book, "10月", [["3905403692550747598", "打底衫", 2, 18.8, "交易成功"]])
        exports.fill(book, "汇总", [["合计", 37.6]])
    orders, problems = orders_of(path)
    assert (len(orders), [each.sentence for each in problems]) == (1, ["工作表「10月」没有读：没有找到认识的表头"])
