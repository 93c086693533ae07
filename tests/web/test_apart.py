"""Lines of one application that don't stand alike: said before it is filed, and each keeps what it has.

What each line has a right to is worked out here anew from what was drawn of it.
"""

from __future__ import annotations

import html
import io
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from portal.cases import clock as case_clock
from portal.extensions import db, writing
from portal.models import Case, CaseLine, Draft, Evidence, Order, OrderLine, Product
from tests.cast import Cast, post, sign_in
from tests.conftest import Clock
from tests.pictures import photo
from tests.web.test_apply import WHERE
from tests.web.test_consumer import Consumer
from tests.web.test_consumer_rights import proves_the_order

WORDS = "收到后看过了，想请商家处理一下，谢谢"
# Of a reason: what is applied for, who bears the freight back, and whether a line has a right to it.
ASKED: dict[str, tuple[str, str, Callable[[bool, set[str]], bool]]] = {
    "wrong_order": ("exchange", "buyer", lambda excluded, codes: not excluded),
    "over_qty": ("return_refund", "buyer", lambda excluded, codes: not excluded),
    "promise": ("exchange", "buyer", lambda excluded, codes: "swtbh" in codes),
    "seven_day": ("return_refund", "buyer", lambda excluded, codes: "qtwlybt" in codes),
    "missing_item": ("reissue", "seller", lambda excluded, codes: True),
    "wrong_item": ("exchange", "seller", lambda excluded, codes: True),
}
AT_ONCE = {"missing_item": "shbp"}  # what the shop's silence gives only where it was promised


@dataclass(frozen=True)
class Standing:
    """What a line has for one reason: nothing but the shop's own yes, who pays, and what the clock then does."""

    asked: bool
    payer: str
    late: str


def stand(reason: str, excluded: bool, codes: set[str]) -> Standing:
    _, payer, has_right = ASKED[reason]
    if not has_right(excluded, codes):
        return Standing(True, "negotiated", "closed")
    if reason in AT_ONCE:
        return Standing(False, "seller", "reshipping" if AT_ONCE[reason] in codes else "applied")
    return Standing(False, "seller" if "thbyf_s" in codes else payer, "returning")


def draw(cast: Cast, dice: random.Random, reason: str) -> tuple[str, list[int], dict[int, Standing]]:
    """An order of lines that were sold with different promises, and of which some are left out by the shop."""
    order = cast.order(lines=dice.choice([2, 2, 3]), status="delivered")
    lines = list(db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id)))
    mine = {"promise": "swtbh", "seven_day": "qtwlybt", "missing_item": "shbp"}.get(reason, "jstk")
    facts = {
        line.id: (
            dice.random() < 0.5,
            {code for code, odds in ((mine, 0.5), ("thbyf_s", 0.3)) if dice.random() < odds},
            line.product_id,
        )
        for line in lines
    }
    with writing():
        for place, (line_id, (excluded, codes, product_id)) in enumerate(facts.items()):
            db.session.execute(
                update(OrderLine)
                .where(OrderLine.id == line_id)
                .values(guarantees=",".join(sorted(codes)), spec=f"黑色;{place} 码")
            )
            if excluded:
                values = {"exchangeable": False, "unexchangeable_at": cast.now - timedelta(days=90)}
                db.session.execute(update(Product).where(Product.id == product_id).values(**values))
        number = order.order_no
    ids = dice.sample(list(facts), len(facts))
    return number, ids, {line: stand(reason, facts[line][0], facts[line][1]) for line in ids}


def fill_in(buyer: FlaskClient, number: str, lines: list[int], reason: str, *, ask: bool, **more: Any) -> Any:
    """The two pages before the last: the first line is what the application begins with."""
    at = f"/orders/{number}/apply?line={lines[0]}"
    kind = ASKED[reason][0]
    wish = {"ask": kind} if ask else {"type": kind}
    answer = post(buyer, f"/orders/{number}/apply", {"line": lines[0], "reason": reason, **wish}, at=at)
    assert answer.status_code == 303, answer.text
    data = {f"quantity_{line}": "2" for line in lines} | {"description": WORDS, "type": kind, **WHERE, **more}
    data["photos"] = [(io.BytesIO(photo((200, 150))), "whole.jpg")]
    return post(buyer, f"/orders/{number}/apply/details", data, content_type="multipart/form-data")


