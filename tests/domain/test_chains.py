"""铺货: two cases that hang on each other; what is carried across, what never is, and the one alarm."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from portal import doctor
from portal.applications import applications, drafts, goods
from portal.cases import listening
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, State, StepRefused
from portal.models import Case, CaseLine, Evidence, FaultLine, Notice, Order, OrderLine, PlacedLine, Product, User
from portal.models.chains import AccessLink, CaseLink
from portal.resale import (
    across,
    chain_view,
    downstream,
)
from portal.resale import (
    alarm as chain_alarm,
)
from portal.resale import (
    chain as chain_links,
)
from portal.resale import (
    links as consumer_links,
)
from portal.resale.passing import moving
from portal.rights import eligibility, policies
from portal.rights import goods as goods_facts
from tests.cast import Cast

DAY = timedelta(days=1)
WHOM = ("李雯", "13425059650", "四川省成都市武侯区一环路南二段8号")


class Chain:
    """seller2 resells what it buys from seller: the purchase, the consumer's order, and its case."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.upstream = cast.order(buyer=cast.seller2).id
        self.order = self.record("TB2026112300001")
        self.down = replace(cast, buyer=self._order().buyer_id, seller=cast.seller2, shop=cast.shop2)
        self.up = replace(cast, buyer=cast.seller2)

    def _order(self) -> Order:
        return db.session.get_one(Order, self.order)

    def record(self, order_no: str) -> int:
        with writing():
            purchase = db.session.get_one(Order, self.upstream)
            line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == purchase.id)).one()
            return downstream.record_order(
                purchase,
                shop_id=self.cast.shop2,
                order_no=order_no,
                channel="淘宝店",
                receiver=WHOM,
                goods=[downstream.Bought(line.id, 3_000, 2_990)],
                ordered_at=self.cast.now - 5 * DAY,
                received_at=self.cast.now - 2 * DAY,
                by=self.cast.seller2,
                now=self.cast.now,
            ).id

    def case(self) -> Case:
        made = self.down.open_case(self._order())
        photo = self.down.photos(1, self.down.buyer)
        with writing():
            hung = {"case_id": made.id, "event_version": 1}
            db.session.execute(db.update(Evidence).where(Evidence.public_id.in_(photo)).values(**hung))
        return made

    def open_upstream(self, case: Case, **changed: Any) -> Case:
        given: dict[str, Any] = {
            "description": "袜子破洞",
            "route_back": "direct",
            "route_out": "direct",
            "now": self.cast.now,
        }
        with writing():
            made = across.open_upstream(
                db.session.get_one(Case, case.id), by=self.up.by(Actor.BUYER), **(given | changed)
            ).id
        return db.session.get_one(Case, made)


@pytest.fixture
def chain(cast_both: Cast) -> Chain:
    return Chain(cast_both)


def sound() -> None:
    assert not any(doctor.findings()), doctor.findings()


def test_a_downstream_order_has_a_buyer_without_account_and_the_same_goods(chain: Chain) -> None:
    order = db.session.get_one(Order, chain.order)
    buyer = db.session.get_one(User, order.buyer_id)
    assert buyer.password_hash is None
    assert (order.shop_id, order.status, order.paid_fen) == (chain.cast.shop2, "completed", 8_970)
    assert [row.order_no for row in downstream.list_orders_below(chain.upstream)] == ["TB2026112300001"]
    assert len(across.list_pairs((order.id, order.shop_id), (chain.upstream, chain.cast.shop))) == 1
    with pytest.raises(StepRefused), writing():
        purchase = db.session.get_one(Order, chain.upstream)
        downstream.record_order(
            purchase,
            shop_id=chain.cast.shop2,
            order_no="TB2026112300001",
            channel="",
            receiver=WHOM,
            goods=[downstream.Bought(1, 1, 1)],
            ordered_at=chain.cast.now,
            received_at=None,
            by=1,
            now=chain.cast.now,
        )


