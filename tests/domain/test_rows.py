"""Every row of the table is taken, for every type it is for; and every row of the customer's own table is in it."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from portal import doctor, flow
from portal.cases import clock as case_clock
from portal.cases.effects.hand_ins import InspectedLine, PlacedLines
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, State
from portal.models import Case, CaseEvent, CaseLine, MoneyEntry, OrderLine, Parcel, ReturnAddress, Shop, Staff, User
from portal.money import entries as money_entries
from portal.money.accounts import account_numbers, agreed_words
from portal.rights import policies
from portal.tracking import scans as case_scans
from tests.cast import PARCELS, Cast

STATES = [
    (state, kind)
    for state in State
    for kind in CaseType
    if any(step.target == state and kind in step.types for step in flow.STEPS) and (state, kind) != ("closed", "refund")
]
NOT_ALONE = {
    ("closed", CaseType.REISSUE),
    ("closed", CaseType.REFUND_ONLY),
}  # only the clock or the platform closes these


@pytest.mark.parametrize(("state", "case_type"), [pair for pair in STATES if pair not in NOT_ALONE])
def test_every_state_can_be_reached(cast: Cast, state: State, case_type: CaseType) -> None:
    assert cast.until(state, case_type=case_type).state == state
    assert not [finding for finding in doctor.findings() if finding]


HANDED_IN: dict[str, dict[str, Any]] = {
    "ask_evidence": {"note": "请补拍面单"},
    "reject": {"refusal": "evidence_insufficient", "note": "看不清"},
    "grant_extension": {"days": 3, "note": "台风停运"},
    "ship_return": {"parcels": PARCELS},
    "object": {"note": "寄回时完好"},
    "modify": {"description": "改好了"},
    "report_problem": {"kind": "not_received", "note": "一直没有收到"},
    "claim_freight": {"freight_fen": 1_200},
    "decline_freight": {"note": "收据看不清"},
    "pay": {"reference": "2026112300001"},
    "settle_entry": {"reference": "20261124"},
    "refund_ok": {"reference": "20261124"},
    "refund_fail": {"note": "账户已注销"},
    "admit_unpaid": {"note": "账户已注销"},
    "give_account": {
        "account": account_numbers.Account("李雯", "工商银行", "6222021234567890128"),
        "consent": agreed_words.CONSENT,
    },
    "escalate": {"note": "商家不同意,请平台处理"},
    "submit_evidence": {"note": "开箱视频截图"},
    "more_evidence": {"note": "请补充面单"},
    **{
        name: {"note": "根据双方证据"}
        for name in (
            "decide_close",
            "decide_complete",
            "decide_return",
            "decide_reship",
            "decide_refund",
            "decide_continue",
            "decide_unpaid",
        )
    },
}
LEADS: dict[str, dict[str, Any]] = {
    "leads_return": {"goods_back": True},
    "leads_reship": {},
    "leads_refund": {},
    "leads_pay": {},
}


def _ready(cast: Cast, step: flow.Step, case_type: CaseType) -> Case:
    """A case of this type from which this row can be taken."""
    needs, state = set(step.needs), str(step.source)
    order = cast.order(status="unshipped" if needs & {"unshipped", "auto_refund"} else "completed")
    if "guaranteed" in needs:
        with writing():
            db.session.execute(update(OrderLine).where(OrderLine.order_id == order.id).values(guarantees="shbp"))
    opening: dict[str, Any] = {"order": order, "case_type": case_type, "negotiated": "negotiated" in needs}
    if needs & {"difference", "leads_pay"}:
        opening["dearer"] = 100
    if state == "proposed":
        return _proposed(cast, needs, case_type, opening)
    if "payment_declared" in needs:
        return cast.take(cast.until("paying", **opening), "pay", Actor.BUYER, reference="2026112300001")
    if "none_accepted" in needs:
        opening.pop("negotiated")
        case = cast.until("inspecting", **opening)
        if "freight_claimed" in needs:
            _claim_freight(cast, case)
        return cast.take(case, "dispute_goods", Actor.SELLER, **cast._facts_of(case, {"dispute": 0}, cast.now))
    if needs & {"money_open", "more_entries", "approval_waiting"} or step.name in ("settle_entry", "approve_refund"):
        case = _owing(cast, step, state, case_type, opening)
    else:
        case = cast.until(state, **opening)
    if "payment_denied" in needs:
        case = cast.take(case, "pay", Actor.BUYER, reference="2026112300001")
        case = cast.take(case, "deny_payment", Actor.SELLER)
    if "freight_declined_alone" in needs:
        _claim_freight(cast, case)
        case = cast.take(case, "settle_entry", Actor.SELLER, reference="20261124")
        return cast.take(case, "decline_freight", Actor.SELLER, note="收据看不清")
    if needs & CLAIMED:
        _claimed(cast, step, case)
    elif "rest_contested" in needs or ({"in_mediation", "money_settled"} <= needs and state == "refunding"):
        cast.mediated(case, asked_by="seller" if "asked_by_seller" in needs else "buyer")  # recorded in mediation
        cast.take(case, "settle_entry", Actor.SELLER, reference="20261124")
        return db.session.get_one(Case, case.id)
    if step.name == "reject":
        cast.take(case, "ask_evidence", Actor.SELLER, note="请补拍面单")
        return cast.take(case, "modify", Actor.BUYER, description="补拍了")
    if (
        step.name in ("resend", "replacement_lost")
        or step.after == "problem_answer"
        or ("late_or_problem" in needs and state == "confirming")
    ):
        case = cast.take(case, "report_problem", Actor.BUYER, kind="not_received", note="没有收到")
    if needs & PLACED and state == "returning" and not (step.name == "ship_return" and "last_place" in needs):
        return _divided(cast, step, case_type)
    if needs & {"back_traced", "out_traced"}:
        parcel = db.session.scalars(select(Parcel).where(Parcel.case_id == case.id).order_by(Parcel.id.desc())).first()
        assert parcel is not None
        with writing():
            case_scans.record_trace(parcel.id, at=cast.now, status="picked", said="已揽收", now=cast.now)
    if "freight_claimed" in needs and case.freight_claim != "open":
        _claim_freight(cast, case)
    elif "freight_advanced" in needs:
        _send_back(case)
    if "no_default_address" in needs:
        with writing():
            for address in db.session.scalars(select(ReturnAddress).where(ReturnAddress.shop_id == cast.shop)):
                policies.remove_address(address, cast.now)
    if needs & {"takes_bank", "account_asked", "account_held"}:
        _asked_for_account(cast, step, case)
    if "in_mediation" in needs:
        _mediated(cast, step, case.id)
    db.session.expire_all()
    return db.session.get_one(Case, case.id)


def _send_back(case: Case) -> None:
    """The shop bears the way back, also of a way on which nothing went back."""
    if not case.return_address:
        with writing():
            db.session.execute(update(Case).values(return_address="义乌市", freight_payer="seller"))


def _claim_freight(cast: Cast, case: Case) -> None:
    """What the buyer advanced for the way back waits for an answer."""
    _send_back(case)
    if case.state == "revising":  # claimed before the case came back to its buyer
        with writing():
            db.session.execute(update(Case).values(freight_claim="open", freight_fen=1_200))
        return
    cast.take(case, "claim_freight", Actor.BUYER, freight_fen=1_200)


PLACED = {"more_places", "parcel_back", "place_waits"}  # needs about goods that go back to several addresses


def _divided(cast: Cast, step: flow.Step, case_type: CaseType) -> Case:
    """Two lines go back to two addresses; one of them waits, or has its parcel, where the row asks for it."""
    case = cast.open_case(cast.order(lines=2), lines=2, case_type=case_type)
    lines = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case.id).order_by(CaseLine.id)).all()
    to = ("供应商", "13900139000", "浙江省桐乡市濮院镇9号", "")
    placed = [PlacedLines(to, (lines[1],), waits="place_waits" in step.needs)]
    case = cast.take(case, "agree", Actor.SELLER, placed=placed)
    if "parcel_back" in step.needs:
        case = cast.take(case, "ship_return", Actor.BUYER, parcels=PARCELS)
    return case


CLAIMED = {
    "arrival_open",
    "arrival_unsaid",
    "contested",
    "unanswered_claim",
    "shown",
    "proof_open",
}  # needs about a payment made


def _claimed(cast: Cast, step: flow.Step, case: Case) -> None:
    """A payment was recorded beside what the case owes; where the row asks for it, the buyer says that it's missing."""
    needs = set(step.needs)
    if "freight_claimed" in needs:
        _claim_freight(cast, case)
    cast.paid_beside(case)
    if needs & {"arrival_open", "arrival_unsaid"}:
        return
    cast.take(case, "deny_arrival", Actor.BUYER, **cast.entry_beside(case))
    if needs & {"shown", "proof_open"}:
        shown: dict[str, Any] = {"note": "已转账", "photos": cast.photos(1, cast.seller)}
        cast.take(case, "show_payment", Actor.SELLER, **shown)
    if step.after or "rest_contested" in needs:  # nothing else is open
        entry = db.session.scalars(
            select(MoneyEntry.id).where(MoneyEntry.case_id == case.id, MoneyEntry.state == "due")
        ).one()
        cast.take(case, "settle_entry", Actor.SELLER, reference="20261125", entry_id=entry)


