"""The order export as it is, as people send it, and broken in every way that trust.md's list knows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import xlsxwriter

from portal.orders.export_format import Lost, Parcel, Problem, read
from portal.orders.export_format.columns import (
    BY_HEADING,
    LINE_COLUMNS,
    NEVER_READ,
    ORDER_COLUMNS,
    normal_heading,
)
from portal.orders.export_format.lines import TOO_MUCH_PAID
from tests import exports
from tests.exports import FEW, HEADINGS, gift, line, order, table
from tests.unit.order_exports import NOT_TAKEN, NUMBER, all_of, few, refused

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
    assert "实付款却是 99,999.00 元，很可能填错了；请改正后再导入这张订单" in first.sentence
    assert (second.row, second.sentence, second.lost) == (3, "所属订单（第 2 行）未能导入", Lost.LINE)


def test_an_order_that_was_never_paid_owes_no_sum(tmp_path: Path) -> None:
    rows = [order(**{"实付款(元)": 0, "订单状态": "等待买家付款"})]
    assert all_of(exports.xlsx(tmp_path / "a.xlsx", table(rows)))[1] == []


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
