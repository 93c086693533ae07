"""What an import did, row by row: counted, the first problems kept, everything in a file where one is wanted."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from portal import inputs
from portal.orders.export_format import Lost, Problem
from portal.orders.importing.groups import Groups, describe_groups
from portal.sheets import safe_cell

MOST_SHOWN = 200  # problems


class Outcome(StrEnum):
    """What became of a row, an order or a line."""

    NEW = "新增"
    UPDATED = "更新"
    UNCHANGED = "未变"
    REFUSED = "拒绝"
    WARNING = "提醒"
    DISBELIEVED = "未采信"  # something that the file says; what was known stays


class RowResult(NamedTuple):
    """What became of one row of the file, or what is to be said about it."""

    row: int
    order_no: str
    outcome: Outcome
    column: str = ""
    sentence: str = ""
    sheet: str = ""  # its name, when it isn't the first

    def without_unseen(self) -> RowResult:
        """The same, of what the file says only what can be seen: it is shown on pages and terminals."""
        order_no, column, sentence = (inputs.seen(text) for text in (self.order_no, self.column, self.sentence))
        return self._replace(order_no=order_no, column=column, sentence=sentence, sheet=inputs.seen(self.sheet))


class Disbelieved(NamedTuple):
    """Something in the file that wasn't believed: in which row and column, what is kept, what the file says, and why.

    ``kept`` and ``said`` are words for a person; either may be "" (there was nothing, or the file has nothing).
    """

    row: int
    order_no: str
    column: str
    kept: str
    said: str
    why: str


@dataclass(slots=True)
class Counts:
    """How many orders, or lines."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    def add(self, outcome: Outcome, number: int = 1) -> None:
        """Count some more."""
        name = outcome.name.lower()
        setattr(self, name, getattr(self, name) + number)

    def __str__(self) -> str:
        return f"新增 {self.new}，更新 {self.updated}，未变 {self.unchanged}，拒绝 {self.refused}"


@dataclass(slots=True)
class Report:
    """The result of an import, or with ``dry_run`` of what one would do.

    ``problems`` has the first MOST_SHOWN refusals and warnings of ``problem_count``; ``stopped`` says why the file
    could not be read to its end, or is "". ``disbelieved`` has the first MOST_SHOWN of ``disbelieved_count`` cells that
    weren't believed, of ``disbelieved_orders`` orders.
    """

    dry_run: bool = False
    orders: Counts = field(default_factory=Counts)
    lines: Counts = field(default_factory=Counts)
    new_accounts: int = 0
    new_shops: int = 0
    warnings: int = 0
    stopped: str = ""
    problems: list[RowResult] = field(default_factory=list)
    problem_count: int = 0
    disbelieved: list[Disbelieved] = field(default_factory=list)
    disbelieved_count: int = 0
    disbelieved_orders: int = 0
    groups: Groups = field(default_factory=Groups)
    _last_refused_row: int = 0

    @property
    def all_in(self) -> bool:
        """Whether nothing was refused."""
        return not (self.stopped or self.orders.refused or self.lines.refused)

    def take(self, results: list[RowResult]) -> None:
        """Keep the first problems among these."""
        results = [each.without_unseen() for each in results]
        self.groups.take(results)
        for result in results:
            if result.sentence:
                self.problem_count += 1
                if len(self.problems) < MOST_SHOWN:
                    self.problems.append(result)

    def disbelieve(self, cells: list[Disbelieved]) -> None:
        """Count what wasn't believed of one order, and keep the first."""
        self.disbelieved_count += len(cells)
        self.disbelieved_orders += bool(cells)
        for cell in cells[: MOST_SHOWN - len(self.disbelieved)]:
            kept, said = inputs.seen(cell.kept), inputs.seen(cell.said)
            self.disbelieved.append(cell._replace(kept=kept, said=said, why=inputs.seen(cell.why)))

    def refuse(self, problem: Problem) -> RowResult:
        """Count what the reading of a row cost. A row with several problems is lost once."""
        if problem.lost is Lost.NOTHING:
            self.warnings += 1
            return _result(problem, Outcome.WARNING)
        if problem.lost is Lost.EMPTY:
            self.orders.refused += 1
        elif problem.row != self._last_refused_row:
            self._last_refused_row = problem.row
            self.lines.refused += 1
            self.orders.refused += problem.lost is Lost.ORDER
        return _result(problem, Outcome.REFUSED)

    def describe(self) -> list[str]:
        """A screen of lines for a person: each kind of result with its count and first rows."""
        lines = f"、{self.lines.refused} 行明细" if self.lines.refused else ""
        counts = {
            Outcome.NEW.value: (self.orders.new, f"{self.orders.new} 张订单"),
            Outcome.UPDATED.value: (self.orders.updated, f"{self.orders.updated} 张订单"),
            Outcome.UNCHANGED.value: (self.orders.unchanged, f"{self.orders.unchanged} 张订单"),
            Outcome.DISBELIEVED.value: (0, f"{self.disbelieved_count} 处"),
            Outcome.REFUSED.value: (0, f"{self.orders.refused} 张订单{lines}"),
            Outcome.WARNING.value: (0, f"{self.warnings} 处"),
        }
        stopped = [self.stopped] if self.stopped else []
        return stopped + describe_groups(self.groups, counts)

    def summary(self) -> str:
        """One line for a person."""
        return f"订单：{self.orders}；明细行：{self.lines}；提醒 {self.warnings}"

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON can keep it."""
        kept = asdict(self)
        del kept["_last_refused_row"]
        kept["disbelieved"] = [each._asdict() for each in self.disbelieved]
        kept["groups"] = self.groups.as_dict()
        kept["problems"] = [
            {
                "row": each.row,
                "order_no": each.order_no,
                "outcome": each.outcome.value,
                "column": each.column,
                "sentence": each.sentence,
                **({"sheet": each.sheet} if each.sheet else {}),
            }
            for each in self.problems
        ]
        return kept


def _result(problem: Problem, outcome: Outcome) -> RowResult:
    return RowResult(problem.row, problem.order_no, outcome, problem.column, problem.sentence, problem.sheet)


@contextmanager
def report_file(path: str | os.PathLike[str]) -> Iterator[Callable[[RowResult], None]]:
    """Writes every row's result as CSV, in UTF-8 with a BOM for spreadsheets; nothing in it can run as a formula."""
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["行号", "订单编号", "结果", "列", "说明"])

        def write(result: RowResult) -> None:
            result = result.without_unseen()
            order_no = f"'{result.order_no}" if result.order_no else ""  # or a spreadsheet would round its last digits
            row = safe_cell(f"{result.sheet}!{result.row}") if result.sheet else result.row
            writer.writerow([row, order_no, result.outcome.value, result.column, safe_cell(result.sentence)])

        yield write
