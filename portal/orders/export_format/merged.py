"""Merged cells: what stands in one cell for several rows is said of each of them, but for sums and quantities.

Which cells are merged the file says itself; an empty cell alone says nothing. A quantity in one cell for two rows may
be that of each or of both: it is each one's where the order's sum says so, else all of its rows are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP

from portal.inputs import quantity_text
from portal.orders.export_format.cells import Kind
from portal.orders.export_format.columns import LINE_COLUMNS, Column
from portal.orders.export_format.ids import say_order_no
from portal.orders.export_format.lines import number_lines
from portal.orders.export_format.rows import Lost, OrderRows, Problem, adds_up, goods_of
from portal.sheets import Row

MOST_SAID = 10  # rows
FILLED = "有合并的单元格，{count} 行按合并的内容填写（第 {rows} 行），请核对"
NOT_SHARED = "和上面的订单合并成一格，这一单没有算它，请拆开合并的单元格、逐单填写后再导入"
SPREAD = "和下面的订单合并成一格，看不出这一单是多少，没有采用，请拆开合并的单元格、逐单填写后再导入"
EACH = "数量和第 {first} 行合并成一格，按每行各 {number} 读取，这样与货品总价相符"
UNCLEAR = "数量和第 {first} 行合并成一格，看不出每行各是多少，请拆开合并的单元格、逐行填写后再导入"
_OF_LINES = frozenset(("title", "spec", "unit", "cargo_no", "offer_id", "unit_price", "category"))
_SUMS = frozenset((Kind.MONEY, Kind.CHARGE, Kind.ADJUSTMENT))
_OF_ONE = frozenset(("order_no", "sub_order_no"))


class Merged:
    """Fills in the rows of a sheet, in their order."""

    def __init__(self, places: Mapping[int, Column]) -> None:
        self._places = places
        self._order_no_at = next((place for place, column in places.items() if column.key == "order_no"), -1)
        self._tops: dict[int, tuple[int, str, str]] = {}  # by column: the row of its last cell, the cell, whose it is
        self._order_no = ""
        self._filled: dict[str, list[int]] = {}  # rows by headings
        self._not_shared: list[tuple[int, str]] = []
        self._spread: dict[str, set[Column]] = {}  # sums in one cell with an order below, by the order's number

    def fill(self, row: Row) -> Row:
        """The row with what merged cells say of it."""
        own = row.cells.get(self._order_no_at, "").strip()
        self._order_no = own or self._order_no
        cells, shared = dict(row.cells), 0
        for place in row.above.keys() & self._places.keys() if any(map(str.strip, cells.values())) else ():
            top, cell, order_no = self._tops.get(place, (0, "", ""))
            column = self._places[place]
            if top != row.above[place] or cells.get(place, "").strip():
                continue
            of_line, other = column in LINE_COLUMNS, bool(own) and own != order_no
            if column.key == "quantity_milli":
                cells[place], shared = cell, top
            elif column.key in _OF_LINES or (other and not of_line and column.kind not in _SUMS | _OF_ONE):
                cells[place] = cell
                self._filled.setdefault(column.heading, []).append(row.number)
            elif other and column.kind in _SUMS:
                self._not_shared.append((row.number, column.heading))
                self._spread.setdefault(say_order_no(order_no), set()).add(column)
        for place, cell in row.cells.items():
            if cell.strip():
                self._tops[place] = row.number, cell, self._order_no
        return row._replace(cells=cells, above={}, shared=shared) if row.above else row

    def drop_spread(self, order: OrderRows) -> Iterator[Problem]:
        """Take from an order the sums that are also said of the one below, unless they are just its own."""
        spread = {column.key: column for column in self._spread.get(order.order_no, ())}
        total, paid = order.goods_total_fen, order.paid_fen
        if "goods_total_fen" in spread and total is not None and not adds_up(order.lines, total):
            order.goods_total_fen = None
            yield Problem(order.row, spread["goods_total_fen"].heading, SPREAD, Lost.NOTHING, order.order_no)
        goods = int(goods_of(order.lines).to_integral_value(ROUND_HALF_UP))
        due = goods + (order.freight_fen or 0) + (order.adjustment_fen or 0)
        if "paid_fen" in spread and paid is not None and abs(paid - due) > len(order.lines):
            order.paid_fen = None
            yield Problem(order.row, spread["paid_fen"].heading, SPREAD, Lost.NOTHING, order.order_no)

    def say(self) -> Iterator[Problem]:
        """What was filled in, and which sums weren't."""
        for heading, rows in self._filled.items():
            named = "、".join(map(str, rows[:MOST_SAID])) + (" …" if len(rows) > MOST_SAID else "")
            yield Problem(rows[0], heading, FILLED.format(count=len(rows), rows=named), Lost.NOTHING)
        for number, heading in self._not_shared:
            yield Problem(number, heading, NOT_SHARED, Lost.NOTHING)


def weigh_shared(order: OrderRows, shared: Mapping[int, int]) -> list[Problem]:
    """Decide of lines whose quantity stands in a cell above, by their rows: the order's sum is the witness."""
    said = [line for line in order.lines if line.row in shared]
    if not said:
        return []
    total = order.goods_total_fen
    if order.whole and total is not None and adds_up(order.lines, total):
        return [
            Problem(
                line.row,
                "数量",
                EACH.format(first=shared[line.row], number=quantity_text(line.quantity_milli)),
                Lost.NOTHING,
                order.order_no,
            )
            for line in said
        ]
    rows = {row: shared[row] for row in (line.row for line in said)}
    below = {top: row for row, top in rows.items()}
    gone = [line for line in order.lines if line.row in rows or line.row in below]
    order.lines = number_lines([line for line in order.lines if line not in gone])
    order.whole = False
    return [
        Problem(
            line.row,
            "数量",
            UNCLEAR.format(first=rows.get(line.row) or below[line.row]),
            Lost.LINE,
            order.order_no,
        )
        for line in gone
    ]
