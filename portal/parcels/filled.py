"""Tables with waybills filled in, whatever is sent: one row a parcel, or several numbers in a cell."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from portal import inputs
from portal.parcels import carriers, choosing, naming, numbers
from portal.sheets import HEADINGS_WITHIN, Row, SheetRefused, find_lost, open_tables
from portal.waybills import split_numbers

MOST_ROWS = 2_000
MOST_CELL = 1_000  # characters of waybills in one cell
MOST_BYTES = 2 * 1024 * 1024
_NAMES: Final[Mapping[str, str]] = {
    "物流公司": "carrier",
    "快递公司": "carrier",
    "快递": "carrier",
    "运单号": "number",
    "快递单号": "number",
    "物流单号": "number",
}


class Parcel(NamedTuple):
    """One parcel of a table. ``key``: what is sent in it, by the number that its row names."""

    row: int
    key: str
    carrier: str  # its code
    number: str


class Filled(NamedTuple):
    """What was read, and what is wrong with other rows."""

    parcels: list[Parcel]
    problems: list[str]


class Keys(NamedTuple):
    """How a table names what is sent: its headings, the first of which is the usual one, and how a cell is read."""

    headings: tuple[str, ...]
    read: Callable[[str], str]  # raises InputRefused


def read_filled(path: str | os.PathLike[str], keys: Keys, most: int = MOST_ROWS) -> Filled:
    """The filled rows of a file, at most ``most`` and as many parcels, however many numbers stand in a cell.

    It is read while somebody waits: 5,000 parcels took 0.8 s of one core. Raises SheetRefused when there is no row, or
    no table of parcels in it.
    """
    names = {**_NAMES, **dict.fromkeys(keys.headings, "key")}

    def place(cells: Mapping[int, str]) -> dict[int, str]:
        return {at: names[text.strip()] for at, text in cells.items() if text.strip() in names}

    tables = open_tables(path, lambda cells: len(set(place(cells).values())))
    try:
        for table in tables.tables:
            for row, _ in zip(table.rows(), range(HEADINGS_WITHIN), strict=False):
                places = place(row.cells)
                if {"key", "number"} <= set(places.values()):
                    table.check()
                    return _read_rows(table.rows(), row, places, keys, most)
        raise SheetRefused(f"没有找到表头。文件里要有「{keys.headings[0]}」「物流公司」「运单号」三列，每行一个包裹")
    finally:
        tables.close()


def _read_rows(rows: Iterable[Row], heading: Row, places: Mapping[int, str], keys: Keys, most: int) -> Filled:
    found, number = Filled([], []), 0
    for row in rows:
        cells = {places[at]: text for at, text in row.cells.items() if at in places and text.strip()}
        if row.number <= heading.number or not cells.get("number"):
            continue
        number += 1
        if number > most:
            raise SheetRefused(f"一次最多 {most} 行，请分成几个文件上传")
        try:
            if row.trouble:
                raise inputs.InputRefused(row.trouble)
            found.parcels.extend(_read_row(row.number, cells, keys))
        except inputs.InputRefused as refused:
            found.problems.append(f"第 {row.number} 行：{refused.sentence}")
        if len(found.parcels) > most:
            raise SheetRefused(f"一次最多 {most} 个包裹，请分成几个文件上传")
    if not number:
        raise SheetRefused("「运单号」一列都是空的：填好运单号的行才会发货")
    return found


def _read_row(row: int, cells: Mapping[str, str], keys: Keys) -> list[Parcel]:
    """What one row sends, a parcel for each number that its cell names."""
    cell = cells["number"].removeprefix("'")
    if len(cell) > MOST_CELL:
        raise inputs.InputRefused(f"「运单号」一格最多 {MOST_CELL} 个字，请分成几行填写")
    if lost := find_lost(cells["number"], "运单号"):
        raise inputs.InputRefused(lost)
    key = keys.read(cells.get("key", ""))
    if not key:
        raise inputs.InputRefused(f"没有填写{keys.headings[0]}")
    said = inputs.line(cells.get("carrier", ""), limit=40)
    picked = naming.from_text(said) if said else None
    if said and picked is None:
        raise inputs.InputRefused(f"不认识物流公司「{said[:20]}」")
    code = picked.code if picked else ""
    several = split_numbers(cell)
    if len(several) < 2 or (code and not carriers.traced(code)):
        return [_read_number(row, key, cell, code)]
    return [_read_number(row, key, number, "", last=code) for number in several]


def _read_number(row: int, key: str, number: str, picked: str, *, last: str = "") -> Parcel:
    """``last``: the carrier of the row, where each number says its own."""
    read = numbers.check_number(number, {key}, carrier=picked)
    choice = choosing.choose_carrier(read, picked, last)
    if choice.carrier is None:
        raise inputs.InputRefused(f"{read} {choice.warning}")
    return Parcel(row, key, choice.carrier.code, read)
