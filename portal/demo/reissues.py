"""Stories of goods that were missing and are sent again."""

from __future__ import annotations

from portal.cases import clock as case_clock
from portal.demo.exchanges import owing
from portal.demo.orders import OUT, SHIRT
from portal.demo.teller import M, Teller
from portal.flow import CaseType


def missing(t: Teller) -> None:
    t.case("missing_item", "一箱少了两件，清单和照片在这里", kind=CaseType.REISSUE, goods=SHIRT)


def missing_asked(t: Teller) -> None:
    missing(t)
    t.seller_takes("ask_evidence", note="请补拍快递面单和称重")


def missing_withdrawn(t: Teller) -> None:
    missing(t)
    t.buyer_takes("withdraw")


def to_resending(t: Teller) -> None:
    t.case("missing_item", "少发了两件", hours=20, kind=CaseType.REISSUE, goods=SHIRT)
    t.seller_takes("agree")


def to_receiving(t: Teller) -> None:
    to_resending(t)
    t.seller_takes("ship_replacement", parcels=OUT, shipped={x.id: x.accepted_milli for x in t.lines()})
    t.travels("out", "【义乌市】已揽收", "【杭州市】派送中")


def reissued(t: Teller) -> None:
    to_receiving(t)
    t.buyer_takes("confirm")


def missing_closed(t: Teller) -> None:
    t.case("missing_item", "好像少了两件", hours=24 * 9, kind=CaseType.REISSUE, goods=SHIRT)
    t.seller_takes("ask_evidence", note="请补拍快递面单和称重")
    case_clock.settle_now(t.case_id, t.now)


def missing_proposed(t: Teller) -> None:
    missing(t)
    t.seller_takes("propose", terms=t.terms(CaseType.REISSUE, compensation_fen=200, note="今天补发，另补偿 2 元"))


def missing_refunding(t: Teller) -> None:
    t.case("missing_item", "少发了两件，客户在等", hours=30, kind=CaseType.REISSUE, goods=SHIRT)
    t.seller_takes("propose", terms=t.terms(CaseType.REISSUE, compensation_fen=300, note="今天补发，另补偿 3 元"))
    t.buyer_takes("accept_reship")
    owing(t)


def missing_failed(t: Teller) -> None:
    missing_refunding(t)
    t.seller_takes("refund_fail", note="付款通道提示收款方账户异常")


def missing_converted(t: Teller) -> None:
    t.case("missing_item", "少发了两件，这款已经断货", hours=20, kind=CaseType.REISSUE, goods=SHIRT)
    t.seller_takes("propose", terms=t.terms(M, 900, note="这款断货，退 9 元"))
    t.buyer_takes("accept_convert")
