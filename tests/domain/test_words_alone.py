"""An application whose words alone are changed keeps its sums: what was asked for, and prices as they were shown."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from portal.cases import stakes
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, CaseLine, Sku
from tests.cast import Cast

MONEY = (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY)
ASKED = [1, 999, 1_000, 4_648, 4_649, None]  # 分, of 46.49 that were paid


def open_odd(cast: Cast, **opening: Any) -> Case:
    """Three units for 46.50 less 0.01."""
    order = cast.order(milli=3_000, price_fen=1_550, paid_fen=4_649, goods_total_fen=4_650)
    return cast.open_case(order, milli=3_000, **opening)


@pytest.mark.parametrize("state", ["applied", "revising"])
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("case_type", MONEY)
def test_less_than_everything_stays_less(cast: Cast, case_type: CaseType, asked: int | None, state: str) -> None:
    case = open_odd(cast, case_type=case_type, refund_fen=asked)
    if state == "revising":
        case = cast.take(case, "ask_evidence", Actor.SELLER, note="请补拍")
    before = stakes.weigh(case).sums
    case = cast.take(case, "modify", Actor.BUYER, description="补拍了面单")
    assert stakes.weigh(case).sums == before
    assert case.refund_fen == (asked or 4_649)


@pytest.mark.parametrize("dearer", [-133, 0, 133])
@pytest.mark.parametrize("now", [-500, 500])
def test_a_price_that_changed_meanwhile_changes_nothing(cast: Cast, dearer: int, now: int) -> None:
    case = open_odd(cast, dearer=dearer)
    before = (stakes.weigh(case).sums, case.difference_fen)
    with writing():
        wanted = select(CaseLine.sku_id).where(CaseLine.case_id == case.id)
        db.session.execute(update(Sku).where(Sku.id.in_(wanted)).values(price_fen=Sku.price_fen + now))
    case = cast.take(case, "modify", Actor.BUYER, description="补拍了面单")
    assert (stakes.weigh(case).sums, case.difference_fen) == before
