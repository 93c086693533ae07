"""Opens cases and takes steps for ever, and says each only after it was committed (see test_kill)."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal import create_app, flow
from portal.calendar import clock
from portal.cases import opening, taking
from portal.cases.effects.hand_ins import RequestedLine
from portal.cases.effects.step_context import ActedBy
from portal.config import Settings
from portal.extensions import Busy, db, writing
from portal.flow import Actor, StepRefused
from portal.models import Case, Order, OrderLine, Policy, User
from portal.orders import ledger


def main(folder: str, seed: str) -> None:
    app = create_app(Settings(data=Path(folder), secret_key="fault"))
    pick = random.Random(int(seed))
    with app.app_context():
        people = dict(db.session.execute(select(User.member_name, User.id)).all())
        lines = db.session.execute(select(OrderLine.id, OrderLine.order_id)).all()
        policy_id = db.session.scalars(select(Policy.id)).first() or 0
        print("ready", flush=True)
        while True:
            try:
                with writing():
                    said = _one(pick, people, lines, policy_id)
            except (StepRefused, ledger.NotEnough, Busy):
                continue
            print(*said, flush=True)


def _one(pick: random.Random, people: dict[str, int], lines: Sequence[Any], policy_id: int) -> tuple[int, int]:
    """One change, answered by (case id, version)."""
    now = clock.now()
    open_ids = list(db.session.scalars(select(Case.id).where(Case.state.in_(("applied", "returning"))).limit(20)))
    buyer = ActedBy(Actor.BUYER, people["buyer"], "buyer")
    if len(open_ids) < 5 or pick.random() < 0.3:
        line_id, order_id = pick.choice(lines)
        case = opening.open_case(
            by=buyer,
            order=db.session.get_one(Order, order_id),
            wanted=[RequestedLine(line_id, 1_000)],
            reason="damaged",
            description="破损",
            receiver=("李雯", "13425059650", "成都"),
            freight_payer="seller",
            basis="",
            policy_id=policy_id,
            photos=[],
            now=now,
        )
        return case.id, 1
    case = db.session.get_one(Case, pick.choice(open_ids))
    if case.state == "applied" and pick.random() < 0.5:
        case = taking.take(case.id, "agree", by=ActedBy(Actor.SELLER, people["seller"], "seller"), now=now)
    else:
        case = taking.take(case.id, "withdraw", by=buyer, now=now)
    assert case.state in set(flow.State)
    return case.id, case.version


if __name__ == "__main__":
    main(*sys.argv[1:])
