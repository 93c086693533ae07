"""What one side can do with a case now, and why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from portal import flow
from portal.cases import case_facts
from portal.flow import Actor, Facts, State, Step
from portal.models import Case

_MEDIATING = frozenset({"submit_evidence", "withdraw_mediation"})


def hide_unsaid(case: Case, step: Step, refusal: str | None) -> bool:
    """Whether why a step can't be taken is plain from the page: there is no mediation, or there is one already."""
    if refusal is None:
        return False
    if step.actor is Actor.MEDIATOR or step.name == "withdraw_mediation":
        return True
    return case.escalated if step.name == "escalate" else step.name in _MEDIATING and not case.escalated


def list_actions(
    case: Case,
    side: Actor,
    now: datetime,
    collect: Callable[[], Facts] | None = None,
) -> list[tuple[Step, str | None]]:
    """The steps with a button for this side, each with the sentence that says why not yet (None: it can be taken).

    ``collect``: how its facts are found, for a caller that has a part of them already.
    What leads on comes first, giving up last. Of rows that share a button, the one that can be taken is shown.
    """
    open_now = [step for step in flow.open_steps(case.type, case.state, side) if step.button]
    if not open_now:
        return []
    facts = collect() if collect else case_facts.collect_facts(case, now)
    found: dict[str, tuple[Step, str | None]] = {}
    for step in open_now:
        refusal = flow.unmet(step, facts)
        key = step.button
        if refusal and flow.find_offered(case.type, case.state, side, step.name, facts) is step:
            refusal, step = None, step._replace(button=OFFERING + step.button)
        if refusal and (step.name in _UNASKED or (step.name, step.source) in _UNASKED_IN):
            continue
        if key not in found or refusal is None:
            found[key] = (step, refusal)
    order = _IN_MEDIATION if case.escalated else _LATER
    return sorted(found.values(), key=lambda pair: order.get(pair[0].name, 0))


_ARRIVALS = frozenset({"deny_arrival", "confirm_arrival", "show_payment", "admit_unpaid", "decide_unpaid"}) | {
    "doubt_payment",
    "accept_offer",
    "decline_offer",
    "withdraw_offer",
}
OFFERING = "提议："  # before the button of a step that the other side must accept
_UNASKED = _ARRIVALS | {
    "give_account",
    "decline_account",
    "withdraw_account",
    "refund_arrived",
}  # not worth a "not yet"
_UNASKED_IN = {("give_place", State.RETURNING), ("edit_parcel", State.RETURNING)}
_LATER = {  # all others lead on
    "extend": 1,
    "modify": 1,
    "report_problem": 1,
    "agree_no_return": 1,
    "escalate": 2,
    "withdraw": 3,
}

_IN_MEDIATION = _LATER | {
    "submit_evidence": -1,
    "accept_offer": -3,
    "decline_offer": -2,
    "withdraw_mediation": 2,
    "more_evidence": 1,
}
