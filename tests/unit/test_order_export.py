"""The order export as it is, as people send it, and broken in every way that trust.md's list knows."""

from __future__ import annotations

import csv
import itertools
import re
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from portal.orders.export_format import Export, ExportRefused, Lost, OrderRows, Parcel, Problem, read
from portal.orders.export_format.cells import CellRefused, parcels_of
from portal.orders.export_format.columns import (
    BY_HEADING,
    LINE_COLUMNS,
    NEVER_READ,
    ORDER_COLUMNS,
    REQUIRED,
    normal_heading,
)
from portal.orders.export_format.dozens import PRICE_OF_PIECE, UNCLEAR
from portal.orders.export_format.ids import read_order_no
from portal.orders.export_format.lines import TOO_MUCH_PAID
from portal.orders.export_format.moments import SHORT_YEAR, read_moment
from portal.orders.export_format.status_words import STATUSES
from portal.orders.export_format.statuses import UNKNOWN_STATUS, read_status
from tests import exports
from tests.exports import FEW, HEADINGS, gift, line, order, table

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


# The sample


def test_the_sample_is_read_whole() -> None:
    orders, problems = all_of(exports.SAMPLE)
    assert (len(orders), sum(len(each.lines) for each in orders), problems) == (60, 145, [])
    first = orders[0]
    assert first.row == 2
    assert first.order_no == NUMBER
    assert (first.status, first.status_text) == ("cancelled", "交易取消")
    assert (first.buyer_member, first.seller_member) == ("shuwei_cd", "letong_toys")
    assert (first.goods_total_fen, first.freight_fen, first.adjustment_fen, first.paid_fen) == (186000, 1200, 0, 187200)
    assert first.ordered_at == datetime(2026, 11, 5, 5, 31, tzinfo=UTC)
    assert first.is_dropship is False
    assert first.more == {"shipper": "汕头市乐童玩具厂", "zip": "310000"}
    [only] = first.lines
    assert (only.title, only.spec, only.unit) == ("儿童积木拼装消防车 126粒", "红色", "盒")
    assert (only.unit_price_fen, only.quantity_milli) == (1550, 120_000)
    assert only.key == "622419341609|4900392655487"
    assert only.snapshot == {
        "货品标题": "儿童积木拼装消防车 126粒",
        "单价(元)": "15.5",
        "数量": "120",
        "单位": "盒",
        "货号": "HH-511",
        "型号": "红色",
        "Offer ID": "622419341609",
        "SKU ID": "4900392655487",
    }
    assert [each.row for each in orders[1].lines] == [3, 4]


def test_every_column_of_the_export_has_its_place_except_the_bank_account() -> None:
    headings = {normal_heading(heading) for heading in HEADINGS}
    assert len(HEADINGS) == len(headings) == 49
    assert headings - set(BY_HEADING) == {normal_heading(heading) for heading in NEVER_READ}
    assert set(BY_HEADING) <= headings
    assert len({column.key for column in ORDER_COLUMNS + LINE_COLUMNS}) == 48


def test_the_bank_account_is_passed_over(tmp_path: Path) -> None:
    path = exports.xlsx(tmp_path / "a.xlsx", table([order(**{"发票：开户行及账号": "工行 6222021234567890"})]))
    with read(path) as export:
        assert export.surplus == []
        assert "6222021234567890" not in repr(list(export.orders()))


def test_what_the_file_has_and_has_not_is_said(tmp_path: Path) -> None:
    with read(exports.text(tmp_path / "a.csv", table([order()], [*FEW, "备注", "颜色"]))) as export:
        assert export.surplus == ["备注", "颜色"]
        assert "收货地址" in export.missing and "数量" not in export.missing
        assert export.kind == export.sheet == "CSV (UTF-8)"
        assert export.rows_about == 2


# Headings


@pytest.mark.parametrize(
    "heading",
    [
        "单价（元）",
        " 单价 (元) ",
        "\ufeff单价(元)",
        "单价(元)\n",
        "单价",
        "单价\N{IDEOGRAPHIC SPACE}（元）",
        "單价(元)",
    ],
)
def test_headings_are_compared_without_width_space_and_unit(tmp_path: Path, heading: str) -> None:
    headings = ["订单编号", "货品标题", "数量", heading, "订单状态"]
    path = exports.xlsx(tmp_path / "a.xlsx", [headings, [NUMBER, "打底衫", 2, 18.8, "交易成功"]])
    assert all_of(path)[0][0].lines[0].unit_price_fen == 1880


def test_columns_may_stand_anywhere_and_strange_ones_are_ignored(tmp_path: Path) -> None:
    turned = ["备注", *reversed(HEADINGS), "其他"]
    straight, turned_round = (
        all_of(exports.xlsx(tmp_path / f"{number}.xlsx", table([order(), line(型号="白色;L")], headings)))
        for number, headings in enumerate((HEADINGS, turned))
    )
    assert [each.order_no for each in straight[0]] == [each.order_no for each in turned_round[0]]
    assert [each.key for each in straight[0][0].lines] == [each.key for each in turned_round[0][0].lines]


def test_titles_may_stand_above_the_headings(tmp_path: Path) -> None:
    rows = [["已卖出的货品"], ["导出时间", "2026-11-20"], [], *table([order()])]
    orders, problems = all_of(exports.xlsx(tmp_path / "a.xlsx", rows))
    assert ([each.row for each in orders], problems) == ([5], [])


@pytest.mark.parametrize(
    ("headings", "sentence"),
    [
        (FEW[1:], "缺少必需的列：「订单编号」，请使用后台「导出订单」得到的文件"),
        (FEW[:2], "缺少必需的列：「数量」「单价(元)」「订单状态」，请使用后台「导出订单」得到的文件"),
        ([*FEW, "数 量"], "「数量」这一列出现了不止一次，请只保留一列后再上传"),
        ([*FEW, "买家留言", "买家留言"], "「买家留言」这一列出现了不止一次，请只保留一列后再上传"),
        (
            ["姓名", "年龄"],
            "没有找到表头，请上传后台「导出订单」得到的文件，其中应有「订单编号」「货品标题」「数量」「单价(元)」「订单状态」等列",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_missing_and_doubled_columns_refuse_the_file(
    tmp_path: Path, headings: list[str], sentence: str, kind: str
) -> None:
    rows = [headings, ["1"] * len(headings)]
    write = exports.xlsx if kind == "xlsx" else exports.text
    assert refused(write(tmp_path / f"a.{kind}", rows)) == sentence


# Orders and their rows


def test_continuation_rows_belong_to_the_order_above(tmp_path: Path) -> None:
    rows = [order(), line(型号="白色;L"), line(型号="白色;M"), order("3905403692550747598")]
    orders, _ = all_of(exports.xlsx(tmp_path / "a.xlsx", table(rows)))
    assert [(each.order_no[-1], [line.spec for line in each.lines]) for each in orders] == [
        ("7", ["黑色;L", "白色;L", "白色;M"]),
        ("8", ["黑色;L"]),
    ]


def test_a_continuation_before_any_order_is_an_error_and_the_rest_goes_in(tmp_path: Path) -> None:
    orders, problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([line(), order()])))
    assert problems == [Problem(2, "订单编号", "缺少订单编号，上面也没有它可以归属的订单", Lost.LINE)]
    assert [each.row for each in orders] == [3]


def test_the_order_may_be_repeated_on_each_of_its_rows(tmp_path: Path) -> None:
    rows = [order(), order(型号="白色;L", 运单号="SF1234567890123", 物流公司="顺丰速运(SF)")]
    [only], _ = all_of(exports.xlsx(tmp_path / "a.xlsx", table(rows)))
    assert [line.spec for line in only.lines] == ["黑色;L", "白色;L"]
    assert only.parcels == [Parcel("ZTO", "中通快递", "75484863576596"), Parcel("SF", "顺丰速运", "SF1234567890123")]


def test_the_same_row_twice_counts_once_but_a_second_line_of_the_same_goods_counts(tmp_path: Path) -> None:
    [only], problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(), order()])))
    assert len(only.lines) == 1
    assert problems == [Problem(3, "", "与第 2 行完全相同，只算一次", Lost.NOTHING, NUMBER)]

    rows = [order(**{"货品总价(元)": 75.2, "实付款(元)": 81.2}), line()]
    [only], problems = all_of(exports.xlsx(tmp_path / "b.xlsx", table(rows)))
    assert [each.key for each in only.lines] == [
        "622726028641|4900126478449",
        "622726028641|4900126478449#2",
    ]
    assert problems == []


