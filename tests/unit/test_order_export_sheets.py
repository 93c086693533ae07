"""The forms of a file: sheets, texts in any encoding, rows that are cut off."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from portal.orders.export_format import Lost, OrderRows, Problem, read
from tests import exports
from tests.exports import FEW, gift, line, order, table
from tests.unit.order_exports import NUMBER, QUANTITY, all_of, few, refused

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
