"""A difference that the buyer says they paid, and that nobody has answered when an exchange becomes a refund.

It is neither lost, nor given back unproven: whatever the way, what was found to have come goes back, once. The test
keeps its own account of what came; the ledger is only read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal import doctor
from portal.cases import clock as case_clock
from portal.cases import stakes
from portal.extensions import db, writing
from portal.flow import DEADLINES, Actor
from portal.models import Case, MoneyEntry
from tests.cast import Cast

BUYER, SELLER, MEDIATOR = Actor.BUYER, Actor.SELLER, Actor.MEDIATOR
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EXTRA = 200  # for two units


def read(case: Case) -> Case:
    db.session.rollback()
    return db.session.get_one(Case, case.id, populate_existing=True)


def said_paid(cast: Cast) -> Case:
    """The buyer says that they paid; the shop hasn't answered."""
    return cast.take(cast.until("paying"), "pay", BUYER, reference="2026112300099")


def decide(cast: Cast, case: Case) -> Case:
    """A mediator turns it into a refund; the page says what becomes of the payment."""
    case = cast.mediated(case)
    change = stakes.foresee(case, "decide_refund")
    assert change is not None and any("2.00 元商家还没有确认" in each for each in change.after.working)
    return cast.take(case, "decide_refund", MEDIATOR, note="应当退款", shown=change.mark)


def pass_time(case: Case, state: str = "") -> Case:
    """The clock alone acts, until the case is in ``state`` or no clock runs."""
    for _ in range(40):
        case = read(case)
        if case.due_at is None or case.state == state:
            return case
        case_clock.sweep(case.due_at)
    raise AssertionError(case.state)


def rule(cast: Cast, case: Case) -> Case:
    """Nobody acts: the shop is late, the platform is called, nobody decides, the rule does."""
    return pass_time(case, "refunding")


def convert(cast: Cast, case: Case) -> Case:
    """The buyer does it themselves, once the shop is late; the page says what becomes of the payment."""
    late = cast.now + DEADLINES["seller_reship"] + 2 * HOUR
    case_clock.sweep(late)
    change = stakes.foresee(read(case), "convert_refund")
    assert change is not None and any("2.00 元商家还没有确认" in each for each in change.after.working)
    return cast.take(read(case), "convert_refund", BUYER, late, shown=change.mark)


def offer(cast: Cast, case: Case) -> Case:
    """The buyer offers it while the platform is in the case, and the shop accepts."""
    case = cast.take(cast.mediated(case), "convert_refund", BUYER)
    assert case.offered_by == BUYER
    return cast.take(case, "accept_offer", SELLER)


def forsake(cast: Cast, case: Case) -> Case:
    """The buyer does it where nobody answers any more."""
    case = cast.mediated(case, "deciding")
    with writing():
        found = db.session.get_one(Case, case.id)
        found.stage, found.late, found.due_at, found.due_rule, found.ruled = "unfulfilled", True, None, "", True
    return cast.take(read(case), "convert_refund", BUYER, cast.now + 30 * DAY)


def add_up(case: Case, kind: str, *states: str) -> int:
    query = select(func.coalesce(func.sum(MoneyEntry.amount_fen), 0)).where(MoneyEntry.kind == kind)
    ids = select(Case.id).where((Case.id == case.id) | (Case.parent_id == case.id))
    found = db.session.scalar(query.where(MoneyEntry.case_id.in_(ids), MoneyEntry.state.in_(states)))
    db.session.rollback()
    return int(found or 0)


def is_healthy() -> bool:
    db.session.rollback()
    return not [finding for finding in doctor.findings() if finding]


ANSWERS = {  # what is said of the payment once the case is a refund, and whether it came
    "confirmed": True,
    "denied": False,
    "denied, proven": True,
    "denied, not proven": False,
    "silence, proven": True,
    "silence, not proven": False,
    "silence, confirmed": True,
    "silence for ever, confirmed": True,
    "silence for ever, denied": False,
}


def answer(cast: Cast, case: Case, how: str) -> Case:
    first, _, then = how.partition(", ")
    if first == "silence":
        case_clock.sweep(case.due_at or cast.now)
        case = read(case)
        assert case.escalated
    elif first == "silence for ever":
        case = pass_time(case)
        assert case.stage == "unfulfilled"
    else:
        at = read(case).updated_at + HOUR
        case = cast.take(case, "confirm_payment" if first == "confirmed" else "deny_payment", SELLER, at)
    if first == "denied":
        assert (case.state, case.due_rule) == ("refunding", "difference_objection")
    if first == "denied" and then:
        case = cast.take(case, "escalate", BUYER, case.updated_at + HOUR, note="付过了，有记录", because="other")
    at = case.updated_at + 3 * DAY
    if then.endswith("proven"):
        step = "decide_paid" if then == "proven" else "decide_complete"
        return cast.take(case, step, MEDIATOR, at, note="已核对流水")
    if then:
        return cast.take(case, "confirm_payment" if then == "confirmed" else "deny_payment", SELLER, at)
    return case


@pytest.mark.parametrize("how", ANSWERS)
@pytest.mark.parametrize("become", [decide, rule, convert, offer, forsake])
def test_it_stays_open_until_it_is_answered_and_goes_back_when_it_came(
    cast: Cast, become: Callable[[Cast, Case], Case], how: str
) -> None:
    case = become(cast, said_paid(cast))
    child = db.session.scalars(select(Case).where(Case.parent_id == case.id)).one()
    assert (case.state, case.due_rule, child.state) == ("refunding", "difference_answer", "refunding")
    assert add_up(case, "difference", "declared") == EXTRA and add_up(case, "difference_return", "due") == 0
    assert is_healthy()
    case = answer(cast, read(case), how)
    came = EXTRA if ANSWERS[how] else 0
    assert add_up(case, "difference", "settled") == came == add_up(case, "difference_return", "due")
    assert is_healthy()
    if came:
        alone = not read(case).escalated or case.stage == "unfulfilled"
        case = cast.take(
            read(case),
            "refund_ok" if alone else "settle_entry",
            SELLER,
            case.updated_at + HOUR,
            reference="2026112900088",
        )
        assert add_up(case, "difference_return", "settled") == came
    case = pass_time(case)
    assert (case.state, add_up(case, "difference", "declared")) == ("converted", 0)
    assert add_up(case, "difference_return", "due", "settled") == came and is_healthy()
