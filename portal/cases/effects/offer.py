"""Effects of offering a step to the other side while the platform is in a case, and of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.cases.effects.hand_ins import HandIn
from portal.cases.effects.step_context import StepContext, effect, end_mediation


@dataclass(frozen=True, kw_only=True)
class MadeOffer(HandIn):
    """A step that is offered, with what was handed in with it as plain values."""

    step: str = ""
    handed: dict[str, object] = field(default_factory=dict)


@effect("offer_step", takes=MadeOffer)
def make_offer(context: StepContext[MadeOffer]) -> dict[str, object]:
    if not context.handed.step:
        raise context.refuse("请从要进行的那一步提出")
    context.data["offered"] = {"step": context.handed.step, "handed": context.handed.handed}
    return {"offered_by": str(context.by.actor), "offered_version": context.case.version + 1}


@effect("accept_offer")
def accept_offer(context: StepContext[HandIn]) -> dict[str, object]:
    """Both sides stand for it: the platform has nothing to decide any more."""
    return end_mediation(context)


@effect("decline_offer", "withdraw_offer")
def end_offer(context: StepContext[HandIn]) -> dict[str, object]:
    return {"offered_by": "", "offered_version": None}
