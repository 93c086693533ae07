"""Reads .xls (BIFF8, Excel 97 to 2003), which some programs still write.

Like xlsx.py and not by a library: of python-calamine's rows nobody knows which were hidden, and it has no bound. Here
the file's own size is the bound: it is held once, its shared texts are remembered by where they stand and decoded when
a cell asks, and what all cells of a pass decode is counted, so that a text named a million times doesn't take hours.
"""

from __future__ import annotations

import os
import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from portal.sheets.cells import Fault, Row, SheetRefused, Tables
from portal.sheets.compound import Container
from portal.sheets.spans import MOST_SPANS, Span, Sweep
from portal.sheets.styles import Dates, what_it_shows
from portal.sheets.xlsx_files import LOCKED
from portal.sheets.xlsx_texts import well_formed

MOST_BYTES = 16_000_000  # of a file: some 45,000 lines of an export
MOST_DECODED = 200_000_000  # characters of shared texts in one pass
OLD = "这是旧版 .xls 文件，请用 Excel 或 WPS 另存为 .xlsx 后再上传"
TOO_LARGE = "这个 .xls 文件太大，请用 Excel 或 WPS 另存为 .xlsx 后再上传"
UNORDERED = "这个 .xls 文件的行没有按顺序保存，请用 Excel 或 WPS 另存为 .xlsx 后再上传"
_BIFF8 = 0x0600
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_BOF, _EOF, _CONTINUE, _FILEPASS, _DATEMODE = 0x809, 0x0A, 0x3C, 0x2F, 0x22
_BOUNDSHEET, _SST, _FORMAT, _XF, _ROW = 0x85, 0xFC, 0x41E, 0xE0, 0x208
_LABELSST, _LABEL, _RSTRING, _NUMBER, _RK, _MULRK = 0xFD, 0x204, 0xD6, 0x203, 0x27E, 0xBD
_BOOLERR, _FORMULA, _STRING, _MERGED = 0x205, 0x06, 0x207, 0xE5
_CELLS = frozenset((_LABELSST, _LABEL, _RSTRING, _NUMBER, _RK, _BOOLERR, _FORMULA))


