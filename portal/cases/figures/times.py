"""How long cases stay in each state, and whether the shop did its part in time. Medians are values really measured.

A stay in which a side called the platform counts for nothing: the clock stood still.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from portal import flow
from portal.cases.figures.counted import LEAST, cut_up
from portal.cases.handling import rank_row
from portal.flow import FINAL, WAITS_FOR, Actor, State
from portal.models import CaseEvent
from portal.prepared import Prepared, among

MOST = 2_000  # cases, the newest: each has some ten events
WHOLE = "whole"  # from the application to its end
_event = CaseEvent.__table__.c
_EVENTS = Prepared(
    select(_event.case_id, _event.step, _event.actor, _event.source, _event.target, _event.at)
    .where(_event.shop_id == bindparam("shop_id"), among(_event.case_id, "case_ids"))
    .order_by(_event.case_id, _event.version)
)
# What the clock does when a deadline has run out, by the state it does it in.
RUN_OUT = frozenset((step.name, step.source) for step in flow.STEPS if step.actor is Actor.CLOCK and step.after)
OF_SHOP = frozenset(state for state, actor in WAITS_FOR.items() if actor is Actor.SELLER)


class Stay(NamedTuple):
    """``in_time`` of a state that is the shop's to leave: True, False, or None where the shop didn't leave it."""

    case_id: int
    state: str
    length: timedelta | None  # None: not measured, because it hasn't ended or the clock stood still
    in_time: bool | None


class Median(NamedTuple):
    """The median of ``number`` stays; None of fewer than LEAST."""

    number: int
    median: timedelta | None


class Share(NamedTuple):
    """How many of ``number`` were in time; no per cent of fewer than LEAST."""

    number: int
    part: int

    @property
    def percent(self) -> int | None:
        return 100 * self.part // self.number if self.number >= LEAST else None


def load_stays(shop_id: int, case_ids: Sequence[int]) -> list[Stay]:
    """Every stay of these cases."""
    found: list[Stay] = []
    for part in cut_up(case_ids):
        events: dict[int, list[Any]] = {}
        for row in _EVENTS.list_rows(shop_id=shop_id, case_ids=part):
            events.setdefault(row.case_id, []).append(row)
        for case_id, of_case in events.items():
            found += measure_case(case_id, of_case)
    return found


def measure_case(case_id: int, events: Sequence[CaseEvent]) -> list[Stay]:
    """The stays of one case, from its events in order."""
    stays: list[Stay] = []
    entered, stood_still, late = events[0].at, False, False
    for event in events:
        stood_still = stood_still or event.step == "escalate"
        ran_out = (event.step, event.source) in RUN_OUT and event.actor == Actor.CLOCK
        late = late or ran_out
        if not event.source or event.source == event.target:
            continue
        stays.append(_end_stay(case_id, event, event.at - entered, stood_still=stood_still, late=late))
        if event.target in FINAL:
            stays.append(Stay(case_id, WHOLE, event.at - events[0].at, None))
        entered, stood_still, late = event.at, False, False
    if late:
        stays.append(Stay(case_id, events[-1].target, None, False if events[-1].target in OF_SHOP else None))
    return stays


def _end_stay(case_id: int, event: CaseEvent, length: timedelta, *, stood_still: bool, late: bool) -> Stay:
    in_time = None
    if event.source in OF_SHOP:
        in_time = False if late else True if event.actor == Actor.SELLER and not stood_still else None
    return Stay(case_id, event.source, None if stood_still else length, in_time)


def find_median(stays: Iterable[Stay], state: str) -> Median:
    """The median length of the stays in a state."""
    lengths = sorted(stay.length for stay in stays if stay.state == state and stay.length is not None)
    return Median(len(lengths), rank_row(lengths, 50) if len(lengths) >= LEAST else None)


def find_share(stays: Iterable[Stay], state: str = "") -> Share:
    """How often the shop did its part in time, in one state or in all."""
    said = [stay.in_time for stay in stays if stay.in_time is not None and (not state or stay.state == state)]
    return Share(len(said), sum(said))


def group_by_case(stays: Iterable[Stay]) -> Mapping[int, list[Stay]]:
    """The stays of each case."""
    found: dict[int, list[Stay]] = {}
    for stay in stays:
        found.setdefault(stay.case_id, []).append(stay)
    return found


STATES: tuple[str, ...] = tuple(state for state in State if state not in FINAL)
