"""铺货: a consumer's case whose goods came from several purchases; each supplier's part passes, and only that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal import doctor
from portal.cases.effects.hand_ins import InspectedLine
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, State, StepRefused
from portal.models import Case, CaseEvent, CaseLine, CaseLink, Evidence, Notice, Order, OrderLine, Parcel
from portal.people import accounts
from portal.resale import across, chain, chain_view, downstream, undecided
from portal.resale.passing import moving
from portal.rights import policies
from tests.cast import PASSWORD, Cast
from tests.domain.test_chains import DAY, WHOM

HOUR = timedelta(hours=1)
BACK = ("ZTO", "75484863576596")
OUT = (("YTO", "YT8893012345678"), ("SF", "SF1234567890123"))
GOODS = ("纯棉中筒袜", "羊毛围巾")


class Several:
    """A consumer's order of two goods out of two purchases, of one supplier or of two, and its case."""

    def __init__(self, cast: Cast, *, two_shops: bool, case_type: CaseType = CaseType.EXCHANGE) -> None:
        self.now = cast.now
        owner, shop = (cast.seller, cast.shop) if not two_shops else self._open_shop(cast)
        self.suppliers = [replace(cast, buyer=cast.seller2), replace(cast, buyer=cast.seller2, seller=owner, shop=shop)]
        self.purchases = [
            cast.order(buyer=cast.seller2, shop=supplier.shop, title=title).id
            for supplier, title in zip(self.suppliers, GOODS, strict=True)
        ]
        order, _ = [self._sell_on(cast, purchase) for purchase in self.purchases]
        self.order = db.session.get_one(Order, order)
        self.down = replace(cast, buyer=self.order.buyer_id, seller=cast.seller2, shop=cast.shop2)
        self.distributor = cast.seller2
        case = self.down.open_case(self.order, milli=1_000, lines=2, case_type=case_type)
        self.below = case.id
        photo = self.down.photos(1, self.down.buyer)
        with writing():
            hung = {"case_id": self.below, "event_version": 1}
            db.session.execute(db.update(Evidence).where(Evidence.public_id.in_(photo)).values(**hung))
        moving.hear(self.below, self.now)
        links = chain_view.list_links_above(db.session.get_one(Case, self.below))
        by_order = {self.get(link.upstream_id).order_id: link.upstream_id for link in links}
        self.above = [by_order[purchase] for purchase in self.purchases]

    @staticmethod
    def _open_shop(cast: Cast) -> tuple[int, int]:
        with writing():
            owner = accounts.create_user("seller3", now=cast.now, password=PASSWORD, weak_ok=True)
            shop = accounts.create_shop(owner, "第三家店", cast.now)
            where = {"name": "围巾仓", "phone": "13900139000", "address": "浙江省桐乡市濮院镇9号", "note": ""}
            policies.add_address(shop.id, make_default=True, now=cast.now, **where)
            return owner.id, shop.id

    def _sell_on(self, cast: Cast, purchase_id: int) -> int:
        with writing():
            purchase = db.session.get_one(Order, purchase_id)
            line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == purchase.id)).one()
            return downstream.record_order(
                purchase,
                shop_id=cast.shop2,
                order_no="TB2026112300001",
                channel="微信",
                receiver=WHOM,
                goods=[downstream.Bought(line.id, 1_000, 5_000)],
                ordered_at=cast.now - 5 * DAY,
                received_at=cast.now - 2 * DAY,
                by=cast.seller2,
                now=cast.now,
                passes=downstream.Passes(),
            ).id

    def get(self, case_id: int) -> Case:
        return db.session.scalars(
            select(Case).where(Case.id == case_id).execution_options(populate_existing=True)
        ).one()

    @property
    def states(self) -> list[str]:
        """The consumer's case, then each supplier's."""
        db.session.rollback()
        return [self.get(case_id).state for case_id in (self.below, *self.above)]

    def consumer(self, step: str, **values: Any) -> None:
        self.now += HOUR
        self.down.take(self.get(self.below), step, Actor.BUYER, self.now, **values)

    def supplier(self, which: int, step: str, **values: Any) -> None:
        self.now += HOUR
        self.suppliers[which].take(self.get(self.above[which]), step, Actor.SELLER, self.now, **values)

    def agree(self) -> None:
        for which in (0, 1):
            self.supplier(which, "agree")
        self.now += HOUR
        direct = across.find_direct_address(self.get(self.below))
        self.down.take(self.get(self.below), "agree", Actor.SELLER, self.now, direct=direct)

    def lines(self, case_id: int) -> list[CaseLine]:
        query = select(CaseLine).where(CaseLine.case_id == case_id).order_by(CaseLine.id)
        return list(db.session.scalars(query.execution_options(populate_existing=True)))

    def ship(self, which: int) -> None:
        [line] = self.lines(self.above[which])
        self.supplier(which, "ship_replacement", parcels=[OUT[which]], shipped={line.id: 1_000})

    def passed(self, case_id: int) -> list[str]:
        rows = db.session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.version))
        return [row.step for row in rows if row.data.get("whence")]

    def parcels(self, case_id: int, leg: str) -> list[tuple[str, str]]:
        query = select(Parcel.carrier, Parcel.tracking_no).where(Parcel.case_id == case_id, Parcel.leg == leg)
        return sorted((row.carrier, row.tracking_no) for row in db.session.execute(query))

    def told(self) -> list[str]:
        query = select(Notice.body).where(Notice.user_id == self.distributor, Notice.title.contains("几家供应商"))
        return list(db.session.scalars(query.order_by(Notice.id)))

    def is_sound(self) -> None:
        db.session.rollback()
        assert not any(doctor.findings()), [finding for finding in doctor.findings() if finding]


