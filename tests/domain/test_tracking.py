"""Parcels followed: asked about once and in time, whatever the service does; scans kept once; 签收 moves deadlines."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask import Flask
from sqlalchemy import func

from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, Notice, Order, Parcel, ParcelTrace, Shipment, ShipmentTrace, Track
from portal.parcels import following, keeping, parcel_view, telling
from portal.parcels.carriers import Carrier
from portal.parcels.couriers import AskFailed, Kuaidi100, Problem
from portal.parcels.scans import Scan
from portal.tracking import monitor, polling
from portal.tracking import scans as case_scans
from portal.words import BEIJING
from tests.cast import PARCELS, Cast
from tests.conftest import NOW

HOUR = timedelta(hours=1)
NUMBER = PARCELS[0][1]


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Fake:
    """A service that answers as it is told, in the process."""

    name = "kuaidi100"

    def __init__(self) -> None:
        self.said: list[Scan] | AskFailed = []
        self.asked: list[tuple[str, str, str]] = []

    def knows(self, carrier: Carrier) -> bool:
        return True

    def ask(self, carrier: Carrier, number: str, phone_tail: str) -> list[Scan]:
        self.asked.append((carrier.code, number, phone_tail))
        if isinstance(self.said, AskFailed):
            raise self.said
        return self.said


def scan(hours: float, status: str, words: str = "") -> Scan:
    return Scan(NOW + hours * HOUR, status, words or f"【义乌市】{status}")


def track() -> Track:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(db.select(Track)).one()


def kept() -> list[tuple[datetime, str, str]]:
    db.session.rollback()
    rows = db.session.execute(db.select(ParcelTrace.at, ParcelTrace.status, ParcelTrace.doubt).order_by(ParcelTrace.at))
    return [tuple(row) for row in rows]


def titles(kind: str = "parcel") -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Notice.title).where(Notice.kind == kind).order_by(Notice.id)))


def fresh(case: Case) -> Case:
    db.session.rollback()
    return db.session.get_one(Case, case.id, populate_existing=True)


# Asking --------------------------------------------------------------------------------------------------------------


def test_a_doubtful_receipt_is_kept_shown_and_starts_no_clock(both: Flask, cast_both: Cast, clock: Clock) -> None:
    case = cast_both.until("inspecting")
    due = case.due_at
    service = Fake()
    service.said = [Scan(NOW + HOUR, "transit", "部分签收,剩余1件待派", unclear=True)]
    clock.at = NOW + 2 * HOUR
    polling.poll_carriers(service, 60, clock)
    assert kept() == [(NOW + HOUR, "transit", "unclear")]
    assert fresh(case).due_at == due and titles() == []
    parcel = db.session.scalars(db.select(Parcel)).one()
    with writing():  # said again without the doubt, it counts, as what it is
        case_scans.record_scans(parcel.id, [Scan(NOW + HOUR, "signed", "部分签收,剩余1件待派")], now=clock.at)
    assert kept() == [(NOW + HOUR, "signed", "")]
    assert db.session.get_one(Parcel, parcel.id, populate_existing=True).signed_at == NOW + HOUR


def test_a_parcel_is_asked_about_every_half_hour_until_it_is_signed_for(
    both: Flask, cast_both: Cast, clock: Clock
) -> None:
    case = cast_both.until("inspecting")
    service = Fake()
    service.said = [scan(1, "picked")]
    clock.at = NOW + HOUR
    assert polling.poll_carriers(service, 60, clock) == 1
    assert service.asked == [("ZTO", NUMBER, "8000")]  # the return address' telephone number
    assert track().next_at == clock.at + polling.EVERY and track().checked_at == clock.at
    assert polling.poll_carriers(service, 60, clock) == 0
    clock.at += polling.EVERY
    service.said = [scan(1, "picked"), scan(1.4, "delivering")]
    assert polling.poll_carriers(service, 60, clock) == 1
    clock.at = NOW + 5 * HOUR
    service.said = [scan(4, "signed"), scan(1, "picked"), scan(1.4, "delivering")]
    assert polling.poll_carriers(service, 60, clock) == 1
    assert track().next_at is None and track().ended_at == clock.at
    assert [status for _, status, _ in kept()] == ["picked", "transit", "signed"]
    parcel = db.session.scalars(db.select(Parcel)).one()
    assert parcel.signed_at == NOW + 4 * HOUR
    assert fresh(case).due_at == NOW + 4 * HOUR + timedelta(days=3)
    assert titles() == ["寄回的包裹已揽收", "寄回的包裹正在派送", "寄回的包裹已签收"]
    clock.at += timedelta(days=1)
    assert polling.poll_carriers(service, 60, clock) == 0 and len(service.asked) == 3


def test_a_number_that_hangs_on_two_cases_is_asked_about_once(both: Flask, cast_both: Cast, clock: Clock) -> None:
    for _ in range(2):
        cast_both.until("inspecting")
    service = Fake()
    service.said = [scan(1, "picked"), scan(2, "signed")]
    clock.at = NOW + 3 * HOUR
    assert polling.poll_carriers(service, 60, clock) == 1
    assert len(service.asked) == 1 and len(kept()) == 4
    assert {parcel.signed_at for parcel in db.session.scalars(db.select(Parcel))} == {NOW + 2 * HOUR}


def test_back_off_and_what_the_page_knows_after_hours_without_an_answer(app: Flask, cast: Cast, clock: Clock) -> None:
    cast.until("inspecting")
    service = Fake()
    service.said = [scan(0, "picked")]
    polling.poll_carriers(service, 60, clock)
    service.said = AskFailed(Problem.SLOW)
    pauses = []
    for _ in range(7):
        clock.at = track().next_at or NOW
        before = clock.at
        assert polling.poll_carriers(service, 60, clock) == 0
        pauses.append((track().next_at or NOW) - before)
    assert pauses == [timedelta(minutes=m) for m in (30, 60, 120, 240, 360, 360, 360)]
    assert (track().failures, track().error, track().checked_at) == (7, "slow", NOW)
    assert monitor.count_tabs(cast.shop, clock.at)["failing"] == 1
    service.said = [scan(0, "picked"), scan(20, "transit")]
    clock.at = track().next_at or NOW
    assert polling.poll_carriers(service, 60, clock) == 1
    assert (track().failures, track().error, track().checked_at) == (0, "", clock.at)
    assert monitor.count_tabs(cast.shop, clock.at)["failing"] == 0
    assert len(kept()) == 2


def test_not_found_is_an_answer(app: Flask, cast: Cast, clock: Clock) -> None:
    cast.until("inspecting")
    service = Fake()
    service.said = AskFailed(Problem.NOT_FOUND)
    assert polling.poll_carriers(service, 60, clock) == 1
    assert (track().failures, track().error, track().next_at) == (0, "not_found", NOW + polling.EVERY)


def test_a_used_up_quota_ends_the_round_and_is_nobodys_failure(app: Flask, cast: Cast, clock: Clock) -> None:
    for number in range(3):
        case = cast.until("returning")
        cast.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", f"7548486357659{number}")])
    service = Fake()
    service.said = AskFailed(Problem.LIMIT)
    assert polling.poll_carriers(service, 60, clock) == 0
    assert len(service.asked) == 1
    db.session.rollback()
    assert sum(db.session.scalars(db.select(Track.failures))) == 0


def test_no_more_questions_a_minute_than_allowed(both: Flask, cast_both: Cast, clock: Clock) -> None:
    for number in range(7):
        case = cast_both.until("returning")
        cast_both.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", f"7548486357659{number}")])
    service = Fake()
    polling.poll_carriers(service, 3, clock)
    polling.poll_carriers(service, 3, clock)
    assert len(service.asked) == 3
    clock.at += timedelta(seconds=61)
    polling.poll_carriers(service, 3, clock)
    assert len(service.asked) == 6


def test_who_asks_makes_no_other_asker_wait(both: Flask, cast_both: Cast, clock: Clock) -> None:
    """One asker stands still in the midst of claiming; the next one gets the questions and numbers that are left."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite's writers take turns anyway")
    for number in range(12):
        case = cast_both.until("returning")
        cast_both.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", f"754848635765{number:02d}")])
    db.session.remove()
    service = Fake()
    polling._lay_slots(8, clock.at)
    with writing():
        held = polling._take_slots(8, clock.at)
        assert len(held) == polling.AT_ONCE
        taken: list[int] = []
        other = threading.Thread(target=lambda: taken.extend(_poll_elsewhere(both, service, 8, clock)))
        other.start()
        other.join(20)
        assert not other.is_alive() and taken == [3]
    assert len(service.asked) == 3


