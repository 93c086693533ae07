"""What somebody offers while the platform is in a case says to the other side what it makes of the money, and holds."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import flow
from portal.cases import stakes, taking
from portal.cases.effects.hand_ins import RequestedLine
from portal.cases.effects.step_context import hand_in_type
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused, table
from portal.models import Case, CaseLine
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock

BUYER, SELLER = Actor.BUYER, Actor.SELLER
OFFERS: list[tuple[str, str, Actor, str, dict[str, Any]]] = [
    # type, state, who offers, which step, how much of it is different
    *((kind, "revising", BUYER, "modify", {"milli": 2_000}) for kind in ("return_refund", "refund_only")),
    *((kind, "revising", BUYER, "modify", {"milli": 1_000}) for kind in ("return_refund", "refund_only")),
    ("return_refund", "applied", SELLER, "agree", {}),
    ("return_refund", "applied", SELLER, "agree_refund_without_return", {"amount_fen": 1_234}),
    ("exchange", "paying", SELLER, "waive", {}),
    ("exchange", "reshipping", BUYER, "convert_refund", {}),
    ("reissue", "reshipping", BUYER, "convert_refund", {}),
]
ELSEWHERE = {  # no proposal waits while the platform is in it; these are taken at once, refused, or ask for photos
    *("accept", "accept_convert", "accept_diff", "accept_refund", "accept_reship"),
    *("goods_shipped", "pay", "replacement_defective", "withdraw"),
}


@pytest.mark.parametrize(("kind", "state", "side", "step", "changed"), OFFERS)
def test_an_offer_says_its_sums_to_both(
    app: Flask, cast: Cast, now: Clock, kind: str, state: str, side: Actor, step: str, changed: dict[str, Any]
) -> None:
    order = cast.order(milli=3_000, price_fen=1_550, paid_fen=4_649, goods_total_fen=4_650)
    case = cast.until(state, order=order, milli=3_000, case_type=CaseType(kind))
    case = cast.mediated(case)
    given = dict(changed)
    if "milli" in given:
        line = db.session.scalars(select(CaseLine.order_line_id).where(CaseLine.case_id == case.id)).one()
        given = {"wanted": [RequestedLine(line, given["milli"])]}
    handed = hand_in_type(step)(**given)
    promised = stakes.foresee(case, step, handed)
    assert promised is not None
    if promised.moves and step == "modify":  # nobody offers what their own page didn't say
        with pytest.raises(StepRefused, match=stakes.CHANGED), writing():
            taking.take(case.id, step, by=cast.by(side), now=cast.now, handed=handed, shown="")
        db.session.rollback()
    with writing():
        taking.take(case.id, step, by=cast.by(side), now=cast.now, handed=handed, shown=promised.mark)
    case_no = db.session.get_one(Case, case.id).case_no
    db.session.rollback()
    name, base = ("seller", "/seller/cases") if side is BUYER else ("buyer", "/cases")
    other = sign_in(app, name)
    page = other.get(f"{base}/{case_no}/accept_offer").text
    assert not [said for said in promised.sentences if said not in page], promised.sentences
    assert all(working in page for working in promised.after.working)
    assert post(other, f"{base}/{case_no}/accept_offer").status_code == 303
    db.session.rollback()
    assert stakes.weigh(db.session.get_one(Case, case.id)).sums == promised.after.sums


def test_every_step_with_sums_that_can_be_offered_is_tried() -> None:
    offered = {row.name for row in flow.STEPS if row.actor in (BUYER, SELLER)} & stakes.MOVING - table.SETTLING
    assert offered - {step for _, _, _, step, _ in OFFERS} == ELSEWHERE
