"""尺寸不符 in two numbers: written in front of a case's description, read from there, and compared with other texts."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

_WRITTEN: Final = re.compile(r"标注 (?P<stated>[^，]{1,60})，实测 (?P<measured>[^。]{1,60})。")
_NUMBER: Final = re.compile(
    r"(?<![\d.])(\d{1,6}(?:\.\d{1,4})?)\s*(毫米|厘米|公分|分米|米|毫升|升|千克|公斤|斤|克|mm|cm|dm|ml|kg|m|l|g)(?![a-z²³])",
    re.IGNORECASE,
)
_UNITS: Final = {  # each in its smallest: 毫米, 毫升, 克
    **dict.fromkeys(("毫米", "mm"), ("length", Decimal(1))),
    **dict.fromkeys(("厘米", "公分", "cm"), ("length", Decimal(10))),
    **dict.fromkeys(("分米", "dm"), ("length", Decimal(100))),
    **dict.fromkeys(("米", "m"), ("length", Decimal(1000))),
    **dict.fromkeys(("毫升", "ml"), ("volume", Decimal(1))),
    **dict.fromkeys(("升", "l"), ("volume", Decimal(1000))),
    **dict.fromkeys(("克", "g"), ("weight", Decimal(1))),
    "斤": ("weight", Decimal(500)),
    **dict.fromkeys(("千克", "公斤", "kg"), ("weight", Decimal(1000))),
}

Size = tuple[str, Decimal]  # length, volume or weight, and how much of it


def write_sizes(stated: str, measured: str) -> str:
    """The sentence that says both."""
    return f"标注 {stated}，实测 {measured}。"


def read_sizes(description: str) -> tuple[str, str] | None:
    """What was stated and what was measured, as the buyer wrote it; None where the description doesn't say it."""
    found = _WRITTEN.match(description)
    return (found["stated"], found["measured"]) if found else None


def find_sizes(text: str) -> dict[Size, str]:
    """The measurements in a text, each with the words that say it; a number without a unit is none."""
    found: dict[Size, str] = {}
    for match in _NUMBER.finditer(text):
        dimension, factor = _UNITS[match[2].lower()]
        found.setdefault((dimension, Decimal(match[1]) * factor), match.group())
    return found
