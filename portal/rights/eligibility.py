"""Who may ask for what: one pure function that explains itself."""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Final

from portal import inputs
from portal.flow import CaseType
from portal.inputs import quantity_text
from portal.rights import reasons
from portal.rights.asking import (
    DESCRIPTION,
    QUANTITY,
    askable,
    asks,
    freight_payer,
    gets,
    resale_asks,
    state_when,
    types_of,
)
from portal.rights.denied import (
    CHOOSE,
    TALK,
    deny_excluded,
    deny_ground,
    deny_late,
    deny_type,
    offer_no_reason_return,
)
from portal.rights.goods import (
    BEIJING,
    EXCLUSIONS,
    NAMES,
    NO_REASON_RETURN,
    Evidence,
    Goods,
    Instead,
    Policy,
    Route,
    Verdict,
    covered,
    find_promise,
    is_excluded,
    list_promised,
    place,
    say_reason,
)
from portal.rights.reasons import Fault, Ground, Payer, Place, Reason
from portal.rights.standing import find_stop, misplaced
from portal.rights.windows import (
    find_resale_end,
    find_window_end,
    is_resale_overdue,
    say_day,
    say_not_begun,
    say_rule,
)

_VISIBLE, _HIDDEN = (each for each in reasons.REASONS if each.id in ("damaged", "defect"))


def offer(goods: Goods, now: datetime, policy: Policy) -> Verdict:
    """Whether there is any reason for which these goods can be applied for now: what the button says."""
    return offer_since(goods, find_stretch(goods, now), policy)


def find_stretch(goods: Goods, now: datetime) -> datetime:
    """The moment since which the same is true of these goods: a day's beginning, or the end of a term of their own.

    Every window ends with a day of Beijing or at a moment that the goods name, and only the year of now is written.
    """
    day = datetime.combine(now.astimezone(BEIJING).date(), time(), BEIJING).astimezone(UTC)
    own = (goods.apply_by, goods.no_reason_until)
    return max([day, *(end.astimezone(UTC) for end in own if end is not None and end <= now)])


@lru_cache(maxsize=2000)  # each line of an order is asked about whenever the order is looked at
def offer_since(goods: Goods, now: datetime, policy: Policy) -> Verdict:
    """``offer`` at a moment of ``find_stretch``."""
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
    if is_excluded(goods, policy):
        left += "，这件商品在质量问题或发错时可以换货"
    if not plain.allowed:
        why = f"{left}；现在只有使用中才发现的质量问题可以申请，请在 {say_day(hidden.until, now)} 前提交"
        return Verdict(True, why, until=hidden.until, basis=say_rule(goods, _HIDDEN, policy, kind))
    rule = say_rule(goods, _VISIBLE, policy, kind)
    if plain.until is None:
        why = f"{left}；{rule}，{say_not_begun(goods)}"
        if place(goods) is Place.IN_TRANSIT:
            why += "；没有收到商品，也从「申请换货」申请退款"
        return Verdict(True, why, basis=rule)
    why = f"{left}，请在 {say_day(plain.until, now)} 前提交"
    if hidden.until != plain.until:
        why += f"；使用中才发现的质量问题可到 {say_day(hidden.until, now)}"
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
        return Verdict(False, "请选择换货原因", (CHOOSE,), basis="未选择原因", field="reason")
    if case_type not in set(CaseType):
        return Verdict(False, "请选择希望怎么处理", (CHOOSE,), basis="未选择处理方式", field="type")
    kind = CaseType(case_type)
    by_right = misplaced(goods, reason) or _right(goods, kind, reason, now, policy)
    if (
        by_right.allowed
        or not negotiated
        or kind not in askable(goods, reason, now, policy)
        or misplaced(goods, reason)
    ):
        return by_right
    name = say_reason(reason, goods, policy)
    why = f"「{name}」可以申请协商{NAMES[kind]}；须由商家同意，商家没有答复申请会关闭，不会自动同意"
    why += "；运费由您与商家协商"
    said = name if reason.ground is Ground.PROMISE else reasons.said(reason.id)
    basis = f"{said}：协商，须由商家同意"
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
    if evidence.photos > (room := reasons.most_photos(evidence.lines)):
        ways = (Instead(Route.ADD_EVIDENCE, "请留下最能说明问题的照片"),)
        return Verdict(False, f"最多 {room} 张照片，请删减", ways, basis="照片过多", field="photos")
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
    missing = find_uncarried(goods, policy)
    return tuple(each for each in reasons.REASONS if each.ground not in missing and not misplaced(goods, each))


def find_uncarried(goods: Goods, policy: Policy) -> frozenset[Ground]:
    """The grounds that goods must carry, by promise or by law, and these don't."""
    carried = {Ground.PROMISE: find_promise(goods, policy), Ground.NO_REASON: covered(goods, policy)}
    return frozenset(ground for ground, has in carried.items() if not has)


def _right(goods: Goods, kind: CaseType, reason: Reason, now: datetime, policy: Policy) -> Verdict:
    """Whether there is a right to it."""
    said = reasons.said(reason.id)
    if reason.ground is Ground.NONE:
        return deny_ground(goods, reason, now, policy)
    if reason.ground is Ground.PROMISE and not find_promise(goods, policy):
        return Verdict(False, "这件商品没有7天/15天包换", (CHOOSE,), basis="没有包换承诺", field="reason")
    if reason.ground is Ground.NO_REASON and not covered(goods, policy):
        why, basis = "这件商品不支持7天无理由退货", "没有7天无理由退货"
        if goods.no_reason_excluded and (goods.consumer or NO_REASON_RETURN in list_promised(goods, policy)):
            basis = EXCLUSIONS[goods.no_reason_excluded]
            why = f"{basis}不适用7天无理由退货"
        return Verdict(False, why, (*asks(reason), CHOOSE), basis=basis, field="reason")
    if is_resale_overdue(goods, reason, now, policy):
        rule, ended = say_rule(goods, reason, policy, kind), find_resale_end(goods, reason, policy)
        why = f"{rule}，已于 {say_day(ended, now)} 超期"
        ways = (*offer_no_reason_return(goods, now, policy), *resale_asks(goods, reason, now, policy))
        return Verdict(False, why, ways or (TALK,), until=ended, basis=f"{rule}，已超期", field="reason")
    if kind not in types_of(goods, reason, policy):
        return deny_type(goods, kind, reason, now, policy)
    theirs = reason.fault is not Fault.SELLER and reason.ground not in _OWN_RULES
    if theirs and is_excluded(goods, policy):
        return deny_excluded(goods, reason, now, policy)
    rule = say_rule(goods, reason, policy, kind)
    end = find_window_end(goods, reason, policy, kind)
    if end is not None and now >= end:
        return deny_late(goods, reason, rule, end, now, policy)
    payer = (
        freight_payer(goods, reason, policy) if kind in (CaseType.EXCHANGE, CaseType.RETURN_REFUND) else Payer.SELLER
    )
    name = say_reason(reason, goods, policy)
    promised = reason.ground is Ground.PROMISE
    basis = rule if promised and rule.startswith(name) else f"{name if promised else said}：{rule}"
    parts = (
        f"「{name}」可以申请{NAMES[kind]}",
        rule + state_when(goods, reason, end, now),
        gets(goods, kind, payer),
    )
    return Verdict(True, "；".join(parts), freight_payer=payer, until=end, basis=basis)


_OWN_RULES: Final = (Ground.PROMISE, Ground.NO_REASON, Ground.UNSHIPPED)  # what a policy excludes is not theirs
