"""Reads .xlsx in constant memory, whatever its size.

A sheet is XML in a zip. Its rows are taken from the stream one after another: those written the usual way by one
regular expression, all others by expat, with the same result. Nothing but the table of shared texts is kept, and that
as bytes. Documents with a DTD are refused before any entity is known.
100,000 rows of 49 columns take 1.9 s and grow the process by less than 10 MB. python-calamine, the quickest library,
takes 1.4 s and 224 MB, hands out numbers as floats (long ones without their last digits, and without a sign of it),
and says nothing of hidden rows; the gate for zip bombs would be needed before it all the same.
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from posixpath import normpath
from typing import IO, Any
from xml.parsers import expat

from portal.sheets.cells import Fault, Number, Row, SheetRefused, Tables
from portal.sheets.styles import Dates, read_date_styles

MOST_UNPACKED = 512_000_000  # bytes of XML; 100,000 lines are about 160 MB at most
MOST_TEXTS = 96_000_000  # bytes of shared texts, which are held in memory
BOMB_FROM, BOMB_RATIO = 32_000_000, 150  # a real sheet shrinks about 10 to 60 times
MOST_STYLES = 16_000_000  # bytes; without them dates are numbers
MOST_DIRECTORY = 4_000_000  # bytes; a workbook has some dozen parts
FIRST_TEXTS = 5_000  # texts are numbered as they first occur: those that occur often are among the first
LONGEST_ROW = 16_000_000
CHUNK = 1 << 18

BROKEN = "文件已损坏或不完整,请重新导出后再上传"
TOO_LARGE = "文件解压后过大,请按时间分批导出,或另存为 CSV 后再导入"
LOCKED = "文件有密码保护,请去掉密码后再上传"
NO_SHEET = "这不是订单表格,请上传从后台导出的 .xlsx 或 .csv 文件"
HAS_DTD = "文件里有不安全的内容(DTD),请用 Excel 或 WPS 另存为 .xlsx 后再上传"

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ROW = re.compile(rb'\s*<row r="(\d{1,7})"[^<>]*(?<!/)>')
_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})\d+"(?: s="(\d+)")?(?: t="(\w+)")?'
    rb'(?:/>|>(?:<v>([^<]*)</v>|<is><t(?: xml:space="preserve")?>([^<]*)</t></is>)</c>)'
)
_HIDDEN = b' hidden="1"'
_SHEET_DATA = re.compile(rb"<(\w+:)?sheetData\s*(/?)>")
_ENCODING = re.compile(rb"""<\?xml[^>]*encoding=["']([^"']+)""")

_BROKEN = (
    *(expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, OverflowError),  # an unknown compression, a header that lies
    *(KeyError, IndexError, ValueError, struct.error),  # references to parts, texts or columns that aren't there
)


@contextmanager
def _well_formed() -> Iterator[None]:
    """Whatever a broken zip or broken XML raises becomes a refusal."""
    try:
        yield
    except _BROKEN as problem:
        raise SheetRefused(BROKEN) from problem


def _refuse_dtd(*_declaration: object) -> None:
    raise SheetRefused(HAS_DTD)


def _parser(
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    chars: Callable[[str], None] | None = None,
) -> Any:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_dtd
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = chars
    return parser


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _plain(text: str) -> str:
    """A text as a person sees it: Excel writes control characters as _x000D_."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(escaped: re.Match[str]) -> str:
    code = int(escaped[1], 16)
    return escaped[0] if 0xD800 <= code < 0xE000 else chr(code)  # half a character is no character


class _Texts:
    """The shared texts, held as one run of bytes with the end of each."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("I", [0])
        self._first: dict[int, str] = {}

    def __getitem__(self, number: int) -> str:
        text = self._first.get(number)
        if text is None:
            if number < 0:
                raise IndexError(number)
            text = self._bytes[self._ends[number] : self._ends[number + 1]].decode()
            if number < FIRST_TEXTS:
                self._first[number] = text
        return text

    def read(self, part: IO[bytes]) -> None:
        """Take in a sharedStrings.xml. Pieces of a text in several styles are joined, readings (rPh) left out."""
        pieces: list[str] = []
        inside = silent = False

        def start(name: str, _attributes: dict[str, str]) -> None:
            nonlocal inside, silent
            kind = _local(name)
            if kind == "t":
                inside = not silent
            elif kind == "si":
                pieces.clear()
            elif kind == "rPh":
                silent = True

        def end(name: str) -> None:
            nonlocal inside, silent
            kind = _local(name)
            if kind == "t":
                inside = False
            elif kind == "si":
                self._bytes += _plain("".join(pieces)).encode()
                self._ends.append(len(self._bytes))
            elif kind == "rPh":
                silent = False

        def chars(text: str) -> None:
            if inside:
                pieces.append(text)

        parser = _parser(start, end, chars)
        parser.ParseFile(part)


def _column(letters: str) -> int:
    """A is 0, Z is 25, AA is 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def _letters(column: int) -> str:
    letters, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(65 + letter) + letters
    return letters


class _Columns(dict[bytes, int]):
    """Columns by the letters of a cell's address; fills itself where none were chosen."""

    def __missing__(self, letters: bytes) -> int:
        self[letters] = column = _column(letters.decode())
        return column


def _value(kind: str, text: str, texts: _Texts, dates: Dates, style: str) -> str:
    """A cell's value: text, Number, Date or Fault."""
    if kind == "s":
        return texts[int(text)]
    if kind in ("str", "inlineStr"):
        return _plain(text)
    if kind == "e":
        return Fault(text)
    if kind == "b":
        return "是" if text.strip() == "1" else "否"
    return text if kind == "d" else dates.read(style, text)


def _slow_rows(piece: bytes, texts: _Texts, dates: Dates) -> list[tuple[int | None, dict[int, str], bool]]:
    """The rows of a piece of XML that isn't written the usual way: formulas, styled texts, prefixes …"""
    rows: list[tuple[int | None, dict[int, str], bool]] = []
    column, kind, style, words, inside, formula, silent = -1, "n", "", "", False, False, False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal column, kind, style, words, inside, formula, silent
        element = _local(name)
        if element == "c":
            address = attributes.get("r", "").rstrip("0123456789")
            column = _column(address) if address else column + 1
            kind, style, words, formula = attributes.get("t", "n"), attributes.get("s", ""), "", False
        elif element in ("v", "t"):
            inside = not silent
        elif element == "f":
            formula = True
        elif element == "rPh":
            silent = True
        elif element == "row":
            number = attributes.get("r")
            rows.append((int(number) if number else None, {}, attributes.get("hidden") in ("1", "true")))
            column = -1

    def end(name: str) -> None:
        nonlocal inside, silent
        element = _local(name)
        if element in ("v", "t"):
            inside = False
        elif element == "rPh":
            silent = False
        elif element == "c":
            if words:
                rows[-1][1][column] = _value(kind, words, texts, dates, style)
            elif formula and kind != "str":
                rows[-1][1][column] = Fault("")

    def chars(text: str) -> None:
        nonlocal words
        if inside:
            words += text

    parser = _parser(start, end, chars)
    parser.Parse(b"<x>", False)
    parser.Parse(piece, False)
    parser.Parse(b"</x>", True)
    return rows


class Sheet:
    """One sheet of a workbook."""

    def __init__(
        self, archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str, texts: _Texts, dates: Dates, hidden: bool
    ) -> None:
        self._archive, self._part, self._texts, self._dates = archive, part, texts, dates
        self.name, self.hidden = name, hidden
        self.dates_from_1904 = dates.from_1904
        self.rows_about = 0

    def check(self) -> None:
        """Read the part once: a damaged one is refused before anything is done with its first rows; counts the rows."""
        with _well_formed(), self._archive.open(self._part) as part:
            while chunk := part.read(CHUNK):  # the last read compares the checksum
                self.rows_about += chunk.count(b"<row ")

    def rows(self, wanted: frozenset[int] | None = None, width: int | None = None) -> Iterator[Row]:
        """The rows in their order; cells beyond the wanted columns are skipped unread. Raises SheetRefused."""
        del width  # a cell says itself where it stands
        with _well_formed(), self._archive.open(self._part) as part:
            yield from self._rows(part, wanted)

    def _rows(self, part: IO[bytes], wanted: frozenset[int] | None) -> Iterator[Row]:
        prefix, rest = _to_the_data(part)
        if prefix is None:
            return
        row_end, data_end = b"</%srow>" % prefix, b"</%ssheetData" % prefix
        letters = None if wanted is None else {_letters(column).encode(): column for column in wanted}
        everywhere = _Columns()
        last = 0
        while True:
            *pieces, rest = rest.split(row_end)
            for piece in pieces:
                quick = _ROW.match(piece)
                found = _CELL.findall(piece) if quick else []
                # every cell was recognised whole, and nothing in them needs to be decoded
                if quick and b"&" not in piece and piece.count(b"<c") == len(found):
                    last = int(quick[1])
                    yield Row(last, self._quick_cells(found, letters, everywhere), "", _HIDDEN in quick[0])
                    continue
                for number, cells, hidden in _slow_rows(piece + row_end, self._texts, self._dates):
                    last = last + 1 if number is None else number
                    if wanted is not None:
                        cells = {column: text for column, text in cells.items() if column in wanted}
                    yield Row(last, cells, "", hidden)
            if data_end in rest:
                return
            chunk = part.read(CHUNK)
            if not chunk or len(rest) > LONGEST_ROW:
                raise SheetRefused(BROKEN)
            rest += chunk

    def _quick_cells(
        self,
        found: list[tuple[bytes, bytes, bytes, bytes, bytes]],
        letters: dict[bytes, int] | None,
        everywhere: _Columns,
    ) -> dict[int, str]:
        texts, dates = self._texts, self._dates
        cells: dict[int, str] = {}
        for address, style, kind, value, inline in found:
            if value or inline:
                column = everywhere[address] if letters is None else letters.get(address)
                if column is None:
                    continue
                if kind == b"s":
                    cells[column] = texts[int(value)]
                elif not kind:
                    cells[column] = dates.read(style.decode(), value.decode()) if style else Number(value.decode())
                else:
                    cells[column] = _value(kind.decode(), (value or inline).decode(), texts, dates, style.decode())
        return cells


def _to_the_data(part: IO[bytes]) -> tuple[bytes | None, bytes]:
    """The prefix of the sheet's elements and what was read beyond the start of its rows; None: there are no rows."""
    head = b""
    while not (found := _SHEET_DATA.search(head)):
        chunk = part.read(CHUNK)
        if not chunk or len(head) > LONGEST_ROW:
            raise SheetRefused(BROKEN)
        head += chunk
    encoding = _ENCODING.match(head.removeprefix(b"\xef\xbb\xbf"))
    if encoding and encoding[1].lower() not in (b"utf-8", b"us-ascii"):
        raise SheetRefused(BROKEN)
    if b"<!DOCTYPE" in head[: found.start()]:
        raise SheetRefused(HAS_DTD)
    return (None if found[2] else found[1] or b""), head[found.end() :]


def open_workbook(path: str | os.PathLike[str]) -> Tables:
    """The sheets of an .xlsx file: visible ones first. Raises SheetRefused."""
    with _well_formed():
        _check_directory(path)
        archive = zipfile.ZipFile(path)
    try:
        with _well_formed():
            return Tables("xlsx", list(_sheets(archive)), archive.close)
    except BaseException:
        archive.close()
        raise


def _check_directory(path: str | os.PathLike[str]) -> None:
    """The list of a zip's parts is read whole by zipfile: one that is itself a bomb is refused before."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 66_000))
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) < at + 22:
            raise SheetRefused(BROKEN)
        sizes = [struct.unpack_from("<L", tail, at + 12)[0]]
        if tail[max(0, at - 20) :].startswith(b"PK\x06\x07"):
            file.seek(min(struct.unpack_from("<Q", tail, at - 12)[0], size))
            large = file.read(56)
            if large.startswith(b"PK\x06\x06") and len(large) == 56:
                sizes = [struct.unpack_from("<Q", large, 40)[0]]
        if max(sizes) > MOST_DIRECTORY:
            raise SheetRefused(TOO_LARGE)


def _tidy(name: str) -> str:
    """A part's name as it is compared: some programs write it in another case or with the other slash."""
    return name.replace("\\", "/").lstrip("/").lower()


def _sheets(archive: zipfile.ZipFile) -> Iterator[Sheet]:
    parts = {_tidy(info.filename): info for info in archive.infolist()}
    if any(info.flag_bits & 1 for info in parts.values()):
        raise SheetRefused(LOCKED)
    book = parts.get("xl/workbook.xml") or parts.get(_book(archive, parts))
    if book is None:
        raise SheetRefused(_other_zip(set(parts)))
    unpacked, packed = (sum(getattr(info, size) for info in parts.values()) for size in ("file_size", "compress_size"))
    if unpacked > MOST_UNPACKED or (unpacked > BOMB_FROM and unpacked > packed * BOMB_RATIO):
        raise SheetRefused(TOO_LARGE)

    named, dates_from_1904 = _named_sheets(archive, book)
    targets, texts_part, styles_part = _targets(archive, book, parts)
    texts = _Texts()
    if texts_part in parts:
        if parts[texts_part].file_size > MOST_TEXTS:
            raise SheetRefused(TOO_LARGE)
        with archive.open(parts[texts_part]) as part:
            texts.read(part)
    dates = Dates({}, dates_from_1904)
    if styles_part in parts and parts[styles_part].file_size <= MOST_STYLES:
        with archive.open(parts[styles_part]) as part:
            dates = Dates(read_date_styles(part, _parser), dates_from_1904)
    sheets = [
        (hidden, Sheet(archive, parts[targets[relation]], name, texts, dates, hidden))
        for name, relation, hidden in named
        if targets.get(relation) in parts
    ]
    if not sheets:
        raise SheetRefused(BROKEN)
    yield from (sheet for _hidden, sheet in sorted(sheets, key=lambda each: each[0]))


def _book(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo]) -> str:
    """Where the package says its workbook is, for those that don't put it in the usual place."""
    found = [""]

    def start(_name: str, attributes: dict[str, str]) -> None:
        target = attributes.get("Target", "")
        if attributes.get("Type", "").endswith("/officeDocument") and target.endswith("workbook.xml"):
            found.append(_tidy(target))

    if "_rels/.rels" in parts:
        with archive.open(parts["_rels/.rels"]) as part:
            _parser(start).ParseFile(part)
    return found[-1]


