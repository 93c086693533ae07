"""Conditions of steps by name: None when one holds, else the sentence that says why not."""

from __future__ import annotations

from collections.abc import Callable

from portal.flow.facts import Facts
from portal.flow.kinds import Actor, Stage, State
from portal.flow.spans import in_words

EVIDENCE_ROUNDS = 2
PROOFS = 2  # of a payment, that the buyer is asked to look at before the platform is
MOST_APPLICATIONS = 5  # how often one case may be handed in

UNPAID = ("open", "declined")  # a claim of freight that the shop hasn't agreed to pay

_RULED = (
    "decide_close",
    "decide_complete",
    "decide_return",
    "decide_reship",
    "decide_refund",
    "decide_unpaid",
    "decide_continue",
)


def is_proof_left(doubts: int, *, escalated: bool) -> bool:
    """Whether proof of a payment can still be shown that was doubted this often; the platform looks at any."""
    return escalated or doubts < PROOFS


def _name_ways(facts: Facts) -> str:
    """What a shop can do about a payment that hasn't arrived, says the buyer."""
    shows = facts.payment_claim == "missing" and is_proof_left(facts.doubts, escalated=facts.escalated)
    return "提交付款凭证或登记没有付成" if shows else "登记没有付成"


def _is_disputed(facts: Facts) -> bool:
    """Whether it is open that the buyer paid a difference which no case goes on with."""
    return facts.converted and (facts.payment_declared or facts.payment_claim == "denied")


def _is_ruled(name: str) -> Callable[[Facts], str | None]:
    return lambda f: None if f.ruling == name else "规则在这里另有规定"


