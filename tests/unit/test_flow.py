"""The table is lawful: no dead end but by design, every need and deadline has its meaning, readers agree with rows."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal import flow, words
from portal.flow import NEEDS, STEPS, Actor, CaseType, Facts, Role, State, StepRefused
from portal.people import roles

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
OPEN = [state for state in State if state not in flow.FINAL]
REACHED = [  # the states that a case of a type can stand in
    (case_type, state)
    for case_type in flow.STAGES_OF
    for state in OPEN
    if any(step.target == state and case_type in step.types for step in flow.STEPS)
]


def test_final_states_are_left_by_no_step() -> None:
    left = {(step.name, step.source, step.target) for step in flow.STEPS if step.source in flow.FINAL}
    assert left == {  # but for what the buyer says of a payment, which may open it again
        ("deny_arrival", "completed", "refunding"),
        ("confirm_arrival", "completed", "completed"),
        ("deny_arrival", "converted", "refunding"),
        ("confirm_arrival", "converted", "converted"),
    }


def test_every_state_is_reached_waits_for_someone_and_stands_on_one_of_the_six_steps() -> None:
    assert {step.target for step in flow.STEPS} == set(State)
    for state in State:
        assert all(flow.find_stage(kind, state) < len(stages) for kind, stages in flow.STAGES_OF.items())
        assert words.STATE[state]
        assert (flow.WAITS_FOR[state] is None) == (state in flow.FINAL)


def test_sending_back_and_inspecting_stand_in_the_fifth_step() -> None:
    """The article of the customer: 审核 is over when goods are sent back; 发货 begins with the way back."""
    for state in (State.RETURNING, State.INSPECTING, State.DISPUTED, State.PAYING, State.RESHIPPING):
        assert flow.STAGES[flow.find_stage("exchange", state)] == "发货"
    for state in (State.APPLIED, State.PROPOSED, State.REVISING):
        assert flow.STAGES[flow.find_stage("exchange", state)] == "商家审核"
    assert flow.STAGES[flow.find_stage("exchange", State.CONFIRMING)] == "收货"


def test_an_ended_case_is_crossed_where_it_stopped() -> None:
    """Not at 提交申请 after an inspection, and nothing is ticked that never happened."""
    for case_type, state in REACHED:
        for end in (State.CLOSED, State.WITHDRAWN, State.CONVERTED):
            assert flow.find_stage(case_type, end, [state]) == flow.find_stage(case_type, state)
    assert flow.find_stage("exchange", State.CLOSED, [State.DISPUTED]) == 4
    assert flow.find_stage("exchange", State.WITHDRAWN, [State.APPLIED]) == 3


def test_what_is_owed_beside_an_exchange_comes_after_its_goods() -> None:
    for case_type, at in (("exchange", 5), ("reissue", 5), ("return_refund", 4), ("refund_only", 4)):
        for state in flow.OWED:
            assert flow.find_stage(case_type, state, [State.CONFIRMING]) == at


def test_what_was_owed_before_goods_were_sent_ticks_no_goods() -> None:
    """A case that became another before anything was sent, whose payment is doubted afterwards."""
    for case_type in ("exchange", "reissue"):
        for state in flow.OWED:
            assert flow.find_stage(case_type, state, [State.CONVERTED, State.RESHIPPING]) == 4
            assert flow.find_stage(case_type, State.CONVERTED, [state, State.CONVERTED, State.RESHIPPING]) == 4


def test_terms_stand_where_they_were_made() -> None:
    assert flow.find_stage("exchange", State.PROPOSED, [State.APPLIED]) == 3
    assert flow.find_stage("exchange", State.PROPOSED, [State.INSPECTING, State.RETURNING, State.APPLIED]) == 4
    assert flow.find_stage("exchange", State.WITHDRAWN, [State.PROPOSED, State.RESHIPPING]) == 4


AUDITED = {State.RETURNING, State.INSPECTING, State.DISPUTED, State.PAYING, State.RESHIPPING, State.CONFIRMING}


@pytest.mark.parametrize("case_type", sorted(flow.STAGES_OF))
def test_no_life_of_a_case_ticks_what_did_not_happen(case_type: str) -> None:
    """Many lives along the table, step by step: 商家审核 is ticked once it is over, 发货 once goods were sent."""
    chance = random.Random(case_type)
    sends = case_type in ("exchange", "reissue")
    ended: set[State] = set()
    for _ in range(2_000):
        state, left, sent, agreed = State.APPLIED, list[State](), False, False
        for _ in range(14):
            open_now = [step for step in flow.STEPS if step.source == state and case_type in step.types]
            open_now = [step for step in open_now if step.target != state and may_be(step, left)]
            if not open_now:
                break
            step = chance.choice(open_now)
            before = flow.find_stage(case_type, state, reversed(left))
            left.append(state)
            state = step.target
            sent = sent or state == State.CONFIRMING
            agreed = agreed or state in AUDITED or (state in flow.OWED and not sends) or state == State.COMPLETED
            at = flow.find_stage(case_type, state, reversed(left))
            assert at >= 3 and (at == 3) == (not agreed), (case_type, left, state)
            assert not (at == 5 and sends and not sent), (case_type, left, state)
            if state in flow.FINAL and state != State.COMPLETED:
                ended.add(state)
                assert at == before, "crossed where it stopped"
    assert {State.CLOSED, State.WITHDRAWN, State.CONVERTED} <= ended


def may_be(step: flow.Step, left: list[State]) -> bool:
    """Whether the states that a case left allow a step, as its needs say."""
    if {"was_converted", "not_converted"} & set(step.needs):
        pairs = zip(left, [*left[1:], step.source or ""], strict=True)
        converted = State.CONVERTED in left or any(flow.leaves_payment(*pair) for pair in pairs)
        return ("was_converted" in step.needs) == converted
    origin = next((need.removeprefix("from_") for need in step.needs if need.startswith("from_")), "")
    return not origin or (bool(left) and left[-1] == origin)


def test_the_side_that_must_act_has_a_button_in_every_open_state() -> None:
    for case_type, state in REACHED:
        actor = flow.WAITS_FOR[state]
        assert actor is not None
        assert [step for step in flow.open_steps(case_type, state, actor) if step.button]


def test_needs_and_deadlines_of_the_table_exist() -> None:
    for step in flow.STEPS:
        assert set(step.needs) <= set(flow.NEEDS)
        assert bool(step.after) == (step.actor is Actor.CLOCK and step.source is not None)
        assert not step.after or step.after in flow.DEADLINES
        assert not step.after or words.OTHERWISE[step.after]
    assert {need for step in flow.STEPS for need in step.needs} == set(flow.NEEDS)


def test_rows_of_one_name_from_one_state_are_told_apart_by_their_conditions() -> None:
    for case_type in flow.STAGES_OF:
        people = [step for step in flow.STEPS if step.source and case_type in step.types]
        rows = {(step.source, step.actor, step.name, step.after, step.needs) for step in people}
        assert len(rows) == len(people)


def test_every_type_has_a_word_its_stages_and_an_end() -> None:
    used = {case_type for step in flow.STEPS for case_type in step.types}
    assert used == set(flow.STAGES_OF) == set(words.TYPE)
    for case_type in used:
        assert len(flow.STAGES_OF[case_type]) == len(flow.STAGES)
        reached: set[flow.State | None] = {None}
        grown = True
        while grown:
            more = {step.target for step in flow.STEPS if case_type in step.types and step.source in reached}
            grown = not more <= reached
            reached |= more
        assert reached & flow.FINAL == flow.FINAL


def _facts(state: State) -> list[Facts]:
    """Every combination of what a clock step of this state may ask."""
    asked = {
        State.APPLIED: ("has_default_address", "guaranteed", "negotiated", "auto_refund"),
        State.INSPECTING: ("back_traced", "back_signed_at", "difference_fen"),
        State.DISPUTED: ("accepted_milli", "difference_fen", "objected"),
        State.RESHIPPING: ("late",),
        State.CONFIRMING: ("out_traced", "out_signed_at", "problem_open", "open_entries"),
        State.PROPOSED: ("origin", "countered"),
    }.get(state, ())
    values: dict[str, tuple[object, ...]] = {
        "back_signed_at": (None, NOW - timedelta(days=1)),
        "out_signed_at": (None, NOW - timedelta(days=1)),
        "difference_fen": (0, 100, -100),
        "accepted_milli": (0, 1000),
        "open_entries": (0, 1),
        "origin": ("applied", "inspecting", "reshipping"),
    }
    ways = itertools.product(*(values.get(name, (False, True)) for name in asked))
    return [
        Facts(entered_at=NOW, now=NOW, back_shipped_at=NOW, out_shipped_at=NOW, **dict(zip(asked, way, strict=True)))  # type: ignore[arg-type]
        for way in ways
    ]


@pytest.mark.parametrize(("case_type", "state"), REACHED)
def test_the_clock_always_has_exactly_one_answer_when_a_deadline_runs_out(case_type: str, state: State) -> None:
    for facts in _facts(state):
        if facts.origin and (case_type, facts.origin) not in [(kind, str(known)) for kind, known in REACHED]:
            continue  # this type is never proposed to there
        due_at, rule = flow.due(state, facts)
        assert due_at is not None
        answers = [
            step
            for step in flow.open_steps(case_type, state, Actor.CLOCK)
            if step.after == rule and flow.unmet(step, facts) is None
        ]
        assert len(answers) == 1, (state, rule, facts)
        assert flow.clock_step(case_type, state, rule, facts) == answers[0]


def test_only_a_final_case_has_no_clock() -> None:
    late = Facts(entered_at=NOW, now=NOW, escalated=True, stage="overdue")
    rules = {flow.due(state, late)[1] for state in State if state not in flow.FINAL}
    assert rules == {"mediation_second"}
    passed = Facts(entered_at=NOW, now=NOW, escalated=True, stage="overdue", passed_on=True)
    assert {flow.due(state, passed)[1] for state in State if state not in flow.FINAL} == {"mediation_rule"}
    assert all(flow.due(state, late) == (None, "") for state in flow.FINAL)
    assert all(flow.due(state, Facts(entered_at=NOW, now=NOW)) == (None, "") for state in flow.FINAL)


@pytest.mark.parametrize(
    ("state", "facts", "rule", "after"),
    [
        ("applied", {}, "seller_response", timedelta(hours=48)),
        ("revising", {}, "buyer_modify", timedelta(days=7)),
        ("returning", {}, "buyer_return", timedelta(days=7)),
        ("returning", {"extended": True}, "buyer_return", timedelta(days=10)),
        ("returning", {"granted": timedelta(days=2)}, "buyer_return", timedelta(days=9)),
        ("inspecting", {"back_shipped_at": NOW}, "seller_receive", timedelta(days=10)),
        ("inspecting", {"back_shipped_at": NOW, "back_slow": True}, "seller_receive", timedelta(days=30)),
        (
            "inspecting",
            {"back_shipped_at": NOW, "back_signed_at": NOW + timedelta(days=2)},
            "seller_receive",
            timedelta(days=5),
        ),
        (
            "inspecting",
            {"back_shipped_at": NOW, "back_signed_at": NOW + timedelta(days=9)},
            "seller_receive",
            timedelta(days=10),
        ),
        ("disputed", {}, "inspection_dispute", timedelta(hours=72)),
        ("reshipping", {}, "seller_reship", timedelta(hours=72)),
        ("reshipping", {"late": True}, "seller_reship_late", timedelta(hours=144)),
        ("confirming", {"out_shipped_at": NOW}, "buyer_confirm", timedelta(days=10)),
        ("confirming", {"out_shipped_at": NOW, "extended": True}, "buyer_confirm", timedelta(days=17)),
        ("confirming", {"out_shipped_at": NOW, "out_slow": True}, "buyer_confirm", timedelta(days=30)),
        ("confirming", {"out_shipped_at": NOW, "out_signed_at": NOW}, "buyer_confirm", timedelta(days=7)),
        ("confirming", {"problem_open": True}, "problem_answer", timedelta(hours=72)),
    ],
)
def test_deadlines_fall_when_the_rules_say(state: str, facts: dict[str, object], rule: str, after: timedelta) -> None:
    made = Facts(entered_at=NOW, now=NOW, **facts)  # type: ignore[arg-type]
    assert flow.due(state, made) == (NOW + after, rule)


def test_a_deadline_can_be_set() -> None:
    assert flow.due("applied", Facts(entered_at=NOW, now=NOW), {"seller_response": timedelta(hours=1)})[0] == (
        NOW + timedelta(hours=1)
    )


@pytest.mark.parametrize("actor", list(Actor))
def test_a_step_is_found_exactly_where_the_table_has_it(actor: Actor) -> None:
    """Every name in every state of every type: what buttons there are and what is taken is one and the same."""
    names = {step.name for step in flow.STEPS} | {"", "nonsense", "AGREE", "agree "}
    for case_type, state in itertools.product(CaseType, State):
        rows = [step for step in flow.STEPS if case_type in step.types and (step.source, step.actor) == (state, actor)]
        assert {step.name for step in flow.open_steps(case_type, state, actor)} == {step.name for step in rows}
        for name in names:
            row = next((step for step in rows if step.name == name), None)
            if row is not None:
                assert flow.find(case_type, state, actor, name) is row
            else:
                with pytest.raises(StepRefused):
                    flow.find(case_type, state, actor, name)


def test_an_unknown_step_is_refused_with_a_sentence() -> None:
    with pytest.raises(StepRefused) as refused:
        flow.find(CaseType.EXCHANGE, State.APPLIED, Actor.BUYER, "agree")
    assert "最新状态" in refused.value.sentence


def test_reminders_come_in_order_before_the_end() -> None:
    moments = flow.reminders(NOW, NOW + timedelta(days=7))
    assert moments == sorted(moments)
    assert [NOW + timedelta(days=7) - moment for moment in moments] == [
        timedelta(hours=hours) for hours in (84, 72, 24, 16.8, 2)
    ]


def test_the_diagram_has_every_row() -> None:
    for kind in CaseType:
        diagram = flow.diagram(kind)
        rows = [step for step in flow.STEPS if kind in step.types and step not in flow.OVERLAY]
        assert all(f"--> {step.target}: " in diagram and step.name in diagram for step in rows)


def test_a_step_without_roles_is_the_owners_alone() -> None:
    """Roles fail closed: what no row gives to a role, nobody but the owner takes."""
    given = {row.name for row in STEPS if row.roles}
    for name in {row.name for row in STEPS} - given | {"never heard of"}:
        assert [role for role in Role if roles.may_take(role, name)] == [Role.OWNER]
    assert all(row.actor is Actor.SELLER for row in STEPS if row.roles)


def test_money_is_given_up_by_who_keeps_the_money() -> None:
    assert [role for role in Role if roles.may_take(role, "waive")] == [Role.OWNER, Role.FINANCE]


def test_deadlines_that_were_set_are_asked_by_conditions_too() -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    nudged = Facts(entered_at=now, now=now + timedelta(hours=2), nudged_at=now, late=True)
    assert NEEDS["not_just_nudged"](nudged) == "24 小时内已催办过，商家已收到提醒"
    assert NEEDS["not_just_nudged"](replace(nudged, spans={"nudge_pause": timedelta(hours=1)})) is None
    owed = Facts(entered_at=now, now=now + timedelta(hours=30))
    assert NEEDS["refund_slow"](owed) is None
    said = NEEDS["refund_slow"](replace(owed, spans={"refund_target": timedelta(hours=36)}))
    assert said == "商家还在退款时限内，超过 36 小时可以申请平台介入"
