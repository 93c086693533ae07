"""Everything a page of a case shows, read as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any, cast

from sqlalchemy import bindparam, select

from portal import flow, told, words
from portal.cases import answers, case_facts, endings, mediations, payment_words, places, rulings, stakes
from portal.cases import deadlines as case_deadlines
from portal.cases import proposals as cases_proposals
from portal.cases.actions import hide_unsaid, list_actions
from portal.cases.case_lists import list_cancelling, list_chain
from portal.cases.changes import may_differ
from portal.cases.event_details import list_left
from portal.cases.replaced import find_replaced
from portal.cases.timeline import Entry, list_entries, load_names
from portal.cases.view_facts import ViewFacts, count_refused
from portal.cases.view_statements import CASE_OF_BUYER, CASE_OF_SHOP, EVENTS, LINES, find_around
from portal.columns import PhotoSeen
from portal.evidence import evidence
from portal.extensions import db
from portal.flow import Actor, Facts, Stage, State, Step
from portal.inputs import money_text
from portal.models import Case, CaseLine, MoneyEntry
from portal.money import entries as money_entries
from portal.money import exchanged, payment_lists, worth
from portal.money.accounts import consent as bank_accounts
from portal.money.accounts import looking as account_looks
from portal.orders import versions
from portal.parcels import parcel_view
from portal.people import roles
from portal.rights import addresses, guarantees, resale

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
class View(ViewFacts):
    """Everything one side's page of a case shows."""

    def payment(self, entry: MoneyEntry) -> payment_words.Told:
        """Where a payment stands and whether it has arrived, for this side."""
        return payment_words.tell_payment(self, entry)

    @property
    def paid_outside(self) -> str:
        """Who pays whom, and that no money goes through here."""
        return payment_words.tell_way(self)

    @property
    def head(self) -> str:
        """The headline: what this side does, or what it waits for."""
        return answers.find_head(self)

    def list_entries(self, folded: object) -> list[Entry]:
        """The timeline, the newest first."""
        return list_entries(self, folded)


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
        otherwise=_tell_late(case, side, collect, lines, sums=not role or roles.sees_sums(role)),
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


def _tell_late(case: Case, side: Actor, collect: Callable[[], Facts], lines: Sequence[CaseLine], *, sums: bool) -> str:
    """What the present deadline brings; what isn't paid for becomes a refund, and of how much."""
    late = case_facts.tell_late(case, side, collect)
    if not sums or case.due_rule != "difference_payment":
        return late
    units = [(line.order_line_id, line.accepted_milli) for line in lines if line.accepted_milli]
    return f"{late} {money_text(worth.add_up(exchanged.work_out_ended(case, units)))} 元"


def _asks_for_money(case: Case, entries: Sequence[MoneyEntry]) -> bool:
    """Whether sums are still to be agreed on: what is planned already stands among the payments, or in another case."""
    if "converted" in case.origin or any(entry.kind == "refund" and entry.state != "cancelled" for entry in entries):
        return False
    return case.type in stakes.MONEY or may_differ(case) or case.state == State.PROPOSED


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
