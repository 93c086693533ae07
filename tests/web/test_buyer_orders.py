"""我的订单 and one order over HTTP: tabs, search, pages by key, what can be done and why not."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import words
from portal.extensions import db, writing
from portal.models import Order, OrderLine
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock


def test_tabs_count_and_show_what_they_say(app: Flask, cast: Cast, now: Clock) -> None:
    for status in ("unpaid", "unshipped", "in_transit", "delivered", "completed", "completed"):
        cast.order(status=status)
    cast.open_case(cast.order())
    cast.order(buyer=cast.buyer2)
    client = sign_in(app, "buyer")
    for tab, number in (("all", 7), ("unpaid", 1), ("unshipped", 1), ("receiving", 2), ("done", 3), ("aftersale", 1)):
        page = client.get(f"/orders?tab={tab}").text
        assert page.count("<article") == number, tab
        named = page.split(f'href="/orders?tab={tab}"')[1].split("</a>")[0]
        assert f'<span class="n">{number}</span>' in named
        assert 'aria-current="page"' in named
    me = client.get("/me").text
    assert [me.split(f"tab={tab}")[1].split("</a>")[0].count("badge") for tab in ("unpaid", "aftersale")] == [1, 1]


def test_pages_by_key_show_every_order_once(app: Flask, cast: Cast, now: Clock) -> None:
    numbers = {cast.order(ordered_at=cast.now - timedelta(minutes=minute // 2)).order_no for minute in range(45)}
    client = sign_in(app, "buyer")
    seen: list[str] = []
    address = "/orders"
    for _ in range(3):
        page = client.get(address).text
        seen += [number for number in numbers if f'href="/orders/{number}"' in page]
        if 'rel="next"' not in page:
            break
        address = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert sorted(seen) == sorted(numbers)


def test_numbers_pasted_together_find_each_order(app: Flask, cast: Cast, now: Clock) -> None:
    wanted = [cast.order(order_no=f"39054036925507475{place}").order_no for place in range(10, 13)]
    page = sign_in(app, "buyer").get("/orders", query_string={"q": "，".join(wanted[:2])}).text
    assert page.count("<article") == 2
    assert wanted[2] not in page


@pytest.mark.parametrize(
    ("sought", "found"),
    [("保温", 1), ("杯 500", 1), ("%", 0), ("_", 0), ("没有的", 0), ("黑色", 2), ("红色", 0), ("'", 0), ("\\", 0)],
)
def test_search_finds_goods_by_any_part(app: Flask, cast: Cast, now: Clock, sought: str, found: int) -> None:
    cast.order(title="不锈钢保温杯 500ml")
    cast.order(title="纯棉中筒袜")
    page = sign_in(app, "buyer").get("/orders", query_string={"q": sought}).text
    assert page.count("<article") == found
    assert ("没有找到订单" in page) == (not found)


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("59417", True),  # a part of the order's number
        ("订单编号：3941259417", True),
        ("６５９６", True),  # the end of the tracking number
        ("尾号 6596", True),
        ("7548 4863 576596", True),
        ("HH-100", True),  # 货号
        ("中筒袜 黑色", True),  # two words, goods and specification
        ("黑色  男女", True),
        ("中筒袜 红色", False),
        ("59418", False),
        ("%", False),
        ("_", False),
    ],
)
def test_search_is_forgiving(app: Flask, cast: Cast, now: Clock, sought: str, found: bool) -> None:
    order = cast.order(order_no="3941259417", tracking_text="75484863576596")
    cast.order(buyer=cast.buyer2, order_no="3941259500")
    page = sign_in(app, "buyer").get("/orders", query_string={"q": sought}).text
    assert (order.order_no in page) is found and "3941259500" not in page


def test_search_by_order_number(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order()
    other = cast.order(buyer=cast.buyer2)
    client = sign_in(app, "buyer")
    assert client.get(f"/orders?q={order.order_no}").text.count("<article") == 1
    assert client.get(f"/orders?q={other.order_no}").text.count("<article") == 0


@pytest.mark.parametrize("address", ["/orders?tab=x", "/orders?after=x", "/orders?after=2026-11-01~1", "/orders/x"])
def test_addresses_nobody_gave_out_are_404(app: Flask, cast: Cast, now: Clock, address: str) -> None:
    assert sign_in(app, "buyer").get(address).status_code == 404


def test_an_unchanged_list_is_not_sent_again(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order()
    client = sign_in(app, "buyer")
    tag = client.get("/orders").headers["ETag"]
    again = client.get("/orders", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    cast.open_case(order)
    changed = client.get("/orders", headers={"If-None-Match": tag})
    assert changed.status_code == 200 and "待商家审核" in changed.text
    assert sign_in(app, "buyer2").get("/orders", headers={"If-None-Match": tag}).status_code == 200


def test_long_orders_fold(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order(lines=12)
    client = sign_in(app, "buyer")
    assert "显示更多 9 件" in client.get("/orders").text
    assert client.get(f"/orders/{order.order_no}").text.count("交易快照") == 12


def test_empty_says_what_to_do(app: Flask, cast: Cast, now: Clock) -> None:
    page = sign_in(app, "buyer").get("/orders").text
    assert "这里还没有订单" in page and "商家导入订单后" in page


@pytest.mark.parametrize(
    ("status", "words"),
    [("unpaid", "还没有付款"), ("cancelled", "已关闭"), ("refunding", "退款")],
)
def test_what_cannot_be_exchanged_says_why_and_what_instead(
    app: Flask, cast: Cast, now: Clock, status: str, words: str
) -> None:
    order = cast.order(status=status)
    client = sign_in(app, "buyer")
    page = client.get(f"/orders/{order.order_no}").text
    assert words in page and "立即联系" in page
    assert f'href="/orders/{order.order_no}/apply' not in page
    refused = client.get(f"/orders/{order.order_no}/apply")
    assert refused.status_code == 200 and "现在不能申请换货" in refused.text and words in refused.text


def test_what_remains_of_a_line_is_shown(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order(milli=10_000)
    cast.open_case(order, milli=4_000)
    page = sign_in(app, "buyer").get(f"/orders/{order.order_no}").text
    assert "已申请 4/10 双" in page


def test_a_draft_can_be_gone_on_with(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order()
    client = sign_in(app, "buyer")
    url = f"/orders/{order.order_no}/apply"
    line = client.get(url).text.split('name="line" value="')[1].split('"')[0]
    assert post(client, url, {"line": line, "reason": "damaged"}).status_code == 303
    assert f'href="{url}/details"' in client.get(f"/orders/{order.order_no}").text


def test_the_window_has_passed(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order(received_at=cast.now - timedelta(days=40))
    page = sign_in(app, "buyer").get(f"/orders/{order.order_no}").text
    assert "申请换货</a>" not in page
    assert db.session.get(Order, order.id) is not None


def test_why_not_is_said_once_for_the_lines_that_it_holds_for(app: Flask, cast: Cast, now: Clock) -> None:
    buyer = sign_in(app, "buyer")
    page = buyer.get(f"/orders/{cast.order(status='unpaid', lines=3).order_no}").text
    [said] = re.findall(r'<p class="small muted">([^<]*还没有付款[^<]*)</p>', page)
    assert "：" not in said, "all of them: no names"
    alone = buyer.get(f"/orders/{cast.order(status='unpaid').order_no}").text
    assert alone.count(said) == 1
    open_now = buyer.get(f"/orders/{cast.order(lines=3).order_no}").text
    assert open_now.count("申请换货</a>") > 3, "what can be done stands under its line"


def test_why_not_names_its_lines_where_it_does_not_hold_for_all(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order(lines=3)
    lines = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id)).all()
    with writing():
        for line in lines[:2]:
            db.session.execute(
                update(OrderLine).where(OrderLine.id == line.id).values(claimed_milli=line.quantity_milli)
            )
    page = sign_in(app, "buyer").get(f"/orders/{order.order_no}").text
    named = [
        paragraph
        for paragraph in re.findall(r'<p class="small muted">([^<]*)</p>', page)
        if lines[0].title in paragraph
    ]
    assert len(named) == 1 and named[0].count(lines[0].title) == 2, "the third has its own"
    assert page.count(named[0].rpartition("：")[2].strip()) == 1


@pytest.mark.parametrize("status", ["in_transit", "delivered", "completed"])
def test_an_order_that_is_applied_for_whole_invites_nobody_to_apply(
    app: Flask, cast: Cast, now: Clock, status: str
) -> None:
    """「在期限内仍可以申请换货」 stood above 「没有可换的数量了」."""
    order = cast.order(status=status)
    client, at = sign_in(app, "buyer"), f"/orders/{order.order_no}"
    order_id, shop_id = order.id, order.shop_id

    def read_head() -> str:
        found = re.search(r'<section class="standing">.*?</section>', client.get(at).text, re.S)
        assert found
        return found[0]

    assert "可以" in read_head() and words.ALL_APPLIED not in read_head()
    with writing():
        lines = update(OrderLine).where(OrderLine.order_id == order_id, OrderLine.shop_id == shop_id)
        db.session.execute(lines.values(claimed_milli=OrderLine.quantity_milli))
    assert words.ALL_APPLIED in read_head() and "可以" not in read_head()


def test_an_order_past_every_term_does_not_speak_of_terms(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order(status="completed")
    client = sign_in(app, "buyer")
    assert "在期限内仍可以申请换货" in client.get(f"/orders/{order.order_no}").text
    now.forward(days=400)
    client = sign_in(app, "buyer")
    said = client.get(f"/orders/{order.order_no}").text
    assert words.NONE_BY_RIGHT in said and "在期限内仍可以申请换货" not in said
