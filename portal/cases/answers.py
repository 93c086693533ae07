"""The answer card of a case: what its reader does, or who does it; how much; until when; what happens otherwise; the
other side's words and photos; and both choices. Worked out here for every type, state and side; pages only show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from portal import arrival_words, told, words
from portal.cases import expected, failed, payment_words
from portal.cases.changes import may_differ
from portal.cases.choices import ANSWERING, Choice, list_choices, say_units, tell_consequence, tell_of_freight
from portal.cases.event_details import list_left
from portal.cases.inspection import Result, read_result
from portal.cases.mediation_rows import find_mediation
from portal.cases.units_sent import list_part_sent, list_returning
from portal.columns import PhotoSeen
from portal.flow import FINAL, Actor, CaseType, Stage, State, Step
from portal.inputs import money_text
from portal.models import CaseEvent, Proposal
from portal.money.entries import OPEN

if TYPE_CHECKING:
    from portal.cases.view_facts import ViewFacts


@dataclass(frozen=True)
class Said:
    """What the other side, or the platform, said last: a sentence on what it was, its own words, details, photos."""

    who: str
    what: str
    at: datetime
    note: str = ""
    details: tuple[str, ...] = ()
    photos: tuple[PhotoSeen, ...] = ()


@dataclass(frozen=True)
class Ending:
    """How a case came to its end, and the case that goes on with its goods, "" where none does."""

    what: str
    at: datetime
    goes_on: str = ""


@dataclass(frozen=True)
class Answer:
    """The card. ``mine``: its reader acts; ``who``: else who does, "" when nobody does any more."""

    head: str
    mine: bool
    who: str
    rejected: bool  # it tells a refusal: nothing is asked of its reader, who may object
    due_at: datetime | None
    overdue: bool
    otherwise: str
    amounts: tuple[tuple[str, str], ...] = ()  # what, how much with its unit
    said: Said | None = None
    ending: Ending | None = None
    terms: tuple[str, ...] = ()  # of the proposal that waits for an answer
    result: Result | None = None  # 验货结果, where it is to be answered or counts
    failed: str = ""  # where the failed units are and until when they are sent home, in a sentence
    freight: str = ""  # that what was advanced for the way back is claimed before others end the case
    complain: bool = False  # they are late, and the case has ended: its buyer can complain
    choices: tuple[Choice, ...] = ()  # at most two, the first leads on
    more: tuple[Step, ...] = ()  # what can be done besides
    apart: tuple[Choice, ...] = ()  # those of them that sound like a choice, and how they differ
    refused: Sequence[tuple[Step, str]] = field(default_factory=tuple)  # what can't yet, and why


def work_out_answer(view: ViewFacts) -> Answer:
    """The answer card of a case for the side that its view is of."""
    case = view.case
    open_now = [] if view.overdue else [step for step, refusal in view.actions if refusal is None]
    asked = asks_for_account(view)
    mine = (view.mine or asked) and not view.overdue
    result = read_result(view.lines, view.events, view.photos)
    choices = list_choices(view, open_now, result)
    chosen = {choice.step.name for choice in choices}
    waiting = find_open_terms(view)
    held = has_kept(view, result)
    kept = failed.find_failed(case) if held else None
    said = find_said(view)
    return Answer(
        head=find_head(view),
        mine=mine,
        who="" if mine else view.waits_for,
        rejected=view.mine and view.refusal is not None and not case.escalated,
        due_at=case.due_at,
        overdue=view.overdue,
        otherwise=words.IS_BEING_SETTLED if view.overdue else words.ACCOUNT_LATE if asked else view.otherwise,
        amounts=tuple(list_amounts(view, result)),
        said=said,
        ending=find_ending(view, said),
        terms=tuple(view.terms(waiting)) if waiting is not None else (),
        result=result if result is not None and not result.whole else None,
        failed=failed.tell_failed(case, kept, view.side, view.now) if held else "",
        freight=tell_of_freight(view),
        complain=bool(view.side is Actor.BUYER and case.state in FINAL and kept and kept.due_at <= view.now),
        choices=tuple(choices),
        more=tuple(step for step in open_now if step.name not in chosen),
        apart=tuple(
            Choice(step, step.button, tell_consequence(view, step, result)) for step in open_now if step.name in _ALIKE
        ),
        refused=tuple((step, refusal) for step, refusal in view.actions if refusal is not None),
    )


_ALIKE = frozenset({"replacement_defective"})  # 再次售后 beside 商品有问题


def has_kept(view: ViewFacts, result: Result | None) -> bool:
    """Whether the shop still has units that failed, and the result stands."""
    failing = result is not None and bool(result.total.failed) and view.case.state not in failed.OPEN
    return failing and not view.parcels.get("refused")


def tell_step(view: ViewFacts, step: Step) -> str:
    """What taking this step means, for the page that takes it."""
    return tell_consequence(view, step, read_result(view.lines, view.events, view.photos))


def asks_for_account(view: ViewFacts) -> bool:
    """Whether the buyer is asked for a bank account, so that a refund that came back can be paid."""
    names = {step.name for step, refusal in view.actions if refusal is None}
    return view.side is Actor.BUYER and {"give_account", "decline_account"} <= names


def find_open_terms(view: ViewFacts) -> Proposal | None:
    """The proposal that waits for an answer."""
    newest = view.proposals[0] if view.proposals else None
    return newest if newest is not None and newest.state == "open" else None


def find_head(view: ViewFacts) -> str:
    """What is to be done, or who does it, in the fewest words."""
    case, buyer = view.case, view.side is Actor.BUYER
    if case.escalated:
        return _find_mediation_head(view)
    if view.returns.head:
        return view.returns.head
    if case.state == State.PROPOSED and case.countered:
        return "等待商家答复您的方案" if buyer else "请答复买家的方案"
    if arrival_words.is_open(case):
        return view.state
    if case.state == State.REFUNDING and not any(entry.state in OPEN for entry in view.entries):
        return _find_freight_head(case.freight_claim, buyer) or view.state
    if case.state == State.PAYING and case.payment_claim == "denied":
        return "商家没有收到差价，请核对" if buyer else "等待买家核对差价"
    if case.state == State.CONFIRMING and case.problem_open:
        return "等待商家处理您反馈的问题" if buyer else "请处理买家反馈的问题"
    if case.state == State.DISPUTED and case.objected:
        return "您已提出异议，商家还没有复核" if buyer else "买家不认可验货结果，请复核"
    if case.state == State.RESHIPPING and case.late:
        return "商家超时未发货" if buyer else "已过发货期限，请尽快发货"
    if asks_for_account(view):
        return "请填写收款账户"
    return view.state


def _find_freight_head(claim: str, buyer: bool) -> str:
    """A case that nothing but the freight for the way back keeps open."""
    if claim == "open":
        return "等待商家答复您报的退回运费" if buyer else "请答复买家报的退回运费"
    return "款项已付清，商家没有同意退回运费" if claim == "declined" else ""


def _find_mediation_head(view: ViewFacts) -> str:
    if view.case.stage == Stage.EVIDENCE:
        if find_mediation(view.case).heard == "buyer,seller":
            return "平台介入：双方已提交证据，等待平台裁决"
        if view.side is Actor.MEDIATOR:
            return f"平台介入：等待{view.waits_for}提交证据"
        return "平台介入：请提交证据" if view.mine else f"平台介入：等待{view.waits_for}提交证据"
    if view.case.stage == Stage.UNFULFILLED:
        return "平台已列为未履行，请按平台的处理履行" if view.side is Actor.SELLER else "商家没有履行，平台已列为未履行"
    return {Stage.OVERDUE: "平台处理超时，已加急"}.get(Stage(view.case.stage), "平台介入：等待平台裁决")


def list_amounts(view: ViewFacts, result: Result | None) -> list[tuple[str, str]]:
    """How much: the units that are asked for or that passed, the money that is asked for, agreed to or owed."""
    case = view.case
    found = [(_UNITS[CaseType(case.type)], say_units((line.quantity_milli, line.unit) for line in view.lines))]
    found += list_returning(view)
    if result is not None and not result.whole:
        found.append(("验货通过", say_units((row.passed, row.unit) for row in result.rows)))
    found += list_part_sent(view)
    if case.freight_claim in _FREIGHT and case.state not in FINAL:
        found.append((_FREIGHT[case.freight_claim], say_money(case.freight_fen)))
    return found + list_money(view, result)


_FREIGHT = {"open": "垫付的退回运费（等待商家答复）", "declined": "垫付的退回运费（商家没有同意）"}


_UNITS = {
    CaseType.EXCHANGE: "换货数量",
    CaseType.REISSUE: "补发数量",
    CaseType.RETURN_REFUND: "退货数量",
    CaseType.REFUND_ONLY: "退款数量",
}


def list_money(view: ViewFacts, result: Result | None) -> list[tuple[str, str]]:
    """The money of a case: its payments where there are any, else what it comes to."""
    case = view.case
    live = [entry for entry in view.entries if entry.state != "cancelled"]
    if live:
        return [
            (f"{words.MONEY[entry.kind]}（{payment_words.tell_state(view, entry)}）", say_money(entry.amount_fen))
            for entry in live
        ]
    if case.state in (State.CLOSED, State.WITHDRAWN, State.CONVERTED):
        return []
    if case.type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY):
        if case.state == State.DISPUTED:
            return [("按验货结果退款", say_money(expected.expect_refund(case)))]
        agreed = case.state not in (State.APPLIED, State.REVISING, State.PROPOSED)
        return [("退款" if agreed else "申请退款", say_money(case.refund_fen))] if case.refund_fen else []
    return list_difference(view, result)


def list_difference(view: ViewFacts, result: Result | None) -> list[tuple[str, str]]:
    """The price difference of an exchange, and whom it is paid to."""
    case = view.case
    if not may_differ(case):
        return []
    if case.state == State.PAYING and not case.difference_waived:
        return [("应补差价", say_money(expected.expect_payment(case))), ("付给", view.order.shop)]
    fen = expected.expect_difference(case) if result is not None else case.difference_fen
    if fen < 0:
        return [("退差价", say_money(-fen))]
    if fen == 0 or case.difference_waived:
        return []
    return [("验货通过后补差价", say_money(fen))]


def say_money(fen: int) -> str:
    """¥12.50."""
    return f"¥{money_text(fen)}"


def find_said(view: ViewFacts) -> Said | None:
    """What the other side said last, unless the reader has answered it with a step of their own since."""
    waiting = find_open_terms(view)
    if waiting is not None and waiting.side != view.side:
        note = waiting.note
        who = told.tell_actor(waiting.side, view.side)
        photos = next((view.photos.get(each.version, []) for each in view.events if "proposal" in each.data), [])
        return Said(who, f"{who}提出的方案", waiting.made_at, note, photos=tuple(photos))
    for place, event in enumerate(view.events):
        if event.actor == view.side:
            if event.source != event.target or event.step in ANSWERING:
                return None
            continue
        said = _read_event(view, event, back=event.target in list_left(view.events[place + 1 :]))
        if said is not None:
            return said
    return None


def find_ending(view: ViewFacts, said: Said | None) -> Ending | None:
    """How a case ended, once: where the words of that step stand in the card already, only what goes on.

    One that became another case and is open for a payment alone has ended, too: its goods are that one's.
    """
    event = next((each for each in view.events if each.source != each.target), None)
    if view.case.state not in FINAL and "converted" in view.case.origin:
        event = next((each for each in view.events if each.data.get("child")), None)
    elif view.case.state not in FINAL or event is None or event.target != view.case.state:
        return None
    if event is None:
        return None
    told_already = said is not None and said.at == event.at
    return Ending("" if told_already else view.said(event), event.at, event.data.get("child", ""))


def _read_event(view: ViewFacts, event: CaseEvent, *, back: bool) -> Said | None:
    """What one event of somebody else says; None when it says nothing beyond its own sentence.

    ``back``: it brought the case back to where it had been, which no headline says.
    """
    note, photos = event.note, list(view.photos.get(event.version, ()))
    applied = event.step in ("apply", "apply_on_behalf", "modify") and event.actor == Actor.BUYER
    if applied:
        note, photos = note or view.case.description, view.proofs
    if not note and not photos and not (back and event.source != event.target):
        return None
    details = () if applied else tuple(view.details(event))
    return Said(told.tell_actor(event.actor, view.side), view.said(event), event.at, note, details, tuple(photos))
