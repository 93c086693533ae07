"""Receivers that a platform shows with stars, 李* and 138****1234: they say less than is known, never something new."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LEAST_STARS = {"receiver_name": 1, "receiver_phone": 2, "receiver_address": 2}  # one may be a letter of an address
MASKED = "表格里打了星号，看不全，又与已知的不同"
_STARS = re.compile("[*＊]+")


def is_masked(name: str, value: str) -> bool:
    """Whether a column's value has stars in the place of what it should say."""
    return len("".join(_STARS.findall(value))) >= LEAST_STARS.get(name, len(value) + 1)


def fits(masked: str, whole: str) -> bool:
    """Whether a value with stars may be this one; blanks and dashes don't matter."""
    masked, whole = (re.sub(r"[\s-]+", "", each) for each in (masked, whole))
    first, *between = _STARS.split(masked)
    if not between:
        return masked == whole
    last = between.pop()
    if len(first) + len(last) > len(whole) or not (whole.startswith(first) and whole.endswith(last)):
        return False
    at, end = len(first), len(whole) - len(last)
    for part in between:  # each as early as it can be: a pattern would try every place of every one
        found = whole.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def split_masked(said: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What a file says without the stars in the place of what is known whole; and which of those contradict it."""
    less = {
        name
        for name in LEAST_STARS
        if name in said and is_masked(name, said[name]) and known[name] and not is_masked(name, known[name])
    }
    kept = {name: value for name, value in said.items() if name not in less}
    return kept, [name for name in LEAST_STARS if name in less and not fits(said[name], known[name])]


def completes(name: str, known: Any, said: Any) -> bool:
    """Whether a file says whole what is known with stars only."""
    return (
        bool(known)
        and name in LEAST_STARS
        and is_masked(name, known)
        and not is_masked(name, said)
        and fits(known, said)
    )
