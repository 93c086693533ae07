"""Which carrier brings what the shop sends where, and how often with trouble; which one to take for the next parcel.

Trouble is what the carrier reported (a parcel faulty or denied) or what a carrier can have caused and a case says of
the order's goods. A carrier is suggested only where its share is lower than that of all others together, and not by
chance alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.models import Case, FaultLine, Order, OrderLine, Packing, Parcel, Shipment
from portal.parcels import carriers
from portal.rights.faults import OF_CARRIER
from portal.service import packings
from portal.service.rates import Periods, Share, compare, measure_share
from portal.tracking.monitor import LATELY

SURE: Final = 0.05
PROVINCES: Final = (
    "北京 天津 河北 山西 内蒙古 辽宁 吉林 黑龙江 上海 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 广西 海南 "
    "重庆 四川 贵州 云南 西藏 陕西 甘肃 青海 宁夏 新疆 香港 澳门 台湾"
).split()
_BY_HEAD: Final = {name[:2]: name for name in PROVINCES}  # two characters tell them apart
ELSEWHERE: Final = "其他地区"


class Route(NamedTuple):
    """One carrier to one province; ``packing``: in which packing, where that is asked for."""

    carrier: str
    province: str
    share: Share
    packing: str = ""

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


class Packed(NamedTuple):
    """One way of packing, its share of trouble, and that of all other ways together."""

    name: str
    share: Share
    others: Share

    @property
    def said(self) -> str:
        """Whether it fares differently from the others, and not by chance alone."""
        part, number, others = self.share.part, self.share.number, self.others
        if not self.share.enough or not others.enough:
            return ""
        if compare(Periods(part, number, others.part, others.number)) <= SURE:
            return "比其他包装多"
        return "比其他包装少" if compare(Periods(others.part, others.number, part, number)) <= SURE else ""


def list_routes(shop_id: int, now: datetime) -> list[Route]:
    """Parcels that the shop sent within LATELY by carrier, province and packing, the busiest first."""
    return sorted(
        _load(shop_id, now, packed=True),
        key=lambda route: (-route.share.number, route.province, route.carrier, route.packing),
    )


def sum_packings(routes: Sequence[Route]) -> list[Packed]:
    """The routes by packing alone, the most used first; empty while no packing is recorded."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for route in routes:
        sums[route.packing][0] += route.share.part
        sums[route.packing][1] += route.share.number
    part, number = (sum(each) for each in zip(*sums.values(), strict=True)) if sums else (0, 0)
    found = [
        Packed(way, measure_share(*both), measure_share(part - both[0], number - both[1])) for way, both in sums.items()
    ]
    return sorted(found, key=lambda each: (-each.share.number, each.name)) if set(sums) - {packings.UNKNOWN} else []


def _load(shop_id: int, now: datetime, *, packed: bool = False) -> list[Route]:
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
    query = (
        select(Shipment.carrier, head, func.count().label("number"), func.sum(trouble).label("part"))
        .join(Order, and_(Order.id == Shipment.order_id, Order.shop_id == Shipment.shop_id))
        .outerjoin(Case, and_(Case.id == Shipment.case_id, Case.shop_id == Shipment.shop_id))
        .outerjoin(Parcel, and_(Parcel.id == Shipment.parcel_id, Parcel.shop_id == Shipment.shop_id))
        .outerjoin(blamed, blamed.c.order_id == Shipment.order_id)
        .where(Shipment.shop_id == shop_id, Shipment.since_at >= now - LATELY)
        .where(or_(Shipment.parcel_id.is_(None), Parcel.leg != "back"))
        .group_by(Shipment.carrier, "head")
    )
    if packed:
        ways = _select_packings(shop_id, now)
        query = query.outerjoin(ways, ways.c.shipment_id == Shipment.id).add_columns(ways.c.least, ways.c.most)
        query = query.group_by(ways.c.least, ways.c.most)
    sums: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in db.session.execute(query).all():
        way = "" if not packed else packings.name_way(row.least) if row.least == row.most else packings.MIXED
        both = sums[row.carrier, find_province(row.head or ""), way]
        both[0] += int(row.part)
        both[1] += row.number
    return [
        Route(carrier, province, measure_share(*both), packing) for (carrier, province, packing), both in sums.items()
    ]


def _select_packings(shop_id: int, now: datetime) -> Any:
    """Of each parcel the first and the last way, by code, in which its order's products were packed when it went."""
    own, usual = aliased(Packing), aliased(Packing)

    def held(packing: type[Packing]) -> ColumnElement[bool]:
        went = Shipment.since_at
        return and_(
            packing.shop_id == shop_id,
            packing.since_at <= went,
            or_(packing.until_at.is_(None), packing.until_at > went),
        )

    way = func.coalesce(func.nullif(own.way, ""), usual.way, "")
    return (
        select(Shipment.id.label("shipment_id"), func.min(way).label("least"), func.max(way).label("most"))
        .join(OrderLine, and_(OrderLine.order_id == Shipment.order_id, OrderLine.shop_id == Shipment.shop_id))
        .outerjoin(own, and_(own.product_id == OrderLine.product_id, held(own)))
        .outerjoin(usual, and_(usual.product_id.is_(None), held(usual)))
        .where(Shipment.shop_id == shop_id, OrderLine.shop_id == shop_id, Shipment.since_at >= now - LATELY)
        .group_by(Shipment.id)
        .subquery()
    )


def suggest_carrier(shop_id: int, address: str, now: datetime) -> Suggestion | None:
    """The carrier with the least trouble where this address is; None where the numbers don't say."""
    return choose_route([each for each in _load(shop_id, now) if each.province == find_province(address)])


def choose_route(routes: Sequence[Route]) -> Suggestion | None:
    """The best of the routes to one province, where it is better than all others together."""
    enough = [each for each in routes if each.share.enough and carriers.by_code(each.carrier) is not None]
    if not enough or routes[0].province == ELSEWHERE:
        return None
    best = min(enough, key=lambda each: (each.share.part / each.share.number, -each.share.number))
    others = [each.share for each in routes if each is not best]
    rest = measure_share(sum(each.part for each in others), sum(each.number for each in others))
    better = compare(Periods(rest.part, rest.number, best.share.part, best.share.number)) <= SURE
    return Suggestion(best, rest) if rest.enough and better else None
