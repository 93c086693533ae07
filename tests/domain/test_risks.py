"""铺货: what deciding on one side risks on the other is said before; a refusal above is an alarm at once."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.cases import finding, search
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, Notice, Order
from portal.resale import across, chain_view, parties, risks
from portal.talk import conversations
from tests.cast import Cast
from tests.domain.test_passing import BACK, HOUR, Straight


@pytest.fixture
def straight(cast_both: Cast) -> Straight:
    return Straight(cast_both)


def alarms() -> list[tuple[str, str]]:
    db.session.rollback()
    rows = db.session.scalars(select(Notice).where(Notice.kind == "alarm").order_by(Notice.id)).all()
    return [(row.title, row.body) for row in rows]


def test_deciding_before_the_supplier_has_says_what_it_risks(straight: Straight) -> None:
    below = straight.get(straight.below)
    for step in ("agree", "agree_no_return", "propose"):
        said = risks.describe_deciding(below, step)
        assert "供应商还没有同意" in said and "换给消费者的商品和运费由您自己承担" in said
    assert risks.describe_deciding(below, "reject") == ""
    straight.supplier("ask_evidence", note="请补拍")
    assert "供应商还没有同意" in risks.describe_deciding(straight.get(straight.below), "agree")
    straight.up.take(straight.get(straight.above), "withdraw", Actor.BUYER, straight.now + HOUR)
    assert "供应商没有同意" in risks.describe_deciding(straight.get(straight.below), "agree")


def test_once_the_supplier_has_agreed_there_is_no_risk_to_speak_of(straight: Straight) -> None:
    straight.supplier("agree")
    assert risks.describe_deciding(straight.get(straight.below), "agree") == ""


def test_a_refusal_above_after_an_agreement_below_is_an_alarm_at_once(straight: Straight) -> None:
    below = straight.get(straight.below)
    straight.now += HOUR
    straight.down.take(below, "agree", Actor.SELLER, straight.now)
    assert alarms() == []
    straight.up.take(straight.get(straight.above), "withdraw", Actor.BUYER, straight.now + HOUR)
    [(title, body)] = alarms()
    assert title == "供应商没有同意，您已同意消费者"
    assert below.case_no in body and straight.get(straight.above).case_no in body


def test_a_reasoned_refusal_is_an_alarm_and_says_the_ways_on(straight: Straight) -> None:
    straight.now += HOUR
    straight.down.take(straight.get(straight.below), "agree", Actor.SELLER, straight.now)
    up = straight.get(straight.above)
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, up.order_id), straight.now)
        conversations.add_message(talk, "seller", straight.cast.seller, "照片看不清", now=straight.now)
    straight.supplier("ask_evidence", note="请补拍面单")
    assert alarms() == []  # a question is no refusal
    straight.now += HOUR
    straight.up.take(straight.get(straight.above), "modify", Actor.BUYER, straight.now, description="补拍了面单")
    straight.supplier("reject", refusal="evidence_insufficient", note="看不清")
    [(title, body)] = alarms()
    assert title == "供应商没有同意，您已同意消费者" and "可以修改后重新提交、申请平台介入" in body
    assert "供应商没有同意" in risks.describe_deciding(straight.get(straight.below), "propose")


def test_a_refusal_before_anything_was_agreed_is_no_alarm(straight: Straight) -> None:
    straight.up.take(straight.get(straight.above), "withdraw", Actor.BUYER, straight.now + HOUR)
    assert alarms() == []


def test_closing_above_says_what_the_consumer_still_needs(straight: Straight) -> None:
    up = straight.get(straight.above)
    assert "还需要供应商" in risks.describe_closing(up, "withdraw")
    assert risks.describe_closing(up, "modify") == ""
    straight.until("shipped")
    assert "就不能再找供应商处理这一次" in risks.describe_closing(straight.get(straight.above), "confirm")
    straight.consumer("confirm")
    assert risks.describe_closing(straight.get(straight.above), "confirm") == ""


def test_what_goes_straight_carries_the_supplier_s_number_and_the_supplier_finds_all_three(straight: Straight) -> None:
    above, below = straight.get(straight.above).case_no, straight.get(straight.below).case_no
    assert across.find_parcel_no(straight.get(straight.below)) == below
    straight.agrees()
    assert across.find_parcel_no(straight.get(straight.below)) == above
    straight.consumer("ship_return", parcels=[BACK])
    order_no = db.session.get_one(Order, straight.order).order_no
    for number in (above, below, BACK[1], order_no):
        assert [row.case_no for row in finding.find_scanned(straight.cast.shop, number)] == [above], number
        assert above in [row.case_no for row in search.search(straight.cast.shop, number).cases], number
    assert finding.find_scanned(straight.cast.shop2, above) == ()


def waited(straight: Straight) -> dict[str, list[str]]:
    """Who is waited for, and for what."""
    db.session.rollback()
    link = chain_view.describe_above(db.session.get_one(Case, straight.below))
    assert link is not None
    found = parties.list_parties(chain_view.build_chain(link))
    return {party.name: [does for does, _ in party.waits] for party in found if party.waits}


def test_one_page_says_who_is_waited_for(straight: Straight) -> None:
    assert waited(straight) == {"我": ["审核申请"], "供应商": ["审核申请"]}
    straight.supplier("agree")
    assert waited(straight) == {"我": ["审核申请"]}
    straight.now += HOUR
    direct = across.find_direct_address(straight.get(straight.below))
    straight.down.take(straight.get(straight.below), "agree", Actor.SELLER, straight.now, direct=direct)
    assert waited(straight) == {"消费者": ["寄回商品"]}
    straight.consumer("ship_return", parcels=[BACK])
    assert waited(straight) == {"供应商": ["验货"]}
    straight.supplier("accept_goods")
    assert waited(straight) == {"供应商": ["发货"]}
    straight.ships()
    assert waited(straight) == {"消费者": ["确认收货"]}
    photos = straight.down.photos(1, straight.down.buyer)
    straight.consumer("report_problem", kind="damaged", note="又坏了", photos=photos)
    assert waited(straight) == {"我": ["处理收货问题"], "供应商": ["处理收货问题"]}


def test_where_the_supplier_is_done_with_it_the_distributor_is_waited_for(straight: Straight) -> None:
    straight.until("sent")
    with writing():
        straight.get(straight.below).return_address = "分销商的仓库"
    assert waited(straight) == {"我": ["验货"], "供应商": ["验货"]}
