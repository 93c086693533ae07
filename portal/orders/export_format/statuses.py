"""What exports say of an order's status, and which of ours it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from portal.traditional import simplify

_STATUS_WORDS = {  # our status: what exports say for it, the words of this platform first
    "unpaid": (
        "等待买家付款 待付款 等待付款 未付款 待支付 等待支付 未支付 待买家付款 waitbuyerpay 已拍下未付款 "
        "已下单未付款 等待您付款 待付尾款 待付定金 已付定金 已付定金待付尾款 等待付尾款 待支付尾款 "
        "待尾款 没有创建支付宝交易 notpaid awaitingpayment "
        "tradenocreatepay paypending unpaid pendingpayment waitpay"
    ),
    "unshipped": (
        "等待卖家发货 待发货 等待发货 未发货 买家已付款 已付款 已支付 待卖家发货 等待商家发货 "
        "待商家发货 买家已付款等待卖家发货 已付款待发货 待配货 配货中 备货中 待出库 等待出库 "
        "待打单 待打印 待拣货 拣货中 待打包 打包中 待发出 等待供应商发货 等待厂家发货 waitsellersend "
        "发货中 已打包 打包完成待发货 "
        "等待您发货 已打款待发货 已备货 卖家已备货 paid 付款成功 支付成功 等待配货 等待打包 等待备货 正在备货 "
        "待接单 待商家接单 待成团 待拼单 待客审 待财审 已付款待审核 已客审待财审 待递交仓库 已递交仓库 "
        "已打单 已打印 已配货 已拣货 仓库处理中 待仓库发货 等待仓库发货 仓库待发货 toship readytoship readyforshipment "
        "等待供销商发货 等待外仓发货 待打印快递单 待称重 出库中 正在出库 商品出库中 待处理发货 "
        "等供销商外仓发货 延时审核 预订单前处理 委外前处理 抢单前处理 待包装 等待打印 等待厂商处理 已支付处理中 "
        "notshipped tobeshipped awaitingfulfillment "
        "waitsellersendgoods waitsellerstockout unshipped awaitingshipment unfulfilled"
    ),
    "in_transit": (
        "等待物流公司揽件 等待买家收货 等待买家签收 已发货 卖家已发货 商家已发货 待收货 等待收货 "
        "待买家收货 等待买家确认收货 等待确认收货 待确认收货 卖家已发货等待买家确认 已发货待收货 "
        "已发货待签收 待签收 等待签收 已出库 待揽收 待揽件 已揽收 已揽件 运输中 在途 配送中 "
        "派送中 派件中 部分发货 部分已发货 卖家部分发货 已发出 全部发货 已全部发货 发货完成 待取件 "
        "shipped ordershipped intransit 待自提 待配送 已到站 waitbuyerreceive waitbuyerconfirmgoods "
        "等待买家确认 已部分发货 部分出库 未签收 未收货 等待自提 待驿站取件 到货待取 在途中 正在运输 "
        "正在派送 正在配送 等待您收货 等待您确认收货 等待您签收 toreceive toconfirmreceive 未确认收货 "
        "待用户收货 待客户收货 待用户签收 待客户签收 待买家签收 待买家确认收货 已交运 已发运 已交付物流 "
        "等待揽收 等待揽件 揽收成功 揽件成功 待提货 已投柜 已放快递柜 已放驿站 已存驿站 delivering "
        "已交快递 清关中 已送达 已到达驿站 已到驿站 "
        "notdelivered awaitingcollection "
        "sellerconsignedpart waitgoodsreceiveconfirm outfordelivery partiallyshipped fulfilled"
    ),
    "delivered": (
        "买家已签收 已收货 已签收 签收 已妥投 买家已收货 买家已确认收货 已确认收货 客户已签收 已自动确认收货 "
        "超时自动确认收货 系统自动确认收货 自动确认收货 已提货 "
        "系统已自动确认收货 已签收待评价 delivered received 待评价 confirmgoods 签收成功 等待评价 "
        "待买家评价 等待买家评价 妥投 已自提 已签收未确认 已签收未确认收货 自提签收 "
        "确认收货 已签收待确认 已签收待确认收货 tradebuyersigned signed"
    ),
    "completed": (
        "交易成功 交易完成 已完成 订单完成 订单已完成 交易已完成 交易已成功 已成功 完成 已评价 双方已评 success "
        "交易完结 订单完结 已完结 completed finished 双方已评价 已追评 已成交 已结算 finishedl "
        "tradefinished tradesuccess"
    ),
    "cancelled": (
        "交易取消 交易关闭 交易终止 已取消 订单取消 订单已取消 交易已取消 买家取消 卖家取消 "
        "买家已取消 已关闭 订单关闭 订单已关闭 交易已关闭 退款成功 已退款 全额退款 退款完成 "
        "退款已完成 已全额退款 退货退款成功 已作废 作废 关闭 取消 refunded closed cancelled canceled "
        "cancel terminated 已失效 不成立 "
        "tradeclosed tradeclosedbytaobao tradecanceled tradecancelled 交易作废 交易失败 订单失效 取消成功 "
        "全部退款 已全部退款 全部退款成功 仅退款成功 仅退款完成 缺货取消 已取消缺货 "
        "超时关闭 超时取消 超时未付款 超时未支付 支付超时 付款超时 未付款取消 未付款关闭 未付款已取消 未付款已关闭 "
        "拼团失败 拼单失败 未成团 卖家关闭 买家关闭 已退货退款 退货退款完成 退款成功交易自动关闭 "
        "付款以后用户退款成功交易自动关闭 付款以前卖家或买家主动关闭交易"
    ),
    "refunding": (
        "退款中 退款处理中 申请退款 退款申请中 申请退款中 退货退款中 退货中 售后中 售后处理中 待退款 "
        "等待退款 refunding "
        "退款待处理 已申请退款 待商家处理退款 待卖家处理退款 等待卖家同意退款 等待卖家处理退款 退款协商中 "
        "申请退货退款 等待卖家确认退款 等待商家确认退款 等待商家处理退款 等待商家同意退款 待卖家确认退款 "
        "退货退款申请中 仅退款申请中 退款审核中 待商家确认退款 "
        "仅退款待处理 退货退款待处理 returnrequested refundrequested "
        "申请退货 申请售后 售后申请中 退货处理中 退货退款处理中 仅退款处理中 待买家退货 等待买家退货 待退货"
    ),
}
STATUSES = {word: status for status, words in _STATUS_WORDS.items() for word in words.split()}
_MONEY_BACK = frozenset(  # those of cancelled that also come after a trade that was done
    "退款成功 已退款 全额退款 退款完成 退款已完成 已全额退款 退货退款成功 refunded 已退货退款 退货退款完成 "
    "退款成功交易自动关闭 全部退款 已全部退款 全部退款成功 仅退款成功 仅退款完成 "
    "付款以后用户退款成功交易自动关闭".split()
)
# A refund that was asked for and won't be made: the order goes on. Where it stands such words don't say.
_REFUND_CLOSED = frozenset(
    f"{what}{end}"
    for what in ("退款", "售后", "维权", "退货", "退货退款", "退款申请", "售后申请", "退款售后")
    for end in "关闭 已关闭 取消 已取消 撤销 已撤销 撤回 已撤回".split()
) | {
    f"{who}{done}{what}"
    for who in ("买家", "用户", "客户", "")
    for done in ("已撤销", "撤销", "已取消", "取消", "已撤回", "撤回", "已关闭")
    for what in ("退款", "售后", "退款申请", "售后申请")
}
# What stands beside a status and says nothing of it.
_BESIDE = frozenset(
    "系统自动确认 自动确认 物流未揽收 未揽收 "
    "待评价 已评价 未评价 待追评 已追评 双方已评 双方已评价 买家已评价 交易未完成 交易进行中 已下单 已拍下 "
    "拼团成功 拼单成功 "
    "已成团 已接单 已审核 审核通过 打包完成 预售 现货 代发 一件代发 货到付款 无售后 未申请售后 "
    "无售后或售后取消 无退款 未退款 "
    "未申请退款 未确认 未确认收货 付款成功 支付成功 已付款 已支付 买家已付款 正常".split()
)
_WHOSE = (  # who or what a status may name first, and the statuses for which that is the same
    (("订单", "交易", "该订单"), frozenset(_STATUS_WORDS)),
    (("买家", "客户", "用户"), frozenset({"unpaid", "delivered", "completed", "cancelled", "refunding"})),
    (("卖家", "商家", "店铺", "供应商", "厂家"), frozenset({"unshipped", "in_transit", "cancelled"})),
    (("快件", "包裹", "快递", "物流", "商品", "货物"), frozenset({"in_transit", "delivered"})),
    (("系统", "平台", "客服", "风控", "超时", "自动"), frozenset({"cancelled"})),
    (("仓库",), frozenset({"unshipped"})),
)
_BETWEEN = re.compile(r"[()（）\[\]【】,，、;；。/|｜:：+&·~\-—\s]+")
# What stands beside a status and counts or dates it. 「已发货(1/2)」 and 「已签收0件」 say something else.
_DATED = re.compile(
    r"(?:(?:19|20)\d\d[-/.年])?(?<!\d)\d{1,2}(?:月\d{1,2}[日号]|-\d{2}(?![\d-]))|(?:19|20)\d\d([-/.])\d{1,2}\1\d{1,2}(?!\d)"
    r"|(?<!\d)\d{1,2}:\d{2}(?::\d{2})?(?!\d)"
)
_COUNTED = re.compile(r"[\s:/x×*(\[【]*(?:共|计)?[1-9]\d{0,2}\s*([件个单箱包票])?[\s)\]】]*$", re.IGNORECASE)
_OF_PARTS = re.compile(r"(?<=部分发货|部分出库)[\s(\[]*\d{1,3}\s*/\s*\d{1,3}\s*[件个单箱包票]?[)\]]*$")
_KINDS_OF_REFUND = frozenset({"退货退款", "仅退款", "退款退货", "退货"})
_ENDED = ("cancelled", "refunding")  # what may be true of one line of an order and not of the others
_STATUS_COLUMNS = frozenset({"订单状态", "售后状态"})
NO_AFTERSALE = "无售后"
MIXED = "各行状态不同"
STRANGE_AFTERSALE = "售后状态「{text}」没有采用：与订单状态「{status}」合起来看不懂，请核对"
MOST_WORDS = 60  # characters of both together
PARTLY = "部分"  # some of it is on its way, some not
UNKNOWN_STATUS = (
    "「{text}」不是认识的订单状态：新订单按「状态待确认」导入，买家暂时不能申请；已知的订单保留原来的状态。请核对"
)
PARTLY_SHIPPED = "「{text}」按已发货导入，没有发出的部分请与买家说明"
REFUND_CLOSED = (
    "「{text}」是退款已关闭，表格没有说订单到了哪一步：新订单按「状态待确认」导入，"
    "已知的订单回到退款前的状态，或保留原来的状态"
)
REFUND_CLOSED_SENT = "「{text}」是退款已关闭，订单有运单号，按已发货导入"


def is_money_back(text: str) -> bool:
    """Whether an export's words say that all was refunded, not that the order was called off."""
    return any(plain in _MONEY_BACK for plain in (_plain(text), *_parts(text)))


