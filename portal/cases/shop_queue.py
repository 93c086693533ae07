"""The seller's queue: one page of a list by key, the numbers on the tabs, the next case of the same list."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select

from portal.cases import piles
from portal.cases.piles import DONE, PAGE, Key
from portal.cases.queue_filters import NO_FILTERS, Filters, is_application
from portal.columns import CaseListed
from portal.extensions import db
from portal.flow import State
from portal.models import Case, CaseTally
from portal.prepared import Prepared, list_columns
from portal.versioned import Versioned
from portal.words import BEIJING

SOON = timedelta(hours=24)  # from here on the time left is shown in another colour
_case, _tally = (table.__table__.c for table in (Case, CaseTally))


def measure_today(now: datetime) -> dict[str, datetime]:
    """The moments that the lists by time go by; a day ends at 24:00 in the shop's own time."""
    local = now.astimezone(BEIJING)
    tonight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return {"now": now, "soon": now + piles.RISK, "tonight": tonight}


def _select(
    shop_id: int,
    tab: str,
    now: datetime,
    filters: Filters,
    states: frozenset[State] | None,
    after: Key | None,
    sort: str = "",
) -> tuple[Select[*tuple[object, ...]], dict[str, object]]:
    query = filters.narrow(piles.build_list(tab, states, next_page=after is not None, sort=sort), now)
    if filters.did:  # few: found by what happened and put in order then, not looked for along the whole order
        query = query.order_by(None).order_by(func.coalesce(_case.opened_at, _case.updated_at).desc(), _case.id.desc())
    values: dict[str, object] = {"shop_id": shop_id}
    if tab in piles.TIMED:
        values |= measure_today(now)
    if after is not None:
        values["at"], values["id"] = after
    return query, values


def list_page(
    shop_id: int,
    tab: str,
    now: datetime,
    *,
    filters: Filters = NO_FILTERS,
    states: frozenset[State] | None = None,
    after: Key | None = None,
    sort: str = "",
    size: int = PAGE,
) -> tuple[Sequence[Any], Key | None]:
    """One page of a list, and the key the next one begins after. ``states``: those that a role sees."""
    query, values = _select(shop_id, tab, now, filters, states, after, sort)
    if filters == NO_FILTERS:
        rows = _prepare_page(tab, states, after is not None, sort).list_rows(**values, most=size + 1)
    else:
        rows = list_columns(query.limit(size + 1), values)
    if len(rows) <= size:
        return rows, None
    return rows[:size], key_of(rows[size - 1], tab, sort)


@cache
def _prepare_page(tab: str, states: frozenset[State] | None, next_page: bool, sort: str) -> Prepared:
    """One of ``piles.build_list``'s few statements with its limit."""
    return Prepared(piles.build_list(tab, states, next_page=next_page, sort=sort).limit(bindparam("most")))


def list_ids(
    shop_id: int,
    tab: str,
    now: datetime,
    most: int,
    *,
    filters: Filters = NO_FILTERS,
    states: frozenset[State] | None = None,
) -> Sequence[int]:
    """The ids of all cases of a list, in no order; no more than ``most``."""
    query, values = _select(shop_id, tab, now, filters, states, None)
    return db.session.scalars(query.with_only_columns(_case.id).order_by(None).limit(most), values).all()


def key_of(row: CaseListed, tab: str, sort: str = "") -> Key:
    """Where a case stands in a list."""
    return getattr(row, piles.find_sort(tab, sort).column), row.id


def count_tabs(
    shop_id: int,
    now: datetime,
    tabs: Sequence[str] = tuple(piles.TABS),
    states: frozenset[State] | None = None,
    *,
    version: Hashable | None = None,
) -> dict[str, int]:
    """The number on each tab: of ended cases and of all, by counters kept with them; of others at most piles.SHOWN.

    ``version``: of the shop, read before; what doesn't hang on the time is kept under it.
    """
    timed = tuple(tab for tab in tabs if tab in piles.TIMED)
    found = _count_open(shop_id, timed, states, **measure_today(now)) if timed else {}
    untimed = tuple(tab for tab in tabs if tab not in piles.TIMED)
    found |= (
        _count_untimed(shop_id, untimed, states)
        if version is None
        else _counted.find((shop_id, version, untimed, states), lambda: _count_untimed(shop_id, untimed, states))
    )
    return {tab: found[tab] for tab in tabs}


_counted: Versioned[dict[str, int]] = Versioned("queue_counts")


def _count_open(
    shop_id: int, tabs: tuple[str, ...], states: frozenset[State] | None, **times: datetime
) -> dict[str, int]:
    (counted,) = _prepare_counts(tabs, states).list_rows(shop_id=shop_id, **times)
    return {tab: min(number, piles.SHOWN) for tab, number in zip(tabs, counted, strict=True)}


def _count_untimed(shop_id: int, tabs: tuple[str, ...], states: frozenset[State] | None) -> dict[str, int]:
    """The numbers that only change when a case does, and with it the shop's version."""
    open_tabs = tuple(tab for tab in tabs if tab not in DONE)
    found = _count_open(shop_id, open_tabs, states) if open_tabs else {}
    if DONE & set(tabs):
        kept = {row.state: row.number for row in _TALLIES.list_rows(shop_id=shop_id)}
        found["completed"] = kept.get(State.COMPLETED, 0)
        found["closed"] = sum(kept.get(state, 0) for state in (State.CLOSED, State.WITHDRAWN, State.CONVERTED))
        found["every"] = sum(number for state, number in kept.items() if states is None or state in states)
    return found


@cache
def _prepare_counts(tabs: tuple[str, ...], states: frozenset[State] | None) -> Prepared:
    return Prepared(piles.build_counts(tabs, states))


_TALLIES = Prepared(select(_tally.state, _tally.number).where(_tally.shop_id == bindparam("shop_id")))
# The applications of a buyer to a shop since a moment.
APPLIED: tuple[ColumnElement[bool], ...] = (
    _case.shop_id == bindparam("shop_id"),
    _case.buyer_id == bindparam("buyer_id"),
    _case.opened_at > bindparam("applied_since"),
    *is_application(_case),
)
HISTORY = timedelta(days=90)
_HISTORY = Prepared(
    select(func.count(), func.coalesce(func.sum((_case.state == "withdrawn").cast(db.Integer)), 0)).where(*APPLIED)
)


def count_history(shop_id: int, buyer_id: int, now: datetime) -> tuple[int, int]:
    """Facts about a buyer in this shop in 90 days: how many applications, how many of them withdrawn."""
    (row,) = _HISTORY.list_rows(shop_id=shop_id, buyer_id=buyer_id, applied_since=now - HISTORY)
    return int(row[0]), int(row[1])
