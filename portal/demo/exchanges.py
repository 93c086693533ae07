"""Stories of exchanges: one for each state in which people look at a case."""

from __future__ import annotations

from portal.cases import clock as case_clock
from portal.cases.effects.hand_ins import InspectedLine
from portal.demo.orders import BACK, BACK_TOO, CURTAIN, OUT, OUT_TOO, SHIRT, SOCKS
from portal.demo.teller import R, Teller
from portal.flow import CaseType


def to_returning(t: Teller) -> None:
    t.case("wrong_item", "拍的黑色，发来的是白色", hours=30, goods=SOCKS)
    t.seller_takes("agree")


def to_inspecting(t: Teller) -> None:
    to_returning(t)
    t.buyer_takes("ship_return", parcels=BACK)
    t.travels("back", "【杭州市】已揽收", "【义乌市】已到达义乌转运中心")


def to_reshipping(t: Teller) -> None:
    to_inspecting(t)
    t.travels("back", "【义乌市】已签收，签收人：仓库", signed=True)
    t.seller_takes("accept_goods")


def to_confirming(t: Teller) -> None:
    to_reshipping(t)
    t.seller_takes("ship_replacement", parcels=OUT, shipped={x.id: x.accepted_milli for x in t.lines()})
    t.travels("out", "【义乌市】已揽收", "【杭州市】派送中")


def applied(t: Teller) -> None:
    t.case("colour", "和详情页颜色差很多")


def urgent(t: Teller) -> None:
    t.case("damaged", "纸箱压扁，里面破了两双", hours=46, goods=SOCKS)


def revising(t: Teller) -> None:
    t.case("defect", "袜口脱线", goods=SOCKS)
    t.seller_takes("ask_evidence", note="请补拍脱线处的近照和外包装")


def withdrawn(t: Teller) -> None:
    t.case()
    t.buyer_takes("withdraw")


def closed(t: Teller) -> None:
    to_inspecting(t)
    counted = [InspectedLine(x.id, x.quantity_milli, 0, "not_resellable", "均有污渍") for x in t.lines()]
    t.seller_takes("dispute_goods", counted=counted, note="全部有污渍", photos=t.photos.of(t.shop, t.seller, "seller"))
    t.buyer_takes("accept_result_none")


def late(t: Teller) -> None:
    t.case("size", "尺码标 L，实际量出来是 M", hours=120, goods=SHIRT)
    t.seller_takes("agree_no_return")
    case_clock.settle_now(t.case_id, t.now)


def completed(t: Teller) -> None:
    to_confirming(t)
    t.travels("out", "【杭州市】已签收，签收人：本人", signed=True)
    t.buyer_takes("confirm")


def in_parts(t: Teller) -> None:
    """Two parcels each way, of which it is known what is in each; the last one is on its way."""
    t.case("damaged", "两箱都压坏了，里面各破了一些", hours=40, goods=SOCKS)
    t.seller_takes("agree")
    half = {line.id: line.quantity_milli // 2 for line in t.lines()}
    t.buyer_takes("ship_return", parcels=[*BACK, BACK_TOO], contents=[half, half])
    for before in (1, 0):
        t.travels("back", "【杭州市】已揽收", "【义乌市】已签收，签收人：仓库", signed=True, before=before)
    t.seller_takes("accept_goods")
    t.seller_takes("ship_part", parcels=OUT, shipped=half)
    t.travels("out", "【义乌市】已揽收", "【杭州市】已签收，签收人：本人", signed=True)
    t.seller_takes("ship_replacement", parcels=[OUT_TOO], shipped=half)
    t.travels("out", "【义乌市】已揽收", "【杭州市】派送中")


def not_sent(t: Teller) -> None:
    """A shop that ships nothing: the clock has called for the platform."""
    t.case("damaged", "纸箱进水，全湿了", hours=24 * 7, goods=SHIRT)
    t.seller_takes("agree_no_return")
    case_clock.settle_now(t.case_id, t.now)


def proposed(t: Teller) -> None:
    t.case("defect", "袜口脱线，洗过一次就散了", goods=SOCKS)
    t.seller_takes("propose", terms=t.terms(CaseType.EXCHANGE, compensation_fen=300, note="换一批并补偿 3 元"))


def converted(t: Teller) -> None:
    proposed(t)
    t.seller_takes("propose", terms=t.terms(CaseType.REISSUE, note="直接补发，不用寄回"))
    t.buyer_takes("accept_convert")


def paying(t: Teller) -> None:
    t.case("wrong_order", "拍错了，想换成加厚的", hours=30, goods=SOCKS, dearer=True)
    t.seller_takes("agree")
    t.buyer_takes("ship_return", parcels=BACK)
    t.travels("back", "【义乌市】已签收，签收人：仓库", signed=True)
    t.seller_takes("accept_goods_diff")


def settle_by_talk(t: Teller) -> None:
    t.case("dislike", "颜色和店里的灯光不搭，希望能换成别的颜色", goods=CURTAIN, negotiated=True)


def surplus(t: Teller) -> None:
    t.case("over_qty", "多拍了两件，没有拆封", hours=30, kind=R, goods=SHIRT)


def owing(t: Teller) -> None:
    """Goods replaced by agreed terms, and a compensation on top that is still owed."""
    t.seller_takes("ship_replacement", parcels=OUT, shipped={x.id: x.accepted_milli for x in t.lines()})
    t.travels("out", "【义乌市】已揽收", "【杭州市】已签收，签收人：本人", signed=True)
    t.buyer_takes("confirm")


def exchange_refunding(t: Teller) -> None:
    t.case("defect", "袜口脱线，耽误了出货", hours=30, goods=SOCKS)
    terms = t.terms(CaseType.EXCHANGE, compensation_fen=500, note="不用寄回，直接换新并补偿 5 元")
    t.seller_takes("propose", terms=terms)
    t.buyer_takes("accept_reship")
    owing(t)


def exchange_failed(t: Teller) -> None:
    exchange_refunding(t)
    t.seller_takes("refund_fail", note="收款方账户已冻结")
