"""超期 is a refusal only of what was late: a request that needs the seller's yes may come on the first day."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from portal.calendar.workdays import BEIJING
from portal.cases import refusing, terms_then
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case, Order
from portal.talk import conversations
from tests.cast import Cast


def at_end_of(received: datetime, days: int) -> datetime:
    last = received.astimezone(BEIJING).date() + timedelta(days=days + 1)
    return datetime.combine(last, time(), BEIJING)


@pytest.mark.parametrize(("reason", "days"), [("dislike", 20), ("colour", 20), ("defect", 40), ("seven_day", 7)])
@pytest.mark.parametrize("window", [(20, 40)])
@pytest.mark.parametrize("late", [False, True])
def test_a_request_is_late_from_the_end_of_its_term_on(
    cast: Cast, reason: str, days: int, window: tuple[int, int], late: bool
) -> None:
    cast.publish_policy(*window, at=cast.now - timedelta(days=90))
    received = cast.now - timedelta(days=days + (1 if late else 0))
    order = cast.order(received_at=received, ordered_at=received - timedelta(days=4))
    kind = CaseType.RETURN_REFUND if reason == "seven_day" else CaseType.EXCHANGE
    case = cast.open_case(order, case_type=kind, negotiated=True, reason=reason)
    assert terms_then.find_end_then(case) == at_end_of(received, days)
    why = refusing.judge_reasons(case, cast.now, ["over_window"])["over_window"]
    assert (why == "") == late == terms_then.had_ended(case)
    db.session.rollback()


@pytest.mark.parametrize("status", ["unshipped", "in_transit"])
def test_a_request_before_the_goods_arrived_is_not_late(cast: Cast, status: str) -> None:
    case = cast.open_case(cast.order(status=status, ordered_at=cast.now - timedelta(days=99)), negotiated=True)
    assert not terms_then.had_ended(case)
    assert refusing.judge_reasons(case, cast.now, ["over_window"])["over_window"]


def test_a_known_receipt_that_comes_later_makes_nothing_late(cast: Cast) -> None:
    """What was known when it was applied for counts, by every way: the desk and the held step ask the same."""
    order = cast.order(received_at=cast.now - timedelta(days=2))
    case = cast.open_case(order, negotiated=True, reason="dislike")
    with writing():
        db.session.get_one(Order, (order.id, order.shop_id)).received_at = cast.now - timedelta(days=80)
        talk = conversations.get_of_order(db.session.get_one(Order, (order.id, order.shop_id)), cast.now)
        conversations.add_message(talk, "seller", cast.seller, "请看说明", now=cast.now)
    case = db.session.get_one(Case, case.id)
    with pytest.raises(StepRefused, match="没有超过期限"):
        cast.take(case, "reject", Actor.SELLER, refusal="over_window", note="超过期限了")
