"""Money: never more than was paid, never twice, checked by a second person; lists for the bank and its results."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from portal import doctor, words
from portal.cases import clock as case_clock
from portal.cases.mediation_rows import find_mediation
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case, CaseLine, MoneyEntry, Notice, Order, OrderLine, PayoutFile, Shop, Staff
from portal.money import entries as money_entries
from portal.money import given_numbers, payment_lists, references
from portal.orders import known_shops, ledger
from portal.orders.export_format import read
from portal.orders.importing import Counts, import_orders
from portal.payments import batches as payment_batches
from portal.payments import recording
from portal.payments import results as bank_results
from portal.people import accounts, invitations, staffing
from portal.people.accounts import AccountRefused
from portal.sheets import SheetRefused
from portal.talk import card_shapes
from tests.cast import PASSWORD, Cast
from tests.domain.test_races import at_once

ONLY, RETURN = CaseType.REFUND_ONLY, CaseType.RETURN_REFUND
NUMBER = "2026112300001"


def hire(cast: Cast, name: str, role: str = "finance") -> int:
    """Somebody new in the first shop."""
    with writing():
        user_id = accounts.create_user(name, now=cast.now, password=PASSWORD, weak_ok=True).id
        cast.employ(cast.shop, name, role)
    return user_id


def entry_of(case: Case) -> MoneyEntry:
    db.session.expire_all()
    return db.session.scalars(db.select(MoneyEntry).where(MoneyEntry.case_id == case.id).order_by(MoneyEntry.id)).one()


def wrong() -> list[str]:
    db.session.rollback()
    return [line for lines in doctor.findings() for line in lines]


def record(cast: Cast, entry: int, verb: str, by: int | None = None, **told: str) -> None:
    with writing():
        recording.record_payment(cast.shop, entry, verb, by=cast.by(Actor.SELLER, by), now=cast.now, **told)


# ---------------------------------------------------------------- never twice, never more


@pytest.mark.timeout(120)
def test_of_two_clerks_at_once_one_pays(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    clerks = [hire(cast, f"clerk{number}") for number in range(2)]
    for turn in range(20):
        case = cast.until("refunding", case_type=ONLY)
        entry = entry_of(case).id

        def settle(clerk: int, entry: int = entry, turn: int = turn) -> Callable[[], object]:
            by = cast.by(Actor.SELLER, clerk)
            return lambda: (
                recording.record_payment(
                    cast.shop, entry, "settle", by=by, now=cast.now, reference=f"{clerk}-{turn}"
                ).version
            )

        answers = at_once(both, [settle(clerk) for clerk in clerks])
        assert sorted(isinstance(answer, int) for answer in answers) == [False, True], answers
        lost = next(answer for answer in answers if not isinstance(answer, int))
        assert isinstance(lost, StepRefused) and "最新状态" in lost.sentence
        paid = entry_of(case)
        assert paid.state == "settled" and paid.reference == f"{paid.settled_by}-{turn}"
        assert db.session.get_one(Case, case.id).state == "completed"
    assert wrong() == []


def test_any_order_of_refunds_stays_within_what_was_paid(cast_both: Cast) -> None:
    cast = cast_both
    chance = random.Random(7)
    for _ in range(4):
        lines = chance.randint(1, 3)
        order_id = cast.order(lines=lines, milli=7_000, price_fen=chance.choice((333, 1_001, 99))).id
        paid = 0
        with writing():
            order = db.session.get_one(Order, order_id)
            order.paid_fen -= chance.randint(0, order.paid_fen // 3)  # a discount that divides by nothing
            paid = order.paid_fen
        for _ in range(6):
            kind = chance.choice((ONLY, RETURN))
            try:
                case = cast.until(
                    "refunding",
                    order=db.session.get_one(Order, order_id),
                    case_type=kind,
                    milli=chance.choice((1_000, 2_000, 3_000)),
                    lines=chance.randint(1, lines),
                    refund_fen=chance.choice((None, 1, 100)),
                )
            except Exception as refused:
                assert type(refused).__name__ in ("NotEnough", "StepRefused"), refused
                db.session.rollback()
                continue
            if chance.random() < 0.5:
                record(cast, entry_of(case).id, "settle", reference=NUMBER)
        db.session.expire_all()
        assert db.session.get_one(Order, order_id).refunded_fen <= paid
        assert wrong() == []
    line = db.session.scalars(db.select(OrderLine).where(OrderLine.order_id == order_id)).first()
    assert line is not None and line.refunded_milli <= line.quantity_milli


def test_all_units_one_by_one_give_back_all_that_was_paid(cast: Cast) -> None:
    order_id = cast.order(milli=3_000, price_fen=1_000, adjustment_fen=-1).id
    with writing():
        db.session.get_one(Order, order_id).paid_fen = 1_001
    fens = []
    for _ in range(3):
        case = cast.until("refunding", order=db.session.get_one(Order, order_id), case_type=ONLY, milli=1_000)
        fens.append(entry_of(case).amount_fen)
        assert (
            "1 双为"
            in payment_lists.show_working(order_id, money_entries.list_of_case(case), unshipped=False)[
                entry_of(case).id
            ][0]
        )
    assert fens == [333, 334, 334] and sum(fens) == 1_001


def thirds(cast: Cast) -> Order:
    """3 件 that cost 10.00: 16.00 paid, of which 6.00 for freight."""
    order_id = cast.order(milli=3_000, price_fen=333, unit="件").id
    with writing():
        order = db.session.get_one(Order, order_id)
        order.paid_fen, order.freight_fen, order.goods_total_fen = 1_600, 600, 1_000
    return db.session.get_one(Order, order_id)


def test_three_cases_applied_for_at_once_give_back_the_last_fen(cast_both: Cast) -> None:
    cast = cast_both
    order = thirds(cast)
    cases = [cast.open_case(order, case_type=ONLY, milli=1_000) for _ in range(3)]
    assert [case.refund_fen for case in cases] == [333] * 3  # as each one asked, when nothing was paid back yet
    fens = [entry_of(cast.take(case, "agree", Actor.SELLER)).amount_fen for case in cases]
    assert fens == [333, 333, 334] and wrong() == []


@pytest.mark.parametrize("together", [True, False])
def test_an_imported_line_of_three_that_cost_ten_gives_back_ten(cast_both: Cast, together: bool) -> None:
    """The file of the case: 货品总价 10.00 and 单价 3.333333, so that the third unit is worth 3.34."""
    cast = cast_both
    with writing():
        known_shops.vouch({(cast.buyer, cast.shop)}, cast.now)
    with read(Path(__file__).parents[1] / "data" / "cases" / "48_refund_thirds.csv") as export:
        assert import_orders(export, now=cast.now).orders == Counts(new=1)
    order_id = db.session.scalars(db.select(Order.id).where(Order.order_no == "4105403692550800080")).one()

    def ask() -> Case:
        return cast.open_case(db.session.get_one(Order, order_id), case_type=ONLY, milli=1_000)

    cases = [ask() for _ in range(3)] if together else []
    fens = [
        entry_of(cast.take(cases[number] if together else ask(), "agree", Actor.SELLER)).amount_fen
        for number in range(3)
    ]
    assert fens == [333, 333, 334] and wrong() == []


def test_less_that_was_asked_for_stays_less(cast: Cast) -> None:
    order = cast.order(milli=2_000, price_fen=1_000)
    case = cast.open_case(order, case_type=ONLY, milli=1_000, refund_fen=999)
    assert entry_of(cast.take(case, "agree", Actor.SELLER)).amount_fen == 999


@pytest.mark.parametrize("seed", range(12))
def test_units_in_any_grouping_and_order_with_cancellations_give_back_all_that_was_paid(cast: Cast, seed: int) -> None:
    """Applied for together or one after the other, agreed in any order, called off in between and asked for again."""
    chance = random.Random(seed)
    bought = chance.randint(2, 8)
    order_id = cast.order(milli=bought * 1_000, price_fen=100).id
    with writing():
        order = db.session.get_one(Order, order_id)
        order.paid_fen = chance.randint(bought, 40)
    paid, free = order.paid_fen, bought
    open_cases: list[Any] = []
    given: list[Any] = []
    while free or open_cases:
        if free and (chance.random() < 0.6 or not open_cases):
            units = chance.randint(1, free)
            try:
                made = cast.open_case(
                    db.session.get_one(Order, order_id), case_type=chance.choice((ONLY, RETURN)), milli=units * 1_000
                )
            except StepRefused:  # worth less than 1 分 by itself
                db.session.rollback()
                break
            free -= units
            open_cases.append((made, units))
            continue
        case, units = open_cases.pop(chance.randrange(len(open_cases)))
        if chance.random() < 0.25:
            cast.take(case, "withdraw", Actor.BUYER)
            free += units
            continue
        way = "agree" if case.type == ONLY else "agree_refund_without_return"
        case = cast.take(case, way, Actor.SELLER)
        if chance.random() < 0.25:  # agreed, planned, and called off after all
            with writing():
                money_entries.cancel_open(case)
                held = db.session.scalars(db.select(CaseLine.order_line_id).where(CaseLine.case_id == case.id)).one()
                ledger.release_units(cast.shop, held, units * 1_000)
            free += units
            continue
        given.append(entry_of(case).amount_fen)
    else:
        assert sum(given) == paid, given
    db.session.expire_all()
    assert db.session.get_one(Order, order_id).refunded_fen == sum(given) <= paid


def test_a_failed_payment_is_tried_again_under_its_key_and_goes_out_again(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until("refunding", case_type=RETURN)
    entry = entry_of(case)
    entry_id, key = entry.id, entry.key
    with writing():
        payment_batches.make_batch(cast.shop, by=cast.seller, now=cast.now)
    with pytest.raises(StepRefused), writing():
        payment_batches.make_batch(cast.shop, by=cast.seller, now=cast.now)  # it is on a list already
    record(cast, entry_id, "fail", problem="账户已注销")
    with pytest.raises(StepRefused, match="付款失败"):
        record(cast, entry_id, "settle", reference=NUMBER)
    record(cast, entry_id, "retry")
    assert [row.key for row in payment_batches.list_ready(cast.shop)] == [key]
    record(cast, entry_id, "settle", reference=NUMBER)
    kept = entry_of(case)
    assert (kept.id, kept.key, kept.state, kept.tries) == (entry_id, key, "settled", 1)
    with pytest.raises(StepRefused, match="没有重复登记"):
        record(cast, entry_id, "settle", reference=NUMBER)
    assert db.session.get_one(Case, case.id).state == "completed" and wrong() == []


def limit_of(case: Case) -> datetime:
    db.session.expire_all()
    found = db.session.get_one(Case, case.id)
    assert found.due_rule == "refund_legal" and found.due_at is not None
    return found.due_at


def test_no_attempt_moves_the_legal_limit(cast_both: Cast) -> None:
    """登记退款失败 and 重新退款 every few days: the limit counts from the day the refund became due."""
    cast = cast_both
    case = cast.until("refunding", case_type=ONLY)
    limit = limit_of(case)
    for day, way in ((2, "alipay"), (5, "wechat")):
        later = cast.now + timedelta(days=day)
        case = cast.take(case, "refund_fail", Actor.SELLER, later, note="账户已注销")
        assert limit_of(case) == limit
        case = cast.take(case, "retry", Actor.SELLER, later, way=way)
        assert limit_of(case) == limit
    case_clock.sweep(limit)
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    assert case.escalated and case.stage == "evidence"
    later = limit + timedelta(hours=1)
    more: tuple[tuple[str, dict[str, Any]], ...] = (("refund_fail", {"note": "又失败了"}), ("retry", {"way": "cash"}))
    for step, told in more:
        case = cast.take(case, step, Actor.SELLER, later, **told)
        assert find_mediation(case).stage_at == limit  # an attempt takes nothing away from the platform
        assert case.escalated


def test_after_two_failures_the_way_changes(cast: Cast) -> None:
    case = cast.until("refunding", case_type=ONLY)
    for _ in range(2):
        case = cast.take(case, "refund_fail", Actor.SELLER, note="账户已注销")
        if entry_of(case).tries < 2:
            case = cast.take(case, "retry", Actor.SELLER)
    with pytest.raises(StepRefused, match="换一种方式"):
        cast.take(case, "retry", Actor.SELLER)
    db.session.rollback()
    case = cast.take(db.session.get_one(Case, case.id), "retry", Actor.SELLER, way="wechat")
    case = cast.take(case, "refund_ok", Actor.SELLER, reference=NUMBER)
    assert entry_of(case).way == "wechat" and wrong() == []


@pytest.mark.parametrize("way", money_entries.WAYS)
def test_what_is_kept_is_the_way_that_was_taken(cast: Cast, way: str) -> None:
    case = cast.take(cast.until("refunding", case_type=ONLY), "refund_ok", Actor.SELLER, reference=NUMBER, way=way)
    assert entry_of(case).way == way and words.ROUTE[way] and wrong() == []


def test_a_number_is_doubted_that_no_channel_gives_or_that_was_used(cast: Cast) -> None:
    first = cast.take(cast.until("refunding", case_type=ONLY), "refund_ok", Actor.SELLER, reference=NUMBER)
    other = entry_of(cast.until("refunding", case_type=ONLY))
    for odd in ("1", "已付清", "abcdefgh", "12 34", "000000", "88888888", "123456", "87654321", "13800138000"):
        assert "不像" in given_numbers.doubt_about(cast.shop, other.id, "original", odd)
        assert not given_numbers.doubt_about(cast.shop, other.id, "cash", odd)
    for odd in ("20261124", "2026-11-24", "2026/11/24", "0571-88881234", "400-820-8820", "1111111111111112", "121212"):
        assert "不像" in given_numbers.doubt_about(cast.shop, other.id, "bank", odd)
    assert first.case_no in given_numbers.doubt_about(cast.shop, other.id, "bank", NUMBER)
    assert not given_numbers.doubt_about(cast.shop2, other.id, "bank", NUMBER)
    assert not given_numbers.doubt_about(cast.shop, other.id, "alipay", "2026112322001419")


@pytest.mark.parametrize("way", money_entries.WAYS)
def test_the_numbers_of_the_case_and_its_order_are_no_payments(cast: Cast, way: str) -> None:
    case = cast.until("refunding", case_type=ONLY)
    other = entry_of(cast.until("refunding", case_type=ONLY))
    order_no = db.session.scalars(db.select(Order.order_no).where(Order.id == case.order_id)).one()
    assert len(order_no) >= 16
    for own in (order_no, case.case_no, case.case_no.lower()):
        assert (given_numbers.doubt_about(cast.shop, entry_of(case).id, way, own) == "") == (way == "cash")
    if way != "cash":
        assert "订单编号" in given_numbers.doubt_about(cast.shop, entry_of(case).id, way, order_no)
        assert "不像" in given_numbers.doubt_about(cast.shop, other.id, way, case.case_no)  # another case's


def test_a_wallet_gives_no_card_numbers() -> None:
    for card in ("6222021234567890128", "6222020000000000"):
        sound = card_shapes.passes_luhn(card)
        assert all(("银行卡" in references.find_oddity(way, card)) == sound for way in ("alipay", "wechat"))
        assert not references.find_oddity("bank", card)
    assert not references.find_oddity("alipay", "6222021234567890129")  # its check digit is wrong


@pytest.mark.parametrize("length", [6, 8, 12, 15, 16, 28, 32])
@pytest.mark.parametrize(
    ("way", "least"), [("original", 6), ("offline", 6), ("bank", 8), ("alipay", 16), ("wechat", 16)]
)
def test_a_number_looks_like_one_of_its_channel(way: str, least: int, length: int) -> None:
    number = ("4200002481202611230" * 2)[:length]
    odd = references.find_oddity(way, number)
    assert (odd == "") == (length >= least)
    named = {"bank": "银行", "alipay": "支付宝", "wechat": "微信"}.get(way)
    assert named is None or length >= least or length < 6 or named in odd
    if way in ("alipay", "wechat"):
        assert references.find_oddity(way, f"A{number}")
    assert not references.find_oddity("cash", number)


def test_another_shop_reaches_no_payment(cast: Cast) -> None:
    entry_id = entry_of(cast.until("refunding", case_type=ONLY)).id
    assert (
        payment_lists.find_entry(cast.shop2, entry_id) is None
        and payment_lists.find_entry(cast.shop, entry_id) is not None
    )
    with pytest.raises(StepRefused), writing():
        recording.record_payment(cast.shop2, entry_id, "settle", by=cast.by(Actor.SELLER, cast.seller2), now=cast.now)


# ---------------------------------------------------------------- a second person


def dear(cast: Cast, **how: Any) -> Case:
    """A case worth 5,000 元, above the limit of 2,000."""
    how.setdefault("state", "refunding")
    return cast.until(how.pop("state"), order=cast.order(price_fen=50_000), milli=10_000, case_type=ONLY, **how)


def test_who_proposed_a_payment_does_not_check_it(cast_both: Cast) -> None:
    cast = cast_both
    clerk = hire(cast, "clerk")
    entry = entry_of(dear(cast))
    assert (entry.state, entry.made_by) == ("waiting", cast.seller)
    entry_id = entry.id
    with pytest.raises(StepRefused, match="不能自己复核"):
        record(cast, entry_id, "approve")
    with pytest.raises(StepRefused, match="待复核"):
        record(cast, entry_id, "settle", reference=NUMBER)
    with pytest.raises(AccountRefused, match="只能由这位同事复核"), writing():
        staffing.remove_staff(cast.shop, clerk)
    record(cast, entry_id, "approve", clerk)
    record(cast, entry_id, "settle", reference=NUMBER)
    with writing():
        staffing.remove_staff(cast.shop, clerk)
    assert wrong() == []


def test_a_payment_waits_for_nobody_who_cannot_come_in(cast_both: Cast) -> None:
    cast = cast_both
    clerk, other = hire(cast, "clerk"), hire(cast, "other")
    with writing():
        accounts.disable(clerk, cast.now)
    case = dear(cast)
    assert entry_of(case).state == "waiting" and staffing.find_approvers(cast.shop) == {cast.seller, other}
    with pytest.raises(AccountRefused, match="只能由这位同事复核"), writing():
        staffing.remove_staff(cast.shop, other)
    record(cast, entry_of(case).id, "approve", other)
    with writing():
        staffing.remove_staff(cast.shop, other)
    assert staffing.find_approvers(cast.shop) == {cast.seller}
    assert entry_of(dear(cast)).state == "due"  # a shop of one has nobody to ask
    assert wrong() == []


def test_terms_that_the_buyer_accepts_are_the_sellers_proposal(cast: Cast) -> None:
    hire(cast, "clerk")
    for kind in (ONLY, RETURN):  # as they are, and converted
        case = dear(cast, state="applied")
        cast.take(case, "propose", Actor.SELLER, terms=cast.terms(case, type=ONLY, amount_fen=400_000))
        cast.take(case, "accept_refund", Actor.BUYER)
        assert (entry_of(case).state, entry_of(case).made_by) == ("waiting", cast.seller), kind
    case = cast.open_case(cast.order(price_fen=50_000), milli=10_000)
    cast.take(case, "propose", Actor.SELLER, terms=cast.terms(case, type=ONLY, amount_fen=400_000))
    cast.take(case, "accept_convert", Actor.BUYER)
    child = db.session.scalars(db.select(Case).where(Case.parent_id == case.id)).one()
    assert (entry_of(child).state, entry_of(child).made_by) == ("waiting", cast.seller)


def test_a_shop_of_one_waits_for_nobody_and_its_owner_checks_what_an_agent_proposes(cast: Cast) -> None:
    assert entry_of(dear(cast)).state == "due"
    agent = hire(cast, "agent", "agent")
    case = dear(cast, state="applied")
    cast.take(case, "agree", Actor.SELLER, user=agent)
    assert entry_of(case).state == "waiting"
    with pytest.raises(StepRefused, match="没有这一项权限"):
        record(cast, entry_of(case).id, "approve", agent)
    record(cast, entry_of(case).id, "approve")
    with writing():
        staffing.set_approval_limit(cast.shop, 10**9)
    hire(cast, "clerk")
    assert entry_of(dear(cast)).state == "due"


def test_nobody_handles_their_own_case(cast: Cast) -> None:
    case = cast.until("refunding", case_type=ONLY)
    with writing():
        cast.employ(cast.shop, "buyer", "finance")
    with pytest.raises(StepRefused, match="您是这张售后单的买家"):
        record(cast, entry_of(case).id, "settle", cast.buyer, reference=NUMBER)


def test_who_can_be_employed(cast: Cast) -> None:
    """The shop learns nothing of who is a member; the person's yes is what counts."""
    with writing():
        accounts.create_user("asleep", now=cast.now)
        busy = accounts.create_user("busy", now=cast.now).id
        db.session.add(Staff(user_id=busy, shop_id=cast.shop2, role="agent", current=True))
        for name in ("nobody", "asleep", "mediator", "busy", "buyer"):
            invitations.invite(cast.shop, name, "agent", by=cast.seller, now=cast.now)
    with pytest.raises(AccountRefused, match="已经是本店"), writing():
        invitations.invite(cast.shop, "seller", "agent", by=cast.seller, now=cast.now)
    with pytest.raises(AccountRefused), writing():
        invitations.invite(cast.shop, "buyer2", "owner", by=cast.seller, now=cast.now)

    def accept(name: str, user_id: int) -> None:
        asked = invitations.invitations_of(name, cast.now)[0].id
        with writing():
            invitations.answer_invitation(asked, user_id, accepts=True, now=cast.now)

    for name, user_id, sentence in (
        ("mediator", cast.mediator, "不能加入店铺"),
        ("busy", busy, "已经在一家店铺工作"),
        ("buyer", cast.buyer2, "已经失效"),
    ):
        with pytest.raises(AccountRefused, match=sentence):
            accept(name, user_id)
    assert not staffing.is_staff_of(cast.buyer, cast.shop)
    accept("buyer", cast.buyer)
    assert staffing.is_staff_of(cast.buyer, cast.shop)
    for change in (
        lambda: staffing.change_role(cast.shop, cast.seller, "agent"),
        lambda: staffing.remove_staff(cast.shop, cast.seller),
        lambda: staffing.remove_staff(cast.shop, cast.seller2),
        lambda: invitations.leave(cast.seller, cast.now),
        lambda: invitations.leave(cast.buyer2, cast.now),
    ):
        with pytest.raises(AccountRefused), writing():
            change()
    with writing():
        invitations.leave(cast.buyer, cast.now)
    assert not staffing.is_staff_of(cast.buyer, cast.shop)


