"""The flow of a case as one table: who may do what, when, and what happens by itself.

Legality is here and nowhere else. Buttons, forms, deadlines, notices, the timeline's words and the diagram in the README
all read ``STEPS``. Standard library only; nothing here touches the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class CaseType(StrEnum):
    EXCHANGE = "exchange"
    REISSUE = "reissue"
    RETURN_REFUND = "return_refund"
    REFUND_ONLY = "refund_only"


class State(StrEnum):
    APPLIED = "applied"
    PROPOSED = "proposed"
    REVISING = "revising"
    RETURNING = "returning"
    INSPECTING = "inspecting"
    DISPUTED = "disputed"
    PAYING = "paying"
    RESHIPPING = "reshipping"
    CONFIRMING = "confirming"
    REFUNDING = "refunding"
    REFUND_FAILED = "refund_failed"
    COMPLETED = "completed"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    CONVERTED = "converted"


class Actor(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"
    CLOCK = "clock"
    MEDIATOR = "mediator"


class Stage(StrEnum):
    """Where 平台介入 stands, beside the state. NONE: no mediation is open."""

    NONE = ""
    EVIDENCE = "evidence"  # both sides may hand in evidence
    DECIDING = "deciding"
    OVERDUE = "overdue"  # the decision is late; a supervisor's list


FINAL = frozenset({State.COMPLETED, State.CLOSED, State.WITHDRAWN, State.CONVERTED})
RELEASING = frozenset({State.CLOSED, State.WITHDRAWN})  # reaching one of these gives the units back

# Who must act in a state; None: nobody.
WAITS_FOR: dict[State, Actor | None] = {
    State.APPLIED: Actor.SELLER,
    State.PROPOSED: Actor.BUYER,
    State.REVISING: Actor.BUYER,
    State.RETURNING: Actor.BUYER,
    State.INSPECTING: Actor.SELLER,
    State.DISPUTED: Actor.BUYER,
    State.PAYING: Actor.BUYER,
    State.RESHIPPING: Actor.SELLER,
    State.CONFIRMING: Actor.BUYER,
    State.REFUNDING: Actor.SELLER,
    State.REFUND_FAILED: Actor.SELLER,
    State.COMPLETED: None,
    State.CLOSED: None,
    State.WITHDRAWN: None,
    State.CONVERTED: None,
}

# The six steps a buyer sees, in the customer's own words, and where each state stands.
STAGES = ("申请换货", "选择换货原因", "提交申请", "商家审核", "发货", "收货")
STAGES_OF: dict[str, tuple[str, ...]] = {
    CaseType.EXCHANGE: STAGES,
    CaseType.REISSUE: ("申请补发", "选择原因", "提交申请", "商家审核", "发货", "收货"),
    CaseType.RETURN_REFUND: ("申请退货退款", "选择原因", "提交申请", "商家审核", "退款", "到账"),
    CaseType.REFUND_ONLY: ("申请仅退款", "选择原因", "提交申请", "商家审核", "退款", "到账"),
}
STAGE_OF: dict[State, int] = {
    State.APPLIED: 3,
    State.PROPOSED: 3,
    State.REVISING: 1,
    State.RETURNING: 3,
    State.INSPECTING: 3,
    State.DISPUTED: 3,
    State.PAYING: 3,
    State.RESHIPPING: 4,
    State.CONFIRMING: 5,
    State.REFUNDING: 4,
    State.REFUND_FAILED: 4,
    State.COMPLETED: 5,
    State.CLOSED: 2,
    State.WITHDRAWN: 2,
    State.CONVERTED: 5,
}

# Steps that stay in their state and yet start its clock anew; every change of state does.
RESTARTING = frozenset({"modify", "object", "revise_inspection", "report_problem", "propose", "counter"})

# Natural time, counted from entering the state unless ``due`` says otherwise. Each can be set: PORTAL_DEADLINES.
DEADLINES: dict[str, timedelta] = {
    "seller_response": timedelta(hours=48),
    "buyer_modify": timedelta(days=7),
    "buyer_return": timedelta(days=7),
    "buyer_return_extension": timedelta(days=3),
    "seller_receive": timedelta(days=10),  # from the buyer's shipping
    "seller_receive_slow": timedelta(days=30),  # 专线 and 平邮
    "seller_receive_signed": timedelta(days=3),  # from the carrier's 签收, if earlier
    "inspection_dispute": timedelta(hours=72),
    "proposal_answer": timedelta(hours=72),
    "counter_answer": timedelta(hours=72),
    "difference_payment": timedelta(hours=72),
    "seller_reship": timedelta(hours=72),
    "seller_reship_late": timedelta(hours=72),  # after the first one ran out
    "buyer_confirm": timedelta(days=10),  # from shipping the replacement
    "buyer_confirm_slow": timedelta(days=30),
    "buyer_confirm_signed": timedelta(days=7),
    "buyer_confirm_extension": timedelta(days=7),
    "problem_answer": timedelta(hours=72),
    "refund_target": timedelta(hours=24),  # shown; the law's limit is what the clock acts on
    "refund_legal": timedelta(days=7),  # from the day the goods came back, or from the agreement to refund
    "refund_hard": timedelta(days=15),
    "mediation_evidence": timedelta(hours=48),
    "mediation_decision": timedelta(days=5),
    "least_left": timedelta(hours=24),  # when a clock that stood still goes on, at least this much is left
    "nudge_pause": timedelta(hours=24),
}
EVIDENCE_ROUNDS = 2
MOST_APPLICATIONS = 5  # how often one case may be handed in


@dataclass(frozen=True)
class Facts:
    """What a condition or a deadline may ask about a case. Collected by cases.facts(); quantities in thousandths."""

    entered_at: datetime
    now: datetime
    has_default_address: bool = False
    seller_wrote: bool = False
    applications: int = 1
    parcels_back: int = 0  # live parcels on the way back
    back_shipped_at: datetime | None = None
    back_signed_at: datetime | None = None
    back_slow: bool = False
    back_traced: bool = False
    parcels_out: int = 0
    out_shipped_at: datetime | None = None
    out_signed_at: datetime | None = None
    out_slow: bool = False
    out_traced: bool = False
    out_lost: bool = False
    accepted_milli: int = 0
    late: bool = False  # the first of two deadlines of this state has run out
    escalated: bool = False  # the last deadline has run out and no clock runs any more
    problem_open: bool = False
    objected: bool = False
    extended: bool = False  # the buyer has used the one extension of this state
    granted: timedelta = timedelta()  # what the seller added to this state's deadline
    nudged_at: datetime | None = None
    guaranteed: bool = False  # every line was sold with a promise that decides a reissue: 少货必赔 or 破损包赔
    shipped_milli: int = 0  # of the replacement, in this round
    negotiated: bool = False  # no right to it: only the seller's own yes counts, never a time-out
    paused: timedelta = timedelta()  # how long this state's clock has stood still
    not_before: datetime | None = None  # the deadline falls no earlier than this
    stage: str = Stage.NONE
    evidence_round: int = 0
    evidence_at: datetime | None = None  # when the present stage of the mediation began
    heard_both: bool = False  # both sides have handed in evidence in this round
    asked_by: str = ""  # who opened the mediation
    origin: str = ""  # proposed: the state that the proposal was made in
    countered: bool = False  # proposed: the buyer has made terms of his own
    outcome: str = ""  # proposed: where the open terms lead: return, reship, pay, refund, convert
    difference_fen: int = 0  # what the buyer would have to pay for the other specification; negative: gets back
    payment_declared: bool = False  # the buyer says that he paid the difference, the shop hasn't confirmed it yet
    auto_refund: bool = False  # a refund that silence agrees to: not shipped, or 极速退款
    unshipped: bool = False
    open_entries: int = 0  # money still to be settled
    waiting_entries: int = 0  # of these, waiting for a second person
    takes_bank: bool = False  # the shop asks for a bank account where 原路退回 has failed
    account: str = ""  # of the payment that failed: "", asked, given, used (it failed as well), declined
    account_held: bool = False  # an account is kept for a payment still owed


# Conditions by name: None when it holds, else the sentence that says why not and what to do.
NEEDS: dict[str, Callable[[Facts], str | None]] = {
    "default_address": lambda f: None if f.has_default_address else "店铺还没有默认退货地址",
    "no_default_address": lambda f: "店铺有默认退货地址" if f.has_default_address else None,
    "wrote": lambda f: None if f.seller_wrote else "拒绝之前请先在会话里和买家沟通,或先请买家补充凭证",
    "applications_left": lambda f: (
        None if f.applications < MOST_APPLICATIONS else f"同一售后单最多提交 {MOST_APPLICATIONS} 次,请联系商家协商"
    ),
    "no_parcel_back": lambda f: None if f.parcels_back == 0 else "退货已寄出,不能再撤销;请等待商家验货",
    "back_not_signed": lambda f: None if f.back_signed_at is None else "退货已签收,运单号不能再改;如有误请联系商家",
    "back_traced": lambda f: None if f.back_traced or f.back_signed_at else "退货还没有物流记录",
    "back_untraced": lambda f: "退货已有物流记录" if f.back_traced or f.back_signed_at else None,
    "some_accepted": lambda f: None if f.accepted_milli > 0 else "验货结果里没有可换的数量",
    "none_accepted": lambda f: None if f.accepted_milli == 0 else "验货结果里有可换的数量",
    "not_objected": lambda f: "您已提出过异议,请等待商家重新验货或联系商家" if f.objected else None,
    "guaranteed": lambda f: None if f.guaranteed else "商品没有「少货必赔」或「破损包赔」的承诺",
    "not_guaranteed": lambda f: "商品有「少货必赔」或「破损包赔」的承诺" if f.guaranteed else None,
    "nothing_shipped": lambda f: "商家已发出商品,不能再撤销;收到后有问题可以反馈" if f.shipped_milli else None,
    "not_late": lambda f: "已超过发货时限" if f.late else None,
    "late": lambda f: None if f.late else "商家还在承诺的发货时限内,超时后可以催办",
    "not_just_nudged": lambda f: (
        None
        if f.nudged_at is None or f.now - f.nudged_at >= DEADLINES["nudge_pause"]
        else "24 小时内已催办过,商家已收到提醒"
    ),
    "not_extended": lambda f: "延长期限的机会已用过,如仍需时间请联系商家" if f.extended else None,
    "no_problem": lambda f: "您反馈的问题还在处理" if f.problem_open else None,
    "problem_open": lambda f: None if f.problem_open else "买家没有反馈收货问题",
    "out_traced": lambda f: None if f.out_traced or f.out_signed_at else "发出的商品还没有物流记录",
    "out_stuck": lambda f: (
        None if f.problem_open or not (f.out_traced or f.out_signed_at) else "发出的商品已有物流记录,到期会自动确认收货"
    ),
    "out_lost": lambda f: None if f.out_lost or f.problem_open else "没有丢件或退回的物流记录,买家也没有反馈未收到",
    "negotiated": lambda f: None if f.negotiated else "这不是协商申请",
    "not_negotiated": lambda f: "协商申请须由商家同意,不会超时自动同意" if f.negotiated else None,
    "auto_refund": lambda f: None if f.auto_refund else "已发货的商品没有「极速退款」的承诺",
    "no_auto_refund": lambda f: "未发货或有「极速退款」承诺" if f.auto_refund else None,
    "unshipped": lambda f: None if f.unshipped else "订单已发货,不能用「已发货」关闭这张售后单",
    "from_applied": lambda f: None if f.origin == State.APPLIED else "商品已寄回,不能撤销;可以拒绝方案或提出自己的方案",
    "from_inspecting": lambda f: None if f.origin == State.INSPECTING else "方案不是在验货时提出的",
    "from_reshipping": lambda f: None if f.origin == State.RESHIPPING else "方案不是在发货时提出的",
    "countered": lambda f: None if f.countered else "请等待买家答复方案",
    "not_countered": lambda f: "您已提出自己的方案,请等待商家答复" if f.countered else None,
    "leads_return": lambda f: None if f.outcome == "return" else "方案不包含寄回商品",
    "leads_reship": lambda f: None if f.outcome == "reship" else "方案不是直接发货",
    "leads_pay": lambda f: None if f.outcome == "pay" else "方案不需要补差价",
    "leads_refund": lambda f: None if f.outcome == "refund" else "方案不是直接退款",
    "leads_convert": lambda f: None if f.outcome == "convert" else "方案没有改变售后类型",
    "difference": lambda f: None if f.difference_fen > 0 else "没有需要补的差价",
    "no_difference": lambda f: "换货规格有差价,需要买家先补差价" if f.difference_fen > 0 else None,
    "payment_declared": lambda f: None if f.payment_declared else "买家还没有登记补差价",
    "payment_clear": lambda f: "请先确认是否收到买家补的差价" if f.payment_declared else None,
    "may_convert": lambda f: None if f.late or f.escalated else "商家还在发货时限内,超时后可以改为退款",
    "money_open": lambda f: None if f.open_entries else "没有待付的款项",
    "money_settled": lambda f: "还有待付的款项" if f.open_entries else None,
    "one_entry": lambda f: None if f.open_entries <= 1 else "还有其他待付的款项",
    "more_entries": lambda f: None if f.open_entries > 1 else "只剩这一笔款项",
    "approved": lambda f: "金额超过复核线,请由另一位同事先复核" if f.waiting_entries else None,
    "approval_waiting": lambda f: None if f.waiting_entries else "没有待复核的款项",
    "takes_bank": lambda f: None if f.takes_bank else "店铺没有开启收款账户,请与买家约定其他退款方式",
    "account_not_asked": lambda f: {
        "asked": "已请买家填写,请等待买家答复;也可以先重新退款",
        "given": "买家已填写收款账户,请重新退款",
        "declined": "买家选择不提供账户,请与买家约定其他退款方式后重新退款",
    }.get(f.account),
    "account_wanted": lambda f: None if f.account in ("asked", "declined") else "商家没有请您填写收款账户",
    "account_asked": lambda f: None if f.account == "asked" else "商家没有请您填写收款账户",
    "account_held": lambda f: None if f.account_held else "没有保存您的收款账户,或退款已经完成",
    "in_mediation": lambda f: None if f.escalated else "现在没有平台介入,页面显示的是最新状态",
    "no_mediation": lambda f: "平台已介入,请在介入中提交证据" if f.escalated else None,
    "collecting": lambda f: None if f.stage == Stage.EVIDENCE else "举证期已结束,请等待平台处理",
    "deciding": lambda f: (
        None
        if f.stage in (Stage.DECIDING, Stage.OVERDUE) or f.heard_both
        else "举证期还没有结束,双方都提交证据后可以提前裁决"
    ),
    "rounds_left": lambda f: (
        None if f.evidence_round < EVIDENCE_ROUNDS else f"最多 {EVIDENCE_ROUNDS} 轮举证,请作出裁决"
    ),
    "asked_by_buyer": lambda f: None if f.asked_by == Actor.BUYER else "平台介入不是由您申请的,只有申请的一方可以撤回",
    "asked_by_seller": lambda f: (
        None if f.asked_by == Actor.SELLER else "平台介入不是由您申请的,只有申请的一方可以撤回"
    ),
    "refund_slow": lambda f: (
        None
        if f.now - f.entered_at >= DEADLINES["refund_target"]
        else "商家还在退款时限内,超过 24 小时可以申请平台介入"
    ),
    "late_or_problem": lambda f: (
        None if f.late or f.problem_open else "双方还在正常处理中,商家超时或有问题未解决时可以申请平台介入"
    ),
}

X = frozenset({CaseType.EXCHANGE})
I = frozenset({CaseType.REISSUE})  # noqa: E741  (one letter a type keeps a row on its line)
R = frozenset({CaseType.RETURN_REFUND})
M = frozenset({CaseType.REFUND_ONLY})
XI, XR, RM = X | I, X | R, R | M
ALL = XI | RM
B, S, C, P = Actor.BUYER, Actor.SELLER, Actor.CLOCK, Actor.MEDIATOR


class Step(NamedTuple):
    """One row: ``actor`` may take a case of ``types`` from ``source`` (None: no case yet) to ``target``."""

    name: str
    types: frozenset[CaseType]
    source: State | None
    target: State
    actor: Actor
    news: str  # the timeline, the notice and the answer on the page all say this
    tells: tuple[Actor, ...]
    button: str = ""
    after: str = ""  # the name of a deadline: a deadline is a step that the clock takes
    needs: tuple[str, ...] = ()


# fmt: off
_ROWS: tuple[Step, ...] = (
    Step("apply", X, None, State.APPLIED, B, "买家提交了换货申请", (S,), "提交申请"),
    Step("apply", I, None, State.APPLIED, B, "买家提交了补发申请", (S,), "提交申请"),
    Step("apply", R, None, State.APPLIED, B, "买家提交了退货退款申请", (S,), "提交申请"),
    Step("apply", M, None, State.APPLIED, B, "买家提交了仅退款申请", (S,), "提交申请"),
    Step("apply_on_behalf", ALL, None, State.APPLIED, S, "商家按买家的要求代为提交了申请", (B,), "代买家申请"),
    Step("cancel_order", M, None, State.REFUNDING, B, "买家在发货前撤销了订单,等待商家退款", (S,), "撤销申请"),
    Step("withdraw", ALL, State.APPLIED, State.WITHDRAWN, B, "买家撤销了申请", (S,), "撤销申请"),
    Step("withdraw", ALL, State.PROPOSED, State.WITHDRAWN, B, "买家撤销了申请", (S,), "撤销申请", needs=("from_applied",)),
    Step("withdraw", ALL, State.REVISING, State.WITHDRAWN, B, "买家撤销了申请", (S,), "撤销申请"),
    Step("withdraw", XR, State.RETURNING, State.WITHDRAWN, B, "买家撤销了申请", (S,), "撤销申请", needs=("no_parcel_back",)),
    Step("withdraw", I, State.RESHIPPING, State.WITHDRAWN, B, "买家撤销了申请", (S,), "撤销申请", needs=("nothing_shipped",)),
    Step("modify", ALL, State.APPLIED, State.APPLIED, B, "买家修改了申请", (S,), "修改申请", needs=("applications_left",)),
    Step("agree", X, State.APPLIED, State.RETURNING, S, "商家同意换货,等待买家寄回", (B,), "同意"),
    Step("agree", R, State.APPLIED, State.RETURNING, S, "商家同意退货退款,等待买家寄回", (B,), "同意"),
    Step("agree", I, State.APPLIED, State.RESHIPPING, S, "商家同意补发,等待发货", (B,), "同意"),
    Step("agree", M, State.APPLIED, State.REFUNDING, S, "商家同意退款", (B,), "同意"),
    Step("agree_no_return", X, State.APPLIED, State.RESHIPPING, S, "商家同意换货,无需寄回", (B,), "同意,无需寄回", needs=("no_difference",)),
    Step("agree_refund_without_return", R, State.APPLIED, State.REFUNDING, S, "商家同意退款,无需寄回", (B,), "同意退款,无需寄回"),
    Step("goods_shipped", M, State.APPLIED, State.CLOSED, S, "商家已发货,仅退款申请关闭;收到后可以申请退货退款", (B,), "商品已发出", needs=("unshipped",)),
    Step("propose", ALL, State.APPLIED, State.PROPOSED, S, "商家提出了协商方案", (B,), "协商方案"),
    Step("reject", ALL, State.APPLIED, State.REVISING, S, "商家拒绝了申请", (B,), "拒绝", needs=("wrote",)),
    Step("ask_evidence", ALL, State.APPLIED, State.REVISING, S, "商家请买家补充凭证", (B,), "请补充凭证"),
    Step("timeout_close", ALL, State.APPLIED, State.CLOSED, C, "商家超时未答复协商申请,申请已关闭", (B, S), after="seller_response", needs=("negotiated",)),
    Step("timeout_agree", X, State.APPLIED, State.RETURNING, C, "商家超时未处理,系统已同意换货", (B, S), after="seller_response", needs=("not_negotiated", "default_address")),
    Step("timeout_agree", R, State.APPLIED, State.RETURNING, C, "商家超时未处理,系统已同意退货退款", (B, S), after="seller_response", needs=("not_negotiated", "default_address")),
    Step("timeout_escalate", XR, State.APPLIED, State.APPLIED, C, "商家超时未处理,平台介入", (B, S, P), after="seller_response", needs=("not_negotiated", "no_default_address")),
    Step("timeout_agree", I, State.APPLIED, State.RESHIPPING, C, "商家超时未处理,系统已按服务承诺同意补发", (B, S), after="seller_response", needs=("not_negotiated", "guaranteed")),
    Step("timeout_escalate", I, State.APPLIED, State.APPLIED, C, "商家超时未处理,平台介入", (B, S, P), after="seller_response", needs=("not_negotiated", "not_guaranteed")),
    Step("timeout_agree", M, State.APPLIED, State.REFUNDING, C, "商家超时未处理,系统已同意退款", (B, S), after="seller_response", needs=("not_negotiated", "auto_refund")),
    Step("timeout_escalate", M, State.APPLIED, State.APPLIED, C, "商家超时未处理,平台介入", (B, S, P), after="seller_response", needs=("not_negotiated", "no_auto_refund")),
    *(
        Step(name, types, State.PROPOSED, target, actor, f"{who}接受了协商方案", (other,), "接受方案", needs=(turn, leads))
        for actor, other, who, turn in ((B, S, "买家", "not_countered"), (S, B, "商家", "countered"))
        for name, types, target, leads in (
            ("accept", XR, State.RETURNING, "leads_return"),
            ("accept_reship", XI, State.RESHIPPING, "leads_reship"),
            ("accept_diff", X, State.PAYING, "leads_pay"),
            ("accept_refund", RM, State.REFUNDING, "leads_refund"),
            ("accept_convert", ALL, State.CONVERTED, "leads_convert"),
        )
    ),
    Step("counter", ALL, State.PROPOSED, State.PROPOSED, B, "买家提出了自己的方案", (S,), "提出我的方案", needs=("not_countered",)),
    Step("propose", ALL, State.PROPOSED, State.PROPOSED, S, "商家提出了新的协商方案", (B,), "提出新方案"),
    *(
        Step(name, types, State.PROPOSED, origin, actor, news, tells, button, after, needs)
        for origin, types, need in (
            (State.APPLIED, ALL, "from_applied"), (State.INSPECTING, XR, "from_inspecting"), (State.RESHIPPING, XI, "from_reshipping"),
        )
        for name, actor, news, tells, button, after, needs in (
            ("decline", B, "买家没有接受协商方案", (S,), "不接受方案", "", ("not_countered", need)),
            ("decline", S, "商家没有接受买家的方案", (B,), "不接受方案", "", ("countered", need)),
            ("timeout_decline", C, "买家超时未答复,协商方案失效", (B, S), "", "proposal_answer", (need,)),
            ("timeout_decline", C, "商家超时未答复,买家的方案失效", (B, S), "", "counter_answer", (need,)),
        )
    ),
    Step("modify", ALL, State.REVISING, State.APPLIED, B, "买家修改后重新提交了申请", (S,), "修改申请", needs=("applications_left",)),
    Step("timeout_close", ALL, State.REVISING, State.CLOSED, C, "买家超时未修改,申请已关闭", (B, S), after="buyer_modify"),
    Step("ship_return", XR, State.RETURNING, State.INSPECTING, B, "买家已寄回商品", (S,), "寄回商品"),
    Step("extend", XR, State.RETURNING, State.RETURNING, B, "买家延长了寄回期限", (S,), "延长 3 天", needs=("not_extended",)),
    Step("grant_extension", XR, State.RETURNING, State.RETURNING, S, "商家延长了寄回期限", (B,), "延长寄回期限"),
    Step("timeout_close", XR, State.RETURNING, State.CLOSED, C, "买家超时未寄回,申请已关闭", (B, S), after="buyer_return", needs=("no_parcel_back",)),
    Step("edit_parcel", XR, State.INSPECTING, State.INSPECTING, B, "买家修改了退货运单", (S,), "修改运单", needs=("back_not_signed",)),
    Step("accept_goods", X, State.INSPECTING, State.RESHIPPING, S, "商家验货通过,等待发出换货商品", (B,), "确认收货并验货", needs=("no_difference",)),
    Step("accept_goods_diff", X, State.INSPECTING, State.PAYING, S, "商家验货通过,等待买家补差价", (B,), "确认收货并验货", needs=("difference",)),
    Step("accept_goods", R, State.INSPECTING, State.REFUNDING, S, "商家验货通过,等待退款", (B,), "确认收货并验货"),
    Step("dispute_goods", XR, State.INSPECTING, State.DISPUTED, S, "商家验货有异议", (B,)),
    Step("propose", XR, State.INSPECTING, State.PROPOSED, S, "商家提出了协商方案", (B,), "协商方案"),
    Step("timeout_accept", X, State.INSPECTING, State.RESHIPPING, C, "商家超时未验货,视为验货通过", (B, S), after="seller_receive", needs=("back_traced", "no_difference")),
    Step("timeout_accept_diff", X, State.INSPECTING, State.PAYING, C, "商家超时未验货,视为验货通过,等待买家补差价", (B, S), after="seller_receive", needs=("back_traced", "difference")),
    Step("timeout_accept", R, State.INSPECTING, State.REFUNDING, C, "商家超时未验货,视为验货通过,等待退款", (B, S), after="seller_receive", needs=("back_traced",)),
    Step("timeout_escalate", XR, State.INSPECTING, State.INSPECTING, C, "商家超时未验货且没有物流记录,平台介入", (B, S, P), after="seller_receive", needs=("back_untraced",)),
    Step("accept_result", X, State.DISPUTED, State.RESHIPPING, B, "买家接受了验货结果", (S,), "接受验货结果", needs=("some_accepted", "no_difference")),
    Step("accept_result_diff", X, State.DISPUTED, State.PAYING, B, "买家接受了验货结果,等待补差价", (S,), "接受验货结果", needs=("some_accepted", "difference")),
    Step("accept_result", R, State.DISPUTED, State.REFUNDING, B, "买家接受了验货结果,等待退款", (S,), "接受验货结果", needs=("some_accepted",)),
    Step("accept_result_none", XR, State.DISPUTED, State.CLOSED, B, "买家接受了验货结果,申请已关闭", (S,), "接受验货结果", needs=("none_accepted",)),
    Step("object", XR, State.DISPUTED, State.DISPUTED, B, "买家不认可验货结果,请商家复核", (S,), "不认可,请商家复核", needs=("not_objected",)),
    Step("revise_inspection", XR, State.DISPUTED, State.DISPUTED, S, "商家更新了验货结果", (B,), "重新验货"),
    Step("timeout_accept", X, State.DISPUTED, State.RESHIPPING, C, "买家超时未回应,按验货结果继续", (B, S), after="inspection_dispute", needs=("some_accepted", "no_difference")),
    Step("timeout_accept_diff", X, State.DISPUTED, State.PAYING, C, "买家超时未回应,按验货结果继续,等待补差价", (B, S), after="inspection_dispute", needs=("some_accepted", "difference")),
    Step("timeout_accept", R, State.DISPUTED, State.REFUNDING, C, "买家超时未回应,按验货结果退款", (B, S), after="inspection_dispute", needs=("some_accepted",)),
    Step("timeout_close", XR, State.DISPUTED, State.CLOSED, C, "买家超时未回应,申请已关闭", (B, S), after="inspection_dispute", needs=("none_accepted",)),
    Step("pay", X, State.PAYING, State.RESHIPPING, B, "买家登记已补差价,等待商家确认并发货", (S,), "已补差价"),
    Step("waive", X, State.PAYING, State.RESHIPPING, S, "商家免除了差价,等待发货", (B,), "免除差价"),
    Step("timeout_convert", X, State.PAYING, State.CONVERTED, C, "买家超时未补差价,已转为退款", (B, S), after="difference_payment"),
    Step("confirm_payment", X, State.RESHIPPING, State.RESHIPPING, S, "商家确认收到差价", (B,), "确认收到差价", needs=("payment_declared",)),
    Step("deny_payment", X, State.RESHIPPING, State.PAYING, S, "商家没有收到差价,请买家核对", (B,), "没有收到差价", needs=("payment_declared",)),
    Step("ship_part", XI, State.RESHIPPING, State.RESHIPPING, S, "商家发出了部分商品", (B,), needs=("payment_clear",)),
    Step("ship_replacement", X, State.RESHIPPING, State.CONFIRMING, S, "商家已发出换货商品", (B,), "发出换货商品", needs=("payment_clear",)),
    Step("ship_replacement", I, State.RESHIPPING, State.CONFIRMING, S, "商家已发出补发商品", (B,), "发出补发商品"),
    Step("propose_other_sku", XI, State.RESHIPPING, State.PROPOSED, S, "商品缺货,商家提出了其他方案", (B,), "缺货,协商方案", needs=("nothing_shipped",)),
    Step("convert_refund", XI, State.RESHIPPING, State.CONVERTED, B, "买家改为退款", (S,), "转退款", needs=("may_convert", "nothing_shipped")),
    Step("timeout_late", XI, State.RESHIPPING, State.RESHIPPING, C, "商家超时未发货,买家可以催办或转退款", (B, S), after="seller_reship", needs=("not_late",)),
    Step("nudge", XI, State.RESHIPPING, State.RESHIPPING, B, "买家催促商家发货", (S,), "催办", needs=("late", "not_just_nudged")),
    Step("timeout_escalate", XI, State.RESHIPPING, State.RESHIPPING, C, "商家仍未发货,平台介入", (B, S, P), after="seller_reship_late", needs=("late",)),
    *(
        row
        for state in (State.RESHIPPING, State.CONFIRMING)
        for row in (
            Step("approve_refund", XI, state, state, S, "商家复核了款项", (), "复核通过", needs=("approval_waiting",)),
            Step("settle_entry", XI, state, state, S, "商家付清了一笔款项", (B,), "登记已付款", needs=("money_open", "approved")),
        )
    ),
    Step("confirm", X, State.CONFIRMING, State.COMPLETED, B, "买家确认收货,换货完成", (S, B), "确认收货", needs=("money_settled",)),
    Step("confirm", I, State.CONFIRMING, State.COMPLETED, B, "买家确认收货,补发完成", (S, B), "确认收货", needs=("money_settled",)),
    Step("confirm", XI, State.CONFIRMING, State.REFUNDING, B, "买家确认收货,等待商家付清款项", (S,), "确认收货", needs=("money_open",)),
    Step("report_problem", X, State.CONFIRMING, State.CONFIRMING, B, "买家反馈收到的换货商品有问题", (S,), "收到有问题", needs=("no_problem",)),
    Step("report_problem", I, State.CONFIRMING, State.CONFIRMING, B, "买家反馈收到的补发商品有问题", (S,), "收到有问题", needs=("no_problem",)),
    Step("replacement_defective", XI, State.CONFIRMING, State.CONVERTED, B, "收到的商品仍有问题,买家转为新的售后", (S,), "再次售后"),
    Step("extend", XI, State.CONFIRMING, State.CONFIRMING, B, "买家延长了收货期限", (S,), "延长 7 天", needs=("not_extended", "no_problem")),
    Step("resend", XI, State.CONFIRMING, State.RESHIPPING, S, "商家同意重新发货", (B,), "同意重新发货", needs=("problem_open",)),
    Step("replacement_lost", X, State.CONFIRMING, State.RESHIPPING, S, "换货商品丢失或退回,商家将重新发货", (B,), "丢件或退回,重新发货", needs=("out_lost",)),
    Step("replacement_lost", I, State.CONFIRMING, State.RESHIPPING, S, "补发商品丢失或退回,商家将重新发货", (B,), "丢件或退回,重新发货", needs=("out_lost",)),
    Step("timeout_confirm", X, State.CONFIRMING, State.COMPLETED, C, "买家超时未确认,系统已确认收货,换货完成", (B, S), after="buyer_confirm", needs=("out_traced", "no_problem", "money_settled")),
    Step("timeout_confirm", I, State.CONFIRMING, State.COMPLETED, C, "买家超时未确认,系统已确认收货,补发完成", (B, S), after="buyer_confirm", needs=("out_traced", "no_problem", "money_settled")),
    Step("timeout_confirm", XI, State.CONFIRMING, State.REFUNDING, C, "买家超时未确认,系统已确认收货,等待商家付清款项", (B, S), after="buyer_confirm", needs=("out_traced", "no_problem", "money_open")),
    Step("timeout_escalate", X, State.CONFIRMING, State.CONFIRMING, C, "换货商品没有物流记录,不自动确认收货,平台介入", (B, S, P), after="buyer_confirm", needs=("out_stuck", "no_problem")),
    Step("timeout_escalate", I, State.CONFIRMING, State.CONFIRMING, C, "补发商品没有物流记录,不自动确认收货,平台介入", (B, S, P), after="buyer_confirm", needs=("out_stuck", "no_problem")),
    Step("timeout_escalate", XI, State.CONFIRMING, State.CONFIRMING, C, "商家超时未处理收货问题,平台介入", (B, S, P), after="problem_answer", needs=("problem_open",)),
    Step("approve_refund", ALL, State.REFUNDING, State.REFUNDING, S, "商家复核了退款", (), "复核通过", needs=("approval_waiting",)),
    Step("settle_entry", ALL, State.REFUNDING, State.REFUNDING, S, "商家付清了其中一笔款项", (B,), "登记已退款", needs=("approved", "more_entries")),
    Step("refund_ok", X, State.REFUNDING, State.COMPLETED, S, "款项已付清,换货完成", (B, S), "登记已退款", needs=("approved", "one_entry")),
    Step("refund_ok", I, State.REFUNDING, State.COMPLETED, S, "款项已付清,补发完成", (B, S), "登记已退款", needs=("approved", "one_entry")),
    Step("refund_ok", RM, State.REFUNDING, State.COMPLETED, S, "商家已退款,退款完成", (B, S), "登记已退款", needs=("approved", "one_entry")),
    Step("refund_fail", ALL, State.REFUNDING, State.REFUND_FAILED, S, "退款失败,商家会重试", (B,), "登记退款失败", needs=("approved",)),
    Step("timeout_overdue", ALL, State.REFUNDING, State.REFUNDING, C, "商家超过法定期限未退款,平台介入", (B, S, P), after="refund_legal"),
    Step("retry", ALL, State.REFUND_FAILED, State.REFUNDING, S, "商家重新办理退款", (B,), "重新退款"),
    Step("ask_account", ALL, State.REFUND_FAILED, State.REFUND_FAILED, S, "原路退回不成功,商家请您填写收款账户", (B,), "请买家填写收款账户", needs=("takes_bank", "account_not_asked")),
    Step("give_account", ALL, State.REFUND_FAILED, State.REFUND_FAILED, B, "买家填写了收款账户,请重新退款", (S,), "填写收款账户", needs=("takes_bank", "account_wanted")),
    Step("decline_account", ALL, State.REFUND_FAILED, State.REFUND_FAILED, B, "买家没有提供收款账户,请商家用其他方式退款", (S,), "不提供账户", needs=("account_asked",)),
    *(
        Step("withdraw_account", ALL, state, state, B, "买家撤回了收款账户,请商家用其他方式退款", (S,), "撤回收款账户", needs=("account_held",))
        for state in (State.REFUNDING, State.REFUND_FAILED)
    ),
    Step("timeout_overdue", ALL, State.REFUND_FAILED, State.REFUND_FAILED, C, "退款失败后超过法定期限,平台介入", (B, S, P), after="refund_legal"),
    Step("decide_close", ALL, State.APPLIED, State.CLOSED, P, "平台裁决:不支持申请,售后关闭", (B, S), "不支持,关闭售后", needs=("in_mediation", "deciding")),
    Step("decide_close", ALL, State.REVISING, State.CLOSED, P, "平台裁决:不支持申请,售后关闭", (B, S), "不支持,关闭售后", needs=("in_mediation", "deciding")),
    Step("decide_close", XR, State.INSPECTING, State.CLOSED, P, "平台裁决:不支持申请,商家退还商品,售后关闭", (B, S), "不支持,关闭售后", needs=("in_mediation", "deciding")),
    Step("decide_close", XR, State.DISPUTED, State.CLOSED, P, "平台裁决:不支持申请,商家退还商品,售后关闭", (B, S), "不支持,关闭售后", needs=("in_mediation", "deciding")),
    Step("decide_complete", XI, State.CONFIRMING, State.COMPLETED, P, "平台裁决:商家已履行,售后完成", (B, S), "商家已履行,完成", needs=("in_mediation", "deciding", "money_settled")),
    *(Step("decide_return", XR, source, State.RETURNING, P, "平台裁决:支持申请,请买家寄回商品", (B, S), "支持,买家寄回", needs=("in_mediation", "deciding")) for source in (State.APPLIED, State.REVISING)),
    *(
        Step("decide_reship", types, source, State.RESHIPPING, P, "平台裁决:商家发出商品", (B, S), "商家发货", needs=("in_mediation", "deciding"))
        for source, types in ((State.APPLIED, XI), (State.REVISING, XI), (State.INSPECTING, X), (State.DISPUTED, X), (State.CONFIRMING, XI))
    ),
    *(
        Step("decide_refund", types, source, State.REFUNDING, P, "平台裁决:商家退款", (B, S), "商家退款", needs=("in_mediation", "deciding"))
        for source, types in ((State.APPLIED, RM), (State.REVISING, RM), (State.INSPECTING, R), (State.DISPUTED, R))
    ),
    *(
        Step("decide_refund", types, source, State.CONVERTED, P, "平台裁决:改为退款", (B, S), "改为退款", needs=("in_mediation", "deciding"))
        for source, types in (
            (State.APPLIED, XI), (State.REVISING, XI), (State.INSPECTING, X), (State.DISPUTED, X), (State.RESHIPPING, XI), (State.CONFIRMING, XI),
        )
    ),
    # A case that another one became: opened where that one's agreement leads.
    *(
        Step("convert", types, None, target, actor, "由其他售后转来", (S,) if target is State.APPLIED else ())
        for actor in (B, S, C, P)
        for types, target in ((ALL, State.APPLIED), (XR, State.RETURNING), (XI, State.RESHIPPING), (RM, State.REFUNDING))
    ),
)
# fmt: on

# 平台介入 lies beside the state: the same rows in each state that it can be called for in.
_OPEN_OF: dict[CaseType, tuple[State, ...]] = {
    case_type: tuple(
        state
        for state in State
        if state not in FINAL and any(row.target == state and case_type in row.types for row in _ROWS)
    )
    for case_type in CaseType
}
_WHEN: dict[State, tuple[str, ...] | None] = {  # when a side may call for it; None: only the clock does
    State.APPLIED: None,
    State.REVISING: (),
    State.INSPECTING: (),
    State.DISPUTED: (),
    State.RESHIPPING: ("late_or_problem",),
    State.CONFIRMING: ("late_or_problem",),
    State.REFUNDING: ("refund_slow",),
    State.REFUND_FAILED: (),
}


def _overlay() -> Iterator[Step]:
    for state, when in _WHEN.items():
        types = frozenset(case_type for case_type in CaseType if state in _OPEN_OF[case_type])
        if when is not None:
            for actor, other, who in ((B, S, "买家"), (S, B, "商家")):
                yield Step(
                    "escalate",
                    types,
                    state,
                    state,
                    actor,
                    f"{who}申请平台介入",
                    (other, P),
                    "申请平台介入",
                    needs=("no_mediation", *when),
                )
        for actor, other, who, mine in ((B, S, "买家", "asked_by_buyer"), (S, B, "商家", "asked_by_seller")):
            yield Step(
                "submit_evidence",
                types,
                state,
                state,
                actor,
                f"{who}提交了证据",
                (other, P),
                "提交证据",
                needs=("in_mediation", "collecting"),
            )
            yield Step(
                "withdraw_mediation",
                types,
                state,
                state,
                actor,
                f"{who}撤回了平台介入申请,按原流程继续",
                (other, P),
                "撤回平台介入",
                needs=("in_mediation", mine),
            )
        yield Step(
            "timeout_evidence",
            types,
            state,
            state,
            C,
            "举证期结束,等待平台裁决",
            (B, S, P),
            after="mediation_evidence",
            needs=("in_mediation",),
        )
        yield Step(
            "timeout_decision",
            types,
            state,
            state,
            C,
            "平台裁决超时,已上报主管",
            (B, S, P),
            after="mediation_decision",
            needs=("in_mediation",),
        )
        yield Step(
            "more_evidence",
            types,
            state,
            state,
            P,
            "平台请双方补充证据",
            (B, S),
            "请双方补充证据",
            needs=("in_mediation", "deciding", "rounds_left"),
        )
        yield Step(
            "decide_continue",
            types,
            state,
            state,
            P,
            "平台裁决:按原流程继续",
            (B, S),
            "按原流程继续",
            needs=("in_mediation", "deciding"),
        )


OVERLAY: tuple[Step, ...] = tuple(_overlay())
STEPS: tuple[Step, ...] = _ROWS + OVERLAY
_OF: dict[tuple[str | None, str], list[Step]] = {}
for _step in STEPS:
    _OF.setdefault((_step.source, _step.actor), []).append(_step)


class StepRefused(Exception):
    """This step can't be taken; ``sentence`` says why, in words for the person who tried."""

    def __init__(self, sentence: str, step: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.step = step


class Stale(StepRefused):
    """Somebody else was faster: the case is no longer what the page showed. Nothing was changed."""


NOT_NOW = "这一步现在不能进行,页面显示的是最新状态"


def open_steps(case_type: str, state: str | None, actor: Actor) -> Iterator[Step]:
    """The steps that ``actor`` could take from ``state``, whatever their conditions, in the table's order."""
    for step in _OF.get((state, actor), ()):
        if case_type in step.types:
            yield step


def find(case_type: str, state: str, actor: Actor, name: str) -> Step:
    """The row for this step, or StepRefused when the table has none."""
    for step in open_steps(case_type, state, actor):
        if step.name == name:
            return step
    raise StepRefused(NOT_NOW, name)


def choose(case_type: str, state: str, actor: Actor, name: str, facts: Facts) -> Step:
    """Of the rows of this name the one whose conditions hold. Raises StepRefused with the first row's reason."""
    first = find(case_type, state, actor, name)
    for step in open_steps(case_type, state, actor):
        if step.name == name and unmet(step, facts) is None:
            return step
    raise StepRefused(unmet(first, facts) or NOT_NOW, name)


def waits_for(
    state: str, *, escalated: bool = False, problem_open: bool = False, countered: bool = False
) -> Actor | None:
    """Who must act: by the state, unless the platform decides, a problem is open or the buyer made terms of his own."""
    if state in FINAL:
        return None
    if escalated:
        return Actor.MEDIATOR
    return Actor.SELLER if problem_open or countered else WAITS_FOR[State(state)]


def unmet(step: Step, facts: Facts) -> str | None:
    """The first condition of ``step`` that does not hold, as a sentence; None when all hold."""
    for need in step.needs:
        if sentence := NEEDS[need](facts):
            return sentence
    return None


def clock_step(case_type: str, state: str, rule: str, facts: Facts) -> Step | None:
    """What the clock does when the deadline ``rule`` of this state runs out."""
    for step in open_steps(case_type, state, Actor.CLOCK):
        if step.after == rule and unmet(step, facts) is None:
            return step
    return None


def due(state: str, facts: Facts, set_to: Mapping[str, timedelta] | None = None) -> tuple[datetime | None, str]:
    """When the present state's deadline falls and which rule says so; (None, "") when no clock runs."""
    spans = {**DEADLINES, **(set_to or {})}
    if state in FINAL:
        return None, ""
    if facts.escalated:
        rule = {Stage.EVIDENCE: "mediation_evidence", Stage.DECIDING: "mediation_decision"}.get(Stage(facts.stage))
        return ((facts.evidence_at or facts.entered_at) + spans[rule], rule) if rule else (None, "")
    end, rule = _running(state, facts, spans)
    end += facts.paused
    return (max(end, facts.not_before) if facts.not_before else end), rule


_PLAIN: dict[str, str] = {  # states whose one deadline runs from entering them
    State.APPLIED: "seller_response",
    State.REVISING: "buyer_modify",
    State.DISPUTED: "inspection_dispute",
    State.PAYING: "difference_payment",
}


def _running(state: str, facts: Facts, spans: Mapping[str, timedelta]) -> tuple[datetime, str]:
    """When the state's own clock runs out, had it never stood still."""
    start = facts.entered_at
    if rule := _PLAIN.get(state):
        return start + spans[rule], rule
    if state == State.PROPOSED:
        rule = "counter_answer" if facts.countered else "proposal_answer"
        return start + spans[rule], rule
    if state == State.RETURNING:
        more = spans["buyer_return_extension"] if facts.extended else timedelta()
        return start + spans["buyer_return"] + more + facts.granted, "buyer_return"
    if state == State.INSPECTING:
        end = (facts.back_shipped_at or start) + spans["seller_receive_slow" if facts.back_slow else "seller_receive"]
        if facts.back_signed_at:
            end = min(end, facts.back_signed_at + spans["seller_receive_signed"])
        return end, "seller_receive"
    if state == State.RESHIPPING:
        if facts.late:
            return start + spans["seller_reship"] + spans["seller_reship_late"], "seller_reship_late"
        return start + spans["seller_reship"], "seller_reship"
    if state in (State.REFUNDING, State.REFUND_FAILED):
        end = (facts.back_signed_at or start) + spans["refund_legal"]
        return max(end, start + spans["least_left"]), "refund_legal"
    if facts.problem_open:
        return start + spans["problem_answer"], "problem_answer"
    end = (facts.out_shipped_at or start) + spans["buyer_confirm_slow" if facts.out_slow else "buyer_confirm"]
    if facts.out_signed_at:
        end = min(end, facts.out_signed_at + spans["buyer_confirm_signed"])
    return end + (spans["buyer_confirm_extension"] if facts.extended else timedelta()), "buyer_confirm"


def reminders(start: datetime, end: datetime) -> list[datetime]:
    """When the one who must act is reminded: at half time and at 90 %, and 72, 24 and 2 hours before the end."""
    span = end - start
    moments = {start + span / 2, start + span * 0.9}
    moments |= {end - timedelta(hours=h) for h in (72, 24, 2)}
    return sorted(moment for moment in moments if start < moment < end)


def diagram(case_type: CaseType) -> str:
    """One type's rows as a Mermaid state diagram, for the README: an arrow says who takes which steps.

    平台介入 lies beside the states and isn't drawn; its decisions, which lead from one state to another, are.
    """
    arrows: dict[tuple[str, str], dict[str, list[str]]] = {}
    for step in _ROWS:
        if case_type in step.types:
            names = arrows.setdefault((step.source or "[*]", step.target), {}).setdefault(step.actor, [])
            if step.name not in names:
                names.append(step.name)
    lines = ["stateDiagram-v2", "    direction TB"]
    for (source, target), said in arrows.items():
        whole = "; ".join(f"{actor} · {', '.join(names)}" for actor, names in said.items())
        lines.append(f"    {source} --> {target}: {whole}")
    lines += [f"    {state} --> [*]" for state in State if state in FINAL]
    return "\n".join(lines)
