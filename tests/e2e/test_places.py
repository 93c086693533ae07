"""A consumer whose goods came from two suppliers sends each back to where it came from, on a phone, by the link."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.calendar import clock
from portal.extensions import db, writing
from portal.resale import links as consumer_links
from tests.cast import Cast
from tests.domain import test_places
from tests.domain.test_places import HOUR, NUMBERS
from tests.e2e.conftest import World

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def test_a_consumer_sends_to_two_suppliers(world: World, visit: Any) -> None:
    with world.app.app_context():
        cast = replace(Cast.of_app(world.app), now=clock.now() - 12 * HOUR)
        made = test_places.World(cast, 2)
        made.agree_above(0)
        made.agree()
        with writing():
            token = consumer_links.make_link(
                clock.now(), shop_id=made.down.shop, case_id=made.below, by=made.down.seller
            )
        numbers = [made.get(case_id).case_no for case_id in made.above]
        db.session.remove()
    phone = visit("phone-without-script", base_url=world.url)
    phone.goto(f"/c/{token}")
    expect(phone.get_by_role("heading", name="可以先寄回一部分商品")).to_be_visible()
    waiting = phone.locator("#places .part").filter(has_text="商品1")
    expect(waiting).to_contain_text("先不要寄这些商品")
    expect(phone.locator("#parcel")).to_contain_text(numbers[0])
    phone.get_by_label("运单号").fill(NUMBERS[0][1])
    phone.get_by_label("物流公司").select_option("ZTO")
    phone.get_by_role("button", name="提交运单号").click()
    expect(phone.get_by_role("heading", name="等待商家给出其余商品的退货地址")).to_be_visible()
    expect(phone.locator("#parcel")).to_have_count(0)
    with world.app.app_context():
        made.agree_above(1)
        db.session.remove()
    phone.reload()
    expect(phone.get_by_role("heading", name="请寄回其余商品")).to_be_visible()
    expect(phone.locator("#parcel")).to_contain_text(numbers[1])
    phone.get_by_label("运单号").fill(NUMBERS[1][1])
    phone.get_by_label("物流公司").select_option("ZTO")
    phone.get_by_role("button", name="提交运单号").click()
    expect(phone.get_by_role("heading", name="等待商家验货")).to_be_visible()
    with world.app.app_context():
        assert made.states == ["inspecting"] * 3
        db.session.remove()
