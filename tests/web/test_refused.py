"""A refusal is told as one, with its reason and the ways on first, and as nobody's homework: on every page."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import words
from portal.cases import buyer_inbox
from portal.cases import clock as case_clock
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, Notice, Order, OrderLine, Product
from portal.resale import links as consumer_links
from portal.rights import refusals
from portal.rights.reasons import REASONS
from portal.rights.refusal_words import REFUSALS, Refusal
from portal.talk import conversations
from tests.cast import Cast, sign_in
from tests.conftest import Clock

GROUNDS = {reason.ground: reason for reason in REASONS}  # one reason of each
HOMEWORK = ("需要您处理", "请补充资料", "待您补充", "去补充", "未修改", "未补充")


def list_ways(case_type: CaseType) -> Iterator[tuple[Refusal, str, bool, bool]]:
    """Each pair of refusal and ground that can be for this type, once; 协商 and excluded goods where it needs them."""
    seen = set()
    for negotiated, excluded in ((False, False), (False, True), (True, False), (True, True)):
        for refusal, (ground, reason) in itertools.product(REFUSALS, GROUNDS.items()):
            application = refusals.Application(reason.id, case_type, negotiated, excluded, ended=negotiated)
            if (refusal, ground) not in seen and not refusals.why_not(refusal.id, application):
                seen.add((refusal, ground))
                yield refusal, reason.id, negotiated, excluded


def covering(case_type: CaseType) -> list[tuple[Refusal, str, bool, bool]]:
    """Of all pairs enough that each refusal and each ground of this type is among them."""
    left = list(list_ways(case_type))
    known: set[str] = set()
    found = []
    for least in (2, 1):  # first those that bring both
        for way in left:
            if len({way[0].id, way[1]} - known) >= least:
                known |= {way[0].id, way[1]}
                found.append(way)
    assert {way[0].id for way in left} <= known and {way[1] for way in left} <= known
    return found


def refuse(cast: Cast, order: Order, case_type: CaseType, way: tuple[Refusal, str, bool, bool]) -> Case:
    """An application of the order that the shop refuses in this way."""
    refusal, reason, negotiated, excluded = way
    with writing():
        db.session.execute(
            update(Product)
            .where(Product.id.in_(select(OrderLine.product_id).where(OrderLine.order_id == order.id)))
            .values(exchangeable=not excluded, no_reason_excluded="made" if excluded else "")
        )
    case = cast.open_case(order, milli=1_000, case_type=case_type, negotiated=negotiated)
    with writing():
        then = db.session.get_one(Case, case.id)
        then.reason = reason
        if refusal.id == "over_window":
            then.opened_on = {**then.opened_on, "received_at": (cast.now - timedelta(days=60)).isoformat()}
    if refusal.id == "evidence_insufficient":
        cast.take(case, "ask_evidence", Actor.SELLER, note="请补拍外包装")
        cast.take(case, "modify", Actor.BUYER, note="补了")
    photos = cast.photos(1, cast.seller)
    return cast.take(case, "reject", Actor.SELLER, refusal=refusal.id, note="我们核对过了", photos=photos)


def link_to(cast: Cast, case: Case) -> tuple[str, str]:
    with writing():
        token = consumer_links.make_link(cast.now, shop_id=cast.shop, case_id=case.id, by=cast.seller)
    assert token is not None
    return f"/c/{consumer_links.name_link(token)}/{case.case_no}", token


def read(text: str) -> str:
    """What is read on a page, in its order."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text.partition("<main")[2])))


