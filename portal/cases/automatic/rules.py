"""What a rule asks and does, and which of several decides. Pure: the trial and the work itself both ask this.

No action refuses an application: what no rule decides is left to people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from portal import words
from portal.flow import CaseType
from portal.inputs import money_text

ACTIONS: dict[str, str] = {
    "agree": "同意",
    "no_return": "同意，无需寄回",
    "reissue": "同意补发",
    "people": "转人工",
    "tag": "打标签，转人工",
}
FOR_PEOPLE = frozenset({"people", "tag"})  # no step is taken
# The step of the flow that an action takes, by the type of the case; a type that isn't here is left to people.
STEP_OF: dict[str, dict[str, str]] = {
    "agree": {str(kind): "agree" for kind in CaseType},
    "no_return": {CaseType.EXCHANGE: "agree_no_return", CaseType.RETURN_REFUND: "agree_refund_without_return"},
    "reissue": {CaseType.REISSUE: "agree"},
    "people": {},
    "tag": {},
}
RESOLD: dict[str, str] = {"any": "不限", "yes": "只限铺货订单", "no": "铺货订单除外"}


@dataclass(frozen=True)
class Conditions:
    """What must all be so; an empty one asks nothing. ``most_fen``: what the goods were paid with, 分."""

    types: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    least_photos: int = 0
    most_fen: int | None = None
    most_cases: int | None = None  # of this buyer in this shop, this one not counted
    codes: tuple[str, ...] = ()  # 货号 or SKU ID: every line has one of them
    resold: str = "any"

    def pack(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Rule:
    """One rule as it decides."""

    id: int
    name: str
    action: str
    conditions: Conditions
    tag: str = ""


@dataclass(frozen=True)
class Applied:
    """What was applied for, as it was handed in."""

    case_id: int
    type: str
    reason: str
    photos: int
    worth_fen: int | None  # None: not known
    cases_before: int  # of this buyer in this shop, in the days that are looked back
    lines: tuple[frozenset[str], ...]  # the codes of each line's goods
    is_resold: bool
    open_freight: bool = False  # who pays the way back is still to be agreed
    negotiated: bool = False
    difference_fen: int = 0
    is_own: bool = False  # the buyer is who the shop's rules act for


def unpack(kept: dict[str, object]) -> Conditions:
    """Conditions as they were packed."""
    said: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    return Conditions(**said)


def meets(conditions: Conditions, case: Applied) -> bool:
    """Whether an application meets all conditions; what isn't known meets none."""
    return (
        (not conditions.types or case.type in conditions.types)
        and (not conditions.reasons or case.reason in conditions.reasons)
        and case.photos >= conditions.least_photos
        and (conditions.most_fen is None or (case.worth_fen is not None and case.worth_fen <= conditions.most_fen))
        and (conditions.most_cases is None or case.cases_before <= conditions.most_cases)
        and (not conditions.codes or all(line.intersection(conditions.codes) for line in case.lines))
        and (conditions.resold not in ("yes", "no") or case.is_resold == (conditions.resold == "yes"))
    )


def can_act(action: str, case: Applied, *, has_address: bool) -> bool:
    """Whether the action fits such an application at all. What two sides have to agree on first is for people."""
    if action in FOR_PEOPLE:
        return True
    if case.type not in STEP_OF[action] or case.worth_fen is None:
        return False
    if case.is_own or case.negotiated or case.open_freight:
        return False
    if action == "no_return" and case.difference_fen > 0:
        return False
    return has_address or action != "agree" or case.type not in (CaseType.EXCHANGE, CaseType.RETURN_REFUND)


def decide(rules: Sequence[Rule], case: Applied, *, has_address: bool) -> Rule | None:
    """The first rule that fits; None: none does."""
    for rule in rules:
        if meets(rule.conditions, case) and can_act(rule.action, case, has_address=has_address):
            return rule
    return None


def find_cost(rule: Rule, case: Applied) -> int:
    """What a decision counts against the day's cap, 分: what the goods were paid with; 0 for people's work."""
    return 0 if rule.action in FOR_PEOPLE else case.worth_fen or 0


def describe_action(action: str, tag: str) -> str:
    """What a rule does, in words."""
    return f"打标签「{tag}」，转人工" if action == "tag" else ACTIONS[action]


def describe(conditions: Conditions, reason_names: dict[str, str]) -> list[str]:
    """The conditions in words, in the order of the form."""
    said = []
    if conditions.types:
        said.append("、".join(words.TYPE[kind] for kind in conditions.types))
    if conditions.reasons:
        said.append("原因是" + "或".join(f"「{reason_names.get(name, name)}」" for name in conditions.reasons))
    if conditions.least_photos:
        said.append(f"凭证至少 {conditions.least_photos} 张")
    if conditions.most_fen is not None:
        said.append(f"商品实付不超过 {money_text(conditions.most_fen)} 元")
    if conditions.most_cases is not None:
        said.append(f"买家近期的其他申请不超过 {conditions.most_cases} 次")
    if conditions.codes:
        said.append("货号或 SKU 是" + "、".join(conditions.codes))
    if conditions.resold in ("yes", "no"):
        said.append(RESOLD[conditions.resold])
    return said
