"""The cells of an order export: what each kind of column may hold, and what we make of it.

Text, money and quantities are read by ``portal/inputs.py``; here is what spreadsheets add to them.
Numbers in spreadsheets are binary floats of 15 good digits: money and quantities are read as the decimal that was
meant, and numbers of an order, a product or a parcel are refused where their end is already lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from portal import inputs
from portal.orders.export_format.amounts import (
    plain_number,
    read_money,
    read_price,
    read_quantity,
    refuse_negative,
    unit_of_price,
)
from portal.orders.export_format.ids import (
    clean,
    is_nothing,
    plain,
    read_code,
    read_code_id,
    read_id,
    read_long_id,
    read_order_no,
    read_phones,
    read_tracking,
    shown,
)
from portal.orders.export_format.moments import SHANGHAI, read_moment
from portal.orders.export_format.refusals import CellRefused
from portal.orders.export_format.statuses import read_aftersale
from portal.sheets import Date, Fault, Number
from portal.waybills import split_numbers

__all__ = ["SHANGHAI", "CellRefused", "Kind", "Value", "convert", "in_fen", "parcels_of", "shown"]

MOST_UNREAD = 1_000  # characters


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    MEMBER = "member"  # a 会员名
    WORD = "word"  # a text in whose place a dash or 无 means nothing
    AFTERSALE = "aftersale"  # a word, the same wherever it says that there is none
    ID = "id"  # digits that mean nothing as a number
    ORDER_NO = "order_no"
    LONG_ID = "long_id"  # an ID that is long enough for a spreadsheet to cut it
    CODE = "code"  # a text or ID that a spreadsheet may have taken for a date
    CODE_ID = "code_id"
    PHONE = "phone"  # telephone numbers, the cell's whole text
    TRACKING = "tracking"  # tracking numbers, joined as waybills.py does
    MONEY = "money"  # 分, not negative
    CHARGE = "charge"  # as MONEY, where 包邮 is nothing
    ADJUSTMENT = "adjustment"  # 分, either sign
    PRICE = "price"  # 元 as a Decimal, may be parts of a 分
    QUANTITY = "quantity"  # thousandths, more than 0
    MOMENT = "moment"  # aware UTC
    FLAG = "flag"


Value = str | int | bool | Decimal | datetime

_NOISE = re.compile(r"-?[0-9]+\.[0-9]{10,18}")  # the fraction of a binary number: 37.019999999999996 was 37.02
# An ID isn't among them: it may be a line's identity.
_MAY_BE_NOTHING = frozenset((Kind.WORD, Kind.MOMENT, Kind.TRACKING, Kind.LONG_ID, Kind.PHONE, Kind.FLAG))
_NO_DATE = frozenset(Kind) - {Kind.MOMENT, Kind.CODE, Kind.CODE_ID, Kind.TEXT, Kind.WORD, Kind.MEMBER, Kind.AFTERSALE}
NO_DATE = "这一格是日期「{text}」，可能是被表格软件改的，请改回原来的内容"
_FREE, AS_FREE = frozenset("赠品 赠送 免费 免费赠送 送".split()), "「{word}」按 0 元读取"
_PARTS = re.compile(r"[;；,，、\n]+")
_CARRIER = re.compile(r"(.*?)\s*[(（]\s*([0-9A-Za-z_-]+)\s*[)）]")
_YES, _NO = {"是", "y", "yes", "true", "1", "√", "✓"}, {"否", "n", "no", "false", "0", "不是", "非", "×"}


def show_unread(cell: str) -> str:
    """What stood in a cell that couldn't be read, as it can be kept."""
    try:
        text = shown(cell)
    except CellRefused:
        text = str(cell)
    kept = "".join(each for each in text if unicodedata.category(each) not in ("Cc", "Cs") or each == "\n")
    return kept.strip()[:MOST_UNREAD]


def _number(cell: str) -> str:
    """A cell's number as it was meant, folded, without what can't be seen."""
    if isinstance(cell, Number):
        return plain(cell)
    text = inputs.fold(cell)
    if not text.isascii():
        text = "".join(each for each in text if unicodedata.category(each) != "Cf")
    text = text.strip().lstrip("'")
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    bare = plain_number(text)
    return plain(Number(bare)) if _NOISE.fullmatch(bare) else text


def _adjustment(cell: str) -> tuple[int, str]:
    text = re.sub(r"^(?:优惠|立减|减免?|让利)[:：]?(?=[¥￥]?[0-9])", "-", _number(cell))
    return read_money(re.sub(r"^(?:涨价|加价|加收)[:：]?(?=[¥￥]?[0-9])", "", text), free=True)


def _charge(cell: str) -> tuple[int, str]:
    text = re.sub(r"^(?:快递费?|运费|邮费|物流费?|含运费)[:：]?(?=[¥￥]?[0-9])", "", _number(cell))
    return refuse_negative(read_money(text, free=True))


