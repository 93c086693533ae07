"""The table of steps: who may take a case from which state to which. Legality is here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from portal.flow.facts import Facts
from portal.flow.kinds import FINAL, NOT_NOW, OWED, Actor, CaseType, Role, State, StepRefused
from portal.flow.needs import NEEDS

# Steps that stay in their state and yet start its clock anew; every change of state does.
RESTARTING = frozenset({"modify", "object", "revise_inspection", "report_problem", "propose", "counter"}) | {
    "give_place",
    "timeout_place",
}
X = frozenset({CaseType.EXCHANGE})
I = frozenset({CaseType.REISSUE})  # noqa: E741  (one letter a type keeps a row on its line)
R = frozenset({CaseType.RETURN_REFUND})
M = frozenset({CaseType.REFUND_ONLY})
XI, XR, RM, XRM = X | I, X | R, R | M, X | R | M
ALL = XI | RM
B, S, C, P = Actor.BUYER, Actor.SELLER, Actor.CLOCK, Actor.MEDIATOR
OWNER: frozenset[Role] = frozenset()  # a row that says nothing of roles is the owner's alone
AGENT, STORE, MONEY = frozenset({Role.AGENT}), frozenset({Role.WAREHOUSE}), frozenset({Role.FINANCE})


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
    roles: frozenset[Role] = OWNER  # who of a shop's staff takes it besides the owner
    danger: bool = False  # it takes something from the other side or can't be undone: its button warns
    title: str = ""  # of the notice it sends, with {type}; the news where it has none of its own


# fmt: off
ROWS: tuple[Step, ...] = (
    Step("apply", X, None, State.APPLIED, B, "买家提交了换货申请", (S,), "提交申请", title="新的{type}申请"),
    Step("apply", I, None, State.APPLIED, B, "买家提交了补发申请", (S,), "提交申请", title="新的{type}申请"),
    Step("apply", R, None, State.APPLIED, B, "买家提交了退货退款申请", (S,), "提交申请", title="新的{type}申请"),
    Step("apply", M, None, State.APPLIED, B, "买家提交了仅退款申请", (S,), "提交申请", title="新的{type}申请"),
    Step("apply_on_behalf", ALL, None, State.APPLIED, S, "商家按买家的要求代为提交了申请", (B,), "代买家申请", roles=AGENT),
    Step("cancel_order", M, None, State.REFUNDING, B, "买家在发货前取消了订单，等待商家退款", (S,), "取消订单"),
    Step("withdraw", ALL, State.APPLIED, State.WITHDRAWN, B, "买家撤销了申请", (S,), "撤销申请", danger=True),
    Step("withdraw", ALL, State.PROPOSED, State.WITHDRAWN, B, "买家撤销了申请", (S,), "撤销申请", needs=("from_applied",), danger=True),
    Step("withdraw", ALL, State.REVISING, State.WITHDRAWN, B, "买家撤销了申请", (S,), "撤销申请", danger=True),
    Step("withdraw", XR, State.RETURNING, State.WITHDRAWN, B, "买家撤销了申请", (S,), "撤销申请", needs=("no_parcel_back",), danger=True),
    Step("withdraw", I, State.RESHIPPING, State.WITHDRAWN, B, "买家撤销了申请", (S,), "撤销申请", needs=("nothing_shipped", "nothing_contested"), danger=True),
    Step("modify", ALL, State.APPLIED, State.APPLIED, B, "买家修改了申请", (S,), "修改申请", needs=("applications_left",)),
    Step("agree", X, State.APPLIED, State.RETURNING, S, "商家同意换货，等待买家寄回", (B,), "同意", roles=AGENT, title="换货成功通知"),
    Step("agree", R, State.APPLIED, State.RETURNING, S, "商家同意退货退款，等待买家寄回", (B,), "同意", roles=AGENT, title="{type}申请已通过"),
    Step("agree", I, State.APPLIED, State.RESHIPPING, S, "商家同意补发，等待发货", (B,), "同意", roles=AGENT, title="{type}申请已通过"),
    Step("agree", M, State.APPLIED, State.REFUNDING, S, "商家同意退款", (B,), "同意", roles=AGENT, title="{type}申请已通过"),
    Step("agree_no_return", X, State.APPLIED, State.RESHIPPING, S, "商家同意换货，无需寄回", (B,), "同意，无需寄回", needs=("no_difference",), roles=AGENT, title="换货成功通知"),
    Step("agree_refund_without_return", R, State.APPLIED, State.REFUNDING, S, "商家同意退款，无需寄回", (B,), "同意退款，无需寄回", roles=AGENT),
    Step("goods_shipped", M, State.APPLIED, State.CLOSED, S, "商家已发货，仅退款申请关闭；收到后可以申请退货退款", (B,), "商品已发出", needs=("unshipped",), roles=AGENT | STORE, danger=True),
    Step("propose", ALL, State.APPLIED, State.PROPOSED, S, "商家提出了协商方案", (B,), "协商方案", roles=AGENT, title="协商方案待您确认"),
    Step("reject", ALL, State.APPLIED, State.REVISING, S, "商家拒绝了申请", (B,), "拒绝", needs=("refusable", "wrote"), roles=AGENT, danger=True, title="{type}申请未通过"),
    Step("ask_evidence", ALL, State.APPLIED, State.REVISING, S, "商家请买家补充凭证", (B,), "请补充凭证", needs=("provable", "answerable"), roles=AGENT, title="请补充凭证"),
    Step("timeout_close", ALL, State.APPLIED, State.CLOSED, C, "商家超时未答复协商申请，申请已关闭", (B, S), after="seller_response", needs=("negotiated",)),
    Step("timeout_agree", X, State.APPLIED, State.RETURNING, C, "商家超时未处理，系统已同意换货", (B, S), after="seller_response", needs=("not_negotiated", "default_address"), title="换货成功通知"),
    Step("timeout_agree", R, State.APPLIED, State.RETURNING, C, "商家超时未处理，系统已同意退货退款", (B, S), after="seller_response", needs=("not_negotiated", "default_address"), title="{type}申请已通过"),
    Step("timeout_escalate", XR, State.APPLIED, State.APPLIED, C, "商家超时未处理，平台介入", (B, S, P), after="seller_response", needs=("not_negotiated", "no_default_address"), title="平台介入通知"),
    Step("timeout_agree", I, State.APPLIED, State.RESHIPPING, C, "商家超时未处理，系统已按服务承诺同意补发", (B, S), after="seller_response", needs=("not_negotiated", "guaranteed"), title="{type}申请已通过"),
    Step("timeout_escalate", I, State.APPLIED, State.APPLIED, C, "商家超时未处理，平台介入", (B, S, P), after="seller_response", needs=("not_negotiated", "not_guaranteed"), title="平台介入通知"),
    Step("timeout_agree", M, State.APPLIED, State.REFUNDING, C, "商家超时未处理，系统已同意退款", (B, S), after="seller_response", needs=("not_negotiated", "auto_refund"), title="{type}申请已通过"),
    Step("timeout_escalate", M, State.APPLIED, State.APPLIED, C, "商家超时未处理，平台介入", (B, S, P), after="seller_response", needs=("not_negotiated", "no_auto_refund"), title="平台介入通知"),
    *(
        Step(name, types, State.PROPOSED, target, actor, f"{who}接受了协商方案", (other,), "接受方案", needs=(turn, leads), roles=AGENT if actor is S else OWNER)
        for actor, other, who, turn in ((B, S, "买家", "not_countered"), (S, B, "商家", "countered"))
        for name, types, target, leads in (
            ("accept", XR, State.RETURNING, "leads_return"),
            ("accept_reship", XI, State.RESHIPPING, "leads_reship"),
            ("accept_diff", X, State.PAYING, "leads_pay"),
            ("accept_refund", RM, State.REFUNDING, "leads_refund"),
            ("accept_convert", ALL, State.CONVERTED, "leads_convert"),
        )
    ),
    Step("counter", ALL, State.PROPOSED, State.PROPOSED, B, "买家提出了自己的方案", (S,), "提出我的方案", needs=("not_countered",), title="买家提出了自己的方案"),
    Step("propose", ALL, State.PROPOSED, State.PROPOSED, S, "商家提出了新的协商方案", (B,), "提出新方案", roles=AGENT, title="协商方案待您确认"),
    *(
        Step(name, types, State.PROPOSED, origin, actor, news, tells, button, after, needs, AGENT if actor is S else OWNER, danger=bool(button))
        for origin, types, need in (
            (State.APPLIED, ALL, "from_applied"), (State.INSPECTING, XR, "from_inspecting"), (State.RESHIPPING, XI, "from_reshipping"),
        )
        for name, actor, news, tells, button, after, needs in (
            ("decline", B, "买家没有接受协商方案", (S,), "不接受方案", "", ("not_countered", need)),
            ("decline", S, "商家没有接受买家的方案", (B,), "不接受方案", "", ("countered", need)),
            ("timeout_decline", C, "买家超时未答复，协商方案失效", (B, S), "", "proposal_answer", (need,)),
            ("timeout_decline", C, "商家超时未答复，买家的方案失效", (B, S), "", "counter_answer", (need,)),
        )
    ),
    Step("modify", ALL, State.REVISING, State.APPLIED, B, "买家修改后重新提交了申请", (S,), "修改申请", needs=("applications_left",)),
    Step("timeout_close", ALL, State.REVISING, State.CLOSED, C, "买家超时未修改，申请已关闭", (B, S), after="buyer_modify", needs=("freight_answered",)),
    Step("timeout_close", ALL, State.REVISING, State.CLOSED, C, "买家没有再提出，申请按商家的拒绝关闭", (B, S), after="refusal_answer", needs=("freight_answered",)),
    *(Step("timeout_escalate", XR, State.REVISING, State.REVISING, C, "商家没有答复退回运费，申请不自动关闭，平台介入", (B, S, P), after=rule, needs=("freight_claimed",), title="平台介入通知") for rule in ("buyer_modify", "refusal_answer")),
    # Goods that go back to several places are sent place by place; the last parcel leads on.
    Step("ship_return", XR, State.RETURNING, State.INSPECTING, B, "买家已寄回商品", (S,), "寄回商品", needs=("place_known", "last_place"), title="买家已寄回商品"),
    Step("ship_return", XR, State.RETURNING, State.RETURNING, B, "买家寄回了一部分商品", (S,), "寄回商品", needs=("place_known", "more_places"), title="买家寄回了一部分商品"),
    Step("edit_parcel", XR, State.RETURNING, State.RETURNING, B, "买家修改了退货运单", (S,), "修改运单", needs=("parcel_back", "back_not_signed")),
    Step("give_place", XR, State.RETURNING, State.RETURNING, S, "商家给出了其余商品的退货地址", (B,), "补充退货地址", needs=("place_waits",), roles=AGENT, title="退货地址已给出"),
    Step("timeout_place", XR, State.RETURNING, State.RETURNING, C, "商家超时未给退货地址，其余商品寄到商家的默认退货地址", (B, S), after="return_place", needs=("place_waits",), title="退货地址已给出"),
    Step("extend", XR, State.RETURNING, State.RETURNING, B, "买家延长了寄回期限", (S,), "延长寄回期限", needs=("not_extended", "all_places_known")),
    Step("grant_extension", XR, State.RETURNING, State.RETURNING, S, "商家延长了寄回期限", (B,), "延长寄回期限", needs=("all_places_known",), roles=AGENT),
    Step("timeout_close", XR, State.RETURNING, State.CLOSED, C, "买家超时未寄回，申请已关闭", (B, S), after="buyer_return", needs=("no_parcel_back",)),
    Step("timeout_part", XR, State.RETURNING, State.INSPECTING, C, "买家超时未寄出其余商品，按已寄出的商品验货", (B, S), after="buyer_return_rest", needs=("parcel_back",), title="按已寄出的商品验货"),
    Step("edit_parcel", XR, State.INSPECTING, State.INSPECTING, B, "买家修改了退货运单", (S,), "修改运单", needs=("back_not_signed",)),
    Step("accept_goods", X, State.INSPECTING, State.RESHIPPING, S, "商家验货通过，等待发出换货商品", (B,), "确认收货并验货", needs=("no_difference",), roles=STORE, title="验货通过"),
    Step("accept_goods_diff", X, State.INSPECTING, State.PAYING, S, "商家验货通过，等待买家补差价", (B,), "确认收货并验货", needs=("difference",), roles=STORE),
    Step("accept_goods", R, State.INSPECTING, State.REFUNDING, S, "商家验货通过，等待退款", (B,), "确认收货并验货", roles=STORE, title="验货通过"),
    Step("dispute_goods", XR, State.INSPECTING, State.DISPUTED, S, "商家验货有异议", (B,), roles=STORE, title="验货有异议"),
    Step("propose", XR, State.INSPECTING, State.PROPOSED, S, "商家提出了协商方案", (B,), "协商方案", roles=AGENT, title="协商方案待您确认"),
    Step("timeout_accept", X, State.INSPECTING, State.RESHIPPING, C, "商家超时未验货，视为验货通过", (B, S), after="seller_receive", needs=("back_traced", "no_difference")),
    Step("timeout_accept_diff", X, State.INSPECTING, State.PAYING, C, "商家超时未验货，视为验货通过，等待买家补差价", (B, S), after="seller_receive", needs=("back_traced", "difference")),
    Step("timeout_accept", R, State.INSPECTING, State.REFUNDING, C, "商家超时未验货，视为验货通过，等待退款", (B, S), after="seller_receive", needs=("back_traced",)),
    Step("timeout_escalate", XR, State.INSPECTING, State.INSPECTING, C, "商家超时未验货且没有物流记录，平台介入", (B, S, P), after="seller_receive", needs=("back_untraced",), title="平台介入通知"),
    Step("accept_result", X, State.DISPUTED, State.RESHIPPING, B, "买家接受了验货结果", (S,), "接受验货结果", needs=("some_accepted", "no_difference")),
    Step("accept_result_diff", X, State.DISPUTED, State.PAYING, B, "买家接受了验货结果，等待补差价", (S,), "接受验货结果", needs=("some_accepted", "difference")),
    Step("accept_result", R, State.DISPUTED, State.REFUNDING, B, "买家接受了验货结果，等待退款", (S,), "接受验货结果", needs=("some_accepted",)),
    Step("accept_result_none", XR, State.DISPUTED, State.CLOSED, B, "买家接受了验货结果，申请已关闭", (S,), "接受验货结果", needs=("none_accepted",)),
    Step("object", XR, State.DISPUTED, State.DISPUTED, B, "买家不认可验货结果，请商家复核", (S,), "不认可，请商家复核", needs=("not_objected",)),
    Step("revise_inspection", XR, State.DISPUTED, State.DISPUTED, S, "商家更新了验货结果", (B,), "重新验货", roles=STORE),
    Step("timeout_accept", X, State.DISPUTED, State.RESHIPPING, C, "买家超时未回应，按验货结果继续", (B, S), after="inspection_dispute", needs=("some_accepted", "no_difference")),
    Step("timeout_accept_diff", X, State.DISPUTED, State.PAYING, C, "买家超时未回应，按验货结果继续，等待补差价", (B, S), after="inspection_dispute", needs=("some_accepted", "difference")),
    Step("timeout_accept", R, State.DISPUTED, State.REFUNDING, C, "买家超时未回应，按验货结果退款", (B, S), after="inspection_dispute", needs=("some_accepted",)),
    Step("timeout_close", XR, State.DISPUTED, State.CLOSED, C, "买家超时未回应，申请已关闭", (B, S), after="inspection_dispute", needs=("none_accepted", "freight_answered")),
    Step("timeout_escalate", XR, State.DISPUTED, State.DISPUTED, C, "商家没有答复退回运费，申请不自动关闭，平台介入", (B, S, P), after="inspection_dispute", needs=("none_accepted", "freight_claimed"), title="平台介入通知"),
    Step("pay", X, State.PAYING, State.RESHIPPING, B, "买家登记已补差价，等待商家确认并发货", (S,), "已补差价"),
    Step("waive", X, State.PAYING, State.RESHIPPING, S, "商家免除了差价，等待发货", (B,), "免除差价", roles=MONEY),
    Step("timeout_convert", X, State.PAYING, State.CONVERTED, C, "买家超时未补差价，已转为退款", (B, S), after="difference_payment"),
    Step("confirm_payment", X, State.RESHIPPING, State.RESHIPPING, S, "商家确认收到差价", (B,), "确认收到差价", needs=("payment_declared",), roles=MONEY),
    Step("deny_payment", X, State.RESHIPPING, State.PAYING, S, "商家没有收到差价，请买家核对", (B,), "没有收到差价", needs=("payment_declared",), roles=MONEY, danger=True),
    Step("ship_part", XI, State.RESHIPPING, State.RESHIPPING, S, "商家发出了部分商品", (B,), needs=("payment_clear",), roles=STORE),
    Step("ship_replacement", X, State.RESHIPPING, State.CONFIRMING, S, "商家已发出换货商品", (B,), "发出换货商品", needs=("payment_clear",), roles=STORE, title="{type}商品已发出"),
    Step("ship_replacement", I, State.RESHIPPING, State.CONFIRMING, S, "商家已发出补发商品", (B,), "发出补发商品", roles=STORE, title="{type}商品已发出"),
    Step("propose_other_sku", XI, State.RESHIPPING, State.PROPOSED, S, "商品缺货，商家提出了其他方案", (B,), "缺货，协商方案", needs=("nothing_shipped", "payment_clear"), roles=AGENT, title="商品缺货，请确认新的方案"),
    Step("convert_refund", XI, State.RESHIPPING, State.CONVERTED, B, "买家改为退款", (S,), "转退款", needs=("may_convert", "nothing_shipped", "nothing_contested", "payment_clear")),
    Step("convert_refund", X, State.RESHIPPING, State.REFUNDING, B, "买家改为退款，补的差价仍由商家核对", (S,), "转退款", needs=("may_convert", "nothing_shipped", "nothing_contested", "payment_declared")),
    Step("timeout_late", XI, State.RESHIPPING, State.RESHIPPING, C, "商家超时未发货，买家可以催办或转退款", (B, S), after="seller_reship", needs=("not_late",)),
    Step("nudge", XI, State.RESHIPPING, State.RESHIPPING, B, "买家催促商家发货", (S,), "催办", needs=("late", "not_just_nudged")),
    Step("timeout_escalate", XI, State.RESHIPPING, State.RESHIPPING, C, "商家仍未发货，平台介入", (B, S, P), after="seller_reship_late", needs=("late",), title="平台介入通知"),
    *(
        row
        for state in (State.RESHIPPING, State.CONFIRMING)
        for row in (
            Step("approve_refund", XI, state, state, S, "商家复核了款项", (), "复核通过", needs=("approval_waiting",), roles=MONEY),
            Step("settle_entry", XI, state, state, S, "商家付清了一笔款项", (B,), "登记已付款", needs=("money_open", "rest_open", "approved"), roles=MONEY),
        )
    ),
    Step("confirm", X, State.CONFIRMING, State.COMPLETED, B, "买家确认收货，换货完成", (S, B), "确认收货", needs=("money_settled", "freight_answered"), title="{type}完成"),
    Step("confirm", I, State.CONFIRMING, State.COMPLETED, B, "买家确认收货，补发完成", (S, B), "确认收货", needs=("money_settled",), title="{type}完成"),
    Step("confirm", X, State.CONFIRMING, State.REFUNDING, B, "买家确认收货，等待商家答复退回运费", (S,), "确认收货", needs=("money_settled", "freight_claimed"), title="{type}商品已收到"),
    Step("confirm", XI, State.CONFIRMING, State.REFUNDING, B, "买家确认收货，等待商家付清款项", (S,), "确认收货", needs=("money_open",), title="{type}完成"),
    Step("report_problem", X, State.CONFIRMING, State.CONFIRMING, B, "买家反馈收到的换货商品有问题", (S,), "商品有问题", needs=("no_problem",)),
    Step("report_problem", I, State.CONFIRMING, State.CONFIRMING, B, "买家反馈收到的补发商品有问题", (S,), "商品有问题", needs=("no_problem",)),
    Step("replacement_defective", XI, State.CONFIRMING, State.CONVERTED, B, "收到的商品仍有问题，买家转为新的售后", (S,), "再次售后", needs=("nothing_contested",)),
    Step("extend", XI, State.CONFIRMING, State.CONFIRMING, B, "买家延长了收货期限", (S,), "延长收货期限", needs=("not_extended", "no_problem")),
    Step("resend", XI, State.CONFIRMING, State.RESHIPPING, S, "商家同意重新发货", (B,), "同意重新发货", needs=("problem_open",), roles=STORE),
    Step("replacement_lost", X, State.CONFIRMING, State.RESHIPPING, S, "换货商品丢失或退回，商家将重新发货", (B,), "丢件或退回，重新发货", needs=("out_lost",), roles=STORE),
    Step("replacement_lost", I, State.CONFIRMING, State.RESHIPPING, S, "补发商品丢失或退回，商家将重新发货", (B,), "丢件或退回，重新发货", needs=("out_lost",), roles=STORE),
    Step("timeout_confirm", X, State.CONFIRMING, State.COMPLETED, C, "买家超时未确认，系统已确认收货，换货完成", (B, S), after="buyer_confirm", needs=("out_traced", "no_problem", "money_settled", "freight_answered"), title="{type}完成"),
    Step("timeout_confirm", I, State.CONFIRMING, State.COMPLETED, C, "买家超时未确认，系统已确认收货，补发完成", (B, S), after="buyer_confirm", needs=("out_traced", "no_problem", "money_settled"), title="{type}完成"),
    Step("timeout_confirm", XI, State.CONFIRMING, State.REFUNDING, C, "买家超时未确认，系统已确认收货，等待商家付清款项", (B, S), after="buyer_confirm", needs=("out_traced", "no_problem", "money_open", "freight_answered"), title="{type}完成"),
    Step("timeout_escalate", X, State.CONFIRMING, State.CONFIRMING, C, "商家没有答复退回运费，不自动确认收货，平台介入", (B, S, P), after="buyer_confirm", needs=("out_traced", "no_problem", "freight_claimed"), title="平台介入通知"),
    Step("timeout_escalate", X, State.CONFIRMING, State.CONFIRMING, C, "换货商品没有物流记录，不自动确认收货，平台介入", (B, S, P), after="buyer_confirm", needs=("out_stuck", "no_problem"), title="平台介入通知"),
    Step("timeout_escalate", I, State.CONFIRMING, State.CONFIRMING, C, "补发商品没有物流记录，不自动确认收货，平台介入", (B, S, P), after="buyer_confirm", needs=("out_stuck", "no_problem"), title="平台介入通知"),
    Step("timeout_escalate", XI, State.CONFIRMING, State.CONFIRMING, C, "商家超时未处理收货问题，平台介入", (B, S, P), after="problem_answer", needs=("problem_open",), title="平台介入通知"),
    Step("approve_refund", ALL, State.REFUNDING, State.REFUNDING, S, "商家复核了退款", (), "复核通过", needs=("approval_waiting",), roles=MONEY),
    Step("settle_entry", ALL, State.REFUNDING, State.REFUNDING, S, "商家付清了其中一笔款项", (B,), "登记已退款", needs=("approved", "rest_open", "more_entries"), roles=MONEY),
    Step("refund_ok", X, State.REFUNDING, State.COMPLETED, S, "款项已付清，换货完成", (B, S), "登记已退款", needs=("approved", "one_entry", "nothing_contested", "freight_answered", "not_converted"), roles=MONEY, title="{type}完成"),
    Step("refund_ok", XI, State.REFUNDING, State.CONVERTED, S, "商家付清了转单前的款项", (B, S), "登记已退款", needs=("approved", "one_entry", "nothing_contested", "payment_closed", "was_converted"), roles=MONEY),
    Step("refund_ok", I, State.REFUNDING, State.COMPLETED, S, "款项已付清，补发完成", (B, S), "登记已退款", needs=("approved", "one_entry", "nothing_contested", "not_converted"), roles=MONEY, title="{type}完成"),
    Step("refund_ok", RM, State.REFUNDING, State.COMPLETED, S, "商家已退款，退款完成", (B, S), "登记已退款", needs=("approved", "one_entry", "nothing_contested", "freight_answered"), roles=MONEY, title="退款完成"),
    Step("refund_arrived", ALL, State.REFUNDING, State.COMPLETED, B, "买家确认款项已到账，售后完成", (B, S, P), "已到账", needs=("rest_contested", "not_converted", "freight_answered"), title="售后完成"),
    Step("refund_arrived", XRM, State.REFUNDING, State.REFUNDING, B, "买家确认款项已到账，等待商家答复退回运费", (S, P), "已到账", needs=("rest_contested", "contested", "freight_claimed"), title="等待答复退回运费"),
    Step("refund_arrived", XI, State.REFUNDING, State.CONVERTED, B, "买家确认转单前的款项已到账", (B, S, P), "已到账", needs=("rest_contested", "payment_closed", "was_converted")),
    Step("refund_fail", ALL, State.REFUNDING, State.REFUND_FAILED, S, "退款失败，商家会重试", (B,), "登记退款失败", needs=("approved", "money_open"), roles=MONEY, danger=True),
    Step("timeout_settled", XRM, State.REFUNDING, State.COMPLETED, C, "款项已付清，买家没有再提出，售后完成", (B, S), after="refund_legal", needs=("freight_declined_alone", "not_converted"), title="售后完成"),
    Step("timeout_overdue", XRM, State.REFUNDING, State.REFUNDING, C, "商家没有答复退回运费，平台介入", (B, S, P), after="refund_legal", needs=("freight_claimed_alone",), title="平台介入通知"),
    Step("timeout_overdue", ALL, State.REFUNDING, State.REFUNDING, C, "商家超过法定期限未退款，平台介入", (B, S, P), after="refund_legal", needs=("not_freight_alone",), title="平台介入通知"),
    Step("retry", ALL, State.REFUND_FAILED, State.REFUNDING, S, "商家重新办理退款", (B,), "重新退款", roles=MONEY),
    Step("ask_account", ALL, State.REFUND_FAILED, State.REFUND_FAILED, S, "退款没有付成，商家请您填写收款账户", (B,), "请买家填写收款账户", needs=("takes_bank", "account_not_asked"), roles=MONEY, title="请填写收款账户"),
    Step("give_account", ALL, State.REFUND_FAILED, State.REFUND_FAILED, B, "买家填写了收款账户，请重新退款", (S,), "填写收款账户", needs=("takes_bank", "account_wanted"), title="买家填写了收款账户"),
    Step("decline_account", ALL, State.REFUND_FAILED, State.REFUND_FAILED, B, "买家没有提供收款账户，请商家用其他方式退款", (S,), "不提供账户", needs=("account_asked",), title="买家没有提供收款账户"),
    *(
        Step("withdraw_account", ALL, state, state, B, "买家撤回了收款账户，请商家用其他方式退款", (S,), "撤回收款账户", needs=("account_held",), danger=True, title="买家撤回了收款账户")
        for state in (State.REFUNDING, State.REFUND_FAILED)
    ),
    Step("timeout_overdue", ALL, State.REFUND_FAILED, State.REFUND_FAILED, C, "退款失败后超过法定期限，平台介入", (B, S, P), after="refund_legal", title="平台介入通知"),
    # What the buyer advanced for the way back moves no case: it is claimed, and paid where payments can be recorded.
    *(
        Step("accept_freight", types, state, state, S, "商家同意付退回运费", (B,), "同意付运费", needs=("freight_claimed",), roles=AGENT | MONEY, title="商家同意付退回运费")
        for state, types in ((State.RESHIPPING, X), (State.CONFIRMING, X), (State.REFUNDING, XRM), (State.REFUND_FAILED, XRM))
    ),
    *(
        row
        for state, types in (
            (State.INSPECTING, XR), (State.DISPUTED, XR), (State.PAYING, X), (State.RESHIPPING, X), (State.CONFIRMING, X),
            (State.REFUNDING, XRM), (State.REFUND_FAILED, XRM),
        )
        for row in (
            Step("claim_freight", types, state, state, B, "买家报了垫付的退回运费，等待商家答复", (S,), "报退回运费", needs=("freight_advanced", "freight_unclaimed", "not_converted"), title="买家报了退回运费"),
            Step("decline_freight", types, state, state, S, "商家没有同意付退回运费", (B,), "不同意付运费", needs=("freight_claimed",), roles=AGENT | MONEY, danger=True, title="商家没有同意付退回运费"),
        )
    ),
    # A payment that is recorded hasn't arrived, says the buyer: nothing is paid again until that is clear.
    Step("deny_arrival", ALL, State.COMPLETED, State.REFUNDING, B, "买家说款项没有到账，请商家核对", (S,), "未到账", needs=("arrival_open",), title="买家说款项没有到账"),
    Step("deny_arrival", XI, State.CONVERTED, State.REFUNDING, B, "买家说转单前的款项没有到账，请商家核对", (S,), "未到账", needs=("arrival_open",), title="买家说款项没有到账"),
    Step("confirm_arrival", XI, State.CONVERTED, State.CONVERTED, B, "买家确认转单前的款项已到账", (S,), "已到账", needs=("arrival_open",)),
    Step("confirm_arrival", ALL, State.COMPLETED, State.COMPLETED, B, "买家确认款项已到账", (S,), "已到账", needs=("arrival_open",)),
    *(
        row
        for state, types in ((State.RESHIPPING, XI), (State.CONFIRMING, XI), (State.REFUNDING, ALL), (State.REFUND_FAILED, ALL))
        for row in (
            Step("deny_arrival", types, state, state, B, "买家说款项没有到账，请商家核对", (S,), "未到账", needs=("arrival_open",), title="买家说款项没有到账"),
            Step("confirm_arrival", types, state, state, B, "买家确认款项已到账", (S,), "已到账", needs=("arrival_unsaid",) if state is not State.REFUNDING else ("arrival_unsaid", "rest_open")),
            Step("doubt_payment", types, state, state, B, "买家看过付款凭证，说还是没有到账", (S,), "还是没到账", needs=("proof_open",), title="买家说还是没有到账"),
            Step("show_payment", types, state, state, S, "商家提交了付款凭证，请买家查收", (B,), "提交付款凭证", needs=("unanswered_claim", "proof_left"), roles=MONEY, title="请核对是否到账"),
        )
    ),
    *(Step("admit_unpaid", XI, state, state, S, "商家核对后确认款项没有付成，会重新付款", (B,), "款项没有付成", needs=("contested",), roles=MONEY) for state in (State.RESHIPPING, State.CONFIRMING)),
    # A difference that the buyer says they paid, and that no case goes on with: it is answered, and given back when it came.
    Step("confirm_payment", X, State.REFUNDING, State.REFUNDING, S, "商家确认收到差价，等待退还", (B,), "确认收到差价", needs=("payment_declared",), roles=MONEY),
    Step("deny_payment", X, State.REFUNDING, State.REFUNDING, S, "商家没有收到差价，不退还", (B,), "没有收到差价", needs=("payment_declared", "nothing_contested"), roles=MONEY, danger=True),
    Step("timeout_escalate", X, State.REFUNDING, State.REFUNDING, C, "商家没有答复买家补的差价，平台介入", (B, S, P), after="difference_answer", needs=("payment_declared",), title="平台介入通知"),
    Step("timeout_arrival", X, State.REFUNDING, State.CONVERTED, C, "商家没有收到差价，买家没有再提出，不再核对", (B, S), after="difference_objection", needs=("payment_disputed", "was_converted")),
    Step("timeout_escalate", ALL, State.REFUNDING, State.REFUNDING, C, "商家没有答复未到账的款项，平台介入", (B, S, P), after="arrival_answer", needs=("contested", "not_shown"), title="平台介入通知"),
    Step("timeout_arrival", ALL, State.REFUNDING, State.COMPLETED, C, "商家提交付款凭证后买家没有再提出异议，售后完成", (B, S), after="arrival_objection", needs=("shown", "rest_contested", "not_converted", "freight_answered"), title="售后完成"),
    Step("timeout_arrival", XRM, State.REFUNDING, State.REFUNDING, C, "商家提交付款凭证后买家没有再提出异议，等待商家答复退回运费", (B, S), after="arrival_objection", needs=("shown", "rest_contested", "freight_claimed"), title="等待答复退回运费"),
    Step("timeout_arrival", XI, State.REFUNDING, State.CONVERTED, C, "商家提交付款凭证后买家没有再提出异议，款项按已付清", (B, S), after="arrival_objection", needs=("shown", "rest_contested", "payment_closed", "was_converted")),
    *(
        Step("decide_unpaid", types, state, target, P, "平台裁决：款项没有付到，商家重新付款", (B, S), "没有付到，重新付款", needs=("in_mediation", "deciding", "contested"), title="平台裁决通知")
        for state, target, types in (
            (State.RESHIPPING, State.RESHIPPING, XI), (State.CONFIRMING, State.CONFIRMING, XI),
            (State.REFUNDING, State.REFUND_FAILED, ALL), (State.REFUND_FAILED, State.REFUND_FAILED, ALL),
        )
    ),
    Step("decide_close", ALL, State.APPLIED, State.CLOSED, P, "平台裁决：不支持申请，售后关闭", (B, S), "不支持，关闭售后", needs=("in_mediation", "deciding"), title="平台裁决通知"),
    Step("decide_close", ALL, State.REVISING, State.CLOSED, P, "平台裁决：不支持申请，售后关闭", (B, S), "不支持，关闭售后", needs=("in_mediation", "deciding"), title="平台裁决通知"),
    Step("decide_close", XR, State.INSPECTING, State.CLOSED, P, "平台裁决：不支持申请，商家退还商品，售后关闭", (B, S), "不支持，关闭售后", needs=("in_mediation", "deciding"), title="平台裁决通知"),
    Step("decide_close", XR, State.DISPUTED, State.CLOSED, P, "平台裁决：不支持申请，商家退还商品，售后关闭", (B, S), "不支持，关闭售后", needs=("in_mediation", "deciding"), title="平台裁决通知"),
    Step("decide_complete", XI, State.CONFIRMING, State.COMPLETED, P, "平台裁决：商家已履行，售后完成", (B, S), "商家已履行，完成", needs=("in_mediation", "deciding", "money_settled"), title="平台裁决通知"),
    Step("decide_complete", ALL, State.REFUNDING, State.COMPLETED, P, "平台裁决：商家已付清，售后完成", (B, S), "商家已付清，完成", needs=("in_mediation", "deciding", "rest_contested", "not_converted"), title="平台裁决通知"),
    Step("decide_complete", XI, State.REFUNDING, State.CONVERTED, P, "平台裁决：转单前的款项商家已付清", (B, S), "商家已付清", needs=("in_mediation", "deciding", "rest_contested", "payment_closed", "was_converted"), title="平台裁决通知"),
    Step("decide_complete", X, State.REFUNDING, State.CONVERTED, P, "平台裁决：没有证明补过差价，商家不用退还", (B, S), "没有补过差价，不用退还", needs=("in_mediation", "deciding", "rest_contested", "payment_disputed", "was_converted"), title="平台裁决通知"),
    Step("decide_paid", X, State.REFUNDING, State.REFUNDING, P, "平台裁决：买家补过差价，商家退还", (B, S), "补过差价，商家退还", needs=("in_mediation", "deciding", "payment_disputed", "was_converted"), title="平台裁决通知"),
    *(Step("decide_return", XR, source, State.RETURNING, P, "平台裁决：支持申请，请买家寄回商品", (B, S), "支持，买家寄回", needs=("in_mediation", "deciding"), title="平台裁决通知") for source in (State.APPLIED, State.REVISING)),
    *(
        Step("decide_reship", types, source, State.RESHIPPING, P, "平台裁决：商家发出商品", (B, S), "商家发货", needs=("in_mediation", "deciding"), title="平台裁决通知")
        for source, types in ((State.APPLIED, XI), (State.REVISING, XI), (State.INSPECTING, X), (State.DISPUTED, X), (State.PAYING, X), (State.CONFIRMING, XI))
    ),
    *(
        Step("decide_refund", types, source, State.REFUNDING, P, "平台裁决：商家退款", (B, S), "商家退款", needs=("in_mediation", "deciding"), title="平台裁决通知")
        for source, types in ((State.APPLIED, RM), (State.REVISING, RM), (State.INSPECTING, R), (State.DISPUTED, R))
    ),
    *(
        Step("decide_refund", types, source, State.CONVERTED, P, "平台裁决：改为退款", (B, S), "改为退款", needs=("in_mediation", "deciding", "nothing_contested", *(("payment_clear",) if source is State.RESHIPPING else ())), title="平台裁决通知")
        for source, types in (
            (State.APPLIED, XI), (State.REVISING, XI), (State.INSPECTING, X), (State.DISPUTED, X), (State.PAYING, X), (State.RESHIPPING, XI), (State.CONFIRMING, XI),
        )
    ),
    Step("decide_refund", X, State.RESHIPPING, State.REFUNDING, P, "平台裁决：改为退款，买家补的差价仍由商家核对", (B, S), "改为退款", needs=("in_mediation", "deciding", "nothing_contested", "payment_declared"), title="平台裁决通知"),
    # A case that another one became: opened where that one's agreement leads.
    *(
        Step("convert", types, None, target, actor, "由其他售后转来", (S,) if target is State.APPLIED else ())
        for actor in (B, S, C, P)
        for types, target in ((ALL, State.APPLIED), (XR, State.RETURNING), (XI, State.RESHIPPING), (RM, State.REFUNDING))
    ),
)

# fmt: on


# What tells rows of one decision apart, and so holds for the rule too.
_ALSO_RULED = frozenset({"was_converted", "not_converted"}) | {
    "payment_clear",
    "payment_declared",
    "payment_closed",
    "payment_disputed",
}


def _rule(row: Step) -> Step:
    """The same decision, made by the rule where no mediator made one in time."""
    return row._replace(
        actor=C,
        news=row.news.replace("平台裁决：", "裁决逾期，按事先告知的规则："),
        tells=(B, S, P),
        button="",
        after="mediation_rule",
        needs=("in_mediation", f"rule_{row.name}", *(need for need in row.needs if need in _ALSO_RULED)),
        danger=False,
    )


def _end_after_rule(row: Step) -> Iterator[Step]:
    """The platform is called in by the clock once; what the rule found owed and still isn't done waits on its list."""
    calls = row.actor is C and row.name in ("timeout_escalate", "timeout_overdue")
    if not calls or row.source not in (State.RESHIPPING, State.CONFIRMING, *OWED):
        yield row
        return
    yield row._replace(needs=(*row.needs, "not_ruled"))
    yield row._replace(
        name="timeout_unfulfilled",
        news=row.news.replace("平台介入", "转入平台的未履行清单"),
        needs=(*row.needs, "ruled"),
        title="售后没有履行",
    )


