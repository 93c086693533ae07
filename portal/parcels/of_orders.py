"""The parcels in which an order went, as the order keeps them: two texts, of carriers and of numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from portal.models import Order
from portal.orders.export_format import parcels_of
from portal.parcels.carriers import Carrier

_PARTING = re.compile(r"[,，;；、\s]+")


def write_parcels(parcels: Sequence[tuple[Carrier, str]]) -> tuple[str, str] | None:
    """Carriers and numbers as ``parcels_of`` reads them again: one carrier for all, or one each; None: too long.

    Parcels without a number come last, so that each number stays with its carrier.
    """
    # What a person wrote on a consignment note may have commas; in the order's text they part the parcels.
    own = [(carrier, _PARTING.sub(" ", number).strip()) for carrier, number in dict.fromkeys(parcels)]
    own.sort(key=lambda parcel: not parcel[1])
    names = [f"{carrier.name}({carrier.code})" for carrier, _ in own]
    texts = "、".join(names[:1] if len(set(names)) == 1 else names), ",".join(number for _, number in own if number)
    longest = (Order.carrier_text.type.length, Order.tracking_text.type.length)
    return texts if all(len(text) <= most for text, most in zip(texts, longest, strict=True)) else None


def tell_parcels(carrier_text: str, tracking_text: str) -> str:
    """The parcels of an order in a sentence: each number with its carrier."""
    return "、".join(f"{name} {number}".strip() for _, name, number in parcels_of(carrier_text, tracking_text))
