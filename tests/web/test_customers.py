"""Customers, who waits for an answer, the quiet hours, and what people say of the portal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import doctor, sweeping
from portal.cases import search
from portal.extensions import db, writing
from portal.models import Conversation, CustomerNote, Order, User
from portal.notices import outbox
from portal.orders import customers
from portal.people import accounts
from portal.talk import conversations, unanswered
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock


def say(cast: Cast, order_id: int, side: str, words: str, at: object) -> None:
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, order_id), cast.now)
        conversations.add_message(talk, side, cast.buyer if side == "buyer" else cast.seller, words, now=at)  # type: ignore[arg-type]


def test_a_buyer_waits_from_their_first_unanswered_word(cast_both: Cast) -> None:
    cast = cast_both
    order_id = cast.order().id
    later = cast.now + timedelta(minutes=5)
    for side, at in (("buyer", cast.now), ("buyer", later), ("system", later)):
        say(cast, order_id, side, "在吗", at)
    assert db.session.scalar(select(Conversation.waiting_since)) == cast.now
    rows, key = unanswered.list_waiting(cast.shop)
    assert ([row.buyer for row in rows], key) == (["buyer"], None)
    assert unanswered.list_waiting(cast.shop2)[0] == []
    say(cast, order_id, "seller", "在的", later)
    assert db.session.scalar(select(Conversation.waiting_since)) is None
    assert unanswered.list_waiting(cast.shop)[0] == []
    assert not any(doctor.findings())


def test_the_list_says_how_long_in_office_hours(app: Flask, cast: Cast, now: Clock) -> None:
    say(cast, cast.order().id, "buyer", "在吗", cast.now)
    now.at = cast.now + timedelta(hours=3)
    assert "请尽快回复，已等 3 小时" in sign_in(app, "seller").get("/seller/messages/waiting").text
    now.at = cast.now + timedelta(hours=20)  # six in the morning, closed since 18:00
    browser = sign_in(app, "seller")
    assert "回复超时，已等 8 小时" in browser.get("/seller/messages/waiting").text
    done = post(browser, "/seller/messages/waiting", {"opens": "09:00", "closes": "12:00"})
    assert done.status_code == 303
    assert "请尽快回复，已等 2 小时" in browser.get("/seller/messages/waiting").text


def test_a_customers_cases_add_up(app: Flask, cast: Cast, now: Clock) -> None:
    closed = cast.until("closed")
    order_no = db.session.scalars(select(Order.order_no).where(Order.id == closed.order_id)).one()
    shown = sign_in(app, "seller").get(f"/seller/orders/{order_no}/customer").text
    assert "1 件：进行中 0，完成 0，撤销 0，关闭或转其他售后 1" in shown


@pytest.mark.parametrize(
    ("opens", "closes", "said"),
    [("", "18:00", "请填写上班时间"), ("9点", "18:00", "这样填写"), ("18:00", "09:00", "晚于")],
)
def test_office_hours_that_are_none(app: Flask, cast: Cast, now: Clock, opens: str, closes: str, said: str) -> None:
    answer = post(sign_in(app, "seller"), "/seller/messages/waiting", {"opens": opens, "closes": closes})
    assert answer.status_code == 422
    assert said in answer.text


def test_a_customer_is_seen_by_the_shops_they_bought_from_only(app: Flask, cast: Cast, now: Clock) -> None:
    order_no = cast.order().order_no
    cast.until("completed")
    here = f"/seller/orders/{order_no}/customer"
    seller = sign_in(app, "seller")
    assert (
        f'href="{here}"' in seller.get("/seller/customers").text or "/customer" in seller.get("/seller/customers").text
    )
    assert post(seller, here, {"tag": "分销", "words": "喜欢先发照片"}).status_code == 303
    shown = seller.get(here).text
    assert "喜欢先发照片" in shown and "2 单" in shown and "完成 1" in shown
    assert seller.get(f"{here}.json").json["notes"][0]["words"] == "喜欢先发照片"  # type: ignore[index]
    other = sign_in(app, "seller2")
    assert other.get(here).status_code == other.get(f"{here}.json").status_code == 404
    assert "还没有客户" in other.get("/seller/customers").text
    assert "没有找到客户" in seller.get("/seller/customers?q=zzz").text
    assert "buyer" in seller.get("/seller/customers?q=buy").text
    assert (
        "buyer" in seller.get("/seller/customers?q=uyer").text and "buyer" in seller.get("/seller/customers?q=b").text
    )
    note = db.session.scalar(select(CustomerNote.id))
    db.session.rollback()
    assert post(other, "/seller/messages/waiting", {"remove": note}).status_code == 422
    assert post(seller, here, {"remove": note}).status_code == 303
    assert db.session.scalar(select(CustomerNote.id)) is None
    assert post(seller, here, {"words": ""}).status_code == 422


def test_nothing_is_sent_out_in_quiet_hours(
    app: Flask, cast: Cast, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    settings = replace(
        app.extensions["portal_settings"], webhook_url="https://example.com/hook", webhook_secret="whsec_" + "QUJD" * 6
    )
    tried: list[object] = []
    monkeypatch.setattr(outbox, "send_due", lambda *args: tried.append(args) or 1)
    for hours, sent in ((0, 1), (12, 0), (21, 0), (22, 1)):  # ten in the morning; 22, 7 and 8 o'clock
        now.at = cast.now + timedelta(hours=hours)
        assert sweeping.send_out(settings) == sent, hours
    now.at = cast.now + timedelta(hours=12)
    assert sweeping.send_out(replace(settings, quiet_hours="")) == 1
    assert len(tried) == 3


def test_customers_are_found_as_the_one_search_finds_them(both: Flask, cast_both: Cast) -> None:
    """By a part of the 会员名 or of the company, page after page, and nobody who bought elsewhere alone."""
    cast = cast_both
    with writing():
        people = [accounts.create_user(f"赵六{number}号", now=cast.now).id for number in range(5)]
        elsewhere = accounts.create_user("赵六远", now=cast.now).id
        company = accounts.create_user("qiansun", now=cast.now).id
        db.session.execute(db.update(User).where(User.id == company).values(company_name="义乌赵六袜业"))
    for person in (*people, company):
        cast.order(buyer=person)
    cast.order(shop=cast.shop2, buyer=elsewhere)
    for words in ("赵六", "乌赵六"):
        found, after = [], 0
        for _ in range(4):
            rows, after = customers.list_page(cast.shop, words=words, after=after, size=2)
            found += [row["member_name"] for row in rows]
            if not after:
                break
        named = [f"赵六{number}号" for number in range(5)] if words == "赵六" else []
        assert found == [*named, "qiansun"], words
        searched = search.search(cast.shop, words).customers
        assert {row.member_name for row in searched} == set(found)
    page = sign_in(both, "seller").get("/seller/customers?q=六袜业").text
    assert "qiansun" in page and "义乌赵六袜业" in page and "赵六1号" not in page