def _poll_elsewhere(app: Flask, service: Fake, per_minute: int, clock: Clock) -> list[int]:
    with app.app_context():
        try:
            polling.poll_carriers(service, per_minute, clock)
            return [len(service.asked)]
        finally:
            db.session.remove()


def test_fewer_questions_a_minute_than_before(both: Flask, cast_both: Cast, clock: Clock) -> None:
    for number in range(7):
        case = cast_both.until("returning")
        cast_both.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", f"7548486357659{number}")])
    service = Fake()
    polling._lay_slots(60, clock.at)
    polling.poll_carriers(service, 2, clock)
    assert len(service.asked) == 2


def test_a_clock_set_back_holds_up_nobody(both: Flask, cast_both: Cast, clock: Clock) -> None:
    polling._lay_slots(5, clock.at)
    with writing():
        polling._free_slots_at(range(1, 6), clock.at + timedelta(hours=3))
    with writing():
        assert list(polling._take_slots(5, clock.at)) == [1, 2, 3, 4, 5]


def test_two_sweeps_at_once_ask_each_number_once(both: Flask, cast_both: Cast, clock: Clock) -> None:
    for number in range(6):
        case = cast_both.until("returning")
        cast_both.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", f"7548486357659{number}")])
    db.session.remove()
    service = Fake()
    service.said = [scan(0, "picked")]
    gate = threading.Barrier(3)
    wrong: list[BaseException] = []

    def sweep() -> None:
        with both.app_context():
            gate.wait()
            try:
                polling.poll_carriers(service, 60, clock)
            except BaseException as error:
                wrong.append(error)
            db.session.remove()

    threads = [threading.Thread(target=sweep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert sorted(number for _, number, _ in service.asked) == [f"7548486357659{number}" for number in range(6)]
    assert len(kept()) == 6


def test_a_parcel_that_was_corrected_or_whose_case_is_over_is_asked_about_no_more(
    app: Flask, cast: Cast, clock: Clock
) -> None:
    case = cast.until("inspecting")
    parcel_id = db.session.scalar(db.select(Parcel.id))
    cast.take(case, "edit_parcel", Actor.BUYER, parcel_id=parcel_id, carrier="YTO", number="YT8893012345678")
    service = Fake()
    polling.poll_carriers(service, 60, clock)
    assert [number for _, number, _ in service.asked] == ["YT8893012345678"]
    db.session.rollback()
    assert db.session.scalar(db.select(Track.ended_at).where(Track.carrier == "ZTO")) == NOW


def test_thirty_days_are_enough(app: Flask, cast: Cast, clock: Clock) -> None:
    cast.until("inspecting")
    clock.at = NOW + timedelta(days=31)
    service = Fake()
    polling.poll_carriers(service, 60, clock)
    assert service.asked == [] and track().ended_at == clock.at


def test_a_number_registered_again_while_it_was_asked_about_is_asked_about_again(
    app: Flask, cast: Cast, clock: Clock
) -> None:
    cast.until("inspecting")
    second = cast.until("returning")

    class Meanwhile(Fake):
        def ask(self, carrier: Carrier, number: str, phone_tail: str) -> list[Scan]:
            if not self.asked:
                cast.take(second, "ship_return", Actor.BUYER, parcels=PARCELS)
            return super().ask(carrier, number, phone_tail)

    service = Meanwhile()
    service.said = [scan(0, "picked")]
    polling.poll_carriers(service, 60, clock)
    assert len(service.asked) == 2 and len(kept()) == 2


def test_asking_again_by_hand_is_not_endless(app: Flask, cast: Cast, clock: Clock) -> None:
    cast.until("inspecting")
    service = Fake()
    polling.poll_carriers(service, 60, clock)
    following.set_service("kuaidi100")
    with writing():
        assert following.ask_for_news(track().id, NOW + timedelta(minutes=5)) == "asked-just-now"
        assert following.ask_for_news(track().id, NOW + timedelta(minutes=10)) == "asked-again"
        assert following.ask_for_news(None, NOW) == "not-asked"
    clock.at = NOW + timedelta(minutes=10)
    polling.poll_carriers(service, 60, clock)
    assert len(service.asked) == 2


# What is believed ----------------------------------------------------------------------------------------------------


def test_a_lying_service_moves_no_deadline(both: Flask, cast_both: Cast, clock: Clock) -> None:
    case = cast_both.until("inspecting")
    due = fresh(case).due_at
    service = Fake()
    service.said = [scan(-200, "signed"), scan(48, "signed"), scan(-0.5, "signed"), scan(-100, "picked")]
    clock.at = NOW + HOUR
    polling.poll_carriers(service, 60, clock)
    assert [doubt for _, _, doubt in kept()] == ["early", "early", "early", "future"]
    assert fresh(case).due_at == due and titles() == []
    clock.at = NOW + 49 * HOUR  # what was to come has come, and is still said
    polling.poll_carriers(service, 60, clock)
    assert [doubt for _, _, doubt in kept()] == ["early", "early", "early", ""]
    assert fresh(case).due_at == NOW + 48 * HOUR + timedelta(days=3)


def test_out_of_order_doubled_and_taken_back(both: Flask, cast_both: Cast, clock: Clock) -> None:
    case = cast_both.until("confirming")
    due = fresh(case).due_at
    service = Fake()
    clock.at = NOW + 10 * HOUR
    service.said = [scan(5, "signed"), scan(1, "picked"), scan(5, "signed"), scan(1, "picked")]
    polling.poll_carriers(service, 60, clock)
    assert fresh(case).due_at == NOW + 5 * HOUR + timedelta(days=7)
    out = db.session.scalars(db.select(Parcel).where(Parcel.leg == "out")).one()
    clock.at += HOUR
    with writing():
        assert case_scans.record_scans(out.id, [scan(6, "exception", "取消签收"), scan(5, "signed")], now=clock.at) == 1
    assert fresh(case).due_at == due
    assert db.session.get_one(Parcel, out.id, populate_existing=True).signed_at is None


@pytest.mark.parametrize(
    ("state", "side", "moves"),
    [
        ("inspecting", "buyer", False),
        ("inspecting", "seller", True),
        ("confirming", "seller", False),
        ("confirming", "buyer", True),
    ],
)
def test_what_a_side_types_in_its_own_favour_moves_nothing(
    app: Flask, cast: Cast, state: str, side: str, moves: bool
) -> None:
    case = cast.until(state)
    due = fresh(case).due_at
    leg = "back" if state == "inspecting" else "out"
    parcel = db.session.scalars(db.select(Parcel).where(Parcel.leg == leg)).one()
    found = db.session.scalar(db.select(Shipment.id).where(Shipment.parcel_id == parcel.id)) or 0
    shipment = parcel_view.find_of_shop(found, cast.shop)
    with writing():
        assert case_scans.record_typed(shipment, [scan(1, "signed")], side=side, now=NOW + HOUR) == 1
    assert (fresh(case).due_at != due) is moves
    assert titles() == (
        ["换货包裹已签收"]
        if moves and side == "seller" and leg == "out"
        else ["寄回的包裹已签收"]
        if moves and side == "seller"
        else []
    )
    if not moves:  # the carrier says the same: now it counts
        with writing():
            case_scans.record_scans(parcel.id, [scan(1, "signed")], now=NOW + HOUR, origin="kdniao")
        assert fresh(case).due_at != due
        assert kept()[-1][2] == ""


def test_what_is_typed_in_after_the_end_brings_nothing_back_under_way(app: Flask, cast: Cast) -> None:
    cast.until("completed")
    before = monitor.count_tabs(cast.shop, NOW)["all"]
    for shipment_id in db.session.scalars(db.select(Shipment.id)).all():
        with writing():
            case_scans.record_typed(
                parcel_view.find_of_shop(shipment_id, cast.shop), [scan(0, "transit")], side="buyer", now=NOW
            )
    assert before == monitor.count_tabs(cast.shop, NOW)["all"] == 0


def test_an_alarm_of_silence_ends_with_the_next_answer(app: Flask, cast: Cast, clock: Clock) -> None:
    cast.until("inspecting")
    service = Fake()
    service.said = AskFailed(Problem.UNREACHABLE)
    for _ in range(3):
        polling.poll_carriers(service, 60, clock)
        clock.at = track().next_at or NOW
    assert monitor.count_tabs(cast.shop, clock.at)["failing"] == 1
    cast.until("inspecting")  # the same number again: nothing has failed since
    service.said = []
    polling.poll_carriers(service, 60, clock)
    assert monitor.count_tabs(cast.shop, clock.at)["failing"] == 0


# Orders --------------------------------------------------------------------------------------------------------------


def on_its_way(cast: Cast, **columns: Any) -> Order:
    return cast.order(status="in_transit", **columns)


def test_an_orders_own_parcel_is_followed_and_says_when_it_was_received(
    both: Flask, cast_both: Cast, clock: Clock
) -> None:
    order_id = on_its_way(cast_both).id
    assert polling.follow_orders(NOW) == 1 and polling.follow_orders(NOW) == 0
    with writing():
        telling.set_watch(cast_both.shop, order_id, cast_both.buyer, True, NOW)
    service = Fake()
    service.said = [scan(-20, "picked"), scan(-3, "delivering"), scan(-1, "signed")]
    polling.poll_carriers(service, 60, clock)
    assert service.asked == [("ZTO", NUMBER, "9650")]
    order = db.session.get_one(Order, order_id, populate_existing=True)
    assert (order.received_at, order.status) == (NOW - HOUR, "delivered")
    assert titles() == ["订单包裹已签收"]
    with writing():  # taken back
        shipment = db.session.scalar(db.select(Shipment.id)) or 0
        assert keeping.keep_scans_of_order(shipment, [scan(-0.5, "exception", "误签")], now=NOW, origin="") == 1
    order = db.session.get_one(Order, order_id, populate_existing=True)
    assert (order.received_at, order.status) == (None, "in_transit")


def test_what_is_known_of_the_receipt_stays(app: Flask, cast: Cast, clock: Clock) -> None:
    known = NOW - 30 * HOUR
    order_id = on_its_way(cast, received_at=known).id
    polling.follow_orders(NOW)
    service = Fake()
    service.said = [scan(-1, "signed")]
    polling.poll_carriers(service, 60, clock)
    db.session.rollback()
    assert db.session.get_one(Order, order_id).received_at == known
    assert titles() == []  # nobody asked to be told


def test_an_order_whose_number_was_corrected_is_followed_anew(app: Flask, cast: Cast) -> None:
    order = on_its_way(cast)
    polling.follow_orders(NOW)
    with writing():
        db.session.get_one(Order, order.id).tracking_text = "73610555582883"
    assert polling.follow_orders(NOW) == 1
    rows = db.session.execute(db.select(Shipment.tracking_no, Shipment.ended_at).order_by(Shipment.id)).all()
    assert [(row.tracking_no, row.ended_at is None) for row in rows] == [(NUMBER, False), ("73610555582883", True)]


def test_a_sellers_own_word_says_not_when_an_order_was_received(app: Flask, cast: Cast) -> None:
    order_id = on_its_way(cast).id
    polling.follow_orders(NOW)
    shipment = parcel_view.find_of_shop(db.session.scalar(db.select(Shipment.id)) or 0, cast.shop)
    with writing():
        case_scans.record_typed(shipment, [scan(-1, "signed")], side="seller", now=NOW)
    assert db.session.get_one(Order, order_id, populate_existing=True).received_at is None
    with writing():
        case_scans.record_typed(shipment, [scan(-1, "signed")], side="buyer", now=NOW)
    assert db.session.get_one(Order, order_id, populate_existing=True).received_at == NOW - HOUR
    assert db.session.scalar(db.select(func.count()).select_from(ShipmentTrace)) == 1


# Alarms --------------------------------------------------------------------------------------------------------------


def test_alarms_are_counted_and_listed(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    said = {"stuck": "transit", "returned": "returned", "lost": "lost", "signed": "signed"}
    for status in said.values():
        case = cast.until("returning")
        cast.take(case, "ship_return", Actor.BUYER, parcels=PARCELS)
        parcel = db.session.scalar(db.select(Parcel.id).where(Parcel.case_id == case.id)) or 0
        with writing():
            case_scans.record_scans(parcel, [scan(1, status)], now=NOW + HOUR)
    cast.until("inspecting")
    denied = cast.until("confirming")
    out = db.session.scalar(db.select(Parcel.id).where(Parcel.case_id == denied.id, Parcel.leg == "out")) or 0
    cast.take(denied, "report_problem", Actor.BUYER, NOW + HOUR, kind="not_received", note="没有收到")
    with writing():
        case_scans.record_scans(out, [scan(2, "signed")], now=NOW + 3 * HOUR)
    late = NOW + 80 * HOUR
    counts = monitor.count_tabs(cast.shop, late)
    expected = {"unscanned": 1, "stuck": 1, "returned": 1, "lost": 1, "denied": 1, "failing": 0}
    assert {tab: counts[tab] for tab in monitor.ALARMS} == expected
    for tab in monitor.TABS:
        rows, key = monitor.list_page(cast.shop, tab, late)
        assert len(rows) == counts[tab] and key is None
    assert monitor.count_tabs(cast.shop2, late) == dict.fromkeys(monitor.TABS, 0)
    assert monitor.work_out_rates(cast.shop, late) == [("中通快递", 7, 2)]


def test_a_list_goes_on_behind_its_key(app: Flask, cast: Cast) -> None:
    for number in range(5):
        case = cast.until("returning", now=NOW)
        cast.take(case, "ship_return", Actor.BUYER, NOW + number * HOUR, parcels=PARCELS)
    rows, key = monitor.list_page(cast.shop, "all", NOW)
    assert len(rows) == 5 and key is None
    first = rows[1][0]
    rest, _ = monitor.list_page(cast.shop, "all", NOW, after=(first.since_at, first.id))
    assert [row.id for row, _ in rest] == [row.id for row, _ in rows[2:]]


# A service over the line, and a poller that is killed ----------------------------------------------------------------


class Service(BaseHTTPRequestHandler):
    """快递100 as it answers by HTTP: what ``moods`` say, one after the other, the last for ever."""

    moods: list[Callable[[Service, dict[str, Any]], None]] = []  # noqa: RUF012
    asked: list[dict[str, Any]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        kind = type(self)
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        param = json.loads(form["param"][0])
        kind.asked.append(param)
        mood = kind.moods.pop(0) if len(kind.moods) > 1 else kind.moods[0]
        try:
            mood(self, param)
        except OSError:
            pass

    def says(self, rows: list[tuple[float, str, str]], number: str) -> None:
        data = [
            {
                "time": (NOW + hours * HOUR).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
                "context": words,
                "statusCode": code,
            }
            for hours, code, words in rows
        ]
        self.sends(json.dumps({"status": "200", "message": "ok", "nu": number, "data": data}).encode())

    def sends(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def line() -> Iterator[tuple[str, type[Service]]]:
    kind = type("Fresh", (Service,), {"moods": [], "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/poll/query.do", kind
    server.shutdown()
    server.server_close()


ROWS = [(1.0, "103", "【义乌市】已揽收"), (2.0, "1002", "【杭州市】运输中"), (6.0, "5", "【杭州市】派送中")]


def test_through_every_mood_no_scan_is_doubled_and_none_is_lost(
    both: Flask, cast_both: Cast, clock: Clock, line: tuple[str, type[Service]]
) -> None:
    url, kind = line
    cast_both.until("inspecting")
    kind.moods = [
        lambda s, p: s.says(ROWS[:1], p["num"]),
        lambda s, p: time.sleep(0.8),
        lambda s, p: s.sends(b"", 302),
        lambda s, p: s.sends(b"x" * 600_000),
        lambda s, p: s.sends(b'{"status":"200","data":[{"time":"\xff","context":7}]}'),
        lambda s, p: s.connection.close(),
        lambda s, p: s.says([ROWS[2], ROWS[0], ROWS[0]], p["num"]),
        lambda s, p: s.says([ROWS[1], ROWS[2]], p["num"]),
        lambda s, p: s.says([*ROWS, *ROWS], p["num"]),
    ]
    service = Kuaidi100("customer", "key", url=url, wait=0.4)
    answers = 0
    clock.at = NOW + 7 * HOUR
    for _ in range(9):
        answers += polling.poll_carriers(service, 60, clock)
        clock.at = track().next_at or clock.at
    assert answers == 4 and len(kind.asked) == 9
    db.session.rollback()
    said = list(db.session.scalars(db.select(ParcelTrace.words).order_by(ParcelTrace.at)))
    assert said == [words for _, _, words in ROWS]
    assert set(db.session.scalars(db.select(ParcelTrace.origin))) == {"kuaidi100"}
    assert len(titles()) == len(set(titles()))


POLLER = """
import sys
from datetime import datetime
from pathlib import Path
from portal import create_app
from portal.config import Settings
from portal.parcels.couriers import Kuaidi100
from portal.tracking import polling
app = create_app(Settings(data=Path(sys.argv[1]), secret_key="test"))
with app.app_context():
    at = datetime.fromisoformat(sys.argv[3])
    print(polling.poll_carriers(Kuaidi100("c", "k", url=sys.argv[2], wait=5), 60, lambda: at), flush=True)
"""


def test_a_poller_that_is_killed_leaves_nothing_doubled_and_nothing_missed(
    app: Flask, cast: Cast, clock: Clock, line: tuple[str, type[Service]]
) -> None:
    url, kind = line
    for number in range(3):
        case = cast.until("returning")
        cast.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", f"7548486357659{number}")])
    db.session.remove()
    hang = threading.Event()
    kind.moods = [
        lambda s, p: s.says(ROWS, p["num"]),
        lambda s, p: (hang.wait(10), None)[1],
        lambda s, p: s.says(ROWS, p["num"]),
    ]
    folder: Path = app.extensions["portal_settings"].data
    now = NOW + 7 * HOUR
    words = [sys.executable, "-c", POLLER, str(folder), url, now.isoformat()]
    poller = subprocess.Popen(words, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": "."})
    give_up = time.monotonic() + 30
    while len(kind.asked) < 2 and time.monotonic() < give_up:
        time.sleep(0.02)
    os.kill(poller.pid, signal.SIGKILL)
    poller.wait()
    hang.set()
    assert len(kept()) == 3
    again = Kuaidi100("c", "k", url=url, wait=2)
    clock.at = now
    assert polling.poll_carriers(again, 60, clock) == 0  # still claimed
    clock.at = now + polling.TAKEN_FOR
    assert polling.poll_carriers(again, 60, clock) == 2
    assert len(kept()) == 9
    db.session.rollback()
    assert set(db.session.scalars(db.select(Track.failures))) == {0}
