"""A price difference, both ways and more than once: what a step says is what is owed, and nobody pays twice.

The ledger is added up here by itself: nothing is taken from what writes the pages.
"""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from sqlalchemy import func, select, update

from portal import doctor
from portal.cases import changes, stakes
from portal.cases.proposals import Terms
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case, CaseLine, MoneyEntry, OrderLine, Sku
from tests.cast import Cast

BUYER, SELLER, MEDIATOR = Actor.BUYER, Actor.SELLER, Actor.MEDIATOR
GOES = {"difference": 1, "difference_back": -1, "difference_return": -1}


def add_up(case: Case, kinds: dict[str, int] | None = None) -> int:
    """What the buyer has paid more for other specifications once everything planned is paid; minus: got back, 分."""
    ids = select(Case.id).where((Case.id == case.id) | (Case.parent_id == case.id))
    rows = db.session.execute(
        select(MoneyEntry.kind, func.sum(MoneyEntry.amount_fen))
        .where(MoneyEntry.case_id.in_(ids), MoneyEntry.state != "cancelled")
        .group_by(MoneyEntry.kind)
    ).all()
    db.session.rollback()
    return sum((kinds or GOES).get(kind, 0) * int(fen) for kind, fen in rows)


def open_odd(cast: Cast, dearer: int | None, milli: int = 3_000) -> Case:
    """Three units of 15.50 for which 46.49 was paid, and 3.00 of freight."""
    order = cast.order(milli=3_000, price_fen=1_550, paid_fen=4_949, goods_total_fen=4_650, freight_fen=300)
    return cast.open_case(order, milli=milli, dearer=dearer)


def ship_out(cast: Cast, case: Case) -> Case:
    for step, actor, values in cast.path("confirming", CaseType.EXCHANGE)[-1:]:
        case = cast.take(case, step, actor, **cast._facts_of(case, dict(values), cast.now))
    return case


def inspect(cast: Cast, case: Case, reference: str = "2026112300099") -> Case:
    """On to 发货, the difference paid where there is one."""
    case = cast.take(case, "agree", SELLER)
    case = cast.take(case, "ship_return", BUYER, parcels=[("ZTO", "75484863576596")])
    dearer = case.difference_fen > 0
    case = cast.take(case, "accept_goods_diff" if dearer else "accept_goods", SELLER)
    return pay(cast, case, reference) if dearer else case


def pay(cast: Cast, case: Case, reference: str) -> Case:
    case = cast.take(case, "pay", BUYER, reference=reference)
    return cast.take(case, "confirm_payment", SELLER)


def terms(case: Case, extra: int, **changed: Any) -> Terms:
    """Another specification of the same product, at ``extra`` above the price that was bought at."""
    lines = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).all()
    with writing():
        product = select(OrderLine.product_id).where(OrderLine.id == lines[0].order_line_id)
        sku = Sku(shop_id=case.shop_id, product_id=db.session.scalar(product), spec="蓝色;M", price_fen=1_550 + extra)
        sku.sku_key = secrets.token_hex(6)
        db.session.add(sku)
        db.session.flush()
        sku_id = sku.id
    rows = tuple((line.id, line.quantity_milli, sku_id) for line in lines)
    return Terms(CaseType(changed.pop("type", case.type)), rows, "seller", **changed)


def answer(cast: Cast, case: Case) -> tuple[Case, int]:
    """The buyer accepts; and the difference that their page said: none is nothing."""
    for name in ("accept_reship", "accept_diff"):
        change = stakes.foresee(case, name)
        mark, said = ("", 0) if change is None else (change.mark, change.after.difference_fen)
        try:
            return cast.take(case, name, BUYER, shown=mark), said
        except StepRefused:
            db.session.rollback()
    raise AssertionError(case.state)


@pytest.mark.parametrize("waived", [False, True])
@pytest.mark.parametrize("second", [-200, -50, 0, 50, 133, 200])
@pytest.mark.parametrize("first", [-133, None, 133])
def test_another_specification_settles_the_one_before(cast: Cast, first: int | None, second: int, waived: bool) -> None:
    case = inspect(cast, open_odd(cast, first))
    given = terms(case, second, difference_waived=waived)
    case = cast.take(case, "propose_other_sku", SELLER, terms=given)
    case, said = answer(cast, case)
    if case.state == "paying":
        case = pay(cast, case, "2026112300100")
    assert add_up(case) == said == stakes.weigh(case).difference_fen
    case = ship_out(cast, case)
    assert add_up(case) == said
    assert not any(doctor.findings()), doctor.findings()


