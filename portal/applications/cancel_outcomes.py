"""What calling an order off is called and what it came to, in the words of who does it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """What became of the wish to call an order off."""

    CANCELLED = "cancelled"
    ALREADY = "already"  # called off before, or closed by the platform
    SHIPPED = "shipped"
    IN_THE_WAY = "in_the_way"  # a case is open that must be ended first
    UNCLEAR = "unclear"  # the platform is refunding it, or says nothing that we know
    UNKNOWN = "unknown"  # not an order of this buyer


class CallOff(NamedTuple):
    """Calling an order off, as its reader calls it: the button and the verb."""

    button: str
    verb: str


def name_call_off(*, resells: bool, paid: bool = True) -> CallOff:
    """A distributor's 撤销申请 of what was paid for (their word in 铺货); everybody else's 取消订单."""
    return CallOff("撤销申请", "撤销") if resells and paid else CallOff("取消订单", "取消")


_SAID: dict[Outcome, str] = {
    Outcome.CANCELLED: "已{verb}",
    Outcome.ALREADY: "这笔订单已经关闭，不需要再{verb}",
    Outcome.SHIPPED: "商家已发货，不能{verb}；可以拒收，或收到后申请退货退款",
    Outcome.IN_THE_WAY: "订单有进行中的售后，请先处理完那张售后单",
    Outcome.UNCLEAR: "平台还在处理这笔订单，现在不能{verb}；请联系商家",
    Outcome.UNKNOWN: "没有找到这笔订单",
}


def tell_outcome(outcome: Outcome, call_off: CallOff) -> str:
    """What became of it, in the same word that it was asked in."""
    return _SAID[outcome].format(verb=call_off.verb)


@dataclass(frozen=True)
class Result:
    """One order: what became of it, and the refund if there is one (case number, 分)."""

    order_no: str
    outcome: Outcome
    case_no: str = ""
    refund_fen: int = 0


class NotNow(Exception):
    """Undoes what was begun; ``outcome`` says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome
