"""Reads the order export of the wholesale platform (已买到的货品 / 已卖出的货品 → 导出订单) into orders, row by row.

Columns are found by their headings, never by position. An order is one row for each of its lines, with the order's own
cells on the first of them. Orders and problems come in the file's order, and only one order is held at a time. Nothing
here knows the database, and nothing in a file raises anything but ExportRefused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from portal.orders.export_format.cells import parcels_of
from portal.orders.export_format.columns import (
    BY_HEADING,
    LINE_COLUMNS,
    ORDER_COLUMNS,
    REQUIRED,
    SHEET,
    Column,
    is_never_read,
    known_headings,
    normal_heading,
)
from portal.orders.export_format.orders import Assembly, LineRow, Lost, OrderRows, Parcel, Problem
from portal.sheets import HEADINGS_WITHIN, Row, SheetRefused, Table, Tables, open_tables

__all__ = ["Export", "ExportRefused", "LineRow", "Lost", "OrderRows", "Parcel", "Problem", "parcels_of", "read"]


class ExportRefused(Exception):
    """The file can't be read at all, or no further; ``sentence`` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Export:
    """An order export whose headings have been understood. Close it, or use it in a ``with``."""

    def __init__(
        self, tables: Tables, table: Table, headings: Row, places: dict[int, Column], surplus: list[str]
    ) -> None:
        self._tables, self._table, self._headings, self._places = tables, table, headings, places
        self.kind = tables.kind
        self.sheet = table.name
        self.rows_about = table.rows_about  # for showing progress; blank rows and headings count too
        self.surplus = surplus  # headings that nobody knows; their columns are ignored
        known = {column.heading for column in places.values()}
        self.missing = [column.heading for column in ORDER_COLUMNS + LINE_COLUMNS if column.heading not in known]

    def __enter__(self) -> Export:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._tables.close()

    def rows(self) -> Iterator[Row]:
        """The rows below the headings that hold anything, by the columns of ``places``. Raises ExportRefused."""
        first, width = self._headings.number, max(self._headings.cells) + 1
        try:
            for row in self._table.rows(frozenset(self._places), width):
                if row.number > first and (row.trouble or any(not text.isspace() for text in row.cells.values())):
                    yield row
        except SheetRefused as problem:
            raise ExportRefused(problem.sentence) from problem

    def orders(self) -> Iterator[OrderRows | Problem]:
        """The orders and the problems of the file, in its order; may be asked for again. Raises ExportRefused.

        Problems of an order's rows come before the order. What a problem spoils is left out, the rest goes on.
        """
        assembly = Assembly(self._places, self._table.dates_from_1904)
        for row in self.rows():
            yield from assembly.take(row)
        yield from assembly.finish()


def read(path: str | os.PathLike[str]) -> Export:
    """Open an order export: xlsx, or text in UTF-8, GB18030 or UTF-16 with commas, semicolons or tabs.

    Raises ExportRefused with one sentence when there is nothing to import in it.
    """
    try:
        tables = open_tables(path, known_headings)
        try:
            export = _understood(tables)
            if next(export.rows(), None) is None:
                raise ExportRefused("只有表头,没有订单")
            return export
        except BaseException:
            tables.close()
            raise
    except SheetRefused as problem:
        raise ExportRefused(problem.sentence) from problem


def _understood(tables: Tables) -> Export:
    """The sheet named 订单列表, else the first, in which the headings are found."""
    best: tuple[int, Table, Row] | None = None
    for table in sorted(tables.tables, key=lambda each: each.name != SHEET):
        for row, _ in zip(table.rows(), range(HEADINGS_WITHIN), strict=False):
            found = known_headings(row.cells)
            if found > (best[0] if best else 0):
                best = found, table, row
        if best and best[0] >= len(REQUIRED):
            break
    if best is None:
        raise ExportRefused(f"没有找到表头,请上传后台「导出订单」得到的文件,其中应有「{'」「'.join(REQUIRED)}」等列")
    _found, table, headings = best
    places: dict[int, Column] = {}
    surplus: list[str] = []
    for place, text in sorted(headings.cells.items()):
        column = BY_HEADING.get(normal_heading(text))
        if column is None:
            if text.strip() and not is_never_read(text):
                surplus.append(text.strip()[:100])
        elif column in places.values():
            raise ExportRefused(f"「{column.heading}」这一列出现了不止一次,请只保留一列后再上传")
        else:
            places[place] = column
    known = {column.heading for column in places.values()}
    if missing := [heading for heading in REQUIRED if heading not in known]:
        raise ExportRefused(f"缺少必需的列:「{'」「'.join(missing)}」,请使用后台「导出订单」得到的文件")
    table.check()
    return Export(tables, table, headings, places, surplus)
