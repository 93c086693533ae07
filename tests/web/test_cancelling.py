"""取消订单 from the list and the order, and 发货 at the desk, over HTTP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from portal import words
from portal.calendar import clock
from portal.extensions import db, writing
from portal.flow import CaseType
from portal.models import Case, MoneyEntry, Order, Shipment, ShipmentTrace, Staff, Track
from portal.orders.export_format import read
from portal.orders.importing import import_orders
from tests import exports
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.domain.test_fulfilment import fresh, ship, unsent

LIST = "/orders?tab=unshipped"
PARCEL = {"carrier": "ZTO", "number": "75484863576596"}


def test_several_from_the_list(app: Flask, cast: Cast, now: Clock) -> None:
    numbers = [unsent(cast).order_no for _ in range(3)]
    sent = unsent(cast)
    buyer = sign_in(app, "buyer")
    listed = buyer.get("/orders?tab=unshipped").text
    assert listed.count('type="checkbox"') == 4 and "勾选后可以一起取消" in listed
    assert 'type="checkbox"' not in buyer.get("/orders").text
    chosen = {"order": [*numbers, sent.order_no]}
    asked = post(buyer, "/orders/cancel", chosen, at=LIST)
    assert asked.status_code == 200 and "4 笔可以取消" in asked.text and "取消原因" in asked.text
    ship(cast, fresh(sent.id))
    unsaid = post(buyer, "/orders/cancel", chosen | {"reason": ""}, at=LIST)
    assert unsaid.status_code == 422 and "请选择原因" in unsaid.text
    key = re.search(r'name="form_key" value="([0-9a-f]+)"', unsaid.text)
    assert key is not None
    form = chosen | {"reason": "downstream", "form_key": key[1]}
    done = post(buyer, "/orders/cancel", form, at=LIST)
    assert (
        done.status_code == 303
        and post(buyer, "/orders/cancel", form, at=f"/orders/{sent.order_no}/contact").location == done.location
    )
    page = buyer.get(done.location).text
    assert "3 笔已取消，1 笔没有取消" in page and page.count("查看退款") == 3 and "商家已发货，不能取消" in page
    assert len(db.session.scalars(db.select(MoneyEntry)).all()) == 3
    assert sign_in(app, "buyer2").get(done.location).status_code == 404


def test_none_or_too_many(app: Flask, cast: Cast, now: Clock) -> None:
    unsent(cast)
    buyer = sign_in(app, "buyer")
    none = post(buyer, "/orders/cancel", {}, at=LIST)
    assert none.status_code == 422 and "请先勾选" in none.text
    many = post(
        buyer, "/orders/cancel", {"order": [str(number) for number in range(201)], "reason": "not_wanted"}, at=LIST
    )
    assert many.status_code == 422 and "一次最多取消 200 笔" in many.text
    assert buyer.get("/orders/cancel").location == "/orders?tab=unshipped"


def test_one_from_its_page(app: Flask, cast: Cast, now: Clock) -> None:
    order = unsent(cast)
    url, buyer = f"/orders/{order.order_no}", sign_in(app, "buyer")
    assert f'href="{url}/cancel"' in buyer.get(url).text
    assert "由商家退回" in buyer.get(f"{url}/cancel").text
    missing = post(buyer, f"{url}/cancel", {})
    assert missing.status_code == 422 and "请选择原因" in missing.text
    done = post(buyer, f"{url}/cancel", {"reason": "wrong_order"})
    assert done.status_code == 303 and "订单已取消" in buyer.get(done.location).text
    page = buyer.get(url).text
    assert "由您取消" in page and "待商家退款" in page and "取消订单</a>" not in page
    assert "这笔订单已经关闭" in post(buyer, f"{url}/cancel", {"reason": "wrong_order"}).text
    case = db.session.scalars(db.select(Case)).one()
    assert "买家在发货前取消了订单" in sign_in(app, "seller").get(f"/seller/cases/{case.case_no}").text


def test_what_was_sent_meanwhile_says_what_to_do(app: Flask, cast: Cast, now: Clock) -> None:
    order = unsent(cast)
    buyer = sign_in(app, "buyer")
    ship(cast, fresh(order.id))
    answer = post(buyer, f"/orders/{order.order_no}/cancel", {"reason": "not_wanted"})
    assert answer.status_code == 409 and "收到后申请退货退款" in answer.text
    assert fresh(order.id).status == "in_transit"


def test_the_shop_sends_it(app: Flask, cast: Cast, now: Clock) -> None:
    order = unsent(cast)
    number, desk = order.order_no, sign_in(app, "seller")
    page = desk.get("/seller/orders").text
    assert number in page and f'href="/seller/orders/{number}/ship"' in page
    url = f"/seller/orders/{number}/ship"
    mistaken = post(desk, url, {**PARCEL, "number": number})
    assert mistaken.status_code == 422 and "这是订单编号" in mistaken.text
    wrong = post(desk, url, {"carrier": "", "number": "12345"})
    assert wrong.status_code == 422 and "请选择物流公司" in wrong.text and 'value="12345"' in wrong.text
    assert post(desk, url, PARCEL).location == "/seller/orders?said=shipped"
    assert "已发货，买家会收到通知" in desk.get("/seller/orders?said=shipped").text
    assert "75484863576596" in desk.get("/seller/orders?tab=sent").text
    again = post(desk, url, PARCEL)
    assert again.status_code == 409 and "不是待发货状态" in again.text
    buyer = sign_in(app, "buyer")
    assert "75484863576596" in buyer.get(f"/orders/{number}").text and "商家已发货" in buyer.get("/notices").text


def test_what_was_called_off_is_not_sent(app: Flask, cast: Cast, now: Clock) -> None:
    order = unsent(cast)
    number = order.order_no
    post(sign_in(app, "buyer"), f"/orders/{number}/cancel", {"reason": "not_wanted"})
    desk = sign_in(app, "seller")
    answer = post(desk, f"/seller/orders/{number}/ship", PARCEL)
    assert answer.status_code == 409 and "请不要发货" in answer.text and "75484863576596" in answer.text
    assert "请不要发货" in desk.get(f"/seller/orders/{number}/ship").text
    assert "买家已取消" in desk.get("/seller/orders?tab=cancelled").text
    assert number in desk.get(f"/seller/orders?q={number}").text
    assert "没有找到订单" in desk.get("/seller/orders?q=1").text
    assert fresh(order.id).status == "cancelled"


def test_pages_of_the_shops_list(app: Flask, cast: Cast, now: Clock) -> None:
    numbers = [unsent(cast).order_no for _ in range(23)]
    desk = sign_in(app, "seller")
    first = desk.get("/seller/orders").text
    more = re.search(r'rel="next" href="([^"]+)"', first)
    assert more is not None
    second = desk.get(more[1].replace("&amp;", "&")).text
    assert sum(number in first for number in numbers) == 20 and sum(number in second for number in numbers) == 3
    assert desk.get("/seller/orders?tab=x").status_code == 404
    assert desk.get("/seller/orders?after=x").status_code == 404
    assert "没有待发货的订单" in sign_in(app, "seller2").get("/seller/orders").text


def test_who_sends(app: Flask, cast: Cast, now: Clock) -> None:
    number = unsent(cast).order_no
    for role, listed, ships in (("warehouse", 200, 200), ("agent", 200, 403), ("finance", 403, 403)):
        with writing():
            db.session.execute(db.delete(Staff).where(Staff.user_id == cast.buyer2))
            db.session.add(Staff(user_id=cast.buyer2, shop_id=cast.shop, role=role))
        clerk = sign_in(app, "buyer2")
        assert clerk.get("/seller/orders").status_code == listed
        assert clerk.get(f"/seller/orders/{number}/ship").status_code == ships


def test_an_import_never_opens_what_was_called_off(app: Flask, cast: Cast, now: Clock, tmp_path: Path) -> None:
    """The file's word is reported and told to the shop; the order stays as the two sides left it."""
    order = unsent(cast)
    number = order.order_no
    post(sign_in(app, "buyer"), f"/orders/{number}/cancel", {"reason": "not_wanted"})
    row = exports.order(number, 买家会员名="buyer", 卖家会员名="seller", 订单状态="等待买家收货")
    path = exports.text(tmp_path / "again.csv", exports.table([row]))
    with read(path) as rows:
        report = import_orders(rows, now=cast.now)
    assert any("已在本平台取消，导出显示「等待买家收货」" in problem.sentence for problem in report.problems)
    assert fresh(order.id).status == "cancelled"
    assert db.session.scalars(db.select(Order.cancelled_at).where(Order.order_no == number)).one() is not None
    assert "订单状态与这里不一致" in sign_in(app, "seller").get("/seller/notices").text


