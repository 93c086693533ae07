"""报退回运费 on the pages: the buyer says a sum with its errors at the field, the shop reads it and answers."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import MoneyEntry
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock


def test_claimed_declined_and_claimed_again(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("reshipping")
    url, desk = f"/cases/{case.case_no}", f"/seller/cases/{case.case_no}"
    buyer, seller = sign_in(app, "buyer"), sign_in(app, "seller")
    assert "报退回运费" in buyer.get(url).text
    wrong = post(buyer, f"{url}/claim_freight", {"amount": "500.01", "note": "中通"})
    assert wrong.status_code == 422 and "中通" in wrong.text and 'value="500.01"' in wrong.text
    done = post(buyer, f"{url}/claim_freight", {"amount": "12.50", "note": "中通"})
    page = buyer.get(done.location).text
    assert "您报了垫付的退回运费，等待商家答复" in page and "垫付的退回运费（等待商家答复）" in page
    page = seller.get(desk).text
    assert "买家报了垫付的退回运费" in page and "12.50" in page and "中通" in page
    assert page.index(">发出换货商品") < page.index(">不同意付运费"), "what leads on comes first"
    assert "请写明不同意的原因" in post(seller, f"{desk}/decline_freight").text
    assert post(seller, f"{desk}/decline_freight", {"note": "收据看不清"}).status_code == 303
    assert "收据看不清" in buyer.get(url).text
    assert post(buyer, f"{url}/claim_freight", {"amount": "12"}).status_code == 303
    assert "¥12.00" in seller.get(f"{desk}/accept_freight").text
    assert post(seller, f"{desk}/accept_freight").status_code == 303
    entry = db.session.scalars(select(MoneyEntry).where(MoneyEntry.kind == "freight")).one()
    assert (entry.state, entry.amount_fen) == ("due", 1_200)
    assert "运费（" in buyer.get(url).text
