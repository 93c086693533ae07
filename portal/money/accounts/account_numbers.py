"""The number of a bank account as it is typed: its digits, and whether it can be one."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal import inputs

LEAST_DIGITS, MOST_DIGITS = 8, 32


@dataclass(frozen=True)
class Account:
    """收款人, 开户行 and 账号. Nothing of it is in its repr, so that no log or traceback can show it."""

    holder: str = field(repr=False)
    bank: str = field(repr=False)
    number: str = field(repr=False)


def number(raw: object) -> str:
    """An account's digits. Raises InputRefused, whose sentence has none of them."""
    return inputs.digits(raw, least=LEAST_DIGITS, most=MOST_DIGITS)
