"""Enquiries: one thread a product and person, who waits, answers for the next one, promises in later cases."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal import doctor
from portal.dossier import owndata
from portal.extensions import db, writing
from portal.models import Case, Enquiry, EnquiryMessage, Faq, Notice, Order, OrderLine, Product
from portal.talk import enquiries, faqs, promises
from tests.cast import Cast


@pytest.fixture
def cast(cast_both: Cast) -> Cast:
    return cast_both


def goods(cast: Cast, order: Order | None = None) -> int:
    """The product of a new order's first line."""
    order = order or cast.order()
    found = db.session.scalars(select(OrderLine.product_id).where(OrderLine.order_id == order.id)).first()
    db.session.rollback()
    assert found is not None
    return found


def say(cast: Cast, product: int, side: str, words: str, minutes: int = 0, buyer: int = 0) -> int:
    """One message; returns its id."""
    at, buyer = cast.now + timedelta(minutes=minutes), buyer or cast.buyer
    with writing():
        if side == "buyer":
            enquiries.ask(cast.shop, product, buyer, words, [], now=at)
        else:
            thread = enquiries.find_of_buyer(cast.shop, product, buyer)
            assert thread is not None
            enquiries.answer(thread, cast.seller, words, [], now=at)
    return db.session.scalars(select(EnquiryMessage.id).order_by(EnquiryMessage.id.desc())).first() or 0


def test_one_thread_and_who_waits(cast: Cast) -> None:
    product = goods(cast)
    say(cast, product, "buyer", "有白色吗", 0)
    say(cast, product, "buyer", "什么时候发 6222021234567890128", 5)
    thread = enquiries.find_of_buyer(cast.shop, product, cast.buyer)
    assert thread is not None
    assert thread.waiting_since == cast.now  # since the first thing that isn't answered
    assert "6222021234567890128" not in thread.last_words
    say(cast, product, "buyer", "我也想问", 6, buyer=cast.buyer2)
    rows, _ = enquiries.list_of_shop(cast.shop, "waiting", cast.seller)
    assert [row.buyer for row in rows] == ["buyer", "buyer2"]
    say(cast, product, "seller", "有白色", 9)
    rows, _ = enquiries.list_of_shop(cast.shop, "waiting", cast.seller)
    assert [row.buyer for row in rows] == ["buyer2"]
    assert [row.buyer for row in enquiries.list_of_shop(cast.shop, "mine", cast.seller)[0]] == ["buyer"]
    assert db.session.scalar(select(func.count()).select_from(Enquiry)) == 2
    told = db.session.scalars(select(Notice.body).where(Notice.user_id == cast.buyer, Notice.kind == "enquiry")).all()
    assert told == ["有白色"]
    asked = select(Notice.body).where(Notice.user_id == cast.seller, Notice.kind == "enquiry_asked").order_by(Notice.id)
    assert db.session.scalars(asked).all() == ["有白色吗", "我也想问"]  # once of each wait
    say(cast, product, "buyer", "那黑色呢", 12)
    assert "那黑色呢" in db.session.scalars(asked).all()
    assert not enquiries.list_of_shop(cast.shop2, "all", cast.seller2)[0]
    assert not any(doctor.findings())


def test_handing_over_stays_in_the_shop(cast: Cast) -> None:
    product = goods(cast)
    say(cast, product, "buyer", "有白色吗")
    cast.employ(cast.shop, "buyer2", "agent")
    with writing():
        thread = enquiries.find_of_buyer(cast.shop, product, cast.buyer)
        assert thread is not None
        assert not enquiries.hand_over(thread, cast.seller2, "", by="seller", now=cast.now)
        assert enquiries.hand_over(thread, cast.buyer2, "查库存", by="seller", now=cast.now)
    rows, _ = enquiries.list_of_shop(cast.shop, "mine", cast.buyer2)
    assert [row.handler_id for row in rows] == [cast.buyer2]
    given = next(iter(owndata.rows("enquiries", cast.buyer)))
    assert "handed_note" not in given


def test_what_was_promised_stands_in_later_cases_of_that_product_and_person(cast: Cast) -> None:
    order, other = cast.order(), cast.order()
    order_id, other_id, product = order.id, other.id, goods(cast, order)
    asked = say(cast, product, "buyer", "能换色吗", 1)
    said = say(cast, product, "seller", "可以换色，破损包赔", 2)
    with writing():
        thread = enquiries.find_of_buyer(cast.shop, product, cast.buyer)
        assert thread is not None
        assert not promises.pin(thread, asked, "buyer", cast.now)  # only what the shop said
        assert promises.pin(thread, said, "buyer", cast.now + timedelta(minutes=3))
        assert promises.pin(thread, said, "seller", cast.now + timedelta(minutes=4))  # once, by whoever was first
    for order_id_, expected in ((order_id, [("可以换色，破损包赔", "buyer")]), (other_id, [])):
        case = cast.open_case(db.session.get_one(Order, order_id_))
        found = promises.list_of_case(db.session.get_one(Case, case.id))
        assert [(row.words, row.side) for row in found] == expected
        assert all(row.said_at == cast.now + timedelta(minutes=2) for row in found)


def test_an_answer_is_shown_after_a_look_and_votes_are_counted(cast: Cast) -> None:
    product = goods(cast)
    say(cast, product, "buyer", "白色有现货吗", 1)
    said = say(cast, product, "seller", "白色有现货", 2)
    thread = enquiries.find_of_buyer(cast.shop, product, cast.buyer)
    assert thread is not None
    draft = faqs.draft_from(thread.id, said, cast.shop)
    assert draft == ("白色有现货吗", "白色有现货")
    assert faqs.draft_from(thread.id, said, cast.shop2) is None
    with writing():
        kept = faqs.keep(db.session.get_one(Product, product), *draft, by=cast.seller, now=cast.now).id
    assert faqs.list_of_product(cast.shop, product) == []
    with writing():
        faqs.decide(kept, cast.shop, "shown", by=cast.seller)
    assert [faq.question for faq in faqs.list_of_product(cast.shop, product)] == ["白色有现货吗"]
    dice, last = random.Random(3), {}
    for _ in range(40):
        who, vote = dice.choice([cast.buyer, cast.buyer2, cast.seller2]), dice.choice(list(faqs.VOTES))
        with writing():
            faqs.vote(db.session.get_one(Faq, kept), who, vote, "", cast.now)
        last[who] = vote
    faq = db.session.get_one(Faq, kept, populate_existing=True)
    counted = {"useful": faq.useful, "useless": faq.useless, "wrong": faq.wrong}
    assert counted == {vote: list(last.values()).count(vote) for vote in faqs.VOTES}
    assert not any(doctor.findings())


def test_what_may_answer_already_is_found_by_its_words() -> None:
    known = [
        Faq(question=question, answer=answer)
        for question, answer in (
            ("多久发货", "当天"),
            ("有白色吗", "有"),
            ("尺码偏小吗", "正常"),
            ("能开发票吗", "可以"),
        )
    ]
    assert [faq.question for faq in faqs.suggest(known, "请问有没有白色")] == ["有白色吗"]
    assert [faq.question for faq in faqs.suggest(known, "什么时候发货")] == ["多久发货"]
    assert len(faqs.suggest(known, "")) == faqs.SUGGESTED
    assert faqs.suggest(known, "保修") == []
