"""Verdicts that say no: why, until when it was open, and what is open instead."""

from __future__ import annotations

from datetime import datetime

from portal.flow import CaseType
from portal.rights import reasons
from portal.rights.asking import FREIGHT_BACK, asks, types_of
from portal.rights.goods import (
    FREE_RETURNS,
    NAMES,
    Goods,
    Instead,
    Policy,
    Route,
    Verdict,
    covered,
    find_promise,
    list_promised,
    say_reason,
)
from portal.rights.reasons import Ground, Payer, Reason
from portal.rights.windows import NO_REASON_DAYS, find_last_day_end, find_no_reason_end, say_day

TALK = Instead(Route.CONTACT, "可以点「立即联系」与商家协商，需商家同意")
CHOOSE = Instead(Route.CHOOSE_REASON, "请在「换货原因」里选择最接近的一项")


def deny_ground(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> Verdict:
    ways: tuple[Instead, ...] = asks(reason)
    if reason.id == "no_evidence":
        why = "没有证据的质量问题，不属于换货范围"
        ways = (Instead(Route.ADD_EVIDENCE, "请拍下能看出问题的照片，再选择「商品质量问题」提交"), TALK)
    elif reason.id == "dislike":
        why = "商品与描述相符，只是不喜欢或不满意，不属于换货范围"
        ways = (*offer_promise(goods, now, policy), *offer_no_reason_return(goods, now, policy), *ways)
    else:
        why = "因个人原因取消订单，不属于换货范围"
        ways = (*offer_no_reason_return(goods, now, policy), *ways)
    return Verdict(False, why, ways, basis=f"不属于换货范围：{reason.zh}", field="reason")


def deny_late(goods: Goods, reason: Reason, rule: str, end: datetime, now: datetime, policy: Policy) -> Verdict:
    ways = (*offer_no_reason_return(goods, now, policy), *asks(reason))
    why = f"{rule}，已于 {say_day(end, now)} 结束"
    return Verdict(False, why, ways or (TALK,), until=end, basis=f"{rule}，已结束", field="reason")


def deny_type(goods: Goods, kind: CaseType, reason: Reason, now: datetime, policy: Policy) -> Verdict:
    """A type that this reason doesn't open, and those that it does."""
    found = types_of(goods, reason, policy)
    ways = tuple(Instead(Route(each), f"请申请{NAMES[each]}", f"申请{NAMES[each]}", reason.id, each) for each in found)
    names = "或".join(NAMES[each] for each in found)
    name = say_reason(reason, goods, policy)
    said = name if reason.ground is Ground.PROMISE else reasons.said(reason.id)
    basis = f"{said}：不属于{NAMES[kind]}"
    if kind is CaseType.EXCHANGE and reason.id == "missing_item":
        why = "漏发的商品不用寄回，由商家补发，不需要申请换货"
    elif kind is CaseType.EXCHANGE and reason.id == "over_qty":
        why = "多买的商品没有要换的规格，适合退货退款，不需要申请换货"
        ways = (*ways, *offer_no_reason_return(goods, now, policy))
    elif kind in (each for _, each in reason.promised):
        why = f"「{name}」没有{NAMES[kind]}的承诺，请申请{names}"
        basis = f"{said}：没有{NAMES[kind]}承诺"
    elif kind in reason.types:
        why = f"商家没有开通{NAMES[kind]}" + (f"，请申请{names}" if names else "")
        basis = f"店铺没有开通{NAMES[kind]}"
        ways = ways or asks(reason)
    else:
        why = f"「{name}」不能直接申请{NAMES[kind]}" + (f"，请申请{names}" if names else "")
        ways = (*ways, *(each for each in asks(reason) if each.case_type is kind))
    return Verdict(False, why, ways or (TALK,), basis=basis, field="reason")


def deny_excluded(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> Verdict:
    ways = (
        *offer_promise(goods, now, policy),
        Instead(Route.CHOOSE_REASON, "如果商品有质量问题或发错了，请选择对应的换货原因"),
        *offer_no_reason_return(goods, now, policy),
        *asks(reason),
    )
    why = "按商家的换货政策，这件商品只在质量问题或发错时可以换货"
    return Verdict(False, why, ways, basis="店铺换货政策：不支持换货的商品", field="reason")


def offer_promise(goods: Goods, now: datetime, policy: Policy) -> tuple[Instead, ...]:
    """The way by 包换, while it is open."""
    promise = find_promise(goods, policy)
    if promise is None:
        return ()
    end = None if goods.received_at is None else find_last_day_end(goods.received_at, promise.days or 0)
    if end is not None and now >= end:
        return ()
    when = f"收到商品后 {promise.days} 天内" if end is None else f"{say_day(end, now)} 前"
    sentence = f"这件商品有{promise.name}，{when}可以选择「{promise.name}」申请换货"
    return (Instead(Route.PROMISE, sentence, promise.name, "promise", CaseType.EXCHANGE),)


def offer_no_reason_return(goods: Goods, now: datetime, policy: Policy) -> tuple[Instead, ...]:
    """The way by 7天无理由退货, while it is open: a right to return, never to exchange."""
    if not covered(goods, policy):
        return ()
    end = None
    if goods.received_at is not None:
        end = find_no_reason_end(goods, find_last_day_end(goods.received_at, NO_REASON_DAYS))
    if end is not None and now >= end:
        return ()
    when = "收到商品后 7 天内" if end is None else f"{say_day(end, now)} 前"
    free = FREE_RETURNS in list_promised(goods, policy)
    sentence = (
        f"这件商品支持7天无理由退货，{when}可以申请，商品须完好，{FREIGHT_BACK[Payer.SELLER if free else Payer.BUYER]}"
    )
    return (Instead(Route.SEVEN_DAY, sentence, "7天无理由退货", "seven_day", CaseType.RETURN_REFUND),)
