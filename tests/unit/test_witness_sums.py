"""Sums beside our columns, freight among the goods, times of another zone, and one sum for two orders."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from portal.orders.export_format import OrderRows
from portal.orders.export_format.headings import Headings
from portal.orders.export_format.loose import AS_FREIGHT, NO_GOODS
from tests import exports
from tests.exports import HEADINGS, line, order
from tests.unit.order_exports import NUMBER, all_of
from tests.unit.test_merged_cells import A, B, as_xlsx

NO_SUMS = [each for each in HEADINGS if each not in ("货品总价(元)", "运费(元)", "涨价或折扣(元)", "实付款(元)")]


def read(path: Path, rows: list[exports.Cells], headings: list[str]) -> tuple[list[OrderRows], list[str]]:
    orders, problems = all_of(exports.xlsx(path / "w.xlsx", exports.table(rows, headings)))
    return orders, [each.sentence for each in problems]


@pytest.mark.parametrize("heading", "小计 行小计 商品小计(元) 小计金额 货品小计 subtotal".split())
@pytest.mark.parametrize("sums", [HEADINGS, NO_SUMS])
@pytest.mark.parametrize(
    ("said", "words"), [(37.6, ""), (35.6, "少 2.00 元"), (376, "多 338.40 元"), (18.8, "少 18.80 元")]
)
def test_a_sum_of_a_line_that_nothing_explains_is_told(
    tmp_path: Path, heading: str, sums: list[str], said: float, words: str
) -> None:
    rows = [order(**{heading: said}), line(**{"型号": "红", "单价(元)": 5, "数量": 1, heading: 5})]
    rows[0] |= {"货品总价(元)": 42.6, "实付款(元)": 48.6}
    orders, told = read(tmp_path, rows, [*sums, heading])
    assert [len(each.lines) for each in orders] == [2]
    about = [each for each in told if each.startswith(f"「{heading}」") and "请核对" in each]
    assert len(about) == bool(words) and words in "".join(about)
    assert any("只用来核对" in each for each in told)


@pytest.mark.parametrize("heading", "订单金额 订单总额(元) 总金额 合计 订单总价".split())
@pytest.mark.parametrize(("freight", "change"), list(product((0, 6), (0, -2, 3))))
def test_a_sum_of_an_order_is_explained_by_freight_a_discount_or_what_was_paid(
    tmp_path: Path, heading: str, freight: int, change: int
) -> None:
    row = order() | {"运费(元)": freight, "涨价或折扣(元)": change, "实付款(元)": 37.6 + freight + change}
    for said in (37.6, 37.6 + freight, 37.6 + change, 37.6 + freight + change):
        _orders, told = read(tmp_path, [row | {heading: round(said, 2)}], [*HEADINGS, heading])
        assert not [each for each in told if "请核对" in each], said
    for said, words in ((100, "多"), (20, "如果是优惠")):
        orders, told = read(tmp_path, [row | {heading: said}], [*HEADINGS, heading])
        assert len(orders) == 1 and [each for each in told if words in each and f"「{heading}」{said}.00 元" in each]


@pytest.mark.parametrize("cells", [(48.6, 48.6), (48.6, None), (43.6, 5), (40.6, 2)])
def test_an_order_s_sum_on_its_rows_or_shares_of_what_was_paid_say_nothing(
    tmp_path: Path, cells: tuple[Any, Any]
) -> None:
    paid = 48.6 if cells != (40.6, 2) else 42.6
    rows = [order(小计=cells[0]), line(**{"型号": "红", "单价(元)": 5, "数量": 1, "小计": cells[1]})]
    rows[0] |= {"货品总价(元)": 42.6, "实付款(元)": paid, "涨价或折扣(元)": round(paid - 48.6, 2)}
    orders, told = read(tmp_path, rows, [*HEADINGS, "小计"])
    assert len(orders[0].lines) == 2 and not [each for each in told if "请核对" in each]


@pytest.mark.parametrize("title", "运费 邮费 快递费 补运费 补邮费 运费补差 配送费".split())
@pytest.mark.parametrize(("paid", "freight"), [(43.6, 600), (None, None), (37.6, None)])
def test_freight_among_the_goods_is_none_of_them_without_a_total(
    tmp_path: Path, title: str, paid: float | None, freight: int | None
) -> None:
    headings = [each for each in HEADINGS if each not in ("货品总价(元)", "运费(元)", "涨价或折扣(元)")]
    bare = {"货品标题": title, "单价(元)": 6, "数量": 1}
    orders, told = read(tmp_path, [order() | {"实付款(元)": paid}, bare], headings)
    assert [each.title for each in orders[0].lines] == [order()["货品标题"]]
    assert orders[0].freight_fen == freight
    expected = AS_FREIGHT.format(title=title, sum="6.00", freight="6.00") if freight else NO_GOODS.format(title=title)
    assert expected in told


@pytest.mark.parametrize("ids", [{"Offer ID": "123456"}, {"SKU ID": "998877"}, {"货号": "YF-1"}, {"单品货号": "YF"}])
def test_freight_with_an_id_and_freight_alone_stay(tmp_path: Path, ids: dict[str, str]) -> None:
    headings = [each for each in HEADINGS if each != "货品总价(元)"]
    bare = {"货品标题": "补运费", "单价(元)": 6, "数量": 1}
    orders, _told = read(tmp_path, [order(), bare | ids], headings)
    assert len(orders[0].lines) == 2
    orders, _told = read(
        tmp_path, [order() | bare | dict.fromkeys(("Offer ID", "SKU ID", "货号", "单品货号"), "")], headings
    )
    assert [each.title for each in orders[0].lines] == ["补运费"]


ZONES = {
    "订单创建时间(UTC)": 0,
    "订单创建时间（GMT）": 0,
    "订单创建时间(GMT+8)": 8,
    "订单创建时间[UTC+08:00]": 8,
    "订单创建时间(北京时间)": 8,
    "订单创建时间(+09:00)": 9,
    "下单时间(UTC-5)": -5,
    "创建时间_utc": 0,
    "下单时间UTC+8": 8,
    "创建时间(东八区)": 8,
}


@pytest.mark.parametrize(("heading", "offset"), ZONES.items())
def test_times_are_read_in_the_zone_of_their_heading(tmp_path: Path, heading: str, offset: int) -> None:
    headings = [heading if each == "订单创建时间" else each for each in HEADINGS]
    for cell, expected in (
        ("2026-11-05 13:31:00", datetime(2026, 11, 5, 13 - offset, 31, tzinfo=UTC)),
        ("2026-11-05 13:31:00+08:00", datetime(2026, 11, 5, 5, 31, tzinfo=UTC)),  # what a cell says goes first
        ("20261105133100", datetime(2026, 11, 5, 13 - offset, 31, tzinfo=UTC)),
    ):
        orders, told = read(tmp_path, [order() | {heading: cell}], headings)
        assert orders[0].ordered_at == expected
        assert any("换算成北京时间" in each for each in told) == (offset != 8)


@pytest.mark.parametrize("zone", "(PST) (太平洋时间) (当地时间) (EST) (美西) (UTC+99) [local]".split())
def test_a_zone_nobody_knows_is_refused_in_words(tmp_path: Path, zone: str) -> None:
    headings = [f"{each}{zone}" if each == "订单创建时间" else each for each in HEADINGS]
    orders, told = read(tmp_path, [order() | {f"订单创建时间{zone}": "2026-11-05 13:31:00"}], headings)
    assert orders[0].ordered_at is None
    assert [each for each in told if f"「订单创建时间{zone}」一列没有采用" in each and "时区" in each]


def test_our_own_column_goes_before_one_of_another_zone(tmp_path: Path) -> None:
    cells = order() | {"订单创建时间(UTC)": "2026-11-05 05:00:00"}
    orders, _told = read(tmp_path, [cells], [*HEADINGS, "订单创建时间(UTC)"])
    assert orders[0].ordered_at == datetime(2026, 11, 5, 5, 31, tzinfo=UTC)
    assert Headings().find("数量(UTC)")[0] is None


@pytest.mark.parametrize(("first", "kept"), [(87.2, None), (43.6, 4360), (1000, None), (40, None)])
def test_what_was_paid_for_two_orders_in_one_cell_is_kept_only_where_it_is_the_first_one_s(
    tmp_path: Path, first: float, kept: int | None
) -> None:
    rows = [order(A) | {"实付款(元)": first}, order(B) | {"实付款(元)": None}]
    orders, problems = all_of(as_xlsx(tmp_path / "w.xlsx", rows, [("实付款(元)", 1, 2)]))
    assert [(each.order_no, each.paid_fen) for each in orders] == [(A, kept), (B, None)]
    told = [(each.row, each.sentence[:12]) for each in problems if each.column == "实付款(元)"]
    assert told == [*([] if kept else [(2, "和下面的订单合并成一格，")]), (3, "和上面的订单合并成一格，")]
    assert NUMBER == A