@pytest.mark.parametrize("known", ["shipped_at", "received_at", "scan"])
def test_whatever_says_that_it_was_sent_keeps_it_from_being_called_off(
    app: Flask, cast: Cast, now: Clock, known: str
) -> None:
    """A status may be that of an older file; the order isn't."""
    order = unsent(cast)
    with writing():
        if known == "scan":
            track = Track(carrier="ZTO", tracking_no="75484863576596", since_at=cast.now)
            db.session.add(track)
            db.session.flush()
            shipment = Shipment(
                track_id=track.id,
                order_id=order.id,
                shop_id=order.shop_id,
                carrier="ZTO",
                carrier_name="中通快递",
                tracking_no="75484863576596",
                since_at=cast.now,
            )
            db.session.add(shipment)
            db.session.flush()
            picked_up = ShipmentTrace(
                shipment_id=shipment.id, shop_id=order.shop_id, at=cast.now, status="picked", words="已揽收"
            )
            db.session.add(picked_up)
        else:
            db.session.execute(db.update(Order).where(Order.id == order.id).values({known: cast.now}))
    answer = post(sign_in(app, "buyer"), f"/orders/{order.order_no}/cancel", {"reason": "not_wanted"})
    assert answer.status_code == 409 and "收到后申请退货退款" in answer.text
    assert fresh(order.id).status == "unshipped" and db.session.scalars(db.select(Case)).all() == []


