"""Tables out of files that people send: what kind a file is, by its content, and its rows.

Standard library only. A file that can't be read raises SheetRefused with one sentence for its owner; nothing in a file
makes anything else be raised.
"""

from __future__ import annotations

import os
from pathlib import Path

from portal.sheets import compound
from portal.sheets.cells import HEADINGS_WITHIN, Date, Fault, Judge, Number, Row, SheetRefused, Table, Tables, find_lost
from portal.sheets.delimited import open_text
from portal.sheets.pages import is_page, open_page
from portal.sheets.xls import OLD, open_old
from portal.sheets.xlsx_files import open_workbook

__all__ = [
    "HEADINGS_WITHIN",
    "Date",
    "Fault",
    "Judge",
    "Number",
    "Row",
    "SheetRefused",
    "Table",
    "Tables",
    "find_lost",
    "open_tables",
    "safe_cell",
]

_PICTURE = "这是图片，不是表格，请上传从后台导出的 .xlsx 或 .csv 文件"
_OTHER = (
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"RIFF", _PICTURE),
    (b"%PDF", "这是 PDF，不是表格，请上传从后台导出的 .xlsx 或 .csv 文件"),
    (b"Rar!", "这是压缩包，请先解压，再上传里面的表格"),
    (b"7z\xbc\xaf", "这是压缩包，请先解压，再上传里面的表格"),
    (b"\x1f\x8b", "这是压缩包，请先解压，再上传里面的表格"),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # some programs put the mark of a text file before it
_XML = "这是 XML 格式的文件，请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传"
_ARCHIVE = "这是网页格式的文件，请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传"
_OLDEST = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")  # without a container


def open_tables(path: str | os.PathLike[str], judge: Judge) -> Tables:
    """The tables of a file, whatever its name says. ``judge`` counts the headings in a row. Raises SheetRefused."""
    try:
        size = Path(path).stat().st_size
        with open(path, "rb") as file:
            head = file.read(512)
        if size == 0 or head in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff") or (size <= 512 and not head.strip()):
            raise SheetRefused("文件是空的，请重新导出后再上传")
        if head.startswith(compound.MAGIC):
            return open_old(path)
        if head.startswith(_OLDEST):
            raise SheetRefused(OLD)
        for magic, sentence in _OTHER:
            if head.startswith(magic):
                raise SheetRefused(sentence)
        if is_page(head):
            return open_page(path)
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml"):
            raise SheetRefused(_XML)
        if head.lstrip().lower().startswith(b"mime-version:"):
            raise SheetRefused(_ARCHIVE)
        is_zip = head.startswith(b"PK") or head.lstrip(b"\xef\xbb\xbf\r\n").startswith(_ZIP)
        return open_workbook(path) if is_zip else open_text(path, judge)
    except OSError as problem:
        raise SheetRefused(f"文件打不开：{problem.strerror or '读取失败'}") from problem


def safe_cell(text: str) -> str:
    """A text for a cell of a table that we hand out: what a spreadsheet would run as a formula gets a leading quote."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")) else text
