"""The numbers that banks and wallets give a payment, and what each channel's look like."""

from __future__ import annotations

import re

ODD = "这不像支付平台或银行给出的流水号（一般是 6 位以上的数字，可以带字母），请从付款记录里复制"
_PAYMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{5,79}")
_COUNTED = "0123456789" * 3
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
# A wallet counts all payments of the country: its numbers are long. Banks and platforms each have their own form.
_OF_CHANNEL = {
    "alipay": (re.compile(r"[0-9]{16,64}"), "支付宝的交易号或转账订单号是 16 位以上的数字，请从支付宝的账单详情里复制"),
    "wechat": (re.compile(r"[0-9]{16,40}"), "微信的转账单号是 16 位以上的数字，请从微信的账单详情里复制"),
    "bank": (re.compile(r"[A-Za-z0-9._/-]{8,80}"), "银行的流水号至少 8 位，请从银行回单里复制"),
}


def is_reference(text: str) -> bool:
    """Whether this is a number that a bank or a wallet gives a payment.

    What people write to get past the field is none: one digit again and again, 123456, a mobile number.
    """
    digits = "".join(each for each in text if each.isdigit())
    if not _PAYMENT.fullmatch(text) or len(digits) < 6 or _MOBILE.fullmatch(text):
        return False
    return len(set(digits)) > 1 and digits not in _COUNTED and digits not in _COUNTED[::-1]


def find_oddity(way: str, text: str) -> str:
    """Why this is no number of a payment made this way, as a sentence; "" for one, and for notes, which have none."""
    if way == "cash":
        return ""
    if not is_reference(text):
        return ODD
    form, sentence = _OF_CHANNEL.get(way, (_PAYMENT, ODD))
    return "" if form.fullmatch(text) else sentence
