"""Goods that came for a paid difference, refunded in part or for less: the sum agreed on is the whole sum.

The account is the test's own: units at what was paid for them in the end, and cash as the payments add it up.
"""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from portal import doctor
from portal.cases import stakes
from portal.extensions import db
from portal.flow import Actor, CaseType, StepRefused
from portal.inputs import money_text
from portal.models import Case, CaseLine, MoneyEntry
from tests.cast import Cast, sign_in
from tests.domain.test_exchanged_again import (
    Account,
    balance,
    complain,
    exchange_again,
    pay_back,
    receive,
    settle,
    tell_number,
)
from tests.domain.test_exchanged_converts import convert
from tests.domain.test_other_prices import ship_out, terms

BUYER, SELLER, MEDIATOR = Actor.BUYER, Actor.SELLER, Actor.MEDIATOR
UNITS, EXTRA = 3, 700


def ask_back(cast: Cast, extra: int = EXTRA) -> tuple[Account, Case, int]:
    """Three units came for a difference, and their buyer wants the money back: all that was paid for them."""
    account = Account(cast, 7_000, UNITS)
    case = ship_out(cast, pay_back(cast, account.open(extra)))
    case = complain(cast, case, CaseType.RETURN_REFUND, UNITS, done=True)
    assert case.refund_fen == account.share + account.net
    return account, case, account.share + account.net


def list_agreed(account: Account, most: int) -> list[int]:
    """Around what the order was paid with, and what was paid more."""
    return sorted({1, account.share - 1, account.share, account.share + 1, most - 1, most})


@pytest.mark.parametrize("kind", [CaseType.RETURN_REFUND, CaseType.REFUND_ONLY])
@pytest.mark.parametrize("nth", range(6))
def test_terms_give_back_just_what_they_say(cast: Cast, nth: int, kind: CaseType) -> None:
    account, case, most = ask_back(cast)
    fen = list_agreed(account, most)[nth]
    with pytest.raises(StepRefused, match=f"最多 {money_text(most)} 元"):
        cast.take(case, "propose", SELLER, terms=cast.terms(case, type=kind, amount_fen=most + 1))
    given = cast.terms(case, type=kind, amount_fen=fen)
    case = cast.take(case, "propose", SELLER, terms=given)
    step = "accept_refund" if kind == CaseType.RETURN_REFUND else "accept_convert"
    change = stakes.foresee(case, step)
    assert change is not None and change.after.refund_fen == fen
    if fen < most:
        assert any(f"少于可退的 {money_text(most)} 元" in each for each in change.after.working)
    case = cast.take(case, step, BUYER, shown=change.mark)
    child = db.session.scalars(select(Case).where(Case.parent_id == case.id)).one_or_none() or case
    assert child.refund_fen == stakes.weigh(child).refund_fen == fen
    settle(cast, child)
    account.check(account.net - fen)
    assert not any(doctor.findings()), doctor.findings()


@pytest.mark.parametrize("nth", range(6))
def test_a_refund_without_return_and_a_decision_give_back_just_what_they_say(cast: Cast, nth: int) -> None:
    account, case, most = ask_back(cast)
    fen = list_agreed(account, most)[nth]
    with pytest.raises(StepRefused):
        cast.take(case, "agree_refund_without_return", SELLER, amount_fen=most + 1)
    settle(cast, cast.take(case, "agree_refund_without_return", SELLER, amount_fen=fen))
    account.check(account.net - fen)

    account, case, most = ask_back(cast)
    case = cast.mediated(receive(cast, case))
    with pytest.raises(StepRefused, match=f"最多 {money_text(most)} 元"):
        cast.take(case, "decide_refund", MEDIATOR, amount_fen=most + 1, note="照片能看出破洞")
    settle(cast, cast.take(case, "decide_refund", MEDIATOR, amount_fen=fen, note="照片能看出破洞"))
    account.check(account.net - fen)
    assert not any(doctor.findings()), doctor.findings()


