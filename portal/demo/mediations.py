"""Stories of refusals and of cases that the platform is asked to decide."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from portal.cases import clock as case_clock
from portal.cases.effects.hand_ins import InspectedLine
from portal.cases.effects.step_context import ActedBy
from portal.demo.exchanges import revising, to_inspecting
from portal.demo.orders import SOCKS
from portal.demo.teller import Teller
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Order, User
from portal.talk import conversations


def disputed(t: Teller) -> None:
    to_inspecting(t)
    counted = [
        InspectedLine(x.id, x.quantity_milli, x.quantity_milli // 2, "not_resellable", "一双有污渍") for x in t.lines()
    ]
    t.seller_takes(
        "dispute_goods", counted=counted, note="一双有明显污渍", photos=t.photos.of(t.shop, t.seller, "seller")
    )


def _mediator_takes(t: Teller, step: str, **values: object) -> None:
    mediator = db.session.scalars(select(User.id).where(User.member_name == "mediator")).one()
    t._take(step, ActedBy(Actor.MEDIATOR, mediator, "mediator"), values)


def _refused(t: Teller, hours: float) -> None:
    """Refused with words and photos, so that the buyer may call for the platform."""
    opened = t.case("defect", "洗了一次袜口就松了，有十几双都这样", hours=hours, goods=SOCKS)
    with writing():
        talk = conversations.get_of_order(db.session.get_one(Order, opened.order_id), t.at)
        conversations.add_message(
            talk, "buyer", t.buyer, "洗过一次就松口了，客人都退给我", now=t.at + timedelta(minutes=5)
        )
        conversations.add_message(
            talk, "seller", t.seller, "洗过的我们没法二次销售，换不了", now=t.at + timedelta(minutes=15)
        )
    t.seller_takes("ask_evidence", note="请补拍松口处的近照和吊牌")
    t.buyer_takes(
        "modify", description="洗了一次袜口就松了，补拍了近照和吊牌", photos=t.photos.of(t.shop, t.buyer, "buyer")
    )
    t.seller_takes(
        "reject",
        refusal="man_made",
        note="吊牌已剪，已经洗过，影响二次销售",
        photos=t.photos.of(t.shop, t.seller, "seller"),
    )


def _called_for(t: Teller, hours: float) -> None:
    _refused(t, hours)
    t.buyer_takes(
        "escalate",
        because="refused",
        wish="换 2 双新的，运费由商家承担",
        note="没有下水前看不出来，属于质量问题",
        photos=t.photos.of(t.shop, t.buyer, "buyer"),
    )


def collecting(t: Teller) -> None:
    _called_for(t, hours=20)


def _heard(t: Teller, hours: float) -> None:
    _called_for(t, hours)
    t.seller_takes("submit_evidence", note="出库前抽检合格，附检测照片", photos=t.photos.of(t.shop, t.seller, "seller"))


def deciding(t: Teller) -> None:
    _heard(t, hours=72)
    case_clock.settle_now(t.case_id, t.now)


def undecided(t: Teller) -> None:
    _heard(t, hours=24 * 8)
    case_clock.settle_now(t.case_id, t.now)


def decided(t: Teller) -> None:
    _heard(t, hours=30)
    _mediator_takes(
        t,
        "decide_return",
        note="买家照片能看出袜口脱丝，检测照片的批次与本单不符，采信买家。",
        freight_payer="seller",
    )


def mediation(t: Teller) -> None:
    revising(t)
    t.buyer_takes("escalate", note="已经补过照片，商家仍不认可，希望换货", photos=t.photos.of(t.shop, t.buyer, "buyer"))
