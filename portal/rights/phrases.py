"""Phrases and grounds to choose from: in a conversation, and when the platform is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portal.flow import Actor, CaseType, State

# Why a side asks for 平台介入, in the customer's words; ``FOR_SELLERS``: those that a shop may have as well.
INTERVENTIONS: Final[Mapping[str, str]] = {
    "refused": "商家拒绝协商/拒绝售后",
    "no_answer": "商家超时未处理",
    "inspection": "验货结果有争议",
    "still_bad": "换货商品仍有问题",
    "not_sent": "商家未按约定寄出换货商品",
    "short": "少货举证争议",
    "freight": "运费承担争议",
    "not_paid": "退款未到账",
    "other": "其他",
}


FOR_SELLERS: Final = ("inspection", "short", "freight", "other")
_ABOUT_GOODS_SENT: Final = ("still_bad", "not_sent")  # said only where goods are sent, and with the name of that
_ABOUT_GOODS_BACK: Final = ("inspection",)  # where goods go back


def name_intervention(code: str, case_type: str) -> str:
    """One of them as it is said in a case of this type; "" for none."""
    said = INTERVENTIONS.get(code, "")
    return said.replace("换货", "补发") if case_type == CaseType.REISSUE else said


def list_interventions(case_type: str, side: str) -> list[tuple[str, str]]:
    """What a side can choose from in a case of this type."""
    sends = case_type in (CaseType.EXCHANGE, CaseType.REISSUE)
    back = case_type in (CaseType.EXCHANGE, CaseType.RETURN_REFUND)
    return [
        (code, name_intervention(code, case_type))
        for code in (FOR_SELLERS if side == Actor.SELLER else INTERVENTIONS)
        if (sends or code not in _ABOUT_GOODS_SENT) and (back or code not in _ABOUT_GOODS_BACK)
    ]


# Where a case stands, as far as that says why its buyer calls.
_USUAL: Final[Mapping[State, str]] = {
    State.DISPUTED: "inspection",
    State.RESHIPPING: "not_sent",
    State.REFUNDING: "not_paid",
    State.REFUND_FAILED: "not_paid",
}


def suggest_intervention(state: str) -> str:
    """What a buyer's form has chosen to begin with in this state; "" where they must choose."""
    return _USUAL.get(State(state), "")


BUYER_PHRASES: Final = ("调换商品", "少发了", "发错了", "有破损", "什么时候发货")


BEFORE_PHRASES: Final = (
    "您好，请问需要什么规格、多少件？",
    "请稍等，核实后回复您",
    "换货条件在商品页可以查看",
)


SELLER_PHRASES: Final = (
    "您好，请提供问题照片",
    "同意换货，请按页面上的地址寄回",
    "换货商品已寄出，请留意查收",
    "该规格缺货，可以换其他规格",
)
PROMISED_BY: Final[Mapping[str, str]] = {  # the step that a phrase promises
    SELLER_PHRASES[0]: "ask_evidence",
    SELLER_PHRASES[1]: "agree",
    SELLER_PHRASES[2]: "ship_replacement",
}
