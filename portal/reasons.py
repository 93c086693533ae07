"""The catalogue of reasons: why goods may be exchanged, why not, and what a seller may answer.

Grounds and reasons carry the words of the shop's own guide to exchanging. Who pays the freight follows from whose fault
it is and can't be set otherwise: a policy only fills in what a reason leaves open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portal.flow import CaseType

MOST_PHOTOS: Final = 9
MOST_TEXT: Final = 500  # graphemes of a description


class Ground(StrEnum):
    """What a reason belongs to. PROMISE is offered only where the goods carry 包换; NONE are the non-grounds."""

    QUALITY = "quality"
    SHIPPING = "shipping"
    ORDERING = "ordering"
    SPECIAL = "special"
    PROMISE = "promise"
    NONE = "none"


GROUND: Final[Mapping[Ground, str]] = {
    Ground.QUALITY: "商品质量问题",
    Ground.SHIPPING: "发货错误",
    Ground.ORDERING: "下单错误",
    Ground.SPECIAL: "其他特殊原因",
    Ground.PROMISE: "包换服务",
    Ground.NONE: "不属于换货范围",
}


class Fault(StrEnum):
    SELLER = "seller"  # the carrier's fault too: towards the buyer the seller answers for it
    BUYER = "buyer"
    NOBODY = "nobody"


class Payer(StrEnum):
    """Who pays the freight. NEGOTIATED is settled when the seller agrees."""

    SELLER = "seller"
    BUYER = "buyer"
    NEGOTIATED = "negotiated"


@dataclass(frozen=True)
class Reason:
    """One reason a buyer can choose.

    ``freight_payer`` None: left to the policy. ``least_text`` counts visible graphemes. ``prompt`` says what to
    photograph, ``ask`` what to write. ``leads_to`` is the type of case it opens, None for none. ``hidden_defect``:
    seen only in use, so that the longer of the two windows counts.
    """

    id: str
    zh: str
    ground: Ground
    fault: Fault
    freight_payer: Payer | None
    least_photos: int = 0
    least_text: int = 0
    prompt: str = ""
    ask: str = ""
    leads_to: CaseType | None = CaseType.EXCHANGE
    hidden_defect: bool = False


_Q, _S, _O, _X, _N = Ground.QUALITY, Ground.SHIPPING, Ground.ORDERING, Ground.SPECIAL, Ground.NONE

REASONS: Final[tuple[Reason, ...]] = (
    Reason(
        "damaged", "破损", _Q, Fault.SELLER, Payer.SELLER, 1,
        prompt="请拍外包装、快递面单和破损的地方",
        ask="请写明哪里破损、破损多少件",
    ),
    Reason(
        "colour", "色差", _Q, Fault.SELLER, Payer.SELLER, 1,
        prompt="请在自然光下拍商品,并和商品页面的颜色放在一起对比",
        ask="请写明和页面相比哪里不一样",
    ),
    Reason(
        "size", "尺寸不符", _Q, Fault.SELLER, Payer.SELLER, 1,
        prompt="请把尺子放在商品上一起拍,量的位置和商品页面一致",
        ask="请写明量的位置和实测的尺寸,例如:实测胸围 98 厘米",
    ),
    Reason(
        "defect", "其他质量问题", _Q, Fault.SELLER, Payer.SELLER, 1,
        prompt="请拍商品的整体,再近拍有问题的地方",
        ask="请写明是什么问题、什么时候出现的",
        hidden_defect=True,
    ),
    Reason(
        "wrong_item", "发错商品", _S, Fault.SELLER, Payer.SELLER, 1,
        prompt="请把收到的商品和快递面单放在一起拍",
        ask="请写明您收到的是什么",
    ),
    Reason(
        "missing_item", "漏发商品", _S, Fault.SELLER, Payer.SELLER, 1,
        prompt="请拍收到的全部商品和快递面单",
        ask="请写明少了什么、少多少",
        leads_to=CaseType.REISSUE,
    ),
    Reason(
        "wrong_order", "拍错商品", _O, Fault.BUYER, Payer.BUYER,
        prompt="商品需未使用、包装完好,可以拍照说明",
        ask="请写明想换成什么",
    ),
    Reason(
        "over_qty", "数量过多", _O, Fault.BUYER, Payer.BUYER,
        prompt="商品需未使用、包装完好,可以拍照说明",
        ask="请写明多买了多少",
        leads_to=CaseType.RETURN_REFUND,
    ),
    Reason(
        "disaster", "自然灾害", _X, Fault.NOBODY, None, least_text=10,
        prompt="可以上传商品受损或物流异常的照片",
        ask="请写明发生了什么、对商品有什么影响,至少 10 个字",
    ),
    Reason(
        "delay", "交通延误", _X, Fault.NOBODY, None, least_text=10,
        prompt="可以上传物流信息的截图",
        ask="请写明延误的情况、对商品有什么影响,至少 10 个字",
    ),
    Reason(
        "other", "其他", _X, Fault.NOBODY, None, least_text=10,
        prompt="可以上传能说明情况的照片",
        ask="请写明换货的原因,至少 10 个字",
    ),
    Reason(
        "promise", "包换服务", Ground.PROMISE, Fault.NOBODY, Payer.BUYER,
        prompt="商品需没有人为损坏,可以拍照说明",
        ask="请写明想换成什么",
    ),
    Reason("dislike", "不喜欢/不满意", _N, Fault.BUYER, Payer.BUYER, leads_to=None),
    Reason("no_evidence", "认为有质量问题,但没有证据", _N, Fault.NOBODY, None, leads_to=None),
    Reason("personal_cancel", "个人原因取消订单", _N, Fault.BUYER, Payer.BUYER, leads_to=None),
)  # fmt: skip
_BY_ID: Final = {reason.id: reason for reason in REASONS}


def reason(reason_id: str) -> Reason | None:
    """The reason of this id, or None."""
    return _BY_ID.get(reason_id)


def of_ground(ground: Ground) -> tuple[Reason, ...]:
    """The reasons of a ground, in the order they are shown."""
    return tuple(each for each in REASONS if each.ground is ground)


def leading_to(case_type: CaseType) -> tuple[Reason, ...]:
    """The reasons that open this type of case, in the order they are shown; 破损 may open a reissue as well."""
    also = {"damaged"} if case_type is CaseType.REISSUE else set()
    return tuple(each for each in REASONS if each.leads_to is case_type or each.id in also)


def said(reason_id: str) -> str:
    """A reason as people read it, with its ground: 商品质量问题 · 破损. An unknown id is given back as it is."""
    found = _BY_ID.get(reason_id)
    if found is None:
        return reason_id
    ground = GROUND[found.ground]
    return found.zh if found.ground in (Ground.NONE, Ground.PROMISE) else f"{ground} · {found.zh}"


# ---------------------------------------------------------------- what a seller answers


@dataclass(frozen=True)
class Refusal:
    """Why a seller refuses. ``needs_evidence``: the seller must show a photo for it."""

    id: str
    zh: str
    needs_evidence: bool


REFUSALS: Final[tuple[Refusal, ...]] = (
    Refusal("over_window", "已超过换货期限", False),
    Refusal("not_in_scope", "商品与描述相符,不属于换货范围", True),
    Refusal("evidence_insufficient", "举证不足", False),
    Refusal("man_made", "商品已使用或人为损坏,影响二次销售", True),
    Refusal("incomplete", "吊牌、包装、配件或赠品不全", True),
    Refusal("no_stock", "换货规格缺货", False),
    Refusal("amount", "申请的数量与实际不符", True),
    Refusal("already_agreed", "已与买家协商其他方案", True),
    Refusal("customised", "定制、鲜活等下单时已说明不支持换货", False),
    Refusal("other", "其他", True),
)
_REFUSALS: Final = {refusal.id: refusal for refusal in REFUSALS}


def refusal(refusal_id: str) -> Refusal | None:
    """The seller's reason of this id, or None."""
    return _REFUSALS.get(refusal_id)


