"""`portal doctor` finds what it looks for: each check has violations planted behind the portal's back."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import doctor
from portal.cases import anchors
from portal.cases.history import hash_event
from portal.cli.group import portal
from portal.evidence import evidence
from portal.evidence.imaging import PreparedImage
from portal.evidence.store import DirectoryStore
from portal.extensions import db, writing
from portal.flow import DEADLINES, Actor, CaseType
from portal.models import (
    Case,
    CaseEvent,
    CaseLine,
    Evidence,
    Message,
    MoneyEntry,
    Notice,
    Order,
    OrderLine,
    OrderVersion,
    Parcel,
    Policy,
    Shipment,
)
from portal.orders import sold
from portal.orders.claims import Claims
from portal.parcels import following
from portal.parcels.scans import Scan
from portal.system import notes
from portal.talk import conversations
from portal.tracking import scans as case_scans
from tests.cast import Cast
from tests.conftest import bring_in, copy_data, make_app, stand_in

NAMES = [*(check.name for check in doctor.CHECKS), "files"]


@dataclass
class World:
    """One application that waits, one exchange with goods on their way, one completed; words unread; a photo."""

    store: DirectoryStore
    database: Path
    applied: int
    confirming: int
    completed: int
    order: int
    line: int
    other_order: int
    conversation: int
    policy2: int
    cast: Cast

    def run(self, *statements: str, **values: Any) -> None:
        """Straight into the file, past every trigger and constraint."""
        db.session.remove()
        db.engine.dispose()
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA ignore_check_constraints=1")
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                done = connection.execute(statement, values)
                assert done.rowcount != 0, f"nothing was planted by: {statement}"
            connection.commit()

    def line_of(self, case_id: int) -> int:
        found = db.session.scalar(select(CaseLine.id).where(CaseLine.case_id == case_id))
        assert found is not None
        return found

    def parcel(self, leg: str) -> int:
        """The parcel of the exchange with goods on their way."""
        found = db.session.scalar(select(Parcel.id).where(Parcel.case_id == self.confirming, Parcel.leg == leg))
        assert found is not None
        return found

    def forge(self, case_id: int) -> None:
        """Make the chain of a changed case's events whole again, so that only the change itself can be found."""
        columns = CaseEvent.__table__.columns
        rows = db.session.execute(
            select(*columns).where(CaseEvent.case_id == case_id).order_by(CaseEvent.version)
        ).mappings()
        hashes, before = [], ""
        for row in rows:
            made = hash_event({**row, "before_hash": before})
            hashes.append((before, made, row["id"]))
            before = made
        for earlier, made, event_id in hashes:
            self.run(
                "UPDATE case_events SET before_hash = :earlier, hash = :made WHERE id = :event_id",
                earlier=earlier,
                made=made,
                event_id=event_id,
            )


@pytest.fixture(scope="module")
def first_world(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, cast_template: tuple[Path, Cast]
) -> tuple[Path, World]:
    """The folder of a world that nobody touches, to be copied for each test."""
    folder = tmp_path_factory.mktemp("doctor")
    for app in stand_in(make_app(folder, sqlite_template)):
        made = _make_world(app, bring_in(cast_template))
    return folder, made


@pytest.fixture
def world(app: Flask, first_world: tuple[Path, World]) -> World:
    folder, made = first_world
    copy_data(folder, app)
    data = app.extensions["portal_settings"].data
    return replace(made, store=app.extensions["portal_store"], database=data / "portal.db", cast=replace(made.cast))


def _make_world(app: Flask, cast: Cast) -> World:
    applied = cast.open_case(milli=2_000).id
    confirming, completed = cast.until("confirming").id, cast.until("completed").id
    order = db.session.get_one(Case, applied).order_id
    line = db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order)).one()
    other_order = cast.order().id
    store: DirectoryStore = app.extensions["portal_store"]
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, order), cast.now)
        side: conversations.Side
        for side, person in (("buyer", cast.buyer), ("seller", cast.seller), ("seller", cast.seller)):
            conversations.add_message(talk, side, person, "在吗", now=cast.now)
        conversation = talk.id
    size = {"width": 1, "height": 1, "thumb_width": 1, "thumb_height": 1}
    sha256 = hashlib.sha256(b"photo").hexdigest()
    image = PreparedImage(b"photo", b"thumb", **size, sha256=sha256, taken_note=None, original_name="a.jpg")
    stored = evidence.add_photo(store, [image])
    with writing():
        evidence.keep_photos(stored, shop_id=cast.shop, owner_id=cast.buyer, side="buyer", now=cast.now)
    policy2 = db.session.scalars(select(Policy.id).where(Policy.shop_id == cast.shop2)).one()
    database = app.extensions["portal_settings"].data / "portal.db"
    return World(store, database, applied, confirming, completed, order, line, other_order, conversation, policy2, cast)


Plant = Callable[[World], list[str]]
PLANTS: list[tuple[str, Plant]] = []


def plant(check: str) -> Callable[[Plant], Plant]:
    """The decorated function breaks what this check holds, and returns the lines that must be reported."""

    def keep(function: Plant) -> Plant:
        PLANTS.append((check, function))
        return function

    return keep