@pytest.mark.parametrize("case_type", list(CaseType))
def test_every_refusal_is_told_with_its_reason_first(app: Flask, cast: Cast, now: Clock, case_type: CaseType) -> None:
    order, buyer = cast.order(milli=100_000), sign_in(app, "buyer")
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, (order.id, order.shop_id)), cast.now)
        conversations.add_message(talk, "seller", cast.seller, "请看说明", now=cast.now)
    cases = []
    for way in covering(case_type):
        case = refuse(cast, order, case_type, way)
        cases.append(case.case_no)
        assert case.due_at is not None
        until = words.end(case.due_at)
        consumer = app.test_client()
        url, token = link_to(cast, case)
        consumer.get(f"/c/{token}")
        for page in (buyer.get(f"/cases/{case.case_no}").text, consumer.get(url).text):
            said = read(page)
            assert not [word for word in HOMEWORK if word in said], (way, said[:300])
            reason, ways, closing = (
                said.index(f"拒绝原因：{way[0].zh}"),
                said.index("可以申请平台介入，由平台裁决"),
                said.index("按商家的拒绝关闭"),
            )
            assert said.index("商家没有同意您的申请") < reason < said.index("我们核对过了") < ways < closing, way
            assert "前提出" in said and re.search("关闭后(还可申请|不能重新申请)", said), said[:400]
            assert f"/cases/{case.case_no}/escalate" in page or f"{url}/do/escalate" in page
        notice = db.session.scalars(
            select(Notice).where(Notice.case_id == case.id, Notice.kind == "reject", Notice.user_id == cast.buyer)
        ).one()
        assert "未通过" in notice.title and notice.body.index(way[0].zh) < notice.body.index("平台介入")
        assert until in notice.body and "修改后重新提交" in notice.body
    listed, inbox = read(buyer.get("/cases").text), buyer.get("/cases?tab=waiting").text
    assert "商家没有同意" in listed and not [word for word in HOMEWORK if word in listed]
    assert buyer_inbox.count_waiting(cast.buyer) == 0 and 'class="todo"' not in inbox
    assert "需要您处理" not in inbox.replace("现在没有需要您处理的售后", "")
    assert all(f'href="/cases/{number}"' in inbox for number in cases) and "可以申请平台介入" in inbox
    for page in ("/", "/me"):
        text = buyer.get(page).text
        assert "商家没有同意的申请" in text and "待我处理" not in text.partition("<main")[2]
    rows = read(buyer.get("/notices").text)
    assert "可以申请平台介入" in rows and not [word for word in HOMEWORK if word in rows]


def test_reminders_of_a_refusal_ask_for_nothing(cast: Cast, now: Clock) -> None:
    way = next(each for each in list_ways(CaseType.EXCHANGE) if each[0].id == "not_in_scope")
    case = refuse_once(cast, way)
    assert case.remind_at is not None
    case_clock.sweep(case.remind_at + timedelta(minutes=1))
    told = db.session.scalars(select(Notice).where(Notice.case_id == case.id, Notice.kind == "reminder")).one()
    assert "没有同意" in told.title and "平台介入" in told.body and "按商家的拒绝关闭" in told.body
    assert not [word for word in HOMEWORK if word in told.title + told.body]


def refuse_once(cast: Cast, way: tuple[Refusal, str, bool, bool], **order: object) -> Case:
    bought = cast.order(**order)  # type: ignore[arg-type]
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, (bought.id, bought.shop_id)), cast.now)
        conversations.add_message(talk, "seller", cast.seller, "请看说明", now=cast.now)
    return refuse(cast, bought, CaseType.EXCHANGE, way)


@pytest.mark.parametrize("received_days", [2, 40])
def test_silence_takes_nothing_that_was_not_said(app: Flask, cast: Cast, now: Clock, received_days: int) -> None:
    """Within the term one can apply again after the close; where it ends before, the page has said so."""
    way = next(each for each in list_ways(CaseType.EXCHANGE) if each[0].id == "not_in_scope" and not each[2])
    case = refuse_once(cast, way, received_at=cast.now - timedelta(days=received_days), milli=1_000)
    buyer = sign_in(app, "buyer")
    before = read(buyer.get(f"/cases/{case.case_no}").text)
    assert case.due_at is not None
    now.at = case.due_at + timedelta(hours=1)
    case_clock.sweep(now.at)
    case = db.session.get_one(Case, case.id, populate_existing=True)
    assert case.state == "closed"
    after = read(buyer.get(f"/cases/{case.case_no}").text)
    assert "按商家的拒绝关闭" in after and "超时" not in after
    opens = "重新申请" in after and "可以重新申请" in after
    assert opens == ("关闭后还可申请" in before) == (received_days == 2)
    if not opens:
        assert "关闭后不能重新申请" in before


def test_evidence_that_is_asked_for_stays_work(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("revising")
    page = read(sign_in(app, "buyer").get(f"/cases/{case.case_no}").text)
    assert case.due_rule == "buyer_modify" and "需要您处理" in page and "没有通过" not in page
    case = cast.take(case, "modify", Actor.BUYER, note="补了")
    assert buyer_inbox.count_waiting(cast.buyer) == 0


def test_a_refusal_stays_one_after_a_mediation_was_withdrawn(cast: Cast, now: Clock) -> None:
    way = next(each for each in list_ways(CaseType.EXCHANGE) if each[0].id == "not_in_scope")
    case = refuse_once(cast, way)
    case = cast.take(case, "escalate", Actor.BUYER, note="不认可", because="refused")
    assert case.due_rule == "mediation_evidence"
    case = cast.take(case, "withdraw_mediation", Actor.BUYER)
    assert case.due_rule == "refusal_answer"
