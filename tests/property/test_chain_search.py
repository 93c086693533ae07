"""A search over chains at random: every number finds the supplier's side of one, and nothing shows who is behind."""

from __future__ import annotations

import html
import random
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.extensions import db, writing
from portal.flow import FINAL
from portal.models import Case, CaseLink, Order, Parcel, Staff
from portal.people import staffing
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.domain.test_chains import WHOM
from tests.property.test_chain_life import SENDS, World

PRICES = ("29.90", "89.70", "59.80")  # what the consumer paid the distributor, for one, all and two
BEHIND = (WHOM[0], WHOM[1], "一环路南二段8号")


def look_up(desk: FlaskClient, needle: str) -> str:
    """What the search says, without what was typed."""
    answer = desk.get("/seller/search", query_string={"q": needle}, follow_redirects=True)
    assert answer.status_code == 200
    main = answer.text.partition("<main")[2]
    return html.unescape(re.sub(r'value="[^"]*"|「[^」]*」', "", main))


def hide_the_consumer(world: World) -> None:
    """The purchase itself goes to the distributor's own door: nothing of the consumer is the supplier's already."""
    with writing():
        own = {
            "receiver_name": "周铺",
            "receiver_phone": "13911112222",
            "receiver_address": "浙江省 杭州市 余杭区 仓前街道1号",
        }
        db.session.execute(db.update(Order).where(Order.id == world.upstream).values(**own))


@pytest.mark.parametrize("seed", [0, 1, 2, *(pytest.param(n, marks=pytest.mark.nightly) for n in range(3, 60))])
def test_each_number_finds_the_suppliers_case_and_nobody_behind_it(
    app: Flask, cast: Cast, now: Clock, seed: int
) -> None:
    world = World(cast, seed)
    hide_the_consumer(world)
    dice = random.Random(seed)
    desk, below_desk = sign_in(app, "seller"), sign_in(app, "seller2")
    for _ in range(dice.choice([0, 4, 9, 14])):
        world.acts()
    link = db.session.get_one(CaseLink, world.link, populate_existing=True)
    up, down = world.get(link.upstream_id), world.get(link.downstream_id)
    numbers = {
        up.case_no,
        up.case_no[-6:],
        db.session.scalars(select(Order.order_no).where(Order.id == up.order_id)).one(),
        *db.session.scalars(select(Parcel.tracking_no).where(Parcel.case_id == up.id, Parcel.voided_at.is_(None))),
    }
    opens = f"/seller/cases/{up.case_no}"
    sends = {step.name for step in world.ready(world.up, up)} & SENDS if up.state not in FINAL else set()
    for needle in numbers:
        said = look_up(desk, needle)
        assert opens in said or up.case_no in said, (needle, up.state)
        assert down.case_no not in said or down.case_no in numbers
        shown = [part for part in (*BEHIND, *PRICES) if part in said]
        assert not shown or (sends and not set(shown) & set(PRICES)), (needle, shown, up.state)
    for needle in (WHOM[1], WHOM[1][-4:], WHOM[0], down.case_no):
        said = look_up(desk, needle)
        shown = [part for part in (*BEHIND, *PRICES) if part in said]
        assert not shown or (sends and not set(shown) & set(PRICES)), (needle, shown, up.state)
        assert f"/seller/cases/{down.case_no}" not in said
    page = html.unescape(desk.get(opens).text)
    assert not [price for price in PRICES if f"¥{price}" in page], "what the distributor sells it for"
    assert f"/seller/cases/{down.case_no}" in look_up(below_desk, down.case_no)


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(n, marks=pytest.mark.nightly) for n in range(2, 20))])
def test_who_left_the_distributor_opens_neither_side(app: Flask, cast: Cast, now: Clock, seed: int) -> None:
    world = World(cast, seed)
    cast.employ(cast.shop2, "buyer", "agent")
    staff = sign_in(app, "buyer")
    for _ in range(seed * 3):
        world.acts()
    link = db.session.get_one(CaseLink, world.link, populate_existing=True)
    down, up = (db.session.get_one(Case, case).case_no for case in (link.downstream_id, link.upstream_id))
    pages = [f"/seller/cases/{down}", f"/seller/cases/{down}/chain", f"/cases/{up}", f"/seller/search?q={down}"]
    assert staff.get(pages[0]).status_code == 200
    with writing():
        staffing.remove_staff(cast.shop2, cast.buyer)
    assert db.session.get(Staff, (cast.buyer, cast.shop2)) is None
    for path in pages:
        assert staff.get(path).status_code in (403, 404), path
    versions = {case: db.session.get_one(Case, case).version for case in (link.downstream_id, link.upstream_id)}
    for step in ("agree", "reject", "propose", "chain"):
        sent = post(staff, f"/seller/cases/{down}/{step}", {"note": "我还在"}, at="/me/password")
        assert sent.status_code in (403, 404), (step, sent.location)
    db.session.rollback()
    assert versions == {case: db.session.get_one(Case, case, populate_existing=True).version for case in versions}
    for _ in range(4):
        world.acts()
    world.has_ways()
    world.is_fair()
