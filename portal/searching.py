"""What people type or paste into a search box, read forgivingly: one number, the end of one, or words."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from portal import inputs
from portal.waybills import cut_package, fold_number

LEAST_TAIL, MOST_TAIL = 4, 8  # digits: people read out the last four to eight of a number
MOST_TYPED = 200  # characters; what is longer was pasted by mistake and is cut
MOST_NUMBERS, LEAST_WHOLE = 10, 10  # numbers pasted at once; characters of each, so that one said in groups stays one

_LABEL = re.compile(
    r"(?:原|新|我的|查询?|搜索?|找)?"
    r"(?:订单编?号?|单号|下游订单号|上游订单号|运单编?号?|快递(?:单号?)?|物流(?:单号?|编号)?|售后(?:单|编)?号?|退款编号|"
    r"换货单?号?|手机号?码?|电话号?码?|货号|编号|NO\.?|№|#|ID|ORDER(?: ?(?:NO|ID))?)"
    r"\s*(?:是|为)?\s*[:.#=]?\s*",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:尾号|末尾?|后|最后) ?(?:[四4五5六6八8] ?位(?:数字?|数)?)? ?(?:是|为)? ?[:=]? ?(?=[0-9])"
    r"|^(?=[*…]|\.\.)[*….]+ ?(?=[0-9])"
)
_NUMBER = re.compile(r"[0-9A-Z](?:[0-9A-Z_-]|\s(?=[0-9A-Z]))*[0-9A-Z-]|[0-9]", re.IGNORECASE)
_WHOLE = re.compile(rf"(?=(?:[A-Z_-]*[0-9]){{8}})[0-9A-Z_-]{{{LEAST_WHOLE},40}}", re.IGNORECASE)
# Before a mobile number, which is kept without it.
_ABROAD = re.compile(r"(?<![0-9])(?:\+ ?86|0086|86(?=[ -]))[ -]?(?=1[3-9](?:[ -]?[0-9]){9}(?![0-9]))")
_QUOTES = "「」『』【】[]()<>《》\"'“”‘’="


_PAIRS = frozenset(map(tuple, ("「」", "『』", "【】", "《》", '""', "“”", "''", "‘’")))


MOST_WORDS = 5  # that are looked for together


class Typed(NamedTuple):
    """What was looked for. ``number`` is in upper case without blanks and dashes, or "" when only ``words`` count.

    With ``is_tail`` only the end of a number is known; it has LEAST_TAIL to MOST_TAIL digits.
    """

    number: str
    is_tail: bool
    words: str

    @property
    def each_word(self) -> list[str]:
        """The words one by one, all of which are looked for; at most MOST_WORDS."""
        return self.words.split()[:MOST_WORDS]


def split_typed(raw: str) -> list[str]:
    """The whole numbers that were pasted together, at most MOST_NUMBERS; anything else is one thing looked for."""
    plain = inputs.fold(raw[: MOST_NUMBERS * MOST_TYPED])
    parts = [_LABEL.sub("", part, count=1).strip(":.#=") for part in re.split(r"[\s,;、|/]+", plain)]
    numbers = list(dict.fromkeys(part for part in parts if part))
    several = len(numbers) > 1 and all(map(_WHOLE.fullmatch, numbers))
    return numbers[:MOST_NUMBERS] if several else [raw]


def read_typed(raw: str) -> Typed:
    """Read what was typed into a search box. Never raises: what can't be read is words."""
    plain = inputs.fold(raw[: 4 * MOST_TYPED])
    plain = "".join(
        " " if each.isspace() else each
        for each in plain
        if unicodedata.category(each) not in ("Cf", "Cc", "Cs") or each.isspace()
    )
    words = re.sub(r" +", " ", unicodedata.normalize("NFC", plain)).strip()[:MOST_TYPED]
    if len(words) > 1 and (words[0], words[-1]) in _PAIRS:  # a name that was quoted
        words = words[1:-1].strip()
    bare = words.translate(dict.fromkeys(map(ord, _QUOTES), " ")).strip(" ,.;:、。!?")
    bare = _ABROAD.sub("", bare)
    tail = _TAIL.search(bare)
    if tail:
        bare = bare[tail.end() :]
    labelled = _LABEL.search(bare) if not tail else None
    if labelled and _has_digit(bare[labelled.end() :]):
        bare = bare[labelled.end() :]
    number = _find_number(bare)
    if not number:
        return Typed("", False, words)
    short = number.isdecimal() and LEAST_TAIL <= len(number) <= MOST_TAIL
    return Typed(number, short, words)


def _find_number(text: str) -> str:
    """The number that a text is, or the one long number in it; "" when it is words."""
    found = [(each, _compact(each[0])) for each in _NUMBER.finditer(text)]
    numbers = [(each, number) for each, number in found if _has_digit(number)]
    if not numbers:
        return ""
    match, number = max(numbers, key=lambda each: len(each[1]))
    around = (text[: match.start()] + text[match.end() :]).strip(" ,.;:、。!？的")
    is_long = sum(each.isdigit() for each in number) >= LEAST_TAIL * 2
    return number if is_long or not around else ""


def _compact(text: str) -> str:
    return re.sub(r"[\s_-]+", "", cut_package(fold_number(text.strip())))


def _has_digit(text: str) -> bool:
    return any(each.isdecimal() and each.isascii() for each in text)


def list_spellings(raw: str) -> list[str]:
    """How a number that was typed as a whole may be kept: in half width, without blanks, in either case; its upper case
    first, which is the same for all of them."""
    plain = re.sub(r"\s+", "", inputs.fold(raw))
    return list(dict.fromkeys((plain.upper(), plain, plain.lower())))


def escape_like(words: str) -> str:
    """A pattern that finds ``words`` anywhere, with its own wildcards taken literally."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
