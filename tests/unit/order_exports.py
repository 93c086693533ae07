"""What the tests of order exports share: how a file's orders and refusals are read out."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from portal.orders.export_format import ExportRefused, OrderRows, Problem, read
from tests.exports import FEW

NUMBER = "3905403692550747597"
NOT_TAKEN = "；这一格没有采用，原文已保留"


def all_of(path: Path) -> tuple[list[OrderRows], list[Problem]]:
    """The orders and the problems of a file."""
    found: tuple[list[OrderRows], list[Problem]] = ([], [])
    with read(path) as export:
        for each in export.orders():
            if isinstance(each, Problem):
                found[1].append(each)
            else:
                found[0].append(each)
    return found


def refused(path: Path) -> str:
    """The sentence with which a file is refused, whether at its opening or further down."""
    with pytest.raises(ExportRefused) as problem, read(path) as export:
        for _ in export.orders():
            pass
    return problem.value.sentence


def shown(value: Any) -> str:
    """A number of a test as a cell keeps it."""
    return str(Decimal(str(value))) if isinstance(value, float) else str(value)


def few(*rows: tuple[Any, ...]) -> list[list[Any]]:
    """The least export with these rows."""
    return [FEW, *[list(row) for row in rows]]


QUANTITY = "请填写大于 0 的数量，最多三位小数"
