"""What came with a completed case can be complained of: the order's page and the case's page never contradict."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from portal.cases.replaced import find_replaced, list_of_order
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, CaseLine, MoneyEntry, Order
from tests.cast import Cast, sign_in
from tests.conftest import Clock

AGAIN = "再次申请售后</a>"
RETURNING = (CaseType.EXCHANGE, CaseType.RETURN_REFUND)
ENDS = [
    (kind, state)
    for kind in CaseType
    for state in ("completed", "closed", "withdrawn", "converted", "applied")
    if (state != "closed" or kind in RETURNING)  # the others are closed by the clock
    and (state != "converted" or kind in (CaseType.EXCHANGE, CaseType.REISSUE))
]


def set_moved(case: Case, milli: int) -> None:
    with writing():
        db.session.execute(db.update(CaseLine).where(CaseLine.case_id == case.id).values(moved_milli=milli))
    db.session.expire_all()


@pytest.mark.parametrize(("kind", "state"), ENDS)
def test_order_and_case_agree(app: Flask, cast: Cast, now: Clock, kind: CaseType, state: str) -> None:
    order = cast.order(milli=2_000)  # nothing of it is left beside the case
    case = cast.until(state, order=order, case_type=kind)
    number, address = case.case_no, f"/orders/{order.order_no}"
    buyer = sign_in(app, "buyer")
    pages = buyer.get(address).text, buyer.get(f"/cases/{number}").text
    came = state == "completed" and kind in (CaseType.EXCHANGE, CaseType.REISSUE)
    assert [page.count(AGAIN) for page in pages] == [came, came]
    assert [page.count(f"/cases/{number}/again") for page in pages] == [came, came]
    assert [page.count("纯棉中筒袜 男女同款 黑色;L 2 双有问题，可在 11月30日 24:00 前") for page in pages] == [came] * 2
    free = state in ("closed", "withdrawn")
    assert ("/apply" in pages[0]) is free and ("重新申请" in pages[1]) is free
    assert ("申请其余数量" in pages[1]) is False
    if came:
        assert buyer.get(f"/cases/{number}/again").status_code == 200
        assert "「再次申请售后」" in pages[0] and "对售后结果有疑问" not in pages[0]


@pytest.mark.parametrize("kind", [CaseType.EXCHANGE, CaseType.REISSUE])
def test_a_right_that_has_gone_is_not_offered(app: Flask, cast: Cast, now: Clock, kind: CaseType) -> None:
    order = cast.order(milli=2_000)
    case = cast.until("completed", order=order, case_type=kind)
    address, case_page, url = f"/orders/{order.order_no}", f"/cases/{case.case_no}", f"/cases/{case.case_no}/again"
    set_moved(case, 2_000)
    buyer = sign_in(app, "buyer")
    for page in (address, case_page):
        assert url not in buyer.get(page).text
    assert "都已再次申请" in buyer.get(url).text
    set_moved(case, 0)
    now.forward(days=9)
    buyer = sign_in(app, "buyer")
    for page in (address, case_page):
        assert url not in buyer.get(page).text
    assert "现在已超过" in buyer.get(url).text


@pytest.mark.parametrize("status", ["cancelled", "refunding"])
@pytest.mark.parametrize("state", ["closed", "withdrawn", "completed"])
def test_nothing_is_offered_of_an_order_that_ended(app: Flask, cast: Cast, now: Clock, status: str, state: str) -> None:
    order = cast.order()
    case = cast.until(state, order=order, case_type=CaseType.RETURN_REFUND)
    with writing():
        db.session.execute(db.update(Order).where(Order.id == order.id).values(status=status))
    page = sign_in(app, "buyer").get(f"/cases/{case.case_no}").text
    assert "重新申请" not in page and "申请其余数量" not in page and AGAIN not in page


@pytest.mark.parametrize("days", [0, 3, 7, 8, 30])
@pytest.mark.parametrize("moved", [0, 500, 2_000])
def test_the_two_readings_are_one(cast: Cast, now: Clock, days: int, moved: int) -> None:
    case = cast.until("completed", order=cast.order())
    set_moved(case, moved)
    case = db.session.get_one(Case, case.id)
    lines = db.session.scalars(db.select(CaseLine).where(CaseLine.case_id == case.id)).all()
    at = cast.now + timedelta(days=days)
    of_case, of_order = find_replaced(case, lines, at), list_of_order(case.order_id, case.shop_id, at)[1]
    assert ([of_case.sentence] if of_case else []) == [each.sentence for each in of_order]
    assert bool(of_case) is (days <= 7 and moved < 2_000)


def test_no_word_of_either_side_moves_the_window(cast: Cast, now: Clock) -> None:
    """已到账 and 未到账 after the case was completed are said of its payments, not of the goods."""
    order = cast.order()
    case = cast.until("refunding", order=order)
    owed = db.session.scalars(db.select(MoneyEntry.id).where(MoneyEntry.case_id == case.id)).one()
    case = cast.take(case, "refund_ok", Actor.SELLER, reference="2026112400001", entry_id=owed)
    assert case.state == "completed"
    completed = case.updated_at
    case = cast.take(case, "confirm_arrival", Actor.BUYER, cast.now + timedelta(days=5))
    assert case.updated_at > completed
    lines = db.session.scalars(db.select(CaseLine).where(CaseLine.case_id == case.id)).all()
    for days, open_still in ((7, True), (8, False)):
        at = cast.now + timedelta(days=days)
        assert bool(find_replaced(case, lines, at)) is bool(list_of_order(order.id, order.shop_id, at)[1]) is open_still
