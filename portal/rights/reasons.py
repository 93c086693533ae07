"""The catalogue of reasons: what can have happened, which types of case it opens, and what a seller may answer.

Grounds and reasons carry the words of the shop's own guide to exchanging. Who pays the freight follows from whose fault
it is and can't be set otherwise: a policy only fills in what a reason leaves open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portal.flow import CaseType

MOST_PHOTOS: Final = 9  # of an application for one line
MOST_OF_APPLICATION: Final = 30

MOST_TEXT: Final = 500  # graphemes of a description


class Ground(StrEnum):
    """What a reason belongs to. PROMISE and NO_REASON only where the goods carry it; NONE are the non-grounds."""

    UNSHIPPED = "unshipped"
    ABSENT = "absent"
    QUALITY = "quality"
    SHIPPING = "shipping"
    ORDERING = "ordering"
    SPECIAL = "special"
    PROMISE = "promise"
    NO_REASON = "no_reason"
    NONE = "none"


GROUND: Final[Mapping[Ground, str]] = {
    Ground.UNSHIPPED: "还没有发货",
    Ground.ABSENT: "没有收到商品",
    Ground.QUALITY: "商品质量问题",
    Ground.SHIPPING: "发货错误",
    Ground.ORDERING: "下单错误",
    Ground.SPECIAL: "其他特殊原因",
    Ground.PROMISE: "7天/15天包换",
    Ground.NO_REASON: "7天无理由退货",
    Ground.NONE: "不属于换货范围",
}


_ALONE = (Ground.PROMISE, Ground.NO_REASON, Ground.NONE)  # a reason of these is said without its ground


class Fault(StrEnum):
    SELLER = "seller"  # the carrier's fault too: towards the buyer the seller answers for it
    BUYER = "buyer"
    NOBODY = "nobody"


class Place(StrEnum):
    """Where the goods are, as cases keep it."""

    UNSHIPPED = "unshipped"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"


class Payer(StrEnum):
    """Who pays the freight. NEGOTIATED is settled when the seller agrees."""

    SELLER = "seller"
    BUYER = "buyer"
    NEGOTIATED = "negotiated"


@dataclass(frozen=True)
class Reason:
    """One reason a buyer can choose.

    ``freight_payer`` None: left to the policy. ``least_text`` counts visible graphemes. ``prompt`` says what to
    photograph, ``ask`` what to write. ``types`` are the cases it opens by right, the usual one first; ``promised``
    those that it opens besides where the goods carry the promise; ``asks`` those that only the seller's own yes opens.
    ``places``: where the goods are when it can be chosen. ``hidden_defect``: seen only in use, so that the longer of
    the two windows counts.
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
    types: tuple[CaseType, ...] = (CaseType.EXCHANGE,)
    promised: tuple[tuple[str, CaseType], ...] = ()  # (a guarantee's code, the type it opens)
    asks: tuple[CaseType, ...] = (CaseType.EXCHANGE, CaseType.RETURN_REFUND)
    places: tuple[Place, ...] = (Place.RECEIVED, Place.IN_TRANSIT)
    hidden_defect: bool = False
    measures: bool = False  # two numbers say it: what was stated and what was measured

    @property
    def leads_to(self) -> CaseType | None:
        """The type of case it usually opens, None for none."""
        return next(iter(self.types), None)


_Q, _S, _O, _X, _N = Ground.QUALITY, Ground.SHIPPING, Ground.ORDERING, Ground.SPECIAL, Ground.NONE


_U, _A = Ground.UNSHIPPED, Ground.ABSENT


_EXCHANGE, _REISSUE, _RETURN, _REFUND = (
    CaseType.EXCHANGE,
    CaseType.REISSUE,
    CaseType.RETURN_REFUND,
    CaseType.REFUND_ONLY,
)


_CHANGED = (_EXCHANGE, _RETURN)  # the goods go back, and others or the money come


_GONE = (Place.IN_TRANSIT, Place.RECEIVED)


