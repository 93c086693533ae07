"""Writes old workbooks (.xls, BIFF8) as small as they can be, with every kind of cell that one may hold."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from portal.sheets.compound import MAGIC

LONGEST_RECORD = 8224
_FREE, _END, _IS_FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


class Packed(NamedTuple):
    """A whole number or hundredths, in four bytes."""

    value: int
    hundredths: bool = False


class Formula(NamedTuple):
    """A formula's kept value; None: it was never worked out."""

    value: str | float | bool | None


class Day(NamedTuple):
    """A number in a cell that shows a date."""

    number: float


class Broken(NamedTuple):
    """An error's number."""

    code: int


Cell = str | float | bool | Packed | Formula | Day | Broken | None


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def spell(text: str, *, narrow: bool = True) -> tuple[int, bytes]:
    """(its flags, its bytes): Latin letters take one each, others two."""
    if narrow and all(each < "\u0100" for each in text):
        return 0, text.encode("latin-1")
    return 1, text.encode("utf-16-le")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


class _Shared:
    """The table of texts, cut into records wherever one is full: also inside a text, which then says again how it goes
    on."""

    def __init__(self, most: int) -> None:
        self.places: dict[str, int] = {}
        self.most = most

    def place(self, text: str) -> int:
        return self.places.setdefault(text, len(self.places))

    def write(self) -> bytes:
        records, now = [], struct.pack("<II", len(self.places), len(self.places))
        for number, text in enumerate(self.places):
            rich = number % 3 == 1  # some have runs of letters that look otherwise
            flags, letters = spell(text)
            head = struct.pack("<HB", _units(text), flags | (8 if rich else 0)) + (b"\2\0" if rich else b"")
            if len(now) + len(head) + 2 > self.most:
                records.append(now)
                now = b""
            now += head
            width = 2 if flags & 1 else 1
            while letters:
                take = (self.most - len(now)) // width * width
                now, letters = now + letters[:take], letters[take:]
                if letters:
                    records.append(now)
                    now = bytes([flags & 1])
            now += b"\0" * 8 if rich else b""
        records.append(now)
        return record(0xFC, records[0]) + b"".join(record(0x3C, each) for each in records[1:])


def _cell(row: int, column: int, value: Cell, shared: _Shared) -> bytes:
    at = struct.pack("<HHH", row, column, 1 if isinstance(value, Day) else 0)
    if isinstance(value, str):
        return record(0xFD, at + struct.pack("<I", shared.place(value)))
    if isinstance(value, Packed):
        return record(0x27E, at + struct.pack("<I", (value.value << 2 | 2 | value.hundredths) & 0xFFFFFFFF))
    if isinstance(value, Broken):
        return record(0x205, at + bytes([value.code, 1]))
    if isinstance(value, bool):
        return record(0x205, at + bytes([value, 0]))
    if isinstance(value, Formula):
        kept, more = value.value, b""
        if isinstance(kept, str):
            flags, letters = spell(kept)
            result, more = b"\0\0\0\0\0\0\xff\xff", record(0x207, struct.pack("<HB", _units(kept), flags) + letters)
        elif isinstance(kept, bool):
            result = bytes([1, 0, kept, 0, 0, 0, 0xFF, 0xFF])
        else:
            result = struct.pack("<d", kept or 0.0)
        return record(6, at + result + struct.pack("<HIH", 3 if kept is None else 0, 0, 0)) + more
    number = value.number if isinstance(value, Day) else value
    return record(0x203, at + struct.pack("<d", number))


def book(
    sheets: Mapping[str, Sequence[Sequence[Cell]]],
    *,
    hidden_sheets: Sequence[str] = (),
    hidden_rows: Sequence[int] = (),
    from_1904: bool = False,
    most: int = LONGEST_RECORD,
    before: bytes = b"",
    merged: Sequence[tuple[int, int, int]] = (),
) -> bytes:
    """The stream of a workbook. ``before``: a record that stands first, as that of a password does.

    ``merged``: first row, last row and column of cells that stand in several rows.
    """
    shared = _Shared(most)
    parts: list[bytes] = []
    for rows in sheets.values():
        made = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
        for number in range(len(rows)):
            options = 0x20 if number + 1 in hidden_rows else 0
            made += record(0x208, struct.pack("<HHHHHHI", number, 0, 6, 255, 0, 0, options))
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                made += b"" if value is None else _cell(number, column, value, shared)
        spans = b"".join(struct.pack("<HHHH", top, bottom, column, column) for top, bottom, column in merged)
        made += record(0xE5, struct.pack("<H", len(merged)) + spans) if merged else b""
        parts.append(made + record(0x0A))
    head = record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + before
    head += record(0x22, struct.pack("<H", from_1904))
    flags, letters = spell("yyyy\\-mm\\-dd hh:mm")
    head += record(0x41E, struct.pack("<HHB", 164, len(letters), flags) + letters)
    head += b"".join(record(0xE0, struct.pack("<HH16x", 0, style)) for style in (0, 164))
    names = [(name, *spell(name)) for name in sheets]
    tail = shared.write() + record(0x0A)
    at = len(head) + sum(12 + len(letters) for _, _, letters in names) + len(tail)
    for (name, flags, letters), part in zip(names, parts, strict=True):
        head += record(0x85, struct.pack("<IBBBB", at, name in hidden_sheets, 0, _units(name), flags) + letters)
        at += len(part)
    return head + tail + b"".join(parts)


def write(path: Path, stream: bytes, name: str = "Workbook", *, small: bool = False) -> Path:
    """The stream in its container; ``small``: in the sectors of 64 bytes that streams below 4,096 bytes have."""
    size = len(stream)
    stream = stream if small else stream.ljust(4096, b"\0")
    size = size if small else len(stream)
    sectors = -(-len(stream) // 512)
    minis = -(-len(stream) // 64) if small else 0
    mini_table = b"".join(struct.pack("<I", each + 1 if each + 1 < minis else _END) for each in range(minis))
    mini_sectors = -(-len(mini_table) // 512)
    fats = 1
    while fats * 128 < fats + 1 + sectors + mini_sectors:
        fats += 1
    assert fats <= 109
    directory_at, data_at = fats, fats + 1
    mini_at = data_at + sectors
    chain = [_IS_FAT] * fats + [_END]
    chain += [*range(data_at + 1, data_at + sectors), _END]
    chain += [*range(mini_at + 1, mini_at + mini_sectors), _END] if mini_sectors else []
    fat = struct.pack(f"<{fats * 128}I", *chain, *[_FREE] * (fats * 128 - len(chain)))

    def entry(title: str, kind: int, start: int, length: int, child: int) -> bytes:
        letters = title.encode("utf-16-le")
        head = letters.ljust(64, b"\0") + struct.pack("<HBBIII", len(letters) + 2, kind, 1, _FREE, _FREE, child)
        return head + bytes(36) + struct.pack("<III", start, length, 0)

    root = (data_at, len(stream)) if small else (_END, 0)
    directory = entry("Root Entry", 5, *root, 1) + entry(name, 2, 0 if small else data_at, size, _FREE)
    head = MAGIC + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack(
        "<IIIIIIIIII", 0, fats, directory_at, 0, 4096, mini_at if small else _END, mini_sectors, _END, 0, 0
    )
    head = head[:72] + struct.pack("<I", 0) + struct.pack("<109I", *range(fats), *[_FREE] * (109 - fats))
    content = head.ljust(512, b"\0") + fat + directory.ljust(512, b"\0")
    content += stream.ljust(sectors * 512, b"\0") + mini_table.ljust(mini_sectors * 512, b"\xff")
    path.write_bytes(content)
    return path
