"""Reads the order export of the wholesale platform (已买到的货品 / 已卖出的货品 → 导出订单) into orders, row by row.

Columns are found by their headings, never by position. An order is one row for each of its lines, with the order's own
cells on the first of them. Orders and problems come in the file's order, and only one order is held at a time. Nothing
here knows the database, and nothing in a file raises anything but ExportRefused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from portal.orders.export_format.cells import parcels_of
from portal.orders.export_format.columns import (
    LINE_COLUMNS,
    ORDER_COLUMNS,
    REQUIRED,
    SHEET,
    Column,
    is_never_read,
)
from portal.orders.export_format.finding import find_strange_headings, headings_of, holds_orders
from portal.orders.export_format.headings import Headings
from portal.orders.export_format.ids import say_order_no
from portal.orders.export_format.merged import Merged
from portal.orders.export_format.noticed import notice_columns
from portal.orders.export_format.orders import Assembly
from portal.orders.export_format.regions import ADDRESS, Regions
from portal.orders.export_format.rows import LineRow, Lost, OrderRows, Parcel, Problem
from portal.orders.export_format.suborders import PRICE, whence_price
from portal.sheets import Number, Row, SheetRefused, Table, Tables, open_tables

__all__ = [
    "Export",
    "ExportRefused",
    "HeadingsRefused",
    "LineRow",
    "Lost",
    "OrderRows",
    "Parcel",
    "Problem",
    "SeenHeadings",
    "parcels_of",
    "read",
]

MOST_HEADING = 100  # characters
MOST_EXPLAINED = 80  # headings of a file that a shop can explain
MOST_HIDDEN_SAID = 10  # rows
_FEW_HEADINGS = 3  # a sheet with so many was meant to hold orders


class ExportRefused(Exception):
    """The file can't be read at all, or no further; ``sentence`` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class SeenHeadings(NamedTuple):
    """The headings of a file: ``theirs``, those of other tools, with what is taken for each ("" for none); and which
    columns of ours have their own heading, and stand there already."""

    theirs: dict[str, str]
    own: list[str]


class HeadingsRefused(ExportRefused):
    """Columns are missing that must be there; ``seen`` has what is, for somebody to explain it."""

    def __init__(self, sentence: str, seen: SeenHeadings) -> None:
        super().__init__(sentence)
        self.seen = seen


class _Part(NamedTuple):
    """A sheet with orders: where its headings stand and what its columns are."""

    table: Table
    headings: Row
    places: dict[int, Column]
    surplus: list[str]
    synonyms: dict[str, str]  # their heading: ours
    seen: SeenHeadings
    regions: Regions

    def rows(self) -> Iterator[Row]:
        """The rows below the headings that hold anything, by the columns of ``places``. Raises ExportRefused."""
        first, width = self.headings.number, max(self.headings.cells) + 1
        try:
            for row in map(self.regions.join, self.table.rows(frozenset(self.places) | self.regions.places, width)):
                if row.number > first and (row.trouble or any(not text.isspace() for text in row.cells.values())):
                    yield row
        except SheetRefused as problem:
            raise ExportRefused(problem.sentence) from problem


class Export:
    """An order export whose headings have been understood. Close it, or use it in a ``with``."""

    def __init__(self, tables: Tables, parts: list[_Part], notices: list[Problem]) -> None:
        self._tables, self._parts, self._notices = tables, parts, notices
        first = parts[0]
        self.kind = tables.kind
        self.sheet = first.table.name
        self.sheets = [part.table.name for part in parts]
        self.rows_about = sum(part.table.rows_about for part in parts)  # blank rows and headings count too
        self.surplus = first.surplus  # headings that nobody knows; their columns are ignored
        self.synonyms = first.synonyms  # headings of other tools, with ours
        self.seen = first.seen
        known = {column.heading for column in first.places.values()}
        self.missing = [column.heading for column in ORDER_COLUMNS + LINE_COLUMNS if column.heading not in known]

    def __enter__(self) -> Export:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._tables.close()

    def rows(self) -> Iterator[Row]:
        """The rows of all sheets that hold anything. Raises ExportRefused."""
        for part in self._parts:
            yield from part.rows()

    def numbers(self) -> Iterator[str]:
        """The numbers of orders as cells of text have them, whole; those of numeric cells are left out."""
        for part in self._parts:
            at = next(place for place, column in part.places.items() if column.key == "order_no")
            for row in part.rows():
                cell = row.cells.get(at, "")
                if cell and not isinstance(cell, Number) and (said := say_order_no(cell)):
                    yield said

    def orders(self) -> Iterator[OrderRows | Problem]:
        """The orders and the problems of the file, in its order; may be asked for again. Raises ExportRefused.

        Problems of an order's rows come before the order. What a problem spoils is left out, the rest goes on.
        """
        yield from self._notices
        for number, part in enumerate(self._parts):
            sheet = part.table.name if number else ""
            merged = Merged(part.places)
            assembly = Assembly(part.places, part.table.dates_from_1904, sheet, part.headings, merged)
            hidden: list[int] = []
            hidden_count = 0
            for row in map(merged.fill, part.rows()):
                if row.hidden:
                    hidden_count += 1
                    if len(hidden) < MOST_HIDDEN_SAID:
                        hidden.append(row.number)
                yield from _in_sheet(assembly.take(row), sheet)
            yield from _in_sheet(assembly.finish(), sheet)
            yield from _in_sheet(merged.say(), sheet)
            if hidden:
                rows = "、".join(str(each) for each in hidden)
                rows += " …" if hidden_count > len(hidden) else ""
                sentence = f"有 {hidden_count} 行在表格里是隐藏的（第 {rows} 行），"
                yield Problem(hidden[0], "", f"{sentence}也已读入，请核对", Lost.NOTHING, "", sheet)


