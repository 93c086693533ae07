"""Twice the text takes about twice the work: for every pattern of the portal and for what reads people's words.

Work that grows with the square of the text lets one request stop a worker. Ratios of CPU between texts of two lengths
are compared, never times with a clock: a square shows as 16 at four times the length, a line as 4. The best of several
turns counts, so that a busy machine can't fail it.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import regex

import portal
from portal import inputs
from portal.talk import card_numbers

SHORT, LONG = 2_000, 8_000
MOST_RATIO = 9  # 4 is linear, 16 is square
TOO_SHORT = 0.002  # seconds: what takes less isn't worth a ratio

UNITS = (
    " ",
    "\t",
    "\n",
    " \n",
    "0",
    "1 ",
    "12",
    "9-",
    "6222 ",
    "1,",
    ".",
    "0.",
    "-",
    ",",
    ";",
    "、",
    "a",
    "A",
    "aB",
    "x:",
    "NO.",
    "DPK1",
    "_",
    "<",
    "<c>",
    "(",
    "（",
    "签收",
    "请",
    "未",
    "中 ",
    "年",
    "一",
    "\x00",
    "\u200b",
    "e\u0301",
    "*",
    "**** ",
    "+86",
    "卡号",
    "订单",
    "2026-11-23 ",
    "url(",
    '"',
    "转",
    "EXT",
    "1E+",
    "_x00",
    "con",
    "😀",
    "+0101",
)


SEARCHED = ("inputs", "scans", "card_numbers", "carriers")  # read all over what people type; others match a whole value


def patterns() -> Iterator[tuple[str, Callable[[str], object]]]:
    """Every pattern on text, as it is used."""
    for found in pkgutil.walk_packages(portal.__path__, "portal."):
        part = found.name.rpartition(".")[2]
        if part in ("imaging_child", "cells", "xlsx", "assets", "holidays") or found.name == "portal.serving.app":
            continue  # programs, and what reads files: their cells and rows have a bound of their own
        for name, value in vars(importlib.import_module(found.name)).items():
            if isinstance(value, re.Pattern | regex.Pattern) and isinstance(value.pattern, str):
                yield f"{part}.{name}", _all_over(value) if part in SEARCHED else value.fullmatch


def _all_over(pattern: Any) -> Callable[[str], object]:
    return lambda text: [sum(1 for _ in pattern.finditer(text)), pattern.fullmatch(text)]


def cpu(work: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    work(text)
    return time.process_time() - began


def ratio(work: Callable[[str], object], unit: str, end: str = "!") -> float:
    """How much more CPU the long text takes than the short one: the least of three tries."""
    short, long = (unit * (length // len(unit)) + end for length in (SHORT, LONG))
    best = float("inf")
    for _ in range(3):
        slow = cpu(work, long)
        if slow < TOO_SHORT:
            return 1
        best = min(best, slow / max(min(cpu(work, short) for _ in range(3)), 1e-6))
        if best <= MOST_RATIO:
            break
    return best


@pytest.mark.parametrize(("name", "work"), patterns(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_pattern_takes_work_as_the_text_is_long(name: str, work: Callable[[str], object]) -> None:
    found = {unit: ratio(work, unit) for unit in UNITS}
    assert {unit: times for unit, times in found.items() if times > MOST_RATIO} == {}


READERS: dict[str, Callable[[str], object]] = {
    "mask": card_numbers.mask_numbers,
    "numbers": card_numbers.find_numbers,
    "mask with known numbers": lambda text: card_numbers.mask_numbers(
        text, ("6222021234567890", "12121212121212", "1")
    ),
    "text": lambda text: inputs.text(text, limit=20_000),
    "line": lambda text: inputs.line(text, limit=20_000),
    "was_cleaned": lambda text: inputs.was_cleaned(text, text),
}


@pytest.mark.parametrize("name", READERS)
def test_reading_words_takes_work_as_they_are_long(name: str) -> None:
    def read(text: str) -> None:
        try:
            READERS[name](text)
        except inputs.InputRefused:
            pass

    found = {unit: ratio(read, unit) for unit in UNITS}
    assert {unit: times for unit, times in found.items() if times > MOST_RATIO} == {}


@pytest.mark.parametrize("unit", UNITS)
def test_no_text_is_weighed_without_end(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: how often a run of digits is judged is bounded by the length of the text."""
    judged = 0
    is_card = card_numbers._is_card

    def counted(*args: object) -> bool:
        nonlocal judged
        judged += 1
        return is_card(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(card_numbers, "_is_card", counted)
    text = unit * (100_000 // len(unit))
    card_numbers.mask_numbers(text)
    assert judged <= len(text) / 100
