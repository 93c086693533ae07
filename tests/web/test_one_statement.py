"""A page never says 已超时 beside days that are left, and never asks for a parcel that has no address yet."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from portal import told
from portal.cases import clock as case_clock
from portal.extensions import db, writing
from portal.flow import CaseType
from portal.models import Case
from tests.cast import Cast, sign_in
from tests.conftest import Clock

OVER, LEFT = "已超时", "还剩"


@pytest.mark.parametrize("kind", [CaseType.EXCHANGE, CaseType.REISSUE])
def test_a_late_shop_reads_one_statement(app: Flask, cast: Cast, now: Clock, kind: CaseType) -> None:
    case = cast.until("reshipping", case_type=kind)
    number, case_id = case.case_no, case.id
    assert LEFT in sign_in(app, "seller").get(f"/seller/cases/{number}").text
    now.forward(hours=73)
    case_clock.settle_now(case_id, now.at)
    db.session.rollback()
    found = db.session.get_one(Case, case_id)
    assert found.late and found.due_at is not None and found.due_at > now.at
    for who, page in (("seller", "/seller?tab=overdue"), ("seller", f"/seller/cases/{number}"), ("buyer", "/cases")):
        text = sign_in(app, who).get(page).text
        assert number in text and not (OVER in text.replace(">已超时<", "") and LEFT in text), page
    shop, buyer = (sign_in(app, who).get(page).text for who, page in open_pages(number))
    assert "后平台介入" in shop and "后平台介入" in buyer
    assert "商家超时未发货" in buyer and LEFT not in buyer.split('id="case"')[1].split("</section>")[0]


def open_pages(number: str) -> tuple[tuple[str, str], ...]:
    return ("seller", f"/seller/cases/{number}"), ("buyer", f"/cases/{number}")


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("stage", ["", "evidence", "deciding", "overdue", "unfulfilled"])
@pytest.mark.parametrize("hours", [-30, -1, 1, 30, 100])
def test_what_is_left_never_contradicts_the_chip(cast: Cast, late: bool, stage: str, hours: int) -> None:
    case = cast.until("reshipping")
    with writing():
        found = db.session.get_one(Case, case.id)
        found.late, found.stage, found.due_at = late, stage, cast.now + timedelta(hours=hours)
        said = told.tell_left(found, cast.now)
        assert not (LEFT in said and (told.is_late(found) or stage == "overdue"))
        assert (OVER in said) is (hours < 0)
        db.session.rollback()


@pytest.mark.parametrize("kind", [CaseType.EXCHANGE, CaseType.RETURN_REFUND])
def test_goods_that_wait_for_an_address_are_not_asked_for(app: Flask, cast: Cast, now: Clock, kind: CaseType) -> None:
    case = cast.until("returning", case_type=kind)
    order_id = case.order_id
    pages = [("buyer", "/cases"), ("buyer", "/orders"), ("seller", "/seller?tab=every")]
    asked = {page: sign_in(app, who).get(page).text for who, page in pages}
    assert "待您寄回" in asked["/cases"] and "待您寄回" in asked["/orders"]
    with writing():
        db.session.execute(db.update(Case).where(Case.order_id == order_id).values(due_rule="return_place"))
    for who, page in pages:
        text = sign_in(app, who).get(page).text
        assert "待您寄回" not in text, page
        assert ("等商家给出地址" if who == "buyer" else "待给退货地址") in text, page
