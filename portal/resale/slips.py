"""退货单: what lies in a returned parcel, one for each address that goods go back to. Buyer and shop print the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from portal.cases import places
from portal.models import Case, CaseLine
from portal.resale import across
from portal.rights import addresses


class Slip(NamedTuple):
    """What goes with the goods to one address; ``number``: what who opens the parcel looks for."""

    place_id: int | None
    number: str
    to: addresses.Address
    lines: Sequence[Any]


def list_slips(case: Case, lines: Sequence[CaseLine], shown: addresses.Shown) -> list[Slip]:
    """One for each address that is known; ``shown``: how much of the address. Of a phone on a box only a part."""
    found = places.list_places(case)
    by_id = {line.id: line for line in lines}
    return [
        Slip(
            place.id,
            across.find_parcel_no(case, place.where if place.id is not None else None),
            addresses.show(shown, *place.where)._replace(phone=addresses.mask_phone(place.phone)),
            [by_id[line_id] for line_id in place.line_ids],
        )
        for place in found
        if not place.waits
    ]