def test_lines_without_any_number_are_told_apart_by_their_title(tmp_path: Path) -> None:
    rows = few((NUMBER, "打底衫", 1, 1, "交易成功"), ("", "袜子", 1, 1, ""))
    [only], _ = all_of(exports.text(tmp_path / "a.csv", rows))
    assert [each.key for each in only.lines] == ["|||||打底衫", "|||||袜子"]


def test_a_very_long_key_is_kept_as_its_hash(tmp_path: Path) -> None:
    rows = [order(型号="红" * 300, 货号="A" * 80, 单品货号="B" * 80, **{"SKU ID": ""})]
    [only], _ = all_of(exports.xlsx(tmp_path / "a.xlsx", table(rows)))
    assert len(only.lines[0].key) == 64


def test_a_bad_line_is_left_out_and_the_rest_of_its_order_goes_in(tmp_path: Path) -> None:
    rows = [order(), line(数量="若干"), line(型号="白色;L")]
    [only], problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table(rows)))
    assert [each.row for each in only.lines] == [2, 4]
    assert problems == [Problem(3, "数量", "「若干」不能用：请填写大于 0 的数量，最多三位小数", Lost.LINE, NUMBER)]


def test_a_bad_order_takes_its_rows_with_it_and_the_next_goes_in(tmp_path: Path) -> None:
    rows = [order(订单状态="交易\0成功"), line(), order("3905403692550747598")]
    orders, problems = all_of(exports.text(tmp_path / "a.csv", table(rows)))
    assert [each.row for each in orders] == [4]
    assert problems == [
        Problem(2, "订单状态", "内容里有无法保存的特殊字符，请删除后重新输入", Lost.ORDER, NUMBER),
        Problem(3, "", "所属订单（第 2 行）未能导入", Lost.LINE, NUMBER),
    ]


def test_everything_wrong_in_a_row_is_said(tmp_path: Path) -> None:
    _, problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(**{"运费(元)": -1, "订单付款时间": "昨天"})])))
    assert [(each.column, each.sentence) for each in problems] == [
        ("运费(元)", "金额不能为负数" + NOT_TAKEN),
        ("订单付款时间", "「昨天」不是日期时间，应如 2026-11-05 13:31:00" + NOT_TAKEN),
        ("实付款(元)", TOO_MUCH_PAID.format("37.60", "43.60")),
    ]


def test_an_order_without_a_good_line_is_refused(tmp_path: Path) -> None:
    orders, problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(数量=0)])))
    assert orders == []
    assert [(each.lost, each.sentence) for each in problems] == [
        (Lost.LINE, "「0」不能用：请填写大于 0 的数量，最多三位小数"),
        (Lost.EMPTY, "这个订单没有一行可以导入"),
    ]


@pytest.mark.parametrize("heading", ["货品标题", "数量", "单价(元)", "订单状态"])
def test_required_cells_may_not_be_empty(tmp_path: Path, heading: str) -> None:
    orders, problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(**{heading: ""})])))
    assert orders == []
    assert (problems[0].column, problems[0].sentence) == (heading, f"缺少{heading.removesuffix('(元)')}")


def test_a_line_of_totals_below_the_table_is_no_order(tmp_path: Path) -> None:
    rows = [order(), {"订单编号": "合计", "实付款(元)": 43.6}]
    orders, problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table(rows)))
    assert len(orders) == 1
    assert problems == [Problem(3, "", "「合计」一行不是订单，没有读", Lost.NOTHING)]


@pytest.mark.parametrize(
    "heading", ["折后单价", "折后价", "优惠后单价(元)", "券后价", "实付单价", "到手价", "改价后单价"]
)
def test_a_reduced_price_that_is_not_read_is_said(tmp_path: Path, heading: str) -> None:
    """What was really paid for a piece stands beside the price that the list had."""
    rows = list(table([order(**{heading: 15})], [*exports.HEADINGS, heading]))
    [found], [problem] = all_of(exports.text(tmp_path / "a.csv", rows))
    assert found.lines[0].unit_price_fen == 1880
    assert (problem.row, problem.column, problem.lost) == (1, heading, Lost.NOTHING)
    alone = list(table([order()], [heading if each == "单价(元)" else each for each in exports.HEADINGS]))
    said = [each.sentence for each in all_of(exports.text(tmp_path / "b.csv", alone))[1]]
    assert said == ["没有「单价」一列，按货品总价除以数量算出单价"]


@pytest.mark.parametrize("name", ["合计", "小计", "总计", " 合 计：", "合计：2件"])
@pytest.mark.parametrize("number", ["3905403692550747597", ""])
def test_a_line_of_totals_may_repeat_what_its_order_says(tmp_path: Path, name: str, number: str) -> None:
    total = order(number or "3905403692550747597", 货品标题=name) | {"订单编号": number}
    orders, problems = all_of(exports.text(tmp_path / "a.csv", table([order(), total, order("3905403692550747598")])))
    assert [(len(each.lines), each.paid_fen) for each in orders] == [(1, 4360)] * 2
    assert [(each.row, each.lost) for each in problems] == [(3, Lost.NOTHING)] and "不是订单" in problems[0].sentence


@pytest.mark.parametrize("name", ["运费", "邮费", "补运费", "快递费补差", "运 费"])
@pytest.mark.parametrize("counted", [False, True])
def test_freight_among_the_goods_is_none_of_them(tmp_path: Path, name: str, counted: bool) -> None:
    """Unless the sum of the goods counts it: then it was sold."""
    freight = line(**{"货品标题": name, "单价(元)": 6, "数量": 1, "Offer ID": "", "SKU ID": "", "型号": ""})
    sums = {"货品总价(元)": 43.6, "运费(元)": 0} if counted else {}
    [found], problems = all_of(exports.text(tmp_path / "a.csv", table([order(**sums), freight])))
    assert (len(found.lines), found.paid_fen) == (1 + counted, 4360)
    assert [each.row for each in problems] == [] if counted else [3]


@pytest.mark.parametrize("shown", ["yyyy-mm-dd", 'm"月"d"日"', "yyyy/m/d h:mm"])
@pytest.mark.parametrize(
    "heading", ["数量", "单价(元)", "实付款(元)", "运费(元)", "订单编号", "运单号", "联系手机", "Offer ID"]
)
def test_a_cell_that_became_a_date_is_no_number(tmp_path: Path, shown: str, heading: str) -> None:
    """「2-3」 and 「1/2」, typed as a quantity, are kept as 46056: so many pieces nobody bought."""
    path, rows = tmp_path / "a.xlsx", list(table([order(), order("3905403692550747598")]))
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = exports.fill(book, "订单列表", rows)
        sheet.write_number(1, exports.HEADINGS.index(heading), 46056, book.add_format({"num_format": shown}))
    orders, problems = all_of(path)
    assert [each.order_no for each in orders][-1] == "3905403692550747598"
    assert len(orders) == 1 + (heading not in ("数量", "单价(元)", "订单编号"))
    assert [heading for each in problems if each.column == heading and "这一格是日期" in each.sentence] == [heading]
    said = [(each.paid_fen, each.freight_fen, each.tracking_text, each.receiver_mobile) for each in orders]
    assert not any(46056 in each or "46056" in each or 4605600 in each for each in said)


def test_merged_cells_blank_rows_hidden_rows_and_filters_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows = list(table([order(), gift(型号="白色;L"), {}, order("3905403692550747598")]))
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = exports.fill(book, "订单列表", rows)
        for column in range(18):
            sheet.merge_range(1, column, 2, column, "")
            sheet.write(1, column, rows[1][column])
        sheet.set_row(4, None, None, {"hidden": True})
        sheet.autofilter(0, 0, 4, 48)
    orders, problems = all_of(path)
    assert [len(each.lines) for each in orders] == [2, 1]
    assert problems == [Problem(5, "", "有 1 行在表格里是隐藏的（第 5 行），也已读入，请核对", Lost.NOTHING)]


def test_a_sum_that_does_not_add_up_is_a_warning(tmp_path: Path) -> None:
    rows = [order(**{"货品总价(元)": 40, "实付款(元)": 50})]
    [_], problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table(rows)))
    assert [(each.lost, each.column, each.sentence) for each in problems] == [
        (Lost.NOTHING, "货品总价(元)", "各行单价×数量合计 37.60 元，与货品总价 40.00 元不一致"),
        (Lost.NOTHING, "实付款(元)", TOO_MUCH_PAID.format("46.00", "50.00")),
    ]


