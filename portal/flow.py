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
    REVISING = "revising"
    RETURNING = "returning"
    INSPECTING = "inspecting"
    DISPUTED = "disputed"
    RESHIPPING = "reshipping"
    CONFIRMING = "confirming"
    COMPLETED = "completed"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Actor(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"
    CLOCK = "clock"


FINAL = frozenset({State.COMPLETED, State.CLOSED, State.WITHDRAWN})
RELEASING = frozenset({State.CLOSED, State.WITHDRAWN})  # reaching one of these gives the units back

# Who must act in a state; None: nobody.
WAITS_FOR: dict[State, Actor | None] = {
    State.APPLIED: Actor.SELLER,
    State.REVISING: Actor.BUYER,
    State.RETURNING: Actor.BUYER,
    State.INSPECTING: Actor.SELLER,
    State.DISPUTED: Actor.BUYER,
    State.RESHIPPING: Actor.SELLER,
    State.CONFIRMING: Actor.BUYER,
    State.COMPLETED: None,
    State.CLOSED: None,
    State.WITHDRAWN: None,
}

# The six steps a buyer sees, in the customer's own words, and where each state stands.
STAGES = ("申请换货", "选择换货原因", "提交申请", "商家审核", "发货", "收货")
STAGES_OF: dict[str, tuple[str, ...]] = {
    CaseType.EXCHANGE: STAGES,
    CaseType.REISSUE: ("申请补发", "选择原因", "提交申请", "商家审核", "发货", "收货"),
}
STAGE_OF: dict[State, int] = {
    State.APPLIED: 3,
    State.REVISING: 1,
    State.RETURNING: 3,
    State.INSPECTING: 3,
    State.DISPUTED: 3,
    State.RESHIPPING: 4,
    State.CONFIRMING: 5,
    State.COMPLETED: 5,
    State.CLOSED: 2,
    State.WITHDRAWN: 2,
}

# Steps that stay in their state and yet start its clock anew; every change of state does.
RESTARTING = frozenset({"modify", "object", "revise_inspection", "report_problem"})

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
    "seller_reship": timedelta(hours=72),
    "seller_reship_late": timedelta(hours=72),  # after the first one ran out
    "buyer_confirm": timedelta(days=10),  # from shipping the replacement
    "buyer_confirm_slow": timedelta(days=30),
    "buyer_confirm_signed": timedelta(days=7),
    "buyer_confirm_extension": timedelta(days=7),
    "problem_answer": timedelta(hours=72),
    "nudge_pause": timedelta(hours=24),
}
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
}

X = frozenset({CaseType.EXCHANGE})
I = frozenset({CaseType.REISSUE})  # noqa: E741  (one letter a type keeps a row on its line)
XI = X | I
B, S, C = Actor.BUYER, Actor.SELLER, Actor.CLOCK


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


