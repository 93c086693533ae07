"""A heap of thirty parcels, two people at the 扫描台 at once: nothing is counted twice, nothing lost."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import doctor
from portal.cases import held, history
from portal.extensions import db
from portal.flow import Actor
from portal.models import Case, CaseEvent, CaseLine, Disposal, Intake
from portal.parcels import intake
from tests import pictures
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock

WHOLE, SHORT, WRONG, UNKNOWN = range(22), range(22, 24), range(24, 26), range(28, 30)
SHARED = 26  # the number of two cases; 27 is not a parcel of its own
COUNTS = ("accept_goods", "dispute_goods")


class Killed(BaseException):
    """The process ends here."""


def number_of(place: int) -> str:
    return f"7548486357{place:04d}"


@pytest.fixture
def cast(cast_both: Cast, both: Flask) -> Iterator[Cast]:
    cast_both.employ(cast_both.shop, "buyer2", "warehouse")
    yield cast_both
    db.session.rollback()
    found = doctor.findings(both.extensions["portal_store"])
    assert not any(found), [each for each in found if each]


def make_heap(cast: Cast, upto: int = 28) -> dict[int, int]:
    """Cases whose goods are on their way back; by the case's id the place of its parcel in the heap."""
    order = cast.order(milli=1_000_000)
    found = {}
    for place in range(upto):
        case = cast.take(cast.open_case(order, milli=2_000), "agree", Actor.SELLER)
        parcel = SHARED if place == SHARED + 1 else place
        found[cast.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", number_of(parcel))]).id] = parcel
    return found


def count_parcel(desk: FlaskClient, place: int) -> list[int]:
    """Scan a parcel, and count what the page asks to be counted; the answers' status."""
    address = f"/seller/scan?number={number_of(place)}"
    scanned = desk.get(address)
    if scanned.status_code == 200 and "登记无主件" in scanned.text:
        noted = {"number": number_of(place), "goods": f"第 {place} 件"}
        return [post(desk, "/seller/scan", noted, at=address).status_code]
    opened = [scanned.location] if scanned.status_code == 303 else list_choices(scanned.text)
    return [count_goods(desk, at, place) for at in opened]


def list_choices(page: str) -> list[str]:
    """Where the cases of one number lead."""
    return [unescape(link) for link in re.findall(r'href="([^"]+)" accesskey', page)]


def count_goods(desk: FlaskClient, at: str, place: int) -> int:
    if "/accept_goods" not in at:
        return 0  # somebody else was faster
    opened = desk.get(at)
    lines = re.findall(r'name="(received|accepted)_([0-9]+)"[^>]*value="([^"]+)"', opened.text)
    form: dict[str, Any] = {}
    for name, line, value in lines:
        form[f"{name}_{line}"] = "1" if place in SHORT or (place in WRONG and name == "accepted") else value
        form[f"condition_{line}"] = "short" if place in SHORT else "mismatch" if place in WRONG else "intact"
    if place in (*SHORT, *WRONG):
        files = [(io.BytesIO(pictures.jpeg()), "一.jpg"), (io.BytesIO(pictures.png()), "二.png")]
        form |= {"note": "数量或商品与申请不符", "photos": files}
    return post(desk, at, form).status_code if form else 0


def take_held(now: Clock) -> int:
    """The browsers are gone; the sweep takes what was counted and not taken back."""
    db.session.rollback()
    now.forward(seconds=11)
    return held.carry_out_due(now.at)


def check_heap(heap: dict[int, int]) -> None:
    """Each case is counted once, as its parcel was; what no case has named is noted once."""
    db.session.rollback()
    counted = db.session.execute(db.select(CaseEvent.case_id, CaseEvent.step).where(CaseEvent.step.in_(COUNTS))).all()
    assert sorted(case_id for case_id, _ in counted) == sorted(heap)
    for case_id, step in counted:
        odd = heap[case_id] in (*SHORT, *WRONG)
        assert step == ("dispute_goods" if odd else "accept_goods"), heap[case_id]
    accepted = db.session.execute(db.select(CaseLine.case_id, CaseLine.received_milli, CaseLine.accepted_milli)).all()
    for case_id, received, taken in accepted:
        place = heap[case_id]
        assert (received, taken) == (
            (1_000, 1_000) if place in SHORT else (2_000, 1_000) if place in WRONG else (2_000, 2_000)
        )
    unknown = db.session.scalars(db.select(Intake.number).where(Intake.case_id.is_(None))).all()
    assert sorted(unknown) == [number_of(place) for place in UNKNOWN]
    numbers = db.session.scalars(db.select(Intake.number)).all()
    assert len(numbers) == len(set(numbers)) == 29


@pytest.mark.timeout(180)
def test_thirty_parcels_and_two_people(both: Flask, cast: Cast, now: Clock) -> None:
    heap = make_heap(cast)
    places = [place for place in range(30) if place != SHARED + 1]
    answers: dict[str, list[int]] = {"seller": [], "buyer2": []}
    barrier = threading.Barrier(2)
    desks = {who: sign_in(both, who) for who in answers}

    def work(who: str, mine: list[int]) -> None:
        barrier.wait()
        for place in mine:
            answers[who] += count_parcel(desks[who], place)

    halves = {"seller": places[:18], "buyer2": places[12:]}  # six parcels are taken up by both
    threads = [threading.Thread(target=work, args=each) for each in halves.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers["seller"] + answers["buyer2"]) <= {0, 303, 409}, answers
    take_held(now)
    for place in places:  # once more over the heap: everything is done already
        assert not any(status == 303 for status in count_parcel(desks["seller"], place) if place not in UNKNOWN)
    check_heap(heap)


def test_killed_between_counting_and_noting_it_goes_on(
    both: Flask, cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    heap = make_heap(cast, upto=3)
    desk = sign_in(both, "seller")

    def die(*_args: Any, **_more: Any) -> None:
        raise Killed

    assert count_parcel(desk, 0) == [303]
    with monkeypatch.context() as patched:
        patched.setattr(intake, "note_intake", die)
        with pytest.raises(Killed):
            count_parcel(desk, 1)
    take_held(now)
    states = dict(db.session.execute(db.select(Case.id, Case.state)).all())
    assert sorted(states.values()) == ["inspecting", "inspecting", "reshipping"]
    assert [count_parcel(desk, place) for place in (0, 1, 2)] == [[0], [303], [303]]
    take_held(now)
    db.session.rollback()
    counted = db.session.scalars(db.select(CaseEvent.case_id).where(CaseEvent.step.in_(COUNTS))).all()
    assert sorted(counted) == sorted(heap) and len(db.session.scalars(db.select(Intake)).all()) == 3


def test_killed_while_what_was_counted_is_carried_out_each_is_taken_once(
    both: Flask, cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    heap = make_heap(cast, upto=3)
    desk = sign_in(both, "seller")
    assert [count_parcel(desk, place) for place in heap.values()] == [[303]] * 3
    carry_out, done = history.update_counters, []

    def die_at_the_second(*args: Any, **more: Any) -> None:
        done.append(args)
        if len(done) == 2:
            raise Killed
        carry_out(*args, **more)

    with monkeypatch.context() as patched:
        patched.setattr("portal.cases.taking.update_counters", die_at_the_second)  # the last thing a step does
        with pytest.raises(Killed):
            take_held(now)
    assert take_held(now) == 2 and take_held(now) == 0
    db.session.rollback()
    counted = db.session.scalars(db.select(CaseEvent.case_id).where(CaseEvent.step.in_(COUNTS))).all()
    assert sorted(counted) == sorted(heap)
    rows = db.session.execute(db.select(Disposal.case_id, Disposal.resale_milli)).all()
    assert sorted(rows) == [(case_id, 2_000) for case_id in sorted(heap)]
