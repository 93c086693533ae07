"""What the table's conditions and deadlines may ask about a case, collected from the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select

from portal import flow, late_words
from portal.calendar import lengths
from portal.cases import failed, places, proposals, rulings, terms_then
from portal.cases.changes import may_differ
from portal.cases.mediation_rows import find_mediation
from portal.extensions import db
from portal.flow import Actor, CaseType, Facts, State
from portal.models import (
    Case,
    CaseEvent,
    CaseLine,
    Conversation,
    Message,
    MoneyEntry,
    OrderLine,
    Parcel,
    Product,
    ReturnAddress,
)
from portal.money import standing, worth
from portal.money.accounts import consent as bank_accounts
from portal.parcels.carriers import slow
from portal.rights import policies, refusals
from portal.rights.goods import EXCLUSIONS
from portal.rights.guarantees import codes
from portal.rights.reasons import REISSUE_BY, Ground, reason


def collect_facts(
    case: Case,
    now: datetime,
    parcels: Sequence[Parcel] | None = None,
    entries: Sequence[MoneyEntry] | None = None,
    bank: bank_accounts.Known | None = None,
    lines: Sequence[CaseLine] | None = None,
) -> Facts:
    """What conditions and deadlines may ask about a case; only what its state needs is looked up.

    ``parcels``, ``entries``, ``bank`` and ``lines``: those of the case, for a caller that has them already.
    """
    state = case.state
    found: dict[str, Any] = {}
    if state == State.APPLIED:
        asked = {"shop_id": case.shop_id, "case_id": case.id, "order_id": case.order_id, "since": case.opened_at}
        found |= db.session.execute(_BEFORE_AGREEING, asked).mappings().one()
        application = application_of(case)
        found["refusable"] = bool(refusals.possible(application))
        found["provable"] = refusals.needs_proof(application)
        if case.type == CaseType.REISSUE:
            found["guaranteed"] = is_guaranteed(case)
        if case.type == CaseType.REFUND_ONLY:
            found["unshipped"] = case.goods_state == "unshipped"
            found["auto_refund"] = found["unshipped"] or is_promised(case, *REFUNDS_AT_ONCE)
    if state in (State.RETURNING, State.INSPECTING, State.CONFIRMING) or (
        state in (State.REFUNDING, State.REFUND_FAILED) and case.type == CaseType.RETURN_REFUND
    ):
        found |= describe_legs(case, parcels)
    if state == State.RETURNING:
        found |= places.collect_facts(case)
    if state in AFTER_INSPECTION and not case.escalated and _may_have_failed(case, lines):
        found["failed_late"] = failed.is_late(case, now)
    if state == State.PROPOSED:
        found |= proposals.collect_facts(case)
    if state == State.RESHIPPING:
        found["shipped_milli"] = _add_up(case, "shipped_milli", lines)
    if state == State.DISPUTED:
        found["accepted_milli"] = _add_up(case, "accepted_milli", lines)
    if may_differ(case) and not case.difference_waived:
        accepted = state in (State.DISPUTED, State.PAYING)
        found["difference_fen"] = (
            worth.work_out_case_difference(case, accepted=True) if accepted else case.difference_fen
        )
    if case.entry_count and (state not in flow.RELEASING):
        found |= standing.describe_standing(case.id, case.shop_id, now, entries)
    if state in (State.REFUNDING, State.REFUND_FAILED):
        found |= bank_accounts.collect_facts(case, entries, bank)
        found["owed_since"] = _find_owed_since(case, entries)
    mediation = find_mediation(case)
    facts = Facts(
        spans=lengths.get_deadlines(),
        entered_at=case.entered_at,
        now=now,
        applications=case.applications,
        late=case.late,
        escalated=case.escalated,
        problem_open=case.problem_open,
        objected=case.objected,
        extended=case.extended,
        granted=timedelta(seconds=case.granted_seconds),
        nudged_at=case.nudged_at,
        negotiated=case.negotiated,
        paused=timedelta(seconds=case.paused_seconds),
        not_before=case.not_before,
        stage=case.stage,
        evidence_round=mediation.evidence_round,
        evidence_at=mediation.stage_at,
        heard_both=mediation.heard == "buyer,seller",
        asked_by=mediation.asked_by,
        offered_by=case.offered_by,
        countered=case.countered,
        payment_claim=case.payment_claim,
        freight_advanced=case.freight_payer == "seller" and bool(case.return_address),
        freight_claim=case.freight_claim,
        claimed_at=case.claimed_at,
        refused=state == State.REVISING and "refused" in case.origin,
        converted=case.state in flow.OWED and "converted" in case.origin,
        ruled=case.ruled,
        passed_on=mediation.passed_at is not None,
        **found,
    )
    return rulings.add_ruling(case, facts, lines) if facts.passed_on else facts


AFTER_INSPECTION = (State.PAYING, State.RESHIPPING, State.CONFIRMING, State.REFUNDING, State.REFUND_FAILED)


def _may_have_failed(case: Case, lines: Sequence[CaseLine] | None) -> bool:
    """Whether units of this case can have failed; before its lines are read, whether its type has goods come back."""
    if case.type not in (CaseType.EXCHANGE, CaseType.RETURN_REFUND):
        return False
    return lines is None or any((line.received_milli or 0) > line.accepted_milli for line in lines)


def _add_up(case: Case, column: str, lines: Sequence[CaseLine] | None) -> int:
    """The sum over a case's lines, thousandths; ``lines``: those of the case, where they were read already."""
    if lines is not None:
        return sum(getattr(line, column) for line in lines)
    total = select(func.sum(getattr(CaseLine, column))).where(
        CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id
    )
    return int(db.session.scalar(total) or 0)