def test_less_paid_than_the_sums_come_to_is_a_warning(tmp_path: Path) -> None:
    [_], problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(**{"实付款(元)": 40})])))
    assert [(each.lost, each.sentence) for each in problems] == [
        (Lost.NOTHING, "货品总价+运费+涨价或折扣为 43.60，与实付款 40.00 元不一致")
    ]


@pytest.mark.parametrize("left_out", [(), ("货品总价(元)",), ("货品总价(元)", "运费(元)", "涨价或折扣(元)")])
def test_a_sum_that_can_only_be_a_slip_refuses_its_order_and_no_other(
    tmp_path: Path, left_out: tuple[str, ...]
) -> None:
    wrong = order(**{"实付款(元)": 99_999, **dict.fromkeys(left_out, "")})
    orders, problems = all_of(
        exports.xlsx(tmp_path / "a.xlsx", table([wrong, line(型号="白色;L", 数量=1), order("3905403692550747598")]))
    )
    assert [each.row for each in orders] == [4]
    first, second = [each for each in problems if each.lost is not Lost.NOTHING]
    assert (first.row, first.column, first.lost, first.order_no) == (2, "实付款(元)", Lost.ORDER, NUMBER)
    assert "实付款却是 99999.00 元，很可能填错了；请改正后再导入这张订单" in first.sentence
    assert (second.row, second.sentence, second.lost) == (3, "所属订单（第 2 行）未能导入", Lost.LINE)


def test_an_order_that_was_never_paid_owes_no_sum(tmp_path: Path) -> None:
    rows = [order(**{"实付款(元)": 0, "订单状态": "等待买家付款"})]
    assert all_of(exports.xlsx(tmp_path / "a.xlsx", table(rows)))[1] == []


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("等待买家付款", "unpaid"),
        ("等待卖家发货", "unshipped"),
        ("等待物流公司揽件", "in_transit"),
        ("等待买家收货", "in_transit"),
        ("等待买家签收", "in_transit"),
        ("买家已签收", "delivered"),
        ("已收货", "delivered"),
        ("交易成功", "completed"),
        ("交易取消", "cancelled"),
        ("交易关闭", "cancelled"),
        ("交易终止", "cancelled"),
        ("退款中", "refunding"),
    ],
)
def test_statuses_are_understood_and_unknown_ones_kept(tmp_path: Path, text: str, status: str) -> None:
    [only], problems = all_of(exports.text(tmp_path / "a.csv", few((NUMBER, "打底衫", 2, 18.8, text))))
    assert (only.status, only.status_text, problems) == (status, text, [])


@pytest.mark.parametrize("between", ["，", ",", "/", " ", "（", "、"])
@pytest.mark.parametrize("status", sorted(set(STATUSES.values())))
def test_several_words_for_one_status_are_that_status(status: str, between: str) -> None:
    """交易成功（已评价）; words that say two things are neither, but where one can only come after the other."""
    words = [word for word, said in STATUSES.items() if said == status]
    others = [word for word, said in STATUSES.items() if said != status]
    end = "）" if between == "（" else ""
    for one, other in itertools.pairwise(words):
        assert read_status(f"{one}{between}{other}{end}")[0] == status
    for other in others[::7]:
        if not SAID_BESIDE.search(words[0]) and not SAID_BESIDE.search(other) and words[0] + other not in STATUSES:
            assert read_status(f"{words[0]}{between}{other}{end}")[0] in both_mean({status, STATUSES[other]})


SAID_BESIDE = re.compile("评|付款成功|支付成功|已付款|已支付|正常|未确认收货")  # 「已付款，已发货」


def both_mean(pair: set[str]) -> set[str]:
    if pair == {"delivered", "completed"}:
        return {"completed"}
    if "refunding" in pair and not pair & {"unpaid", "cancelled"}:
        return {"refunding"}
    if "cancelled" in pair and "refunding" not in pair:
        return {"cancelled"} if pair & {"unpaid", "unshipped"} else {"cancelled", "unknown"}
    return {"unknown"}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("交易成功（已评价）", "completed"),
        ("已揽收，运输中", "in_transit"),
        ("已签收待评价", "delivered"),
        ("Shipped", "in_transit"),
        ("ORDER_SHIPPED", "in_transit"),
        ("交易完结", "completed"),
        ("已打款待发货", "unshipped"),
        ("refunded", "cancelled"),
        ("退款关闭，交易成功", "completed"),
        ("已签收(退款已关闭)", "delivered"),
        ("已发货，退款成功", "cancelled"),
        ("未发货，退款成功", "cancelled"),
        ("待发货，已取消", "cancelled"),
        ("已签收，交易关闭", "unknown"),
        ("已发货，退款中", "refunding"),
        ("待付款，退款中", "unknown"),
        ("交易成功，待评价", "completed"),
        ("已付款，未发货", "unshipped"),
        ("已发货未签收", "in_transit"),
        ("卖家已发货，等待买家确认", "in_transit"),
        ("拼单成功，待发货", "unshipped"),
        ("付款以后用户退款成功，交易自动关闭", "cancelled"),
        ("WAIT_SELLER_STOCK_OUT", "unshipped"),
        ("TRADE_BUYER_SIGNED", "delivered"),
        ("己发货", "in_transit"),
        ("賣家已發貨，等待買家確認", "in_transit"),
        ("訂單已簽收", "delivered"),
        ("用户取消", "cancelled"),
        ("包裹运输中", "in_transit"),
        ("拒收", "unknown"),
        ("买家拒收", "unknown"),
        ("卖家已签收", "unknown"),
        ("客户已发货", "unknown"),
        ("快递取消", "unknown"),
        ("退货已签收", "unknown"),
        ("部分签收", "unknown"),
        ("已取件", "unknown"),
        ("换货中", "unknown"),
        ("已发货，已签收", "unknown"),
        ("已发货（部分退款）", "unknown"),
        ("退款关闭", "unknown"),
        ("等待您确认收货", "in_transit"),
        ("已签收未确认", "delivered"),
        ("已签收，未确认收货", "delivered"),
        ("全部退款", "cancelled"),
        ("仅退款成功", "cancelled"),
        ("等待卖家确认退款", "refunding"),
        ("退货退款申请中", "refunding"),
        ("已付定金，待付尾款", "unpaid"),
        ("已打单", "unshipped"),
        ("待仓库发货", "unshipped"),
        ("READY_TO_SHIP", "unshipped"),
        ("TO_CONFIRM_RECEIVE", "in_transit"),
        ("已取消（缺货）", "cancelled"),
        ("妥投", "delivered"),
        ("部分退款", "unknown"),
        ("退款失败", "unknown"),
        ("拒绝退款", "unknown"),
        ("售后成功", "unknown"),
        ("processing", "unknown"),
        ("虚拟发货", "unknown"),
    ],
)
def test_words_of_other_tools(text: str, status: str) -> None:
    assert read_status(text)[0] == status


@pytest.mark.parametrize("label", ["#", "No.", "NO:", "no. ", "订单号：", "订单编号:", "单号: "])
def test_a_label_before_the_number_goes(label: str) -> None:
    assert read_order_no(label + NUMBER)[0] == NUMBER


@pytest.mark.parametrize("frame", ["【{}】", "[{}]", "「{}」", "*{}", "★{}", "{}（必填）", "{}:", " {} "])
@pytest.mark.parametrize("heading", ["订单编号", "数量", "货品标题", "运单号"])
def test_what_stands_around_a_heading_does_not_matter(heading: str, frame: str) -> None:
    assert BY_HEADING[normal_heading(frame.format(heading))].heading == heading


@pytest.mark.parametrize("ended", ["退款成功", "交易关闭", "退款中", "售后中", "已取消"])
@pytest.mark.parametrize("alive", ["已发货", "交易成功", "待发货", "拒收"])
def test_the_end_of_one_line_is_not_the_order_s(tmp_path: Path, ended: str, alive: str) -> None:
    """Other platforms say a status of each line: that the first was refunded takes no right from the second."""
    first, second = (NUMBER, "打底衫", 2, 18.8, ended), (NUMBER, "外套", 1, 50, alive)
    for rows in ((first, second), (second, first)):
        [only], problems = all_of(exports.text(tmp_path / "a.csv", few(*rows)))
        assert (only.status, only.status_text, only.whole) == (read_status(alive)[0], alive, True)
        own = {line.title: line.own_status for line in only.lines}
        assert own == {"打底衫": read_status(ended)[0], "外套": ""}
        assert {each.lost for each in problems} == {Lost.NOTHING}
        assert any(ended in each.sentence and "只算这一行" in each.sentence for each in problems)


