"""Everything a page of a case shows, read as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Any, cast

from sqlalchemy import Row, bindparam, select

from portal import flow, told, words
from portal.cases import answers, case_facts, endings, failed, mediations, payment_words, places, rulings, stakes
from portal.cases import deadlines as case_deadlines
from portal.cases import proposals as cases_proposals
from portal.cases.actions import hide_unsaid, list_actions
from portal.cases.case_lists import list_cancelling, list_chain
from portal.cases.changes import Change
from portal.cases.event_details import describe_for, list_left, name_rule, record_event
from portal.cases.replaced import Replaced, find_replaced
from portal.cases.timeline import Entry, list_entries, load_names
from portal.cases.view_statements import CASE_OF_BUYER, CASE_OF_SHOP, EVENTS, LINES, find_around
from portal.columns import PhotoSeen
from portal.evidence import evidence
from portal.extensions import db
from portal.flow import Actor, Stage, State, Step
from portal.models import Case, CaseEvent, CaseLine, MoneyEntry, ParcelTrace, Proposal
from portal.money import entries as money_entries
from portal.money import payment_lists
from portal.money.accounts import consent as bank_accounts
from portal.money.accounts import looking as account_looks
from portal.orders import versions
from portal.parcels import parcel_view
from portal.people import roles
from portal.rights import addresses, guarantees, resale
from portal.rights.addresses import NOBODY, Address

_CASE = select(Case).where(Case.case_no == bindparam("case_no"))
_OF_BUYER, _OF_SHOP = (_CASE.where(side == bindparam(side.key)) for side in (Case.buyer_id, Case.shop_id))


def find_of_buyer(case_no: str, buyer_id: int) -> Case | None:
    """This buyer's case of that number."""
    return db.session.scalars(_OF_BUYER, {"case_no": case_no, "buyer_id": buyer_id}).one_or_none()


def find_of_shop(case_no: str, shop_id: int) -> Case | None:
    """This shop's case of that number."""
    return db.session.scalars(_OF_SHOP, {"case_no": case_no, "shop_id": shop_id}).one_or_none()


def read_of_buyer(case_no: str, buyer_id: int) -> Case | None:
    """The same for a page that changes nothing: a row that reads like the case."""
    return cast("Case | None", CASE_OF_BUYER.find_row(case_no=case_no, buyer_id=buyer_id))


def read_of_shop(case_no: str, shop_id: int) -> Case | None:
    """This shop's case for a page that changes nothing."""
    return cast("Case | None", CASE_OF_SHOP.find_row(case_no=case_no, shop_id=shop_id))


@dataclass
class View:
    """Everything one side's page of a case shows."""

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
    chain: Sequence[
        Row[int, str, str, str, datetime, int]
    ] = ()  # this case and those it came out of or became, the oldest first
    accounts: Sequence[Any] = ()  # 收款账户, the newest first: last four digits only
    looks: Sequence[Row[int, str, str, str, datetime, str]] = ()  # who of the shop saw a whole number; for the buyer
    order_changes: Sequence[
        versions.Said
    ] = ()  # what imports said of the order since the case was opened, the newest first
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
        return describe_for(self, event) + name_rule(event.data, to_shop=self.side is Actor.SELLER)

    def payment(self, entry: MoneyEntry) -> payment_words.Told:
        """Where a payment stands and whether it has arrived, for this side."""
        return payment_words.tell_payment(self, entry)

    @property
    def paid_outside(self) -> str:
        """Who pays whom, and that no money goes through here."""
        return payment_words.tell_way(self)

    @property
    def offer(self) -> CaseEvent | None:
        """The event by which one side offered a step that waits for the other's answer."""
        version = self.case.offered_version
        return next((event for event in self.events if event.version == version), None) if version else None

    def terms(self, proposal: Proposal, *, to_both: bool = False) -> list[str]:
        """The terms of a version, in sentences of this side, or as both sign them."""
        return cases_proposals.describe(proposal, self.lines, "" if to_both else self.side)

    @property
    def head(self) -> str:
        """The headline: what this side does, or what it waits for."""
        return answers.find_head(self)

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

    def list_entries(self, folded: object) -> list[Entry]:
        """The timeline, the newest first."""
        return list_entries(self, folded)

    def record(self, event: CaseEvent) -> str:
        """The table's own sentence for what happened, the same for everybody."""
        return record_event(self.case.type, event)