def test_the_upstream_case_carries_photos_and_not_the_consumer(chain: Chain) -> None:
    case = chain.case()
    up = chain.open_upstream(case, route_out="via")
    assert (up.shop_id, up.buyer_id, up.reason) == (chain.cast.shop, chain.cast.seller2, case.reason)
    assert up.receiver_address == db.session.get_one(Order, chain.upstream).receiver_address
    rows = db.session.scalars(select(Evidence).where(Evidence.case_id.in_((case.id, up.id)))).all()
    assert len(rows) == 2 and len({row.key for row in rows}) == 1 and len({row.public_id for row in rows}) == 2
    assert {row.owner_id for row in rows} == {chain.down.buyer, chain.cast.seller2}
    assert (
        chain_view.describe_above(case) is not None and chain_view.describe_below(up.id, chain.cast.shop2) is not None
    )
    assert chain_view.describe_below(case.id, chain.cast.shop2) is None and chain_view.describe_above(up) is None
    sound()


def test_a_direct_replacement_goes_to_the_consumer(chain: Chain) -> None:
    with writing():
        db.session.get_one(Order, chain.upstream).receiver_address = "厦门的仓库"
    up = chain.open_upstream(chain.case())
    assert up.receiver_address == WHOM[2]


def test_only_the_distributors_own_two_cases_are_linked_once_and_without_a_circle(chain: Chain) -> None:
    case = chain.case()
    foreign = chain.cast.open_case()
    with pytest.raises(StepRefused, match="只能关联"), writing():
        chain_links.link_cases(db.session.get_one(Case, case.id), foreign, by=1, now=chain.cast.now)
    up = chain.open_upstream(case)
    other = chain.up.open_case(db.session.get_one(Order, chain.upstream))
    with pytest.raises(StepRefused, match="已有关联"), writing():
        chain_links.link_cases(db.session.get_one(Case, case.id), other, by=1, now=chain.cast.now)
    with writing():
        found = chain_view.describe_above(case)
        assert found is not None and chain_links.unlink_cases(found.id, chain.cast.shop2, chain.cast.now)
        assert not chain_links.unlink_cases(found.id, chain.cast.shop2, chain.cast.now)
    with writing():
        again = chain_links.link_cases(
            db.session.get_one(Case, case.id),
            db.session.get_one(Case, up.id),
            by=chain.cast.seller2,
            now=chain.cast.now,
        )
        assert again.id == found.id and again.ended_at is None
    sound()


def test_everything_goes_straight_and_the_sums_are_right(chain: Chain) -> None:
    listening.set_listener(None)  # what the distributor can do by hand where nothing passes by itself
    case = chain.case()
    up = chain.open_upstream(case)
    chain.up.take(up, "agree", Actor.SELLER)
    direct = across.find_direct_address(case)
    assert direct is not None and direct[2] == "浙江省义乌市北苑街道1号"
    case = chain.down.take(case, "agree", Actor.SELLER, direct=direct)
    assert case.return_address == direct[2]
    chain.down.take(case, "ship_return", Actor.BUYER, parcels=[("ZTO", "75484863576596")])
    found = chain_view.describe_below(up.id, chain.cast.shop2)
    assert found is not None
    carried = chain_view.build_chain(found).back
    assert [(parcel.carrier, parcel.tracking_no) for parcel in carried] == [("ZTO", "75484863576596")]
    up = chain.up.take(up, "ship_return", Actor.BUYER, parcels=[(p.carrier, p.tracking_no) for p in carried])
    up = chain.up.take(up, "accept_goods", Actor.SELLER)
    [(received, accepted, _)] = across.find_counted_above(case).values()
    assert (received, accepted) == (2_000, 2_000)
    chain.down.take(case, "accept_goods", Actor.SELLER)
    lines = db.session.scalars(select(CaseLine).where(CaseLine.case_id == up.id)).all()
    up = chain.up.take(
        up,
        "ship_replacement",
        Actor.SELLER,
        parcels=[("YTO", "YT8893012345678")],
        shipped={line.id: 2_000 for line in lines},
    )
    seen = chain_view.build_chain(found)
    assert seen.out is not None and seen.out.tracking_no == "YT8893012345678"
    with writing():
        chain_links.arrange_goods(
            found.id,
            chain.cast.shop2,
            route_back="direct",
            route_out="direct",
            freight_back=(800, "supplier"),
            freight_out=(1_200, "distributor"),
        )
    seen = chain_view.build_chain(chain_view.describe_below(up.id, chain.cast.shop2))  # type: ignore[arg-type]
    assert [(row.fen, row.note) for row in seen.rows] == [(0, "供应商承担 ¥8.00"), (-1_200, "我承担")]
    assert seen.result_fen == -1_200
    sound()


