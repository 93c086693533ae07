"""The numbers of payments: what they are written as, what looks like one, and the same one written twice."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.extensions import db
from portal.flow import Actor, CaseType, StepRefused
from portal.models import Case, MoneyEntry, Order
from portal.money import given_numbers, references
from tests.cast import PARCELS, Cast

ONLY = CaseType.REFUND_ONLY
NUMBERS = {
    "alipay": ["2026112322001456781409876543", "20261123110070001506780012345678"],
    "wechat": ["1000050001202611230012345678901", "4200001234202611231234567890"],
    "bank": ["2026112300001", "NEFT20261123A17", "CMB-2026-1123-0098", "20261123000011"],
}
WIDE = str.maketrans({each: chr(each + 0xFEE0) for each in range(0x21, 0x7F)})
LABELS = (
    "流水号：",
    "交易号:",
    "订单号 ",
    "转账单号：",
    "支付宝交易号：",
    "微信支付单号: ",
    "银行流水号：",
    "No.",
    "NO:",
    "商户订单号：",
    "参考号：",
    "电子回单号：",
)


@settings(deadline=None)
@given(st.sampled_from(sorted(NUMBERS)), st.sampled_from([0, 1]), st.sampled_from(["", *LABELS]), st.data())
def test_a_number_is_the_same_however_it_was_copied(way: str, which: int, label: str, data: st.DataObject) -> None:
    number = NUMBERS[way][which]
    spread = "".join(each + data.draw(st.sampled_from(["", "", " ", "\u3000", "\t"])) for each in number)
    for text in (label + number, label + spread, f"  {label}{number.translate(WIDE)} "):
        assert references.tidy(text) == number
    assert references.find_oddity(way, number) == ""


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_tidied_once(text: str) -> None:
    tidy = references.tidy(text)
    assert not any(each.isspace() for each in tidy)
    assert number_or_less(tidy) <= number_or_less(text)


def number_or_less(text: str) -> int:
    return sum(each.isdigit() for each in text)


@pytest.mark.parametrize("odd", ["12345.67", "1234567.80", "已付", "见附件", "流水号：", "同上", "1234", "2026-11-23"])
def test_what_is_no_number_stays_none_with_or_without_a_label(odd: str) -> None:
    for way in ("original", "offline", "bank", "alipay", "wechat"):
        assert references.find_oddity(way, references.tidy(odd))
        assert references.find_oddity(way, references.tidy(f"流水号：{odd}"))


def entry_of(case: Case) -> int:
    return db.session.scalars(db.select(MoneyEntry.id).where(MoneyEntry.case_id == case.id)).one()


@pytest.mark.parametrize("kept", ["CMB20261123A0098", "cmb20261123a0098"])
@pytest.mark.parametrize("again", ["CMB20261123A0098", "cmb20261123a0098", "CMB-20261123-A0098", "cmb_20261123.a0098"])
def test_a_number_written_otherwise_is_the_same_one(cast_both: Cast, kept: str, again: str) -> None:
    cast = cast_both
    first = cast.take(cast.until("refunding", case_type=ONLY), "refund_ok", Actor.SELLER, reference=kept, way="bank")
    other = entry_of(cast.until("refunding", case_type=ONLY))
    assert first.case_no in given_numbers.doubt_about(cast.shop, other, "bank", again)
    assert not given_numbers.doubt_about(cast.shop, other, "bank", again.replace("98", "99"))


def test_the_waybill_of_a_case_is_no_payments_number(cast_both: Cast) -> None:
    cast = cast_both
    case = cast.until("refunding", case_type=CaseType.RETURN_REFUND)
    for way in ("original", "offline", "bank"):
        assert given_numbers.doubt_about(cast.shop, entry_of(case), way, PARCELS[0][1]) == references.OWN


def test_a_buyer_gives_no_number_of_the_order_and_the_shop_is_told_of_one_used_before(cast_both: Cast) -> None:
    cast = cast_both
    used = "2026112300021"
    first = cast.take(cast.until("refunding", case_type=ONLY), "refund_ok", Actor.SELLER, reference=used)
    case = cast.until("paying")
    order_no = db.session.scalars(db.select(Order.order_no).where(Order.id == case.order_id)).one()
    for own in (order_no, case.case_no.lower(), PARCELS[0][1]):
        with pytest.raises(StepRefused):
            cast.take(case, "pay", Actor.BUYER, reference=own)
    case = cast.take(case, "pay", Actor.BUYER, reference=used)
    entry = db.session.scalars(db.select(MoneyEntry).where(MoneyEntry.case_id == case.id)).one()
    assert given_numbers.find_other_use(cast.shop, entry.id, entry.reference) == first.case_no
