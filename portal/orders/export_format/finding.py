"""Where the headings of a sheet stand, and whether a sheet without known ones may hold orders all the same."""

from __future__ import annotations

from portal.orders.export_format.columns import REQUIRED
from portal.orders.export_format.headings import Headings
from portal.sheets import HEADINGS_WITHIN, Row, Table

LEAST_NUMBER = 10  # digits of an order's number or a parcel's


def headings_of(table: Table, headings: Headings) -> tuple[int, Row | None]:
    """(how many headings, in which row) of the row near the top that has most of them."""
    best: tuple[int, Row | None] = 0, None
    for row, _ in zip(table.rows(), range(HEADINGS_WITHIN), strict=False):
        if (count := headings.count(row.cells)) > best[0]:
            best = count, row
    return best


def find_strange_headings(table: Table) -> Row | None:
    """The first row near the top that may be headings nobody knows: as many words as an export needs columns."""
    for row, _ in zip(table.rows(), range(HEADINGS_WITHIN), strict=False):
        words = [text for text in row.cells.values() if text.strip() and not any(each.isdigit() for each in text)]
        if len(words) >= len(REQUIRED):
            return row
    return None


def holds_orders(table: Table, heading: Row | None, headings: Headings) -> bool:
    """Whether a sheet without the headings we need may hold orders: strange ones, or rows as wide, with long numbers;
    or numbers of orders under their own heading.
    """
    found = (headings.find(text)[0] for text in heading.cells.values()) if heading else ()
    least = 2 if any(column is not None and column.key == "order_no" for column in found) else len(REQUIRED)
    if find_strange_headings(table) is not None:
        return True
    rows = [row for row, _ in zip(table.rows(), range(HEADINGS_WITHIN), strict=False)]
    wide = [row for row in rows if sum(1 for text in row.cells.values() if text.strip()) >= least]
    return any(len(text) >= LEAST_NUMBER and text.strip().isdecimal() for row in wide for text in row.cells.values())