def test_an_unknown_status_is_kept_and_said(tmp_path: Path) -> None:
    [only], problems = all_of(exports.text(tmp_path / "a.csv", few((NUMBER, "打底衫", 2, 18.8, "等待外星人签收"))))
    assert (only.status, only.status_text) == ("unknown", "等待外星人签收")
    sentence = UNKNOWN_STATUS.format(text="等待外星人签收")
    assert "新订单按「状态待确认」导入" in sentence
    assert problems == [Problem(2, "订单状态", sentence, Lost.NOTHING, NUMBER)]


# Cells

MONEY = "请填写金额，最多两位小数，例如 1234.50"
QUANTITY = "请填写大于 0 的数量，最多三位小数"


@pytest.mark.parametrize(
    ("value", "fen"),
    [
        (18.8, 1880),
        (744.1199999999999, 74412),
        ("18.80", 1880),
        ("37.019999999999996", 3702),
        ("¥18.80", 1880),
        ("￥ 1,234.50元", 123450),
        ("１８．８", 1880),
        ("+5", 500),
        (0, 0),
        ("1,234,567.89", 123456789),
        ("12.5元整", 1250),
        ("12元5角", 1250),
        ("12元5角3分", 1253),
        ("12元3分", 1203),
        ("人民币12圆5角整", 1250),
        ("5角", 50),
        ("人民币12.5", 1250),
        ("RMB 12.5", 1250),
        ("¥12.50", 1250),
        ("免运费", 0),
        ("免邮", 0),
        ("（全国包邮）", 0),
        ("运费全免", 0),
    ],
)
def test_money_is_read_to_the_fen(tmp_path: Path, value: Any, fen: int) -> None:
    [only], _ = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(**{"运费(元)": value})])))
    assert only.freight_fen == fen


@pytest.mark.parametrize(
    ("heading", "value", "sentence"),
    [
        ("运费(元)", -6, "金额不能为负数"),
        ("运费(元)", "12,34", "「12,34」不能用：" + MONEY),
        *(
            ("运费(元)", said, f"「{said}」不能用：{MONEY}")
            for said in (
                "12,5",
                "12块5",
                "12元15角",
                "12.5元5角",
                "1万",
                "1.2万元",
                "12整",
                "整",
                "不包邮",
                "(包邮",
                "到付",
            )
        ),
        *(
            ("数量", said, f"「{said}」不能用：{QUANTITY}")
            for said in (
                "1万件",
                "3百件",
                "1.5万",
                "1千",
                "十几件",
                "两三件",
                "几件",
                "半箱",
                "3多件",
                "一百五件",
                "十",
            )
        ),
        ("运费(元)", "NaN", "「NaN」不能用：" + MONEY),
        ("运费(元)", "Infinity", "「Infinity」不能用：" + MONEY),
        ("运费(元)", "1e9999", "「1e9999」不能用：" + MONEY),
        ("运费(元)", "1_0", "「1_0」不能用：" + MONEY),
        ("运费(元)", "٣", "「٣」不能用：" + MONEY),
        ("实付款(元)", 1e300, "数字过大"),
        ("实付款(元)", 123456789.12, "「123456789.12」不能用：" + MONEY),
        ("单价(元)", -1, "单价不能为负数"),
        ("数量", "0.0005", "「0.0005」不能用：" + QUANTITY),
        ("数量", 0, "「0」不能用：" + QUANTITY),
        ("数量", -1, "「-1」不能用：" + QUANTITY),
        ("数量", 10**10, "「10000000000」不能用：" + QUANTITY),
        ("订单创建时间", "2026-13-01", "「2026-13-01」不是日期时间，应如 2026-11-05 13:31:00"),
        ("订单创建时间", 1, "「1」不是日期时间，应如 2026-11-05 13:31:00"),
        ("订单创建时间", 9e99, "数字过大"),
        ("是否代发订单", "也许", "「也许」应为「是」或「否」"),
        ("货品标题", "打\0底", "内容里有无法保存的特殊字符，请删除后重新输入"),
        ("货品标题", "长" * 301, "最多 300 个字，现在有 301 个"),
        ("收货地址", "长" * 401, "最多 400 个字，现在有 401 个"),
    ],
)
def test_cells_that_cannot_be_taken_are_refused_in_words(
    tmp_path: Path, heading: str, value: Any, sentence: str
) -> None:
    path = tmp_path / "a.xlsx"
    if isinstance(value, str) and "\0" in value:
        path = exports.text(tmp_path / "a.csv", table([order(**{heading: value})]))
    else:
        exports.xlsx(path, table([order(**{heading: value})]))
    orders, problems = all_of(path)
    if heading in REQUIRED:
        assert (orders, problems[0].row, problems[0].column, problems[0].sentence) == ([], 2, heading, sentence)
    else:
        [only] = orders
        assert problems[0] == Problem(2, heading, sentence + NOT_TAKEN, Lost.NOTHING, NUMBER)
        assert only.more[BY_HEADING[normal_heading(heading)].key] == shown(value)


@pytest.mark.parametrize(
    ("said", "milli"),
    [
        ("两件", 2_000),
        ("十件", 10_000),
        ("十二件", 12_000),
        ("二十件", 20_000),
        ("九十九个", 99_000),
        ("一百零五条", 105_000),
        ("两百件", 200_000),
        ("共三双", 3_000),
        ("一对", 1_000),
        ("2.5千克", 2_500),
    ],
)
def test_small_chinese_numerals_with_a_unit_are_quantities(tmp_path: Path, said: str, milli: int) -> None:
    [only], _ = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(数量=said)])))
    assert only.lines[0].quantity_milli == milli


DOZENS = [("打", 12), ("dozen", 12), ("doz", 12), ("DZ", 12), ("罗", 144), ("gross", 144)]


@pytest.mark.parametrize(("said", "pieces"), DOZENS)
@pytest.mark.parametrize(("number", "count"), [("1", 1), ("2 ", 2), ("0.5", 0.5), ("10", 10)])
def test_dozens_are_the_pieces_that_the_sum_proves(
    tmp_path: Path, said: str, pieces: int, number: str, count: float
) -> None:
    """At 1.50 a piece, or at 1.50 a dozen; the other line is in pieces and stays as it is."""
    other = line(数量=3, 型号="红色")
    for unit in ("件", "双", ""):
        for total, quantity in ((1.5 * count * pieces, count * pieces), (1.5 * count, count)):
            first = order(**{"数量": number + said, "单位": unit, "单价(元)": 1.5, "货品总价(元)": total + 3 * 18.8})
            [only], problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([first, other])))
            assert [each.quantity_milli for each in only.lines] == [quantity * 1_000, 3_000]
            assert [each.column for each in problems if each.sentence.endswith("这样与货品总价相符")] == ["数量"]
            assert {each.lost for each in problems} == {Lost.NOTHING}


def test_a_dozen_that_no_sum_explains_is_never_one(tmp_path: Path) -> None:
    for said, pieces in DOZENS:
        for unit, total in (("件", 99), ("", 99), ("双", "")):
            row = order(**{"数量": f"1{said}", "单位": unit, "货品总价(元)": total})
            orders, problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([row])))
            assert UNCLEAR.format(said=said, pieces=pieces) in [each.sentence for each in problems]
            assert [each.lost for each in problems if each.lost is not Lost.NOTHING] == [Lost.LINE, Lost.EMPTY]
            assert orders == []


def test_a_unit_or_a_price_in_dozens_leaves_no_question(tmp_path: Path) -> None:
    for row in (
        order(**{"数量": "1打", "单位": "打", "货品总价(元)": ""}),
        order(**{"数量": "1 dozen", "单位": "打", "货品总价(元)": ""}),
        order(**{"数量": "一打", "单位": "", "单价(元)": "18.80元/打", "货品总价(元)": ""}),
    ):
        [only], _ = all_of(exports.xlsx(tmp_path / "a.xlsx", table([row])))
        assert (only.lines[0].quantity_milli, only.lines[0].unit_price) == (1_000, Decimal("18.8"))
    row = order(**{"数量": 24, "单位": "件", "单价(元)": "18元/打", "货品总价(元)": 36})
    [only], problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([row])))
    assert (only.lines[0].quantity_milli, only.lines[0].unit_price) == (24_000, Decimal("1.5"))
    assert PRICE_OF_PIECE.format(said="打", pieces=12) in [each.sentence for each in problems]


@pytest.mark.parametrize("said", ["1k", "1.5K件", "2w", "2W 件", "2左右", "2件左右", "3上下", "2以上"])
def test_a_quantity_that_is_not_its_digits_is_refused(tmp_path: Path, said: str) -> None:
    orders, problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(数量=said)])))
    assert orders == [] and problems[0].column == "数量" and problems[0].lost is Lost.LINE