def is_refund_closed(text: str) -> bool:
    """Whether an export's words say that a refund was withdrawn or won't be made, whatever else they say."""
    return any(plain in _REFUND_CLOSED for plain in (_plain(text), *_parts(text)))


def says_only_refund_closed(text: str) -> bool:
    """Whether they say nothing else, so that where the order stands isn't known from them."""
    return is_refund_closed(text) and _read(text) == "unknown"


def _plain(text: str) -> str:
    plain = "".join(each for each in simplify(unicodedata.normalize("NFKC", text)).casefold() if each.isalnum())
    return re.sub("^己|已经", "已", plain).replace("出货", "发货")


def _parts(text: str) -> list[str]:
    """The words of a cell; 「已发货未签收」 is two."""
    words = [word for part in _BETWEEN.split(text) if (plain := _plain(part)) for word in _split(plain)]
    if any(word in _MONEY_BACK or word in _REFUND_CLOSED or _find(word) == "refunding" for word in words):
        return [word for word in words if word not in _KINDS_OF_REFUND]  # 退货退款，退款成功: what for, and how it went
    return words


def _split(plain: str) -> list[str]:
    if not _is_word(plain):
        for at in range(2, len(plain) - 1):
            if _is_word(plain[:at]) and _is_word(plain[at:]):
                return [plain[:at], plain[at:]]
    return [plain]


