"""The details of an application: what follows the quantity, sizes, whole cartons, how long the shop takes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.applications import foreseen
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, Order, OrderLine
from portal.orders import sold
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.web.test_apply import choose, fill, line_of


@pytest.fixture
def buyer(app: Flask, cast: Cast, now: Clock) -> FlaskClient:
    return sign_in(app, "buyer")


@pytest.mark.parametrize(
    ("typed", "said"),
    [("1", "最多可退 12.50 元"), ("2", "最多可退 25.00 元"), ("１０", "最多可退 125.00 元")],
)
def test_the_most_that_can_be_refunded_follows_the_quantity(
    cast: Cast, buyer: FlaskClient, typed: str, said: str
) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line, "over_qty")
    page = buyer.get(f"/orders/{number}/apply/details").text
    assert f'hx-get="/orders/{number}/apply/amount"' in page and 'hx-target="#amount-hint"' in page
    answer = buyer.get(f"/orders/{number}/apply/amount", query_string={f"quantity_{line}": typed})
    assert answer.status_code == 200 and said in answer.text and 'id="amount-hint"' in answer.text


@pytest.mark.parametrize("typed", ["", "0", "-1", "abc", "9" * 50, "1e9", "1.23456"])
def test_no_amount_is_said_for_what_is_no_quantity(cast: Cast, buyer: FlaskClient, typed: str) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line, "over_qty")
    answer = buyer.get(f"/orders/{number}/apply/amount", query_string={f"quantity_{line}": typed})
    assert answer.status_code == 200 and "最多可退" not in answer.text


def test_nobody_else_reads_an_amount(app: Flask, cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    choose(buyer, order.order_no, line_of(order), "over_qty")
    assert sign_in(app, "buyer2").get(f"/orders/{order.order_no}/apply/amount").status_code == 404


def test_a_wrong_size_is_said_in_two_numbers(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line, "size")
    missing = fill(buyer, number, line, description="胸围")
    assert missing.status_code == 422 and "请填写标注的尺寸" in missing.text and "请填写实测的尺寸" in missing.text
    half = fill(buyer, number, line, description="胸围", stated="98 厘米", photos=0)
    assert half.status_code == 422 and 'value="98 厘米"' in half.text
    assert fill(buyer, number, line, description="胸围", stated="98 厘米", measured="95 厘米").status_code == 303
    assert "标注 98 厘米，实测 95 厘米。胸围" in buyer.get(f"/orders/{number}/apply/check").text
    assert post(buyer, f"/orders/{number}/apply/check").status_code == 303
    db.session.rollback()
    assert db.session.scalar(db.select(Case.description)) == "标注 98 厘米，实测 95 厘米。胸围"


def test_sizes_are_asked_for_by_that_reason_alone(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line = order.order_no, line_of(order)
    choose(buyer, number, line, "size")
    fill(buyer, number, line, description="胸围", stated="98 厘米", measured="95 厘米")
    choose(buyer, number, line, "damaged")
    assert "实测的尺寸" not in buyer.get(f"/orders/{number}/apply/details").text
    assert fill(buyer, number, line).status_code == 303
    assert "标注 98" not in buyer.get(f"/orders/{number}/apply/check").text


def line(**changed: object) -> OrderLine:
    kept = {"title": "短袜", "spec": "", "unit": "双", "quantity_milli": 100_000, "claimed_milli": 0}
    return OrderLine(**{**kept, **changed})


@pytest.mark.parametrize(
    ("words", "milli"),
    [
        ("24双/箱", 24_000),
        ("黑色;24 双／箱", 24_000),
        ("每箱 48 双", 48_000),
        ("一箱24", 24_000),
        ("２４双/箱", 24_000),
        ("24个/箱", None),  # in another unit than it was bought in
        ("1双/箱", None),
        ("200双/箱", None),  # more than is left
        ("箱装", None),
        ("24双/包", None),
    ],
)
def test_a_whole_carton_where_the_order_names_one(words: str, milli: int | None) -> None:
    assert foreseen.find_pack(line(spec=words)) == milli
    assert foreseen.find_pack(line(title=f"短袜 {words}")) == milli


def test_a_carton_is_a_button_and_no_more_than_is_left(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order()
    number, line_id = order.order_no, line_of(order)
    with writing():
        db.session.execute(db.update(OrderLine).where(OrderLine.id == line_id).values(spec="4双/箱", unit="双"))
    choose(buyer, number, line_id)
    assert "整箱 4</button>" in buyer.get(f"/orders/{number}/apply/details").text
    with writing():
        db.session.execute(db.update(OrderLine).where(OrderLine.id == line_id).values(spec="999双/箱"))
    assert "整箱" not in buyer.get(f"/orders/{number}/apply/details").text


def test_how_long_the_shop_takes_is_a_true_median_or_nothing(cast_both: Cast) -> None:
    cast = cast_both
    shop = 0
    for hours in (1, 2, 30, 40, 3):
        assert foreseen.tell_usual_answer(shop, now=cast.now) == ""  # of four nothing is said
        case = cast.open_case()
        shop = case.shop_id
        at = case.opened_at + timedelta(hours=hours)
        cast.take(case, "agree", Actor.SELLER, now=at)
        cast.take(case, "withdraw", Actor.BUYER, now=at + timedelta(minutes=1))
    hasty = cast.open_case()  # its buyer thought better of it: that says nothing of the shop
    cast.take(hasty, "withdraw", Actor.BUYER, now=hasty.opened_at + timedelta(minutes=5))
    said = foreseen.tell_usual_answer(shop, now=cast.now + timedelta(days=3))
    assert "5 张售后单" in said and said.endswith("约一半在 3 小时内得到商家答复")


def test_usual_faults_of_this_product_come_first_with_their_number(cast: Cast, buyer: FlaskClient) -> None:
    """Counted in cases that stand; few cases and those of other products say nothing."""
    order = cast.order()
    [line] = db.session.scalars(db.select(OrderLine).where(OrderLine.order_id == order.id)).all()
    line_id, product = line.id, line.product_id
    url = f"/orders/{order.order_no}/apply?line={line_id}"
    plain = buyer.get(url).text
    assert "次售后是这个问题" not in plain and plain.index("破损") < plain.index("尺寸不符")
    for reason, many in (("size", 3), ("colour", 2), ("defect", 3)):
        for _ in range(many):
            other = cast.order()
            with writing():
                db.session.execute(
                    db.update(OrderLine).where(OrderLine.order_id == other.id).values(product_id=product)
                )
                sold.count_sold(other.shop_id, [other.id])
            case = cast.open_case(db.session.get_one(Order, (other.id, other.shop_id)), reason=reason)
    cast.take(case, "withdraw", Actor.BUYER)  # of 其他质量问题 two stand: too few to say
    text = buyer.get(url).text
    assert "近一年这款商品有 3 次售后是这个问题" in text and text.count("次售后是这个问题") == 1
    assert text.index("尺寸不符") < text.index("破损") < text.index("色差")
