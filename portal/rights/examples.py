"""The reasons in plain words: what each looks like in daily trade, what can be had for it and who pays the freight."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from portal.flow import CaseType
from portal.rights import guarantees, reasons
from portal.rights.goods import NAMES
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
    "promise": "商品带有包换服务，在承诺的期限内想换另一个规格",
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
_GOES_BACK = (CaseType.EXCHANGE, CaseType.RETURN_REFUND)


class Example(NamedTuple):
    """A reason, what it looks like, and what follows from it."""

    reason: str
    example: str
    follows: str


def list_examples(
    types: Collection[str], special_freight: str, promised: Collection[str]
) -> list[tuple[str, list[Example]]]:
    """By ground, in the order they are chosen from; of a shop with these types and guarantees."""
    found: list[tuple[str, list[Example]]] = []
    for ground in Ground:
        if ground is Ground.NO_REASON and "qtwlybt" not in promised:
            continue
        if ground is Ground.PROMISE and not guarantees.exchange_promise(promised):
            continue
        rows = [_explain(reason, types, special_freight) for reason in reasons.of_ground(ground)]
        found.append((GROUND[ground], rows))
    return found


def _explain(reason: Reason, types: Collection[str], special_freight: str) -> Example:
    own = reason.ground in (Ground.UNSHIPPED, Ground.PROMISE, Ground.NO_REASON)
    given = tuple(kind for kind in reason.types if own or kind in types) or reason.types[:1]
    if given:
        what = f"可以{'或'.join(NAMES[kind] for kind in given)}"
        payer = Payer(reason.freight_payer or special_freight)
        back = f"，{_FREIGHT[payer]}" if any(kind in _GOES_BACK for kind in given) else "，不用寄回"
        return Example(reason.zh, EXAMPLES[reason.id], what + back)
    if reason.asks:
        what = "、".join(f"协商{NAMES[kind]}" for kind in reason.asks)
        return Example(reason.zh, EXAMPLES[reason.id], f"不能直接申请，可以申请{what}，须商家同意")
    return Example(reason.zh, EXAMPLES[reason.id], "不能直接申请，请先补拍照片或联系商家")
