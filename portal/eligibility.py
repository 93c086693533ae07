"""What may be exchanged, why not, and what to do instead.

One set of rules decides the button (``offer``), a reason being chosen (``consider``) and the form and its POST
(``check``). Each answer is a sentence: which rule or guarantee, until when, who pays the freight; each refusal names at
least one way on. Pure: everything it judges by is handed in, moments are aware, quantities whole thousandths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from portal import inputs, reasons
from portal.flow import CaseType
from portal.inputs import quantity_text
from portal.reasons import MOST_PHOTOS, Fault, Ground, Payer, Reason

BEIJING: Final = ZoneInfo("Asia/Shanghai")
NO_REASON_RETURN: Final = "qtwlybt"
FREE_RETURNS: Final = "thbyf_s"
BROKEN_PAID: Final = "psbj"


class Route(StrEnum):
    """What to do instead, or to get there."""

    CONTACT = "contact"  # 立即联系
    CANCEL = "cancel"  # 取消订单
    REISSUE = "reissue"
    RETURN_REFUND = "return_refund"
    SEVEN_DAY = "seven_day"  # 7天无理由退货
    PROMISE = "promise"  # the reason 包换服务
    CHOOSE_REASON = "choose_reason"
    ADD_EVIDENCE = "add_evidence"
    CHANGE_QUANTITY = "change_quantity"
    OPEN_CASE = "open_case"  # the case that holds the units already


@dataclass(frozen=True)
class Instead:
    """One way on, with the sentence that tells of it."""

    route: Route
    sentence: str


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


@dataclass(frozen=True)
class Policy:
    """What a seller may set. The freight of a seller's own fault is not among it.

    ``excluded`` are product numbers, or words of titles, of goods that are exchanged for the seller's fault only.
    ``guarantees`` are promised for all goods that are not excluded.
    """

    window_days: int = 15
    hidden_days: int = 30
    special_freight: Payer = Payer.NEGOTIATED
    guarantees: frozenset[str] = frozenset()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """The answer. ``until``: the moment the window ends or ended (exclusive), None when none is counted.

    ``basis`` names the rule in a few words, for the record. ``field`` is the form's field a refusal belongs to:
    reason, quantity, photos, description, or "" when no field can help.
    """

    allowed: bool
    why: str
    instead: tuple[Instead, ...] = ()
    freight_payer: Payer | None = None
    until: datetime | None = None
    basis: str = ""
    field: str = ""


_TALK = Instead(Route.CONTACT, "可以点「立即联系」与商家协商,需商家同意")
_EXCHANGE = Instead(Route.CHOOSE_REASON, "请以同样的原因申请换货")
_CHOOSE = Instead(Route.CHOOSE_REASON, "请在「换货原因」里选择最接近的一项")

_STATUS_REFUSALS: Final[Mapping[str, Verdict]] = {
    "unpaid": Verdict(
        False,
        "订单还没有付款,不能申请换货",
        (Instead(Route.CONTACT, "要改规格或数量,请点「立即联系」请商家修改订单"),),
        basis="订单未付款",
    ),
    "unshipped": Verdict(
        False,
        "订单还没有发货,不能申请换货",
        (
            Instead(Route.CANCEL, "不想要了,可以取消订单"),
            Instead(Route.CONTACT, "想换规格,请点「立即联系」请商家改发"),
        ),
        basis="订单未发货",
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
_SHIPPED: Final = frozenset({"in_transit", "delivered", "completed"})
_VISIBLE, _HIDDEN = (each for each in reasons.REASONS if each.id in ("damaged", "defect"))


# ---------------------------------------------------------------- the three questions


def offer(goods: Goods, now: datetime, policy: Policy) -> Verdict:
    """Whether there is any reason for which these goods can be exchanged now: what the button 申请换货 says."""
    if stopped := _stopped(goods):
        return stopped
    plain = consider(goods, CaseType.EXCHANGE, _VISIBLE.id, now, policy)
    hidden = consider(goods, CaseType.EXCHANGE, _HIDDEN.id, now, policy)  # the longest window and the fewest conditions
    if not hidden.allowed:
        return hidden
    left = f"还可申请 {quantity_text(goods.remaining_milli)} {goods.unit}"
    if _excluded(goods, policy):
        left += ",这件商品在质量问题或发错时可以换货"
    if not plain.allowed:
        why = f"{left};现在只有使用中才发现的质量问题可以申请,请在 {_day(hidden.until, now)} 前提交"
        return Verdict(True, why, until=hidden.until, basis=_rule(goods, _HIDDEN, policy))
    rule = _rule(goods, _VISIBLE, policy)
    if plain.until is None:
        return Verdict(True, f"{left};{rule},{_not_begun(goods)}", basis=rule)
    why = f"{left},请在 {_day(plain.until, now)} 前提交"
    if hidden.until != plain.until:
        why += f";使用中才发现的质量问题可到 {_day(hidden.until, now)}"
    return Verdict(True, why, until=plain.until, basis=rule)


def consider(goods: Goods, case_type: str, reason_id: str, now: datetime, policy: Policy) -> Verdict:
    """Whether this reason opens this type of case for these goods, whatever the evidence will be."""
    if case_type not in (CaseType.EXCHANGE, CaseType.REISSUE):
        ways = (Instead(Route.CONTACT, "退货或退款,请点「立即联系」向商家提出"),)
        return Verdict(False, "这里办理换货和补发", ways, basis="仅办理换货和补发")
    if stopped := _stopped(goods):
        return stopped
    reason = reasons.reason(reason_id)
    if reason is None:
        return Verdict(False, "请选择换货原因", (_CHOOSE,), basis="未选择原因", field="reason")
    if reason.ground is Ground.NONE:
        return _no_ground(goods, reason, now, policy)
    if case_type not in types_of(goods, reason, policy):
        if case_type == CaseType.REISSUE and CaseType.EXCHANGE in types_of(goods, reason, policy):
            why = f"「{reason.zh}」没有补发的承诺,请申请换货"
            return Verdict(
                False, why, (_EXCHANGE, _TALK), basis=f"{reasons.said(reason.id)}:没有补发承诺", field="reason"
            )
        return _other_type(goods, reason, now, policy)
    if reason.ground is Ground.PROMISE and not _promise(goods, policy):
        return Verdict(False, "这件商品没有包换服务", (_CHOOSE,), basis="没有包换承诺", field="reason")
    if reason.ground is not Ground.PROMISE and reason.fault is not Fault.SELLER and _excluded(goods, policy):
        return _not_exchangeable(goods, now, policy)
    rule = _rule(goods, reason, policy)
    end = window_end(goods, reason, policy)
    if end is not None and now >= end:
        return _too_late(goods, rule, end, now, policy)
    when_open = _not_begun(goods) if end is None else f"请在 {_day(end, now)} 前提交"
    if case_type == CaseType.REISSUE:
        why = f"「{reason.zh}」可以申请补发;{rule},{when_open};商品不用寄回,由商家补发并承担运费"
        basis = f"{reasons.said(reason.id)}:{rule}"
        return Verdict(True, why, freight_payer=Payer.SELLER, until=end, basis=basis)
    payer = freight_payer(goods, reason, policy)
    why = f"「{reason.zh}」可以申请换货;{rule},{when_open};{_FREIGHT[payer]}"
    return Verdict(True, why, freight_payer=payer, until=end, basis=f"{reasons.said(reason.id)}:{rule}")


def check(goods: Goods, case_type: str, reason_id: str, evidence: Evidence, now: datetime, policy: Policy) -> Verdict:
    """Whether this application can be handed in. Form and POST ask the same; the ledger has the last word."""
    verdict = consider(goods, case_type, reason_id, now, policy)
    reason = reasons.reason(reason_id)
    if not verdict.allowed or reason is None:
        return verdict
    left = goods.remaining_milli
    fraction = evidence.asked_milli % 1000 and left % 1000 == 0 and inputs.unit_is_whole(goods.unit)
    if not 0 < evidence.asked_milli <= left or fraction:
        most = f"{quantity_text(left)} {goods.unit}"
        ways = (Instead(Route.CHANGE_QUANTITY, f"把{_QUANTITY[case_type]}改为不超过 {most}"),)
        kind = ",须为整数" if fraction else ""
        why = f"最多可申请 {most}{kind},请修改{_QUANTITY[case_type]}"
        return Verdict(False, why, ways, basis="数量", field="quantity")
    if evidence.photos < reason.least_photos:
        ways = (Instead(Route.ADD_EVIDENCE, reason.prompt),)
        return Verdict(False, "请上传能看出问题的照片", ways, basis="没有凭证", field="photos")
    if evidence.photos > MOST_PHOTOS:
        ways = (Instead(Route.ADD_EVIDENCE, "请留下最能说明问题的照片"),)
        return Verdict(False, f"最多 {MOST_PHOTOS} 张照片,请删减", ways, basis="照片过多", field="photos")
    if evidence.text < reason.least_text:
        ways = (Instead(Route.ADD_EVIDENCE, reason.ask),)
        why = f"请至少填写 {reason.least_text} 个字的换货原因描述"
        return Verdict(False, why, ways, basis="描述过短", field="description")
    return verdict


# ---------------------------------------------------------------- readers


def types_of(goods: Goods, reason: Reason, policy: Policy) -> tuple[CaseType, ...]:
    """The types of case that this reason opens for these goods, the usual one first.

    Nothing goes back for what was never sent, nor for what broke on its way when 破损包赔 was promised.
    """
    if reason.leads_to is CaseType.REISSUE:
        return (CaseType.REISSUE,)
    if reason.leads_to is not CaseType.EXCHANGE:
        return ()
    if reason.id == "damaged" and BROKEN_PAID in _promised(goods, policy):
        return (CaseType.EXCHANGE, CaseType.REISSUE)
    return (CaseType.EXCHANGE,)


def offered(goods: Goods, policy: Policy) -> tuple[Reason, ...]:
    """The reasons to show, in order; 包换服务 only for goods that were promised it."""
    promise = _promise(goods, policy)
    return tuple(each for each in reasons.REASONS if promise or each.ground is not Ground.PROMISE)


def window_end(goods: Goods, reason: Reason, policy: Policy) -> datetime | None:
    """When the window of a reason ends, in UTC and exclusive; None while it has not begun, and for a non-ground."""
    days = _days(goods, reason, policy)
    if goods.received_at is None or days is None:
        return None
    return last_day_ends(goods.received_at, days)


def last_day_ends(start: datetime, days: int) -> datetime:
    """The end of a term of ``days``: the day it starts doesn't count, the last one ends at 24:00 in Shanghai."""
    last = start.astimezone(BEIJING).date() + timedelta(days=days + 1)
    return datetime.combine(last, time(), BEIJING).astimezone(UTC)


