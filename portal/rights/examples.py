"""The reasons in plain words: what each looks like in daily trade, what can be had for it and who pays the freight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from portal.flow import CaseType
from portal.rights import reasons
from portal.rights.asking import freight_payer, types_of
from portal.rights.goods import NAMES, Goods, Policy, covered, find_promise
from portal.rights.reasons import GROUND, Ground, Payer, Reason

EXAMPLES: Final[Mapping[str, str]] = {
    "not_wanted": "下单后发现不需要了，商家还没有发货",
    "late_ship": "约定三天内发货，到期还没有发",
    "out_of_stock": "商家告诉您这个颜色没有货了",
    "not_delivered": "物流停在中转站很久没有更新",
    "refused_delivery": "送到时外箱破了，您当面拒收",
    "damaged": "袜子有破洞，杯子碎了，箱角压坏了里面的商品",
    "colour": "页面上是藏青，收到的是宝蓝",
    "size": "页面写衣长 70 厘米，平铺量只有 66 厘米",
    "defect": "水洗一次就起球、脱线，插电不亮，这类用了才发现的问题",
    "fake": "没有厂名和合格证，冒用别人的商标，已经过了保质期",
    "wrong_item": "买的是黑色，发来的是白色；买的是 40 码，发来的是 38 码",
    "missing_item": "买了十双，箱子里只有八双",
    "empty_parcel": "包裹打开里面没有商品",
    "wrong_order": "您自己选错了颜色或尺码，商品没有用过",
    "over_qty": "本来要十件，下单时写成了一百件",
    "disaster": "洪水、台风让商品在路上受损",
    "delay": "封路让商品晚到，已经赶不上要用的日子",
    "other": "上面都不是，请写明情况",
    "promise": "在承诺的期限内，想换另一个规格",
    "seven_day": "商品带有7天无理由退货，收到后不想要，商品完好",
    "dislike": "和页面写的一样，但您不喜欢这个款式",
    "no_evidence": "觉得用料不好，但拍不出哪里有问题",
    "personal_cancel": "改了主意，不想要这张订单了",
}
_FREIGHT: Final[Mapping[Payer, str]] = {
    Payer.SELLER: "运费由商家承担",
    Payer.BUYER: "来回运费由买家承担",
    Payer.NEGOTIATED: "运费由双方协商",
}
_ARRIVED: Final = Goods(status="delivered", bought_milli=1000)  # with nothing but what the shop promises for all
_GOES_BACK = (CaseType.EXCHANGE, CaseType.RETURN_REFUND)


class Example(NamedTuple):
    """A reason, what it looks like, and what follows from it."""

    reason: str
    example: str
    follows: str


def list_examples(policy: Policy) -> list[tuple[str, list[Example]]]:
    """By ground, in the order they are chosen from; of a shop with this policy."""
    found: list[tuple[str, list[Example]]] = []
    promise = find_promise(_ARRIVED, policy)
    for ground in Ground:
        if ground is Ground.NO_REASON and not covered(_ARRIVED, policy):
            continue
        if ground is Ground.PROMISE and not promise:
            continue
        own = promise.name if ground is Ground.PROMISE and promise else ""  # which of the promises it is
        rows = [
            Example(own or reason.zh, EXAMPLES[reason.id], _tell(reason, policy))
            for reason in reasons.of_ground(ground)
        ]
        found.append((own or GROUND[ground], rows))
    return found


_TERMS: Final = (  # what the page of a shop's conditions says in a few lines, by a reason that stands for each
    ("商品质量问题、发错商品", "wrong_item", ""),
    ("漏发商品", "missing_item", ""),
    ("空包裹", "empty_parcel", ""),
    ("拍错商品", "wrong_order", "，商品须未使用"),
    ("数量过多", "over_qty", "，商品须未使用"),
    ("自然灾害、交通延误等", "disaster", ""),
)


def list_terms(policy: Policy) -> list[str]:
    """What a shop with this policy does for the usual reasons, one sentence each."""
    return [
        f"{said}：{told}{'' if told.startswith('不能') else more}"
        for said, reason_id, more in _TERMS
        if (reason := reasons.reason(reason_id)) is not None and (told := _tell(reason, policy))
    ]


def _tell(reason: Reason, policy: Policy) -> str:
    """What follows from a reason: what can be had by right and who pays the freight, or that one has to ask."""
    if given := types_of(_ARRIVED, reason, policy):
        what = f"可以{'或'.join(NAMES[kind] for kind in given)}"
        payer = freight_payer(_ARRIVED, reason, policy)
        return what + (f"，{_FREIGHT[payer]}" if any(kind in _GOES_BACK for kind in given) else "，不用寄回")
    if reason.asks:
        what = "、".join(f"协商{NAMES[kind]}" for kind in reason.asks)
        return f"不能直接申请，可以申请{what}，须商家同意"
    return "不能直接申请，请先补拍照片或联系商家"
