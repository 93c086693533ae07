"""The facts about goods, evidence and policy that eligibility is worked out from, and its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from portal import inputs
from portal.flow import CaseType
from portal.rights import guarantees as rights_guarantees
from portal.rights.reasons import Ground, Payer, Place, Reason

BEIJING: Final = ZoneInfo("Asia/Shanghai")
NO_REASON_RETURN: Final = "qtwlybt"
FREE_RETURNS: Final = "thbyf_s"

NAMES: Final[Mapping[str, str]] = {
    CaseType.EXCHANGE: "换货",
    CaseType.REISSUE: "补发",
    CaseType.RETURN_REFUND: "退货退款",
    CaseType.REFUND_ONLY: "仅退款",
}

MONEY: Final = (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY)  # what these give is money


class Route(StrEnum):
    """What to do instead, or to get there."""

    CONTACT = "contact"  # 立即联系
    NEGOTIATE = "negotiate"  # 协商: the seller must say yes
    EXCHANGE = "exchange"
    REISSUE = "reissue"
    RETURN_REFUND = "return_refund"
    REFUND_ONLY = "refund_only"
    SEVEN_DAY = "seven_day"  # 7天无理由退货
    PROMISE = "promise"  # the reason 7天/15天包换
    CHOOSE_REASON = "choose_reason"
    ADD_EVIDENCE = "add_evidence"
    CHANGE_QUANTITY = "change_quantity"
    OPEN_CASE = "open_case"  # the case that holds the units already


@dataclass(frozen=True)
class Instead:
    """One way on, with the sentence that tells of it.

    One that is an application itself says of what ``case_type``, for which ``reason``, and what its ``button`` says.
    """

    route: Route
    sentence: str
    button: str = ""
    reason: str = ""
    case_type: CaseType | None = None


@dataclass(frozen=True)
class Goods:
    """An order line as eligibility sees it. ``received_at``: when the buyer got the goods, None when that isn't known.

    ``guarantees`` are the codes this line was sold with. ``open_case`` is the number of an unfinished case on it.
    """

    status: str  # of the order: unpaid, unshipped, in_transit, delivered, completed, cancelled, refunding, unknown
    bought_milli: int
    claimed_milli: int = 0
    unit: str = "件"
    received_at: datetime | None = None
    guarantees: frozenset[str] = frozenset()
    title: str = ""
    product_no: str = ""
    exchangeable: bool = True  # False: the seller took the product out of exchanging
    open_case: str = ""
    consumer: bool = False  # bought for a person's own use: 消费者权益保护法 25 gives 7天无理由退货
    no_reason_excluded: str = ""  # why 7天无理由 doesn't hold for these goods: a code of EXCLUSIONS
    no_reason_until: datetime | None = (
        None  # its end where that is later than seven plain days: the day was one of rest
    )
    ended_alone: bool = False  # ``status`` is this line's own, not the order's
    apply_by: datetime | None = None  # 铺货: the platform's term to apply
    apply_days: int = 0  # the same, in working days
    both_terms: bool = False  # 铺货 by a later word, or no more: the longer of the terms holds

    @property
    def remaining_milli(self) -> int:
        """How much of the line no case has claimed yet."""
        return max(self.bought_milli - self.claimed_milli, 0)


@dataclass(frozen=True)
class Evidence:
    """What an application brings: how many photos, how many visible graphemes of text, how much is asked for."""

    asked_milli: int
    photos: int = 0
    text: int = 0
    lines: int = 1  # of the order: each may have a photo of its own


@dataclass(frozen=True)
class Policy:
    """What a seller may set. The freight of a seller's own fault is not among it.

    ``excluded`` are product numbers, or words of titles, of goods that are taken back for the seller's fault only.
    ``guarantees`` are promised for all goods that are not excluded. ``types`` are the cases the shop takes; a refund of
    what was never sent and what was promised can't be switched off. ``own_…``: what the shop has published itself; only
    that lengthens the public term of 铺货 orders.
    """

    window_days: int = 15
    hidden_days: int = 30
    own_window_days: int = 0
    own_hidden_days: int = 0
    special_freight: Payer = Payer.NEGOTIATED
    guarantees: frozenset[str] = frozenset()
    excluded: tuple[str, ...] = ()
    types: frozenset[CaseType] = frozenset(CaseType)


@dataclass(frozen=True)
class Verdict:
    """The answer. ``until``: the moment the window ends or ended (exclusive), None when none is counted.

    ``basis`` names the rule in a few words, for the record. ``field`` is the form's field a refusal belongs to:
    reason, quantity, photos, description, or "" when no field can help. ``negotiated``: only the seller's yes opens it.
    """

    allowed: bool
    why: str
    instead: tuple[Instead, ...] = ()
    freight_payer: Payer | None = None
    until: datetime | None = None
    basis: str = ""
    field: str = ""
    negotiated: bool = False


def place(goods: Goods) -> Place:
    """Where the goods are; what arrived was shipped, whatever the platform's word is."""
    if goods.received_at is None and goods.status in (Place.UNSHIPPED, Place.IN_TRANSIT):
        return Place(goods.status)
    return Place.RECEIVED


# What the law leaves out of 7天无理由退货. The last one holds only where the buyer confirmed it when buying.
EXCLUSIONS: Final[Mapping[str, str]] = {
    "made": "定作的商品",
    "fresh": "鲜活易腐的商品",
    "digital": "在线下载或已拆封的数字化商品",
    "press": "交付的报纸、期刊",
    "unfit": "购买时经您确认不宜退货的商品",
}


def covered(goods: Goods, policy: Policy) -> bool:
    """Whether 7天无理由退货 holds: by law for what a consumer bought, else where the seller promises it."""
    return not goods.no_reason_excluded and (goods.consumer or NO_REASON_RETURN in list_promised(goods, policy))


def list_promised(goods: Goods, policy: Policy) -> frozenset[str]:
    """The guarantees in force: what the line was sold with, and what the shop promises for everything not excluded."""
    return goods.guarantees if is_excluded(goods, policy) else goods.guarantees | policy.guarantees


def find_promise(goods: Goods, policy: Policy) -> rights_guarantees.Guarantee | None:
    return rights_guarantees.exchange_promise(list_promised(goods, policy))


def say_reason(reason: Reason, goods: Goods, policy: Policy) -> str:
    """A reason as people choose it; 包换 by the name of the one that these goods carry."""
    promise = find_promise(goods, policy) if reason.ground is Ground.PROMISE else None
    return promise.name if promise else reason.zh


def is_excluded(goods: Goods, policy: Policy) -> bool:
    return not goods.exchangeable or bool(policy.excluded and _is_named(goods.title, goods.product_no, policy.excluded))


def is_since(said_at: datetime | None, since: datetime) -> bool:
    """Whether goods were left out already when their order was placed; ``said_at``: None where that isn't known."""
    return said_at is None or said_at <= since


@lru_cache(maxsize=2000)  # asked some fifty times for each line that a page shows
def _is_named(title: str, product_no: str, excluded: tuple[str, ...]) -> bool:
    title, number = inputs.fold(title).casefold(), inputs.fold(product_no).casefold().strip()
    words = [inputs.fold(word).casefold().strip() for word in excluded]
    return any(word and (word == number or word in title) for word in words)
