"""The closed sets of the flow: types, states, actors, stages, and whose turn each state is."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


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


class Role(StrEnum):
    """What a member of a shop's staff does there. The owner may do everything."""

    OWNER = "owner"
    AGENT = "agent"  # 客服
    WAREHOUSE = "warehouse"  # 仓库
    FINANCE = "finance"  # 财务


class Stage(StrEnum):
    """Where 平台介入 stands, beside the state. NONE: no mediation is open."""

    NONE = ""
    EVIDENCE = "evidence"  # both sides may hand in evidence
    DECIDING = "deciding"
    OVERDUE = "overdue"  # the decision is late; a supervisor's list
    UNFULFILLED = "unfulfilled"  # the rule has decided, and who owes something still hasn't done it; no clock runs


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

# Money is owed: the law's limit counts from entering the first of them, whatever becomes of attempts to pay.
OWED = frozenset({State.REFUNDING, State.REFUND_FAILED})

# The six steps a buyer sees, in the customer's own words, and where each state stands.
STAGES = ("申请换货", "选择换货原因", "提交申请", "商家审核", "发货", "收货")

STAGES_OF: dict[str, tuple[str, ...]] = {
    CaseType.EXCHANGE: STAGES,
    CaseType.REISSUE: ("申请补发", "选择原因", "提交申请", "商家审核", "发货", "收货"),
    CaseType.RETURN_REFUND: ("申请退货退款", "选择原因", "提交申请", "商家审核", "退款", "到账"),
    CaseType.REFUND_ONLY: ("申请仅退款", "选择原因", "提交申请", "商家审核", "退款", "到账"),
}

# As the customer's article tells it: sending back, inspecting and what follows from it belong to the fifth step.
STAGE_OF: dict[State, int] = {
    State.APPLIED: 3,
    State.PROPOSED: 3,
    State.REVISING: 3,
    State.RETURNING: 4,
    State.INSPECTING: 4,
    State.DISPUTED: 4,
    State.PAYING: 4,
    State.RESHIPPING: 4,
    State.CONFIRMING: 5,
    State.REFUNDING: 4,
    State.REFUND_FAILED: 4,
    State.COMPLETED: 5,
}


def find_stage(case_type: str, state: str, before: Iterable[str] = ()) -> int:
    """Where among the six steps a case stands; ``before``: the states that it left, the last one first.

    What is no step of its own stands where the state before it stood: an end that isn't the last step, terms that wait
    for an answer, and money that is owed beside goods; so that nothing is ticked that never happened.
    """
    beside = OWED if case_type in (CaseType.EXCHANGE, CaseType.REISSUE) else frozenset()
    for each in (state, *before):
        if each == State.PROPOSED or each in beside or (each in FINAL and each != State.COMPLETED):
            continue
        return STAGE_OF[State(each)]
    return STAGE_OF[State.APPLIED]


class StepRefused(Exception):
    """This step can't be taken; ``sentence`` says why, in words for the person who tried."""

    def __init__(self, sentence: str, step: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.step = step


class Stale(StepRefused):
    """Somebody else was faster: the case is no longer what the page showed. Nothing was changed."""


NOT_NOW = "这一步现在不能进行，页面显示的是最新状态"


def waits_for(
    state: str,
    *,
    escalated: bool = False,
    unfulfilled: bool = False,
    problem_open: bool = False,
    countered: bool = False,
    shown: bool = False,
) -> Actor | None:
    """Who must act: by the state, unless the platform decides, a problem is open or the buyer made terms of their own.

    ``shown``: the shop has shown proof of the payment that is awaited, or says that the buyer's hasn't come.
    """
    if state in FINAL:
        return None
    if unfulfilled:
        return Actor.BUYER if shown and state == State.REFUNDING else Actor.SELLER
    if escalated:
        return Actor.MEDIATOR
    if shown and state == State.REFUNDING:
        return Actor.BUYER
    return Actor.SELLER if problem_open or countered else WAITS_FOR[State(state)]