def test_payments_of_both_cases_are_summed_with_their_sign(chain: Chain) -> None:
    from portal.flow import CaseType

    refund = CaseType.RETURN_REFUND
    case = chain.down.until("refunding", order=chain._order(), case_type=refund)
    up = chain.up.until("completed", order=db.session.get_one(Order, chain.upstream), case_type=refund, milli=2_000)
    with writing():
        chain_links.link_cases(case, up, by=chain.cast.seller2, now=chain.cast.now)
    found = chain_view.describe_above(case)
    assert found is not None
    seen = chain_view.build_chain(found)
    assert {(row.what, row.fen, row.note) for row in seen.rows} == {
        ("上游退款", 2_500, "已付清"),
        ("下游退款", -5_980, "未付清"),
    }
    assert seen.result_fen == -3_480


def test_the_alarm_comes_exactly_once(chain: Chain) -> None:
    case = chain.case()
    up = chain.open_upstream(case)
    chain.up.take(up, "ask_evidence", Actor.SELLER, note="请补拍")  # 7 days, in the distributor's turn
    chain.down.take(case, "agree", Actor.SELLER, now=chain.cast.now + DAY)  # 7 days for the consumer, a day later
    mine = select(func.count()).select_from(Notice).where(Notice.kind == "alarm", Notice.user_id == chain.cast.seller2)
    before = db.session.scalar(mine) or 0
    assert chain_alarm.raise_alarms(chain.cast.now + DAY) == 1
    assert chain_alarm.raise_alarms(chain.cast.now + 2 * DAY) == 0
    assert (db.session.scalar(mine) or 0) == before + 1
    assert db.session.scalars(select(CaseLink.alarmed_at)).one() == chain.cast.now + DAY
    sound()


def test_a_window_that_ends_before_the_case_warns_before_anything_is_linked(chain: Chain) -> None:
    with writing():
        db.session.get_one(Order, chain.upstream).received_at = chain.cast.now - 14 * DAY
    case = chain.case()
    assert chain_alarm.raise_alarms(chain.cast.now) == 1
    assert chain_alarm.raise_alarms(chain.cast.now) == 0
    said = db.session.scalars(select(Notice).where(Notice.kind == "alarm")).one()
    assert said.user_id == chain.cast.seller2 and case.case_no in said.href
    assert case.state == State.APPLIED


def test_only_a_buyer_without_account_can_be_quoted(chain: Chain) -> None:
    with writing():
        db.session.execute(db.update(User).where(User.id == chain.down.buyer).values(password_hash="x"))
    up = chain.up.open_case(db.session.get_one(Order, chain.upstream))
    with pytest.raises(StepRefused, match="同意"), writing():
        across.open_downstream(
            db.session.get_one(Case, up.id),
            chain._order(),
            by=chain.down.by(Actor.SELLER),
            consent="破了,想换",
            now=chain.cast.now,
            route_back="via",
            route_out="via",
        )
    with writing():
        db.session.execute(db.update(User).where(User.id == chain.down.buyer).values(password_hash=None))
        made = across.open_downstream(
            db.session.get_one(Case, up.id),
            chain._order(),
            by=chain.down.by(Actor.SELLER),
            consent="破了,想换",
            now=chain.cast.now,
            route_back="via",
            route_out="via",
        ).id
    assert db.session.get_one(Case, made).buyer_id == chain.down.buyer
    sound()


