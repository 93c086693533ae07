"""售前咨询 over HTTP: the product's page, asking, answering, 常见问答 after a look, votes, promises in a later case."""

from __future__ import annotations

import io
import re
from typing import Any

from flask import Flask
from sqlalchemy import select

from portal.extensions import db, writing
from portal.models import Enquiry, Evidence, OrderLine
from portal.rights import policies
from portal.talk import enquiries, replies
from tests.cast import Cast, post, sign_in, token_of
from tests.conftest import Clock
from tests.pictures import photo


def product_of(order_id: int) -> int:
    found = db.session.scalars(select(OrderLine.product_id).where(OrderLine.order_id == order_id)).first()
    db.session.rollback()
    assert found is not None
    return found


def test_from_the_question_to_the_next_ones_answer_and_the_later_case(app: Flask, cast: Cast, now: Clock) -> None:
    order = cast.order()
    order_no, product = order.order_no, product_of(order.id)
    here = f"/products/{cast.shop}/{product}"
    buyer, seller, stranger = sign_in(app, "buyer"), sign_in(app, "seller"), sign_in(app, "buyer2")
    assert here in buyer.get(f"/orders/{order_no}").text
    assert here in seller.get(f"/seller/products/{product}").text
    shown = stranger.get(here).text
    assert "黑色;L" in shown
    assert "还没有常见问答" in shown
    assert app.test_client().get(here).status_code == 303
    assert stranger.get(f"/products/{cast.shop2}/{product}").status_code == 404
    assert post(buyer, f"{here}/ask", {"words": ""}).status_code == 422
    asked = {**token_of(stranger.get(f"{here}/ask")), "words": "能换色吗"}
    picture = {"photos": (io.BytesIO(photo((300, 200))), "a.jpg")}
    assert stranger.post(f"{here}/ask", data=asked | picture).status_code == 303  # who has bought nothing yet
    public_id = db.session.scalars(select(Evidence.public_id).where(Evidence.enquiry_message_id.is_not(None))).one()
    for who, status in (("buyer2", 200), ("seller", 200), ("buyer", 404), ("seller2", 404)):
        assert sign_in(app, who).get(f"/f/{public_id}").status_code == status, who
    assert post(buyer, f"{here}/ask", {"words": "可以换颜色吗"}).status_code == 303
    thread = db.session.scalars(select(Enquiry.id).where(Enquiry.buyer_id == cast.buyer)).one()
    desk = f"/seller/enquiries/{thread}"
    assert f"/seller/orders/{order_no}/customer" in seller.get(desk).text
    assert desk in seller.get("/seller/enquiries").text
    assert sign_in(app, "seller2").get(desk).status_code == 404
    assert post(seller, desk, {"does": "answer", "words": ""}).status_code == 422
    assert post(seller, desk, {"does": "answer", "words": "可以换色，破损包赔"}).status_code == 303
    assert desk not in seller.get("/seller/enquiries").text
    assert desk in seller.get("/seller/enquiries?tab=mine").text
    page = buyer.get(f"{here}/ask").text
    pin = re.search(rf'action="({here}/pin/\d+)"', page)
    assert pin
    assert post(stranger, pin[1], at=f"{here}/ask").location.endswith("/ask")  # not a word of theirs: nothing is pinned
    assert post(buyer, pin[1], at=f"{here}/ask").location.endswith("said=pinned")
    case = cast.open_case(db.session.merge(order))
    case_no = case.case_no
    for who, where in (("buyer", "/cases"), ("seller", "/seller/cases")):
        text = sign_in(app, who).get(f"{where}/{case_no}").text
        assert "售前承诺" in text
        assert "可以换色，破损包赔" in text
    make = re.search(rf'href="({desk}/faq/\d+)"', seller.get(desk).text)
    assert make
    assert "可以换颜色吗" in seller.get(make[1]).text
    drafted = post(seller, make[1], {"question": "可以换颜色吗", "answer": "可以换色"})
    assert drafted.status_code == 303
    assert "可以换颜色吗" not in stranger.get(here).text
    faq = re.search(r"/seller/faqs/\d+", seller.get(drafted.location).text)
    assert faq
    assert post(seller, faq[0], {"does": "show"}).status_code == 303
    assert "可以换颜色吗" in stranger.get(here).text
    assert "可能已经回答了您" in sign_in(app, "mediator").get(f"{here}/ask?q=换颜色").text
    vote = re.search(rf'action="({here}/faqs/\d+)"', stranger.get(here).text)
    assert vote
    assert post(stranger, vote[1], {"vote": "wrong", "words": "白色不能换"}, at=here).location.endswith("vote-wrong")
    assert post(stranger, vote[1], {}, at=here).location.endswith("vote-missing")
    assert post(stranger, vote[1], {"vote": "wrong", "words": "白色真的不能换"}, at=here).status_code == 303
    notices = seller.get("/seller/notices").text
    assert notices.count("有买家说一条常见问答答得不对") == 1 and "白色不能换" in notices  # of each voter once
    assert "1 人说答得不对" in seller.get(f"/seller/products/{product}/faqs").text
    assert "白色真的不能换" in seller.get(faq[0]).text
    assert post(seller, faq[0], {"does": "remove"}).status_code == 303
    assert "可以换颜色吗" not in stranger.get(here).text
    assert sign_in(app, "seller2").get(faq[0]).status_code == 404
    assert "可以换颜色吗" in buyer.get("/me/enquiries").text or "可以换色" in buyer.get("/me/enquiries").text


