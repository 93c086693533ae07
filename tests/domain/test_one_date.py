"""铺货: one last day to apply, on every page and for every reason, whatever a shop publishes and in which order."""

from __future__ import annotations

import html
import itertools
import re
from datetime import datetime, timedelta

import pytest
from flask import Flask

from portal.applications import goods
from portal.calendar.workdays import BEIJING
from portal.extensions import db, writing
from portal.flow import CaseType
from portal.models import Order
from portal.orders.receiving import record_receipt
from portal.rights import resale, windows
from portal.rights.reasons import reason
from tests.cast import Cast, sign_in
from tests.conftest import Clock

DAY = timedelta(days=1)


def find_form_end(order: Order) -> datetime | None:
    """What the button, the form and the POST go by."""
    [line] = goods.list_lines(order.id, order.shop_id)
    known = reason("wrong_order")
    assert known is not None
    facts = goods.describe_goods(order, line)
    return windows.find_window_end(facts, known, goods.get_policy_for(order), CaseType.EXCHANGE)


def say(end: datetime) -> str:
    last = end.astimezone(BEIJING).date() - timedelta(days=1)
    return f"{last.month}月{last.day}日 24:00"


@pytest.mark.parametrize("received", [-3, -12, -25])
@pytest.mark.parametrize("published", list(itertools.product((-40, -5, 0), (7, 10, 30))))
def test_pages_list_and_form_have_one_date(
    app: Flask, cast: Cast, now: Clock, received: int, published: tuple[int, int]
) -> None:
    order = cast.order(received_at=now.at + received * DAY, ordered_at=now.at + (received - 4) * DAY, is_dropship=True)
    resale.promise_terms(now.at + received * DAY)
    when, window = published
    cast.publish_policy(window, window, at=now.at + when * DAY)
    resale.promise_terms(now.at)
    order = db.session.get_one(Order, (order.id, order.shop_id))
    end = resale.find_apply_by(order)
    assert end is not None and end == find_form_end(order)
    assert order.received_at is not None and end >= order.received_at + window * DAY
    client = sign_in(app, "buyer")
    page = html.unescape(client.get(f"/orders/{order.order_no}").text)
    listed = html.unescape(client.get("/orders?tab=all").text)
    dates = set(re.findall(r"(?:在|前提交，|已于|时限：[^，]*，)\s*(\d+月\d+日 24:00)", page))
    assert dates == {say(end)}, page[page.find("<main") :][:1500]
    assert re.findall(r"铺货：(\d+月\d+日 24:00) 前申请", listed) == [say(end)], listed


def test_a_receipt_that_was_known_before_terms_were_kept_lengthens_them_still(cast_both: Cast) -> None:
    order = cast_both.order(received_at=cast_both.now - 2 * DAY)
    with writing():
        held = db.session.get_one(Order, (order.id, order.shop_id))
        held.term_from = None
        before = held.received_at
        record_receipt(held, cast_both.now - 5 * DAY, now=cast_both.now)
        assert windows.find_counted_from(held) == before
