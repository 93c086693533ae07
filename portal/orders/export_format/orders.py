"""Rows put together to orders, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portal.orders.export_format.cells import price_unit_in, shown, unit_in
from portal.orders.export_format.columns import LINE_COLUMNS, ORDER_COLUMNS, WITNESSES, Column, find_place
from portal.orders.export_format.dozens import Dozens, count_pieces, price_piece, read_dozens, weigh_dozens
from portal.orders.export_format.ids import say_order_no
from portal.orders.export_format.lines import Double, decide_doubles, make_line, number_lines, refuse_absurd, weigh_sums
from portal.orders.export_format.loose import drop_loose
from portal.orders.export_format.merged import Merged, weigh_shared
from portal.orders.export_format.reading import RowReader
from portal.orders.export_format.rows import (
    MOST_LINES,
    Lost,
    OrderRows,
    Problem,
    adds_up,
    are_others,
    is_cut,
    is_heading_again,
    judge_unit,
    name_total,
)
from portal.orders.export_format.statuses import MIXED, ends_differ, read_statuses, says_only_refund_closed
from portal.orders.export_format.suborders import (
    CONTRADICTS,
    PER_LINE,
    SUB_NO,
    SubRow,
    derive_price,
    may_be_sub_order,
    settle_rows,
    tell_apart,
)
from portal.orders.export_format.witnesses import Witnesses
from portal.sheets import Fault, Row
from portal.waybills import join_numbers, split_numbers

PARCELS = {column.key: column.longest for column in ORDER_COLUMNS if column.key in ("carrier_text", "tracking_text")}
_FIELDS = frozenset(OrderRows.__slots__)


class Assembly:
    """Puts rows together to orders, holding one order at a time."""

    def __init__(
        self, places: dict[int, Column], dates_from_1904: bool, sheet: str, headings: Row, merged: Merged
    ) -> None:
        self._headings = {place: text.strip() for place, text in headings.cells.items() if place in places}
        self._sheet = sheet
        self._reader = RowReader(places, dates_from_1904)
        self._witnesses = Witnesses(places, self._headings, self._reader)
        places = {place: column for place, column in places.items() if column not in WITNESSES}
        self._line_places = {place: column for place, column in places.items() if column in LINE_COLUMNS}
        self._order_places = {place: column for place, column in places.items() if column not in LINE_COLUMNS}
        self._parcel_places = {place: column for place, column in places.items() if column.key in PARCELS}
        own = (_FIELDS | {"aftersale_text", SUB_NO}) - {*PARCELS, "order_no"}
        self._own_places = {place: column for place, column in self._order_places.items() if column.key in own}
        self._order_no_at, self._title_at = find_place(places, "order_no"), find_place(places, "title")
        self._quantity_at, self._price_at = find_place(places, "quantity_milli"), find_place(places, "unit_price")
        self._merged = merged
        self._order: OrderRows | None = None
        self._doubts: list[Problem] = []  # what is to be said of its status, unless its other rows say more
        self._said = ""  # its number as the cells have it
        self._own: dict[str, object] = {}  # what the first row of the present order said of it,
        self._own_cells: dict[int, Any] = {}  # in its own cells
        self._stray_row = 0  # the row without a number that can't belong to the present order: nor may those below
        self._collided = False  # two orders have the present order's number
        self._refused_row, self._refused_no = 0, ""  # of an order that could not be taken, while its rows pass by
        self._keys: dict[str, int] = {}
        self._derives = self._price_at < 0  # there is no column of prices
        self._rows: list[SubRow] = []  # those that have the present order's number
        self._seen: dict[tuple[Any, ...], int] = {}
        self._doubles: list[Double] = []
        self._dozens: dict[int, Dozens] = {}  # of the present order's lines, by their rows
        self._shared: dict[int, int] = {}  # rows whose quantity stands in a row above
        self._loose: dict[int, Row] = {}  # rows that may be another order's: they repeat its cells, but not its number

    def take(self, row: Row) -> Iterator[OrderRows | Problem]:
        """What can be said now that this row is known."""
        if row.trouble:
            # The row may have begun an order: without it, nobody knows whose the rows below are.
            yield from self._end()
            self._refuse(row.number, "")
            yield Problem(row.number, "", row.trouble, Lost.ORDER)
            return
        if is_heading_again(row, self._headings):
            return
        if total := name_total(row, self._order_no_at, self._title_at):
            yield Problem(row.number, "", f"「{total}」一行不是订单，没有读", Lost.NOTHING)
            return
        said = say_order_no(row.cells.get(self._order_no_at, ""))
        said = self._said if said.upper() == self._said.upper() else said  # one number, however it was typed
        if said and (self._order is None or said != self._said or are_others(self._order, row.cells, self._own_places)):
            if self._refused_row and said == self._refused_no:
                yield self._orphan(row.number)
            else:
                yield from self._end()
                yield from self._begin(row, said)
        elif self._order is not None:
            yield from self._go_on(self._order, row, said)
        elif self._refused_row:
            yield self._orphan(row.number)
        else:
            yield Problem(row.number, "订单编号", "缺少订单编号，上面也没有它可以归属的订单")

    def finish(self) -> Iterator[OrderRows | Problem]:
        """The last order."""
        yield from self._end()

    def _go_on(self, order: OrderRows, row: Row, said: str) -> Iterator[OrderRows | Problem]:
        """A further row of the present order, unless it says of the order what the first row doesn't."""
        repeats, differing, of_line = self._compare_own(row)
        different = [column.heading for column in differing]
        if said and may_be_sub_order(order, [column.key for column in differing]):
            self._rows.append(SubRow(row.number, of_line, different))
            different = []
        if different:
            columns = "".join(f"「{each}」" for each in different)
            if said:
                sentence = CONTRADICTS.format(row=order.row, columns=columns)
                self._collided |= is_cut(order.order_no)
                if ends_differ(order.status, different):
                    order.status, order.status_text = "unknown", MIXED
            else:
                sentence = f"没有订单编号，{columns}又与上面的订单（第 {order.row} 行）不同，请补上订单编号再导入"
                self._stray_row = row.number
            order.whole = False
            yield Problem(row.number, "" if said else "订单编号", sentence, Lost.LINE, order.order_no)
        elif self._stray_row and not said and not repeats:
            sentence = f"没有订单编号，说不清属于第 {order.row} 行还是第 {self._stray_row} 行，请补上订单编号再导入"
            order.whole = False
            yield Problem(row.number, "订单编号", sentence, Lost.LINE, order.order_no)
        else:
            self._stray_row = 0
            if said or not (repeats or self._loose):
                self._add_parcels(order, row)
            else:
                self._loose[row.number] = row
            yield from self._line(order, row, repeated=bool(said), own=of_line)

    def _compare_own(self, row: Row) -> tuple[bool, list[Column], dict[str, object]]:
        """Whether a row repeats its order's cells, the columns in which it says something else, and what it says of
        those that may be its line's own."""
        repeats = False
        different: list[Column] = []
        of_line: dict[str, object] = {}
        for place, column in self._own_places.items():
            cell = row.cells.get(place)
            if cell is None or (not isinstance(cell, Fault) and not cell.strip()):
                continue
            if cell != self._own_cells.get(place):
                alone = Row(row.number, {place: cell})
                values, _problems, _unread = self._reader.read(alone, {place: column}, Lost.NOTHING)
                if column.key not in values:
                    continue
                if column.key in PER_LINE:
                    of_line[column.key] = values[column.key]
                if column.key != SUB_NO and values[column.key] != self._own.get(column.key):
                    different.append(column)
                    continue
            elif column.key in PER_LINE and column.key in self._own:
                of_line[column.key] = self._own[column.key]
            repeats = True
        return repeats, different, of_line

    def _orphan(self, row: int) -> Problem:
        return Problem(row, "", f"所属订单（第 {self._refused_row} 行）未能导入", Lost.LINE, self._refused_no[:40])

    def _refuse(self, row: int, order_no: str) -> None:
        self._order, self._refused_row, self._refused_no = None, row, order_no

    def _begin(self, row: Row, said: str) -> Iterator[Problem]:
        values, problems, unread = self._reader.read(row, self._order_places, Lost.ORDER)
        order_no = values.get("order_no", "") or said[:40]
        if "status_text" not in values and not any(problem.lost is Lost.ORDER for problem in problems):
            problems.append(Problem(row.number, "订单状态", "缺少订单状态", Lost.ORDER))
        yield from (problem._replace(order_no=order_no) for problem in problems)
        if any(problem.lost is Lost.ORDER for problem in problems):
            self._refuse(row.number, said)
            return
        status, said_of_it, doubts = read_statuses(values)
        self._doubts = [Problem(row.number, "订单状态", doubt, Lost.NOTHING, order_no) for doubt in doubts]
        own = {key: value for key, value in values.items() if key in _FIELDS} | {"status_text": said_of_it}
        more = {key: value for key, value in values.items() if key not in _FIELDS} | unread
        self._order, self._said = OrderRows(row=row.number, status=status, more=more, sheet=self._sheet, **own), said
        self._own, self._own_cells = values, row.cells
        self._refused_row, self._stray_row, self._collided = 0, 0, False
        self._keys, self._seen, self._doubles, self._dozens, self._shared, self._loose = {}, {}, [], {}, {}, {}
        self._witnesses.forget()
        self._rows = [SubRow(row.number, of_line := {key: values[key] for key in values.keys() & PER_LINE})]
        yield from self._line(self._order, row, repeated=True, own=of_line)

    def _line(self, order: OrderRows, row: Row, repeated: bool, own: dict[str, object]) -> Iterator[Problem]:
        values, problems, unread = self._reader.read(row, self._line_places, Lost.LINE)
        unit = unit_in(row.cells.get(self._quantity_at, ""))
        priced = price_unit_in(row.cells.get(self._price_at, ""))
        dozens = read_dozens(unit, values, priced)
        problems += price_piece(row.number, unit, priced, values)
        if unit:
            problems += [] if dozens or count_pieces(unit) else judge_unit(row.number, unit, values)
            values.setdefault("unit", unit)
        if self._derives and "quantity_milli" in values:
            price = derive_price(own, values["quantity_milli"])
            values |= {"unit_price": price} if price is not None else {}
        if not any(problem.lost is Lost.LINE for problem in problems):
            for column in LINE_COLUMNS[:3]:
                if column.key not in values:
                    sentence = f"缺少{column.heading.removesuffix('(元)')}"
                    problems.append(Problem(row.number, column.heading, sentence))
            if len(order.lines) >= MOST_LINES:
                problems.append(Problem(row.number, "", f"一个订单最多 {MOST_LINES} 行"))
        yield from (problem._replace(order_no=order.order_no) for problem in problems)
        if any(problem.lost is Lost.LINE for problem in problems):
            order.whole = False
            return
        words = {
            column.heading: value if isinstance(value, str) else shown(row.cells[place]).strip()
            for place, column in self._line_places.items()
            if (value := values.get(column.key, unread.get(column.key))) is not None
        }
        same = tuple(words.items()), tell_apart(own)
        if same in self._seen:
            self._doubles.append((len(order.lines), self._seen[same], repeated))
        self._seen.setdefault(same, row.number)
        order.lines.append(make_line(row.number, values, words, self._keys))
        self._witnesses.hear(row)
        if dozens:
            self._dozens[row.number] = dozens
        if row.shared:
            self._shared[row.number] = row.shared

    def _add_parcels(self, order: OrderRows, row: Row) -> None:
        """Where the order's cells are repeated on each row, a parcel may be named on a later one only."""
        if not any(place in row.cells for place in self._parcel_places):
            return
        values, _problems, _unread = self._reader.read(row, self._parcel_places, Lost.NOTHING)
        numbers, more = split_numbers(order.tracking_text), split_numbers(values.get("tracking_text", ""))
        new = [number for number in more if number not in numbers]
        joined = join_numbers([*numbers, *new])
        if new and len(joined) <= PARCELS["tracking_text"]:
            order.tracking_text = joined
        said, carrier = order.carrier_text, values.get("carrier_text", "")
        if carrier and carrier not in said and len(said) + len(carrier) < PARCELS["carrier_text"]:
            order.carrier_text = f"{said};{carrier}" if said else carrier

    def _end(self) -> Iterator[OrderRows | Problem]:
        order, self._order = self._order, None
        if order is None:
            return
        if not order.lines:
            yield Problem(order.row, "", "这个订单没有一行可以导入", Lost.EMPTY, order.order_no)
            return
        if self._collided or self._is_many(order):
            sentence = "这个编号的最后几位可能被表格软件改成了 0：同一个编号下有不同的订单，请重新导出，把该列设为文本"
            for line in order.lines:
                yield Problem(line.row, "订单编号", sentence, Lost.LINE, order.order_no)
            yield Problem(order.row, "", "这个订单没有一行可以导入", Lost.EMPTY, order.order_no)
            return
        again = {order.lines[place].row: first for place, first, _repeated in self._doubles}
        yield from decide_doubles(order, self._doubles, {each.row: each.different for each in self._rows})
        yield from weigh_shared(order, self._shared)
        if self._dozens:
            yield from weigh_dozens(order, self._dozens)
            order.lines = number_lines(order.lines)
        if not order.lines:
            yield Problem(order.row, "", "这个订单没有一行可以导入", Lost.EMPTY, order.order_no)
            return
        said = order.status_text
        settled = list(settle_rows(order, self._rows, again, derived=self._derives))
        if order.status_text == said or not says_only_refund_closed(said):
            yield from self._doubts
        yield from settled
        if not order.lines:
            yield Problem(order.row, "", "这个订单没有一行可以导入", Lost.EMPTY, order.order_no)
            return
        yield from drop_loose(order, self._loose)
        for row in self._loose.values():
            self._add_parcels(order, row)
        yield from self._merged.drop_spread(order)
        if order.whole:
            if refused := list(refuse_absurd(order)):
                yield from refused
                return
            yield from weigh_sums(order)
            yield from self._witnesses.weigh(order)
        yield order

    def _is_many(self, order: OrderRows) -> bool:
        """Whether a cut number holds several orders: each of the rows comes to the order's sum, together they don't."""
        total = order.goods_total_fen
        if total is None or not order.whole or self._doubles or len(order.lines) < 2 or not is_cut(order.order_no):
            return False
        return not adds_up(order.lines, total) and all(adds_up([line], total) for line in order.lines)
