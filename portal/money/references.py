"""The numbers that banks and wallets give a payment, and what each channel's look like."""

from __future__ import annotations

import re
from collections.abc import Collection

from portal import inputs
from portal.talk import card_shapes

ODD = "这不像支付平台或银行给出的流水号（一般是 6 位以上的数字，可以带字母），请从付款记录里复制"
_PAYMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{5,79}")
_COUNTED = "0123456789" * 3
LEAST_DIFFERENT = 3  # digits of a number that was given, not made up
OWN = "这是订单编号、售后单号或运单号，不是付款的流水号，请从付款记录里复制"
CARD = "这像是银行卡号，不是付款的单号，请从账单详情里复制"
_DATE = re.compile(r"(?:19|20)[0-9]{2}([-/.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12][0-9]|3[01])")
_LANDLINE = re.compile(r"0[1-9][0-9]{1,2}-[2-9][0-9]{6,7}(?:-[0-9]{1,6})?|[48]00-[0-9]{3,4}-?[0-9]{3,4}")
_SUM = re.compile(r"[0-9]+\.[0-9]{1,2}")
_LABEL = re.compile(
    r"^(?:(?:支付宝|微信|银行|网银|转账|支付|付款|交易|退款|商户|电子|回单)*(?:流水|交易|订单|转账|凭证|单|参考|回单)?[编单]?号码?|NO)[:：.#\s]+",
    re.IGNORECASE,
)
_JOINS = str.maketrans("", "", "._/-")
_CASE_NO = re.compile(r"HH[0-9]{14}", re.IGNORECASE)
_CARD = re.compile(r"62[0-9]{14,17}")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
# A wallet counts all payments of the country: its numbers are long. Banks and platforms each have their own form.
_OF_CHANNEL = {
    "alipay": (re.compile(r"[0-9]{16,64}"), "支付宝的交易号或转账订单号是 16 位以上的数字，请从支付宝的账单详情里复制"),
    "wechat": (re.compile(r"[0-9]{16,40}"), "微信的转账单号是 16 位以上的数字，请从微信的账单详情里复制"),
    "bank": (re.compile(r"[A-Za-z0-9._/-]{8,80}"), "银行的流水号至少 8 位，请从银行回单里复制"),
}


def tidy(text: str) -> str:
    """A number as it was meant: full width folded, without blanks and without the label that was copied with it."""
    plain = _LABEL.sub("", inputs.fold(text).strip())
    return "".join(plain.split())


def list_spellings(text: str) -> list[str]:
    """The ways in which the same number may have been written down: with small letters, without what joins it."""
    return sorted({way for each in (text, text.translate(_JOINS)) for way in (each, each.upper(), each.lower())})


def is_reference(text: str) -> bool:
    """Whether this is a number that a bank or a wallet gives a payment.

    What people write to get past the field is none: a digit or two again and again, 123456, a date, a sum, a
    telephone or case number.
    """
    digits = "".join(each for each in text if each.isdigit())
    if not _PAYMENT.fullmatch(text) or len(digits) < 6 or _MOBILE.fullmatch(text):
        return False
    if any(each.fullmatch(text) for each in (_DATE, _LANDLINE, _CASE_NO, _SUM)):
        return False
    return len(set(digits)) >= LEAST_DIFFERENT and digits not in _COUNTED and digits not in _COUNTED[::-1]


def find_oddity(way: str, text: str, own: Collection[str] = ()) -> str:
    """Why this is no number of a payment made this way, as a sentence; "" for one, and for notes, which have none.

    ``own``: the numbers of the case and its order, which are no payment's.
    """
    if way == "cash":
        return ""
    if text and fold(text) in {fold(each) for each in own}:
        return OWN
    if not is_reference(text):
        return ODD
    form, sentence = _OF_CHANNEL.get(way, (_PAYMENT, ODD))
    if way in ("alipay", "wechat") and _CARD.fullmatch(text) and card_shapes.passes_luhn(text):
        return CARD
    return "" if form.fullmatch(text) else sentence


def fold(text: str) -> str:
    """A number as numbers are compared, however it was written down."""
    return text.translate(_JOINS).casefold()
