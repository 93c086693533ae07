"""Who may ask for what: one pure function that explains itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from portal import inputs
from portal.flow import CaseType
from portal.inputs import quantity_text
from portal.rights import reasons
from portal.rights.goods import (
    EXCLUSIONS,
    FREE_RETURNS,
    NAMES,
    NO_REASON_RETURN,
    Evidence,
    Goods,
    Instead,
    Policy,
    Route,
    Verdict,
    _excluded,
    _promise,
    _promised,
    covered,
    place,
)
from portal.rights.reasons import MOST_PHOTOS, Fault, Ground, Payer, Place, Reason
from portal.rights.windows import (
    _NO_REASON_DAYS,
    _day,
    _no_reason_end,
    _not_begun,
    _resale_end,
    _resale_overdue,
    _rule,
    find_last_day_end,
    find_window_end,
)

_TALK = Instead(Route.CONTACT, "可以点「立即联系」与商家协商,需商家同意")
_CHOOSE = Instead(Route.CHOOSE_REASON, "请在「换货原因」里选择最接近的一项")

_STATUS_REFUSALS: Final[Mapping[str, Verdict]] = {
    "unpaid": Verdict(
        False,
        "订单还没有付款,不能申请换货",
        (Instead(Route.CONTACT, "要改规格或数量,请点「立即联系」请商家修改订单"),),
        basis="订单未付款",
    ),
    "cancelled": Verdict(
        False,
        "订单已取消,没有可以换的商品",
        (Instead(Route.CONTACT, "如果您收到了商品,请点「立即联系」与商家核对"),),
        basis="订单已取消",
    ),
    "refunding": Verdict(
        False,
        "订单正在退款,退款期间不能申请换货",
        (Instead(Route.CONTACT, "想改为换货,请点「立即联系」与商家商量"),),
        basis="订单退款中",
    ),
}

_UNKNOWN: Final = Verdict(
    False,
    "还不能确认订单是否已发货,暂时不能申请换货",
    (Instead(Route.CONTACT, "如果您已收到商品,请点「立即联系」告诉商家"),),
    basis="订单状态未确认",
)

_KNOWN: Final = frozenset({"unshipped", "in_transit", "delivered", "completed"})
_VISIBLE, _HIDDEN = (each for each in reasons.REASONS if each.id in ("damaged", "defect"))


def offer(goods: Goods, now: datetime, policy: Policy) -> Verdict:
    """Whether there is any reason for which these goods can be applied for now: what the button says."""
    if stopped := _stopped(goods):
        return stopped
    left = f"还可申请 {quantity_text(goods.remaining_milli)} {goods.unit}"
    if place(goods) is Place.UNSHIPPED:
        return Verdict(True, f"{left};还没有发货,可以申请退款,全部或一部分都可以", basis="订单未发货")
    plain = consider(goods, types_of(goods, _VISIBLE, policy)[0], _VISIBLE.id, now, policy)
    kind = types_of(goods, _HIDDEN, policy)[0]
    hidden = consider(goods, kind, _HIDDEN.id, now, policy)  # the longest window and the fewest conditions
    if not hidden.allowed:
        for reason in offered(goods, policy):
            for _, verdict in ways(goods, reason, now, policy):
                if verdict.allowed and not verdict.negotiated:
                    return Verdict(True, f"{left};{verdict.why}", until=verdict.until, basis=verdict.basis)
        return hidden
    if _excluded(goods, policy):
        left += ",这件商品在质量问题或发错时可以换货"
    if not plain.allowed:
        why = f"{left};现在只有使用中才发现的质量问题可以申请,请在 {_day(hidden.until, now)} 前提交"
        return Verdict(True, why, until=hidden.until, basis=_rule(goods, _HIDDEN, policy, kind))
    rule = _rule(goods, _VISIBLE, policy, kind)
    if plain.until is None:
        why = f"{left};{rule},{_not_begun(goods)}"
        if place(goods) is Place.IN_TRANSIT:
            why += ";没有收到商品,也在这里申请退款"
        return Verdict(True, why, basis=rule)
    why = f"{left},请在 {_day(plain.until, now)} 前提交"
    if hidden.until != plain.until:
        why += f";使用中才发现的质量问题可到 {_day(hidden.until, now)}"
    return Verdict(True, why, until=plain.until, basis=rule)


def consider(
    goods: Goods, case_type: str, reason_id: str, now: datetime, policy: Policy, *, negotiated: bool = False
) -> Verdict:
    """Whether this reason opens this type of case for these goods, whatever the evidence will be.

    ``negotiated``: asked for as 协商, where there is no right to it.
    """
    if stopped := _stopped(goods):
        return stopped
    reason = reasons.reason(reason_id)
    if reason is None:
        return Verdict(False, "请选择换货原因", (_CHOOSE,), basis="未选择原因", field="reason")
    if case_type not in set(CaseType):
        return Verdict(False, "请选择希望怎么处理", (_CHOOSE,), basis="未选择处理方式", field="type")
    kind = CaseType(case_type)
    by_right = _misplaced(goods, reason) or _right(goods, kind, reason, now, policy)
    if (
        by_right.allowed
        or not negotiated
        or kind not in _askable(goods, reason, now, policy)
        or _misplaced(goods, reason)
    ):
        return by_right
    why = (
        f"「{reason.zh}」可以申请协商{NAMES[kind]};须由商家同意,商家没有答复申请会关闭,不会自动同意;运费由您与商家协商"
    )
    return Verdict(
        True, why, freight_payer=Payer.NEGOTIATED, basis=f"{reasons.said(reason.id)}:协商,须由商家同意", negotiated=True
    )


def check(
    goods: Goods,
    case_type: str,
    reason_id: str,
    evidence: Evidence,
    now: datetime,
    policy: Policy,
    *,
    negotiated: bool = False,
) -> Verdict:
    """Whether this application can be handed in. Form and POST ask the same; the ledger has the last word."""
    verdict = consider(goods, case_type, reason_id, now, policy, negotiated=negotiated)
    reason = reasons.reason(reason_id)
    if not verdict.allowed or reason is None:
        return verdict
    left = goods.remaining_milli
    fraction = evidence.asked_milli % 1000 and left % 1000 == 0 and inputs.unit_is_whole(goods.unit)
    if not 0 < evidence.asked_milli <= left or fraction:
        most = f"{quantity_text(left)} {goods.unit}"
        ways = (Instead(Route.CHANGE_QUANTITY, f"把{QUANTITY[case_type]}改为不超过 {most}"),)
        kind = ",须为整数" if fraction else ""
        why = f"最多可申请 {most}{kind},请修改{QUANTITY[case_type]}"
        return Verdict(False, why, ways, basis="数量", field="quantity")
    if evidence.photos < reason.least_photos:
        ways = (Instead(Route.ADD_EVIDENCE, reason.prompt),)
        return Verdict(False, "请上传能看出问题的照片", ways, basis="没有凭证", field="photos")
    if evidence.photos > MOST_PHOTOS:
        ways = (Instead(Route.ADD_EVIDENCE, "请留下最能说明问题的照片"),)
        return Verdict(False, f"最多 {MOST_PHOTOS} 张照片,请删减", ways, basis="照片过多", field="photos")
    if evidence.text < reason.least_text:
        ways = (Instead(Route.ADD_EVIDENCE, reason.ask),)
        why = f"请至少填写 {reason.least_text} 个字的{DESCRIPTION[case_type]}"
        return Verdict(False, why, ways, basis="描述过短", field="description")
    return verdict


def types_of(goods: Goods, reason: Reason, policy: Policy) -> tuple[CaseType, ...]:
    """The types of case that this reason opens by right for these goods, the usual one first.

    Those the shop takes, and those that were promised. A fault of the seller's always has one.
    """
    promised = _promised(goods, policy)
    given = tuple(kind for code, kind in reason.promised if code in promised)
    every = reason.types + tuple(kind for kind in given if kind not in reason.types)
    if reason.ground in (Ground.UNSHIPPED, Ground.PROMISE, Ground.NO_REASON):
        return every
    taken = tuple(kind for kind in every if kind in policy.types or kind in given)
    return taken or (every[:1] if reason.fault is Fault.SELLER else ())


def ways(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> tuple[tuple[CaseType, Verdict], ...]:
    """What a reason opens now, the usual first: by right, and by 协商 where there is no right or nothing else is said.

    自然灾害 and its like give an exchange by right, and leave a refund to the seller.
    """
    rights = tuple((kind, consider(goods, kind, reason.id, now, policy)) for kind in types_of(goods, reason, policy))
    rights = tuple((kind, verdict) for kind, verdict in rights if verdict.allowed)
    if rights and reason.ground is not Ground.SPECIAL:
        return rights
    have = {kind for kind, _ in rights}
    asked = tuple(
        (kind, consider(goods, kind, reason.id, now, policy, negotiated=True))
        for kind in _askable(goods, reason, now, policy)
        if kind not in have
    )
    return rights + tuple((kind, verdict) for kind, verdict in asked if verdict.allowed)


def offered(goods: Goods, policy: Policy) -> tuple[Reason, ...]:
    """The reasons to show, in order: those for where the goods are; what must be promised only where it was."""
    missing: set[Ground] = set()
    if not _promise(goods, policy):
        missing.add(Ground.PROMISE)
    if not covered(goods, policy):
        missing.add(Ground.NO_REASON)
    return tuple(each for each in reasons.REASONS if each.ground not in missing and not _misplaced(goods, each))


def freight_payer(goods: Goods, reason: Reason, policy: Policy) -> Payer:
    """Who pays the freight: by fault; what a fault leaves open by the policy; 退货包运费 frees the buyer."""
    payer = reason.freight_payer or policy.special_freight
    return Payer.SELLER if FREE_RETURNS in _promised(goods, policy) else payer


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

_FREIGHT_BACK: Final[Mapping[Payer, str]] = {
    Payer.SELLER: "退回运费由商家承担",
    Payer.BUYER: "退回运费由您承担",
    Payer.NEGOTIATED: "退回运费由您与商家协商",
}


def _stopped(goods: Goods) -> Verdict | None:
    """What no reason can help: the order's state, or nothing left."""
    if goods.status not in _KNOWN:
        refusal = _STATUS_REFUSALS.get(goods.status)
        if refusal or goods.received_at is None:  # goods that arrived were shipped, whatever the platform's word is
            return refusal or _UNKNOWN
    if goods.remaining_milli:
        return None
    way = Instead(Route.CONTACT, "对售后结果有疑问,请点「立即联系」与商家沟通")
    if goods.open_case:
        way = Instead(Route.OPEN_CASE, f"请在售后单 {goods.open_case} 里查看进度")
    bought, claimed = quantity_text(goods.bought_milli), quantity_text(goods.claimed_milli)
    kind = "可申请" if place(goods) is Place.UNSHIPPED else "可换"
    return Verdict(False, f"没有{kind}的数量了,已申请 {claimed}/{bought} {goods.unit}", (way,), basis="数量已用完")