STEPS: tuple[Step, ...] = (
    Step("apply", X, None, State.APPLIED, B, "买家提交了换货申请", (S,), "提交申请"),
    Step("apply", I, None, State.APPLIED, B, "买家提交了补发申请", (S,), "提交申请"),
    Step("withdraw", XI, State.APPLIED, State.WITHDRAWN, B, "买家撤销了申请", (S,), "撤销申请"),
    Step("withdraw", XI, State.REVISING, State.WITHDRAWN, B, "买家撤销了申请", (S,), "撤销申请"),
    Step("withdraw", X, State.RETURNING, State.WITHDRAWN, B, "买家撤销了申请", (S,), "撤销申请", needs=("no_parcel_back",)),
    Step("withdraw", I, State.RESHIPPING, State.WITHDRAWN, B, "买家撤销了申请", (S,), "撤销申请", needs=("nothing_shipped",)),
    Step("modify", XI, State.APPLIED, State.APPLIED, B, "买家修改了申请", (S,), "修改申请", needs=("applications_left",)),
    Step("agree", X, State.APPLIED, State.RETURNING, S, "商家同意换货,等待买家寄回", (B,), "同意"),
    Step("agree", I, State.APPLIED, State.RESHIPPING, S, "商家同意补发,等待发货", (B,), "同意"),
    Step("agree_no_return", X, State.APPLIED, State.RESHIPPING, S, "商家同意换货,无需寄回", (B,), "同意,无需寄回"),
    Step("reject", XI, State.APPLIED, State.REVISING, S, "商家拒绝了申请", (B,), "拒绝", needs=("wrote",)),
    Step("ask_evidence", XI, State.APPLIED, State.REVISING, S, "商家请买家补充凭证", (B,), "请补充凭证"),
    Step("timeout_agree", X, State.APPLIED, State.RETURNING, C, "商家超时未处理,系统已同意换货", (B, S), after="seller_response", needs=("default_address",)),
    Step("timeout_escalate", X, State.APPLIED, State.APPLIED, C, "商家超时未处理,已标记超时", (B, S), after="seller_response", needs=("no_default_address",)),
    Step("timeout_agree", I, State.APPLIED, State.RESHIPPING, C, "商家超时未处理,系统已按服务承诺同意补发", (B, S), after="seller_response", needs=("guaranteed",)),
    Step("timeout_escalate", I, State.APPLIED, State.APPLIED, C, "商家超时未处理,已标记超时", (B, S), after="seller_response", needs=("not_guaranteed",)),
    Step("modify", XI, State.REVISING, State.APPLIED, B, "买家修改后重新提交了申请", (S,), "修改申请", needs=("applications_left",)),
    Step("timeout_close", XI, State.REVISING, State.CLOSED, C, "买家超时未修改,申请已关闭", (B, S), after="buyer_modify"),
    Step("ship_return", X, State.RETURNING, State.INSPECTING, B, "买家已寄回商品", (S,), "寄回商品"),
    Step("extend", X, State.RETURNING, State.RETURNING, B, "买家延长了寄回期限", (S,), "延长 3 天", needs=("not_extended",)),
    Step("grant_extension", X, State.RETURNING, State.RETURNING, S, "商家延长了寄回期限", (B,), "延长寄回期限"),
    Step("timeout_close", X, State.RETURNING, State.CLOSED, C, "买家超时未寄回,申请已关闭", (B, S), after="buyer_return", needs=("no_parcel_back",)),
    Step("edit_parcel", X, State.INSPECTING, State.INSPECTING, B, "买家修改了退货运单", (S,), "修改运单", needs=("back_not_signed",)),
    Step("accept_goods", X, State.INSPECTING, State.RESHIPPING, S, "商家验货通过,等待发出换货商品", (B,), "确认收货并验货"),
    Step("dispute_goods", X, State.INSPECTING, State.DISPUTED, S, "商家验货有异议", (B,)),
    Step("timeout_accept", X, State.INSPECTING, State.RESHIPPING, C, "商家超时未验货,视为验货通过", (B, S), after="seller_receive", needs=("back_traced",)),
    Step("timeout_escalate", X, State.INSPECTING, State.INSPECTING, C, "商家超时未验货且没有物流记录,已标记超时", (B, S), after="seller_receive", needs=("back_untraced",)),
    Step("accept_result", X, State.DISPUTED, State.RESHIPPING, B, "买家接受了验货结果", (S,), "接受验货结果", needs=("some_accepted",)),
    Step("accept_result_none", X, State.DISPUTED, State.CLOSED, B, "买家接受了验货结果,申请已关闭", (S,), "接受验货结果", needs=("none_accepted",)),
    Step("object", X, State.DISPUTED, State.DISPUTED, B, "买家不认可验货结果,请商家复核", (S,), "不认可,请商家复核", needs=("not_objected",)),
    Step("revise_inspection", X, State.DISPUTED, State.DISPUTED, S, "商家更新了验货结果", (B,), "重新验货"),
    Step("timeout_accept", X, State.DISPUTED, State.RESHIPPING, C, "买家超时未回应,按验货结果继续", (B, S), after="inspection_dispute", needs=("some_accepted",)),
    Step("timeout_close", X, State.DISPUTED, State.CLOSED, C, "买家超时未回应,申请已关闭", (B, S), after="inspection_dispute", needs=("none_accepted",)),
    Step("ship_part", XI, State.RESHIPPING, State.RESHIPPING, S, "商家发出了部分商品", (B,)),
    Step("ship_replacement", X, State.RESHIPPING, State.CONFIRMING, S, "商家已发出换货商品", (B,), "发出换货商品"),
    Step("ship_replacement", I, State.RESHIPPING, State.CONFIRMING, S, "商家已发出补发商品", (B,), "发出补发商品"),
    Step("timeout_late", XI, State.RESHIPPING, State.RESHIPPING, C, "商家超时未发货,买家可以催办", (B, S), after="seller_reship", needs=("not_late",)),
    Step("nudge", XI, State.RESHIPPING, State.RESHIPPING, B, "买家催促商家发货", (S,), "催办", needs=("late", "not_just_nudged")),
    Step("timeout_escalate", XI, State.RESHIPPING, State.RESHIPPING, C, "商家仍未发货,已标记严重超时", (B, S), after="seller_reship_late", needs=("late",)),
    Step("confirm", X, State.CONFIRMING, State.COMPLETED, B, "买家确认收货,换货完成", (S, B), "确认收货"),
    Step("confirm", I, State.CONFIRMING, State.COMPLETED, B, "买家确认收货,补发完成", (S, B), "确认收货"),
    Step("report_problem", X, State.CONFIRMING, State.CONFIRMING, B, "买家反馈收到的换货商品有问题", (S,), "收到有问题", needs=("no_problem",)),
    Step("report_problem", I, State.CONFIRMING, State.CONFIRMING, B, "买家反馈收到的补发商品有问题", (S,), "收到有问题", needs=("no_problem",)),
    Step("extend", XI, State.CONFIRMING, State.CONFIRMING, B, "买家延长了收货期限", (S,), "延长 7 天", needs=("not_extended", "no_problem")),
    Step("resend", XI, State.CONFIRMING, State.RESHIPPING, S, "商家同意重新发货", (B,), "同意重新发货", needs=("problem_open",)),
    Step("replacement_lost", X, State.CONFIRMING, State.RESHIPPING, S, "换货商品丢失或退回,商家将重新发货", (B,), "丢件或退回,重新发货", needs=("out_lost",)),
    Step("replacement_lost", I, State.CONFIRMING, State.RESHIPPING, S, "补发商品丢失或退回,商家将重新发货", (B,), "丢件或退回,重新发货", needs=("out_lost",)),
    Step("timeout_confirm", X, State.CONFIRMING, State.COMPLETED, C, "买家超时未确认,系统已确认收货,换货完成", (B, S), after="buyer_confirm", needs=("out_traced", "no_problem")),
    Step("timeout_confirm", I, State.CONFIRMING, State.COMPLETED, C, "买家超时未确认,系统已确认收货,补发完成", (B, S), after="buyer_confirm", needs=("out_traced", "no_problem")),
    Step("timeout_escalate", X, State.CONFIRMING, State.CONFIRMING, C, "换货商品没有物流记录,不自动确认收货,已标记超时", (B, S), after="buyer_confirm", needs=("out_stuck", "no_problem")),
    Step("timeout_escalate", I, State.CONFIRMING, State.CONFIRMING, C, "补发商品没有物流记录,不自动确认收货,已标记超时", (B, S), after="buyer_confirm", needs=("out_stuck", "no_problem")),
    Step("timeout_escalate", XI, State.CONFIRMING, State.CONFIRMING, C, "商家超时未处理收货问题,已标记超时", (B, S), after="problem_answer", needs=("problem_open",)),
)  # fmt: skip


