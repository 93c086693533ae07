"""Counts that a shop judges people by: only what they did, only what was really paid, only what asks for an answer."""

from __future__ import annotations

import html
import re
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select, update

from portal.applications import unsent
from portal.cases import case_view, shop_queue
from portal.cases.automatic import applied
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, Conversation, Shop
from portal.orders import customers
from portal.resale import consumers
from tests.cast import Cast, sign_in
from tests.conftest import Clock

ONLY = CaseType.REFUND_ONLY


def test_orders_called_off_before_they_were_sent_are_no_applications(cast: Cast) -> None:
    cast.open_case()
    numbers = [cast.order(status="unshipped", received_at=None).order_no for _ in range(4)]
    with writing():
        unsent.cancel_many(numbers, by=cast.by(Actor.BUYER), reason="not_wanted", now=cast.now)
    assert shop_queue.count_history(cast.shop, cast.buyer, cast.now) == (1, 0)


def test_what_is_no_application_is_none_on_every_page_that_counts_them(app: Flask, cast: Cast, now: Clock) -> None:
    """Beside three applications: four orders called off in bulk before they were sent, and what one of them became."""
    numbers = [cast.order(status="unshipped", received_at=None).order_no for _ in range(4)]
    with writing():
        unsent.cancel_many(numbers, by=cast.by(Actor.BUYER), reason="not_wanted", now=now.at)
    withdrawn, converted, case = cast.until("withdrawn"), cast.until("converted"), cast.until("applied")
    with writing():  # however long ago the fixtures put them
        db.session.execute(update(Case).values(opened_at=now.at - timedelta(hours=1)))
        db.session.execute(update(Case).where(Case.id == case.id).values(opened_at=now.at))
        db.session.execute(update(Shop).values(version=Shop.version + 1))
    assert db.session.scalar(select(func.count(Case.id))) == 8  # with the child of the converted one
    assert db.session.scalar(select(Case.id).where(Case.parent_id == converted.id)) and withdrawn.id
    assert shop_queue.count_history(cast.shop, cast.buyer, now.at) == (3, 1)
    assert applied.load_applied(cast.shop, [case.id])[case.id].cases_before == 2
    desk = sign_in(app, "seller")
    found = re.search(r'href="([^"]+)">新售后单 8<', desk.get("/seller").text)  # in words that hold for all of them
    assert found is not None
    rows = desk.get(html.unescape(found[1])).text.split('id="rows"')[1].split("</tbody>")[0]
    assert rows.count('class="open"') == 8
    db.session.rollback()


def test_only_what_was_paid_back_counts_as_refunded(cast: Cast) -> None:
    cast.until("refund_failed", case_type=ONLY)
    cast.until("refunding", case_type=ONLY)
    assert customers.collect_facts(cast.shop, cast.buyer)["refunded_fen"] == 0
    paid = cast.until("completed", case_type=ONLY)
    assert customers.collect_facts(cast.shop, cast.buyer)["refunded_fen"] == paid.refund_fen > 0


def test_a_steps_card_is_no_message_that_waits_for_an_answer(cast: Cast) -> None:
    case = cast.until("proposed")
    cast.take(case, "counter", Actor.BUYER, terms=cast.terms(case))
    talk = db.session.scalars(db.select(Conversation)).one()
    assert (talk.waiting_since, talk.seller_unread, talk.buyer_unread) == (None, 0, 0)


def test_a_photo_that_a_consumer_adds_is_a_proof(cast: Cast) -> None:
    case = cast.until("returning")
    [photo] = cast.photos(1, cast.buyer)
    with writing():
        consumers.add_photos(
            case.id, [photo], note="外包装", by=consumers.act_as_consumer(cast.buyer, "request"), now=cast.now
        )
    found = db.session.get_one(Case, case.id)
    assert [each.public_id for each in case_view.build_view(found, Actor.SELLER, cast.now).proofs] == [photo]
