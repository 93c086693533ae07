"""What an application can be refused with, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Refusal:
    """Why a seller refuses. ``needs_evidence``: the seller must show a photo for it."""

    id: str
    zh: str
    needs_evidence: bool


REFUSALS: Final[tuple[Refusal, ...]] = (
    Refusal("over_window", "已超过期限", False),
    Refusal("not_in_scope", "商品与描述相符，不属于退换范围", True),
    Refusal("evidence_insufficient", "举证不足", False),
    Refusal("man_made", "商品已使用或人为损坏，影响二次销售", True),
    Refusal("incomplete", "吊牌、包装、配件或赠品不全", True),
    Refusal("no_stock", "换货或补发的规格缺货", False),
    Refusal("amount", "申请的数量与实际不符", True),
    Refusal("already_agreed", "已与买家协商其他方案", True),
    Refusal("customised", "定制、鲜活等下单时已说明不支持退换", False),
    Refusal("other", "其他", True),
)


_REFUSALS: Final = {refusal.id: refusal for refusal in REFUSALS}


def refusal(refusal_id: str) -> Refusal | None:
    """The seller's reason of this id, or None."""
    return _REFUSALS.get(refusal_id)
