"""Reads tables out of web pages: what many programs write and name .xls.

A page is small enough to be held as one text. Tags are found by one regular expression that never looks back, so that
no page, however broken, takes longer than its length.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator
from pathlib import Path

from portal.sheets.cells import Row, SheetRefused, Tables
from portal.sheets.xlsx_texts import BROKEN

MOST_BYTES = 16_000_000
MOST_COLUMNS = 1_000  # and rows that one cell stands in
TOO_LARGE = "这是网页格式的文件，太大了读不了，请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传"
NO_TABLE = "这是网页格式的文件，里面没有表格，请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传"
_STARTS = re.compile(
    rb"(?:<\?xml[^>]*>|<!--[^>]*>|\s)*"
    rb"<(?:!doctype html|html|head|meta|body|table|div|style|center|form|title|span|p)\b",
    re.IGNORECASE,
)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]{1,20})", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,20})\b([^<>]*)>|<!--")
_SPAN = re.compile(r"\b(col|row)span\s*=\s*[\"']?\s*([0-9]{1,4})", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_SILENT = ("script", "style", "head", "title")


def is_page(head: bytes) -> bool:
    """Whether a file that begins so is a web page."""
    return _STARTS.match(head.removeprefix(b"\xef\xbb\xbf")) is not None


class Page:
    """The tables of a page, one below the other, as a spreadsheet shows them."""

    dates_from_1904 = False
    hidden = False
    name = "网页表格"

    def __init__(self, text: str) -> None:
        self._text = text
        self.rows_about = 0

    def check(self) -> None:
        """Count the rows; that the end isn't missing was looked at before."""
        self.rows_about = self._text.lower().count("<tr")

    def rows(self, wanted: frozenset[int] | None = None, width: int | None = None) -> Iterator[Row]:
        """The rows in their order, only the wanted columns; see Table."""
        del width  # a cell says itself how wide it is
        number = 0
        tops: dict[int, int] = {}  # by column: in which row a cell that stands in several begins,
        ends: dict[int, int] = {}  # and the last of them
        for attributes, found in _split_rows(self._text):
            number += 1
            cells: dict[int, str] = {}
            column = 0
            for said, text in found:
                while ends.get(column, 0) >= number:
                    column += 1
                spans = {which.lower(): min(int(many), MOST_COLUMNS) for which, many in _SPAN.findall(said)}
                if text and (wanted is None or column in wanted):
                    cells[column] = text
                wide = max(spans.get("col", 1), 1)
                if spans.get("row", 1) > 1:
                    ends |= dict.fromkeys(range(column, column + wide), number + spans["row"] - 1)
                    tops |= dict.fromkeys(range(column, column + wide), number)
                column += wide
                if column > MOST_COLUMNS:
                    break
            above = {at: tops[at] for at in wanted or () if tops.get(at, number) < number <= ends[at]}
            yield Row(number, cells, "", _HIDDEN.search(attributes) is not None, above)


def _split_rows(text: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each row's attributes, and its cells' attributes and texts."""
    row: str | None = None
    cells: list[tuple[str, str]] = []
    cell: str | None = None
    words: list[str] = []
    at = 0
    while found := _TAG.search(text, at):
        if cell is not None:
            words.append(text[at : found.start()])
        at = found.end()
        if found[2] is None:  # a comment
            at = text.find("-->", at) + 3
            if at < 3:
                return
            continue
        name, ends = found[2].lower(), bool(found[1])
        if name in _SILENT and not ends:
            end = re.compile(rf"</{name}", re.IGNORECASE).search(text, at)
            at = end.start() if end else len(text)
        elif name in ("td", "th", "tr", "table"):
            if cell is not None:
                cells.append((cell, _read_words(words)))
            cell, words = (found[3], []) if name in ("td", "th") and not ends and row is not None else (None, [])
            if name in ("tr", "table"):
                if row is not None:
                    yield row, cells
                row, cells = (found[3] if name == "tr" and not ends else None), []
        elif cell is not None and name == "br":
            words.append("<br>")


def _read_words(words: list[str]) -> str:
    plain = _BLANKS.sub(" ", "".join(words))
    lines = [html.unescape(line).replace("\N{NO-BREAK SPACE}", " ").strip() for line in plain.split("<br>")]
    return "\n".join(lines).strip()


def open_page(path: str | os.PathLike[str]) -> Tables:
    """The table of a page. Raises SheetRefused."""
    content = Path(path).read_bytes() if Path(path).stat().st_size <= MOST_BYTES else None
    if content is None:
        raise SheetRefused(TOO_LARGE)
    plain = content.lower()
    if b"<tr" not in plain:
        raise SheetRefused(NO_TABLE)
    if plain.rfind(b"</table") < plain.rfind(b"<tr"):  # it was cut off on its way
        raise SheetRefused(BROKEN)
    said = _CHARSET.search(content[:4096])
    first = ["gb18030"] if said and said[1].lower().startswith(b"gb") else []
    for encoding in (*first, "utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        table = Page(text)
        return Tables(table.name, [table], lambda: None)
    raise SheetRefused(BROKEN)
