"""办理时效: how long a shop takes for its part of a case, from the cases that ended lately.

A stay in a state counts from entering to leaving it; one in which the platform was called is left out, because the
clock stood still. Percentiles are by nearest rank: a value that was really measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from portal import flow
from portal.extensions import db
from portal.flow import State
from portal.models import Case, CaseEvent
from portal.models.cases import CLOSED, COMPLETED

LATELY = timedelta(days=30)
MOST = 2_000  # cases, the newest; a year of a small shop, ten days of a large one
ALL = "all"
# What is measured: the state that is the shop's to leave, its words, and the deadline it is compared with.
SPANS: dict[str, tuple[str, str]] = {
    State.APPLIED: ("审核申请", "seller_response"),
    State.INSPECTING: ("收货并验货（从买家寄出）", "seller_receive"),
    State.RESHIPPING: ("发出商品", "seller_reship"),
    State.REFUNDING: ("付清退款", "refund_target"),
    ALL: ("全程（从申请到完成）", ""),
}


@dataclass(frozen=True)
class Row:
    """One span: how often, the median and the 95th of a hundred; ``within`` of them kept ``target``."""

    name: str
    number: int
    median: timedelta
    most: timedelta
    target: timedelta | None
    within: int


def measure_shop(shop_id: int, now: datetime) -> tuple[list[Row], int]:
    """A row for each span that was measured, and from how many cases."""
    ended = list_ended(shop_id, now, MOST)
    spans: dict[str, list[timedelta]] = {}
    for first in range(0, len(ended), 500):
        measure_parts(load_stays(shop_id, ended[first : first + 500]), spans)
    rows = [summarise(*SPANS[state], sorted(spans[state])) for state in SPANS if spans.get(state)]
    return rows, len(ended)


def measure_answers(shop_id: int, now: datetime, most: int) -> Row | None:
    """How long applications waited for the shop's answer, or for the clock's; those withdrawn meanwhile say nothing."""
    spans: dict[str, list[timedelta]] = {}
    stays = load_stays(shop_id, list_ended(shop_id, now, most))
    measure_parts((stay for stay in stays if stay[1] != "withdraw"), spans)
    found = sorted(spans.get(State.APPLIED, []))
    return summarise(*SPANS[State.APPLIED], found) if found else None


def list_ended(shop_id: int, now: datetime, most: int) -> list[int]:
    """The cases of a shop that ended lately, at most so many of each kind of end, the newest."""
    ended: list[int] = []
    for which in (COMPLETED, CLOSED):  # each has its index
        ended += db.session.scalars(
            select(Case.id)
            .where(Case.shop_id == shop_id, text(which), Case.updated_at >= now - LATELY)
            .order_by(Case.updated_at.desc(), Case.id.desc())
            .limit(most)
        )
    return ended


def load_stays(shop_id: int, case_ids: Sequence[int]) -> Sequence[Any]:
    """The events of these cases in order, as ``measure_parts`` reads them."""
    return db.session.execute(
        select(CaseEvent.case_id, CaseEvent.step, CaseEvent.source, CaseEvent.target, CaseEvent.at)
        .where(CaseEvent.case_id.in_(case_ids), CaseEvent.shop_id == shop_id)
        .order_by(CaseEvent.case_id, CaseEvent.version)
    ).all()


def measure_parts(events: Iterable[tuple[int, str, str, str, datetime]], spans: dict[str, list[timedelta]]) -> None:
    """Add the stays of these events (case_id, step, source, target, at), in order, to ``spans``."""
    case, opened, entered, called = -1, None, None, False
    for case_id, step, source, target, at in events:
        if case_id != case:
            case, opened, entered, called = case_id, at, at, False
        called = called or step in ("escalate", "timeout_escalate", "timeout_unfulfilled")
        if source and source != target:
            if source in SPANS and entered is not None and not called:
                spans.setdefault(source, []).append(at - entered)
            entered, called = at, False
        if target == State.COMPLETED and opened is not None:
            spans.setdefault(ALL, []).append(at - opened)


def summarise(name: str, deadline: str, found: Sequence[timedelta]) -> Row:
    """One span's figures from its lengths, the shortest first; ``deadline`` is its name in flow.DEADLINES."""
    target = flow.DEADLINES.get(deadline)
    within = sum(1 for span in found if target is not None and span <= target)
    return Row(name, len(found), rank_row(found, 50), rank_row(found, 95), target, within)


def rank_row(found: Sequence[timedelta], percent: int) -> timedelta:
    return found[max(math.ceil(len(found) * percent / 100), 1) - 1]
