"""Buyer, seller and clock at random: history replays, a late sweep changes nothing, the ledger balances."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from portal import cases, flow, ledger
from portal.effects import Counted, Wanted
from portal.extensions import db, writing
from portal.flow import Actor, StepRefused
from portal.models import Case, CaseEvent, CaseLine, OrderLine, Parcel
from tests.cast import Cast
from tests.conftest import NOW, make_app

PARCELS = [("ZTO", "75484863576596")]
BOUGHT = 10_000


class Life(RuleBasedStateMachine):
    """One order line of ten, any number of cases on it, three who act."""

    app: Flask
    cases = Bundle("cases")

    @initialize()
    def begin(self) -> None:
        self.at = NOW
        self.cast = Cast.of_app(self.app)
        self.order = self.cast.order(milli=BOUGHT)
        self.order_id = self.order.id

    def _by(self, actor: Actor) -> cases.By:
        return self.cast.by(actor)

    @rule(target=cases, milli=st.integers(1, 6_000), kind=st.sampled_from(sorted(flow.STAGES_OF)))
    def apply(self, milli: int, kind: str) -> int:
        try:
            order = db.session.get_one(type(self.order), self.order_id)
            return self.cast.open_case(order, milli=milli, now=self.at, case_type=flow.CaseType(kind)).id
        except ledger.NotEnough:
            db.session.rollback()
            free = db.session.scalar(
                select(OrderLine.quantity_milli - OrderLine.claimed_milli).where(OrderLine.order_id == self.order_id)
            )
            assert free is not None and free < milli
            return 0

    @rule(
        case_id=cases,
        pick=st.integers(0, 30),
        part=st.integers(0, 1_000),
        seller=st.booleans(),
        milli=st.integers(1, 4_000),
    )
    def act(self, case_id: int, pick: int, part: int, seller: bool, milli: int) -> None:
        """Some step of the table, with facts that may or may not fit."""
        if not case_id:
            return
        db.session.rollback()
        case = db.session.get_one(Case, case_id)
        actor = Actor.SELLER if seller else Actor.BUYER
        steps = list(flow.open_steps(case.type, case.state, actor))
        if not steps:
            return
        step = steps[pick % len(steps)]
        before = (case.state, case.version, case.due_at)
        try:
            with writing():
                cases.take(
                    case_id, step.name, by=self._by(actor), now=self.at, **self._facts(case, step.name, part, milli)
                )
        except (StepRefused, ledger.NotEnough):
            db.session.rollback()
            after = db.session.get_one(Case, case_id)
            assert (after.state, after.version, after.due_at) == before  # refused means untouched

    def _facts(self, case: Case, name: str, part: int, milli: int) -> dict[str, Any]:
        lines = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).all()
        parcel = db.session.scalars(
            select(Parcel.id).where(Parcel.case_id == case.id, Parcel.voided_at.is_(None))
        ).first()
        facts: dict[str, Any] = {"note": "说明", "photos": ()}
        if name in ("dispute_goods", "revise_inspection"):
            facts["counted"] = [
                Counted(line.id, line.quantity_milli, line.quantity_milli * part // 1_000, "short") for line in lines
            ]
            facts["photos"] = self.cast.photos(2, self.cast.seller)
        elif name in ("ship_part", "ship_replacement"):
            share = part if name == "ship_part" else 1_000
            facts["shipped"] = {line.id: (line.accepted_milli - line.shipped_milli) * share // 1_000 for line in lines}
            facts["parcels"] = PARCELS
        elif name == "ship_return":
            facts["parcels"] = PARCELS
        elif name == "edit_parcel":
            facts |= {"parcel_id": parcel, "carrier": "YTO", "number": "YT8962646785389"}
        elif name == "modify":
            facts["wanted"] = [Wanted(line.order_line_id, milli) for line in lines]
        elif name == "reject":
            facts["refusal"] = "over_window"
        elif name == "grant_extension":
            facts["days"] = 1 + part % 30
        elif name == "report_problem":
            facts["kind"] = "not_received"
        return facts

    @rule(hours=st.sampled_from([1, 12, 49, 80, 24 * 8, 24 * 31]), swept=st.booleans())
    def pass_time(self, hours: int, swept: bool) -> None:
        self.at += timedelta(hours=hours)
        if swept:
            cases.sweep(self.at)

    @rule(case_id=cases, status=st.sampled_from(["picked", "signed", "lost"]))
    def scan(self, case_id: int, status: str) -> None:
        parcel = db.session.scalars(
            select(Parcel.id).where(Parcel.case_id == case_id, Parcel.voided_at.is_(None))
        ).first()
        if parcel is not None:
            with writing():
                cases.record_trace(parcel, at=self.at, status=status, said=status, now=self.at)

    @invariant()
    def the_ledger_balances(self) -> None:
        if not hasattr(self, "order_id"):
            return
        db.session.rollback()
        line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == self.order_id)).one()
        claimed = db.session.scalar(
            select(func.coalesce(func.sum(CaseLine.quantity_milli), 0))
            .join(Case, Case.id == CaseLine.case_id)
            .where(CaseLine.order_line_id == line.id, Case.state.not_in([str(s) for s in flow.RELEASING]))
        )
        assert line.claimed_milli == claimed <= line.quantity_milli

    @invariant()
    def history_replays_to_the_present(self) -> None:
        if not hasattr(self, "order_id"):
            return
        for case in db.session.scalars(select(Case).where(Case.order_id == self.order_id)):
            state, count, last = "", 0, None
            for event in db.session.scalars(
                select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.version)
            ):
                assert event.source == state
                assert last is None or event.at >= last
                state, count, last = event.target, count + 1, event.at
            assert (state, count) == (case.state, case.version)
            assert case.due_at is not None or case.escalated or case.state in flow.FINAL

    def teardown(self) -> None:
        if not hasattr(self, "order_id"):
            return
        end = self.at + timedelta(days=365)
        cases.sweep(end)
        db.session.rollback()
        before = db.session.execute(select(Case.id, Case.state, Case.version)).all()
        cases.sweep(end)
        db.session.rollback()
        assert before == db.session.execute(select(Case.id, Case.state, Case.version)).all()
        late = [c for c in db.session.scalars(select(Case).where(Case.order_id == self.order_id)) if c.due_at]
        assert not late  # given time, every case ends or waits, marked, for somebody
        from portal import doctor

        assert not [finding for finding in doctor.findings() if finding]


def _run(app: Flask, examples: int, steps: int) -> None:
    machine = type("LifeOf", (Life,), {"app": app})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


@pytest.mark.timeout(240)
def test_life_at_random(both: Flask) -> None:
    _run(both, 100, 30)


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_life_at_random_for_long(sqlite_template: Path) -> None:
    app = make_app(Path(tempfile.mkdtemp()), sqlite_template)
    with app.app_context():
        _run(app, 2_000, 50)