@plant("ledger")
def more_claimed_than_asked_for(world: World) -> list[str]:
    world.run("UPDATE order_lines SET claimed_milli = 3000 WHERE id = :line", line=world.line)
    return [f"order line {world.line} claimed 3000 of 10000 cases 2000"]


@plant("ledger")
def less_claimed_than_asked_for(world: World) -> list[str]:
    world.run("UPDATE order_lines SET claimed_milli = 0 WHERE id = :line", line=world.line)
    return [f"order line {world.line} claimed 0 of 10000 cases 2000"]


@plant("ledger")
def more_claimed_than_bought(world: World) -> list[str]:
    """The counter and the cases agree with each other, but not with the order."""
    world.run(
        "UPDATE order_lines SET claimed_milli = 11000 WHERE id = :line",
        "UPDATE case_lines SET quantity_milli = 11000 WHERE order_line_id = :line",
        line=world.line,
    )
    return [f"order line {world.line} claimed 11000 of 10000 cases 11000"]


@plant("sold as")
def a_line_that_no_search_finds(world: World) -> list[str]:
    world.run(
        "DELETE FROM sold_as WHERE product_id = (SELECT product_id FROM order_lines WHERE id = :line)", line=world.line
    )
    return [f"order line {world.line}"]


@plant("sold as")
def a_line_of_a_case_with_other_words(world: World) -> list[str]:
    line = world.line_of(world.confirming)
    world.run("UPDATE case_lines SET spec = '紫色' WHERE id = :line", line=line)
    return [f"case line {line}"]


@plant("disposals")
def units_that_are_nowhere(world: World) -> list[str]:
    line = world.line_of(world.confirming)
    world.run(
        "UPDATE disposals SET resale_milli = resale_milli - 1000 WHERE case_line_id = :line",
        "UPDATE disposal_moves SET milli = milli - 1000 WHERE disposal_id = "
        "(SELECT id FROM disposals WHERE case_line_id = :line)",
        line=line,
    )
    return [f"line {line} {world.confirming}"]


@plant("disposals")
def units_that_nobody_moved(world: World) -> list[str]:
    line = world.line_of(world.confirming)
    world.run(
        "UPDATE disposals SET resale_milli = resale_milli - 1000, scrap_milli = scrap_milli + 1000 "
        "WHERE case_line_id = :line",
        line=line,
    )
    return [f"moves {line} {world.confirming}"]


@plant("ledger")
def still_claimed_after_withdrawing(world: World) -> list[str]:
    case = world.cast.take(db.session.get_one(Case, world.applied), "withdraw", Actor.BUYER)
    assert case.state == "withdrawn"
    world.run("UPDATE order_lines SET claimed_milli = 2000 WHERE id = :line", line=world.line)
    return [f"order line {world.line} claimed 2000 of 10000 cases 0"]


def _quantity(column: str, value: int) -> Plant:
    def break_it(world: World) -> list[str]:
        line = world.line_of(world.confirming)
        world.run(f"UPDATE case_lines SET {column} = :value WHERE id = :line", value=value, line=line)
        return [f"case line {line}"]

    break_it.__name__ = f"{column}_{value}"
    return break_it


for _column, _value in (
    ("shipped_milli", 2_001),
    ("accepted_milli", 2_001),
    ("received_milli", 2_001),
    ("received_milli", 1_999),
    ("shipped_milli", -1),
    ("accepted_milli", -1),
):
    plant("quantities")(_quantity(_column, _value))


@plant("events")
def no_row_of_the_table(world: World) -> list[str]:
    world.run("UPDATE case_events SET step = 'agree' WHERE case_id = :case AND version = 1", case=world.applied)
    world.forge(world.applied)
    return [f"case {world.applied} event 1: agree is no row of the table"]


@plant("events")
def taken_by_the_wrong_side(world: World) -> list[str]:
    world.run("UPDATE case_events SET actor = 'buyer' WHERE case_id = :case AND step = 'agree'", case=world.confirming)
    world.forge(world.confirming)
    return [f"case {world.confirming} event 2: agree is no row of the table"]


@plant("events")
def an_event_is_missing(world: World) -> list[str]:
    world.run("DELETE FROM case_events WHERE case_id = :case AND step = 'ship_return'", case=world.confirming)
    world.forge(world.confirming)
    return [f"case {world.confirming} event 4: does not follow the one before"]


@plant("events")
def the_last_event_is_missing(world: World) -> list[str]:
    world.run("DELETE FROM case_events WHERE case_id = :case AND step = 'ship_replacement'", case=world.confirming)
    return [f"case {world.confirming}: confirming version 5, its events end at ('reshipping', 4)"]


@plant("events")
def a_case_without_events(world: World) -> list[str]:
    world.run("DELETE FROM case_events WHERE case_id = :case", case=world.applied)
    return [f"case {world.applied}: applied version 1, its events end at None"]


