"""What is learnt of an earlier 签收 than the one that was known shortens no term: neither of an order nor of a case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.applications import applications, goods, unsent
from portal.cases.effects.step_context import ActedBy
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, Order, OrderLine, Parcel, Shipment
from portal.orders import order_lists
from portal.parcels import keeping, parcel_view
from portal.parcels.scans import Scan
from portal.rights import windows
from portal.rights.reasons import reason
from portal.tracking import corrections, polling
from portal.tracking import scans as case_scans
from tests.cast import Cast
from tests.conftest import NOW

DAY = timedelta(days=1)
Sequence = list[tuple[str, float]]  # signed or taken back, days after shipping


def ship(cast: Cast, **columns: Any) -> Order:
    order_id = cast.order(status="unshipped", received_at=None, consumer=True, **columns).id
    with writing():
        parcels = [("ZTO", "73610555582883")]
        unsent.ship_order(order_id, cast.shop, parcels, by=ActedBy(Actor.SELLER, cast.seller), now=NOW)
    polling.follow_orders(NOW)
    return fresh(order_id)


def fresh(order_id: int) -> Order:
    return db.session.scalars(select(Order).where(Order.id == order_id).execution_options(populate_existing=True)).one()


def sign(cast: Cast, days: float) -> None:
    with writing():
        shipment_id = db.session.scalars(select(Shipment.id)).one()
        said = [Scan(NOW + days * DAY, "signed", "已签收")]
        keeping.keep_scans_of_order(shipment_id, said, now=NOW + 20 * DAY, origin="kuaidi100")


def take_back(cast: Cast, days: float) -> None:
    shipment = parcel_view.find_of_shop(db.session.scalars(select(Shipment.id)).one(), cast.shop)
    with writing():
        by = ActedBy(Actor.SELLER, cast.seller, "店主")
        corrections.take_back(shipment, reason="误操作", by=by, now=NOW + days * DAY)


def find_ends(order: Order) -> list[datetime]:
    """The last days of the rights that run from receipt, as the page and the form have them; none: not begun."""
    order = fresh(order.id)
    row = order_lists.load_for_buyer(order.order_no, order.buyer_id)
    assert row is not None
    [line] = goods.list_lines(order.id, order.shop_id)
    ends = []
    for each in (order, row):
        facts, policy = goods.describe_goods(each, line), goods.get_policy_for(each)
        for name in ("damaged", "wrong_order", "seven_day"):
            known = reason(name)
            assert known is not None
            ends.append(windows.find_window_end(facts, known, policy, CaseType.RETURN_REFUND))
    assert ends[:3] == ends[3:]
    return [end for end in ends if end is not None]


SEQUENCES: list[Sequence] = [
    [("sign", 5), ("sign", 4)],
    [("sign", 5), ("sign", 1), ("sign", 3)],
    [("sign", 5), ("back", 6), ("sign", 4)],
    [("sign", 5), ("sign", 4), ("back", 6), ("sign", 2)],
    [("sign", 4), ("back", 6), ("sign", 7)],
    [("sign", 5), ("back", 5.5), ("sign", 5.2), ("back", 8), ("sign", 9)],
]


@pytest.mark.parametrize("steps", SEQUENCES)
def test_the_rights_of_an_order_only_ever_last_longer(cast_both: Cast, steps: Sequence) -> None:
    cast = cast_both
    order = ship(cast)
    longest: list[datetime] = []
    for what, days in steps:
        (sign if what == "sign" else take_back)(cast, days)
        ends = find_ends(order)
        if not ends:
            assert fresh(order.id).received_at is None and what == "back"
            continue
        assert not longest or all(end >= before for end, before in zip(ends, longest, strict=True)), (what, days)
        longest = ends
        said = fresh(order.id)
        assert said.received_at is not None and said.received_at <= NOW + days * DAY  # the day itself is true


def test_a_later_receipt_still_lengthens(cast_both: Cast) -> None:
    order = ship(cast_both)
    sign(cast_both, 3)
    before = find_ends(order)
    take_back(cast_both, 6)
    sign(cast_both, 7)
    assert all(end - then >= 4 * DAY for end, then in zip(find_ends(order), before, strict=True))


def test_a_case_can_be_changed_by_the_term_it_was_opened_in(cast_both: Cast) -> None:
    """Opened on a day that only the longer term has, and changed by what was known that day."""
    cast = cast_both
    order = ship(cast)
    sign(cast, 5)
    sign(cast, 1)
    opened_at = NOW + 11 * DAY
    case = cast.open_case(order, reason="seven_day", case_type=CaseType.RETURN_REFUND, now=opened_at)
    line_id = db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id)).one()
    found = applications.judge_again(
        case, reason="seven_day", quantities={line_id: 1_000}, photos=1, description="补充说明，袜子破洞"
    )
    assert found["basis"]


@pytest.mark.parametrize("state", ["confirming", "inspecting"])
def test_the_deadline_of_a_case_comes_no_earlier(cast_both: Cast, state: str) -> None:
    cast = cast_both
    case_id = cast.until(state).id

    def say(days: float) -> datetime:
        parcel = db.session.scalars(select(Parcel.id).order_by(Parcel.id.desc())).first() or 0
        with writing():
            said = [Scan(NOW + days * DAY, "signed", "已签收")]
            case_scans.record_scans(parcel, said, now=NOW + 2.1 * DAY, origin="kuaidi100")
        due_at = db.session.scalars(select(Case.due_at).where(Case.id == case_id)).one()
        assert due_at is not None
        return due_at

    first = say(2)
    assert say(1) == first