def _misplaced(goods: Goods, reason: Reason) -> Verdict | None:
    """A reason that doesn't go with where the goods are."""
    where = place(goods)
    if where is Place.UNSHIPPED and where not in reason.places:
        unsent: tuple[Instead, ...] = (
            Instead(Route.CHOOSE_REASON, "不想要了,或商家没有按时发货,可以申请退款,全部或一部分都可以"),
            Instead(Route.CONTACT, "想换规格,请点「立即联系」请商家改发"),
        )
        why = f"订单还没有发货,不能以「{reason.zh}」申请"
        return Verdict(False, why, unsent, basis="订单未发货", field="reason")
    if where not in reason.places:
        sent = (
            Instead(Route.CHOOSE_REASON, "请按收到商品后的情况选择原因"),
            Instead(Route.CONTACT, "包裹还在路上,可以点「立即联系」请商家拦截,或拒签后申请退款"),
        )
        return Verdict(False, "订单已经发货,不能按未发货退款", sent, basis="订单已发货", field="reason")
    if reason.ground is Ground.ABSENT and goods.status not in ("in_transit", "delivered"):
        had = (
            Instead(Route.CHOOSE_REASON, "请按收到商品后的情况选择原因"),
            Instead(Route.CONTACT, "没有收到商品,请点「立即联系」与商家核对物流"),
        )
        return Verdict(False, "订单已确认收货,不能按没有收到商品申请", had, basis="订单已确认收货", field="reason")
    return None


