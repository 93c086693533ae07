"""A desk shuts when its time is up: measured by moving the clock, for each role, and held against an own count."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.extensions import db
from portal.models import Staff
from portal.people import roles
from tests.cast import PASSWORD, Cast, post, sign_in, token_of
from tests.conftest import Clock

MINUTE = timedelta(minutes=1)
LIVES = {  # of the desk: without use, and in all
    "agent": (120 * MINUTE, 720 * MINUTE),
    "warehouse": (120 * MINUTE, 720 * MINUTE),
    "finance": (30 * MINUTE, 480 * MINUTE),
}
WRITTEN_EVERY = 5 * MINUTE  # the last use is written down no more often


def is_open(desk: FlaskClient) -> bool:
    answer = desk.get("/seller")
    shut = answer.status_code == 303 and answer.location.startswith("/me/confirm")
    assert shut or answer.status_code == 200
    return not shut


def test_every_role_of_a_desk_has_its_time() -> None:
    assert set(LIVES) == set(roles.ROLES) - {"owner"}


@pytest.mark.parametrize("role", LIVES)
def test_without_use_it_shuts_and_the_person_stays_signed_in(app: Flask, cast: Cast, now: Clock, role: str) -> None:
    idle, _ = LIVES[role]
    cast.employ(cast.shop, "buyer", role)
    desk = sign_in(app, "buyer")
    assert is_open(desk)
    now.at += idle
    assert is_open(desk)
    now.at += idle + timedelta(seconds=1)
    assert not is_open(desk) and desk.get("/me").status_code == 200
    assert not is_open(desk)
    page = desk.get("/me/confirm?next=/seller")
    given = {**token_of(page), "next": "/seller", "password": PASSWORD}
    assert desk.post("/me/confirm", data=given).status_code == 303 and is_open(desk)


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 20))])
@pytest.mark.parametrize("role", LIVES)
def test_however_it_is_used_it_is_open_as_long_as_it_may(
    app: Flask, cast: Cast, now: Clock, role: str, seed: int
) -> None:
    idle, longest = LIVES[role]
    dice = random.Random(seed)
    cast.employ(cast.shop, "buyer", role)
    desk = sign_in(app, "buyer")
    begun = used = now.at
    shut = False
    for _ in range(25):
        now.at += idle * dice.choice([0.05, 0.3, 0.8, 0.95, 1, 1.02])
        shut = shut or now.at - used > idle or now.at - begun >= longest
        if dice.random() < 0.3:
            assert desk.get("/me").status_code == 200  # as a buyer: it opens no desk that was shut
        else:
            assert is_open(desk) != shut, (now.at - begun, now.at - used)
        if now.at - used > WRITTEN_EVERY:
            used = now.at


def test_who_owns_a_shop_stays_its_owner(app: Flask, cast: Cast, now: Clock) -> None:
    """There is one, whom nobody can take out or make something else: neither they nor who works for them."""
    cast.employ(cast.shop, "buyer", "finance")
    owner = sign_in(app, "seller")
    post(owner, "/me/leave", at="/me/account")
    for does in ("remove", "role"):
        for path in (f"/seller/staff/{cast.seller}", f"/seller/staff/{cast.seller}/{does}"):
            refused = post(owner, path, {"role": "agent", "does": does}, at="/seller/staff")
            assert refused.status_code >= 400, path
    assert sign_in(app, "buyer").get("/seller/staff").status_code in (403, 404)
    db.session.rollback()
    held = select(func.count()).select_from(Staff).where(Staff.shop_id == cast.shop, Staff.role == "owner")
    assert db.session.scalar(held) == 1
    assert owner.get("/seller/staff").status_code == 200
