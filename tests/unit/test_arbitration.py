"""Who must prove what, what silence means, and what a decision makes happen: each a sentence for people."""

from __future__ import annotations

from typing import Any

import pytest

from portal import flow
from portal.cases.arbitration import burden_of_proof, carried_out
from portal.cases.effects.hand_ins import Decision, EvidenceRequest, HandIn, RefundDecision
from portal.flow import Actor, CaseType, State
from portal.rights import phrases, reasons


@pytest.mark.parametrize(
    ("reason", "state", "more", "first", "words"),
    [
        ("missing_item", "applied", {}, "seller", "足量发出"),
        ("missing_item", "revising", {}, "seller", "足量发出"),
        ("damaged", "revising", {}, "buyer", "质量问题由买家先举证"),
        ("defect", "applied", {}, "buyer", "质量问题由买家先举证"),
        ("wrong_item", "revising", {}, "buyer", "收到的是什么"),
        ("wrong_order", "revising", {}, "buyer", "未使用"),
        ("disaster", "revising", {}, "buyer", "发生了什么"),
        ("promise", "revising", {}, "seller", "包换承诺"),
        ("not_wanted", "applied", {}, "seller", "已按约定发货"),
        ("not_delivered", "applied", {}, "seller", "是否送达"),
        ("damaged", "disputed", {}, "seller", "收到时的状况"),
        ("damaged", "inspecting", {}, "buyer", "已寄回"),
        ("damaged", "reshipping", {}, "seller", "已按约定发货"),
        ("damaged", "confirming", {}, "seller", "是否送达"),
        ("damaged", "refunding", {}, "seller", "退款是否付出"),
        ("damaged", "refunding", {"unanswered": True}, "buyer", "差价是否付出"),
        ("damaged", "refund_failed", {}, "seller", "退款是否付出"),
        ("damaged", "revising", {"because": "short"}, "seller", "足量发出"),
        ("damaged", "revising", {"because": "freight", "asked_by": "buyer"}, "buyer", "运费不由买家承担"),
        ("damaged", "disputed", {"because": "freight", "asked_by": "seller"}, "seller", "运费不由商家承担"),
        ("other", "applied", {"goods_state": "unshipped"}, "seller", "已按约定发货"),
        ("other", "applied", {"goods_state": "in_transit"}, "seller", "是否送达"),
    ],
)
def test_who_proves_first(reason: str, state: str, more: dict[str, Any], first: str, words: str) -> None:
    kind = CaseType.REISSUE if reason == "missing_item" else CaseType.EXCHANGE
    burden = burden_of_proof(reason, kind, state, **more)
    assert (burden.first, words in burden.what) == (first, True)


def test_every_mediation_there_can_be_has_a_burden_and_says_what_silence_means() -> None:
    states = {(step.source, kind) for step in flow.OVERLAY for kind in step.types if step.source}
    for state, kind in states:
        for reason in reasons.REASONS:
            for because in phrases.INTERVENTIONS:
                for side in ("buyer", "seller", "clock"):
                    found = burden_of_proof(reason.id, kind, state, because=because, asked_by=side)
                    assert found.first in (Actor.BUYER, Actor.SELLER)
                    assert all(sentence.endswith("。") for sentence in found.sentences) and "不" in found.silence


HANDED: dict[str, HandIn] = {
    "decide_return": Decision(freight_payer="seller"),
    "decide_refund": RefundDecision(amount_fen=1234, goods_back=True, freight_payer="seller"),
    "more_evidence": EvidenceRequest(asked="both"),
}


def test_every_decision_says_what_will_be_carried_out() -> None:
    for step in flow.STEPS:
        if step.actor is not Actor.MEDIATOR or step.source is None:
            continue
        for kind in step.types:
            for returned in (False, True):
                handed = HANDED.get(step.name, HandIn())
                said = carried_out(step, kind, handed, goods_returned=returned)
                assert said and all(not each or each.endswith("。") for each in said), (step.name, said)


@pytest.mark.parametrize(
    ("source", "returned", "goods_back", "words"),
    [
        ("revising", False, True, "买家须在 7 天内寄回"),
        ("revising", False, False, "不用寄回"),
        ("disputed", True, True, "不用寄回"),  # the shop has them
        ("confirming", True, True, "买家须在 7 天内寄回"),  # the replacement
    ],
)
def test_goods_go_back_only_from_who_has_them(source: str, returned: bool, goods_back: bool, words: str) -> None:
    step = flow.find(CaseType.EXCHANGE, State(source), Actor.MEDIATOR, "decide_refund")
    handed = RefundDecision(amount_fen=1234, goods_back=goods_back, freight_payer="seller")
    said = "".join(carried_out(step, CaseType.EXCHANGE, handed, goods_returned=returned))
    assert words in said and "12.34 元" in said