def _money(cell: str) -> tuple[int, str]:
    return refuse_negative(read_money(_number(cell), free=False))


def _price(cell: str) -> tuple[Decimal, str]:
    if cell.strip() in _FREE:
        return Decimal(0), AS_FREE.format(word=cell.strip())
    return read_price(_number(cell), shown=shown(cell))


def _quantity(cell: str) -> tuple[int, str]:
    return read_quantity(_number(cell), shown=shown(cell))[0], ""


def unit_in(cell: str) -> str:
    """The unit that stands in a cell of quantities behind the number, or ""."""
    try:
        return "" if isinstance(cell, Number) else read_quantity(_number(cell), shown=cell)[1]
    except CellRefused:
        return ""


def price_unit_in(cell: str) -> str:
    """The unit that a cell's price is for, as it says, or ""."""
    try:
        return "" if isinstance(cell, Number) else unit_of_price(_number(cell))
    except CellRefused:
        return ""


def _flag(cell: str) -> tuple[bool, str]:
    text = inputs.fold(shown(cell)).casefold()
    if text not in _YES | _NO:
        raise CellRefused(f"「{text[:30]}」应为「是」或「否」")
    return text in _YES, ""


def _text(cell: str) -> tuple[str, str]:
    return shown(cell), ""


def _member(cell: str) -> tuple[str, str]:
    return inputs.fold_member(shown(cell)), ""


def _aftersale(cell: str) -> tuple[str, str]:
    return read_aftersale("" if is_nothing(cell) else shown(cell)), ""


_READERS: dict[Kind, Callable[[str], tuple[Value, str]]] = {
    Kind.TEXT: _text,
    Kind.MEMBER: _member,
    Kind.WORD: _text,
    Kind.AFTERSALE: _aftersale,
    Kind.ID: read_long_id,
    Kind.ORDER_NO: read_order_no,
    Kind.LONG_ID: read_long_id,
    Kind.CODE: read_code,
    Kind.CODE_ID: read_code_id,
    Kind.PHONE: read_phones,
    Kind.TRACKING: read_tracking,
    Kind.MONEY: _money,
    Kind.CHARGE: _charge,
    Kind.ADJUSTMENT: _adjustment,
    Kind.PRICE: _price,
    Kind.QUANTITY: _quantity,
    Kind.FLAG: _flag,
}


def convert(
    cell: str, kind: Kind, longest: int, dates_from_1904: bool = False, zone: timezone | None = None
) -> tuple[Value, str]:
    """(the cell's value, a note about it or ""). The value is "" for a cell that only looks filled.

    ``zone``: of the times in its column; None for Beijing's.

    Raises CellRefused with a sentence.
    """
    if isinstance(cell, Fault):
        raise CellRefused(f"这一格是错误值 {cell}" if cell else "这一格的公式没有结果，请粘贴为数值")
    if isinstance(cell, Date) and kind in _NO_DATE:
        raise CellRefused(NO_DATE.format(text=cell.as_date))
    if kind in _MAY_BE_NOTHING and not isinstance(cell, Number) and is_nothing(cell):
        return "", ""
    try:
        if kind is Kind.MOMENT:
            text = plain(cell) if isinstance(cell, Number) else read_id(inputs.fold(cell))[0]
            return read_moment(text, dates_from_1904=dates_from_1904, zone=zone or SHANGHAI)
        value, note = _READERS[kind](cell)
        if not isinstance(value, str):
            return value, note
        value, cleaned = clean(value, longest)
    except inputs.InputRefused as problem:
        said = "" if kind in (Kind.TEXT, Kind.WORD, Kind.CODE) else f"「{shown(cell)[:30]}」不能用："
        raise CellRefused(f"{said}{problem.sentence}") from None
    return value, note or cleaned


def in_fen(price: Decimal) -> int:
    """元 as whole 分, rounded half up."""
    return int((price * 100).quantize(Decimal(1), ROUND_HALF_UP))


def parcels_of(carrier_text: str, tracking_text: str) -> list[tuple[str, str, str]]:
    """(carrier's code, carrier's name, tracking number) of each parcel that the two cells name together.

    「中通快递(ZTO)」 is name and code. One carrier carries all parcels; several are taken in the order of the numbers.
    """
    numbers = split_numbers(tracking_text)
    carriers: list[tuple[str, str]] = []
    for part in _PARTS.split(carrier_text):
        if part.strip():
            found = _CARRIER.fullmatch(part.strip())
            carriers.append((found[2].upper(), found[1]) if found else ("", part.strip()))
    if not numbers:
        return [(*carrier, "") for carrier in carriers]
    if len(carriers) == 1:
        carriers *= len(numbers)
    carriers += [("", "")] * (len(numbers) - len(carriers))
    return [(*carrier, number) for carrier, number in zip(carriers, numbers, strict=False)]