# Where the rule never decides so (portal/flow/rulings.py): it turns no application into another type, for one.
_NEVER_RULED = frozenset(
    {
        *((State.CONVERTED, source) for source in (State.APPLIED, State.REVISING, State.INSPECTING, State.DISPUTED)),
        (State.CONVERTED, State.PAYING),
        (State.RESHIPPING, State.PAYING),
        (State.RESHIPPING, State.CONFIRMING),
        (State.REFUNDING, State.REFUNDING),
    }
)
ROWS += tuple(
    _rule(row)
    for row in ROWS
    if row.actor is P and row.name.startswith("decide_") and (row.target, row.source) not in _NEVER_RULED
)
ROWS = tuple(made for row in ROWS for made in _end_after_rule(row))
# 平台介入 lies beside the state: the same rows in each state that it can be called for in.
_OPEN_OF: dict[CaseType, tuple[State, ...]] = {
    case_type: tuple(
        state
        for state in State
        if state not in FINAL and any(row.target == state and case_type in row.types for row in ROWS)
    )
    for case_type in CaseType
}

_WHEN: dict[State, tuple[str, ...] | None] = {  # when a side may call for it; None: only the clock does
    State.APPLIED: None,
    State.REVISING: (),
    State.INSPECTING: (),
    State.DISPUTED: (),
    State.PAYING: ("payment_denied",),
    State.RESHIPPING: ("late_or_problem",),
    State.CONFIRMING: ("late_or_problem",),
    State.REFUNDING: ("refund_slow",),
    State.REFUND_FAILED: (),
}


