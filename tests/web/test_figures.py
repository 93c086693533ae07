"""The page of figures: every number is the length of the list it leads to; 仓库 reads no money."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import update

from portal.extensions import db, writing
from portal.models import Case
from portal.seller.figures import BY
from tests.cast import Cast, sign_in
from tests.conftest import Clock


def count_list(desk: object, address: str) -> int:
    found: list[str] = []
    while address:
        page = desk.get(address)  # type: ignore[attr-defined]
        assert page.status_code == 200
        found += re.findall(r'class="open" href="/seller/cases/([A-Z0-9]+)', page.text)
        more = re.search(r'rel="next" href="([^"]+)"', page.text)
        address = unescape(more[1]) if more else ""
    assert len(set(found)) == len(found)
    return len(found)


@pytest.mark.parametrize("by", BY)
def test_every_number_opens_its_list(app: Flask, cast: Cast, now: Clock, by: str) -> None:
    for number in range(44):
        case = cast.open_case(reason="damaged" if number < 42 else "wrong_item")
        with writing():
            at = now.at - timedelta(hours=number * 7)
            db.session.execute(update(Case).where(Case.id == case.id).values(opened_at=at))
    cast.until("completed")
    cast.until("inspecting")
    desk = sign_in(app, "seller")
    page = desk.get(f"/seller/figures?by={by}").text
    numbers = re.findall(r'href="(/seller\?[^"]+)"[^>]*>(\d+)(?: 张售后单)?</a>', page)
    assert ("46" in [number for _, number in numbers]) and (len(numbers) > 1 or by == "supplier")
    for address, number in numbers:
        assert count_list(desk, unescape(address)) == int(number), address
    for address in re.findall(r'<th scope="row" class="cut" hx-disable><a href="([^"]+)"', page)[:2]:
        narrower = desk.get(unescape(address))
        assert (narrower.status_code == 200 and "只统计" in narrower.text) or by == "week"
    assert ('<svg class="bars"' in page) == (by == "week")


def test_the_warehouse_reads_no_money_and_nobody_gets_a_list_they_may_not_see(
    app: Flask, cast: Cast, now: Clock
) -> None:
    cast.until("completed")
    cast.employ(cast.shop, "buyer2", "warehouse")
    cast.employ(cast.shop, "buyer", "agent")
    owner, store, agent = (sign_in(app, name) for name in ("seller", "buyer2", "buyer"))
    sums = ("发出货值", "退款、运费、补偿")
    assert all(word in owner.get("/seller/figures").text for word in sums)
    shown = store.get("/seller/figures").text
    assert not any(word in shown for word in sums) and "已付给买家" not in shown and "/seller?tab=every" not in shown
    assert all(word in agent.get("/seller/figures").text for word in sums)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("span=own", "请填写开始日期和结束日期"),
        ("span=own&since=2026-11-31&until=2026-11-01", "请填写开始日期和结束日期"),
        ("span=own&since=2026-11-20&until=2026-11-01", "开始日期不能晚于结束日期"),
        ("span=own&since=2024-11-20&until=2026-11-01", "一次最多看一年"),
        ("span=own&since=0001-01-01&until=9999-12-31", "请填写开始日期和结束日期"),
        ("span=moon&by=moon&buyer=x&sku=-1&supplier=99999999999999999999&freight=me", ""),
        (
            "span=month&reason=damaged&sku=7&supplier=7&buyer=7&carrier=ZTO&owner=none&tag=a&q=b&least=1&older=3&type=exchange",
            "",
        ),
    ],
)
def test_bad_addresses_say_what_to_do(app: Flask, cast: Cast, now: Clock, asked: str, said: str) -> None:
    cast.open_case()
    page = sign_in(app, "seller").get(f"/seller/figures?{asked}")
    assert page.status_code == 200 and said in page.text


def test_names_of_strangers_are_not_said(app: Flask, cast: Cast, now: Clock) -> None:
    """Whoever types another number into the address learns nothing of people without a case here."""
    cast.open_case()
    desk = sign_in(app, "seller")
    for where in ("/seller?tab=every&buyer=", "/seller/figures?buyer="):
        assert "买家 buyer<" in desk.get(f"{where}{cast.buyer}").text
        assert "buyer2" not in desk.get(f"{where}{cast.buyer2}").text
