"""Two numbers in one cell of money or of a quantity are no number; one that is written in groups of three is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.orders.export_format import OrderRows, read
from tests import exports

BLANKS = [" ", "  ", "\t", "\n", "\u3000", "\u00a0"]


def import_one(path: Path, **cells: str) -> OrderRows | None:
    with read(exports.text(path / "export.csv", exports.table([exports.order(**{**LOOSE, **cells})]))) as export:
        return next((each for each in export.orders() if isinstance(each, OrderRows)), None)


LOOSE = {"货品总价(元)": "", "运费(元)": "", "实付款(元)": "", "涨价或折扣(元)": ""}


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("two", ["2{}3", "12{}5", "1{}00", "1{}0{}0", "1{}0000", "1,000{}2", "2.5{}3", "10{}000{}5"])
def test_two_numbers_are_not_joined(tmp_path: Path, two: str, blank: str) -> None:
    written = two.replace("{}", blank)
    assert import_one(tmp_path, 数量=written) is None
    assert import_one(tmp_path, **{"单价(元)": written}) is None
    order = import_one(tmp_path, **{"运费(元)": written})
    assert order is not None and order.freight_fen is None  # kept as text, with a note


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f", "\u2009", "\u3000"])
@pytest.mark.parametrize(("written", "number"), [("1{}000", 1_000), ("12{}345", 12_345), ("1{}000{}000", 1_000_000)])
def test_groups_of_three_are_one_number(tmp_path: Path, written: str, number: int, blank: str) -> None:
    written = written.replace("{}", blank)
    for cell in (written, f" {written} ", f"{written} 件"):
        order = import_one(tmp_path, 数量=cell)
        assert order is not None and order.lines[0].quantity_milli == number * 1_000
    for cell in (written, f"{written}.00", f"¥ {written}", f"{written} 元", f"- {written}"):
        order = import_one(tmp_path, **{"涨价或折扣(元)": cell})
        assert order is not None and order.adjustment_fen == number * (-100 if "-" in cell else 100)


@pytest.mark.parametrize("written", ["18 .80", "18. 80", "¥ 18.80", "18.80 元", " 18.80\n", "18.80 元 / 件"])
def test_a_blank_that_parts_nothing_is_left_out(tmp_path: Path, written: str) -> None:
    order = import_one(tmp_path, **{"单价(元)": written})
    assert order is not None and order.lines[0].unit_price_fen == 1_880
