"""How what a file says stands to what is known in time: later, the same, earlier, or beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum, auto
from typing import Any

from portal.orders.export_format import OrderRows
from portal.orders.export_format.rows import goods_of
from portal.orders.export_format.statuses import is_money_back, read_status
from portal.orders.importing.doubts import COLUMNS, shown
from portal.waybills import split_numbers

_GOES_ON_FROM: dict[str, frozenset[str]] = {
    "unknown": frozenset(),
    "unpaid": frozenset({"unknown"}),
    "unshipped": frozenset({"unknown", "unpaid"}),
    "in_transit": frozenset({"unknown", "unpaid", "unshipped"}),
    "delivered": frozenset({"unknown", "unpaid", "unshipped", "in_transit"}),
    "refunding": frozenset({"unknown", "unpaid", "unshipped", "in_transit", "delivered"}),
    "completed": frozenset({"unknown", "unpaid", "unshipped", "in_transit", "delivered", "refunding"}),
    "cancelled": frozenset({"unknown", "unpaid", "unshipped", "in_transit", "delivered", "refunding"}),
}
# What two shops' tools write differently for one thing, or change on their own: no sign of an earlier file.
_NO_SIGN = ("status", "status_text", "carrier_text", "is_dropship", "more")

Replaced = Mapping[str, Collection[str]]  # by heading: the values, as people read them, that later ones replaced


class Progress(Enum):
    """How a status in a file stands to the one that is known."""

    SAME = auto()
    FORWARD = auto()
    BACKWARD = auto()
    ASIDE = auto()  # neither comes before the other


def compare(known: str, said: str, known_text: str = "", said_text: str = "") -> Progress:
    """How a status that a file says stands to the known one; the texts are the words of both.

    A trade that is done can still be refunded whole (退款成功), and isn't done any more after that; one that was called
    off (交易关闭) never was done.
    """
    if known == said:
        return Progress.SAME
    if known in _GOES_ON_FROM[said] or ((known, said) == ("completed", "cancelled") and is_money_back(said_text)):
        return Progress.FORWARD
    if said in _GOES_ON_FROM[known] or ((known, said) == ("cancelled", "completed") and is_money_back(known_text)):
        return Progress.BACKWARD
    return Progress.ASIDE


def is_given_up(name: str, known: object, said: object, replaced: Replaced) -> bool:
    """Whether a file says of a column what was known once, and was replaced by something else since."""
    words = shown(name, said)
    return words != shown(name, known) and words in replaced.get(COLUMNS[name], ())


def is_older(order: OrderRows, known: Mapping[str, Any], said: Mapping[str, Any], replaced: Replaced) -> bool:
    """Whether a file of the known status was made before what is known: it has fewer parcels, or replaced values.

    Parcels are only ever added, so that a file with more of them is newer whatever else it says.
    """
    there, named = find_numbers(known["tracking_text"]), find_numbers(order.tracking_text)
    if there and named > there:
        return False
    if named and named < there:
        return True
    if "goods_total_fen" not in said and order.whole:  # the lines say it
        said = {**said, "goods_total_fen": round(goods_of(order.lines))}
    return any(is_given_up(name, known[name], value, replaced) for name, value in said.items() if name not in _NO_SIGN)


def was_refunding(replaced: Replaced) -> bool:
    """Whether an order was being refunded once, and isn't any more."""
    return any(read_status(words)[0] == "refunding" for words in replaced.get(COLUMNS["status"], ()))


def find_numbers(tracking_text: str) -> frozenset[str]:
    """The waybills of a text, each once."""
    return frozenset(split_numbers(tracking_text))


def names_more_parcels(order: OrderRows, known: Mapping[str, Any]) -> bool:
    """Whether a file has all waybills that are known, and others."""
    return find_numbers(order.tracking_text) > find_numbers(known["tracking_text"])
