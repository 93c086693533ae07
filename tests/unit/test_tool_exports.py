"""Exports of other tools and platforms: their own headings and words are read without anybody explaining them."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from portal.orders.export_format import OrderRows, read
from portal.orders.export_format.headings import Headings

# Their headings in the order of 订单编号 货品标题 型号 数量 单价 订单状态 实付款 收货人姓名 联系手机 收货地址 运单号,
# then what else stands in such files and is none of ours.
TOOLS = {
    "聚水潭": (
        "线上订单号 商品名称 颜色规格 数量 商品单价 订单状态 已付金额 收货人 手机 地址 快递单号 | 内部订单号 "
        "卖家备注 分销商"
    ),
    "旺店通": (
        "原始单号 货品名称 规格名称 货品数量 单价 订单状态 已付 收件人 收件人手机 收件地址 物流单号 | 客服备注 规格码"
    ),
    "快麦": (
        "平台订单号 商品标题 规格 数量 单价 平台状态 实付金额 收件人姓名 收件人手机 收件人地址 快递单号 | "
        "系统订单号 系统状态"
    ),
    "千牛": (
        "订单编号 宝贝标题 商品属性 购买数量 价格 订单状态 买家实际支付金额 收货人姓名 联系手机 收货地址 "
        "物流单号 | 买家支付宝账号 宝贝种类 宝贝总数量"
    ),
    "抖店": (
        "主订单编号 选购商品 商品规格 商品数量 商品单价 订单状态 订单实付金额 收件人 收件人手机号 详细地址 "
        "快递单号 | 子订单编号 售后状态"
    ),
    "有赞": (
        "订单号 商品名称 规格 商品数量 商品单价 订单状态 订单实付金额 收货人/提货人 收货人手机号/提货人手机号 "
        "详细收货地址/提货地址 物流单号 | 归属渠道 商家订单备注"
    ),
    "京东": (
        "订单号 商品名称 规格 订购数量 京东价 订单状态 实付金额 客户姓名 联系手机 客户地址 运单号 | 结算金额 "
        "余额支付 发票类型"
    ),
    "店小秘": (
        "订单号 产品名称 产品规格 产品数量 产品售价 订单状态 实付金额 收件人姓名 手机 详细地址 货运单号 | 包裹号 "
        "店铺账号"
    ),
    "管家婆": (
        "订单编号 商品名称 规格 数量 单价 交易状态 实付金额 收货人 收货人手机 收货地址 物流单号 | 摘要 往来单位"
    ),
    "快手": (
        "订单编号 商品名称 商品规格 成交数量 商品单价 订单状态 实付款 收货人姓名 收货人手机 收货地址 快递单号 | "
        "快递面单"
    ),
    "小红书": (
        "订单号 商品名称 商品规格 SKU件数 商品单价 订单状态 实付金额 收件人姓名 收件人手机 收件人详细地址 "
        "快递单号 | 小红书编码"
    ),
    "万里牛": ("线上单号 商品名称 规格 商品数量 单价 订单状态 实付金额 收货人 联系手机 收货地址 运单号 | 系统单号"),
    "管易": (
        "平台单号 商品名称 规格名称 数量 实际单价 平台订单状态 实付金额 收货人 收货人手机 收货地址 物流单号 | "
        "单据状态 会员代码"
    ),
    "english": (
        "Order_ID Product_Name Variant Quantity Unit_Price Order_Status Paid_Amount Receiver Phone Address "
        "Tracking_Number"
    ),
    "臺灣": ("訂單編號 商品名稱 規格 數量 單價 訂單狀態 實付金額 收件人 手機 收件地址 物流單號 | 賣家備註"),
}
OURS = "order_no title spec quantity_milli unit_price_fen status paid_fen receiver_name receiver_mobile".split()
ROW = ["3905403692550747597", "打底衫", "黑色 L", "2", "18.80", "已发货", "37.60", "李雯", "13425059650", "一环路8号"]


def headings_of(tool: str) -> tuple[list[str], list[str]]:
    """The headings that are ours, in ROW's order, and the others."""
    ours, _bar, others = TOOLS[tool].partition(" | ")
    return [each.replace("_", " ") for each in ours.split()], others.split()


