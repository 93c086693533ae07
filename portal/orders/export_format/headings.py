"""Headings of other tools, and which columns of ours they are."""

from __future__ import annotations

from collections.abc import Mapping

from portal.orders.export_format.cells import Kind
from portal.orders.export_format.columns import BY_HEADING, OTHER_COLUMNS, WITNESSES, Column, normal_heading
from portal.orders.export_format.zones import split_zone

_SYNONYMS = {  # what other tools and other platforms call our columns; only where nothing else can be meant
    "订单编号": (
        "订单号 订单ID 主订单编号 主订单号 平台订单号 交易编号 交易号 交易订单号 线上订单号 原始单号 采购单号 "
        "订单单号 订单流水号 父订单号 线上单号 平台单号 采购订单号 采购订单编号 1688订单号 1688订单编号 "
        "阿里订单号 订货单号 交易单号 平台订单编号 原始订单号 原始订单编号 网店订单号 网店单号 店铺订单号 商城订单号 "
        "线上订单编号 orderno orderid ordernumber ordersn"
    ),
    "买家公司名": "买家公司 买家公司名称 采购方 采购方公司 客户公司 客户名称",
    "买家会员名": (
        "买家会员 买家账号 买家帐号 买家昵称 买家旺旺 买家旺旺号 买家ID 买家登录名 买家用户名 客户账号 客户昵称 "
        "客户网名 下单帐号 下单账号 会员名称 买家名称 buyernick buyer"
    ),
    "卖家公司名": "卖家公司 卖家公司名称 供应商 供应商名称 店铺名称 网店名称 归属店铺",
    "卖家会员名": "卖家会员 卖家账号 卖家帐号 卖家昵称 卖家旺旺 卖家登录名",
    "货品总价(元)": (
        "商品总价 商品金额 商品总金额 货款 货品总额 货品金额 宝贝总价 商品合计 货品合计 商品总额 商品总价(元)"
    ),
    "运费(元)": "邮费 快递费 运费金额 买家应付邮费 物流费 物流费用 实收运费 邮费(元) 配送费 freight shippingfee",
    "实付款(元)": (
        "实付金额 实付 实付总额 买家实付 买家实付金额 买家实际支付金额 实际支付 支付金额 付款金额 订单实付金额 "
        "已付金额 已付 用户实付金额 买家实付款 顾客实付 实付金额(元) 订单实付 paidamount"
    ),
    "售后状态": "售后状态 退款状态 退款售后状态 退款/售后状态 平台售后状态 refundstatus",
    "子订单编号": "子订单编号 子订单号 子单号 子订单ID 商品单号",
    "订单状态": "状态 交易状态 订单当前状态 平台状态 平台订单状态 线上状态 status orderstatus",
    "订单创建时间": (
        "下单时间 创建时间 订单时间 拍下时间 下单日期 订单日期 订单提交时间 成交时间 交易时间 拍单时间 "
        "订单成交时间 用户下单时间 订单下单时间 订单生成时间 提交时间 created createtime"
    ),
    "订单付款时间": (
        "付款时间 支付时间 付款日期 支付日期 支付完成时间 买家付款时间 付款确认时间 用户支付时间 付款完成时间 "
        "订单支付时间 paytime paidat"
    ),
    "收货人姓名": (
        "收货人 收件人 收件人姓名 收货姓名 收货人名称 收货人/提货人 客户姓名 收货人名 receiver receivername consignee"
    ),
    "收货地址": (
        "收件地址 收货人地址 收件人地址 详细地址 地址 收货详细地址 详细收货地址/提货地址 收件人详细地址 "
        "收货人详细地址 客户地址 详细收货地址 收货人完整地址 receiveraddress shippingaddress address"
    ),
    "邮编": "邮政编码 收货邮编 收件邮编",
    "联系电话": "电话 固定电话 收货人电话 收件人电话 收货电话 电话号码 收件电话 收货人固话",
    "联系手机": (
        "手机 手机号 手机号码 收货人手机 收件人手机 收货人手机号 收件人手机号 收货手机 联系手机号 "
        "收货人手机号/提货人手机号 收件手机 收件人手机号码 收货人手机号码 联系人手机 mobile receivermobile "
        "receiverphone phone"
    ),
    "买家留言": "留言 买家备注 客户留言 订单留言 用户备注 顾客留言 买家附言",
    "物流公司": (
        "快递公司 快递 物流 承运商 物流商 快递名称 配送方式 发货快递 发货物流公司 发货快递公司 "
        "物流公司名称 快递公司名称 承运公司 carrier"
    ),
    "运单号": (
        "快递单号 物流单号 物流编号 运单编号 快递编号 运单号码 快递运单号 发货单号 面单号 物流运单号 货运单号 "
        "快递号 物流单号/运单号 快递面单号 trackingnumber trackingno waybillno"
    ),
    "是否代发订单": "是否代发 代发",
    "下游渠道": "销售渠道 渠道 来源平台",
    "下游订单号": "下游订单编号 下游单号 分销订单号 渠道订单号",
    "货品标题": (
        "商品名称 商品标题 货品名称 产品名称 品名 宝贝标题 宝贝名称 商品 标题 产品标题 货品 产品 选购商品 "
        "货物名称 商品全称 productname itemname producttitle title 商品信息名称"
    ),
    "单价(元)": (
        "商品单价 货品单价 价格 商品价格 售价 销售单价 采购单价 成交单价 产品单价 京东价 产品售价 实际单价 "
        "采购价 成交价 商品销售价 单件价格 unitprice price"
    ),
    "数量": (
        "购买数量 商品数量 货品数量 宝贝数量 件数 采购数量 订购数量 下单数量 订货数量 产品数量 qty 购买件数 "
        "成交数量 sku件数 购买数 数目 商品件数 商品购买数量 采购数 quantity"
    ),
    "单位": "计量单位 商品单位",
    "货号": (
        "商品货号 商家编码 商品编码 货品编号 产品货号 款号 商品编号 产品编码 主商家编码 商家编码-商品维度 "
        "货品编码 商品款号"
    ),
    "型号": (
        "规格 商品规格 规格型号 销售属性 商品属性 货品规格 颜色规格 规格属性 sku规格 颜色尺码 规格名称 产品规格 "
        "平台规格名称 平台规格 "
        "颜色分类 颜色/尺码 规格/型号 颜色及规格 规格/颜色 尺码/颜色 商品规格名称 尺码颜色 variant spec specification"
    ),
    "Offer ID": "offerId 商品ID 货品ID 宝贝ID 产品ID",
    "SKU ID": "skuId 规格ID SKU编号 样式ID 商品规格ID 平台规格ID",
    "小计": (
        "小计 行小计 商品小计 货品小计 产品小计 宝贝小计 金额小计 小计金额 明细小计 单品小计 行金额 明细金额 行总价 "
        "subtotal linetotal lineamount"
    ),
    "订单金额": (
        "订单金额 订单总额 订单总金额 订单总价 订单合计 订单合计金额 合计金额 总金额 总价 总额 合计 总计 交易金额 "
        "ordertotal orderamount totalamount totalprice total"
    ),
    "单品货号": (
        "SKU货号 规格编码 SKU编码 规格商家编码 商家编码-规格维度 商品规格编码 规格编号 SKU编码(自定义) "
        "SKU商家编码 商家SKU"
    ),
}
_WEAK = {
    "实付款(元)": "商家实收金额 商家实收 商家应收 实收款 实收金额 实际收款 订单实收款"
}  # only where the buyer's own sum isn't there
_COLUMNS = BY_HEADING | {normal_heading(column.heading): column for column in OTHER_COLUMNS + WITNESSES}
SYNONYMS = {
    normal_heading(word): _COLUMNS[normal_heading(heading)]
    for heading, words in _SYNONYMS.items()
    for word in words.split()
}

