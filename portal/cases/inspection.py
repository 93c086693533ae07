"""验货结果: what was sent, came, passed, didn't pass and is missing, line by line; it adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.cases.event_details import describe_condition
from portal.columns import PhotoSeen
from portal.models import CaseEvent, CaseLine


@dataclass(frozen=True)
class Counted:
    """One line's units in thousandths: ``sent`` = ``passed`` + ``failed`` + ``missing``; ``why`` they failed."""

    title: str
    spec: str
    unit: str
    sent: int
    received: int
    passed: int
    why: tuple[str, ...] = ()

    @property
    def failed(self) -> int:
        """What came and didn't pass."""
        return self.received - self.passed

    @property
    def missing(self) -> int:
        """What was sent and didn't come."""
        return self.sent - self.received


@dataclass(frozen=True)
class Result:
    """The table: a row for each line that was counted, the sum, the photos of who counted."""

    rows: tuple[Counted, ...]
    photos: tuple[PhotoSeen, ...] = ()

    @property
    def total(self) -> Counted:
        """All rows together; of goods in different units only where they share one."""
        units = {row.unit for row in self.rows}
        return Counted(
            "合计",
            "",
            units.pop() if len(units) == 1 else "",
            sum(row.sent for row in self.rows),
            sum(row.received for row in self.rows),
            sum(row.passed for row in self.rows),
        )

    @property
    def shown(self) -> tuple[Counted, ...]:
        """The rows, and their sum where there are several."""
        return (*self.rows, self.total) if len(self.rows) > 1 else self.rows

    @property
    def whole(self) -> bool:
        """Whether everything that was sent came and passed."""
        return self.total.passed == self.total.sent


COUNTING = ("dispute_goods", "revise_inspection", "accept_goods", "accept_goods_diff")


def read_result(
    lines: Sequence[CaseLine], events: Sequence[CaseEvent], photos: dict[int, list[PhotoSeen]]
) -> Result | None:
    """The result of a case's inspection; None when nothing was counted. ``events``: the newest first."""
    rows = tuple(
        Counted(
            line.title,
            line.spec,
            line.unit,
            line.quantity_milli,
            line.received_milli,
            line.accepted_milli,
            tuple(filter(None, (describe_condition(line.condition), line.inspection_note)))
            if line.accepted_milli < line.received_milli
            else (),
        )
        for line in lines
        if line.received_milli is not None
    )
    if not rows:
        return None
    counted = [event for event in events if event.step in COUNTING]
    shown = [photo for event in counted for photo in photos.get(event.version, ())]
    return Result(rows, tuple(shown))