def test_an_invitation_is_answered_once_and_in_time(cast: Cast) -> None:
    with writing():
        invitations.invite(cast.shop, "buyer", "agent", by=cast.seller, now=cast.now)
        invitations.invite(cast.shop, "buyer", "finance", by=cast.seller, now=cast.now)  # asked again: one invitation
    [asked] = invitations.invitations_of("buyer", cast.now)
    assert asked.role == "finance"
    assert invitations.invitations_of("buyer", cast.now + invitations.INVITED_FOR) == []
    with writing():
        invitations.answer_invitation(asked.id, cast.buyer, accepts=False, now=cast.now)
    with pytest.raises(AccountRefused, match="已经失效"), writing():
        invitations.answer_invitation(asked.id, cast.buyer, accepts=True, now=cast.now)
    with writing():
        invitations.invite(cast.shop, "buyer", "agent", by=cast.seller, now=cast.now)
    [again] = invitations.invitations_of_shop(cast.shop, cast.now)
    with writing():
        invitations.withdraw_invitation(cast.shop2, again.id, cast.now)  # another shop's hand
    assert invitations.invitations_of("buyer", cast.now)
    with writing():
        invitations.withdraw_invitation(cast.shop, again.id, cast.now)
    assert invitations.invitations_of("buyer", cast.now) == []


