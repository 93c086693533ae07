"""Reads CSV and its relatives: UTF-8 with or without BOM, GB18030, UTF-16; `,` `;` or tab; any line ending."""

from __future__ import annotations

import csv
import os
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from portal.sheets.cells import HEADINGS_WITHIN, Judge, Row, SheetRefused, Tables

LONGEST_LINE = 1_000_000  # characters
MOST_LINES_OF_A_ROW = 60  # a note may have lines; a row of more has a quote that was never closed
SAMPLE = 1 << 16  # bytes that the encoding and the delimiter are found out from
DELIMITERS = (",", "\t", ";", "|")

UNCLOSED = "引号没有成对，从这里起读不出单元格"
OTHER_ENCODING = "这一行的文字编码与文件其余部分不同，读不出来"
TOO_LONG = "一行过长，这不像订单表格"
CUT_SHORT = "文件在这一行中断，后面的内容缺失"

_UNDECODED = re.compile("[\udc80-\udcff]")
csv.field_size_limit(LONGEST_LINE)


class Text:
    """A text file that is a table."""

    dates_from_1904 = False
    hidden = False

    def __init__(self, path: str | os.PathLike[str], encoding: str, delimiter: str) -> None:
        self._path, self._encoding, self._delimiter = path, encoding, delimiter
        self.name = f"CSV ({'UTF-8' if encoding == 'utf-8-sig' else encoding.upper()})"
        self.rows_about = 0

    def check(self) -> None:
        """Count the lines."""
        with open(self._path, "rb") as file:
            while chunk := file.read(1 << 20):
                self.rows_about += chunk.count(b"\n") or chunk.count(b"\r")

    @contextmanager
    def _open(self) -> Iterator[TextIO]:
        errors = "replace" if self._encoding.startswith("utf-16") else "surrogateescape"
        with open(self._path, encoding=self._encoding, errors=errors, newline="") as file:
            yield file

    def rows(self, wanted: frozenset[int] | None = None, width: int | None = None) -> Iterator[Row]:
        """The rows in their order, only the wanted columns; see Table. Raises SheetRefused for a line without end."""
        with self._open() as file:
            lines = _Lines(file)
            number, habit = 0, _Habit()
            while not lines.done:
                reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
                while True:
                    lines.begin_row()
                    number += 1
                    try:
                        values = next(reader)
                    except StopIteration:
                        break
                    except csv.Error:
                        lines.skip_first()  # the row that spoils the quotes is given up, those after it are not
                        yield Row(number, {}, UNCLOSED)
                        break
                    if not "".join(values).strip("\x1a\0 \t"):  # how DOS ended a file
                        continue
                    columns = range(len(values)) if wanted is None else wanted
                    cells = {column: values[column] for column in columns if column < len(values) and values[column]}
                    yield Row(number, cells, self._trouble(lines, values, width, habit))

    def _trouble(self, lines: _Lines, values: list[str], width: int | None, habit: _Habit) -> str:
        for line in lines.of_row:
            if not line.isascii() and (_UNDECODED.search(line) or (self._encoding == "gb18030" and _is_utf8(line))):
                return OTHER_ENCODING
        if width is not None:
            surplus = sum(1 for value in values[width:] if value.strip())
            if surplus:
                return f"这一行比表头多出 {surplus} 格，可能有一格里的逗号没有加引号"
            if len(values) < width and not habit.strips and not lines.of_row[-1].endswith(("\n", "\r")):
                return CUT_SHORT
            habit.see(values, width)
        return ""


class _Habit:
    """Whether a file's rows end with their last filled cell, as those that were pasted out of a chat do."""

    def __init__(self) -> None:
        self._full = self._short = self._padded = False

    @property
    def strips(self) -> bool:
        return self._short and not self._padded

    def see(self, values: list[str], width: int) -> None:
        """A whole row; what stands above the headings says nothing."""
        if len(values) >= width:
            self._full = True
            self._padded |= not values[-1].strip()
        else:
            self._short |= self._full


class _Lines:
    """The lines of a file, where those of the present row can be had again."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self.of_row: list[str] = []
        self.done = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._file.readline(LONGEST_LINE)
        if len(line) == LONGEST_LINE:
            raise SheetRefused(TOO_LONG)
        if not line:
            self.done = True
            raise StopIteration
        self.of_row.append(line)
        if len(self.of_row) > MOST_LINES_OF_A_ROW:
            raise csv.Error("a row without end")
        return line

    def begin_row(self) -> None:
        self.of_row = []

    def skip_first(self) -> None:
        """Give up the first line of the present row; the others come again."""
        self._again.extendleft(reversed(self.of_row[1:]))
        self.of_row = []
        self.done = False


def _is_utf8(line: str) -> bool:
    """Whether a line that was read as GB18030 is UTF-8, which some of its characters alone might be by chance."""
    try:
        other = line.encode("gb18030").decode("utf-8")
    except UnicodeError:
        return False
    return sum(character >= "\u3000" for character in other) >= 3


def open_text(path: str | os.PathLike[str], judge: Judge) -> Tables:
    """The table of a text file, read with the encoding and delimiter that give most headings. Raises SheetRefused."""
    with open(path, "rb") as file:
        sample = file.read(SAMPLE)
    best: tuple[int, Text] | None = None
    for encoding in _encodings(sample):
        for delimiter in DELIMITERS:
            table = Text(path, encoding, delimiter)
            rows = table.rows()
            headings = max((judge(row.cells) for row, _ in zip(rows, range(HEADINGS_WITHIN), strict=False)), default=0)
            if best is None or headings > best[0]:
                best = headings, table
    if best is None:
        raise SheetRefused("文件里没有文字")
    return Tables(best[1].name, [best[1]], lambda: None)


def _encodings(sample: bytes) -> tuple[str, ...]:
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    if sample.startswith(b"\xef\xbb\xbf"):
        return ("utf-8-sig",)
    zeros = sample[1::2].count(0), sample[::2].count(0)  # ASCII in UTF-16 without its mark: every other byte is 0
    if max(zeros) > len(sample) // 8:
        return ("utf-16-le" if zeros[0] > zeros[1] else "utf-16-be",)
    return ("utf-8-sig", "gb18030")