def test_a_token_opens_one_case_until_it_expires_or_is_taken_back(chain: Chain) -> None:
    case, now = chain.case(), chain.cast.now
    with writing():
        token, other = (
            consumer_links.make_link(now, shop_id=case.shop_id, case_id=case.id, by=chain.cast.seller2)
            for _ in range(2)
        )
    assert token and other and token != other
    stored = set(db.session.scalars(select(AccessLink.token_hash)))
    assert consumer_links.hash_of(token) in stored and token not in str(stored)
    opened = consumer_links.open_link(token, now)
    assert opened is not None and (opened.case_id, opened.buyer_id) == (case.id, chain.down.buyer)
    later = now + timedelta(days=30)
    assert consumer_links.open_link(token, later) is not None  # its case is still open
    case = chain.down.take(case, "withdraw", Actor.BUYER)
    assert consumer_links.open_link(token, later - timedelta(hours=1)) is not None
    assert consumer_links.open_link(token, later + timedelta(days=1)) is None
    assert consumer_links.open_link("x" * 22, now) is None and consumer_links.open_link("", now) is None
    link_id = opened.link_id
    with writing():
        assert not consumer_links.revoke_link(case.id + 1, case.shop_id, link_id, now)
        assert not consumer_links.revoke_link(case.id, case.shop_id + 1, link_id, now)
        assert consumer_links.revoke_link(case.id, case.shop_id, link_id, now)
    assert consumer_links.open_link(token, now) is None and consumer_links.open_link(other, now) is not None


def test_an_order_number_opens_only_with_the_last_four_digits_and_without_account(chain: Chain) -> None:
    (found,) = consumer_links.find_orders("TB2026112300001", "9650")
    assert found[:2] == (chain.cast.shop2, chain.order)
    assert consumer_links.find_orders("TB2026112300001", "9651") == []
    assert consumer_links.find_orders("TB2026112300001", "") == []
    assert consumer_links.find_orders("none", "9650") == []
    purchase = db.session.get_one(Order, chain.upstream)
    assert consumer_links.find_orders(purchase.order_no, "9650") == []  # whoever has an account signs in


def test_what_a_consumer_bought_has_seven_days_unless_they_confirmed_that_it_is_not_fit(chain: Chain) -> None:
    def offered(order_no: str, *, confirmed: bool) -> str:
        with writing():
            purchase = db.session.get_one(Order, chain.upstream)
            line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == purchase.id)).one()
            made = downstream.record_order(
                purchase,
                shop_id=chain.cast.shop2,
                order_no=order_no,
                channel="",
                receiver=WHOM,
                goods=[downstream.Bought(line.id, 1_000, 2_990)],
                ordered_at=chain.cast.now - 5 * DAY,
                received_at=chain.cast.now - 2 * DAY,
                by=chain.cast.seller2,
                now=chain.cast.now,
                unfit_confirmed=confirmed,
            )
            db.session.execute(db.update(Product).values(no_reason_excluded="unfit"))
        sold = goods.list_lines(made.id, made.shop_id)[0]
        verdict = eligibility.check(
            goods.describe_goods(made, sold),
            CaseType.RETURN_REFUND,
            "seven_day",
            goods_facts.Evidence(1_000, 0, 0),
            chain.cast.now,
            goods.describe_policy(policies.get_current(chain.cast.shop2)),
        )
        return "" if verdict.allowed else verdict.why

    assert offered("TB-A", confirmed=False) == ""
    assert "不适用7天无理由退货" in offered("TB-B", confirmed=True)


def sell_on(chain: Chain, order_no: str, purchase_id: int, **given: Any) -> Order:
    """Write a consumer's order down for one more purchase."""
    with writing():
        purchase = db.session.get_one(Order, purchase_id)
        line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == purchase.id)).one()
        made = downstream.record_order(
            purchase,
            shop_id=chain.cast.shop2,
            order_no=order_no,
            channel="微信",
            receiver=given.pop("receiver", WHOM),
            goods=[downstream.Bought(line.id, 1_000, 5_000)],
            ordered_at=chain.cast.now - 5 * DAY,
            received_at=chain.cast.now - 2 * DAY,
            by=chain.cast.seller2,
            now=chain.cast.now,
            **given,
        ).id
    return db.session.get_one(Order, made)


