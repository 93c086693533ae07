"""The cells of an order export: what each kind of column may hold, and what we make of it.

Text, money and quantities are read by ``portal/inputs.py``; here is what spreadsheets add to them.
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

from portal import inputs
from portal.sheets import Fault, Number

SHANGHAI = timezone(timedelta(hours=8))  # no summer time since 1991, and no orders before
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

_PRICE = re.compile(r"([0-9]{1,8}|[0-9]{1,3}(?:,[0-9]{3}){1,2})(\.[0-9]{1,6})?")
_QUANTITY = re.compile(r"([0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2})(?:\.([0-9]{1,3}))?")
_DAYS = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")  # the number of a day, as spreadsheets keep dates
_NOISE = re.compile(r"-?[0-9]+\.[0-9]{10,18}")  # the fraction of a binary number: 37.019999999999996 was 37.02
_SIMPLE = re.compile(r"[1-9][0-9]*(?:\.[0-9]*[1-9])?")
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


def clean(text: str, longest: int) -> tuple[str, str]:
    """(the text as it is kept, a note when something of it was left out).

    ``longest`` is in code points, as columns count. Raises CellRefused for what can't be stored and for too much.
    """
    kept, note = text.strip(), ""
    if not (kept.isprintable() and unicodedata.is_normalized("NFC", kept)):
        kept = inputs.text(text, limit=longest)
        note = "含有看不见的字符,已去掉" if inputs.was_cleaned(text, kept) else ""
    if len(kept) > longest:
        raise CellRefused(f"最多 {longest} 个字,现在有 {len(kept)} 个")
    return kept, note


def shown(cell: str) -> str:
    """A cell as a person sees it in the spreadsheet, without formatting."""
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
    text = inputs.fold(_id(cell))
    if not _ORDER_NO.fullmatch(text):
        raise CellRefused("订单编号应为数字")
    return text


def _number(cell: str) -> str:
    """A cell's number as it was meant, folded, with ``-`` before it or nothing."""
    text = inputs.fold(shown(cell)).replace(" ", "")
    if _NOISE.fullmatch(text):
        text = _plain(Number(text))
    if text.startswith("(") and text.endswith(")"):  # how accountants write minus
        text = f"-{text[1:-1]}"
    return text.removeprefix("+")


def _adjustment(cell: str) -> int:
    text = _number(cell)
    fen = inputs.money(text.removeprefix("-"))
    return -fen if text.startswith("-") else fen


def _money(cell: str) -> int:
    fen = _adjustment(cell)
    if fen < 0:
        raise CellRefused("金额不能为负数")
    return fen


def _price(cell: str) -> Decimal:
    text = _number(cell)
    found = _PRICE.fullmatch(text.removeprefix("¥").removeprefix("￥").removesuffix("元"))
    if text.startswith("-"):
        raise CellRefused("单价不能为负数")
    if not found:
        raise CellRefused(f"「{shown(cell)[:30]}」不能用:请填写单价,最多六位小数,例如 0.035")
    return Decimal(found[1].replace(",", "") + (found[2] or ""))


def _quantity(cell: str) -> int:
    found = _QUANTITY.fullmatch(_number(cell))  # wholesale goods come in more than the six digits that a form takes
    milli = int(found[1].replace(",", "")) * 1_000 + int((found[2] or "").ljust(3, "0")) if found else 0
    if milli <= 0:
        raise CellRefused(f"「{shown(cell)[:30]}」不能用:请填写大于 0 的数量,最多三位小数")
    return milli


def _moment(cell: str, dates_from_1904: bool) -> datetime:
    text = inputs.fold(shown(cell))
    try:
        if found := _MOMENT.fullmatch(text):
            moment = datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
        elif _DAYS.fullmatch(text):
            first_day = _FIRST_DAY_1904 if dates_from_1904 else _FIRST_DAY
            moment = first_day + timedelta(seconds=round(float(text) * 86_400))
        else:
            raise ValueError(text)
        if not 1990 <= moment.year <= 2100:
            raise ValueError(text)
    except ValueError:
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
    try:
        value = _READERS[kind](cell)
        if not isinstance(value, str):
            return value, ""
        value, note = clean(value, longest)
    except inputs.InputRefused as problem:
        said = "" if kind is Kind.TEXT else f"「{shown(cell)[:30]}」不能用:"
        raise CellRefused(f"{said}{problem.sentence}") from None
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
