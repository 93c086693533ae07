"""Which columns a sentence or a rule reads of a row: a case or an order itself, or any row that was read with these."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVarTuple

Shape = TypeVarTuple("Shape")  # the columns of a query, whichever they are


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


class ScanKept(Protocol):
    """What was said of a parcel at a moment, and by whom."""

    @property
    def at(self) -> datetime: ...
    @property
    def status(self) -> str: ...
    @property
    def words(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def doubt(self) -> str: ...


class OrderNamed(Protocol):
    """What an order is called, and whether another shop claims its number too."""

    @property
    def shop_id(self) -> int: ...
    @property
    def order_no(self) -> str: ...
    @property
    def contested(self) -> bool: ...


class OrderHidden(OrderNamed, Protocol):
    """And whose it is, and whether it is shown to them."""

    @property
    def buyer_id(self) -> int: ...
    @property
    def shown(self) -> bool: ...


class Followed(OrderHidden, Protocol):
    """A parcel that is followed, with what its order and its case, if it has one, say."""

    @property
    def id(self) -> int: ...
    @property
    def order_id(self) -> int: ...
    @property
    def case_id(self) -> int | None: ...
    @property
    def parcel_id(self) -> int | None: ...
    @property
    def carrier_name(self) -> str: ...
    @property
    def tracking_no(self) -> str: ...
    @property
    def signed_at(self) -> datetime | None: ...
    @property
    def gone_at(self) -> datetime | None: ...
    @property
    def voided_at(self) -> datetime | None: ...
    @property
    def track_id(self) -> int | None: ...
    @property
    def leg(self) -> str | None: ...
    @property
    def case_no(self) -> str | None: ...
    @property
    def state(self) -> str | None: ...


class PhotoFiles(Protocol):
    """Where a photo and its small picture are kept, and what they were when they came."""

    @property
    def key(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def thumb_key(self) -> str: ...
    @property
    def thumb_sha256(self) -> str: ...


class PhotoSeen(Protocol):
    """A photo as pages show it, and what it belongs to."""

    @property
    def public_id(self) -> str: ...
    @property
    def side(self) -> str: ...
    @property
    def event_version(self) -> int | None: ...
    @property
    def message_id(self) -> int | None: ...
    @property
    def order_line_id(self) -> int | None: ...
    @property
    def taken_note(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


class PhotoFiled(PhotoSeen, Protocol):
    """And its name in the store, with what the file was when it came."""

    @property
    def case_id(self) -> int | None: ...
    @property
    def key(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def bytes(self) -> int: ...
