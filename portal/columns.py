"""Which columns a sentence or a rule reads of a row: a case or an order itself, or any row that was read with these."""

from __future__ import annotations

from collections.abc import Sequence
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


class CaseListed(CaseDeadline, Protocol):
    """And as which it is listed."""

    @property
    def id(self) -> int: ...
    @property
    def case_no(self) -> str: ...


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


class PolicyPromises(Protocol):
    """What a version of a shop's policy promises."""

    @property
    def version(self) -> int: ...
    @property
    def window_days(self) -> int: ...
    @property
    def hidden_days(self) -> int: ...
    @property
    def special_freight(self) -> str: ...
    @property
    def guarantees(self) -> str: ...
    @property
    def excluded(self) -> Sequence[object]: ...
    @property
    def types(self) -> str: ...
    @property
    def created_by(self) -> int | None: ...


class LookSeen(Protocol):
    """Who looked at a case, and when."""

    @property
    def name(self) -> str: ...
    @property
    def at(self) -> datetime: ...


class NoteSeen(Protocol):
    """Whose note it is, to whom a case was handed with it, and its words."""

    @property
    def name(self) -> str: ...
    @property
    def receiver(self) -> str: ...
    @property
    def words(self) -> str: ...


class MemberNamed(Protocol):
    """Somebody, and what they are called."""

    @property
    def user_id(self) -> int: ...
    @property
    def member_name(self) -> str: ...
