"""What the rule decides: for every state, type and set of facts there is a row that carries it out, and no row more."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from portal import flow
from portal.flow import Actor, CaseType, Facts, State
from portal.rights.reasons import Ground
from tests.conftest import NOW

MEDIATED = [  # every state, with its types, in which a mediation can be open
    (step.source, kind) for step in flow.OVERLAY if step.name == "timeout_second" and step.source for kind in step.types
]


def every_set_of_facts() -> list[Facts]:
    """All that the rule looks at, in every combination that there can be."""
    found = []
    for favours, address, fen, received, signed, traced, problem, money in product(
        ("buyer", "seller"),
        (True, False),
        (0, 500),
        (0, 1_000),
        (None, NOW),
        (True, False),
        (True, False),
        (
            *((0, 0, "", False), (1, 0, "", False), (1, 1, "missing", False), (2, 1, "missing", False)),
            *((1, 1, "shown", True), (2, 1, "shown", True), (1, 1, "shown", False), (2, 1, "shown", False)),
        ),
    ):
        found.append(
            Facts(
                entered_at=NOW,
                now=NOW,
                escalated=True,
                stage="overdue",
                passed_on=True,
                favours=favours,
                has_default_address=address,
                decidable_fen=fen,
                received_milli=received,
                out_signed_at=signed,
                back_traced=traced,
                problem_open=problem,
                open_entries=money[0],
                contested_entries=money[1],
                problem_stands=problem,
                payment_claim=money[2],
                proof_stands=money[3],
            )
        )
    return found


def test_every_ruling_has_its_row_and_every_row_its_ruling() -> None:
    reached = set()
    facts_found = every_set_of_facts()
    facts_found += [replace(facts, waybill_late=True) for facts in facts_found]
    for state, kind in MEDIATED:
        for facts in facts_found:
            if facts.contested_entries and state not in (
                State.RESHIPPING,
                State.CONFIRMING,
                State.REFUNDING,
                State.REFUND_FAILED,
            ):
                continue  # nothing was paid yet
            name = flow.find_ruling(kind, state, facts)
            by_rule = Facts(**{**facts.__dict__, "ruling": name})
            step = flow.clock_step(kind, state, "mediation_rule", by_rule)
            assert step is not None and step.name == name, (state, kind, name)
            reached.add((state, kind, name))
    rows = {
        (step.source, kind, step.name) for step in flow.STEPS if step.after == "mediation_rule" for kind in step.types
    }
    assert {row for row in rows if row not in reached} == UNREACHED


# The same row serves several types; these of its types never come to it.
UNREACHED: set[tuple[State | None, CaseType, str]] = {
    (State.DISPUTED, CaseType.EXCHANGE, "decide_continue"),
}


def test_every_ground_has_somebody_whom_the_rule_favours() -> None:
    assert set(flow.FAVOURED) == {str(ground) for ground in Ground}
    assert set(flow.FAVOURED.values()) == {Actor.BUYER, Actor.SELLER}


def test_a_payment_is_taken_for_made_only_where_its_proof_stands() -> None:
    late = [replace(facts, claim_late=True) for facts in every_set_of_facts() if facts.contested_entries]
    for state, kind in MEDIATED:
        for facts in (*every_set_of_facts(), *late):
            if facts.contested_entries and state in (
                State.RESHIPPING,
                State.CONFIRMING,
                State.REFUNDING,
                State.REFUND_FAILED,
            ):
                name = flow.find_ruling(kind, state, facts)
                proven = facts.payment_claim == "shown" and facts.proof_stands
                assert (name == "decide_unpaid") == (not proven and not facts.claim_late)
                assert proven or name in ("decide_unpaid", "decide_continue")