@pytest.mark.parametrize("now", [-400, 400])
@pytest.mark.parametrize("second", [-50, 0, 200])
def test_a_proposal_keeps_the_price_that_it_showed(cast: Cast, second: int, now: int) -> None:
    case = inspect(cast, open_odd(cast, None))
    case = cast.take(case, "propose_other_sku", SELLER, terms=terms(case, second))
    promised = stakes.foresee(case, "accept_reship")
    with writing():
        db.session.execute(update(Sku).where(Sku.spec == "蓝色;M").values(price_fen=Sku.price_fen + now))
    case, said = answer(cast, case)
    if case.state == "paying":
        case = pay(cast, case, "2026112300100")
    assert add_up(case) == said == (promised.after.difference_fen if promised else 0)


@pytest.mark.parametrize("state", ["applied", "inspecting", "reshipping", "confirming"])
@pytest.mark.parametrize("dearer", [-133, 133])
def test_a_decision_to_send_takes_nothing_back(cast: Cast, dearer: int, state: str) -> None:
    """What a cheaper one gives back stays, what was paid for a dearer one isn't undone; only what is open is waived."""
    case = open_odd(cast, dearer)
    if state == "inspecting":
        case = cast.take(case, "agree", SELLER)
        case = cast.take(case, "ship_return", BUYER, parcels=[("ZTO", "75484863576596")])
    elif state != "applied":
        case = inspect(cast, case)
    if state == "confirming":
        case = ship_out(cast, case)
    if state == "reshipping":
        return  # nothing to decide: it is to be sent already
    case = cast.mediated(case)
    change = stakes.foresee(case, "decide_reship")
    assert change is not None
    case = cast.take(case, "decide_reship", MEDIATOR, note="应当发货", shown=change.mark)
    assert add_up(case) == change.after.difference_fen == stakes.weigh(case).difference_fen
    assert change.after.difference_fen == (0 if dearer > 0 and state != "confirming" else change.before.difference_fen)


@pytest.mark.parametrize("by", ["buyer", "mediator", "terms"])
@pytest.mark.parametrize("dearer", [-133, None, 133])
def test_a_refund_instead_is_what_was_said(cast: Cast, dearer: int | None, by: str) -> None:
    case = inspect(cast, open_odd(cast, dearer))
    given: dict[str, Any] = {}
    if by == "buyer":
        with writing():
            db.session.get_one(Case, case.id).late = True
        step, actor = "convert_refund", BUYER
    elif by == "mediator":
        case = cast.mediated(case)
        step, actor, given = "decide_refund", MEDIATOR, {"note": "应当退款"}
    else:
        lines = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).all()
        whole = Terms(CaseType.REFUND_ONLY, tuple((e.id, 3_000, None) for e in lines), "seller", amount_fen=4_649)
        case = cast.take(case, "propose_other_sku", SELLER, terms=whole)
        step, actor = "accept_convert", BUYER
    change = stakes.foresee(case, step)
    assert change is not None and change.after.refund_fen == 4_649
    case = cast.take(case, step, actor, shown=change.mark, **given)
    assert add_up(case, {"refund": 1}) == 4_649 and add_up(case) == 0
    assert not any(doctor.findings()), doctor.findings()


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (200, -100, ["补差价 2.00 元 → 0 元", "退差价 1.00 元"]),
        (-100, 200, ["补差价 2.00 元", "退差价 1.00 元 → 0 元"]),
        (-100, -50, ["退差价 1.00 元 → 0.50 元"]),
        (200, 0, ["补差价 2.00 元 → 0 元"]),
        (0, -50, ["退差价 0.50 元"]),
    ],
)
def test_who_pays_whom_is_said_of_each_sum(was: int, becomes: int, said: list[str]) -> None:
    assert changes.describe((0, was, 0), (0, becomes, 0)) == said


@pytest.mark.parametrize("extra", [-133, 133])
def test_terms_that_make_an_exchange_of_another_type_name_no_difference(cast: Cast, extra: int) -> None:
    case = cast.open_case(case_type=CaseType.RETURN_REFUND)
    case = cast.take(case, "propose", SELLER, terms=terms(case, extra, type=CaseType.EXCHANGE))
    change = stakes.foresee(case, "accept_convert")
    assert change is not None and change.after.difference_fen == 0
    made = db.session.get_one(Case, case.id)
    case = cast.take(made, "accept_convert", BUYER)
    assert add_up(case) == 0


def test_what_the_buyer_says_they_paid_is_answered_before_other_terms(cast: Cast) -> None:
    """Else two payments of one case would wait for an answer, and none of them could be given one."""
    case = cast.take(cast.until("paying"), "pay", BUYER, reference="2026112300099")
    other = terms(case, 200)
    with pytest.raises(StepRefused, match="请先确认是否收到买家补的差价"):
        cast.take(case, "propose_other_sku", SELLER, terms=other)
    db.session.rollback()
    case = cast.take(db.session.get_one(Case, case.id), "confirm_payment", SELLER)
    assert cast.take(case, "propose_other_sku", SELLER, terms=other).state == "proposed"