def _is_word(plain: str) -> bool:
    return plain in _BESIDE or plain in _REFUND_CLOSED or _find(plain) != "unknown"


def _find(plain: str) -> str:
    """The status of one word; whose it is may be said before it."""
    if plain in STATUSES:
        return STATUSES[plain]
    for names, allowed in _WHOSE:
        for name in names:
            if plain.startswith(name) and (found := STATUSES.get(plain.removeprefix(name))) in allowed:
                return found or "unknown"
    return "unknown"


def _without_numbers(words: str) -> str:
    """The words without a date, a time and a number of pieces: 「已发货(2)」, 「已签收 11-28 10:02」.

    Of what ended, or has arrived, a number of pieces may be a part of it: that is left for a person to read.
    """
    bare = _OF_PARTS.sub("", _DATED.sub(" ", unicodedata.normalize("NFKC", words)).strip())
    counted = _COUNTED.search(bare)
    if counted is None:
        return bare
    status = _find(_plain(bare[: counted.start()]))
    partly = status in _ENDED or (status in ("delivered", "completed") and counted[1])
    return bare if partly else bare[: counted.start()]


def _read(text: str) -> str:
    if "?" in text or "？" in text:
        return "unknown"
    if any(each.isdecimal() for each in text):
        text = "，".join(map(_without_numbers, re.split("[,，]", text)))
    whole = _find(_plain(text))
    if whole != "unknown":
        return whole
    parts = _parts(text)  # 交易成功（已评价）: several words that mean one thing
    known = {_find(part) for part in parts if part not in _BESIDE and part not in _REFUND_CLOSED}
    if not known:
        known = {_find(part) for part in parts if part not in _REFUND_CLOSED}
    if known == {"delivered", "completed"}:
        return "completed"
    if len(known) == 1:
        return known.pop()
    before, last = known - {"refunding", "cancelled"}, known & {"refunding", "cancelled"}
    if len(before) != 1 or len(last) != 1 or before <= {"unknown"}:
        return "unknown"
    ended = before <= {"unpaid", "unshipped"} or any(part in _MONEY_BACK for part in parts)
    if last == {"cancelled"}:  # 「未发货，退款成功」, 「待发货，已取消」; not 「已签收，交易关闭」
        return "cancelled" if ended else "unknown"
    return "unknown" if before == {"unpaid"} else "refunding"


