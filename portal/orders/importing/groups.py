"""What an import did, for one screen: each kind of result with its count and first rows, the same fault once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MOST_ROWS = 200  # of one group that are kept
MOST_GROUPS = 60  # of faults; further ones are only counted
FIRST = 3  # rows that a line names
MOST_LINES = 5  # groups of one outcome on the screen of a terminal

_VALUES = re.compile(r"「[^」]*」|[0-9][0-9.,:/-]*")
_COUNTED = re.compile(rf"(?:{_VALUES.pattern})(?: (?:行|列|张|条|件|元|天|位))?")  # 「第 3 行等」, not 「第 3等 行」


class FaultRow(NamedTuple):
    """Where a fault stands and what is said of it there."""

    row: int
    sheet: str
    order_no: str
    sentence: str


@dataclass(slots=True)
class Fault:
    """The same fault in one or many rows; ``sentence`` is the first one's, ``varying`` which of its values differ."""

    outcome: str
    column: str
    sentence: str
    count: int = 0
    rows: list[FaultRow] = field(default_factory=list)
    varying: set[int] = field(default_factory=set)

    @property
    def title(self) -> str:
        """What is said of all its rows: 「第1档」等不能用 where each has a value of its own."""
        places = iter(range(len(self.sentence)))
        return _COUNTED.sub(lambda found: found[0] + ("等" if next(places) in self.varying else ""), self.sentence)

    def add(self, place: FaultRow) -> None:
        """One more row."""
        self.count += 1
        if place.sentence != self.sentence:
            values = zip(_VALUES.findall(self.sentence), _VALUES.findall(place.sentence), strict=False)
            self.varying |= {number for number, (first, own) in enumerate(values) if first != own}
        if len(self.rows) < MOST_ROWS:
            self.rows.append(place)


@dataclass(slots=True)
class Groups:
    """Results put together: orders by what became of them, faults by their kind."""

    orders: dict[str, list[FaultRow]] = field(default_factory=dict)
    faults: dict[tuple[str, str, str], Fault] = field(default_factory=dict)
    left_out: int = 0  # faults of kinds beyond MOST_GROUPS
    _last_order: str = ""

    def take(self, results: Iterable[Any]) -> None:
        """Take in what became of some rows (RowResult), in their order."""
        for result in results:
            place = FaultRow(result.row, result.sheet, result.order_no, result.sentence)
            if result.sentence:
                self._take_fault(result.outcome.value, result.column, place)
            elif result.order_no != self._last_order:
                self._last_order = result.order_no
                rows = self.orders.setdefault(result.outcome.value, [])
                if len(rows) < FIRST:
                    rows.append(place)

    def _take_fault(self, outcome: str, column: str, place: FaultRow) -> None:
        key = outcome, column, _VALUES.sub("…", place.sentence)
        fault = self.faults.get(key)
        if fault is None:
            if len(self.faults) >= MOST_GROUPS:
                self.left_out += 1
                return
            fault = self.faults[key] = Fault(outcome, column, place.sentence)
        fault.add(place)

    def of(self, outcome: str) -> list[Fault]:
        """The faults of one outcome, the most frequent first."""
        return sorted((each for each in self.faults.values() if each.outcome == outcome), key=lambda each: -each.count)

    def as_dict(self) -> dict[str, object]:
        """The groups as JSON can keep them."""
        return {
            "orders": {outcome: [row._asdict() for row in rows] for outcome, rows in self.orders.items()},
            "faults": [
                {
                    "outcome": each.outcome,
                    "column": each.column,
                    "sentence": each.title,
                    "count": each.count,
                    "rows": [row._asdict() for row in each.rows],
                }
                for each in sorted(self.faults.values(), key=lambda each: -each.count)
            ],
            "left_out": self.left_out,
        }


def describe_row(row: int, sheet: str) -> str:
    """第 3 行, with the sheet where it isn't the first."""
    return f"「{sheet}」第 {row} 行" if sheet else f"第 {row} 行"


def describe_groups(groups: Groups, counts: dict[str, tuple[int, str]]) -> list[str]:
    """A screen of lines for a terminal: for each outcome its count, the first rows, and the commonest faults.

    ``counts`` has the outcomes in the order in which they are said: how many orders, and that in words.
    """
    lines: list[str] = []
    for outcome, (count, words) in counts.items():
        lines.append(f"{outcome} {words}")
        rows = groups.orders.get(outcome, [])
        lines += [f"  {describe_row(row.row, row.sheet)}  {row.order_no}" for row in rows]
        if rows and count > len(rows):
            lines.append("  …")
        faults = groups.of(outcome)
        for fault in faults[:MOST_LINES]:
            where = "、".join(describe_row(row.row, row.sheet) for row in fault.rows[:FIRST])
            more = f" … 共 {fault.count} 行" if fault.count > FIRST else ""
            lines.append(f"  {where}{more}  {f'{fault.column}：' if fault.column else ''}{fault.title}")
        if len(faults) > MOST_LINES:
            lines.append(f"  … 还有 {len(faults) - MOST_LINES} 种情况")
    return lines
