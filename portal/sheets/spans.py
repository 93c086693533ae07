"""Cells that are merged downwards: in which rows below its own a cell stands too."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

MOST_SPANS = 200_000  # of a sheet; further ones count as not merged


class Span(NamedTuple):
    """A cell that stands in several rows: first and last as a spreadsheet counts, its own column from 0."""

    top: int
    bottom: int
    column: int


class Sweep:
    """Goes down a sheet once, row by row; in the columns that are wanted, of which there are few."""

    def __init__(self, spans: Iterable[Span], wanted: Collection[int] | None) -> None:
        columns = wanted or ()
        self._waiting = sorted(
            (each for each in spans if each.bottom > each.top and each.column in columns), reverse=True
        )
        self._here: dict[int, Span] = {}  # by column

    def above(self, row: int) -> dict[int, int]:
        """For each column whose cell in this row is that of one above: the row where it stands."""
        while self._waiting and self._waiting[-1].top < row:
            span = self._waiting.pop()
            self._here[span.column] = span
        if not self._here:
            return {}
        self._here = {column: span for column, span in self._here.items() if span.bottom >= row}
        return {column: span.top for column, span in self._here.items()}
