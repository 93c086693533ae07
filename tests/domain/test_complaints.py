"""Complaints: a number, a date, an answer, an alarm when it is late, and a fact at the shop when it was true."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal import doctor
from portal.calendar import lengths
from portal.dossier import owndata
from portal.evidence import evidence
from portal.extensions import db, writing
from portal.models import Complaint, Notice, User
from portal.orders import known_shops
from portal.talk import complaint_lists, complaints
from portal.talk.complaint_lists import Filters
from portal.talk.complaints import Told
from tests.cast import Cast


@pytest.fixture
def cast(cast_both: Cast) -> Cast:
    return cast_both


def told(user_id: int) -> list[str]:
    """The titles of a person's notices about complaints, the oldest first."""
    query = select(Notice.title).where(Notice.user_id == user_id, Notice.kind == "complaint").order_by(Notice.id)
    return list(db.session.scalars(query))


def operator_of(cast: Cast) -> int:
    found = db.session.scalars(select(User.id).where(User.member_name == "operator")).one()
    db.session.rollback()
    return found


def test_a_report_has_a_number_a_date_and_an_answer(cast: Cast) -> None:
    hidden, operator = cast.order(shown=False, shop=cast.shop2), operator_of(cast)
    order_no, order_id = hidden.order_no, hidden.id
    with writing():
        said = Told("not_mine", "没买过", cast.buyer, cast.shop2, order_id)
        number = complaints.keep_complaint(said, cast.now)
    assert number.startswith("TS261123")
    assert known_shops.count_new(cast.buyer) == 0  # whoever reports 不是我的订单 has answered
    assert told(operator) == ["收到投诉"]
    assert complaint_lists.find(number, cast.buyer2) is None
    assert complaint_lists.count_states() == {"open": 1, "looking": 0, "answered": 0}
    later = cast.now + timedelta(hours=1)
    db.session.rollback()
    with writing():
        assert complaints.take_up(number)
        assert complaints.answer(number, "店铺停用", outcome="part", by=operator, now=later)
        assert not complaints.answer(number, "再答一次", outcome="no", by=operator, now=later)
        assert not complaints.take_up(number)
    row = complaint_lists.find(number, cast.buyer)
    assert row is not None
    assert (row.state, row.answer, row.outcome, row.order_no) == ("answered", "店铺停用", "part", order_no)
    assert (row.answered_at, row.due_at) == (later, cast.now + lengths.get_deadline("complaint_answer"))
    assert told(cast.buyer) == ["您的投诉有答复了"]
    assert told(cast.seller2) == ["投诉核实结果"]
    assert [each.number for each in complaint_lists.list_of_state("answered", Filters(), later)] == [number]
    assert [each.number for each in complaint_lists.list_of_person(cast.buyer)] == [number]
    assert not any(doctor.findings())


def test_what_is_late_is_said_once_and_to_both(cast: Cast) -> None:
    operator, due = operator_of(cast), cast.now + lengths.get_deadline("complaint_answer")
    with writing():
        number = complaints.keep_complaint(Told("opinion", "希望有导出", cast.buyer), cast.now)
    assert complaints.escalate_due(due - timedelta(seconds=1)) == 0
    assert complaints.escalate_due(due) == 1
    assert complaints.escalate_due(due + timedelta(days=1)) == 0
    assert told(cast.buyer) == ["您的投诉已加急"]
    assert told(operator) == ["收到投诉", "投诉逾期未答复"]
    late = Filters(late=True)
    assert [each.number for each in complaint_lists.list_of_state("open", late, due)] == [number]
    assert not complaint_lists.list_of_state("open", late, due - timedelta(seconds=1))
    with writing():
        complaints.answer(number, "已排期", outcome="noted", by=operator, now=due + timedelta(hours=1))
    assert [each.number for each in complaint_lists.list_for_export("answered", late, due)] == [number]


@pytest.mark.parametrize("outcome", list(complaints.OUTCOMES))
def test_an_answer_is_doubted_once_and_the_first_stays(cast: Cast, outcome: str) -> None:
    operator, later = operator_of(cast), cast.now + timedelta(days=2)
    with writing():
        number = complaints.keep_complaint(Told("shop", "少发", cast.buyer, cast.shop), cast.now)
        assert not complaints.ask_again(number, "还没有答复", cast.now)
        complaints.answer(number, "没有查到", outcome=outcome, by=operator, now=cast.now)
        asked = complaints.ask_again(number, "有照片", later)
    row = complaint_lists.find(number)
    assert row is not None
    assert asked == (outcome not in complaints.UPHELD)
    assert (row.state == "open") == asked
    if not asked:  # what was found true stays at the shop
        assert (row.answer, row.outcome, row.again_at) == ("没有查到", outcome, None)
        return
    assert (row.answer, row.outcome, row.first_answer, row.first_outcome) == ("", "", "没有查到", outcome)
    assert (row.again_at, row.due_at) == (later, later + lengths.get_deadline("complaint_answer"))
    assert not complaints.list_upheld(cast.shop, cast.now)
    assert complaints.escalate_due(row.due_at) == 1
    db.session.rollback()
    with writing():
        assert not complaints.ask_again(number, "再一次", later)
        complaints.answer(number, "属实，店铺已道歉", outcome="upheld", by=operator, now=row.due_at)
        assert not complaints.ask_again(number, "第三次", row.due_at)
    assert [each.kind for each in complaints.list_upheld(cast.shop, cast.now)] == ["shop"]
    assert told(operator) == ["收到投诉", "投诉人要求再次核实", "投诉再次逾期未答复"]
    assert told(cast.buyer) == ["您的投诉有答复了", "您的投诉已再次加急", "您的投诉有新的答复"]


