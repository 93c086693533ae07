"""The last 分 of an order's lines, whichever cases hold the units: converted, called off, in any order."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import doctor
from portal.extensions import db, writing
from portal.flow import DEADLINES, Actor, CaseType, StepRefused
from portal.models import Case, MoneyEntry, Order
from portal.money import worth
from tests.cast import PARCELS, Cast

ONLY, RETURN, EXCHANGE, REISSUE = CaseType.REFUND_ONLY, CaseType.RETURN_REFUND, CaseType.EXCHANGE, CaseType.REISSUE
LATE = DEADLINES["seller_reship"] + timedelta(hours=1)


def planned(case_id: int) -> int:
    """What a case, or the one it became, gives back for goods."""
    db.session.expire_all()
    ids = [case_id, *db.session.scalars(select(Case.id).where(Case.parent_id == case_id))]
    live = select(MoneyEntry.amount_fen).where(
        MoneyEntry.case_id.in_(ids), MoneyEntry.kind == "refund", MoneyEntry.state != "cancelled"
    )
    return sum(db.session.scalars(live))


def give_back(cast: Cast, case: Case, chance: random.Random) -> None:
    """Bring a case to its payment, by one of the ways there are."""
    buyer, seller = Actor.BUYER, Actor.SELLER
    if case.type == ONLY:
        cast.take(case, "agree", seller)
    elif case.type == RETURN and chance.random() < 0.5:
        cast.take(case, "agree_refund_without_return", seller)
    elif case.type == RETURN:
        case = cast.take(case, "agree", seller)
        case = cast.take(case, "ship_return", buyer, parcels=PARCELS)
        cast.take(case, "accept_goods", seller)
    elif chance.random() < 0.5:  # what was to be sent never went out
        for step, actor, values in cast.path("reshipping", CaseType(case.type)):
            case = cast.take(case, step, actor, **values)
        cast.take(case, "convert_refund", buyer, cast.now + LATE)
    else:
        case = cast.take(
            case, "propose", seller, terms=cast.terms(case, type="refund_only", amount_fen=worth.find_most(case)[0])
        )
        cast.take(case, "accept_convert", buyer)


@pytest.mark.parametrize("seed", range(10))
def test_converted_and_called_off_cases_give_back_all_that_was_paid(cast: Cast, seed: int) -> None:
    chance = random.Random(f"last{seed}")
    bought = chance.randint(2, 6)
    order_id = cast.order(milli=bought * 1_000, price_fen=100, status="in_transit" if seed % 2 else "completed").id
    with writing():
        order = db.session.get_one(Order, order_id)
        order.paid_fen = chance.randint(bought * 7, bought * 40) + 1
    paid, free = order.paid_fen, bought
    cases: list[int] = []
    while free:
        kind = chance.choice((ONLY, RETURN, EXCHANGE, REISSUE))
        units = chance.randint(1, free)
        reason = "missing_item" if kind == REISSUE else "damaged"
        case = cast.open_case(db.session.get_one(Order, order_id), case_type=kind, milli=units * 1_000, reason=reason)
        if chance.random() < 0.3:
            cast.take(case, "withdraw", Actor.BUYER)
            continue
        try:
            give_back(cast, case, chance)
        except StepRefused as refused:
            raise AssertionError((kind, units, str(refused))) from refused
        free -= units
        cases.append(case.id)
    given = [planned(case_id) for case_id in cases]
    db.session.expire_all()
    assert (sum(given), db.session.get_one(Order, order_id).refunded_fen) == (paid, paid), given
    assert not [line for lines in doctor.findings() for line in lines]