def tell_late(case: Case, side: Actor, collect: Callable[[], Facts]) -> str:
    """What happens when the present deadline runs out, for this side: one sentence, where the data says which."""
    good = late_words.find_question(case)
    least = lengths.describe_deadline("least_left")
    return late_words.tell_late(case, side, least, good(collect()) if good else None)


def application_of(case: Case) -> refusals.Application:
    """What the data says of a case's application, for the reasons it can be refused by."""
    known = reason(case.reason)
    asked = known is None or "customised" in refusals.OF_GROUND[known.ground]
    by_law = known is not None and known.ground is Ground.NO_REASON
    ended = case.negotiated and terms_then.had_ended(case)
    left_out = asked and _is_left_out(case, by_law=by_law)
    return refusals.Application(case.reason, case.type, case.negotiated, left_out, ended)


def _is_left_out(case: Case, *, by_law: bool) -> bool:
    """Whether all goods of a case are left out by law, or by the shop's word too: as it was when the case was opened.

    A refusal is of the whole case: what isn't true of one of its lines is no reason for it.
    """
    lines = (CaseLine.case_id == case.id, CaseLine.shop_id == case.shop_id)
    frozen = case.opened_on.get("left_out")
    if frozen is not None:
        left_out = {line[0]: said[not by_law] for line, said in zip(case.opened_on["lines"], frozen, strict=True)}
        of_case = db.session.scalars(select(CaseLine.order_line_id).where(*lines))
        return all(left_out.get(line_id) for line_id in of_case)
    # A case that was opened before that was kept.
    excluded = Product.no_reason_excluded.in_([code for code in EXCLUSIONS if code != "unfit"]) | (
        (Product.no_reason_excluded == "unfit") & OrderLine.unfit_confirmed_at.is_not(None)
    )
    query = (
        select(excluded if by_law else excluded | ~Product.exchangeable)
        .select_from(CaseLine)
        .join(OrderLine, and_(OrderLine.id == CaseLine.order_line_id, OrderLine.shop_id == CaseLine.shop_id))
        .outerjoin(Product, and_(Product.id == OrderLine.product_id, Product.shop_id == OrderLine.shop_id))
        .where(*lines)
    )
    return all(db.session.scalars(query))


REFUNDS_AT_ONCE = ("jstk", "lsjst_s")  # 极速退款: what a shop's silence agrees to of goods that were sent


def is_guaranteed(case: Case) -> bool:
    """Whether every line of a reissue was promised it."""
    return is_promised(case, REISSUE_BY.get(case.reason, "psbj"))


def is_promised(case: Case, *promises: str) -> bool:
    """Whether one of these promises was given for every line, by the line itself or by the shop for all goods."""
    of_lines = db.session.scalars(
        select(OrderLine.guarantees)
        .join(CaseLine, and_(CaseLine.order_line_id == OrderLine.id, CaseLine.shop_id == OrderLine.shop_id))
        .where(CaseLine.case_id == case.id)
    ).all()
    return is_promised_for(policies.list_promised_to_case(case), of_lines, *promises)


