"""撤销申请: what calling off a case means before it is done: which case, what is lost, what can be asked for again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from portal import words
from portal.applications import goods
from portal.cases.case_view import View
from portal.extensions import db
from portal.flow import CaseType, State
from portal.inputs import money_text, quantity_text
from portal.models import Case, Order
from portal.rights import eligibility


class Leaving(NamedTuple):
    """What the page says before a case is called off."""

    goods: str
    lost: list[str]
    anew: list[str]


def foresee_leaving(case: Case, view: View, now: datetime) -> Leaving:
    """All of it, for the page that asks."""
    return Leaving(describe_goods(view), list_lost(case), foresee_anew(case, view, now))


def describe_goods(view: View) -> str:
    """The goods of a case with their quantities."""
    return "、".join(
        f"{line.title} {line.spec} {quantity_text(line.quantity_milli)} {line.unit}" for line in view.lines
    )


def list_lost(case: Case) -> list[str]:
    """What ends with a case that is called off as it stands, in sentences; for every type and state."""
    kind = words.TYPE[CaseType(case.type)]
    lost = [f"商家不再处理这次{kind}申请"]
    if case.state == State.PROPOSED:
        lost = [f"正在协商的方案作废，商家不再处理这次{kind}申请"]
    elif case.state == State.RETURNING:
        lost = [f"商家已同意的{kind}作废，请不要再寄出商品"]
    elif case.state == State.RESHIPPING:
        lost = [f"商家已同意的{kind}作废，商家不再发货"]
    if case.refund_fen and case.type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY):
        lost.append(f"申请退的 {money_text(case.refund_fen)} 元不再退")
    if case.escalated:
        lost.append("平台介入随之结束，平台不再裁决")
    return lost


def foresee_closing(case: Case, view: View) -> list[str]:
    """Of a refusal that is left as it is: what can be applied for once the case has closed, in sentences."""
    if view.refusal is None or case.escalated or case.due_at is None:
        return []
    return foresee_anew(case, view, case.due_at, once="关闭后")


def foresee_anew(case: Case, view: View, now: datetime, *, once: str = "撤销后") -> list[str]:
    """Once a case is called off: what of each of its goods can be applied for, until when, or why nothing can."""
    order = db.session.get_one(Order, (case.order_id, case.shop_id))
    own = {line.order_line_id: line.quantity_milli for line in view.lines}
    lines = [line for line in goods.list_lines(order.id, order.shop_id) if line.id in own]
    may, policy = goods.is_exchangeable(lines, order), goods.get_policy_for(order)
    said = []
    for line in lines:
        facts = goods.describe_goods(order, line, exchangeable=may[line.id])
        verdict = eligibility.offer(
            replace(facts, claimed_milli=max(facts.claimed_milli - own[line.id], 0)), now, policy
        )
        name = f"{line.title} {line.spec}：" if len(lines) > 1 else ""
        said.append(f"{name}{once}{'' if verdict.allowed else '不能重新申请：'}{verdict.why}")
    return said
