"""The parts of .xlsx that rows refer to: limits, the guarded XML parser, shared texts, columns."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any
from xml.parsers import expat

from portal.sheets.cells import SheetRefused

MOST_TEXTS = 96_000_000  # bytes of shared texts, which are held in memory


FIRST_TEXTS = 5_000  # texts are numbered as they first occur: those that occur often are among the first


CHUNK = 1 << 18


BROKEN = "文件已损坏或不完整，请重新导出后再上传"


TOO_LARGE = "文件解压后过大，请按时间分批导出，或另存为 CSV 后再导入"


HAS_DTD = "文件里有不安全的内容（DTD），请用 Excel 或 WPS 另存为 .xlsx 后再上传"


_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


_BROKEN = (
    *(expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, OverflowError),  # an unknown compression, a header that lies
    *(KeyError, IndexError, ValueError, struct.error),  # references to parts, texts or columns that aren't there
)


@contextmanager
def well_formed() -> Iterator[None]:
    """Whatever a broken zip or broken XML raises becomes a refusal."""
    try:
        yield
    except _BROKEN as problem:
        raise SheetRefused(BROKEN) from problem


def _refuse_dtd(*_declaration: object) -> None:
    raise SheetRefused(HAS_DTD)


def make_parser(
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


def local(name: str) -> str:
    return name.rpartition(":")[2]


def plain(text: str) -> str:
    """A text as a person sees it: Excel writes control characters as _x000D_."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(escaped: re.Match[str]) -> str:
    code = int(escaped[1], 16)
    return escaped[0] if 0xD800 <= code < 0xE000 else chr(code)  # half a character is no character


class Texts:
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
            kind = local(name)
            if kind == "t":
                inside = not silent
            elif kind == "si":
                pieces.clear()
            elif kind == "rPh":
                silent = True

        def end(name: str) -> None:
            nonlocal inside, silent
            kind = local(name)
            if kind == "t":
                inside = False
            elif kind == "si":
                self._bytes += plain("".join(pieces)).encode()
                self._ends.append(len(self._bytes))
            elif kind == "rPh":
                silent = False

        def chars(text: str) -> None:
            if inside:
                pieces.append(text)

        parser = make_parser(start, end, chars)
        parser.ParseFile(part)


def find_column(letters: str) -> int:
    """A is 0, Z is 25, AA is 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(column: int) -> str:
    letters, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(65 + letter) + letters
    return letters


class Columns(dict[bytes, int]):
    """Columns by the letters of a cell's address; fills itself where none were chosen."""

    def __missing__(self, letters: bytes) -> int:
        self[letters] = column = find_column(letters.decode())
        return column