def list_filed(number: str) -> dict[int, Case]:
    """By line of the order the case that it is in."""
    db.session.rollback()
    query = (
        select(CaseLine.order_line_id, Case)
        .join(Case, (Case.id == CaseLine.case_id) & (Case.shop_id == CaseLine.shop_id))
        .join(Order, Order.id == Case.order_id)
        .where(Order.order_no == number)
    )
    return dict(db.session.execute(query).all())


@pytest.fixture
def buyer(app: Flask, cast: Cast, now: Clock) -> FlaskClient:
    return sign_in(app, "buyer")


@pytest.mark.parametrize("reason", ASKED)
@pytest.mark.parametrize("seed", range(4))
def test_each_line_keeps_what_it_has(cast: Cast, buyer: FlaskClient, reason: str, seed: int) -> None:
    dice = random.Random(f"{reason} {seed}")
    number, lines, standing = draw(cast, dice, reason)
    taken = fill_in(buyer, number, lines, reason, ask=standing[lines[0]].asked)
    assert taken.location and taken.location.endswith("/check"), re.findall(r'class="err.*?</', taken.text)
    url = f"/orders/{number}/apply/check"
    page = html.unescape(buyer.get(url).text)
    several = len(set(standing.values()))
    assert ('id="apart"' in page) == (several > 1) == ("分开提交，共" in page), standing
    if several == 1:
        assert post(buyer, url).status_code == 303
    else:
        assert f"分开提交，共 {several} 张" in page and ">合成一张提交申请<" in page
        card = page.partition('id="apart"')[2].partition("</section>")[0]
        assert all(f"{place} 码" in card for place in range(len(lines)))
        assert ("没有直接申请的权利" in card) == any(each.asked for each in standing.values())
        unsaid = post(buyer, url)
        assert unsaid.status_code == 422 and "还没有提交" in unsaid.text and not list_filed(number)
        done = post(buyer, url, {"how": "apart"})
        assert done.status_code == 303 and "已分开提交" in buyer.get(done.location).text
    found = list_filed(number)
    for line, each in standing.items():
        assert (found[line].negotiated, found[line].freight_payer) == (each.asked, each.payer), (line, each)
    assert len({case.id for case in found.values()}) == several
    for case in found.values():
        assert db.session.scalar(select(db.func.count(Evidence.id)).where(Evidence.case_id == case.id)) == 1
        assert case.description == WORDS and case.receiver_phone == WHERE["phone"]
    assert db.session.scalar(select(Draft.id)) is None
    db.session.rollback()
    case_clock.sweep(cast.now + timedelta(hours=50))
    late = {line: case.state for line, case in list_filed(number).items()}
    assert late == {line: each.late for line, each in standing.items()}


@pytest.mark.parametrize("reason", ["wrong_order", "seven_day", "promise"])
def test_together_is_what_the_page_said_it_costs(cast: Cast, buyer: FlaskClient, reason: str) -> None:
    dice = random.Random(reason)
    number, lines, standing = draw(cast, dice, reason)
    while len({each.asked for each in standing.values()}) < 2:
        number, lines, standing = draw(cast, dice, reason)
    fill_in(buyer, number, lines, reason, ask=standing[lines[0]].asked)
    url = f"/orders/{number}/apply/check"
    assert "全部商品都须由商家同意" in buyer.get(url).text
    assert post(buyer, url, {"how": "together"}).status_code == 303
    found = list_filed(number)
    assert len({case.id for case in found.values()}) == 1
    assert {(case.negotiated, case.freight_payer) for case in found.values()} == {(True, "negotiated")}