def _end_paid(actor: Actor, who: str, tells: tuple[Actor, ...], mine: str) -> Iterator[Step]:
    """Withdrawing a mediation after everything was paid in it: the last payment couldn't end the case, this does."""
    for types, target, where, news in (
        (ALL, State.COMPLETED, "not_converted", "款项已付清，售后完成"),
        (XI, State.CONVERTED, "was_converted", "转单前的款项已付清"),
    ):
        yield Step(
            "withdraw_mediation",
            types,
            State.REFUNDING,
            target,
            actor,
            f"{who}撤回了平台介入申请，{news}",
            tells,
            "撤回平台介入",
            needs=("in_mediation", mine, "money_settled", "freight_answered", "payment_closed", where),
            danger=True,
            title="平台介入已撤回",
        )


def _overlay() -> Iterator[Step]:
    for state, when in _WHEN.items():
        types = frozenset(case_type for case_type in CaseType if state in _OPEN_OF[case_type])
        # paid meanwhile: it ends with the mediation
        owed = ("still_owed",) if state is State.REFUNDING else ()
        undecided = ("undecided",) if state is State.REFUNDING else ()
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
                    title="平台介入通知",
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
                roles=AGENT if actor is S else OWNER,
                title="平台介入有新的证据",
            )
            yield Step(
                "withdraw_mediation",
                types,
                state,
                state,
                actor,
                f"{who}撤回了平台介入申请，按原流程继续",
                (other, P),
                "撤回平台介入",
                needs=("in_mediation", mine, *owed),
                danger=True,
                title="平台介入已撤回",
            )
            if state is State.REFUNDING:
                yield from _end_paid(actor, who, (other, P), mine)
        for actor, other, who, mine, theirs in (
            (B, S, "买家", "offered_by_buyer", "offered_by_seller"),
            (S, B, "商家", "offered_by_seller", "offered_by_buyer"),
        ):
            answers = AGENT if actor is S else OWNER
            for name, news, button, needs, tells in (
                ("offer_step", f"{who}在平台介入期间提议，等待对方答复", "", ("in_mediation",), (other,)),
                (
                    "accept_offer",
                    f"{who}同意了对方的提议，平台介入结束",
                    "同意对方的提议",
                    ("in_mediation", theirs),
                    (other, P),
                ),
                ("decline_offer", f"{who}没有同意对方的提议", "不同意对方的提议", ("in_mediation", theirs), (other,)),
                ("withdraw_offer", f"{who}收回了提议", "收回提议", ("in_mediation", mine), (other,)),
            ):
                yield Step(name, types, state, state, actor, news, tells, button, needs=needs, roles=answers)
        yield Step(
            "timeout_evidence",
            types,
            state,
            state,
            C,
            "举证期结束，等待平台裁决",
            (B, S, P),
            after="mediation_evidence",
            needs=("in_mediation",),
            title="举证期已结束",
        )
        yield Step(
            "timeout_decision",
            types,
            state,
            state,
            C,
            "平台裁决超时，已提醒裁决员和主管",
            (B, S, P),
            after="mediation_decision",
            needs=("in_mediation",),
            title="平台裁决超时",
        )
        yield Step(
            "timeout_second",
            types,
            state,
            state,
            C,
            "平台裁决再次超时，转由另一位裁决员处理",
            (B, S, P),
            after="mediation_second",
            needs=("in_mediation",),
            title="平台裁决转交",
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
            title="平台请补充证据",
        )
        going_on = Step(
            "decide_continue",
            types,
            state,
            state,
            P,
            "平台裁决：按原流程继续",
            (B, S),
            "按原流程继续",
            needs=("in_mediation", "deciding", *undecided),
            title="平台裁决通知",
        )
        yield going_on
        if state not in (State.APPLIED, State.REVISING):
            yield _rule(going_on)