# ---------------------------------------------------------------- how long there is


def test_the_time_left_in_words(cast: Cast) -> None:
    case = cast.until("refunding", case_type=ONLY)
    row = payment_lists.find_entry(cast.shop, entry_of(case).id)
    said = {
        hours: recording.work_out_left(row, cast.now + timedelta(hours=hours)) for hours in (1, 25, 24 * 8, 24 * 15 + 1)
    }
    assert [each.kind for each in said.values()] == ["wait", "warn", "bad", "bad"]
    assert said[1].said == "还剩 23 小时（24 小时目标）"
    assert said[25].said == "已过 24 小时目标，法定期限还剩 5 天 23 小时"
    assert said[24 * 8].said == "已过法定期限，15 天红线还剩 7 天"
    assert said[24 * 15 + 1].hard and "15 天红线" in said[24 * 15 + 1].said


def test_the_owner_is_told_once_of_the_hard_line(cast_both: Cast) -> None:
    cast = cast_both
    cast.until("refunding", case_type=ONLY)
    cast.until("refund_failed", case_type=RETURN)
    later = cast.now + timedelta(days=15, seconds=1)
    case_clock.sweep(later)
    assert recording.raise_alarm(cast.now + timedelta(days=14)) == 0
    assert recording.raise_alarm(later) == 2 and recording.raise_alarm(later) == 0
    told = db.session.scalars(db.select(Notice).where(Notice.kind == "payment_late")).all()
    assert {notice.user_id for notice in told} == {cast.seller}
    entries = db.session.scalars(db.select(MoneyEntry.id))
    assert {notice.href for notice in told} == {f"/seller/payouts/{number}" for number in entries}
    assert "15 天红线" in told[0].title and wrong() == []


