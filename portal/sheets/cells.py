"""What every kind of table is made of: rows of cells, and the one way to say that a file can't be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol


class SheetRefused(Exception):
    """A file that can't be read as a whole; ``sentence`` tells its owner why and what to do about it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Number(str):
    """A cell that holds a number, as written in the file: 19-digit numbers have lost their end here."""

    __slots__ = ()


class Date(Number):
    """A number in a cell that is formatted as a date; ``as_date`` is what a person sees there."""

    __slots__ = ("as_date",)
    as_date: str

    def __new__(cls, number: str, as_date: str) -> Date:
        made = super().__new__(cls, number)
        made.as_date = as_date
        return made


class Fault(str):
    """A cell that holds no value but an error like #REF!, or a formula without a result."""

    __slots__ = ()


_ROUNDED = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+")  # what a spreadsheet makes of a long number


def find_lost(text: str, label: str, *, digits: bool = True) -> str:
    """Why a cell of this name no longer holds what was meant, as a sentence; "" when it does.

    ``digits``: whether it may be a number so long that a spreadsheet drops its end.
    """
    if isinstance(text, Fault):
        return f"{label}是公式或错误值，请改成文本"
    is_long = isinstance(text, Number) and len(text) > 15
    if digits and (is_long or _ROUNDED.fullmatch(text.strip())):
        return f"{label}超过 15 位的数字会丢失末尾，请把该列设为文本后重新填写"
    return ""


class Row(NamedTuple):
    """One row. ``cells`` has only those that hold something, by column from 0; ``trouble`` spoils the whole row.

    ``above``: columns whose cell is merged with one in a row above, and that row; ``shared``: the row whose quantity
    stands here too.
    """

    number: int  # as a spreadsheet counts, from 1
    cells: dict[int, str]
    trouble: str = ""
    hidden: bool = False
    above: Mapping[int, int] = {}
    shared: int = 0


class Table(Protocol):
    """A sheet, or a text file that is one. ``rows()`` may be asked for as often as one likes."""

    @property
    def name(self) -> str:
        """The sheet's name, or how the text is written."""
        ...

    @property
    def hidden(self) -> bool:
        """Whether the sheet can't be seen in the spreadsheet."""
        ...

    @property
    def rows_about(self) -> int:
        """About how many rows there are, for showing progress."""
        ...

    @property
    def dates_from_1904(self) -> bool:
        """Whether day 0 of date numbers is 1904-01-01, as old Macs had it."""
        ...

    def check(self) -> None:
        """Read the file through once, counting its rows. Raises SheetRefused when it is damaged."""
        ...

    def rows(self, wanted: frozenset[int] | None = None, width: int | None = None) -> Iterator[Row]:
        """The rows, only with the wanted columns; with a width, text rows that exceed it are in trouble.

        Raises SheetRefused when the file turns out to be broken further down.
        """
        ...


class Tables(NamedTuple):
    """The tables of a file, the likeliest first, and whatever must be closed when they have been read."""

    kind: str
    tables: list[Table]
    close: Callable[[], None]


Judge = Callable[[Mapping[int, str]], int]  # how many of a row's cells are headings that one looks for
HEADINGS_WITHIN = 20  # rows: titles and notes may stand above the headings