def test_only_what_was_true_stays_at_the_shop(cast: Cast) -> None:
    """Random complaints of several shops: a mediator reads of each shop just what was found true of it, and when."""
    dice, operator = random.Random(14), operator_of(cast)
    true: dict[int, list[str]] = {cast.shop: [], cast.shop2: []}
    for number in range(24):
        kind = dice.choice([*complaints.TOPICS, "pestering"])
        at = cast.now + timedelta(hours=number)
        named, outcome = dice.choice([cast.shop, cast.shop2, None]), dice.choice(list(complaints.OUTCOMES))
        found = dice.choice([cast.shop, None])
        with writing():
            receipt = complaints.keep_complaint(Told(kind, "x", cast.buyer, named), at)
            complaints.answer(receipt, "y", outcome=outcome, by=operator, now=at, shop_id=found)
        if (about := named or found) and outcome in complaints.UPHELD:
            true[about].insert(0, kind)
    for shop_id, kinds in true.items():
        assert [row.kind for row in complaints.list_upheld(shop_id, cast.now, most=50)] == kinds
        assert not complaints.list_upheld(shop_id, cast.now + timedelta(days=2))


def test_a_visitor_has_a_link_and_a_member_an_account(cast: Cast) -> None:
    with writing():
        complaints.keep_complaint(Told("infringement", "商标", None, contact="a@b.cn", token="t" * 64), cast.now)
    found = complaint_lists.find_of_link("t" * 64)
    assert found is not None
    assert (found.contact, found.member_name) == ("a@b.cn", None)
    assert complaint_lists.find_of_link("x" * 64) is None
    assert complaints.escalate_due(found.due_at) == 1
    for user_id, hashed in ((None, None), (cast.buyer, "h" * 64)):
        with pytest.raises(IntegrityError), writing():
            row = {"number": "TS1", "kind": "opinion", "at": cast.now, "due_at": cast.now}
            db.session.add(Complaint(user_id=user_id, token_hash=hashed, **row))
    assert not any(doctor.findings())


def test_photos_hang_on_it_and_stay(cast: Cast) -> None:
    mine, foreign = cast.photos(2, cast.buyer), cast.photos(1, cast.buyer2)
    with writing():
        number = complaints.keep_complaint(Told("shop", "货不对板", cast.buyer, photos=[*mine, *foreign]), cast.now)
    complaint_id = db.session.scalars(select(Complaint.id).where(Complaint.number == number)).one()
    assert [row.public_id for row in evidence.list_of_complaint(complaint_id)] == mine
    assert evidence.count_loose([*mine, *foreign], cast.buyer) == []
    with writing():
        again = complaints.keep_complaint(Told("shop", "又一次", cast.buyer, photos=mine), cast.now)
    other = db.session.scalars(select(Complaint.id).where(Complaint.number == again)).one()
    assert not evidence.list_of_complaint(other)
    given = list(owndata.rows("complaints", cast.buyer))
    assert [row["number"] for row in given] == [number, again]
    assert not {"answered_by", "token_hash"} & set(given[0])


def test_the_lists_page_by_the_time_left(cast: Cast) -> None:
    size = complaint_lists.PAGE
    with writing():
        for number in range(size + 2):
            complaints.keep_complaint(Told("opinion", "x", cast.buyer), cast.now - timedelta(hours=number))
    seen: list[int] = []
    after = None
    while True:
        rows = complaint_lists.list_of_state("open", Filters(), cast.now, after)
        seen += [row.id for row in rows[:size]]
        if len(rows) <= size:
            break
        after = (rows[size - 1].due_at, rows[size - 1].id)
    assert seen == list(db.session.scalars(select(Complaint.id).order_by(Complaint.due_at)))
    assert len(complaint_lists.list_of_person(cast.buyer)) == size + 1
    assert db.session.scalar(select(func.count()).select_from(Complaint)) == size + 2
