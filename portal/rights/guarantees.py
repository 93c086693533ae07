"""The guarantees that a line can carry: what each promises and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portal.rights import reasons
from portal.rights.reasons import Ground, Payer


class Effect(StrEnum):
    """What a guarantee gives."""

    EXCHANGE = "exchange"
    REISSUE = "reissue"
    RETURN_REFUND = "return_refund"
    REFUND_ONLY = "refund_only"
    SHIPPING = "shipping"
    FREIGHT = "freight"


@dataclass(frozen=True)
class Guarantee:
    """A buyer protection that goods can carry. ``days`` from receipt; None: no period of its own, or none known."""

    code: str
    name: str
    effect: Effect
    days: int | None = None
    freight: Payer | None = None


GUARANTEES: Final[tuple[Guarantee, ...]] = (
    Guarantee("qtbh", "7天包换", Effect.EXCHANGE, 7),
    Guarantee("swtbh", "15天包换", Effect.EXCHANGE, 15),
    Guarantee("psbj", "破损包赔", Effect.REISSUE, None, Payer.SELLER),
    Guarantee("shbp", "少货必赔", Effect.REISSUE, None, Payer.SELLER),
    Guarantee("qtwlybt", "7天无理由退货", Effect.RETURN_REFUND, 7, Payer.BUYER),
    Guarantee("swbp", "三无包赔", Effect.RETURN_REFUND, None, Payer.SELLER),
    Guarantee("thbyf_s", "退货包运费", Effect.FREIGHT, None, Payer.SELLER),
    Guarantee("jstk", "极速退款", Effect.REFUND_ONLY),
    Guarantee("lsjst_s", "极速退款(新)", Effect.REFUND_ONLY),
    Guarantee("qsexsfh", "72小时发货", Effect.SHIPPING),
    Guarantee("ssbxsfh", "48小时发货(晚发必赔)", Effect.SHIPPING),
    Guarantee("essxsfh", "24小时发货", Effect.SHIPPING),
)


_GUARANTEES: Final = {guarantee.code: guarantee for guarantee in GUARANTEES}


def guarantee(code: str) -> Guarantee | None:
    """The guarantee of this code, or None."""
    return _GUARANTEES.get(code)


def codes(stored: str) -> frozenset[str]:
    """The known guarantee codes in a stored text, where commas separate them."""
    return frozenset(found for code in stored.split(",") if (found := code.strip()) in _GUARANTEES)


def exchange_promise(codes: Iterable[str]) -> Guarantee | None:
    """The longest 包换 among these codes, or None."""
    found = [g for g in map(_GUARANTEES.get, codes) if g and g.effect is Effect.EXCHANGE and g.days]
    return max(found, key=lambda g: g.days or 0, default=None)


def say_reason(reason_id: str, basis: str) -> str:
    """The reason of a case as people read it; of 包换 the one that the case went by, as its ``basis`` names it."""
    said = reasons.said(reason_id)
    if said != reasons.GROUND[Ground.PROMISE]:
        return said
    named = say_basis(basis)
    return next((g.name for g in GUARANTEES if g.effect is Effect.EXCHANGE and named.startswith(g.name)), said)


def say_basis(basis: str) -> str:
    """What a case went by; the older ones began with the names of both kinds of 包换."""
    return basis.removeprefix(f"{reasons.GROUND[Ground.PROMISE]}：")
