"""超期 is a refusal only of what was late: a request that needs the seller's yes may come on the first day."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select, update

from portal.calendar.workdays import BEIJING
from portal.cases import refusing, terms_then
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case, Order, OrderLine, Product
from portal.talk import conversations
from tests.cast import Cast


def at_end_of(received: datetime, days: int) -> datetime:
    last = received.astimezone(BEIJING).date() + timedelta(days=days + 1)
    return datetime.combine(last, time(), BEIJING)


@pytest.mark.parametrize(
    ("reason", "days", "later"),  # seven days end on a working day: a Friday is the last one before this Monday
    [("dislike", 20, 1), ("colour", 20, 1), ("defect", 40, 1), ("seven_day", 7, 3)],
)
@pytest.mark.parametrize("window", [(20, 40)])
@pytest.mark.parametrize("late", [False, True])
def test_a_request_is_late_from_the_end_of_its_term_on(
    cast: Cast, reason: str, days: int, later: int, window: tuple[int, int], late: bool
) -> None:
    cast.publish_policy(*window, at=cast.now - timedelta(days=90))
    received = cast.now - timedelta(days=days + (later if late else 0))
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


@pytest.mark.parametrize("received_days", [8, 9])
def test_a_term_that_would_end_on_a_day_of_rest_ends_after_it(cast: Cast, received_days: int) -> None:
    """Seven days after 14 and 15 November are a Saturday and a Sunday: it is Monday, and not late."""
    order = cast.order(received_at=cast.now - timedelta(days=received_days))
    case = cast.open_case(order, case_type=CaseType.RETURN_REFUND, negotiated=True, reason="seven_day")
    assert terms_then.find_end_then(case) == datetime(2026, 11, 24, tzinfo=BEIJING)
    assert refusing.judge_reasons(case, cast.now, ["over_window"])["over_window"]


@pytest.mark.parametrize("by_shop", [False, True])
@pytest.mark.parametrize(("promise", "days"), [("qtbh", 7), ("swtbh", 15)])
@pytest.mark.parametrize(("reason", "kind"), [("dislike", "exchange"), ("promise", "return_refund")])
def test_what_is_promised_for_longer_is_not_late_before(
    cast: Cast, by_shop: bool, promise: str, days: int, reason: str, kind: str
) -> None:
    given = [promise] if by_shop else []
    cast.publish_policy(7, 7, at=cast.now - timedelta(days=90), guarantees=given)
    for late in (False, True):
        received = cast.now - timedelta(days=days + late)
        order = cast.order(received_at=received, ordered_at=received - timedelta(days=4))
        if not by_shop:
            with writing():
                db.session.execute(update(OrderLine).where(OrderLine.order_id == order.id).values(guarantees=promise))
        case = cast.open_case(order, case_type=CaseType(kind), negotiated=True, reason=reason)
        assert terms_then.find_end_then(case) == at_end_of(received, days)
        assert terms_then.had_ended(case) == late
        db.session.rollback()


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("left_out", [(), (0,), (0, 1)])
def test_what_is_not_true_of_every_line_is_no_reason_for_all(cast: Cast, kept: bool, left_out: tuple[int, ...]) -> None:
    order = cast.order(lines=2)
    products = select(OrderLine.product_id).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    with writing():
        for place, product_id in enumerate(db.session.scalars(products).all()):
            values = {"no_reason_excluded": "made" if place in left_out else ""}
            db.session.execute(update(Product).where(Product.id == product_id).values(**values))
    case = cast.open_case(order, lines=2, negotiated=True, reason="dislike")
    if not kept:  # as cases were opened before that was kept with them
        with writing():
            found = db.session.get_one(Case, case.id)
            found.opened_on = {name: value for name, value in found.opened_on.items() if name != "left_out"}
    why = refusing.judge_reasons(case, cast.now, ["customised"])["customised"]
    assert (why == "") == (len(left_out) == 2)