@pytest.fixture
def one_shop(cast_both: Cast) -> Several:
    return Several(cast_both, two_shops=False)


@pytest.fixture
def two_shops(cast_both: Cast) -> Several:
    return Several(cast_both, two_shops=True)


def test_each_supplier_is_asked_for_its_own_part(two_shops: Several) -> None:
    titles = [[line.title for line in two_shops.lines(case_id)] for case_id in two_shops.above]
    assert titles == [[GOODS[0]], [GOODS[1]]]
    assert [two_shops.get(case_id).shop_id for case_id in two_shops.above] == [
        supplier.shop for supplier in two_shops.suppliers
    ]
    moving.hear(two_shops.below, two_shops.now)
    assert len(chain_view.list_links_above(db.session.get_one(Case, two_shops.below))) == 2
    two_shops.is_sound()


def test_one_address_takes_the_parcel_and_both_results_come_down_together(one_shop: Several) -> None:
    one_shop.agree()
    one_shop.consumer("ship_return", parcels=[BACK])
    assert one_shop.states == [State.INSPECTING] * 3
    assert all(one_shop.parcels(case_id, "back") == [BACK] for case_id in one_shop.above)
    one_shop.supplier(0, "accept_goods")
    assert one_shop.states == [State.INSPECTING, State.RESHIPPING, State.INSPECTING]
    one_shop.supplier(1, "accept_goods")
    assert one_shop.states == [State.RESHIPPING] * 3
    assert one_shop.passed(one_shop.below) == ["accept_goods"]
    assert [line.accepted_milli for line in one_shop.lines(one_shop.below)] == [1_000, 1_000]
    one_shop.ship(1)
    assert one_shop.states[0] == State.RESHIPPING and one_shop.parcels(one_shop.below, "out") == [OUT[1]]
    one_shop.ship(0)
    assert one_shop.states == [State.CONFIRMING] * 3
    assert one_shop.parcels(one_shop.below, "out") == sorted(OUT)
    one_shop.consumer("confirm")
    assert one_shop.states == [State.COMPLETED] * 3 and one_shop.told() == []
    one_shop.is_sound()


