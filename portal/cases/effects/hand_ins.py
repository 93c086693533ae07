"""What a person hands in with a step: one type for each kind, checked once by the step's effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from portal.cases.proposals import Terms
from portal.money.accounts.account_numbers import Account


@dataclass(frozen=True)
class RequestedLine:
    """What is asked for one order line: how much (thousandths) and which SKU instead (None: the same)."""

    line_id: int
    milli: int
    sku_id: int | None = None


@dataclass(frozen=True)
class InspectedLine:
    """What the seller counted of one case line (thousandths), and in which condition."""

    case_line_id: int
    received: int
    accepted: int
    condition: str = "intact"
    note: str = ""
    fault: str = ""  # what is wrong with it; "" leaves what is known
    disposals: Mapping[str, int] = field(default_factory=dict)  # units by where they go; the rest by the condition


@dataclass(frozen=True)
class PlacedLines:
    """Case lines that go back to one address: name, phone, address, note. ``waits``: it isn't known yet."""

    to: tuple[str, str, str, str]
    case_line_ids: tuple[int, ...]
    waits: bool = False


@dataclass(frozen=True, kw_only=True)
class HandIn:
    """Words and photos (public ids), which every step takes; the kinds below add what their steps need."""

    note: str = ""
    photos: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Modification(HandIn):
    """An application handed in again; None: as it was. ``wanted`` empty: the same lines and quantities."""

    wanted: Sequence[RequestedLine] = ()
    refund_fen: int | None = None
    reason: str | None = None
    description: str | None = None
    freight_payer: str | None = None
    basis: str | None = None
    negotiated: bool | None = None
    receiver_name: str | None = None
    receiver_phone: str | None = None
    receiver_address: str | None = None


@dataclass(frozen=True, kw_only=True)
class Approval(HandIn):
    """Where the goods go back to: one of the shop's addresses, None its default, ``direct`` the supplier's own.

    ``placed``: lines that go elsewhere.
    """

    address_id: int | None = None
    direct: tuple[str, str, str, str] | None = None  # name, phone, address, note
    placed: Sequence[PlacedLines] = ()
    freight_payer: str | None = None


@dataclass(frozen=True, kw_only=True)
class GivenPlaces(HandIn):
    """Where lines go that waited for it: one of the shop's addresses, or ``placed``; None: the only ones that wait."""

    place_id: int | None = None
    address_id: int | None = None
    placed: Sequence[PlacedLines] = ()


@dataclass(frozen=True, kw_only=True)
class AdvanceRefund(HandIn):
    """A refund without the goods, 分; None: what was asked for."""

    amount_fen: int | None = None


@dataclass(frozen=True, kw_only=True)
class Refusal(HandIn):
    """The id of a refusal in rights.reasons."""

    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class Extension(HandIn):
    """By how many days."""

    days: int = 0


@dataclass(frozen=True, kw_only=True)
class SentParcels(HandIn):
    """Carrier code and tracking number of each parcel, what is in each (thousandths by case line) where it is said.

    ``place_id``: to which of several return addresses; None: the first to which nothing was sent yet.
    """

    parcels: Sequence[tuple[str, str]] = ()
    contents: Sequence[Mapping[int, int]] = ()
    place_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class ParcelCorrection(HandIn):
    """Another carrier and number for a parcel on its way."""

    parcel_id: int | None = None
    carrier: str = ""
    number: str = ""


@dataclass(frozen=True, kw_only=True)
class Inspection(HandIn):
    """What was counted, line by line."""

    counted: Sequence[InspectedLine] = ()


@dataclass(frozen=True, kw_only=True)
class Shipment(SentParcels):
    """What goes out now: thousandths by case line."""

    shipped: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReceivingProblem(HandIn):
    """A kind of problem in rights.reasons, with a replacement."""

    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class DefectReport(ReceivingProblem):
    """The same, and the type of case that it becomes."""

    type: str = ""


@dataclass(frozen=True, kw_only=True)
class Offer(HandIn):
    """Terms, of either side."""

    terms: Terms | None = None


@dataclass(frozen=True, kw_only=True)
class DeclaredPayment(HandIn):
    """The number that the payment of a price difference has where it was made."""

    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class EntryChoice(HandIn):
    """One payment of the case, None its only open one; the number it was paid under, the way (words.ROUTE) it took."""

    entry_id: int | None = None
    reference: str = ""
    way: str = ""


@dataclass(frozen=True, kw_only=True)
class AdvancedFreight(HandIn):
    """What the buyer paid for the way back, 分."""

    freight_fen: int = 0


@dataclass(frozen=True, kw_only=True)
class GivenAccount(HandIn):
    """A bank account and the version of the consent that was read."""

    account: Account | None = None
    consent: int = 0


@dataclass(frozen=True, kw_only=True)
class Escalation(HandIn):
    """Why the platform is called, by its id in rights.reasons, and what is wished for."""

    because: str = ""
    wish: str = ""


@dataclass(frozen=True, kw_only=True)
class EvidenceRequest(HandIn):
    """Of whom more evidence is asked: both, buyer or seller."""

    asked: str = "both"


@dataclass(frozen=True, kw_only=True)
class Decision(HandIn):
    """Who pays the way back; "": as it stands.

    ``pays_freight``: whether the shop pays the freight that the buyer says they advanced; None: it isn't asked.
    """

    freight_payer: str = ""
    pays_freight: bool | None = None


@dataclass(frozen=True, kw_only=True)
class RefundDecision(Decision):
    """How much, 分 (None: all), and whether the goods go back first where they can."""

    amount_fen: int | None = None
    goods_back: bool = True
