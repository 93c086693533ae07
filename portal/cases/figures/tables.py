"""The figures of a period: a row for each group, and what is said of all cases together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from portal.cases.figures import costs, groups, rates, times
from portal.cases.figures.costs import Cost
from portal.cases.figures.counted import LEAST, load_counted
from portal.cases.figures.times import Median, Share
from portal.cases.queue_filters import FREIGHT, RETURNED, Filters
from portal.models import Case

SHOWN = 50  # groups; of weeks all


class Rate(NamedTuple):
    """Cases per hundred of ``orders``; nothing is said of fewer than LEAST."""

    orders: int
    number: int

    @property
    def per_hundred(self) -> float | None:
        return round(100 * self.number / self.orders, 1) if self.orders >= LEAST else None


@dataclass(frozen=True)
class Row:
    """One group. ``narrowed`` lists its cases; ``rate`` None: it has no orders of its own."""

    key: Any
    narrowed: Filters
    number: int
    rate: Rate | None
    cost: Cost
    whole: Median
    in_time: Share


class Freight(NamedTuple):
    """How many cases' freight of the way back this side bears, and what the ledger says was paid to buyers for it."""

    payer: str
    narrowed: Filters
    number: int
    fen: int


@dataclass(frozen=True)
class Figures:
    """``narrowed``: what was counted; ``left_out``: groups that aren't shown, ``in_none``: cases without a group."""

    narrowed: Filters
    number: int
    rows: list[Row]
    left_out: int
    in_none: int
    cost: Cost
    states: list[tuple[str, Median, Share]]
    in_time: Share
    freight: list[Freight]
    timed: int


def work_out(shop_id: int, filters: Filters, by: str, now: datetime, shown_at_most: int = SHOWN) -> Figures:
    """The figures of the cases that ``filters`` list; its days are both given."""
    counted, filters = load_counted(shop_id, filters, now)
    grouped = groups.group_cases(shop_id, counted, by)
    paid = costs.load_costs(shop_id, [row.id for row in counted])
    timed = [row.id for row in counted[: times.MOST]]
    stays = times.load_stays(shop_id, timed)
    keys = _put_in_order(grouped, by)
    shown = keys if by == "week" else keys[:shown_at_most]
    orders = rates.count_orders(shop_id, filters, by, shown)
    of_case = times.group_by_case(stays)
    rows = []
    for key in shown:
        of_group = [stay for case_id in grouped[key] for stay in of_case.get(case_id, ())]
        rows.append(
            Row(
                key=key,
                narrowed=groups.narrow_to(filters, by, key),
                number=len(grouped[key]),
                rate=Rate(orders.get(key, 0), len(grouped[key])) if orders else None,
                cost=costs.add_up(paid, grouped[key]),
                whole=times.find_median(of_group, times.WHOLE),
                in_time=times.find_share(of_group),
            )
        )
    states = [(state, times.find_median(stays, state), times.find_share(stays, state)) for state in times.STATES]
    return Figures(
        narrowed=filters,
        number=len(counted),
        rows=rows,
        left_out=len(keys) - len(shown),
        in_none=len(counted) - len({case_id for case_ids in grouped.values() for case_id in case_ids}),
        cost=costs.add_up(paid, paid),
        states=[row for row in states if row[1].number or row[2].number],
        in_time=times.find_share(stays),
        freight=_share_freight(counted, filters, paid),
        timed=len(timed),
    )


def _put_in_order(grouped: groups.Groups, by: str) -> list[Any]:
    """The keys: weeks as they come, others by their number."""
    if by == "week":
        return sorted(grouped)
    return sorted(grouped, key=lambda key: (-len(grouped[key]), str(key)))


def _share_freight(counted: Sequence[Case], filters: Filters, paid: dict[int, Cost]) -> list[Freight]:
    number: Counter[str] = Counter()
    fen: Counter[str] = Counter()
    for row in counted:
        if row.type in RETURNED:
            number[row.freight_payer] += 1
            fen[row.freight_payer] += paid.get(row.id, costs.NONE).freight_fen
    return [
        Freight(payer, replace(filters, freight=payer), number[payer], fen[payer]) for payer in FREIGHT if number[payer]
    ]
