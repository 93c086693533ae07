"""What was refunded before it was sent isn't offered to be sent, say lists, counts, tables, labels and pages alike."""

from __future__ import annotations

import io
import itertools
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from portal.extensions import db
from portal.flow import CaseType
from portal.models import Order, OrderLine
from portal.orders import order_lists, to_send
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock

TABLE = "/seller/orders/table"
SF = "SF1385628716739"
STATES = ("", "applied", "refunding", "refund_failed", "completed")
AGREED = ("refunding", "refund_failed", "completed")


@pytest.fixture
def desk(app: Flask, cast: Cast, now: Clock) -> FlaskClient:
    return sign_in(app, "seller")


def make(cast: Cast, state: str, milli: int, lines: int = 1) -> str:
    """An order of two of each of its lines, never sent, and ``milli`` of the first asked back, as far as ``state``."""
    order = cast.order(status="unshipped", received_at=None, tracking_text="", milli=2_000, lines=lines)
    number = order.order_no
    if state:
        cast.until(state, order=order, case_type=CaseType.REFUND_ONLY, reason="not_wanted", milli=milli)
    return number


def table_of(desk: FlaskClient) -> dict[str, str]:
    answer = post(desk, f"{TABLE}/file", at=TABLE)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_name("待发货订单")
    rows = [[str(cell) for cell in row] for row in sheet.to_python()]
    head = next(place for place, row in enumerate(rows) if row[0] == "订单编号")
    goods = rows[head].index("要发出的商品")
    return {row[0]: row[goods] for row in rows[head + 1 :] if re.fullmatch(r"\d{19}|[0-9A-Z-]{8,}", row[0])}


@pytest.mark.parametrize("milli", [1_000, 2_000])
@pytest.mark.parametrize("state", STATES)
def test_every_place_says_the_same_of_what_is_to_be_sent(desk: FlaskClient, cast: Cast, state: str, milli: int) -> None:
    number = make(cast, state, milli)
    back = milli if state in AGREED else 0
    waits = back < 2_000
    listed = desk.get("/seller/orders").text
    assert (f"/seller/orders/{number}/ship" in listed) == waits
    assert (f'value="{number}"' in listed) == waits  # to print its label
    assert order_lists.count_to_send(cast.shop) == int(waits)
    everything = desk.get("/seller/orders?tab=all").text
    assert (f"/seller/orders/{number}/ship" in everything) == waits
    assert ("未发货，已同意退款" in everything) == (not waits)
    assert ("其中 1 双已同意退款，不用发" in everything) == (back == 1_000)
    closed = state not in ("applied", "refunding", "refund_failed")  # no case is open
    table = table_of(desk)
    assert (number in table) == (waits and closed)
    if number in table:
        assert table[number].endswith(f"×{(2_000 - back) // 1_000} 双")
    picks = desk.get("/seller/orders/pick-list").text
    assert (number in picks) == (waits and closed)
    label = desk.get(f"/seller/orders/labels?orders={number}").text
    assert (f"×{(2_000 - back) // 1_000} 双" in label) == waits
    assert ("商品都已同意退款，不用发" in label) == (not waits)
    page = desk.get(f"/seller/orders/{number}/ship").text
    assert ('name="number"' in page) == waits and ("请不要发货" in page) == (not waits)
    for path in (f"/seller/orders/{number}/contact", f"/seller/search?q={number[-6:]}"):
        said = desk.get(path).text
        assert number in said and ("未发货，已同意退款" in said) == (not waits) and ("待发货" in said) == waits
    address = db.session.scalars(db.select(Order.receiver_address)).one()
    assert (address in page) == waits
    sent = post(desk, f"/seller/orders/{number}/ship", {"number": SF}, at=f"/seller/orders/{number}/ship")
    assert sent.status_code == (303 if waits else 409)


def test_a_table_that_was_filled_before_the_refund_sends_nothing(desk: FlaskClient, cast: Cast) -> None:
    number = make(cast, "completed", 2_000)
    content = f"订单编号,运单号\n{number},{SF}".encode()
    answer = post(desk, TABLE, {"file": (io.BytesIO(content), "发货.csv")}, content_type="multipart/form-data")
    page = desk.get(answer.location).text
    assert "不能发货" in page and "都已同意退款" in page and "没有可以发货的订单" in page


def test_another_line_is_still_sent_and_only_that(desk: FlaskClient, cast: Cast) -> None:
    number = make(cast, "completed", 2_000, lines=2)
    first, second = db.session.scalars(db.select(OrderLine).order_by(OrderLine.position)).all()
    assert order_lists.count_to_send(cast.shop) == 1
    goods = table_of(desk)[number]
    assert second.title in goods and goods.count("×") == 1
    label = desk.get(f"/seller/orders/labels?orders={number}").text
    assert "HH-101" in label and "HH-100" not in label
    assert first.claimed_milli == 2_000


