"""Which columns a sentence or a rule reads of a row: a case or an order itself, or any row that was read with these."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class CaseStanding(Protocol):
    """Where a case stands."""

    @property
    def type(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def stage(self) -> str: ...
    @property
    def due_rule(self) -> str: ...


class CaseDeadline(CaseStanding, Protocol):
    """And until when something is to be done."""

    @property
    def due_at(self) -> datetime | None: ...
    @property
    def late(self) -> bool: ...


class CaseArrived(CaseDeadline, Protocol):
    """And whether the parcel on its way back was signed for."""

    @property
    def arrived_at(self) -> datetime | None: ...


class CaseFreight(CaseStanding, Protocol):
    """And what there is of money in it."""

    @property
    def freight_claim(self) -> str: ...
    @property
    def entry_count(self) -> int: ...


class CaseSilence(CaseStanding, Protocol):
    """And what tells how its deadline ends."""

    @property
    def freight_claim(self) -> str: ...
    @property
    def negotiated(self) -> bool: ...
    @property
    def objected(self) -> bool: ...
    @property
    def ruled(self) -> bool: ...


class OrderPlaced(Protocol):
    """When an order was placed, and when it was first imported, which stands for a moment that nobody knows."""

    @property
    def ordered_at(self) -> datetime: ...
    @property
    def imported_at(self) -> datetime: ...


class OrderPromised(OrderPlaced, Protocol):
    """And what tells which of its shop's words hold for it."""

    @property
    def shop_id(self) -> int: ...
    @property
    def received_at(self) -> datetime | None: ...


class OrderReceived(Protocol):
    """When its goods came, and the latest that was ever known of that."""

    @property
    def received_at(self) -> datetime | None: ...
    @property
    def term_from(self) -> datetime | None: ...