def build_view(case: Case, side: Actor, now: datetime, *, role: str = "", by_link: bool = False) -> View:
    """Collect the page of ``case`` for ``side``; ``role``: of a shop's person, ``by_link``: as addresses.Reader."""
    around: Any = find_around(case)
    lines = LINES.list_rows(case_id=case.id, shop_id=case.shop_id)
    parcels, traces = parcel_view.list_of_case(case)
    legs: dict[str, list[Any]] = {}
    for parcel in parcels:
        legs.setdefault(parcel.leg, []).append(parcel)
    photos: dict[int, list[PhotoSeen]] = {}
    for row in evidence.list_of_case(case):
        photos.setdefault(row.event_version or 0, []).append(row)
    events = EVENTS.list_rows(case_id=case.id, shop_id=case.shop_id)
    entries = money_entries.list_of_case(case) if case.entry_count else ()
    asked = bank_accounts.find_request(entries)
    bank = bank_accounts.Known(around.bank_data, bank_accounts.find_of_case(case) if asked else ())
    turn = case_deadlines.list_who_must_act(case)
    collect = cache(partial(case_facts.collect_facts, case, now, parcels, entries, bank, lines))
    steps = list_actions(case, side, now, collect)
    reader = addresses.Reader(side, role, by_link)
    open_now = name_open_steps(case, reader, steps, lines, legs)
    receiver = addresses.show_receiver(reader, open_now, case)
    made = cases_proposals.list_of_case(case) if any("proposal" in event.data for event in events) else ()
    return View(
        case=case,
        side=side,
        now=now,
        order=around,
        buyer=around.buyer,
        policy_version=around.policy_version,
        state=told.tell_standing(case, side),
        part=told.tell_standing_part(case, side),
        stages=flow.STAGES_OF[case.type],
        kind=words.TYPE[case.type],
        sums_shown=not role or roles.sees_sums(role),
        stage=flow.find_stage(case.type, case.state, list_left(events)),
        end=endings.find_end(case, entries, now),
        waits_for="双方" if len(turn) > 1 else "".join(words.ACTOR[each] for each in turn),
        mine=side in turn,
        otherwise=case_facts.tell_late(case, side, collect),
        reason=guarantees.say_reason(case.reason, case.basis),
        basis=guarantees.say_basis(case.basis),
        payer=told.tell_payer(case.freight_payer, side),
        lines=lines,
        parcels=legs,
        traces=traces,
        photos=photos,
        events=events,
        actions=[pair for pair in steps if not hide_unsaid(case, *pair)],
        unsaid=[pair for pair in steps if hide_unsaid(case, *pair)],
        mediation=mediations.describe_mediation(case, events),
        ruling=rulings.describe_ruling(case, collect(), lines)
        if case.escalated and case.stage != Stage.UNFULFILLED
        else None,
        pictures={line.product_id: line.picture for line in lines if line.picture},
        order_changes=versions.list_since(case.order_id, case.shop_id, case.opened_at, receiver.shown)
        if around.order_changed
        else (),
        receiver=receiver,
        change=stakes.foresee_turn(case, lines, made) if _asks_for_money(case, entries) else None,
        back=addresses.show_return(reader, open_now, case),
        returns=places.show_returns(case, side, lines, legs, addresses.decide_return(reader, open_now)),
        overdue=case.due_at is not None and case.due_at <= now,
        proposals=made,
        entries=entries,
        finish="" if case.state in flow.FINAL and case.overdue_at is None else resale.describe_finish_term(case),
        accounts=bank.accounts,
        looks=account_looks.list_looks(owner_id=case.buyer_id, case_id=case.id)
        if asked and side is Actor.BUYER
        else (),
        sums=payment_lists.show_working(case.order_id, entries, unshipped=case.goods_state == "unshipped"),
        names=load_names(entries, events) if side is Actor.SELLER else {},
        chain=list_chain(case)
        if case.parent_id or any("child" in event.data for event in events) or any(line.moved_milli for line in lines)
        else list_cancelling(case),
        replaced=find_replaced(case, lines, now),
    )


def _asks_for_money(case: Case, entries: Sequence[MoneyEntry]) -> bool:
    """Whether sums are still to be agreed on: what is planned already stands among the payments."""
    if any(entry.kind == "refund" and entry.state != "cancelled" for entry in entries):
        return False
    return case.type in stakes.MONEY or bool(case.difference_fen) or case.state == State.PROPOSED


def count_refused(state: str, lines: Sequence[CaseLine]) -> int:
    """How much was received and not accepted, thousandths; nothing while the result is still open."""
    if state in failed.OPEN:
        return 0
    return sum(line.received_milli - line.accepted_milli for line in lines if line.received_milli)


def name_open_steps(
    case: Case,
    reader: addresses.Reader,
    steps: Sequence[tuple[Step, str | None]],
    lines: Sequence[CaseLine],
    legs: Mapping[str, object],
) -> set[str]:
    """What this reader can do now, by name: open steps, and sending back to the buyer what wasn't accepted."""
    named = {step.name for step, refusal in steps if refusal is None}
    if reader.actor is not Actor.SELLER:
        return named
    if count_refused(case.state, lines) and not legs.get("refused") and roles.may_open(reader.role, "send_back"):
        named.add("send_back")
    return {name for name in named if name == "send_back" or roles.may_take(reader.role, name)}
