"""What an order export may hold and still be read rightly: kinds of input, generated, and one file of each kind."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from portal.orders.export_format import HeadingsRefused, Lost, OrderRows, Problem, read
from portal.orders.export_format.cells import CellRefused, Kind, convert
from portal.orders.export_format.status_words import STATUSES
from portal.orders.export_format.statuses import read_status
from portal.sheets import Number
from tests import exports
from tests.exports import FEW, order, table

CASES = Path(__file__).parent.parent / "data" / "cases"
BEIJING = timedelta(hours=8)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


FIRST_DAY = utc(1899, 12, 30)
moments = st.integers(0, 345_000_000).map(lambda seconds: utc(2020, 1, 1) + timedelta(seconds=seconds))


def all_of(path: Path, **how: Any) -> tuple[list[OrderRows], list[Problem]]:
    """The orders and the problems of a file."""
    with read(path, **how) as export:
        found = list(export.orders())
    return [each for each in found if isinstance(each, OrderRows)], [
        each for each in found if isinstance(each, Problem)
    ]


def one(**cells: Any) -> tuple[OrderRows, list[Problem]]:
    """The only order of a table of text with these cells, and what is said about it."""
    with tempfile.TemporaryDirectory() as folder:
        [only], problems = all_of(exports.text(Path(folder) / "a.csv", table([order(**cells)])))
    return only, problems


# Times

_FORMS = [
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y.%m.%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S+08:00",
    "%Y-%m-%dT%H:%M:%S.000+0800",
    "%Y-%m-%d %H:%M:%S +08:00",
    "%Y-%m-%d %H:%M:%S.0",
    "%Y-%m-%d %H:%M:%S.123456",
    "%Y年%m月%d日 %H时%M分%S秒",
    "%Y年%m月%d日%H:%M:%S",
    "%Y年%m月%d日 %H点%M分%S秒",
    "%Y%m%d%H%M%S",
    "%Y%m%d %H%M%S",
    "%Y-%m-%d 星期四 %H:%M:%S",
    "%Y-%m-%d %p %I:%M:%S",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d\N{NO-BREAK SPACE}%I:%M:%S\N{NARROW NO-BREAK SPACE}%p",
    "%m/%d/%Y %I:%M:%S %p",
    "%b %d, %Y %I:%M:%S %p",
    "%d %b %Y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%a %b %d %H:%M:%S CST %Y",
    '="%Y-%m-%d %H:%M:%S"',
    "'%Y-%m-%d %H:%M:%S",
    "\u202d%Y-%m-%d %H:%M:%S\u202c",
]


@given(moments, st.sampled_from(_FORMS), st.booleans())
def test_a_time_is_the_same_however_it_is_written(moment: datetime, form: str, wide: bool) -> None:
    text = moment.strftime(form)
    if wide:
        text = text.translate({code: code + 0xFEE0 for code in range(0x30, 0x3B)})

    value, _note = convert(text, Kind.MOMENT, 200)

    assert value == moment - BEIJING


@given(moments, st.sampled_from(["上午", "下午"]))
def test_a_chinese_half_of_the_day_is_understood(moment: datetime, _half: str) -> None:
    half = "上午" if moment.hour < 12 else "下午"
    text = f"{moment:%Y}/{moment.month}/{moment.day} {half} {moment.hour % 12 or 12}:{moment:%M:%S}"

    assert convert(text, Kind.MOMENT, 200)[0] == moment - BEIJING


@given(moments, st.integers(-12, 14))
def test_a_zone_is_reckoned(moment: datetime, hours: int) -> None:
    sign = "-" if hours < 0 else "+"
    text = f"{moment:%Y-%m-%dT%H:%M:%S}{sign}{abs(hours):02d}:00"

    assert convert(text, Kind.MOMENT, 200)[0] == moment - timedelta(hours=hours)


@given(moments)
def test_a_spreadsheets_day_is_understood_as_number_and_as_text(moment: datetime) -> None:
    days = (moment - FIRST_DAY) / timedelta(days=1)

    for cell in (Number(repr(days)), repr(days), f"{days:.10f}"):
        assert convert(cell, Kind.MOMENT, 200)[0] == moment - BEIJING


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-05 24:00:00", utc(2026, 11, 5, 16)),
        ("2026年11月5日 晚上9点", utc(2026, 11, 5, 13)),
        ("2026-11-05 中午 12:30", utc(2026, 11, 5, 4, 30)),
        ("2026-11-05 凌晨12:30", utc(2026, 11, 4, 16, 30)),
        ("2026-11-05 下午 13:31", utc(2026, 11, 5, 5, 31)),
        ("2026-11-05 12:05 AM", utc(2026, 11, 4, 16, 5)),
        ("2026-11-05 12:05 PM", utc(2026, 11, 5, 4, 5)),
        ("2026-11-05 13:31 GMT+8", utc(2026, 11, 5, 5, 31)),
        ("20261105", utc(2026, 11, 4, 16)),
        ("202611051331", utc(2026, 11, 5, 5, 31)),
        ("25/11/2026 13:31", utc(2026, 11, 25, 5, 31)),
        ("1793856660", utc(2026, 11, 5, 5, 31)),
        ("星期四, 2026-11-05 13:31", utc(2026, 11, 5, 5, 31)),
        ("周四，2026年11月5日 13:31", utc(2026, 11, 5, 5, 31)),
        ("Thu Nov 05 2026 13:31:00 GMT+0800 (中国标准时间)", utc(2026, 11, 5, 5, 31)),
        ("Thu Nov 05 2026 13:31:00 GMT+0800 (China Standard Time)", utc(2026, 11, 5, 5, 31)),
    ],
)
def test_unusual_times(text: str, moment: datetime) -> None:
    assert convert(text, Kind.MOMENT, 200)[0] == moment


_TENS = ("", "十", "二十", "三十", "四十", "五十")
_ONES = ("", "一", "二", "三", "四", "五", "六", "七", "八", "九")


def spell(number: int) -> str:
    """A number below 60 as it is said of a time."""
    return _TENS[number // 10] + _ONES[number % 10] or "零"


@given(st.integers(1, 12), st.integers(0, 59), st.sampled_from(["上午", "下午"]), st.booleans(), st.booleans())
def test_times_in_words_are_those_in_digits(hour: int, minute: int, half: str, day: bool, blank: bool) -> None:
    """「二〇二六年十一月五日下午一点三十一分」, and the short forms 一点半, 一点一刻, 一点整, 一点零五."""
    expected = convert(f"2026-11-05 {half}{hour}:{minute:02d}", Kind.MOMENT, 200)[0]
    date = ("二〇二六年十一月五日" if day else "2026-11-05") + (" " if blank else "")
    spoken = "两" if hour == 2 else spell(hour)
    minutes = {0: ["", "整", "零分"], 15: ["一刻", "1刻"], 30: ["半"], 45: ["三刻"]}.get(minute, [])
    minutes = [*minutes, f"{spell(minute)}分", f"{minute}分"]
    if minute:
        minutes.append(spell(minute) if minute > 9 else f"零{spell(minute)}")
    for said in minutes:
        for name in (spoken, str(hour)):
            assert convert(f"{date}{half}{name}点{said}", Kind.MOMENT, 200) == (expected, "")


@given(moments)
def test_what_separates_a_time_may_be_a_point_or_missing(moment: datetime) -> None:
    for form in (
        "%Y-%m-%d %H.%M.%S",
        "%Y%m%dT%H%M%S",
        "%Y%m%d %H:%M:%S",
        "%Y-%m-%d %H%M%S",
        "%Y-%m-%d_%H:%M:%S",
        "%Y - %m - %d %H:%M:%S",
        "%Y/%m/%dT%H%M%S",
    ):
        assert convert(moment.strftime(form), Kind.MOMENT, 200)[0] == moment - BEIJING


@pytest.mark.parametrize(
    "text",
    ["2026-11-05 1331", "2026-11-05 十十点", "2026-11-05 下午一百点", "2026-11-05 13:311", "2026-11-05 13.311.5"],
)
def test_a_time_that_has_two_readings_is_refused(text: str) -> None:
    with pytest.raises(CellRefused):
        convert(text, Kind.MOMENT, 200)


def test_what_may_be_the_day_or_the_month_is_said() -> None:
    assert convert("11/5/2026 1:31 PM", Kind.MOMENT, 200)[1] == "按「月/日/年」读取，请核对"
    assert convert("11/15/2026 1:31 PM", Kind.MOMENT, 200)[1] == ""


@pytest.mark.parametrize(
    "text",
    [
        "昨天",
        "2026-13-01",
        "2026-11-31",
        "2026-11-05 25:00",
        "2026-11-05 上午 13:00",
        "2026-11-05 13:31 AM",
        "11-05",
        "5",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(CellRefused):
        convert(text, Kind.MOMENT, 200)


# Money and quantities


@given(
    st.integers(0, 99_999_999),
    st.sampled_from(["", "¥", "￥", "CNY ", "RMB", "人民币"]),
    st.sampled_from(["", "元", " 元", "CNY", "00", "0000"]),
    st.sampled_from(["", ","]),
    st.sampled_from(["", "\N{NO-BREAK SPACE}", " ", "\u200b", "\t"]),
)
def test_money_as_people_write_it(fen: int, before: str, after: str, comma: str, blank: str) -> None:
    text = f"{blank}{before}{fen // 100:{comma}}.{fen % 100:02d}{after}{blank}"

    assert convert(text, Kind.MONEY, 200) == (fen, "")
    assert convert(f"{blank}.{fen % 100:02d}{blank}", Kind.MONEY, 200) == (fen % 100, "")


@given(st.integers(1, 9_999_999), st.sampled_from(["-", "−", "－", "–", "—", "¥-", "-¥", "- "]))
def test_less_than_nothing_as_people_write_it(fen: int, minus: str) -> None:
    assert convert(f"{minus}{fen // 100}.{fen % 100:02d}", Kind.ADJUSTMENT, 200) == (-fen, "")


@pytest.mark.parametrize("text", ["包邮", "免运费", "卖家包邮", "无", "-", "—", " 包邮 "])
def test_free_freight_costs_nothing_but_nothing_was_paid_is_not_said_so(text: str) -> None:
    assert convert(text, Kind.CHARGE, 200) == (0, "")
    with pytest.raises(CellRefused):
        convert(text, Kind.MONEY, 200)


@given(st.integers(1, 10**6), st.integers(3, 97))
def test_a_price_by_division_is_rounded_and_that_is_said(fen: int, pieces: int) -> None:
    price = Decimal(fen) / 100 / pieces

    value, note = convert(f"{price:f}", Kind.PRICE, 200)

    assert isinstance(value, Decimal)
    assert abs(value - price) <= Decimal("0.0000005")
    assert note == ("" if value == price else "小数多于六位，已四舍五入到六位")


@given(
    st.integers(1, 999_999_999),
    st.sampled_from(["", "件", " 件", "个", "米", "(件)", "kg", "m2", "0"]),
    st.sampled_from(["", "x", "×", "共"]),
)
def test_quantities_as_people_write_them(milli: int, unit: str, before: str) -> None:
    whole, rest = divmod(milli, 1000)

    assert convert(f"{before}{whole}.{rest:03d}{unit}", Kind.QUANTITY, 200)[0] == milli


@pytest.mark.parametrize(
    "text", ["若干", "1e5", "-2", "2件3个", "0件", "NaN", "1.2345", "12,34", "2/3", "2件起", "3双装"]
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(CellRefused):
        convert(text, Kind.QUANTITY, 200)


def test_a_quantity_with_another_unit_than_its_column_is_said() -> None:
    only, problems = one(数量="2箱")
    assert only.lines[0].quantity_milli == 2_000
    assert [each.sentence for each in problems] == ["单位「箱」与「单位」一列的「件」不一致，按 2 件读取，请核对"]

    only, problems = one(数量="2双", 单位="")
    assert (only.lines[0].unit, problems) == ("双", [])


# Numbers that are names

digits = st.text("0123456789", min_size=8, max_size=15).filter(lambda text: text[0] != "0")
UNSEEN = ["\u202d", "\u202c", "\ufeff", "\u200b", "\u2060", "\u00ad"]


@given(digits, st.sampled_from(UNSEEN), st.integers(0, 8), st.sampled_from([Kind.ORDER_NO, Kind.LONG_ID, Kind.ID]))
def test_numbers_lose_what_cannot_be_seen_and_that_is_said(number: str, unseen: str, at: int, kind: Kind) -> None:
    assert convert(number[:at] + unseen + number[at:], kind, 200) == (number, "含有看不见的字符，已去掉")


@given(digits, st.sampled_from([Kind.ORDER_NO, Kind.LONG_ID, Kind.ID, Kind.TRACKING, Kind.CODE_ID]))
def test_wide_numbers_are_folded(number: str, kind: Kind) -> None:
    wide = number.translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)})

    assert convert(wide, kind, 200)[0] == number


@given(
    st.text("123456789", min_size=15, max_size=15),
    st.integers(1, 12),
    st.sampled_from([Kind.ORDER_NO, Kind.LONG_ID, Kind.TRACKING]),
)
def test_noughts_after_the_fifteenth_digit_are_doubted(start: str, many: int, kind: Kind) -> None:
    value, note = convert(start + "0" * many, kind, 200)
    assert value == start + "0" * many
    assert f"以 {'0' * many} 结尾，请核对后几位是否已被表格软件改成了 0" in note

    assert "结尾" not in convert(start + "0" * (many - 1) + "1", kind, 200)[1]
    assert convert(start[: 15 - min(many, 9)] + "0" * min(many, 9), kind, 200)[1] == ""


@pytest.mark.parametrize("kind", [Kind.ORDER_NO, Kind.LONG_ID, Kind.TRACKING, Kind.ID])
@pytest.mark.parametrize("unseen", ["\u3164", "\u115f", "\u2800", "\u034f", "\ufe0f", "\uffa0"])
@pytest.mark.parametrize("form", ["{0}{1}", "{1}{0}", "{1[0]}{0}{2}"])
def test_blank_letters_in_numbers_are_unseen_too(kind: Kind, unseen: str, form: str) -> None:
    number = "3905403692550747"
    value, note = convert(form.format(unseen, number, number[1:]), kind, 200)
    assert (value, bool(note)) == (number, True)


@pytest.mark.parametrize("form", ['"{}"', "“{}”", "{},", "{}；", "{}。", '" {} "', "'{}"])
def test_signs_around_an_order_s_number_go(form: str) -> None:
    assert convert(form.format("3905403692550747597"), Kind.ORDER_NO, 40) == ("3905403692550747597", "")


@pytest.mark.parametrize("form", ["（{}）", "[{}]", "【{}】", "「{}」", "<{}>", "( {} )"])
def test_a_frame_around_an_order_s_number_goes(form: str) -> None:
    assert convert(form.format("3905403692550747597"), Kind.ORDER_NO, 40)[0] == "3905403692550747597"


@pytest.mark.parametrize("sign", [" ", ",", "\N{NO-BREAK SPACE}", "，"])
@pytest.mark.parametrize("size", [3, 4])
def test_a_number_in_groups_is_one_number_and_that_is_said(sign: str, size: int) -> None:
    """As spreadsheets show it with a format of thousands, and people to read it out."""
    number = "3905403692550747597"
    if size == 3:
        said = f"{int(number):,}".replace(",", sign)
    else:
        said = " ".join(number[at : at + 4] for at in range(0, 19, 4))
    assert convert(said, Kind.ORDER_NO, 40) == (number, f"按「{number}」读取：去掉了中间的分隔")
    two = f"{number}{sign}{number}"
    with pytest.raises(CellRefused):
        convert(two, Kind.ORDER_NO, 60)


@pytest.mark.parametrize("lost", ["3905403692550747648.0", "3.90540369255075E+18", "3905403692550747597.00"])
def test_a_number_that_was_a_fraction_once_is_not_believed(lost: str) -> None:
    """What programs write of a column of floats: its last digits are others."""
    with pytest.raises(CellRefused):
        convert(lost, Kind.ORDER_NO, 40)


def test_an_order_repeated_with_an_invisible_character_is_the_same_order(tmp_path: Path) -> None:
    rows = [order(), order("\ufeff3905403692550747597", 型号="白色;L")]
    [only], _problems = all_of(exports.text(tmp_path / "a.csv", table(rows)))
    assert [line.spec for line in only.lines] == ["黑色;L", "白色;L"]


@pytest.mark.parametrize(
    "text", ["10月12日", "12-Oct", "Oct-26", "2026/10/12", "2026-10-12 00:00:00", "5月", "3/1/2026"]
)
@pytest.mark.parametrize("heading", ["型号", "货号", "单品货号"])
def test_codes_that_look_like_dates_are_kept_and_doubted(text: str, heading: str) -> None:
    only, problems = one(**{heading: text})
    assert only.lines[0].snapshot[heading] == text
    assert "像是被表格软件改成的日期" in problems[0].sentence and problems[0].column == heading


@pytest.mark.parametrize("text", ["ABC-12", "10-12", "HH-539", "46307", "2026新款", "M5", "12月龄", "1.5E3"])
def test_other_codes_are_not_doubted(text: str) -> None:
    assert one(型号=text, 货号=text)[1] == []


@pytest.mark.parametrize(
    ("form", "said"),
    [("yyyy-mm-dd", "2026-10-12"), ('m"月"d"日"', "10月12日"), ("d-mmm", "10月12日"), ("mmm-yy", "2026年10月")],
)
def test_a_code_in_a_cell_of_dates_is_what_the_spreadsheet_shows(tmp_path: Path, form: str, said: str) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = exports.fill(
            book, "订单列表", [[*FEW, "型号", "订单创建时间"], ["9001", "打底衫", 2, 18.8, "交易成功"]]
        )
        sheet.write_number(1, 5, 46307, book.add_format({"num_format": form}))
        sheet.write_number(1, 6, 46331.5, book.add_format({"num_format": form}))
    [only], [problem] = all_of(path)
    assert only.lines[0].spec == said
    assert problem == Problem(2, "型号", f"「{said}」像是被表格软件改成的日期，请核对原来的型号", Lost.NOTHING, "9001")
    assert only.ordered_at == datetime(2026, 11, 5, 4, tzinfo=UTC)


# What is optional


@given(
    st.sampled_from(["运费(元)", "实付款(元)", "订单创建时间", "是否代发订单", "货品总价(元)", "订单付款时间"]),
    st.text("四十三昨天abc?", min_size=2, max_size=8),
)
def test_an_optional_cell_never_costs_the_order_and_is_kept(heading: str, text: str) -> None:
    only, problems = one(**{heading: text})
    assert len(only.lines) == 1
    assert text in only.more.values()
    assert any(each.column == heading and "这一格没有采用，原文已保留" in each.sentence for each in problems)
    assert all(each.lost is Lost.NOTHING for each in problems)


def test_an_optional_cell_with_an_error_never_costs_the_order(tmp_path: Path) -> None:
    cells = '<c r="F2" t="e"><v>#N/A</v></c>'
    sheet = exports.inline_row(1, [*FEW, "SKU ID"])
    sheet += exports.inline_row(2, ["9001", "打底衫", 2, 18.8, "交易成功"]).replace("</row>", cells + "</row>")
    [only], [problem] = all_of(exports.workbook(tmp_path / "a.xlsx", sheet))
    assert (only.lines[0].sku_id, only.lines[0].snapshot["SKU ID"]) == ("", "#N/A")
    assert problem.lost is Lost.NOTHING


# Statuses


@given(
    st.sampled_from(sorted(STATUSES)),
    st.sampled_from(["", " ", "\N{NO-BREAK SPACE}", "。", ",", "\N{IDEOGRAPHIC SPACE}"]),
)
def test_known_words_are_known_with_blanks_and_points_too(word: str, more: str) -> None:
    assert read_status(word + more)[0] == STATUSES[word]


# Sheets and files


def test_hidden_sheets_are_said_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name in ("11月", "10月", "9月"):
            sheet = exports.fill(book, name, [FEW, [f"900{name[:-1]}", "打底衫", 2, 18.8, "交易成功"]])
            if name == "10月":
                sheet.hide()
        exports.fill(book, "说明", [["本月订单"]])
        exports.fill(book, "8月", [FEW[:4], ["9008", "打底衫", 2, 18.8]])
    orders, problems = all_of(path)
    assert [(each.order_no, each.sheet) for each in orders] == [("90011", ""), ("9009", "9月")]
    assert [each.sentence for each in problems] == [
        "工作表「8月」没有读：缺少必需的列：「订单状态」，请使用后台「导出订单」得到的文件",
        "隐藏的工作表「10月」没有读",
    ]


def test_problems_of_a_second_sheet_say_which(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        exports.fill(book, "11月", [FEW, ["9001", "打底衫", 2, 18.8, "交易成功"]])
        exports.fill(book, "10月", [FEW, ["9002", "打底衫", "若干", 18.8, "交易成功"]])
    _orders, problems = all_of(path)
    assert {(each.sheet, each.row) for each in problems} == {("10月", 2)}


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\r\n", b"\xef\xbb\xbf\r\n"])
def test_a_mark_before_the_zip_does_no_harm(tmp_path: Path, before: bytes) -> None:
    path = exports.xlsx(tmp_path / "a.xlsx", table([order()]))
    path.write_bytes(before + path.read_bytes())
    assert len(all_of(path)[0]) == 1


def test_a_workbook_with_the_old_ending_is_read(tmp_path: Path) -> None:
    exports.xlsx(tmp_path / "a.xlsx", table([order()])).rename(tmp_path / "a.xls")
    assert len(all_of(tmp_path / "a.xls")[0]) == 1


# Headings


@given(st.sampled_from(["*{}", "{}*", "＊{}", "★{}", "{}（必填）", "{}：", "* {}"]), st.sampled_from(FEW))
def test_headings_with_stars_are_the_same(form: str, heading: str) -> None:
    headings = [form.format(each) if each == heading else each for each in FEW]
    with tempfile.TemporaryDirectory() as folder:
        path = exports.text(Path(folder) / "a.csv", [headings, ["9001", "打底衫", 2, 18.8, "交易成功"]])
        orders, problems = all_of(path)
    assert (len(orders), problems) == (1, [])


def test_headings_that_a_shop_has_explained_are_taken_without_a_word(tmp_path: Path) -> None:
    headings = ["单据", "商品名称", "数量", "单价", "订单状态"]
    path = exports.text(tmp_path / "a.csv", [headings, ["9001", "打底衫", 2, 18.8, "交易成功"]])
    with pytest.raises(HeadingsRefused) as refused:
        read(path)
    assert refused.value.seen == ({"单据": "", "商品名称": "货品标题"}, ["数量", "单价(元)", "订单状态"])
    [only], problems = all_of(path, explained={"单据": "订单编号", "商品名称": "货品标题"})
    assert (only.order_no, problems) == ("9001", [])


def test_an_own_heading_goes_before_a_synonym(tmp_path: Path) -> None:
    headings = ["订单号", *FEW]
    path = exports.text(tmp_path / "a.csv", [headings, ["7", "9001", "打底衫", 2, 18.8, "交易成功"]])
    with read(path) as export:
        assert (export.surplus, export.synonyms) == (["订单号"], {})
        [only] = export.orders()
    assert isinstance(only, OrderRows) and only.order_no == "9001"


# One file of each kind


def test_four_decimals() -> None:
    [only], problems = all_of(CASES / "09_four_decimals.csv")
    [line] = only.lines
    assert (line.unit_price, line.quantity_milli, only.goods_total_fen) == (Decimal("18.80"), 2_000, 3760)
    assert (only.freight_fen, only.adjustment_fen, only.paid_fen, problems) == (600, 0, 4360, [])


def test_two_sheets() -> None:
    orders, _problems = all_of(CASES / "11_two_sheets.xlsx")
    assert [each.sheet for each in orders] == ["", "10月", "10月"]


def test_dates_as_text() -> None:
    orders, _problems = all_of(CASES / "13_dates_text.csv")
    assert [each.ordered_at for each in orders] == [datetime(2026, 11, 5, 5, 31, tzinfo=UTC)] * 8


def test_full_width_numbers() -> None:
    [only], _problems = all_of(CASES / "16_fullwidth.csv")
    assert (only.order_no, only.receiver_mobile) == ("3905403692550700161", "13425059650")
    assert (only.tracking_text, only.downstream_order_no) == ("75484863576596", "400123456789012345")
    assert (only.lines[0].unit_price_fen, only.lines[0].quantity_milli, only.more["zip"]) == (1880, 2_000, "310000")


def test_invisible_characters_in_numbers() -> None:
    orders, problems = all_of(CASES / "18_invisible_in_number.csv")
    assert [each.order_no for each in orders] == [
        "3905403692550700018",
        *(f"390540369255070018{number}" for number in range(1, 6)),
    ]
    assert [(each.order_no[-3:], each.sentence) for each in problems] == [
        (number, "含有看不见的字符，已去掉") for number in ("018", "181", "182")
    ]


def test_headings_of_another_tool() -> None:
    [only], problems = all_of(CASES / "19_heading_other_tool.csv")
    assert (only.order_no, only.lines[0].quantity_milli) == ("3905403692550700019", 2_000)
    assert [each.sentence for each in problems] == [
        "「订单号」一列按「订单编号」读取",
        "「商品名称」一列按「货品标题」读取",
        "「购买数量」一列按「数量」读取",
    ]


def test_status_words() -> None:
    orders, problems = all_of(CASES / "23_status_words.csv")
    assert [each.status for each in orders] == [
        *("in_transit", "unshipped", "in_transit", "completed", "completed"),
        *("completed", "cancelled", "unpaid", "in_transit", "delivered"),
    ]
    assert [each.sentence for each in problems] == ["「部分发货」按已发货导入，没有发出的部分请与买家说明"]


def test_tracking_forms() -> None:
    orders, _problems = all_of(CASES / "30_tracking_forms.csv")
    assert [[parcel.tracking_no for parcel in each.parcels] for each in orders] == [
        ["JDVA01234567890"],
        ["SF1234567890123", "SF1234567890124"],
        ["75484863576596", "75484863576597"],
    ]
    assert [each.tracking_text for each in orders][1] == "SF1234567890123;SF1234567890124"


# Rows and sheets that are no orders


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("name", ["合计", "总计：", "小 计", "本页合计", "Total"])
def test_a_row_of_sums_is_no_order_and_is_said(tmp_path: Path, at: int, name: str) -> None:
    good = [[f"900{each}", "打底衫", 2, 18.8, "交易成功"] for each in (1, 2)]
    for sums in ([name, "", 4, 75.2, ""], ["", name, 4, 75.2, ""]):
        rows = [*good[: at - 1], sums, *good[at - 1 :]]
        orders, problems = all_of(exports.text(tmp_path / "a.csv", [FEW, *rows]))
        assert [(each.order_no, len(each.lines), each.whole) for each in orders] == [
            ("9001", 1, True),
            ("9002", 1, True),
        ]
        assert [(each.row, each.lost) for each in problems] == [(at + 1, Lost.NOTHING)]


@pytest.mark.parametrize("every", [1, 2, 3])
def test_headings_that_stand_again_are_passed_over(tmp_path: Path, every: int) -> None:
    """Pages that were put together."""
    rows: list[list[Any]] = []
    for number in range(6):
        rows += [FEW] if number % every == 0 else []
        rows += [[f"900{number}", "打底衫", 2, 18.8, "交易成功"]]
    orders, problems = all_of(exports.text(tmp_path / "a.csv", [FEW, *rows]))
    assert ([each.order_no for each in orders], problems) == ([f"900{number}" for number in range(6)], [])


STRANGE = (
    ["流水", "内容", "多少", "每件", "进度"],
    ["Order", "Item", "Count", "Each", "State"],
    ["A", "B", "C", "D", "E"],
)


@pytest.mark.parametrize("headings", STRANGE)
def test_a_table_of_strange_headings_can_be_explained(tmp_path: Path, headings: list[str]) -> None:
    path = exports.text(tmp_path / "a.csv", [["11月订单"], headings, ["9001", "打底衫", 2, 18.8, "交易成功"]])
    with pytest.raises(HeadingsRefused) as refused:
        all_of(path)
    assert list(refused.value.seen.theirs) == headings
    [only], _ = all_of(path, explained=dict(zip(headings, FEW, strict=True)))
    assert (only.order_no, only.lines[0].quantity_milli) == ("9001", 2_000)


@pytest.mark.parametrize("headings", STRANGE)
def test_a_second_sheet_of_strange_headings_is_not_lost_in_silence(tmp_path: Path, headings: list[str]) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        exports.fill(book, "11月", [FEW, ["9001", "打底衫", 2, 18.8, "交易成功"]])
        exports.fill(book, "10月", [headings, ["9002", "打底衫", 2, 18.8, "交易成功"]])
        exports.fill(book, "说明", [["请勿修改表头"], ["导出人", "小王"]])
    orders, problems = all_of(path)
    assert [each.order_no for each in orders] == ["9001"]
    assert [each.sentence for each in problems] == ["工作表「10月」没有读：没有找到认识的表头"]


@pytest.mark.parametrize("quantity", ["数量(件)", "数量（双）", "数量/件", "数量[个]", "数量(PCS)"])
@pytest.mark.parametrize("price", ["单价(元/件)", "单价（元）", "单价/元", "单价(¥)", "单价[元/双]"])
def test_a_heading_may_name_its_unit(tmp_path: Path, quantity: str, price: str) -> None:
    headings = ["订单编号", "货品标题", quantity, price, "订单状态"]
    [only], problems = all_of(exports.text(tmp_path / "a.csv", [headings, ["9001", "打底衫", 2, 18.8, "交易成功"]]))
    assert (only.lines[0].quantity_milli, only.lines[0].unit_price_fen, problems) == (2_000, 1_880, [])


def test_a_heading_that_counts_dozens_or_boxes_is_asked_about(tmp_path: Path) -> None:
    for unit in ("打", "箱", "包"):
        headings = ["订单编号", "货品标题", f"数量({unit})", "单价(元)", "订单状态"]
        with pytest.raises(HeadingsRefused):
            all_of(exports.text(tmp_path / "a.csv", [headings, ["9001", "打底衫", 2, 18.8, "交易成功"]]))