@pytest.mark.parametrize("nothing", ["-", "--", "——", "/", "无", "暂无", "null", "NaN", "N/A", "None", " - "])
def test_what_stands_for_nothing_is_nothing(tmp_path: Path, nothing: str) -> None:
    """Else 「无」 would be a parcel, and 「-」 as 下游订单号 would make any order one that is sold on."""
    headings = (
        "运单号",
        "物流公司",
        "下游订单号",
        "下游渠道",
        "是否代发订单",
        "订单付款时间",
    )
    plain = table([order(**dict.fromkeys(headings, ""))])
    [empty], before = all_of(exports.xlsx(tmp_path / "a.xlsx", plain))
    [only], problems = all_of(exports.xlsx(tmp_path / "b.xlsx", table([order(**dict.fromkeys(headings, nothing))])))
    assert (only, problems) == (empty, before)
    assert (only.parcels, only.downstream_order_no, only.downstream_channel) == ([], "", "")


@pytest.mark.parametrize("words", ["未发货", "自提", "无需物流", "见备注"])
def test_words_are_no_parcel(tmp_path: Path, words: str) -> None:
    [only], problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(运单号=words, 物流公司="")])))
    assert only.parcels == [] and only.more["tracking_text"] == words
    assert [each.sentence for each in problems if each.column == "运单号"] == [
        f"「{words}」不像一个运单号，请核对" + NOT_TAKEN
    ]


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-05 1:31:00 下午",
        "2026-11-05 01:31:00 PM",
        "2026年11月5日 下午1点31分",
        "2026年11月5日下午1时31分",
        "2026/11/5 1:31 午后",
        "2026-11-05 13:31 下午",
        "2026-11-05 1点31分 下午",
    ],
)
def test_the_part_of_the_day_may_stand_behind(said: str) -> None:
    assert read_moment(said) == (datetime(2026, 11, 5, 5, 31, tzinfo=UTC), "")
    assert read_moment("2026-11-05 下午1点半")[0] == read_moment("2026-11-05 1:30 下午")[0]
    for wrong in ("2026-11-05 上午1:31 下午", "2026-11-05 13:31 上午", "2026-11-05 1:31 下"):
        with pytest.raises(CellRefused):
            read_moment(wrong)


@pytest.mark.parametrize("time", ["13:31", "13:31:00", "下午1:31", "1:31PM"])
@pytest.mark.parametrize("day", ["2026-11-05", "2026/11/5", "2026年11月5日", "05-Nov-2026"])
def test_the_time_may_stand_before_the_day(day: str, time: str) -> None:
    assert read_moment(f"{time} {day}") == (datetime(2026, 11, 5, 5, 31, tzinfo=UTC), "")


@pytest.mark.parametrize("said", ["26-11-05 13:31", "26.11.5 下午1:31", "26年11月5日 13时31分", "26-11-05T13:31:00"])
def test_a_year_of_two_digits_is_read_and_said(said: str) -> None:
    assert read_moment(said) == (datetime(2026, 11, 5, 5, 31, tzinfo=UTC), SHORT_YEAR)


@pytest.mark.parametrize(
    "said", ["05-11-26", "12-11-05", "26/11/05", "11/5/26", "26-13-05", "13:31 5", "26-11-05 2026"]
)
def test_a_day_that_may_mean_another_is_refused(said: str) -> None:
    with pytest.raises(CellRefused):
        read_moment(said)


def test_only_the_adjustment_may_be_negative(tmp_path: Path) -> None:
    for value in (-5.5, "-5.50", "(5.50)"):
        [only], _ = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(**{"涨价或折扣(元)": value})])))
        assert only.adjustment_fen == -550


def test_a_price_of_parts_of_a_fen_is_kept_as_it_is(tmp_path: Path) -> None:
    cells = {"单价(元)": "0.035", "数量": 10_000, "货品总价(元)": 350, "实付款(元)": 356}
    [only], problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(**cells)])))
    [screw] = only.lines
    assert (screw.unit_price, screw.unit_price_fen, screw.snapshot["单价(元)"]) == (Decimal("0.035"), 4, "0.035")
    assert problems == []  # the sum is reckoned from the price, not from its rounding


def test_quantities_have_three_decimals(tmp_path: Path) -> None:
    cells = {"数量": 1.125, "货品总价(元)": 21.15, "实付款(元)": 27.15}
    [only], problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(**cells)])))
    assert (only.lines[0].quantity_milli, only.lines[0].snapshot["数量"], problems) == (1_125, "1.125", [])


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-05 13:31:05", (5, 5, 31, 5)),
        ("2026-11-05T13:31:05", (5, 5, 31, 5)),
        ("2026/11/5 3:31:05", (4, 19, 31, 5)),
        ("2026-11-05 13:31", (5, 5, 31, 0)),
        ("2026-11-05", (4, 16, 0, 0)),
        ("2026年11月5日 13:31", (5, 5, 31, 0)),
        ("2026.11.05 13:31:05.0", (5, 5, 31, 5)),
        (46331.563252314816, (5, 5, 31, 5)),
        ("46331", (4, 16, 0, 0)),
    ],
)
def test_moments_are_shanghai_time(tmp_path: Path, value: Any, moment: tuple[int, int, int, int]) -> None:
    [only], _ = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(订单创建时间=value)])))
    assert only.ordered_at == datetime(2026, 11, *moment, tzinfo=UTC)


def test_dates_of_old_macs_begin_in_1904(tmp_path: Path) -> None:
    book = (
        f'<workbook xmlns="{exports.MAIN}" xmlns:r="{exports.RELATIONS}"><workbookPr date1904="1"/>'
        '<sheets><sheet name="订单列表" r:id="r1"/></sheets></workbook>'
    )
    rows = exports.inline_row(1, [*FEW, "订单创建时间"])
    rows += exports.inline_row(2, [NUMBER, "打底衫", 2, 18.8, "交易成功", 44869])
    [only], _ = all_of(exports.workbook(tmp_path / "a.xlsx", rows, book=book))
    assert only.ordered_at == datetime(2026, 11, 4, 16, tzinfo=UTC)


@pytest.mark.parametrize("value", [3905403692550747597, 4.0e18, 2**53, 1e15])
@pytest.mark.parametrize("heading", ["订单编号", "运单号", "SKU ID", "下游订单号"])
def test_numbers_that_have_lost_their_end_are_never_taken(tmp_path: Path, value: float, heading: str) -> None:
    orders, problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(**{heading: value})])))
    sentence = "数字过长，后几位可能已经丢失，请把该列设为文本后重新导出"
    assert problems[0].column == heading
    if heading == "订单编号":
        assert (orders, problems[0].sentence) == ([], sentence)
    else:
        [only] = orders
        assert problems[0].sentence == sentence + NOT_TAKEN
        assert (only.tracking_text, only.downstream_order_no, only.lines[0].sku_id).count("") == (
            1 if heading == "下游订单号" else 2
        )


@pytest.mark.parametrize("value", ["3.90540369255075E+18", "4.0E+18", "4e+18", "3.9e18", "3.9 E+18", "３．９Ｅ＋１８"])
def test_numbers_that_lost_their_end_before_the_csv_was_saved_are_refused(tmp_path: Path, value: str) -> None:
    orders, problems = all_of(exports.text(tmp_path / "a.csv", few((value, "打底衫", 2, 18.8, "交易成功"))))
    assert (orders, problems[0].sentence) == ([], "数字过长，后几位可能已经丢失，请把该列设为文本后重新导出")


def test_a_number_ending_in_noughts_is_doubted(tmp_path: Path) -> None:
    rows = few(("3905403692550740000", "打底衫", 2, 18.8, "交易成功"))
    [_], [problem] = all_of(exports.text(tmp_path / "a.csv", rows))
    assert (problem.lost, problem.sentence) == (Lost.NOTHING, "以 0000 结尾，请核对后几位是否已被表格软件改成了 0")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (NUMBER, NUMBER),
        (f"\t{NUMBER}", NUMBER),
        (f"{NUMBER}\t", NUMBER),
        (f'="{NUMBER}"', NUMBER),
        (f"'{NUMBER}", NUMBER),
        ("３９０５４０３６９２", "3905403692"),
    ],
)
def test_order_numbers_are_freed_of_what_protects_them(tmp_path: Path, value: str, kept: str) -> None:
    rows = few((value, "打底衫", 2, 18.8, "交易成功"), (value, "袜子", 2, 18.8, "交易成功"))
    [only], problems = all_of(exports.text(tmp_path / "a.csv", rows))
    assert (only.order_no, len(only.lines), problems) == (kept, 2, [])


