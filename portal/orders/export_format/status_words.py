"""The words that exports have for an order's status, each for one of ours. Pure."""

from __future__ import annotations

STATUS_WORDS = {  # our status: what exports say for it, the words of this platform first
    "unpaid": (
        "等待买家付款 待付款 等待付款 未付款 待支付 等待支付 未支付 待买家付款 waitbuyerpay 已拍下未付款 "
        "已下单未付款 等待您付款 待付尾款 待付定金 已付定金 已付定金待付尾款 等待付尾款 待支付尾款 "
        "待尾款 等未付 定金已付 定金已付尾款未付 定金未付尾款未付 支付宝交易未创建 没有创建支付宝交易 "
        "notpaid awaitingpayment "
        "tradenocreatepay paypending unpaid pendingpayment waitpay"
    ),
    "unshipped": (
        "等待卖家发货 待发货 等待发货 未发货 买家已付款 已付款 已支付 待卖家发货 等待商家发货 "
        "待商家发货 买家已付款等待卖家发货 已付款待发货 待配货 配货中 备货中 待出库 等待出库 "
        "待打单 待打印 待拣货 拣货中 待打包 打包中 待发出 等待供应商发货 等待厂家发货 waitsellersend "
        "发货中 已打包 打包完成待发货 支付完成 付款完成 定金和尾款都付 定金已付尾款已付 等待仓库确认 "
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
        "发货成功 等待物流揽收 待物流揽收 等待快递揽收 待快递揽收 待快递取件 "
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
        "已终止 订单失败 拼团失败 拼单失败 未成团 卖家关闭 买家关闭 已退货退款 退货退款完成 退款成功交易自动关闭 "
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
STATUSES = {word: status for status, words in STATUS_WORDS.items() for word in words.split()}
MONEY_BACK = frozenset(  # those of cancelled that also come after a trade that was done
    "退款成功 已退款 全额退款 退款完成 退款已完成 已全额退款 退货退款成功 refunded 已退货退款 退货退款完成 "
    "退款成功交易自动关闭 全部退款 已全部退款 全部退款成功 仅退款成功 仅退款完成 "
    "付款以后用户退款成功交易自动关闭".split()
)
# A refund that was asked for and won't be made: the order goes on. Where it stands such words don't say.
REFUND_CLOSED = frozenset(
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
BESIDE = frozenset(
    "系统自动确认 自动确认 物流未揽收 未揽收 "
    "待评价 已评价 未评价 待追评 已追评 双方已评 双方已评价 买家已评价 交易未完成 交易进行中 已下单 已拍下 "
    "拼团成功 拼单成功 "
    "已成团 已接单 已审核 审核通过 打包完成 预售 现货 代发 一件代发 货到付款 货到付款专用 无售后 未申请售后 "
    "无售后或售后取消 无退款 未退款 没有申请退款 没有退款 没有售后 暂无售后 暂无退款 "
    "未申请退款 未确认 未确认收货 付款成功 支付成功 已付款 已支付 买家已付款 正常".split()
)
WHOSE = (  # who or what a status may name first, and the statuses for which that is the same
    (("订单", "交易", "该订单"), frozenset(STATUS_WORDS)),
    (("买家", "客户", "用户"), frozenset({"unpaid", "delivered", "completed", "cancelled", "refunding"})),
    (("卖家", "商家", "店铺", "供应商", "厂家"), frozenset({"unshipped", "in_transit", "cancelled"})),
    (("快件", "包裹", "快递", "物流", "商品", "货物"), frozenset({"in_transit", "delivered"})),
    (("系统", "平台", "客服", "风控", "超时", "自动"), frozenset({"cancelled"})),
    (("仓库",), frozenset({"unshipped"})),
)
