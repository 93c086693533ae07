"""Rights in a shop end at once: what somebody left to be done there is not done for them any more."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from flask import Flask

from portal.cases import bulk, bulk_work, held
from portal.cases.effects.hand_ins import Approval
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import BulkRun, Case, Conversation, Enquiry, Message, Order, OrderLine
from portal.people import accounts, invitations, staffing
from portal.talk import conversations, enquiries
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock

LEFT = ("stay", "leave", "removed", "disabled")
WORK = ("held", "agree", bulk.HAND_OVER, bulk.REPLY)


def go(cast: Cast, how: str, now: Clock) -> None:
    with writing():
        if how == "leave":
            invitations.leave(cast.buyer2, now.at)
        elif how == "removed":
            staffing.remove_staff(cast.shop, cast.buyer2)
        elif how == "disabled":
            accounts.disable(cast.buyer2, now.at)


def run(cast: Cast, case_id: int, kind: str, now: Clock) -> None:
    facts: dict[str, Any] = {"to": cast.seller, "words": "请接手", "note": "您好"}
    with writing():
        by = cast.by(Actor.SELLER, cast.buyer2)
        run_id = bulk.make_run(cast.shop, kind, [case_id], by=by, query="tab=applied", now=now.at)
        assert bulk.start(db.session.get_one(BulkRun, run_id), facts, now.at)


def is_done(case_id: int, work: str, cast: Cast) -> bool:
    db.session.expire_all()
    case = db.session.get_one(Case, case_id)
    if work == bulk.HAND_OVER:
        return case.owner_id == cast.seller
    if work == bulk.REPLY:
        return db.session.scalar(db.select(Message.id).where(Message.words == "您好")) is not None
    return case.state == "returning"


@pytest.mark.parametrize(("how", "work"), list(itertools.product(LEFT, WORK)))
def test_what_waits_is_done_only_for_who_works_here(
    both: Flask, cast_both: Cast, now: Clock, how: str, work: str
) -> None:
    cast = cast_both
    cast.employ(cast.shop, "buyer2", "agent")
    case = cast.open_case()
    case_id = case.id
    if work == "held":
        with writing():
            by = cast.by(Actor.SELLER, cast.buyer2)
            held.hold(case, "agree", by=by, now=now.at, version=None, handed=Approval())
    else:
        run(cast, case_id, work, now)
    go(cast, how, now)
    now.forward(seconds=11)
    held.carry_out_due(now.at)
    bulk_work.work_off(now.at)
    assert is_done(case_id, work, cast) == (how == "stay")


@pytest.mark.parametrize("many", [False, True])
def test_nobody_answers_themselves_for_the_shop(app: Flask, cast: Cast, now: Clock, *, many: bool) -> None:
    cast.employ(cast.shop, "buyer2", "agent")
    order = cast.order(buyer=cast.buyer2)
    order_id, number = order.id, order.order_no
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, (order_id, cast.shop)), now.at)
        conversations.add_message(talk, "buyer", cast.buyer2, "什么时候处理？", now=now.at)
    url = f"/seller/orders/{number}/contact"
    if many:
        run(cast, cast.open_case(db.session.get_one(Order, (order_id, cast.shop))).id, bulk.REPLY, now)
        bulk_work.work_off(now.at)
    else:
        answer = post(sign_in(app, "buyer2"), url, {"words": "好的，马上处理"}, at=url)
        assert answer.status_code == 422 and conversations.OWN in answer.text and "好的，马上处理" in answer.text
    db.session.rollback()
    assert db.session.scalars(db.select(Conversation.waiting_since)).one() is not None
    answer = post(sign_in(app, "seller"), url, {"words": "好的"}, at=url)
    assert answer.status_code == 303
    db.session.rollback()
    assert db.session.scalars(db.select(Conversation.waiting_since)).one() is None


def test_nobody_answers_their_own_question_about_a_product(app: Flask, cast: Cast, now: Clock) -> None:
    cast.employ(cast.shop, "buyer2", "agent")
    order_id = cast.order(buyer=cast.buyer2).id
    product = db.session.scalars(db.select(OrderLine.product_id).where(OrderLine.order_id == order_id)).one()
    db.session.rollback()
    with writing():
        enquiries.ask(cast.shop, product or 0, cast.buyer2, "能换色吗", [], now=now.at)
    url = f"/seller/enquiries/{db.session.scalars(db.select(Enquiry.id)).one()}"
    db.session.rollback()
    for who, status in (("buyer2", 422), ("seller", 303)):
        answer = post(sign_in(app, who), url, {"does": "answer", "words": "可以换色"}, at=url)
        assert answer.status_code == status
        assert ("咨询的买家就是您" in answer.text and "可以换色" in answer.text) == (who == "buyer2")
