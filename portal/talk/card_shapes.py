"""The shapes of bank card numbers: beginnings, lengths and the words that stand around them."""

from __future__ import annotations

import re
import sys
import unicodedata
from typing import Final

LEAST, MOST = 13, 19  # digits of a card number


CHINESE: Final = {
    ord(char): str(value)
    for chars in ("零一二三四五六七八九", "〇壹贰叁肆伍陆柒捌玖", "○")
    for value, char in enumerate(chars)
}


DIGIT: Final = {ord(char): str(unicodedata.digit(char)) for char in "⓪①②③④⑤⑥⑦⑧⑨❶❷❸❹❺❻❼❽❾⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉"} | {
    code: str(unicodedata.decimal(chr(code)))
    for code in range(0x80, sys.maxunicode + 1)
    if unicodedata.decimal(chr(code), -1) >= 0
}


_SEPARATOR = r"[\s\-‐-―−﹣－_＿.．·•・∙。,，、;；/／\\|｜~～'’`]"


_GAP = rf"(?:{_SEPARATOR}{{0,3}}+(?=[0-9])|\x00*(?:{_SEPARATOR}\x00*){{0,3}})"


INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


_HIDDEN = r"\*{4} \*{4} \*{4} [0-9]{4}"


# Digits that may belong together, at least as many as a card has; possessive, so that no run is read twice.
RUN = re.compile(rf"{_HIDDEN}(?![0-9])|[0-9]++(?:{_GAP}[0-9]++)*+")


GROUP = re.compile(r"[0-9]+")


LIST_LIKE = re.compile(r"[\n,，、;；|｜/／]")


CARD_WORD = re.compile(
    r"[银储信借][行蓄用记]卡|卡\s?号|[账帐][号户]|户头|[工农中建交招]行|银行|信用社|打款|转[账帐]|汇款|收款|"
    r"\b(?:card|bank|account|icbc|abc|boc|ccb|cmb|bcm)",
    re.IGNORECASE,
)


OTHER_WORD = re.compile(
    r"[订运]单|单号|快递|物流|包裹|售后|货号|款号|条码|编号|批号|电话|手机|时间|日期|\b(?:sku|order|id)",
    re.IGNORECASE,
)


# Prefixes of cards whose check digit need not hold: too many are written down with an error, and few other numbers
# begin so. Then those that need it, each with its lengths.
_SURE: Final[tuple[tuple[str, frozenset[int]], ...]] = (
    ("62", frozenset({16, 17, 18, 19})),
    ("9558", frozenset({16, 19})),
    ("966666", frozenset({18})),
)


_CHECKED: Final[tuple[tuple[str, frozenset[int]], ...]] = (
    *((prefix, frozenset({15})) for prefix in ("34", "37")),
    *((prefix, frozenset({14})) for prefix in ("300", "301", "302", "303", "304", "305", "36", "38", "39")),
    *((str(prefix), frozenset({16})) for prefix in (35, *range(50, 59), *range(2200, 2205), *range(2221, 2721))),
    ("4", frozenset({16})),
    *((prefix, frozenset({19})) for prefix in ("436742", "456351", "103")),
    *((prefix, frozenset({16, 17, 18, 19})) for prefix in ("6", "81", "84", "88", "940", "9559", "984", "9896")),
)


def _by_prefix(*tables: tuple[tuple[str, frozenset[int]], ...]) -> dict[str, frozenset[int]]:
    found: dict[str, frozenset[int]] = {}
    for prefix, lengths in (row for table in tables for row in table):
        found[prefix] = found.get(prefix, frozenset()) | lengths
    return found


SURE_BY_PREFIX: Final = _by_prefix(_SURE)


CHECKED_BY_PREFIX: Final = _by_prefix(_CHECKED)


BY_PREFIX: Final = _by_prefix(_SURE, _CHECKED)


PREFIX_LENGTHS: Final = sorted({len(prefix) for prefix in BY_PREFIX})


ANY_LENGTH: Final = tuple(range(LEAST, MOST + 1))


UNKNOWN_LENGTHS: Final = frozenset({16, 17, 18, 19})  # in regular pieces, with a check digit, whatever they begin with


_DOUBLED = str.maketrans("0123456789", "0246813579")  # twice a digit, and the digits of that added


NO_DIGIT = re.compile(r"[^0-9]+")


def passes_luhn(digits: str) -> bool:
    """Whether these could be a bank card: as long as one, with a check digit that holds. Company accounts have none."""
    return LEAST <= len(digits) <= MOST and luhn(digits)


def luhn(digits: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812-1)."""
    return sum(map(int, digits[-1::-2] + digits[-2::-2].translate(_DOUBLED))) % 10 == 0
