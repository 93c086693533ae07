"""What an effect is given and may change, and the register of effects by the name of their step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import select

from portal import flow
from portal.calendar.lengths import get_deadline
from portal.cases import expected
from portal.cases.changes import may_differ
from portal.cases.effects.hand_ins import HandIn
from portal.cases.mediation_rows import find_mediation
from portal.extensions import db
from portal.flow import Actor, CaseType, State, Step, StepRefused
from portal.models import (
    Case,
    CaseLine,
    Sku,
)
from portal.money import entries as money_entries
from portal.money import worth
from portal.money.accounts import consent as bank_accounts


@dataclass(frozen=True)
class ActedBy:
    """Who takes a step: which side, which person, in which request.

    ``whence``: "above" or "below" when the step was taken in the linked case of a chain and passes on by itself, in the
    name of the distributor whose side of this case it is. ``rule``: the name of the shop's rule that took it by itself.
    """

    actor: Actor
    user_id: int | None = None
    name: str = ""
    request_id: str = ""
    whence: str = ""
    rule: str = ""


@dataclass(frozen=True)
class ChildCase:
    """The case that a converted one becomes: its type, where it begins, which units, and what is known already."""

    type: CaseType
    state: State
    lines: tuple[tuple[int, int, int | None], ...]  # (case line of the parent, thousandths, SKU)
    reason: str = ""
    description: str = ""
    refund_fen: int | None = None  # agreed or decided; None: what the units are worth
    freight_payer: str = ""
    return_difference_fen: int = 0  # paid for another specification, and now given back
    compensation_fen: int = 0
    freight_fen: int = 0  # of the way back, agreed to and not yet paid
    freight_claim: str = ""  # what became of what was claimed for it, and how much that was
    freight_claimed_fen: int = 0
    difference_waived: bool = False
    proposer: int | None = None  # whose terms they are, when the other side has accepted them


H = TypeVar("H", bound=HandIn, covariant=True)


@dataclass
class StepContext(Generic[H]):
    """A step being taken: the case as it was, who, when, and what was handed in. ``data`` goes into the event.

    ``child`` is set by an effect that turns the case into another one, ``proposer`` by one that carries out somebody
    else's terms: who proposed a payment doesn't approve it.
    """

    case: Case
    step: Step
    by: ActedBy
    at: datetime
    handed: H
    data: dict[str, Any] = field(default_factory=dict)
    child: ChildCase | None = None
    proposer: int | None = None

    @property
    def note(self) -> str:
        return self.handed.note

    @property
    def photos(self) -> Sequence[str]:
        return self.handed.photos

    def refuse(self, sentence: str) -> StepRefused:
        return StepRefused(sentence, self.step.name)


Effect = Callable[[StepContext[H]], dict[str, object]]
_EFFECTS: dict[str, tuple[type[HandIn], Effect[Any]]] = {}


def hand_in_type(step_name: str) -> type[HandIn]:
    """What is handed in with a step of this name; plain words and photos where nothing more is needed."""
    return _EFFECTS[step_name][0] if step_name in _EFFECTS else HandIn


def fit_hand_in(step_name: str, handed: HandIn | None) -> HandIn:
    """What was handed in as this step's own type: words and photos alone fit every step, nothing at all too."""
    takes = hand_in_type(step_name)
    if handed is None:
        return takes()
    return takes(note=handed.note, photos=handed.photos) if type(handed) is HandIn else handed


def apply_effect(context: StepContext[HandIn]) -> dict[str, object]:
    """Do what the step does; returns what of the case and its mediation changes. Raises StepRefused for wrong facts."""
    takes, change = _EFFECTS.get(context.step.name, (HandIn, None))
    if not isinstance(context.handed, takes):
        raise TypeError(f"{context.step.name} takes {takes.__name__}, not {type(context.handed).__name__}")
    changes = change(context) if change else {}
    if context.step.target != context.step.source:
        changes |= plan_due_payments(context, changes)
    if context.case.entry_count:
        bank_accounts.follow_case(context.case, context.at)
    return changes


def plan_due_payments(context: StepContext[HandIn], changes: Mapping[str, Any]) -> dict[str, Any]:
    """What entering the next state makes payable: a refund, a difference given back, or nothing more."""
    case, step = context.case, context.step
    if step.target in flow.FINAL or flow.leaves_payment(step.source or "", step.target):
        claim = end_claim(context, changes)
        if step.target != State.COMPLETED and changes.get("entry_count", case.entry_count):
            money_entries.cancel_open(case, unanswered=step.target in flow.FINAL)
        return claim
    if step.target == State.REFUNDING and step.source in _BEFORE_REFUNDING:
        agreed = changes.get("refund_fen", case.refund_fen) or None
        exact = "refund_fen" in changes  # this very step names the sum
        fen, made = plan_refund(case, agreed, context.by, context.at, context.proposer, exact=exact)
        context.data["refund_fen"] = fen
        return {"refund_fen": fen, "entry_count": int(changes.get("entry_count", case.entry_count)) + made}
    other_price = changes.get("difference_fen") or may_differ(case)
    if step.target == State.RESHIPPING and other_price and step.source in _BEFORE_SHIPPING:
        planned = money_entries.add_up_back(case, (*money_entries.OPEN, "settled"))
        fen = -worth.work_out_case_difference(case, accepted=True) - planned
        if fen > 0:
            made = _plan_back(context, fen)
            return {"entry_count": changes.get("entry_count", case.entry_count) + made}
    return {}


