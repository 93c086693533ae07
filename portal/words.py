"""What people read that is not in the table of steps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from portal.columns import CaseStanding, OrderPlaced
from portal.flow import WAITS_FOR, Actor, State

BEIJING: Final = ZoneInfo("Asia/Shanghai")

# On screen, a state is said like this.
STATE: dict[str, str] = {
    State.APPLIED: "待商家审核",
    State.PROPOSED: "待买家确认方案",
    State.REVISING: "待买家修改",
    State.RETURNING: "待买家寄回",
    State.INSPECTING: "待商家验货",
    State.DISPUTED: "验货有异议",
    State.PAYING: "待补差价",
    State.RESHIPPING: "待商家发货",
    State.CONFIRMING: "待买家收货",
    State.REFUNDING: "退款处理中",
    State.REFUND_FAILED: "退款失败",
    State.COMPLETED: "换货完成",
    State.CLOSED: "已关闭",
    State.WITHDRAWN: "已撤销",
    State.CONVERTED: "已转新售后单",
}
# The kind of a state's chip for its buyer: act now, wait, done, over.
CHIP: dict[str, str] = {
    str(state): "ok"
    if state is State.COMPLETED
    else "bad"
    if state is State.REFUND_FAILED
    else "off"
    if actor is None
    else "you"
    if actor is Actor.BUYER
    else "wait"
    for state, actor in WAITS_FOR.items()
}
DESK_CHIP: dict[str, str] = {  # the same for its seller
    state: {"you": "wait", "wait": "you", "bad": "you"}.get(kind, kind) for state, kind in CHIP.items()
}
ACTOR: dict[str, str] = {
    Actor.BUYER: "买家",
    Actor.SELLER: "商家",
    Actor.CLOCK: "系统",
    Actor.MEDIATOR: "平台",
}
TYPE: dict[str, str] = {
    "exchange": "换货",
    "reissue": "补发",
    "return_refund": "退货退款",
    "refund_only": "仅退款",
}
_DONE: dict[str, str] = {
    "exchange": "换货完成",
    "reissue": "补发完成",
    "return_refund": "退款完成",
    "refund_only": "退款完成",
}
STATES_OF: dict[str, dict[str, str]] = {  # by type of case
    kind: {name: _DONE[kind] if name == State.COMPLETED else said for name, said in STATE.items()} for kind in TYPE
}
SCAN: dict[str, str] = {  # what a carrier's scan says
    "picked": "已揽收",
    "transit": "运输中",
    "delivering": "派送中",
    "station": "待取件",
    "signed": "已签收",
    "exception": "异常",
    "returned": "退回中",
    "lost": "丢失",
}
LEG: dict[str, str] = {"back": "买家寄回", "out": "商家发出", "refused": "退还买家"}
SCAN_CHIP: dict[str, str] = {"signed": "ok", "exception": "warn", "returned": "bad", "lost": "bad"}
ORIGIN: dict[str, str] = {  # who told of a scan
    "": "物流公司",
    "buyer": "买家录入",
    "seller": "商家录入",
    "import": "商家导入",
    "kuaidi100": "快递100",
    "kdniao": "快递鸟",
    "unopposed": "对方没有异议",
    "above": "供应商一侧的售后",
    "below": "消费者一侧的售后",
}
AUTO_OUTCOME: dict[str, str] = {  # what a shop's rules made of an application
    "taken": "已自动处理",
    "people": "按规则转人工",
    "tagged": "按规则打了标签，转人工",
    "capped": "超过当天的金额上限，转人工",
    "refused": "没能自动处理，转人工",
}
WHENCE: dict[str, str] = {  # 铺货: in which linked case something was done
    "above": "由供应商办理，自动传到这里",
    "below": "由消费者办理，自动传到这里",
}
DOUBT: dict[str, str] = {  # why a scan counts for nothing
    "early": "早于寄出，不作为依据",
    "future": "时间还没有到，不作为依据",
    "onesided": "由得利的一方录入，暂不改变期限",
    "unclear": "看不出是否已签收，不作为签收的依据",
    "corrected": "商家已更正，不作为签收的依据",
}
TRACK: dict[str, str] = {  # why a tracking service has no answer
    "slow": "物流公司暂时没有回应",
    "unreachable": "物流公司暂时没有回应",
    "garbled": "物流公司的回答暂时读不出来",
    "refused": "查询服务暂时不可用",
    "limit": "查询次数暂时用完",
    "phone": "物流公司要求核对手机号后四位，暂时查不到",
    "not_found": "物流公司还查不到这个单号，刚寄出的包裹通常几小时后才有记录",
}
STAGE: dict[str, str] = {
    "evidence": "平台介入·举证中",
    "deciding": "平台介入·裁决中",
    "overdue": "平台介入·裁决超时",
    "unfulfilled": "未履行",
}
MONEY: dict[str, str] = {  # what a payment is for
    "refund": "退款",
    "difference_back": "退差价",
    "difference_return": "退还已补差价",
    "freight": "运费",
    "compensation": "补偿",
    "difference": "补差价",
}
ROUTE: dict[str, str] = {  # the way a payment takes; by hand: a transfer by the shop's own account, or notes
    "original": "原路退回",
    "bank": "银行转账",
    "alipay": "支付宝转账",
    "wechat": "微信转账",
    "cash": "现金",
    "offline": "线下支付",
}
_IN_ACCOUNT = "转账请在收款账户里按流水号查询"
LOOK_FOR: dict[str, str] = {  # where a buyer looks for a payment, by the way it took
    "original": "原路退回银行卡一般要 1 至 3 个工作日，退回余额一般当天到账，请在原来的支付账户里按流水号查询",
    "bank": "银行转账请在您提供的收款账户里按流水号查询",
    **dict.fromkeys(("alipay", "wechat"), _IN_ACCOUNT),
    "cash": "现金请与经手人核对",
    "offline": "线下支付的，请按约定的收款方式核对",
}
MONEY_STATE: dict[str, str] = {
    "waiting": "待复核",
    "due": "待付款",
    "failed": "付款失败",
    "declared": "待商家确认",
    "settled": "已付清",
    "cancelled": "已取消",
    "contested": "买家未收到",
}
DIRECTLY: dict[str, str] = {  # that no money goes through here, as a buyer reads it
    "to_buyer": "款项由商家直接退给您，本平台不代收代付。",
    "to_shop": "款项由您直接付给商家，本平台不代收代付。",
    "both": "款项由您和商家直接收付，本平台不代收代付。",
}
GOES_ON_ANEW = "提交后这张售后单结束，按下面的内容开出一张新的售后单，商品数量一起转过去，由商家审核。"
# What the rule makes of a payment that hasn't come, says the buyer, where no mediator decided; {term}: to doubt
# proof; {both}: to show it, and then to doubt it.
PROOF_RULE = (
    "商家提交付款凭证后满 {term}，买家没有说「还是没到账」的，按已付款处理",
    "没有凭证的，买家仍说没有到账的，或凭证不满 {term}的，按没有付款处理，由商家重新付款",
    "规则处理前不满 {both}才说「未到账」的，来不及核对，平台介入结束，按原流程继续",
)
FREIGHT_ADVANCED = (
    "退回运费由商家承担。您先垫付的，请留好运费收据，全部寄出后在售后单里点「报退回运费」填写金额（售后结束后不能再报），"
    "商家同意后列入应付给您的款项；商家不同意或一直不答复的，可以申请平台介入，原因选「运费承担争议」。"
)
WAYBILL_MEANWHILE = (
    "平台介入期间改过运单的，平台到期没有裁决时，不凭新运单的物流判定商品已退回：介入结束，由商家继续验货"
)
DOUBTED_BY_CALLING = "商家已提交付款凭证；选择「退款未到账」的，视为您看过凭证、还是没有到账"
ARRIVAL: dict[str, str] = {  # what is known of the arrival of a payment that was recorded
    "missing": "买家说没有到账，商家须提交付款凭证，或登记没有付成后重新付款",
    "proved": "买家看过凭证，仍说没有到账；商家须登记没有付成后重新付款，或由平台介入",  # missing, and no proof is left
    "shown": "商家已提交付款凭证，请买家查收",
    "arrived": "买家已确认到账",
    "decided": "平台裁决已付到",
    "unopposed": "买家在期限内没有提出异议",
}
MONEY_CHIP: dict[str, str] = {  # the kind of its chip
    "waiting": "wait",
    "due": "wait",
    "failed": "bad",
    "declared": "wait",
    "settled": "ok",
    "cancelled": "off",
    "contested": "bad",
}
PROPOSAL_STATE: dict[str, str] = {
    "open": "待答复",
    "accepted": "已接受",
    "declined": "未接受",
    "lapsed": "已失效",
    "replaced": "已被新方案替代",
}
APPLY: dict[str, str] = {  # what the button that leads to applying says, by an order's status; 申请换货 for all others
    "unshipped": "申请退款",
}
PAYER: dict[str, str] = {"seller": "商家承担", "buyer": "买家承担", "negotiated": "双方协商"}
ORDER_GIVEN_BACK: dict[str, str] = {  # of an order that isn't to be sent any more, whatever its status says, by why
    "agreed": "未发货，已同意退款",
    "ended": "未发货，没有要发的商品",
}
ORDER_STATUS: dict[str, str] = {
    "unpaid": "待付款",
    "unshipped": "待发货",
    "in_transit": "待收货",
    "delivered": "已签收",
    "completed": "交易成功",
    "cancelled": "交易关闭",
    "refunding": "退款中",
    "unknown": "状态待确认",
}

# Where an uploaded order export stands, and the kind of its chip.
IMPORT_STATE: dict[str, str] = {
    "waiting": "等待检查",
    "checking": "正在检查",
    "checked": "待确认",
    "confirmed": "等待导入",
    "importing": "正在导入",
    "done": "已导入",
    "failed": "未导入",
}
IMPORT_KIND: dict[str, str] = {
    "waiting": "wait",
    "checking": "wait",
    "checked": "you",
    "confirmed": "wait",
    "importing": "wait",
    "done": "ok",
    "failed": "bad",
}

FAULT_KIND: dict[str, str] = {"拒绝": "bad", "未采信": "you", "提醒": "wait"}  # the chip of what an import says of rows

# What comes next for an order, in one sentence for its buyer.
ORDER_NEXT: dict[str, str] = {
    "unpaid": "付款后商家会安排发货",
    "unshipped": "商家发货后可以查看物流；发货前不想要了，可以{call_off}；只退一部分，可以申请退款",
    "in_transit": "商品在路上，收到后请先验货再确认收货；一直没有送到可以申请退款",
    "delivered": "商品已签收，有问题可以申请换货",
    "completed": "交易已完成，在期限内仍可以申请换货",
    "cancelled": "订单已关闭",
    "refunding": "平台显示这笔订单正在退款，退款期间不能在这里申请售后",
    "unknown": "暂时看不出订单走到哪一步，商家核对后会更新；有问题请先联系商家",
}
NEXT_APPLIED: dict[str, str] = {  # the same, when nothing of it can be applied for any more
    "in_transit": "商品在路上",
    "delivered": "商品已签收",
    "completed": "交易已完成",
}
ALL_APPLIED = "商品都已申请过售后，进度在下面的售后单里"
NONE_BY_RIGHT = "现在能怎么办，写在每件商品下面"
NEXT_GIVEN_BACK: dict[str, str] = {
    "agreed": "商品不再发货；退款在售后单里可以查看",
    "ended": "商品都已退款、正在退款或已取消，没有要发的",
}

# What happens when the present deadline runs out, for both sides to read beforehand.
OTHERWISE: dict[str, str] = {
    "seller_response": "商家逾期未处理，系统将自动同意，并使用店铺的默认退货地址；没有设置地址则平台介入",
    "buyer_modify": "逾期未修改，申请会关闭，期限内可重新申请",
    "refusal_answer": "买家没有申请平台介入，也没有重新提交的，申请按商家的拒绝关闭，期限内可重新申请",
    "buyer_return": "逾期未寄回，申请会关闭，期限内可重新申请",
    "buyer_return_rest": "逾期未寄出的商品不再换货或退款，商家按已寄出的商品验货",
    "return_place": "商家逾期未给退货地址，这部分商品寄到商家的默认退货地址；寄回期限从地址给齐时开始算",
    "seller_receive": "商家逾期未验货且退货已有物流记录，将视为验货通过；没有物流记录则平台介入",
    "inspection_dispute": "逾期未回应，将按商家的验货结果继续",
    "proposal_answer": "买家逾期未答复，方案作废，由商家继续处理提出方案之前的那一步（至少还有 {least_left}）",
    "counter_answer": "商家逾期未答复，买家的方案作废，由商家继续处理提出方案之前的那一步（至少还有 {least_left}）",
    "difference_payment": "逾期未补差价，系统将转为退款",
    "difference_answer": "商家逾期没有答复是否收到差价，平台将介入",
    "difference_objection": "买家逾期没有申请平台介入，按商家没有收到差价结束，不再退还",
    "seller_reship": "商家逾期未发货，买家可以催办或转退款",
    "seller_reship_late": "商家仍未发货，平台将介入",
    "buyer_confirm": "逾期未确认且发出的商品已有物流记录，系统将自动确认收货；没有物流记录则平台介入",
    "problem_answer": "商家逾期未处理收货问题，平台将介入；不会自动确认收货",
    "refund_legal": "商家超过法定期限未退款，平台将介入",
    "arrival_answer": "商家逾期没有提交付款凭证或登记没有付成，平台将介入",
    "arrival_objection": "买家逾期没有再提出异议，售后按商家的登记完成；没有收到的请在期限内申请平台介入",
    "mediation_evidence": "举证期结束后由平台裁决，没有举证的一方按已有材料处理",
    "mediation_decision": "平台逾期未裁决，将提醒裁决员和主管；再逾期转由另一位裁决员，最后按事先告知的规则处理",
    "mediation_second": "仍没有裁决的，转由另一位裁决员处理",
    "mediation_rule": "仍没有裁决的，按事先告知的规则处理",
}
_OTHERWISE_OF: dict[str, dict[str, str]] = {
    "reissue": {
        "seller_response": "商家逾期未处理，有「少货必赔」或「破损包赔」承诺的商品系统自动同意补发，其他商品由平台介入",
    },
    "return_refund": {"seller_response": "商家逾期未处理，系统将自动同意退货退款，并使用店铺的默认退货地址"},
    "refund_only": {
        "seller_response": "商家逾期未处理，未发货或有「极速退款」承诺的系统自动同意退款，其他由平台介入",
    },
}


def otherwise(case_type: str, rule: str, *, least_left: str, negotiated: bool = False) -> str:
    """What happens when this deadline of this type of case runs out; "" when no clock runs.

    ``least_left``: how much time a step has at least when a case comes back to it, in words.
    """
    if negotiated and rule == "seller_response":
        return "协商须由商家同意；商家逾期未答复，申请会关闭，可重新申请"
    said = _OTHERWISE_OF.get(case_type, {}).get(rule) or OTHERWISE.get(rule, "")
    return said.format(least_left=least_left)


# When 平台介入 can be asked for, where it can't be yet; read by the buyer.
NOT_YET: dict[str, str] = {
    State.APPLIED: "商家还在处理期限内；商家拒绝后可以申请平台介入",  # its silence: the answer card
    State.PROPOSED: "请先答复方案。没有谈成、商家拒绝或验货有争议时，可以申请平台介入",
    State.RETURNING: "请先寄回商品。商家验货有争议或拒收时，可以申请平台介入",
}
DECISION: dict[str, str] = {  # a decision in a word or two
    "decide_close": "不支持申请",
    "decide_complete": "商家已履行",  # or has paid
    "decide_return": "买家寄回",
    "decide_reship": "商家发货",
    "decide_refund": "退款",
    "decide_continue": "按原流程继续",
    "decide_unpaid": "重新付款",
    "decide_paid": "退还差价",
}
STEP_DONE: dict[str, str] = {  # 已…: steps that are held back for a moment
    "agree": "同意",
    "agree_no_return": "同意（无需寄回）",
    "ask_evidence": "请买家补充凭证",
    "reject": "拒绝",
    "ship_replacement": "登记发货",
    "accept_goods": "验货通过",
    "accept_goods_diff": "验货通过",
    "dispute_goods": "登记验货异议",
}
STAGE_CHIP: dict[str, str] = {"evidence": "warn", "deciding": "wait", "overdue": "bad", "unfulfilled": "bad"}

ROLE: dict[str, str] = {"owner": "店主", "agent": "客服", "warehouse": "仓库", "finance": "财务"}

UNFULFILLED = "不再有时限；商家履行后售后继续，平台把这张售后单列为未履行"  # the rule decided, and it wasn't done


def state(case_type: str, name: str) -> str:
    """A state as it is said for this type: 换货完成, 补发完成."""
    return STATES_OF[case_type][name]


def state_of(case: CaseStanding) -> str:
    """Where a case stands, the same for everybody: its state, or how far the platform is with it."""
    return STAGE.get(case.stage) or state(case.type, case.state)


# Short answers shown on the page after an action that is not a step of a case: ?said=<key>.
# What the button of a step's own page says, where the step's button leads to that page and does nothing yet.
SUBMITS: dict[str, str] = {
    "商品有问题": "提交问题",
    "修改申请": "保存修改",
    "修改运单": "保存修改",
    "延长寄回期限": "确认延长",
    "延长收货期限": "确认延长",
    "催办": "催商家发货",
    "转退款": "确认转退款",
    "再次售后": "提交问题",
}

WAYBILL = "面单条码下面的一串数字或字母，寄件短信里也有；可以照着输入，也可以复制粘贴"  # also where nothing can scan it

SAID: dict[str, str] = {
    "order-recorded": "下游订单已登记；请把查询售后的方法发给消费者，也可以在这里代为申请",
    "orders-recorded": "下游订单已登记，可以为消费者申请售后",
    "chain-made": "已关联，两边的进度和期限都在这里",
    "chain-kept": "路线和运费已保存",
    "chain-ended": "已解除关联，两张售后单各自继续",
    "link-revoked": "链接已收回，打不开了",
    "payouts-none": "请先勾选已经到账的款项",
    "payouts-confirmed": "勾选的款项都已登记到账",
    "columns-kept": "列已保存",
    "view-saved": "视图已保存",
    "reply-saved": "常用语已保存",
    "reply-removed": "常用语已删除",
    "export-asked": "导出已开始，完成后在下面下载",
    "auto-saved": "规则已保存，还没有启用；请先试算",
    "auto-on": "规则已启用",
    "auto-off": "规则已停用",
    "auto-moved": "顺序已调整",
    "auto-removed": "规则已删除",
    "auto-started": "自动处理已开启，从现在起提交的申请会按规则处理",
    "auto-stopped": "自动处理已全部停止，申请都由人工处理",
    "staff-note-stranger": "备注已保存；有的 @ 后面不是本店同事的会员名，没有提醒到人，请核对后再写一条",
    "staff-note-saved": "备注已保存，只有店里的同事能看到",
    "handed-over": "已转交，对方已收到通知",
    "tags-saved": "标签已保存",
    "sharing-saved": "分配方式已保存，对之后的新申请生效",
    "view-removed": "视图已删除",
    "view-renamed": "视图已改名",
    "view-gone": "没有改名：这个视图已删除，或不是您的",
    "signed-out": "您已退出登录",
    "draft-kept": "已为您保留填写内容，请核对后重新提交",
    "try-again": "页面停留太久，请重新登录",
    "push-off": "这台设备不再接收推送",
    "shared": "请选择照片要用在哪张订单，开始申请后会自动添加",
    "shared-none": "分享的内容里没有照片，请选择照片再分享",
    "draft-removed": "草稿已删除",
    "filed-apart": "已分开提交，每张申请都在这个订单的「售后」里",
    "policy-saved": "换货政策已更新，对之后的申请生效",
    "address-saved": "退货地址已保存",
    "address-removed": "退货地址已移除",
    "address-default": "默认退货地址已更新",
    "notices-read": "通知已全部标为已读",
    "product-saved": "商品已更新",
    "packing-kept": "包装已登记，从现在起寄出的包裹按它统计",
    "incoming-made": "批次已登记，抽检方案在下面",
    "incoming-judged": "抽检结果已登记",
    "quality-shared": "已开启，供应商现在能看到自己商品的质量",
    "quality-kept": "已关闭，供应商不再看到",
    "fix-made": "整改已安排",
    "line-kept": "提醒线已保存，以后的换货申请按它计算",
    "fix-done": "整改已登记完成",
    "fault-kept": "问题类型已保存",
    "words-checked": "已保存，建议在下面",
    "words-looked": "已记下您看过这些建议",
    "import-started": "文件已上传，正在检查",
    "doubts-accepted": "已采信，谁、何时、为什么都已记录",
    "doubts-none": "没有能采信的，原因写在每一处下面",
    "headings-kept": "对应关系已记住，正在重新检查",
    "session-ended": "该设备已退出登录",
    "sessions-ended": "其他设备已退出登录",
    "password-changed": "密码已修改，其他设备需要重新登录",
    "calendar-saved": "工作日历已保存，暂定的时限已重新计算",
    "asked-again": "正在向物流公司查询，几秒后重新打开本页就能看到结果",
    "asked-just-now": "刚刚查询过，请过十分钟再试",
    "not-asked": "这个包裹没有自动查询，请粘贴物流公司的记录",
    "traces-kept": "物流记录已保存",
    "objected": "已记录您的异议，不会按已签收计算，已通知对方",
    "receipt-corrected": "签收记录已更正，期限恢复到签收之前，已通知对方",
    "traces-known": "这些记录之前已有，没有重复保存",
    "watch-on": "已开启物流提醒：揽收、派送、签收和异常时通知您",
    "watch-off": "已关闭物流提醒",
    "desk-chosen": "已切换，商家后台显示这家店铺",
    "shop-accepted": "已确认，这家店铺的订单都在我的订单里",
    "shop-refused": "已记下，这家店铺的订单不会出现在我的订单里",
    "pinned": "已置顶为售前承诺，以后这件商品的售后单里会引用",
    "enquiry-handed": "已交接，同事会收到通知",
    "faq-drafted": "已保存，核对后点「展示」，买家才能看到",
    "faq-shown": "已展示在商品页",
    "faq-removed": "已从商品页撤下",
    "remedy-drafted": "已保存，核对后点「展示」，买家申请前才能看到",
    "remedy-shown": "已展示，买家申请前可以先试试",
    "remedy-removed": "已撤下，买家不再看到",
    "tried-helped": "太好了，已记下。申请没有提交，草稿还在；又有问题时可以接着申请",
    "tried-solved": "太好了，已记下。申请没有提交；又有问题时可以在这里申请",
    "tried-not": "已记下，请继续填写申请",
    "voted": "谢谢，已记下",
    "vote-wrong": "谢谢，已转给商家核对",
    "vote-missing": "请先选择有用、没用或答得不对",
    "rated": "谢谢您的评价，商家可以看到",
    "questions-off": "以后不再询问您是否满意",
    "questions-on": "以后售后结束时会询问您是否满意",
    "rating-answered": "已回复，买家能在售后单里看到",
    "followed-up": "跟进结果已保存",
    "complaint-taken": "已标为处理中",
    "complaint-again": "已请平台再次核实，答复期限重新计算",
    "complaint-answered": "已答复，投诉人能看到",
    "traces-imported": "物流记录已导入，结果如下",
    "shipped": "已发货，买家会收到通知",
    "order-labels-none": "请先勾选待发货的订单",
    "print-many": "一次最多打印 50 张，请加筛选条件，或勾选要打印的",
    "sent-back": "拒收商品的退还运单已登记",
    "photo-removed": "照片已删除",
    "parcel-numbered": "已登记为无主件；请把下面第一行的号码（WDH 开头）写在包裹上，以后按它找",
    "parcel-noted": "已登记为无主件；买家填写这个运单号后会自动对上",
    "join-kept": "已对上；买家填了运单号才能验货，已通知买家填写",
    "join-parted": "已撤回，包裹还在无主件里",
    "join-gone": "没有改动：这件包裹已经有售后单了，下面是最新的",
    "join-early": "没有对上：这张售后单还没有同意寄回，现在不等包裹",
    "join-ended": "没有对上：这张售后单已经验过货或者结束了，不再等包裹",
    "left": "已处理，不再列在无主件里；下面可以撤回",
    "left-back": "已撤回，包裹还在无主件里",
    "left-gone": "没有改动：这件包裹已经有售后单，或者已经处理过，下面是最新的",
    "join-none": "没有对上：请填写本店的售后单号",
    "parcel-held": "验货结果已记下，可以在下面撤回；请扫描下一件",
    "parcel-undone": "已撤回，这张售后单还在等待验货；再扫描一次就重新验货",
    "parcel-counted": "验货结果已保存，请扫描下一件",
    "disposals-kept": "去向已保存",
    "disposals-same": "去向没有改动",
    "labels-none": "请先勾选现在可以发货的售后单",
    "shipping-held": "已登记发货，可以在下面撤回；请扫描下一张",
    "shipping-sent": "已发货，请扫描下一张",
    "shipping-undone": "已撤回，没有发货；可以重新扫描",
    "bulk-none": "请先勾选要处理的售后单，或选择「这一列全部」",
    "bulk-many": "一次处理不了这么多张，请先筛选",
    "step-done": "已处理，这是这一列的下一张",
    "step-last": "已处理，这一列后面没有了",
    "list-done": "这一列后面没有了",
    "undone": "已撤回，没有发给买家",
    "undo-late": "已经生效，不能撤回了",
    "step-taken": "已处理；这张售后单接下来由其他同事处理",
    "payout-settle": "已登记付款，买家会收到通知",
    "payout-fail": "已登记付款失败，处理后可以重新付款",
    "payout-retry": "已恢复为待付款，款项编号不变",
    "payout-approve": "已复核，可以付款了",
    "batch-made": "付款批次已生成，可以下载；同一批次可以再次下载，内容不变",
    "results-done": "对账已完成，逐行结果如下",
    "results-more": "已登记一部分，请继续处理其余的行",
    "staff-invited": "邀请已发出；对方在「我的 → 账号与安全」里同意后生效",
    "invitation-withdrawn": "邀请已撤回",
    "invitation-accepted": "已加入店铺，可以进入商家后台",
    "invitation-declined": "已谢绝邀请",
    "shop-left": "您已离开店铺",
    "password-set": "密码已设置，请用新密码登录",
    "factor-needed": "这个账号需要两步验证才能继续，请先设置",
    "factor-off": "两步验证已关闭",
    "passkey-added": "通行密钥已添加，其他设备都已退出登录",
    "passkey-removed": "通行密钥已移除",
    "account-disabled": "账号已停用，所有设备都已退出登录",
    "account-enabled": "账号已恢复",
    "factor-reset": "两步验证已重置，对方登录后可以重新设置",
    "staff-removed": "员工已移除，立即生效",
    "role-changed": "职责已修改，立即生效",
    "limit-saved": "复核线已更新，对之后提出的款项生效",
    "note-saved": "备注已添加",
    "note-removed": "备注已删除",
    "hours-saved": "办公时间已更新",
    "card-hidden": "消息里像银行卡号的数字已隐去，只保留后四位；退款默认原路退回，不需要卡号",
    "account-unsound": "账户已加密保存。账号没有通过银行卡的校验，对公账户是正常的；如果是填错了，请撤回后重新填写",
    "account-kept": "账户已加密保存，以后只显示后四位",
    "bank-data-on": "已开启：原路退回失败时，可以请买家填写收款账户",
    "bank-data-off": "已关闭：不会再请买家填写收款账户",
    "note-card-hidden": "填写的内容里像银行卡号的数字已隐去，只保留后四位；退款默认原路退回，不需要卡号",
}


def moment(at: datetime, now: datetime | None = None) -> str:
    """A moment as people write it: 11月29日 23:59, with the year only when it is another one."""
    local = at.astimezone(BEIJING)
    year = f"{local.year}年" if now is not None and now.astimezone(BEIJING).year != local.year else ""
    return f"{year}{local.month}月{local.day}日 {local:%H:%M}"


UNPLACED = "下单时间未知"


def placed(order: OrderPlaced, now: datetime | None = None) -> str:
    """When an order was placed; its import's moment only stands for one that isn't known. Has both moments."""
    return UNPLACED if is_unplaced(order) else moment(order.ordered_at, now)


def name_sum(status: str, *, short: bool = False) -> str:
    """What the sum of an order is called: nobody has paid an unpaid one, and a cancelled one may never have been."""
    name = {"unpaid": "应付款", "cancelled": "订单金额"}.get(status, "实付款")
    return name.removesuffix("款") if short else name


def is_unplaced(order: OrderPlaced) -> bool:
    """Whether nobody knows when an order was placed. Has both moments."""
    return bool(order.ordered_at == order.imported_at)


def end(at: datetime, now: datetime | None = None) -> str:
    """The end of a term: what ends as a day begins ends with the day before, 12月1日 24:00."""
    local = at.astimezone(BEIJING)
    if (local.hour, local.minute, local.second) != (0, 0, 0):
        return moment(at, now)
    return moment(at - timedelta(minutes=1), now).replace("23:59", "24:00")


def clock(at: datetime) -> str:
    """The time of day to the second: 14:05:09."""
    return f"{at.astimezone(BEIJING):%H:%M:%S}"


def day(at: datetime) -> str:
    """The date alone: 2026-11-29."""
    return f"{at.astimezone(BEIJING):%Y-%m-%d}"


def span(length: timedelta) -> str:
    """A length of time in its two largest units: 1 天 3 小时."""
    minutes = max(int(length.total_seconds() // 60), 0)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    if hours:
        return f"{hours} 小时 {minutes} 分钟" if minutes else f"{hours} 小时"
    return f"{minutes} 分钟"


def left(due_at: datetime, now: datetime) -> str:
    """还剩 1 天 3 小时, or 已超时 2 小时."""
    return f"还剩 {span(due_at - now)}" if due_at > now else f"已超时 {span(now - due_at)}"


_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "鸿蒙"),
    ("Android", "安卓"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("AlipayClient", "支付宝"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)


def device(agent: str) -> str:
    """What a browser calls itself, as people know it: iPhone · 微信."""
    found = [next((name for sign, name in known if sign in agent), "") for known in (_SYSTEMS, _BROWSERS)]
    return " · ".join(filter(None, found)) or "未知设备"


IS_BEING_SETTLED = "期限已到，系统正在按规则处理，请稍后刷新"
ACCOUNT_LATE = "不提供账户也不影响退款；到期还没有退款的，由平台介入"  # of a refund whose buyer is asked where to
OBJECTED_LATE = (  # of an inspection that the buyer doesn't accept: the clock runs on while the shop looks again
    "到期商家没有改验货结果、您也没有申请平台介入的，按商家的验货结果继续",
    "到期您没有改验货结果、买家也没有申请平台介入的，按您的验货结果继续",
)
# When a deadline runs out, by the claim of what was advanced for the way back, and the rule: for buyer and seller.
# After a colon which of two ways it goes: whether a payment is open, whether anything passed the inspection.
FREIGHT_LATE: dict[tuple[str, str], tuple[str, str]] = {
    ("open", "buyer_confirm"): (
        "商家到期仍没有答复您报的退回运费，由平台介入，不自动确认收货",
        "到期仍没有答复买家报的退回运费，由平台介入，不自动确认收货",
    ),
    ("open", "refund_legal:yes"): (
        "商家须在到期前付清款项并答复您报的退回运费，否则由平台介入",
        "到期前须付清款项并答复买家报的退回运费，否则由平台介入",
    ),
    ("open", "refund_legal:no"): (
        "商家到期仍没有答复您报的退回运费，由平台介入",
        "到期仍没有答复买家报的退回运费，由平台介入",
    ),
    ("declined", "refund_legal:yes"): ("商家到期仍没有付清款项，由平台介入", "到期仍没有付清款项，由平台介入"),
    ("declined", "refund_legal:no"): ("到期您没有再提出的，售后完成", "到期买家没有再提出的，售后完成"),
    ("open", "arrival_objection"): (
        "到期没有再提出未到账，这笔款项按已付清处理，等待商家答复您报的退回运费",
        "买家到期没有再提出未到账，这笔款项按已付清处理，还要答复买家报的退回运费",
    ),
    ("open", "inspection_dispute:yes"): (
        "到期未答复，按商家的验货结果继续",
        "买家到期未答复，按您的验货结果继续",
    ),
    ("open", "inspection_dispute:no"): (
        "到期未答复，商家仍没有答复您报的退回运费的，由平台介入；已答复的，申请关闭",
        "买家到期未答复，您仍没有答复买家报的退回运费的，由平台介入；已答复的，申请关闭",
    ),
    ("open", "buyer_modify"): (
        "到期未补充，商家仍没有答复您报的退回运费的，由平台介入；已答复的，申请关闭",
        "买家到期未补充，您仍没有答复买家报的退回运费的，由平台介入；已答复的，申请关闭",
    ),
    ("open", "refusal_answer"): (
        "到期没有重新提交，商家仍没有答复您报的退回运费的，由平台介入；已答复的，申请关闭",
        "买家到期没有重新提交，您仍没有答复买家报的退回运费的，由平台介入；已答复的，申请关闭",
    ),
}