# Conditions by name: None when it holds, else the sentence that says why not and what to do.
NEEDS: dict[str, Callable[[Facts], str | None]] = {
    "default_address": lambda f: None if f.has_default_address else "店铺还没有默认退货地址",
    "no_default_address": lambda f: "店铺有默认退货地址" if f.has_default_address else None,
    "wrote": lambda f: (
        None
        if f.seller_wrote
        else "拒绝之前请先在会话里和买家沟通"
        + ("，或先请买家补充凭证" if f.provable and f.applications < MOST_APPLICATIONS else "")
    ),
    "provable": lambda f: (
        None if f.provable else "这个申请不需要凭证，不能要求买家补充；请同意，或与买家协商方案，有疑问可以发消息"
    ),
    "answerable": lambda f: (
        None
        if f.applications < MOST_APPLICATIONS
        else f"买家已经提交了 {MOST_APPLICATIONS} 次，补充后也不能再提交；请同意、拒绝，或与买家协商方案"
    ),
    "refusable": lambda f: None if f.refusable else "申请有明确的依据，没有可以拒绝的理由；请同意，或与买家协商方案",
    "applications_left": lambda f: (
        None if f.applications < MOST_APPLICATIONS else f"同一售后单最多提交 {MOST_APPLICATIONS} 次，请联系商家协商"
    ),
    "no_parcel_back": lambda f: None if f.parcels_back == 0 else "退货已寄出，不能再撤销；请等待商家验货",
    "parcel_back": lambda f: None if f.parcels_back else "还没有寄出商品",
    "place_known": lambda f: None if f.places_open > f.places_waiting else "商家还没有给出退货地址，请等待商家",
    "last_place": lambda f: None if f.places_open <= 1 else "还有寄到其他地址的商品没有寄出",
    "more_places": lambda f: None if f.places_open > 1 else "没有其他要寄出的商品",
    "place_waits": lambda f: None if f.places_waiting else "退货地址都已给出",
    "all_places_known": lambda f: "退货地址还没有给齐，寄回期限还没有开始算" if f.places_waiting else None,
    "back_not_signed": lambda f: None if f.back_signed_at is None else "退货已签收，运单号不能再改；如有误请联系商家",
    "back_traced": lambda f: None if f.back_traced or f.back_signed_at else "退货还没有物流记录",
    "back_untraced": lambda f: "退货已有物流记录" if f.back_traced or f.back_signed_at else None,
    "some_accepted": lambda f: None if f.accepted_milli > 0 else "验货结果里没有可换的数量",
    "none_accepted": lambda f: None if f.accepted_milli == 0 else "验货结果里有可换的数量",
    "not_objected": lambda f: "您已提出过异议，请等待商家重新验货或联系商家" if f.objected else None,
    "guaranteed": lambda f: None if f.guaranteed else "商品没有「少货必赔」或「破损包赔」的承诺",
    "not_guaranteed": lambda f: "商品有「少货必赔」或「破损包赔」的承诺" if f.guaranteed else None,
    "nothing_shipped": lambda f: "商家已发出商品，不能再撤销；收到后有问题可以反馈" if f.shipped_milli else None,
    "not_late": lambda f: "已超过发货时限" if f.late else None,
    "late": lambda f: None if f.late else "商家还在承诺的发货时限内，超时后可以催办",
    "not_just_nudged": lambda f: (
        None
        if f.nudged_at is None or f.now - f.nudged_at >= f.span("nudge_pause")
        else f"{in_words(f.span('nudge_pause'))}内已催办过，商家已收到提醒"
    ),
    "not_extended": lambda f: "延长期限的机会已用过，如仍需时间请联系商家" if f.extended else None,
    "no_problem": lambda f: "您反馈的问题还在处理" if f.problem_open else None,
    "problem_open": lambda f: None if f.problem_open else "买家没有反馈收货问题",
    "out_traced": lambda f: None if f.out_traced or f.out_signed_at else "发出的商品还没有物流记录",
    "out_stuck": lambda f: (
        None
        if f.problem_open or not (f.out_traced or f.out_signed_at)
        else "发出的商品已有物流记录，到期会自动确认收货"
    ),
    "out_lost": lambda f: None if f.out_lost or f.problem_open else "没有丢件或退回的物流记录，买家也没有反馈未收到",
    "negotiated": lambda f: None if f.negotiated else "这不是协商申请",
    "not_negotiated": lambda f: "协商申请须由商家同意，不会超时自动同意" if f.negotiated else None,
    "auto_refund": lambda f: None if f.auto_refund else "已发货的商品没有「极速退款」的承诺",
    "no_auto_refund": lambda f: "未发货或有「极速退款」承诺" if f.auto_refund else None,
    "unshipped": lambda f: None if f.unshipped else "订单已发货，不能用「已发货」关闭这张售后单",
    "from_applied": lambda f: (
        None if f.origin == State.APPLIED else "商品已寄回，不能撤销；可以拒绝方案或提出自己的方案"
    ),
    "from_inspecting": lambda f: None if f.origin == State.INSPECTING else "方案不是在验货时提出的",
    "from_reshipping": lambda f: None if f.origin == State.RESHIPPING else "方案不是在发货时提出的",
    "countered": lambda f: None if f.countered else "请等待买家答复方案",
    "not_countered": lambda f: "您已提出自己的方案，请等待商家答复" if f.countered else None,
    "leads_return": lambda f: None if f.outcome == "return" else "方案不包含寄回商品",
    "leads_reship": lambda f: None if f.outcome == "reship" else "方案不是直接发货",
    "leads_pay": lambda f: None if f.outcome == "pay" else "方案不需要补差价",
    "leads_refund": lambda f: None if f.outcome == "refund" else "方案不是直接退款",
    "leads_convert": lambda f: None if f.outcome == "convert" else "方案没有改变售后类型",
    "difference": lambda f: None if f.difference_fen > 0 else "没有需要补的差价",
    "no_difference": lambda f: "换货规格有差价，需要买家先补差价" if f.difference_fen > 0 else None,
    "payment_declared": lambda f: None if f.payment_declared else "买家还没有登记补差价",
    "payment_clear": lambda f: "请先确认是否收到买家补的差价" if f.payment_declared else None,
    "payment_disputed": lambda f: None if _is_disputed(f) else "没有要核对的差价",
    "payment_closed": lambda f: "买家补的差价还没有核对完" if _is_disputed(f) else None,
    "may_convert": lambda f: None if f.late or f.escalated else "商家还在发货时限内，超时后可以改为退款",
    "money_open": lambda f: None if f.open_entries else "没有待付的款项",
    "money_settled": lambda f: "还有待付的款项" if f.open_entries else None,
    "one_entry": lambda f: None if f.open_entries <= 1 else "还有其他待付的款项",
    "nothing_contested": lambda f: (
        f"买家说有一笔款项没有到账，核清后才能进行这一步；商家可以{_name_ways(f)}，双方可以申请平台介入"
        if f.contested_entries
        else None
    ),
    "contested": lambda f: None if f.contested_entries else "没有买家说未到账的款项",
    "rest_contested": lambda f: (
        None if f.open_entries == f.contested_entries else "还有待付的款项"  # nothing else keeps the case open
    ),
    "rest_open": lambda f: None if f.open_entries > f.contested_entries else "没有其他待付的款项",
    "unanswered_claim": lambda f: None if f.payment_claim == "missing" else "没有等您答复的未到账款项",
    "shown": lambda f: None if f.payment_claim == "shown" else "商家还没有提交付款凭证",
    "not_shown": lambda f: "商家已提交付款凭证" if f.payment_claim == "shown" else None,
    "arrival_unsaid": lambda f: None if f.objectable_entries or f.contested_entries else "没有等您确认的款项",
    "arrival_open": lambda f: (
        None if f.objectable_entries else f"登记付款超过 {in_words(f.span('arrival_objection'))}，或您已确认到账"
    ),
    "proof_left": lambda f: (  # or the payment is put off by one proof after the other
        None
        if is_proof_left(f.doubts, escalated=f.escalated)
        else f"买家已 {PROOFS} 次看过凭证仍说没有到账；请登记没有付成后重新付款，或申请平台介入"
    ),
    "proof_open": lambda f: (
        None
        if f.doubtable_entries
        else f"商家提交付款凭证超过 {in_words(f.span('arrival_objection'))}，或没有等您核对的凭证"
    ),
    "payment_denied": lambda f: (
        None if f.failed_late or f.payment_claim == "denied" else "补差价后商家说没有收到时，可以申请平台介入"
    ),
    # the last one ends a case; not while the platform is in it, for that isn't the shop's alone to say, nor while the
    # freight that the buyer advanced waits for an answer
    "more_entries": lambda f: (
        None
        if f.open_entries > 1 or (f.open_entries and (f.escalated or f.freight_claim == "open"))
        else "只剩这一笔款项"
    ),
    "approved": lambda f: "金额超过复核线，请由另一位同事先复核" if f.waiting_entries else None,
    "approval_waiting": lambda f: None if f.waiting_entries else "没有待复核的款项",
    "takes_bank": lambda f: None if f.takes_bank else "店铺没有开启收款账户，请与买家约定其他退款方式",
    "account_not_asked": lambda f: {
        "asked": "已请买家填写，请等待买家答复；也可以先重新退款",
        "given": "买家已填写收款账户，请重新退款",
        "declined": "买家选择不提供账户，请与买家约定其他退款方式后重新退款",
    }.get(f.account),
    "account_wanted": lambda f: None if f.account in ("asked", "declined", "used") else "商家没有请您填写收款账户",
    "account_asked": lambda f: None if f.account == "asked" else "商家没有请您填写收款账户",
    "account_held": lambda f: None if f.account_held else "没有保存您的收款账户，或退款已经完成",
    "offered_by_buyer": lambda f: None if f.offered_by == Actor.BUYER else "没有待答复的提议，页面显示的是最新状态",
    "offered_by_seller": lambda f: None if f.offered_by == Actor.SELLER else "没有待答复的提议，页面显示的是最新状态",
    "undisputed": lambda f: (
        "平台介入期间，一方不能单独改变售后单；请在介入中写明您的意见，对方同意、申请方撤回介入或平台裁决后再继续"
        if f.escalated and f.stage != Stage.UNFULFILLED  # whoever owes it may do it at any time
        else None
    ),
    "caller_withdraws": lambda f: (
        "平台介入不是由您申请的，撤销申请须等平台裁决；可以在介入中写明您不再坚持"
        if f.escalated and f.stage != Stage.UNFULFILLED and f.asked_by != Actor.BUYER
        else None
    ),
    "freight_advanced": lambda f: (
        None if f.freight_advanced else "退回运费不由商家承担，或没有寄回商品，不能在这里报运费"
    ),
    "freight_unclaimed": lambda f: {
        "open": "您已报过退回运费，请等待商家答复；商家一直不答复的，可以申请平台介入",
        "accepted": "商家已同意付您报的退回运费",
    }.get(f.freight_claim),
    "freight_claimed": lambda f: None if f.freight_claim == "open" else "没有等商家答复的退回运费",
    "freight_answered": lambda f: "请先答复买家报的退回运费" if f.freight_claim == "open" else None,
    "freight_claimed_alone": lambda f: None if f.freight_claim == "open" and not f.open_entries else "还有其他款项",
    "freight_declined_alone": lambda f: (
        None if f.freight_claim == "declined" and not f.open_entries else "还有其他款项"
    ),
    "not_freight_alone": lambda f: None if f.open_entries or f.freight_claim not in UNPAID else "款项已付清",
    "still_owed": lambda f: (
        None if f.open_entries or f.freight_claim == "open" or _is_disputed(f) else "没有待付的款项"
    ),
    "undecided": lambda f: (
        None
        if f.open_entries or f.freight_claim in UNPAID or _is_disputed(f)
        else "款项已付清，没有要继续处理的；请裁决「商家已付清，完成」"
    ),
    "was_converted": lambda f: None if f.converted else "售后没有转为其他售后单",
    "not_converted": lambda f: "售后已转为其他售后单，这里只核清款项" if f.converted else None,
    "ruled": lambda f: None if f.ruled else "规则还没有处理过",
    "not_ruled": lambda f: "规则已处理过，现在等待履行" if f.ruled else None,
    "in_mediation": lambda f: None if f.escalated else "现在没有平台介入，页面显示的是最新状态",
    "no_mediation": lambda f: (  # what is listed as not fulfilled can be brought before it again
        "平台已介入，请在介入中提交证据" if f.escalated and f.stage != Stage.UNFULFILLED else None
    ),
    "collecting": lambda f: None if f.stage == Stage.EVIDENCE else "举证期已结束，请等待平台处理",
    **{f"rule_{name}": _is_ruled(name) for name in _RULED},
    "deciding": lambda f: (
        None
        if f.stage in (Stage.DECIDING, Stage.OVERDUE, Stage.UNFULFILLED) or f.heard_both
        else "举证期还没有结束，双方都提交证据后可以提前裁决"
    ),
    "rounds_left": lambda f: (
        None if f.evidence_round < EVIDENCE_ROUNDS else f"最多 {EVIDENCE_ROUNDS} 轮举证，请作出裁决"
    ),
    "asked_by_buyer": lambda f: None if f.asked_by == Actor.BUYER else "平台介入不是由您申请的，只有申请的一方可以撤回",
    "asked_by_seller": lambda f: (
        None if f.asked_by == Actor.SELLER else "平台介入不是由您申请的，只有申请的一方可以撤回"
    ),
    "refund_slow": lambda f: (
        None
        if f.failed_late
        or f.contested_entries
        or f.freight_claim in UNPAID
        or f.payment_claim == "denied"
        or f.now - (f.owed_since or f.entered_at) >= f.span("refund_target")
        else f"商家还在退款时限内，超过 {in_words(f.span('refund_target'))}可以申请平台介入"
    ),
    "late_or_problem": lambda f: (
        None
        if f.late or f.problem_open or f.contested_entries or f.failed_late or f.freight_claim in UNPAID
        else "双方还在正常处理中，商家超时或有问题未解决时可以申请平台介入"
    ),
}
