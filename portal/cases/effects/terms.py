"""Effects of the steps on negotiated terms: propose, decline, accept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from portal.cases import proposals
from portal.cases.effects.application import _resumed, _to_default_address
from portal.cases.effects.step import Child, Doing, _effect, _lines, _stood_still, price_of
from portal.cases.proposals import Terms
from portal.extensions import db
from portal.flow import Actor, CaseType, State
from portal.models import (
    Proposal,
    Sku,
)
from portal.money import entries as money_entries
from portal.orders import ledger


@_effect("propose", "propose_other_sku", "counter")
def _propose(doing: Doing) -> dict[str, Any]:
    case = doing.case
    terms = doing.values.get("terms")
    if not isinstance(terms, Terms):
        raise doing.refuse("请填写方案")
    again = case.state == State.PROPOSED
    origin = case.origin["state"] if again else str(case.state)
    side = "buyer" if doing.by.actor is Actor.BUYER else "seller"
    made = proposals.make(case, side, terms, origin=origin, by=doing.by.user_id, at=doing.at)
    doing.data["proposal"] = made.version
    if again:
        return {"countered": side == "buyer"}
    return {
        "countered": False,
        "origin": {
            "state": origin,
            "entered": case.entered_at.isoformat(),
            "left": doing.at.isoformat(),
            "late": case.late,
            "paused": _stood_still(doing),
            "extended": case.extended,
            "granted": case.granted_seconds,
            "objected": case.objected,
        },
    }


@_effect("decline", "timeout_decline")
def _decline(doing: Doing) -> dict[str, Any]:
    lapsed = doing.by.actor is Actor.CLOCK
    made = proposals.answer(doing.case.id, "lapsed" if lapsed else "declined", by=doing.by.user_id, at=doing.at)
    doing.data["proposal"] = made.version
    if doing.step.after:
        doing.data["rule"] = doing.step.after
    return _resumed(doing)


@_effect("accept", "accept_reship", "accept_diff", "accept_refund", "accept_convert")
def _accept_terms(doing: Doing) -> dict[str, Any]:
    case = doing.case
    origin = case.origin["state"]
    made = proposals.answer(case.id, "accepted", by=doing.by.user_id, at=doing.at)
    terms = proposals.terms_of(made)
    doing.data["proposal"] = made.version
    kept = proposals.with_seller(case, origin)
    doing.proposer = made.made_by if made.side == "seller" else None
    if doing.step.name == "accept_convert":
        doing.child = replace(_child_by_terms(doing, terms, kept), proposer=doing.proposer)
        return {"origin": {}, "countered": False, "freight_payer": terms.freight_payer}
    changes: dict[str, Any] = {
        "origin": {},
        "countered": False,
        "freight_payer": terms.freight_payer,
        "difference_fen": made.difference_fen,
        "difference_waived": terms.difference_waived,
        "refund_fen": terms.amount_fen,
        "negotiated": False,
    }
    _take_terms(doing, terms)
    lines = _lines(case)
    changes |= {"quantity_milli": sum(line.quantity_milli for line in lines), "wanted_spec": lines[0].wanted_spec}
    if doing.step.name == "accept":
        changes |= _to_default_address(doing)
    else:  # nothing comes back any more
        for line in lines:
            if kept and line.received_milli is None:
                line.received_milli = line.quantity_milli
            line.accepted_milli = line.quantity_milli if line.received_milli is None else line.received_milli
        db.session.flush()
    return changes | _compensation(doing, made, terms)


def _take_terms(doing: Doing, terms: Terms) -> None:
    """The case's lines become those of the terms; units that they leave out are free again."""
    wanted = {line_id: (milli, sku_id) for line_id, milli, sku_id in terms.lines}
    for line in sorted(_lines(doing.case), key=lambda each: each.order_line_id):
        milli, sku_id = wanted.get(line.id, (0, None))
        if not milli:
            raise doing.refuse("方案须包含这张售后单的每一件商品")
        if milli < line.quantity_milli:
            ledger.release(line.order_line_id, line.quantity_milli - milli)
        if line.received_milli is not None:
            line.received_milli = milli
        line.accepted_milli = min(line.accepted_milli, milli)
        line.quantity_milli = milli
        spec = line.spec if sku_id is None else db.session.scalar(select(Sku.spec).where(Sku.id == sku_id))
        line.sku_id, line.wanted_spec, line.wanted_price_fen = sku_id, spec or line.spec, price_of(sku_id)
        db.session.flush()


def _compensation(doing: Doing, made: Proposal, terms: Terms) -> dict[str, Any]:
    if not terms.compensation_fen:
        return {}
    money_entries.plan(
        doing.case,
        "compensation",
        terms.compensation_fen,
        key=f"compensation:{made.version}",
        at=doing.at,
        by=doing.proposer or doing.by.user_id,
    )
    return {"entry_count": doing.case.entry_count + 1}


def _child_by_terms(doing: Doing, terms: Terms, kept: bool) -> Child:
    """The agreed type of case, at its first agreed state."""
    refunds = terms.type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY)
    state = State.RETURNING if terms.goods_back else State.REFUNDING if refunds else State.RESHIPPING
    if terms.type is CaseType.EXCHANGE and not terms.goods_back and not kept and doing.case.type != CaseType.REISSUE:
        state = State.RESHIPPING
    return Child(
        terms.type,
        state,
        terms.lines,
        refund_fen=terms.amount_fen if refunds else None,
        freight_payer=terms.freight_payer,
        compensation_fen=terms.compensation_fen,
        difference_waived=True,
        return_difference_fen=money_entries.paid_difference(doing.case.id),
    )