OVERLAY: tuple[Step, ...] = tuple(_overlay())
# What the other side stands for already, so that it settles a mediation: the buyer's own application, the seller's own
# result, what was sent or reported. An attempt at paying ends nothing.
SETTLING = frozenset(
    {
        "agree",
        "agree_no_return",
        "accept_goods",
        "accept_goods_diff",
        "accept_result",
        "accept_result_diff",
        "accept_result_none",
        "confirm",
        "resend",
        "refund_arrived",
        "refund_fail",
        "retry",
        "waive",
    }
)


def _guard(row: Step) -> Step:
    """While it is with the platform no step of one side alone moves or ends a case, or changes what is asked for."""
    alone = row.actor in (B, S) and row.source in _WHEN and row.name not in SETTLING
    if not alone or (row.target == row.source and row.name != "modify"):
        return row
    return row._replace(needs=("caller_withdraws" if row.name == "withdraw" else "undisputed", *row.needs))


_GUARDS = frozenset({"undisputed", "caller_withdraws"})
NOT_OFFERED = frozenset({"refund_ok"})  # it is recorded, and the buyer says whether it has arrived


STEPS: tuple[Step, ...] = tuple(_guard(row) for row in ROWS) + OVERLAY
_OF: dict[tuple[str | None, str], list[Step]] = {}