def freight_payer(goods: Goods, reason: Reason, policy: Policy) -> Payer:
    """Who pays the freight: by fault; what a fault leaves open by the policy; 退货包运费 frees the buyer."""
    payer = reason.freight_payer or policy.special_freight
    return Payer.SELLER if FREE_RETURNS in _promised(goods, policy) else payer


# ---------------------------------------------------------------- rules


_QUANTITY: Final[Mapping[str, str]] = {CaseType.EXCHANGE: "换货数量", CaseType.REISSUE: "补发数量"}
_FREIGHT: Final[Mapping[Payer, str]] = {
    Payer.SELLER: "运费由商家承担",
    Payer.BUYER: "来回运费由您承担",
    Payer.NEGOTIATED: "运费由您与商家协商",
}


def _stopped(goods: Goods) -> Verdict | None:
    """What no reason can help: the order's state, or nothing left."""
    if goods.status not in _SHIPPED:
        refusal = _STATUS_REFUSALS.get(goods.status)
        if refusal or goods.received_at is None:  # goods that arrived were shipped, whatever the platform's word is
            return refusal or _UNKNOWN
    if goods.remaining_milli:
        return None
    way = Instead(Route.CONTACT, "对售后结果有疑问,请点「立即联系」与商家沟通")
    if goods.open_case:
        way = Instead(Route.OPEN_CASE, f"请在售后单 {goods.open_case} 里查看进度")
    bought, claimed = quantity_text(goods.bought_milli), quantity_text(goods.claimed_milli)
    return Verdict(False, f"没有可换的数量了,已申请 {claimed}/{bought} {goods.unit}", (way,), basis="数量已用完")


