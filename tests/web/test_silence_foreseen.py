"""The check page says of the shop's silence what the case will say that is then made: for every type, one sentence."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from portal.extensions import db, writing
from portal.models import OrderLine, ReturnAddress
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.web.test_apply import choose, fill, line_of

NOBODY = "店铺没有退货地址，商家到期未处理的，由平台介入"
CALLED = "商家到期未处理，由平台介入"
PROMISED = "商家到期未处理，系统按服务承诺自动同意补发"
REFUNDED = "商家到期未处理，系统自动同意退款"
WAYS = {  # type, reason, order's status, what was promised for the line; what silence brings
    "exchange": ("exchange", "damaged", "completed", "", "商家到期未处理，系统自动同意换货"),
    "exchange, no address": ("exchange", "damaged", "completed", "", NOBODY),
    "return": ("return_refund", "over_qty", "completed", "", "商家到期未处理，系统自动同意退货退款"),
    "return, no address": ("return_refund", "over_qty", "completed", "", NOBODY),
    "reissue": ("reissue", "missing_item", "completed", "", CALLED),
    "reissue, promised": ("reissue", "missing_item", "completed", "shbp", PROMISED),
    "reissue, another promise": ("reissue", "missing_item", "completed", "psbj", CALLED),
    "reissue, broken": ("reissue", "damaged", "completed", "psbj", PROMISED),
    "money, unshipped": ("refund_only", "not_wanted", "unshipped", "", REFUNDED),
    "money": ("refund_only", "not_delivered", "in_transit", "", CALLED),
    "money, at once": ("refund_only", "not_delivered", "in_transit", "jstk", REFUNDED),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_check_page_and_the_case_say_the_same(app: Flask, cast: Cast, now: Clock, way: str) -> None:
    kind, reason, status, promised, sentence = WAYS[way]
    order = cast.order(status=status)
    number, line = order.order_no, line_of(order)
    with writing():
        db.session.execute(db.update(OrderLine).values(guarantees=promised))
        if way.endswith("no address"):
            db.session.execute(db.update(ReturnAddress).values(removed_at=cast.now))
    buyer = sign_in(app, "buyer")
    choose(buyer, number, line, reason)
    answer = fill(buyer, number, line, type=kind)
    assert answer.status_code == 303, re.sub(r"<[^>]+>|\s+", " ", answer.text)
    check = buyer.get(f"/orders/{number}/apply/check").text
    done = post(buyer, f"/orders/{number}/apply/check")
    assert done.status_code == 303
    case = buyer.get(done.location).text
    assert f'data-type="{kind}"' in case
    for page in (check, case):
        assert f"{sentence}。" in page
        assert "其他商品" not in page and "时由平台介入" not in page
