"""What a batch says of its rows: what became of each, what was refused or not believed and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from portal.orders.export_format import OrderRows
from portal.orders.importing.collisions import Refused
from portal.orders.importing.doubts import CALLED_OFF, SENT, Doubt
from portal.orders.importing.merging import Merge
from portal.orders.importing.report import Disbelieved, Outcome, Report, RowResult


class Outcomes:
    """The results of some orders, as they are found."""

    def __init__(self) -> None:
        self.results: list[RowResult] = []
        self._order_outcomes: list[Outcome] = []
        self._line_outcomes: dict[Outcome, int] = defaultdict(int)
        self._warnings = 0
        self._disbelieved: list[list[Disbelieved]] = []  # by order

    def count_into(self, report: Report) -> None:
        """Add what this batch did."""
        for outcome in self._order_outcomes:
            report.orders.add(outcome)
        for outcome, number in self._line_outcomes.items():
            report.lines.add(outcome, number)
        report.warnings += self._warnings
        for cells in self._disbelieved:
            report.disbelieve(cells)

    def done(self, order: OrderRows, outcome: Outcome, of_lines: dict[int, Outcome] | None = None) -> None:
        """An order and its lines are new, updated or unchanged; ``of_lines``: by row, where they differ."""
        self._order_outcomes.append(outcome)
        for line in order.lines:
            of_line = outcome if of_lines is None else of_lines[line.row]
            self._line_outcomes[of_line] += 1
            self.results.append(RowResult(line.row, order.order_no, of_line, sheet=order.sheet))

    def compared(self, order: OrderRows, merged: Merge) -> None:
        """A known order was compared with what a file says of it."""
        new = {line.row for _key, line in merged.lines.new}
        updated = {merged.lines.row_of[line_id] for line_id, _milli in merged.lines.quantities}
        of_lines = {
            line.row: Outcome.NEW if line.row in new else Outcome.UPDATED if line.row in updated else Outcome.UNCHANGED
            for line in order.lines
        }
        self.done(order, Outcome.UPDATED if merged.changes else Outcome.UNCHANGED, of_lines)
        self.warn_all(order, merged.notes)

    def refuse(self, order: OrderRows, problem: Refused) -> None:
        """An order was refused, its lines with it."""
        self._order_outcomes.append(Outcome.REFUSED)
        for number, line in enumerate(order.lines):
            self._line_outcomes[Outcome.REFUSED] += 1
            sentence = problem.sentence if number == 0 else f"所属订单（第 {order.row} 行）未能导入"
            self.results.append(
                RowResult(
                    line.row,
                    order.order_no,
                    Outcome.REFUSED,
                    problem.column if number == 0 else "",
                    sentence,
                    order.sheet,
                )
            )

    def disbelieve(self, order: OrderRows, doubts: Sequence[Doubt]) -> None:
        """Something that the file says wasn't believed."""
        self._disbelieved.append([Disbelieved(each.row, order.order_no, *each[1:5]) for each in doubts])
        for each in doubts:
            sentence = each.why
            if each.why in (CALLED_OFF, SENT):
                sentence += f"，导出显示「{each.said}」，保留这里的状态"
            elif "保留" not in sentence:
                sentence += f"，表格中为「{each.said}」" if each.said else ""
                sentence += f"，保留「{each.kept}」" if each.kept else ""
            self.results.append(
                RowResult(each.row, order.order_no, Outcome.DISBELIEVED, each.column, sentence, order.sheet)
            )

    def warn_all(self, order: OrderRows, said: Iterable[tuple[str, str]]) -> None:
        """Something to know of each of some columns of an order."""
        for column, sentence in said:
            self.warn(order, order.row, column, sentence)

    def warn(self, order: OrderRows, row: int, column: str, sentence: str) -> None:
        """Something to know of a row."""
        self.warn_at(order.sheet, row, order.order_no, column, sentence)

    def warn_at(self, sheet: str, row: int, order_no: str, column: str, sentence: str) -> None:
        """Something to know of a row, which may have been read before."""
        self._warnings += 1
        self.results.append(RowResult(row, order_no, Outcome.WARNING, column, sentence, sheet))
