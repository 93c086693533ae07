"""What becomes of the rows of an export: lines, parcels, orders, and problems with their sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from portal import inputs
from portal.orders.export_format.amounts import note_unit
from portal.orders.export_format.cells import parcels_of
from portal.orders.export_format.columns import Column
from portal.sheets import Row

MOST_LINES = 2_000  # of one order


KEY_LENGTH = 400


MOST_KNOWN = 1_000  # values of a column that are remembered


CUT_AT = re.compile(r"[0-9]{15}0{1,}")  # what a spreadsheet leaves of a longer number: zeros after the 15th digit


NOT_TAKEN = "{sentence}；这一格没有采用，原文已保留"


class Lost(StrEnum):
    """What a problem cost."""

    NOTHING = "warning"
    LINE = "line"  # the line in its row
    ORDER = "order"  # the order that begins in its row, and the line in it
    EMPTY = "empty"  # an order all of whose lines were lost before


class Problem(NamedTuple):
    """What is wrong in a row (as a spreadsheet counts, from 1) and column (its heading, or "")."""

    row: int
    column: str
    sentence: str
    lost: Lost = Lost.LINE
    order_no: str = ""
    sheet: str = ""  # its name, when it isn't the first


class LineRow(NamedTuple):
    """One line of an order. Money in 分, quantity in thousandths.

    ``unit_price`` is what the row said, in 元: wholesale prices may be parts of a 分. ``unit_price_fen`` is rounded
    half up and only good for showing; amounts are reckoned from ``unit_price`` (or the snapshot) and rounded once.
    ``key`` tells the lines of an order apart, also when they are imported again: it is made of their ids, and of what
    is shown only where there are none, since a shop relabels its goods.
    ``snapshot`` is the row's own words about the goods, by heading. ``own_paid_fen`` and ``own_status``: what was paid
    for this line alone, and that it alone has ended, where rows say so.
    ``refund_closed``: that a refund of it was withdrawn.
    """

    row: int
    key: str
    title: str
    spec: str
    unit: str
    unit_price: Decimal
    unit_price_fen: int
    quantity_milli: int
    cargo_no: str
    offer_id: str
    sku_id: str
    sku_cargo_no: str
    snapshot: dict[str, str]
    own_paid_fen: int | None = None
    own_status: str = ""
    refund_closed: bool = False


class Parcel(NamedTuple):
    """One parcel of an order, as far as the row told: any of the three may be ""."""

    carrier_code: str
    carrier_name: str
    tracking_no: str


@dataclass(slots=True)
class OrderRows:
    """One order with its lines. Texts are "" and numbers None where the file said nothing; moments are aware UTC."""

    row: int
    order_no: str
    status: str  # a value of STATUSES, or unknown
    status_text: str
    buyer_company: str = ""
    buyer_member: str = ""
    seller_company: str = ""
    seller_member: str = ""
    goods_total_fen: int | None = None
    freight_fen: int | None = None
    adjustment_fen: int | None = None
    paid_fen: int | None = None
    ordered_at: datetime | None = None
    paid_at: datetime | None = None
    receiver_name: str = ""
    receiver_address: str = ""
    receiver_tel: str = ""
    receiver_mobile: str = ""
    buyer_note: str = ""
    carrier_text: str = ""
    tracking_text: str = ""
    is_dropship: bool | None = None
    downstream_channel: str = ""
    downstream_order_no: str = ""
    more: dict[str, str] = field(default_factory=dict)
    lines: list[LineRow] = field(default_factory=list)
    whole: bool = True  # False: rows of it were refused, so that its lines needn't add up to its sum
    sheet: str = ""  # its name, when it isn't the first

    @property
    def parcels(self) -> list[Parcel]:
        """The parcels that 物流公司 and 运单号 name together."""
        return [Parcel(*each) for each in parcels_of(self.carrier_text, self.tracking_text)]


def is_cut(order_no: str) -> bool:
    """Whether this number may be what a spreadsheet left of a longer one: 16 digits or more, zeros after the 15th."""
    return CUT_AT.fullmatch(order_no) is not None


def goods_of(lines: Iterable[LineRow]) -> Decimal:
    """What lines come to, in 分 and parts of one."""
    return sum((line.unit_price * line.quantity_milli for line in lines), Decimal()) / 10


def may_lose(price: Decimal, milli: int) -> int:
    """How many 分 a line's own sum may miss its price (元) times its quantity: the price may be a sum divided by it.

    One piece at whole 分 misses none: nothing was divided.
    """
    return 0 if milli == 1000 and price * 100 % 1 == 0 else 1


def adds_up(lines: Sequence[LineRow], goods_total_fen: int) -> bool:
    """Whether lines come to this sum, but for what may be lost in each by rounding."""
    most = sum(may_lose(line.unit_price, line.quantity_milli) for line in lines)
    return abs(goods_of(lines) - goods_total_fen) <= most


def is_heading_again(row: Row, headings: Mapping[int, str]) -> bool:
    """Whether a row only repeats the headings, as pages that were put together do."""
    said = {place: text.strip() for place, text in row.cells.items() if place in headings and text.strip()}
    return len(said) > 2 and all(headings[place] == text for place, text in said.items())


_TOTALS = frozenset("合计 总计 小计 共计 总和 汇总 本页合计 本页小计 总合计 total sum".split())


_COUNTED_TOTAL = re.compile(r"(?:合计|总计|小计|共计|汇总)[:：]?[0-9]+(?:单|条|笔|件|个|行|张订单|个订单)")
_MARKS = frozenset("必填 选填 非必填 可选 必填项 选填项 必须 文本 数字 日期".split())  # under headings
_REMARK = re.compile(
    "(?:导出|打印|制表|生成|统计|下载|合计|总计|共计|共|以上|以下|备注|说明|注)[^0-9]{0,12}(?:[:：]|[0-9]|$)"
)


def name_total(row: Row, order_no_at: int, title_at: int = -1) -> str:
    """What a row of sums calls itself in the place of a number, or of the goods; "" for a row of an order."""
    title = row.cells.get(title_at, "").strip()
    if _is_total(title):
        return title
    words = [text.strip() for place, text in sorted(row.cells.items()) if text.strip()]
    said = row.cells.get(order_no_at, "").strip() or next(filter(_is_total, words), words[0] if words else "")
    if len(words) == 1 and order_no_at in (min(row.cells), max(row.cells)) and _REMARK.match(said):
        return said[:40]
    if set(words) <= _MARKS:
        return said
    others = [text for text in words if text != said and not any(each.isdigit() for each in text)]
    return said if _is_total(said) and not others else ""


def _is_total(text: str) -> bool:
    plain = "".join(text.split()).rstrip(":：").casefold()
    return plain in _TOTALS or _COUNTED_TOTAL.fullmatch(plain) is not None


_PEOPLE = ("seller_member", "buyer_member")


def are_others(order: OrderRows, cells: Mapping[int, object], places: Mapping[int, Column]) -> bool:
    """Whether a row with an order's number is another shop's order: its cells name other people on both sides."""
    if is_cut(order.order_no):
        return False
    said = {column.key: cells.get(place) for place, column in places.items() if column.key in _PEOPLE}
    pairs = [(said.get(key), inputs.member_key(getattr(order, key))) for key in _PEOPLE]
    return all(isinstance(cell, str) and cell.strip() and known and _key_of(cell) != known for cell, known in pairs)


def _key_of(cell: str) -> str:
    return inputs.member_key(inputs.seen(cell))


def judge_unit(number: int, unit: str, values: dict[str, Any]) -> list[Problem]:
    """What is wrong with a quantity that says its own unit, in the row of this number."""
    doubt = note_unit(unit, values.get("unit", ""), values.get("quantity_milli", 0))
    return [Problem(number, "数量", doubt, Lost.NOTHING)] if doubt else []
