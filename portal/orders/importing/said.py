"""What a file says of an order, in the columns of orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal import phones
from portal.orders.export_format import OrderRows

SUMS = ("goods_total_fen", "freight_fen", "adjustment_fen", "paid_fen")
TEXTS = ("receiver_name", "receiver_address", "buyer_note", "downstream_channel", "downstream_order_no")
PARCELS = ("carrier_text", "tracking_text")
NUMBERS = (*SUMS, "ordered_at", "paid_at", "is_dropship")
STOOD_ON = (*SUMS, "ordered_at", "paid_at", "receiver_name", "receiver_phone", "receiver_address")  # by an open case


def said_of(order: OrderRows, more: Mapping[str, object]) -> dict[str, object]:
    """The columns of an order that the file says something about; an empty cell says nothing."""
    said: dict[str, Any] = {"status": order.status, "status_text": order.status_text}
    said |= {name: value for name in (*TEXTS, *PARCELS) if (value := getattr(order, name))}
    said |= {name: value for name in NUMBERS if (value := getattr(order, name)) is not None}
    extra = dict(order.more)
    for name in ("receiver_mobile", "receiver_tel"):
        if text := getattr(order, name):
            if phones.says_more(text) or "receiver_phone" in said:
                extra[name] = text
            said.setdefault("receiver_phone", phones.take_first(text))
    if extra:
        said["more"] = {**more, **extra}
    return said


def is_same(name: str, known: Any, said: Any) -> bool:
    """Whether a file says what is known; a telephone number however it is written."""
    if name == "receiver_phone" and known and said:
        return bool(known == said or phones.take_first(known) == said)
    return bool(known == said)