@plant("events")
def dated_before_the_one_before(world: World) -> list[str]:
    world.run(
        "UPDATE case_events SET at = :at WHERE case_id = :case AND version = 3",
        at=(world.cast.now - timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S.%f"),
        case=world.confirming,
    )
    world.forge(world.confirming)
    return [f"case {world.confirming} event 3: is dated before the one before"]


@plant("events")
def a_state_set_by_hand(world: World) -> list[str]:
    """With its counters, so that only the history speaks against it."""
    world.run(
        "UPDATE cases SET state = 'revising' WHERE id = :case",
        "UPDATE case_tallies SET state = 'revising' WHERE state = 'applied'",
        case=world.applied,
    )
    return [f"case {world.applied}: revising version 1, its events end at ('applied', 1)"]


@plant("events")
def a_version_too_many(world: World) -> list[str]:
    world.run("UPDATE cases SET version = 2 WHERE id = :case", case=world.applied)
    return [f"case {world.applied}: applied version 2, its events end at ('applied', 1)"]


@plant("hashes")
def words_changed_afterwards(world: World) -> list[str]:
    world.run("UPDATE case_events SET note = '改过' WHERE case_id = :case AND version = 2", case=world.confirming)
    return [f"case {world.confirming} event 2"]


@plant("hashes")
def facts_changed_afterwards(world: World) -> list[str]:
    world.run("""UPDATE case_events SET data = '{"x": 1}' WHERE case_id = :case AND version = 1""", case=world.applied)
    return [f"case {world.applied} event 1"]


@plant("hashes")
def changed_with_its_own_hash(world: World) -> list[str]:
    """Who also reckons the changed event's hash again is given away by the next one."""
    world.run("UPDATE case_events SET note = '改过' WHERE case_id = :case AND version = 2", case=world.confirming)
    columns = CaseEvent.__table__.columns
    found = select(*columns).where(CaseEvent.case_id == world.confirming, CaseEvent.version == 2)
    made = hash_event(dict(db.session.execute(found).mappings().one()))
    world.run(
        "UPDATE case_events SET hash = :made WHERE case_id = :case AND version = 2", made=made, case=world.confirming
    )
    return [f"case {world.confirming} event 3"]


@plant("deadlines")
def open_without_a_deadline(world: World) -> list[str]:
    world.run("UPDATE cases SET due_at = NULL WHERE id = :case", case=world.applied)
    return [f"case {world.applied} applied"]


@plant("deadlines")
def over_but_with_a_deadline(world: World) -> list[str]:
    world.run("UPDATE cases SET due_at = '2026-12-01 00:00:00.000000' WHERE id = :case", case=world.completed)
    return [f"case {world.completed} completed"]


@plant("notices")
def nobody_was_told(world: World) -> list[str]:
    world.run("DELETE FROM notices WHERE case_id = :case", case=world.applied)
    return [f"case {world.applied} event 1: seller was not told"]


@plant("notices")
def one_of_two_was_not_told(world: World) -> list[str]:
    told = Counter(
        key.split(":")[2]
        for key in db.session.scalars(select(Notice.dedupe_key).where(Notice.case_id == world.completed))
        if key.startswith("case:")
    )
    both = next(version for version, number in sorted(told.items()) if number == 2)
    world.run("DELETE FROM notices WHERE dedupe_key LIKE :key", key=f"case:{world.completed}:{both}:buyer%")
    return [f"case {world.completed} event {both}: buyer was not told"]


@plant("tabs")
def a_counter_too_high(world: World) -> list[str]:
    world.run("UPDATE case_tallies SET number = number + 1 WHERE state = 'applied'")
    return [f"shop {world.cast.shop} applied counter 2 cases 1"]


@plant("tabs")
def a_counter_of_nothing(world: World) -> list[str]:
    world.run("INSERT INTO case_tallies (shop_id, state, number) VALUES (:shop, 'closed', 1)", shop=world.cast.shop2)
    return [f"shop {world.cast.shop2} closed counter 1 cases 0"]


@plant("untallied")
def no_counter(world: World) -> list[str]:
    world.run("DELETE FROM case_tallies WHERE state = 'completed'")
    return [f"shop {world.cast.shop} completed"]


@plant("order cases")
def an_order_that_forgot_its_case(world: World) -> list[str]:
    world.run("UPDATE orders SET case_count = 0 WHERE id = :order", order=world.order)
    return [f"order {_order_no(world.order)} counter 0 cases 1"]


@plant("order cases")
def an_order_that_knows_too_many(world: World) -> list[str]:
    world.run("UPDATE orders SET case_count = 1 WHERE id = :order", order=world.other_order)
    return [f"order {_order_no(world.other_order)} counter 1 cases 0"]


@plant("goods totals")
def a_line_that_the_sum_does_not_know(world: World) -> list[str]:
    total = db.session.scalar(select(Order.goods_total_fen).where(Order.id == world.other_order))
    world.run("UPDATE orders SET goods_total_fen = 2 * goods_total_fen WHERE id = :order", order=world.other_order)
    return [f"order {_order_no(world.other_order)} total {2 * (total or 0)} gap 0 lines {total}"]


@plant("forward")
def an_order_that_was_sent_and_waits_to_be(world: World) -> list[str]:
    world.run(
        "UPDATE orders SET status = 'unshipped', shipped_at = ordered_at WHERE id = :order", order=world.other_order
    )
    return [f"order {_order_no(world.other_order)} unshipped"]


@plant("frozen facts")
def a_case_whose_order_was_rewritten(world: World) -> list[str]:
    case = db.session.get_one(Case, world.applied)
    paid, number = case.opened_on["paid_fen"], case.case_no
    world.run("UPDATE orders SET paid_fen = 100 WHERE id = :order", order=world.order)
    return [f"case {number}: paid_fen was {paid}, is 100"]


@plant("frozen facts")
def a_case_whose_goods_are_promised_less_now(world: World) -> list[str]:
    case, line = db.session.get_one(Case, world.applied), db.session.get_one(OrderLine, world.line)
    was = [line.unit_price_fen, line.quantity_milli]
    said = f"case {case.case_no}: line {line.id} was {[*was, line.guarantees]}, is {[*was, 'other']}"
    world.run("UPDATE order_lines SET guarantees = 'other' WHERE id = :line", line=world.line)
    return [said]


def _moved(column: str, day: str) -> Plant:
    def break_it(world: World) -> list[str]:
        case = db.session.get_one(Case, world.applied)
        now = f"{day}T02:00:00+00:00" if day else None
        said = f"case {case.case_no}: {column} was {case.opened_on[column]}, is {now}"
        moved, order = f"{day} 02:00:00.000000" if day else None, case.order_id
        world.run(f"UPDATE orders SET {column} = :moved WHERE id = :order", moved=moved, order=order)
        return [said]

    break_it.__name__ = f"{column}_{'moved' if day else 'gone'}"
    return break_it


for _column, _told in (("ordered_at", "2026-11-18"), ("paid_at", "2026-11-18"), ("paid_at", "")):
    plant("frozen facts")(_moved(_column, _told))


@plant("accepted")
def believed_for_no_reason(world: World) -> list[str]:
    with writing():
        version = OrderVersion(
            shop_id=world.cast.shop,
            order_id=world.order,
            at=world.cast.now,
            changes=[["订单状态", "退款中", "等待买家收货"]],
            accepted_by=world.cast.seller,
        )
        db.session.add(version)
        db.session.flush()
        found = version.id
    return [f"order version {found}"]


@plant("frozen facts")
def a_case_that_forgot_what_it_stands_on(world: World) -> list[str]:
    number = db.session.get_one(Case, world.applied).case_no
    world.run("UPDATE cases SET opened_on = '{}' WHERE id = :case", case=world.applied)
    return [f"case {number}: keeps no facts"]


@plant("order changes")
def a_change_that_nobody_was_told_of(world: World) -> list[str]:
    with writing():
        version = OrderVersion(
            shop_id=world.cast.shop,
            order_id=world.order,
            at=world.cast.now,
            held=[["实付款(元)", "500.00", "1.00"]],
        )
        db.session.add(version)
        db.session.flush()
        found = version.id
    return [f"order version {found}"]


@plant("followed")
def a_parcel_that_nobody_follows(world: World) -> list[str]:
    parcel = world.parcel("back")
    world.run("DELETE FROM shipments WHERE parcel_id = :parcel", parcel=parcel)
    return [f"parcel {parcel} ZTO 75484863576596"]


def _shipment(column: str, value: object) -> Plant:
    def break_it(world: World) -> list[str]:
        parcel = world.parcel("back")
        found = db.session.scalar(select(Shipment.id).where(Shipment.parcel_id == parcel))
        world.run(f"UPDATE shipments SET {column} = :value WHERE id = :id", value=value, id=found)
        return [f"shipment {found}"]

    break_it.__name__ = f"shipment_{column}"
    return break_it


for _column, _told in (("tracking_no", "1"), ("carrier", "SF"), ("signed_at", "2026-11-23 02:00:00.000000")):
    plant("shipments")(_shipment(_column, _told))


@plant("believed")
def signed_for_by_nobody(world: World) -> list[str]:
    parcel = world.parcel("back")
    world.run(
        "UPDATE parcels SET signed_at = shipped_at WHERE id = :parcel",
        "UPDATE shipments SET signed_at = since_at WHERE parcel_id = :parcel",
        parcel=parcel,
    )
    return [f"parcel {parcel}"]


@plant("believed")
def signed_for_by_a_scan_in_doubt(world: World) -> list[str]:
    parcel = world.parcel("back")
    with writing():
        case_scans.record_scans(parcel, [Scan(world.cast.now, "signed", "x")], now=world.cast.now)
    world.run("UPDATE parcel_traces SET doubt = 'onesided' WHERE parcel_id = :parcel", parcel=parcel)
    return [f"parcel {parcel}"]


@plant("believed")
def an_order_signed_for_by_nobody(world: World) -> list[str]:
    with writing():
        order = db.session.get_one(Order, world.other_order)
        following.follow_order(order, world.cast.now)
    found = db.session.scalar(select(Shipment.id).where(Shipment.parcel_id.is_(None)))
    world.run("UPDATE shipments SET signed_at = since_at WHERE id = :id", id=found)
    return [f"shipment {found}"]


@plant("waiting")
def waiting_for_what_was_answered(world: World) -> list[str]:
    world.run(
        "UPDATE conversations SET waiting_since = '2026-11-23 02:00:00.000000' WHERE id = :id", id=world.conversation
    )
    return [f"conversation {world.conversation}"]


@plant("waiting")
def nobody_waits_although_nothing_was_answered(world: World) -> list[str]:
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, world.order), world.cast.now)
        conversations.add_message(talk, "buyer", world.cast.buyer, "还在吗", now=world.cast.now)
    world.run("UPDATE conversations SET waiting_since = NULL WHERE id = :id", id=world.conversation)
    return [f"conversation {world.conversation}"]