def _plan_back(context: StepContext[HandIn], fen: int) -> int:
    """What is given back for cheaper specifications; how many payments that makes."""
    case, at, by = context.case, context.at, context.proposer or context.by.user_id
    parts, earlier = worth.split_back(case, fen)
    planned = [("difference_back", "difference_back", parts), ("difference_return", money_entries.EARLIER, earlier)]
    paid = [(kind, key, of, sum(part.fen for part in of)) for kind, key, of in planned if of]
    for kind, key, of, part_fen in paid:
        money_entries.plan_entry(case, kind, part_fen, key=f"{key}:{case.version}", at=at, by=by, parts=of)
    context.data["difference_back_fen"] = sum(part_fen for *_, part_fen in paid)
    return len(paid)


def end_claim(context: StepContext[HandIn], changes: Mapping[str, object]) -> dict[str, object]:
    """What becomes of the freight that was claimed when a case ends: the case that goes on takes it over.

    It takes over what the shop owes for the way back, and what waits for an answer. With no such case, or one of 补发,
    in which nothing went back and nobody answers, an open claim is dropped, and the event says so.
    """
    case, child = context.case, context.child
    claim = changes.get("freight_claim", case.freight_claim)
    if child is None or (claim == "open" and child.type == CaseType.REISSUE):
        if claim != "open":
            return {}
        context.data["dropped_fen"] = case.freight_fen
        return {"freight_claim": "dropped"}
    if claim == "open":
        context.child = replace(child, freight_claim="open", freight_claimed_fen=case.freight_fen)
        return {"freight_claim": "carried"}
    if claim in ("accepted", "declined"):
        entries = money_entries.list_of_case(case) if claim == "accepted" else ()
        owed = (entry for entry in entries if entry.kind == "freight" and entry.state in money_entries.TO_PAY)
        same_way = child.state == State.REFUNDING  # nothing goes back again, so that nothing more can be claimed
        context.child = replace(
            child,
            freight_fen=sum(entry.amount_fen for entry in owed),
            freight_claim=claim if same_way else "",
            freight_claimed_fen=case.freight_fen if same_way else 0,
        )
    return {}


_BEFORE_REFUNDING = (State.APPLIED, State.PROPOSED, State.REVISING, State.INSPECTING, State.DISPUTED)
_BEFORE_SHIPPING = (*_BEFORE_REFUNDING, State.PAYING)


def plan_refund(
    case: Case, agreed_fen: int | None, by: ActedBy, at: datetime, proposer: int | None = None, *, exact: bool = False
) -> tuple[int, int]:
    """Plan the refund of a case: what was agreed, at most what its units are worth. Returns 分 and how many payments.

    What goes back of a difference paid in an earlier exchange is a payment of its own. ``proposer``: whose terms it
    carries out, when that is somebody else than who takes the step. ``exact``: the sum was named just now; an older one
    that asked for all is worked out again, so that the last units take the rest.
    """
    unshipped, who = case.goods_state == "unshipped", proposer or by.user_id
    fen, found = expected.work_out_refund(case, agreed_fen, exact=exact)
    parts, earlier = worth.split_amount(found, fen)
    own = fen - earlier
    money_entries.plan_entry(case, "refund", own, key="refund", at=at, by=who, parts=parts, unshipped=unshipped)
    if earlier:
        money_entries.plan_entry(case, "difference_return", earlier, key=money_entries.EARLIER, at=at, by=who)
    return fen, 1 + bool(earlier)


def effect(*names: str, takes: type[H] = HandIn) -> Callable[[Effect[H]], Effect[H]]:  # type: ignore[assignment]
    """Register what steps of these names do, and what is handed in with them."""

    def register(function: Effect[H]) -> Effect[H]:
        for name in names:
            _EFFECTS[name] = takes, function
        return function

    return register


def load_lines(case: Case) -> Sequence[CaseLine]:
    return db.session.scalars(
        select(CaseLine)
        .where(CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
        .order_by(CaseLine.id)
        .execution_options(populate_existing=True)
    ).all()


def find_price(shop_id: int, sku_id: int | None) -> int | None:
    """What a unit of the replacement costs, 分; None for the same specification."""
    if sku_id is None:
        return None
    return db.session.scalar(select(Sku.price_fen).where(Sku.id == sku_id, Sku.shop_id == shop_id))


def end_mediation(context: StepContext[HandIn]) -> dict[str, object]:
    """The mediation is over, the state's own clock goes on with a day left at least."""
    if not context.case.escalated:
        return {}
    return {
        **NO_MEDIATION,
        "paused_seconds": measure_standstill(context),
        "not_before": context.at + get_deadline("least_left"),
    }


def measure_standstill(context: StepContext[HandIn]) -> int:
    """For how many seconds this state's clock has stood still by now; none for one that this step starts anew."""
    case = context.case
    if context.step.source == context.step.target and context.step.name in flow.RESTARTING:
        return 0
    if not case.escalated:
        return case.paused_seconds
    opened_at = find_mediation(case).escalated_at or context.at
    since = max(opened_at, case.entered_at)  # a step of the parties may have started it meanwhile
    return case.paused_seconds + int((context.at - since).total_seconds())


NO_MEDIATION: Mapping[str, object] = {"escalated": False, "stage": "", "offered_by": "", "offered_version": None}