def taken(found: OrderRows) -> list[object]:
    [only] = found.lines
    return [getattr(only if hasattr(only, name) else found, name) for name in OURS] + [
        found.receiver_address,
        found.tracking_text,
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_a_file_of_another_tool_is_read_whole(tmp_path: Path, tool: str, seed: int) -> None:
    ours, others = headings_of(tool)
    cells = [*zip(ours, [*ROW, "75484863576596"], strict=True), *((other, "x") for other in others)]
    random.Random(f"{tool}{seed}").shuffle(cells)
    path = tmp_path / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[heading for heading, _cell in cells], [cell for _heading, cell in cells]])
    with read(path) as export:
        found = [each for each in export.orders() if isinstance(each, OrderRows)]
    assert [taken(each) for each in found] == [
        [
            ROW[0],
            "打底衫",
            "黑色 L",
            2000,
            1880,
            "in_transit",
            3760,
            "李雯",
            "13425059650",
            "一环路8号",
            "75484863576596",
        ]
    ]


@pytest.mark.parametrize("heading", "名称 金额 单号 备注 店铺 总数 内部订单号 系统订单号 应收金额 SKU".split())
def test_a_heading_that_may_mean_something_else_is_left_to_be_explained(heading: str) -> None:
    assert Headings().find(heading)[0] is None


AFTERSALE = [
    ("已签收", "退款成功", "cancelled"),
    ("已发货，待签收", "退款成功", "cancelled"),
    ("待发货", "退款中", "refunding"),
    ("已签收", "售后处理中", "refunding"),
    ("交易成功", "退款完成", "cancelled"),
    ("已签收", "无售后或售后取消", "delivered"),
    ("已签收", "无售后", "delivered"),
    ("已签收", "-", "delivered"),
    ("已签收", "", "delivered"),
    ("已签收", "退款关闭", "delivered"),
    ("交易成功", "售后已关闭", "completed"),
    ("已签收", "换货中", "delivered"),
    ("待付款", "退款成功", "cancelled"),
]


@pytest.mark.parametrize("heading", ["售后状态", "退款状态", "退款/售后状态"])
@pytest.mark.parametrize(("text", "aftersale", "status"), AFTERSALE)
def test_money_given_back_is_not_asked_for_again(
    tmp_path: Path, heading: str, text: str, aftersale: str, status: str
) -> None:
    """Other platforms have a column of its own for it, which was passed over."""
    path = tmp_path / "export.csv"
    headings = ["订单编号", "货品标题", "数量", "单价(元)", "订单状态", heading]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([headings, ["3905403692550747597", "打底衫", "2", "18.8", text, aftersale]])
    with read(path) as export:
        found = list(export.orders())
    [only] = [each for each in found if isinstance(each, OrderRows)]
    assert only.status == status
    said = [each.sentence for each in found if not isinstance(each, OrderRows) and each.row == 2]
    assert any("没有采用" in each for each in said) == (aftersale == "换货中")


@pytest.mark.parametrize("none", ["", "无售后", "-", "无售后或售后取消", "无"])
def test_lines_of_which_one_was_refunded_do_not_end_the_order(tmp_path: Path, none: str) -> None:
    path = tmp_path / "export.csv"
    headings = ["订单编号", "货品标题", "数量", "单价(元)", "订单状态", "售后状态"]
    rows = [
        ["3905403692550747597", title, "1", "10", "已签收", said] for title, said in (("甲", "退款成功"), ("乙", none))
    ]
    for first, second in ((0, 1), (1, 0)):
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([headings, rows[first], rows[second]])
        with read(path) as export:
            [only] = [each for each in export.orders() if isinstance(each, OrderRows)]
        assert only.status == "delivered"
        assert {line.title: line.own_status for line in only.lines} == {"甲": "cancelled", "乙": ""}