@plant("proposals")
def proposed_to_without_a_proposal(world: World) -> list[str]:
    case = world.cast.until("proposed")
    line = f"case {case.case_no} proposed"
    world.run("UPDATE proposals SET state = 'lapsed' WHERE case_id = :case", case=case.id)
    return [line]


@plant("proposals")
def a_proposal_that_was_left_open(world: World) -> list[str]:
    case = world.cast.take(world.cast.until("proposed"), "decline", Actor.BUYER)
    line = f"case {case.case_no} {case.state}"
    world.run("UPDATE proposals SET state = 'open' WHERE case_id = :case", case=case.id)
    return [line]


@plant("parties")
def the_order_of_another_buyer(world: World) -> list[str]:
    world.run(
        "UPDATE orders SET buyer_id = :buyer WHERE id = :order",
        "UPDATE order_heads SET buyer_id = :buyer WHERE order_id = :order",
        buyer=world.cast.buyer2,
        order=world.order,
    )
    return [f"case {_case_no(world.applied)}"]


@plant("parties")
def the_order_of_another_shop(world: World) -> list[str]:
    world.run(
        "UPDATE orders SET shop_id = :shop WHERE id = :order",
        "UPDATE order_heads SET shop_id = :shop WHERE order_id = :order",
        shop=world.cast.shop2,
        order=world.order,
    )
    return [f"case {_case_no(world.applied)}"]


