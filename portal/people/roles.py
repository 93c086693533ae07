"""What the people of a shop may see and do, by their role. Pure: the desk's guard, buttons and steps all read this.

The owner may do everything. 客服 decides applications and talks, 仓库 counts and ships, 财务 pays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from portal import words
from portal.flow import FINAL, STEPS, Role, State

ROLES = words.ROLE
DUTIES: dict[str, str] = {
    "owner": "全部权限，包括员工、政策、导入和复核款项",
    "agent": "审核申请、协商、与买家会话；可以提出退款，不能付款",
    "warehouse": "收货、验货、发货；只看需要收货和发货的售后单",
    "finance": "复核和登记付款、付款批次、对账；只看涉及款项的售后单",
}

# The rooms of the desk. A page names its room (portal/seller/__init__.py), a role the rooms that it may enter.
_ROOMS: dict[str, frozenset[str]] = {
    "agent": frozenset(
        {"queue", "figures", "orders", "contact", "products", "notices", "logistics", "rules", "quality"}
    ),
    "warehouse": frozenset(
        {"queue", "figures", "scan", "orders", "ship", "send_back", "notices", "logistics", "quality"}
    ),
    "finance": frozenset({"queue", "figures", "payouts", "notices"}),
}
_TAKERS: dict[str, frozenset[str]] = {
    step.name: frozenset(role for row in STEPS if row.name == step.name for role in row.roles) for step in STEPS
}
_STATES: dict[str, frozenset[State]] = {
    "warehouse": frozenset({State.RETURNING, State.INSPECTING, State.DISPUTED, State.RESHIPPING, State.CONFIRMING}),
    "finance": frozenset({State.PAYING, State.REFUNDING, State.REFUND_FAILED}),
}


def may_open(role: str, room: str) -> bool:
    """Whether this role may open the pages of a room."""
    return role == "owner" or room in _ROOMS.get(role, frozenset())


def list_rooms(role: str, every: frozenset[str]) -> frozenset[str]:
    """The rooms of ``every`` that this role may enter."""
    return frozenset(room for room in every if may_open(role, room))


def may_take(role: str, step: str) -> bool:
    """Whether this role takes steps of this name for the shop: the owner all of them, others those of their rows."""
    return role == Role.OWNER or role in _TAKERS.get(step, frozenset())


def may_see_state(role: str, state: str) -> bool:
    """Whether the queue shows cases in this state to this role."""
    return role in ("owner", "agent") or state in _STATES.get(role, frozenset())


def may_see_case(role: str, state: str, *, money: bool) -> bool:
    """Whether this role may open a case in this state; ``money``: the case has payments."""
    if role == "finance":
        return money or may_see_state(role, state)
    if role == "warehouse":
        return may_see_state(role, state) or state in FINAL  # refused goods are sent back also when a case has ended
    return role in ROLES


def may_see_money(role: str) -> bool:
    """Whether lists and figures say sums to this role."""
    return role in ROLES and role != Role.WAREHOUSE


def may_own(role: str) -> bool:
    """Whether who answers a case in this role looks after it from then on."""
    return role in ("owner", "agent")


def is_told(role: str, kind: str, state: str) -> bool:
    """Whether news of this kind (a step's name, or what happened beside the steps) about a case in this state are
    this role's business: 财务 hears of money alone, 仓库 of goods alone.
    """
    if role == "finance":
        return moves_money(kind) or may_see_state(role, state)
    if role == "warehouse":
        return kind not in _OF_TERMS and not moves_money(kind) and may_see_state(role, state)
    return role in ROLES


_OF_TERMS = frozenset({"order_changed", "order_contradicted", "resale"})  # sums and terms of a trade


def sees_sums(role: str) -> bool:
    """Whether figures of money are this role's business."""
    return role != "warehouse"


def hide_sums(role: str, facts: Mapping[str, str]) -> dict[str, str]:
    """The facts of a table's row without those whose heading says a sum, where sums aren't this role's business."""
    shown = sees_sums(role)
    return {name: value for name, value in facts.items() if shown or not _SUM.search(name)}


_SUM = re.compile("[价额费元¥￥]|price|amount|fee", re.IGNORECASE)
APPROVERS = ("owner", "finance")


def moves_money(step: str) -> bool:
    """Whether a step records, approves or tries a payment."""
    return "finance" in _TAKERS.get(step, frozenset())
