"""A shop's first day: its empty queue says what there is still to do, and nothing of it once that is done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.extensions import writing
from portal.people import accounts
from portal.rights import policies
from tests.cast import Cast, sign_in
from tests.conftest import Clock


def list_todos(desk: FlaskClient, address: str = "/seller") -> list[tuple[str, str]]:
    """What the queue asks for: the address where it is done, "" when it has been, and its words."""
    page = desk.get(address).text
    card = page.partition("开始接售后单")[2].partition("</ol>")[0]
    return re.findall(r'<li>(?:<a href="([^"]+)">|<b class="chip ok">已完成</b> )([^<\n]+)', card)


def test_a_new_shop_is_led_to_what_its_first_case_needs(both: Flask, cast_both: Cast, now: Clock) -> None:
    with writing():
        owner = accounts.create_user("laoban", now=now.at)
        shop_id = accounts.create_shop(owner, "蓝天袜业", now.at).id
    desk = sign_in(both, "laoban")
    todos = list_todos(desk)
    assert [words for _, words in todos] == ["添加退货地址", "导入订单", "看一遍换货政策"]
    for address, words in todos:
        assert desk.get(address).status_code == 200, words
    assert list_todos(desk, "/seller?tab=every") == todos
    assert not list_todos(desk, "/seller?type=exchange")  # that nothing fits a filter says nothing of the shop
    cast_both.employ(shop_id, "buyer2", "agent")
    assert not list_todos(sign_in(both, "buyer2"))  # they can open none of these pages
    with writing():
        given = {"name": "仓库", "phone": "13425059650", "address": "浙江省 义乌市 稠江街道 1 号", "note": ""}
        policies.add_address(shop_id, **given, make_default=True, now=now.at)
    assert list_todos(desk)[0] == ("", "添加退货地址")


def test_a_shop_with_orders_and_a_place_reads_of_cases(app: Flask, cast: Cast, now: Clock) -> None:
    cast.order()
    desk = sign_in(app, "seller")
    assert not list_todos(desk)
    page = desk.get("/seller").text
    assert "这里没有售后单" in page and 'href="/seller?tab=every">看全部售后单' in page
    assert 'href="/seller">看要我处理的' in desk.get("/seller?tab=waiting").text


def list_ways(page: str) -> list[str]:
    """Where the empty lists of a page lead to."""
    blocks = re.findall(r'<div class="empty">(.*?)</div>', page, re.DOTALL)
    return [unescape(href) for block in blocks for href in re.findall(r'<a class="btn" href="([^"]+)"', block)]


def follow_links(browser: FlaskClient, begin: str, most: int = 150) -> Iterator[tuple[str, str]]:
    """Each address that a person's pages lead to, and its page; an address with other numbers only once more."""
    waiting = [begin]
    seen: set[str] = set()
    while waiting and len(seen) < most:
        address = waiting.pop(0)
        if address in seen or re.match("/(?:logout|static|files|photos)", address):
            continue
        seen.add(address)
        answer = browser.get(address)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            yield address, answer.text
            waiting += [unescape(href) for href in re.findall(r'<a [^>]*href="(/[^"#]*)"', answer.text)]


@pytest.mark.parametrize("role", ["owner", "agent", "warehouse", "finance", "buyer"])
def test_an_empty_list_leads_where_this_person_may_go_and_not_to_itself(
    app: Flask, cast: Cast, now: Clock, role: str
) -> None:
    with writing():
        shop_id = accounts.create_shop(accounts.create_user("laoban", now=now.at), "蓝天袜业", now.at).id
        accounts.create_user("newcomer", now=now.at)
    if role not in ("owner", "buyer"):
        cast.employ(shop_id, "newcomer", role)
    browser = sign_in(app, "laoban" if role == "owner" else "newcomer")
    found = [
        (address, way)
        for address, page in follow_links(browser, "/me" if role == "buyer" else "/seller")
        for way in list_ways(page)
    ]
    assert len(found) >= 4
    wrong = [(address, way) for address, way in found if way == address or browser.get(way).status_code != 200]
    assert not wrong
