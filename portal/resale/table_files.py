"""Consumers' orders in a file that a spreadsheet wrote: read into the same rows as those that are pasted."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from portal import inputs
from portal.orders.export_format.ids import read_id, shown
from portal.orders.export_format.refusals import CellRefused
from portal.resale.tables import COLUMNS, MOST_ROWS, NEEDED, NUMBERS, TableRefused
from portal.sheets import HEADINGS_WITHIN, Date, Fault, Row, open_tables
from portal.sheets.cells import Table

MOST_BYTES = 2 * 1024 * 1024
KNOWN = {inputs.fold(title): column for column, titles in COLUMNS.items() for title in titles}
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")


def _name(cell: str) -> str | None:
    """The column that a heading names."""
    return KNOWN.get(inputs.fold(_INVISIBLE.sub("", cell)).strip().strip("*").strip())


def _judge(cells: Mapping[int, str]) -> int:
    return len({name for text in cells.values() if (name := _name(text))})


def read_file(path: str | os.PathLike[str]) -> tuple[str, list[str]]:
    """The rows of all its sheets as text to look at, tabs between cells, and what is to be known about them.

    Raises SheetRefused for a file that is no table, TableRefused for cells that have lost something.
    """
    tables = open_tables(path, _judge)
    try:
        lines, notes, problems = ["\t".join(titles[0] for titles in COLUMNS.values())], [], list[str]()
        for table in tables.tables:
            head = _find_headings(table)
            if head is None:
                notes.append(f"工作表「{table.name}」没有这些表头，没有读")
                continue
            table.check()
            read, hidden = _read_sheet(table, head, problems)
            lines += read
            if hidden:
                notes.append(f"工作表「{table.name}」有 {hidden} 行是隐藏的，也读进来了")
            if len(lines) - 1 > MOST_ROWS:
                raise TableRefused([f"一次最多 {MOST_ROWS} 行，请分成几个文件上传"])
    finally:
        tables.close()
    if len(notes) == len(tables.tables) and len(lines) == 1:
        raise TableRefused([f"没有找到表头，要有：{'、'.join(COLUMNS[column][0] for column in NEEDED)}"])
    if problems:
        raise TableRefused(problems)
    if len(lines) == 1:
        raise TableRefused(["表头下面没有内容"])
    return "\n".join(lines), notes


def _find_headings(table: Table) -> Row | None:
    best: Row | None = None
    for row, _ in zip(table.rows(), range(HEADINGS_WITHIN), strict=False):
        if _judge(row.cells) > (_judge(best.cells) if best else 1):
            best = row
    return best


def _read_sheet(table: Table, head: Row, problems: list[str]) -> tuple[list[str], int]:
    places = {place: name for place, text in head.cells.items() if (name := _name(text))}
    if missing := [COLUMNS[column][0] for column in NEEDED if column not in places.values()]:
        raise TableRefused([f"表头里没有：{'、'.join(missing)}"])
    found, hidden = [], 0
    for row in table.rows(frozenset(places), max(head.cells) + 1):
        if row.number <= head.number or not (any(text.strip() for text in row.cells.values()) or row.trouble):
            continue
        hidden += row.hidden
        if row.trouble:
            problems.append(f"第 {row.number} 行：{row.trouble}")
            continue
        cells = {}
        for place, text in row.cells.items():
            try:
                cells[places[place]] = _read_cell(places[place], text)
            except (CellRefused, inputs.InputRefused) as refused:
                problems.append(f"第 {row.number} 行：{refused.sentence}")
        found.append("\t".join(cells.get(column, "") for column in COLUMNS))
    return found, hidden


def _read_cell(column: str, cell: str) -> str:
    if isinstance(cell, Fault):
        raise inputs.InputRefused(f"{COLUMNS[column][0]}是公式或错误值，请改成文本")
    if column in NUMBERS:
        return read_id(cell)[0]
    if isinstance(cell, Date) and column == "received":
        return cell.as_date[:10]
    return inputs.fold(" ".join(_INVISIBLE.sub("", shown(cell)).split()))