def _right(goods: Goods, kind: CaseType, reason: Reason, now: datetime, policy: Policy) -> Verdict:
    """Whether there is a right to it."""
    said = reasons.said(reason.id)
    if reason.ground is Ground.NONE:
        return _no_ground(goods, reason, now, policy)
    if reason.ground is Ground.PROMISE and not _promise(goods, policy):
        return Verdict(False, "这件商品没有包换服务", (_CHOOSE,), basis="没有包换承诺", field="reason")
    if reason.ground is Ground.NO_REASON and not covered(goods, policy):
        why, basis = "这件商品不支持7天无理由退货", "没有7天无理由退货"
        if goods.no_reason_excluded and (goods.consumer or NO_REASON_RETURN in _promised(goods, policy)):
            basis = EXCLUSIONS[goods.no_reason_excluded]
            why = f"{basis}不适用7天无理由退货"
        return Verdict(False, why, (*_asks(reason), _CHOOSE), basis=basis, field="reason")
    if _resale_overdue(goods, reason, now, policy):
        rule, ended = _rule(goods, reason, policy, kind), _resale_end(goods, reason, policy)
        why = f"{rule},已于 {_day(ended, now)} 超期"
        ways = (*_no_reason_return(goods, now, policy), *_resale_asks(goods, reason, now, policy))
        return Verdict(False, why, ways or (_TALK,), until=ended, basis=f"{rule},已超期", field="reason")
    if kind not in types_of(goods, reason, policy):
        return _other_type(goods, kind, reason, now, policy)
    theirs = reason.fault is not Fault.SELLER and reason.ground not in _OWN_RULES
    if theirs and _excluded(goods, policy):
        return _not_exchangeable(goods, reason, now, policy)
    rule = _rule(goods, reason, policy, kind)
    end = find_window_end(goods, reason, policy, kind)
    if end is not None and now >= end:
        return _too_late(goods, reason, rule, end, now, policy)
    payer = (
        freight_payer(goods, reason, policy) if kind in (CaseType.EXCHANGE, CaseType.RETURN_REFUND) else Payer.SELLER
    )
    parts = (f"「{reason.zh}」可以申请{NAMES[kind]}", rule + _when(goods, reason, end, now), _gets(goods, kind, payer))
    return Verdict(True, ";".join(parts), freight_payer=payer, until=end, basis=f"{said}:{rule}")


