"""Sums before and after a step, and the sentences that say them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.flow import CaseType
from portal.inputs import money_text

if TYPE_CHECKING:
    from portal.models import Case


def may_differ(case: Case) -> bool:
    """Whether a part of an exchange can come to a price difference, though all of it may come to none."""
    if case.difference_fen or case.type != CaseType.EXCHANGE:
        return bool(case.difference_fen)
    if case.parent_id is not None and case.difference_waived:
        return False  # terms made it an exchange: it asks for no difference
    return bool(case.opened_on.get("cancels") or case.opened_on.get("exchanged"))


@dataclass(frozen=True)
class Stake:
    """分: what goes back to the buyer, what they add for another specification (minus: get back), what is made good."""

    refund_fen: int = 0
    difference_fen: int = 0
    compensation_fen: int = 0
    working: tuple[str, ...] = ()

    @property
    def sums(self) -> tuple[int, int, int]:
        return self.refund_fen, self.difference_fen, self.compensation_fen


@dataclass(frozen=True)
class Change:
    """What is at stake before and after a step."""

    before: Stake
    after: Stake

    @property
    def moves(self) -> bool:
        return self.before.sums != self.after.sums

    @property
    def mark(self) -> str:
        """Both sums, to tell whether a page that was shown still holds."""
        return "_".join(".".join(map(str, each.sums)) for each in (self.before, self.after))

    @property
    def sentences(self) -> list[str]:
        """「退款 46.49 元 → 31.00 元」 for every sum that is not nothing on both sides."""
        return describe(self.before.sums, self.after.sums)


# What is paid one way can become what is paid the other way: each way has its own word and its own sum.
_NAMES = ((0, "退款", 1), (1, "补差价", 1), (1, "退差价", -1), (2, "补偿", 1))


def describe(before: Sequence[int], after: Sequence[int]) -> list[str]:
    """The same from the sums alone, as events keep them."""
    said = []
    for place, name, sign in _NAMES:
        was, becomes = (max(sign * sums[place], 0) for sums in (before, after))
        if not was and not becomes:
            continue
        texts = [f"{money_text(fen)} 元" if fen else "0 元" for fen in (was, becomes)]
        said.append(f"{name} {texts[1]}" if was in (0, becomes) else f"{name} {texts[0]} → {texts[1]}")
    return said