def test_short_numbers_in_number_columns_stay_what_they_are(tmp_path: Path) -> None:
    cells = {"联系手机": 13425059650, "货号": 45000, "邮编": "050000", "货品标题": 126, "型号": 1.0}
    [only], problems = all_of(exports.xlsx(tmp_path / "a.xlsx", table([order(**cells)])))
    assert (only.receiver_mobile, only.more["zip"]) == ("13425059650", "050000")
    assert (only.lines[0].cargo_no, only.lines[0].title, only.lines[0].spec, problems) == ("45000", "126", "1", [])


def test_invisible_characters_are_left_out_and_that_is_said(tmp_path: Path) -> None:
    cells = {"货品标题": "打\u202e底\u200b衫", "收货地址": "四川省\n成都市", "收货人姓名": "e\u0301"}
    [only], [problem] = all_of(exports.text(tmp_path / "a.csv", table([order(**cells)])))
    assert (only.lines[0].title, only.lines[0].snapshot["货品标题"]) == ("打底衫", "打底衫")
    assert (only.receiver_address, only.receiver_name) == ("四川省\n成都市", "\u00e9")
    assert problem == Problem(2, "货品标题", "含有看不见的字符，已去掉", Lost.NOTHING, NUMBER)


@pytest.mark.parametrize(
    ("carriers", "numbers", "parcels"),
    [
        ("中通快递(ZTO)", "754", [("ZTO", "中通快递", "754")]),
        ("中通快递（zto）", "754;755", [("ZTO", "中通快递", "754"), ("ZTO", "中通快递", "755")]),
        ("中通快递(ZTO);顺丰速运(SF)", "754\nSF1", [("ZTO", "中通快递", "754"), ("SF", "顺丰速运", "SF1")]),
        ("中通快递、顺丰速运", "754,SF1，3", [("", "中通快递", "754"), ("", "顺丰速运", "SF1"), ("", "", "3")]),
        ("", "754", [("", "", "754")]),
        ("中通快递(ZTO)", "", [("ZTO", "中通快递", "")]),
        ("", "", []),
    ],
)
def test_parcels(carriers: str, numbers: str, parcels: list[tuple[str, str, str]]) -> None:
    assert parcels_of(carriers, numbers) == parcels


# Ways to write a workbook


def test_the_slow_way_of_reading_rows_gives_the_same(tmp_path: Path) -> None:
    rows = list(table([order(), line(型号="白色;L")]))
    shared = exports.xlsx(tmp_path / "a.xlsx", rows)
    inline = exports.xlsx(tmp_path / "b.xlsx", rows, inline=True)
    strange = tmp_path / "c.xlsx"
    with zipfile.ZipFile(inline) as old, zipfile.ZipFile(strange, "w") as new:
        for info in old.infolist():
            content = old.read(info).decode()
            if "sheet1" in info.filename:
                content = content.replace("<c ", "<c cm='0' ").replace("<row ", "<row ht='12' ")
                content = content.replace("<t>打", "<t><![CDATA[打]]>").replace("<!-- -->", "")
            new.writestr(info.filename, content)
    prefixed = tmp_path / "d.xlsx"
    with zipfile.ZipFile(inline) as old, zipfile.ZipFile(prefixed, "w") as new:
        for info in old.infolist():
            content = old.read(info).decode()
            if "sheet1" in info.filename:
                for name in ("worksheet", "sheetData", "row", "c", "v", "is", "t"):
                    content = content.replace(f"<{name}>", f"<x:{name}>").replace(f"<{name} ", f"<x:{name} ")
                    content = content.replace(f"</{name}>", f"</x:{name}>")
                content = content.replace("xmlns=", "xmlns:x=")
            new.writestr(info.filename, content)
    first, *others = (all_of(path) for path in (shared, inline, strange, prefixed))
    assert first[0][0].lines[1].spec == "白色;L"
    assert others == [first] * 3


def test_cells_and_rows_need_no_address(tmp_path: Path) -> None:
    cells = "".join(f'<c t="inlineStr"><is><t>{heading}</t></is></c>' for heading in FEW)
    values = f'<c t="str"><v>{NUMBER}</v></c><c t="str"><v>A&amp;B&#10;C</v></c><c><v>2</v></c><c><v>18.8</v></c>'
    sheet = (
        f'<row>{cells}</row><row/><row>{values}<c t="inlineStr"><is><r><t>交易</t></r><r><t>成功</t></r></is></c></row>'
    )
    [only], problems = all_of(exports.workbook(tmp_path / "a.xlsx", sheet))
    assert (only.row, only.lines[0].title, only.status, problems) == (3, "A&B\nC", "completed", [])


def test_shared_texts_of_several_styles_and_with_readings_are_joined(tmp_path: Path) -> None:
    texts = "".join(f"<si><t>{heading}</t></si>" for heading in FEW)
    texts += "<si><r><t>打底</t></r><r><t xml:space='preserve'> 衫</t></r><rPh sb='0' eb='1'><t>dadi</t></rPh></si>"
    texts += "<si><t>红_x000D_\n_x005F_x</t></si>"
    row = "".join(f'<c r="{letter}1" t="s"><v>{number}</v></c>' for number, letter in enumerate("ABCDE"))
    cells = (
        f'<c r="A2" t="str"><v>{NUMBER}</v></c><c r="B2" t="s"><v>5</v></c><c r="C2"><v>2</v></c><c r="D2"><v>1</v></c>'
    )
    sheet = f'<row r="1">{row}</row><row r="2">{cells}<c r="E2" t="s"><v>6</v></c></row>'
    [only], _ = all_of(exports.workbook(tmp_path / "a.xlsx", sheet, texts=texts))
    assert (only.lines[0].title, only.status_text) == ("打底 衫", "红\n_x")


def test_formulas_give_their_results_and_errors_are_refused(tmp_path: Path) -> None:
    def with_quantity(cell: str) -> tuple[list[OrderRows], list[Problem]]:
        row = f'<c r="A2" t="str"><f>"x"</f><v>{NUMBER}</v></c><c r="B2" t="str"><v>打底衫</v></c>{cell}'
        row += '<c r="D2"><v>18.8</v></c><c r="E2" t="str"><v>交易成功</v></c>'
        sheet = exports.inline_row(1, FEW) + f'<row r="2">{row}</row>'
        return all_of(exports.workbook(tmp_path / "a.xlsx", sheet))

    [only], _ = with_quantity('<c r="C2"><f>1+1</f><v>2</v></c>')
    assert only.lines[0].quantity_milli == 2_000
    assert with_quantity('<c r="C2" t="e"><f>A0</f><v>#REF!</v></c>')[1][0].sentence == "这一格是错误值 #REF!"
    assert with_quantity('<c r="C2"><f>1+1</f></c>')[1][0].sentence == "这一格的公式没有结果，请粘贴为数值"
    assert with_quantity('<c r="C2" t="b"><v>1</v></c>')[1][0].sentence == "「是」不能用：" + QUANTITY


def test_the_sheet_is_found_by_name_then_by_headings_even_when_hidden(tmp_path: Path) -> None:
    def with_sheets(*names: str, hidden: str = "") -> tuple[str, str]:
        path = tmp_path / "a.xlsx"
        with xlsxwriter.Workbook(str(path)) as book:
            for number, name in enumerate(names, 1):
                content = [["说明"], ["无"]] if name == "说明" else few((f"900{number}", "打底衫", 2, 18.8, "交易成功"))
                sheet = exports.fill(book, name, content)
                if name == hidden:
                    sheet.hide()
        with read(path) as export:
            return export.sheet, next(each.order_no for each in export.orders() if isinstance(each, OrderRows))

    assert with_sheets("说明", "Sheet2", "订单列表") == ("订单列表", "9003")
    assert with_sheets("说明", "Sheet2", "Sheet3") == ("Sheet2", "9002")
    assert with_sheets("说明", "Sheet2", "Sheet3", hidden="Sheet2") == ("Sheet3", "9003")
    assert with_sheets("说明", "订单列表", "Sheet3", hidden="订单列表") == ("订单列表", "9002")


def test_a_false_dimension_and_16384_columns_do_no_harm(tmp_path: Path) -> None:
    headings = [*FEW, *[f"列{number}" for number in range(16_384 - len(FEW))]]
    path = exports.xlsx(tmp_path / "a.xlsx", [headings, [NUMBER, "打底衫", 2, 18.8, "交易成功", *["x"] * 16_379]])
    with read(path) as export:
        assert len(export.surplus) == 16_379
        [only] = export.orders()
    assert isinstance(only, OrderRows) and only.order_no == NUMBER


