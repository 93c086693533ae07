"""What an import did not believe, and the sentences that say why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from portal.inputs import money_text, quantity_text
from portal.orders.export_format import OrderRows
from portal.words import BEIJING

COLUMNS = {
    "status": "订单状态",
    "goods_total_fen": "货品总价(元)",
    "freight_fen": "运费(元)",
    "adjustment_fen": "涨价或折扣(元)",
    "paid_fen": "实付款(元)",
    "ordered_at": "订单创建时间",
    "paid_at": "订单付款时间",
    "receiver_name": "收货人姓名",
    "receiver_phone": "联系手机",
    "receiver_address": "收货地址",
    "buyer_note": "买家留言",
    "downstream_channel": "下游渠道",
    "downstream_order_no": "下游订单号",
    "carrier_text": "物流公司",
    "tracking_text": "运单号",
    "is_dropship": "是否代发订单",
}
CALLED_OFF, SENT = "已在本平台取消", "已在本平台发货"
OLDER = "表格比已知的更早"
GIVEN_UP = "以前的表格就是这样，后来已经更新过"
REFUND_AGAIN = "已确认退款撤销，从表格看不出是不是又申请了退款"
STILL_REFUNDING = "已知是退款中，从表格看不出退款是否已撤销"
WITHDRAWN = "表格说退款已关闭，请核对后采信"
BESIDE = "与已知的状态不能同时成立"
WORDLESS = "看不懂这个状态"
REFUNDED = "比已登记的退款少，保留原来的实付款"
CASE_OPEN = "有进行中的售后单，售后单按申请时的数据处理"
LINES_DIFFER = "与已知的明细合计不一致"
FEWER = "比已知的包裹少"
MOVED = "由 {was} 元变为 {now} 元，单价和数量却没有变，按表格更新，请核对"


class Doubt(NamedTuple):
    """Something in a file that wasn't believed: what is kept, what the file says, and why. Words for a person."""

    row: int
    column: str  # its heading
    kept: str
    said: str
    why: str
    name: str = ""  # our name of the column
    values: Mapping[str, Any] = {}  # what would be written if it were believed


def make_doubt(order: OrderRows, name: str, kept: Any, said: object, why: str) -> Doubt:
    return Doubt(order.row, COLUMNS[name], shown(name, kept), shown(name, said), why, name, {name: said})


def doubt_status(order: OrderRows, known: Mapping[str, Any], why: str) -> Doubt:
    """The status that a file says."""
    kept, said = known["status_text"] or known["status"], order.status_text or order.status
    values = {"status": order.status, "status_text": order.status_text}
    return Doubt(order.row, COLUMNS["status"], kept, said, why, "status", values)


def shown(name: str, value: Any) -> str:
    """A column's value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if name.endswith("_fen"):
        return money_text(value)
    if name.endswith("_milli"):
        return quantity_text(value)
    return f"{value.astimezone(BEIJING):%Y-%m-%d %H:%M}" if hasattr(value, "astimezone") else str(value)
