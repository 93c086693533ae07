"""Tables handed out as .xlsx: numbers that are names stay text, and no cell is ever run as a formula."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import xlsxwriter

from portal.sheets import safe_cell

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Column(NamedTuple):
    """A heading, what it means (for the sheet 说明), and its width in characters. ``yuan``: holds 分, shown as 元;
    ``figure``: holds numbers, which the reader adds up."""

    heading: str
    meaning: str
    width: int = 16
    yuan: bool = False
    figure: bool = False


_FIGURE = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,3})?", re.ASCII)
_AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def build(name: str, columns: Sequence[Column], rows: Sequence[Sequence[str | int]], *, made_at: datetime) -> bytes:
    """A workbook with the table and a sheet 说明 that explains its columns. The same input gives the same bytes."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **_AS_TEXT}) as book:
        head = _write_table(book, name, columns, rows, made_at)
        notes = book.add_worksheet("说明")
        notes.set_column(0, 0, 16)
        notes.set_column(1, 1, 80)
        for number, column in enumerate(columns):
            notes.write_string(number, 0, column.heading, head)
            notes.write_string(number, 1, column.meaning)
    return out.getvalue()


def write_long(
    path: str, name: str, columns: Sequence[Column], rows: Iterable[Sequence[str | int]], *, made_at: datetime
) -> None:
    """The table alone, row after row into a file: however many rows, no more than one is held."""
    with xlsxwriter.Workbook(path, {"constant_memory": True, **_AS_TEXT}) as book:
        _write_table(book, name, columns, rows, made_at)


def _write_table(
    book: Any, name: str, columns: Sequence[Column], rows: Iterable[Sequence[str | int]], made_at: datetime
) -> Any:
    """Headings and rows, in this order, because a long table forgets each row with the next; the headings' format."""
    book.set_properties({"created": made_at.astimezone(UTC).replace(tzinfo=None)})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    plain, money = book.add_format({"num_format": "@"}), book.add_format({"num_format": "0.00"})
    figure = book.add_format({"num_format": "General"})
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width, money if column.yuan else figure if column.figure else plain)
        sheet.write_string(0, place, column.heading, head)
    for number, row in enumerate(rows, start=1):
        for place, (column, value) in enumerate(zip(columns, row, strict=True)):
            if column.yuan and isinstance(value, int):
                sheet.write_number(number, place, value / 100, money)
            elif column.figure and _FIGURE.fullmatch(str(value)):
                sheet.write_number(number, place, float(value), figure)
            else:
                sheet.write_string(number, place, safe_cell(str(value)), plain)
    return head
