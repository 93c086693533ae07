"""Quantities and prices in dozens: how many pieces they are, with the order's own sum as witness."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from portal import inputs
from portal.orders.export_format.rows import LineRow, Lost, OrderRows, Problem, adds_up

PIECES = {"打": 12, "dozen": 12, "dozens": 12, "doz": 12, "dz": 12, "罗": 144, "gross": 144}
UNCLEAR = (
    "数量以「{said}」计，从货品总价也看不出是几件，请换算成件数再导入，1 {said}是 {pieces} 件；"
    "若单价也按{said}计，请在「单位」一列写「{said}」"
)
AS_PIECES = "「{said}」按 {number} 件读取，这样与货品总价相符"
AS_DOZENS = "单价按{said}计，数量按 {number} {said}读取，这样与货品总价相符"
PRICE_OF_PIECE = "单价按{said}计，已除以 {pieces} 换算成每件的价格"


class Dozens(NamedTuple):
    """What a line's quantity was said in: its unit and how many pieces that is. ``unit``: of its column, or ""."""

    said: str
    pieces: int
    unit: str


def read_dozens(said: str, values: Mapping[str, Any], priced: str) -> Dozens | None:
    """A quantity in dozens of which it isn't plain what its price is for; ``priced``: the price's own unit."""
    pieces, unit = count_pieces(said), values.get("unit", "")
    if not pieces or pieces in (count_pieces(unit), count_pieces(priced)):
        return None
    return Dozens(said, pieces, unit)


def price_piece(number: int, said: str, priced: str, values: dict[str, Any]) -> list[Problem]:
    """Make the price of a dozen that of a piece, where pieces are counted; the row of this number is told."""
    pieces = count_pieces(priced)
    if not pieces or pieces in (count_pieces(said), count_pieces(values.get("unit", ""))) or "unit_price" not in values:
        return []
    exact = (values["unit_price"] / pieces).quantize(Decimal("0.000001"))
    values["unit_price"] = Decimal(f"{exact.normalize():f}")
    return [Problem(number, "单价(元)", PRICE_OF_PIECE.format(said=priced, pieces=pieces), Lost.NOTHING)]


def count_pieces(unit: str) -> int:
    """How many pieces a unit is; 0 for one that isn't dozens."""
    return PIECES.get(inputs.fold(unit).casefold(), 0)


def weigh_dozens(order: OrderRows, dozens: Mapping[int, Dozens]) -> list[Problem]:
    """Decide of all lines in dozens, by their rows, what the order's sum says they are; lines it doesn't tell of go."""
    readings = {
        AS_PIECES: [_as_pieces(line, dozens.get(line.row)) for line in order.lines],
        AS_DOZENS: order.lines,
    }
    total = order.goods_total_fen if order.whole else None
    fitting = [note for note, lines in readings.items() if total is not None and adds_up(lines, total)]
    said = [(line, dozens[line.row]) for line in order.lines if line.row in dozens]
    if len(fitting) != 1:
        order.lines = [line for line in order.lines if line.row not in dozens]
        order.whole = False
        return [
            Problem(line.row, "数量", UNCLEAR.format(said=of.said, pieces=of.pieces), Lost.LINE, order.order_no)
            for line, of in said
        ]
    order.lines = readings[fitting[0]]
    numbers = {line.row: inputs.quantity_text(line.quantity_milli) for line in order.lines}
    return [
        Problem(
            line.row, "数量", fitting[0].format(said=of.said, number=numbers[line.row]), Lost.NOTHING, order.order_no
        )
        for line, of in said
    ]


def _as_pieces(line: LineRow, of: Dozens | None) -> LineRow:
    return line._replace(quantity_milli=line.quantity_milli * of.pieces, unit=of.unit) if of else line
