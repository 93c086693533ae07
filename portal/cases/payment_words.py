"""What is said of a payment on a case's page, from its reader's side: where it stands, and whether it has arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from portal import flow, told, words
from portal.calendar import lengths
from portal.flow import OWED, Actor
from portal.models import MoneyEntry
from portal.money import standing

if TYPE_CHECKING:
    from portal.cases.view_facts import ViewFacts

_BUYER: dict[str, str] = {  # what a buyer reads of a payment that the shop makes; the shop's own words in words.py
    "waiting": "待商家付款",
    "due": "待商家付款",
    "settled": "商家已付款",
    "contested": "您说没有收到",
}


class Told(NamedTuple):
    """Where a payment stands, in a word or two; what is known of its arrival, and by when it is made, in sentences."""

    state: str
    arrival: str
    term: str


def tell_payment(view: ViewFacts, entry: MoneyEntry) -> Told:
    """What this side reads of a payment."""
    return Told(tell_state(view, entry), _tell_arrival(view, entry), _tell_term(view, entry))


def tell_state(view: ViewFacts, entry: MoneyEntry) -> str:
    """Where a payment stands, in a word or two."""
    if entry.kind == "difference" and entry.state == "cancelled" and _was_denied(view, entry):
        return "商家没有收到"
    if view.side is Actor.BUYER and entry.kind != "difference":
        return _BUYER.get(entry.state, words.MONEY_STATE[entry.state])
    return words.MONEY_STATE[entry.state]


def _was_denied(view: ViewFacts, entry: MoneyEntry) -> bool:
    """Whether the shop said of this payment that it hasn't come."""
    return any(
        event.step == "deny_payment" and event.data.get("money", ("", 0, ""))[2] == entry.reference
        for event in view.events
    )


def _tell_arrival(view: ViewFacts, entry: Any) -> str:
    """What is known of the arrival of a payment that was recorded, in a sentence; "" where nothing is to say."""
    if entry.kind == "difference" or entry.state not in ("settled", "contested") or not entry.amount_fen:
        return ""
    if entry.arrival == "missing" and not is_proof_left(view, [entry]):
        return told.to_reader(words.ARRIVAL["proved"], view.side)
    if entry.arrival:
        return told.to_reader(words.ARRIVAL[entry.arrival], view.side)
    until = entry.settled_at + lengths.get_deadline("arrival_objection")
    if until <= view.now:
        return told.to_reader(words.ARRIVAL["unopposed"], view.side)
    who = "请核对是否到账；没有收到请" if view.side is Actor.BUYER else "买家没有收到可以"
    return f"{who}在 {words.end(until)} 前提出「未到账」"


def is_proof_left(view: ViewFacts, entries: Sequence[Any], more: int = 0) -> bool:
    """Whether the shop can show proof of one of these payments, should the buyer doubt it ``more`` times."""
    said = [event.data for event in view.events if event.step == standing.DOUBT]
    doubts = min((standing.count_doubts(entry, said) for entry in entries), default=0)
    return flow.is_proof_left(doubts + more, escalated=view.case.escalated)


def _tell_term(view: ViewFacts, entry: MoneyEntry) -> str:
    """By when a buyer is usually paid, and what they can do later; "" where the platform has it, or it came back."""
    case = view.case
    owed = entry.state in ("due", "waiting") and case.state in OWED
    if view.side is not Actor.BUYER or not owed or case.escalated or case.ruled or view.overdue:
        return ""
    if any(step.name == "escalate" and refusal is None for step, refusal in view.actions):
        return "还没有付款的，您现在就可以申请平台介入"
    span = lengths.describe_deadline("refund_target")
    if entry.tries:  # the time counts from when it was first owed
        return f"从应付款时起超过 {span}还没有付成的，您可以申请平台介入"
    return f"商家一般在 {span}内付款，超过的您可以申请平台介入"


def tell_way(view: ViewFacts) -> str:
    """Who pays whom, outside: a difference goes to the shop, all else comes from it."""
    if view.side is not Actor.BUYER:
        return "钱款在平台外支付，本系统只登记。"
    ways = {entry.kind == "difference" for entry in view.entries}
    return words.DIRECTLY["both" if len(ways) > 1 else "to_shop" if True in ways else "to_buyer"]
