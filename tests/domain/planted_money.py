"""Violations in money: payments, refunds, freight, accounts."""

from __future__ import annotations

from sqlalchemy import select

from portal.extensions import db
from portal.flow import DEADLINES, Actor, CaseType
from portal.models import (
    Case,
    MoneyEntry,
    Order,
)
from tests.domain.doctor_world import World, find_case_no, plant


def refunded(world: World, state: str = "refunding") -> MoneyEntry:
    """The payment of a 退货退款 in this state."""
    case = world.cast.until(state, case_type=CaseType.RETURN_REFUND)
    return db.session.scalars(select(MoneyEntry).where(MoneyEntry.case_id == case.id)).one()


@plant("refunds")
def an_order_that_forgot_a_refund(world: World) -> list[str]:
    entry = refunded(world)
    order = db.session.get_one(Order, entry.order_id)
    said = f"order {order.order_no} refunded 0 paid {order.paid_fen} payments {entry.amount_fen}"
    world.run("UPDATE orders SET refunded_fen = 0 WHERE id = :id", id=order.id)
    return [said]


@plant("believed payments")
def an_order_whose_goods_cost_less_than_went_back(world: World) -> list[str]:
    order = db.session.get_one(Order, refunded(world, "completed").order_id)
    world.run("UPDATE orders SET adjustment_fen = 1 - goods_total_fen WHERE id = :id", id=order.id)
    return [f"order {order.order_no}: refunded {order.refunded_fen}, can have cost 1"]


@plant("refunded lines")
def a_line_refunded_twice(world: World) -> list[str]:
    ((line, fen, milli),) = refunded(world).lines
    world.run("UPDATE order_lines SET refunded_fen = refunded_fen * 2 WHERE id = :id", id=line)
    return [f"order line {line}: {fen * 2} fen {milli}, payments {fen} fen {milli}"]


@plant("parts")
def a_payment_that_is_more_than_its_parts(world: World) -> list[str]:
    entry = refunded(world)
    said = f"payment {entry.id}: {entry.amount_fen + 1} fen, its parts {entry.lines}"
    world.run("UPDATE money_entries SET amount_fen = amount_fen + 1 WHERE id = :id", id=entry.id)
    world.run("UPDATE orders SET refunded_fen = refunded_fen + 1 WHERE id = :id", id=entry.order_id)
    return [said]


@plant("owed")
def a_refund_that_nobody_owes(world: World) -> list[str]:
    entry = refunded(world)
    case = f"case {find_case_no(entry.case_id)} refunding"
    world.run(
        "UPDATE money_entries SET state = 'settled', settled_at = made_at, reference = '1' WHERE id = :id", id=entry.id
    )
    return [case]


@plant("owed")
def ended_and_still_owing(world: World) -> list[str]:
    entry = refunded(world, "completed")
    case = f"case {find_case_no(entry.case_id)} completed"
    world.run("UPDATE money_entries SET state = 'due' WHERE id = :id", id=entry.id)
    return [case]


@plant("freight")
def freight_that_was_agreed_to_and_is_not_owed(world: World) -> list[str]:
    case = world.cast.take(world.cast.until("reshipping"), "claim_freight", Actor.BUYER, freight_fen=1_250)
    case = world.cast.take(case, "accept_freight", Actor.SELLER)
    world.run("DELETE FROM money_entries WHERE case_id = :id AND kind = 'freight'", id=case.id)
    return [f"case {case.case_no} claim accepted 1250"]


@plant("freight")
def freight_that_went_on_into_no_case(world: World) -> list[str]:
    case = world.cast.take(world.cast.until("reshipping"), "claim_freight", Actor.BUYER, freight_fen=1_250)
    world.run("UPDATE cases SET freight_claim = 'carried' WHERE id = :id", id=case.id)
    return [f"case {case.case_no} claim carried 1250"]


@plant("freight")
def freight_that_is_owed_twice(world: World) -> list[str]:
    case = world.cast.take(world.cast.until("reshipping"), "claim_freight", Actor.BUYER, freight_fen=1_250)
    case = world.cast.take(case, "accept_freight", Actor.SELLER)
    world.run(
        "INSERT INTO money_entries (id, shop_id, case_id, order_id, kind, state, amount_fen, lines, key, made_at, "
        "route, channel, reference, problem, tries, arrival) SELECT id + 1000, shop_id, case_id, order_id, kind, "
        "state, amount_fen, lines, key || '9', made_at, route, channel, reference, problem, tries, arrival "
        "FROM money_entries WHERE case_id = :id AND kind = 'freight'",
        id=case.id,
    )
    return [f"case {case.case_no} paid times 2"]


@plant("arrivals")
def a_payment_that_is_missing_and_forgotten(world: World) -> list[str]:
    entry = refunded(world, "completed")
    case = world.cast.take(db.session.get_one(Case, entry.case_id), "deny_arrival", Actor.BUYER)
    until = world.cast.now + DEADLINES["arrival_answer"]
    world.run("UPDATE cases SET due_at = '2099-01-01 00:00:00.000000' WHERE id = :id", id=case.id)
    return [f"case {case.case_no}: a payment that hasn't arrived waits longer than until {until:%Y-%m-%d}"]


@plant("arrivals")
def a_case_that_knows_nothing_of_it(world: World) -> list[str]:
    entry = refunded(world, "completed")
    case = world.cast.take(db.session.get_one(Case, entry.case_id), "deny_arrival", Actor.BUYER)
    world.run("UPDATE cases SET payment_claim = '' WHERE id = :id", id=case.id)
    return [f"case {case.case_no}: says nothing, its payments say missing"]


@plant("receipts")
def paid_without_a_number(world: World) -> list[str]:
    entry_id = refunded(world, "completed").id
    world.run("UPDATE money_entries SET reference = '' WHERE id = :id", id=entry_id)
    return [f"payment {entry_id}"]


@plant("receipts")
def a_payment_of_another_case(world: World) -> list[str]:
    entry_id = refunded(world).id
    world.run("UPDATE money_entries SET key = '0:1' WHERE id = :id", id=entry_id)
    return [f"payment {entry_id}"]


@plant("second person")
def checked_by_who_proposed_it(world: World) -> list[str]:
    entry_id = refunded(world).id
    world.run("UPDATE money_entries SET made_by = 3, approved_by = 3 WHERE id = :id", id=entry_id)
    return [f"payment {entry_id}"]


@plant("bank data")
def an_account_that_nobody_consented_to(world: World) -> list[str]:
    entry = refunded(world)
    values: dict[str, object] = {"shop": entry.shop_id, "entry": entry.id, "case": entry.case_id}
    values["buyer"] = world.cast.buyer
    values["at"] = "2026-11-23 02:00:00"
    consent = "INSERT INTO bank_consents (shop_id, id, case_id, entry_id, owner_id, purpose, version, answer, at)"
    account = "INSERT INTO bank_accounts "
    account += "(shop_id, id, case_id, entry_id, owner_id, consent_id, key_id, last4, sound, made_at"
    world.run(f"{consent} VALUES (:shop, 7, :case, :entry, :buyer, 'refund', 1, 'no', :at)", **values)
    world.run(f"{account}, erased_at) VALUES (:shop, 8, :case, :entry, :buyer, 7, '', '', 1, :at, :at)", **values)
    return [f"account 8 of case {values['case']}: no consent"]