@plant("parties")
def the_line_of_another_order(world: World) -> list[str]:
    world.run(
        "UPDATE order_lines SET order_id = :other, line_key = 'moved' WHERE id = :line",
        other=world.other_order,
        line=world.line,
    )
    return [f"case {_case_no(world.applied)}"]


@plant("policies")
def the_policy_of_another_shop(world: World) -> list[str]:
    world.run("UPDATE cases SET policy_id = :policy WHERE id = :case", policy=world.policy2, case=world.applied)
    return [f"case {_case_no(world.applied)}"]


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
    case = f"case {_case_no(entry.case_id)} refunding"
    world.run(
        "UPDATE money_entries SET state = 'settled', settled_at = made_at, reference = '1' WHERE id = :id", id=entry.id
    )
    return [case]


@plant("owed")
def ended_and_still_owing(world: World) -> list[str]:
    entry = refunded(world, "completed")
    case = f"case {_case_no(entry.case_id)} completed"
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


def late(world: World) -> Case:
    """A mediation whose decision is late."""
    return world.cast.mediated(world.cast.until("revising"), "overdue", mediator_id=world.cast.mediator)


@plant("late decisions")
def late_without_a_clock(world: World) -> list[str]:
    case = late(world)
    world.run("UPDATE cases SET due_at = NULL, due_rule = '' WHERE id = :id", id=case.id)
    return [f"case {case.case_no}: its decision is late and no clock runs"]


_RULE_NEXT = "UPDATE cases SET due_rule = 'mediation_rule' WHERE id = :id"
_PASSED = "UPDATE mediations SET passed_at = stage_at, "


@plant("late decisions")
def passed_on_to_nobody(world: World) -> list[str]:
    case = late(world)
    world.run(_RULE_NEXT, _PASSED + "mediator_id = NULL WHERE case_id = :id", id=case.id)
    return [f"case {case.case_no}: its decision is late and nobody has it"]


@plant("late decisions")
def passed_on_to_the_same_one(world: World) -> list[str]:
    case = late(world)
    world.run(_RULE_NEXT, _PASSED + "first_mediator_id = mediator_id WHERE case_id = :id", id=case.id)
    return [f"case {case.case_no}: the one who was late has it still"]


@plant("late decisions")
def passed_on_to_one_of_a_side(world: World) -> list[str]:
    case, seller = late(world), world.cast.seller
    world.run(_RULE_NEXT, id=case.id)
    world.run(_PASSED + "mediator_id = :seller WHERE case_id = :id", id=case.id, seller=seller)
    return [f"case {case.case_no}: who has it is one of a side"]


@plant("mediations")
def in_mediation_without_one(world: World) -> list[str]:
    case = late(world)
    world.run("DELETE FROM mediations WHERE case_id = :id", id=case.id)
    return [f"case {case.case_no}"]


@plant("mediations")
def a_mediation_that_nobody_ended(world: World) -> list[str]:
    case = late(world)
    world.run("UPDATE cases SET escalated = false, stage = '' WHERE id = :id", id=case.id)
    return [f"case {case.case_no}"]


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


@plant("unread")
def a_mark_too_many_for_the_buyer(world: World) -> list[str]:
    world.run("UPDATE conversations SET buyer_unread = buyer_unread + 1 WHERE id = :id", id=world.conversation)
    return [f"conversation {world.conversation}"]