REASONS: Final[tuple[Reason, ...]] = (
    Reason(
        "not_wanted",
        "未发货，不想要了",
        _U,
        Fault.BUYER,
        Payer.SELLER,
        prompt="不需要上传照片",
        ask="可以写一句说明",
        types=(_REFUND,),
        asks=(),
        places=(Place.UNSHIPPED,),
    ),
    Reason(
        "late_ship",
        "未按约定时间发货",
        _U,
        Fault.SELLER,
        Payer.SELLER,
        prompt="可以上传约定发货时间的截图",
        ask="可以写明约定的发货时间",
        types=(_REFUND,),
        asks=(),
        places=(Place.UNSHIPPED,),
    ),
    Reason(
        "out_of_stock",
        "商家缺货",
        _U,
        Fault.SELLER,
        Payer.SELLER,
        prompt="可以上传商家通知缺货的截图",
        ask="可以写一句说明",
        types=(_REFUND,),
        asks=(),
        places=(Place.UNSHIPPED,),
    ),
    Reason(
        "not_delivered",
        "快递一直未送到",
        _A,
        Fault.SELLER,
        Payer.SELLER,
        prompt="可以上传物流信息的截图",
        ask="请写明物流停在哪里、停了多久",
        types=(_REFUND, _REISSUE),
        asks=(),
        places=_GONE,
    ),
    Reason(
        "refused_delivery",
        "已拒签",
        _A,
        Fault.SELLER,
        Payer.SELLER,
        1,
        prompt="请拍拒签时包裹的外观和快递面单，或上传拒签的物流截图",
        ask="请写明为什么拒签",
        types=(_REFUND, _REISSUE),
        asks=(),
        places=_GONE,
    ),
    Reason(
        "damaged",
        "破损",
        _Q,
        Fault.SELLER,
        Payer.SELLER,
        1,
        prompt="请拍外包装、快递面单和破损的地方",
        ask="请写明哪里破损、破损多少件",
        types=_CHANGED,
        promised=(("psbj", _REISSUE),),
    ),
    Reason(
        "colour",
        "色差",
        _Q,
        Fault.SELLER,
        Payer.SELLER,
        1,
        prompt="请在自然光下拍商品，并和商品页面的颜色放在一起对比",
        ask="请写明和页面相比哪里不一样",
        types=_CHANGED,
    ),
    Reason(
        "size",
        "尺寸不符",
        _Q,
        Fault.SELLER,
        Payer.SELLER,
        1,
        prompt="请把尺子放在商品上一起拍，量的位置和商品页面一致",
        ask="请写明量的是哪里，例如：胸围",
        types=_CHANGED,
        measures=True,
    ),
    Reason(
        "defect",
        "其他质量问题",
        _Q,
        Fault.SELLER,
        Payer.SELLER,
        1,
        prompt="请拍商品的整体，再近拍有问题的地方",
        ask="请写明是什么问题、什么时候出现的",
        types=_CHANGED,
        hidden_defect=True,
    ),
    Reason(
        "fake",
        "三无、假冒或过期",
        _Q,
        Fault.SELLER,
        Payer.SELLER,
        1,
        prompt="请拍标签、生产日期和商品的整体",
        ask="请写明缺少哪些标识，或为什么认为是假冒、过期",
        types=(_RETURN,),
        promised=(("swbp", _REFUND),),
        asks=(_RETURN,),
    ),
    Reason(
        "wrong_item",
        "发错商品",
        _S,
        Fault.SELLER,
        Payer.SELLER,
        1,
        prompt="请把收到的商品和快递面单放在一起拍",
        ask="请写明您收到的是什么",
        types=_CHANGED,
    ),
    Reason(
        "missing_item",
        "漏发商品",
        _S,
        Fault.SELLER,
        Payer.SELLER,
        1,
        prompt="请拍收到的全部商品和快递面单",
        ask="请写明少了什么、少多少",
        types=(_REISSUE, _REFUND),
        asks=(_REISSUE, _REFUND),
    ),
    Reason(
        "empty_parcel",
        "空包裹",
        _S,
        Fault.SELLER,
        Payer.SELLER,
        1,
        prompt="请拍打开的包裹、外包装和快递面单上的重量",
        ask="请写明收到包裹时是什么样子",
        types=(_REFUND, _REISSUE),
        asks=(_REFUND, _REISSUE),
    ),
    Reason(
        "wrong_order",
        "拍错商品",
        _O,
        Fault.BUYER,
        Payer.BUYER,
        prompt="商品需未使用、包装完好，可以拍照说明",
        ask="请写明想换成什么",
    ),
    Reason(
        "over_qty",
        "数量过多",
        _O,
        Fault.BUYER,
        Payer.BUYER,
        prompt="商品需未使用、包装完好，可以拍照说明",
        ask="请写明多买了多少",
        types=(_RETURN,),
        asks=(_RETURN,),
    ),
    Reason(
        "disaster",
        "自然灾害",
        _X,
        Fault.NOBODY,
        None,
        least_text=10,
        prompt="可以上传商品受损或物流异常的照片",
        ask="请写明发生了什么、对商品有什么影响，至少 10 个字",
    ),
    Reason(
        "delay",
        "交通延误",
        _X,
        Fault.NOBODY,
        None,
        least_text=10,
        prompt="可以上传物流信息的截图",
        ask="请写明延误的情况、对商品有什么影响，至少 10 个字",
    ),
    Reason(
        "other",
        "其他",
        _X,
        Fault.NOBODY,
        None,
        least_text=10,
        prompt="可以上传能说明情况的照片",
        ask="请写明原因和希望怎么处理，至少 10 个字",
    ),
    Reason(
        "promise",
        "7天/15天包换",  # where one is chosen for an order, by the name of what its goods carry
        Ground.PROMISE,
        Fault.NOBODY,
        Payer.BUYER,
        prompt="商品需没有人为损坏，可以拍照说明",
        ask="请写明想换成什么",
    ),
    Reason(
        "seven_day",
        "7天无理由退货",
        Ground.NO_REASON,
        Fault.NOBODY,
        Payer.BUYER,
        prompt="商品需完好，可以拍照说明",
        ask="可以写一句说明",
        types=(_RETURN,),
        asks=(_RETURN,),
    ),
    Reason(
        "dislike",
        "不喜欢/不满意",
        _N,
        Fault.BUYER,
        Payer.BUYER,
        least_text=10,
        prompt="可以上传照片说明",
        ask="请写明哪里不满意、希望商家怎么处理，至少 10 个字",
        types=(),
    ),
    Reason(
        "no_evidence",
        "认为有质量问题，但没有证据",
        _N,
        Fault.NOBODY,
        None,
        types=(),
        asks=(),
    ),
    Reason(
        "personal_cancel",
        "个人原因取消订单",
        _N,
        Fault.BUYER,
        Payer.BUYER,
        least_text=10,
        prompt="可以上传照片说明",
        ask="请写明希望商家怎么处理，至少 10 个字",
        types=(),
        asks=(_RETURN,),
    ),
)


