"""What a shop's silence brings is said as it will be, not as a condition that the case has answered already."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.cases import case_view
from portal.cases import clock as case_clock
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, OrderLine
from tests.cast import Cast

CALLED = ("商家到期未处理，由平台介入", "到期未处理，由平台介入")
REISSUED = ("商家到期未处理，系统按服务承诺自动同意补发", "到期未处理，系统按服务承诺自动同意补发")
REFUNDED = ("商家到期未处理，系统自动同意退款", "到期未处理，系统自动同意退款")


@pytest.mark.parametrize(
    ("kind", "reason", "promise", "status", "said", "becomes"),
    [
        ("reissue", "missing_item", "shbp", "completed", REISSUED, "reshipping"),
        ("reissue", "damaged", "psbj", "completed", REISSUED, "reshipping"),
        ("reissue", "missing_item", "psbj", "completed", CALLED, "applied"),
        ("reissue", "damaged", "", "completed", CALLED, "applied"),
        ("refund_only", "damaged", "jstk", "completed", REFUNDED, "refunding"),
        ("refund_only", "damaged", "lsjst_s", "completed", REFUNDED, "refunding"),
        ("refund_only", "damaged", "", "completed", CALLED, "applied"),
        ("refund_only", "damaged", "psbj", "completed", CALLED, "applied"),
        ("refund_only", "not_wanted", "", "unshipped", REFUNDED, "refunding"),
    ],
)
def test_silence_is_said_as_it_will_be(
    cast_both: Cast, kind: str, reason: str, promise: str, status: str, said: tuple[str, str], becomes: str
) -> None:
    order = cast_both.order(status=status)
    with writing():
        db.session.execute(update(OrderLine).values(guarantees=promise))
    refund = {"refund_fen": 500} if kind == "refund_only" else {}
    case = cast_both.open_case(order, case_type=CaseType(kind), reason=reason, **refund)  # type: ignore[arg-type]
    for actor, sentence in zip((Actor.BUYER, Actor.SELLER), said, strict=True):
        assert case_view.build_view(case, actor, cast_both.now).otherwise == sentence
    assert case.due_at is not None
    case_clock.sweep(case.due_at + timedelta(minutes=1))
    db.session.expire_all()
    case = db.session.get_one(Case, case.id)
    assert case.state == becomes and bool(case.escalated or case.stage) == (becomes == "applied")


@pytest.mark.parametrize("kind", ["reissue", "refund_only"])
def test_a_negotiated_one_says_its_own_end(cast: Cast, kind: str) -> None:
    refund = {"refund_fen": 500} if kind == "refund_only" else {}
    case = cast.open_case(case_type=CaseType(kind), negotiated=True, **refund)  # type: ignore[arg-type]
    assert case_view.build_view(case, Actor.BUYER, cast.now).otherwise.startswith("协商须由商家同意")
