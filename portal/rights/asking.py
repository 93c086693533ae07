"""Which types a reason leads to, who pays the freight, and the links that offer them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from portal.flow import CaseType
from portal.rights.goods import FREE_RETURNS, NAMES, Goods, Instead, Policy, Route, list_promised, place
from portal.rights.reasons import Fault, Ground, Payer, Place, Reason
from portal.rights.windows import is_resale_overdue, say_day, say_not_begun


def types_of(goods: Goods, reason: Reason, policy: Policy) -> tuple[CaseType, ...]:
    """The types of case that this reason opens by right for these goods, the usual one first.

    Those the shop takes, and those that were promised. A fault of the seller's always has one.
    """
    promised = list_promised(goods, policy)
    given = tuple(kind for code, kind in reason.promised if code in promised)
    every = reason.types + tuple(kind for kind in given if kind not in reason.types)
    if reason.ground in (Ground.UNSHIPPED, Ground.PROMISE, Ground.NO_REASON):
        return every
    taken = tuple(kind for kind in every if kind in policy.types or kind in given)
    return taken or (every[:1] if reason.fault is Fault.SELLER else ())


def freight_payer(goods: Goods, reason: Reason, policy: Policy) -> Payer:
    """Who pays the freight: by fault; what a fault leaves open by the policy; 退货包运费 frees the buyer."""
    payer = reason.freight_payer or policy.special_freight
    return Payer.SELLER if FREE_RETURNS in list_promised(goods, policy) else payer


QUANTITY: Final[Mapping[str, str]] = {  # what the field of how much is called
    CaseType.EXCHANGE: "换货数量",
    CaseType.REISSUE: "补发数量",
    CaseType.RETURN_REFUND: "退货数量",
    CaseType.REFUND_ONLY: "退款数量",
}


DESCRIPTION: Final[Mapping[str, str]] = {
    CaseType.EXCHANGE: "换货原因描述",
    CaseType.REISSUE: "补发原因描述",
    CaseType.RETURN_REFUND: "退款原因描述",
    CaseType.REFUND_ONLY: "退款原因描述",
}


_FREIGHT: Final[Mapping[Payer, str]] = {
    Payer.SELLER: "运费由商家承担",
    Payer.BUYER: "来回运费由您承担",
    Payer.NEGOTIATED: "运费由您与商家协商",
}


FREIGHT_BACK: Final[Mapping[Payer, str]] = {
    Payer.SELLER: "退回运费由商家承担",
    Payer.BUYER: "退回运费由您承担",
    Payer.NEGOTIATED: "退回运费由您与商家协商",
}


def state_when(goods: Goods, reason: Reason, end: datetime | None, now: datetime) -> str:
    if reason.ground is Ground.UNSHIPPED:
        return "，发货前都可以申请"
    if end is None and reason.ground is Ground.ABSENT:
        return "，收到前都可以申请"
    return f"，{say_not_begun(goods)}" if end is None else f"，请在 {say_day(end, now)} 前提交"


def gets(goods: Goods, kind: CaseType, payer: Payer) -> str:
    """What goes back, what comes, and who pays the freight."""
    if kind is CaseType.EXCHANGE:
        return _FREIGHT[payer]
    if kind is CaseType.REISSUE:
        return "商品不用寄回，由商家补发并承担运费"
    if kind is CaseType.RETURN_REFUND:
        return f"商品寄回、验货后退款，{FREIGHT_BACK[payer]}"
    return "不用寄回商品，已付的运费按比例一起退" if place(goods) is Place.UNSHIPPED else "不用寄回商品，退货款"


def asks(reason: Reason) -> tuple[Instead, ...]:
    """What the seller can be asked for, for this reason."""
    return tuple(
        Instead(
            Route.NEGOTIATE,
            f"可以申请协商{NAMES[kind]}，须由商家同意；商家没有答复会关闭，不会自动同意",
            f"协商{NAMES[kind]}",
            reason.id,
            kind,
        )
        for kind in reason.asks
    )


def askable(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> tuple[CaseType, ...]:
    """The types that can be had by 协商 for this reason: its own, and after the 铺货 term what was a right before."""
    late = types_of(goods, reason, policy) if is_resale_overdue(goods, reason, now, policy) else ()
    return (*reason.asks, *(kind for kind in late if kind not in reason.asks))


def resale_asks(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> tuple[Instead, ...]:
    """What was a right is still to be had by agreement: 超期,申请协商."""
    return tuple(
        Instead(
            Route.NEGOTIATE,
            f"超期，可以申请协商{NAMES[kind]}，须由商家同意；商家没有答复会关闭，不会自动同意",
            f"协商{NAMES[kind]}",
            reason.id,
            kind,
        )
        for kind in askable(goods, reason, now, policy)
    )
