"""Sums in whole 分: sharing what was paid over lines and units to the last 分, and the difference for another SKU.

Pure. Whatever is split sums exactly: rounding goes by running totals, so that the last part takes the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


def split_amount(total: int, weights: Sequence[int]) -> list[int]:
    """Share ``total`` 分 in proportion to ``weights`` (none negative); all weights 0: evenly. Sums exactly."""
    if not weights:
        return []
    if not any(weights):
        weights = [1] * len(weights)
    whole, running, given, parts = sum(weights), 0, 0, []
    for weight in weights:
        running += weight
        upto = total * running // whole
        parts.append(upto - given)
        given = upto
    return parts


class OrderSums(NamedTuple):
    """What an order says of its money, 分: its goods, its freight, what was added or taken off, and what was paid."""

    goods_total_fen: int
    freight_fen: int
    adjustment_fen: int
    paid_fen: int


class Believed(NamedTuple):
    """What of a payment can be believed, 分: for the goods, and with the freight."""

    goods_fen: int
    all_fen: int


def believe_paid(order: OrderSums, lines: Sequence[tuple[int, int]]) -> Believed:
    """What can have been paid at most for lines of (分 a unit, thousandths), whatever 实付款 says.

    A mistyped 实付款 or 货品总价 must not become money that can be given back: the lines' own prices have the last
    word, but for what prices of parts of a 分 lose. Where the order's sums agree with each other and the lines come to
    less, rows of it are missing, and these lines get their part of what was added or taken off.
    """
    total, freight, adjustment, paid = order
    listed = sum(price * milli for price, milli in lines) // 1000
    rounded = sum(milli for _, milli in lines) // 2000 + len(lines)  # half a 分 a piece, one a line
    goods = total
    if listed and abs(total - listed) > rounded:
        if listed < total and total + freight + adjustment == paid:
            adjustment = adjustment * listed // total
        goods = listed
    due = max(goods + adjustment, 0)
    return Believed(min(max(paid - freight, 0), due), min(paid, due + freight))


def work_out_shares(
    order: OrderSums,
    lines: Sequence[tuple[int, int]],
    *,
    unshipped: bool = False,
    own: Sequence[int | None] = (),
) -> list[int]:
    """What was paid for each line of (分 a unit, thousandths), after the order's discounts.

    The freight is no line's, except while nothing has been shipped: then all that was paid can go back. ``own``: what
    is known to have been paid for each line alone; where it is of all of them, they share by it.
    """
    goods_fen, all_fen = believe_paid(order, lines)
    known = [each for each in own if each is not None]
    weights = known if known and len(known) == len(lines) else [price * milli for price, milli in lines]
    return split_amount(all_fen if unshipped else goods_fen, weights)


def price_units(share_fen: int, bought_milli: int, before_milli: int, milli: int) -> int:
    """What ``milli`` units of a line are worth after ``before_milli`` were refunded. The last one takes the rest."""
    upto = min(before_milli + milli, bought_milli)
    return share_fen * upto // bought_milli - share_fen * before_milli // bought_milli


def of_next_units(share_fen: int, bought_milli: int, before_milli: int, milli: int, before_fen: int) -> int:
    """What ``milli`` units are worth after ``before_fen`` was given back for ``before_milli`` others of their line.

    Payments that were called off meanwhile leave the others with more or less than their turn's sum; the next make up
    for it, none by more than the 分 that its own share is rounded by, and the last units take the whole rest.
    """
    if not milli:
        return 0
    upto = before_milli + milli
    if upto >= bought_milli:
        return max(share_fen - before_fen, 0)
    least = share_fen * milli // bought_milli
    most = -(-share_fen * milli // bought_milli)
    return min(max(share_fen * upto // bought_milli - before_fen, least), most)


def work_out_difference(price_fen: int, wanted_fen: int, milli: int, share_fen: int, listed_fen: int) -> int:
    """What the buyer pays (or, negative, gets back) for ``milli`` units of another specification.

    The order's own discount goes for the new price too: ``share_fen`` was paid for what is listed at ``listed_fen``.
    Rounded towards nothing.
    """
    plain = (wanted_fen - price_fen) * milli
    paid, listed = (share_fen, listed_fen) if listed_fen else (1, 1)
    amount = abs(plain) * paid // (listed * 1000)
    return amount if plain > 0 else -amount