def _in_sheet(found: Iterator[OrderRows | Problem], sheet: str) -> Iterator[OrderRows | Problem]:
    for each in found:
        yield each._replace(sheet=sheet) if sheet and isinstance(each, Problem) else each


def read(path: str | os.PathLike[str], explained: Mapping[str, str] | None = None) -> Export:
    """Open an order export: xlsx, or text in UTF-8, GB18030 or UTF-16 with commas, semicolons or tabs.

    ``explained`` has our headings by those of other tools, as a shop has said; see Headings. Every visible sheet with
    the headings is read. Raises ExportRefused with one sentence when there is nothing to import in it.
    """
    headings = Headings(explained)
    try:
        tables = open_tables(path, headings.count)
        try:
            export = _understood(tables, headings)
            if next(export.rows(), None) is None:
                raise ExportRefused("只有表头，没有订单")
            return export
        except BaseException:
            tables.close()
            raise
    except SheetRefused as problem:
        raise ExportRefused(problem.sentence) from problem


def _understood(tables: Tables, headings: Headings) -> Export:
    """The sheet named 订单列表, else the first, that has the headings; and the other visible ones that have them."""
    ordered = sorted(tables.tables, key=lambda each: each.name != SHEET)
    found = [(table, *headings_of(table, headings)) for table in ordered]
    most = max((count for _table, count, _row in found), default=0)
    if most == 0:
        for table in ordered:
            if not table.hidden and (row := find_strange_headings(table)) is not None:
                _part(table, row, headings)  # refused, with what can be explained
        raise ExportRefused(f"没有找到表头，请上传后台「导出订单」得到的文件，其中应有「{'」「'.join(REQUIRED)}」等列")
    good = [each for each in found if each[1] >= len(REQUIRED)]
    chosen = (good or [each for each in found if each[1] == most])[0]
    parts: list[_Part] = []
    notices: list[Problem] = []
    table, _count, row = chosen
    if row is not None:
        parts.append(_part(table, row, headings))
        table.check()
        if table.hidden:
            notices.append(_notice(row.number, f"工作表「{table.name[:40]}」是隐藏的，也已读入，请核对"))
        part = parts[0]
        notices += notice_columns(row, part.places, part.surplus, part.synonyms, headings)
        if part.regions.places:
            notices.append(_notice(row.number, part.regions.say(), ADDRESS))
    for table, count, row in found:
        if table is chosen[0]:
            continue
        if row is None or count < _FEW_HEADINGS:
            if not table.hidden and holds_orders(table, row, headings):
                sentence = f"工作表「{table.name[:40]}」没有读：没有找到认识的表头"
                notices.append(_notice(parts[0].headings.number, sentence))
            continue
        if table.hidden:
            notices.append(_notice(parts[0].headings.number, f"隐藏的工作表「{table.name[:40]}」没有读"))
            continue
        try:
            parts.append(_part(table, row, headings))
            table.check()
        except ExportRefused as problem:
            sentence = f"工作表「{table.name[:40]}」没有读：{problem.sentence}"
            notices.append(_notice(parts[0].headings.number, sentence))
    return Export(tables, parts, notices)


def _notice(row: int, sentence: str, column: str = "") -> Problem:
    return Problem(row, column, sentence, Lost.NOTHING)


def _part(table: Table, row: Row, headings: Headings) -> _Part:
    """What the columns of a sheet are; one's own name goes before a synonym for it. Raises ExportRefused."""
    places: dict[int, Column] = {}
    surplus: list[str] = []
    synonyms: dict[str, str] = {}
    known = {place: headings.find(text) for place, text in row.cells.items()}
    regions = Regions({place: row.cells[place] for place, (column, how) in known.items() if not (column or how)})
    for whence in ("own", "explained", "synonym", "weak", ""):
        for place, text in sorted(row.cells.items()):
            column, how = known[place]
            if how != whence:
                continue
            if column is None:
                if text.strip() and not is_never_read(text) and not how and place not in regions.places:
                    surplus.append(text.strip()[:MOST_HEADING])
            elif column.key not in {each.key for each in places.values()}:
                places[place] = column
                if how in ("synonym", "weak"):
                    synonyms[text.strip()[:MOST_HEADING]] = column.heading
            elif how in ("synonym", "weak"):
                surplus.append(text.strip()[:MOST_HEADING])
            else:
                raise ExportRefused(f"「{column.heading}」这一列出现了不止一次，请只保留一列后再上传")
    found = {column.heading for column in places.values()}
    own = [column.heading for place, column in sorted(places.items()) if known[place][1] == "own"]
    theirs = {
        text.strip()[:MOST_HEADING]: places[place].heading if place in places else ""
        for place, text in sorted(row.cells.items())
        if text.strip() and known[place][1] != "own" and not is_never_read(text)
    }
    seen = SeenHeadings(dict(list(theirs.items())[:MOST_EXPLAINED]), own)
    missing = [heading for heading in REQUIRED if heading not in found]
    if whence_price(found):
        missing = [heading for heading in missing if heading != PRICE]
    if missing:
        sentence = f"缺少必需的列：「{'」「'.join(missing)}」，请使用后台「导出订单」得到的文件"
        raise HeadingsRefused(sentence, seen)
    regions.stand_before(next((place for place, column in places.items() if column.heading == ADDRESS), None))
    return _Part(table, row, dict(sorted(places.items())), surplus, synonyms, seen, regions)
