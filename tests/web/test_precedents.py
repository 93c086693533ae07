"""商品资料和先例 at the desk: what was answered before, and what is known of the goods, reached from a case."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select, update

from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import OrderLine, Product
from portal.service import remedies
from portal.talk import faqs
from tests.cast import Cast, shows_money, sign_in


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
        assert ("不做统计" in shown) is (number < 3)
    assert "一共 3 张" in shown and "同意 3 张" in shown and "中位数" in shown
    assert sign_in(app, "seller2").get(f"{here}/precedents").status_code == 404
    assert f"/seller/cases/{others[0].case_no}/precedents" in seller.get(f"/seller/cases/{others[0].case_no}").text


def test_beside_a_case_stands_what_the_shop_knows_of_its_goods(app: Flask, cast: Cast) -> None:
    case = cast.open_case()
    product_id = db.session.scalars(select(OrderLine.product_id).where(OrderLine.order_id == case.order_id)).one()
    now = cast.now
    with writing():
        product = db.session.get_one(Product, (product_id, cast.shop))
        words: dict[str, Any] = {"minutes": 2, "steps": "按吊牌重新量", "picture": None, "by": cast.seller, "now": now}
        remedy = remedies.keep(product, None, of_kind=False, fault="size", **words)
        faq = faqs.keep(product, "会起球吗", "机洗不会", by=cast.seller, now=now)
        drafted = faqs.keep(product, "会褪色吗", "不会", by=cast.seller, now=now)
        remedies.decide(remedy, "shown", by=cast.seller)
        faqs.decide(faq.id, cast.shop, "shown", by=cast.seller)
    shown = sign_in(app, "seller").get(f"/seller/cases/{case.case_no}/precedents").text
    assert "黑色;L" in shown and "¥" in shown and "按吊牌重新量" in shown and "机洗不会" in shown
    assert f"/seller/quality/{product_id}/broken" in shown and "售出 1 行，1 行有" in shown
    assert drafted.question not in shown
    cast.employ(cast.shop, "buyer2", "warehouse")
    assert not shows_money(sign_in(app, "buyer2").get(f"/seller/cases/{case.case_no}/precedents").text)
    buyer = sign_in(app, "buyer").get(f"/products/{cast.shop}/{product_id}").text
    assert "已知问题" in buyer and "按吊牌重新量" in buyer
