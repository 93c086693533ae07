"""Which cells of a workbook are shown as dates: a code like 10-12 that a spreadsheet took for one is kept as 46307."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import IO, Any

from portal.sheets.cells import Date, Number

_BUILT_IN = {  # what the built-in formats show: year, month, day
    **dict.fromkeys((14, 15, 22, 30, 31), "ymd"),
    **dict.fromkeys((16, 28, 29, 51, 53, 54, 58), "md"),
    **dict.fromkeys((17, 27, 36, 50, 52, 57), "ym"),
}
_QUIET = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')  # of a format's code: what shows no part of a date
_FIRST_DAY, _FIRST_DAY_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001


class Dates:
    """The styles of a workbook that show dates, and what cells of such a style hold."""

    def __init__(self, shows: dict[str, str], from_1904: bool) -> None:
        self._shows = shows
        self.from_1904 = from_1904

    def read(self, style: str, number: str) -> Number:
        """A number in a cell of this style."""
        shows = self._shows.get(style)
        if shows is None:
            return Number(number)
        try:
            day = (_FIRST_DAY_1904 if self.from_1904 else _FIRST_DAY) + timedelta(seconds=round(float(number) * 86_400))
        except (ValueError, OverflowError):
            return Number(number)
        if shows == "md":
            return Date(number, f"{day.month}月{day.day}日")
        if shows == "ym":
            return Date(number, f"{day.year}年{day.month}月")
        return Date(number, f"{day:%Y-%m-%d %H:%M:%S}".removesuffix(" 00:00:00"))


def read_date_styles(part: IO[bytes], make_parser: Callable[..., Any]) -> dict[str, str]:
    """What each style shows of a date (ymd, md, ym), by its number; other styles aren't there."""
    codes: dict[str, str] = {}
    styles: list[str] = []
    inside = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        element = name.rpartition(":")[2]
        if element == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif element == "cellXfs":
            inside = True
        elif element == "xf" and inside:
            styles.append(attributes.get("numFmtId", "0"))

    def end(name: str) -> None:
        nonlocal inside
        if name.rpartition(":")[2] == "cellXfs":
            inside = False

    make_parser(start, end).ParseFile(part)
    shown = {str(number): what_it_shows(codes.get(style), style) for number, style in enumerate(styles)}
    return {number: shows for number, shows in shown.items() if shows}


def what_it_shows(code: str | None, style: str) -> str:
    """What a format of this code and number shows of a date: ymd, md, ym or nothing."""
    if code is None:
        return _BUILT_IN.get(int(style), "") if style.isdecimal() and len(style) < 6 else ""
    parts = _QUIET.sub("", code.partition(";")[0]).casefold()
    year, day = "y" in parts or parts.strip() == "e", "d" in parts
    if year:
        return "ymd" if day else "ym"
    return "md" if day and "general" not in parts else ""
