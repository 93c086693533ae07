"""Shares of what was sold: how sure one is, and whether one has risen. Pure, and exact where it matters.

``measure_share`` is Wilson's interval at 95 %. ``find_risen`` compares what was sold lately with what was sold before:
if both had the same share, the faults of both periods would fall on the late one like draws with probability
n / (n + N), so that the late count has a binomial tail. The smallest tails are called risen while they are below ALPHA
divided by the number of comparisons that could have been below it at all (Tarone's correction).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, lgamma, log, sqrt
from typing import Final, NamedTuple, TypeVar

Key = TypeVar("Key")

LEAST: Final = 10  # sold lines: of fewer no share is said
ALPHA: Final = 0.05  # of all comparisons of one look together
_Z: Final = 1.959963984540054  # 95 %, both sides


class Share(NamedTuple):
    """``part`` of ``number``, and between which shares the true one is with 95 % certainty (0 to 1)."""

    part: int
    number: int
    low: float
    high: float

    @property
    def enough(self) -> bool:
        """Whether the share is said at all."""
        return self.number >= LEAST

    @property
    def said(self) -> str:
        """Of each hundred sold, with the interval; or how few there are."""
        if not self.enough:
            return f"样本不足 n={self.number}"
        return f"{100 * self.part / self.number:.1f}（{100 * self.low:.1f}–{100 * self.high:.1f}）"


def measure_share(part: int, number: int) -> Share:
    """A share with Wilson's interval. More faults than sold lines (sold twice, say) count as all of them."""
    part = max(0, min(part, number))
    if number == 0:
        return Share(0, 0, 0.0, 1.0)
    share, square = part / number, _Z * _Z
    middle = (share + square / (2 * number)) / (1 + square / number)
    half = _Z / (1 + square / number) * sqrt(share * (1 - share) / number + square / (4 * number * number))
    low = 0.0 if part == 0 else max(0.0, middle - half)
    return Share(part, number, low, 1.0 if part == number else min(1.0, middle + half))


def find_tail(part: int, number: int, chance: float) -> float:
    """The probability of ``part`` or more out of ``number`` draws that each hit with ``chance``."""
    if part <= 0 or chance >= 1:
        return 1.0
    if part > number or chance <= 0:
        return 0.0
    whole, hit, miss = lgamma(number + 1), log(chance), log(1 - chance)
    terms = (
        exp(whole - lgamma(k + 1) - lgamma(number - k + 1) + k * hit + (number - k) * miss)
        for k in range(part, number + 1)
    )
    return min(1.0, sum(terms))


class Periods(NamedTuple):
    """Faults and sold lines, lately and before."""

    part: int
    number: int
    part_before: int
    number_before: int


class Risen(NamedTuple):
    """What was compared, the probability of so many by chance alone, and below which it is called risen."""

    periods: Periods
    chance: float
    bound: float


def compare(periods: Periods) -> float:
    """The probability of as many faults lately, or more, if nothing has changed."""
    part, number, before, sold_before = periods
    if number == 0 or sold_before == 0:
        return 1.0
    return find_tail(part, part + before, number / (number + sold_before))


def find_risen(cells: Mapping[Key, Periods]) -> dict[Key, Risen]:
    """Which shares have risen, of all that are looked at together."""
    least: list[float] = []  # the smallest tail that each comparison could have had
    for part, number, before, sold_before in cells.values():
        if number and sold_before and part + before:
            least.append((number / (number + sold_before)) ** (part + before))
    bound = _find_bound(sorted(least))
    found = {}
    for key, periods in cells.items():
        if (chance := compare(periods)) <= bound:
            found[key] = Risen(periods, chance, bound)
    return found


def _find_bound(least: Sequence[float]) -> float:
    """ALPHA divided by the smallest number of comparisons that it leaves testable."""
    for number in range(1, len(least) + 1):
        if number == len(least) or least[number] > ALPHA / number:
            return ALPHA / number
    return 0.0
