"""Lines of one exchange whose differences cancel out, of which only some are accepted: those decide what is paid.

The account is the test's own: price against price of what passed; the payments are only read and added up.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import doctor
from portal.cases import clock as case_clock
from portal.cases import opening, stakes
from portal.cases.effects.hand_ins import InspectedLine, RequestedLine
from portal.cases.proposals import Terms
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, CaseLine, OrderLine, Sku
from portal.rights import policies
from tests.cast import PARCELS, Cast
from tests.domain.test_answers import amounts, answer
from tests.domain.test_exchanged_again import balance, pay_back, settle, tell_number
from tests.domain.test_other_prices import pay, ship_out

BUYER, SELLER = Actor.BUYER, Actor.SELLER
PRICE, UNITS = 1_550, 2


def open_lines(cast: Cast, extras: Sequence[int]) -> Case:
    """Two units of each line, each for a specification that costs so much more or less."""
    order = cast.order(lines=len(extras), milli=UNITS * 1_000, price_fen=PRICE)
    lines = db.session.execute(
        select(OrderLine.id, OrderLine.product_id).where(OrderLine.order_id == order.id).order_by(OrderLine.id)
    ).all()
    wanted = []
    with writing():
        for (line_id, product_id), extra in zip(lines, extras, strict=True):
            sku = Sku(shop_id=order.shop_id, product_id=product_id, sku_key=secrets.token_hex(6), spec=f"{extra}")
            sku.price_fen = PRICE + extra
            db.session.add(sku)
            db.session.flush()
            wanted.append(RequestedLine(line_id, UNITS * 1_000, sku.id))
        made = opening.open_case(
            by=cast.by(BUYER),
            order=order,
            wanted=wanted,
            reason="damaged",
            description="破洞",
            receiver=("李雯", "13425059650", "成都"),
            freight_payer="seller",
            basis="",
            policy_id=policies.get_current(order.shop_id).id,
            photos=[],
            now=cast.now,
        ).id
    return db.session.get_one(Case, made)


def dispute(cast: Cast, case: Case, passed: Sequence[int]) -> Case:
    lines = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case.id).order_by(CaseLine.id)).all()
    counted = [
        InspectedLine(line, UNITS * 1_000, units * 1_000, "not_resellable" if units < UNITS else "intact", "旧")
        for line, units in zip(lines, passed, strict=True)
    ]
    db.session.rollback()
    photos = cast.photos(2, cast.seller)
    case = cast.take(case, "ship_return", BUYER, parcels=PARCELS)
    return cast.take(case, "dispute_goods", SELLER, counted=counted, photos=photos, note="有使用痕迹")


@pytest.mark.parametrize("by_clock", [False, True])
@pytest.mark.parametrize("passed", [(2, 0), (0, 2), (1, 2), (2, 1), (1, 1)])
@pytest.mark.parametrize("extras", [(300, -300), (-300, 300), (200, -300)])
def test_what_passes_decides_the_difference(
    cast: Cast, extras: tuple[int, int], passed: tuple[int, int], by_clock: bool
) -> None:
    due = sum(extra * units for extra, units in zip(extras, passed, strict=True))
    case = dispute(cast, cast.take(open_lines(cast, extras), "agree", SELLER), passed)
    said = amounts(answer(case, BUYER, cast))
    assert (("退差价" in said), ("验货通过后补差价" in said)) == (due < 0, due > 0), said
    step = "accept_result_diff" if due > 0 else "accept_result"
    change = stakes.foresee(case, step)
    assert (0 if change is None else change.after.difference_fen) == due
    if by_clock:
        assert case.due_at is not None
        at = case.due_at + timedelta(minutes=1)
        case_clock.sweep(at)
        db.session.expire_all()
        case = db.session.get_one(Case, case.id)
    else:
        case = cast.take(case, step, BUYER, shown="" if change is None else change.mark)
    assert case.state == ("paying" if due > 0 else "reshipping")
    if due > 0:
        case = pay(cast, case, tell_number())
    assert balance(case.order_id) == due
    assert stakes.weigh(case).difference_fen == due
    case = cast.take(ship_out(cast, pay_back(cast, case)), "confirm", BUYER)
    settle(cast, case)
    assert balance(case.order_id) == due
    assert not any(doctor.findings()), doctor.findings()


@pytest.mark.parametrize("extras", [(300, -300), (-300, 300)])
def test_terms_that_cancel_are_remembered_and_all_of_them_come_to_nothing(cast: Cast, extras: tuple[int, int]) -> None:
    case = open_lines(cast, extras)
    lines = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id).order_by(CaseLine.id)).all()
    skus = [(line.id, UNITS * 1_000, line.sku_id) for line in lines]
    case = cast.take(case, "propose", SELLER, terms=Terms(CaseType.EXCHANGE, tuple(skus), "seller", goods_back=True))
    assert stakes.foresee(case, "accept") is None
    case = dispute(cast, cast.take(case, "accept", BUYER), (1, 2))
    due = extras[0] + 2 * extras[1]
    change = stakes.foresee(case, "accept_result")
    assert change is not None and change.after.difference_fen == due
    case = cast.take(case, "accept_result_diff" if due > 0 else "accept_result", BUYER, shown=change.mark)
    assert balance(case.order_id) == min(due, 0)
    assert not any(doctor.findings()), doctor.findings()


def test_all_of_them_are_neither_asked_for_nor_given_back(cast: Cast) -> None:
    case = cast.take(open_lines(cast, (300, -300)), "agree", SELLER)
    case = cast.take(case, "ship_return", BUYER, parcels=PARCELS)
    case = cast.take(case, "accept_goods", SELLER)
    assert (case.state, case.entry_count, stakes.weigh(case).difference_fen) == ("reshipping", 0, 0)
    assert not any(doctor.findings()), doctor.findings()
