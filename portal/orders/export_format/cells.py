"""The cells of an order export: what each kind of column may hold, and what we make of it.

Text, money and quantities are read by ``portal/inputs.py``; here is what spreadsheets add to them.
Numbers in spreadsheets are binary floats of 15 good digits: money and quantities are read as the decimal that was
meant, and numbers of an order, a product or a parcel are refused where their end is already lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from portal import inputs
from portal.orders.export_format.amounts import plain_number, read_money, read_price, read_quantity, refuse_negative
from portal.orders.export_format.moments import SHANGHAI, read_moment
from portal.orders.export_format.refusals import CellRefused
from portal.sheets import Date, Fault, Number
from portal.waybills import is_doubtful, join_numbers, split_numbers

__all__ = ["SHANGHAI", "CellRefused", "Kind", "Value", "convert", "in_fen", "parcels_of", "shown"]

AS_TEXT = "数字过长，后几位可能已经丢失，请把该列设为文本后重新导出"
CLEANED = "含有看不见的字符，已去掉"
CUT = "以 {zeros} 结尾，请核对后几位是否已被表格软件改成了 0"
MOST_UNREAD = 1_000  # characters
SIGNIFICANT = 15  # digits of a spreadsheet's number; those after them become 0
LOOKS_LIKE_DATE = "「{text}」像是被表格软件改成的日期，请核对原来的{heading}"
DOUBTFUL = "「{number}」不像一个运单号，请核对"


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    ID = "id"  # digits that mean nothing as a number
    ORDER_NO = "order_no"
    LONG_ID = "long_id"  # an ID that is long enough for a spreadsheet to cut it
    CODE = "code"  # a text or ID that a spreadsheet may have taken for a date
    CODE_ID = "code_id"
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
_SIMPLE = re.compile(r"[1-9][0-9]*(?:\.[0-9]*[1-9])?")
_LOST = re.compile(r"\d(?:\.\d+)? ?E\+\d+|\d\.\d+ ?E[12]\d", re.IGNORECASE)
_ORDER_LABEL = re.compile(r"订?单编?号\s*:\s*")
_ORDER_NO = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{3,39}")
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_AS_DATE = re.compile(
    rf"\d{{1,2}}月\d{{1,2}}日|\d{{1,2}}月|{_MONTH}-\d{{2}}|\d{{1,2}}-{_MONTH}(?:-\d{{2}})?"
    r"|(?:19|20)\d{2}[-/](?:0?[1-9]|1[0-2])[-/](?:0?[1-9]|[12]\d|3[01])(?: 0?0:00(?::00)?)?"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/](?:0?[1-9]|[12]\d|3[01])[-/](?:19|20)\d{2}"
    r"|(?:19|20)\d{2}年\d{1,2}月(?:\d{1,2}日)?",
    re.ASCII | re.IGNORECASE,
)
_PARTS = re.compile(r"[;；,，、\n]+")
_CARRIER = re.compile(r"(.*?)\s*[(（]\s*([0-9A-Za-z_-]+)\s*[)）]")
_YES, _NO = {"是", "y", "yes", "true", "1", "√", "✓"}, {"否", "n", "no", "false", "0", "不是", "非", "×"}
_FOLDED = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), 0xFF0D)
}


def clean(text: str, longest: int) -> tuple[str, str]:
    """(the text as it is kept, a note when something of it was left out).

    ``longest`` is in code points, as columns count. Raises CellRefused for what can't be stored and for too much.
    """
    kept, note = text.strip(), ""
    if not (kept.isprintable() and unicodedata.is_normalized("NFC", kept)):
        kept = inputs.text(text, limit=longest)
        note = CLEANED if inputs.was_cleaned(text, kept) else ""
    if len(kept) > longest:
        raise CellRefused(f"最多 {longest} 个字，现在有 {len(kept)} 个")
    return kept, note


def shown(cell: str) -> str:
    """A cell as a person sees it in the spreadsheet, without formatting."""
    if isinstance(cell, Date):
        return cell.as_date
    return _plain(cell) if isinstance(cell, Number) else cell.strip()


def _plain(number: Number) -> str:
    """A number without exponent and without the noise of a binary fraction. Raises CellRefused when it isn't one."""
    if len(number) < 12 and _SIMPLE.fullmatch(number):
        return str(number)
    try:
        value = Decimal(f"{float(number):.15g}")
    except ValueError:
        raise CellRefused("不是数字") from None
    if not value.is_finite() or abs(value) >= Decimal(10) ** 20:
        raise CellRefused("数字过大")
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def show_unread(cell: str) -> str:
    """What stood in a cell that couldn't be read, as it can be kept."""
    try:
        text = shown(cell)
    except CellRefused:
        text = str(cell)
    kept = "".join(each for each in text if unicodedata.category(each) not in ("Cc", "Cs") or each == "\n")
    return kept.strip()[:MOST_UNREAD]


def read_id(cell: str) -> tuple[str, str]:
    """(an ID with full-width digits and letters folded and without what can't be seen, a note or "").

    What keeps a spreadsheet from counting (="…", an apostrophe) goes without a word. Raises CellRefused for a number
    that has lost its end.
    """
    if isinstance(cell, Number):
        text = _plain(cell)
        if len(text.partition(".")[0].lstrip("-")) > SIGNIFICANT:
            raise CellRefused(AS_TEXT)
        return text, ""
    text = seen = cell if cell.isascii() else cell.translate(_FOLDED)
    if not cell.isascii() or not cell.isprintable():
        seen = "".join(each for each in text if unicodedata.category(each) not in ("Cf", "Cc") or each.isspace())
    note = CLEANED if seen != text else ""
    seen = seen.strip()
    if seen.startswith('="') and seen.endswith('"'):
        seen = seen[2:-1]
    seen = seen.lstrip("'’‘`").strip()
    if _LOST.fullmatch(seen if seen.isascii() else inputs.fold(seen)):
        raise CellRefused(AS_TEXT)
    return seen, note


