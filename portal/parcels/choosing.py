"""Which carrier a parcel goes with, by what was picked, what its number looks like and what the last one went with."""

from __future__ import annotations

from typing import NamedTuple

from portal.parcels import carriers, numbers
from portal.parcels.carriers import Carrier


class Choice(NamedTuple):
    """The carrier, or None when a person must say; ``warning``: why this one may be wrong, as a sentence."""

    carrier: Carrier | None
    warning: str = ""


def choose_carrier(number: str, picked: str = "", last: str = "") -> Choice:
    """What was picked goes before what the number says, and that before the carrier of the last parcel.

    ``number`` as ``numbers.check_number`` returns it; ``picked`` and ``last``: codes, "" for none.
    """
    found, likely = numbers.recognise(number)
    chosen = carriers.by_code(picked)
    if chosen is not None:
        return Choice(
            chosen, "" if numbers.fits(chosen, number) else _warn(number, chosen, [found] if found else likely)
        )
    before = carriers.by_code(last)
    if found is None and before is not None and carriers.traced(last) and numbers.fits(before, number):
        found = before
    if found is not None:
        return Choice(found)
    names = "、".join(known.name for known in likely)
    return Choice(None, f"像是{names}的运单号，请选择物流公司" if likely else "认不出是哪家的运单号，请选择物流公司")


def _warn(number: str, chosen: Carrier, likely: list[Carrier]) -> str:
    like = f"，像是{'、'.join(known.name for known in likely)}的" if likely else ""
    return f"{number} 不像{chosen.name}的运单号{like}；请核对，没有错就再按一次发货"
