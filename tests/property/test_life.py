"""Buyer, seller, mediator and clock at random: history replays, late sweeps change nothing, units and money balance."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal import flow
from portal.cases import actions, case_facts, case_view, proposals, stakes, taking
from portal.cases import clock as case_clock
from portal.cases.effects.hand_ins import InspectedLine, RequestedLine
from portal.cases.effects.step_context import ActedBy, hand_in_type
from portal.cases.proposals import Terms
from portal.extensions import db, writing
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case, CaseEvent, CaseLine, MoneyEntry, Order, OrderLine, Parcel, Proposal
from portal.money import entries as money_entries
from portal.orders import ledger
from portal.rights import addresses
from portal.rights.addresses import Shown
from portal.tracking import scans as case_scans
from tests.cast import Cast
from tests.conftest import NOW, make_app

PARCELS = [("ZTO", "75484863576596")]
ENDING = ("withdraw", "decide_close", "goods_shipped")  # left to the other rule, or no way would be long
PAYING = ("refund_ok", "settle_entry", "refund_fail", "retry", "approve_refund")
ENTRIES = (
    *PAYING,
    "deny_arrival",
    "doubt_payment",
    "confirm_arrival",
    "show_payment",
    "admit_unpaid",
)  # steps about one payment
BOUGHT = 10_000
LONGEST = timedelta(days=31)  # of all deadlines that a side without a step of its own has to wait for
UNSEEN = ("escalate",)  # nobody's page of these shows sums, and they move none


def taken_event(case: Case) -> CaseEvent:
    """The event of the step just taken."""
    return db.session.scalars(
        select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.version == case.version)
    ).one()


class Life(RuleBasedStateMachine):
    """One order line of ten, any number of cases of all types on it, four who act."""

    app: Flask
    known_cases = Bundle("known_cases")

    @initialize()
    def begin(self) -> None:
        self.at = NOW
        self.cast = Cast.of_app(self.app)
        self.order = self.cast.order(milli=BOUGHT)
        self.order_id = self.order.id

    def _by(self, actor: Actor) -> ActedBy:
        return self.cast.by(actor)

    @rule(
        target=known_cases,
        milli=st.integers(1, 6_000),
        kind=st.sampled_from(sorted(flow.STAGES_OF)),
        dearer=st.sampled_from([None, None, 0, 300, -300]),
        negotiated=st.sampled_from([False, False, False, True]),
        share=st.one_of(st.none(), st.integers(1, 20_000)),
    )
    def apply(self, milli: int, kind: str, dearer: int | None, negotiated: bool, share: int | None) -> int:
        refunds = kind in ("return_refund", "refund_only")
        try:
            order = db.session.get_one(Order, self.order_id)
            return self.cast.open_case(
                order,
                milli=milli,
                now=self.at,
                case_type=CaseType(kind),
                negotiated=negotiated,
                dearer=dearer if kind == "exchange" else None,
                refund_fen=share if refunds else None,
            ).id
        except StepRefused:
            db.session.rollback()  # more was asked back than is left
            return 0
        except ledger.NotEnough:
            db.session.rollback()
            free = db.session.scalar(
                select(OrderLine.quantity_milli - OrderLine.claimed_milli).where(OrderLine.order_id == self.order_id)
            )
            assert free is not None and free < milli
            return 0

    @rule(
        case_id=known_cases,
        pick=st.integers(0, 30),
        part=st.integers(0, 1_000),
        actor=st.sampled_from([Actor.BUYER, Actor.SELLER, Actor.BUYER, Actor.SELLER, Actor.MEDIATOR]),
        milli=st.integers(1, 4_000),
    )
    def act(self, case_id: int, pick: int, part: int, actor: Actor, milli: int) -> None:
        """Some step of the table, with facts that may or may not fit."""
        if not case_id:
            return
        db.session.rollback()
        case = self._last_of(case_id)
        case_id = case.id
        steps = list(flow.open_steps(case.type, case.state, actor))
        if not steps:
            return
        step = steps[pick % len(steps)]
        before = (case.state, case.version, case.due_at)
        try:
            with writing():
                self._take(case, step.name, actor, self._facts(case, step.name, part, milli))
        except (StepRefused, ledger.NotEnough):
            db.session.rollback()
            after = db.session.get_one(Case, case_id)
            assert (after.state, after.version, after.due_at) == before  # refused means untouched

    @rule(case_id=known_cases, moves=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 1_000)), max_size=16))
    def go_on(self, case_id: int, moves: list[tuple[int, int]]) -> None:
        """Somebody takes a step that is open to them, then somebody takes the next: the long ways through the table."""
        if not case_id:
            return
        for pick, part in moves:
            db.session.rollback()
            case = self._last_of(case_id)
            facts = case_facts.collect_facts(case, self.at)
            ready = [
                step
                for actor in (Actor.BUYER, Actor.SELLER, Actor.MEDIATOR)
                for step in flow.open_steps(case.type, case.state, actor)
                if step.name not in ENDING and flow.unmet(step, facts) is None
            ]
            if not ready:
                return
            step = ready[pick % len(ready)]
            milli = case.quantity_milli
            try:
                with writing():
                    self._take(case, step.name, step.actor, self._facts(case, step.name, part, milli))
            except (StepRefused, ledger.NotEnough):
                db.session.rollback()
            if part % 9 == 0:
                self.at += timedelta(hours=25)

    def _take(self, case: Case, name: str, actor: Actor, facts: dict[str, Any]) -> None:
        """The step, bound to what its page would show; what comes of the money is what that page said."""
        handed = hand_in_type(name)(**facts)
        version = case.version
        change = stakes.foresee(case, name, handed)
        shown = change.mark if change is not None else ""
        taken = taking.take(case.id, name, by=self._by(actor), now=self.at, handed=handed, shown=shown)
        self._check_addresses(taken)
        if taken.version != version + 1:
            return  # the clock came first
        if change is not None:
            offered = taken_event(taken).step == "offer_step"  # during a mediation, until the other side says yes
            due = change.before if offered else change.after
            assert stakes.weigh(taken).sums == due.sums, (name, change)
        elif name not in UNSEEN:
            said = taken_event(taken).data.get("sums")
            assert said is None, (name, said)

    def _check_addresses(self, case: Case) -> None:
        """An address is shown in full exactly to whom a step that can be taken now needs it."""
        db.session.flush()
        ready = {
            actor: {step.name for step, refusal in actions.list_actions(case, actor, self.at) if refusal is None}
            for actor in (Actor.BUYER, Actor.SELLER)
        }
        lines = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).all()
        sent = db.session.scalars(select(Parcel.id).where(Parcel.case_id == case.id, Parcel.leg == "refused")).first()
        over = case.state not in ("inspecting", "disputed", "proposed") and any(
            line.received_milli and line.received_milli > line.accepted_milli for line in lines
        )
        ships = "ship_replacement" in ready[Actor.SELLER] or (over and sent is None)
        role = ("owner", "agent", "warehouse", "finance")[case.version % 4]
        shown = case_view.build_view(case, Actor.SELLER, self.at, role=role).receiver
        assert (shown.shown is Shown.FULL) == (ships and role in ("owner", "warehouse")), (case.state, role)
        assert shown.shown is Shown.FULL or "一环路" not in shown.place
        back = case_view.build_view(case, Actor.BUYER, self.at, by_link=True)
        assert (back.back.shown is Shown.FULL) == bool({"ship_return", "edit_parcel"} & ready[Actor.BUYER])
        of_mediator = case_view.build_view(case, Actor.MEDIATOR, self.at)
        assert Shown.FULL not in (back.receiver.shown, of_mediator.receiver.shown, of_mediator.back.shown)

    @rule(
        case_id=known_cases,
        actor=st.sampled_from([Actor.BUYER, Actor.SELLER]),
        moves=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 1_000)), min_size=4, max_size=14),
    )
    def act_alone(self, case_id: int, actor: Actor, moves: list[tuple[int, int]]) -> None:
        """One side does whatever the table lets it, the other nothing: the other always has a way on."""
        if not case_id:
            return
        other = Actor.SELLER if actor is Actor.BUYER else Actor.BUYER
        for pick, part in moves:
            db.session.rollback()
            case = self._last_of(case_id)
            facts = case_facts.collect_facts(case, self.at)
            ready = [step for step in flow.open_steps(case.type, case.state, actor) if flow.unmet(step, facts) is None]
            if not ready:
                return
            step = ready[pick % len(ready)]
            try:
                with writing():
                    self._take(case, step.name, actor, self._facts(case, step.name, part, case.quantity_milli))
            except (StepRefused, ledger.NotEnough):
                db.session.rollback()
            self._check_way(self._last_of(case_id), other)
            self.at += timedelta(hours=part % 60)

    def _check_way(self, case: Case, side: Actor) -> None:
        """This side can do something, or the clock or the platform moves the case before long."""
        if case.state in flow.FINAL or case.stage == "overdue":
            return
        facts = case_facts.collect_facts(case, self.at)
        ways = [step for step in flow.open_steps(case.type, case.state, side) if flow.unmet(step, facts) is None]
        soon = case.due_at is not None and case.due_at - self.at <= LONGEST
        assert ways or soon, (case.type, case.state, side, case.due_at)

    def _last_of(self, case_id: int) -> Case:
        """What became of this case: the youngest of its line."""
        while child := db.session.scalar(
            select(Case.id).where(Case.parent_id == case_id).order_by(Case.id.desc()).limit(1)
        ):
            case_id = child
        return db.session.get_one(Case, case_id)

    def _terms(self, case: Case, part: int, milli: int) -> Terms:
        """Some terms, that may or may not be possible."""
        kind = sorted(CaseType)[part % 4]
        lines = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).all()
        sku = lines[0].sku_id if part % 3 == 0 else None
        return Terms(
            kind,
            tuple((line.id, min(milli, line.quantity_milli), sku) for line in lines),
            "seller" if part % 2 else "buyer",
            goods_back=part % 5 == 0,
            amount_fen=milli if kind in ("return_refund", "refund_only") else 0,
            compensation_fen=part % 7 * 10,
            difference_waived=part % 11 == 0,
        )

    def _facts(self, case: Case, name: str, part: int, milli: int) -> dict[str, Any]:
        lines = db.session.scalars(select(CaseLine).where(CaseLine.case_id == case.id)).all()
        parcel = db.session.scalars(
            select(Parcel.id).where(Parcel.case_id == case.id, Parcel.voided_at.is_(None))
        ).first()
        facts: dict[str, Any] = {"note": "说明", "photos": ()}
        if name in ("dispute_goods", "revise_inspection"):
            facts["counted"] = [
                InspectedLine(line.id, line.quantity_milli, line.quantity_milli * part // 1_000, "short")
                for line in lines
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
            facts["wanted"] = [RequestedLine(line.order_line_id, milli) for line in lines]
        elif name == "reject":
            facts["refusal"] = "no_stock"
        elif name == "grant_extension":
            facts["days"] = 1 + part % 30
        elif name == "report_problem":
            facts["kind"] = "not_received"
        elif name in ("propose", "propose_other_sku", "counter"):
            facts["terms"] = self._terms(case, part, milli)
        elif name == "claim_freight":
            facts["freight_fen"] = 1 + part
        elif name in ("pay", "refund_ok", "settle_entry"):
            facts["reference"] = f"R{milli}"
        elif name == "replacement_defective":
            facts |= {
                "type": sorted(CaseType)[part % 4],
                "kind": "defect",
                "photos": self.cast.photos(1, self.cast.buyer),
            }
        elif name == "agree_refund_without_return":
            facts["amount_fen"] = milli if part % 2 else None
        elif name == "decide_refund":
            facts |= {"amount_fen": milli if part % 2 else None, "goods_back": part % 3 > 0}
        elif name == "show_payment":
            facts["photos"] = self.cast.photos(1, self.cast.seller)
        if name in ENTRIES:
            entries = db.session.scalars(select(MoneyEntry.id).where(MoneyEntry.case_id == case.id)).all()
            facts["entry_id"] = entries[part % len(entries)] if entries and part % 4 else None
        return facts

    @rule(hours=st.sampled_from([1, 12, 25, 49, 80, 24 * 8, 24 * 31]), swept=st.booleans())
    def pass_time(self, hours: int, swept: bool) -> None:
        self.at += timedelta(hours=hours)
        if swept:
            case_clock.sweep(self.at)

    @rule(case_id=known_cases, status=st.sampled_from(["picked", "signed", "lost"]))
    def scan(self, case_id: int, status: str) -> None:
        parcel = db.session.scalars(
            select(Parcel.id).where(Parcel.case_id == case_id, Parcel.voided_at.is_(None))
        ).first()
        if parcel is not None:
            with writing():
                case_scans.record_trace(parcel, at=self.at, status=status, said=status, now=self.at)

    @invariant()
    def the_ledger_balances(self) -> None:
        if not hasattr(self, "order_id"):
            return
        db.session.rollback()
        line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == self.order_id)).one()
        gone = [*(str(state) for state in flow.RELEASING), "converted"]  # a converted case's units are its child's
        claimed = db.session.scalar(
            select(func.coalesce(func.sum(CaseLine.quantity_milli - CaseLine.moved_milli), 0))
            .join(Case, Case.id == CaseLine.case_id)
            .where(CaseLine.order_line_id == line.id, Case.state.not_in(gone))
        )
        assert line.claimed_milli == claimed is not None and claimed <= line.quantity_milli

    @invariant()
    def no_more_is_refunded_than_was_paid(self) -> None:
        if not hasattr(self, "order_id"):
            return
        order = db.session.get_one(Order, self.order_id)
        entries = db.session.scalars(
            select(MoneyEntry).where(MoneyEntry.state != "cancelled", MoneyEntry.order_id == self.order_id)
        ).all()
        refunds = [entry for entry in entries if entry.kind in ("refund", "difference_back")]
        planned = [(entry.case_id, entry.kind) for entry in refunds]
        assert len(planned) == len(set(planned))  # of each kind one for each case
        assert sum(entry.amount_fen for entry in refunds) == order.refunded_fen <= order.paid_fen
        assert all(sum(fen for _, fen, _ in entry.lines) == entry.amount_fen for entry in refunds)
        line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == self.order_id)).one()
        assert sum(fen for entry in refunds for _, fen, _ in entry.lines) == line.refunded_fen

    @invariant()
    def one_proposal_is_open_where_one_is_awaited(self) -> None:
        if not hasattr(self, "order_id"):
            return
        ours = select(Case.id).where(Case.order_id == self.order_id)
        waiting = sorted(db.session.scalars(ours.where(Case.state == "proposed")))
        open_now = select(Proposal.case_id).where(Proposal.state == "open", Proposal.case_id.in_(ours))
        assert waiting == sorted(db.session.scalars(open_now))

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
        due = db.session.scalars(select(Case.due_at).where(Case.order_id == self.order_id, Case.due_at.is_not(None)))
        # A shop may give its buyer days again and again; whatever it gave, that ends too.
        end = max([self.at, *due]) + timedelta(days=365)
        case_clock.sweep(end)
        db.session.rollback()
        before = db.session.execute(select(Case.id, Case.state, Case.version)).all()
        case_clock.sweep(end)
        db.session.rollback()
        assert before == db.session.execute(select(Case.id, Case.state, Case.version)).all()
        left = list(db.session.scalars(select(Case).where(Case.order_id == self.order_id)))
        going = [(c.type, c.state, c.stage) for c in left if c.state not in (*flow.FINAL, *flow.OWED)]
        assert all(stage == "overdue" for _, _, stage in going), going  # it ends; only a debt never lapses
        from portal import doctor

        assert not [finding for finding in doctor.findings() if finding]


def _run(app: Flask, examples: int, steps: int, *, shrink: bool = True) -> None:
    machine = type("LifeOf", (Life,), {"app": app})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            print_blob=True,
            report_multiple_bugs=False,  # two at once would come as a group, which no test of a planted one expects
            suppress_health_check=list(HealthCheck),
            phases=list(Phase) if shrink else [Phase.generate],
        ),
    )


@pytest.mark.timeout(480)
def test_life_at_random(both: Flask) -> None:
    server = db.engine.dialect.name == "postgresql"  # as slow as twice a file, and the same code
    _run(both, 4 if server else 12, 30)  # thousands by night


def _keeps_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "release_units", lambda shop_id, line_id, milli: None)


def _refunds_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of a payment is forgotten, and with it that it was planned already; the counters aren't moved again."""
    once, count = money_entries.plan_entry, money_entries.count_refunded

    def twice(case: Any, kind: str, amount_fen: int, *, key: str, **rest: Any) -> Any:
        with monkeypatch.context() as uncounted:
            uncounted.setattr(money_entries, "count_refunded", lambda *args, **kwargs: None)
            once(case, kind, amount_fen, key=f"{key}:again", **rest)
        assert money_entries.count_refunded is count
        return once(case, kind, amount_fen, key=key, **rest)

    monkeypatch.setattr(money_entries, "plan_entry", twice)


def _shows_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "SENDING_TO_RECEIVER", addresses.SENDING_TO_RECEIVER | {"agree"})


def _shows_other_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("withdraw", "modify"):
        monkeypatch.setitem(stakes._AFTER, name, stakes._as_before)


def _never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "get_deadlines", lambda: dict.fromkeys(flow.DEADLINES, timedelta(days=400)))


def _leaves_proposals_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposals, "answer_proposal", lambda case_id, state, **rest: proposals.find_open(case_id))


PLANTS = [_keeps_units, _refunds_twice, _leaves_proposals_open, _shows_addresses, _shows_other_sums, _never_ends]


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.timeout(300)
def test_a_planted_fault_is_found(app: Flask, monkeypatch: pytest.MonkeyPatch, plant: Any) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError)):
        _run(app, 100, 30, shrink=False)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(20))
def test_life_at_random_for_long(sqlite_template: Path, tmp_path: Path, part: int) -> None:
    """2,000 lives of 50 steps in 20 parts, each with a database of its own."""
    app = make_app(tmp_path, sqlite_template)
    with app.app_context():
        _run(app, 100, 50)
