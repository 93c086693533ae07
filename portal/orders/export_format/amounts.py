"""Money, prices and quantities as people write them into tables."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from portal import inputs
from portal.inputs import InputRefused
from portal.orders.export_format.refusals import CellRefused

_SPACES = re.compile(r"\s+")
_MINUS = str.maketrans(dict.fromkeys("−–—‐‑﹣", "-"))
_CURRENCY = r"(?:CNY|RMB|人民币|[¥￥])?"
_AMOUNT = re.compile(rf"([+-]?){_CURRENCY}([+-]?)([0-9.,]+)(?:人民币|元人民币|CNY|RMB|[元圆块¥￥])?", re.IGNORECASE)
_EACH = re.compile(r"(?:元|圆|块)?(?:/|每|一)[^\W\d_]{1,8}$")  # 18.80元/件
_NOTHING = {"包邮", "免邮", "免邮费", "免运费", "卖家包邮", "免费", "无", "没有", "-", "--", "—"}
_THOUSANDS = re.compile(r"(-?)([0-9]{1,3}(?:,[0-9]{3})+)((?:\.[0-9]*)?)")
_NUMBER = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]*))?")
_QUANTITY = re.compile(
    r"(?:共|合计|[X×*])?([0-9][0-9,]*(?:\.[0-9]*)?)(?:([^\W\d_]{1,8}|C?M[23])|\([^\W\d_]{1,8}\))?", re.IGNORECASE
)

MOST_FEN = 9_999_999_999
TO_FEN = "小数多于两位,已四舍五入到分"
TO_SIX = "小数多于六位,已四舍五入到六位"
OTHER_UNIT = "单位「{said}」与「单位」一列的「{unit}」不一致,按 {number} {unit}读取,请核对"


def plain_number(text: str) -> str:
    """A folded cell without spaces and currency, every dash a minus and in front, thousands without commas."""
    if _NUMBER.fullmatch(text):
        return text
    plain = _SPACES.sub("", text).translate(_MINUS)
    if plain.startswith("(") and plain.endswith(")"):  # how accountants write minus
        plain = f"-{plain[1:-1]}"
    if re.fullmatch(r"[0-9.,]+-", plain):  # and how their programs do
        plain = f"-{plain[:-1]}"
    found = _AMOUNT.fullmatch(plain)
    if found and not (found[1] and found[2]):
        plain = ("-" if "-" in (found[1], found[2]) else "") + found[3]
    if found := _THOUSANDS.fullmatch(plain):
        plain = f"{found[1]}{found[2].replace(',', '')}{found[3]}"
    return plain


def read_money(text: str, *, free: bool) -> tuple[int, str]:
    """(分, of either sign; a note or ""). With ``free``, words like 包邮 are 0. Raises InputRefused."""
    if free and _SPACES.sub("", text) in _NOTHING:
        return 0, ""
    plain = plain_number(text)
    found = _NUMBER.fullmatch(plain)
    if found is None:
        raise InputRefused("请填写金额,最多两位小数,例如 1234.50")
    value = Decimal(f"{found[2]}.{found[3] or '0'}")
    fen = int((value * 100).quantize(Decimal(1), ROUND_HALF_UP))
    if fen > MOST_FEN:
        raise InputRefused("请填写金额,最多两位小数,例如 1234.50")
    note = TO_FEN if fen != value * 100 else ""
    return -fen if found[1] else fen, note


def read_price(text: str, *, shown: str) -> tuple[Decimal, str]:
    """(元, at most six places, without zeros at its end; a note or ""). Raises CellRefused."""
    plain = plain_number(_EACH.sub("", _SPACES.sub("", text)))
    found = _NUMBER.fullmatch(plain)
    if found is None or len(found[2]) > 8:
        raise CellRefused(f"「{shown[:30]}」不能用:请填写单价,最多六位小数,例如 0.035")
    value = Decimal(f"{found[2]}.{found[3] or '0'}")
    if found[1] and value:
        raise CellRefused("单价不能为负数")
    rounded = value.quantize(Decimal("0.000001"), ROUND_HALF_UP)
    places = (found[3] or "").rstrip("0")
    exact = rounded.quantize(Decimal(1).scaleb(-len(places[:6]))) if rounded == value else rounded.normalize()
    return Decimal(f"{exact:f}"), "" if rounded == value else TO_SIX


def read_quantity(text: str, *, shown: str) -> tuple[int, str]:
    """(thousandths, the unit written behind the number or ""). Raises CellRefused."""
    plain = _SPACES.sub("", text)
    found = _QUANTITY.fullmatch(plain)
    number = _NUMBER.fullmatch(plain_number(found[1])) if found else None
    decimals = (number[3] or "").rstrip("0") if number else ""
    milli = 0
    if number and len(number[2]) <= 9 and len(decimals) <= 3:
        milli = int(number[2]) * 1_000 + int(decimals.ljust(3, "0"))
    if milli <= 0:
        raise CellRefused(f"「{shown[:30]}」不能用:请填写大于 0 的数量,最多三位小数")
    return milli, (found[2] or "") if found else ""


def note_unit(said: str, unit: str, milli: int) -> str:
    """What is to be said when a quantity's own unit is another than the column's; "" when they agree."""
    if not said or not unit or inputs.fold(said).casefold() == inputs.fold(unit).casefold():
        return ""
    return OTHER_UNIT.format(said=said, unit=unit, number=inputs.quantity_text(milli))
