"""新商家的订单 on a phone: an order appears after its buyer's yes, not after their no; a report gets a number."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from portal.calendar import clock
from portal.extensions import db, writing
from portal.models import Order
from portal.people import accounts
from tests.cast import Cast
from tests.e2e.conftest import World
from tests.e2e.pages import Buyer


def send_from_new_shop(world: World, many: int) -> tuple[str, list[str]]:
    """Orders for ``buyer`` from a shop that they don't know: the shop's name, and the orders' numbers."""
    with world.app.app_context():
        cast, name = Cast.of_app(world.app), f"新店{secrets.token_hex(3)}"
        with writing():
            owner = accounts.create_user(f"owner{secrets.token_hex(4)}", now=clock.now())
            shop = accounts.create_shop(owner, name, clock.now()).id
        numbers = [cast.order(shop=shop, shown=False, title="加微信领红包").order_no for _ in range(many)]
        db.session.remove()
    return name, numbers


@pytest.mark.parametrize("kind", ["phone", "phone-without-script"])
def test_a_yes_and_a_no_and_a_report(world: World, visit: Any, kind: str) -> None:
    (friend, bought), (stranger, foreign) = send_from_new_shop(world, 2), send_from_new_shop(world, 1)
    buyer = Buyer(visit(kind))
    page = buyer.page
    buyer.signs_in("buyer", "/orders")
    assert page.get_by_text(friend).count() == 0
    page.get_by_role("link", name="家新商家的订单等您确认").click()
    page.get_by_role("heading", name=friend).wait_for()
    assert page.get_by_text("加微信领红包").count() == 0
    for number in (*bought, *foreign):
        page.get_by_text(number).wait_for()
    page.get_by_role("button", name=f"是我买的 {friend}").click()
    page.get_by_text("已确认，这家店铺的订单都在我的订单里").wait_for()
    page.goto("/orders")
    page.get_by_text(friend).first.wait_for()
    buyer.opens_order(bought[0])
    page.goto("/me/shops")
    page.get_by_role("link", name=f"举报 {stranger}").click()
    page.get_by_label("不是我的订单").check()
    buyer.press("提交举报")
    page.get_by_role("heading", name="待处理").wait_for()
    page.goto("/me/shops")
    page.get_by_role("button", name=f"改为是我买的 {stranger}").wait_for()
    answer = page.goto(f"/orders/{foreign[0]}")
    assert answer is not None
    assert answer.status == 404
    with world.app.app_context():
        shown = db.session.execute(db.select(Order.order_no, Order.shown).where(Order.order_no.in_(bought + foreign)))
        assert {row.order_no: row.shown for row in shown} == dict.fromkeys(bought, True) | dict.fromkeys(foreign, False)
        db.session.remove()
