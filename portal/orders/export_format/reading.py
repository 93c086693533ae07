"""The cells of a row as values, and what is wrong with them; most cells of a column say what others said before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from portal.orders.export_format.cells import CellRefused, convert, show_unread
from portal.orders.export_format.columns import REQUIRED, Column
from portal.orders.export_format.rows import MOST_KNOWN, NOT_TAKEN, Lost, Problem
from portal.sheets import Fault, Row


class RowReader:
    """Reads rows of one sheet, remembering what cells meant."""

    def __init__(self, places: Iterable[int], dates_from_1904: bool) -> None:
        self._known: dict[int, dict[object, Any]] = {place: {} for place in places}
        self._dates_from_1904 = dates_from_1904

    def read(
        self, row: Row, places: dict[int, Column], lost: Lost
    ) -> tuple[dict[str, Any], list[Problem], dict[str, str]]:
        """The values of a row's cells by their columns' keys, what is wrong with them, and the texts of those that
        may be missing and couldn't be read."""
        unread: dict[str, str] = {}
        values: dict[str, object] = {}
        problems: list[Problem] = []
        for place, cell in row.cells.items():
            column = places.get(place)
            if column is None:
                continue
            known = self._known[place]
            key = cell if type(cell) is str else (type(cell), cell)  # the number 1 is not the text 1
            value = known.get(key)
            if value is None:
                if not cell.strip() and not isinstance(cell, Fault):
                    continue
                try:
                    value, note = convert(cell, column.kind, column.longest, self._dates_from_1904, column.zone)
                except CellRefused as problem:
                    if column.heading in REQUIRED:
                        problems.append(Problem(row.number, column.heading, problem.sentence, lost))
                    else:
                        sentence = NOT_TAKEN.format(sentence=problem.sentence)
                        problems.append(Problem(row.number, column.heading, sentence, Lost.NOTHING))
                        unread[column.key] = show_unread(cell)
                    continue
                if note:
                    problems.append(Problem(row.number, column.heading, note, Lost.NOTHING))
                else:
                    if len(known) >= MOST_KNOWN:
                        known.clear()
                    known[key] = value
            if value != "":
                values[column.key] = value
        return values, problems, unread