@plant("unread")
def a_mark_lost_for_the_seller(world: World) -> list[str]:
    world.run("UPDATE conversations SET seller_unread = seller_unread + 1 WHERE id = :id", id=world.conversation)
    return [f"conversation {world.conversation}"]


def linked(world: World, *pairs: tuple[int, int]) -> None:
    kept = "id, downstream_id, upstream_id, shop_id, upstream_shop_id, created_by, created_at, route_back, route_out"
    freight = "freight_back_fen, freight_out_fen, freight_back_payer, freight_out_payer"
    values = ":id, :below, :above, 1, 1, 3, '2026-11-23 02:00:00', 'via', 'via', 0, 0, 'supplier', 'supplier'"
    for number, (below, above) in enumerate(pairs, 1):
        world.run(f"INSERT INTO case_links ({kept}, {freight}) VALUES ({values})", id=number, below=below, above=above)


@plant("chains")
def a_link_without_one_in_the_middle(world: World) -> list[str]:
    linked(world, (world.applied, world.confirming))
    return ["link 1: the shop below is not the buyer's above"]


@plant("chains")
def two_cases_that_hang_on_each_other(world: World) -> list[str]:
    linked(world, (world.applied, world.confirming), (world.confirming, world.applied))
    wrong = [f"link {number}: the shop below is not the buyer's above" for number in (1, 2)]
    return [*wrong, *(f"case {case}: hangs on itself" for case in (world.applied, world.confirming))]


@plant("heads")
def a_head_that_went(world: World) -> list[str]:
    world.run("DELETE FROM order_heads WHERE order_id = :order", order=world.order)
    return [f"order {_order_no(world.order)}: has no head"]


@plant("heads")
def a_head_of_another_buyer(world: World) -> list[str]:
    world.run(
        "UPDATE case_heads SET buyer_id = :buyer WHERE case_id = :case", buyer=world.cast.buyer2, case=world.applied
    )
    return [f"case {_case_no(world.applied)}: its head says something else"]


@plant("heads")
def a_head_in_another_shop(world: World) -> list[str]:
    world.run("UPDATE case_heads SET shop_id = :shop WHERE case_id = :case", shop=world.cast.shop2, case=world.applied)
    number = _case_no(world.applied)
    return [f"case {number}: has no head", f"head of case {number}: there is no such case"]


@plant("heads")
def a_head_of_nothing(world: World) -> list[str]:
    world.run(
        "INSERT INTO order_heads (order_no, order_id, shop_id, buyer_id) VALUES ('77', 77, :shop, :buyer)",
        shop=world.cast.shop,
        buyer=world.cast.buyer,
    )
    return ["head of order 77: there is no such order"]


@plant("shops")
def a_message_of_another_shop(world: World) -> list[str]:
    world.run("UPDATE messages SET shop_id = :shop", shop=world.cast.shop2)
    messages = db.session.scalars(select(Message.id).order_by(Message.id)).all()
    return [f"messages {message}: its conversation_id is another shop's" for message in messages]


@plant("links")
def a_link_to_another_shop_than_its_case(world: World) -> list[str]:
    linked(world, (world.applied, world.confirming))
    world.run(
        "UPDATE case_links SET upstream_shop_id = :shop",
        "UPDATE shops SET owner_id = :buyer WHERE id = :own",  # so that nothing else is wrong with it
        shop=world.cast.shop2,
        buyer=world.cast.buyer,
        own=world.cast.shop,
    )
    return [f"case_links: what {world.applied} hangs on is not of the shop it names"]


@plant("desks")
def an_owner_without_a_desk(world: World) -> list[str]:
    world.run("UPDATE staff SET current = 0 WHERE user_id = :seller", seller=world.cast.seller)
    return [f"user {world.cast.seller}"]


@plant("known shops")
def an_order_shown_to_who_does_not_know_the_shop(world: World) -> list[str]:
    number = db.session.scalar(select(Order.order_no).where(Order.id == world.other_order))
    world.run("UPDATE known_shops SET accepted = 0")
    return [f"order {number} of shop {world.cast.shop} is shown to {world.cast.buyer}"]


@plant("known shops")
def an_order_hidden_from_who_knows_the_shop(world: World) -> list[str]:
    number = db.session.scalar(select(Order.order_no).where(Order.id == world.other_order))
    world.run("UPDATE orders SET shown = 0 WHERE id = :order", order=world.other_order)
    return [f"order {number} of shop {world.cast.shop} is hidden from {world.cast.buyer}"]


@plant("return places")
def a_case_that_counts_two_places_and_has_none(world: World) -> list[str]:
    world.run("UPDATE cases SET place_count = 2 WHERE id = :case", case=world.confirming)
    return [
        f"case {world.confirming}: 2 return addresses, and 0 places",
        f"case {world.confirming}: not each line goes back to one place",
        f"case {world.confirming}: its return address isn't that of its first place",
    ]