def _other_zip(names: set[str]) -> str:
    if "xl/workbook.bin" in names:
        return "这是 .xlsb 文件,请在 Excel 里另存为 .xlsx 后再上传"
    if "content.xml" in names:
        return "这是 .ods 文件,请另存为 .xlsx 后再上传"
    if any(name.endswith((".xlsx", ".xls", ".csv")) for name in names):
        return "这是压缩包,请先解压,再上传里面的表格"
    return NO_SHEET


def _named_sheets(archive: zipfile.ZipFile, book: zipfile.ZipInfo) -> tuple[list[tuple[str, str, bool]], bool]:
    """(name, relation, hidden) of each sheet in the book's order, and whether its dates count from 1904."""
    sheets: list[tuple[str, str, bool]] = []
    from_1904 = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal from_1904
        kind = _local(name)
        if kind == "sheet":
            relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            sheets.append((attributes.get("name", ""), relation, attributes.get("state", "visible") != "visible"))
        elif kind == "workbookPr":
            from_1904 = attributes.get("date1904", "") in ("1", "true")

    with archive.open(book) as part:
        _parser(start).ParseFile(part)
    return sheets, from_1904


def _targets(
    archive: zipfile.ZipFile, book: zipfile.ZipInfo, parts: dict[str, zipfile.ZipInfo]
) -> tuple[dict[str, str], str, str]:
    """The parts that the book refers to, by relation, and the parts of its shared texts and of its styles."""
    folder, _, file = _tidy(book.filename).rpartition("/")
    targets: dict[str, str] = {}
    texts = styles = ""

    def start(_name: str, attributes: dict[str, str]) -> None:
        nonlocal texts, styles
        target = attributes.get("Target", "")
        if not target or attributes.get("TargetMode") == "External":
            return
        part = _tidy(target if target.startswith("/") else normpath(f"{folder}/{target}"))
        targets[attributes.get("Id", "")] = part
        if attributes.get("Type", "").endswith("/sharedStrings"):
            texts = part
        elif attributes.get("Type", "").endswith("/styles"):
            styles = part

    with archive.open(parts[f"{folder}/_rels/{file}.rels"]) as stream:
        _parser(start).ParseFile(stream)
    return targets, texts, styles
