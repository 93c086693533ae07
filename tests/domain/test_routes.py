"""Carriers by province equal a count by hand; a suggestion is made only where the numbers say it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.extensions import db, writing
from portal.models import Order, Shipment
from portal.service.rates import measure_share
from portal.tracking import routes
from portal.tracking.routes import Route
from tests.cast import Cast


@pytest.mark.parametrize(
    ("address", "province"),
    [
        ("浙江省 杭州市 余杭区", "浙江"),
        ("黑龙江省哈尔滨市", "黑龙江"),
        ("内蒙古自治区", "内蒙古"),
        ("Hongkong", "其他地区"),
        ("", "其他地区"),
    ],
)
def test_an_address_begins_with_its_province(address: str, province: str) -> None:
    assert routes.find_province(address) == province


def test_nothing_is_suggested_by_chance() -> None:
    good = Route("ZTO", "浙江", measure_share(1, 120))
    bad = Route("YTO", "浙江", measure_share(12, 100))
    found = routes.choose_route([bad, good])
    assert found is not None and (found.route, found.others[:2]) == (good, (12, 100))
    assert routes.choose_route([good]) is None  # nothing to compare with
    assert routes.choose_route([good, bad._replace(share=measure_share(1, 9))]) is None
    assert routes.choose_route([good, bad._replace(share=measure_share(2, 100))]) is None
    assert routes.choose_route([each._replace(province=routes.ELSEWHERE) for each in (good, bad)]) is None
    assert routes.choose_route([]) is None


def test_routes_equal_a_count_by_hand(cast_both: Cast) -> None:
    cast = cast_both
    with writing():
        db.session.query(Shipment).filter(Shipment.shop_id == cast.shop).delete()
    case = cast.open_case(reason="damaged")
    orders = [case.order_id, *(cast.order().id for _ in range(3))]
    with writing():
        for number, order_id in enumerate(orders):
            order = db.session.get_one(Order, (order_id, cast.shop))
            order.receiver_address = "浙江省 杭州市" if number < 3 else "广东省 广州市"
            for carrier, faulty, days in (("ZTO", number == 2, 5), ("YTO", False, 200)):
                db.session.add(
                    Shipment(
                        shop_id=cast.shop,
                        order_id=order_id,
                        carrier=carrier,
                        carrier_name="",
                        tracking_no=f"7361055558{number:04d}",
                        since_at=cast.now - timedelta(days=days),
                        faulty=faulty,
                    )
                )
    found = [(each.province, each.carrier, each.share[:2]) for each in routes.list_routes(cast.shop, cast.now)]
    assert found == [("浙江", "ZTO", (2, 3)), ("广东", "ZTO", (0, 1))]
    assert routes.list_routes(cast.shop2, cast.now) == []
    assert routes.suggest_carrier(cast.shop, "浙江省 宁波市", cast.now) is None
