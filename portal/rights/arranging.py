"""In which order reasons are offered: what fits where the goods are, then what usually is wrong with this product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal.rights.reasons import GROUND, Ground, Place, Reason

# Who has the goods in hand hardly says that they never came.
_LATE: dict[Place, tuple[Ground, ...]] = {Place.RECEIVED: (Ground.ABSENT, Ground.NONE)}
_FIRST: dict[Place, tuple[Ground, ...]] = {Place.IN_TRANSIT: (Ground.ABSENT,), Place.UNSHIPPED: (Ground.UNSHIPPED,)}


def arrange(
    offered: Sequence[Reason], place: Place, usual: Mapping[str, int]
) -> list[tuple[Ground, tuple[Reason, ...]]]:
    """The reasons by ground. ``usual``: how many earlier cases of the product had each; the most first.

    Where nothing is known, the grounds and their reasons stay in the catalogue's order.
    """
    grounds: dict[Ground, list[Reason]] = {ground: [] for ground in GROUND}
    for reason in offered:
        grounds[reason.ground].append(reason)

    def often(reason: Reason) -> int:
        return usual.get(reason.id, 0)

    def rank(ground: Ground) -> tuple[bool, bool, int]:
        most = max(map(often, grounds[ground]), default=0)
        return ground not in _FIRST.get(place, ()), ground in _LATE.get(place, ()) and not most, -most

    return [
        (ground, tuple(sorted(grounds[ground], key=often, reverse=True)))
        for ground in sorted(grounds, key=rank)
        if grounds[ground]
    ]
