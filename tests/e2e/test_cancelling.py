"""Three orders called off together from the list; the shop sees what it owes."""

from __future__ import annotations

from typing import Any

from portal.extensions import db
from portal.models import Order
from tests.cast import Cast
from tests.e2e.conftest import World, ways
from tests.e2e.pages import Buyer, Seller


def unsent(world: World, many: int) -> list[str]:
    with world.app.app_context():
        cast = Cast.of_app(world.app)
        numbers = [cast.order(status="unshipped").order_no for _ in range(many)]
        db.session.remove()
    return numbers


@ways("kind", by_day="script")
def test_three_orders_at_once(world: World, visit: Any, kind: str) -> None:
    numbers = unsent(world, 3)
    buyer, seller = Buyer(visit(kind)), Seller(visit("desk"))
    buyer.signs_in("buyer", "/orders?tab=unshipped")
    for number in numbers:
        buyer.page.get_by_label(f"选择订单 {number}").check()
    buyer.press("取消所选订单")
    buyer.page.get_by_text("3 笔可以取消").wait_for()
    buyer.page.get_by_label("下游客户取消了订单").check()
    buyer.press("取消订单")
    buyer.page.get_by_text("3 笔已取消").wait_for()
    assert buyer.page.get_by_role("link", name="查看退款").count() == 3
    refund = buyer.page.get_by_role("link", name="查看退款").first.get_attribute("href") or ""
    seller.signs_in("seller", "/seller/payouts")
    seller.page.get_by_text(refund.rsplit("/", 1)[1]).first.wait_for()
    seller.page.goto(f"/seller/orders?q={numbers[0]}")
    seller.page.get_by_text("买家已取消").wait_for()
    with world.app.app_context():
        statuses = db.session.scalars(db.select(Order.status).where(Order.order_no.in_(numbers))).all()
        assert statuses == ["cancelled"] * 3
        db.session.remove()