# Ways to write text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_text_in_any_encoding_with_any_delimiter_and_line_end(
    tmp_path: Path, encoding: str, delimiter: str, end: str
) -> None:
    rows = [
        order(货品标题="带,逗号;和\t制表符的「标题」"),
        gift(型号='白色;"L"', 单位=f"件{end}"),
        order("3905403692550747598"),
    ]
    path = exports.text(tmp_path / "a.csv", table(rows), encoding=encoding, delimiter=delimiter, end=end)
    orders, problems = all_of(path)
    assert ([len(each.lines) for each in orders], problems) == ([2, 1], [])
    assert orders[0].lines[0].title == "带,逗号;和 制表符的「标题」"
    assert orders[0].lines[1].spec == '白色;"L"'


def test_gb18030_of_four_bytes(tmp_path: Path) -> None:
    path = exports.text(tmp_path / "a.csv", table([order(收货人姓名="㐂𠮷", 货品标题="𠀀衫")]), encoding="gb18030")
    [only], problems = all_of(path)
    assert (only.receiver_name, only.lines[0].title, problems) == ("㐂𠮷", "𠀀衫", [])


@pytest.mark.parametrize(("first", "second"), [("utf-8", "gb18030"), ("gb18030", "utf-8")])
def test_rows_in_another_encoding_are_refused_and_the_rest_goes_in(tmp_path: Path, first: str, second: str) -> None:
    path = exports.text(tmp_path / "a.csv", table([order()]), encoding=first)
    other = exports.text(tmp_path / "b.csv", table([order("3905403692550747598"), line()]), encoding=second)
    third = exports.text(tmp_path / "c.csv", table([order("3905403692550747599")]), encoding=first)
    rows = [each.read_bytes().split(b"\r\n", 1)[1] for each in (other, third)]
    path.write_bytes(path.read_bytes() + b"".join(rows))
    orders, problems = all_of(path)
    assert [each.order_no[-1] for each in orders] == ["7", "9"]
    assert [(each.row, each.sentence) for each in problems] == [
        (3, "这一行的文字编码与文件其余部分不同，读不出来"),
        (4, "这一行的文字编码与文件其余部分不同，读不出来"),
    ]


def test_a_quote_that_is_never_closed_costs_its_row_only(tmp_path: Path) -> None:
    path = exports.text(tmp_path / "a.csv", few(*[(f"900{number}", "打底衫", 2, 1, "交易成功") for number in range(5)]))
    path.write_text(path.read_text().replace("9002,打底衫", '9002,"打底衫'))
    orders, problems = all_of(path)
    assert [each.order_no for each in orders] == ["9000", "9001", "9003", "9004"]
    assert problems == [Problem(4, "", "引号没有成对，从这里起读不出单元格", Lost.ORDER)]


