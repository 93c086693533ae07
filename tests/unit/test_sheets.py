"""Our reader of tables against another one, and against what was written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from portal.sheets import Number, open_tables, safe_cell
from tests import exports


def cells_of(path: Path) -> list[dict[int, object]]:
    """What we read of the first table."""
    found = open_tables(path, len)
    try:
        return [
            {place: float(cell) if isinstance(cell, Number) else cell for place, cell in row.cells.items()}
            for row in found.tables[0].rows()
        ]
    finally:
        found.close()


def other_reader(path: Path) -> list[dict[int, object]]:
    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
    return [{place: cell for place, cell in enumerate(row) if cell != ""} for row in rows]


@pytest.mark.parametrize("inline", [False, True])
def test_another_reader_sees_the_same(tmp_path: Path, inline: bool) -> None:
    assert cells_of(exports.SAMPLE) == other_reader(exports.SAMPLE)
    path = exports.xlsx(tmp_path / "a.xlsx", exports.table(exports.many(500)), inline=inline)
    assert cells_of(path) == other_reader(path)


texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=30)
numbers = st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: round(value, 6))


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(texts | numbers, min_size=1, max_size=6), min_size=1, max_size=6), inline=st.booleans())
def test_what_was_written_into_a_workbook_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str | float]], inline: bool
) -> None:
    path = exports.xlsx(tmp_path_factory.mktemp("hypothesis") / "a.xlsx", rows, inline=inline)
    assert cells_of(path) == [dict(enumerate(row)) for row in rows]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\tA", "\rA", "\0", "＝1", "＋1", "－1", "＠A"])
def test_what_a_spreadsheet_would_run_gets_a_quote(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_other_texts_stay_as_they_are() -> None:
    assert safe_cell("打底衫 -1") == "打底衫 -1"
    assert safe_cell("") == ""