class StepRefused(Exception):
    """This step can't be taken; ``sentence`` says why, in words for the person who tried."""

    def __init__(self, sentence: str, step: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.step = step


class Stale(StepRefused):
    """Somebody else was faster: the case is no longer what the page showed. Nothing was changed."""


NOT_NOW = "这一步现在不能进行,页面显示的是最新状态"


def open_steps(case_type: str, state: str, actor: Actor) -> Iterator[Step]:
    """The steps that ``actor`` could take from ``state``, whatever their conditions, in the table's order."""
    for step in STEPS:
        if step.source == state and step.actor == actor and case_type in step.types:
            yield step


def find(case_type: str, state: str, actor: Actor, name: str) -> Step:
    """The row for this step, or StepRefused when the table has none."""
    for step in open_steps(case_type, state, actor):
        if step.name == name:
            return step
    raise StepRefused(NOT_NOW, name)


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
    start = facts.entered_at
    if facts.escalated or state in FINAL:
        return None, ""
    if state == State.APPLIED:
        return start + spans["seller_response"], "seller_response"
    if state == State.REVISING:
        return start + spans["buyer_modify"], "buyer_modify"
    if state == State.RETURNING:
        more = spans["buyer_return_extension"] if facts.extended else timedelta()
        return start + spans["buyer_return"] + more + facts.granted, "buyer_return"
    if state == State.INSPECTING:
        end = (facts.back_shipped_at or start) + spans["seller_receive_slow" if facts.back_slow else "seller_receive"]
        if facts.back_signed_at:
            end = min(end, facts.back_signed_at + spans["seller_receive_signed"])
        return end, "seller_receive"
    if state == State.DISPUTED:
        return start + spans["inspection_dispute"], "inspection_dispute"
    if state == State.RESHIPPING:
        if facts.late:
            return start + spans["seller_reship"] + spans["seller_reship_late"], "seller_reship_late"
        return start + spans["seller_reship"], "seller_reship"
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


def diagram() -> str:
    """The table as a Mermaid state diagram, for the README."""
    lines = ["stateDiagram-v2", "    direction TB"]
    for step in STEPS:
        line = f"    {step.source or '[*]'} --> {step.target}: {step.actor} · {step.name}"
        types = "" if len(step.types) == len(STAGES_OF) else f" ({', '.join(sorted(step.types))})"
        lines.append(line + types)
    lines += [f"    {state} --> [*]" for state in State if state in FINAL]
    return "\n".join(lines)
