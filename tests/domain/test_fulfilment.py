"""An order that hasn't been sent is shipped or called off, never both; what was paid is refunded once."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import doctor
from portal.applications import cancel_outcomes
from portal.applications import unsent as applications_unsent
from portal.applications.cancel_outcomes import Outcome
from portal.extensions import Busy, db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case, CaseEvent, Conversation, MoneyEntry, Notice, Order, OrderLine, Staff
from portal.rights import refusals
from tests.cast import Cast

PARCEL = [("ZTO", "75484863576596")]


def unsent(cast: Cast, **more: object) -> Order:
    return cast.order(status="unshipped", **more)  # type: ignore[arg-type]


def cancel(cast: Cast, order: Order, reason: str = "not_wanted", buyer: int | None = None) -> cancel_outcomes.Result:
    with writing():
        return applications_unsent.cancel_order(
            order.order_no, by=cast.by(Actor.BUYER, buyer), reason=reason, now=cast.now
        )


def ship(cast: Cast, order: Order, seller: int | None = None) -> None:
    with writing():
        applications_unsent.ship_order(order.id, cast.shop, PARCEL, by=cast.by(Actor.SELLER, seller), now=cast.now)


def sound() -> bool:
    db.session.rollback()
    return not [found for found in doctor.findings() if found]


def fresh(order_id: int) -> Order:
    db.session.expire_all()
    return db.session.get_one(Order, order_id)


def test_what_was_paid_is_owed_at_once(cast_both: Cast) -> None:
    cast = cast_both
    order = unsent(cast, lines=2)
    order_id, paid = order.id, order.paid_fen
    result = cancel(cast, order, "downstream")
    assert (result.outcome, result.refund_fen) == (Outcome.CANCELLED, paid)
    order = fresh(order_id)
    assert (order.status, order.cancelled_at, order.refunded_fen, order.case_count) == ("cancelled", cast.now, paid, 1)
    case = db.session.scalars(select(Case).where(Case.case_no == result.case_no)).one()
    assert (case.type, case.state, case.goods_state, case.line_count) == ("refund_only", "refunding", "unshipped", 2)
    entry = db.session.scalars(select(MoneyEntry)).one()
    assert (entry.kind, entry.state, entry.amount_fen, entry.route) == ("refund", "due", paid, "original")
    assert all(
        line.claimed_milli == line.quantity_milli
        for line in db.session.scalars(select(OrderLine).where(OrderLine.order_id == order_id))
    )
    event = db.session.scalars(select(CaseEvent)).one()
    assert (event.step, event.source, event.target, event.actor) == ("cancel_order", "", "refunding", "buyer")
    assert {notice.user_id for notice in db.session.scalars(select(Notice))} == {cast.seller}
    talk = db.session.scalars(select(Conversation).where(Conversation.order_id == order_id)).one()
    assert "取消" in talk.last_words
    assert sound()
    case = cast.take(case, "refund_ok", Actor.SELLER, reference="20261123")
    assert case.state == "completed" and sound()


def test_nothing_paid_nothing_owed(cast_both: Cast) -> None:
    cast = cast_both
    order = cast.order(status="unpaid")
    assert order.paid_fen  # what an export says of it would have to be paid
    assert cancel(cast, order) == cancel_outcomes.Result(order.order_no, Outcome.CANCELLED)
    assert fresh(order.id).status == "cancelled" and not db.session.scalars(select(Case)).all()
    told = db.session.scalars(select(Notice)).one()
    assert (told.user_id, told.kind) == (cast.seller, "order_cancelled") and sound()


def test_twice_is_once(cast_both: Cast) -> None:
    cast = cast_both
    order = unsent(cast)
    assert cancel(cast, order).outcome is Outcome.CANCELLED
    assert cancel(cast, fresh(order.id)).outcome is Outcome.ALREADY
    assert len(db.session.scalars(select(MoneyEntry)).all()) == 1


@pytest.mark.parametrize("status", ["in_transit", "delivered", "completed"])
def test_what_was_sent_stays(cast: Cast, status: str) -> None:
    order = cast.order(status=status)
    assert cancel(cast, order).outcome is Outcome.SHIPPED
    assert fresh(order.id).status == status and not db.session.scalars(select(Case)).all()


@pytest.mark.parametrize("status", ["refunding", "unknown"])
def test_what_the_platform_is_at(cast: Cast, status: str) -> None:
    assert cancel(cast, cast.order(status=status)).outcome is Outcome.UNCLEAR


def test_only_the_own_orders(cast: Cast) -> None:
    order = unsent(cast)
    assert cancel(cast, order, buyer=cast.buyer2).outcome is Outcome.UNKNOWN
    assert fresh(order.id).status == "unshipped"


@pytest.mark.parametrize("state", ["applied", "proposed", "revising"])
def test_an_application_for_the_same_is_taken_along(
    cast_both: Cast, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = cast_both
    monkeypatch.setattr(refusals, "needs_proof", lambda _: True)  # a case from when evidence could be asked for
    order = unsent(cast)
    case = cast.until(state, order=order, case_type=CaseType.REFUND_ONLY, reason="not_wanted")
    result = cancel(cast, fresh(order.id))
    assert result.outcome is Outcome.CANCELLED and result.refund_fen == fresh(order.id).paid_fen
    assert db.session.get_one(Case, case.id).state == "withdrawn" and sound()


def test_what_is_refunded_already_is_not_refunded_again(cast_both: Cast) -> None:
    cast = cast_both
    order = unsent(cast, milli=4_000)
    case = cast.until("refunding", order=order, case_type=CaseType.REFUND_ONLY, reason="not_wanted", milli=1_000)
    first = case.refund_fen
    result = cancel(cast, fresh(order.id))
    assert result.outcome is Outcome.CANCELLED and result.refund_fen + first == fresh(order.id).paid_fen
    assert sound()


def test_a_mediated_application_is_in_the_way(cast: Cast) -> None:
    order = unsent(cast)
    case = cast.mediated(cast.until("applied", order=order, case_type=CaseType.REFUND_ONLY, reason="not_wanted"))
    assert cancel(cast, fresh(order.id)).outcome is Outcome.IN_THE_WAY
    assert fresh(order.id).status == "unshipped" and db.session.get_one(Case, case.id).state == "applied"


def test_shipping_closes_what_hung_on_its_not_being_sent(cast_both: Cast) -> None:
    cast = cast_both
    order = unsent(cast)
    case = cast.until("applied", order=order, case_type=CaseType.REFUND_ONLY, reason="not_wanted")
    ship(cast, fresh(order.id))
    order = fresh(order.id)
    assert (order.status, order.shipped_at, order.tracking_text) == ("in_transit", cast.now, "75484863576596")
    assert db.session.get_one(Case, case.id).state == "closed" and sound()
    with pytest.raises(StepRefused, match="不是待发货"):
        ship(cast, order)
    assert cancel(cast, order).outcome is Outcome.SHIPPED


def test_who_called_off_gets_nothing_sent(cast: Cast) -> None:
    order = unsent(cast)
    cancel(cast, order)
    with pytest.raises(StepRefused, match="已取消这笔订单"):
        ship(cast, fresh(order.id))


def test_who_does_not_ship(cast: Cast) -> None:
    order = unsent(cast)
    with pytest.raises(StepRefused, match="店主或仓库"):
        ship(cast, order, cast.seller2)
    assert fresh(order.id).status == "unshipped"


def test_a_role_that_does_not_take_the_step(cast: Cast) -> None:
    """Roles hold below the pages too."""
    case = cast.until("inspecting")
    with writing():
        db.session.add(Staff(user_id=cast.buyer2, shop_id=cast.shop, role="finance"))
    with pytest.raises(StepRefused, match="没有这一项权限"):
        cast.take(case, "accept_goods", Actor.SELLER, user=cast.buyer2)
    with pytest.raises(StepRefused, match="不在这家店铺工作"):
        cast.take(case, "accept_goods", Actor.SELLER, user=cast.seller2)
    with writing():
        db.session.execute(update(Staff).where(Staff.user_id == cast.buyer2).values(role="warehouse"))
    assert cast.take(case, "accept_goods", Actor.SELLER, user=cast.buyer2).state == "reshipping"


@pytest.mark.timeout(120)
def test_a_hundred_races_have_one_winner_each(both: Flask, cast_both: Cast) -> None:
    """撤销 ‖ 发货: never both, never neither; whoever lost learns what happened."""
    cast = cast_both
    orders = [unsent(cast).id for _ in range(100)]
    numbers = {order_id: fresh(order_id).order_no for order_id in orders}
    buyer, seller = cast.by(Actor.BUYER), cast.by(Actor.SELLER)
    db.session.rollback()
    shipped: dict[int, bool] = {}
    cancelled: dict[int, bool] = {}
    barrier = threading.Barrier(2)

    def one_side(ships: bool) -> None:
        with both.app_context():
            for order_id in orders:
                barrier.wait()
                while True:
                    try:
                        with writing():
                            if ships:
                                applications_unsent.ship_order(order_id, cast.shop, PARCEL, by=seller, now=cast.now)
                                done = True
                            else:
                                called = applications_unsent.cancel_order(
                                    numbers[order_id], by=buyer, reason="not_wanted", now=cast.now
                                )
                                done = called.outcome is Outcome.CANCELLED
                        break
                    except StepRefused:
                        done = False
                        break
                    except Busy:
                        continue
                (shipped if ships else cancelled)[order_id] = done
            db.session.remove()

    threads = [threading.Thread(target=one_side, args=(ships,)) for ships in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for order_id in orders:
        assert shipped[order_id] != cancelled[order_id]
        assert fresh(order_id).status == ("in_transit" if shipped[order_id] else "cancelled")
    assert len(db.session.scalars(select(MoneyEntry)).all()) == sum(cancelled.values())
    assert sound()


def test_two_hundred_at_once_say_what_became_of_each(cast: Cast) -> None:
    orders = [unsent(cast) for _ in range(198)]
    numbers = [order.order_no for order in orders]
    sent = cast.order(status="in_transit").order_no
    ship(cast, fresh(orders[0].id))
    with writing():
        made = applications_unsent.cancel_many(
            [*numbers, sent, "404", numbers[1]], by=cast.by(Actor.BUYER), reason="downstream", now=cast.now
        )
    said = {number: outcome for number, outcome, _ in made.rows}
    assert len(made.rows) == 200 and said[numbers[0]] == said[sent] == "shipped" and said["404"] == "unknown"
    assert [said[number] for number in numbers[1:]] == ["cancelled"] * 197
    assert sound()
