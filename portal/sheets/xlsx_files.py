"""Opens .xlsx files: judges the archive before anything is unpacked, and finds its sheets."""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Iterator
from posixpath import normpath

from portal.sheets.cells import SheetRefused, Tables
from portal.sheets.styles import Dates, read_date_styles
from portal.sheets.xlsx import Sheet
from portal.sheets.xlsx_texts import BROKEN, MOST_TEXTS, TOO_LARGE, Texts, local, make_parser, well_formed

MOST_UNPACKED = 512_000_000  # bytes of XML; 100,000 lines are about 160 MB at most


BOMB_FROM, BOMB_RATIO = 32_000_000, 150  # a real sheet shrinks about 10 to 60 times


MOST_STYLES = 16_000_000  # bytes; without them dates are numbers


MOST_DIRECTORY = 4_000_000  # bytes; a workbook has some dozen parts


LOCKED = "文件有密码保护，请去掉密码后再上传"


NO_SHEET = "这不是订单表格，请上传从后台导出的 .xlsx 或 .csv 文件"


def open_workbook(path: str | os.PathLike[str]) -> Tables:
    """The sheets of an .xlsx file: visible ones first. Raises SheetRefused."""
    with well_formed():
        _check_directory(path)
        archive = zipfile.ZipFile(path)
    try:
        with well_formed():
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
    texts = Texts()
    if texts_part in parts:
        if parts[texts_part].file_size > MOST_TEXTS:
            raise SheetRefused(TOO_LARGE)
        with archive.open(parts[texts_part]) as part:
            texts.read(part)
    dates = Dates({}, dates_from_1904)
    if styles_part in parts and parts[styles_part].file_size <= MOST_STYLES:
        with archive.open(parts[styles_part]) as part:
            dates = Dates(read_date_styles(part, make_parser), dates_from_1904)
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
            make_parser(start).ParseFile(part)
    return found[-1]


def _other_zip(names: set[str]) -> str:
    if "xl/workbook.bin" in names:
        return "这是 .xlsb 文件，请在 Excel 里另存为 .xlsx 后再上传"
    if "content.xml" in names:
        return "这是 .ods 文件，请另存为 .xlsx 后再上传"
    if any(name.endswith((".xlsx", ".xls", ".csv")) for name in names):
        return "这是压缩包，请先解压，再上传里面的表格"
    return NO_SHEET


def _named_sheets(archive: zipfile.ZipFile, book: zipfile.ZipInfo) -> tuple[list[tuple[str, str, bool]], bool]:
    """(name, relation, hidden) of each sheet in the book's order, and whether its dates count from 1904."""
    sheets: list[tuple[str, str, bool]] = []
    from_1904 = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal from_1904
        kind = local(name)
        if kind == "sheet":
            relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            sheets.append((attributes.get("name", ""), relation, attributes.get("state", "visible") != "visible"))
        elif kind == "workbookPr":
            from_1904 = attributes.get("date1904", "") in ("1", "true")

    with archive.open(book) as part:
        make_parser(start).ParseFile(part)
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
        make_parser(start).ParseFile(stream)
    return targets, texts, styles