def test_lines_that_ended_by_themselves_leave_nothing_to_send(desk: FlaskClient, cast: Cast) -> None:
    number = make(cast, "completed", 2_000, lines=2)
    db.session.execute(db.update(OrderLine).where(OrderLine.position == 2).values(own_status="cancelled"))
    db.session.commit()
    assert order_lists.count_to_send(cast.shop) == 0 and number not in table_of(desk)
    assert db.session.scalars(db.select(Order)).one().status == "unshipped"


@pytest.mark.parametrize("milli", [1_000, 2_000])
@pytest.mark.parametrize("state", STATES)
def test_the_buyer_waits_for_no_goods_that_are_refunded(
    both: Flask, cast_both: Cast, now: Clock, state: str, milli: int
) -> None:
    cast, buyer = cast_both, sign_in(both, "buyer")
    number = make(cast, state, milli)
    waits = not (state in AGREED and milli == 2_000)
    assert order_lists.count_tabs(cast.buyer)["unshipped"] == int(waits)
    assert (number in buyer.get("/orders?tab=unshipped").text) == waits
    everything, page = buyer.get("/orders").text, buyer.get(f"/orders/{number}").text
    for text in (everything, page):
        assert ("未发货，已同意退款" in text) == (not waits)
        assert (f"/orders/{number}/cancel" in text) == waits
    talk = buyer.get(f"/orders/{number}/contact").text
    assert ("未发货，已同意退款" in talk) == (not waits) and (" · 待发货" in talk) == waits
    assert ("商家发货后" in page) == waits and ("商品不再发货" in page) == (not waits)


ENDED = ("", "refunding", "cancelled", "unknown")
AGREED_SAID, ENDED_SAID = "未发货，已同意退款", "未发货，没有要发的商品"


@pytest.mark.parametrize("state", ["", "completed"])
@pytest.mark.parametrize(("first", "second"), list(itertools.product(ENDED, repeat=2)))
def test_what_the_platform_ended_is_not_sent_and_no_agreement(
    desk: FlaskClient, cast: Cast, state: str, first: str, second: str
) -> None:
    """Of two lines, each as an import may have left it, the first perhaps refunded here too."""
    number = make(cast, state, 2_000, lines=2)
    for position, own in enumerate((first, second), 1):
        db.session.execute(db.update(OrderLine).where(OrderLine.position == position).values(own_status=own))
    db.session.execute(db.update(OrderLine).where(OrderLine.position == 2).values(spec="乙款"))
    db.session.commit()
    goes = [not state and first in ("", "unknown"), second in ("", "unknown")]
    buyer = sign_in(desk.application, "buyer")
    at = f"/orders/{number}"
    for place in (desk.get("/seller/orders?tab=all"), desk.get(f"/seller/orders/{number}/contact"), buyer.get(at)):
        said = place.text
        assert AGREED_SAID not in said
        assert (ENDED_SAID in said) == (not any(goes))
    label = desk.get(f"/seller/orders/labels?orders={number}").text
    page = desk.get(f"/seller/orders/{number}/ship").text
    assert ("HH-100" in label, "HH-101" in label) == tuple(goes)
    assert ["黑色;L，2 双" in page, "乙款，2 双" in page] == goes
    assert page.count("，不用发</li>") == [first, second].count("refunding") + [first, second].count("cancelled")
    table, picks = table_of(desk), desk.get("/seller/orders/pick-list").text
    assert (number in table) == any(goes)
    assert table.get(number, "").count("×") == sum(goes)
    assert ("HH-101" in picks) == goes[1] and ("HH-100" in picks) == goes[0]
    sent = post(desk, f"/seller/orders/{number}/ship", {"number": SF}, at=f"/seller/orders/{number}/ship")
    assert sent.status_code == (303 if any(goes) else 409)
    if not any(goes):
        assert "都已退款、正在退款或已取消，请不要发货" in sent.text and "都已同意退款" not in sent.text


def test_what_was_given_back_is_looked_up_by_its_line(app: Flask, cast: Cast) -> None:
    """A list of orders costs the same however many cases the shop has."""
    asked = db.select(Order.id, to_send.GIVEN_BACK, to_send.WAITS).where(Order.shop_id == cast.shop)
    text = str(asked.compile(db.engine, compile_kwargs={"literal_binds": True}))
    plan = " ".join(row[3] for row in db.session.execute(db.text(f"EXPLAIN QUERY PLAN {text}")))
    assert "ix_case_lines_order_line_id" in plan and "ix_cases_" not in plan, plan
