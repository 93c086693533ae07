"""Money, prices and quantities as people write them into tables."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from portal import inputs
from portal.inputs import InputRefused
from portal.orders.export_format.refusals import CellRefused

_SPACES = re.compile(r"\s+")
_GROUPED = re.compile(
    r"(?<![0-9.,])[0-9]{1,3}(?:[ \u00a0\u2009\u202f\u3000][0-9]{3})+(?!\s*[0-9]|,(?![0-9]{1,2}(?![0-9,.])))"
)
_APART = re.compile(r"(?<=[0-9])\s+(?=[0-9])")
_MINUS = str.maketrans(dict.fromkeys("−–—‐‑﹣", "-"))
_CURRENCY = r"(?:CNY|RMB|人民币|[¥￥])?"
_AMOUNT = re.compile(
    rf"([+-]?){_CURRENCY}([+-]?)([0-9.,]+)(?:人民币|元人民币|CNY|RMB|[元圆]整|[元圆块¥￥])?", re.IGNORECASE
)
_SPOKEN = re.compile(rf"(-?){_CURRENCY}(?:([0-9]{{1,8}})[元圆块])?(?:([0-9])角)?(?:([0-9])分)?整?", re.IGNORECASE)
_EACH = re.compile(r"(?:元|圆|块)?(?:/|每|一)[^\W\d_]{1,8}$")  # 18.80元/件
_NOTHING = re.compile(
    r"(?:0(?:\.0*)?元?)?(\()?(?:(?:全国|商家|卖家|店铺|厂家)?包邮|免收?[邮运]费|免邮|[邮运]费全免|免费|免收|无|没有|-|--|—)(?(1)\))"
)
_THOUSANDS = re.compile(r"(-?)([0-9]{1,3}(?:,[0-9]{3})+)((?:\.[0-9]*)?)")
_DECIMAL_COMMA = re.compile(r"(-?)([0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{4,}),([0-9]{2})")  # 1.234,50: no other reading
_NUMBER = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]*))?")
_QUANTITY = re.compile(
    r"(?:共|合计|[X×*])?([0-9][0-9,]*(?:\.[0-9]*)?)(?:([^\W\d_]{1,8}|C?M[23])|\([^\W\d_]{1,8}\))?", re.IGNORECASE
)
_INEXACT = re.compile(  # 「1万件」 and 「1k」 are not 1, 「十几件」 not 10
    "[百十万亿几多余来半]|千(?![克米])|[kw](?![a-z])|.*(?:左右|上下|以[上下内]|起|[件个只双条片支枚]装)", re.IGNORECASE
)
_DIGITS = {digit: number for number, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
_COUNTED = re.compile(
    "(?:共|合计)?(?:([一二两三四五六七八九])百)?(?:([一二三四五六七八九])?(十))?零?([一二两三四五六七八九])?"
    "([件个只双套条箱包盒袋瓶张本支台部根块片对副顶卷米码斤桶罐组打罗]|公斤|千克)"
)

MOST_FEN = 9_999_999_999
TO_FEN = "小数多于两位，已四舍五入到分"
TO_SIX = "小数多于六位，已四舍五入到六位"
OTHER_UNIT = "单位「{said}」与「单位」一列的「{unit}」不一致，按 {number} {unit}读取，请核对"


def _close(text: str) -> str:
    """A cell without blanks, but for one between two numbers: 「2 3」 is not 23, 「1 880.00」 is one number."""
    joined = _GROUPED.sub(lambda found: _SPACES.sub("", found[0]), text)
    return _SPACES.sub("", _APART.sub("\0", joined)).replace("\0", " ")


def plain_number(text: str) -> str:
    """A folded cell without spaces and currency, every dash a minus and in front, thousands without commas."""
    if _NUMBER.fullmatch(text):
        return text
    plain = re.sub("(?<=[0-9])['’](?=[0-9]{3})", "", _close(text).translate(_MINUS))
    if plain.startswith("(") and plain.endswith(")"):  # how accountants write minus
        plain = f"-{plain[1:-1]}"
    if re.fullmatch(r"[0-9.,]+-", plain):  # and how their programs do
        plain = f"-{plain[:-1]}"
    if plain[-1:] in ("角", "分", "整") and (spoken := _SPOKEN.fullmatch(plain)) and any(spoken.groups()[1:]):
        return f"{spoken[1]}{spoken[2] or 0}.{spoken[3] or 0}{spoken[4] or 0}"
    found = _AMOUNT.fullmatch(plain)
    if found and not (found[1] and found[2]):
        plain = ("-" if "-" in (found[1], found[2]) else "") + found[3]
    if re.fullmatch(r"-?\.[0-9]+", plain):  # how some databases write what is less than one
        plain = plain.replace(".", "0.")
    if found := _THOUSANDS.fullmatch(plain):
        plain = f"{found[1]}{found[2].replace(',', '')}{found[3]}"
    return plain


def _point(plain: str) -> str:
    """A sum with a comma for its 角 and 分 with a point in its place."""
    found = _DECIMAL_COMMA.fullmatch(plain)
    return f"{found[1]}{found[2].replace('.', '')}.{found[3]}" if found else plain


def read_money(text: str, *, free: bool) -> tuple[int, str]:
    """(分, of either sign; a note or ""). With ``free``, words like 包邮 are 0. Raises InputRefused."""
    if free and _NOTHING.fullmatch(_close(text)):
        return 0, ""
    plain = _point(plain_number(text))
    found = _NUMBER.fullmatch(plain)
    if found is None:
        raise InputRefused("请填写金额，最多两位小数，例如 1234.50")
    value = Decimal(f"{found[2]}.{found[3] or '0'}")
    fen = int((value * 100).quantize(Decimal(1), ROUND_HALF_UP))
    if fen > MOST_FEN:
        raise InputRefused("请填写金额，最多两位小数，例如 1234.50")
    note = TO_FEN if fen != value * 100 else ""
    return -fen if found[1] else fen, note


def read_price(text: str, *, shown: str) -> tuple[Decimal, str]:
    """(元, at most six places, without zeros at its end; a note or ""). Raises CellRefused."""
    plain = _point(plain_number(_EACH.sub("", _close(text))))
    found = _NUMBER.fullmatch(plain)
    if found is None or len(found[2]) > 8:
        raise CellRefused(f"「{shown[:30]}」不能用：请填写单价，最多六位小数，例如 0.035")
    value = Decimal(f"{found[2]}.{found[3] or '0'}")
    if found[1] and value:
        raise CellRefused("单价不能为负数")
    rounded = value.quantize(Decimal("0.000001"), ROUND_HALF_UP)
    places = (found[3] or "").rstrip("0")
    exact = rounded.quantize(Decimal(1).scaleb(-len(places[:6]))) if rounded == value else rounded.normalize()
    return Decimal(f"{exact:f}"), "" if rounded == value else TO_SIX


def unit_of_price(text: str) -> str:
    """The unit that a price is for, as it says: 「打」 of 「216元/打」; "" where it says none."""
    found = _EACH.search(_close(text))
    return found[0].lstrip("元圆块").lstrip("/每一") if found else ""


def read_quantity(text: str, *, shown: str) -> tuple[int, str]:
    """(thousandths, the unit written behind the number or ""). Raises CellRefused."""
    plain = _count_spoken(_close(text))
    found = _QUANTITY.fullmatch(plain)
    if found and _INEXACT.match(found[2] or ""):
        found = None
    number = _NUMBER.fullmatch(plain_number(found[1])) if found else None
    decimals = (number[3] or "").rstrip("0") if number else ""
    milli = 0
    if number and len(number[2]) <= 9 and len(decimals) <= 3:
        milli = int(number[2]) * 1_000 + int(decimals.ljust(3, "0"))
    if milli <= 0:
        raise CellRefused(f"「{shown[:30]}」不能用：请填写大于 0 的数量，最多三位小数")
    return milli, (found[2] or "") if found else ""


def _count_spoken(plain: str) -> str:
    """「二十件」 as 「20件」; anything else as it is."""
    if plain in ("半打", "半罗"):
        return f"0.5{plain[1]}"
    found = _COUNTED.fullmatch(plain)
    if found is None:
        return plain
    hundreds, tens, ten, ones, unit = found.groups()
    number = 100 * _DIGITS.get(hundreds, 0) + (10 * _DIGITS.get(tens, 1) if ten else 0) + _DIGITS.get(ones, 0)
    unclear = (ten and ones == "两") or (hundreds and not ten and ones and "零" not in plain)  # 「一百五」 is 150
    return f"{number}{unit}" if number and not unclear else plain


def refuse_negative(read: tuple[int, str]) -> tuple[int, str]:
    """The amount as it was read; raises CellRefused when it is below zero."""
    if read[0] < 0:
        raise CellRefused("金额不能为负数")
    return read


def note_unit(said: str, unit: str, milli: int) -> str:
    """What is to be said when a quantity's own unit is another than the column's; "" when they agree."""
    if not said or not unit or inputs.fold(said).casefold() == inputs.fold(unit).casefold():
        return ""
    return OTHER_UNIT.format(said=said, unit=unit, number=inputs.quantity_text(milli))
