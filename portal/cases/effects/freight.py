"""Effects of the steps on freight that the buyer advanced for the way back, where the shop bears it."""

from __future__ import annotations

from sqlalchemy import select

from portal.cases.effects.hand_ins import AdvancedFreight, Decision, HandIn
from portal.cases.effects.step_context import StepContext, effect
from portal.extensions import db
from portal.flow import UNPAID, Actor, CaseType, State
from portal.inputs import money_text
from portal.models import CaseEvent
from portal.models.freight import MOST_FREIGHT
from portal.money import entries as money_entries


@effect("claim_freight", takes=AdvancedFreight)
def claim_freight(context: StepContext[AdvancedFreight]) -> dict[str, object]:
    fen = context.handed.freight_fen
    if not 0 < fen <= MOST_FREIGHT:
        raise context.refuse(f"请填写垫付的运费，最多 {money_text(MOST_FREIGHT)} 元")
    context.data["advanced_fen"] = fen
    return {"freight_claim": "open", "freight_fen": fen}


@effect("accept_freight")
def accept_freight(context: StepContext[HandIn]) -> dict[str, object]:
    """What was claimed becomes a payment to the buyer; the version keeps it apart from that of a later claim."""
    context.data["advanced_fen"] = context.case.freight_fen
    return _owe(context)


def _owe(context: StepContext[HandIn]) -> dict[str, object]:
    case = context.case
    money_entries.plan_entry(
        case, "freight", case.freight_fen, key=f"freight:{case.version}", at=context.at, by=context.by.user_id
    )
    return {"freight_claim": "accepted", "entry_count": case.entry_count + 1}


@effect("decline_freight")
def decline_freight(context: StepContext[HandIn]) -> dict[str, object]:
    if not context.note:
        raise context.refuse("请写明不同意的原因，买家会看到")
    context.data["advanced_fen"] = context.case.freight_fen
    return {"freight_claim": "declined"}


def can_award(case_type: str, state: str, step_name: str) -> bool:
    """Whether this decision can have the shop pay what was claimed: the case goes on where payments are recorded."""
    if step_name == "decide_continue":
        return state in (State.RESHIPPING, State.CONFIRMING, State.REFUNDING, State.REFUND_FAILED)
    return step_name in ("decide_reship", "decide_refund") and case_type != CaseType.REISSUE


def ends_claim(step_name: str) -> bool:
    """Whether the decision ends the case without a further payment, so that what was claimed isn't paid."""
    return step_name in ("decide_close", "decide_complete")


def rule_on_freight(context: StepContext[HandIn]) -> dict[str, object]:
    """What a decision says of the freight that was claimed and isn't agreed to: the shop pays it, or doesn't.

    The rule goes by who bears it: whoever claims it was told so, and the shop had its time to answer.
    """
    case, name, handed = context.case, context.step.name, context.handed
    if case.freight_claim not in UNPAID:
        return {}
    if ends_claim(name):
        pays = False
    elif not can_award(case.type, case.state, name):
        return {}
    elif context.by.actor is Actor.CLOCK:
        pays = case.freight_claim == "open" or _was_asked_for(context)
    elif isinstance(handed, Decision) and handed.pays_freight is not None:
        pays = handed.pays_freight
    elif case.freight_claim == "open":
        raise context.refuse("请选择买家垫付的退回运费是否由商家付")
    else:
        return {}
    context.data["decided_freight"] = [case.freight_fen, pays]
    return _owe(context) if pays else {"freight_claim": "declined"}


def _was_asked_for(context: StepContext[HandIn]) -> bool:
    """Whether the platform was last called by the buyer because of the freight."""
    case = context.case
    last = db.session.execute(
        select(CaseEvent.actor, CaseEvent.data)
        .where(
            CaseEvent.case_id == case.id,
            CaseEvent.shop_id == case.shop_id,
            CaseEvent.step.in_(("escalate", "timeout_escalate", "timeout_overdue")),
        )
        .order_by(CaseEvent.version.desc())
        .limit(1)
    ).first()
    return last is not None and last.actor == Actor.BUYER and last.data.get("because") == "freight"