def _proposed(cast: Cast, needs: set[str], case_type: CaseType, opening: dict[str, Any]) -> Case:
    origin = next((need.removeprefix("from_") for need in needs if need.startswith("from_")), "applied")
    if "leads_pay" in needs:
        origin = "inspecting"
    case = cast.until(origin, **opening)
    changed = next((LEADS[need] for need in needs if need in LEADS), {})
    if "leads_convert" in needs:
        changed = {"type": "refund_only" if case_type != CaseType.REFUND_ONLY else "reissue"}
    terms = cast.terms(case, **changed)
    if "leads_pay" in needs:
        sku = db.session.scalar(select(CaseLine.sku_id).where(CaseLine.case_id == case.id))
        terms = cast.terms(case)
        terms = type(terms)(terms.type, tuple((line, milli, sku) for line, milli, _ in terms.lines), "seller")
    name = "propose_other_sku" if origin == "reshipping" else "propose"
    case = cast.take(case, name, Actor.SELLER, terms=terms)
    if "countered" in needs:
        case = cast.take(case, "counter", Actor.BUYER, terms=terms)
    return case


def _owing(cast: Cast, step: flow.Step, state: str, case_type: CaseType, opening: dict[str, Any]) -> Case:
    """A case that owes money, in ``state``; more than one payment, or one that waits for a second person."""
    if "approval_waiting" in step.needs:
        with writing():
            db.session.execute(update(Shop).values(approval_fen=1))
            db.session.execute(update(User).where(User.id == cast.buyer2).values(member_name="finance"))
            db.session.add(Staff(user_id=cast.buyer2, shop_id=cast.shop, role="finance"))
    compensated = case_type in (CaseType.EXCHANGE, CaseType.REISSUE) or "more_entries" in step.needs
    if not compensated:
        return cast.until(state, **opening)
    case = cast.until("applied", **opening)
    refunds = case_type in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY)
    terms = cast.terms(case, compensation_fen=100)
    case = cast.take(case, "propose", Actor.SELLER, terms=terms)
    case = cast.take(case, "accept_refund" if refunds else "accept_reship", Actor.BUYER)
    if not refunds and "more_entries" in step.needs:
        with writing():
            money_entries.plan_entry(case, "freight", 100, key="freight", at=cast.now, by=None)
            db.session.execute(update(Case).values(entry_count=2))
    for name, actor, values in cast.path("completed", CaseType.REISSUE)[1:]:
        if case.state == state:
            break
        if name == "confirm":
            case = cast.take(case, name, actor)
        else:
            case = cast.take(case, name, actor, **cast._facts_of(case, dict(values), cast.now))
    return case