@plant("return places")
def more_in_a_parcel_than_is_sent_back(world: World) -> list[str]:
    line = world.line_of(world.confirming)
    world.run(
        "INSERT INTO parcel_lines (id, shop_id, parcel_id, case_line_id, quantity_milli, spec) "
        "SELECT 1, shop_id, id, :line, 999000, '' FROM parcels WHERE case_id = :case AND leg = 'back'",
        line=line,
        case=world.confirming,
    )
    return [f"case {world.confirming}: more of line {line} in parcels than is sent back"]


@plant("strangers")
def a_case_and_words_of_a_stranger(world: World) -> list[str]:
    world.run(
        "DELETE FROM known_shops",
        "UPDATE orders SET shown = 0 WHERE id IN (:order, :other)",
        order=world.order,
        other=world.other_order,
    )
    return [f"case {_case_no(world.applied)}", f"conversation {world.conversation}"]


@plant("order numbers")
def a_number_of_two_shops_that_nobody_was_told_of(world: World) -> list[str]:
    number = db.session.scalar(select(Order.order_no).where(Order.id == world.other_order))
    world.run("UPDATE orders SET contested = 1 WHERE id = :order", order=world.other_order)
    return [f"order {number} of shop {world.cast.shop}"]


def _give_another_shop(world: World) -> list[str]:
    """The number of an order to an order of another shop's as well; what must be said of both."""
    number = _order_no(world.other_order)
    world.cast.order(order_no=number, shop=world.cast.shop2, buyer=world.cast.buyer2)
    return [f"order {number} of shop {shop}" for shop in (world.cast.shop, world.cast.shop2)]


@plant("order numbers")
def a_number_of_two_shops_that_is_not_marked(world: World) -> list[str]:
    return _give_another_shop(world)


@plant("order numbers")
def a_marked_number_of_which_one_shop_was_told(world: World) -> list[str]:
    [_, other] = _give_another_shop(world)
    number = _order_no(world.other_order)
    with writing():
        claims = Claims()
        claims.look_up([number])
        claims.settle([(number, world.cast.shop2)], world.cast.now)
    world.run("DELETE FROM notices WHERE kind = 'number_claimed' AND shop_id = :shop", shop=world.cast.shop2)
    return [other]


@plant("files")
def a_photo_without_its_file(world: World) -> list[str]:
    key = db.session.scalars(select(Evidence.key)).one()
    world.store.delete(key)
    return [f"no file {key}"]


@plant("files")
def a_photo_without_its_small_one(world: World) -> list[str]:
    key = db.session.scalars(select(Evidence.thumb_key)).one()
    world.store.delete(key)
    return [f"no file {key}"]


@plant("files")
def a_file_that_no_row_names(world: World) -> list[str]:
    key = evidence.new_key(b"left over")
    world.store.put(key, b"left over")
    path = world.store.path(key)
    long_ago = path.stat().st_mtime - timedelta(days=2).total_seconds()
    os.utime(path, (long_ago, long_ago))
    return [f"no row for {key}"]


@plant("files")
def a_photo_that_was_changed(world: World) -> list[str]:
    key = db.session.scalars(select(Evidence.key)).one()
    world.store.path(key).write_bytes(b"phot0")
    return [f"changed {key}"]


@plant("database")
def a_row_that_names_nothing(world: World) -> list[str]:
    world.run("UPDATE evidence SET owner_id = 999999")
    return ["evidence 1: what it names in users is missing"]


@plant("json")
def what_is_no_json(world: World) -> list[str]:
    world.run("UPDATE cases SET origin = '{not' WHERE id = :case", case=world.applied)
    return [f"cases {world.applied}: origin"]


@plant("anchors")
def a_history_that_was_forged_whole(world: World) -> list[str]:
    """With every hash of the table made right again: only what lies outside speaks against it."""
    anchors.write_head()
    upto = db.session.scalar(select(func.max(CaseEvent.id)))
    world.run("UPDATE case_events SET note = '改过' WHERE case_id = :case AND version = 2", case=world.confirming)
    world.forge(world.confirming)
    return [f"the events up to {upto} are not what they were"]


@plant("alarms")
def a_case_that_is_stuck(world: World) -> list[str]:
    notes.raise_alarm(notes.STUCK_CASE, "7", "of all things", world.cast.now)
    return ["stuck case 7 since 2026-11-23 02:00 UTC: of all things"]


@plant("ratings")
def a_case_that_goes_on_is_asked_about(world: World) -> list[str]:
    world.run(
        "INSERT INTO ratings (id, shop_id, case_id, buyer_id, ended_at, asks, next_ask_at, words, by_link, answer, "
        "follow_state, follow_note) SELECT 1, shop_id, id, buyer_id, opened_at, 0, opened_at, '', 0, '', '', '' "
        "FROM cases WHERE id = :case_id",
        case_id=world.applied,
    )
    return [f"case {world.applied} 0"]


@plant("ratings")
def an_ended_case_has_no_question(world: World) -> list[str]:
    world.run("DELETE FROM ratings WHERE case_id = :case_id", case_id=world.completed)
    return [f"case without a question {world.completed} 0"]


