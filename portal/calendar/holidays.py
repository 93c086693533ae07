"""Days off and days worked instead, as the State Council's notices of each year say.

Source: 国务院办公厅关于部分节假日安排的通知, one for each year; 2020 with the longer Spring Festival.
``0101-0103`` is off, ``+0104`` is a Saturday or Sunday on which people work.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from portal.calendar.workdays import Day

SHIPPED: Final[dict[int, str]] = {
    2018: (
        "元旦 0101 +1229; 春节 0215-0221 +0211 +0224; 清明节 0405-0407 +0408; 劳动节 0429-0501 +0428; "
        "端午节 0618; 中秋节 0924; 国庆节 1001-1007 +0929 +0930; 元旦 1230-1231"
    ),
    2019: (
        "元旦 0101; 春节 0204-0210 +0202 +0203; 清明节 0405-0407; 劳动节 0501-0504 +0428 +0505; "
        "端午节 0607-0609; 中秋节 0913-0915; 国庆节 1001-1007 +0929 +1012"
    ),
    2020: (
        "元旦 0101; 春节 0124-0202 +0119; 清明节 0404-0406; 劳动节 0501-0505 +0426 +0509; "
        "端午节 0625-0627 +0628; 国庆节 1001-1008 +0927 +1010"
    ),
    2021: (
        "元旦 0101-0103; 春节 0211-0217 +0207 +0220; 清明节 0403-0405; 劳动节 0501-0505 +0425 +0508; "
        "端午节 0612-0614; 中秋节 0919-0921 +0918; 国庆节 1001-1007 +0926 +1009"
    ),
    2022: (
        "元旦 0101-0103; 春节 0131-0206 +0129 +0130; 清明节 0403-0405 +0402; 劳动节 0430-0504 +0424 +0507; "
        "端午节 0603-0605; 中秋节 0910-0912; 国庆节 1001-1007 +1008 +1009; 元旦 1231"
    ),
    2023: (
        "元旦 0101-0102; 春节 0121-0127 +0128 +0129; 清明节 0405; 劳动节 0429-0503 +0423 +0506; "
        "端午节 0622-0624 +0625; 中秋节 0929; 国庆节 0930-1006 +1007 +1008; 元旦 1230-1231"
    ),
    2024: (
        "元旦 0101; 春节 0210-0217 +0204 +0218; 清明节 0404-0406 +0407; 劳动节 0501-0505 +0428 +0511; "
        "端午节 0610; 中秋节 0915-0917 +0914; 国庆节 1001-1007 +0929 +1012"
    ),
    2025: (
        "元旦 0101; 春节 0128-0204 +0126 +0208; 清明节 0404-0406; 劳动节 0501-0505 +0427; 端午节 0531-0602; "
        "国庆节 1001-1005 +0928 +1011; 中秋节 1006; 国庆节 1007-1008"
    ),
    2026: (
        "元旦 0101-0103 +0104; 春节 0215-0223 +0214 +0228; 清明节 0404-0406; 劳动节 0501-0505 +0509; "
        "端午节 0619-0621; 中秋节 0925-0927; 国庆节 1001-1007 +0920 +1010"
    ),
}
_PART = re.compile(r"(\S+) (\d{4})(?:-(\d{4}))?((?: \+\d{4})*)")


def shipped(year: int) -> tuple[Day, ...]:
    """The days of a year that the project knows. Raises KeyError for another year."""
    found: list[Day] = []
    for part in SHIPPED[year].split("; "):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{year}: {part}")
        name, first, last, worked = match.groups()
        day, end = _date(year, first), _date(year, last or first)
        while day <= end:
            found.append(Day(day, True, name))
            day += timedelta(days=1)
        found += [Day(_date(year, each), False, name) for each in re.findall(r"\d{4}", worked)]
    return tuple(sorted(found))


def _date(year: int, said: str) -> date:
    return date(year, int(said[:2]), int(said[2:]))
