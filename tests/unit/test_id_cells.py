"""Numbers in cells as spreadsheets, programs and people write them: kept whole, or refused in words."""

from __future__ import annotations

import pytest

from portal.inputs import InputRefused
from portal.orders.export_format import ids
from portal.orders.export_format.cells import Kind, convert
from portal.orders.export_format.refusals import CellRefused
from portal.parcels.numbers import check_number

NUMBER = "3905123456789012345"
FORMS = [
    *('="{}"', '= "{}"', "=“{}”", "={}", "=+{}", '=T("{}")', '=TEXT("{}","0")', "'{}", "＇{}", "`{}"),
    *("\u202b{}\u202c", "\u061c{}", "\u200f{}\u200e", "{}\t", "{}\r\n"),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("reader", [ids.read_order_no, ids.read_long_id])
def test_what_stands_around_a_number_is_no_part_of_it(reader: object, form: str) -> None:
    assert callable(reader)
    assert reader(form.format(NUMBER))[0] == NUMBER


@pytest.mark.parametrize("label", ["订单号 ", "訂單編號：", "单号：", "No.", "#"])
def test_a_label_of_a_number_goes(label: str) -> None:
    assert ids.read_order_no(label + NUMBER)[0] == NUMBER


@pytest.mark.parametrize(
    "cell",
    [
        "3.9E+18",
        "3.9e18",
        "３．９Ｅ＋１８",
        "3,9E+18",
        "3.9 E +18",
        f"{NUMBER}.0",
        f"{NUMBER}.00",
        "1234567890123456.0",
    ],
)
@pytest.mark.parametrize("reader", [ids.read_order_no, ids.read_long_id, ids.read_tracking])
def test_a_number_that_was_counted_with_has_lost_its_end(reader: object, cell: str) -> None:
    assert callable(reader)
    with pytest.raises(CellRefused) as refused:
        reader(cell)
    assert refused.value.sentence == ids.AS_TEXT


def test_a_floating_number_of_fifteen_digits_is_whole() -> None:
    assert ids.read_long_id("390512345678901.0")[0] == "390512345678901"
    assert ids.read_id("10.0")[0] == "10.0"  # may be a 货号


@pytest.mark.parametrize("kind", [Kind.ORDER_NO, Kind.ID, Kind.LONG_ID, Kind.TRACKING])
def test_zeros_after_the_fifteenth_digit_are_said_in_every_column_of_numbers(kind: Kind) -> None:
    assert "0000 结尾" in convert("3905123456789010000", kind, 80)[1]


@pytest.mark.parametrize(
    "between", ["／", "；", "，", "、", "\t", "\n", "\r\n", "和", "&", "＋", " and ", " AND ", " or ", "以及"]
)
@pytest.mark.parametrize(
    "one, other",
    [
        ("75484863576596", "75484863576613"),
        ("SF1234567890123", "SF1234567890124"),
        ("JDVA01234567890-1-1-", "JDVA01234567891-1-1-"),
    ],
)
def test_two_numbers_in_a_cell_are_two(one: str, other: str, between: str) -> None:
    assert ids.read_tracking(one + between + other)[0] == ";".join(
        (one.removesuffix("-1-1-"), other.removesuffix("-1-1-"))
    )


@pytest.mark.parametrize("number", ["75484863576596", "SF1234567890123"])
@pytest.mark.parametrize("times", ["x2", "X2", "x12"])
def test_how_many_parcels_is_no_part_of_a_number(number: str, times: str) -> None:
    assert "不像一个运单号" in ids.read_tracking(number + times)[1]
    with pytest.raises(InputRefused, match="多出一段"):
        check_number(number + times)