for _step in STEPS:
    _OF.setdefault((_step.source, _step.actor), []).append(_step)


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


def find_offered(case_type: str, state: str, actor: Actor, name: str, facts: Facts) -> Step | None:
    """The row of this name that nothing but the mediation stands against: it is offered to the other side."""
    if not facts.escalated or name in NOT_OFFERED:
        return None
    for step in open_steps(case_type, state, actor):
        if step.name == name and _GUARDS.intersection(step.needs) and unmet(step, facts):
            free = step._replace(needs=tuple(need for need in step.needs if need not in _GUARDS))
            if unmet(free, facts) is None:
                return step
    return None


def unmet(step: Step, facts: Facts) -> str | None:
    """The first condition of ``step`` that does not hold, as a sentence; None when all hold."""
    for need in step.needs:
        if sentence := NEEDS[need](facts):
            return sentence
    return None


def leaves_payment(source: str, target: str) -> bool:
    """Whether a step turns a case into another one and keeps it open: for a payment that is to be answered, alone."""
    return source == State.RESHIPPING and target == State.REFUNDING


def converts(source: str, target: str) -> bool:
    """Whether a step turns a case into another one."""
    return (target == State.CONVERTED != source and source not in OWED) or leaves_payment(source, target)


def clock_step(case_type: str, state: str, rule: str, facts: Facts) -> Step | None:
    """What the clock does when the deadline ``rule`` of this state runs out."""
    for step in open_steps(case_type, state, Actor.CLOCK):
        if step.after == rule and unmet(step, facts) is None:
            return step
    return None


# What the timeline tells beside the steps: a fact was put right, and the case stays where it is.
NOTES: dict[str, str] = {
    "correct_receipt": "商家更正了签收记录：这个包裹还没有签收",
    "claim_receipt": "录入了对方的签收，等对方核对",
    "object_receipt": "对录入的签收提出了异议，不按已签收计算",
    "receipt_stands": "没有异议，从现在起按已签收计算",
}