_OWN_RULES: Final = (Ground.PROMISE, Ground.NO_REASON, Ground.UNSHIPPED)  # what a policy excludes is not theirs


def _when(goods: Goods, reason: Reason, end: datetime | None, now: datetime) -> str:
    if reason.ground is Ground.UNSHIPPED:
        return ",发货前都可以申请"
    if end is None and reason.ground is Ground.ABSENT:
        return ",收到前都可以申请"
    return f",{_not_begun(goods)}" if end is None else f",请在 {_day(end, now)} 前提交"


def _gets(goods: Goods, kind: CaseType, payer: Payer) -> str:
    """What goes back, what comes, and who pays the freight."""
    if kind is CaseType.EXCHANGE:
        return _FREIGHT[payer]
    if kind is CaseType.REISSUE:
        return "商品不用寄回,由商家补发并承担运费"
    if kind is CaseType.RETURN_REFUND:
        return f"商品寄回、验货后退款,{_FREIGHT_BACK[payer]}"
    return "不用寄回商品,已付的运费按比例一起退" if place(goods) is Place.UNSHIPPED else "不用寄回商品,退货款"


def _no_ground(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> Verdict:
    ways: tuple[Instead, ...] = _asks(reason)
    if reason.id == "no_evidence":
        why = "没有证据的质量问题,不属于换货范围"
        ways = (Instead(Route.ADD_EVIDENCE, "请拍下能看出问题的照片,再选择「商品质量问题」提交"), _TALK)
    elif reason.id == "dislike":
        why = "商品与描述相符,只是不喜欢或不满意,不属于换货范围"
        ways = (*_by_promise(goods, now, policy), *_no_reason_return(goods, now, policy), *ways)
    else:
        why = "因个人原因取消订单,不属于换货范围"
        ways = (*_no_reason_return(goods, now, policy), *ways)
    return Verdict(False, why, ways, basis=f"不属于换货范围:{reason.zh}", field="reason")


def _asks(reason: Reason) -> tuple[Instead, ...]:
    """What the seller can be asked for, for this reason."""
    return tuple(
        Instead(
            Route.NEGOTIATE,
            f"可以申请协商{NAMES[kind]},须由商家同意;商家没有答复会关闭,不会自动同意",
            f"协商{NAMES[kind]}",
            reason.id,
            kind,
        )
        for kind in reason.asks
    )


def _askable(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> tuple[CaseType, ...]:
    """The types that can be had by 协商 for this reason: its own, and after the 铺货 term what was a right before."""
    late = types_of(goods, reason, policy) if _resale_overdue(goods, reason, now, policy) else ()
    return (*reason.asks, *(kind for kind in late if kind not in reason.asks))


def _resale_asks(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> tuple[Instead, ...]:
    """What was a right is still to be had by agreement: 超期,申请协商."""
    return tuple(
        Instead(
            Route.NEGOTIATE,
            f"超期,可以申请协商{NAMES[kind]},须由商家同意;商家没有答复会关闭,不会自动同意",
            f"协商{NAMES[kind]}",
            reason.id,
            kind,
        )
        for kind in _askable(goods, reason, now, policy)
    )


def _too_late(goods: Goods, reason: Reason, rule: str, end: datetime, now: datetime, policy: Policy) -> Verdict:
    ways = (*_no_reason_return(goods, now, policy), *_asks(reason))
    why = f"{rule},已于 {_day(end, now)} 结束"
    return Verdict(False, why, ways or (_TALK,), until=end, basis=f"{rule},已结束", field="reason")


def _other_type(goods: Goods, kind: CaseType, reason: Reason, now: datetime, policy: Policy) -> Verdict:
    """A type that this reason doesn't open, and those that it does."""
    found = types_of(goods, reason, policy)
    ways = tuple(Instead(Route(each), f"请申请{NAMES[each]}", f"申请{NAMES[each]}", reason.id, each) for each in found)
    names = "或".join(NAMES[each] for each in found)
    basis = f"{reasons.said(reason.id)}:不属于{NAMES[kind]}"
    if kind is CaseType.EXCHANGE and reason.id == "missing_item":
        why = "漏发的商品不用寄回,由商家补发,不需要申请换货"
    elif kind is CaseType.EXCHANGE and reason.id == "over_qty":
        why = "多买的商品没有要换的规格,适合退货退款,不需要申请换货"
        ways = (*ways, *_no_reason_return(goods, now, policy))
    elif kind in (each for _, each in reason.promised):
        why = f"「{reason.zh}」没有{NAMES[kind]}的承诺,请申请{names}"
        basis = f"{reasons.said(reason.id)}:没有{NAMES[kind]}承诺"
    elif kind in reason.types:
        why = f"商家没有开通{NAMES[kind]}" + (f",请申请{names}" if names else "")
        basis = f"店铺没有开通{NAMES[kind]}"
        ways = ways or _asks(reason)
    else:
        why = f"「{reason.zh}」不能直接申请{NAMES[kind]}" + (f",请申请{names}" if names else "")
        ways = (*ways, *(each for each in _asks(reason) if each.case_type is kind))
    return Verdict(False, why, ways or (_TALK,), basis=basis, field="reason")


def _not_exchangeable(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> Verdict:
    ways = (
        *_by_promise(goods, now, policy),
        Instead(Route.CHOOSE_REASON, "如果商品有质量问题或发错了,请选择对应的换货原因"),
        *_no_reason_return(goods, now, policy),
        *_asks(reason),
    )
    why = "按商家的换货政策,这件商品只在质量问题或发错时可以换货"
    return Verdict(False, why, ways, basis="店铺换货政策:不支持换货的商品", field="reason")


def _by_promise(goods: Goods, now: datetime, policy: Policy) -> tuple[Instead, ...]:
    """The way by 包换, while it is open."""
    promise = _promise(goods, policy)
    if promise is None:
        return ()
    end = None if goods.received_at is None else find_last_day_end(goods.received_at, promise.days or 0)
    if end is not None and now >= end:
        return ()
    when = f"收到商品后 {promise.days} 天内" if end is None else f"{_day(end, now)} 前"
    sentence = f"这件商品有{promise.name},{when}可以选择「包换服务」申请换货"
    return (Instead(Route.PROMISE, sentence, promise.name, "promise", CaseType.EXCHANGE),)


def _no_reason_return(goods: Goods, now: datetime, policy: Policy) -> tuple[Instead, ...]:
    """The way by 7天无理由退货, while it is open: a right to return, never to exchange."""
    if not covered(goods, policy):
        return ()
    end = None
    if goods.received_at is not None:
        end = _no_reason_end(goods, find_last_day_end(goods.received_at, _NO_REASON_DAYS))
    if end is not None and now >= end:
        return ()
    when = "收到商品后 7 天内" if end is None else f"{_day(end, now)} 前"
    free = FREE_RETURNS in _promised(goods, policy)
    sentence = (
        f"这件商品支持7天无理由退货,{when}可以申请,商品须完好,{_FREIGHT_BACK[Payer.SELLER if free else Payer.BUYER]}"
    )
    return (Instead(Route.SEVEN_DAY, sentence, "7天无理由退货", "seven_day", CaseType.RETURN_REFUND),)