# ---------------------------------------------------------------- lists for the bank


def test_two_lists_at_once_have_no_payment_in_common(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    for _ in range(3):
        cast.until("refunding", case_type=ONLY)
    make = lambda: payment_batches.make_batch(cast.shop, by=cast.seller, now=cast.now).id  # noqa: E731
    answers = at_once(both, [make, make])
    assert sorted(isinstance(answer, int) for answer in answers) == [False, True], answers
    batch = db.session.scalars(db.select(PayoutFile)).one()
    assert batch.row_count == 3 and batch.amount_fen == 7_500
    assert payment_batches.build_workbook(batch) == payment_batches.build_workbook(batch)


def sheet(path: Path, *rows: str, head: str = "批次行号,款项编号,金额(元),结果,流水号,失败原因") -> Path:
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8-sig")
    return path


def upload(cast: Cast, path: Path) -> tuple[str, list[str]]:
    """The results' id, and what each row would do."""
    rows = bank_results.read_results(path)
    with writing():
        public_id = bank_results.begin_results(cast.shop, path.name, rows, by=cast.seller, now=cast.now).public_id
    judged = bank_results.judge_rows(cast.shop, rows, cast.now)
    db.session.rollback()
    return public_id, [row["outcome"] for row in judged]


def carry_out(cast: Cast, public_id: str) -> list[str]:
    while not bank_results.carry_out_results(public_id, cast.shop, by=cast.by(Actor.SELLER), now=cast.now):
        pass
    db.session.rollback()
    done = payment_batches.find_file(cast.shop, public_id, "results")
    assert done is not None and done.state == "done"
    return [row["outcome"] for row in sorted(done.rows, key=lambda row: row["row"])]


def test_results_are_looked_at_then_recorded_and_a_second_time_change_nothing(
    cast_both: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = cast_both
    monkeypatch.setattr(bank_results, "AT_ONCE", 2)  # so that it is done in several goes
    made = [cast.until("refunding", case_type=kind) for kind in (ONLY, RETURN, ONLY, ONLY, ONLY)]
    keys = [entry_of(case).key for case in made]
    case_ids = [case.id for case in made]
    with writing():
        batch = payment_batches.make_batch(cast.shop, by=cast.seller, now=cast.now)
        number = batch.number
    record(cast, entry_of(made[4]).id, "settle", reference="OTHER")
    path = sheet(
        tmp_path / "银行.csv",
        f"{number}-001,,25.00,成功,{NUMBER},",
        f",{keys[1]},25,失败,,账户已注销",
        f",{keys[2]},24.99,成功,2026112300091,",
        f",{keys[3]},25,成功,2026112300092,",
        f",{keys[3]},25,成功,2026112300093,",
        f",{keys[4]},25,成功,2026112300094,",
        ",999:refund,25,成功,X5,",
        f",{keys[2]},25,处理中,,",
        f"{number}-999,,25,成功,X6,",
    )
    public_id, outcomes = upload(cast, path)
    assert outcomes == ["settle", "fail", "differs", "settle", "bad", "differs", "unknown", "bad", "unknown"]
    assert [db.session.get_one(Case, case).state for case in case_ids[:4]] == ["refunding"] * 4  # nothing yet
    done = carry_out(cast, public_id)
    assert done == ["settle", "fail", "differs", "settle", "bad", "differs", "unknown", "bad", "unknown"]
    states = [db.session.get_one(Case, case).state for case in case_ids]
    assert states == ["completed", "refund_failed", "refunding", "completed", "completed"]
    assert entry_of(made[0]).reference == NUMBER and entry_of(made[3]).reference == "2026112300092"
    before = db.session.scalar(db.select(db.func.sum(Case.version)))
    again, outcomes = upload(cast, path)
    assert outcomes[:4] == ["same", "same", "differs", "same"]
    carry_out(cast, again)
    carry_out(cast, public_id)
    assert db.session.scalar(db.select(db.func.sum(Case.version))) == before and wrong() == []


def test_a_number_that_is_odd_or_used_is_left_for_the_desk(cast_both: Cast, tmp_path: Path) -> None:
    """A bank's file can't give the second yes that such a number needs."""
    cast = cast_both
    cast.take(cast.until("refunding", case_type=ONLY), "refund_ok", Actor.SELLER, reference=NUMBER)
    odd, used = (cast.until("refunding", case_type=ONLY) for _ in range(2))
    path = sheet(
        tmp_path / "银行.csv", f",{entry_of(odd).key},25,成功,已付清,", f",{entry_of(used).key},25,成功,{NUMBER},"
    )
    ids = [odd.id, used.id]
    public_id, outcomes = upload(cast, path)
    assert outcomes == ["later", "later"] == carry_out(cast, public_id)
    notes = [row["sentence"] for row in bank_results.judge_rows(cast.shop, bank_results.read_results(path), cast.now)]
    assert all("再登记" not in note and "再提交" not in note for note in notes), "nothing here can be chosen or sent"
    assert notes[1].endswith("上，请核对；这一行请在「待退款」里单独登记")
    assert [db.session.get_one(Case, case).state for case in ids] == ["refunding"] * 2 and wrong() == []


@pytest.mark.parametrize("seed", range(6))
def test_what_a_file_is_said_to_do_is_what_it_does(cast: Cast, tmp_path: Path, seed: int) -> None:
    """Whatever is in it, one number given to two payments included: row by row, and so in the sums above the rows."""
    draw = random.Random(seed)
    keys = [entry_of(cast.until("refunding", case_type=ONLY)).key for _ in range(4)]
    numbers = ["2026112300071", "2026112300072", "2026-1123-00071", "已付清"]
    good = ("成功", "成功", "失败")
    rows = [f",{draw.choice(keys)},25,{draw.choice(good)},{draw.choice(numbers)},账户已注销" for _ in range(8)]
    rows += [f",{key},25,成功,2026112300073," for key in keys[:2]]
    public_id, said = upload(cast, sheet(tmp_path / "银行.csv", *rows))
    assert carry_out(cast, public_id) == said and wrong() == []


def test_a_filled_in_list_comes_back(cast: Cast, tmp_path: Path) -> None:
    """The workbook that went out, with results written into it, is read as it is."""
    import xlsxwriter

    cast.until("refunding", case_type=ONLY)
    with writing():
        batch = payment_batches.make_batch(cast.shop, by=cast.seller, now=cast.now)
        number, rows = batch.number, list(batch.rows)
    path = tmp_path / "filled.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("付款批次")
        page.write_row(0, 0, [column.heading for column in payment_batches.COLUMNS])
        page.write_row(1, 0, [f"{number}-001", *rows[0][:5], 25.0, rows[0][6], "成功", "2026112300077", ""])
    public_id, outcomes = upload(cast, path)
    assert outcomes == ["settle"] and carry_out(cast, public_id) == ["settle"]
    assert db.session.scalars(db.select(MoneyEntry.reference)).one() == "2026112300077"


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("FK-1-001,,,成功,,", "请填写流水号"),
        ("FK-1-001,,,失败,,", "请填写失败原因"),
        (",,,成功,1,", "没有批次行号或款项编号"),
        ("FK-1-001,,,,1,", "没有填写结果"),
        ("FK-1-001,,,也许,1,", "「成功」或「失败」"),
        ("FK-1-001,,abc,成功,1,", "金额"),
        ("FK-1-001,,,成功,7.73E+20,", "设为文本"),
        (f"FK-1-001,,,成功,{'9' * 200},", "最多 80"),
    ],
)
def test_a_row_that_can_not_be_used_says_why(tmp_path: Path, row: str, sentence: str) -> None:
    assert sentence in bank_results.read_results(sheet(tmp_path / "x.csv", row))[0]["bad"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "空"),
        (b"\xef\xbb\xbf", "空"),
        (b"a,b\n1,2\n", "没有找到表头"),
        ("批次行号,结果,流水号\n".encode(), "只有表头"),
        ("批次行号,结果,结果\n1,成功,失败\n".encode(), "不止一次"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 600, "图片"),
        (b"%PDF-1.7" + b"0" * 600, "PDF"),
        (b"PK\x03\x04" + b"0" * 600, "损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "损坏"),
        (("款项编号,结果,流水号\n" + "1:refund,成功,1\n" * 1001).encode(), "最多 1000 行"),
    ],
)
def test_a_file_that_can_not_be_read_says_why(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(SheetRefused, match=sentence):
        bank_results.read_results(path)


def test_other_encodings_and_semicolons_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("款项编号;结果;流水号\r\n1:refund;付款成功;１２３\r\n".encode("gb18030"))
    assert bank_results.read_results(path)[0]["good"] is True


# ---------------------------------------------------------------- the doctor


PLANTED = {
    "refunds": "UPDATE orders SET refunded_fen = refunded_fen + 1",
    "refunded lines": "UPDATE order_lines SET refunded_milli = 0",
    "parts": "UPDATE money_entries SET lines = '[[1, 1, 0]]'",
    "owed": "UPDATE money_entries SET state = 'cancelled' WHERE state = 'due'",
    "receipts": "UPDATE money_entries SET state = 'settled', settled_at = made_at, reference = ''",
    "second person": "UPDATE money_entries SET approved_by = made_by",
}


@pytest.mark.parametrize("name", PLANTED)
def test_the_doctor_sees_what_was_done_to_money(cast: Cast, name: str) -> None:
    cast.until("refunding", case_type=ONLY)
    assert wrong() == []
    with writing():
        db.session.execute(text(PLANTED[name]))
    found = dict(zip((check.name for check in doctor.CHECKS), doctor.findings(), strict=True))
    db.session.rollback()
    assert found[name]


def test_the_doctor_sees_debts_of_a_case_that_has_ended(cast: Cast) -> None:
    case = cast.until("completed", case_type=ONLY)
    with writing():
        money_entries.plan_entry(db.session.get_one(Case, case.id), "compensation", 100, key="x", at=cast.now, by=None)
    found = dict(zip((check.name for check in doctor.CHECKS), doctor.findings(), strict=True))
    assert found["owed"]


def test_a_payment_is_planned_once_and_its_key_is_one(cast_both: Cast) -> None:
    case = cast_both.until("refunding", case_type=ONLY)
    entry = entry_of(case)
    with writing():
        same = money_entries.plan_entry(
            db.session.get_one(Case, case.id), "refund", 1, key="refund", at=cast_both.now, by=None
        )
        assert same.id == entry.id
    copy = "INSERT INTO money_entries ({0}) SELECT {1} FROM money_entries"
    names = [column.name for column in MoneyEntry.__table__.columns]
    with pytest.raises(IntegrityError), writing():
        db.session.execute(
            text(copy.format(", ".join(names), ", ".join("id + 1" if name == "id" else name for name in names)))
        )
    assert db.session.scalar(db.select(Shop.approval_fen).where(Shop.id == cast_both.shop)) == 200_000
