"""Builds order exports as people send them: good, odd and broken."""

from __future__ import annotations

import csv
import io
import random
import struct
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

SAMPLE = Path(__file__).parent / "data" / "orders-export.xlsx"

HEADINGS = """
订单编号 买家公司名 买家会员名 卖家公司名 卖家会员名 货品总价(元) 运费(元) 涨价或折扣(元) 实付款(元) 订单状态
订单创建时间 订单付款时间 发货方 收货人姓名 收货地址 邮编 联系电话 联系手机 货品标题 单价(元) 数量 单位 货号 型号
Offer_ID SKU_ID
物料编号 单品货号 货品种类 买家留言 物流公司 运单号 发票：购货单位名称 发票：纳税人识别号 发票：地址、电话
发票：开户行及账号 发票收取地址 关联编号 代理商姓名 代理商联系方式 是否代发订单 代发服务商id 微商订单号 下单批次号
下游渠道 下游订单号 下单公司主体 发起人登录名 是否发起免密支付(1:淘货源诚e赊免密支付2:批量下单免密支付)
""".split()
HEADINGS = [heading.replace("_", " ") for heading in HEADINGS]
FEW = ["订单编号", "货品标题", "数量", "单价(元)", "订单状态"]  # the least that an export must have

Cells = dict[str, Any]  # a row, by heading


def order(order_no: str = "3905403692550747597", /, **more: Any) -> Cells:
    """The first row of an order that adds up: two pieces at 18.80, freight 6."""
    return {
        "订单编号": order_no,
        "买家公司名": "成都蜀味优选商贸行",
        "买家会员名": "shuwei_cd",
        "卖家公司名": "义乌市恒盛针织有限公司",
        "卖家会员名": "hs_zhenzhi",
        "货品总价(元)": 37.6,
        "运费(元)": 6,
        "涨价或折扣(元)": 0,
        "实付款(元)": 43.6,
        "订单状态": "交易成功",
        "订单创建时间": "2026-11-05 13:31:00",
        "订单付款时间": "2026-11-05 13:37:00",
        "发货方": "义乌市恒盛针织有限公司",
        "收货人姓名": "李雯",
        "收货地址": "四川省 成都市 武侯区 一环路南二段8号",
        "邮编": "310000",
        "联系手机": "13425059650",
        "物流公司": "中通快递(ZTO)",
        "运单号": "75484863576596",
        "是否代发订单": "否",
        **line(),
        **more,
    }


def known(order_: Any, line_: Any) -> Cells:
    """The row of an order that is known, of the cast's buyer and shop, with its one line; dates are left out."""
    row = order(order_.order_no, 买家会员名="buyer", 卖家会员名="seller", 运单号=order_.tracking_text)
    row |= {"Offer ID": line_.offer_id, "SKU ID": line_.sku_id, "型号": line_.spec, "货号": line_.cargo_no}
    row |= {"货品标题": line_.title, "单价(元)": line_.unit_price_fen / 100, "数量": line_.quantity_milli / 1000}
    sums = {"货品总价(元)": order_.goods_total_fen, "运费(元)": order_.freight_fen, "实付款(元)": order_.paid_fen}
    row |= {name: fen / 100 for name, fen in sums.items()}
    row |= {"收货人姓名": order_.receiver_name, "联系手机": order_.receiver_phone, "收货地址": order_.receiver_address}
    return row | dict.fromkeys(("订单创建时间", "订单付款时间", "发货方", "邮编", "是否代发订单"), "")


def line(**more: Any) -> Cells:
    """A continuation row: a line, without the order's own cells."""
    return {
        "货品标题": "纯棉圆领长袖打底衫 女 可印LOGO",
        "单价(元)": 18.8,
        "数量": 2,
        "单位": "件",
        "货号": "HH-539",
        "型号": "黑色;L",
        "Offer ID": "622726028641",
        "SKU ID": "4900126478449",
        **more,
    }


def gift(**more: Any) -> Cells:
    """A continuation row that costs nothing, so that the order still adds up."""
    return line(**{"单价(元)": 0, **more})


def table(rows: Iterable[Cells], headings: Sequence[str] = HEADINGS) -> Iterator[list[Any]]:
    """Headings and rows as lists."""
    yield list(headings)
    for row in rows:
        yield [row.get(heading, "") for heading in headings]


def xlsx(path: Path, rows: Iterable[Sequence[Any]], *, sheet: str = "订单列表", inline: bool = False) -> Path:
    """A workbook as Excel writes it; numbers as numbers, texts as texts. ``inline`` writes the texts into the rows."""
    with xlsxwriter.Workbook(str(path), {"constant_memory": inline, "strings_to_formulas": False}) as book:
        fill(book, sheet, rows)
    return path


