"""Two at once: one wins, the rest see the true state; the ledger is never over-claimed. On both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import doctor
from portal.cases import clock as case_clock
from portal.cases import opening, taking
from portal.cases.effects.hand_ins import RequestedLine
from portal.cases.effects.step_context import hand_in_type
from portal.extensions import Busy, db, writing
from portal.flow import Actor, StepRefused
from portal.models import Case, CaseEvent, Order, OrderLine
from portal.orders import ledger
from portal.rights import policies
from tests.cast import Cast

LINE = 10_000


def at_once(app: Flask, works: list[Callable[[], object]]) -> list[object]:
    """Run all at the same moment, each in its own thread and transaction; what each returned or raised."""
    barrier = threading.Barrier(len(works))
    answers: list[object] = [None] * len(works)

    def run(number: int) -> None:
        with app.app_context():
            try:
                barrier.wait()
                with writing():
                    answers[number] = works[number]()
            except (StepRefused, ledger.NotEnough, Busy) as error:
                answers[number] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    return answers


@pytest.mark.timeout(120)
def test_48_applications_on_a_line_of_ten(both: Flask, cast_both: Cast) -> None:
    cast = cast_both
    order_id = cast.order(milli=LINE).id
    line_id = db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order_id)).one()
    by = cast.by(Actor.BUYER)

    def apply(milli: int) -> Callable[[], object]:
        return lambda: (
            opening.open_case(
                by=by,
                order=db.session.get_one(Order, order_id),
                wanted=[RequestedLine(line_id, milli)],
                reason="damaged",
                description="破损",
                receiver=("李雯", "13425059650", "成都"),
                freight_payer="seller",
                basis="",
                policy_id=policies.get_current(cast.shop).id,
                photos=[],
                now=cast.now,
            ).id
        )

    answers = at_once(both, [apply(1_000 + 1_000 * (number % 3)) for number in range(48)])
    won = [answer for answer in answers if isinstance(answer, int)]
    assert not [answer for answer in answers if isinstance(answer, Busy)]
    claimed = db.session.scalar(select(OrderLine.claimed_milli).where(OrderLine.id == line_id))
    assert claimed is not None and claimed <= LINE
    assert claimed > LINE - 3_000 and 4 <= len(won) <= 10
    assert not [finding for finding in doctor.findings() if finding]


PAIRS = [
    ("applied", ("agree", Actor.SELLER), ("agree_no_return", Actor.SELLER)),
    ("applied", ("agree", Actor.SELLER), ("withdraw", Actor.BUYER)),
    ("applied", ("ask_evidence", Actor.SELLER), ("withdraw", Actor.BUYER)),
    ("returning", ("withdraw", Actor.BUYER), ("ship_return", Actor.BUYER)),
    ("inspecting", ("accept_goods", Actor.SELLER), ("accept_goods", Actor.SELLER)),
    ("confirming", ("confirm", Actor.BUYER), ("report_problem", Actor.BUYER)),
    ("confirming", ("confirm", Actor.BUYER), ("confirm", Actor.BUYER)),
]
FACTS: dict[str, Any] = {
    "ask_evidence": {"note": "请补拍面单"},
    "ship_return": {"parcels": [("ZTO", "75484863576596")]},
    "report_problem": {"kind": "not_received", "note": "没有收到"},
}


@pytest.mark.parametrize(("state", "one", "other"), PAIRS)
def test_of_two_at_once_one_wins(
    both: Flask, cast_both: Cast, state: str, one: tuple[str, Actor], other: tuple[str, Actor]
) -> None:
    cast = cast_both
    for _ in range(3):
        case = cast.until(state)
        case_id, version = case.id, case.version

        def take(step: str, actor: Actor, case_id: int = case_id, version: int = version) -> Callable[[], object]:
            by = cast.by(actor)
            handed = hand_in_type(step)(**FACTS.get(step, {}))
            return lambda: taking.take(case_id, step, by=by, now=cast.now, version=version, handed=handed).version

        answers = at_once(both, [take(*one), take(*other)])
        assert sorted(isinstance(answer, int) for answer in answers) == [False, True], answers
        loser = next(answer for answer in answers if not isinstance(answer, int))
        assert isinstance(loser, StepRefused)
        assert "最新状态" in loser.sentence
        db.session.expire_all()
        assert db.session.get_one(Case, case_id).version == version + 1
        assert (
            db.session.scalar(
                select(db.func.count())
                .select_from(CaseEvent)
                .where(CaseEvent.case_id == case_id, CaseEvent.version > version)
            )
            == 1
        )


def test_two_sweeps_at_once_take_each_step_once(both: Flask, cast_both: Cast) -> None:
    from datetime import timedelta

    cast = cast_both
    for _ in range(8):
        cast.open_case()
    barrier = threading.Barrier(3)

    def sweep() -> None:
        with both.app_context():
            barrier.wait()
            case_clock.sweep(cast.now + timedelta(hours=49))
            db.session.remove()

    threads = [threading.Thread(target=sweep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    steps = db.session.execute(select(CaseEvent.case_id, CaseEvent.step).where(CaseEvent.actor == "clock")).all()
    assert len(steps) == len(set(steps)) == 8
    assert not [finding for finding in doctor.findings() if finding]