def test_rows_below_a_row_that_could_not_be_read_are_not_given_to_another_order(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    exports.text(
        path, few(("9001", "打底衫", 2, 1, "交易成功"), ("9002", "甲", 2, 1, "交易成功"), ("", "乙", 2, 1, ""))
    )
    path.write_text(path.read_text().replace("9002,甲", '9002,"甲'))
    orders, problems = all_of(path)
    assert [[each.title for each in only.lines] for only in orders] == [["打底衫"]]
    assert [each.sentence for each in problems] == ["引号没有成对，从这里起读不出单元格", "所属订单（第 3 行）未能导入"]


def test_ragged_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [
        "订单编号,订单状态,货品标题,单价,数量,单位,买家留言",
        "9001,交易成功,打底衫,1,2",
        "9002,交易成功,打底衫,1,2,件,好,的",
    ]
    path.write_text("\n".join([*rows, "9003,交易成功,打底衫,1,2,件,好", "9004,交易成功,打底衫,1,2,,,,,\n"]))
    orders, problems = all_of(path)
    assert [each.order_no for each in orders] == ["9001", "9003", "9004"]
    assert [each.sentence for each in problems] == ["这一行比表头多出 1 格，可能有一格里的逗号没有加引号"]


def test_a_last_row_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = exports.text(tmp_path / "a.csv", table([order(), order("3905403692550747598")]))
    path.write_bytes(path.read_bytes()[:-60])
    orders, problems = all_of(path)
    assert len(orders) == 1
    assert [(each.row, each.sentence) for each in problems] == [(3, "文件在这一行中断，后面的内容缺失")]


def test_a_last_row_without_line_end_is_whole(tmp_path: Path) -> None:
    path = exports.text(tmp_path / "a.csv", few((NUMBER, "打底衫", 2, 1, "交易成功")))
    path.write_bytes(path.read_bytes().rstrip())
    assert len(all_of(path)[0]) == 1


def test_text_without_line_ends_is_refused_in_constant_memory(tmp_path: Path) -> None:
    path = exports.text(tmp_path / "a.csv", few((NUMBER, "打底衫", 2, 1, "交易成功")))
    path.write_bytes(path.read_bytes() + b"x" * 3_000_000)
    assert refused(path) == "一行过长，这不像订单表格"


# Files that are no order export at all


def zip_of(path: Path, **parts: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def locked(path: Path) -> Path:
    """A zip whose parts are encrypted."""
    content = bytearray(exports.workbook(path, exports.few_rows()).read_bytes())
    for magic, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = content.find(magic)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(magic, at + 1)
    path.write_bytes(content)
    return path


def wrote(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def cut(path: Path, share: float) -> Path:
    whole = exports.xlsx(path, table([order()])).read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    return path


def spoilt(path: Path) -> Path:
    """A workbook with a byte of its sheet changed."""
    content = bytearray(exports.workbook(path, exports.few_rows()).read_bytes())
    at = content.find(b"xl/worksheets/sheet1.xml") + 60
    content[at] ^= 0x55
    path.write_bytes(content)
    return path


DTD = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
EMPTY = "文件是空的，请重新导出后再上传"
DAMAGED = "文件已损坏或不完整，请重新导出后再上传"
LOCKED = "文件有密码保护，请去掉密码后再上传"
NO_TABLE = "这不是订单表格，请上传从后台导出的 .xlsx 或 .csv 文件"
PICTURE = "这是图片，不是表格，请上传从后台导出的 .xlsx 或 .csv 文件"
ARCHIVE = "这是压缩包，请先解压，再上传里面的表格"
UNSAFE = "文件里有不安全的内容（DTD），请用 Excel 或 WPS 另存为 .xlsx 后再上传"
TOO_LARGE = "文件解压后过大，请按时间分批导出，或另存为 CSV 后再导入"

BROKEN: dict[str, tuple[Any, str]] = {
    "empty": (lambda path: wrote(path, b""), EMPTY),
    "only blanks": (lambda path: wrote(path, b"\r\n  \r\n"), EMPTY),
    "only a byte order mark": (lambda path: wrote(path, b"\xef\xbb\xbf"), EMPTY),
    "only a UTF-16 mark": (lambda path: wrote(path, b"\xff\xfe"), EMPTY),
    "headings only": (lambda path: exports.xlsx(path, table([])), "只有表头，没有订单"),
    "headings and blank rows": (lambda path: exports.text(path, [FEW, ["", " ", ""], []]), "只有表头，没有订单"),
    "a sheet without rows": (
        lambda path: exports.xlsx(path, []),
        refused_headings
        := "没有找到表头，请上传后台「导出订单」得到的文件，其中应有「订单编号」「货品标题」「数量」「单价(元)」「订单状态」等列",  # noqa: E501
    ),
    "prose": (lambda path: wrote(path, "从前有座山,山里有座庙".encode()), refused_headings),
    "noise": (lambda path: wrote(path, bytes(range(1, 256)) * 40), refused_headings),
    "noughts": (lambda path: wrote(path, bytes(5_000)), refused_headings),
    "a PNG": (lambda path: wrote(path, b"\x89PNG\r\n\x1a\n" + bytes(500)), PICTURE),
    "a JPEG": (lambda path: wrote(path, b"\xff\xd8\xff\xe0" + bytes(500)), PICTURE),
    "a PDF": (lambda path: wrote(path, b"%PDF-1.7\n"), "这是 PDF，不是表格，请上传从后台导出的 .xlsx 或 .csv 文件"),
    "a page": (
        lambda path: wrote(path, b"\xef\xbb\xbf <HTML><table><tr><td>1"),
        "文件已损坏或不完整，请重新导出后再上传",
    ),
    "an old .xls without its tables": (lambda path: exports.ole(path, "Workbook"), DAMAGED),
    "with a password": (lambda path: exports.ole(path, "EncryptionInfo", "EncryptedPackage"), LOCKED),
    "a locked zip": (locked, LOCKED),
    "a zip of tables": (lambda path: zip_of(path, **{"订单.xlsx": b"PK"}), ARCHIVE),
    "a rar": (lambda path: wrote(path, b"Rar!\x1a\x07\x00"), ARCHIVE),
    "a zip of anything": (lambda path: zip_of(path, **{"a.txt": b"a"}), NO_TABLE),
    "an .ods": (lambda path: zip_of(path, **{"content.xml": b"<a/>"}), "这是 .ods 文件，请另存为 .xlsx 后再上传"),
    "an .xlsb": (
        lambda path: zip_of(path, **{"xl/workbook.bin": b"a"}),
        "这是 .xlsb 文件，请在 Excel 里另存为 .xlsx 后再上传",
    ),
    "half a zip": (lambda path: cut(path, 0.5), DAMAGED),
    "a zip without its end": (lambda path: cut(path, 0.97), DAMAGED),
    "a changed byte": (spoilt, DAMAGED),
    "only the beginning of a zip": (lambda path: wrote(path, b"PK\x03\x04"), DAMAGED),
    "no sheet behind the name": (lambda path: zip_of(path, **{"xl/workbook.xml": b"<workbook/>"}), DAMAGED),
    "rows without end": (
        lambda path: exports.workbook(path, f'<?xml version="1.0"?><w><sheetData>{exports.few_rows()}<row r="3">'),
        DAMAGED,
    ),
    "no sheetData": (lambda path: exports.workbook(path, '<?xml version="1.0"?><w></w>'), DAMAGED),
    "a text that isn't there": (
        lambda path: exports.workbook(path, exports.few_rows() + '<row r="3"><c r="A3" t="s"><v>9</v></c></row>'),
        DAMAGED,
    ),
    "a text before the first": (
        lambda path: exports.workbook(path, exports.few_rows() + '<row r="3"><c r="A3" t="s"><v>-1</v></c></row>'),
        DAMAGED,
    ),
    "crossed tags": (
        lambda path: exports.workbook(path, exports.few_rows() + '<row r="3"><c r="A3"><v>1</c></v></row>'),
        DAMAGED,
    ),
    "an unknown entity": (
        lambda path: exports.workbook(path, exports.few_rows() + '<row r="3"><c r="A3" t="str"><v>&a;</v></c></row>'),
        DAMAGED,
    ),
    "a sheet in UTF-16": (
        lambda path: exports.workbook(path, '<?xml version="1.0" encoding="utf-16"?><w><sheetData></sheetData></w>'),
        DAMAGED,
    ),
    "entities in a sheet": (lambda path: exports.workbook(path, DTD + "<x><sheetData>&b;</sheetData></x>"), UNSAFE),
    "entities in the texts": (
        lambda path: exports.workbook(path, exports.few_rows(), texts=DTD + "<sst>&b;</sst>"),
        UNSAFE,
    ),
    "entities from outside": (
        lambda path: exports.workbook(path, exports.few_rows(), book=OUTSIDE + "<x>&a;</x>"),
        UNSAFE,
    ),
    "a bomb": (
        lambda path: exports.workbook(path, exports.few_rows(), **{"xl/media/a.bin": bytes(60_000_000)}),  # type: ignore[arg-type]
        TOO_LARGE,
    ),
    "a length that lies upwards": (
        lambda path: exports.lie_about_size(
            exports.workbook(path, exports.few_rows()), "xl/worksheets/sheet1.xml", 2**31
        ),
        TOO_LARGE,
    ),
    "a length that lies downwards": (
        lambda path: exports.lie_about_size(
            exports.workbook(path, exports.few_rows()), "xl/worksheets/sheet1.xml", 300
        ),
        DAMAGED,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    make, sentence = BROKEN[name]
    assert refused(make(tmp_path / "订单.xlsx")) == sentence


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "a.xlsx").startswith("文件打不开：")
    assert refused(tmp_path).startswith("文件打不开：")


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = exports.xlsx(tmp_path / "a.xlsx", table(exports.many(6_000)))
    with read(path) as export, pytest.raises(ExportRefused):
        found = export.orders()
        next(found)
        path.write_bytes(path.read_bytes()[:20_000])
        for _ in found:
            pass


def test_any_bytes_are_refused_or_read_and_never_raise_anything_else(tmp_path: Path) -> None:
    import random

    chance = random.Random(7)
    good = exports.xlsx(tmp_path / "a.xlsx", table([order(), line()])).read_bytes()
    plain = exports.workbook(tmp_path / "b.xlsx", exports.few_rows()).read_bytes()
    with zipfile.ZipFile(tmp_path / "b.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    text = exports.text(tmp_path / "a.csv", table([order(), line()])).read_bytes()
    path = tmp_path / "x"
    for number in range(400):
        source = (good, plain, text)[number % 3]
        if number % 4 == 3:  # the XML itself, with a valid checksum around it
            at, end = sorted(chance.randrange(len(sheet)) for _ in range(2))
            exports.workbook(
                path, '<?xml version="1.0"?>' + sheet[:at] + chance.choice(["", "<", "&", "]]>"]) + sheet[end:]
            )
        else:
            changed = bytearray(source)
            for _ in range(chance.randrange(1, 20)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            path.write_bytes(changed)
        try:
            with read(path) as export:
                list(export.orders())
        except ExportRefused as problem:
            assert problem.sentence


# Size


@pytest.mark.parametrize("kind", ["shared", "inline", "csv"])
def test_thousands_of_lines_take_little_memory(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("a.csv" if kind == "csv" else "a.xlsx")
    rows = table(exports.many(8_000))
    exports.text(path, rows) if kind == "csv" else exports.xlsx(path, rows, inline=kind == "inline")
    script = (
        "import sys\n"
        "from portal.orders.export_format import OrderRows, read\n"
        "def most():\n"  # not ru_maxrss: it begins with the size of the process that started this one
        "    return next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "before = most()\n"
        "with read(sys.argv[1]) as export:\n"
        "    lines = sum(len(each.lines) for each in export.orders() if isinstance(each, OrderRows))\n"
        "print(lines, (most() - before) // 1024)\n"
    )
    project = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script, path], cwd=project, capture_output=True, text=True, check=True)
    lines, grown = (int(word) for word in done.stdout.split())
    assert lines == 8_000
    assert grown < 30  # MB


def test_an_export_may_be_read_again(tmp_path: Path) -> None:
    with read(exports.SAMPLE) as export:
        assert isinstance(export, Export)
        assert list(export.orders()) == list(export.orders())


def test_the_limit_of_the_csv_module_is_ours() -> None:
    assert csv.field_size_limit() == 1_000_000


@pytest.mark.parametrize("due", ["应付金额", "应付款", "应付总额(元)", "买家应付金额", "应收金额"])
@pytest.mark.parametrize("status", ["交易成功", "等待买家付款"])
def test_what_is_due_is_not_what_was_paid_and_that_is_said(tmp_path: Path, due: str, status: str) -> None:
    """Beside 实付款 it says nothing that matters; alone it would be taken for it by whoever sent the file."""
    alone = [due if each == "实付款(元)" else each for each in exports.HEADINGS]
    with read(
        exports.text(tmp_path / "a.csv", exports.table([exports.order(**{due: 99, "订单状态": status})], alone))
    ) as export:
        found = list(export.orders())
    [said] = [each for each in found if isinstance(each, Problem) and due in each.sentence]
    assert "不是付了的钱" in said.sentence and "没有付款的订单为 0" in said.sentence and said.lost is Lost.NOTHING
    [order] = [each for each in found if not isinstance(each, Problem)]
    assert order.paid_fen is None
    both = [*exports.HEADINGS, due]
    with read(exports.text(tmp_path / "b.csv", exports.table([exports.order(**{due: 99})], both))) as export:
        found = list(export.orders())
    assert not any("不是付了的钱" in each.sentence for each in found if isinstance(each, Problem))
    assert [each.paid_fen for each in found if not isinstance(each, Problem)] == [4360]


@pytest.mark.parametrize("heading", ["应付运费", "应收邮费", "买家应付邮费"])
def test_what_is_due_for_the_way_is_no_sum_of_the_order(tmp_path: Path, heading: str) -> None:
    alone = [heading if each == "实付款(元)" else each for each in exports.HEADINGS if each != "运费(元)"]
    with read(exports.text(tmp_path / "a.csv", exports.table([exports.order(**{heading: 6})], alone))) as export:
        assert not any("不是付了的钱" in each.sentence for each in export.orders() if isinstance(each, Problem))
