"""Strange files through the page of uploads: what stands in the database then, what is said, what the doctor finds."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest
import xlsxwriter
from flask import Flask

from portal import doctor
from portal.calendar import clock
from portal.extensions import db, writing
from portal.models import ImportJob, Order, OrderLine
from portal.orders import known_shops, uploads
from tests import exports
from tests.cast import Cast, post, sign_in
from tests.exports import HEADINGS, Cells, line, table

ONE, TWO = "3905403692550747597", "3905403692550747611"
GOODS = [("黑色;L", 2_000, 1_880)]
COLUMN = {heading: place for place, heading in enumerate(HEADINGS)}
Tweak = Callable[[Any, Sequence[Any]], object]


def order(order_no: str = ONE, **more: Any) -> Cells:
    return exports.order(order_no, **{"买家会员名": "buyer", "卖家会员名": "seller", **more})


def listed(*rows: Cells, headings: list[str] = HEADINGS) -> list[list[Any]]:
    return list(table(rows, headings))


def book(*sheets: tuple[str, list[list[Any]]], tweak: Tweak = lambda _book, _sheets: None) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False}) as made:
        tweak(made, [exports.fill(made, name, rows) for name, rows in sheets])
    return out.getvalue()


def csv_of(*rows: Cells, headings: list[str] = HEADINGS) -> bytes:
    return _text(listed(*rows, headings=headings))


def _text(rows: list[list[Any]]) -> bytes:
    return "".join(",".join(f'"{cell}"' for cell in row) + "\r\n" for row in rows).encode("utf-8-sig")


def pasted(*rows: Cells) -> bytes:
    """As it is pasted out of a chat: tabs, no cells behind the last filled one, no line's end."""
    few = [
        "订单编号",
        "买家会员名",
        "卖家会员名",
        "订单状态",
        "货品标题",
        "单价(元)",
        "数量",
        "型号",
        "SKU ID",
        "买家留言",
        "联系电话",
    ]
    return "\n".join("\t".join(map(str, row)).rstrip("\t") for row in listed(*rows, headings=few)).encode()


def hide(_book: Any, sheets: Sequence[Any]) -> None:
    sheets[1].activate()
    sheets[1].set_first_sheet()
    sheets[0].hide()


class Strange(NamedTuple):
    """Files, one after the other; the orders that must stand, with their lines; the words that must be said."""

    files: list[tuple[str, bytes]]
    orders: dict[str, list[tuple[str, int, int]]]
    said: tuple[str, ...] = ()
    refused: int = 0


def x(content: bytes) -> list[tuple[str, bytes]]:
    return [("导出.xlsx", content)]


def c(*contents: bytes) -> list[tuple[str, bytes]]:
    return [("导出.csv", each) for each in contents]


BOTH = {ONE: GOODS, TWO: GOODS}
NO_TOTAL = [heading for heading in HEADINGS if heading != "货品总价(元)"]
REFUNDS = [["订单编号", "退款金额", "订单状态", "退款原因"], [TWO, "3", "退款成功", "破损"]]
GIFT = ("赠品", 1_000, 0)

