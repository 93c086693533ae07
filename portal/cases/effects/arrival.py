"""Effects of the steps on payments that were recorded: arrived, not arrived, proof shown, decided."""

from __future__ import annotations

from portal import flow
from portal.calendar.lengths import get_deadline
from portal.cases.effects.hand_ins import EntryChoice, HandIn
from portal.cases.effects.payment import give_back, tell_payment
from portal.cases.effects.step_context import StepContext, effect, end_mediation, load_lines
from portal.extensions import db
from portal.flow import Actor, State
from portal.money import arrivals, differences


def note_claim(context: StepContext[HandIn]) -> dict[str, object]:
    """The case's own word about its payments, as they now are."""
    db.session.flush()
    claim, since = arrivals.work_out_claim(context.case)
    return {"payment_claim": claim, "claimed_at": since}


@effect("deny_arrival", takes=EntryChoice)
def deny_arrival(context: StepContext[EntryChoice]) -> dict[str, object]:
    entry = arrivals.deny_arrival(context.case, context.handed.entry_id, at=context.at)
    tell_payment(context, entry)
    if context.step.source != State.CONVERTED:
        return note_claim(context)
    for line in load_lines(context.case):  # its units are the other case's, and stay there
        line.moved_milli = line.quantity_milli
    return {**note_claim(context), "origin": {"converted": True}}


@effect("doubt_payment", takes=EntryChoice)
def doubt_payment(context: StepContext[EntryChoice]) -> dict[str, object]:
    tell_payment(context, arrivals.doubt_payment(context.case, context.handed.entry_id, at=context.at))
    return note_claim(context)


@effect("confirm_arrival", takes=EntryChoice)
def confirm_arrival(context: StepContext[EntryChoice]) -> dict[str, object]:
    tell_payment(context, arrivals.confirm_arrival(context.case, context.handed.entry_id, at=context.at))
    return note_claim(context)


@effect("refund_arrived")
def confirm_rest(context: StepContext[HandIn]) -> dict[str, object]:
    arrivals.confirm_rest(context.case, at=context.at)
    return note_claim(context)


@effect("timeout_arrival")
def close_unopposed(context: StepContext[HandIn]) -> dict[str, object]:
    """Nobody said that it arrived: only the question is closed."""
    arrivals.confirm_rest(context.case, at=context.at, word="unopposed")
    return note_claim(context)


@effect("show_payment", takes=EntryChoice)
def show_payment(context: StepContext[EntryChoice]) -> dict[str, object]:
    if not context.note:
        raise context.refuse("请写明这笔款是怎么付的，买家会看到")
    if not context.photos:
        raise context.refuse("请上传付款凭证，例如转账成功页面的截图")
    tell_payment(context, arrivals.show_payment(context.case, context.handed.entry_id, at=context.at))
    return note_claim(context)


@effect("admit_unpaid", takes=EntryChoice)
def admit_unpaid(context: StepContext[EntryChoice]) -> dict[str, object]:
    if not context.note:
        raise context.refuse("请写明没有付成的原因，买家会看到")
    for entry in arrivals.reopen_unpaid(context.case, context.handed.entry_id, "due", problem=context.note[:200]):
        tell_payment(context, entry)
    return note_claim(context)


@effect("decide_unpaid")
def decide_unpaid(context: StepContext[HandIn]) -> dict[str, object]:
    """The platform finds that it wasn't paid: the shop pays it, with a day left at least, and the mediation is over."""
    if not context.note and context.by.actor is not Actor.CLOCK:
        raise context.refuse("请写明裁决的理由，双方都会看到")
    if context.by.actor is Actor.CLOCK:
        arrivals.close_standing(context.case, at=context.at)
        db.session.flush()
    state = "failed" if context.step.target == State.REFUND_FAILED else "due"
    for entry in arrivals.reopen_unpaid(context.case, None, state, problem="平台裁决没有付到"):
        tell_payment(context, entry)
    ended = end_mediation(context)
    if context.by.actor is Actor.CLOCK and context.step.target in flow.OWED:
        ended["ruled"] = True
    return {**note_claim(context), **ended, "not_before": context.at + get_deadline("least_left")}


@effect("decide_paid")
def decide_paid(context: StepContext[HandIn]) -> dict[str, object]:
    """The platform finds that the buyer paid a difference which no case goes on with: the shop gives it back."""
    if not context.note:
        raise context.refuse("请写明裁决的理由，双方都会看到")
    entry = differences.prove_difference(context.case, at=context.at)
    context.data["difference_fen"] = entry.amount_fen
    return {**end_mediation(context), **give_back(context, entry.amount_fen)}