def fill(book: Any, sheet: str, rows: Iterable[Sequence[Any]], at: int = 0) -> Any:
    """A sheet of a workbook under construction."""
    made = book.add_worksheet(sheet)
    for number, row in enumerate(rows, at):
        for place, value in enumerate(row):
            if isinstance(value, str):
                if value:
                    made.write_string(number, place, value)
            elif value is not None:
                made.write_number(number, place, value)
    return made


def text(
    path: Path, rows: Iterable[Sequence[Any]], *, encoding: str = "utf-8", delimiter: str = ",", end: str = "\r\n"
) -> Path:
    """A CSV file or one of its relatives."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))
    return path


CONTENT_TYPES = b"<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(path: Path, sheet: str, *, texts: str = "", book: str = "", **parts: str | bytes) -> Path:
    """A workbook put together by hand: ``sheet`` is the XML of sheetData's content, ``texts`` that of sst's."""
    if not book:
        sheets = '<sheets><sheet name="订单列表" r:id="r1"/></sheets>'
        book = f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{sheets}</workbook>'
    if not sheet.startswith("<?xml"):
        sheet = f'<worksheet xmlns="{MAIN}"><dimension ref="A1"/><sheetData>{sheet}</sheetData></worksheet>'
    if not texts.startswith("<?xml"):
        texts = f'<sst xmlns="{MAIN}">{texts}</sst>'
    relation = f'<Relationship Id="%s" Type="{RELATIONS}/%s" Target="%s"/>'
    rels = relation % ("r1", "worksheet", "worksheets/sheet1.xml") + relation % (
        "r2",
        "sharedStrings",
        "sharedStrings.xml",
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr("xl/workbook.xml", book)
        archive.writestr("xl/_rels/workbook.xml.rels", f"<Relationships>{rels}</Relationships>")
        archive.writestr("xl/sharedStrings.xml", texts)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def inline_row(number: int, cells: Iterable[Any]) -> str:
    """A row's XML with its texts in place."""
    made = ""
    for place, value in enumerate(cells):
        address = f"{chr(65 + place)}{number}"
        if isinstance(value, str):
            made += f'<c r="{address}" t="inlineStr"><is><t>{value}</t></is></c>'
        else:
            made += f'<c r="{address}"><v>{value}</v></c>'
    return f'<row r="{number}">{made}</row>'


def few_rows() -> str:
    """The XML of the least export: headings and one order."""
    return inline_row(1, FEW) + inline_row(2, ["3905403692550747597", "打底衫", 2, 18.8, "交易成功"])


def ole(path: Path, *streams: str) -> Path:
    """An old compound file with these names in its directory, as .xls and locked .xlsx are."""
    directory = b"".join(name.encode("utf-16-le").ljust(64, b"\0") + bytes(64) for name in streams)
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1528) + directory)
    return path


def lie_about_size(path: Path, part: str, size: int) -> Path:
    """Change what the zip's directory says of a part's unpacked size."""
    content = bytearray(path.read_bytes())
    at = content.rfind(part.encode()) - 46
    struct.pack_into("<L", content, at + 24, size)
    path.write_bytes(content)
    return path


def many(lines: int, *, seed: int = 1, start: int = 3 * 10**18, shops: int = 6, buyers: int = 8) -> Iterator[Cells]:
    """Orders with ``lines`` lines altogether, one to five each, as different from each other as real ones are."""
    chance = random.Random(seed)
    left, number = lines, 0
    while left > 0:
        number += 1
        count = min(left, chance.choice((1, 1, 2, 3, 5)))
        left -= count
        pieces = [(chance.choice((2, 10, 50)), chance.randrange(100, 9_000)) for _ in range(count)]
        goods = sum(quantity * fen for quantity, fen in pieces)
        shop, buyer = chance.randrange(shops), chance.randrange(buyers)
        own = {
            "货品总价(元)": goods / 100,
            "运费(元)": 6,
            "实付款(元)": (goods + 600) / 100,
            "卖家会员名": f"seller_{shop}",
            "卖家公司名": f"义乌市第{shop}针织有限公司",
            "买家会员名": f"buyer_{buyer}",
            "买家公司名": f"成都第{buyer}商贸行",
            "订单状态": chance.choice(("交易成功", "等待买家收货", "等待卖家发货", "交易关闭")),
            "联系手机": str(chance.randrange(13 * 10**9, 14 * 10**9)),
            "收货地址": f"四川省 成都市 武侯区 一环路南二段{number}号",
            "运单号": f"SF{chance.randrange(10**12, 10**13)}",
        }
        for place, (quantity, fen) in enumerate(pieces):
            product = chance.randrange(200)
            goods_cells = {
                "货品标题": f"纯棉圆领长袖打底衫 第{product}款",
                "单价(元)": fen / 100,
                "数量": quantity,
                "货号": f"HH-{product}",
                "Offer ID": str(622_000_000_000 + shop * 1_000 + product),
                "SKU ID": str(4_900_000_000_000 + shop * 10_000 + product * 10 + place),
            }
            yield order(str(start + number * 7_919), **own, **goods_cells) if place == 0 else line(**goods_cells)