WEAK = {
    normal_heading(word): _COLUMNS[normal_heading(heading)]
    for heading, words in _WEAK.items()
    for word in words.split()
}


class Headings:
    """The headings that are understood: the export's own, those that a shop has explained, and known synonyms.

    ``explained`` has the heading of a column of ours, or "" for one to be passed over, by another tool's heading.
    """

    def __init__(self, explained: Mapping[str, str] | None = None) -> None:
        self._explained = {
            normal_heading(theirs): _COLUMNS.get(normal_heading(ours)) for theirs, ours in (explained or {}).items()
        }

    def find(self, text: str) -> tuple[Column | None, str]:
        """(the column of a heading, whence it is known: own, explained, synonym, weak, or "" when it isn't)."""
        plain = normal_heading(text)
        if plain in BY_HEADING:
            return BY_HEADING[plain], "own"
        if plain in self._explained:
            return self._explained[plain], "explained"
        if plain in WEAK:
            return WEAK[plain], "weak"
        if plain in SYNONYMS:
            return SYNONYMS[plain], "synonym"
        bare, zone = split_zone(plain)
        column, how = self.find(bare) if bare != plain else (None, "")
        if column is None or column.kind is not Kind.MOMENT or zone is None:
            return None, ""
        return column._replace(zone=zone), "weak" if how == "weak" else "synonym"

    def count(self, cells: Mapping[int, str]) -> int:
        """How many of a row's cells are headings."""
        found = [self.find(text)[0] for text in cells.values()]
        return sum(1 for column in found if column is not None and column not in WITNESSES)

    def name_times(self, text: str) -> str:
        """Which of our columns of times this is, with a zone that isn't understood; "" for any other heading."""
        plain = normal_heading(text)
        bare, zone = split_zone(plain)
        column = self.find(bare)[0] if zone is None and bare != plain else None
        return column.heading if column is not None and column.kind is Kind.MOMENT else ""
