"""转退款 of an exchange, the first or a second one: its buyer gets back all they paid, the differences with it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal import doctor
from portal.cases import stakes
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case
from tests.cast import Cast
from tests.domain.test_exchanged_again import Account, balance, complain, exchange_again, pay_back
from tests.domain.test_other_prices import ship_out

EXTRAS = (-133, 133, 700)


def convert(account: Account, case: Case) -> None:
    """The shop is late, the buyer turns to a refund: the page says what comes of it, and that is what is owed."""
    with writing():
        db.session.get_one(Case, case.id).late = True
    change = stakes.foresee(case, "convert_refund")
    assert change is not None
    case = account.cast.take(case, "convert_refund", Actor.BUYER, shown=change.mark)
    child = db.session.scalars(select(Case).where(Case.parent_id == case.id)).one()
    assert change.after.refund_fen == child.refund_fen
    assert balance(account.order_id) == -account.share, (change, child.refund_fen)


@pytest.mark.parametrize("extra", EXTRAS)
def test_of_a_first_exchange(cast: Cast, extra: int) -> None:
    for early in (False, True):  # whether what is given back was paid before
        account = Account(cast, 7_750, 2)
        case = account.open(extra)
        convert(account, pay_back(cast, case) if early else case)
    assert not any(doctor.findings())


@pytest.mark.parametrize("extra", EXTRAS)
def test_of_a_second_exchange_for_the_same_goods(cast: Cast, extra: int) -> None:
    for early, done in ((False, False), (True, False), (False, True), (True, True)):
        account = Account(cast, 7_750, 2)
        case = account.open(extra)
        case = ship_out(cast, pay_back(cast, case) if early else case)
        case = exchange_again(account, complain(cast, case, CaseType.EXCHANGE, 2, done=done), None, 2)
        convert(account, pay_back(cast, case) if early else case)
    assert not any(doctor.findings())
