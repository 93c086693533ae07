"""Tracking services: asked where a parcel is, each with its own request, signature and codes. Standard library only.

``of(settings)`` gives the service that the operator chose, or None. ``ask`` answers with scans, the oldest first, or
raises AskFailed; nothing that a service answers makes anything else be raised.
"""

from __future__ import annotations

from typing import Protocol

from portal.config import Settings
from portal.parcels.carriers import Carrier
from portal.parcels.couriers.asking import AskFailed, Problem
from portal.parcels.couriers.kdniao import Kdniao
from portal.parcels.couriers.kuaidi100 import Kuaidi100
from portal.parcels.scans import Scan

__all__ = ["AskFailed", "Courier", "Kdniao", "Kuaidi100", "Problem", "of"]


class Courier(Protocol):
    """A tracking service. ``name`` is what its scans say of their origin."""

    name: str

    def knows(self, carrier: Carrier) -> bool:
        """Whether it can be asked about this carrier's parcels."""

    def ask(self, carrier: Carrier, number: str, phone_tail: str) -> list[Scan]:
        """All scans of a parcel. Raises AskFailed."""


def of(settings: Settings) -> Courier | None:
    """The service of these settings; None: nobody is asked."""
    if settings.tracking == "kuaidi100":
        return Kuaidi100(
            settings.kuaidi100_customer, settings.kuaidi100_key, url=settings.tracking_url, wait=settings.tracking_wait
        )
    if settings.tracking == "kdniao":
        return Kdniao(
            settings.kdniao_id,
            settings.kdniao_key,
            kind=settings.kdniao_type,
            url=settings.tracking_url,
            wait=settings.tracking_wait,
        )
    return None
