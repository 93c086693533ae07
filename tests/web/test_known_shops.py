"""新商家的订单, reports and claimed numbers over HTTP."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db, writing
from portal.models import Complaint, KnownShop, Order
from portal.orders.claims import Claims
from tests.cast import Cast, post, shows_money, sign_in

HIDDEN = ("", "/contact", "/apply", "/cancel", "/conditions", "/contact/new", "/apply/details", "/apply/check")


@pytest.mark.parametrize("more", HIDDEN)
def test_a_hidden_order_has_no_address(app: Flask, cast: Cast, more: str) -> None:
    order = cast.order(shown=False, shop=cast.shop2, status="unshipped", tracking_text="")
    browser = sign_in(app, "buyer")
    assert browser.get(f"/orders/{order.order_no}{more}").status_code == 404
    assert browser.get(f"/orders/{order.order_no}~{cast.shop2}{more}").status_code == 404
    assert order.order_no not in browser.get("/orders").text
    assert order.order_no not in browser.get(f"/orders?q={order.order_no}").text.replace(
        f'value="{order.order_no}"', ""
    )


def test_nothing_of_a_new_shop_but_name_number_and_date(app: Flask, cast: Cast) -> None:
    order = cast.order(shown=False, shop=cast.shop2, title="加微信领红包", buyer_note="给我打电话")
    browser = sign_in(app, "buyer")
    assert "1 家新商家的订单等您确认" in browser.get("/orders").text
    assert "1 家等您确认" in browser.get("/me").text
    shown = browser.get("/me/shops").text
    assert "seller2的店" in shown
    assert order.order_no in shown
    assert "加微信" not in shown
    assert "给我打电话" not in shown
    assert not shows_money(shown)


def test_a_new_shops_order_without_a_time_says_so(app: Flask, cast: Cast) -> None:
    cast.order(shown=False, shop=cast.shop2, ordered_at=cast.now)
    shown = sign_in(app, "buyer").get("/me/shops").text
    assert "下单时间未知</span>" in shown and "11月23日" not in shown


@pytest.mark.parametrize(("said", "status"), [("yes", 200), ("no", 404)])
def test_the_answer_is_given_once_and_can_be_changed(app: Flask, cast: Cast, said: str, status: int) -> None:
    order = cast.order(shown=False, shop=cast.shop2)
    browser = sign_in(app, "buyer")
    answer = post(browser, "/me/shops", {"shop": str(cast.shop2), "answer": said})
    assert answer.status_code == 303
    assert browser.get(f"/orders/{order.order_no}").status_code == status
    shown = browser.get("/me/shops").text
    assert "没有等您确认的商家" in shown
    assert "改为不是我的" if said == "yes" else "改为是我买的" in shown
    other = "no" if said == "yes" else "yes"
    post(browser, "/me/shops", {"shop": str(cast.shop2), "answer": other})
    assert browser.get(f"/orders/{order.order_no}").status_code == (404 if status == 200 else 200)


def test_bad_answers_change_nothing(app: Flask, cast: Cast) -> None:
    cast.order(shown=False, shop=cast.shop2)
    browser = sign_in(app, "buyer")
    for form, status in (
        ({"shop": str(cast.shop2), "answer": "maybe"}, 422),
        ({"shop": str(cast.shop), "answer": "yes"}, 404),
        ({"shop": "x", "answer": "yes"}, 404),
    ):
        answer = post(browser, "/me/shops", form, at="/me")
        assert answer.status_code == status
        asked = (
            f'name="shop" value="{cast.shop2}"' in answer.text
            and "请在店铺下面选「是我买的」或「不是我的」" in answer.text
        )
        assert asked == (status == 422)
    assert (
        post(sign_in(app, "buyer2"), "/me/shops", {"shop": str(cast.shop2), "answer": "yes"}, at="/me").status_code
        == 404
    )
    assert db.session.scalars(select(KnownShop)).all() == []


def test_the_shop_is_told_why_it_cannot_write(app: Flask, cast: Cast) -> None:
    order = cast.order(shown=False)
    browser = sign_in(app, "seller")
    here = f"/seller/orders/{order.order_no}/contact"
    assert "买家还没有确认在本店买过" in browser.get(here).text
    refused = post(browser, here, {"words": "在吗"})
    assert refused.status_code == 422
    assert "在吗" in refused.text
    assert "买家未确认" in browser.get("/seller/orders?tab=all").text


def test_a_report_is_filed_and_answered(app: Flask, cast: Cast) -> None:
    order = cast.order()
    browser = sign_in(app, "buyer")
    here = f"/me/shops/{cast.shop}/report?order={order.order_no}"
    assert here.replace("&", "&amp;") in browser.get(f"/orders/{order.order_no}").text
    empty = post(browser, here, {"words": "都是广告"})
    assert empty.status_code == 422
    assert "请选择举报原因" in empty.text
    assert "都是广告" in empty.text
    sent = post(browser, here, {"kind": "pestering", "words": "都是广告"})
    number = sent.location.rsplit("/", 1)[1]
    assert "待处理" in browser.get(f"/me/complaints/{number}").text
    assert number in browser.get("/me/complaints").text
    assert sign_in(app, "buyer2").get(f"/me/complaints/{number}").status_code == 404
    assert post(sign_in(app, "buyer2"), here, {"kind": "other"}, at="/me").status_code == 404
    operator = sign_in(app, "operator")
    assert number in operator.get("/operator/complaints").text
    assert order.order_no in operator.get(f"/operator/complaints/{number}").text
    assert post(operator, f"/operator/complaints/{number}/take", at=f"/operator/complaints/{number}").status_code == 303
    assert "处理中" in browser.get(f"/me/complaints/{number}").text
    assert post(operator, f"/operator/complaints/{number}", {"answer": ""}).status_code == 422
    good = {"answer": "已提醒商家", "outcome": "upheld"}
    assert post(operator, f"/operator/complaints/{number}", good).status_code == 303
    assert post(operator, f"/operator/complaints/{number}", good, at="/me").status_code == 409
    assert "已提醒商家" in browser.get(f"/me/complaints/{number}").text
    assert db.session.scalars(select(Complaint.order_id)).all() == [order.id]


def test_the_operator_sees_claimed_numbers(app: Flask, cast: Cast) -> None:
    operator = sign_in(app, "operator")
    assert "没有重复的订单号" in operator.get("/operator/claims").text
    for shop in (cast.shop, cast.shop2):
        cast.order(shop=shop, order_no="3900000000000000001")
    with writing():
        claims = Claims()
        claims.look_up(["3900000000000000001"])
        claims.settle([("3900000000000000001", cast.shop2)], cast.now)
    shown = operator.get("/operator/claims").text
    assert "seller的店" in shown
    assert "seller2的店" in shown


def test_both_orders_of_one_number_can_be_used(app: Flask, cast: Cast) -> None:
    orders = [cast.order(shop=shop, order_no="3900000000000000001") for shop in (cast.shop, cast.shop2)]
    with writing():
        claims = Claims()
        claims.look_up(["3900000000000000001"])
        claims.settle([("3900000000000000001", cast.shop2)], cast.now)
    browser = sign_in(app, "buyer")
    for order, shop in zip(orders, ("seller的店", "seller2的店"), strict=True):
        address = f"/orders/3900000000000000001~{order.shop_id}"
        assert address in browser.get("/orders").text
        shown = browser.get(address).text
        assert shop in shown
        assert f"{address}/contact" in shown
        assert browser.get(f"{address}/apply").status_code == 200
        assert post(browser, f"{address}/contact", {"words": f"给{shop}"}).status_code == 303
    talks = browser.get("/messages").text
    assert all(f"/orders/3900000000000000001~{order.shop_id}/contact" in talks for order in orders)
    assert db.session.scalars(select(Order.contested)).all() == [True, True]