def read_status(text: str, *, sent: bool = False) -> tuple[str, str]:
    """(our status of an export's words, what is to be said about it or ""). ``sent``: the row names a parcel."""
    status = _read(text)
    if status == "unknown" and is_refund_closed(text):
        said = REFUND_CLOSED_SENT if sent else REFUND_CLOSED
        return ("in_transit" if sent else status), said.format(text=text[:30])
    if status == "unknown":
        return status, UNKNOWN_STATUS.format(text=text[:30])
    return status, PARTLY_SHIPPED.format(text=text[:30]) if PARTLY in _plain(text) else ""


def ends_differ(status: str, columns: Iterable[str]) -> bool:
    """Whether an order's end may be that of one of its lines: the rows differ in these columns."""
    return status in _ENDED and not _STATUS_COLUMNS.isdisjoint(columns)


def read_aftersale(text: str) -> str:
    """The words of 售后状态, always the same where they say that there is none."""
    return text if any(each not in _BESIDE for each in _parts(text)) else NO_AFTERSALE


def _deny(text: str, other: str) -> bool:
    """Whether one says that a refund won't be made, and the other that it was made or is under way."""
    return is_refund_closed(text) and (is_money_back(other) or _read(other) == "refunding")


def read_statuses(values: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """(our status of a row's values, its words, what is to be said); 售后状态 is taken together with 订单状态.

    Whose money was given back must not come in as an order for which it can be asked again.
    """
    text, aftersale = values["status_text"], values.get("aftersale_text", "")
    both, notes = f"{text}，{aftersale}", []
    if aftersale not in ("", NO_AFTERSALE):
        strange = _read(both) == "unknown" and not says_only_refund_closed(both)
        strange |= _read(text) != "unknown" and (_deny(text, aftersale) or _deny(aftersale, text))
        if (strange and _read(text) != "unknown") or len(both) > MOST_WORDS:
            notes.append(STRANGE_AFTERSALE.format(text=aftersale[:30], status=text[:30]))
        elif not strange:
            text = both
    status, doubt = read_status(text, sent=bool(values.get("tracking_text")))
    return status, text, [*([doubt] if doubt else []), *notes]
