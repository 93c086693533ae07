"""退货单 at the desk and 面单 of orders: what they say, the bars, who prints them, how often they were printed."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.domain.test_fulfilment import ship, unsent

AT, LABELS = "/seller/slips", "/seller/orders/labels"


def test_the_desk_prints_the_buyers_slip_with_bars_and_counts_it(both: Flask, cast_both: Cast, now: Clock) -> None:
    case, early = cast_both.until("returning"), cast_both.until("applied")
    desk, at = sign_in(both, "seller"), f"/seller/cases/{case.case_no}"
    assert "打印退货单" in desk.get(at).text and "打印退货单" not in desk.get(f"/seller/cases/{early.case_no}").text
    printed = post(desk, AT, {"case": case.case_no}, at=at)
    assert (printed.status_code, printed.location) == (303, f"{AT}?cases={case.case_no}")
    page = desk.get(printed.location).text
    own = sign_in(both, "buyer").get(f"/cases/{case.case_no}/slip").text
    for fact in (case.case_no, case.return_address, case.return_name, "纯棉中筒袜", "退回运费", "□"):
        assert fact in page and fact in own
    assert f"售后单号 {case.case_no} 的条码" in page and "二维码" not in page
    assert case.return_phone not in page and case.receiver_phone not in page
    for _ in range(2):  # looking again counts nothing
        desk.get(printed.location)
    assert "已打印 1 次" in desk.get(at).text
    post(desk, AT, {"case": case.case_no}, at=at)
    assert "第 2 次打印" in desk.get(printed.location).text and "已打印 2 次" in desk.get(at).text


def test_many_are_printed_from_the_queue(app: Flask, cast: Cast, now: Clock) -> None:
    cases = [cast.until("returning") for _ in range(2)]
    early = cast.until("applied")
    desk, at = sign_in(app, "seller"), "/seller?tab=returning"
    assert f'formaction="{AT}?tab=returning"' in desk.get(at).text
    everything = post(desk, f"{AT}?tab=returning", {"scope": "all"}, at=at)
    page = desk.get(everything.location).text
    assert all(f"售后单号 {case.case_no} 的条码" in page for case in cases) and page.count("<h1") == 1
    mixed = post(desk, f"{AT}?tab=returning", {"scope": "chosen", "case": [early.case_no, cases[0].case_no]}, at=at)
    page = desk.get(mixed.location).text
    assert f"{early.case_no} 不打印：没有要寄回的商品" in page and "第 2 次打印" in page
    none = post(desk, f"{AT}?tab=returning", {"scope": "chosen"}, at=at)
    assert none.location.endswith("said=bulk-none")
    assert "没有可以打印的退货单" in desk.get(f"{AT}?cases={early.case_no}").text


@pytest.mark.parametrize(("role", "prints"), [("agent", True), ("warehouse", True), ("finance", False)])
def test_who_prints_a_slip(app: Flask, cast: Cast, now: Clock, role: str, prints: bool) -> None:
    case = cast.until("returning")
    cast.employ(cast.shop, "buyer2", role)
    page = sign_in(app, "buyer2").get(f"{AT}?cases={case.case_no}").text
    assert (case.return_address in page) is prints
    assert case.case_no not in sign_in(app, "seller2").get(f"{AT}?cases={case.case_no}").text


def test_labels_of_orders_are_counted_once(both: Flask, cast_both: Cast, now: Clock) -> None:
    cast = cast_both
    order, other, sent = unsent(cast), unsent(cast), unsent(cast)
    receiver = order.receiver_name, order.receiver_phone, order.receiver_address
    number, gone = order.order_no, sent.order_no
    ship(cast, sent)
    desk, at = sign_in(both, "seller"), "/seller/orders"
    printed = post(desk, LABELS, {"order": [number, gone], "scope": "chosen"}, at=at)
    assert (printed.status_code, printed.location) == (303, f"{LABELS}?orders={number}")
    page = desk.get(printed.location).text
    assert page.count("<svg viewBox") == 1 and f"订单号 {number} 的条码" in page and "纯棉中筒袜" in page
    assert all(fact in page for fact in receiver)
    assert "面单已打印 1 次" in desk.get(at).text
    post(desk, LABELS, {"page_order": [number, other.order_no], "scope": "page"}, at=at)
    listed = desk.get(at).text
    assert listed.count("面单已打印 2 次") == 1 and listed.count("面单已打印 1 次") == 1
    late = desk.get(f"{LABELS}?orders={gone}").text
    assert "不是待发货状态" in late and receiver[1] not in late
    assert post(desk, LABELS, {"order": gone}, at=at).location == f"{at}?said=order-labels-none"
    assert receiver[1] not in sign_in(both, "seller2").get(f"{LABELS}?orders={number}").text
