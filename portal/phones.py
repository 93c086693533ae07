"""Telephone numbers as exports have them: one however it is written, or several in one cell, with words between."""

from __future__ import annotations

import re

from portal import inputs

_SEPARATORS = re.compile(r"[/／、,，;；|｜\\\n]+|或者?|和|及")
_MORE = r"(?:(?:转|分机|#|-)[0-9]{1,6})?(?![0-9])"
_FOUND = re.compile(
    rf"(?<![0-9])(?:(?:(?:\+|00)?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{{4}}){{2}}{_MORE}"
    rf"|0[1-9][0-9]{{1,2}}[ -]?[2-9][0-9]{{6,7}}{_MORE}|[48]00(?:-?[0-9]{{3,4}}){{2}}(?![0-9]))"
)
_USUAL = re.compile(r"1[3-9][0-9]{9}")
LEAST_DIGITS = 4  # of anything that may be a number: its end is asked for


def split_phones(text: str) -> list[str]:
    """The numbers that a text names, in its order and each once, as they are kept; none where it isn't sure of one."""
    if _USUAL.fullmatch(text):
        return [text]
    found: list[str] = []
    for part in _SEPARATORS.split(inputs.fold(text)):
        whole = _read(part)
        found += [whole] if whole else [number for each in _FOUND.findall(part) if (number := _read(each))]
    return list(dict.fromkeys(found))


def take_first(text: str) -> str:
    """The first number of a text as it is kept, the text itself where it has none that we know."""
    return next(iter(split_phones(text)), text)


def says_more(text: str) -> bool:
    """Whether a text with a number has others too, or words."""
    numbers = split_phones(text)
    plain = re.sub(r"[\W_]+", "", inputs.fold(text)).upper()
    bare = re.sub(r"^(?:00)?86(?=1[3-9])|转|分机|EXT", "", plain)
    return len(numbers) > 1 or (len(numbers) == 1 and bare != re.sub(r"[\W_]+", "", numbers[0]))


def list_tails(*texts: str) -> list[str]:
    """The last four digits of each number that these texts name, and of each extension: what its owner may know."""
    numbers = [number for text in texts for number in (split_phones(text) or [text])]
    bare = [re.sub(r"[^0-9]", "", part) for number in numbers for part in (number, re.sub("-[0-9]{1,6}$", "", number))]
    return list(dict.fromkeys(digits[-4:] for digits in bare if len(digits) >= LEAST_DIGITS))


def _read(text: str) -> str:
    try:
        return inputs.phone(text)
    except inputs.InputRefused:
        return ""
