"""Which row of a file is which line that is known: by their ids, by text only where there are none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from portal.orders.export_format import LineRow
from portal.orders.export_format.cells import CellRefused, Kind, convert, in_fen


class KnownLine(NamedTuple):
    """A line as it is known; money in 分, quantities in thousandths."""

    id: int
    line_key: str
    position: int
    offer_id: str
    sku_id: str
    cargo_no: str
    title: str
    spec: str
    unit_price_fen: int
    quantity_milli: int
    claimed_milli: int
    own_paid_fen: int | None = None
    own_status: str = ""
    price_said: str | None = None  # 单价 as its row had it

    @property
    def exact_price(self) -> Decimal | None:
        """元, in parts of a 分 where its row said so; None where it said none, or that of another unit."""
        price = _read_price(self.price_said) if self.price_said else None
        return price if price is not None and in_fen(price) == self.unit_price_fen else None

    @property
    def price(self) -> Decimal:
        """元, as exact as it is known."""
        exact = self.exact_price
        return Decimal(self.unit_price_fen) / 100 if exact is None else exact


@lru_cache(maxsize=4096)
def _read_price(said: str) -> Decimal | None:
    try:
        price, _note = convert(said, Kind.PRICE, len(said))
    except CellRefused:
        return None
    return price if isinstance(price, Decimal) else None


def pair_lines(
    known: Sequence[KnownLine], said: Sequence[LineRow]
) -> tuple[list[tuple[KnownLine, LineRow]], list[LineRow], list[KnownLine]]:
    """The pairs, and what is left over on either side."""
    of_known: dict[str, list[KnownLine]] = defaultdict(list)
    of_said: dict[str, list[LineRow]] = defaultdict(list)
    for line in sorted(known, key=lambda each: each.position):
        of_known[_identity(line.sku_id, line.line_key)].append(line)
    for row in said:
        of_said[_identity(row.sku_id, row.key)].append(row)
    pairs: list[tuple[KnownLine, LineRow]] = []
    unknown: list[LineRow] = []
    missing: list[KnownLine] = []
    for identity in of_known.keys() | of_said.keys():
        lines, rows = of_known.get(identity, []), of_said.get(identity, [])
        if lines and rows and len(lines) != len(rows) and _come_to_the_same(lines, rows):
            pairs += [(line, _as_known(rows[0], line)) for line in lines]
            continue
        for alike in _ALIKE:
            for row in list(rows):
                found = next((line for line in lines if alike(line, row)), None)
                if found is not None:
                    pairs.append((found, row))
                    lines.remove(found)
                    rows.remove(row)
        unknown += rows
        missing += lines
    return pairs, sorted(unknown, key=lambda each: each.row), sorted(missing, key=lambda each: each.position)


def _identity(sku_id: str, key: str) -> str:
    return f"sku {sku_id}" if sku_id else re.sub(r"#[0-9]+$", "", key)


def may_be(line: KnownLine, row: LineRow) -> bool:
    """Whether their offers don't tell them apart; an export may lack the column."""
    return line.offer_id == row.offer_id or not line.offer_id or not row.offer_id


# How alike two lines of one identity are, the most alike first.
_ALIKE: tuple[Callable[[KnownLine, LineRow], bool], ...] = (
    lambda line, row: (
        (line.unit_price_fen, line.quantity_milli, line.title, line.spec, line.offer_id)
        == (row.unit_price_fen, row.quantity_milli, row.title, row.spec, row.offer_id)
    ),
    lambda line, row: (
        may_be(line, row) and (line.unit_price_fen, line.title, line.spec) == (row.unit_price_fen, row.title, row.spec)
    ),
    lambda line, row: (
        may_be(line, row) and (line.unit_price_fen, line.quantity_milli) == (row.unit_price_fen, row.quantity_milli)
    ),
    lambda line, row: may_be(line, row) and line.unit_price_fen == row.unit_price_fen,
    may_be,
)


def _come_to_the_same(lines: Sequence[KnownLine], rows: Sequence[LineRow]) -> bool:
    """Whether one has in one row what the other has in several: the same goods at one price, the same quantity."""
    prices = {line.unit_price_fen for line in lines} | {row.unit_price_fen for row in rows}
    offers = {line.offer_id for line in lines} | {row.offer_id for row in rows}
    quantity = sum(line.quantity_milli for line in lines)
    return len(prices) == 1 and len(offers - {""}) <= 1 and quantity == sum(row.quantity_milli for row in rows)


def _as_known(row: LineRow, line: KnownLine) -> LineRow:
    return row._replace(quantity_milli=line.quantity_milli)