def test_a_case_about_something_else_is_in_the_way(app: Flask, cast: Cast, now: Clock) -> None:
    order = unsent(cast)
    cast.mediated(cast.until("applied", order=order, case_type=CaseType.REFUND_ONLY, reason="not_wanted"))
    buyer = sign_in(app, "buyer")
    done = post(buyer, f"/orders/{order.order_no}/cancel", {"reason": "not_wanted"})
    assert "订单有进行中的售后" in buyer.get(done.location).text


@pytest.mark.parametrize("resells", [False, True])
@pytest.mark.parametrize("status", ["unshipped", "unpaid"])
def test_the_word_is_the_readers_on_every_page(app: Flask, cast: Cast, now: Clock, resells: bool, status: str) -> None:
    """A distributor calls it 撤销申请 (铺货), everybody else 取消订单; what isn't paid for is 取消订单 for both."""
    name = "seller2" if resells else "buyer"
    word, other = ("撤销申请", "取消订单") if resells and status == "unshipped" else ("取消订单", "撤销申请")
    verb = word[:2]
    orders = [cast.order(status=status, buyer=getattr(cast, name), received_at=None) for _ in range(2)]
    if status == "unpaid":
        with writing():
            db.session.execute(update(Order).values(paid_at=None))
    number, client = orders[0].order_no, sign_in(app, name)
    url = f"/orders/{number}/cancel"
    for page in (client.get(f"/orders/{number}").text, client.get("/orders").text, client.get(url).text):
        main = page.partition("<main")[2]
        assert word in main and other not in main
    listed = client.get(f"/orders?tab={status}").text
    assert f"{verb}所选订单" in listed and f"勾选后可以一起{verb}" in listed
    asked = client.get(url).text
    assert f"1 笔可以{verb}" in asked and f"{verb}原因" in asked
    assert ("由商家退回" in asked and "原来的支付账户" in asked) is (status == "unshipped")
    done = post(client, url, {"reason": "not_wanted"})
    result = client.get(done.location).text
    assert f"订单已{verb}" in result and f"{verb}结果" in result and f"已{verb}</strong>" in result
    assert "取消" not in result.partition("<main")[2] if verb == "撤销" else "撤销" not in result.partition("<main")[2]
    again = post(client, url, {"reason": "not_wanted"}, at="/me")
    assert "不需要再" in again.text
    assert "取消了订单" in sign_in(app, "seller").get("/seller/notices").text or status == "unshipped"


def test_one_order_called_off_says_what_comes_back_and_until_when(app: Flask, cast: Cast, now: Clock) -> None:
    order = unsent(cast)
    buyer = sign_in(app, "buyer")
    done = post(buyer, f"/orders/{order.order_no}/cancel", {"reason": "not_wanted"}).location
    text = re.sub(r"<[^>]+>", "", buyer.get(done).text.partition("<main")[2])
    db.session.rollback()
    case = db.session.scalars(db.select(Case)).one()
    fen = db.session.scalars(db.select(MoneyEntry.amount_fen)).one()
    assert case.due_at is not None and fen
    assert (
        "订单已取消" in text and f"商家要退给您 {fen / 100:.2f} 元，最晚 {words.end(case.due_at, clock.now())}" in text
    )
    assert "逐笔" not in text
    for said in (buyer.get(f"/orders/{order.order_no}/contact").text, buyer.get("/messages").text):
        assert "订单在发货前取消了，应退" in said and "买家在发货前" not in said
    with writing():
        db.session.execute(update(MoneyEntry).values(state="settled", settled_at=now.at))
    assert "商家要退给您" not in buyer.get(done).text, "what was paid isn't owed any more"
