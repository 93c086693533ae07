"""What a page of a case has read, for whoever makes sentences, choices and amounts of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from portal import told
from portal.cases import failed, mediations, places, stakes
from portal.cases import proposals as cases_proposals
from portal.cases.changes import Change
from portal.cases.event_details import describe_event, name_rule, record_event, says_sum
from portal.cases.replaced import Replaced
from portal.columns import PhotoSeen
from portal.flow import Actor, State, Step
from portal.models import Case, CaseEvent, CaseLine, ParcelTrace, Proposal
from portal.orders import versions
from portal.rights.addresses import NOBODY, Address


@dataclass
class ViewFacts:
    """What one side's page of a case shows, as it was read; the card and the timeline made of it are View's."""

    case: Case
    side: Actor
    now: datetime
    order: Any  # id, order_no, paid_fen, received_at
    buyer: str  # 会员名
    policy_version: int
    state: str  # the headline
    part: str  # the same in a word or two
    stage: int  # where it stands among ``stages``
    stages: tuple[str, ...]
    kind: str  # 换货, 补发
    end: str
    waits_for: str
    mine: bool
    otherwise: str
    reason: str
    basis: str
    payer: str
    lines: Sequence[Any]
    parcels: dict[str, list[Any]]
    traces: dict[int, list[ParcelTrace]]
    photos: dict[int, list[PhotoSeen]]
    events: Sequence[CaseEvent]
    actions: list[tuple[Step, str | None]] = field(default_factory=list)
    pictures: dict[int, str] = field(default_factory=dict)  # of products, by id
    proposals: Sequence[Proposal] = ()  # 协商方案, the newest first
    entries: Sequence[Any] = ()  # payments, the oldest first
    replaced: Replaced | None = None  # what came with a completed case and can be complained of
    sums: dict[int, list[str]] = field(default_factory=dict)  # how each payment came about, by its id
    finish: str = ""  # 铺货: until when it is to be done, in a sentence
    names: dict[int, str] = field(default_factory=dict)  # who planned, checked and recorded them; for the shop
    # This case and those it came out of or became, the oldest first.
    chain: Sequence[Row[int, str, str, str, datetime, int]] = ()
    accounts: Sequence[Any] = ()  # 收款账户, the newest first: last four digits only
    looks: Sequence[Row[int, str, str, str, datetime, str]] = ()  # who of the shop saw a whole number; for the buyer
    # What imports said of the order since the case was opened, the newest first.
    order_changes: Sequence[versions.Said] = ()
    overdue: bool = False  # the deadline has passed and the clock has not come round yet
    mediation: mediations.MediationView | None = None
    ruling: tuple[datetime, str] | None = None  # when the rule decides a mediation, and what it would as things stand
    unsaid: list[tuple[Step, str | None]] = field(default_factory=list)  # steps not even worth a "not yet"
    closed_off: frozenset[int] = frozenset()  # of ``chain``, those whose page isn't this reader's
    change: Change | None = None  # what the step that the case waits for makes of the money
    receiver: Address = NOBODY  # as this reader may see it
    back: Address = NOBODY  # where goods go back to, likewise
    sums_shown: bool = True  # what money there is in it is this reader's business
    returns: places.Returns = field(default_factory=places.Returns)

    def details(self, event: CaseEvent) -> list[str]:
        """What the step brought or changed, beside its sentence and its note."""
        said = describe_event(event, self.lines, case_type=self.case.type, back=self.back.shown, side=self.side)
        if not self.sums_shown:
            said = [sentence for sentence in said if not says_sum(sentence)]
        return said + name_rule(event.data, to_shop=self.side is Actor.SELLER)

    @property
    def offer(self) -> CaseEvent | None:
        """The event by which one side offered a step that waits for the other's answer."""
        version = self.case.offered_version
        return next((event for event in self.events if event.version == version), None) if version else None

    def terms(self, proposal: Proposal, *, to_both: bool = False) -> list[str]:
        """The terms of a version, in sentences of this side, or as both sign them."""
        return cases_proposals.describe(proposal, self.lines, "" if to_both else self.side)

    def has_arrived(self, leg: str) -> bool:
        """Whether nothing of a leg is waited for any more: what came back was counted, what was sent is confirmed."""
        if leg == "back":
            return self.case.state not in (State.RETURNING, State.INSPECTING)
        return leg == "out" and self.case.state == State.COMPLETED

    @property
    def money(self) -> bool:
        """Whether the case ends with money back, not with goods."""
        return self.case.type in stakes.MONEY

    @property
    def change_title(self) -> str:
        """What ``change`` is about."""
        if self.case.state == State.DISPUTED:
            return "按验货结果的金额"
        return "按方案的金额" if self.case.state == State.PROPOSED else "这次申请的金额"

    @property
    def refused_milli(self) -> int:
        """How much the shop received and didn't accept, thousandths, once the inspection's result stands."""
        return count_refused(self.case.state, self.lines)

    @property
    def refusal(self) -> CaseEvent | None:
        """The seller's refusal that the case stands at, as its event; None when it is something else that is asked."""
        if self.case.state != State.REVISING:
            return None
        event = next((each for each in self.events if each.source != each.target), None)
        return event if event is not None and event.step == "reject" else None

    @property
    def proofs(self) -> list[PhotoSeen]:
        """The photos by which the buyer applied, and those they added later without a step of their own."""
        applied = {event.version for event in self.events if event.step in ("apply", "apply_on_behalf", "modify")}
        stepped = {event.version for event in self.events if event.actor == Actor.BUYER}
        return [
            photo
            for version, photos in sorted(self.photos.items())
            for photo in photos
            if version in applied or (photo.side == "buyer" and version not in stepped)
        ]

    def said(self, event: CaseEvent) -> str:
        """What happened, from this side."""
        return told.tell_news(self.record(event), self.side)

    def record(self, event: CaseEvent) -> str:
        """The table's own sentence for what happened, the same for everybody."""
        return record_event(self.case.type, event)


def count_refused(state: str, lines: Sequence[CaseLine]) -> int:
    """How much was received and not accepted, thousandths; nothing while the result is still open."""
    if state in failed.OPEN:
        return 0
    return sum(line.received_milli - line.accepted_milli for line in lines if line.received_milli)
