"""Who may ask for what: one pure function that explains itself."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from portal import inputs
from portal.flow import CaseType
from portal.inputs import quantity_text
from portal.rights import reasons
from portal.rights.asking import (
    DESCRIPTION,
    FREIGHT_BACK,
    QUANTITY,
    askable,
    asks,
    freight_payer,
    gets,
    resale_asks,
    state_when,
    types_of,
)
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
from portal.rights.standing import find_stop, misplaced
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

_TALK = Instead(Route.CONTACT, "可以点「立即联系」与商家协商，需商家同意")


_CHOOSE = Instead(Route.CHOOSE_REASON, "请在「换货原因」里选择最接近的一项")


_VISIBLE, _HIDDEN = (each for each in reasons.REASONS if each.id in ("damaged", "defect"))


def offer(goods: Goods, now: datetime, policy: Policy) -> Verdict:
    """Whether there is any reason for which these goods can be applied for now: what the button says."""
    if stopped := find_stop(goods):
        return stopped
    left = f"还可申请 {quantity_text(goods.remaining_milli)} {goods.unit}"
    if place(goods) is Place.UNSHIPPED:
        return Verdict(True, f"{left}；还没有发货，可以申请退款，全部或一部分都可以", basis="订单未发货")
    plain = consider(goods, types_of(goods, _VISIBLE, policy)[0], _VISIBLE.id, now, policy)
    kind = types_of(goods, _HIDDEN, policy)[0]
    hidden = consider(goods, kind, _HIDDEN.id, now, policy)  # the longest window and the fewest conditions
    if not hidden.allowed:
        for reason in offered(goods, policy):
            for _, verdict in ways(goods, reason, now, policy):
                if verdict.allowed and not verdict.negotiated:
                    return Verdict(True, f"{left}；{verdict.why}", until=verdict.until, basis=verdict.basis)
        return hidden
    if _excluded(goods, policy):
        left += "，这件商品在质量问题或发错时可以换货"
    if not plain.allowed:
        why = f"{left}；现在只有使用中才发现的质量问题可以申请，请在 {_day(hidden.until, now)} 前提交"
        return Verdict(True, why, until=hidden.until, basis=_rule(goods, _HIDDEN, policy, kind))
    rule = _rule(goods, _VISIBLE, policy, kind)
    if plain.until is None:
        why = f"{left}；{rule}，{_not_begun(goods)}"
        if place(goods) is Place.IN_TRANSIT:
            why += "；没有收到商品，也在这里申请退款"
        return Verdict(True, why, basis=rule)
    why = f"{left}，请在 {_day(plain.until, now)} 前提交"
    if hidden.until != plain.until:
        why += f"；使用中才发现的质量问题可到 {_day(hidden.until, now)}"
    return Verdict(True, why, until=plain.until, basis=rule)


def consider(
    goods: Goods, case_type: str, reason_id: str, now: datetime, policy: Policy, *, negotiated: bool = False
) -> Verdict:
    """Whether this reason opens this type of case for these goods, whatever the evidence will be.

    ``negotiated``: asked for as 协商, where there is no right to it.
    """
    if stopped := find_stop(goods):
        return stopped
    reason = reasons.reason(reason_id)
    if reason is None:
        return Verdict(False, "请选择换货原因", (_CHOOSE,), basis="未选择原因", field="reason")
    if case_type not in set(CaseType):
        return Verdict(False, "请选择希望怎么处理", (_CHOOSE,), basis="未选择处理方式", field="type")
    kind = CaseType(case_type)
    by_right = misplaced(goods, reason) or _right(goods, kind, reason, now, policy)
    if (
        by_right.allowed
        or not negotiated
        or kind not in askable(goods, reason, now, policy)
        or misplaced(goods, reason)
    ):
        return by_right
    why = f"「{reason.zh}」可以申请协商{NAMES[kind]}；须由商家同意，商家没有答复申请会关闭，不会自动同意"
    why += "；运费由您与商家协商"
    basis = f"{reasons.said(reason.id)}：协商，须由商家同意"
    return Verdict(True, why, freight_payer=Payer.NEGOTIATED, basis=basis, negotiated=True)


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
        kind = "，须为整数" if fraction else ""
        why = f"最多可申请 {most}{kind}，请修改{QUANTITY[case_type]}"
        return Verdict(False, why, ways, basis="数量", field="quantity")
    if evidence.photos < reason.least_photos:
        ways = (Instead(Route.ADD_EVIDENCE, reason.prompt),)
        return Verdict(False, "请上传能看出问题的照片", ways, basis="没有凭证", field="photos")
    if evidence.photos > MOST_PHOTOS:
        ways = (Instead(Route.ADD_EVIDENCE, "请留下最能说明问题的照片"),)
        return Verdict(False, f"最多 {MOST_PHOTOS} 张照片，请删减", ways, basis="照片过多", field="photos")
    if evidence.text < reason.least_text:
        ways = (Instead(Route.ADD_EVIDENCE, reason.ask),)
        why = f"请至少填写 {reason.least_text} 个字的{DESCRIPTION[case_type]}"
        return Verdict(False, why, ways, basis="描述过短", field="description")
    return verdict


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
        for kind in askable(goods, reason, now, policy)
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
    return tuple(each for each in reasons.REASONS if each.ground not in missing and not misplaced(goods, each))


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
        return Verdict(False, why, (*asks(reason), _CHOOSE), basis=basis, field="reason")
    if _resale_overdue(goods, reason, now, policy):
        rule, ended = _rule(goods, reason, policy, kind), _resale_end(goods, reason, policy)
        why = f"{rule}，已于 {_day(ended, now)} 超期"
        ways = (*_no_reason_return(goods, now, policy), *resale_asks(goods, reason, now, policy))
        return Verdict(False, why, ways or (_TALK,), until=ended, basis=f"{rule}，已超期", field="reason")
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
    parts = (
        f"「{reason.zh}」可以申请{NAMES[kind]}",
        rule + state_when(goods, reason, end, now),
        gets(goods, kind, payer),
    )
    return Verdict(True, "；".join(parts), freight_payer=payer, until=end, basis=f"{said}：{rule}")


_OWN_RULES: Final = (Ground.PROMISE, Ground.NO_REASON, Ground.UNSHIPPED)  # what a policy excludes is not theirs


def _no_ground(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> Verdict:
    ways: tuple[Instead, ...] = asks(reason)
    if reason.id == "no_evidence":
        why = "没有证据的质量问题，不属于换货范围"
        ways = (Instead(Route.ADD_EVIDENCE, "请拍下能看出问题的照片，再选择「商品质量问题」提交"), _TALK)
    elif reason.id == "dislike":
        why = "商品与描述相符，只是不喜欢或不满意，不属于换货范围"
        ways = (*_by_promise(goods, now, policy), *_no_reason_return(goods, now, policy), *ways)
    else:
        why = "因个人原因取消订单，不属于换货范围"
        ways = (*_no_reason_return(goods, now, policy), *ways)
    return Verdict(False, why, ways, basis=f"不属于换货范围：{reason.zh}", field="reason")


def _too_late(goods: Goods, reason: Reason, rule: str, end: datetime, now: datetime, policy: Policy) -> Verdict:
    ways = (*_no_reason_return(goods, now, policy), *asks(reason))
    why = f"{rule}，已于 {_day(end, now)} 结束"
    return Verdict(False, why, ways or (_TALK,), until=end, basis=f"{rule}，已结束", field="reason")


def _other_type(goods: Goods, kind: CaseType, reason: Reason, now: datetime, policy: Policy) -> Verdict:
    """A type that this reason doesn't open, and those that it does."""
    found = types_of(goods, reason, policy)
    ways = tuple(Instead(Route(each), f"请申请{NAMES[each]}", f"申请{NAMES[each]}", reason.id, each) for each in found)
    names = "或".join(NAMES[each] for each in found)
    basis = f"{reasons.said(reason.id)}：不属于{NAMES[kind]}"
    if kind is CaseType.EXCHANGE and reason.id == "missing_item":
        why = "漏发的商品不用寄回，由商家补发，不需要申请换货"
    elif kind is CaseType.EXCHANGE and reason.id == "over_qty":
        why = "多买的商品没有要换的规格，适合退货退款，不需要申请换货"
        ways = (*ways, *_no_reason_return(goods, now, policy))
    elif kind in (each for _, each in reason.promised):
        why = f"「{reason.zh}」没有{NAMES[kind]}的承诺，请申请{names}"
        basis = f"{reasons.said(reason.id)}：没有{NAMES[kind]}承诺"
    elif kind in reason.types:
        why = f"商家没有开通{NAMES[kind]}" + (f"，请申请{names}" if names else "")
        basis = f"店铺没有开通{NAMES[kind]}"
        ways = ways or asks(reason)
    else:
        why = f"「{reason.zh}」不能直接申请{NAMES[kind]}" + (f"，请申请{names}" if names else "")
        ways = (*ways, *(each for each in asks(reason) if each.case_type is kind))
    return Verdict(False, why, ways or (_TALK,), basis=basis, field="reason")