def _asked_for_account(cast: Cast, step: flow.Step, case: Case) -> None:
    """The shop takes bank accounts, has asked for one, has got one, has tried again."""
    with writing():
        db.session.execute(update(Shop).values(bank_data=True))
    if step.name == "ask_account":
        return
    if case.state == "refunding":
        case = cast.take(case, "refund_fail", Actor.SELLER, note="账户已注销")
    cast.take(case, "ask_account", Actor.SELLER)
    if step.name == "withdraw_account":
        cast.take(case, "give_account", Actor.BUYER, **HANDED_IN["give_account"])
    if step.source == "refunding":
        cast.take(case, "retry", Actor.SELLER)


def _mediated(cast: Cast, step: flow.Step, case_id: int) -> None:
    """平台介入 is open, at the stage that the row asks for."""
    stage = "deciding" if "deciding" in step.needs or step.after == "mediation_decision" else "evidence"
    stage = "overdue" if step.after == "mediation_second" else stage
    asked = "seller" if "asked_by_seller" in step.needs else "buyer"
    cast.mediated(db.session.get_one(Case, case_id), stage, asked)


ROWS = [  # what lies beside the state is the same for all types
    (step, case_type)
    for step in flow.STEPS
    if step.source and step.after != "mediation_rule"  # tests/domain/test_late_decisions.py
    if step.source != "converted" and "was_converted" not in step.needs  # tests/domain/test_converted_payments.py
    if not flow.leaves_payment(step.source, step.target)  # tests/domain/test_unanswered_payments.py
    if not (step.source == "refunding" and {"payment_declared", "payment_disputed"} & set(step.needs))  # there too
    if not step.name.endswith("_offer") and step.name != "offer_step"  # tests/domain/test_offers.py
    for case_type in sorted(step.types)[: 1 if step in flow.OVERLAY else None]
]