_BY_ID: Final = {reason.id: reason for reason in REASONS}


def most_photos(lines: int) -> int:
    """How many photos an application may bring: one more for each further line of its order."""
    return min(MOST_PHOTOS + max(lines - 1, 0), MOST_OF_APPLICATION)


def reason(reason_id: str) -> Reason | None:
    """The reason of this id, or None."""
    return _BY_ID.get(reason_id)


def of_ground(ground: Ground) -> tuple[Reason, ...]:
    """The reasons of a ground, in the order they are shown."""
    return tuple(each for each in REASONS if each.ground is ground)


def leading_to(case_type: CaseType, place: str = Place.RECEIVED, *, negotiated: bool = False) -> tuple[Reason, ...]:
    """The reasons for a type of case while the goods are there, in the order they are shown.

    Also those that only a promise opens it for; ``negotiated``: those for which the seller can be asked as well.
    """
    return tuple(
        each
        for each in REASONS
        if place in each.places
        and (
            case_type in each.types
            or case_type in {kind for _, kind in each.promised}
            or (case_type in each.asks and (negotiated or each.ground is Ground.SPECIAL))
        )
    )


# Which promise decides a reissue that its seller leaves unanswered; 破损包赔 for all others.
REISSUE_BY: Final[Mapping[str, str]] = {"missing_item": "shbp", "empty_parcel": "shbp", "not_delivered": ""}


def said(reason_id: str) -> str:
    """A reason as people read it, with its ground: 商品质量问题 · 破损. An unknown id is given back as it is."""
    found = _BY_ID.get(reason_id)
    if found is None:
        return reason_id
    ground = GROUND[found.ground]
    return found.zh if found.ground in _ALONE else f"{ground} · {found.zh}"
