"""One list that can be exported: its columns, its rows a page at a time, and what stands in a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from portal import words
from portal.workbook import Column

AT_ONCE = 500

Cell = str | int


class Kind(NamedTuple):
    """One list. ``money``: its columns that are sums; ``read`` gives its rows in pages, ``say`` a cell of one."""

    title: str
    columns: Mapping[str, Column]
    read: Callable[[int, Mapping[str, Any], datetime], Iterator[Sequence[object]]]
    say: Callable[[str, Any], Cell]
    money: frozenset[str] = frozenset()

    def list_columns(self, *, money: bool) -> dict[str, str]:
        """The headings that somebody may choose from."""
        return {name: column.heading for name, column in self.columns.items() if money or name not in self.money}


Item = TypeVar("Item")


def read_pages(read: Callable[[Any, int], tuple[Sequence[Item], Any]]) -> Iterator[Sequence[Item]]:
    """Page after page of a list; ``read``: a page of so many rows behind a key, and the key of the next or nothing."""
    after = None
    while True:
        rows, after = read(after, AT_ONCE)
        yield rows
        if not after:
            return


def say_moment(value: datetime | None) -> str:
    """With the year: a table is kept."""
    return f"{value.astimezone(words.BEIJING):%Y-%m-%d %H:%M}" if value else ""
