"""Which of the codes on a photographed label are tracking numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from portal.inputs import InputRefused
from portal.parcels import numbers
from portal.waybills import LEAST_DIGITS, fold_number

MOST_OFFERED = 4
_TOKEN = re.compile(r"[0-9A-Z]{10,40}(?:-[0-9]{1,3})*-?")
_CASE_NO = re.compile(r"HH[0-9]{14}")


class Read(NamedTuple):
    """A tracking number that was read, and the names of the carriers that it could be of; one: it is that one's."""

    number: str
    carriers: list[str]


def find_waybills(texts: Sequence[str], own_order_nos: Collection[str] = ()) -> list[Read]:
    """The tracking numbers among the texts of a label's codes, the surest first, at most a few.

    A code that is a number and nothing else counts also where no carrier is known to print its shape, unless another
    one has a known shape; what stands amid other words, as in a QR code, counts by its shape alone.
    """
    shaped: dict[str, Read] = {}
    plain: dict[str, Read] = {}
    for text in texts:
        folded = fold_number(text).strip()
        for token in dict.fromkeys([folded, *_TOKEN.findall(folded)]):
            try:
                number = numbers.check_number(token, own_order_nos)
            except InputRefused:
                continue
            known, likely = numbers.recognise(number, own_order_nos)
            read = Read(number, [known.name] if known else [each.name for each in likely])
            if read.carriers:
                shaped[number] = read
            elif token == folded and sum(each.isdigit() for each in number) >= LEAST_DIGITS:
                plain[number] = read
    found = sorted(shaped.values(), key=lambda read: len(read.carriers)) or list(plain.values())
    return found[:MOST_OFFERED]


def find_scannable(texts: Sequence[str]) -> list[str]:
    """What the warehouse's box can be given of a label: case numbers, else tracking numbers, else any number."""
    cases = [found for text in texts for found in _CASE_NO.findall(fold_number(text))]
    short = [text for text in texts if re.fullmatch(r"[!-~]{4,40}", text) and "/" not in text]
    found = cases or [read.number for read in find_waybills(texts)] or short
    return list(dict.fromkeys(found))[:MOST_OFFERED]
