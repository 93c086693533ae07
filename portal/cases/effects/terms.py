"""Effects of the steps on negotiated terms: propose, decline, accept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portal.cases import proposals
from portal.cases.effects.application import resume_origin, use_default_address
from portal.cases.effects.hand_ins import HandIn, Offer
from portal.cases.effects.step_context import ChildCase, StepContext, effect, load_lines, measure_standstill
from portal.cases.proposals import Terms
from portal.extensions import db
from portal.flow import Actor, CaseType, State
from portal.models import (
    Proposal,
    Sku,
)
from portal.money import differences
from portal.money import entries as money_entries
from portal.orders import ledger


@effect("propose", "propose_other_sku", "counter", takes=Offer)
def propose(context: StepContext[Offer]) -> dict[str, object]:
    case = context.case
    terms = context.handed.terms
    if terms is None:
        raise context.refuse("请填写方案")
    again = case.state == State.PROPOSED
    origin = case.origin["state"] if again else str(case.state)
    side = "buyer" if context.by.actor is Actor.BUYER else "seller"
    made = proposals.make_proposal(case, side, terms, origin=origin, by=context.by.user_id, at=context.at)
    context.data["proposal"] = made.version
    if again:
        return {"countered": side == "buyer"}
    return {
        "countered": False,
        "origin": {
            "state": origin,
            "entered": case.entered_at.isoformat(),
            "left": context.at.isoformat(),
            "late": case.late,
            "paused": measure_standstill(context),
            "extended": case.extended,
            "granted": case.granted_seconds,
            "objected": case.objected,
        },
    }


@effect("decline", "timeout_decline")
def decline(context: StepContext[HandIn]) -> dict[str, object]:
    lapsed = context.by.actor is Actor.CLOCK
    made = proposals.answer_proposal(
        context.case, "lapsed" if lapsed else "declined", by=context.by.user_id, at=context.at
    )
    context.data["proposal"] = made.version
    if context.step.after:
        context.data["rule"] = context.step.after
    return resume_origin(context)


@effect("accept", "accept_reship", "accept_diff", "accept_refund", "accept_convert")
def accept_terms(context: StepContext[HandIn]) -> dict[str, object]:
    case = context.case
    origin = case.origin["state"]
    made = proposals.answer_proposal(case, "accepted", by=context.by.user_id, at=context.at)
    terms = proposals.read_terms(made)
    context.data["proposal"] = made.version
    kept = proposals.is_with_seller(case, origin)
    context.proposer = made.made_by if made.side == "seller" else None
    if context.step.name == "accept_convert":
        context.child = replace(make_child(context, terms, kept), proposer=context.proposer)
        return {"origin": {}, "countered": False, "freight_payer": terms.freight_payer}
    changes: dict[str, object] = {
        "origin": {},
        "countered": False,
        "freight_payer": terms.freight_payer,
        "difference_fen": made.difference_fen,
        "difference_waived": terms.difference_waived,
        "refund_fen": terms.amount_fen,
        "negotiated": False,
    }
    take_terms(context, terms, proposals.read_prices(made))
    if case.type == CaseType.EXCHANGE:
        changes |= _settle_earlier_difference(context, made)
        changes |= {} if made.difference_fen else differences.keep_cancelling(case)
    lines = load_lines(case)
    changes |= {"quantity_milli": sum(line.quantity_milli for line in lines), "wanted_spec": lines[0].wanted_spec}
    if context.step.name == "accept":
        changes |= use_default_address(context)
    else:  # nothing comes back any more
        for line in lines:
            if kept and line.received_milli is None:
                line.received_milli = line.quantity_milli
            line.accepted_milli = line.quantity_milli if line.received_milli is None else line.received_milli
        db.session.flush()
    return changes | plan_compensation(context, made, terms, changes)


def _settle_earlier_difference(context: StepContext[HandIn], made: Proposal) -> dict[str, object]:
    """What was paid or planned for the specification before: what is too much goes back, what is open ends."""
    money_entries.cancel_back(context.case)
    kept = differences.find_kept_difference(context.case)
    over = kept - max(made.difference_fen, 0)
    if over <= 0:
        return {}
    by = context.proposer or context.by.user_id
    key = f"difference_return:{made.version}"
    money_entries.plan_entry(context.case, "difference_return", over, key=key, at=context.at, by=by)
    return {"entry_count": context.case.entry_count + 1}


def take_terms(context: StepContext[HandIn], terms: Terms, prices: Mapping[int, int | None]) -> None:
    """The case's lines become those of the terms; units that they leave out are free again."""
    wanted = {line_id: (milli, sku_id) for line_id, milli, sku_id in terms.lines}
    for line in sorted(load_lines(context.case), key=lambda each: each.order_line_id):
        milli, sku_id = wanted.get(line.id, (0, None))
        if not milli:
            raise context.refuse("方案须包含这张售后单的每一件商品")
        if milli < line.quantity_milli:
            ledger.release_units(line.shop_id, line.order_line_id, line.quantity_milli - milli)
        if line.received_milli is not None:
            line.received_milli = milli
        line.accepted_milli = min(line.accepted_milli, milli)
        line.quantity_milli = milli
        sku = db.session.get(Sku, (sku_id, line.shop_id)) if sku_id is not None else None
        line.sku_id, line.wanted_spec = sku_id, (sku.spec if sku else "") or line.spec
        line.wanted_price_fen = prices[line.id] if sku else None
        db.session.flush()


def plan_compensation(
    context: StepContext[HandIn], made: Proposal, terms: Terms, changes: Mapping[str, Any]
) -> dict[str, object]:
    if not terms.compensation_fen:
        return {}
    money_entries.plan_entry(
        context.case,
        "compensation",
        terms.compensation_fen,
        key=f"compensation:{made.version}",
        at=context.at,
        by=context.proposer or context.by.user_id,
    )
    return {"entry_count": changes.get("entry_count", context.case.entry_count) + 1}


def make_child(context: StepContext[HandIn], terms: Terms, kept: bool) -> ChildCase:
    """The agreed type of case, at its first agreed state."""
    refunds = terms.type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY)
    state = State.RETURNING if terms.goods_back else State.REFUNDING if refunds else State.RESHIPPING
    if terms.type is CaseType.EXCHANGE and not terms.goods_back and not kept and context.case.type != CaseType.REISSUE:
        state = State.RESHIPPING
    return ChildCase(
        terms.type,
        state,
        terms.lines,
        refund_fen=terms.amount_fen if refunds else None,
        freight_payer=terms.freight_payer,
        compensation_fen=terms.compensation_fen,
        difference_waived=True,
        return_difference_fen=differences.find_paid_difference(context.case),
    )
