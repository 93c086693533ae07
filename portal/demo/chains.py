"""Stories of 铺货: the distributor's two pairs of cases, with both their clocks."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from portal.cases import opening, taking
from portal.cases.effects.hand_ins import Approval, RequestedLine, SentParcels
from portal.cases.effects.step_context import ActedBy
from portal.demo.orders import BACK, FLASK, make_order
from portal.demo.teller import Teller
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, OrderLine, User
from portal.resale import across, chain_view, consumers, downstream
from portal.resale import alarm as chain_alarm
from portal.resale import chain as chain_links
from portal.rights import policies


def build_chains(t: Teller) -> None:
    """铺货: the distributor's two pairs of cases, one in the middle of things, one whose clock above is the shorter."""
    people = dict(db.session.execute(select(User.member_name, User.id)).all())
    middle, shop = people["distributor"], downstream.find_owned_shop(people["distributor"]) or 0
    for number, (asked, words) in enumerate((("damaged", "杯口有裂，想换一个"), ("wrong_item", "颜色发错了，想换"))):
        at = t.now - timedelta(hours=20)
        with writing():
            purchase = make_order(middle, t.shop, "completed", 12 + number * 2, at, goods=FLASK)
            purchase.is_dropship, purchase.downstream_channel = True, "淘宝店"
            purchase.downstream_order_no = f"TB26112300{number + 1}"
            line = db.session.scalars(
                select(OrderLine).where(OrderLine.order_id == purchase.id).order_by(OrderLine.position)
            ).first()
            assert line is not None  # noqa: S101  (just made)
            sold = downstream.record_order(
                purchase,
                shop_id=shop,
                order_no=purchase.downstream_order_no,
                channel="淘宝店",
                receiver=("王小雨", "13712345678", "福建省 厦门市 思明区 环岛南路 9 号"),
                goods=[downstream.Bought(line.id, 2_000, line.unit_price_fen * 2)],
                ordered_at=purchase.ordered_at,
                received_at=purchase.received_at,
                by=middle,
                now=at,
            )
            consumer, unit = (
                sold.buyer_id,
                db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == sold.id)),
            )
            below = opening.open_case(
                by=ActedBy(Actor.SELLER, middle, "distributor"),
                order=sold,
                wanted=[RequestedLine(unit.one(), 1_000)],
                reason=asked,
                description=words,
                receiver=(sold.receiver_name, sold.receiver_phone, sold.receiver_address),
                freight_payer="seller",
                basis="商家按买家的要求代为申请",
                policy_id=policies.get_current(shop).id,
                photos=[],
                now=at,
                consent=words,
            ).id
        photos = t.photos.of(shop, consumer, "buyer")
        with writing():
            by = consumers.act_as_consumer(consumer, "")
            consumers.add_photos(below, photos, note="", by=by, now=at + timedelta(hours=1))
            made = across.open_upstream(
                db.session.get_one(Case, below),
                by=ActedBy(Actor.BUYER, middle, "distributor"),
                description="消费者反馈" + words,
                route_back="direct",
                route_out="direct",
                now=at + timedelta(hours=2),
            ).id
        t.at, t.case_id = at + timedelta(hours=3), made
        if number:  # the supplier waits for the distributor, the consumer has longer
            t.seller_takes("agree")
            with writing():
                address = across.find_direct_address(db.session.get_one(Case, below))
                by_shop = ActedBy(Actor.SELLER, middle, "distributor")
                taking.take(below, "agree", by=by_shop, now=at + timedelta(hours=8), handed=Approval(direct=address))
            chain_alarm.raise_alarms(t.now)
        else:
            t.seller_takes("agree")
            with writing():
                address = across.find_direct_address(db.session.get_one(Case, below))
                by_shop = ActedBy(Actor.SELLER, middle, "distributor")
                taking.take(below, "agree", by=by_shop, now=at + timedelta(hours=8), handed=Approval(direct=address))
                taking.take(below, "ship_return", by=by, now=at + timedelta(hours=9), handed=SentParcels(parcels=BACK))
                link = chain_view.describe_above(db.session.get_one(Case, below))
                chain_links.arrange_goods(
                    link.id if link else 0,
                    shop,
                    route_back="direct",
                    route_out="direct",
                    freight_back=(800, "supplier"),
                    freight_out=(0, "supplier"),
                )