def test_freight_that_one_line_is_free_of_is_not_given_to_the_others(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order(lines=2, status="delivered")
    number = order.order_no
    lines = list(db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id).order_by(OrderLine.id)))
    with writing():
        db.session.execute(update(OrderLine).where(OrderLine.id == lines[0]).values(guarantees="thbyf_s"))
    fill_in(buyer, number, lines, "wrong_order", ask=False)
    url = f"/orders/{number}/apply/check"
    assert "合成一张提交时，全部商品的运费" in buyer.get(url).text
    post(buyer, url, {"how": "together"})
    case = list_filed(number)[lines[0]]
    assert case.freight_payer == "buyer"


@pytest.mark.parametrize("amount", ["", "31.07", "50.00"])
def test_what_is_asked_back_is_shared_to_the_fen(cast: Cast, buyer: FlaskClient, amount: str) -> None:
    order = cast.order(lines=3, status="delivered", price_fen=1111)
    number = order.order_no
    lines = list(db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id).order_by(OrderLine.id)))
    with writing():
        db.session.execute(update(OrderLine).where(OrderLine.id.in_(lines[:2])).values(guarantees="qtwlybt"))
    fill_in(buyer, number, lines, "seven_day", ask=False, amount=amount)
    assert post(buyer, f"/orders/{number}/apply/check", {"how": "apart"}).status_code == 303
    found = {case.id: case.refund_fen for case in list_filed(number).values()}
    assert len(found) == 2
    assert sum(found.values()) == (round(float(amount) * 100) if amount else 6 * 1111)


def test_a_line_without_proof_of_its_own_is_named_and_nothing_is_filed(cast: Cast, buyer: FlaskClient) -> None:
    order = cast.order(lines=2, status="delivered")
    number = order.order_no
    lines = list(db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id).order_by(OrderLine.id)))
    with writing():
        db.session.execute(update(OrderLine).where(OrderLine.id == lines[0]).values(guarantees="shbp", spec="红色"))
        db.session.execute(update(OrderLine).where(OrderLine.id == lines[1]).values(spec="绿色"))
    fill_in(buyer, number, lines, "missing_item", ask=False, photos=[])
    with writing():
        db.session.execute(update(Evidence).values(order_line_id=lines[0]))
    refused = post(buyer, f"/orders/{number}/apply/check", {"how": "apart"})
    assert refused.status_code == 422 and "绿色」：请上传能看出问题的照片" in refused.text
    assert not list_filed(number) and db.session.scalar(select(Draft.id)) is not None


def test_a_consumer_is_told_as_well_and_types_nothing_twice(app: Flask, cast: Cast, now: Clock) -> None:
    consumer = Consumer(app, cast)
    order_id = consumer.chain.order
    first = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order_id)).one()
    with writing():
        line = {c.key: getattr(first, c.key) for c in OrderLine.__table__.columns if c.key not in ("id", "sku_id")}
        changed = {"line_key": "second", "position": 2, "spec": "另一种", "claimed_milli": 0, "product_id": None}
        db.session.execute(insert(OrderLine), line | changed)
        db.session.execute(
            update(Product)
            .where(Product.id == first.product_id)
            .values(no_reason_excluded="made", excluded_at=cast.now - timedelta(days=90))
        )
    lines = list(db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order_id).order_by(OrderLine.id)))
    db.session.rollback()
    link = proves_the_order(consumer)
    fields = {"reason": "seven_day", "type": "return_refund", "description": "不想要了"}
    fields |= {f"quantity_{line}": "1" for line in lines}
    told = post(consumer.browser, f"{link}/apply", fields)
    assert told.status_code == 422 and "没有直接申请的权利" in told.text and "分开提交，共 2 张" in told.text
    assert "不想要了" in told.text
    done = post(consumer.browser, f"{link}/apply", fields | {"how": "apart"})
    assert done.status_code == 303 and "filed-apart" in done.location
    number = db.session.scalar(select(Order.order_no).where(Order.id == order_id)) or ""
    found = list_filed(number)
    assert {line: case.negotiated for line, case in found.items()} == {lines[0]: True, lines[1]: False}