@dataclass(frozen=True)
class Condition:
    """In which condition returned goods came. ``good``: they can be accepted without more ado."""

    id: str
    zh: str
    good: bool = False


CONDITIONS: Final[tuple[Condition, ...]] = (
    Condition("intact", "完好", True),
    Condition("not_resellable", "影响二次销售"),
    Condition("mismatch", "与申请不符"),
    Condition("short", "少件"),
    Condition("incomplete", "配件、吊牌、包装或赠品不全"),
    Condition("wrong_goods", "不是本单商品"),
    Condition("transit_damage", "退回途中破损"),
    Condition("empty", "空包裹"),
)
_CONDITIONS: Final = {condition.id: condition for condition in CONDITIONS}


def condition(condition_id: str) -> Condition | None:
    """The condition of this id, or None."""
    return _CONDITIONS.get(condition_id)


# What can be wrong with a replacement when it arrives: 收到有问题.
PROBLEMS: Final[Mapping[str, str]] = {
    "damaged": "收到时破损",
    "defect": "仍有质量问题",
    "wrong_item": "商品或规格不对",
    "short": "数量不够",
    "not_received": "没有收到",
}


# Why a side asks for 平台介入, in the customer's words; ``FOR_SELLERS``: those that a shop may have as well.
INTERVENTIONS: Final[Mapping[str, str]] = {
    "refused": "卖家拒绝协商/拒绝售后",
    "no_answer": "卖家超时未处理",
    "inspection": "验货结果有争议",
    "still_bad": "换货商品仍有问题",
    "not_sent": "卖家未按约定寄出换货商品",
    "short": "少货举证争议",
    "freight": "运费承担争议",
    "not_paid": "退款未到账",
    "other": "其他",
}
FOR_SELLERS: Final = ("inspection", "short", "freight", "other")


# ---------------------------------------------------------------- guarantees


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
    return frozenset(code.strip() for code in stored.split(",")) & _GUARANTEES.keys()


def exchange_promise(codes: Iterable[str]) -> Guarantee | None:
    """The longest 包换 among these codes, or None."""
    found = [g for g in map(_GUARANTEES.get, codes) if g and g.effect is Effect.EXCHANGE and g.days]
    return max(found, key=lambda g: g.days or 0, default=None)


# ---------------------------------------------------------------- quick phrases

BUYER_PHRASES: Final = ("调换商品", "少发了", "发错了", "有破损", "什么时候发货")
SELLER_PHRASES: Final = (
    "您好,请提供问题照片",
    "同意换货,请按页面上的地址寄回",
    "换货商品已寄出,请留意查收",
    "该规格缺货,可以换其他规格",
)
