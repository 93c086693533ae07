"""The six steps as both sides see them: for each type in each state, and for each way in which a case ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from portal.calendar.lengths import get_deadline
from portal.cases import case_view
from portal.cases.clock import settle_now
from portal.extensions import db
from portal.flow import Actor, CaseType, State
from portal.models import Case
from tests.cast import Cast
from tests.domain.test_answers import REACHED

BUYER, SELLER = Actor.BUYER, Actor.SELLER
AUDIT = {"applied": "待商家审核", "proposed": "待您确认方案", "revising": "待您补充"}
# The present step by state, and what its label says to the buyer.
SENDS = {
    **{state: ("商家审核", part) for state, part in AUDIT.items()},
    "returning": ("发货", "待您寄回"),
    "inspecting": ("发货", "待商家验货"),
    "disputed": ("发货", "待您答复验货"),
    "paying": ("发货", "待您补差价"),
    "reshipping": ("发货", "待商家发货"),
    "confirming": ("收货", "待您收货"),
    "refunding": ("收货", "待商家退款"),
    "refund_failed": ("收货", "退款失败"),
}
PAYS = {
    **{state: ("商家审核", part) for state, part in AUDIT.items()},
    "returning": ("退款", "待您寄回"),
    "inspecting": ("退款", "待商家验货"),
    "disputed": ("退款", "待您答复验货"),
    "refunding": ("退款", "待商家退款"),
    "refund_failed": ("退款", "退款失败"),
}
FIRST = {
    CaseType.EXCHANGE: ["申请换货", "选择换货原因", "提交申请", "商家审核", "发货", "收货"],
    CaseType.REISSUE: ["申请补发", "选择原因", "提交申请", "商家审核", "发货", "收货"],
    CaseType.RETURN_REFUND: ["申请退货退款", "选择原因", "提交申请", "商家审核", "退款", "到账"],
    CaseType.REFUND_ONLY: ["申请仅退款", "选择原因", "提交申请", "商家审核", "退款", "到账"],
}


def drawn(case: Case, side: Actor, cast: Cast) -> tuple[list[str], str, str]:
    """The steps that are ticked, the one where it stands or stopped, and how it ended."""
    view = case_view.build_view(case, side, cast.now)
    done = list(view.stages[: view.stage + (view.end == "done")])
    return done, view.stages[view.stage], view.end


OPEN = [(kind, state) for kind, state in REACHED if state in SENDS]


@pytest.mark.parametrize(("case_type", "state"), OPEN, ids=[f"{kind}-{state}" for kind, state in OPEN])
def test_where_an_open_case_stands(cast: Cast, case_type: CaseType, state: State) -> None:
    case = cast.until(state, case_type=case_type)
    sends = case_type in (CaseType.EXCHANGE, CaseType.REISSUE)
    now, part = (SENDS if sends else PAYS)[state]
    names = FIRST[case_type]
    for side in (BUYER, SELLER):
        assert drawn(case, side, cast) == (names[: names.index(now)], now, "")
    assert case_view.build_view(case, BUYER, cast.now).part == part
    assert "您" not in case_view.build_view(case, SELLER, cast.now).part


@pytest.mark.parametrize("case_type", list(CaseType))
def test_all_is_ticked_when_it_is_done(cast: Cast, case_type: CaseType) -> None:
    """Money has come when its receiver lets the time for objecting pass."""
    case = cast.until("completed", case_type=case_type)
    names = FIRST[case_type]
    with_money = case_type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY)
    for side in (BUYER, SELLER):
        assert drawn(case, side, cast) == ((names[:-1], names[-1], "") if with_money else (names, names[-1], "done"))
    later = replace(cast, now=cast.now + get_deadline("arrival_objection") + timedelta(seconds=1))
    for side in (BUYER, SELLER):
        assert drawn(case, side, later) == (names, names[-1], "done")


REFUSED: list[Any] = [
    ("ask_evidence", SELLER, {"note": "请补拍"}),
    ("modify", BUYER, {"note": "补拍了"}),
    ("reject", SELLER, {"refusal": "evidence_insufficient", "note": "看不清"}),
]
ENDS: list[tuple[str, CaseType, str, list[Any], int, str]] = [
    # how it ends, type, until which state, the steps from there, days that pass then, the step that is crossed
    ("refused", CaseType.EXCHANGE, "applied", REFUSED, 30, "商家审核"),
    (
        "refused",
        CaseType.RETURN_REFUND,
        "applied",
        REFUSED,
        30,
        "商家审核",
    ),
    ("not completed", CaseType.REFUND_ONLY, "revising", [], 30, "商家审核"),
    ("not completed", CaseType.REISSUE, "revising", [], 30, "商家审核"),
    ("withdrawn at once", CaseType.EXCHANGE, "applied", [("withdraw", BUYER, {})], 0, "商家审核"),
    ("withdrawn at once", CaseType.REISSUE, "applied", [("withdraw", BUYER, {})], 0, "商家审核"),
    ("withdrawn at once", CaseType.REFUND_ONLY, "applied", [("withdraw", BUYER, {})], 0, "商家审核"),
    ("withdrawn after the audit", CaseType.EXCHANGE, "returning", [("withdraw", BUYER, {})], 0, "发货"),
    ("withdrawn after the audit", CaseType.RETURN_REFUND, "returning", [("withdraw", BUYER, {})], 0, "退款"),
    ("never sent back", CaseType.EXCHANGE, "returning", [], 30, "发货"),
    ("never sent back", CaseType.RETURN_REFUND, "returning", [], 30, "退款"),
    ("nothing passed", CaseType.EXCHANGE, "closed", [], 0, "发货"),
    ("nothing passed", CaseType.RETURN_REFUND, "closed", [], 0, "退款"),
    ("refund instead", CaseType.EXCHANGE, "reshipping", [("convert_refund", BUYER, {})], 0, "发货"),
    ("difference not paid", CaseType.EXCHANGE, "paying", [], 30, "发货"),
    ("another kind agreed to", CaseType.EXCHANGE, "converted", [], 0, "商家审核"),
    ("another kind agreed to", CaseType.REISSUE, "converted", [], 0, "商家审核"),
]


@pytest.mark.parametrize(
    ("how", "case_type", "until", "then", "days", "crossed"), ENDS, ids=[f"{row[1]}-{row[0]}" for row in ENDS]
)
def test_an_end_is_crossed_where_it_came(
    cast: Cast, how: str, case_type: CaseType, until: str, then: list[Any], days: int, crossed: str
) -> None:
    case = cast.until(until, case_type=case_type)
    for step, actor, values in then:
        late = timedelta(hours=73) if step == "convert_refund" else timedelta()
        case = cast.take(case, step, actor, cast.now + late, **values)
    if days:
        settle_now(case.id, cast.now + timedelta(days=days))
        case = db.session.get_one(Case, case.id, populate_existing=True)
    assert case.state in (State.CLOSED, State.WITHDRAWN, State.CONVERTED), how
    names = FIRST[case_type]
    for side in (BUYER, SELLER):
        assert drawn(case, side, cast) == (names[: names.index(crossed)], crossed, "stop")


@pytest.mark.parametrize(("until", "now"), [("applied", "商家审核"), ("inspecting", "发货"), ("reshipping", "发货")])
def test_terms_that_wait_take_nothing_back(cast: Cast, until: str, now: str) -> None:
    """What the seller proposes after 审核 isn't 审核 again."""
    offer = "propose_other_sku" if until == "reshipping" else "propose"
    case = cast.until(until)
    case = cast.take(case, offer, SELLER, terms=cast.terms(case, compensation_fen=100))
    assert case.state == State.PROPOSED
    for side in (BUYER, SELLER):
        assert drawn(case, side, cast)[1] == now