def _no_ground(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> Verdict:
    ways: tuple[Instead, ...] = (_TALK,)
    if reason.id == "no_evidence":
        why = "没有证据的质量问题,不属于换货范围"
        ways = (Instead(Route.ADD_EVIDENCE, "请拍下能看出问题的照片,再选择「商品质量问题」提交"), _TALK)
    elif reason.id == "dislike":
        why = "商品与描述相符,只是不喜欢或不满意,不属于换货范围"
        ways = (*_by_promise(goods, now, policy), *_no_reason_return(goods, now, policy), _TALK)
    else:
        why = "因个人原因取消订单,不属于换货范围"
        ways = (*_no_reason_return(goods, now, policy), _TALK)
    return Verdict(False, why, ways, basis=f"不属于换货范围:{reason.zh}", field="reason")


def _too_late(goods: Goods, rule: str, end: datetime, now: datetime, policy: Policy) -> Verdict:
    ways = (
        *_no_reason_return(goods, now, policy),
        Instead(Route.CONTACT, "请点「立即联系」向商家说明情况,由商家决定是否处理"),
    )
    why = f"{rule},已于 {_day(end, now)} 结束"
    return Verdict(False, why, ways, until=end, basis=f"{rule},已结束", field="reason")


def _other_type(goods: Goods, reason: Reason, now: datetime, policy: Policy) -> Verdict:
    if reason.leads_to is CaseType.REISSUE:
        why = "漏发的商品不用寄回,由商家补发,不需要申请换货"
        ways: tuple[Instead, ...] = (Instead(Route.REISSUE, "请申请补发:写明少了什么、少多少,由商家补发并承担运费"),)
    else:
        why = "多买的商品没有要换的规格,适合退货退款,不需要申请换货"
        ways = (
            Instead(Route.RETURN_REFUND, "请点「立即联系」与商家商量,把多买的部分退货退款"),
            *_no_reason_return(goods, now, policy),
        )
    return Verdict(False, why, ways, basis=f"{reasons.said(reason.id)}:不属于换货", field="reason")


def _not_exchangeable(goods: Goods, now: datetime, policy: Policy) -> Verdict:
    ways = (
        *_by_promise(goods, now, policy),
        Instead(Route.CHOOSE_REASON, "如果商品有质量问题或发错了,请选择对应的换货原因"),
        *_no_reason_return(goods, now, policy),
        _TALK,
    )
    why = "按商家的换货政策,这件商品只在质量问题或发错时可以换货"
    return Verdict(False, why, ways, basis="店铺换货政策:不支持换货的商品", field="reason")


def _by_promise(goods: Goods, now: datetime, policy: Policy) -> tuple[Instead, ...]:
    """The way by 包换, while it is open."""
    promise = _promise(goods, policy)
    if promise is None:
        return ()
    end = None if goods.received_at is None else last_day_ends(goods.received_at, promise.days or 0)
    if end is not None and now >= end:
        return ()
    when = f"收到商品后 {promise.days} 天内" if end is None else f"{_day(end, now)} 前"
    return (Instead(Route.PROMISE, f"这件商品有{promise.name},{when}可以选择「包换服务」申请换货"),)


def _no_reason_return(goods: Goods, now: datetime, policy: Policy) -> tuple[Instead, ...]:
    """The way by 7天无理由退货, while it is open: a right to return, never to exchange."""
    if NO_REASON_RETURN not in _promised(goods, policy):
        return ()
    end = None if goods.received_at is None else last_day_ends(goods.received_at, 7)
    if end is not None and now >= end:
        return ()
    when = "收到商品后 7 天内" if end is None else f"{_day(end, now)} 前"
    return (Instead(Route.SEVEN_DAY, f"这件商品支持7天无理由退货,{when}可以点「立即联系」向商家提出"),)


def _promised(goods: Goods, policy: Policy) -> frozenset[str]:
    """The guarantees in force: what the line was sold with, and what the shop promises for everything not excluded."""
    return goods.guarantees if _excluded(goods, policy) else goods.guarantees | policy.guarantees


def _promise(goods: Goods, policy: Policy) -> reasons.Guarantee | None:
    return reasons.exchange_promise(_promised(goods, policy))


def _excluded(goods: Goods, policy: Policy) -> bool:
    if not goods.exchangeable:
        return True
    title, number = inputs.fold(goods.title).casefold(), inputs.fold(goods.product_no).casefold().strip()
    words = [inputs.fold(word).casefold().strip() for word in policy.excluded]
    return any(word and (word == number or word in title) for word in words)


def _days(goods: Goods, reason: Reason, policy: Policy) -> int | None:
    """How many days after receipt a reason is open; None when it is never. A longer 包换 lengthens every window."""
    promise = _promise(goods, policy)
    promised = promise.days or 0 if promise else 0
    if reason.leads_to is None:
        return None
    if reason.ground is Ground.PROMISE:
        return promised or None
    return max(_own_days(reason, policy), promised)


def _own_days(reason: Reason, policy: Policy) -> int:
    return max(policy.window_days, policy.hidden_days) if reason.hidden_defect else policy.window_days


def _rule(goods: Goods, reason: Reason, policy: Policy) -> str:
    """The rule in a few words: whose it is and how long it lasts."""
    days, promise = _days(goods, reason, policy) or 0, _promise(goods, policy)
    if promise and (reason.ground is Ground.PROMISE or days > _own_days(reason, policy)):
        return f"{promise.name}为收到商品后 {days} 天"
    if days > policy.window_days:
        return f"使用中才发现的质量问题,换货期为收到商品后 {days} 天"
    return f"店铺的换货期为收到商品后 {days} 天"


def _not_begun(goods: Goods) -> str:
    if goods.status == "in_transit":
        return "还没有开始计算,提交申请即表示您已收到商品"
    return "收货时间还没有记录,所以还没有开始计算"


def _day(end: datetime | None, now: datetime) -> str:
    """The last day of a window as people say it: 12月8日 24:00, with the year when it is another one."""
    if end is None:
        return ""
    last = end.astimezone(BEIJING).date() - timedelta(days=1)
    year = f"{last.year}年" if last.year != now.astimezone(BEIJING).year else ""
    return f"{year}{last.month}月{last.day}日 24:00"
