"""The numbers that banks and wallets give a payment."""

from __future__ import annotations

import re

ODD = "这不像支付平台或银行给出的流水号（一般是 6 位以上的数字，可以带字母），请从付款记录里复制"
_PAYMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{5,79}")


def is_reference(text: str) -> bool:
    """Whether this is a number that a bank or a wallet gives a payment."""
    return bool(_PAYMENT.fullmatch(text)) and sum(map(str.isdigit, text)) >= 6
