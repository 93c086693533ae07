"""Ends, answers, opt-outs and sweeps at random: one answer a case, nobody asked at night or against their wish."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import doctor
from portal.calendar import lengths, officehours
from portal.cases.endings import MOST_ASKS
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, Notice, Rating, User
from portal.service import asking, ratings
from portal.service.ratings import RatingRefused
from tests.cast import Cast
from tests.conftest import NOW

QUIET = (22 * 60, 8 * 60)


class Days:
    """Some days of two buyers and a shop; remembers what the portal must have kept to."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.dice, self.at = cast, random.Random(seed), cast.now
        self.open: list[int] = []
        self.ended: list[int] = []
        self.stars: dict[int, int] = {}
        self.rated_at: dict[int, datetime] = {}
        self.off: dict[int, list[tuple[datetime, bool]]] = {cast.buyer: [], cast.buyer2: []}

    def apply(self) -> None:
        mine = self.cast.buyer
        self.cast.buyer = self.dice.choice(list(self.off))
        try:
            self.open.append(self.cast.until("confirming", order=self.cast.order(), now=self.at).id)
        finally:
            self.cast.buyer = mine

    def end(self) -> None:
        if not self.open:
            return
        case = db.session.get_one(Case, self.open.pop(self.dice.randrange(len(self.open))))
        self.ended.append(case.id)
        self.cast.take(case, "confirm", Actor.BUYER, self.at, user=case.buyer_id)

    def rate(self) -> None:
        case_id = self.dice.choice(self.ended or self.open or [0])
        if not case_id:
            return
        stars = self.dice.randint(0, 6)
        good = case_id in self.ended and case_id not in self.stars and 1 <= stars <= 5
        try:
            with writing():
                found = db.session.get_one(Case, case_id)
                ratings.rate(found, stars, "话", [], by_link=self.dice.random() < 0.3, now=self.at)
            assert good, stars
            self.stars[case_id], self.rated_at[case_id] = stars, self.at
        except RatingRefused:
            assert not good

    def choose(self) -> None:
        who, stops = self.dice.choice(list(self.off)), self.dice.random() < 0.5
        with writing():
            asking.stop_asking(who, stops=stops)
        self.off[who].append((self.at, stops))

    def sweep(self) -> None:
        asking.ask_due(self.at)

    def wait(self) -> None:
        self.at += timedelta(minutes=self.dice.choice([1, 30, 200, 600, 1500, 4000]))

    def is_off(self, user_id: int, at: datetime) -> bool:
        return next((stops for when, stops in reversed(self.off[user_id]) if when < at), False)


@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_asked_too_often_at_night_or_against_their_wish(both: Flask, seed: int) -> None:
    days = Days(Cast.make(NOW), seed)
    asking.set_quiet_hours(*QUIET)
    acts = [days.apply, days.end, days.rate, days.choose, days.sweep, days.sweep, days.wait, days.wait]
    for _ in range(45):
        days.dice.choice(acts)()
        days.at += timedelta(seconds=1)
    days.at += timedelta(days=10)
    for _ in range(20):  # whoever is still to be asked is asked in the end
        days.sweep()
        days.at += timedelta(hours=7)
    kept = {row.case_id: row for row in db.session.scalars(select(Rating))}
    assert kept
    assert sorted(kept) == sorted(days.ended)
    assert {case_id: row.stars for case_id, row in kept.items() if row.stars} == days.stars
    by_id = {row.id: row for row in kept.values()}
    asked: dict[int, list[datetime]] = {}
    for notice in db.session.scalars(select(Notice).where(Notice.kind == "satisfied").order_by(Notice.at)):
        row = by_id[int(notice.dedupe_key.split("-")[1])]
        assert notice.user_id == row.buyer_id
        assert not officehours.is_quiet(notice.at, *QUIET), notice.at
        assert not days.is_off(notice.user_id, notice.at)
        assert notice.at <= days.rated_at.get(row.case_id, notice.at)
        asked.setdefault(row.id, []).append(notice.at)
    for row_id, moments in asked.items():
        assert len(moments) == by_id[row_id].asks <= MOST_ASKS
        if len(moments) == MOST_ASKS:
            assert moments[1] - moments[0] >= lengths.get_deadline("rating_again")
    for row in kept.values():  # and nobody who wanted to be asked was forgotten
        if not days.off[row.buyer_id] and row.case_id not in days.stars:
            assert row.asks == MOST_ASKS
    follow = {row.case_id for row in kept.values() if row.follow_state == "open"}
    assert follow == {case_id for case_id, stars in days.stars.items() if stars <= ratings.BAD}
    assert not any(doctor.findings())


def test_a_dormant_buyer_is_not_asked(both: Flask) -> None:
    cast = Cast.make(NOW)
    cast.until("completed")
    with writing():
        db.session.execute(db.update(User).where(User.id == cast.buyer).values(password_hash=None))
    assert asking.ask_due(cast.now) == 0
    assert db.session.scalar(select(Rating.next_ask_at)) is None
    assert not any(doctor.findings())
