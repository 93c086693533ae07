"""What happened leads to the right type: the surplus goes back for its money, what was never sent is sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from portal.calendar import clock
from portal.extensions import db, writing
from portal.models import Order, OrderLine
from tests.e2e.conftest import World, ways
from tests.e2e.pages import Buyer, Seller
from tests.pictures import photo

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def begin(world: World, visit: Any, kind: str, reason: str) -> tuple[Buyer, Seller]:
    """A buyer who has chosen why, and the seller signed in."""
    order_no, seller_name = world.exchangeable()
    buyer, seller = Buyer(visit(kind)), Seller(visit("desk"))
    buyer.signs_in("haijiao_xm", f"/orders/{order_no}")
    buyer.press("申请换货")
    if "line=" not in buyer.page.url and buyer.page.locator('a.row[href*="line="]').count():
        buyer.page.locator('a.row[href*="line="]').first.click()
    buyer.chooses(reason)
    seller.signs_in(seller_name, "/seller")
    return buyer, seller


def number_of(buyer: Buyer) -> str:
    found = re.search(r"/cases/([^/?#]+)", buyer.page.url)
    assert found is not None
    return found[1]


@ways("kind", by_day="script")
def test_the_surplus_goes_back_until_it_is_to_be_refunded(world: World, visit: Any, kind: str) -> None:
    buyer, seller = begin(world, visit, kind, "数量过多")
    buyer.asks_back("1", "多拍了一件,没有拆封")
    buyer.page.get_by_text("退回运费由您承担").first.wait_for()
    buyer.submits()
    assert buyer.case.get_attribute("data-type") == "return_refund"
    case_no = number_of(buyer)
    seller.opens_case(case_no)
    seller.agrees()
    buyer.page.goto(f"/cases/{case_no}")
    buyer.sends_back("75484863576596")
    seller.opens_case(case_no)
    seller.accepts_goods("refunding")
    buyer.page.goto(f"/cases/{case_no}")
    assert buyer.state() == "refunding"


@ways("kind", by_day="plain")
def test_what_was_never_sent_is_sent(world: World, visit: Any, tmp_path: Path, kind: str) -> None:
    picture = tmp_path / "少件.jpg"
    picture.write_bytes(photo((800, 600)))
    buyer, seller = begin(world, visit, kind, "漏发商品")
    buyer.is_missing(picture, "1", "箱子里少了一件")
    buyer.submits()
    assert buyer.case.get_attribute("data-type") == "reissue"
    case_no = number_of(buyer)
    seller.opens_case(case_no)
    seller.agrees("reshipping")
    seller.ships("73610555582883", "发出补发商品")
    buyer.page.goto(f"/cases/{case_no}")
    buyer.confirms()
    buyer.page.get_by_text("补发完成").first.wait_for()


@pytest.mark.parametrize("kind", ["phone", "phone-without-script"])
def test_lines_that_differ_are_filed_apart_with_one_press(world: World, visit: Any, kind: str) -> None:
    order_no, lines = sell_two(world)
    buyer = Buyer(visit(kind))
    buyer.signs_in("haijiao_xm", f"/orders/{order_no}/apply?line={lines[0]}")
    buyer.chooses("7天无理由退货")
    buyer.page.locator("details.stack > summary").click()
    buyer.page.locator(f"#quantity-{lines[1]}").fill("1")
    buyer.asks_back("1", "不想要了")
    buyer.page.locator("#apart").get_by_text("没有直接申请的权利").wait_for()
    assert buyer.page.get_by_role("button", name="提交申请").all_inner_texts() == ["合成一张提交申请"]
    buyer.page.get_by_role("button", name="分开提交，共 2 张").click()
    buyer.page.wait_for_url(f"**/orders/{order_no}?said=filed-apart")
    assert buyer.page.locator('a.row[href^="/cases/"]').count() == 2


def sell_two(world: World) -> tuple[str, list[int]]:
    """An order of the buyer's that they haven't applied for, of two lines of which the first may go back."""
    order_no, _ = world.exchangeable()
    with world.app.app_context():
        line = db.session.scalars(
            db.select(OrderLine).join(Order, Order.id == OrderLine.order_id).where(Order.order_no == order_no)
        ).first()
        assert line is not None
        kept = {column.key: getattr(line, column.key) for column in OrderLine.__table__.columns}
        order_id, first = line.order_id, line.id
        with writing():
            db.session.execute(
                db.insert(OrderLine),
                {key: value for key, value in kept.items() if key not in ("id", "sku_id", "line_key")}
                | {"line_key": "filed apart", "spec": "另一种", "position": 99, "guarantees": ""},
            )
            db.session.execute(db.update(OrderLine).where(OrderLine.id == first).values(guarantees="qtwlybt"))
            received = {"received_at": clock.now(), "status": "completed"}
            db.session.execute(db.update(Order).where(Order.id == order_id).values(**received))
        lines = db.session.scalars(db.select(OrderLine.id).where(OrderLine.order_id == order_id)).all()
        db.session.remove()
    return order_no, [first, *(line for line in lines if line != first)]
