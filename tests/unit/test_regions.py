"""Addresses whose beginning stands in columns of its own, and what stands in tables and is no order."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.orders.export_format import OrderRows, Problem, read
from portal.orders.export_format.cells import CellRefused, Kind, convert
from portal.orders.export_format.regions import Regions
from portal.orders.export_format.statuses import read_status
from portal.sheets import Row
from tests import exports

WAYS = {  # the headings of the tools that part an address
    "拼多多": "省 市 区 街道",
    "抖店": "省 市 区 街道",
    "有赞": "收货人省份 收货人城市 收货人地区",
    "视频号": "收件人省 收件人市 收件人区",
    "微店": "省份 城市 区县",
    "旺店通": "省市区",
    "快手": "收货省份 收货城市 收货区县 收货街道",
}
REGIONS = ("四川省", "成都市", "武侯区", "玉林街道")


def all_of(path: Path) -> tuple[list[OrderRows], list[Problem]]:
    with read(path) as export:
        found = list(export.orders())
    return [each for each in found if isinstance(each, OrderRows)], [
        each for each in found if isinstance(each, Problem)
    ]


def table(parts: dict[str, str], address: str = "一环路8号") -> list[list[str]]:
    """An export with these columns and values, shuffled."""
    cells = {
        "订单编号": "3905403692550747597",
        "货品标题": "打底衫",
        "数量": "2",
        "单价(元)": "18.80",
        "订单状态": "已发货",
        "收货地址": address,
        **parts,
    }
    pairs = list(cells.items())
    random.Random(str(parts)).shuffle(pairs)
    return [[heading for heading, _ in pairs], [cell for _, cell in pairs]]


@pytest.mark.parametrize("tool", sorted(WAYS))
def test_an_address_begins_with_its_regions(tmp_path: Path, tool: str) -> None:
    headings = WAYS[tool].split()
    values = [" ".join(REGIONS[:3])] if headings == ["省市区"] else REGIONS[: len(headings)]
    [order], problems = all_of(exports.text(tmp_path / "a.csv", table(dict(zip(headings, values, strict=True)))))
    assert order.receiver_address == " ".join([*values, "一环路8号"])
    said = "".join(f"「{each}」" for each in headings)
    assert [each.sentence for each in problems if "几列" in each.sentence] == [f"{said}几列合在「收货地址」前面读取"]


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("四川省成都市武侯区一环路8号", "四川省成都市武侯区一环路8号"),
        ("四川 成都 武侯 一环路8号", "四川 成都 武侯 一环路8号"),
        ("武侯区一环路8号", "四川省 成都市 武侯区一环路8号"),
        ("一环路8号", "四川省 成都市 武侯区 一环路8号"),
        ("", ""),
    ],
)
def test_what_an_address_says_already_is_not_said_twice(tmp_path: Path, address: str, whole: str) -> None:
    [order], _ = all_of(
        exports.text(tmp_path / "a.csv", table({"省": "四川省", "市": "成都市", "区": "武侯区"}, address))
    )
    assert order.receiver_address == whole


def test_a_city_that_is_a_province_is_said_once_and_a_zone_alone_is_none(tmp_path: Path) -> None:
    parts = {"省": "北京市", "市": "北京市", "区": "朝阳区"}
    [order], _ = all_of(exports.text(tmp_path / "a.csv", table(parts, "劲松8号")))
    assert order.receiver_address == "北京市 朝阳区 劲松8号"
    [order], problems = all_of(exports.text(tmp_path / "b.csv", table({"区": "A3"})))
    assert (order.receiver_address, problems) == ("一环路8号", [])


@settings(deadline=None)
@given(st.lists(st.sampled_from(["", "四川省", "成都市", "x" * 50, " "]), min_size=4, max_size=4), st.text(max_size=30))
def test_nothing_of_an_address_is_lost(values: list[str], address: str) -> None:
    regions = Regions(dict(enumerate(("省", "市", "区", "街道"))))
    regions.stand_before(4)
    joined = regions.join(Row(1, {**{place: text for place, text in enumerate(values) if text}, 4: address})).cells
    assert joined[4].strip().endswith(address.strip()) and {place: joined.get(place, "") for place in range(4)} == dict(
        enumerate(values)
    )


@pytest.mark.parametrize(
    "remark",
    [
        "合计",
        "总计：1 笔",
        "共 1 条",
        "导出时间：2026-11-06 10:00:00",
        "制表人：李雯",
        "备注：仅供内部使用",
        "以上数据由系统生成",
        "\x1a",
    ],
)
def test_what_stands_below_the_orders_is_no_lost_order(tmp_path: Path, remark: str) -> None:
    rows = [*table({}), [remark] if remark == "\x1a" else [remark, *[""] * 5]]
    first = rows[0].index("订单编号")
    for row in rows[:2]:
        row[0], row[first] = row[first], row[0]
    orders, problems = all_of(exports.text(tmp_path / "a.csv", rows))
    assert len(orders) == 1 and {each.lost.name for each in problems} <= {"NOTHING"}
    assert len(problems) == (remark != "\x1a")


def test_a_row_that_says_what_must_be_filled_in_is_no_lost_order(tmp_path: Path) -> None:
    [headings, row] = table({})
    orders, problems = all_of(exports.text(tmp_path / "a.csv", [headings, ["必填"] * len(headings), row]))
    assert len(orders) == 1 and [each.lost.name for each in problems] == ["NOTHING"]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1.234,50", Kind.MONEY, 123450),
        ("1 234,50", Kind.MONEY, 123450),
        ("1'234.50", Kind.MONEY, 123450),
        ("0元（包邮）", Kind.CHARGE, 0),
        ("快递：6.00", Kind.CHARGE, 600),
        ("邮费6元", Kind.CHARGE, 600),
        ("优惠5元", Kind.ADJUSTMENT, -500),
        ("立减￥5", Kind.ADJUSTMENT, -500),
        ("涨价5元", Kind.ADJUSTMENT, 500),
    ],
)
def test_sums_as_people_write_them(text: str, kind: Kind, value: int) -> None:
    assert convert(text, kind, 200)[0] == value


@pytest.mark.parametrize(
    "text", ["6元（包邮）", "1.2万", "12,34", "1,2345", "1.23,45", "1,2,34", "HK$18.80", "18-20", "约18"]
)
def test_a_sum_that_may_be_another_is_not_guessed(text: str) -> None:
    for kind in (Kind.MONEY, Kind.CHARGE, Kind.ADJUSTMENT):
        with pytest.raises(CellRefused):
            convert(text, kind, 200)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-05 13:31:00 (GMT+08:00)",
        "北京时间 2026-11-05 13:31:00",
        "北京时间：2026-11-05 13:31",
        "2026-11-05 13-31-00",
        "2026-11-05;13:31",
        "2026–11–05 13:31:00",
        "/Date(1793856660000)/",
        "/Date(1793856660000+0800)/",
        "2026-11-05 (UTC+8) 13:31"[:10] + " 13:31 (UTC+8)",
    ],
)
def test_further_ways_to_write_a_time(text: str) -> None:
    value, _note = convert(text, Kind.MOMENT, 200)
    assert str(value) == "2026-11-05 05:31:00+00:00"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("发货中", "unshipped"),
        ("已打包", "unshipped"),
        ("等待揽收", "in_transit"),
        ("揽收成功", "in_transit"),
        ("待提货", "in_transit"),
        ("已投柜", "in_transit"),
        ("已放驿站", "in_transit"),
        ("已提货", "delivered"),
        ("超时自动确认收货", "delivered"),
        ("交易成功(系统自动确认)", "completed"),
        ("已发货（物流未揽收）", "in_transit"),
        ("售后成功", "unknown"),
        ("已拒收", "unknown"),
        ("换货中", "unknown"),
        ("部分退款", "unknown"),
        ("待审核", "unshipped"),
        ("被合并", "unknown"),
        ("等待卖家发货（部分退款）", "unknown"),
    ],
)
def test_further_words_for_a_status(words: str, status: str) -> None:
    assert read_status(words)[0] == status
