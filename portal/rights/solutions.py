"""What the rules suggest for an application, and which rule says so. The seller decides. Pure, the first rule wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from portal.flow import CaseType
from portal.rights import reasons
from portal.rights.reasons import Fault


class Application(NamedTuple):
    """What the rules look at."""

    type: str
    reason: str
    photos: int
    goods_state: str = "received"
    guarantees: frozenset[str] = frozenset()
    negotiated: bool = False
    askable: bool = True  # the buyer can be asked for evidence now
    rejectable: bool = True  # the application can be refused now


class Suggestion(NamedTuple):
    """What to do (a step's name, or the type of a proposal), in words, and the rule's sentence."""

    rule: str
    what: str
    why: str


class _Rule(NamedTuple):
    name: str
    holds: Callable[[Application, reasons.Reason | None], bool]
    what: str
    why: str


RULES: Final[tuple[_Rule, ...]] = (
    _Rule(
        "unshipped",
        lambda a, _: a.goods_state == "unshipped" and a.type == CaseType.REFUND_ONLY,
        "同意退款；已经发出的话选「商品已发出」",
        "订单还没有发货，商品还在您这里",
    ),
    _Rule(
        "short promise",
        lambda a, _: a.reason in ("missing_item", "empty_parcel") and "shbp" in a.guarantees,
        "同意，并尽快补发或退款",
        "商品有「少货必赔」的承诺：少没少由商家举证",
    ),
    _Rule(
        "broken promise",
        lambda a, _: a.reason == "damaged" and "psbj" in a.guarantees,
        "同意，免费补发",
        "商品有「破损包赔」的承诺",
    ),
    _Rule(
        "negotiated",
        lambda a, _: a.negotiated and a.rejectable,
        "用「协商方案」写明您能接受的条件，或拒绝并说明原因",
        "买家只是请求协商；不答复会自动关闭，不会自动同意",
    ),
    _Rule(
        "negotiated, not to be refused now",
        lambda a, _: a.negotiated,
        "用「协商方案」写明您能接受的条件",
        "买家只是请求协商；不答复会自动关闭，不会自动同意",
    ),
    _Rule(
        "no proof",
        lambda a, r: r is not None and a.photos < r.least_photos and a.askable,
        "先用「请补充凭证」",
        "这个原因需要照片才能判断；举证不足不能直接拒绝",
    ),
    _Rule(
        "own fault",
        lambda a, r: r is not None and r.fault is Fault.SELLER and a.photos > 0,
        "看过照片后同意，运费由您承担",
        "质量问题和发错货由商家负责，买家已上传照片",
    ),
    _Rule(
        "buyer's fault",
        lambda a, r: r is not None and r.fault is Fault.BUYER,
        "商品完好就同意，来回运费由买家承担",
        "拍错或多拍是买家的原因；退回后验货确认没有使用",
    ),
    _Rule("else", lambda a, r: True, "看不准的话，用「协商方案」和买家约定", "没有规则直接适用"),
)


def suggest(application: Application) -> Suggestion:
    """The first rule that holds; there always is one."""
    reason = reasons.reason(application.reason)
    rule = next(rule for rule in RULES if rule.holds(application, reason))
    return Suggestion(rule.name, rule.what, rule.why)
