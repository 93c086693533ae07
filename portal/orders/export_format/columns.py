"""The columns of the export. Source: the 49 columns of the back office's 导出订单."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import timezone
from typing import NamedTuple

from portal.orders.export_format.cells import Kind
from portal.traditional import simplify

SHEET = "订单列表"
REQUIRED = ("订单编号", "货品标题", "数量", "单价(元)", "订单状态")


class Column(NamedTuple):
    """A column of the export. ``longest`` is in characters; ``zone``: of its times, where its heading says one."""

    heading: str
    key: str
    kind: Kind
    longest: int = 200
    zone: timezone | None = None


ORDER_COLUMNS = (
    Column("订单编号", "order_no", Kind.ORDER_NO, 40),
    Column("买家公司名", "buyer_company", Kind.TEXT),
    Column("买家会员名", "buyer_member", Kind.MEMBER, 64),
    Column("卖家公司名", "seller_company", Kind.TEXT),
    Column("卖家会员名", "seller_member", Kind.MEMBER, 64),
    Column("货品总价(元)", "goods_total_fen", Kind.MONEY),
    Column("运费(元)", "freight_fen", Kind.CHARGE),
    Column("涨价或折扣(元)", "adjustment_fen", Kind.ADJUSTMENT),
    Column("实付款(元)", "paid_fen", Kind.MONEY),
    Column("订单状态", "status_text", Kind.TEXT, 60),
    Column("订单创建时间", "ordered_at", Kind.MOMENT),
    Column("订单付款时间", "paid_at", Kind.MOMENT),
    Column("发货方", "shipper", Kind.TEXT),
    Column("收货人姓名", "receiver_name", Kind.TEXT, 100),
    Column("收货地址", "receiver_address", Kind.TEXT, 400),
    Column("邮编", "zip", Kind.ID, 40),
    Column("联系电话", "receiver_tel", Kind.PHONE),
    Column("联系手机", "receiver_mobile", Kind.PHONE),
    Column("买家留言", "buyer_note", Kind.TEXT, 2_000),
    Column("物流公司", "carrier_text", Kind.WORD, 300),
    Column("运单号", "tracking_text", Kind.TRACKING, 600),
    Column("发票：购货单位名称", "inv_title", Kind.TEXT),
    Column("发票：纳税人识别号", "inv_tax_no", Kind.ID),
    Column("发票：地址、电话", "inv_addr_tel", Kind.TEXT, 400),
    Column("发票收取地址", "inv_mail_addr", Kind.TEXT, 400),
    Column("关联编号", "related_no", Kind.ID),
    Column("代理商姓名", "agent_name", Kind.TEXT),
    Column("代理商联系方式", "agent_contact", Kind.TEXT),
    Column("是否代发订单", "is_dropship", Kind.FLAG),
    Column("代发服务商id", "dropship_provider_id", Kind.ID),
    Column("微商订单号", "weishang_order_no", Kind.ID),
    Column("下单批次号", "batch_no", Kind.ID),
    Column("下游渠道", "downstream_channel", Kind.WORD, 60),
    Column("下游订单号", "downstream_order_no", Kind.LONG_ID, 80),
    Column("下单公司主体", "purchasing_entity", Kind.TEXT),
    Column("发起人登录名", "initiator_login", Kind.TEXT),
    Column("是否发起免密支付", "passwordless_pay", Kind.TEXT),
)
LINE_COLUMNS = (
    Column("货品标题", "title", Kind.TEXT, 300),
    Column("单价(元)", "unit_price", Kind.PRICE),
    Column("数量", "quantity_milli", Kind.QUANTITY),
    Column("单位", "unit", Kind.TEXT, 20),
    Column("货号", "cargo_no", Kind.CODE_ID, 80),
    Column("型号", "spec", Kind.CODE, 300),
    Column("Offer ID", "offer_id", Kind.ID, 40),
    Column("SKU ID", "sku_id", Kind.ID, 40),
    Column("物料编号", "material_no", Kind.CODE_ID, 80),
    Column("单品货号", "sku_cargo_no", Kind.CODE_ID, 80),
    Column("货品种类", "category", Kind.TEXT),
)
OTHER_COLUMNS = (  # what other platforms' exports have beside ours
    Column("售后状态", "aftersale_text", Kind.AFTERSALE, 60),
    Column("子订单编号", "sub_order_no", Kind.ID),
)
WITNESSES = (  # sums that only bear out the others
    Column("小计", "line_sum_fen", Kind.MONEY),
    Column("订单金额", "order_sum_fen", Kind.MONEY),
)
NEVER_READ = ("发票：开户行及账号",)  # a bank account has no business here: its column is known and passed over


_DECORATION = re.compile(r"^[*※★☆●]+|[*※★☆●:]+$|\(必填项?\)|\[必填项?\]|【必填项?】|\(选填\)")


_FRAME = re.compile(r"^[【「\[]([^【】「」\[\]]+)[】」\]]$")  # 【订单编号】
_UNIT = re.compile(
    r"(?<=.)[(\[](?:元|人民币|cny|rmb|¥)?/?(?:元|件|个|双|套|条|只|pcs)?[)\]]$|(?<=.)/[元件]$", re.IGNORECASE
)


def normal_heading(text: str) -> str:
    """A heading as it is compared: width, spaces, invisible characters, stars, case and (元) don't matter."""
    text = simplify(unicodedata.normalize("NFKC", text))
    text = "".join(each for each in text if not each.isspace() and unicodedata.category(each) != "Cf")
    text = _FRAME.sub(r"\1", _DECORATION.sub("", text))
    text = _UNIT.sub("", text)
    return re.sub(r"^(是否发起免密支付).*", r"\1", text.casefold())


BY_HEADING = {normal_heading(column.heading): column for column in ORDER_COLUMNS + LINE_COLUMNS}
_NEVER_READ = {normal_heading(heading) for heading in NEVER_READ}


def is_never_read(heading: str) -> bool:
    """Whether this is the heading of a column that is known and passed over."""
    return normal_heading(heading) in _NEVER_READ


def find_place(places: Mapping[int, Column], key: str) -> int:
    """Where the column of this key stands; -1 for nowhere."""
    return next((place for place, column in places.items() if column.key == key), -1)
