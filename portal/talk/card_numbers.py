"""Bank card numbers in what people write: found and hidden but for the last four digits.

Nobody needs a card number here: refunds go back the way the money came. What is hidden is never stored, so a number
that was sent by mistake is nowhere. A number that only looks like one must stay, above all order and tracking numbers:
those that the caller knows are handed in, of the others shape, prefix, check digit and the word before them decide.

How sure it must be depends on how it is written. Digits in one piece with 62 in front are a UnionPay card, also with a
typing error; those of other brands need their check digit. Digits in groups must be grouped like a card, and not be a
list of sizes. After 卡号 or 账号 any 13 to 19 digits count, after 订单 or 运单 only what is sound in every respect.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from portal.talk.card_shapes import (
    ANY_LENGTH,
    BY_PREFIX,
    CARD_WORD,
    CHECKED_BY_PREFIX,
    CHINESE,
    DIGIT,
    GROUP,
    INVISIBLE,
    LEAST,
    LIST_LIKE,
    MOST,
    NO_DIGIT,
    OTHER_WORD,
    PREFIX_LENGTHS,
    RUN,
    SURE_BY_PREFIX,
    UNKNOWN_LENGTHS,
    luhn,
)

_BEFORE = 16  # characters before a number in which a word says what it is


_LEAST_WORK = 2_500


class _Group(NamedTuple):
    """Digits in one piece, and where they stand."""

    digits: str
    start: int
    end: int


class _Work:
    """How much may still be weighed of a text, in pieces of digits: so that any text takes about 0.1 µs a byte.

    It is far more than anybody writes; the digits that are left then are hidden without weighing.
    """

    def __init__(self, characters: int) -> None:
        self.left = max(_LEAST_WORK, characters // 10)


class _Found(NamedTuple):
    """A card number and where it stands."""

    digits: str
    start: int
    end: int


def find_numbers(text: str, known: Iterable[str] = ()) -> list[str]:
    """The digits of everything that looks like a card number and is none of the ``known`` numbers."""
    return [found.digits for found in _find(text, _plain_numbers(known), _Work(len(text)))]


def mask_numbers(text: str, known: Iterable[str] = ()) -> str:
    """The text with every card number as ``**** **** **** 1234``; ``known`` numbers (of orders, parcels) stay.

    What it gives back has nothing left to hide: doing it again changes nothing.
    """
    left_alone = _plain_numbers(known)
    work = _Work(len(text))
    while found := list(_find(text, left_alone, work)):
        parts, at = [], 0
        for number in found:
            parts += [text[at : number.start], f"**** **** **** {number.digits[-4:]}"]
            at = number.end
        text = "".join([*parts, text[at:]])
    return text


def _plain_numbers(known: Iterable[str]) -> frozenset[str]:
    return frozenset(re.sub(r"[^0-9]", "", number) for number in known) - {""}


def _find(text: str, known: frozenset[str], work: _Work) -> Iterator[_Found]:
    if len(text) < LEAST:
        return
    plain, kinds = _read(text)
    words: _Words | None = None
    for run in RUN.finditer(plain):
        start, end = run.span()
        if end - start < LEAST or run[0].startswith("*"):
            continue
        digits = NO_DIGIT.sub("", run[0])
        if len(digits) < LEAST:
            continue
        alike = kinds[start:end].isascii()  # else 一 and 1 side by side are parted, one by one
        work.left -= len(GROUP.findall(run[0])) if alike else len(digits)
        if work.left <= 0:  # more than anybody writes: what is left is hidden in one piece rather than weighed
            if digits not in known:
                yield _Found(digits, start, end)
            continue
        words = words or _Words(plain)
        for part in _without(list(_groups(plain, kinds, start, end)), known):
            yield from _in_groups(plain, part, words, work)


def _read(text: str) -> tuple[str, str]:
    """The text with every digit an ASCII one and every invisible character NUL, and its digits' kinds; same lengths."""
    plain = text if text.isascii() else text.translate(DIGIT)
    plain = INVISIBLE.sub("\x00", plain)  # doesn't part digits; a line's end does
    return (plain if plain.isascii() else plain.translate(CHINESE)), plain


def _groups(plain: str, kinds: str, start: int, end: int) -> Iterator[_Group]:
    """The digits of a run in pieces; 一 and 1 side by side are two pieces."""
    alike = kinds[start:end].isascii()
    for found in GROUP.finditer(plain, start, end):
        at = found.start()
        if alike:
            yield _Group(found[0], at, found.end())
            continue
        for place in range(at + 1, found.end() + 1):
            if place == found.end() or kinds[place].isascii() != kinds[place - 1].isascii():
                yield _Group(plain[at:place], at, place)
                at = place


def _without(groups: list[_Group], known: frozenset[str]) -> Iterator[list[_Group]]:
    """What is left of a run between the numbers that are known."""
    if not known:
        yield groups
        return
    begins = {number[:2] for number in known} | {number[:1] for number in known}
    rest: list[_Group] = []
    at = 0
    while at < len(groups):
        digits, end = "", at
        for place in range(at, len(groups) if groups[at].digits[:2] in begins else at):
            digits += groups[place].digits
            if len(digits) > 40:
                break
            if digits in known:
                end = place + 1
        if end > at:
            yield rest
            rest, at = [], end
        else:
            rest.append(groups[at])
            at += 1
    yield rest


