"""Old workbooks (.xls): read as another reader does, with what it doesn't tell; whatever is broken is refused."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from portal.orders.export_format import OrderRows, Problem, read
from portal.sheets import Date, Fault, Number, SheetRefused, compound, open_tables, xls
from portal.sheets.xlsx_files import LOCKED
from tests import exports, oldbooks
from tests.oldbooks import Broken, Cell, Day, Formula, Packed, book, write

ROWS: list[list[Cell]] = [
    ["订单编号", "货品标题", None, "数量", "单价(元)", "订单状态", "订单创建时间", "实付款(元)"],
    ["3905403692550747597", "打底衫", None, Packed(2), Packed(1880, True), "交易成功", Day(46331.5631944444), 37.6],
    ["3905403692550747598", "袜子", None, 3.0, 2.5, Formula("交易成功"), "2026-11-05 13:31:00", Formula(7.5)],
]


def all_of(path: Path) -> list[list[dict[int, str]]]:
    found = open_tables(path, len)
    try:
        return [[row.cells for row in table.rows()] for table in found.tables]
    finally:
        found.close()


def test_an_export_as_old_programs_write_it_is_read(tmp_path: Path) -> None:
    with read(write(tmp_path / "a.xls", book({"订单列表": ROWS}, hidden_rows=[3]))) as export:
        found = list(export.orders())
    first, second = [each for each in found if isinstance(each, OrderRows)]
    assert (first.order_no, first.paid_fen, str(first.ordered_at)) == (
        "3905403692550747597",
        3760,
        "2026-11-05 05:31:00+00:00",
    )
    assert [(line.quantity_milli, line.unit_price_fen) for line in first.lines] == [(2000, 1880)]
    assert (second.status, second.paid_fen, second.ordered_at) == ("completed", 750, first.ordered_at)
    assert [each.sentence for each in found if isinstance(each, Problem)] == [
        "有 1 行在表格里是隐藏的（第 3 行），也已读入，请核对"
    ]


def test_every_kind_of_cell(tmp_path: Path) -> None:
    row: list[Cell] = [
        "文",
        "latin",
        True,
        Formula(False),
        Broken(42),
        Formula(None),
        Formula("结"),
        Packed(-7),
        Packed(-250, True),
        3.9054036925507476e18,
        Day(46331.0),
    ]
    [[cells]] = all_of(write(tmp_path / "a.xls", book({"表": [row]})))
    assert cells == {
        0: "文",
        1: "latin",
        2: "是",
        3: "否",
        4: "#N/A",
        5: "",
        6: "结",
        7: "-7",
        8: "-2.5",
        9: "3.9054036925507476e+18",
        10: "46331",
    }
    assert isinstance(cells[4], Fault) and isinstance(cells[5], Fault)
    assert isinstance(cells[9], Number) and isinstance(cells[10], Date) and cells[10].as_date == "2026-11-05"


def test_sheets_and_days(tmp_path: Path) -> None:
    stream = book({"藏": ROWS, "表": [[Day(0.5)]]}, hidden_sheets=["藏"], from_1904=True)
    found = open_tables(write(tmp_path / "a.xls", stream), len)
    assert [(each.name, each.hidden, each.dates_from_1904) for each in found.tables] == [
        ("表", False, True),
        ("藏", True, True),
    ]


texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=60)
cells = texts | st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: round(value, 6)) | st.none()


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.lists(cells, min_size=1, max_size=6), min_size=1, max_size=8),
    most=st.sampled_from([24, 31, 64, 8224]),
    small=st.booleans(),
)
def test_another_reader_sees_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[Cell]], most: int, small: bool
) -> None:
    stream = book({"表": rows}, most=most)
    path = write(tmp_path_factory.mktemp("old") / "a.xls", stream, small=small and len(stream) < 4096)
    ours = [
        {place: float(cell) if isinstance(cell, Number) else cell for place, cell in row.items()}
        for row in all_of(path)[0]
    ]
    written = [{place: cell for place, cell in enumerate(row) if cell is not None} for row in rows]
    assert ours == [row for row in written if row]
    if any(each > "\uffff" for row in rows for cell in row if isinstance(cell, str) for each in cell):
        return  # it breaks characters whose halves stand in two records
    sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    theirs = [
        {place: cell for place, cell in enumerate(row) if cell != ""} for row in sheet.to_python(skip_empty_area=False)
    ]
    assert [row for row in theirs if row] == ours


@settings(max_examples=150, deadline=None)
@given(
    at=st.integers(0, 1 << 16),
    change=st.binary(min_size=1, max_size=8),
    cut=st.integers(0, 1 << 16),
    data=st.booleans(),
)
def test_a_broken_file_is_refused_or_read_and_raises_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, at: int, change: bytes, cut: int, data: bool
) -> None:
    path = write(tmp_path_factory.mktemp("old") / "a.xls", book({"订单列表": ROWS}, most=40))
    content = bytearray(path.read_bytes())
    if data:
        content = content[: cut % len(content)] or content[:1]
        content = bytearray(compound.MAGIC) + content[8:]
    at %= len(content)
    content[at : at + len(change)] = change
    path.write_bytes(bytes(content))
    try:
        all_of(path)
    except SheetRefused as refused:
        assert refused.sentence


def refusal(path: Path) -> str:
    with pytest.raises(SheetRefused) as caught:
        all_of(path)
    return caught.value.sentence


def test_what_is_older_locked_too_large_or_out_of_order_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = book({"表": ROWS})
    assert refusal(write(tmp_path / "a.xls", stream, "Book")) == xls.OLD
    assert refusal(write(tmp_path / "b.xls", stream.replace(b"\x00\x06\x05\x00", b"\x00\x05\x05\x00", 1))) == xls.OLD
    assert refusal(write(tmp_path / "c.xls", book({"表": ROWS}, before=oldbooks.record(0x2F, bytes(6))))) == LOCKED
    assert refusal(write(tmp_path / "d.xls", b"x" * 5000, "EncryptedPackage")) == LOCKED
    backwards = oldbooks.record(0x203, struct.pack("<HHHd", 9, 0, 0, 1.0))
    backwards += oldbooks.record(0x203, struct.pack("<HHHd", 3, 0, 0, 1.0))
    moved = stream[:-4] + backwards + oldbooks.record(0x0A)
    assert refusal(write(tmp_path / "e.xls", moved)) == xls.UNORDERED
    monkeypatch.setattr(xls, "MOST_BYTES", 1_000)
    assert refusal(tmp_path / "e.xls") == xls.TOO_LARGE


def test_a_text_named_a_million_times_is_not_decoded_as_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.xls", book({"表": [["长" * 3_000] * 50 for _ in range(40)]}))
    assert len(all_of(path)[0]) == 40
    monkeypatch.setattr(xls, "MOST_DECODED", 1_000_000)
    assert refusal(path) == xls.TOO_LARGE


def test_the_memory_is_bound_by_the_files_size(tmp_path: Path) -> None:
    import tracemalloc

    rows = [list(row.values()) for row in exports.many(3_000)]
    path = write(tmp_path / "a.xls", book({"订单列表": [[str(cell) for cell in row] for row in rows]}))
    tracemalloc.start()
    found = open_tables(path, len)
    assert sum(1 for _ in found.tables[0].rows()) == len(rows)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 6 * path.stat().st_size
