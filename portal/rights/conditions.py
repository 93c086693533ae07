"""The conditions in which goods come back, and what can be wrong with what arrives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Condition:
    """In which condition returned goods came. ``good``: they can be accepted without more ado."""

    id: str
    zh: str
    good: bool = False


CONDITIONS: Final[tuple[Condition, ...]] = (
    Condition("intact", "完好", True),
    Condition("not_resellable", "影响二次销售"),
    Condition("mismatch", "与申请不符"),
    Condition("short", "少件"),
    Condition("incomplete", "配件、吊牌、包装或赠品不全"),
    Condition("wrong_goods", "不是本单商品"),
    Condition("transit_damage", "退回途中破损"),
    Condition("empty", "空包裹"),
)


_CONDITIONS: Final = {condition.id: condition for condition in CONDITIONS}


def condition(condition_id: str) -> Condition | None:
    """The condition of this id, or None."""
    return _CONDITIONS.get(condition_id)


# What can be wrong with a replacement when it arrives: 收到有问题.
PROBLEMS: Final[Mapping[str, str]] = {
    "damaged": "收到时破损",
    "defect": "仍有质量问题",
    "wrong_item": "商品或规格不对",
    "short": "数量不够",
    "not_received": "没有收到",
}