def note_lost_end(number: str) -> str:
    """What is to be said of digits that are all 0 after the fifteenth: a spreadsheet may have cut them."""
    if not (number.isascii() and number.isdecimal()) or number.startswith("0") or len(number) <= SIGNIFICANT:
        return ""
    end = number[SIGNIFICANT:]
    return CUT.format(zeros=end) if not end.strip("0") else ""


def _order_no(cell: str) -> tuple[str, str]:
    text, note = read_id(cell)
    text = inputs.fold(text)
    if found := _ORDER_LABEL.match(text):
        text = text[found.end() :]
    if not _ORDER_NO.fullmatch(text):
        raise CellRefused("订单编号应为数字")
    return text, _both(note, note_lost_end(text))


def _long_id(cell: str) -> tuple[str, str]:
    text, note = read_id(cell)
    return text, _both(note, note_lost_end(text))


def _code(cell: str) -> tuple[str, str]:
    text = shown(cell)
    return text, _note_date(cell, text, "型号")


def _code_id(cell: str) -> tuple[str, str]:
    if isinstance(cell, Date):
        return cell.as_date, _note_date(cell, cell.as_date, "货号")
    text, note = read_id(cell)
    return text, _both(note, _note_date(cell, text, "货号"))


def _note_date(cell: str, text: str, heading: str) -> str:
    if isinstance(cell, Date) or _AS_DATE.fullmatch(text):
        return LOOKS_LIKE_DATE.format(text=text[:30], heading=heading)
    return ""


def _tracking(cell: str) -> tuple[str, str]:
    """Every number of the cell, each checked by itself."""
    text, note = read_id(cell)
    numbers = split_numbers(text)
    notes = [note, *(note_lost_end(number) for number in numbers)]
    notes += [DOUBTFUL.format(number=number[:40]) for number in numbers if is_doubtful(number)]
    joined = join_numbers(numbers)
    if not notes[0] and _bare(joined) != _bare(text):
        notes.insert(0, f"按「{joined[:80]}」读取")
    return joined, ";".join(each for each in dict.fromkeys(notes) if each)


def _bare(text: str) -> str:
    """What of a cell of tracking numbers isn't blank or punctuation, for comparing."""
    return re.sub(r"[\W_]+", "", text).upper()


def _both(first: str, second: str) -> str:
    return ";".join(each for each in (first, second) if each)


def _number(cell: str) -> str:
    """A cell's number as it was meant, folded, without what can't be seen."""
    if isinstance(cell, Number):
        return _plain(cell)
    text = inputs.fold(cell)
    if not text.isascii():
        text = "".join(each for each in text if unicodedata.category(each) != "Cf")
    text = text.strip().lstrip("'")
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    bare = plain_number(text)
    return _plain(Number(bare)) if _NOISE.fullmatch(bare) else text


def _adjustment(cell: str) -> tuple[int, str]:
    return read_money(_number(cell), free=True)


def _charge(cell: str) -> tuple[int, str]:
    return refuse_negative(read_money(_number(cell), free=True))


def _money(cell: str) -> tuple[int, str]:
    return refuse_negative(read_money(_number(cell), free=False))


def _price(cell: str) -> tuple[Decimal, str]:
    return read_price(_number(cell), shown=shown(cell))


def _quantity(cell: str) -> tuple[int, str]:
    return read_quantity(_number(cell), shown=shown(cell))[0], ""


def unit_in(cell: str) -> str:
    """The unit that stands in a cell of quantities behind the number, or ""."""
    try:
        return "" if isinstance(cell, Number) else read_quantity(_number(cell), shown=cell)[1]
    except CellRefused:
        return ""


def _flag(cell: str) -> tuple[bool, str]:
    text = inputs.fold(shown(cell)).casefold()
    if text not in _YES | _NO:
        raise CellRefused(f"「{text[:30]}」应为「是」或「否」")
    return text in _YES, ""


def _text(cell: str) -> tuple[str, str]:
    return shown(cell), ""


_READERS: dict[Kind, Callable[[str], tuple[Value, str]]] = {
    Kind.TEXT: _text,
    Kind.ID: read_id,
    Kind.ORDER_NO: _order_no,
    Kind.LONG_ID: _long_id,
    Kind.CODE: _code,
    Kind.CODE_ID: _code_id,
    Kind.TRACKING: _tracking,
    Kind.MONEY: _money,
    Kind.CHARGE: _charge,
    Kind.ADJUSTMENT: _adjustment,
    Kind.PRICE: _price,
    Kind.QUANTITY: _quantity,
    Kind.FLAG: _flag,
}


def convert(cell: str, kind: Kind, longest: int, dates_from_1904: bool = False) -> tuple[Value, str]:
    """(the cell's value, a note about it or ""). The value is "" for a cell that only looks filled.

    Raises CellRefused with a sentence.
    """
    if isinstance(cell, Fault):
        raise CellRefused(f"这一格是错误值 {cell}" if cell else "这一格的公式没有结果，请粘贴为数值")
    try:
        if kind is Kind.MOMENT:
            text = _plain(cell) if isinstance(cell, Number) else read_id(inputs.fold(cell))[0]
            return read_moment(text, dates_from_1904=dates_from_1904)
        value, note = _READERS[kind](cell)
        if not isinstance(value, str):
            return value, note
        value, cleaned = clean(value, longest)
    except inputs.InputRefused as problem:
        said = "" if kind in (Kind.TEXT, Kind.CODE) else f"「{shown(cell)[:30]}」不能用："
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