def test_the_form_of_a_change_names_all_that_can_be_asked_back(cast: Cast, app: Flask) -> None:
    _, case, most = ask_back(cast)
    case = cast.take(case, "ask_evidence", SELLER, note="请补拍")
    page = sign_in(app, "buyer").get(f"/cases/{case.case_no}/modify").text
    assert f"现在的数量最多可退 {money_text(most)} 元" in page


@pytest.mark.parametrize("passed", [1, 2])
@pytest.mark.parametrize("extra", [-133, EXTRA])
def test_units_that_fail_keep_their_part_of_the_difference(cast: Cast, extra: int, passed: int) -> None:
    account, case, most = ask_back(cast, extra)
    case = receive(cast, case)
    line = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case.id)).one()
    case = cast.take(case, "dispute_goods", SELLER, **cast._facts_of(case, {"dispute": passed * 1_000}, cast.now))
    assert db.session.get_one(CaseLine, line).accepted_milli == passed * 1_000
    change = stakes.foresee(case, "accept_result")
    assert change is not None
    said = change.after.refund_fen
    settle(cast, cast.take(case, "accept_result", BUYER, shown=change.mark))
    account.check(account.net - said)
    assert abs(said - most * passed // UNITS) <= 1


@pytest.mark.parametrize("extra", [2_000, 6_000])
@pytest.mark.parametrize("third", [-1_500, -1_000, 0])
@pytest.mark.parametrize("early", [False, True])
def test_a_second_exchange_gives_back_more_than_the_order_was_paid_with(
    cast: Cast, third: int, extra: int, early: bool
) -> None:
    account = Account(cast, 7_000, UNITS)
    case = complain(cast, ship_out(cast, account.open(extra)), CaseType.EXCHANGE, UNITS, done=True)
    case = exchange_again(account, case, third, UNITS)
    assert account.share + account.net >= 0
    account.check(account.net, slack=1)
    while early and balance(account.order_id) and (paid := pay_back(cast, case)) is not case:
        case = paid
    case = ship_out(cast, case)
    case = complain(cast, case, CaseType.RETURN_REFUND, UNITS, done=True)
    most = case.refund_fen
    assert abs(most - account.share - account.net) <= 1, (most, account)
    settle(cast, cast.take(receive(cast, case), "accept_goods", SELLER, shown=None))
    account.check(-account.share, slack=1)
    assert not any(doctor.findings()), doctor.findings()


@pytest.mark.parametrize("early", [0, 1, 2])
def test_what_was_given_back_of_an_earlier_difference_is_given_back_once(cast: Cast, early: int) -> None:
    """A second exchange gives back more than the share; then other terms settle it, or it becomes a refund."""
    for then in ("convert_refund", "propose_other_sku"):
        account = Account(cast, 7_000, UNITS)
        case = complain(cast, ship_out(cast, account.open(4_000)), CaseType.EXCHANGE, UNITS, done=True)
        case = exchange_again(account, case, -1_000, UNITS)
        for _ in range(early):
            case = pay_first(cast, case)
        if then == "convert_refund":
            convert(account, case)
            continue
        case = cast.take(case, "propose_other_sku", SELLER, terms=terms(case, -1_200))
        change = stakes.foresee(case, "accept_reship")
        case = cast.take(case, "accept_reship", BUYER, shown="" if change is None else change.mark)
        account.exchange(-1_200, UNITS)
        account.check(account.net, slack=2)
    assert not any(doctor.findings()), doctor.findings()


def pay_first(cast: Cast, case: Case) -> Case:
    due = select(MoneyEntry.id).where(MoneyEntry.case_id == case.id, MoneyEntry.state == "due").order_by(MoneyEntry.id)
    return cast.take(case, "settle_entry", SELLER, reference=tell_number(), entry_id=db.session.scalars(due).first())
