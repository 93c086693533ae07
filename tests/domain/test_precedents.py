"""以前怎么处理: the shop's own first answers to the same specification, reason and type."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, OrderLine
from portal.service.precedents import LATELY, Precedents, find_precedents
from tests.cast import Cast


@pytest.fixture
def cast(cast_both: Cast) -> Cast:
    return cast_both


def apply_for(cast: Cast, product: int | None, spec: str = "白色", **opening: object) -> Case:
    """A case of a new order for one specification of the product; None: a product of its own."""
    order = cast.order(lines=1)
    values: dict[str, object] = {"spec": spec} | ({"product_id": product} if product else {})
    with writing():
        db.session.execute(update(OrderLine).where(OrderLine.order_id == order.id).values(**values))
    return cast.open_case(order, **opening)  # type: ignore[arg-type]


def product_of(case: Case) -> int:
    found = select(OrderLine.product_id).where(OrderLine.order_id == case.order_id)
    return int(db.session.scalars(found).one() or 0)


def find(cast: Cast, case: Case) -> Precedents:
    found = find_precedents(db.session.get_one(Case, case.id), cast.now + timedelta(hours=9))
    db.session.rollback()
    return found


def test_first_answers_are_counted_with_the_median_wait(cast: Cast) -> None:
    asked = apply_for(cast, None)
    product = product_of(asked)
    alike = {"agree": 1, "agree_no_return": 2, "ask_evidence": 8}
    for number, (step, hours) in enumerate(alike.items(), 1):
        case = apply_for(cast, product)
        values: dict[str, Any] = {"note": "请拍清楚"} if step == "ask_evidence" else {}
        cast.take(case, step, Actor.SELLER, cast.now + timedelta(hours=hours), **values)
        if number < len(alike):
            found = find(cast, asked)  # too few for a figure
            assert len(found.cases) == number and (found.answers, found.wait) == ((), "")
    found = find(cast, asked)
    assert (found.answers, found.wait) == ((("同意", 2), ("请补充凭证", 1)), "2 小时")
    assert [row.answer for row in found.cases] == ["请补充凭证", "同意", "同意"]


def test_others_are_no_precedents(cast: Cast) -> None:
    asked = apply_for(cast, None)
    product = product_of(asked)
    others = [
        apply_for(cast, product, "黑色"),
        apply_for(cast, product, reason="colour"),
        apply_for(cast, product, case_type=CaseType.RETURN_REFUND),
        apply_for(cast, None),
    ]
    for case in others:
        cast.take(case, "agree", Actor.SELLER)
    withdrawn, waiting = apply_for(cast, product), apply_for(cast, product)
    cast.take(withdrawn, "withdraw", Actor.BUYER)
    assert find(cast, asked) == Precedents([], (), "")
    for _ in range(3):
        cast.take(apply_for(cast, product), "agree", Actor.SELLER)
    found = find(cast, asked)
    assert len(found.cases) == 3 and found.answers == (("同意", 3),)
    assert find(cast, waiting) == found
    with writing():
        db.session.execute(
            update(Case)
            .where(Case.shop_id == cast.shop, Case.id != asked.id)
            .values(opened_at=cast.now - LATELY - timedelta(days=1))
        )
    assert find(cast, asked) == Precedents([], (), "")
