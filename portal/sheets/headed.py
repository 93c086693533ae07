"""A small table known by its headings: its rows by the names that the headings stand for."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping

from portal.sheets import HEADINGS_WITHIN, Row, SheetRefused, Table, open_tables


def read_headed(
    path: str | os.PathLike[str],
    names: Mapping[str, str],
    *,
    suffices: Callable[[Collection[str]], bool],
    needed: str,
    most: int,
    empty: str,
) -> Iterator[tuple[Row, dict[str, str]]]:
    """Each filled row below the heading that names most, with its texts by ``names``: what a heading stands for.

    Raises SheetRefused: with ``needed`` where the names that were found don't suffice, with ``empty`` where no row
    follows, and for a column that is there twice, more than ``most`` rows, and what is no table.
    """

    def count(cells: Mapping[int, str]) -> int:
        return len({names[text.strip()] for text in cells.values() if text.strip() in names})

    tables = open_tables(path, count)
    try:
        table, heading = _find_heading(tables.tables, count)
        places: dict[int, str] = {}
        for place, text in heading.cells.items() if heading else ():
            name = names.get(text.strip())
            if name and name in places.values():
                raise SheetRefused(f"「{text.strip()}」这一列出现了不止一次，请只保留一列后再上传")
            if name:
                places[place] = name
        if table is None or heading is None or not suffices(set(places.values())):
            raise SheetRefused(needed)
        table.check()
        number = 0
        for row in table.rows(frozenset(places), max(heading.cells) + 1):
            cells = {places[place]: text for place, text in row.cells.items() if text.strip()}
            if row.number <= heading.number or not (cells or row.trouble):
                continue
            number += 1
            if number > most:
                raise SheetRefused(f"一次最多 {most} 行，请分成几个文件上传")
            yield row, cells
        if not number:
            raise SheetRefused(empty)
    finally:
        tables.close()


def _find_heading(
    tables: Collection[Table], count: Callable[[Mapping[int, str]], int]
) -> tuple[Table | None, Row | None]:
    """The row among the first of each table that names most, and its table; the first of equals."""
    most = 0
    found: tuple[Table | None, Row | None] = (None, None)
    for table in tables:
        for row, _ in zip(table.rows(), range(HEADINGS_WITHIN), strict=False):
            if (named := count(row.cells)) > most:
                most, found = named, (table, row)
    return found
