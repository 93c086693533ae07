"""Which carrier a text names: by its name, an alias or the code of an export."""

from __future__ import annotations

import re
from functools import cache

from portal import inputs
from portal.parcels.carriers import CARRIERS, Carrier


def from_text(text: str) -> Carrier | None:
    """The carrier that an order export or a person names: 中通快递(ZTO), 中通, ZTO. None when it isn't known."""
    plain = _compared(text)
    named, _, bracket = plain.partition("(")
    for name in (plain, named, bracket.rstrip(")")):
        if found := _names().get(name):
            return found
    for name in (bracket.rstrip(")"), plain):
        if found := _codes().get(name):
            return found
    within = [name for name in _names() if len(name) >= 2 and not name.isascii() and name in named]
    return _names()[max(within, key=len)] if within else None


def _compared(text: str) -> str:
    return re.sub(r"\s+", "", inputs.fold(text)).casefold()


@cache
def _names() -> dict[str, Carrier]:
    """Every name and alias as it is compared; a name goes before another carrier's alias."""
    names = {_compared(alias): carrier for carrier in CARRIERS for alias in carrier.aliases}
    return names | {_compared(carrier.name): carrier for carrier in CARRIERS}


@cache
def _codes() -> dict[str, Carrier]:
    """Codes of the order export, then ours; a code that the export uses for two carriers is the one that is ours."""
    codes: dict[str, Carrier] = {}
    for carrier in CARRIERS:
        if carrier.code_1688 and (carrier.code == carrier.code_1688 or carrier.code_1688 not in codes):
            codes[carrier.code_1688] = carrier
    found = {carrier.code: carrier for carrier in CARRIERS} | codes
    return {_compared(code): carrier for code, carrier in found.items()}
