"""Which carrier brings what the shop sends where, and how often with trouble; which one to take for the next parcel.

Trouble is what the carrier reported (a parcel faulty or denied) or what a carrier can have caused and a case says of
the order's goods. A carrier is suggested only where its share is lower than that of all others together, and not by
chance alone.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, case, func, or_, select

from portal.extensions import db
from portal.models import Case, FaultLine, Order, Parcel, Shipment
from portal.parcels import carriers
from portal.rights.faults import OF_CARRIER
from portal.service.rates import Periods, Share, compare, measure_share

LATELY: Final = timedelta(days=90)
SURE: Final = 0.05
PROVINCES: Final = (
    "北京 天津 河北 山西 内蒙古 辽宁 吉林 黑龙江 上海 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 广西 海南 "
    "重庆 四川 贵州 云南 西藏 陕西 甘肃 青海 宁夏 新疆 香港 澳门 台湾"
).split()
_BY_HEAD: Final = {name[:2]: name for name in PROVINCES}  # two characters tell them apart
ELSEWHERE: Final = "其他地区"


class Route(NamedTuple):
    """One carrier to one province."""

    carrier: str
    province: str
    share: Share

    @property
    def carrier_name(self) -> str:
        known = carriers.by_code(self.carrier)
        return known.name if known else "其他"


class Suggestion(NamedTuple):
    """The carrier to take to a province, how it fared there, and how all others did."""

    route: Route
    others: Share


def find_province(address: str) -> str:
    """The province that an address begins with."""
    return _BY_HEAD.get(address.strip()[:2], ELSEWHERE)


def list_routes(shop_id: int, now: datetime) -> list[Route]:
    """Parcels that the shop sent within LATELY, the busiest route first."""
    return sorted(_load(shop_id, now), key=lambda route: (-route.share.number, route.province, route.carrier))


def _load(shop_id: int, now: datetime) -> list[Route]:
    blamed = (
        select(Case.order_id.label("order_id"))
        .join(FaultLine, and_(FaultLine.case_id == Case.id, FaultLine.shop_id == Case.shop_id))
        .where(Case.shop_id == shop_id, FaultLine.shop_id == shop_id, FaultLine.counted)
        .where(FaultLine.fault.in_(sorted(OF_CARRIER)), Case.opened_at >= now - LATELY)
        .distinct()
        .subquery()
    )
    head = func.substr(func.coalesce(Case.receiver_address, Order.receiver_address), 1, 2).label("head")
    first = and_(Shipment.parcel_id.is_(None), blamed.c.order_id.is_not(None))  # a case is about what came first
    trouble = case((or_(Shipment.faulty, Shipment.denied, first), 1), else_=0)
    rows = db.session.execute(
        select(Shipment.carrier, head, func.count().label("number"), func.sum(trouble).label("part"))
        .join(Order, and_(Order.id == Shipment.order_id, Order.shop_id == Shipment.shop_id))
        .outerjoin(Case, and_(Case.id == Shipment.case_id, Case.shop_id == Shipment.shop_id))
        .outerjoin(Parcel, and_(Parcel.id == Shipment.parcel_id, Parcel.shop_id == Shipment.shop_id))
        .outerjoin(blamed, blamed.c.order_id == Shipment.order_id)
        .where(Shipment.shop_id == shop_id, Shipment.since_at >= now - LATELY)
        .where(or_(Shipment.parcel_id.is_(None), Parcel.leg != "back"))
        .group_by(Shipment.carrier, "head")
    ).all()
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        both = sums[row.carrier, find_province(row.head or "")]
        both[0] += int(row.part)
        both[1] += row.number
    return [Route(carrier, province, measure_share(*both)) for (carrier, province), both in sums.items()]


def suggest_carrier(shop_id: int, address: str, now: datetime) -> Suggestion | None:
    """The carrier with the least trouble where this address is; None where the numbers don't say."""
    return choose_route([each for each in _load(shop_id, now) if each.province == find_province(address)])


def choose_route(routes: list[Any]) -> Suggestion | None:
    """The best of the routes to one province, where it is better than all others together."""
    enough = [each for each in routes if each.share.enough and carriers.by_code(each.carrier) is not None]
    if not enough or routes[0].province == ELSEWHERE:
        return None
    best = min(enough, key=lambda each: (each.share.part / each.share.number, -each.share.number))
    others = [each.share for each in routes if each is not best]
    rest = measure_share(sum(each.part for each in others), sum(each.number for each in others))
    better = compare(Periods(rest.part, rest.number, best.share.part, best.share.number)) <= SURE
    return Suggestion(best, rest) if rest.enough and better else None