def test_the_shops_own_words_are_put_in_and_a_gap_is_not_sent(app: Flask, cast: Cast) -> None:
    product = product_of(cast.order().id)
    with writing():
        enquiries.ask(cast.shop, product, cast.buyer, "怎么退", [], now=cast.now)
        good = replies.add_reply(cast.shop, "退货说明", "{商品}请寄到{退货地址}", "", cast.now).id
        promise = replies.add_reply(cast.shop, "同意", "同意换货", "agree", cast.now).id
        foreign = replies.add_reply(cast.shop2, "别家", "别家的话", "", cast.now).id
    thread = db.session.scalars(select(Enquiry.id)).one()
    seller, here = sign_in(app, "seller"), f"/seller/enquiries/{thread}"
    shown = seller.get(here).text
    assert f"{here}?reply={good}" in shown and f"reply={promise}" not in shown and f"reply={foreign}" not in shown
    assert "请寄到【待填：退货地址】" in seller.get(f"{here}?reply={good}").text
    for wrong in (promise, foreign, "x"):
        filled = seller.get(f"{here}?reply={wrong}").text
        assert "同意换货" not in filled and "别家的话" not in filled
    sent = {"does": "answer", "words": "请寄到【待填：退货地址】"}
    refused = post(seller, here, sent)
    assert refused.status_code == 422 and "还有没填的空" in refused.text and sent["words"] in refused.text
    assert post(seller, here, sent | {"words": "请寄到义乌"}).status_code == 303


def test_the_products_page_promises_only_what_the_shop_takes(app: Flask, cast: Cast) -> None:
    here = f"/products/{cast.shop}/{product_of(cast.order().id)}"
    buyer = sign_in(app, "buyer")
    rest: dict[str, Any] = {"window_days": 15, "hidden_days": 30, "special_freight": "seller", "guarantees": ()}
    rest |= {"excluded": (), "words": "", "by": cast.seller, "now": cast.now}
    for types, said in (
        ("exchange,return_refund,reissue", "天内可以换货或退货退款，"),
        ("exchange,reissue", "天内可以换货，"),
        ("return_refund,refund_only", "天内可以退货退款，"),
    ):
        with writing():
            policies.publish_policy(cast.shop, types=types.split(","), **rest)
        assert said in buyer.get(here).text, types
