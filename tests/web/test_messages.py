"""消息 of a buyer: a row for each shop with the last order's goods, its orders one tap away."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from portal.cases.actions import list_actions
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, Order
from portal.talk import by_shop, conversations
from tests.cast import Cast, sign_in
from tests.conftest import Clock


def say(order: Order, side: str, words: str, cast: Cast, minutes: int) -> None:
    with writing():
        at = cast.now + timedelta(minutes=minutes)
        talk = conversations.get_of_order(db.session.get_one(Order, (order.id, order.shop_id)), at)
        user = cast.buyer if side == "buyer" else cast.seller
        conversations.add_message(talk, side, user, words, now=at)  # type: ignore[arg-type]


def test_a_shop_is_one_row_with_its_last_order(app: Flask, cast: Cast, now: Clock) -> None:
    first, second = cast.order(title="第一款袜子"), cast.order(title="第二款袜子")
    say(first, "seller", "第一单的话", cast, 1)
    say(second, "seller", "第二单的话", cast, 2)
    client = sign_in(app, "buyer")
    page = client.get("/messages").text
    assert page.count(f"/orders/{second.order_no}/contact") == 1 and f"/orders/{first.order_no}/contact" not in page
    assert "第二款袜子" in page and "第二单的话" in page and "2 个订单" in page
    [row] = by_shop.list_shops(cast.buyer, size=30)
    assert (row.talks, row.buyer_unread) == (2, 2)
    of_shop = client.get(f"/messages?shop={first.shop_id}").text
    assert "第一款袜子" in of_shop and "第二款袜子" in of_shop and 'href="/messages"' in of_shop
    assert "第一款袜子" not in sign_in(app, "buyer2").get(f"/messages?shop={first.shop_id}").text
    assert "还没有会话" in sign_in(app, "buyer2").get("/messages").text


def test_both_lists_go_on_by_key(cast_both: Cast) -> None:
    cast = cast_both
    orders = [cast.order(title=f"第{number}款袜子") for number in range(3)]
    for number, order in enumerate(orders):
        say(order, "buyer", "在吗", cast, number)
    page = by_shop.list_orders(cast.buyer, cast.shop, size=2)
    assert [row.goods for row in page] == ["第2款袜子", "第1款袜子", "第0款袜子"]
    rest = by_shop.list_orders(cast.buyer, cast.shop, size=2, skip=page[1].last_message_id)
    assert [row.goods for row in rest] == ["第0款袜子"]
    [shop] = by_shop.list_shops(cast.buyer, size=2)
    assert shop.goods == "第2款袜子" and not by_shop.list_shops(cast.buyer, size=2, skip=shop.last_message_id)


def test_what_a_step_wrote_is_read_from_ones_own_side(app: Flask, cast: Cast) -> None:
    """「买家接受了协商方案」 stood among the messages of the buyer who had accepted it."""
    case = cast.open_case()
    case = cast.take(case, "propose", Actor.SELLER, terms=cast.terms(case))
    buyer, seller = sign_in(app, "buyer"), sign_in(app, "seller")
    order = db.session.get_one(Order, (case.order_id, case.shop_id)).order_no
    asked = buyer.get(f"/orders/{order}/contact").text
    assert "商家提出了协商方案，请您确认" in asked and "请买家确认" not in asked
    cast.take(case, next(step for step in ("accept", "accept_reship") if opens(case, step)), Actor.BUYER)
    for page in (buyer.get("/messages"), buyer.get(f"/orders/{order}/contact")):
        assert "您接受了" in page.text and "买家接受了" not in page.text
    assert "您接受了" not in seller.get(f"/seller/orders/{order}/contact").text


def opens(case: Case, step: str) -> bool:
    names = {each.name for each, refusal in list_actions(case, Actor.BUYER, case.entered_at) if refusal is None}
    return step in names
