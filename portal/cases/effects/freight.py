"""Effects of the steps on freight that the buyer advanced for the way back, where the shop bears it."""

from __future__ import annotations

from typing import Any

from portal.cases.effects.hand_ins import AdvancedFreight, HandIn
from portal.cases.effects.step_context import StepContext, effect
from portal.inputs import money_text
from portal.money import entries as money_entries

MOST_FREIGHT = 50_000  # 分, of one case; more is a slip of the hand, or to be agreed on in a proposal


@effect("claim_freight", takes=AdvancedFreight)
def claim_freight(context: StepContext[AdvancedFreight]) -> dict[str, Any]:
    fen = context.handed.freight_fen
    if not 0 < fen <= MOST_FREIGHT:
        raise context.refuse(f"请填写垫付的运费，最多 {money_text(MOST_FREIGHT)} 元")
    context.data["advanced_fen"] = fen
    return {"freight_claim": "open", "freight_fen": fen}


@effect("accept_freight")
def accept_freight(context: StepContext[HandIn]) -> dict[str, Any]:
    """What was claimed becomes a payment to the buyer; the version keeps it apart from that of a later claim."""
    case = context.case
    money_entries.plan_entry(
        case, "freight", case.freight_fen, key=f"freight:{case.version}", at=context.at, by=context.by.user_id
    )
    context.data["advanced_fen"] = case.freight_fen
    return {"freight_claim": "accepted", "entry_count": case.entry_count + 1}


@effect("decline_freight")
def decline_freight(context: StepContext[HandIn]) -> dict[str, Any]:
    if not context.note:
        raise context.refuse("请写明不同意的原因，买家会看到")
    context.data["advanced_fen"] = context.case.freight_fen
    return {"freight_claim": "declined"}
