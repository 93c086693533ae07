"""Violations in orders: what is counted of them, what imports said, parcels and what was sold."""

from __future__ import annotations

from sqlalchemy import select

from portal.extensions import db, writing
from portal.models import (
    Case,
    Order,
    OrderLine,
    OrderVersion,
    Shipment,
)
from portal.orders import sold
from portal.parcels import following
from portal.parcels.scans import Scan
from portal.tracking import scans as case_scans
from tests.domain.doctor_world import Plant, World, find_order_no, plant


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
    return [f"order {find_order_no(world.order)} counter 0 cases 1"]


@plant("order cases")
def an_order_that_knows_too_many(world: World) -> list[str]:
    world.run("UPDATE orders SET case_count = 1 WHERE id = :order", order=world.other_order)
    return [f"order {find_order_no(world.other_order)} counter 1 cases 0"]


@plant("goods totals")
def a_line_that_the_sum_does_not_know(world: World) -> list[str]:
    total = db.session.scalar(select(Order.goods_total_fen).where(Order.id == world.other_order))
    world.run("UPDATE orders SET goods_total_fen = 2 * goods_total_fen WHERE id = :order", order=world.other_order)
    return [f"order {find_order_no(world.other_order)} total {2 * (total or 0)} gap 0 lines {total}"]


@plant("forward")
def an_order_that_was_sent_and_waits_to_be(world: World) -> list[str]:
    world.run(
        "UPDATE orders SET status = 'unshipped', shipped_at = ordered_at WHERE id = :order", order=world.other_order
    )
    return [f"order {find_order_no(world.other_order)} unshipped"]


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
