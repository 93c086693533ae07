"""这件能换吗 over HTTP: which goods, what happened, and the button that opens the right application."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import Draft, OrderLine
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock


@pytest.mark.parametrize(("reason", "button"), [("damaged", "申请换货"), ("missing_item", "申请补发")])
def test_the_guide_ends_in_the_application(app: Flask, cast: Cast, now: Clock, reason: str, button: str) -> None:
    order_no = cast.order(lines=2).order_no
    line = db.session.scalars(select(OrderLine.id).order_by(OrderLine.id)).first()
    db.session.rollback()
    buyer, here = sign_in(app, "buyer"), f"/orders/{order_no}/guide"
    assert f"{here}?line={line}" in buyer.get(f"/orders/{order_no}").text
    assert "是哪一件" in buyer.get(here).text
    assert "发生了什么" in buyer.get(f"{here}?line={line}").text
    asked = f"{here}?line={line}&reason={reason}"
    assert button in buyer.get(asked).text
    kind = "reissue" if reason == "missing_item" else "exchange"
    form = {"line": line, "reason": reason, "type": kind}
    assert post(buyer, f"/orders/{order_no}/apply", form, at=asked).location.endswith("/apply/details")
    assert db.session.scalars(select(Draft.fields)).one()["type"] == kind
    assert sign_in(app, "buyer2").get(asked).status_code == 404


def test_what_is_too_late_says_so_and_what_is_left(app: Flask, cast: Cast, now: Clock) -> None:
    order_no = cast.order(received_at=now.at - timedelta(days=300)).order_no
    page = sign_in(app, "buyer").get(f"/orders/{order_no}/guide?reason=damaged").text
    assert "申请换货" not in page
    assert "可以和商家协商" in page or "立即联系" in page


def test_conditions_have_examples(app: Flask, cast: Cast) -> None:
    page = app.test_client().get(f"/shops/{cast.shop}/conditions").text
    assert "袜子有破洞" in page
    assert "运费由商家承担" in page