def _not_exchangeable(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> Verdict:
    ways = (
        *_by_promise(goods, now, policy),
        Instead(Route.CHOOSE_REASON, "如果商品有质量问题或发错了，请选择对应的换货原因"),
        *_no_reason_return(goods, now, policy),
        *asks(reason),
    )
    why = "按商家的换货政策，这件商品只在质量问题或发错时可以换货"
    return Verdict(False, why, ways, basis="店铺换货政策：不支持换货的商品", field="reason")


def _by_promise(goods: Goods, now: datetime, policy: Policy) -> tuple[Instead, ...]:
    """The way by 包换, while it is open."""
    promise = _promise(goods, policy)
    if promise is None:
        return ()
    end = None if goods.received_at is None else find_last_day_end(goods.received_at, promise.days or 0)
    if end is not None and now >= end:
        return ()
    when = f"收到商品后 {promise.days} 天内" if end is None else f"{_day(end, now)} 前"
    sentence = f"这件商品有{promise.name}，{when}可以选择「包换服务」申请换货"
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
        f"这件商品支持7天无理由退货，{when}可以申请，商品须完好，{FREIGHT_BACK[Payer.SELLER if free else Payer.BUYER]}"
    )
    return (Instead(Route.SEVEN_DAY, sentence, "7天无理由退货", "seven_day", CaseType.RETURN_REFUND),)
