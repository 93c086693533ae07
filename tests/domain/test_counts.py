"""Counts that a shop judges people by: only what they did, only what was really paid, only what asks for an answer."""

from __future__ import annotations

from portal.applications import unsent
from portal.cases import case_view, shop_queue
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, Conversation
from portal.orders import customers
from portal.resale import consumers
from tests.cast import Cast

ONLY = CaseType.REFUND_ONLY


def test_orders_called_off_before_they_were_sent_are_no_applications(cast: Cast) -> None:
    cast.open_case()
    numbers = [cast.order(status="unshipped", received_at=None).order_no for _ in range(4)]
    with writing():
        unsent.cancel_many(numbers, by=cast.by(Actor.BUYER), reason="not_wanted", now=cast.now)
    assert shop_queue.count_history(cast.shop, cast.buyer, cast.now) == (1, 0)


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
