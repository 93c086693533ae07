"""Where an order stands: which states stop an application, and which goods are where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portal.inputs import quantity_text
from portal.rights.goods import Goods, Instead, Route, Verdict, place
from portal.rights.reasons import Ground, Place, Reason

_STATUS_REFUSALS: Final[Mapping[str, Verdict]] = {
    "unpaid": Verdict(
        False,
        "订单还没有付款，不能申请换货",
        (Instead(Route.CONTACT, "要改规格或数量，请点「立即联系」请商家修改订单"),),
        basis="订单未付款",
    ),
    "cancelled": Verdict(
        False,
        "订单已关闭，没有可以换的商品",
        (Instead(Route.CONTACT, "如果您收到了商品，请点「立即联系」与商家核对"),),
        basis="订单已取消",
    ),
    "refunding": Verdict(
        False,
        "平台显示订单正在退款，退款期间不能申请换货",
        (Instead(Route.CONTACT, "退款已撤销，或想改为换货，请点「立即联系」请商家确认"),),
        basis="订单退款中",
    ),
}


_UNKNOWN: Final = Verdict(
    False,
    "还不能确认订单是否已发货，暂时不能申请换货",
    (Instead(Route.CONTACT, "如果您已收到商品，请点「立即联系」告诉商家"),),
    basis="订单状态未确认",
)


_ENDED_ALONE: Final[Mapping[str, Verdict]] = {
    "cancelled": Verdict(
        False,
        "平台显示这件商品已退款或已关闭，不能再申请",
        (Instead(Route.CONTACT, "没有收到退款，请点「立即联系」与商家核对"),),
        basis="商品已退款",
    ),
    "refunding": Verdict(
        False,
        "平台显示这件商品正在退款，退款期间不能申请换货",
        (Instead(Route.CONTACT, "退款已撤销，或想改为换货，请点「立即联系」请商家确认"),),
        basis="商品退款中",
    ),
    "unknown": Verdict(
        False,
        "还不能确认这件商品的状态，暂时不能申请换货",
        (Instead(Route.CONTACT, "如果您已收到商品，请点「立即联系」告诉商家"),),
        basis="商品状态未确认",
    ),
}


_KNOWN: Final = frozenset({"unshipped", "in_transit", "delivered", "completed"})


def find_stop(goods: Goods) -> Verdict | None:
    """What no reason can help: the order's state, or nothing left."""
    if goods.ended_alone:
        return _ENDED_ALONE[goods.status]
    if goods.status not in _KNOWN:
        refusal = _STATUS_REFUSALS.get(goods.status)
        if refusal or goods.received_at is None:  # goods that arrived were shipped, whatever the platform's word is
            return refusal or _UNKNOWN
    if goods.remaining_milli:
        return None
    way = Instead(Route.CONTACT, "对售后结果有疑问，请点「立即联系」与商家沟通")
    if goods.open_case:
        way = Instead(Route.OPEN_CASE, f"请在售后单 {goods.open_case} 里查看进度")
    bought, claimed = quantity_text(goods.bought_milli), quantity_text(goods.claimed_milli)
    kind = "可申请" if place(goods) is Place.UNSHIPPED else "可换"
    return Verdict(False, f"没有{kind}的数量了，已申请 {claimed}/{bought} {goods.unit}", (way,), basis="数量已用完")


def misplaced(goods: Goods, reason: Reason) -> Verdict | None:
    """A reason that doesn't go with where the goods are."""
    where = place(goods)
    if where is Place.UNSHIPPED and where not in reason.places:
        unsent: tuple[Instead, ...] = (
            Instead(Route.CHOOSE_REASON, "不想要了，或商家没有按时发货，可以申请退款，全部或一部分都可以"),
            Instead(Route.CONTACT, "想换规格，请点「立即联系」请商家改发"),
        )
        why = f"订单还没有发货，不能以「{reason.zh}」申请"
        return Verdict(False, why, unsent, basis="订单未发货", field="reason")
    if where not in reason.places:
        sent = (
            Instead(Route.CHOOSE_REASON, "请按收到商品后的情况选择原因"),
            Instead(Route.CONTACT, "包裹还在路上，可以点「立即联系」请商家拦截，或拒签后申请退款"),
        )
        return Verdict(False, "订单已经发货，不能按未发货退款", sent, basis="订单已发货", field="reason")
    if reason.ground is Ground.ABSENT and goods.status not in ("in_transit", "delivered"):
        had = (
            Instead(Route.CHOOSE_REASON, "请按收到商品后的情况选择原因"),
            Instead(Route.CONTACT, "没有收到商品，请点「立即联系」与商家核对物流"),
        )
        return Verdict(False, "订单已确认收货，不能按没有收到商品申请", had, basis="订单已确认收货", field="reason")
    return None