@pytest.mark.parametrize(
    ("step", "case_type"),
    ROWS,
    ids=[f"{kind}-{step.source}-{step.actor}-{step.name}-{step.target}-{step.after}" for step, kind in ROWS],
)
def test_every_row_of_the_table_is_taken(cast: Cast, step: flow.Step, case_type: CaseType) -> None:
    case = _ready(cast, step, case_type)
    case_id = case.id
    assert case.state == step.source
    if step.actor is Actor.CLOCK:
        assert case.due_at is not None
        moment = case.due_at
        if "ruled" in step.needs:
            with writing():
                db.session.execute(update(Case).values(ruled=True))
        if step.after == "seller_reship_late":
            moment += timedelta(hours=72)
        case_clock.sweep(moment)
    else:
        second = cast.buyer2 if step.name == "approve_refund" else None
        cast.take(case, step.name, step.actor, _when(cast, step), second, **_values(cast, case, step, case_type))
    db.session.expire_all()
    events = db.session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.version)).all()
    last = events[-1]
    if step.name == "timeout_arrival" and "freight_claimed" in step.needs:
        assert last.step == "timeout_overdue"  # the answer was due before: the platform is called at the same moment
        last = events[-2]
    assert (last.step, last.source, last.target, last.actor) == (step.name, step.source, step.target, step.actor)
    assert not [finding for finding in doctor.findings() if finding and "does not follow" not in finding[0]]


def _when(cast: Cast, step: flow.Step) -> Any:
    late = step.name in ("nudge", "convert_refund") or (step.name == "escalate" and step.source == "reshipping")
    return cast.now + timedelta(hours=73 if late else 25 if "refund_slow" in step.needs else 1)


def _values(cast: Cast, case: Case, step: flow.Step, case_type: CaseType) -> dict[str, Any]:
    line = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).first()
    assert line is not None
    values = dict(HANDED_IN.get(step.name, {}))
    if step.name in ("dispute_goods", "revise_inspection"):
        values["counted"] = [InspectedLine(line.id, 2_000, 500, "short", "少了")]
        values["photos"] = cast.photos(2, cast.seller)
    if step.name in ("ship_part", "ship_replacement"):
        values |= {"parcels": PARCELS, "shipped": {line.id: 500 if step.name == "ship_part" else 2_000}}
    if step.name == "edit_parcel":
        parcel = db.session.scalars(select(Parcel.id).where(Parcel.case_id == case.id)).one()
        values |= {"parcel_id": parcel, "carrier": "YTO", "number": "YT8962646785389"}
    if step.name == "give_place":
        values["address_id"] = policies.list_addresses(case.shop_id)[0].id
    if step.name in ("propose", "counter", "propose_other_sku"):
        values["terms"] = cast.terms(case)
    if step.name == "replacement_defective":
        wanted = CaseType.REFUND_ONLY if case_type is CaseType.REISSUE else CaseType.EXCHANGE
        values |= {"type": wanted, "kind": "defect", "note": "还是坏的", "photos": cast.photos(1, cast.buyer)}
    if step.name in ("deny_arrival", "confirm_arrival", "doubt_payment"):
        values |= cast.entry_beside(case)
    if step.name == "show_payment":
        values |= {"note": "已转账", "photos": cast.photos(1, cast.seller)}
    if step.name in ("settle_entry", "approve_refund"):
        entry = db.session.scalars(select(MoneyEntry.id).where(MoneyEntry.case_id == case.id)).first()
        values["entry_id"] = entry
    return values


def test_the_customers_table_is_in_ours() -> None:
    """Each row of it, for each of its types; where it says <origin>, each state that a proposal is made in."""
    ours = {(s.source or "", s.name, str(s.actor), str(s.target), kind) for s in flow.STEPS for kind in s.types}
    ours |= {("", "apply", "buyer", "applied", kind) for kind in CaseType}
    missing = []
    with (Path(__file__).parent.parent / "data" / "flow.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 67
    for row in rows:
        targets = ["applied", "inspecting", "reshipping"] if row["target"] == "<origin>" else [row["target"]]
        kinds = row["types"].split()
        for target in targets:
            found = [kind for kind in kinds if (row["source"], row["step"], row["actor"], target, kind) in ours]
            if not found or (row["target"] != "<origin>" and found != kinds):
                missing.append((row["source"], row["step"], target, kinds, found))
    assert not missing
