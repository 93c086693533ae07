"""退款关闭: a file says that a refund was withdrawn or won't be made, so that the order goes on from where it was.

Where that was such words don't say: it is what was known before the refund, or what parcels prove. It is believed once,
and only where nothing was opened or paid here: of a second refund nobody can tell from a file whether it came before
its withdrawal or after. A file that itself shows to be older than what is known tells of an earlier refund: the one
that is known goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from portal.orders.export_format import OrderRows
from portal.orders.export_format.statuses import is_refund_closed, read_status, says_only_refund_closed
from portal.orders.importing.doubts import COLUMNS
from portal.orders.importing.progress import Replaced, find_numbers, is_older, was_refunding

_ON_THE_WAY = ("unshipped", "in_transit", "delivered")  # what a refund can be asked for before the trade is done


def find_status(order: OrderRows, known: Mapping[str, object], replaced: Replaced) -> str:
    """Where an order stands again whose refund was withdrawn; "" when that isn't known."""
    if not says_only_refund_closed(order.status_text):
        return order.status
    before = [read_status(words)[0] for words in replaced.get(COLUMNS["status"], ())]
    if known["received_at"] is not None:
        before.append("delivered")
    if known["shipped_at"] is not None or known["tracking_text"] or order.tracking_text:
        before.append("in_transit")
    return _find_latest(before)


def is_of_earlier(
    order: OrderRows, known: Mapping[str, Any], said: Mapping[str, object], status: str, replaced: Replaced
) -> bool:
    """Whether a withdrawal is that of an earlier refund: its file has fewer parcels, replaced values, or an order that
    stands before where this one stood when its refund was asked for."""
    there, named = find_numbers(known["tracking_text"]), find_numbers(order.tracking_text)
    if is_older(order, known, said, replaced) or (there and not named):
        return True
    before = _find_latest(read_status(words)[0] for words in replaced.get(COLUMNS["status"], ()))
    return status in _ON_THE_WAY and before != "" and _ON_THE_WAY.index(status) < _ON_THE_WAY.index(before)


def _find_latest(statuses: Iterable[str]) -> str:
    return max((each for each in statuses if each in _ON_THE_WAY), key=_ON_THE_WAY.index, default="")


def may_lift(order: OrderRows, known: Mapping[str, object], status: str, replaced: Replaced) -> bool:
    """Whether the withdrawal is believed without anybody's word for it."""
    first = is_refund_closed(order.status_text) and not was_refunding(replaced)
    sent = known["shipped_at"] is not None or known["received_at"] is not None
    return is_untouched(known) and first and status in _ON_THE_WAY and not (sent and status == "unshipped")


def is_untouched(known: Mapping[str, object]) -> bool:
    """Whether nothing was opened, paid or called off here that a withdrawal might contradict."""
    return not known["case_count"] and not known["refunded_fen"] and known["cancelled_at"] is None
