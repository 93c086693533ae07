"""Goods that came in an exchange, whose next case came to nothing: asked about anew, they are worth what they were.

The account is the test's own: units at what was paid for them in the end, and cash as the payments add it up.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from sqlalchemy import select

from portal import doctor
from portal.applications import sums
from portal.cases import stakes
from portal.cases.automatic import applied
from portal.extensions import db
from portal.flow import Actor, CaseType
from portal.models import Case, Order, OrderLine
from tests.cast import Cast
from tests.domain.test_exchanged_again import BOUGHT, Account, complain, give_back, pay_back, receive, settle
from tests.domain.test_other_prices import ship_out

BUYER, SELLER = Actor.BUYER, Actor.SELLER
UNITS = 3
EXTRAS = (-700, -133, 133, 700)


def have_exchanged(cast: Cast, extra: int, *, early: bool) -> tuple[Account, Case]:
    account = Account(cast, 7_000, UNITS)
    case = account.open(extra)
    return account, ship_out(cast, pay_back(cast, case) if early else case)


def ask_anew(account: Account, units: int, asked: CaseType = CaseType.RETURN_REFUND) -> Case:
    """By the order, as for goods that were never exchanged; the page says before what the case comes to."""
    order = db.session.get_one(Order, account.order_id, populate_existing=True)
    return account.cast.open_case(order, milli=units * 1_000, case_type=asked)


def foresee(account: Account, units: int) -> sums.Sums:
    order = db.session.get_one(Order, account.order_id, populate_existing=True)
    line = db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id)).one()
    found = sums.work_out_sums(order, CaseType.RETURN_REFUND, {line: units * 1_000}, {})
    db.session.rollback()
    return found


@pytest.mark.parametrize(("done", "early"), itertools.product((False, True), repeat=2))
@pytest.mark.parametrize("extra", EXTRAS)
def test_a_case_that_was_withdrawn_loses_nothing(cast: Cast, extra: int, done: bool, early: bool) -> None:
    account, case = have_exchanged(cast, extra, early=early)
    case = complain(cast, case, CaseType.RETURN_REFUND, UNITS, done=done)
    case = cast.take(case, "withdraw", BUYER)
    said = foresee(account, UNITS)
    net = account.net if early or done else max(account.net, 0)  # what was never given back is in it
    assert abs(said.most_fen - account.share - net) <= 1, said
    case = ask_anew(account, UNITS)
    assert case.refund_fen == said.most_fen
    weighed = applied.load_applied(case.shop_id, [case.id])[case.id].worth_fen  # by a rule, and against a day's cap
    assert weighed is not None and 0 <= weighed - case.refund_fen <= 1
    give_back(cast, case)
    account.check(-account.share, slack=1)
    give_back(cast, ask_anew(account, BOUGHT - UNITS))
    account.check(-account.paid_fen)
    assert not any(doctor.findings()), doctor.findings()


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_units_go_one_by_one_and_are_withdrawn_again(cast: Cast, extra: int) -> None:
    account, case = have_exchanged(cast, extra, early=True)
    cast.take(complain(cast, case, CaseType.RETURN_REFUND, UNITS, done=True), "withdraw", BUYER)
    for units in (2, 1, UNITS):
        cast.take(ask_anew(account, units), "withdraw", BUYER)
    for returned in range(1, BOUGHT + 1):
        give_back(cast, ask_anew(account, 1))
        whole = min(returned, UNITS)
        rest = (account.paid_fen - account.share) * (returned - whole) // (BOUGHT - UNITS)
        net = account.net - (account.share + account.net) * whole // UNITS - rest
        account.check(net, slack=returned + 1)
    account.check(-account.paid_fen, slack=1)
    assert not any(doctor.findings()), doctor.findings()


@pytest.mark.parametrize("kept", [1, 2])
@pytest.mark.parametrize("extra", EXTRAS)
def test_units_that_terms_leave_out_take_their_part_along(cast: Cast, extra: int, kept: int) -> None:
    """A second exchange becomes a refund of some of its units; the others are asked about anew."""
    account, case = have_exchanged(cast, extra, early=True)
    case = complain(cast, case, CaseType.EXCHANGE, UNITS, done=True)
    given = cast.terms(case, type=CaseType.REFUND_ONLY, amount_fen=1)
    lines = tuple((line_id, kept * 1_000, sku) for line_id, _, sku in given.lines)
    most = (account.share + account.net) * kept // UNITS
    case = cast.take(case, "propose", SELLER, terms=replace(given, lines=lines, amount_fen=most))
    change = stakes.foresee(case, "accept_convert")
    assert change is not None
    case = cast.take(case, "accept_convert", BUYER, shown=change.mark)
    settle(cast, db.session.scalars(select(Case).where(Case.parent_id == case.id)).one())
    account.check(account.net - most)
    give_back(cast, ask_anew(account, UNITS - kept))
    account.check(-account.share, slack=2)
    assert not any(doctor.findings()), doctor.findings()


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_exchange_asked_for_anew_is_reckoned_from_what_came(cast: Cast, extra: int) -> None:
    account, case = have_exchanged(cast, extra, early=True)
    case = complain(cast, case, CaseType.EXCHANGE, UNITS, done=True)
    cast.take(case, "withdraw", BUYER)
    order = db.session.get_one(Order, account.order_id, populate_existing=True)
    case = cast.open_case(order, milli=UNITS * 1_000, dearer=300)
    assert case.difference_fen == account.exchange(300, UNITS)
    case = receive(cast, case)
    assert case.state == "inspecting"
