"""The cells of an order export: what each kind of column may hold, and what we make of it.

Numbers in spreadsheets are binary floats of 15 good digits: money and quantities are read as the decimal that was
meant, and numbers of an order, a product or a parcel are refused where their end is already lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from portal.sheets import Fault, Number

SHANGHAI = timezone(timedelta(hours=8))  # no summer time since 1991, and no orders before
NOISY = 10  # characters of a fraction that nobody wrote by hand
MOST_FEN = 9_999_999_999
MOST_MILLI = 999_999_999
AS_TEXT = "数字过长,后几位可能已经丢失,请把该列设为文本后重新导出"


class CellRefused(Exception):
    """A cell that can't be taken; ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    ID = "id"  # digits that mean nothing as a number
    ORDER_NO = "order_no"
    MONEY = "money"  # 分, not negative
    ADJUSTMENT = "adjustment"  # 分, either sign
    PRICE = "price"  # 元 as a Decimal, may be parts of a 分
    QUANTITY = "quantity"  # thousandths, more than 0
    MOMENT = "moment"  # aware UTC
    FLAG = "flag"


Value = str | int | bool | Decimal | datetime

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\x01-\x08\x0b-\x1f\x7f-\x9f]")
_NUMBER = re.compile(r"(-?)([0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(\.[0-9]{1,18})?")
_LOST = re.compile(r"\d(?:\.\d+)?E\+\d+", re.IGNORECASE)
_ORDER_NO = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{3,39}")
_MOMENT = re.compile(
    r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?"
    r"(?:[ T]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?)?",
    re.ASCII,
)
_PARTS = re.compile(r"[;；,，、\n]+")
_CARRIER = re.compile(r"(.*?)\s*[(（]\s*([0-9A-Za-z_-]+)\s*[)）]")
_YES, _NO = {"是", "y", "yes", "true", "1"}, {"否", "n", "no", "false", "0"}
_FIRST_DAY, _FIRST_DAY_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001  (a spreadsheet's days have no zone)


def clean(text: str) -> tuple[str, str]:
    """(the text as it is kept, a note when something of it was left out). Raises CellRefused for a NUL."""
    if text.isprintable() and unicodedata.is_normalized("NFC", text):
        return text.strip(), ""
    if "\0" in text:
        raise CellRefused("含有空字符(NUL),请检查这一格")
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")).strip()
    kept = _INVISIBLE.sub("", text)
    return (kept, "") if kept == text else (kept.strip(), "含有看不见的字符,已去掉")


def shown(cell: str) -> str:
    """A cell as a person sees it in the spreadsheet, without formatting."""
    return _plain(cell) if isinstance(cell, Number) else cell.strip()


def _plain(number: Number) -> str:
    """A number without exponent and without the noise of a binary fraction. Raises CellRefused when it isn't one."""
    try:
        value = Decimal(f"{float(number):.15g}")
    except ValueError:
        raise CellRefused("不是数字") from None
    if not value.is_finite() or abs(value) >= Decimal(10) ** 20:
        raise CellRefused("数字过大")
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _id(cell: str) -> str:
    if isinstance(cell, Number):
        text = _plain(cell)
        if len(text.partition(".")[0].lstrip("-")) > 15:
            raise CellRefused(AS_TEXT)
        return text
    text = cell.strip()
    if text.startswith('="') and text.endswith('"'):  # how some exports keep a spreadsheet from counting
        text = text[2:-1]
    text = text.removeprefix("'").strip()
    if _LOST.fullmatch(text):
        raise CellRefused(AS_TEXT)
    return text


def _order_no(cell: str) -> str:
    text = unicodedata.normalize("NFKC", _id(cell))
    if not _ORDER_NO.fullmatch(text):
        raise CellRefused("订单编号应为数字")
    return text


def _decimal(cell: str) -> Decimal:
    """A number, perhaps with ¥, 元, spaces, or commas between thousands. Raises CellRefused."""
    if isinstance(cell, Number):
        return Decimal(_plain(cell))
    text = cell.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("¥", "").removesuffix("元")
    text = text.replace(" ", "")
    if text.startswith("(") and text.endswith(")"):  # how accountants write minus
        text = f"-{text[1:-1]}"
    found = _NUMBER.fullmatch(text.removeprefix("+"))
    if not found:
        raise CellRefused(f"「{cell.strip()[:30]}」不是数字")
    plain = found[1] + found[2].replace(",", "") + (found[3] or "")
    return Decimal(_plain(Number(plain)) if len(found[3] or "") > NOISY else plain)  # 37.019999999999996 was 37.02


def _whole(value: Decimal, factor: int, finest: str) -> int:
    scaled = value * factor
    whole = int(scaled)
    if whole != scaled:
        raise CellRefused(finest)
    return whole


def _adjustment(cell: str) -> int:
    fen = _whole(_decimal(cell), 100, "金额最多两位小数")
    if abs(fen) > MOST_FEN:
        raise CellRefused("金额过大")
    return fen


def _money(cell: str) -> int:
    fen = _adjustment(cell)
    if fen < 0:
        raise CellRefused("金额不能为负数")
    return fen


def _price(cell: str) -> Decimal:
    price = _decimal(cell)
    if price < 0:
        raise CellRefused("单价不能为负数")
    if price * 100 > MOST_FEN:
        raise CellRefused("金额过大")
    _whole(price, 1_000_000, "单价最多六位小数")
    return price


def _quantity(cell: str) -> int:
    milli = _whole(_decimal(cell), 1_000, "数量最多三位小数")
    if milli <= 0:
        raise CellRefused("数量应大于 0")
    if milli > MOST_MILLI:
        raise CellRefused("数量过大")
    return milli


def _moment(cell: str, dates_from_1904: bool) -> datetime:
    text = cell.strip()
    found = None if isinstance(cell, Number) else _MOMENT.fullmatch(unicodedata.normalize("NFKC", text))
    try:
        if found:
            moment = datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
        else:
            days = float(_decimal(cell))  # the day's number, as spreadsheets keep dates
            moment = (_FIRST_DAY_1904 if dates_from_1904 else _FIRST_DAY) + timedelta(seconds=round(days * 86_400))
        if not 1990 <= moment.year <= 2100:
            raise ValueError(moment)
    except (ValueError, OverflowError, CellRefused):
        raise CellRefused(f"「{text[:30]}」不是日期时间,应如 2026-11-05 13:31:00") from None
    return moment.replace(tzinfo=SHANGHAI).astimezone(UTC)


def _flag(cell: str) -> bool:
    text = shown(cell).casefold()
    if text not in _YES | _NO:
        raise CellRefused(f"「{text[:30]}」应为「是」或「否」")
    return text in _YES


_READERS: dict[Kind, Callable[[str], Value]] = {
    Kind.TEXT: shown,
    Kind.ID: _id,
    Kind.ORDER_NO: _order_no,
    Kind.MONEY: _money,
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
        raise CellRefused(f"这一格是错误值 {cell}" if cell else "这一格的公式没有结果,请粘贴为数值")
    if kind is Kind.MOMENT:
        return _moment(cell, dates_from_1904), ""
    value = _READERS[kind](cell)
    if not isinstance(value, str):
        return value, ""
    value, note = clean(value)
    if len(value) > longest:
        raise CellRefused(f"最多 {longest} 个字,现在有 {len(value)} 个")
    if kind is Kind.ORDER_NO and len(value) >= 18 and value.endswith("0000"):
        note = "以 0000 结尾,请核对后几位是否已被表格软件改成了 0"
    return value, note


def in_fen(price: Decimal) -> int:
    """元 as whole 分, rounded half up."""
    return int((price * 100).quantize(Decimal(1), ROUND_HALF_UP))


def parcels_of(carrier_text: str, tracking_text: str) -> list[tuple[str, str, str]]:
    """(carrier's code, carrier's name, tracking number) of each parcel that the two cells name together.

    「中通快递(ZTO)」 is name and code. One carrier carries all parcels; several are taken in the order of the numbers.
    """
    numbers = [part.strip() for part in _PARTS.split(tracking_text) if part.strip()]
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
