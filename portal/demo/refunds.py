"""Stories of refunds without goods going back, and of transfers that fail."""

from __future__ import annotations

import secrets
from datetime import timedelta

from portal.applications import unsent
from portal.cases.effects.step_context import ActedBy
from portal.demo.orders import SHIRT, make_order
from portal.demo.teller import M, Teller
from portal.extensions import writing
from portal.flow import Actor, CaseType
from portal.money.accounts import account_numbers, agreed_words, keyring


def refund_unsent(t: Teller) -> None:
    t.case("not_wanted", "计划有变，先不要了", kind=M, status="unshipped")


def refund_proposed(t: Teller) -> None:
    t.case("missing_item", "一箱少了两件，不用补发了", kind=M, goods=SHIRT)
    t.seller_takes("propose", terms=t.terms(M, 500, note="先退 5 元，差额下单时抵扣"))


def refund_asked(t: Teller) -> None:
    t.case("empty_parcel", "打开是空的，只有填充纸", kind=M)
    t.seller_takes("ask_evidence", note="请补拍快递面单上的重量")


def refund_withdrawn(t: Teller) -> None:
    refund_unsent(t)
    t.buyer_takes("withdraw")


def refund_closed(t: Teller) -> None:
    refund_unsent(t)
    t.seller_takes("goods_shipped")


def refund_refunding(t: Teller) -> None:
    t.case("not_delivered", "物流停了六天没有更新", kind=M, status="in_transit", hours=20)
    t.seller_takes("agree")


def refund_failed(t: Teller) -> None:
    refund_refunding(t)
    t.seller_takes("refund_fail", note="支付平台返回：收款方账户异常")


def refunded(t: Teller) -> None:
    t.case("out_of_stock", "卖家通知这款停产", hours=20, kind=M, status="unshipped")
    t.seller_takes("agree")
    t.seller_takes("refund_ok", reference="2026112300042")


def refund_converted(t: Teller) -> None:
    refund_proposed(t)
    t.seller_takes("propose", terms=t.terms(CaseType.REISSUE, note="今天补发少的两件"))
    t.buyer_takes("accept_convert")


def cancelled_order(t: Teller) -> None:
    """Called off before it was sent: the refund is owed at once."""
    at = t.now - timedelta(hours=3)
    with writing():
        order = make_order(t.buyer, t.shop, "unshipped", secrets.randbelow(90) + 7, at)
        by = ActedBy(Actor.BUYER, t.buyer, "buyer")
        unsent.cancel_many([order.order_no], by=by, reason="downstream", now=at)


def account_asked(t: Teller) -> None:
    refund_failed(t)
    if keyring.is_ready():
        t.seller_takes("ask_account")


def account_given(t: Teller) -> None:
    account_asked(t)
    if keyring.is_ready():
        invented = account_numbers.Account("李雯", "中国工商银行杭州余杭支行", "6222021234567890128")
        t.buyer_takes("give_account", account=invented, consent=agreed_words.CONSENT)
