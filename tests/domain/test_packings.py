"""包装: parcels are counted by how their goods were packed when they went, as a count by hand has it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, insert, update

from portal.extensions import db, writing
from portal.models import OrderLine, Packing, Shipment
from portal.models.keys import make_id
from portal.service import packings
from portal.service.rates import measure_share
from portal.tracking import monitor, routes
from portal.tracking.routes import Route
from tests.cast import Cast


def _set(cast: Cast, product_id: int | None, way: str, at: datetime) -> bool:
    with writing():
        return packings.set_way(cast.shop, product_id, way, by=cast.seller, now=at)


def test_a_way_holds_until_another_is_recorded(cast_both: Cast) -> None:
    cast = cast_both
    assert packings.find_way(cast.shop, None) == ""
    assert _set(cast, None, "bag", cast.now - timedelta(days=2))
    assert not _set(cast, None, "bag", cast.now - timedelta(days=1))  # said again: nothing new
    assert _set(cast, None, "carton", cast.now)
    assert packings.find_way(cast.shop, None) == "carton" and packings.find_way(cast.shop2, None) == ""
    history = [(row.way, row.since_at) for row in packings.list_history(cast.shop, None)]
    assert history == [("carton", cast.now), ("bag", cast.now - timedelta(days=2))]


@pytest.mark.parametrize("seed", range(4))
def test_packings_equal_a_count_by_hand(cast_both: Cast, seed: int) -> None:
    cast, chance = cast_both, random.Random(seed)
    with writing():
        db.session.execute(delete(Shipment).where(Shipment.shop_id == cast.shop))
    orders = [cast.order(lines=chance.choice((1, 1, 2))).id for _ in range(4)]
    lines = db.session.execute(
        db.select(OrderLine.order_id, OrderLine.product_id).where(OrderLine.shop_id == cast.shop)
    )
    products: dict[int, list[int]] = {}
    for order_id, product_id in lines.all():
        products.setdefault(order_id, []).append(product_id or 0)
    own = [each for of_order in products.values() for each in of_order if chance.random() < 0.7]
    changes: dict[int | None, list[tuple[datetime, str]]] = {}
    for days in range(60, 0, -3):
        product_id, way = chance.choice([None, *own]), chance.choice(["", *packings.WAYS])
        if _set(cast, product_id, way, cast.now - timedelta(days=days)):
            changes.setdefault(product_id, []).append((cast.now - timedelta(days=days), way))

    def find(product_id: int | None, at: datetime) -> str:
        found = [way for since, way in changes.get(product_id, ()) if since <= at]
        return found[-1] if found else ""

    expected: dict[str, list[int]] = {}
    rows = []
    for number in range(40):
        order_id, since, faulty = chance.choice(orders), timedelta(days=chance.randint(1, 100)), chance.random() < 0.3
        row = {"id": make_id(), "shop_id": cast.shop, "order_id": order_id, "carrier": "ZTO", "carrier_name": ""}
        rows.append({**row, "tracking_no": f"{number:014d}", "since_at": cast.now - since, "faulty": faulty})
        if since > monitor.LATELY:
            continue
        ways = {find(each, cast.now - since) or find(None, cast.now - since) for each in products[order_id]}
        both = expected.setdefault(packings.name_way(ways.pop()) if len(ways) == 1 else packings.MIXED, [0, 0])
        both[0] += faulty
        both[1] += 1
    with writing():
        db.session.execute(insert(Shipment), rows)
    found = routes.list_routes(cast.shop, cast.now)
    by_way: dict[str, list[int]] = {}
    for route in found:
        both = by_way.setdefault(route.packing, [0, 0])
        both[0] += route.share.part
        both[1] += route.share.number
    assert by_way == expected
    assert {each.name: list(each.share[:2]) for each in routes.sum_packings(found)} == expected
    with writing():  # a way that was only ever said of another shop's goods says nothing here
        db.session.execute(update(Packing).where(Packing.shop_id == cast.shop).values(way=""))
    assert routes.sum_packings(routes.list_routes(cast.shop, cast.now)) == []


def test_a_difference_is_said_only_where_it_is_one() -> None:
    def of(way: str, part: int, number: int) -> Route:
        return Route("ZTO", "浙江", measure_share(part, number), way)

    bag, carton = routes.sum_packings([of("快递袋", 12, 100), of("纸箱", 1, 120)])[::-1]
    assert (bag.name, bag.said, carton.said) == ("快递袋", "比其他包装多", "比其他包装少")
    assert {each.said for each in routes.sum_packings([of("快递袋", 3, 100), of("纸箱", 2, 120)])} == {""}
    assert {each.said for each in routes.sum_packings([of("快递袋", 9, 9), of("纸箱", 0, 120)])} == {""}  # too few
    assert routes.sum_packings([]) == [] and routes.sum_packings([of(packings.UNKNOWN, 1, 100)]) == []