def is_promised_for(by_shop: frozenset[str], of_lines: Sequence[str], *promises: str) -> bool:
    """The same of what the shop promised for all goods and of what is stored of each line."""
    if by_shop & set(promises):
        return True
    return bool(of_lines) and all(codes(stored) & set(promises) for stored in of_lines)


# Whether there is an address to agree with, and whether the shop has said anything to the buyer since the application,
# by asking for evidence or in the conversation.
_BEFORE_AGREEING = select(
    select(ReturnAddress.id)
    .where(ReturnAddress.shop_id == bindparam("shop_id"), ReturnAddress.is_default, ReturnAddress.removed_at.is_(None))
    .exists()
    .label("has_default_address"),
    or_(
        select(CaseEvent.id)
        .where(
            CaseEvent.shop_id == bindparam("shop_id"),
            CaseEvent.case_id == bindparam("case_id"),
            CaseEvent.step == "ask_evidence",
        )
        .exists(),
        select(Message.id)
        .join(Conversation, and_(Conversation.id == Message.conversation_id, Conversation.shop_id == Message.shop_id))
        .where(
            Conversation.shop_id == bindparam("shop_id"),
            Conversation.order_id == bindparam("order_id"),
            Message.side == "seller",
            Message.at >= bindparam("since"),
        )
        .exists(),
    ).label("seller_wrote"),
)


def _find_owed_since(case: Case, entries: Sequence[MoneyEntry] | None) -> datetime | None:
    """When the refund was first to be paid; None: since the case entered its state, for nothing was tried yet."""
    if entries is not None and not case.payment_claim:
        if case.state == State.REFUND_FAILED or not any(entry.tries for entry in entries):
            return None  # for a page, which asks no more of a payment that failed
        if case.type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY):  # planned as it entered refunding
            return min((entry.made_at for entry in entries if entry.kind == "refund"), default=None)
    found: datetime | None = db.session.scalar(_OWED_SINCE, {"shop_id": case.shop_id, "case_id": case.id})
    return found


_OWED_SINCE = select(func.max(CaseEvent.at)).where(
    CaseEvent.shop_id == bindparam("shop_id"),
    CaseEvent.case_id == bindparam("case_id"),
    CaseEvent.target == State.REFUNDING,
    CaseEvent.source.not_in(
        [str(state) for state in (*flow.OWED, State.COMPLETED, State.CONVERTED)]
    ),  # reopened: owed all the while
)


_PARCELS = select(
    Parcel.leg,
    Parcel.carrier,
    Parcel.shipped_at,
    Parcel.traced_at,
    Parcel.signed_at,
    Parcel.lost_at,
    Parcel.round,
    Parcel.voided_at,
).where(Parcel.shop_id == bindparam("shop_id"), Parcel.case_id == bindparam("case_id"))


def describe_legs(case: Case, known: Sequence[Any] | None) -> dict[str, object]:
    of = {"shop_id": case.shop_id, "case_id": case.id}
    read = db.session.execute(_PARCELS, of) if known is None else known
    parcels = [p for p in read if p.voided_at is None]
    back = [p for p in parcels if p.leg == "back"]
    out = [p for p in parcels if p.leg == "out" and p.round == case.round]
    return {
        "parcels_back": len(back),
        "back_shipped_at": max((p.shipped_at for p in back), default=None),
        "back_signed_at": find_last_signature(back),
        "back_slow": any(slow(p.carrier) for p in back),
        "back_traced": any(p.traced_at for p in back),
        "parcels_out": len(out),
        "out_shipped_at": max((p.shipped_at for p in out), default=None),
        "out_signed_at": find_last_signature(out),
        "out_slow": any(slow(p.carrier) for p in out),
        "out_traced": any(p.traced_at for p in out),
        "out_lost": any(p.lost_at for p in out),
    }


def find_last_signature(parcels: Sequence[Any]) -> datetime | None:
    """When the last of several parcels was signed for; None while one is still under way."""
    signed: list[datetime] = [p.signed_at for p in parcels if p.signed_at is not None]
    return max(signed) if signed and len(signed) == len(parcels) else None
