"""以前怎么处理 at the desk: reached from a case that waits for an answer."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select, update

from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import OrderLine
from tests.cast import Cast, sign_in


def test_a_case_leads_to_what_was_answered_before(app: Flask, cast: Cast) -> None:
    asked = cast.open_case(cast.order(order_no="1"))
    seller, here = sign_in(app, "seller"), f"/seller/cases/{asked.case_no}"
    assert f"{here}/precedents" in seller.get(here).text
    assert "还没有先例" in seller.get(f"{here}/precedents").text
    others = [cast.open_case(cast.order()) for _ in range(3)]
    own = db.session.scalars(select(OrderLine.product_id).where(OrderLine.order_id == asked.order_id)).one()
    with writing():
        db.session.execute(update(OrderLine).where(OrderLine.shop_id == cast.shop).values(product_id=own, spec="白色"))
    for number, case in enumerate(others, 1):
        cast.take(case, "agree", Actor.SELLER)
        shown = seller.get(f"{here}/precedents").text
        assert f"/seller/cases/{case.case_no}" in shown
        assert ("不足" in shown) is (number < 3)
    assert "一共 3 张" in shown and "同意 3 张" in shown and "中位数" in shown
    assert sign_in(app, "seller2").get(f"{here}/precedents").status_code == 404
    assert f"{here}/precedents" not in seller.get(f"/seller/cases/{others[0].case_no}").text  # answered already
