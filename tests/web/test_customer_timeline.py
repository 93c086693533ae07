"""One customer, one page: all that happened with this shop in order, page by page, and nothing of other shops."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db, writing
from portal.inputs import money_text as money
from portal.models import Case, EnquiryMessage, Notice, OrderLine
from portal.orders import customers
from portal.parcels import following
from portal.service import customer_timeline, ratings
from portal.talk import enquiries, promises
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock


def live_through(cast: Cast, times: int = 1) -> str:
    """Orders, cases, parcels, money, an enquiry, a promise, a rating and a note; the last order's number."""
    for number in range(times):
        order = cast.order(ordered_at=cast.now - timedelta(days=number + 1))
        order_no = order.order_no
        case_id = cast.until("completed", order=order).id
        with writing():
            ratings.rate(db.session.get_one(Case, case_id), 4, "不错", [], by_link=False, now=cast.now)
    cast.order(status="in_transit", tracking_text="73610555582883")
    cast.paid_beside(db.session.get_one(Case, case_id))
    product = db.session.scalars(select(OrderLine.product_id)).first() or 0
    with writing():
        following.follow_orders(cast.now)
        enquiries.ask(cast.shop, product, cast.buyer, "能换色吗", [], now=cast.now)
        thread = enquiries.find_of_buyer(cast.shop, product, cast.buyer)
        assert thread is not None
        enquiries.answer(thread, cast.seller, "可以换色", [], now=cast.now + timedelta(minutes=1))
        said = db.session.scalars(select(EnquiryMessage.id).where(EnquiryMessage.side == "seller")).one()
        promises.pin(thread, said, "seller", cast.now + timedelta(minutes=2))
        customers.add_note(cast.shop, cast.buyer, tag="分销", words="先发照片", by=cast.seller, now=cast.now)
    return order_no


def test_everything_is_there_once_whatever_the_page(cast_both: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = cast_both
    live_through(cast, times=2)
    cast.open_case(cast.order(shop=cast.shop2, title="别家的商品"))
    whole, _ = customer_timeline.list_page(cast.shop, cast.buyer)
    assert whole == sorted(whole, key=lambda entry: (entry.at, entry.id), reverse=True)
    for size in (1, 3):
        monkeypatch.setattr(customer_timeline, "PAGE", size)
        seen: list[customer_timeline.Entry] = []
        key = None
        while True:
            rows, key = customer_timeline.list_page(cast.shop, cast.buyer, key)
            seen += rows
            if key is None:
                break
        assert seen == whole
    assert {entry.kind for entry in seen} == set(customer_timeline.KINDS)
    assert len({(entry.kind, entry.id) for entry in seen}) == len(seen)
    assert [entry.words.partition(" 的")[2] for entry in seen if "73610555582883" in entry.words] == [
        "包裹：中通快递 73610555582883"
    ]
    assert all(entry.href for entry in seen if entry.kind == "promise")
    assert not any("别家" in entry.words for entry in seen)
    assert "money" not in {entry.kind for entry in customer_timeline.list_page(cast.shop, cast.buyer, money=False)[0]}


def test_the_page_the_export_and_the_hand_over(app: Flask, cast: Cast, now: Clock) -> None:
    order_no = live_through(cast)
    here = f"/seller/orders/{order_no}/customer"
    seller = sign_in(app, "seller")
    shown = seller.get(here).text
    for words in ("能换色吗", "可以换色", "评价 4 分", "先发照片", f"下单 {order_no}", "商家寄出", "已登记"):
        assert words in shown, words
    given = seller.get(f"{here}.json").json
    assert given is not None
    assert {row["kind"] for row in given["timeline"]} == set(customer_timeline.KINDS.values())
    cast.employ(cast.shop, "buyer2", "agent")
    assert post(seller, here, {"words": "等他回复尺码", "to": str(cast.seller2)}).status_code == 422
    assert post(seller, here, {"words": "等客户回复尺码", "to": str(cast.buyer2)}).status_code == 303
    told = db.session.execute(select(Notice.user_id, Notice.body).where(Notice.kind == "customer_handed")).all()
    assert [tuple(row) for row in told] == [(cast.buyer2, "等客户回复尺码")]
    assert sign_in(app, "seller2").get(f"{here}?before=").status_code == 404
    assert seller.get(f"{here}?before=nonsense").status_code == 404


def test_an_import_is_not_said_to_be_when_an_order_was_placed(app: Flask, cast: Cast) -> None:
    unknown = cast.order(ordered_at=cast.now)
    [entry] = customer_timeline.list_page(cast.shop, cast.buyer)[0]
    assert entry.words.startswith(f"导入订单 {unknown.order_no}，下单时间未知，实付")
    desk = sign_in(app, "seller")
    page, listed = desk.get(f"/seller/orders/{unknown.order_no}/customer").text, desk.get("/seller/customers").text
    assert f"下单 {unknown.order_no}" not in page
    assert "下单时间未知" in page.split("第一次下单")[1][:60]
    assert 'data-label="最近下单">下单时间未知<' in listed

    known = cast.order(ordered_at=cast.now - timedelta(days=3))
    page, listed = desk.get(f"/seller/orders/{known.order_no}/customer").text, desk.get("/seller/customers").text
    assert f"下单 {known.order_no}，实付" in page
    assert "不晚于 11月20日" in page.split("第一次下单")[1][:60]
    assert 'data-label="最近下单">不早于 11月20日' in listed


def test_an_order_that_nobody_paid_for_is_not_said_to_be_paid(app: Flask, cast: Cast) -> None:
    paid, unpaid = cast.order(), cast.order(status="unpaid", paid_at=None)
    called_off, refunded = (
        cast.order(status="cancelled", paid_at=None),
        cast.order(status="cancelled", paid_at=cast.now),
    )
    page = sign_in(app, "seller").get(f"/seller/orders/{paid.order_no}/customer").text
    assert f"4 单，实付 ¥{money(paid.paid_fen + refunded.paid_fen)}" in page
    assert f"下单 {paid.order_no}，实付 ¥" in page
    assert f"下单 {unpaid.order_no}，应付 ¥" in page
    for order in (called_off, refunded):
        assert f"下单 {order.order_no}，订单金额 ¥" in page