STRANGE = {
    "a hidden sheet of the usual name beside one that is seen": Strange(
        x(book(("订单列表", listed(order())), ("导出", listed(order(TWO))), tweak=hide)),
        BOTH,
        ("工作表「订单列表」是隐藏的，也已读入",),
    ),
    "a sheet of refunds": Strange(
        x(book(("订单列表", listed(order())), ("退款", REFUNDS))), {ONE: GOODS}, ("工作表「退款」没有读",)
    ),
    "a cover and figures": Strange(
        x(book(("封面", [["订单导出说明"]]), ("导出", listed(order())), ("图", [["月", "额"], [11, 43.6]]))),
        {ONE: GOODS},
    ),
    "the same order in a second sheet, further on": Strange(
        x(book(("订单列表", listed(order(订单状态="等待卖家发货"))), ("新", listed(order())))), {ONE: GOODS}
    ),
    **{
        f"a foot of totals: {cells}": Strange(
            c(csv_of(order(), order(TWO), cells)), BOTH, (f"「{next(iter(cells.values()))}」一行不是订单，没有读",)
        )
        for cells in (
            {"订单编号": "合计", "数量": 4},
            {"订单编号": "合计：2单", "实付款(元)": 87.2},
            {"货品标题": "合计", "数量": 4, "实付款(元)": 87.2},
            {"货品标题": "总计：", "单价(元)": 37.6, "数量": 4, "货品总价(元)": 75.2},
            {"收货人姓名": "共计 2 个订单", "运费(元)": 12},
        )
    },
    "a foot of totals without the order's own": Strange(
        c(csv_of(order(), {"货品标题": "小计", "实付款(元)": 43.6, "单价(元)": 18.8, "数量": 2}, headings=NO_TOTAL)),
        {ONE: GOODS},
        ("「小计」一行不是订单",),
    ),
    **{
        f"a gift: {word}": Strange(
            c(csv_of(order(), line(型号="赠品", **{"SKU ID": "9", "单价(元)": word, "数量": 1}))),
            {ONE: [*GOODS, GIFT]},
            (f"「{word}」按 0 元读取",) if word else (),
        )
        for word in ("赠品", "赠送", "免费", "送")
    },
    "a line whose price is no number": Strange(
        c(csv_of(order(), line(型号="赠品", **{"SKU ID": "9", "单价(元)": "面议", "数量": 1}))),
        {ONE: GOODS},
        ("「面议」不能用",),
        refused=1,
    ),
    "pasted, the last row without its end": Strange([("粘贴.txt", pasted(order(), order(TWO)))], BOTH),
    "cut off": Strange(
        [("导出.csv", _text(listed(order(), order(TWO))).removesuffix(b"\r\n")[:-40])],
        {ONE: GOODS},
        ("从这里起读不出单元格",),
        refused=1,
    ),
    "the line's ids are lost": Strange(
        c(csv_of(order()), csv_of(order(**{"SKU ID": "", "Offer ID": ""}))), {ONE: GOODS}
    ),
    "relabelled, without ids": Strange(
        c(csv_of(order()), csv_of(order(**{"SKU ID": "", "Offer ID": "", "型号": "炭黑"}))),
        {ONE: GOODS},
        ("编号没有矛盾，只是名称或型号改了",),
    ),
    "older after newer": Strange(
        c(csv_of(order()), csv_of(order(订单状态="等待卖家发货"))), {ONE: GOODS}, ("表格比已知的更早",)
    ),
    "a line that is gone, one whose price changed": Strange(
        c(
            csv_of(order()),
            csv_of(order(型号="白", **{"SKU ID": "7"})),
            csv_of(order(**dict[str, Any]({"单价(元)": 1, "货品总价(元)": 2}))),
        ),
        {ONE: GOODS},
        ("表格里没有这一行，已知的明细不删除", "成交单价以首次导入的为准"),
    ),
    "hidden by a filter": Strange(
        x(
            book(
                ("订单列表", listed(order(), order(TWO))),
                tweak=lambda _book, sheets: sheets[0].set_row(2, None, None, {"hidden": True}),
            )
        ),
        BOTH,
        ("有 1 行在表格里是隐藏的（第 3 行）",),
    ),
    "an error in what is optional": Strange(
        x(
            book(
                ("订单列表", listed(order())),
                tweak=lambda _book, sheets: sheets[0].write_formula(1, COLUMN["运单号"], "=NA()", None, "#N/A"),
            )
        ),
        {ONE: GOODS},
        ("这一格是错误值 #N/A",),
    ),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_stands_after_a_strange_file(app: Flask, cast: Cast, name: str) -> None:
    strange = STRANGE[name]
    folder = app.extensions["portal_settings"].data.absolute() / "imports"
    with writing():
        known_shops.vouch({(cast.buyer, cast.shop)}, clock.now())
    seller, buyer = sign_in(app, "seller"), sign_in(app, "buyer")
    said, refused = "", 0
    for file_name, content in strange.files:
        sent = {"file": (io.BytesIO(content), file_name)}
        address = post(seller, "/seller/import", sent, content_type="multipart/form-data").location.split("?")[0]
        uploads.work_off(folder, clock.now)
        checked = newest()
        assert post(seller, address).status_code == 303
        uploads.work_off(folder, clock.now)
        done = newest()
        assert {**checked, "dry_run": done["dry_run"]} == done, "the check said what the import does"
        assert seller.get(address).status_code == 200
        said += "\n".join(each["sentence"] for each in done["problems"])
        refused += done["lines"]["refused"]
    assert refused == strange.refused
    assert not [words for words in strange.said if words not in said], said
    assert bought() == strange.orders
    assert not [found for found in doctor.findings() if found]
    for number in strange.orders:
        assert buyer.get(f"/orders/{number}").status_code == 200


def newest() -> dict[str, Any]:
    db.session.rollback()
    job = db.session.scalars(db.select(ImportJob).order_by(ImportJob.id.desc()).limit(1)).one()
    report = dict(job.report)
    db.session.rollback()
    return report


def bought() -> dict[str, list[tuple[str, int, int]]]:
    rows = db.session.execute(
        db.select(Order.order_no, OrderLine.spec, OrderLine.quantity_milli, OrderLine.unit_price_fen)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .order_by(Order.id, OrderLine.position)
    )
    found: dict[str, list[tuple[str, int, int]]] = {}
    for number, *of_line in rows:
        found.setdefault(number, []).append((of_line[0], of_line[1], of_line[2]))
    return found
