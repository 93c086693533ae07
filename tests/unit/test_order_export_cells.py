"""Cells of an export: money, quantities, moments and numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from portal.orders.export_format import Lost, Problem
from portal.orders.export_format.cells import CellRefused, parcels_of
from portal.orders.export_format.columns import (
    BY_HEADING,
    REQUIRED,
    normal_heading,
)
from portal.orders.export_format.dozens import PRICE_OF_PIECE, UNCLEAR
from portal.orders.export_format.moments import SHORT_YEAR, read_moment
from tests import exports
from tests.exports import FEW, line, order, table
from tests.unit.order_exports import NOT_TAKEN, NUMBER, QUANTITY, all_of, few, shown

# Cells

MONEY = "请填写金额，最多两位小数，例如 1234.50"


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