def _in_groups(plain: str, groups: list[_Group], words: _Words, work: _Work) -> Iterator[_Found]:
    digits = "".join(group.digits for group in groups)
    ends, place = {}, 0  # how many digits stand before the end of a piece: which piece
    for number, group in enumerate(groups):
        place += len(group.digits)
        ends[place] = number + 1
    at, first = 0, 0  # the piece, and where its digits begin
    while at < len(groups):
        work.left -= 1
        if work.left <= 0:
            if len(digits) - first >= LEAST:
                yield _Found(digits[first:], groups[at].start, groups[-1].end)
            return
        best: tuple[bool, int] | None = None
        end = at
        for length in _lengths(digits[first : first + 6], words.is_near(groups[at].start)):
            last = ends.get(first + length)
            if last is None:
                continue
            work.left -= 20
            written = digits[first : first + length]
            if _is_card(plain, written, groups[at:last], words):
                rank = (luhn(written), length)
                if best is None or rank > best:
                    best, end = rank, last
        if best is None:
            first += len(groups[at].digits)
            at += 1
            continue
        yield _Found(digits[first : first + best[1]], groups[at].start, groups[end - 1].end)
        first, at = first + best[1], end


def _lengths(prefix: str, near_card_word: bool) -> Sequence[int]:
    """How long a card that begins so may be."""
    if near_card_word:
        return ANY_LENGTH
    found: set[int] = set(UNKNOWN_LENGTHS)
    for length in PREFIX_LENGTHS:
        found |= BY_PREFIX.get(prefix[:length], frozenset())
    return sorted(found)


def _is_card(plain: str, digits: str, groups: Sequence[_Group], words: _Words) -> bool:
    """Whether these neighbouring pieces together are a card number."""
    if not LEAST <= len(digits) <= MOST or len(set(digits)) == 1:
        return False
    start, end = groups[0].start, groups[-1].end
    sizes = [group.end - group.start for group in groups]
    word, near = words.before(start)
    lettered = _is_letter(plain[start - 1 : start]) or _is_letter(plain[end : end + 1])
    sound, sure, checked = luhn(digits), _begins(digits, SURE_BY_PREFIX), _begins(digits, CHECKED_BY_PREFIX)
    if lettered and not (word == "card" and near):
        return len(groups) == 1 and len(digits) >= 15 and sound and (sure or checked)
    if len(groups) > 1 and _is_series(groups):
        return False
    if word == "card":
        return len(groups) == 1 or set(sizes) == {1} or min(sizes[:-1]) >= 2
    if word == "other":
        return sound and (sure or checked) and (len(groups) == 1 or _is_regular(sizes))
    if len(groups) == 1 or set(sizes) == {1}:
        return sure or (checked and sound)
    if _is_regular(sizes):
        if LIST_LIKE.search(plain, start, end):
            return sound and (sure or checked)
        return sure or (sound and (checked or len(digits) >= 16))
    even = len(set(sizes[:-1])) == 1 and sizes[-1] <= sizes[0]
    return sure and sound and (min(sizes[:-1]) >= 3 or even)


class _Words:
    """Where a text has words that say what the number after them is; read once."""

    def __init__(self, plain: str) -> None:
        self.plain = plain
        self.card_ends = [found.end() for found in CARD_WORD.finditer(plain)]

    def is_near(self, start: int) -> bool:
        """Whether a word for a card ends within the characters before ``start``."""
        place = bisect_left(self.card_ends, start - _BEFORE)
        return place < len(self.card_ends) and self.card_ends[place] <= start

    def before(self, start: int) -> tuple[str, bool]:
        """What the nearest word before a number calls it: card, other or nothing; and whether right before."""
        text = self.plain[max(start - _BEFORE, 0) : start]
        found = [
            (each.end(), name)
            for name, words in (("card", CARD_WORD), ("other", OTHER_WORD))
            for each in words.finditer(text)
        ]
        at, name = max(found, default=(-1, ""))
        return name, at == len(text)


def _is_regular(sizes: Sequence[int]) -> bool:
    """4-4-4-4, 4-4-4-4-3, 8-8, 6-6-6-1; 4-6-5 and 4-6-4; two pieces of at least four digits each."""
    if tuple(sizes) in ((4, 6, 5), (4, 6, 4)) or (len(sizes) == 2 and min(sizes) >= 4):
        return True
    return len(set(sizes[:-1])) == 1 and sizes[0] >= 4 and sizes[-1] <= sizes[0]


def _is_series(groups: Sequence[_Group]) -> bool:
    """Whether these are steps of one size: 6201 6202 6203 6204, or 62 63 64 65."""
    values = [int(group.digits) for group in groups]
    steps = {after - before for before, after in pairwise(values)}
    return len(groups) >= 3 and len(steps) == 1 and len(groups[0].digits) > 1


def _begins(digits: str, table: dict[str, frozenset[int]]) -> bool:
    return any(len(digits) in table.get(digits[:length], frozenset()) for length in PREFIX_LENGTHS)


def _is_letter(char: str) -> bool:
    return char.isascii() and char.isalpha()
