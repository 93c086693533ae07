"""What a shop says of its goods afterwards takes no ground from a case that is open, and gives it none to refuse by."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update

from portal.applications import applications
from portal.cases import refusing
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case, Order, OrderLine, Product
from portal.rights.goods import EXCLUSIONS
from tests.cast import Cast

LEFT_OUT: list[dict[str, Any]] = [{"exchangeable": False}, *({"no_reason_excluded": code} for code in EXCLUSIONS)]
NONE: dict[str, Any] = {"exchangeable": True, "no_reason_excluded": ""}


def say(cast: Cast, confirmed: bool = False, **columns: Any) -> None:
    """商品: the shop says this of all its goods."""
    with writing():
        db.session.execute(update(Product).where(Product.shop_id == cast.shop).values(**NONE | columns))
        at = cast.now if confirmed else None
        db.session.execute(update(OrderLine).where(OrderLine.shop_id == cast.shop).values(unfit_confirmed_at=at))


def may_refuse(case: Case, cast: Cast) -> bool:
    """Whether the shop may refuse because such goods aren't taken back."""
    db.session.expire_all()
    return refusing.judge_reasons(db.session.get_one(Case, case.id), cast.now, ["customised"]) == {"customised": ""}


@pytest.mark.parametrize("reason", ["seven_day", "wrong_order"])
@pytest.mark.parametrize("kept", [True, False])
def test_a_case_stands_on_what_its_goods_were(cast_both: Cast, reason: str, *, kept: bool) -> None:
    """``kept``: False for a case that was opened before that was kept, which only knows what is said now."""
    cast = cast_both
    for (then, now), confirmed in itertools.product(itertools.permutations([{}, *LEFT_OUT], 2), (False, True)):
        order = cast.order()
        say(cast, confirmed, **then)
        case = cast.open_case(order, reason=reason, case_type=CaseType.RETURN_REFUND)
        if not kept:
            with writing():
                known = db.session.get_one(Case, case.id)
                known.opened_on = {name: fact for name, fact in known.opened_on.items() if name != "left_out"}
        say(cast, confirmed, **now)
        stands_on = then if kept else now
        code = stands_on.get("no_reason_excluded", "")
        by_law = bool(code) and (code != "unfit" or confirmed)
        should = by_law or (reason != "seven_day" and stands_on.get("exchangeable") is False)
        assert may_refuse(case, cast) == should, (then, now, confirmed)
    db.session.rollback()


def test_goods_become_made_to_order_after_the_application(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.open_case(reason="seven_day", case_type=CaseType.RETURN_REFUND)
    say(cast, no_reason_excluded="made")
    photos = cast.photos(1, cast.seller)
    with pytest.raises(StepRefused, match="没有可以拒绝的理由"):
        cast.take(case, "reject", Actor.SELLER, refusal="customised", note="定作的商品", photos=photos)
    db.session.rollback()
    assert db.session.scalar(select(Case.state).where(Case.id == case.id)) == "applied"


def rewrite(cast: Cast, order_id: int, **columns: Any) -> None:
    with writing():
        db.session.execute(update(Order).where(Order.id == order_id).values(**columns))


SINCE: list[Callable[[Cast, int], None]] = [
    lambda cast, order_id: rewrite(cast, order_id, status="refunding", status_text="退款中"),
    lambda cast, order_id: rewrite(cast, order_id, status="unknown", status_text="看不懂"),
    lambda cast, order_id: rewrite(cast, order_id, received_at=None),
    lambda cast, order_id: rewrite(cast, order_id, received_at=cast.now - timedelta(days=90)),
    *(partial(lambda said, cast, _id: say(cast, True, **said), said) for said in LEFT_OUT),
]


@pytest.mark.parametrize("since", SINCE)
@pytest.mark.parametrize(
    ("status", "reason", "case_type"),
    [
        ("completed", "seven_day", CaseType.RETURN_REFUND),
        ("delivered", "wrong_order", CaseType.EXCHANGE),
        ("delivered", "damaged", CaseType.RETURN_REFUND),
        ("in_transit", "damaged", CaseType.EXCHANGE),
        ("unshipped", "not_wanted", CaseType.REFUND_ONLY),
    ],
)
def test_an_application_can_be_changed_by_the_facts_of_its_day(
    cast: Cast, status: str, reason: str, case_type: CaseType, since: Callable[[Cast, int], None]
) -> None:
    """Whatever became of the order, and whatever the shop says now: words and photos can be mended to the same end."""
    order = cast.order(status=status, consumer=True)
    case = cast.open_case(order, reason=reason, case_type=case_type)
    line_id = db.session.scalar(select(OrderLine.id).where(OrderLine.order_id == order.id)) or 0
    ask = partial(
        applications.judge_again, reason=reason, quantities={line_id: 2_000}, photos=1, description="补充说明，袜子破洞"
    )
    before = ask(case)
    db.session.rollback()
    since(cast, order.id)
    db.session.expire_all()
    assert ask(db.session.get_one(Case, case.id)) == before
