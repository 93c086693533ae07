"""Stories of goods that go back for their money."""

from __future__ import annotations

from portal.cases.effects.hand_ins import InspectedLine
from portal.demo.exchanges import surplus
from portal.demo.orders import BACK, FLASK, SHIRT
from portal.demo.teller import R, Teller
from portal.flow import CaseType


def return_proposed(t: Teller) -> None:
    t.case("colour", "和详情页颜色差很多，想退货", kind=R)
    t.seller_takes("propose", terms=t.terms(R, 600, goods_back=False, note="不用寄回，退 6 元"))


def return_asked(t: Teller) -> None:
    t.case("size", "实测胸围比页面小 6 厘米", kind=R, goods=SHIRT)
    t.seller_takes("ask_evidence", note="请把尺子放在衣服上再拍一张")


def return_withdrawn(t: Teller) -> None:
    surplus(t)
    t.buyer_takes("withdraw")


def to_return(t: Teller) -> None:
    surplus(t)
    t.seller_takes("agree")


def to_return_inspecting(t: Teller) -> None:
    to_return(t)
    t.buyer_takes("ship_return", parcels=BACK)
    t.travels("back", "【杭州市】已揽收", "【义乌市】已签收，签收人：仓库", signed=True)


def _return_counted(t: Teller, accepted: int) -> None:
    to_return_inspecting(t)
    counted = [InspectedLine(x.id, x.quantity_milli, accepted, "not_resellable", "包装已拆、有污渍") for x in t.lines()]
    t.seller_takes("dispute_goods", counted=counted, note="有拆封痕迹", photos=t.photos.of(t.shop, t.seller, "seller"))


def return_disputed(t: Teller) -> None:
    _return_counted(t, 1_000)


def return_closed(t: Teller) -> None:
    _return_counted(t, 0)
    t.buyer_takes("accept_result_none")


def return_refunding(t: Teller) -> None:
    to_return_inspecting(t)
    t.seller_takes("accept_goods")


def return_waiting(t: Teller) -> None:
    t.case("damaged", "整箱被压，全部破损，要求退货", hours=30, kind=R, whole=True)
    t.seller_takes("agree")
    t.buyer_takes("ship_return", parcels=BACK)
    t.travels("back", "【义乌市】已签收，签收人：仓库", signed=True)
    t.seller_takes("accept_goods")


def return_failed(t: Teller) -> None:
    return_refunding(t)
    t.seller_takes("refund_fail", note="原付款账户已注销，退款被退回")


def returned(t: Teller) -> None:
    return_refunding(t)
    t.seller_takes("refund_ok", reference="2026112300017")


def return_converted(t: Teller) -> None:
    t.case("damaged", "杯口有裂，想退货", kind=R, goods=FLASK)
    t.seller_takes("propose", terms=t.terms(CaseType.REISSUE, note="直接补发，不用寄回"))
    t.buyer_takes("accept_convert")


def return_negotiated(t: Teller) -> None:
    t.case("dislike", "收到后觉得不合用，想退掉，包装完好", kind=R, negotiated=True)