def test_one_consumer_s_order_may_rest_on_several_purchases(chain: Chain) -> None:
    second = chain.cast.order(buyer=chain.cast.seller2, title="羊毛围巾").id
    order = sell_on(chain, "TB2026112300001", second)
    assert order.id == chain.order and order.paid_fen == 8_970 + 5_000
    lines = db.session.scalars(
        select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    ).all()
    assert [line.title for line in lines] == ["纯棉中筒袜 男女同款", "羊毛围巾"]
    for number, purchase in enumerate((chain.upstream, second)):
        with writing():
            made = chain.down.open_case(db.session.get_one(Order, order.id), milli=500, lines=2).id
            for line in db.session.scalars(select(CaseLine).where(CaseLine.case_id == made)):
                if line.order_line_id != lines[number].id:
                    for held in (PlacedLine, FaultLine):
                        db.session.execute(delete(held).where(held.case_line_id == line.id))
                    db.session.delete(line)
        found = downstream.find_order_above(db.session.get_one(Case, made))
        assert found is not None and found.id == purchase
    with pytest.raises(StepRefused, match="已登记过"):
        sell_on(chain, "TB2026112300001", second)
    third = chain.cast.order(buyer=chain.cast.seller2, title="手套").id
    with pytest.raises(StepRefused, match="已有售后"):
        sell_on(chain, "TB2026112300001", third)
    with pytest.raises(StepRefused, match="已登记过"):
        sell_on(chain, "TB2026112300001", third, receiver=("王小雨", "13712345678", WHOM[2]))


def test_a_consumer_has_the_name_they_were_given(chain: Chain) -> None:
    buyer = db.session.get_one(User, chain._order().buyer_id)
    assert buyer.member_name == "李雯（TB2026112300001）"
    long_one = sell_on(chain, "TB" + "9" * 36, chain.upstream)
    assert db.session.get_one(User, long_one.buyer_id).member_name.startswith("李雯（")


def test_what_a_consumer_applies_for_goes_to_the_supplier_where_that_was_arranged(chain: Chain) -> None:
    plain = chain.down.open_case(chain._order(), milli=1_000)
    assert chain_view.describe_above(plain) is None
    order = sell_on(chain, "TB-PASSES", chain.upstream, passes=downstream.Passes())
    photos = chain.down.photos(1, order.buyer_id, shop=chain.cast.shop2)
    with writing():
        line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
        draft = drafts.start_draft(order.shop_id, order.id, order.buyer_id, source="order", now=chain.cast.now)
        said = {"quantities": {str(line.id): 1_000}, "reason": "damaged", "type": "exchange", "description": "袜子破洞"}
        drafts.save_draft(draft, said | dict(zip(("name", "phone", "address"), WHOM, strict=True)), chain.cast.now)
        drafts.keep_photos(draft, photos)
        consumer = replace(chain.down, buyer=order.buyer_id).by(Actor.BUYER)
        made_id = applications.submit_draft(draft, by=consumer, now=chain.cast.now).id
    made = db.session.get_one(Case, made_id)
    link = chain_view.describe_above(made)
    assert link is not None, db.session.execute(select(Notice.title, Notice.body)).all()
    assert (link.route_back, link.route_out) == ("direct", "direct")
    up = db.session.get_one(Case, link.upstream_id)
    assert (up.shop_id, up.buyer_id, up.quantity_milli, up.state) == (
        chain.cast.shop,
        chain.cast.seller2,
        1_000,
        State.APPLIED,
    )
    assert moving.sweep(chain.cast.now) == 0


def test_what_can_t_go_on_is_told_once(chain: Chain) -> None:
    order = sell_on(chain, "TB-PASSES", chain.upstream, passes=downstream.Passes())
    with writing():
        db.session.get_one(Order, chain.upstream).received_at = chain.cast.now - 60 * DAY
    consumer = replace(chain.down, buyer=order.buyer_id)
    made = consumer.open_case(order, milli=1_000)
    moving.sweep(chain.cast.now)
    said = db.session.scalars(select(Notice).where(Notice.kind == "alarm")).all()
    assert [row.title for row in said] == ["没能自动向供应商申请"] and made.case_no in said[0].body
    assert chain_view.describe_above(made) is None
