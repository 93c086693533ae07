"""Money is split to the last 分: whatever is shared sums exactly, whatever the units, in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import workbook
from portal.money import payment_lists, sums
from portal.sheets import open_tables
from portal.workbook import Column

FEN = st.integers(0, 10**11)
MILLI = st.integers(1, 10**9)


@given(FEN, st.lists(st.integers(0, 10**15), max_size=60))
def test_parts_sum_exactly_and_each_is_fair(total: int, weights: list[int]) -> None:
    parts = sums.split_amount(total, weights)
    assert len(parts) == len(weights) and all(part >= 0 for part in parts)
    assert sum(parts) == (total if weights else 0)
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert not whole or abs(part - total * weight / whole) <= 1 + total * 1e-9
        assert weight or not whole or part == 0


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [33, 33, 34]),
        (100, [0, 0], [50, 50]),
        (1, [1, 1, 1], [0, 0, 1]),
        (0, [5, 7], [0, 0]),
        (10_001, [2, 1], [6667, 3334]),
        (5, [], []),
    ],
)
def test_the_last_part_takes_the_rest(total: int, weights: list[int], parts: list[int]) -> None:
    assert sums.split_amount(total, weights) == parts


@given(FEN, st.lists(MILLI, min_size=1, max_size=30))
def test_units_refunded_bit_by_bit_are_worth_what_was_paid(share: int, pieces: list[int]) -> None:
    bought, before, given_back = sum(pieces), 0, 0
    for piece in pieces:
        fen = sums.price_units(share, bought, before, piece)
        assert 0 <= fen <= share
        before, given_back = before + piece, given_back + fen
        assert given_back == share * before // bought  # never ahead of what the units are worth
    assert given_back == share
    assert sums.price_units(share, bought, before, 1_000) == 0  # nothing is left


LINES = st.lists(st.tuples(st.integers(0, 10**6), MILLI), min_size=1, max_size=20)


def _list_price(lines: list[tuple[int, int]]) -> int:
    return sum(price * milli for price, milli in lines) // 1000


@given(LINES, FEN, st.integers(-(10**6), 10**6), st.integers(0, 10**6), st.booleans())
def test_lines_share_what_was_paid_for_goods(
    lines: list[tuple[int, int]], freight: int, adjustment: int, less: int, unshipped: bool
) -> None:
    """Of an order whose sums agree, or of which less was paid than they come to, every 分 has its place."""
    goods = max(_list_price(lines), 0)
    paid = max(goods + adjustment + freight - less, 0)
    order = sums.OrderSums(goods, freight, adjustment, paid)
    whole = max(goods + adjustment, 0) + freight
    assert sum(sums.work_out_shares(order, lines, unshipped=unshipped)) == (
        min(paid, whole) if unshipped else max(min(paid, whole) - freight, 0)
    )


@given(LINES, FEN, FEN, st.integers(-(10**6), 10**6), FEN, st.booleans())
def test_what_can_go_back_is_never_more_than_the_goods_cost_whatever_the_sums_say(
    lines: list[tuple[int, int]], total: int, freight: int, adjustment: int, paid: int, unshipped: bool
) -> None:
    order = sums.OrderSums(total, freight, adjustment, paid)
    shares = sums.work_out_shares(order, lines, unshipped=unshipped)
    listed = _list_price(lines)
    rounded = sum(milli for _, milli in lines) // 2000 + len(lines)
    by_prices = listed + rounded if listed else total
    assert all(share >= 0 for share in shares)
    assert sum(shares) <= min(paid, by_prices + max(adjustment, 0) + (freight if unshipped else 0))


@pytest.mark.parametrize(
    ("order", "lines", "goods", "in_all"),
    [
        ((18_800, 0, 0, 9_999_900), [(1_880, 10_000)], 18_800, 18_800),  # a mistyped 实付款
        ((18_800, 600, -800, 9_999_900), [(1_880, 10_000)], 18_000, 18_600),
        ((9_999_900, 0, 0, 9_999_900), [(1_880, 10_000)], 18_800, 18_800),  # 货品总价 mistyped likewise
        ((9_999_900, 0, -800, 18_000), [(1_880, 10_000)], 18_000, 18_000),  # only 货品总价
        (
            (1_880, 0, 0, 18_800),
            [(1_880, 10_000)],
            18_800,
            18_800,
        ),  # 货品总价 too low, the lines agree with what was paid
        ((20_000, 600, -2_000, 18_600), [(10_000, 1_000)], 9_000, 9_600),  # half of its rows are missing
        ((125_000, 0, 0, 125_000), [(13, 10_000_000)], 125_000, 125_000),  # a price of 12.5 分
        ((400, 0, 0, 400), [(0, 1_000_000)], 400, 400),  # a price of less than half a 分
        ((18_800, 600, 0, 10_000), [(1_880, 10_000)], 9_400, 10_000),  # less was paid: a coupon
    ],
)
def test_what_of_a_payment_is_believed(
    order: tuple[int, int, int, int], lines: list[tuple[int, int]], goods: int, in_all: int
) -> None:
    assert sums.believe_paid(sums.OrderSums(*order), lines) == (goods, in_all)


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(1, 10**7), FEN, st.integers(0, 10**11))
def test_a_difference_is_the_same_both_ways(price: int, wanted: int, milli: int, paid: int, listed: int) -> None:
    there = sums.work_out_difference(price, wanted, milli, paid, listed)
    assert there == -sums.work_out_difference(wanted, price, milli, paid, listed)
    assert (there >= 0) == (wanted >= price) or there == 0
    if not listed:
        assert abs(there) == abs(wanted - price) * milli // 1000


@pytest.mark.parametrize(
    ("price", "wanted", "milli", "paid", "listed", "fen"),
    [
        (1250, 1350, 2_000, 0, 0, 200),
        (1350, 1250, 2_000, 0, 0, -200),
        (1000, 1100, 1_500, 90, 100, 135),  # the order's discount goes for the new price too
        (1000, 1001, 100, 1, 1, 0),  # rounded towards nothing
    ],
)
def test_differences(price: int, wanted: int, milli: int, paid: int, listed: int, fen: int) -> None:
    assert sums.work_out_difference(price, wanted, milli, paid, listed) == fen


# ---------------------------------------------------------------- tables handed out

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
COLUMNS = (Column("编号", "一个名字"), Column("金额(元)", "多少钱", yuan=True))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "＝1",
        "＠x",
        '=HYPERLINK("https://x","y")',
        "https://example.com",
    ],
)
def test_no_cell_becomes_a_formula_or_a_link(tmp_path: object, text: str) -> None:
    import zipfile
    from io import BytesIO

    made = workbook.build("表", COLUMNS, [[text, 1]], made_at=NOW)
    sheet = zipfile.ZipFile(BytesIO(made)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet and b"hyperlink" not in sheet


def test_long_numbers_stay_whole_and_amounts_are_numbers(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "x.xlsx"
    path.write_bytes(workbook.build("表", COLUMNS, [["123456789012345678901", 123456], ["2", 5]], made_at=NOW))
    tables = open_tables(path, lambda cells: len(cells))
    rows = [row.cells for row in tables.tables[0].rows()]
    tables.close()
    assert rows == [{0: "编号", 1: "金额(元)"}, {0: "123456789012345678901", 1: "1234.56"}, {0: "2", 1: "0.05"}]


def test_the_same_table_is_the_same_file() -> None:
    first, again = (workbook.build("表", COLUMNS, [["1", 1]], made_at=NOW) for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("share", "fen", "milli", "said"),
    [
        (1_000, 667, 2_000, "退 2 双为 6.67 元（按分取整，最后一份取余数）"),
        (1_000, 334, 1_000, "退 1 双为 3.34 元（按分取整，最后一份取余数）"),
        (1_000, 333, 1_000, "退 1 双为 3.33 元（按分取整，最后一份取余数）"),
        (900, 600, 2_000, "退 2 双为 6.00 元"),
        (900, 599, 2_000, "退 2 双为 5.99 元，少于实付的 6.00 元"),
        (1_000, 466, 2_000, "退 2 双为 4.66 元，少于实付的 6.66 元"),
        (900, 500, 0, "按约定其中 5.00 元"),
    ],
)
def test_a_line_s_part_says_why_it_is_not_what_was_paid(share: int, fen: int, milli: int, said: str) -> None:
    """A sum that is lower by agreement, or by what was given back before, was said to be rounded."""
    line: Any = SimpleNamespace(title="袜子", spec="黑色", unit="双", quantity_milli=3_000)
    assert payment_lists.show_share(line, share, fen, milli).endswith(f"，{said}")