@plant("enquiries")
def a_thread_forgets_its_last_message(world: World) -> list[str]:
    world.run(
        "INSERT INTO enquiries (id, shop_id, product_id, buyer_id, last_message_id, last_words, last_at, handed_note) "
        "SELECT 7, shop_id, id, :buyer, 0, '', '2026-11-23 00:00:00', '' FROM products LIMIT 1",
        buyer=world.cast.buyer,
    )
    return ["enquiry 7"]


def _order_no(order_id: int) -> str:
    return db.session.scalars(select(Order.order_no).where(Order.id == order_id)).one()


def _case_no(case_id: int) -> str:
    return db.session.get_one(Case, case_id).case_no


def doctors_word(app: Flask) -> tuple[int, dict[str, list[str]]]:
    """The exit code of `portal doctor`, and the violations it printed below the name of each check."""
    db.session.remove()
    run = app.test_cli_runner().invoke(portal, ["doctor"])
    assert run.exception is None or isinstance(run.exception, SystemExit), run.exception
    said: dict[str, list[str]] = {}
    verdicts: dict[str, str] = {}
    name = ""
    for line in run.output.splitlines():
        if line.startswith("do "):
            continue  # what is to be done, such as loading a year's calendar
        if line.startswith("      "):
            said[name].append(line.strip())
        else:
            name = line[4:].partition(": ")[0]
            said[name], verdicts[name] = [], line[:4].strip()
    assert verdicts == {name: "BAD" if found else "ok" for name, found in said.items()}
    return run.exit_code, said


def test_a_whole_world_is_well(app: Flask, world: World) -> None:
    assert doctors_word(app) == (0, {name: [] for name in NAMES})


OWN_PLACE = "SELECT product_id, week FROM sold_lines WHERE order_line_id = :line"
OWN_PRODUCT = "(SELECT product_id FROM sold_lines WHERE order_line_id = :line)"


@plant("sold weeks")
def a_line_more_than_was_sold(world: World) -> list[str]:
    world.run(f"UPDATE sold_weeks SET lines = lines + 1 WHERE product_id = {OWN_PRODUCT}", line=world.line)
    row = db.session.execute(db.text(OWN_PLACE), {"line": world.line}).one()
    return [f"shop {world.cast.shop} {row.product_id} 黑色;L 0 {row.week}"]


@plant("sold")
def a_line_that_was_never_counted(world: World) -> list[str]:
    world.run(
        f"UPDATE sold_weeks SET lines = 0, milli = 0 WHERE product_id = {OWN_PRODUCT}",
        "DELETE FROM sold_lines WHERE order_line_id = :line",
        line=world.line,
    )
    should, _ = sold.read_sold(world.cast.shop, [world.order])
    return [f"order line {world.line}: None, should be {should[world.line]}"]


@plant("faults")
def a_fault_that_nobody_counted(world: World) -> list[str]:
    world.run(f"UPDATE fault_weeks SET cases = cases + 1 WHERE product_id = {OWN_PRODUCT}", line=world.line)
    row = db.session.execute(db.text(OWN_PLACE), {"line": world.line}).one()
    return [f"shop {world.cast.shop} {row.product_id} 黑色;L 0 {row.week} broken"]


@pytest.mark.parametrize(("check", "broken"), PLANTS, ids=[f"{name}: {plant.__name__}" for name, plant in PLANTS])
def test_it_is_found_and_nothing_else(app: Flask, world: World, check: str, broken: Plant) -> None:
    lines = broken(world)
    code, said = doctors_word(app)
    if check in ("parties", "policies", "shops"):  # a row of another shop is missing where the key with the shop points
        assert all("what it names in" in line for line in said["database"])
        said["database"] = []
    if check in ("parties", "policies"):  # these say it in the words of the trade
        assert all("is another shop's" in line for line in said["shops"])
        said["shops"] = []
    for name in {"sold", "faults"} - {check}:  # an order or a case that was changed behind their back counts otherwise
        assert all(line.startswith(("order line", "case line", "shop")) for line in said[name])
        said[name] = []
    assert (code, said) == (1, {name: lines if name == check else [] for name in NAMES})


def test_every_check_has_a_violation_planted() -> None:
    assert {check for check, _ in PLANTS} == set(NAMES)


def test_more_paid_than_can_be_believed_is_said_and_breaks_nothing(app: Flask, world: World) -> None:
    order = db.session.get_one(Order, (world.other_order, world.cast.shop))
    due, number = order.goods_total_fen, order.order_no
    world.run("UPDATE orders SET paid_fen = :paid WHERE id = :order", paid=due + 1, order=world.other_order)
    said = app.test_cli_runner().invoke(portal, ["doctor"])
    assert said.exit_code == 0
    assert f"do  payments: order {number}: paid {due + 1}, can have cost {due}; " in said.output


def test_a_long_list_is_cut(app: Flask, world: World) -> None:
    world.run("DELETE FROM case_tallies", "DELETE FROM notices")
    for number in range(25):
        world.run(
            "INSERT INTO case_tallies (shop_id, state, number) VALUES (:shop, :state, 1)",
            shop=world.cast.shop2,
            state=f"s{number}",
        )
    code, said = doctors_word(app)
    assert code == 1
    assert len(said["tabs"]) == doctor.MOST_SHOWN + 1 and said["tabs"][-1] == "…"