def test_one_supplier_s_objection_is_about_its_part_only(one_shop: Several) -> None:
    one_shop.agree()
    one_shop.consumer("ship_return", parcels=[BACK])
    one_shop.supplier(0, "accept_goods")
    [line] = one_shop.lines(one_shop.above[1])
    photos = one_shop.suppliers[1].photos(2, one_shop.suppliers[1].seller)
    with writing():
        db.session.execute(db.update(Evidence).where(Evidence.public_id.in_(photos)).values(side="seller"))
    counted = [InspectedLine(line.id, 1_000, 0, "not_resellable", "有穿过的痕迹")]
    one_shop.supplier(1, "dispute_goods", counted=counted, photos=photos, note="有污渍")
    assert one_shop.states == [State.DISPUTED, State.RESHIPPING, State.DISPUTED]
    assert [line.accepted_milli for line in one_shop.lines(one_shop.below)] == [1_000, 0]
    one_shop.consumer("object", note="寄出时是新的")
    assert one_shop.get(one_shop.above[1]).objected
    one_shop.is_sound()


def test_two_addresses_are_the_distributor_s_to_arrange_and_it_is_said_once(two_shops: Several) -> None:
    two_shops.agree()
    told = two_shops.told()
    assert len(told) == 1 and "浙江省桐乡市濮院镇9号" in told[0] and GOODS[1] in told[0] and "第三家店" in told[0]
    two_shops.consumer("ship_return", parcels=[BACK])
    assert two_shops.states == [State.INSPECTING, State.INSPECTING, State.RETURNING]
    assert two_shops.parcels(two_shops.above[0], "back") == [BACK]
    two_shops.supplier(0, "accept_goods")
    assert two_shops.states[0] == State.INSPECTING
    assert any("请您验货" in body and GOODS[1] in body for body in two_shops.told())
    counted = across.find_counted_above(two_shops.get(two_shops.below))
    assert [tuple(row) for row in counted.values()] == [(1_000, 1_000, "")]
    before = len(two_shops.told())
    moving.sweep(two_shops.now)
    assert len(two_shops.told()) == before
    two_shops.is_sound()


def test_whose_goods_have_a_problem_is_asked(one_shop: Several) -> None:
    one_shop.agree()
    one_shop.consumer("ship_return", parcels=[BACK])
    for which in (0, 1):
        one_shop.supplier(which, "accept_goods")
    for which in (0, 1):
        one_shop.ship(which)
    photos = one_shop.down.photos(1, one_shop.down.buyer, shop=one_shop.down.shop)
    one_shop.consumer("report_problem", kind="defect", note="开线了", photos=photos)
    assert not any(one_shop.get(case_id).problem_open for case_id in one_shop.above)
    [said] = one_shop.told()
    assert "收到的商品有问题" in said and all(name in said for name in GOODS)
    choices = undecided.list_choices(one_shop.get(one_shop.below))
    assert [choice.href.rsplit("/", 1)[-1] for choice in choices] == ["report_problem"]
    one_shop.is_sound()


def test_the_second_purchase_can_be_linked_by_hand_and_no_third(one_shop: Several, cast_both: Cast) -> None:
    [first, second] = chain_view.list_links_above(db.session.get_one(Case, one_shop.below))
    with writing():
        assert chain.unlink_cases(second.id, one_shop.down.shop, one_shop.now)
    assert moving.hear(one_shop.below, one_shop.now) is None
    assert [link.id for link in chain_view.list_links_above(db.session.get_one(Case, one_shop.below))] == [
        first.id
    ]  # not asked a second time
    assert [order.id for order in across.list_unasked(one_shop.get(one_shop.below))] == [one_shop.purchases[1]]
    up = one_shop.get(one_shop.above[1])
    offered = [row.id for row in chain.list_below(up, one_shop.down.shop)]
    assert one_shop.below in offered
    with writing():
        chain.link_cases(one_shop.get(one_shop.below), up, by=one_shop.distributor, now=one_shop.now)
    with pytest.raises(StepRefused), writing():
        chain.link_cases(one_shop.get(one_shop.below), up, by=one_shop.distributor, now=one_shop.now)
    assert db.session.scalars(select(CaseLink.id).where(CaseLink.ended_at.is_(None))).all()
    one_shop.is_sound()