def _records(book: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """(kind, where its content begins, how long it is) of each record from there to the next end of a part."""
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        if at + 4 + length > len(book):
            raise ValueError("a record beyond the end")
        yield kind, at + 4, length
        if kind == _EOF:
            return
        at += 4 + length
    raise ValueError("no end")


def _text(content: bytes, at: int, count: int, ends: list[int], *, wide: bool) -> tuple[str, int]:
    """(so many characters, where they end): each further record of a text begins by saying how wide it goes on."""
    parts: list[bytes] = []  # put together first: a record may end between the halves of one character
    while True:
        place = bisect_right(ends, at)
        end = ends[place] if place < len(ends) else len(content)
        take = min(count, (end - at) // 2 if wide else end - at)
        piece = content[at : at + (take * 2 if wide else take)]
        parts.append(piece if wide else piece.decode("latin-1").encode("utf-16-le"))
        at += len(piece)
        count -= take
        if not count:
            return b"".join(parts).decode("utf-16-le", "replace"), at
        if at >= len(content):
            raise ValueError("a text beyond the end")
        wide, at = bool(content[at] & 1), at + 1


class _Shared:
    """The table of shared texts: its records in one piece, and where each text begins."""

    def __init__(self, book: bytes, pieces: list[tuple[int, int]]) -> None:
        self._content = b"".join(book[at : at + length] for at, length in pieces)
        self._ends: list[int] = []
        self._places = array("I")
        self.decoded = 0
        total = 0
        for _at, length in pieces[:-1]:
            total += length
            self._ends.append(total)
        if not pieces:
            return
        at = 8
        for _ in range(struct.unpack_from("<I", self._content, 4)[0]):
            self._places.append(at)
            at = self._read(at)[1]

    def _read(self, at: int) -> tuple[str, int]:
        count, flags = struct.unpack_from("<HB", self._content, at)
        at += 3
        runs = extra = 0
        if flags & 8:
            runs, at = struct.unpack_from("<H", self._content, at)[0], at + 2
        if flags & 4:
            extra, at = struct.unpack_from("<I", self._content, at)[0], at + 4
        text, at = _text(self._content, at, count, self._ends, wide=bool(flags & 1)) if count else ("", at)
        return text, at + 4 * runs + extra

    def __getitem__(self, number: int) -> str:
        text = self._read(self._places[number])[0]
        self.decoded += len(text)
        if self.decoded > MOST_DECODED:
            raise SheetRefused(TOO_LARGE)
        return text


class Sheet:
    """One sheet of an old workbook."""

    def __init__(self, book: bytes, at: int, name: str, texts: _Shared, dates: Dates, hidden: bool) -> None:
        self._book, self._at, self._texts, self._dates = book, at, texts, dates
        self.name, self.hidden = name, hidden
        self.dates_from_1904 = dates.from_1904
        self.rows_about = 0
        self._hidden_rows: set[int] = set()
        self._spans: list[Span] = []
        self._looked = False

    def check(self) -> None:
        """Read the sheet once: rows that are hidden may be said so below their cells; counts the rows."""
        with well_formed():
            self._look()

    def _look(self) -> None:
        if self._looked:
            return
        for kind, at, _length in _records(self._book, self._at):
            if kind == _ROW:
                self.rows_about += 1
                number, options = struct.unpack_from("<H10xH", self._book, at)
                if options & 0x20:
                    self._hidden_rows.add(number)
            elif kind == _MERGED and len(self._spans) < MOST_SPANS:
                for place in range(struct.unpack_from("<H", self._book, at)[0]):
                    top, bottom, left, _right = struct.unpack_from("<HHHH", self._book, at + 2 + 8 * place)
                    self._spans.append(Span(top + 1, bottom + 1, left))
        self._looked = True

    def rows(self, wanted: frozenset[int] | None = None, width: int | None = None) -> Iterator[Row]:
        """The rows in their order, only the wanted columns; see Table. Raises SheetRefused."""
        del width  # a cell says itself where it stands
        with well_formed():
            self._look()
            self._texts.decoded = 0
            number, sweep = -1, Sweep(self._spans, wanted)
            cells: dict[int, str] = {}
            for row, column, value in self._cells(wanted):
                if row < number:
                    raise SheetRefused(UNORDERED)
                if row > number and cells:
                    yield Row(number + 1, cells, "", number in self._hidden_rows, sweep.above(number + 1))
                    cells = {}
                number = row
                if value or isinstance(value, Fault):
                    cells[column] = value
            if cells:
                yield Row(number + 1, cells, "", number in self._hidden_rows, sweep.above(number + 1))

    def _cells(self, wanted: frozenset[int] | None) -> Iterator[tuple[int, int, str]]:
        book = self._book
        waiting: tuple[int, int] | None = None  # the cell of a formula whose text comes in a record of its own
        for kind, at, length in _records(book, self._at):
            if kind in _CELLS:
                row, column, style = struct.unpack_from("<HHH", book, at)
                if wanted is not None and column not in wanted:
                    continue
                if kind == _FORMULA and book[at + 12 : at + 14] == b"\xff\xff" and book[at + 6] == 0:
                    waiting = row, column
                else:
                    yield row, column, self._value(kind, at, length, style)
            elif kind == _MULRK:
                row, first = struct.unpack_from("<HH", book, at)
                for place in range((length - 6) // 6):
                    style, packed = struct.unpack_from("<HI", book, at + 4 + 6 * place)
                    if wanted is None or first + place in wanted:
                        yield row, first + place, self._dates.read(str(style), _plain(_unpack(packed)))
            elif kind == _STRING and waiting:
                count, flags = struct.unpack_from("<HB", book, at)
                text = _text(book[at : at + length], 3, count, [], wide=bool(flags & 1))[0] if count else ""
                yield *waiting, text
                waiting = None

    def _value(self, kind: int, at: int, length: int, style: int) -> str:
        book = self._book
        if kind == _LABELSST:
            return self._texts[struct.unpack_from("<I", book, at + 6)[0]]
        if kind in (_LABEL, _RSTRING):
            count, flags = struct.unpack_from("<HB", book, at + 6)
            return _text(book[at : at + length], 9, count, [], wide=bool(flags & 1))[0] if count else ""
        if kind == _BOOLERR:
            value, is_error = book[at + 6], book[at + 7]
            return Fault(_ERRORS.get(value, "#N/A")) if is_error else "是" if value else "否"
        if kind == _RK:
            return self._dates.read(str(style), _plain(_unpack(struct.unpack_from("<I", book, at + 6)[0])))
        if kind == _FORMULA and book[at + 12 : at + 14] == b"\xff\xff":
            sort, value = book[at + 6], book[at + 8]
            return {1: "是" if value else "否", 2: Fault(_ERRORS.get(value, "#N/A"))}.get(sort, "")
        number = struct.unpack_from("<d", book, at + 6)[0]
        if kind == _FORMULA and not number and struct.unpack_from("<H", book, at + 14)[0] & 2:
            return Fault("")  # to be worked out when it is opened: nobody has yet
        return self._dates.read(str(style), _plain(number))


def _unpack(packed: int) -> float:
    """A number that was packed into four bytes: whole or not, in hundredths or not."""
    if packed & 2:
        number = float((packed >> 2) - (1 << 30 if packed & 0x80000000 else 0))
    else:
        number = struct.unpack("<d", struct.pack("<Q", (packed & 0xFFFFFFFC) << 32))[0]
    return number / 100 if packed & 1 else number


def _plain(number: float) -> str:
    """A number as the newer format would have it written."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e17 else repr(number)


def open_old(path: str | os.PathLike[str]) -> Tables:
    """The sheets of an .xls file. Raises SheetRefused."""
    if Path(path).stat().st_size > MOST_BYTES:
        raise SheetRefused(TOO_LARGE)
    content = Path(path).read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise SheetRefused(LOCKED)
    with well_formed():
        container = Container(content)
        if "Workbook" not in container:
            raise SheetRefused(OLD)
        book = container.read("Workbook")
        if struct.unpack_from("<HxxH", book, 0) != (_BOF, _BIFF8):
            raise SheetRefused(OLD)
        sheets = list(_sheets(book))
    if not sheets:
        raise SheetRefused(OLD)
    return Tables("XLS", [*sorted(sheets, key=lambda each: each.hidden)], lambda: None)


def _sheets(book: bytes) -> Iterator[Sheet]:
    named: list[tuple[int, str, bool]] = []
    codes: dict[int, str] = {}
    styles: list[int] = []
    pieces: list[tuple[int, int]] = []
    from_1904, last = False, 0
    for kind, at, length in _records(book, 0):
        if kind == _FILEPASS:
            raise SheetRefused(LOCKED)
        if kind == _DATEMODE:
            from_1904 = struct.unpack_from("<H", book, at)[0] == 1
        elif kind == _BOUNDSHEET:
            where, state, sort, count, flags = struct.unpack_from("<IBBBB", book, at)
            if sort == 0:
                named.append((where, _text(book[at : at + length], 8, count, [], wide=bool(flags & 1))[0], state != 0))
        elif kind == _FORMAT:
            number, count, flags = struct.unpack_from("<HHB", book, at)
            codes[number] = _text(book[at : at + length], 5, count, [], wide=bool(flags & 1))[0] if count else ""
        elif kind == _XF:
            styles.append(struct.unpack_from("<H", book, at + 2)[0])
        elif kind == _SST or (kind == _CONTINUE and last == _SST):
            pieces.append((at, length))
            kind = _SST
        last = kind
    texts = _Shared(book, pieces)
    shown = {str(number): what_it_shows(codes.get(style), str(style)) for number, style in enumerate(styles)}
    dates = Dates({number: shows for number, shows in shown.items() if shows}, from_1904)
    yield from (Sheet(book, where, name, texts, dates, hidden) for where, name, hidden in named)
