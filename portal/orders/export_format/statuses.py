"""What exports say of an order's status, and which of ours it is."""

from __future__ import annotations

import re
import unicodedata

_STATUS_WORDS = {  # our status: what exports say for it, the words of this platform first
    "unpaid": "等待买家付款 待付款 等待付款 未付款 待支付 等待支付 未支付 待买家付款 waitbuyerpay",
    "unshipped": (
        "等待卖家发货 待发货 等待发货 未发货 买家已付款 已付款 已支付 待卖家发货 等待商家发货 "
        "待商家发货 买家已付款等待卖家发货 已付款待发货 待配货 配货中 备货中 待出库 等待出库 "
        "待打单 待打印 待拣货 拣货中 待打包 打包中 待发出 等待供应商发货 等待厂家发货 waitsellersend "
        "等待您发货 已打款待发货 已备货 卖家已备货 paid "
        "waitsellersendgoods"
    ),
    "in_transit": (
        "等待物流公司揽件 等待买家收货 等待买家签收 已发货 卖家已发货 商家已发货 待收货 等待收货 "
        "待买家收货 等待买家确认收货 等待确认收货 待确认收货 卖家已发货等待买家确认 已发货待收货 "
        "已发货待签收 待签收 等待签收 已出库 待揽收 待揽件 已揽收 已揽件 运输中 在途 配送中 "
        "派送中 派件中 部分发货 部分已发货 卖家部分发货 已发出 全部发货 已全部发货 发货完成 待取件 "
        "shipped ordershipped intransit 待自提 待配送 已到站 waitbuyerreceive waitbuyerconfirmgoods"
    ),
    "delivered": (
        "买家已签收 已收货 已签收 签收 已妥投 买家已收货 买家已确认收货 已确认收货 客户已签收 已自动确认收货 "
        "系统已自动确认收货 已签收待评价 delivered received 待评价 confirmgoods"
    ),
    "completed": (
        "交易成功 交易完成 已完成 订单完成 订单已完成 交易已完成 交易已成功 已成功 完成 已评价 双方已评 success "
        "交易完结 订单完结 已完结 completed finished "
        "tradefinished"
    ),
    "cancelled": (
        "交易取消 交易关闭 交易终止 已取消 订单取消 订单已取消 交易已取消 买家取消 卖家取消 "
        "买家已取消 已关闭 订单关闭 订单已关闭 交易已关闭 退款成功 已退款 全额退款 退款完成 "
        "退款已完成 已全额退款 退货退款成功 已作废 作废 关闭 取消 refunded closed cancelled canceled cancel terminated "
        "tradeclosed tradeclosedbytaobao"
    ),
    "refunding": (
        "退款中 退款处理中 申请退款 退款申请中 申请退款中 退货退款中 退货中 售后中 售后处理中 待退款 等待退款 refunding"
    ),
}
STATUSES = {word: status for status, words in _STATUS_WORDS.items() for word in words.split()}
_MONEY_BACK = frozenset(
    "退款成功 已退款 全额退款 退款完成 退款已完成 已全额退款 退货退款成功 refunded".split()
)  # those of cancelled that also come after a trade that was done
_BETWEEN = re.compile(r"[()（）\[\]【】,，、;；/|｜:：\s]+")
PARTLY = "部分"  # some of it is on its way, some not
UNKNOWN_STATUS = "「{text}」不是认识的订单状态，按「状态待确认」导入，买家暂时不能申请，请核对"
PARTLY_SHIPPED = "「{text}」按已发货导入，没有发出的部分请与买家说明"


def is_money_back(text: str) -> bool:
    """Whether an export's words say that all was refunded, not that the order was called off."""
    return _plain(text) in _MONEY_BACK


def _plain(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())


def read_status(text: str) -> tuple[str, str]:
    """(our status of an export's words, what is to be said about it or "")."""
    plain = _plain(text)
    status = STATUSES.get(plain, "unknown")
    if status == "unknown":  # 交易成功（已评价）: several words that all mean the same
        parts = {STATUSES.get(_plain(part), "unknown") for part in _BETWEEN.split(text) if _plain(part)}
        status = parts.pop() if len(parts) == 1 else status
    if status == "unknown":
        return status, UNKNOWN_STATUS.format(text=text[:30])
    return status, PARTLY_SHIPPED.format(text=text[:30]) if PARTLY in plain else ""
