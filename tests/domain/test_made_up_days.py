"""Working days that are made up for a holiday, and rest days at an end: one date for term, sentence and list."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from portal.applications import goods
from portal.calendar.workdays import BEIJING
from portal.extensions import db
from portal.flow import CaseType
from portal.models import Order
from portal.orders import order_lists
from portal.rights import resale, windows
from portal.rights.reasons import reason
from portal.words import end as said_end
from tests.cast import Cast

# Received (in Beijing): the last of seven working days, by the notice of the State Council for 2026.
WORKING = [
    ("2026-09-17 10:00", "2026-09-28"),  # Sunday the 20th is worked, 25 to 27 is 中秋
    ("2026-09-19 10:00", "2026-09-29"),  # on a Saturday before a worked Sunday
    ("2026-09-20 23:59", "2026-09-30"),  # the worked Sunday itself doesn't count
    ("2026-09-28 15:00", "2026-10-13"),  # Saturday 10 October is worked
    ("2026-10-09 23:59", "2026-10-19"),  # received on the eve of it
    ("2026-02-13 09:00", "2026-03-02"),  # Saturdays 14 and 28 February are worked
    ("2026-02-16 09:00", "2026-03-03"),  # received in the holiday
    ("2026-04-30 12:00", "2026-05-13"),  # Saturday 9 May is worked
    ("2026-06-18 12:00", "2026-06-30"),  # 端午 19 to 21, nothing made up
    ("2025-12-31 23:59", "2026-01-12"),  # Sunday 4 January is worked
    ("2026-01-01 00:00", "2026-01-12"),
]
# Received: the last of seven days, later where that is one of rest.
PLAIN = [
    ("2026-09-13 10:00", "2026-09-20"),  # a Sunday that is worked
    ("2026-10-03 10:00", "2026-10-10"),  # a Saturday that is worked
    ("2026-02-07 10:00", "2026-02-14"),
    ("2026-05-02 00:00", "2026-05-09"),
    ("2026-09-24 10:00", "2026-10-08"),  # ends in 国庆
    ("2026-09-18 10:00", "2026-09-28"),  # ends in 中秋
    ("2026-02-08 23:59", "2026-02-24"),
    ("2025-12-28 10:00", "2026-01-04"),  # ends on a Sunday that is worked, in the year after
    ("2025-12-26 10:00", "2026-01-04"),  # ends on a holiday before it
    ("2026-11-14 10:00", "2026-11-23"),  # ends on an ordinary Saturday
]


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def last_day(end: datetime | None) -> str:
    assert end is not None
    return f"{(end.astimezone(BEIJING) - timedelta(seconds=1)).date()}"


@pytest.mark.parametrize(("received", "last"), WORKING)
def test_seven_working_days(cast_both: Cast, received: str, last: str) -> None:
    at = beijing(received)
    order_id = cast_both.order(ordered_at=at - timedelta(days=3), received_at=at, is_dropship=True).id
    resale.promise_terms(at + timedelta(hours=1))
    order = db.session.scalars(select(Order).where(Order.id == order_id)).one()
    assert (last_day(order.apply_by), last_day(resale.find_apply_by(order))) == (last, last)
    [line] = goods.list_lines(order.id, order.shop_id)
    known = reason("damaged")
    assert known is not None
    facts, shops = goods.describe_goods(order, line), goods.get_policy_for(order)
    assert last_day(windows.find_window_end(facts, known, shops, CaseType.EXCHANGE)) == last
    month, day = (int(part) for part in last.split("-")[1:])
    assert f"{month}月{day}日 24:00" in resale.describe_apply_term(order, at + timedelta(hours=2))
    [row] = [card.order for card in order_lists.list_page(order.buyer_id, "all")[0] if card.order.id == order.id]
    assert row.apply_by == order.apply_by and f"{month}月{day}日" in said_end(row.apply_by)


@pytest.mark.parametrize(("received", "last"), PLAIN)
def test_seven_days_end_on_no_day_of_rest(cast_both: Cast, received: str, last: str) -> None:
    at = beijing(received)
    order_id = cast_both.order(ordered_at=at - timedelta(days=3), received_at=at, consumer=True).id
    order = db.session.scalars(select(Order).where(Order.id == order_id)).one()
    [line] = goods.list_lines(order.id, order.shop_id)
    known = reason("seven_day")
    assert known is not None
    facts, shops = goods.describe_goods(order, line), goods.get_policy_for(order)
    assert last_day(windows.find_window_end(facts, known, shops, CaseType.RETURN_REFUND)) == last
